"""Orders of an offline store: who may enter them, their trail, what they hold back on the other channels."""

from __future__ import annotations

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form
from odoo.tools.safe_eval import safe_eval

from .test_offline import OfflineCase


class TestOfflineOrders(OfflineCase):
    chatter = True

    def test_only_open_offline_stores_can_be_chosen(self):
        shop = self.make_channel()
        unopened = self.env["order.channel"].with_user(self.manager).create({"name": "Fair", "provider": "offline"})
        abroad = self.new_company("Elsewhere")
        foreign = self.env["order.channel"].create(
            {
                "name": "Abroad",
                "provider": "offline",
                "company_id": abroad.id,
                "warehouse_id": self.warehouse(abroad).id,
                "state": "live",
            }
        )
        order = self.sell(self.mug, order_channel_id=False)
        for channel in (shop, unopened, foreign):
            with self.assertRaises(UserError), self.cr.savepoint():
                self.sell(self.mug, store=channel)
            with self.assertRaises(UserError), self.cr.savepoint():
                order.order_channel_id = channel
        domain = self.env["sale.order"]._fields["order_channel_id"]._description_domain(self.env)
        found = self.env["order.channel"].search(safe_eval(domain, {"company_id": self.env.company.id}))
        self.assertIn(self.store.sudo(), found)
        self.assertFalse(found & (shop | unopened.sudo() | foreign))
        order.order_channel_id = self.store
        self.assertTrue(order.channel_order_id)

    def test_an_order_has_a_channel_order_that_says_the_same(self):
        self.add(self.mug, price=7.5)
        order = self.sell(self.mug)
        channel_order = order.channel_order_id
        self.assertEqual((channel_order.number, channel_order.external_id), (order.name, str(order.id)))
        self.assertEqual((channel_order.channel_id, channel_order.company_id), (self.store.sudo(), order.company_id))
        self.assertEqual((channel_order.status, channel_order.amount_total), ("open", 7.5))
        self.assertEqual((channel_order.partner_id, channel_order.placed_at), (self.customer, order.date_order))
        order.order_line.product_uom_qty = 2
        self.env.cr.flush()
        self.assertEqual(channel_order.amount_total, 15.0)
        order.order_line = [Command.create({"product_id": self.tea.id})]
        self.env.cr.flush()
        self.assertEqual(channel_order.amount_total, 19.0)
        order.order_line[1].unlink()
        self.env.cr.flush()
        self.assertEqual(channel_order.amount_total, 15.0)
        self.assertEqual(order.warehouse_id, self.store.warehouse_id)

    def test_the_trail_from_entering_to_delivery(self):
        order = self.sell(self.mug, self.wrapping)
        placed_at = order.date_order = "2026-03-01 10:00:00"
        order.action_confirm()
        self.assertEqual(self.trail(order), ["entered", "processed"])
        self.assertEqual(str(order.date_order), placed_at)
        self.assertEqual(self.trail(order, "user_id"), self.user)
        picking = order.sudo().picking_ids
        picking.move_ids.write({"quantity": 1, "picked": True})
        picking.button_validate()
        self.assertEqual(self.trail(order), ["entered", "processed", "completed"])
        channel_order = order.channel_order_id
        self.assertEqual((channel_order.status, channel_order.fulfillment_status), ("completed", "fulfilled"))
        self.assertFalse(self.env["order.channel.command"].search([("order_id", "=", channel_order.id)]))

    def test_process_logs_once_and_cancelling_is_on_record(self):
        order = self.sell(self.mug)
        order.action_channel_process()
        self.assertEqual(order.state, "sale")
        order.with_context(disable_cancel_warning=True).action_cancel()
        self.assertEqual(self.trail(order), ["entered", "processed", "cancelled"])
        order.action_draft()
        self.assertEqual(self.trail(order)[3:], ["reopened"])
        self.assertEqual(order.channel_order_id.status, "open")
        self.assertEqual(self.trail(order, "text"), ["Entered by hand", "Processed", "Cancelled", "Open again"])

    def test_nothing_freezes_or_rewrites_an_order_that_people_enter(self):
        self.add(self.mug)
        order = self.sell(self.mug, self.tea)
        before = order.order_line.read(["product_id", "price_unit", "product_uom_qty"])
        order.channel_order_id.sudo()._recheck()
        self.listing(self.mug).action_unlink_product()
        self.assertEqual(order.order_line.read(["product_id", "price_unit", "product_uom_qty"]), before)
        self.assertFalse(order.channel_blocker_ids or order.channel_frozen or order.channel_to_resolve)

    def test_a_draft_changes_its_store_and_leaves_it(self):
        other = self.make_store("Fair")
        order = self.sell(self.mug)
        channel_order = order.channel_order_id
        order.order_channel_id = other
        self.assertEqual((order.channel_order_id, channel_order.channel_id), (channel_order, other.sudo()))
        self.assertEqual(self.trail(order, "text")[-1], "Moved from Market stall to Fair")
        order.order_channel_id = False
        self.assertFalse(order.channel_order_id or channel_order.exists())
        order.order_channel_id = self.store
        order.action_confirm()
        for store in (other, self.env["order.channel"]):
            with self.assertRaises(UserError), self.cr.savepoint():
                order.order_channel_id = store

    def test_a_draft_can_be_deleted_and_its_trail_with_it(self):
        order = self.sell(self.mug, user=self.boss)
        channel_order = order.channel_order_id
        order.unlink()
        self.assertFalse(order.exists() or channel_order.exists())

    def test_the_link_to_the_trail_cant_be_forged(self):
        order, other = self.sell(self.mug), self.sell(self.tea)
        with self.assertRaises(UserError):
            order.write({"channel_order_id": other.channel_order_id.id})
        copy = order.copy()
        self.assertFalse(copy.order_channel_id or copy.channel_order_id)

    def test_the_form_enters_an_order(self):
        self.add(self.mug, price=7.5)
        action = self.store.action_new_order()
        with Form(self.env["sale.order"].with_user(self.user).with_context(**action["context"])) as form:
            form.partner_id = self.customer
            with form.order_line.new() as line:
                line.product_id = self.mug
        self.assertEqual((form.record.order_channel_id, form.record.amount_total), (self.store, 7.5))
        self.assertEqual(self.trail(form.record), ["entered"])

    def test_buyers_hear_from_odoo_unless_the_store_says_no(self):
        order = self.sell(self.mug, require_signature=True)
        self.assertEqual(order.action_quotation_send()["res_model"], "mail.compose.message")
        self.assertTrue(order._has_to_be_signed())
        order.with_context(send_email=True).action_confirm()
        mails = self.env["mail.mail"].search([("recipient_ids", "in", self.customer.ids)])
        self.assertTrue(mails)
        self.store.sudo().notify_buyer = False
        quiet = self.sell(self.mug, require_signature=True, require_payment=True)
        self.assertFalse(quiet._has_to_be_signed() or quiet._has_to_be_paid())
        quiet.with_context(send_email=True).action_confirm()
        self.assertEqual(self.env["mail.mail"].search([("recipient_ids", "in", self.customer.ids)]), mails)
        with self.assertRaises(UserError):
            self.sell(self.mug).action_quotation_send()


class TestOfflineStock(OfflineCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shop = cls.make_channel(push_stock=True)
        cls.env["stock.quant"]._update_available_quantity(cls.mug, cls.shop.warehouse_id.lot_stock_id, 10)
        cls.on_shop = cls.env["order.channel.listing"].create(
            {
                "channel_id": cls.shop.id,
                "company_id": cls.shop.company_id.id,
                "external_id": "1",
                "name": "Mug",
                "stock_ref": "1",
            }
        )
        cls.on_shop._link(cls.mug)

    def figures(self):
        """(outgoing, held, offered) of the mug on the marketplace, as they stand in the database."""
        self.env.flush_all()
        offer = self.shop._offers(self.on_shop)[self.on_shop.id]
        return offer.limiting.outgoing, offer.limiting.held, offer.quantity

    def marked(self):
        """Whether the shop is to work the mug out again; marks are cleared."""
        self.env.cr.flush()
        Change = self.env["order.channel.stock.change"]
        Change._cron_dispatch()
        marks = Change.search([("listing_id", "=", self.on_shop.id)])
        marked = bool(marks)
        marks.unlink()
        return marked

    def test_a_draft_holds_back_and_confirming_makes_it_demand(self):
        self.marked()
        self.assertEqual(self.figures(), (0.0, 0.0, 10))
        order = self.sell(self.mug)
        self.assertEqual(self.figures(), (0.0, 1.0, 9))
        self.assertTrue(self.marked())
        order.order_line.product_uom_qty = 4
        self.assertEqual(self.figures(), (0.0, 4.0, 6))
        self.assertTrue(self.marked())
        order.action_quotation_sent()
        self.assertEqual(self.figures(), (0.0, 4.0, 6))
        order.action_confirm()
        self.assertEqual(self.figures(), (4.0, 0.0, 6))
        self.marked()
        order.with_context(disable_cancel_warning=True).action_cancel()
        self.assertEqual(self.figures(), (0.0, 0.0, 10))
        self.assertTrue(self.marked())
        order.action_draft()
        self.assertEqual(self.figures(), (0.0, 4.0, 6))

    def test_a_quotation_holds_back_from_the_moment_it_gets_a_store(self):
        order = self.sell(self.mug, order_channel_id=False)
        self.marked()
        self.assertEqual(self.figures()[2], 10)
        order.order_channel_id = self.store
        self.assertEqual(self.figures()[2], 9)
        self.assertTrue(self.marked())
        order.order_channel_id = False
        self.assertEqual(self.figures()[2], 10)
        self.assertTrue(self.marked())
        order.order_channel_id = self.store
        self.marked()
        order.with_user(self.boss).unlink()
        self.assertEqual(self.figures()[2], 10)
        self.assertTrue(self.marked())

    def test_an_order_holds_back_where_its_store_ships_from(self):
        other = self.env["stock.warehouse"].create({"name": "Barn", "code": "BARN"})
        barn = self.make_store("Barn door", warehouse_id=other.id)
        order = self.sell(self.mug, store=barn)
        self.assertEqual(order.warehouse_id, other)
        self.assertEqual(self.figures()[2], 10)

    def test_delivery_leaves_what_is_offered_as_it_is(self):
        order = self.sell(self.mug)
        order.action_confirm()
        picking = order.sudo().picking_ids
        picking.move_ids.write({"quantity": 1, "picked": True})
        picking.button_validate()
        self.assertEqual(self.figures(), (0.0, 0.0, 9))
