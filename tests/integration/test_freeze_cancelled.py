"""Cancelling lifts no freeze, and every way out of *cancelled* looks again at what is in the way (rule 4)."""

from datetime import timedelta

import psycopg2

from odoo import Command
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.order_channel_mapping.connectors import records

from tests.fakes import START, connected, line
from tests.integration.orders_common import OrderCase

#: ways to set an order back that don't pass through a button
BACK = {
    "button": lambda order: order.action_draft(),
    "write": lambda order: order.write({"state": "draft"}),
    "sent": lambda order: order.write({"state": "sent"}),
    "import": lambda order: order.env["sale.order"].load([".id", "state"], [[str(order.id), "Quotation"]]),
}


class TestFreezeCancelled(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.frozen, cls.held, cls.free, cls.recalled = cls.bring(
            cls.order("frozen", [line("a", "var-1", sku="UNKNOWN"), line("b", sku="MUG-1")]),
            cls.order("held", [line("a", sku="MUG-1")], hold="fraud check"),
            cls.order("free", [line("a", sku="MUG-1")]),
            cls.order("recalled", [line("a", sku="MUG-1")]),
        )

    def try_to_move(self, order):
        """Every way on from a draft, one after the other."""
        for attempt in (order.action_confirm, order.action_channel_process, lambda: order.write({"state": "sale"})):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                attempt()
        self.channel.sudo().auto_process = True
        with connected(self.env, self.connector):
            self.channel._process_ready()
        self.assertIn(order.state, ("draft", "sent"))
        self.assertFalse(order.picking_ids)

    def test_frozen_outlives_cancelling(self):
        self.frozen.action_cancel()
        self.assertEqual((self.frozen.state, self.frozen.channel_frozen), ("cancel", True))
        self.assertEqual(self.frozen.channel_status, "cancelled")
        for attempt in (self.frozen.copy, self.frozen._create_invoices, lambda: self.frozen.write({"locked": True})):
            with self.assertRaisesRegex(UserError, "is frozen"), self.env.cr.savepoint():
                attempt()

    @mute_logger("odoo.sql_db")
    def test_nor_does_sql(self):
        self.frozen.action_cancel()
        self.env.flush_all()
        for state in ("sale", None):
            with self.assertRaises(psycopg2.errors.CheckViolation), self.env.cr.savepoint():
                self.env.cr.execute("UPDATE sale_order SET state = %s WHERE id = %s", [state, self.frozen.id])

    def test_set_back_in_whichever_way_it_waits_again(self):
        for order in (self.frozen, self.held):
            codes = order.channel_blocker_ids.mapped("code")
            for name, back in BACK.items():
                with self.subTest(name, order=order.client_order_ref):
                    order.action_cancel()
                    self.assertFalse(order.channel_blocker_ids, "nothing waits for a cancelled order")
                    back(order)
                    self.assertEqual(order.channel_blocker_ids.mapped("code"), codes)
                    self.assertEqual((order.channel_to_resolve, order.channel_frozen), (True, order == self.frozen))
                    self.try_to_move(order)

    def test_what_came_up_while_it_was_cancelled_is_noticed(self):
        self.free.action_cancel()
        self.assertFalse(self.free.channel_to_resolve)
        lines = [line("a", sku="MUG-1"), line("b", "var-2", sku="NEW")]
        self.take(self.order("free", lines, hold="fraud check", updated_at=START + timedelta(days=1)))
        self.free.write({"state": "draft"})
        self.assertEqual(sorted(self.free.channel_blocker_ids.mapped("code")), ["hold", "unmapped"])
        self.assertTrue(self.free.channel_frozen)
        self.try_to_move(self.free)

    def test_no_way_from_cancelled_to_processed_at_once(self):
        for order in (self.frozen, self.held, self.free):
            order.action_cancel()
            for attempt in (
                lambda order=order: order.write({"state": "sale"}),
                lambda order=order: order.write({"state": "done"}),
                lambda order=order: order.write({"state": False}),
                order.action_confirm,
                order.action_channel_process,
            ):
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    attempt()
            self.assertEqual(order.state, "cancel")
        with self.assertRaisesRegex(UserError, "Set it back to a quotation first"):
            self.free.write({"state": "sale"})

    def test_no_state_that_nobody_knows(self):
        with self.assertRaises(UserError):
            self.frozen.write({"state": False})

    def test_what_the_channel_cancelled_stays_cancelled(self):
        lines = [line("a", sku="MUG-1")]
        self.take(self.order("recalled", lines, status=records.OrderStatus.CANCELLED))
        self.assertEqual(self.recalled.state, "cancel")
        for name, back in BACK.items():
            if name != "import":  # it reports what a write raises
                with self.subTest(name), self.assertRaisesRegex(UserError, "has cancelled"), self.env.cr.savepoint():
                    back(self.recalled)
        result = BACK["import"](self.recalled)
        self.assertIn("has cancelled", result["messages"][0]["message"])
        self.assertEqual(self.recalled.state, "cancel")
        # past all of it, a draft again: processed neither by hand nor automatically
        self.env.flush_all()
        self.env.cr.execute("UPDATE sale_order SET state = 'draft' WHERE id = %s", [self.recalled.id])
        self.env.invalidate_all()
        self.try_to_move(self.recalled)

    def test_a_frozen_one_that_the_channel_cancelled_stays_frozen_until_it_is_open_again_and_mapped(self):
        lines = [line("a", "var-1", sku="UNKNOWN"), line("b", sku="MUG-1")]
        self.take(self.order("frozen", lines, status=records.OrderStatus.CANCELLED))
        self.assertEqual((self.frozen.state, self.frozen.channel_frozen), ("cancel", True))
        self.assertFalse(self.frozen.channel_blocker_ids)
        self.take(self.order("frozen", lines))
        self.assertEqual((self.frozen.state, self.frozen.channel_frozen), ("cancel", True))
        self.frozen.action_draft()
        self.assertEqual(self.frozen.channel_blocker_ids.mapped("code"), ["unmapped"])
        self.link("UNKNOWN", self.tea)
        self.frozen.action_channel_process()
        self.assertEqual(self.frozen.state, "sale")

    def test_mapped_meanwhile_it_is_free_when_set_back(self):
        self.frozen.action_cancel()
        self.link("UNKNOWN", self.tea)
        self.assertTrue(self.frozen.channel_frozen, "the placeholder is in it still")
        self.frozen.write({"state": "draft"})
        self.assertEqual((self.frozen.channel_frozen, self.frozen.order_line[0].product_id), (False, self.tea))

    def test_a_cancelled_order_waits_for_nothing(self):
        listing = self.env["order.channel.listing"].search([("external_id", "=", "var-1")])
        self.env["sale.order"].flush_model()
        before = (self.channel.to_resolve_count, listing.waiting_order_count)
        self.frozen.write({"state": "cancel"})  # not by the button
        self.channel.invalidate_recordset()
        listing.invalidate_recordset()
        self.assertEqual((self.channel.to_resolve_count, listing.waiting_order_count), (before[0] - 1, before[1] - 1))
        self.assertFalse(self.frozen.channel_blocker_text)
        self.assertFalse(self.env["order.channel.freeze"].search([("listing_id", "=", listing.id)]))

    # === DRAFTED BEFORE IT WAS FROZEN === #

    def down_payment(self):
        """A drafted down payment of an order whose item is then unlinked."""
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_context(active_ids=self.free.ids, active_model="sale.order")
            .create({"advance_payment_method": "percentage", "amount": 10})
        )
        wizard.create_invoices()
        invoice = self.free.invoice_ids
        self.assertEqual(invoice.state, "draft")
        return invoice

    def freeze(self):
        self.env["order.channel.listing"].search(
            [("sku", "=", "MUG-1"), ("channel_id", "=", self.channel.id)]
        )._unlink_product()
        self.assertTrue(self.free.channel_frozen)

    def transaction(self, **values):
        provider = self.env["payment.provider"].create({"name": "Test", "code": "none", "state": "test"})
        return self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": self.env["payment.method"].search([], limit=1).id,
                "amount": 1.0,
                "currency_id": self.free.currency_id.id,
                "partner_id": self.free.partner_id.id,
                "reference": f"ref-{provider.id}",
                **values,
            }
        )

    def test_a_down_payment_drafted_before_is_not_posted(self):
        invoice = self.down_payment()
        self.freeze()
        for attempt in (
            invoice.action_post,
            lambda: invoice._post(soft=False),
            lambda: (
                self.env["validate.account.move"]
                .with_context(active_model="account.move", active_ids=invoice.ids)
                .create({"force_post": True})
                .validate_move()
            ),
            lambda: invoice.write({"state": "posted"}),
        ):
            with self.assertRaisesRegex(UserError, "is frozen"), self.env.cr.savepoint():
                attempt()
        self.assertEqual(invoice.state, "draft")
        self.link("MUG-1", self.mug)
        invoice.action_post()
        self.assertEqual(invoice.state, "posted")

    def test_nor_paid_by_a_link(self):
        invoice = self.down_payment()
        self.freeze()
        orders = [Command.set(self.free.ids)]
        for attempt in (
            lambda: self.transaction(sale_order_ids=orders),
            lambda: self.transaction(invoice_ids=[Command.set(invoice.ids)]),
            lambda: self.link_wizard(self.free),
            lambda: self.link_wizard(invoice),
        ):
            with self.assertRaisesRegex(UserError, "is frozen"), self.env.cr.savepoint():
                attempt()

    def link_wizard(self, document):
        return (
            self.env["payment.link.wizard"]
            .with_context(active_model=document._name, active_id=document.id)
            .create({"amount": 1.0})
        )

    def test_money_that_comes_in_meanwhile_is_noted_and_posts_nothing(self):
        invoice = self.down_payment()
        self.link_wizard(invoice)
        transaction = self.transaction(invoice_ids=[Command.set(invoice.ids)])
        self.freeze()
        transaction._set_done()
        noted = []
        self.patch(self.registry["payment.transaction"], "_create_payment", lambda payment: noted.append(payment))
        transaction._post_process()
        self.assertEqual((invoice.state, noted), ("draft", [transaction]))

    def test_what_was_posted_before_can_be_credited(self):
        invoice = self.down_payment()
        invoice.action_post()
        self.freeze()
        credit = invoice._reverse_moves([{"invoice_date": invoice.invoice_date}])
        credit.action_post()
        self.assertEqual((credit.move_type, credit.state), ("out_refund", "posted"))

    def test_a_delivery_from_before_is_not_done(self):
        """Set back past all buttons, an order has its delivery still; an item of it that is no goods is unlinked."""
        wrap = self.env["product.product"].create({"name": "Wrap", "default_code": "WRAP", "type": "service"})
        self.take(self.order("delivery", [line("a", sku="MUG-1"), line("b", "var-3", sku="WRAP")]))
        order = self.sale("delivery")
        self.env["stock.quant"]._update_available_quantity(self.mug, self.channel.warehouse_id.lot_stock_id, 5)
        order.action_channel_process()
        order.write({"state": "draft"})
        self.env["order.channel.listing"].search([("external_id", "=", "var-3")])._unlink_product()
        self.assertEqual((order.channel_frozen, order.picking_ids.state), (True, "assigned"))
        with self.assertRaisesRegex(UserError, "is frozen"), self.env.cr.savepoint():
            order.picking_ids.button_validate()
        self.link("WRAP", wrap)
        order.picking_ids.button_validate()
        self.assertEqual(order.picking_ids.state, "done")

    def test_what_left_already_keeps_its_product_when_its_item_is_unlinked(self):
        """Odoo changes no product of a line that has moves, whatever the state of its order."""
        self.env["stock.quant"]._update_available_quantity(self.mug, self.channel.warehouse_id.lot_stock_id, 5)
        self.free.action_channel_process()
        self.free.picking_ids.button_validate()
        self.free._action_cancel()
        self.free.action_draft()
        self.env["order.channel.listing"].search(
            [("sku", "=", "MUG-1"), ("channel_id", "=", self.channel.id)]
        )._unlink_product()
        self.assertEqual((self.free.order_line.product_id, self.free.channel_frozen), (self.mug, False))
