"""The ways to sign in: which are offered, what each asks for, and what our own address is good for."""

from __future__ import annotations

from odoo.exceptions import ValidationError

from odoo.addons.order_channel_mapping.connectors.base import AuthMethod
from odoo.addons.order_channel_mapping.models.order_channel_account import ALLOW_INSECURE

from tests.common import ChannelCase

from .connect_common import SECRET, TOKEN, ConnectMixin

SECRET_FIELDS = ["access_token", "client_secret"]


class TestAuthMethods(ConnectMixin, ChannelCase):
    def setUp(self):
        super().setUp()
        self.channel = self.new_channel()
        self.account = self.channel.account_id

    def test_what_is_asked_for_and_whether_it_is_set(self):
        ways = {way["code"]: way for way in self.account.credentials["methods"]}
        self.assertEqual(self.account.credentials["method"], "token")
        entries = {entry["name"]: entry for entry in ways["token"]["fields"]}
        self.assertEqual(set(entries), {"shop_domain", *SECRET_FIELDS})
        self.assertEqual((entries["access_token"]["set"], entries["access_token"]["value"]), (True, ""))
        self.assertFalse(entries["client_secret"]["set"])
        self.assertEqual(entries["shop_domain"]["value"], "hats.myshopify.com")
        self.assertEqual(
            [entries[name]["required"] for name in ("shop_domain", "access_token", "client_secret")],
            [True, True, False],
        )
        self.assertEqual({code: way["complete"] for code, way in ways.items() if way["complete"]}, {"token": True})
        self.assertIn("read_orders", ways["client_credentials"]["scopes"].split(","))
        self.assertTrue(all(entry["help"] and entry["label"] for way in ways.values() for entry in way["fields"]))
        self.assertEqual(self.channel.credentials, self.account.credentials)
        new = self.env["order.channel"].new({"provider": "shopify"})
        self.assertEqual(new.auth_method, new.credentials["methods"][0]["code"])
        self.assertFalse([entry for entry in new.credentials["methods"][0]["fields"] if entry["set"]])

    def test_the_usual_way_to_sign_in_is_offered_first_and_others_only_if_the_marketplace_has_them(self):
        account = self.env["order.channel.account"].create({"name": "New", "provider": "shopify"})
        usual = account._auth_methods()[0].code
        self.assertEqual(account.auth_method, usual)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            account.auth_method = "keys"
        self.assertFalse(self.env["order.channel.account"].create({"name": "Off", "provider": "offline"}).auth_method)

    def test_a_credential_that_another_way_asks_for_chooses_that_way(self):
        account = self.env["order.channel.account"].create({"name": "New", "provider": "shopify"})
        account._set_credentials({"shop_domain": "new.myshopify.com", "client_secret": SECRET})
        self.assertEqual(account.auth_method, account._auth_methods()[0].code, "asked for by that one too")
        self.assertFalse(account.has_credentials)
        account._set_credentials({"access_token": TOKEN})
        self.assertEqual(account.auth_method, "token")
        self.assertTrue(account.has_credentials)
        account._set_credentials({"client_secret": "", "access_token": ""})
        self.assertEqual(account.auth_method, "token")

    def test_another_way_to_sign_in_is_a_change_of_credentials(self):
        channel = self.connected_channel()
        channel.auth_method = "token"
        self.assertTrue(channel.account_id.credentials_checked, "no change")
        channel.auth_method = "client_credentials"
        self.assertFalse(channel.account_id.credentials_checked)
        self.assertEqual((channel.health, channel.health_code), ("needs_reauth", "credentials_changed"))
        self.assertFalse(channel.has_credentials)

    def test_our_addresses_are_shown_and_doubted_where_they_can_not_work(self):
        set_param = self.env["ir.config_parameter"].sudo().set_param

        def way(code="oauth"):
            self.account.invalidate_recordset()
            return next(way for way in self.account.credentials["methods"] if way["code"] == code)

        set_param("web.base.url", "https://odoo.example.com/")
        self.assertEqual(way()["return_url"], "https://odoo.example.com/order_channel_mapping/oauth/return/shopify")
        self.assertEqual((way()["warning"], way("token")["return_url"], way("token")["warning"]), ("", "", ""))
        set_param("web.base.url", "http://odoo.example.com")
        self.assertIn("http://odoo.example.com", way()["warning"])
        self.assertFalse(way("token")["warning"])
        delivered = AuthMethod("oauth", "", (), consent=True, delivered=True)
        set_param("web.base.url", "https://192.168.1.5")
        self.assertFalse(way()["warning"], "a browser finds its way in the office")
        self.assertIn("192.168.1.5", self.account._address_warning(delivered))
        set_param(ALLOW_INSECURE, "True")
        self.assertFalse(self.account._address_warning(delivered))
