"""Suggestions: which products an unconfirmed item may stand for, why, and what a person says to it."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, freeze_time

from odoo.addons.order_channel_mapping.models import (
    order_channel_batch_suggestions,
    order_channel_product_word,
    order_channel_suggest_find,
)

from tests.common import ChannelCase
from tests.fakes import FakeConnector, connected, item

USER = "order_channel_mapping.group_channel_user"


class SuggestionCase(ChannelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.channel = cls.make_channel(name="Web Shop")
        cls.second = cls.make_channel(name="Second Shop")
        cls.clerk = cls.new_user("suggestion_clerk", USER, name="Clara Clerk")
        Suggestion = cls.env["order.channel.suggestion"].sudo()
        cls.suggestions = Suggestion
        cls.sencha, cls.assam, cls.mug = cls.env["product.product"].create(
            [
                {"name": "Green Tea Sencha, 100 g", "default_code": "TEA-GREEN-100", "list_price": 9},
                {"name": "Black Tea Assam, 100 g", "default_code": "TEA-BLACK-100", "list_price": 8},
                {"name": "Stoneware Mug", "default_code": "0815-MUG", "barcode": "4006381333931", "list_price": 14},
            ]
        )

    def setUp(self):
        super().setUp()
        self.in_one_transaction()

    count = 0

    def listing(self, name, sku=None, channel=None, **values):
        """An item as a fetch writes it."""
        SuggestionCase.count += 1
        channel = channel or self.channel
        keys = channel._listing_values(
            item(f"s-{self.count}", sku, name=name, barcode=values.pop("barcode", None)), "digest", {}
        )
        return self.env["order.channel.listing"].create(
            {**keys, "price": 0, "channel_id": channel.id, "company_id": channel.company_id.id, **values}
        )

    def suggest(self):
        self.suggestions._cron_suggest()
        self.env.invalidate_all()

    def codes(self, suggestion):
        return [code for code, __ in suggestion.reasons]


class TestFinding(SuggestionCase):
    def test_the_same_sku_apart_from_case_and_dashes(self):
        listing = self.listing("Something else", "ｔｅａ green/100")
        zeros = self.listing("Whatever", "815-MUG")
        self.suggest()
        self.assertEqual(listing.suggestion_product_id, self.sencha)
        self.assertIn("Same SKU apart from case, dashes and spaces", listing.suggestion_text)
        self.assertFalse(zeros.suggestion_ids, "leading zeros count")

    def test_the_same_barcode_and_that_of_a_packaging(self):
        unit = self.env["uom.uom"].create(
            {"name": "Carton of 6", "relative_factor": 6, "relative_uom_id": self.mug.uom_id.id}
        )
        self.env["product.uom"].create({"product_id": self.mug.id, "uom_id": unit.id, "barcode": "CARTON-6"})
        listing = self.listing("Something else", barcode="4006381333931")
        carton = self.listing("Something else", barcode="carton-6 ")
        self.suggest()
        self.assertEqual((listing.suggestion_product_id, carton.suggestion_product_id), (self.mug, self.mug))
        self.assertEqual((listing.suggestion_quantity, carton.suggestion_quantity), (1, 6))
        self.assertIn("Same barcode", carton.suggestion_text)

    def test_what_another_channel_has_linked_to_the_sku(self):
        self.listing("Six teas", "SIX", channel=self.second)._link(self.sencha, 6)
        listing = self.listing("Half a dozen", "six ")
        self.suggest()
        self.assertEqual((listing.suggestion_product_id, listing.suggestion_quantity), (self.sencha, 6))
        self.assertIn("linked to it on Second Shop", listing.suggestion_text)

    def test_a_similar_name_and_the_units_in_it(self):
        listing = self.listing("Sencha green tea 100g, pack of 6", price=54)
        self.suggest()
        self.assertEqual((listing.suggestion_product_id, listing.suggestion_quantity), (self.sencha, 6))
        self.assertEqual(
            listing.suggestion_text, "Similar name, same price, one item is 6 pieces", listing.suggestion_ids
        )
        self.assertEqual(listing.suggestion_score, listing.suggestion_id.score)

    def test_common_words_decide_between_too_many_that_share_a_rare_one(self):
        self.env["product.product"].create([{"name": f"Crimson mat {number}"} for number in range(30)])
        self.env["product.product"].create([{"name": f"Zorblax mug {number}"} for number in range(20)])
        right = self.env["product.product"].create({"name": "Zorblax crimson"})
        listing = self.listing("Crimson zorblax")
        with patch.object(order_channel_product_word, "RARE", 25):
            self.suggest()
        self.assertEqual(listing.suggestion_product_id, right)

    def test_common_words_find_too(self):
        self.env["product.product"].create([{"name": f"Stoneware Mug {place}x"} for place in range(12)])
        listing = self.listing("Mug stoneware, 7x")
        with (
            patch.object(order_channel_product_word, "RARE", 0),
            patch.object(order_channel_suggest_find, "NAMED_ALIKE", 3),
        ):
            self.suggest()
        self.assertEqual(listing.suggestion_product_id.name, "Stoneware Mug 7x")

    def test_the_variant_whose_values_fit(self):
        size, colour = self.env["product.attribute"].create(
            [
                {"name": "Size", "value_ids": [Command.create({"name": name}) for name in ("S", "L")]},
                {"name": "Colour", "value_ids": [Command.create({"name": name}) for name in ("Blue", "Red")]},
            ]
        )
        shirt = self.env["product.template"].create(
            {
                "name": "Linen Shirt",
                "attribute_line_ids": [
                    Command.create({"attribute_id": attribute.id, "value_ids": attribute.value_ids.ids})
                    for attribute in (size, colour)
                ],
            }
        )
        listing = self.listing("Linen Shirt", attributes={"Grösse": "L", "Farbe": "Red"})
        self.suggest()
        chosen = listing.suggestion_product_id
        self.assertEqual(chosen.product_tmpl_id, shirt)
        self.assertEqual(
            set(chosen.product_template_attribute_value_ids.mapped("name")), {"L", "Red"}, listing.suggestion_ids
        )
        self.assertIn("fit", listing.suggestion_text)

    def test_five_at_most_the_best_first(self):
        self.env["product.product"].create(
            [{"name": f"Walnut Board {word}"} for word in "one two six ten big old new".split()]
        )
        listing = self.listing("Walnut board")
        self.suggest()
        scores = listing.suggestion_ids.mapped("score")
        self.assertEqual((len(scores), scores), (5, sorted(scores, reverse=True)))
        self.assertEqual(listing.suggestion_id, listing.suggestion_ids[0])

    def test_what_is_never_suggested(self):
        other = self.new_company("Other")
        names = ("Brass Compass archived", "Brass Compass foreign")
        archived, foreign = self.env["product.product"].create([{"name": name} for name in names])
        archived.active = False
        foreign.company_id = other
        placeholder = self.env.ref("order_channel_mapping.product_placeholder")
        listings = self.listing("Brass Compass archived") | self.listing("Brass Compass foreign")
        listings |= self.listing(placeholder.name) | self.listing("Channel shipping")
        gone = self.listing("Green Tea Sencha", gone=True)
        self.suggest()
        self.assertFalse(listings.suggestion_ids)
        self.assertFalse(gone.suggestion_ids)

    def test_with_and_without_trigrams_the_order_is_the_same(self):
        self.env["product.product"].create(
            [
                {"name": name}
                for name in (
                    "Cast Iron Teapot Hobnail",
                    "Cast Iron Teapot Hobnail Large",
                    "Iron Hobnail",
                    "Teapot Hobnail",
                )
            ]
        )
        listing = self.listing("Hobnail teapot, cast iron")
        self.cr.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        with patch.object(self.env.registry, "has_trigram", True):
            self.suggest()
        by_trigrams = listing.suggestion_ids.product_id.mapped("name")
        with patch.object(self.env.registry, "has_trigram", False):
            listing.suggested_at = False
            listing.suggestion_ids.unlink()
            self.suggest()
        found = listing.suggestion_ids.product_id.mapped("name")
        self.assertGreaterEqual(len(found), 3)
        self.assertEqual(found, by_trigrams[: len(found)], "only where the list ends may differ")
        self.assertEqual(by_trigrams[0], "Cast Iron Teapot Hobnail")

    def test_queries_grow_with_chunks_not_with_items(self):
        counts = []
        for number in (3, 30):
            for place in range(number):
                self.listing(f"Green Tea Sencha {place}", f"tea-green {place}")
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.suggestions._cron_suggest()
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2)


class TestFreshness(SuggestionCase):
    def test_only_what_is_new_or_changed_is_looked_at(self):
        listing = self.listing("Green tea sencha")
        self.suggest()
        first = listing.suggestion_id
        with patch.object(self.registry["order.channel.listing"], "_suggest") as looked_at:
            self.suggestions._cron_suggest()
        looked_at.assert_not_called()
        listing.name = "Black tea assam, 100 g"
        self.suggest()
        self.assertEqual(listing.suggestion_product_id, self.assam)
        self.assertFalse(first.exists() and first.product_id != self.assam and first == listing.suggestion_id)

    def test_a_new_product_is_found_and_others_are_left_alone(self):
        listing = self.listing("Brass Kaleidoscope", "KAL 1")
        bystander = self.listing("Green tea sencha")
        self.suggest()
        self.assertFalse(listing.suggestion_id)
        seen = bystander.suggested_at
        self.env["product.product"].create({"name": "Kaleidoscope of Brass"})
        with freeze_time("2030-01-01"):
            self.suggest()
        self.assertEqual(listing.suggestion_product_id.name, "Kaleidoscope of Brass")
        self.assertEqual(bystander.suggested_at, seen)

    def test_a_changed_sku_is_found(self):
        listing = self.listing("Something else", "new sku")
        self.suggest()
        self.touch(self.mug, default_code="NEW-SKU")
        self.suggest()
        self.assertEqual(listing.suggestion_product_id, self.mug)

    def test_a_product_that_goes_is_suggested_no_more(self):
        listing = self.listing("Something else", "tea green 100")
        other = self.listing("Something else", "tea black 100")
        self.suggest()
        self.touch(self.sencha, active=False)
        self.assam.unlink()
        self.suggest()
        self.assertFalse(listing.suggestion_ids)
        self.assertFalse(other.suggestion_ids | other.suggestion_id)

    def touch(self, product, **values):
        """Change a product in a later transaction: in a test, the clock of the transaction stands still."""
        product.write(values)
        self.env.flush_all()
        self.cr.execute(
            "UPDATE product_product SET write_date = write_date + interval '1 second' WHERE id = %s", [product.id]
        )

    def test_a_link_and_an_ignore_end_suggestions(self):
        linked, ignored = self.listing("Tea", "tea green/100"), self.listing("Tea", "tea black/100")
        self.suggest()
        linked._link(self.mug)
        ignored._ignore()
        for listing in linked | ignored:
            self.assertFalse(listing.suggestion_ids | listing.suggestion_id)
            self.assertFalse(listing.suggestion_score)
        ignored._unignore()
        self.suggest()
        self.assertEqual(ignored.suggestion_product_id, self.assam)

    def test_a_fetch_has_new_items_looked_at(self):
        cron = self.env.ref("order_channel_mapping.cron_suggestions")
        connector = FakeConnector()
        connector.items = [item("1", "tea green 100", name="Tea")]
        triggers = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        with connected(self.env, connector):
            self.channel._sync_items()
        self.assertEqual(self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]), triggers + 1)

    def test_what_goes_wrong_is_in_the_log(self):
        self.listing("Tea")
        with (
            patch.object(self.registry["order.channel.listing"], "_suggest", side_effect=ZeroDivisionError),
            self.assertLogs("odoo.addons.order_channel_mapping.models.order_channel_suggestion", "ERROR"),
        ):
            self.suggestions._cron_suggest()


class TestDeciding(SuggestionCase):
    def setUp(self):
        super().setUp()
        self.item = self.listing("Sencha green tea", "tea green 100")
        self.suggest()
        self.best = self.item.suggestion_id

    def as_clerk(self, records, **context):
        return records.with_user(self.clerk).with_context(**context)

    def test_accepted_in_the_list(self):
        self.as_clerk(self.item, seen_suggestion_id=self.best.id).action_accept_suggestion()
        self.assertEqual((self.item.product_id, self.item.mapping_id.method), (self.sencha, "suggestion"))
        self.assertEqual(self.item.mapping_id.user_id, self.clerk)
        self.assertEqual((self.best.state, self.best.user_id), ("accepted", self.clerk))
        self.assertFalse(self.item.suggestion_id)

    def tie(self, score=None, quantity=1.0, product=None):
        product = product or self.assam
        self.item.suggestion_ids.filtered(lambda suggestion: suggestion.product_id == product).unlink()
        return self.env["order.channel.suggestion"].create(
            {
                "listing_id": self.item.id,
                "company_id": self.company.id,
                "product_id": product.id,
                "score": self.best.score if score is None else score,
                "quantity": quantity,
            }
        )

    def test_where_several_fit_equally_well_accepting_asks(self):
        self.tie(self.best.score - 1, quantity=6)
        self.assertEqual(self.item.suggestion_tie_count, 2)
        action = self.as_clerk(self.item, seen_suggestion_id=self.best.id).action_accept_suggestion()
        self.assertFalse(self.item.mapping_id, "nothing is linked before the choice")
        form = Form(self.env[action["res_model"]].with_user(self.clerk).with_context(**action["context"]))
        self.assertEqual(form.candidate_count, 2)
        self.assertFalse(form.product_id, "none of them is proposed")
        form.product_id = self.assam
        self.assertEqual(form.quantity, 6)
        form.product_id = self.sencha
        self.assertEqual(form.quantity, 1)
        form.save().action_link()
        self.assertEqual(self.item.product_id, self.sencha)

    def test_one_that_fits_clearly_better_is_accepted_without_asking(self):
        self.tie(self.best.score - 5)
        self.assertEqual(self.item.suggestion_tie_count, 0)
        self.as_clerk(self.item, seen_suggestion_id=self.best.id).action_accept_suggestion()
        self.assertEqual(self.item.product_id, self.sencha)

    def test_a_refused_one_is_no_rival(self):
        self.as_clerk(self.tie()).action_refuse()
        self.assertEqual(self.item.suggestion_tie_count, 0)

    def test_who_chooses_among_all_is_not_asked_again(self):
        other = self.tie()
        self.as_clerk(other).action_accept()
        self.assertEqual(self.item.product_id, self.assam)

    def test_two_products_of_one_sku_are_shown_as_the_choice(self):
        twin = self.env["product.product"].create({"name": "Sencha", "default_code": "TEA-GREEN-100"})
        listing = self.listing("Sencha", "TEA-GREEN-100")
        action = self.as_clerk(listing).action_open_link()
        form = Form(self.env[action["res_model"]].with_user(self.clerk).with_context(**action["context"]))
        self.assertEqual(form.candidate_count, 2)
        wizard = self.env[action["res_model"]].with_user(self.clerk).with_context(**action["context"]).create({})
        self.assertEqual(wizard.candidate_ids, self.sencha + twin)

    def test_what_was_not_looked_at_is_not_accepted(self):
        other = self.env["order.channel.suggestion"].create(
            {"listing_id": self.item.id, "company_id": self.company.id, "product_id": self.mug.id, "score": 99}
        )
        self.item._choose_best()
        with self.assertRaisesRegex(UserError, "Another product fits better by now"):
            self.as_clerk(self.item, seen_suggestion_id=self.best.id).action_accept_suggestion()
        self.as_clerk(other).action_accept()
        self.assertEqual(self.item.product_id, self.mug)
        self.assertFalse(self.best.exists())

    def test_the_slower_of_two_is_told(self):
        stale = self.as_clerk(self.best)
        self.item._link(self.mug)
        with self.assertRaisesRegex(UserError, "linked .* to .*Mug"):
            self.as_clerk(self.item, seen_suggestion_id=self.best.id).action_accept_suggestion()
        self.assertFalse(stale.exists())

    def test_refused_for_good(self):
        self.as_clerk(self.best).action_refuse()
        self.assertFalse(self.item.suggestion_product_id == self.sencha)
        self.item.suggested_at = False
        self.suggest()
        self.assertEqual((self.best.state, self.best.user_id), ("refused", self.clerk), "another person sees who")
        self.assertTrue(self.best.decided_at)
        self.assertNotEqual(self.item.suggestion_product_id, self.sencha)
        self.item.write({"sku_key": "tea-green-100"})
        self.assertFalse(self.item._auto_link(), "not linked by itself either")
        self.assertEqual(self.item.link_hint, "refused")
        self.as_clerk(self.best).action_reopen()
        self.assertEqual(self.item.suggestion_id, self.best)

    def test_what_was_unlinked_is_not_suggested(self):
        self.item._link(self.sencha)
        self.item._unlink_product()
        self.suggest()
        self.assertNotIn(self.sencha, self.item.suggestion_ids.product_id)

    def test_on_demand(self):
        self.item.suggestion_ids.unlink()
        answer = self.as_clerk(self.item).action_suggest()
        self.assertEqual(self.item.suggestion_product_id, self.sencha)
        self.assertIn("1 of 1 items", answer["params"]["message"])
        with patch.object(order_channel_batch_suggestions, "AT_ONCE", 0):
            self.as_clerk(self.item).action_suggest()
        self.assertFalse(self.item.suggested_at, "in the background")

    def test_who_may(self):
        outsider = self.new_user("suggestion_outsider", "sales_team.group_sale_manager")
        with self.assertRaises(AccessError):
            self.best.with_user(outsider).read(["score"])
        with self.assertRaises(UserError):
            self.item.with_user(outsider).action_accept_suggestion()
        with self.assertRaises(AccessError):
            self.as_clerk(self.best).write({"state": "accepted"})
        company = self.new_company("Elsewhere")
        foreign = self.new_user("suggestion_foreign", USER, company=company)
        self.assertFalse(self.env["order.channel.suggestion"].with_user(foreign).search([("id", "=", self.best.id)]))
        with self.assertRaises(AccessError):
            self.best.with_user(foreign).action_refuse()

    # === ALL ABOVE A SCORE === #

    def batch(self, listings, threshold):
        answer = self.as_clerk(listings).action_accept_suggestions()
        batch = self.env["order.channel.batch"].with_user(self.clerk).browse(answer["res_id"])
        batch.suggestion_threshold = threshold
        return batch

    def test_all_above_a_score_are_seen_first_and_undone(self):
        vague = self.listing("A green tea, loose")
        tie = self.listing("Twin", "TWIN 1")
        self.env["product.product"].create([{"name": name, "default_code": "TWIN-1"} for name in ("Twin A", "Twin B")])
        self.suggest()
        batch = self.batch(self.item | vague | tie, 80)
        self.assertEqual((batch.state, batch.suggestion_count, batch.user_id), ("draft", 2, self.clerk))
        batch.action_prepare()
        self.assertEqual((batch.state, batch.change_count, batch.ambiguous_count), ("ready", 1, 1))
        self.assertEqual(self.item.state, "unconfirmed")
        line = batch.line_ids.filtered("chosen")
        self.assertEqual((line.listing_id, line.product_id, line.score), (self.item, self.sencha, self.best.score))
        self.assertEqual(line.text, self.best.text)
        batch.action_apply()
        self.assertEqual((self.item.product_id, self.item.mapping_id.method), (self.sencha, "suggestion"))
        self.assertEqual(self.item.mapping_id.batch_id, batch)
        self.assertEqual((vague | tie).mapped("state"), ["unconfirmed"] * 2)
        self.assertEqual(self.best.state, "accepted")
        batch.action_undo()
        self.assertEqual((batch.state, self.item.state), ("undone", "unconfirmed"))
        self.suggest()
        self.assertNotIn(self.sencha, self.item.suggestion_ids.filtered(lambda s: s.state == "open").product_id)

    def test_without_a_selection_it_is_about_all_of_the_company(self):
        batch = self.batch(self.item.browse(), 80)
        self.assertEqual(batch.suggestion_count, 1)
        batch.suggestion_threshold = 0
        with self.assertRaisesRegex(UserError, "from 1 to 100"):
            batch.action_prepare()
