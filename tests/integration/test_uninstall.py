"""What the uninstallation puts in order beforehand; a whole one is in :mod:`tests.integration.test_processes_uninstall`."""

from __future__ import annotations

from unittest.mock import patch

from odoo.addons.order_channel_mapping.connectors import base, records

from tests.fakes import connected, line
from tests.integration.orders_common import OrderCase

LOG = "odoo.addons.order_channel_mapping.models.order_channel_uninstall"
SHIPPING = "order_channel_mapping.product_shipping"
URL = "https://odoo.example.com/hook"


class TestUninstall(OrderCase):
    def setUp(self):
        super().setUp()
        self.ended = []
        self.connector.remove_webhooks = self.ended.append

    def uninstall(self):
        with connected(self.env, self.connector):
            self.env["order.channel"]._uninstall()

    def test_frozen_orders_are_cancelled_and_others_stay(self):
        shipping = line("s", kind=records.LineKind.SHIPPING, name="Parcel", price="4.90")
        self.take(
            self.order("1", [line("a", sku="MUG-1"), shipping]),
            self.order("2", [line("a", sku="MUG-1"), line("b", sku="LATER", name="Lamp", price="7.00", quantity=2)]),
            self.order("3", [line("b", sku="LATER")]),
        )
        good, frozen, cancelled = (self.sale(ref) for ref in "123")
        cancelled._action_cancel()
        total = good.amount_total
        placeholder = self.env.ref("order_channel_mapping.product_placeholder")
        shipping_product = self.env.ref(SHIPPING)
        self.uninstall()
        self.assertEqual((good.state, good.amount_total), ("draft", total))
        self.assertEqual((frozen.state, cancelled.state), ("cancel", "cancel"))
        note = frozen.order_line.filtered("display_type")
        self.assertRegex(note.name, r"Not linked to a product: 2 × .*Lamp.*14")
        self.assertEqual(frozen.order_line.product_id, self.mug)
        self.assertFalse(self.env["sale.order.line"].search_count([("product_id", "=", placeholder.id)]))
        # in use: it stays for the orders, and is no longer the addon's
        self.assertFalse(shipping_product.active)
        self.assertFalse(self.env.ref(SHIPPING, raise_if_not_found=False))
        self.assertTrue(self.env.ref("order_channel_mapping.product_tip").active)

    def test_a_cancelled_order_that_is_set_back_holds_nothing_to_invoice(self):
        self.take(self.order("1", [line("a", sku="LATER")]))
        self.uninstall()
        sale = self.sale("1")
        sale.order_line.invalidate_recordset()
        self.assertEqual(set(sale.order_line.mapped("display_type")), {"line_note"})
        self.assertFalse(sale.amount_total)

    def test_notifications_are_ended_within_bounds_and_what_is_left_is_said(self):
        self.channel.sudo().write({"webhook_url": URL, "webhook_state": "active"})
        self.uninstall()
        self.assertEqual(self.ended, [URL])

        def refuse(url):
            raise base.Unavailable("down")

        self.connector.remove_webhooks = refuse
        with self.assertLogs(LOG, "WARNING") as logged:
            self.uninstall()
        self.assertIn(URL, logged.output[0])
        self.connector.remove_webhooks = self.ended.append
        self.ended.clear()
        with patch(f"{LOG}.SECONDS", -1), self.assertLogs(LOG, "WARNING"):
            self.uninstall()
        self.assertFalse(self.ended)

    def test_a_copy_ends_nothing(self):
        self.channel.sudo().write({"webhook_url": URL, "webhook_state": "active"})
        with (
            connected(self.env, self.connector),
            patch.object(self.registry["order.channel"], "_is_foreign_database", lambda channel: True),
        ):
            self.env["order.channel"]._uninstall()
        self.assertFalse(self.ended)

    def test_the_window_says_it_for_this_addon_only(self):
        modules = self.env["ir.module.module"]
        ours = modules.search([("name", "=", "order_channel_mapping")])
        other = modules.search([("name", "=", "stock_delivery")])
        leaf = modules.search([("name", "=", "base_import"), ("state", "=", "installed")])
        wizards = self.env["base.module.uninstall"]
        self.assertIn("Channels that are deleted", wizards.create({"module_ids": ours.ids}).order_channel_impact)
        self.assertTrue(wizards.create({"module_ids": other.ids}).order_channel_impact, "it takes ours along")
        self.assertFalse(leaf and wizards.create({"module_ids": leaf.ids}).order_channel_impact)
