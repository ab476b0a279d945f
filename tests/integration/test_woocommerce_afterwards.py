"""What happens to orders in the simulated WooCommerce after they were processed, seen by its own connector."""

from __future__ import annotations

from datetime import timedelta

from odoo import fields

from tests.marketplaces.woocommerce_orders import set_line_meta
from tests.marketplaces.woocommerce_refunds import share

from .woocommerce_common import WooCommerceCase


class TestAfterwards(WooCommerceCase):
    built = False

    def setUp(self):
        super().setUp()
        shop = self.store.shop
        self.lamp = shop.add_product("Lamp", sku="LAMP", regular_price="20.00", manage_stock=True, stock_quantity=50)
        self.env["account.tax"].create({"name": "15%", "amount": 15, "type_tax_use": "sale"})
        self.env["product.product"].create(
            {"name": "Lamp", "default_code": "LAMP", "is_storable": True, "taxes_id": False}
        )
        self.go_live(auto_link=True)
        self.sync("items")
        self.sync()
        self.ref, self.sold = self.processed()

    def processed(self):
        ref = self.buy(self.lamp, quantity=3)["id"]
        self.sync()
        sale = self.sale(ref)
        sale.action_channel_process()
        self.assertEqual((sale.state, sale.channel_to_resolve), ("sale", False))
        return ref, sale

    def an_hour_later(self):
        self.channel.orders_looked_at = fields.Datetime.now() - timedelta(hours=1)
        self.store.requests.clear()
        return self.sync()

    def assertAsks(self, *words):
        self.assertTrue(self.sold.channel_to_resolve)
        for word in words:
            self.assertIn(word, self.sold.channel_blocker_ids.text)

    def give_back(self, quantity=1):
        line = self.store.shop.orders[self.ref]["line_items"][0]
        return self.store.do("refund", order=self.ref, line_items=[share(line, quantity)])

    def test_put_on_hold(self):
        self.store.do("set_status", order=self.ref, status="on-hold")
        self.sync()
        self.assertAsks("put on hold (Status 'On hold' at the store)")

    def test_trashed_and_brought_back(self):
        self.store.do("touch_order", ref=self.ref, status="trash")
        self.sync()
        self.assertAsks("put on hold (It is in the store's trash)")
        self.store.do("touch_order", ref=self.ref, status="processing")
        self.sync()
        self.assertFalse(self.sold.channel_to_resolve)

    def test_deleted_for_good(self):
        self.store.shop.orders.remove(self.ref)
        self.sync()
        self.assertFalse(self.sold.channel_to_resolve, "no list tells")
        self.an_hour_later()
        self.assertAsks("deleted there")
        asked = [
            request for request in self.store.requests if "include=" in request.path or f"/{self.ref}" in request.path
        ]
        self.assertEqual(len(asked), 3, "by the list, in the trash, by itself")
        self.an_hour_later()
        self.assertFalse([request for request in self.store.requests if "include=" in request.path])

    def test_refunded_in_part_and_the_refund_deleted(self):
        refund = self.give_back()
        self.sync()
        self.assertAsks("quantities or prices (Lamp 3 → 2)", "money given back (payment: Partly refunded)")
        self.sold.channel_blocker_ids.action_overrule("seen")
        order = self.store.shop.orders[self.ref]
        self.store.shop.orders.touch(order, "2026-01-02T00:00:00")  # before what a fetch asks for again
        self.store._routes.delete_refund("", {"force": "true"}, {}, self.ref, refund["id"])
        self.sync()
        self.assertFalse(self.sold.channel_to_resolve, "no time of change moved")
        self.an_hour_later()
        self.assertAsks("quantities or prices (Lamp 2 → 3)", "a refund taken back (payment: Paid)")

    def test_completion_taken_back_with_a_refund(self):
        self.store.do("set_status", order=self.ref, status="completed")
        self.sync()
        self.assertAsks("shipped there, not from Odoo")
        self.sold.channel_blocker_ids.action_overrule("seen")
        self.store.do("set_status", order=self.ref, status="processing")
        self.give_back()
        self.sync()
        self.assertAsks("open again", "a shipment taken back", "(Lamp 3 → 2)", "money given back")

    def test_another_personalisation_and_note(self):
        order = self.store.shop.orders[self.ref]
        set_line_meta(self.store.shop, order["line_items"][0], "Engraving", "Rex")
        order["customer_note"] = "Leave it <at> the door"
        self.store.do("touch_order", ref=self.ref)
        self.sync()
        self.assertAsks("description or personalisation", "the buyer's note")

    def test_cancelled_here_and_there(self):
        wizard = self.env["sale.mass.cancel.orders"].create({"sale_order_ids": self.sold.ids, "channel_tell": "there"})
        wizard.action_mass_cancel()
        self.channel._push_outbox()
        self.assertEqual(self.store.shop.orders[self.ref]["status"], "cancelled")
        self.sync()
        self.assertEqual((self.sold.state, self.sold.channel_order_id.status), ("cancel", "cancelled"))
        self.assertFalse(self.sold.channel_cancel_text)

    def test_nothing_changed_costs_one_call_an_hour(self):
        self.an_hour_later()
        self.assertEqual(len([request for request in self.store.requests if "include=" in request.path]), 1)
        self.assertFalse(self.sold.channel_to_resolve)
