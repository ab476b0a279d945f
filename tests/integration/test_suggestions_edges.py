"""Suggestions where it is close: what changes them, what a colleague does meanwhile, what stays as a person decided it."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError

from odoo.addons.order_channel_mapping.models import order_channel_suggestion

from tests.fakes import FakeConnector, connected, item
from tests.integration.test_suggestions import USER, SuggestionCase


class TestChanges(SuggestionCase):
    def later(self, products):
        """As if these had changed in a later transaction: in a test, the clock of the transaction stands still."""
        self.env.flush_all()
        self.cr.execute(
            "UPDATE product_product SET write_date = write_date + interval '1 second' WHERE id = ANY(%s)",
            [products.ids],
        )

    def words(self, product):
        self.cr.execute(
            "SELECT word FROM order_channel_product_word WHERE template_id = %s ORDER BY word",
            [product.product_tmpl_id.id],
        )
        return [word for (word,) in self.cr.fetchall()]

    def test_what_decides_has_the_item_looked_at_again(self):
        listing = self.listing("Green tea")
        for values in (
            {"name": "Black tea"},
            {"sku_key": "other"},
            {"barcode_key": "123"},
            {"price": 5},
            {"attributes": {"Size": "L"}},
            {"state": "ignored"},
        ):
            self.suggest()
            listing.suggested_at = "2026-01-01"
            listing.write(values)
            self.assertFalse(listing.suggested_at, values)
        listing.suggested_at = "2026-01-01"
        listing.write({"gone": True, "image_url": "https://example.com/a.png"})
        self.assertTrue(listing.suggested_at, "what does not decide costs nothing")

    def test_a_new_barcode_is_found(self):
        listing = self.listing("Something else", barcode="5901234123457")
        self.suggest()
        self.assam.barcode = "5901234123457"
        self.later(self.assam)
        self.suggest()
        self.assertEqual(listing.suggestion_product_id, self.assam)

    def test_a_product_that_gets_another_name_is_suggested_no_more(self):
        listing = self.listing("Mug of stoneware")
        self.suggest()
        self.assertEqual((listing.suggestion_product_id, self.words(self.mug)), (self.mug, ["mug", "stoneware"]))
        self.mug.name = "Porcelain plate"
        self.later(self.mug)
        self.suggest()
        self.assertFalse(listing.suggestion_ids)
        self.assertEqual(self.words(self.mug), ["plate", "porcelain"])
        template = self.mug.product_tmpl_id.id
        self.mug.unlink()
        self.env.flush_all()
        self.env["order.channel.product.word"]._gc_deleted_products()
        self.cr.execute("SELECT count(*) FROM order_channel_product_word WHERE template_id = %s", [template])
        self.assertEqual(self.cr.fetchone(), (0,))
        self.assertTrue(self.words(self.assam), "the others' words stay")

    def test_where_the_best_one_is_deleted_the_next_one_is_the_best(self):
        best, next_one = self.env["product.product"].create([{"name": "Walnut Board"}, {"name": "Walnut Board, large"}])
        listing = self.listing("Walnut board")
        self.suggest()
        self.assertEqual(listing.suggestion_product_id, best)
        best.unlink()
        self.suggest()
        self.assertEqual(listing.suggestion_product_id, next_one)

    def test_the_newest_link_elsewhere_says_how_many(self):
        third = self.make_channel(name="Third Shop")
        self.listing("Teas", "SIX", channel=self.second)._link(self.sencha, 6)
        self.listing("Teas", "SIX", channel=third)._link(self.sencha, 12)
        listing = self.listing("A dozen", "six ")
        self.suggest()
        self.assertEqual(listing.suggestion_quantity, 12)
        self.assertIn("Third Shop", listing.suggestion_text)

    def test_prices_are_compared_in_the_companys_currency(self):
        currency = self.env["res.currency"].create({"name": "XTS", "symbol": "x", "rate_ids": [(0, 0, {"rate": 4})]})
        listing = self.listing("Stoneware mug", price=56, currency_id=currency.id)
        self.suggest()
        self.assertIn("same price", listing.suggestion_text)

    def test_one_word_in_common_is_not_enough(self):
        listing = self.listing("Stoneware garden statue of a sleeping dragon, weatherproof")
        self.suggest()
        self.assertFalse(listing.suggestion_ids)


class TestBackground(SuggestionCase):
    def triggers(self):
        cron = self.env.ref("order_channel_mapping.cron_suggestions")
        return self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])

    def test_each_chunk_is_a_transaction_of_its_own(self):
        self.suggest()
        listings = self.listing("Green tea") + self.listing("Black tea") + self.listing("Mug")
        committed = []
        with (
            patch.object(order_channel_suggestion, "SUGGEST_CHUNK", 1),
            patch.object(
                self.registry["order.channel.suggestion"],
                "_commit",
                lambda record: committed.append(len(listings.filtered("suggested_at"))),
            ),
        ):
            self.suggestions._cron_suggest()
        self.assertEqual(committed[-4:], [1, 2, 3, 3])

    def test_what_is_left_over_is_the_next_passes(self):
        listing = self.listing("Green tea")
        before = self.triggers()
        with patch.object(order_channel_suggestion, "PASS_SECONDS", 0):
            self.suggest()
        self.assertFalse(listing.suggested_at)
        self.assertEqual(self.triggers(), before + 1)

    def test_a_fetch_without_anything_to_look_at_wakes_nobody(self):
        connector = FakeConnector()
        connector.items = [item("1", "tea green 100", name="Tea")]
        with connected(self.env, connector):
            self.channel._sync_items()
        self.suggest()
        before = self.triggers()
        with connected(self.env, connector):
            self.channel._sync_items()
        self.assertEqual(self.triggers(), before)


class TestDecidedMeanwhile(SuggestionCase):
    def setUp(self):
        super().setUp()
        self.item = self.listing("Sencha green tea 100g, pack of 6", price=54)
        self.suggest()
        self.best = self.item.suggestion_id.with_user(self.clerk)
        self.assertEqual((self.best.product_id, self.best.quantity), (self.sencha, 6))

    def test_accepting_takes_the_units_along_and_only_once(self):
        self.best.action_accept()
        self.assertEqual((self.item.product_id, self.item.product_quantity), (self.sencha, 6))
        mapping = self.item.mapping_id
        with self.assertRaisesRegex(UserError, "linked .* to 6 x .*Sencha"):
            self.best.action_accept()
        self.best.action_reopen()
        self.assertEqual((self.best.state, self.item.mapping_id), ("accepted", mapping), "only a refusal is taken back")

    def test_only_the_accepted_one_is_on_record(self):
        other = self.env["order.channel.suggestion"].create(
            {"listing_id": self.item.id, "company_id": self.company.id, "product_id": self.mug.id, "score": 40}
        )
        self.best.action_accept()
        self.assertEqual((self.best.state, other.exists()), ("accepted", other.browse()))

    def test_linked_at_the_same_moment(self):
        with (
            self.at_the_same_moment(lambda listings: listings._link(self.mug)),
            self.assertRaisesRegex(UserError, "linked .* to .*Mug"),
        ):
            self.best.action_accept()

    def test_in_the_list_one_has_to_have_seen_it(self):
        with self.assertRaisesRegex(UserError, "Another product fits better by now"):
            self.item.with_user(self.clerk).action_accept_suggestion()

    def test_many_are_accepted_with_their_units_and_without_what_was_refused(self):
        self.env["order.channel.suggestion"].create(
            {
                "listing_id": self.item.id,
                "company_id": self.company.id,
                "product_id": self.mug.id,
                "score": 100,
                "state": "refused",
            }
        )
        answer = self.item.with_user(self.clerk).action_accept_suggestions()
        batch = self.env["order.channel.batch"].with_user(self.clerk).browse(answer["res_id"])
        batch.suggestion_threshold = self.best.score + 1
        self.assertEqual(batch.suggestion_count, 0, "what fits less well is left out")
        batch.suggestion_threshold = 50
        self.assertEqual(batch.suggestion_count, 1)
        batch.action_prepare()
        self.assertEqual(batch.line_ids.mapped("outcome"), ["change"])
        batch.action_apply()
        self.assertEqual((self.item.product_id, self.item.product_quantity), (self.sencha, 6))

    def test_what_is_linked_needs_no_search(self):
        self.item._link(self.mug)
        with self.assertRaisesRegex(UserError, "not linked yet"):
            self.item.with_user(self.clerk).action_suggest()

    def test_who_may(self):
        outsider = self.new_user("edges_outsider", "sales_team.group_sale_manager")
        company = self.new_company("Elsewhere")
        foreign = self.new_user("edges_foreign", USER, company=company)
        for action in ("action_accept", "action_refuse", "action_reopen"):
            for user in (outsider, foreign):
                with self.assertRaises(AccessError):
                    getattr(self.best.with_user(user), action)()
        for listings in (self.item, self.item.browse()):
            with self.assertRaisesRegex(UserError, "You need the right to map items"):
                listings.with_user(outsider).action_accept_suggestions()
        with self.assertRaisesRegex(UserError, "You need the right to map items"):
            self.item.with_user(outsider).action_suggest()
        with self.assertRaises(AccessError):
            self.item.with_user(foreign).action_suggest()
        self.assertEqual((self.best.state, self.item.state), ("open", "unconfirmed"))
