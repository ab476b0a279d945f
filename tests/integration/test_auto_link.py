"""Auto-link with a look first: what the rules find, in which group it comes, and that it can be undone."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError

from odoo.addons.order_channel_mapping.models.order_channel_listing_match import MatchRules
from odoo.addons.order_channel_mapping.tools.normalize import barcode_key, normalize_sku

from tests.integration.orders_common import OrderCase

USER = "order_channel_mapping.group_channel_user"


class AutoLinkCase(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls.new_user("auto_clerk", USER, name="Clara Clerk")
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
                "barcode_key": barcode_key(barcode),
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


class TestAutoLink(AutoLinkCase):
    def test_the_groups(self):
        certain = self.listing("mug-1")
        __, two = self.product("TWO"), self.product("two")
        several = self.listing("TWO")
        self.product(barcode="4006381333931")
        different = self.listing("TEA-1", barcode="4006381333931")
        wrong = self.listing("TEA-1", name="Wrongly linked")
        wrong._link(self.mug)
        right = self.listing("TEA-1", name="Rightly linked")
        right._link(self.tea, 6)
        by_hand, one_of_two = self.listing("NOPE", name="By hand"), self.listing("TWO", name="One of two")
        by_hand._link(self.tea)
        one_of_two._link(two)
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
                "same": right + by_hand + one_of_two,
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
        company = self.new_company("Elsewhere")
        theirs = self.make_channel(company=company, name="Their shop")
        with self.assertRaisesRegex(UserError, "one company"):
            self.env["order.channel.batch"]._new_auto_link(self.channel + theirs)
        with self.assertRaises(AccessError):
            theirs.with_user(self.clerk).action_auto_link()
        with self.assertRaises(UserError):
            self.preview(copy_channel_id=theirs.id)

    def test_who_may(self):
        seller = self.new_user("auto_seller", "sales_team.group_sale_manager")
        with self.assertRaisesRegex(UserError, "You need the right to map items"):
            self.channel.with_user(seller).action_auto_link()

    def test_many_are_worked_out_in_the_background(self):
        for number in range(3):
            self.listing(f"S-{number}")
        with patch("odoo.addons.order_channel_mapping.models.order_channel_batch.AT_ONCE", 2):
            Batch = self.env["order.channel.batch"].with_user(self.clerk)
            batch = Batch.browse(Batch._new_auto_link(self.channel)["res_id"])
            batch.action_prepare()
        self.assertEqual((batch.state, batch.selected_count), ("preparing", 3))
