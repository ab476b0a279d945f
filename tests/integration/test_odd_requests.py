"""Requests to the addon's routes that are none: refused with a 4xx, never a traceback."""

from __future__ import annotations

from odoo.addons.order_channel_mapping.models.order_channel_account_auth import CALLBACK_PATH

from tests.common import ChannelHttpCase

from .webhook_common import WebhookMixin, body_of, signed

ODD_BODIES = {
    "no JSON": b"{",
    "no UTF-8": b'{"id": "\xff\xfe"}',
    "NUL": b'{"id": "a\\u0000b", "user_id": "a\\u0000b", "admin_graphql_api_id": "gid\\u0000"}',
    "half a surrogate pair": b'{"id": "\\ud800", "admin_graphql_api_id": "\\ud800"}',
    "a list": b"[1]",
    "a number": b"1e400",
    "thousands of digits": b'{"id": ' + b"9" * 5_000 + b"}",
    "nested": b"[" * 5_000 + b"]" * 5_000,
    "wrong types": b'{"id": [1], "user_id": {"a": 1}, "consumer_key": 1, "consumer_secret": [], "admin_graphql_api_id": {}}',
}


class TestOddRequests(WebhookMixin, ChannelHttpCase):
    def post(self, path, body, **headers):
        return self.url_open(path, data=body, headers={"Content-Type": "application/json", **headers})

    def test_notifications(self):
        for what, body in ODD_BODIES.items():
            with self.subTest(what):
                self.assertEqual(self.post(self.path(), body).status_code, 401)
                self.assertIn(self.post(self.path(), body, **signed(body)).status_code, (200, 401))

    def test_a_signed_notification_says_odd_things_of_itself(self):
        body = body_of()
        for at in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "now", "9" * 5_000):
            with self.subTest(at[:20]):
                answer = self.post(self.path(), body, **signed(body, **{"X-Shopify-Triggered-At": at}))
                self.assertEqual(answer.status_code, 401)

    def test_privacy_requests_are_kept_whatever_they_say(self):
        for what, body in ODD_BODIES.items():
            with self.subTest(what):
                answer = self.post(self.path(), body, **signed(body, "customers/redact"))
                self.assertIn(answer.status_code, (200, 401))
        kept = self.received().filtered(lambda webhook: webhook.kind == "privacy")
        self.assertGreaterEqual(len(kept), 6)
        kept.sudo().mapped("payload")

    def test_delivered_keys(self):
        for what, body in ODD_BODIES.items():
            for provider in ("woocommerce", "shopify", "none", "a%00b"):
                with self.subTest(what, provider=provider):
                    path = f"{CALLBACK_PATH}/{provider}"
                    self.assertEqual(self.post(path, body).status_code, 404)

    def test_returns(self):
        self.authenticate("channel_manager", "channel_manager")
        for query in (
            "",
            "?state=",
            "?state=a%00b",
            "?state=%ff",
            "?state=%ED%A0%80",
            f"?state={'x' * 2_000}",
            "?user_id=1&user_id=2",
        ):
            for provider in ("shopify", "woocommerce", "none", "a%00b"):
                with self.subTest(query=query[:20], provider=provider):
                    answer = self.url_open(f"/order_channel_mapping/oauth/return/{provider}{query}")
                    self.assertEqual(answer.status_code, 400)

    def test_sheets(self):
        self.authenticate("channel_manager", "channel_manager")
        for ref in ("0", "-1", "99999999", "9" * 30, "9" * 4_000, "x"):
            with self.subTest(ref[:20]):
                answer = self.url_open(f"/order_channel_mapping/sheet/{ref}")
                self.assertIn(answer.status_code, (404, 414, 400))

    def test_credentials(self):
        self.authenticate("channel_manager", "channel_manager")
        ref = self.channel.account_id.id
        path = f"/order_channel_mapping/account/{ref}/secret"
        for what in ("no JSON", "NUL", "wrong types"):  # others Odoo itself stumbles over
            with self.subTest(what):
                answer = self.post(path, ODD_BODIES[what])
                self.assertTrue(400 <= answer.status_code < 500 or "error" in answer.json(), answer.text[:200])
        for values in (
            {"access_token": "a\0b"},
            {"access_token": "\ud800"},
            {"access_token": 7},
            {"a\0": "b"},
            [],
            7,
            None,
        ):
            for account in (ref, 10**30):
                with self.subTest(values=repr(values), account=account), self.assertRaises(Exception) as refused:
                    self.make_jsonrpc_request(f"/order_channel_mapping/account/{account}/secret", {"values": values})
                self.assertIn("odoo.exceptions", str(refused.exception))
