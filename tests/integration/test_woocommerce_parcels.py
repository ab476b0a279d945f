"""Parcels and cancellations that go to the simulated WooCommerce, and what a store that can't be reached does to a channel."""

from __future__ import annotations

from datetime import timedelta

from odoo import fields

from .woocommerce_common import WooCommerceCase


class ParcelCase(WooCommerceCase):
    built = False

    def setUp(self):
        super().setUp()
        self.lamp = self.store.shop.add_product(
            "Lamp", sku="LAMP", regular_price="20.00", manage_stock=True, stock_quantity=50
        )
        self.env["account.tax"].create({"name": "15%", "amount": 15, "type_tax_use": "sale"})
        product = self.env["product.product"].create(
            {"name": "Lamp", "default_code": "LAMP", "is_storable": True, "taxes_id": False}
        )
        stock = self.warehouse(self.env.company).lot_stock_id
        self.env["stock.quant"]._update_available_quantity(product, stock, 100)
        self.go_live(auto_link=True, auto_process=True, push_tracking=True)
        self.sync("items")
        self.sync()

    def bought(self, quantity=3):
        """(its id at the store, its sales order), processed."""
        ref = self.buy(self.lamp, quantity)["id"]
        self.sync()
        sale = self.sale(ref)
        self.assertEqual(sale.state, "sale", sale.channel_blocker_ids.mapped("text"))
        return ref, sale

    def deliver(self, sale, quantity, number):
        picking = sale.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
        picking.action_assign()
        picking.move_ids.write({"quantity": quantity, "picked": True})
        picking.carrier_tracking_ref = number
        picking.with_context(skip_backorder=True, skip_sms=True).button_validate()
        self.assertEqual(picking.state, "done")
        return picking

    def send(self):
        self.channel._push_outbox()
        self.env.flush_all()
        self.env.invalidate_all()

    def notes(self, ref):
        return [note["note"] for note in self.store.shop.order_notes if note["order"] == ref and note["customer_note"]]

    def meta(self, ref, key):
        return next((entry["value"] for entry in self.store.shop.orders[ref]["meta_data"] if entry["key"] == key), None)

    def tracking(self, ref):
        return [entry["tracking_number"] for entry in self.meta(ref, "_wc_shipment_tracking_items") or ()]


class TestParcels(ParcelCase):
    def test_two_parcels_complete_an_order(self):
        ref, sale = self.bought(3)
        self.deliver(sale, 1, "TRACK-1")
        self.send()
        self.assertEqual((self.store.shop.orders[ref]["status"], len(self.notes(ref))), ("processing", 1))
        self.deliver(sale, 2, "TRACK-2")
        self.send()
        self.assertEqual(self.store.shop.orders[ref]["status"], "completed")
        self.assertEqual(self.tracking(ref), ["TRACK-1", "TRACK-2"])
        self.assertEqual(len(self.notes(ref)), 2)
        self.sync()
        order = self.channel_order(ref)
        self.assertEqual((order.status, order.fulfillment_status), ("completed", "fulfilled"))
        self.assertFalse(sale.channel_to_resolve, sale.channel_blocker_ids.mapped("text"))

    def test_a_corrected_number_replaces_the_first(self):
        ref, sale = self.bought(1)
        picking = self.deliver(sale, 1, "TRACK-1")
        self.send()
        picking.carrier_tracking_ref = "TRACK-9"
        self.send()
        self.assertEqual(self.tracking(ref), ["TRACK-9"])
        self.assertEqual(len(self.notes(ref)), 2)
        self.assertIn("TRACK-9", self.notes(ref)[1])

    def test_what_is_switched_off_is_not_done(self):
        self.channel.write({"ship_note": False, "ship_complete": False, "ship_tracking_meta": False})
        ref, sale = self.bought(1)
        self.deliver(sale, 1, "TRACK-1")
        self.send()
        self.assertEqual((self.notes(ref), self.tracking(ref)), ([], []))
        self.assertEqual(self.store.shop.orders[ref]["status"], "processing")
        self.sync()
        self.assertEqual(self.channel_order(ref).fulfillment_status, "fulfilled")
        self.assertFalse(sale.channel_to_resolve, sale.channel_blocker_ids.mapped("text"))

    def test_a_lost_answer_makes_no_second_note(self):
        for lost in ("PUT /wp-json/wc/v3/orders", "POST /wp-json/wc/v3/orders"):
            with self.subTest(lost):
                ref, sale = self.bought(1)
                self.deliver(sale, 1, "TRACK-1")
                self.store.fault("cut", match=lost)
                self.send()
                self.channel.write({"next_try_at": False})
                self.env["order.channel.command"].search([]).write({"next_try_at": False})
                self.send()
                command = self.env["order.channel.command"].search([("order_id", "=", self.channel_order(ref).id)])
                self.assertEqual(command.state, "sent")
                self.assertEqual((len(self.notes(ref)), self.tracking(ref)), (1, ["TRACK-1"]))
                self.assertEqual(self.store.shop.orders[ref]["status"], "completed")

    def test_a_cancellation_reaches_the_store_once(self):
        ref, _sale = self.bought(1)
        order = self.channel_order(ref)
        payload = {"order_id": order.external_id, "reason": "inventory"}
        command = self.env["order.channel.command"]._enqueue("cancel", order, "cancel-1", payload)
        self.send()
        self.assertEqual((self.store.shop.orders[ref]["status"], command.state), ("cancelled", "sent"))
        command.state = "sending"  # as a worker leaves it that is killed before it writes the answer
        self.send()
        self.assertEqual((command.state, self.store.count("PUT ")), ("sent", 1))


class TestUnreachable(ParcelCase):
    def passes(self):
        """Each pass of a channel, and what of the store it asks for first."""
        ref, sale = self.bought(1)
        yield "orders", self.channel._sync_orders
        yield "items", self.channel._sync_items
        self.deliver(sale, 1, f"TRACK-{ref}")
        yield "outbox", self.channel._push_outbox
        self.channel.push_stock = True
        self.env.flush_all()
        yield "stock", self.channel._push_stock

    def check(self, fault, words, **options):
        for kind, work in self.passes():
            with self.subTest(kind, fault=fault):
                self.store.fault(fault, times=20, **options)
                if kind == "stock":
                    self.channel.orders_checked_at = fields.Datetime.now()
                work()
                self.env.flush_all()
                self.env.invalidate_all()
                self.assertEqual(self.channel.health, "waiting")
                self.assertIn(words, self.channel.health_message)
                self.assertGreater(self.channel.next_try_at, fields.Datetime.now())
                self.assertFalse(self.channel._may_run())
                self.store.clear_faults()
                self.channel.account_id._ports().pace.put({})
                self.channel.next_try_at = fields.Datetime.now() - timedelta(seconds=1)
                self.env["order.channel.command"].search([]).write({"next_try_at": False})
                self.assertTrue(self.channel._may_run())
                work()
                self.env.flush_all()
                self.env.invalidate_all()
                self.assertEqual(set(self.env["order.channel.command"].search([]).mapped("state")) - {"sent"}, set())

    def test_throttled(self):
        self.check("throttle", "asks to wait", seconds=90)

    def test_down(self):
        self.check("http_error", "fault of its own", status=503)

    def test_a_firewall(self):
        self.check("firewall", "turns us away")
