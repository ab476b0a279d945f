"""Connecting as sellers do, with the real connectors and the simulated marketplaces: over HTTP, there and back, and on."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

import requests

from odoo.addons.order_channel_mapping.models.order_channel_account import ALLOW_INSECURE

from tests.common import ChannelHttpCase
from tests.marketplaces.shopify import ShopifySimulator
from tests.marketplaces.shopify_oauth import CLIENT_ID
from tests.marketplaces.shopify_shop import CLIENT_SECRET
from tests.marketplaces.woocommerce import WooCommerceSimulator

from .connect_common import ConnectMixin


class SellersCase(ConnectMixin, ChannelHttpCase):
    @classmethod
    def _request_handler(cls, session, request, /, **options):
        """Odoo's guard of the network compares a request's timeout with a number; connectors give two numbers."""
        if isinstance(options.get("timeout"), tuple):
            options["timeout"] = max(options["timeout"])
        return super()._request_handler(session, request, **options)

    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].set_param(ALLOW_INSECURE, "True")
        self.in_one_transaction()
        self.authenticate("channel_manager", "channel_manager")

    def made_channel(self, provider, simulator, method, **credentials):
        channel = self.new_channel(provider.capitalize(), credentials=False, provider=provider)
        channel.account_id.sudo().api_base_url = simulator.url
        channel.auth_method = method
        channel.account_id._set_credentials(credentials)
        self.env.flush_all()
        return channel

    def decide(self, page):
        """What the seller does on the marketplace's page; return where it sends the browser."""
        answer = requests.get(page, allow_redirects=False, timeout=10)
        self.assertEqual(answer.status_code, 302, answer.text[:500])
        return answer.headers["Location"]

    def agree(self, channel):
        """Press the button, agree (or not) on the marketplace's page, and come back; return the last address."""
        action = channel.action_authorize()
        self.env.flush_all()
        back = urlsplit(self.decide(action["url"]))
        self.assertIn(f"/oauth/return/{channel.provider}", back.path)
        response = self.url_open(f"{back.path}?{back.query}", allow_redirects=False)
        self.env.invalidate_all()
        location = urlsplit(response.headers["Location"])
        self.assertEqual(
            (location.path, location.query),
            (f"/odoo/action-order_channel_mapping.order_channel_action/{channel.id}", ""),
        )

    def work(self, channel, kind="items"):
        """One pass, as the channel's cron does it."""
        channel.sudo()._request_run([kind])
        channel.sudo()._cron_pass("items")
        self.env.invalidate_all()

    def last_run(self, channel):
        return channel.sudo().run_ids.filtered(lambda run: run.kind == "items").sorted("id")[-1:]


class TestShopify(SellersCase):
    def setUp(self):
        super().setUp()
        self.shopify = self.during_test(ShopifySimulator(strict=False))
        self.shopify.app.change(consent="grant")

    def shop(self, method="oauth", **credentials):
        defaults = {
            "shop_domain": self.shopify.shop.info["myshopifyDomain"],
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }
        return self.made_channel("shopify", self.shopify, method, **{**defaults, **credentials})

    def test_the_owner_agrees_and_access_is_renewed_from_then_on(self):
        channel = self.shop()
        self.agree(channel)
        self.assertFalse(channel.authorization_message)
        self.assertEqual((channel.state, channel.health), ("connected", "ok"))
        tokens = channel.account_id._ports().tokens
        first = tokens.get("refresh_token")
        self.assertIn(first, self.shopify.app.refresh_tokens)
        self.shopify.do("expire_tokens")
        self.work(channel)
        self.assertEqual((channel.health, self.last_run(channel).state), ("ok", "done"))
        self.assertNotEqual(tokens.get("refresh_token"), first, "a rotated one is kept")
        self.assertIn(tokens.get("refresh_token"), self.shopify.app.refresh_tokens)

    def test_what_was_revoked_is_agreed_to_again(self):
        channel = self.shop()
        self.agree(channel)
        channel.activity_unlink(["mail.mail_activity_data_todo"])
        self.shopify.do("revoke")
        self.work(channel)
        self.assertEqual((channel.health, channel.needs_consent), ("needs_reauth", True))
        self.assertEqual(len(channel.activity_ids), 1)
        asked = len(self.shopify.requests)
        self.work(channel)
        self.assertEqual(len(self.shopify.requests), asked, "nothing is asked of the shop meanwhile")
        self.agree(channel)
        self.assertEqual((channel.health, channel.health_message, len(channel.activity_ids)), ("ok", "", 0))
        self.work(channel)
        self.assertEqual((channel.health, self.last_run(channel).state), ("ok", "done"))

    def test_rights_that_are_missing_are_named(self):
        self.shopify.do("set_scopes", value=["read_products", "write_orders"])
        channel = self.shop()
        self.agree(channel)
        self.assertEqual(channel.state, "draft")
        self.assertIn("edit inventory", channel.authorization_message)
        self.assertNotIn("read products", channel.authorization_message)

    def test_a_right_that_is_taken_away_later_is_named(self):
        channel = self.shop()
        self.agree(channel)
        self.shopify.do("set_scopes", value=["write_orders", "write_inventory", "read_locations"])
        self.work(channel)
        self.assertEqual(channel.health, "needs_reauth")
        self.assertIn("read_products", channel.health_message)

    def test_a_wrong_client_secret_is_said(self):
        channel = self.shop(client_secret="wrong")
        self.agree(channel)
        self.assertEqual(channel.state, "draft")
        self.assertIn("client secret", channel.authorization_message)

    def test_an_app_of_ones_own_needs_no_page(self):
        channel = self.shop("client_credentials")
        self.assertFalse(channel.needs_consent)
        channel.action_connect()
        self.assertEqual((channel.state, channel.health), ("connected", "ok"))
        self.assertEqual(list(self.shopify.app.refresh_tokens), [])
        self.shopify.do("expire_tokens")
        self.work(channel)
        self.assertEqual((channel.health, self.last_run(channel).state), ("ok", "done"))

    def test_from_one_way_to_another(self):
        """What was kept for one way to sign in is of no use to another one."""
        channel = self.shop("client_credentials")
        channel.action_connect()
        kept = channel.account_id._ports().tokens.get("access_token")
        self.assertTrue(kept)
        channel.auth_method = "oauth"
        self.env.flush_all()
        self.assertEqual((channel.health, channel.needs_consent), ("needs_reauth", True))
        self.assertIsNone(channel.account_id._ports().tokens.get("access_token"))
        self.agree(channel)
        self.assertEqual(channel.health, "ok")
        self.assertNotEqual(channel.account_id._ports().tokens.get("access_token"), kept)


class TestWooCommerce(SellersCase):
    def setUp(self):
        super().setUp()
        self.store = self.during_test(WooCommerceSimulator(validate=False))
        self.decision = "approve"

    def decide(self, page):
        """The store asks its administrator. Approving has its server deliver keys to Odoo before it sends the browser."""
        answer = requests.get(page, timeout=10)
        links = dict(re.findall(r'class="wc-auth-(\w+)" href="([^"]+)"', answer.text))
        link = html.unescape(links[self.decision])
        if self.decision == "deny":
            return link
        with self.allow_requests(all_requests=True):
            answer = requests.get(f"{self.store.url}{link}", allow_redirects=False, timeout=20)
        self.env.invalidate_all()
        self.assertEqual(answer.status_code, 302, answer.text[:500])
        return answer.headers["Location"]

    def shop(self, method="oauth", **credentials):
        return self.made_channel("woocommerce", self.store, method, **{"store_url": self.store.url, **credentials})

    def test_the_administrator_approves_and_the_store_delivers_keys(self):
        channel = self.shop()
        self.assertTrue(channel.needs_consent)
        self.agree(channel)
        self.assertFalse(channel.authorization_message)
        self.assertEqual((channel.state, channel.health, channel.auth_method), ("connected", "ok", "oauth"))
        self.assertEqual(
            {name: value[:3] for name, value in channel.account_id._secrets().items() if "consumer" in name},
            {"consumer_key": "ck_", "consumer_secret": "cs_"},
        )
        self.work(channel)
        self.assertEqual((channel.health, self.last_run(channel).state), ("ok", "done"))

    def test_the_administrator_says_no(self):
        self.decision = "deny"
        channel = self.shop()
        self.agree(channel)
        self.assertEqual(channel.state, "draft")
        self.assertIn("did not agree", channel.authorization_message)

    def test_keys_that_are_taken_away_are_approved_again(self):
        channel = self.shop()
        self.agree(channel)
        old = channel.account_id._secrets()
        self.store.shop.revoke_key(old["consumer_key"])
        self.work(channel)
        self.assertEqual((channel.health, channel.needs_consent), ("needs_reauth", True))
        self.agree(channel)
        self.assertEqual(channel.health, "ok")
        self.assertNotEqual(channel.account_id._secrets()["consumer_key"], old["consumer_key"])
        self.work(channel)
        self.assertEqual((channel.health, self.last_run(channel).state), ("ok", "done"))

    def test_keys_made_by_hand_need_no_page(self):
        key = self.store.shop.add_key()
        channel = self.shop("keys", consumer_key=key["consumer_key"], consumer_secret=key["consumer_secret"])
        self.assertFalse(channel.needs_consent)
        channel.action_connect()
        self.assertEqual((channel.state, channel.health), ("connected", "ok"))
