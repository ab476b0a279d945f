"""Pictures of each screen with lively data: ``setup/test tests/browser/screenshots.py`` writes them to ``.cache/screenshots``.

The README's two pictures go to the addon's ``static/description``. Not collected with the other tests: it checks nothing but
that each screen comes up without an error.
"""

from __future__ import annotations

import base64
import json
import os
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urljoin

from odoo.tests import freeze_time
from odoo.tests.common import ChromeBrowser

from odoo.addons.order_channel_mapping.connectors import connector_classes, records

from tests.browser.world import NOW, PICTURES, WorldCase
from tests.fakes import connected

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / ".cache" / "screenshots"
DESCRIPTION = REPOSITORY / "order_channel_mapping" / "static" / "description"
#: screens of the README: name of the picture -> its height there (files of static/description)
README = {"dashboard": 440, "frozen_order": 900}
ONLY = os.environ.get("SCREENS", "").split()
#: kind, topic, minutes ago
NOTIFICATIONS = (
    ("privacy", "customers/data_request", 95),
    ("orders", "orders/create", 64),
    ("items", "products/update", 31),
    ("orders", "orders/updated", 12),
    ("orders", "orders/cancelled", 0),
)
SETTLED = "!document.querySelector('.o_loading_indicator')"
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" fill="#{0}"/>'
    '<circle cx="32" cy="26" r="13" fill="#fff" fill-opacity=".35"/><path d="M14 58a18 15 0 0 1 36 0z" fill="#fff" '
    'fill-opacity=".5"/></svg>'
)


class Screen:
    """An open browser in which a person is logged in."""

    def __init__(self, browser, base_url):
        self.browser, self.base_url = browser, base_url

    def open(self, path, ready=".o_action_manager .o_view_controller"):
        self.browser.navigate_to(urljoin(self.base_url, path))
        self.wait(f"document.querySelector({ready!r})")

    def wait(self, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.js(f"Boolean(({condition}) && {SETTLED})"):
                time.sleep(0.4)
                return
            time.sleep(0.1)
        raise AssertionError(f"never came: {condition}")

    def js(self, code):
        result = self.browser._websocket_request("Runtime.evaluate", params={"expression": code, "awaitPromise": True})
        if result.get("exceptionDetails"):
            raise AssertionError(json.dumps(result["exceptionDetails"])[:500])
        return result["result"].get("value")

    def click(self, selector, text=None):
        find = f"[...document.querySelectorAll({selector!r})].find((node) => node.textContent.includes({text or ''!r}))"
        self.wait(find)
        self.js(f"{find}.click()")

    def take(self, name):
        """Write what is on screen to a file."""
        if ONLY and name not in ONLY:
            return
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / f"{name}.png").write_bytes(self.picture())
        if name in README:
            (DESCRIPTION / f"{name}.png").write_bytes(self.picture(README[name]))

    def picture(self, height=900):
        clip = {"x": 0, "y": 0, "width": 1440, "height": height, "scale": 1}
        params = {"format": "png", "clip": clip}
        return base64.b64decode(self.browser._websocket_request("Page.captureScreenshot", params=params)["data"])


class Screens(WorldCase):
    browser_size = "1440x900"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fill_shop()
        cls.market = cls.make_channel(
            name="Second Shop",
            external_name="Leaf & Kettle EU",
            state="connected",
            items_full_at=False,
        )
        run = cls.market._open_run("items", full=True)
        run._count(fetched=150, created=150, pages=3, calls=3)
        cls.notify()
        cls.broken = cls.make_channel(name="Old Shop")
        cls.broken._set_health("needs_reauth", "auth")
        cls.broken.auth_method = "oauth"
        cls.refused = cls.env["order.channel"].create({"name": "New Shop", "provider": "shopify"})
        cls.refused.auth_method = "oauth"
        cls.refused.account_id.write({"shop_domain": "new.myshopify.com", "client_id": "id", "client_secret": "secret"})
        cls.env["order.channel.authorization"]._start(cls.refused)
        cls.env["order.channel.authorization"]._last_of(cls.refused)._record_failure("consent_refused")
        cls.stall = cls.make_stall()
        cls.stall_order = cls.env["sale.order"].create(
            {
                "partner_id": cls.env["res.partner"].create({"name": "Walk-in Customer"}).id,
                "order_channel_id": cls.stall.id,
                "order_line": [
                    (0, 0, {"product_id": cls.products[sku].id, "product_uom_qty": 2})
                    for sku in ("MUG-BLUE", "STRAINER")
                ],
            }
        )
        cls.shop._record_failures(
            "order",
            None,
            [("1013", "bad_payload", {"message": "lines: unknown currency"}, {"id": "1013", "lines": []})],
        )

    @classmethod
    def notify(cls):
        """Notifications of the shop: fetched, waiting, and a person who asks for their data."""
        cls.shop._webhook_address()
        cls.shop.webhook_state = "active"
        fetch = cls.shop.run_ids.filtered(lambda run: run.kind == "orders")[:1]
        for number, (kind, topic, minutes) in enumerate(NOTIFICATIONS):
            event = records.WebhookEvent(
                topic,
                records.WebhookKind(kind),
                f"delivery-{number}",
                f"gid://shopify/{topic.partition('/')[0].capitalize()}/{1001 + number}",
                NOW - timedelta(minutes=minutes, seconds=2),
            )
            asked = {"customer": {"id": 7, "email": "clara.dupont@example.com"}, "data_request": {"id": number}}
            with freeze_time(NOW.replace(tzinfo=None) - timedelta(minutes=minutes)):
                cls.env["order.channel.webhook"]._take(cls.shop, event, json.dumps(asked).encode())
        cls.env["order.channel.webhook"].search([("brings", "=", "orders")], offset=1).run_id = fetch

    def fetch_proxy(self, url):
        """Pictures at the marketplace are drawn here."""
        if url.startswith(PICTURES):
            return self.make_fetch_proxy_response(PICTURE.format(url[len(PICTURES) : -4]))
        return super().fetch_proxy(url)

    def make_fetch_proxy_response(self, content, code=200):
        response = super().make_fetch_proxy_response(content, code)
        if isinstance(content, str) and content.startswith("<svg"):
            response["responseHeaders"] = [{"name": "Content-Type", "value": "image/svg+xml"}]
        return response

    @contextmanager
    def screen(self, login="admin"):
        browser = ChromeBrowser(self)
        with self.allow_requests(browser=browser):
            try:
                self.authenticate(login, login, browser=browser)
                self.cr.flush()
                self.cr.clear()
                yield Screen(browser, self.base_url())
            finally:
                self._wait_remaining_requests()
                browser.stop()

    def action(self, xml_id):
        return f"/odoo/action-{self.env.ref('order_channel_mapping.' + xml_id).id}"

    def test_screens(self):
        with self.screen() as screen, connected(self.env, self.connector):
            self.channels(screen)
            self.listings(screen)
            self.mass_changes(screen)
            self.orders(screen)
            self.freeze_board(screen)
            self.offline(screen)
            self.history(screen)
            self.sales(screen)
            self.not_served(screen)
            self.administration(screen)

    def channels(self, screen):
        dashboard = self.action("order_channel_action")
        screen.open(dashboard)
        screen.take("dashboard")
        screen.open(f"{dashboard}/new", ".o_form_view")
        screen.take("channel_new")
        self.ways_to_sign_in(screen)
        screen.open(f"{dashboard}/{self.market.id}", ".o_form_view")
        screen.click("button[name=action_go_live]")
        screen.wait("document.querySelector('.modal .o_form_view')")
        screen.take("go_live")
        for name in ("shop", "market", "broken", "stall"):
            screen.open(f"{dashboard}/{getattr(self, name).id}", ".o_form_view")
            screen.take(f"channel_{name}")
        screen.open(f"{dashboard}/{self.shop.id}", ".o_form_view")
        screen.click(".nav-link", "How Often")
        screen.take("channel_shop_notifications")
        screen.open(f"{dashboard}/{self.shop.id}", ".o_form_view")
        screen.click(".nav-link", "Stock")
        screen.take("channel_shop_stock")
        screen.open(self.action("order_channel_account_action"))
        screen.take("accounts")
        screen.open(f"{self.action('order_channel_account_action')}/{self.shop.account_id.id}", ".o_form_view")
        screen.take("account")
        screen.open(self.action("order_channel_tax_map_action"))
        screen.take("taxes")

    def ways_to_sign_in(self, screen):
        """Each marketplace's connect form, once for each way to sign in."""
        for provider, connector_class in connector_classes().items():
            screen.click(f".o_radio_input[data-value={provider}]")
            for method in connector_class.auth_methods:
                screen.click(f"#auth_method_{method.code}")
                screen.wait(f"document.querySelector('#credential_{method.fields[-1]}')")
                screen.take(f"channel_new_{provider}_{method.code}")
        screen.open(f"{self.action('order_channel_action')}/{self.refused.id}", ".o_form_view")
        screen.take("channel_consent_refused")

    def listings(self, screen):
        unconfirmed = self.action("order_channel_listing_action_unconfirmed")
        screen.open(unconfirmed, ".o_list_view .o_data_row")
        screen.take("unconfirmed")
        screen.js(
            "document.querySelectorAll('.o_data_row .o_list_record_selector input').forEach((box) => box.click())"
        )
        screen.wait("document.querySelector('.o_list_buttons, .o_selection_box')")
        screen.take("unconfirmed_selected")
        screen.open(f"{unconfirmed}/{self.listing('GIFT-SAMPLER').id}", ".o_form_view")
        screen.take("listing_unconfirmed")
        screen.click("button[name=action_open_link]", "Link")
        screen.wait("document.querySelector('.modal .o_field_widget[name=product_id]')")
        screen.take("link_one")
        everything = self.action("order_channel_listing_action")
        screen.open(everything, ".o_list_view .o_data_row")
        screen.take("listings")
        screen.open(f"{everything}/{self.listing('TEA-GREEN-100').id}", ".o_form_view")
        screen.take("listing_linked")
        screen.open(self.action("order_channel_action"))
        screen.open(self.action("order_channel_sheet_action"), ".modal .o_form_view")
        screen.take("sheet")

    def mass_changes(self, screen):
        """An auto-link, from the choice of rules to what it did."""
        Batch = self.env["order.channel.batch"]
        batch = Batch.browse(Batch._new_auto_link(self.shop + self.stall)["res_id"])
        batch.link_scope = "linked"
        path = f"{self.action('order_channel_batch_action')}/{batch.id}"
        self.listing("COASTER-CORK")._link(self.products["TIN-M"])
        self.listing("TIN-M")._link(self.products["MUG-BLUE"])
        self.listing("STRAINER")._unlink_product()
        self.listing("SPOON-BAMBOO").mapping_id.write({"ended_at": NOW.replace(tzinfo=None)})
        self.listing("SPOON-BAMBOO").write({"state": "unconfirmed", "mapping_id": False, "product_id": False})
        self.env.flush_all()
        screen.open(path, ".o_form_view")
        screen.take("auto_link_new")
        batch.action_prepare()
        self.env.flush_all()
        screen.open(path, ".o_form_view")
        screen.take("auto_link_preview")
        for outcome in ("ambiguous", "conflict"):
            screen.open(path, ".o_form_view")
            screen.click(f"tr[name={outcome}] button[name=action_view_lines]")
            screen.wait("document.querySelector('.o_list_view .o_data_row')")
            screen.take(f"auto_link_{outcome}")
        batch.action_apply()
        self.env.flush_all()
        screen.open(path, ".o_form_view")
        screen.take("auto_link_done")
        screen.open(self.action("order_channel_batch_action"), ".o_list_view .o_data_row")
        screen.take("mass_changes")
        batch.action_undo()

    def orders(self, screen):
        screen.open(self.action("order_channel_sale_order_action_resolve"), ".o_list_view .o_data_row")
        screen.take("to_resolve")
        orders = self.action("order_channel_sale_order_action")
        screen.open(orders, ".o_list_view .o_data_row")
        screen.take("channel_orders")
        screen.open(f"{orders}/{self.sale(1004).id}", ".o_form_view")
        screen.take("frozen_order")
        screen.click("button[name=action_channel_link_items]")
        screen.wait("document.querySelector('.modal .o_data_row')")
        screen.take("link_several")
        for number, name in (
            (1005, "frozen_custom"),
            (1006, "unpaid"),
            (1007, "tax"),
            (1008, "ready"),
            (1001, "processed"),
        ):
            screen.open(f"{orders}/{self.sale(number).id}", ".o_form_view")
            screen.take(f"order_{name}")
        screen.click(".nav-link", "Audit Trail")
        screen.take("audit_trail")
        screen.open(f"{orders}/{self.sale(1007).id}", ".o_form_view")
        screen.click("button[name=action_channel_resolve]")
        screen.wait("document.querySelector('.modal .o_data_row')")
        screen.take("resolve")
        screen.open(f"{orders}/{self.sale(1007).id}", ".o_form_view")
        screen.click("button[name=action_choose_tax]")
        screen.wait("document.querySelector('.modal .o_form_view')")
        screen.take("choose_tax")
        everything = self.action("order_channel_order_action")
        screen.open(everything, ".o_list_view .o_data_row")
        screen.take("all_orders")
        screen.open(f"{everything}/{self.sale(1004).channel_order_id.id}", ".o_form_view")
        screen.take("channel_order")

    def freeze_board(self, screen):
        screen.open(self.action("order_channel_freeze_action"), ".o_list_view .o_data_row")
        screen.take("freeze_board")
        screen.click(".o_switch_view.o_kanban")
        screen.wait("document.querySelector('.o_kanban_record')")
        screen.take("freeze_board_cards")
        screen.open(f"{self.action('order_channel_action')}/{self.shop.id}", ".o_form_view")
        screen.click("button[name=action_preflight]")
        screen.wait("document.querySelector('.o_field_widget[name=finding_ids] .o_data_row')")
        screen.take("preflight")
        screen.click("button[name=action_view_rows]")
        screen.wait("document.querySelector('.o_list_view .o_data_row')")
        screen.take("preflight_rows")

    def offline(self, screen):
        screen.open(f"{self.action('order_channel_sale_order_action')}/{self.stall_order.id}", ".o_form_view")
        screen.take("offline_order")
        screen.open(f"{self.action('order_channel_action')}/{self.stall.id}", ".o_form_view")
        screen.click("button[name=action_add_products]")
        screen.wait("document.querySelector('.modal .o_form_view')")
        screen.take("add_products")
        screen.open(self.action("order_channel_listing_action_offline"), ".o_list_view .o_data_row")
        screen.take("offline_listings")

    def history(self, screen):
        runs = self.action("order_channel_run_action")
        screen.open(runs, ".o_list_view .o_data_row")
        screen.take("runs")
        run = self.shop.run_ids.filtered(lambda run: run.kind == "orders")[:1]
        screen.open(f"{runs}/{run.id}", ".o_form_view")
        screen.take("run")
        failures = self.action("order_channel_failure_action")
        screen.open(failures, ".o_list_view .o_data_row")
        screen.take("failures")
        failure = self.env["order.channel.failure"].search([], limit=1)
        screen.open(f"{failures}/{failure.id}", ".o_form_view")
        screen.take("failure")
        pushes = self.action("order_channel_stock_push_action")
        screen.open(pushes)
        screen.take("pushes")
        screen.open(self.action("order_channel_command_action"))
        screen.take("commands")
        notifications = self.action("order_channel_webhook_action")
        screen.open(notifications, ".o_list_view .o_data_row")
        screen.take("notifications")
        request = self.env["order.channel.webhook"].search([("kind", "=", "privacy")])
        screen.open(f"{notifications}/{request.id}", ".o_form_view")
        screen.take("privacy_request")

    def sales(self, screen):
        screen.open(self.env.ref("sale.action_quotations_with_onboarding").path and "/odoo/sales")
        screen.take("quotations")
        screen.open("/odoo/orders")
        screen.take("sales_orders")
        screen.open(f"/odoo/products/{self.products['TEA-GREEN-100'].product_tmpl_id.id}", ".o_form_view")
        screen.take("product")
        screen.click(".nav-link[name=channels]")
        screen.take("product_channels")

    def not_served(self, screen):
        """What channels say where Odoo does not run them, a clock is wrong, or a wait is to be overruled."""
        now, path = NOW.replace(tzinfo=None), self.action("order_channel_action")
        (self.shop | self.market)._switch_on_crons()
        idle = {"lastcall": now - timedelta(hours=3), "nextcall": now - timedelta(hours=3)}
        self.market._crons().write(idle)
        self.shop.items_cron_id.active = False
        self.shop._set_health(
            "waiting", "rate_limited", {"message": "Shopify asks to wait."}, now + timedelta(minutes=40)
        )
        self.shop.write({"clock_off": 86_400, "clock_seen_at": now})
        self.env.flush_all()
        screen.open(path)
        screen.take("not_served")
        for name in ("market", "shop"):
            screen.open(f"{path}/{getattr(self, name).id}", ".o_form_view")
            screen.take(f"not_served_{name}")
        screen.click("button[name=action_sync_now]")
        screen.wait("document.querySelector('.modal .o_form_view')")
        screen.take("sync_now")
        screen.open(path)
        screen.click(".o_kanban_record button[name=action_sync_now]")
        screen.click(".modal button[name=action_overrule]")
        screen.wait("document.querySelector('.o_notification')")
        screen.take("sync_now_done")
        screen.open(self.action("order_channel_run_action"), ".o_list_view .o_data_row")
        screen.take("runs_interrupted")
        run = self.market.run_ids.filtered(lambda run: run.state == "running")[:1]
        screen.open(f"{self.action('order_channel_run_action')}/{run.id}", ".o_form_view")
        screen.take("run_interrupted")

    def administration(self, screen):
        """What is asked of administrators: which database is live, keys, uninstalling."""
        screen.open(self.action("order_channel_account_action"))
        screen.take("accounts")
        screen.open("/odoo/apps", ".o_kanban_view")
        module = self.env["ir.module.module"].search([("name", "=", "order_channel_mapping")])
        screen.open(f"/odoo/apps/{module.id}", ".o_form_view")
        screen.click("button[name=button_uninstall_wizard]")
        screen.wait("document.querySelector('.modal .alert-danger')")
        screen.take("uninstall")
        live = replace(self.shop._database_identity(), name="leaf_and_kettle")
        self.env["ir.config_parameter"].set_param("order_channel_mapping.live_database", live.to_text())
        with patch.object(self.registry["order.channel"], "_is_foreign_database", lambda channel: True):
            dashboard = self.action("order_channel_action")
            screen.open(dashboard)
            screen.take("copy_dashboard")
            screen.open(f"{dashboard}/{self.shop.id}", ".o_form_view")
            screen.take("copy_form")
            screen.click("button[name=action_claim_live_database]")
            screen.wait("document.querySelector('.modal .btn-primary')")
            screen.take("copy_confirm")
