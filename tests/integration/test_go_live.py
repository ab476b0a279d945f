"""Go live shows what it would do, then switches on what was chosen; pausing, closing, syncing; who may write what."""

from __future__ import annotations

import json

from odoo.exceptions import AccessError, UserError
from odoo.fields import Datetime
from odoo.tests import Form, patch

from odoo.addons.order_channel_mapping.connectors import connector_classes
from odoo.addons.order_channel_mapping.connectors.records import PaymentStatus
from odoo.addons.order_channel_mapping.tools.guard import internal
from odoo.addons.order_channel_mapping.tools.normalize import normalize_sku

from tests.common import ChannelCase
from tests.fakes import FakeConnector, connected, line
from tests.fakes import order as channel_order

from .connect_common import GROUPS, STORE, ConnectMixin

SWITCHES = ("auto_link", "auto_process", "push_stock", "push_tracking")


class GoLiveCase(ConnectMixin, ChannelCase):
    def setUp(self):
        super().setUp()
        self.channel = self.connected_channel()

    def listing(self, external_id, **values):
        return self.env["order.channel.listing"].create(
            {
                "channel_id": self.channel.id,
                "company_id": self.channel.company_id.id,
                "external_id": external_id,
                "name": f"Item {external_id}",
                **values,
            }
        )

    def wizard(self, user=None):
        action = self.channel.with_user(user or self.manager).action_go_live()
        return (
            self.env[action["res_model"]].with_user(user or self.manager).with_context(**action["context"]).create({})
        )


class TestGoLive(GoLiveCase):
    outsiders = True

    def test_the_preview_counts_links(self):
        self.env["product.product"].create(
            [{"name": "Hat", "default_code": "HAT-1"}, {"name": "A", "default_code": "TWO"}]
        )
        self.env["product.product"].create({"name": "B", "default_code": "TWO"})
        certain = self.listing("1", sku="HAT-1", sku_key=normalize_sku("HAT-1"))
        unsure = self.listing("2", sku="TWO", sku_key=normalize_sku("TWO"))
        self.listing("3", sku="NONE", sku_key=normalize_sku("NONE"))
        self.listing("4", sku="HAT-1", sku_key=normalize_sku("HAT-1"), gone=True)
        wizard = self.wizard()
        self.assertEqual((wizard.link_count, wizard.unsure_count, wizard.unknown_count), (1, 1, 1))
        self.assertEqual(self.opened(wizard.action_view_links()), certain)
        self.assertEqual(self.opened(wizard.action_view_unsure()), unsure)
        self.assertEqual(certain.state, "unconfirmed", "looking links nothing")

    def opened(self, action):
        return self.env[action["res_model"]].search(json.loads(json.dumps(action["domain"])))

    def test_the_preview_counts_quantities(self):
        rows = [
            (self.listing(str(number)), before, after) for number, before, after in ((1, 5, 0), (2, 5, 7), (3, 5, 5))
        ]
        with patch.object(type(self.channel), "_stock_preview", lambda channel, links=None: rows):
            wizard = self.wizard()
        self.assertEqual((wizard.quantity_count, wizard.zero_count), (2, 1))
        lines = self.opened(wizard.with_user(self.manager).action_view_quantities())
        self.assertEqual(
            [(line.listing_id.external_id, line.current_quantity, line.new_quantity) for line in lines],
            [("1", 5, 0), ("2", 5, 7)],
        )

    def test_the_preview_counts_the_quantities_of_what_it_is_about_to_link(self):
        empty, full, linked = self.env["product.product"].create(
            [{"name": sku, "default_code": sku, "is_storable": True} for sku in ("EMPTY", "FULL", "LINKED")]
        )
        stock = self.channel.sudo().warehouse_id.lot_stock_id
        for product, quantity in ((full, 7), (linked, 4)):
            self.env["stock.quant"]._update_available_quantity(product, stock, quantity)
        for product in empty + full + linked:
            sku = product.default_code
            keys = {"sku": sku, "sku_key": normalize_sku(sku), "stock_ref": sku, "remote_quantity": 22}
            listing = self.listing(sku, **keys)
            if product == linked:
                listing._link(product)
        wizard = self.wizard()
        self.assertEqual((wizard.link_count, wizard.quantity_count, wizard.zero_count), (2, 3, 1))
        lines = self.opened(wizard.action_view_quantities())
        self.assertEqual(
            [(line.listing_id.sku, line.current_quantity, line.new_quantity, line.is_linked) for line in lines],
            [("EMPTY", 22, 0, False), ("LINKED", 22, 4, True), ("FULL", 22, 7, False)],
        )
        self.assertFalse(lines.listing_id.filtered(lambda listing: listing.sku != "LINKED").mapping_id)
        with Form(wizard) as form:
            form.auto_link = False
            self.assertEqual((form.quantity_count, form.zero_count), (1, 0), "what is not linked is not pushed")
        self.assertEqual(self.opened(wizard.action_view_quantities()).listing_id.sku, "LINKED")

    def test_the_preview_counts_the_orders_that_linking_releases(self):
        product = self.env["product.product"].create({"name": "Hat", "default_code": "HAT", "is_storable": True})
        self.env["stock.quant"]._update_available_quantity(product, self.channel.sudo().warehouse_id.lot_stock_id, 7)
        self.channel.sudo().order_start = "2026-01-01"
        connector = FakeConnector()
        connector.orders = [
            channel_order("1", [line("a", "hat", sku="HAT", quantity=3)]),
            channel_order("2", [line("b", "hat", sku="HAT")], payment_status=PaymentStatus.PENDING),
        ]
        with connected(self.env, connector):
            self.channel.sudo()._ingest_orders(connector.orders, self.channel.sudo()._open_run("orders"))
        listing = self.env["order.channel.listing"].search([("channel_id", "=", self.channel.id)])
        listing.write({"stock_ref": "hat", "remote_quantity": 7})
        wizard = self.wizard()
        self.assertEqual((wizard.link_count, wizard.order_count, wizard.release_count), (1, 0, 1))
        (line_,) = self.opened(wizard.action_view_quantities())
        self.assertEqual(line_.new_quantity, 3, "both orders hold what they will take")

    def test_the_preview_counts_orders_that_are_ready(self):
        partner = self.env["res.partner"].create({"name": "Buyer"})
        orders = self.env["order.channel.order"].create(
            [
                {
                    "channel_id": self.channel.id,
                    "company_id": self.channel.company_id.id,
                    "external_id": number,
                    "number": number,
                    "status": status,
                }
                for number, status in (("1", "open"), ("2", "open"))
            ]
        )
        SaleOrder = internal(self.env["sale.order"])
        for known in orders:
            SaleOrder.create(
                {
                    "partner_id": partner.id,
                    "order_channel_id": self.channel.id,
                    "channel_order_id": known.id,
                    "channel_to_resolve": known == orders[1],
                }
            )
        wizard = self.wizard()
        self.assertEqual(wizard.order_count, 1)
        self.assertEqual(self.opened(wizard.action_view_orders()).channel_order_id, orders[0])

    def test_each_switch_is_its_own(self):
        wizard = self.wizard()
        self.assertTrue(all(wizard[switch] for switch in SWITCHES), "all that the marketplace can is proposed")
        wizard.push_stock = False
        wizard.auto_process = False
        wizard.action_confirm()
        self.assertEqual(self.channel.state, "live")
        self.assertEqual([self.channel[switch] for switch in SWITCHES], [True, False, False, True])
        self.assertEqual([self.wizard()[switch] for switch in SWITCHES], [True, False, False, True])

    def test_confirming_wakes_the_crons_and_runs_nothing(self):
        wizard = self.wizard()
        self.env["ir.cron.trigger"].search([]).unlink()
        channel_class = type(self.channel)
        with patch.object(channel_class, "_cron_pass") as ran, patch.object(channel_class, "_get_connector") as asked:
            wizard.action_confirm()
        self.assertFalse(ran.called or asked.called)
        self.assertEqual(self.env["ir.cron.trigger"].search([]).cron_id, self.channel._crons())

    def test_what_the_marketplace_cannot_do_stays_off(self):
        connector_class = connector_classes()["shopify"]
        with patch.object(connector_class, "capabilities", frozenset({"items", "orders"})):
            wizard = self.wizard()
            self.assertEqual([wizard[switch] for switch in SWITCHES], [True, True, False, False])
            wizard.push_stock = True
            wizard.action_confirm()
        self.assertEqual([self.channel[switch] for switch in SWITCHES], [True, True, False, False])

    def test_the_form_opens(self):
        action = self.channel.action_go_live()
        with Form(self.env[action["res_model"]].with_user(self.manager).with_context(**action["context"])) as form:
            form.push_tracking = False
        form.record.action_confirm()
        self.assertFalse(self.channel.push_tracking)

    def test_only_a_connected_channel_goes_live(self):
        self.channel = self.new_channel("Draft")
        with self.assertRaises(UserError):
            self.channel.action_go_live()

    def test_a_copy_of_the_database_does_not_go_live(self):
        wizard = self.wizard()
        self.env["ir.config_parameter"].set_param("database.uuid", "another-uuid")
        with self.assertRaises(UserError):
            wizard.action_confirm()
        self.assertEqual(self.channel.state, "connected")

    def test_users_and_other_companies_may_not(self):
        with self.assertRaises(AccessError):
            self.channel.with_user(self.user).action_go_live()
        Wizard = self.env["order.channel.go.live"]
        for user in (self.user, self.other_manager, self.salesperson):
            with self.subTest(user.login), self.assertRaises(AccessError):
                Wizard.with_user(user).create({"channel_id": self.channel.id})
        wizard = self.wizard()
        colleague = self.person("colleague", "manager", self.company)
        with self.assertRaises(AccessError):
            wizard.with_user(colleague).action_confirm()


class TestStates(GoLiveCase):
    outsiders = True

    def test_pausing_writes_no_cron(self):
        """A cron that runs may not be written: passes read the channel's own state first."""
        with patch.object(type(self.env["ir.cron"]), "write", side_effect=AssertionError("a cron was written")):
            self.channel.action_pause()
        self.assertTrue(self.channel.paused)
        self.assertFalse(self.channel.sudo()._may_run())
        self.assertIn("Paused", self.channel.health_message)
        with self.assertRaises(UserError):
            self.channel.action_sync_now()

    def test_resuming_goes_on_at_once(self):
        self.channel.action_pause()
        crons = self.channel._crons()
        crons.write({"nextcall": "2020-01-01 00:00:00"})
        self.channel.sudo().items_cron_id.active = False
        self.env["ir.cron.trigger"].search([]).unlink()
        before = Datetime.now()
        self.channel.action_resume()
        self.assertTrue(self.channel.sudo()._may_run())
        self.assertTrue(all(cron.nextcall >= before and cron.active for cron in crons))
        self.assertEqual(self.env["ir.cron.trigger"].search([]).cron_id, crons)

    def test_closing_and_reopening_keep_the_switches(self):
        with self.assertRaises(UserError):
            self.channel.action_close()
        wizard = self.wizard()
        wizard.auto_process = False
        wizard.action_confirm()
        self.channel.action_close()
        self.assertEqual((self.channel.state, self.channel.push_stock), ("closing", True))
        self.channel.action_reopen()
        self.assertEqual((self.channel.state, self.channel.auto_process), ("live", False))
        with self.assertRaises(UserError):
            self.channel.action_reopen()

    def test_sync_now_returns_at_once(self):
        runs = self.channel.run_ids.sudo()
        runs.write({"state": "done"})
        self.env["ir.cron.trigger"].search([]).unlink()
        self.channel.sudo()._set_health("failing", "rejected", {"message": "No."}, backoff=True)
        with patch.object(type(self.channel), "_get_connector") as asked:
            action = self.channel.with_user(self.user).action_sync_now()
        self.assertFalse(asked.called)
        self.assertEqual(action["tag"], "display_notification")
        self.assertFalse(self.channel.next_try_at, "a person does not wait for the next try")
        self.channel.invalidate_recordset()
        queued = self.channel.run_ids.sudo() - runs
        self.assertEqual(set(queued.mapped("kind")), {"items", "orders"})
        self.assertEqual(
            self.env["ir.cron.trigger"].search([("call_at", "<=", Datetime.now())]).cron_id, self.channel._crons()
        )

    def test_sync_now_does_not_press_a_channel_that_asked_to_wait(self):
        self.channel.sudo()._set_health("waiting", "rate_limited", {}, backoff=True)
        self.channel.action_sync_now()
        self.assertTrue(self.channel.next_try_at)

    def test_what_only_buttons_change_cannot_be_written(self):
        for values in (
            {"state": "live"},
            {"health": "ok"},
            {"account_ref": "x"},
            {"site": "x"},
            {"paused": True},
            {"orders_watermark": "2026-01-01"},
            {"sync_cron_id": self.env.ref("base.autovacuum_job").id},
        ):
            with self.subTest(values), self.assertRaises(AccessError):
                self.channel.write(values)
            with self.subTest(create=values), self.assertRaises(AccessError):
                self.env["order.channel"].with_user(self.manager).create({"name": "N", "provider": "offline", **values})
        self.channel.write({"name": "New name", "stock_buffer": 2.0, "order_start": "2026-01-01"})

    def test_no_switch_before_go_live(self):
        for switch in SWITCHES:
            with self.subTest(switch), self.assertRaises(UserError):
                self.channel.write({switch: True})
            with self.subTest(create=switch), self.assertRaises(UserError):
                self.env["order.channel"].with_user(self.manager).create(
                    {"name": "N", "provider": "offline", switch: True}
                )
        self.wizard().action_confirm()
        self.channel.write({"push_stock": False})
        self.channel.write({"push_stock": True})

    def test_users_change_no_channel(self):
        channel = self.channel.with_user(self.user)
        actions = (channel.action_pause, channel.action_resume, channel.action_close, channel.action_reopen)
        for act in (lambda: channel.write({"name": "x"}), *actions):
            with self.assertRaises(AccessError):
                act()
        self.assertFalse(self.env["order.channel"].with_user(self.salesperson).has_access("write"))
        self.assertEqual(STORE.ref, channel.account_ref)
        self.assertTrue(self.user.has_group(f"{GROUPS}user"))
