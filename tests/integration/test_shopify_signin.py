"""Connecting to the simulated Shopify with its own connector: through its page, by an app's id and secret, and on."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests

from odoo.exceptions import UserError

from odoo.addons.order_channel_mapping.connectors.base import AuthError
from odoo.addons.order_channel_mapping.models.order_channel_account import ALLOW_INSECURE

from tests.common import ChannelHttpCase
from tests.marketplaces.shopify import ShopifySimulator
from tests.marketplaces.shopify_oauth import ACCESS_TOKEN, CLIENT_ID
from tests.marketplaces.shopify_shop import CLIENT_SECRET

from .connect_common import ConnectMixin


class TestShopifySignIn(ConnectMixin, ChannelHttpCase):
    def setUp(self):
        super().setUp()
        self.shopify = ShopifySimulator()
        self.shopify.shop.add_location("Main")
        self.shopify.start()
        self.addCleanup(self.shopify.stop)
        self.env["ir.config_parameter"].sudo().set_param(ALLOW_INSECURE, "True")
        self.authenticate("channel_manager", "channel_manager")

    def tearDown(self):
        self.assertEqual(self.shopify.crashes, [])
        super().tearDown()

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        """Odoo's own, which lets requests to this machine pass but takes a timeout for one number."""
        return super()._request_handler(session, request, **(options | {"timeout": 10}))

    def app_channel(self, method):
        channel = self.new_channel("Simulated", credentials=False)
        channel.account_id.sudo().api_base_url = self.shopify.url
        channel.account_id.write(
            {
                "shop_domain": "simulated.myshopify.com",
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
            }
        )
        channel.auth_method = method
        self.env.flush_all()
        return channel

    def authorize(self, channel, decision="grant"):
        """Press the button, decide on Shopify's page, and come back."""
        page = channel.action_authorize()["url"]
        self.assertTrue(page.startswith(f"{self.shopify.url}/admin/oauth/authorize?"))
        self.env.flush_all()
        answer = requests.get(page, params={"decision": decision}, allow_redirects=False, timeout=10)
        back = urlsplit(answer.headers["Location"])
        response = self.url_open(f"{back.path}?{back.query}", allow_redirects=False)
        self.env.invalidate_all()
        return response

    def renewals(self):
        return self.shopify.count(ACCESS_TOKEN) - 1

    def test_a_seller_agrees_on_shopifys_page(self):
        channel = self.app_channel("oauth")
        self.assertEqual(self.authorize(channel).status_code, 303)
        self.assertFalse(channel.authorization_message)
        self.assertEqual((channel.state, channel.external_name), ("connected", "Simulated shop"))

    def test_a_seller_refuses_on_shopifys_page(self):
        channel = self.app_channel("oauth")
        self.authorize(channel, "refuse")
        self.assertEqual(channel.state, "draft")
        self.assertTrue(channel.authorization_message)
        self.assertEqual(self.shopify.count(ACCESS_TOKEN), 0)

    def test_tokens_are_renewed_and_kept(self):
        channel = self.app_channel("oauth")
        self.authorize(channel)
        port = channel.account_id._ports().tokens
        first = port.get("refresh_token")
        self.shopify.do("expire_tokens")
        with channel._get_connector() as connector:
            self.assertEqual(connector.identify().name, "Simulated shop")
        self.assertEqual(self.renewals(), 1)
        self.assertNotIn(port.get("refresh_token"), (None, "", first))
        with channel._get_connector() as connector:
            connector.identify()
        self.assertEqual(self.renewals(), 1)

    def test_access_that_was_taken_away_asks_for_consent_again(self):
        channel = self.app_channel("oauth")
        self.authorize(channel)
        self.shopify.do("uninstall")
        with channel._get_connector() as connector, self.assertRaises(AuthError) as raised:
            connector.identify()
        channel.sudo()._handle_connector_error(raised.exception)
        self.env.flush_all()
        self.assertEqual((channel.health, channel.health_code), ("needs_reauth", "revoked"))
        self.authorize(channel)
        self.assertEqual(channel.health, "ok")

    def test_an_app_of_the_own_organisation(self):
        channel = self.app_channel("client_credentials")
        channel.action_connect()
        self.assertEqual(channel.state, "connected")
        self.assertFalse(channel.account_id._ports().tokens.get("refresh_token"))

    def test_an_app_of_somebody_else_is_told_the_other_way(self):
        self.shopify.do("change", own_organisation=False)
        channel = self.app_channel("client_credentials")
        with self.assertRaisesRegex(UserError, "organisation"):
            channel.action_connect()
        channel.auth_method = "oauth"
        self.authorize(channel)
        self.assertEqual(channel.state, "connected")
