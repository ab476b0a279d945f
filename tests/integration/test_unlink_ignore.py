"""Unlinking and ignoring: their effects are shown first, their reasons are kept, and every order has a way out."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from odoo.addons.order_channel_mapping.models import order_channel_batch

from tests.fakes import connected, item, line
from tests.integration.orders_common import OrderCase

USER = "order_channel_mapping.group_channel_user"


class TestUnlinkAndIgnore(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls.new_user("unlink_clerk", USER, name="Clara Clerk")
        cls.market = cls.make_channel("shopify", name="Market", orders_phase="all")
        cls.listings = cls.env["order.channel.listing"].create(
            [
                {
                    "channel_id": channel.id,
                    "company_id": channel.company_id.id,
                    "external_id": sku,
                    "sku": sku,
                    "sku_key": sku.lower(),
                    "name": f"Item {sku}",
                }
                for channel, sku in ((cls.channel, "A"), (cls.channel, "B"), (cls.market, "C"))
            ]
        )
        cls.first, cls.second, cls.third = cls.listings

    def wizard(self, action):
        return self.env[action["res_model"]].with_user(self.clerk).browse(action["res_id"])

    def line_of(self, wizard, channel):
        return wizard.line_ids.filtered(lambda line: line.channel_id == channel)

    def tick(self, wizard):
        wizard.line_ids.chosen = True
        return wizard

    def mapper(self, records):
        return records.with_user(self.clerk)

    # === UNLINK === #

    def test_effects_are_shown_per_channel(self):
        self.listings._link(self.mug)
        self.first.write({"pushed_quantity": 12, "pushed_at": "2026-11-01 00:00:00"})
        self.take(
            self.order("1", [line("a", "A", quantity=3)]),
            self.order("2", [line("a", "B"), line("b", "A")]),
            self.order("3", [line("a", "A")]),
        )
        self.sale("3").action_channel_process()
        wizard = self.wizard(self.mapper(self.listings).action_open_unlink())
        shop, market = (self.line_of(wizard, channel) for channel in (self.channel, self.market))
        self.assertEqual((shop.listing_count, shop.order_count), (2, 2))
        self.assertIn("50.00", shop.money_text)
        self.assertEqual(shop.stock_text, "A: 12")
        self.assertEqual((market.order_count, market.stock_text), (0, "Nothing was pushed"))
        self.assertEqual(self.first.state, "linked", "nothing is done yet")

    def test_drafts_that_are_frozen_already_are_not_counted_as_frozen_by_it(self):
        self.first._link(self.mug)
        self.take(self.order("1", [line("a", "A")]), self.order("2", [line("a", "A"), line("b", "B")]))
        self.assertTrue(self.sale("2").channel_frozen)
        line_ = self.wizard(self.mapper(self.first).action_open_unlink()).line_ids
        self.assertEqual(line_.order_count, 1)
        self.assertIn("10.00", line_.money_text)

    def test_only_the_ticked_channels_of_a_product_are_unlinked(self):
        self.listings._link(self.mug)
        self.take(self.order("1", [line("a", "A")]))
        wizard = self.wizard(self.mapper(self.mug.product_tmpl_id).action_unlink_from_channels())
        self.assertEqual(wizard.listing_ids, self.listings)
        with Form(wizard) as form:
            self.assertEqual(form.chosen_count, 0, "nothing is ticked before a person did")
            with form.line_ids.edit(wizard.line_ids.ids.index(self.line_of(wizard, self.channel).id)) as shop:
                shop.chosen = True
            self.assertEqual(form.chosen_count, 2)
            form.note = "Out of print"
        wizard.action_unlink_listings()
        self.assertEqual(self.listings.mapped("state"), ["unconfirmed", "unconfirmed", "linked"])
        ended = self.first.mapping_ids
        self.assertEqual((ended.end_note, ended.end_user_id, ended.refused), ("Out of print", self.clerk, True))
        self.assertTrue(self.sale("1").channel_frozen)
        batch = self.env["order.channel.batch"].search([("kind", "=", "unlink")])
        self.assertEqual((batch.note, batch.done_count, batch.user_id), ("Out of print", 2, self.clerk))
        batch.action_undo()
        self.assertEqual(self.first.product_id, self.mug)
        self.assertFalse(self.sale("1").channel_frozen)

    def test_undo_of_an_unlink_leaves_what_a_person_linked_since(self):
        self.listings._link(self.mug)
        self.tick(self.wizard(self.mapper(self.listings).action_open_unlink())).action_unlink_listings()
        self.first._link(self.tea, 2)
        self.env["order.channel.batch"].search([("kind", "=", "unlink")]).action_undo()
        self.assertEqual((self.first.product_id, self.second.product_id), (self.tea, self.mug))

    def test_many_are_unlinked_in_the_background(self):
        self.listings._link(self.mug)
        wizard = self.tick(self.wizard(self.mapper(self.listings).action_open_unlink()))
        with patch.object(order_channel_batch, "AT_ONCE", 2):
            action = wizard.action_unlink_listings()
        batch = self.env["order.channel.batch"].browse(action["res_id"])
        self.assertEqual((action["res_model"], batch.state), ("order.channel.batch", "preparing"))
        self.assertEqual(set(self.listings.mapped("state")), {"linked"})

    def test_one_listing_is_unlinked_with_its_reason(self):
        self.first._link(self.mug)
        wizard = self.wizard(self.mapper(self.first).action_open_unlink())
        with self.assertRaisesRegex(UserError, "Tick a channel first"):
            wizard.action_unlink_listings()
        self.tick(wizard).note = "Wrong mug"
        self.assertEqual(wizard.action_unlink_listings(), {"type": "ir.actions.act_window_close"})
        self.assertEqual((self.first.state, self.first.mapping_ids.end_note), ("unconfirmed", "Wrong mug"))
        self.assertFalse(self.env["order.channel.batch"].search([]))

    def test_a_bundle_is_unlinked_as_a_whole(self):
        self.first._link_bundle([(self.mug, 1), (self.tea, 2)])
        wizard = self.wizard(self.mapper(self.tea).action_unlink_from_channels())
        self.assertEqual((wizard.listing_ids, wizard.bundle_count), (self.first, 1))
        self.tick(wizard).action_unlink_listings()
        self.assertFalse(self.first.mapping_id)

    def test_unlinked_it_says_why_it_is_not_linked_and_frees_its_stock(self):
        self.mug.default_code = "A"
        (self.first + self.second)._link(self.mug)
        self.take(self.order("1", [line("a", "A", quantity=3)]))
        self.env.flush_all()
        self.env.cr.flush()
        marks = self.env["order.channel.stock.change"].search([])
        marks.unlink()
        self.first._unlink_product()
        self.assertEqual(self.first.link_hint, "refused")
        self.env.cr.flush()
        # the draft holds no mug any more: the other listing may offer more
        self.assertIn(self.mug.id, self.env["order.channel.stock.change"].search([]).mapped("product_id"))

    def test_a_processed_order_keeps_what_it_was_sold_as(self):
        """Its deliveries and its corrections go by that."""
        self.first._link(self.mug)
        self.take(self.order("1", [line("a", "A")]))
        self.sale("1").action_channel_process()
        sold = self.channel_order("1").line_ids
        mapping = self.first.mapping_id
        self.mapper(self.first).action_unlink_product()
        self.assertEqual(sold.mapping_id, mapping)
        self.assertNotIn("unmapped", self.channel_order("1").event_ids.mapped("code"))

    def test_set_back_to_draft_an_order_keeps_its_products_and_gets_those_that_were_missing(self):
        self.first._link(self.mug)
        self.take(self.order("1", [line("a", "A"), line("b", "B")]))
        self.sale("1").action_cancel()
        (self.first + self.second)._link(self.tea)
        self.sale("1").action_draft()
        self.assertEqual(self.sale("1").order_line.mapped("product_id.name"), ["Mug", "Tea"])
        self.assertFalse(self.sale("1").channel_frozen)

    def test_a_gone_listing_can_be_unlinked(self):
        self.first._link(self.mug)
        self.take(self.order("1", [line("a", "A")]))
        self.first.gone = True
        self.tick(self.wizard(self.mapper(self.first).action_open_unlink())).action_unlink_listings()
        self.assertEqual((self.first.state, self.first.gone), ("unconfirmed", True))
        self.assertTrue(self.sale("1").channel_frozen)

    def test_nothing_linked_or_nothing_ticked_is_one_clear_line(self):
        with self.assertRaisesRegex(UserError, "None of these items is linked"):
            self.mapper(self.listings).action_open_unlink()
        self.first._link(self.mug)
        wizard = self.wizard(self.mapper(self.first).action_open_unlink())
        wizard.line_ids.chosen = False
        with self.assertRaisesRegex(UserError, "Tick a channel first"):
            wizard.action_unlink_listings()

    def test_nobody_unlinks_without_the_right_or_in_another_company(self):
        self.first._link(self.mug)
        outsider = self.new_user("unlink_outsider", "sales_team.group_sale_manager")
        self.third._ignore()
        for listing, action in (
            (self.first, "action_open_unlink"),
            (self.first, "action_unlink_product"),
            (self.second, "action_open_ignore"),
            (self.second, "action_ignore"),
            (self.third, "action_unignore"),
        ):
            with self.subTest(action), self.assertRaisesRegex(UserError, "You need the right to map items"):
                getattr(listing.with_user(outsider), action)()
        self.assertEqual(self.listings.mapped("state"), ["linked", "unconfirmed", "ignored"])
        company = self.new_company("Elsewhere")
        stranger = self.new_user("unlink_stranger", USER, company=company)
        for action in ("action_open_unlink", "action_unlink_product", "action_open_ignore", "action_ignore"):
            with self.subTest(action), self.assertRaises(AccessError):
                getattr(self.first.with_user(stranger), action)()
        with self.assertRaises(AccessError):
            self.third.with_user(stranger).action_unignore()
        wizard = self.env["order.channel.unlink"].with_user(stranger).create({})
        wizard.sudo().write({"listing_ids": self.first.ids, "line_ids": [(0, 0, {"channel_id": self.channel.id})]})
        with self.assertRaises(UserError):  # what is not theirs is not even there
            wizard.action_unlink_listings()
        self.assertEqual(self.first.state, "linked")

    # === IGNORE === #

    def ignore(self, listings, reason="extra", note=None):
        wizard = self.wizard(self.mapper(listings).action_open_ignore())
        wizard.write({"reason": reason, "note": note})
        return wizard.action_ignore_listings()

    def test_ignoring_keeps_its_reason_until_it_is_taken_up_again(self):
        self.ignore(self.first, "other", "A sample")
        self.assertEqual((self.first.state, self.first._ignore_words()), ("ignored", "Another reason: A sample"))
        self.assertEqual(self.channel._listing_holds(self.first), {self.first.id: "ignored"})
        self.second._link(self.mug)
        self.tea.default_code = "A"
        self.mapper(self.first + self.second).action_unignore()
        self.assertEqual(
            (self.first.state, self.first.ignore_reason, self.first.ignore_note), ("unconfirmed", False, False)
        )
        self.assertEqual(self.first.link_hint, "one", "what it could be linked to")
        self.assertEqual((self.second.state, self.second.product_id), ("linked", self.mug), "was never ignored")

    def test_another_reason_has_to_be_said(self):
        with self.assertRaisesRegex(UserError, "Say in a few words"):
            self.ignore(self.first, "other")

    def test_only_what_is_unconfirmed_can_be_ignored(self):
        self.first._link(self.mug)
        wizard = self.wizard(self.mapper(self.first + self.second).action_open_ignore())
        self.assertEqual(wizard.listing_ids, self.second)
        with self.assertRaisesRegex(UserError, "None of these items is unconfirmed"):
            self.mapper(self.first).action_open_ignore()
        with self.assertRaisesRegex(UserError, r"Unlink \[A\] Item A first"):
            self.mapper(self.first).action_ignore()

    def test_many_are_ignored_in_the_background_for_the_same_reason(self):
        with patch("odoo.addons.order_channel_mapping.models.order_channel_listing_ignore.AT_ONCE", 1):
            self.ignore(self.first + self.second, "elsewhere", "Fulfilled by Fred")
        self.assertEqual((self.first + self.second).mapped("ignore_reason"), ["elsewhere"] * 2)
        self.assertEqual(self.first.ignore_note, "Fulfilled by Fred")

    def test_an_order_with_an_ignored_item_waits_for_a_decision(self):
        self.take(self.order("1", [line("a", "A")]), self.order("9", [line("a", "B")]))
        wizard = self.wizard(self.mapper(self.first).action_open_ignore())
        self.assertEqual(wizard.order_count, 1)
        self.ignore(self.first)
        self.take(self.order("1", [line("a", "A")]), self.order("2", [line("a", "A")]))
        for number in ("1", "2"):
            sale = self.sale(number)
            self.assertTrue(sale.channel_frozen)
            blocker = sale.channel_blocker_ids
            self.assertEqual(blocker.text, "[A] Item A is ignored (Gift wrap, engraving or another extra).")
            self.assertIn("take it up again", blocker.remedy)
            with self.assertRaisesRegex(UserError, "is ignored: take it up again or link it"):
                self.mapper(sale).action_channel_confirm_items()
        self.mapper(self.sale("1").channel_blocker_ids).action_take_up_item()
        self.assertEqual(self.first.state, "unconfirmed")
        self.assertEqual(self.sale("2").channel_blocker_ids.text, "[A] Item A is not linked.")
        self.ignore(self.first)
        self.first._link(self.mug)
        self.assertEqual((self.sale("1").channel_frozen, self.sale("2").channel_frozen), (False, False))

    def test_confirming_the_items_of_an_order_leaves_out_what_is_ignored(self):
        self.take(self.order("1", [line("a", "A"), line("b", "B")]))
        self.ignore(self.first)
        self.mapper(self.sale("1")).action_channel_confirm_items()
        self.assertEqual((self.first.state, self.second.state), ("ignored", "linked"))
        self.assertTrue(self.sale("1").channel_frozen)

    def test_an_ignored_item_is_not_linked_by_itself(self):
        self.ignore(self.first)
        self.mug.default_code = "A"
        self.connector.items = [item("A", "A", name="Renamed")]
        with connected(self.env, self.connector):
            self.channel._sync_items()
        self.assertEqual((self.first.name, self.first.state), ("Renamed", "ignored"))

    # === GONE, AND CHANGED AT THE CHANNEL === #

    def test_a_listing_that_disappears_keeps_its_product(self):
        self.first._link(self.mug)
        self.connector.items = [item("B", "B")]
        with connected(self.env, self.connector):
            self.channel._sync_items()
        self.assertEqual((self.first.gone, self.first.state, self.first.product_id), (True, "linked", self.mug))
        self.take(self.order("1", [line("a", "A")]))
        self.assertEqual(self.sale("1").order_line.product_id, self.mug)

    def test_a_changed_sku_is_flagged_with_both(self):
        self.first._link(self.mug)
        self.connector.items = [item("A", " a", name="Same SKU")]
        with connected(self.env, self.connector):
            self.channel._sync_items()
        self.assertEqual((self.first.to_review, self.first.sku_changed), (False, False))
        self.connector.items = [item("A", "OTHER")]
        with connected(self.env, self.connector):
            self.channel._sync_items()
        self.assertEqual((self.first.linked_sku, self.first.sku), ("A", "OTHER"))
        self.assertTrue(self.first.sku_changed)
        self.first._link(self.mug)
        self.assertEqual((self.first.linked_sku, self.first.sku_changed), ("OTHER", False))
