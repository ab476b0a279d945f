"""Auto-link with a look first: what the rules find, in which group it comes, and that it can be undone."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from odoo.addons.order_channel_mapping.models.order_channel_listing_match import MatchRules
from odoo.addons.order_channel_mapping.tools.normalize import normalize_sku

from tests.integration.orders_common import OrderCase

USER = "order_channel_mapping.group_channel_user"


class AutoLinkCase(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(cls.env, "auto_clerk", USER, name="Clara Clerk")
        cls.other = cls.make_channel(name="Other shop")
        cls.stall = cls.make_channel("offline", name="Stall", site=False, account_ref=False)
        cls.wrap = cls.env["product.product"].create({"name": "Gift wrap", "type": "service"})

    @classmethod
    def listing(cls, sku=None, name="An item", channel=None, barcode=None, **values):
        channel = channel or cls.channel
        return cls.env["order.channel.listing"].create(
            {
                "channel_id": channel.id,
                "company_id": channel.company_id.id,
                "external_id": f"{sku}-{name}-{barcode}-{len(channel.listing_ids)}",
                "sku": sku,
                "sku_key": normalize_sku(sku),
                "barcode": barcode,
                "barcode_key": normalize_sku(barcode),
                "name": name,
                **values,
            }
        )

    @classmethod
    def product(cls, sku=None, name="A product", **values):
        return cls.env["product.product"].create({"name": name, "default_code": sku, **values})

    def match(self, listing, **rules):
        return listing._find_products(MatchRules(**rules))[listing]

    def preview(self, channels=None, listings=None, **choices):
        """A batch of the clerk's that is worked out."""
        Batch = self.env["order.channel.batch"].with_user(self.clerk)
        action = Batch._new_auto_link(channels or self.channel, listings)
        batch = Batch.browse(action["res_id"])
        batch.write(choices)
        batch.action_prepare()
        self.assertEqual(batch.state, "ready")
        return batch

    def groups(self, batch):
        """``{outcome: listings}``, once it is sure that the counts add up."""
        groups = {outcome: lines.listing_id for outcome, lines in batch.line_ids.grouped("outcome").items()}
        counts = {outcome: batch[f"{outcome}_count"] for outcome in groups}
        self.assertEqual(counts, {outcome: len(listings) for outcome, listings in groups.items()})
        self.assertEqual(sum(counts.values()), batch.selected_count)
        return groups


class TestMatchRules(AutoLinkCase):
    def test_how_exact_a_sku_has_to_be(self):
        tee = self.product("TEE-01 XL")
        for sku, found in (
            ("TEE-01 XL", {"exact", "normal", "loose"}),
            (" tee-01  xl ", {"normal", "loose"}),
            ("ＴＥＥ－０１ ＸＬ", {"normal", "loose"}),  # full-width
            ("tee\u200b-01 xl", {"normal", "loose"}),  # an invisible space
            ("TEE01/XL", {"loose"}),
            ("TEE_01.XL", {"loose"}),
            ("TEE-1 XL", set()),
        ):
            listing = self.listing(sku)
            for strength in ("exact", "normal", "loose"):
                match = self.match(listing, strength=strength)
                self.assertEqual(match.product_id == tee.id, strength in found, (sku, strength))

    def test_leading_zeros_count(self):
        self.product("007")
        for sku in ("7", "07", "0-0-0-7"):
            self.assertEqual(self.match(self.listing(sku), strength="loose").hint, "none", sku)
        self.assertEqual(self.match(self.listing("0 0-7"), strength="loose").hint, "one")

    def test_the_tighter_form_decides(self):
        tight, __ = self.product("TEE-01"), self.product("TEE01")
        self.assertEqual(self.match(self.listing("tee-01"), strength="loose").product_id, tight.id)
        self.assertEqual(self.match(self.listing("tee 01"), strength="loose").hint, "ambiguous")

    def test_barcodes_apart_from_dashes(self):
        tea = self.product(barcode="4006381333931")
        listing = self.listing(barcode="4-006381-333931")
        self.assertEqual(self.match(listing).hint, "none")
        self.assertEqual(self.match(listing, strength="loose").product_id, tea.id)
        self.assertEqual(self.match(listing, strength="loose", barcode=False).hint, "none")

    def test_a_packaging_is_a_rule_of_its_own(self):
        six = self.env["uom.uom"].create(
            {"name": "Pack of 6", "relative_factor": 6, "relative_uom_id": self.mug.uom_id.id}
        )
        self.env["product.uom"].create({"product_id": self.mug.id, "uom_id": six.id, "barcode": "6006006006006"})
        listing = self.listing(barcode="6006006006006")
        match = self.match(listing, barcode=False)
        self.assertEqual((match.product_id, match.quantity, match.method), (self.mug.id, 6.0, "barcode"))
        self.assertEqual(self.match(listing, packaging=False).hint, "none")

    def test_names_come_last_and_in_any_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.tea.with_context(lang="fr_FR").name = "Thé Vert"
        listing = self.listing("NOPE", name=" thé  VERT")
        self.assertEqual(self.match(listing).hint, "none")
        match = self.match(listing, name="exact")
        self.assertEqual((match.product_id, match.method), (self.tea.id, "name"))
        self.assertEqual(self.match(self.listing("MUG-1", name="Tea"), name="exact").product_id, self.mug.id)
        self.assertEqual(self.match(self.listing(name="Thé-Vert!"), name="exact").hint, "no_sku")
        self.assertEqual(
            self.match(self.listing(name="Thé-Vert!"), name="exact", strength="loose").product_id, self.tea.id
        )

    def test_similar_names_from_a_threshold_on(self):
        cup = self.product("C-1", name="Stoneware cup, blue, 300 ml")
        near = self.product("C-2", name="Stoneware cup, green, 300 ml")
        listing = self.listing("NOPE", name="Blue Stoneware Cup 300 ml")
        rules = {"name": "similar"}
        self.assertEqual(self.match(listing, **rules, similarity=0.9).product_id, cup.id)
        self.assertEqual(
            self.match(listing, **rules, similarity=0.5).candidates, (cup.id, near.id), "likely ones first"
        )
        self.assertEqual(self.match(self.listing("NOPE", name="Coat"), **rules).hint, "none")

    def test_what_is_archived_or_another_companys_is_not_found(self):
        self.product("OLD-1", name="Old thing").active = False
        company = self.env["res.company"].create({"name": "Elsewhere"})
        theirs = self.product("THEIRS", name="Their thing", company_id=company.id, barcode="4006381333931")
        old = self.product(name="Old thing")
        self.env["product.uom"].create(
            [
                {"product_id": product.id, "uom_id": self.env.ref("uom.product_uom_pack_6").id, "barcode": barcode}
                for product, barcode in ((theirs, "THEIR-SIX"), (old, "OLD-SIX"))
            ]
        )
        old.active = False
        for listing in (
            self.listing("OLD-1", name="Old thing", barcode="OLD-SIX"),
            self.listing("THEIRS", name="Their thing", barcode="4006381333931"),
            self.listing(name="Their thing", barcode="THEIR-SIX"),
        ):
            for name in ("exact", "similar"):
                self.assertEqual(self.match(listing, name=name, strength="loose").hint, "none", (listing.sku, name))

    def test_a_refused_product_makes_no_other_one_certain(self):
        one, two = self.product("TWO"), self.product("two", barcode="4006381333931")
        listing = self.listing("TWO")
        listing._link(one)
        listing._unlink_product()
        match = self.match(listing)
        self.assertEqual((match.hint, match.candidates), ("ambiguous", (two.id,)))
        listing.write({"sku_key": "mug-1", "barcode_key": "4006381333931"})
        listing._link(self.mug)
        listing._unlink_product()
        match = self.match(listing)
        self.assertEqual((match.hint, match.candidates), ("conflict", (two.id,)), "SKU and barcode disagree")

    def test_variants_with_one_sku_or_name_are_a_question(self):
        size = self.env["product.attribute"].create(
            {"name": "Size", "value_ids": [(0, 0, {"name": name}) for name in ("S", "M")]}
        )
        tee = self.env["product.template"].create(
            {
                "name": "Tee",
                "attribute_line_ids": [
                    (0, 0, {"attribute_id": size.id, "value_ids": [(6, 0, size.value_ids.ids)]}),
                ],
            }
        )
        tee.product_variant_ids.default_code = "TEE"
        for match in (self.match(self.listing("TEE")), self.match(self.listing("NOPE", name="tee"), name="exact")):
            self.assertEqual((match.hint, set(match.candidates)), ("ambiguous", set(tee.product_variant_ids.ids)))

    def test_the_queries_do_not_grow_with_the_listings(self):
        self.listing("SRC", channel=self.other)._link(self.tea)
        listings = self.env["order.channel.listing"].union(
            *(self.listing(f"S-{number}", f"Name {number}", barcode=f"{number:013}") for number in range(20))
        )
        exact = MatchRules(name="exact", strength="loose", copy_channel_id=self.other.id)

        def queries(some, rules):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some._find_products(rules)
            return self.env.cr.sql_log_count - before

        for rules in (exact, exact._replace(name="similar")):
            queries(listings[:1], rules)  # what is read once for all
            self.assertEqual(queries(listings[:2], rules), queries(listings, rules), rules)


class TestAutoLink(AutoLinkCase):
    def test_the_groups(self):
        certain = self.listing("mug-1")
        self.product("TWO"), self.product("two")
        several = self.listing("TWO")
        self.product(barcode="4006381333931")
        different = self.listing("TEA-1", barcode="4006381333931")
        wrong = self.listing("TEA-1", name="Wrongly linked")
        wrong._link(self.mug)
        right = self.listing("TEA-1", name="Rightly linked")
        right._link(self.tea, 6)
        nowhere, unnamed = self.listing("NOPE"), self.listing()
        refused = self.listing("MUG-1", name="Refused")
        refused._link(self.mug)
        refused._unlink_product()
        ignored = self.listing("MUG-1", name="Ignored")
        ignored._ignore()
        self.listing("MUG-1", name="Gone", gone=True)
        groups = self.groups(self.preview(link_scope="linked"))
        self.assertEqual(
            groups,
            {
                "change": certain,
                "ambiguous": several + different,
                "conflict": wrong,
                "same": right,
                "nothing": nowhere + unnamed + refused,
            },
        )
        groups = self.groups(self.preview())
        self.assertEqual(set(groups), {"change", "ambiguous", "nothing"}, "only unconfirmed ones")

    def test_previewed_then_applied_then_undone(self):
        first, second = self.listing("MUG-1"), self.listing("tea-1")
        wrong = self.listing("TEA-1", name="Wrong")
        wrong._link(self.mug, 3)
        batch = self.preview(link_scope="linked")
        self.assertEqual((first.state, wrong.product_id), ("unconfirmed", self.mug), "nothing is changed yet")
        lines = {line.listing_id: line for line in batch.line_ids}
        self.assertEqual([lines[listing].chosen for listing in (first, second, wrong)], [True, True, False])
        lines[second].chosen = False
        lines[wrong].chosen = True
        batch.action_apply()
        self.assertEqual((batch.state, batch.done_count, batch.unchosen_count), ("done", 2, 1))
        self.assertEqual((first.product_id, second.state, wrong.product_id), (self.mug, "unconfirmed", self.tea))
        self.assertEqual((first.mapping_id.method, first.mapping_id.user_id), ("sku", self.clerk))
        batch.action_undo()
        self.assertEqual((first.state, wrong.product_id, wrong.product_quantity), ("unconfirmed", self.mug, 3.0))
        groups = self.groups(self.preview(link_scope="linked"))
        self.assertEqual(groups["nothing"], first, "what was undone is not proposed again")
        self.assertEqual(groups["change"], second)

    def test_undo_leaves_what_a_person_changed_by_hand(self):
        first, second = self.listing("MUG-1"), self.listing("TEA-1")
        batch = self.preview()
        batch.action_apply()
        second._link(self.mug, 2)
        batch.action_undo()
        self.assertEqual((first.state, second.product_id), ("unconfirmed", self.mug))
        self.assertEqual((batch.undone_count, batch.left_count), (1, 1))

    def test_the_same_run_twice_changes_nothing(self):
        self.listing("MUG-1")
        self.listing("TEA-1", channel=self.stall)
        channels = self.channel + self.stall
        self.preview(channels).action_apply()
        mappings = self.env["order.channel.mapping"].search_count([])
        again = self.preview(channels)
        self.assertEqual((again.selected_count, again.change_count), (0, 0))
        again = self.preview(channels, link_scope="linked")
        self.assertEqual((again.same_count, again.change_count, again.pending_count), (2, 0, 0))
        again.action_apply()
        self.assertEqual(self.env["order.channel.mapping"].search_count([]), mappings)

    def test_an_ambiguous_one_is_decided_in_its_row(self):
        one, two = self.product("TWO"), self.product("two")
        listing = self.listing("TWO")
        batch = self.preview()
        line = batch.line_ids
        self.assertEqual((line.outcome, line.chosen, line.candidate_ids), ("ambiguous", False, one + two))
        self.assertIn("Several products fit", line.text)
        line.product_id = two
        self.assertTrue(line.chosen, "who chooses a product wants it")
        self.assertEqual(batch.pending_count, 1)
        line.with_context(batch_id=batch.id).action_apply_batch()
        self.assertEqual((listing.product_id, listing.mapping_id.method), (two, "manual"))

    def test_only_the_selection(self):
        chosen, other = self.listing("MUG-1"), self.listing("TEA-1")
        action = chosen.with_user(self.clerk).action_auto_link()
        batch = self.env["order.channel.batch"].with_user(self.clerk).browse(action["res_id"])
        self.assertEqual((batch.kind, batch.selected_count, batch.channel_ids), ("auto_link", 1, self.channel))
        batch.action_prepare()
        batch.action_apply()
        self.assertEqual((chosen.state, other.state), ("linked", "unconfirmed"))

    def test_the_choices_of_the_form_count(self):
        tee = self.product("TEE-01", name="Summer tee")
        self.env["product.uom"].create(
            {"product_id": self.mug.id, "uom_id": self.env.ref("uom.product_uom_pack_6").id, "barcode": "MUG-SIX"}
        )
        loose, packed, named = self.listing("TEE01"), self.listing(barcode="MUG-SIX"), self.listing(name="Summer tee 2")
        batch = self.preview(link_strength="loose", link_name="similar", link_similarity=50)
        self.assertEqual(self.groups(batch), {"change": loose + packed + named})
        self.assertEqual(batch.line_ids.product_id, tee + self.mug)
        self.assertEqual(batch.line_ids.mapped("quantity"), [1, 6, 1])
        batch = self.preview(link_packaging=False, link_name="similar", link_similarity=100)
        self.assertEqual(self.groups(batch), {"nothing": loose + packed + named})

    def test_a_channel_opens_its_own(self):
        action = self.stall.with_user(self.clerk).action_auto_link()
        batch = self.env["order.channel.batch"].browse(action["res_id"])
        self.assertEqual((batch.channel_ids, batch.selection, batch.state), (self.stall, False, "draft"))
        self.assertIn("Auto-link", batch.name)

    # === COPIED FROM ANOTHER CHANNEL === #

    def test_packs_and_bundles_are_copied(self):
        self.listing("SET", channel=self.other)._link_bundle([(self.tea, 2), (self.wrap, 1)])
        self.listing("MUG-1", channel=self.other)._link(self.mug, 6)
        bundle, pack, alone = self.listing(" set "), self.listing("mug-1"), self.listing("TEA-1")
        batch = self.preview(copy_channel_id=self.other.id)
        self.assertEqual(self.groups(batch), {"change": bundle + pack + alone})
        line = batch.line_ids.filtered(lambda line: line.listing_id == bundle)
        self.assertRegex(line.text, r"2 x .*Tea, 1 x Gift wrap")
        batch.action_apply()
        self.assertEqual(
            {line.product_id: line.quantity for line in bundle.mapping_id.line_ids}, {self.tea: 2, self.wrap: 1}
        )
        self.assertEqual((pack.product_id, pack.product_quantity), (self.mug, 6), "not one by its SKU")
        self.assertEqual((bundle + pack + alone).mapping_id.mapped("method"), ["copy", "copy", "sku"])
        self.assertEqual(self.preview(copy_channel_id=self.other.id, link_scope="linked").same_count, 3)
        batch.action_undo()
        again = self.preview(copy_channel_id=self.other.id)
        self.assertEqual(self.groups(again), {"nothing": bundle + pack + alone}, "refused")

    def test_copies_apart_from_dashes(self):
        self.listing("SET-1", channel=self.other)._link(self.tea, 3)
        listing = self.listing("set 1")
        rules = {"copy_channel_id": self.other.id}
        self.assertEqual(self.match(listing, **rules).hint, "none")
        self.assertEqual(self.match(listing, **rules, strength="loose").components, ((self.tea.id, 3.0),))

    def test_a_bundle_of_which_one_part_was_refused_is_another_thing(self):
        self.listing("SET", channel=self.other)._link_bundle([(self.tea, 2), (self.wrap, 1)])
        listing = self.listing("SET")
        listing._link(self.tea)
        listing._unlink_product()
        self.assertEqual(len(self.match(listing, copy_channel_id=self.other.id).components), 2)

    def test_what_is_linked_in_two_ways_over_there_is_a_question(self):
        self.listing("SET", "One", self.other)._link(self.tea, 3)
        self.listing("SET", "Two", self.other)._link(self.mug)
        listing = self.listing("SET")
        match = self.match(listing, copy_channel_id=self.other.id)
        self.assertEqual((match.hint, set(match.candidates)), ("ambiguous", {self.tea.id, self.mug.id}))

    def test_archived_products_are_not_copied(self):
        self.listing("SET", channel=self.other)._link_bundle([(self.tea, 2), (self.wrap, 1)])
        self.wrap.active = False
        self.listing("SET")
        batch = self.preview(copy_channel_id=self.other.id)
        self.assertEqual((batch.problem_count, batch.pending_count), (1, 0))
        self.assertIn("archived", batch.line_ids.text)

    # === WHO MAY, AND WHAT MAKES NO SENSE === #

    def test_choices_that_make_no_sense(self):
        Batch = self.env["order.channel.batch"].with_user(self.clerk).with_context(default_kind="auto_link")
        nowhere = Batch.create({"kind": "auto_link"})
        with self.assertRaisesRegex(UserError, "Choose a channel first"):
            nowhere.action_prepare()
        no_rule = dict.fromkeys(("link_sku", "link_barcode", "link_packaging"), False)
        with self.assertRaisesRegex(UserError, "Choose by what"):
            self.preview(**no_rule)
        with self.assertRaisesRegex(UserError, "percentage"):
            self.preview(link_name="similar", link_similarity=0)
        with self.assertRaisesRegex(UserError, "from another channel than"):
            self.preview(copy_channel_id=self.channel.id)

    def test_nothing_of_another_company(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        theirs = self.make_channel(company=company, name="Their shop")
        with self.assertRaisesRegex(UserError, "one company"):
            self.env["order.channel.batch"]._new_auto_link(self.channel + theirs)
        with self.assertRaises(AccessError):
            theirs.with_user(self.clerk).action_auto_link()
        with self.assertRaises(UserError):
            self.preview(copy_channel_id=theirs.id)

    def test_many_are_worked_out_in_the_background(self):
        for number in range(3):
            self.listing(f"S-{number}")
        with patch("odoo.addons.order_channel_mapping.models.order_channel_batch.AT_ONCE", 2):
            Batch = self.env["order.channel.batch"].with_user(self.clerk)
            batch = Batch.browse(Batch._new_auto_link(self.channel)["res_id"])
            batch.action_prepare()
        self.assertEqual((batch.state, batch.selected_count), ("preparing", 3))
