"""Confirming channel orders, by hand and by themselves."""

from unittest.mock import patch

from odoo.exceptions import UserError

from odoo.addons.order_channel_mapping.connectors import records

from tests.fakes import START, connected, line
from tests.integration.orders_common import OrderCase


class TestOrderProcessing(OrderCase):
    def test_processing_keeps_the_channels_date(self):
        self.take(self.order("1", [line("a", sku="MUG-1")]))
        sale = self.sale("1")
        sale.action_channel_process()
        self.assertEqual((sale.state, sale.date_order), ("sale", START.replace(tzinfo=None)))
        self.assertTrue(sale.picking_ids)

    def test_automatic_processing_is_a_switch_of_a_live_channel(self):
        self.channel.sudo().auto_process = True
        run = self.take(
            self.order("1", [line("a", sku="MUG-1")]),
            self.order("2", [line("a", sku="NOT-MAPPED")]),
            self.order("3", [line("a", sku="MUG-1")], payment_status=records.PaymentStatus.PENDING),
        )
        self.assertEqual([self.sale(ref).state for ref in "123"], ["sale", "draft", "draft"])
        self.assertEqual(run.processed, 1)

    def test_an_order_that_cant_be_processed_is_on_record_and_holds_up_no_other(self):
        self.channel.sudo().auto_process = True
        confirm = type(self.env["sale.order"])._action_confirm

        def refuse(orders):
            if "#1" in orders.mapped("client_order_ref"):
                raise UserError("The warehouse is closed.")
            return confirm(orders)

        first, second = self.order("1", [line("a", sku="MUG-1")]), self.order("2", [line("a", sku="MUG-1")])
        with patch.object(self.env.registry["sale.order"], "_action_confirm", refuse):
            self.take(first, second)
            failure = self.env["order.channel.failure"].search([("channel_id", "=", self.channel.id)])
            self.assertEqual((self.sale("1").state, self.sale("2").state), ("draft", "sale"))
            self.assertEqual((failure.kind, failure.external_ref, failure.attempts), ("process", "1", 1))
            self.assertEqual(failure.reason_params, {"message": "The warehouse is closed."})
            self.take(first, second)
            self.assertEqual(failure.attempts, 1, "it waits for its time")
            failure.action_retry()
            self.take(first, second)
            self.assertEqual(failure.attempts, 2)
        failure.action_retry()
        self.take(first, second)
        self.assertEqual((self.sale("1").state, failure.state), ("sale", "solved"))

    def test_a_pass_whose_time_is_up_leaves_orders_to_the_next(self):
        self.channel.sudo().auto_process = True
        self.take(*(self.order(str(number), [line("a", "new", sku="LATER")]) for number in range(25)))
        self.link("LATER", self.mug)
        with connected(self.env, self.connector):
            self.assertEqual(self.channel._process_ready(deadline=-1), 10)
            self.assertEqual(self.channel._process_ready(), 15)
