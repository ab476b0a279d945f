"""Closing the books stops no order: what was ordered in a locked period is confirmed, delivered and invoiced after it."""

from __future__ import annotations

from datetime import timedelta, timezone

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.fields import Date, Datetime

from tests.fakes import line
from tests.integration.orders_common import OrderCase

PLACED = Datetime.now().replace(microsecond=0) - timedelta(days=30)
LOCKS = ("fiscalyear_lock_date", "sale_lock_date", "tax_lock_date", "hard_lock_date")


class TestLockedPeriods(OrderCase):
    def setUp(self):
        super().setUp()
        self.lock_day = Date.today() - timedelta(days=1)

    @classmethod
    def order(cls, external_id, lines, **values):
        return super().order(external_id, lines, placed_at=PLACED.replace(tzinfo=timezone.utc), **values)

    def lock(self, *names):
        self.env.company.write(dict.fromkeys(names or LOCKS, self.lock_day))

    def deliver(self, sale, quantity=None):
        delivery = sale.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
        for move in delivery.move_ids:
            move.quantity = quantity or move.product_uom_qty
            move.picked = True
        delivery.with_context(skip_backorder=True).button_validate()
        return delivery

    def check_whole(self, sale, quantity=1):
        """Confirmed as of its own day, planned from today, delivered, invoiced and refunded, nothing of it before the lock."""
        self.assertEqual((sale.state, sale.date_order), ("sale", PLACED))
        self.assertGreater(min(sale.picking_ids.mapped("scheduled_date")).date(), self.lock_day)
        if open_ones := sale.picking_ids.filtered(lambda picking: picking.state != "done"):
            self.assertEqual(self.deliver(sale), open_ones)
        self.assertEqual(set(sale.picking_ids.mapped("state")), {"done"})
        invoice = sale._create_invoices()
        invoice.action_post()
        self.assertEqual(invoice.state, "posted")
        refund = invoice._reverse_moves([{}])
        refund.action_post()
        for move in invoice + refund:
            self.assertGreater(move.date, self.lock_day)
            self.assertGreater(move.invoice_date, self.lock_day)

    def test_an_order_of_a_locked_period_is_processed_automatically(self):
        self.lock()
        self.channel.sudo().auto_process = True
        run = self.take(self.order("1", [line("a", sku="MUG-1")]))
        self.assertEqual(run.processed, 1)
        self.check_whole(self.sale("1"))

    def test_an_order_of_a_locked_period_is_processed_by_hand(self):
        self.take(self.order("1", [line("a", sku="MUG-1")]))
        self.lock()
        self.sale("1").action_channel_process()
        self.check_whole(self.sale("1"))

    def test_each_lock_alone(self):
        for number, name in enumerate(LOCKS):
            with self.subTest(name), self.cr.savepoint():
                self.lock(name)
                self.take(self.order(str(number), [line("a", sku="MUG-1")]))
                self.sale(str(number)).action_channel_process()
                self.check_whole(self.sale(str(number)))

    def test_a_promise_of_the_locked_period_is_kept_as_the_deadline(self):
        self.lock()
        self.take(
            self.order("1", [line("a", sku="MUG-1")], ship_by=(PLACED + timedelta(days=2)).replace(tzinfo=timezone.utc))
        )
        sale = self.sale("1")
        sale.action_channel_process()
        self.assertEqual(sale.picking_ids.date_deadline, PLACED + timedelta(days=2))
        self.check_whole(sale)

    def test_what_is_past_is_planned_from_now(self):
        now = Datetime.now() - timedelta(minutes=1)
        self.take(self.order("1", [line("a", sku="MUG-1")]))
        sale = self.sale("1")
        sale.action_channel_process()
        self.assertGreater(sale.picking_ids.scheduled_date, now)
        self.assertEqual(sale.date_order, PLACED)

    def test_a_date_to_come_stays_planned(self):
        later = Datetime.now().replace(microsecond=0) + timedelta(days=5)
        self.take(self.order("1", [line("a", sku="MUG-1")], ship_by=later.replace(tzinfo=timezone.utc)))
        sale = self.sale("1")
        sale.action_channel_process()
        self.assertEqual(sale.picking_ids.scheduled_date, later)

    def test_lead_times_and_steps_of_the_warehouse_plan_nothing_before_the_lock(self):
        self.channel.warehouse_id.delivery_steps = "pick_pack_ship"
        self.env["stock.rule"].search([("warehouse_id", "=", self.channel.warehouse_id.id)]).delay = 3
        self.env.company.security_lead = 10
        self.lock()
        self.take(self.order("1", [line("a", sku="MUG-1")]))
        sale = self.sale("1")
        sale.action_channel_process()
        for __ in range(3):
            self.assertEqual(self.deliver(sale).state, "done")
        for picking in sale.picking_ids:
            self.assertGreater(picking.scheduled_date.date(), self.lock_day)

    def test_while_today_is_locked_an_order_waits_on_record_and_goes_on_when_it_is_not(self):
        self.lock_day = Date.today()
        self.lock("fiscalyear_lock_date")
        self.channel.sudo().auto_process = True
        order = self.order("1", [line("a", sku="MUG-1")])
        self.take(order)
        failure = self.env["order.channel.failure"].search([("channel_id", "=", self.channel.id)])
        self.assertEqual((failure.kind, failure.state, self.sale("1").state), ("process", "open", "draft"))
        self.lock_day -= timedelta(days=1)
        self.lock("fiscalyear_lock_date")
        failure.action_retry()
        self.take(order)
        self.assertEqual(failure.state, "solved")
        self.check_whole(self.sale("1"))

    def test_what_was_planned_before_the_books_were_closed_is_delivered(self):
        self.take(self.order("1", [line("a", sku="MUG-1", quantity=3)]))
        sale = self.sale("1")
        sale.action_channel_process()
        sale.picking_ids.scheduled_date = PLACED
        self.env.flush_all()
        self.lock()
        first = self.deliver(sale, 1)
        self.assertEqual(first.state, "done")
        self.check_whole(sale)

    def test_what_was_planned_before_the_books_were_closed_is_delivered_at_once_or_cancelled(self):
        orders = [self.order(ref, [line("a", sku="MUG-1"), line("b", sku="TEA-1")]) for ref in "12"]
        self.take(*orders)
        for ref in "12":
            self.sale(ref).action_channel_process()
            self.sale(ref).picking_ids.scheduled_date = PLACED
        self.env.flush_all()
        self.lock()
        self.assertEqual(self.deliver(self.sale("1")).state, "done")
        self.check_whole(self.sale("1"))
        self.sale("2")._action_cancel()
        self.env.flush_all()
        self.assertEqual(self.sale("2").picking_ids.state, "cancel")

    def test_an_order_of_an_offline_store_with_a_past_date(self):
        store = self.env["order.channel"].create({"name": "Market stall", "provider": "offline"})
        store.action_go_live()
        self.lock()
        sale = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Mary Major"}).id,
                "order_channel_id": store.id,
                "date_order": PLACED,
                "order_line": [Command.create({"product_id": self.mug.id, "price_unit": 5})],
            }
        )
        sale.action_confirm()
        self.check_whole(sale)

    def test_a_return_of_what_was_delivered_before_the_lock(self):
        self.take(self.order("1", [line("a", sku="MUG-1")]))
        sale = self.sale("1")
        sale.action_channel_process()
        sale.picking_ids.scheduled_date = PLACED
        delivery = self.deliver(sale)
        delivery.date_done = PLACED
        self.env.flush_all()
        self.lock()
        wizard = self.env["stock.return.picking"].with_context(active_id=delivery.id, active_model="stock.picking")
        wizard = wizard.create({"picking_id": delivery.id})
        wizard.product_return_moves.quantity = 1
        returned = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        returned.move_ids.picked = True
        returned.button_validate()
        self.assertEqual(returned.state, "done")
        self.assertGreater(returned.scheduled_date.date(), self.lock_day)

    def test_odoo_refuses_other_orders_as_before(self):
        """Odoo's own rule stays: it holds for what a person enters without a channel."""
        self.lock()
        customer = self.env["res.partner"].create({"name": "Mary"})
        order = self.env["sale.order"].create(
            {
                "partner_id": customer.id,
                "commitment_date": PLACED,
                "order_line": [Command.create({"product_id": self.mug.id})],
            }
        )
        with self.assertRaisesRegex(ValidationError, "locked"), self.cr.savepoint():
            order.action_confirm()
