"""Notifications that arrive: only signed ones are believed, each is stored once, and all they do is bring a fetch forward."""

from __future__ import annotations

import socket
from datetime import timedelta
from unittest.mock import patch
from urllib.parse import urlsplit

from odoo.exceptions import AccessError
from odoo.fields import Datetime
from odoo.tests import freeze_time

from odoo.addons.order_channel_mapping.connectors import connector_classes
from odoo.addons.order_channel_mapping.connectors.base import Unavailable
from odoo.addons.order_channel_mapping.models.order_channel_live_database import LIVE
from odoo.addons.order_channel_mapping.models.order_channel_webhook import MAX_LENGTH

from tests.common import ChannelCase, ChannelHttpCase
from tests.fakes import FakeConnector, connected

from .connect_common import SECRET
from .webhook_common import WebhookMixin, body_of, signed


class TestArrival(WebhookMixin, ChannelHttpCase):
    """Over HTTP, with Shopify's own signature."""

    def post(self, body=None, path=None, headers=None, **kwargs):
        body = body_of() if body is None else body
        self.env.flush_all()
        response = self.url_open(path or self.path(), data=body, headers=headers or signed(body, **kwargs))
        self.env.invalidate_all()
        return response

    def test_a_signed_notification_is_stored_and_brings_the_fetch_forward(self):
        self.assertFalse(self.triggers())
        response = self.post(body_of(1001))
        self.assertEqual((response.status_code, response.content), (200, b""))
        self.assertNotIn("Set-Cookie", response.headers)
        self.assertRecordValues(
            self.received(),
            [
                {
                    "topic": "orders/updated",
                    "kind": "orders",
                    "brings": "orders",
                    "record_ref": "gid://shopify/Order/1001",
                    "delivery_id": "delivery-1",
                    "company_id": self.company.id,
                    "run_id": False,
                    "payload": False,
                }
            ],
        )
        self.assertEqual(len(self.triggers("sync")), 1)
        self.assertFalse(self.triggers("items"))

    def test_each_kind_brings_its_own_fetch_forward(self):
        self.post(body_of(1), topic="products/update")
        self.assertEqual((len(self.triggers("items")), len(self.triggers("sync"))), (1, 0))
        self.post(body_of(2), topic="app/uninstalled")
        self.assertEqual((len(self.triggers("items")), len(self.triggers("sync"))), (1, 1))
        self.post(body_of(3), topic="themes/publish")
        self.assertEqual((len(self.triggers("items")), len(self.triggers("sync"))), (1, 1))
        self.assertEqual(len(self.received()), 3)

    def test_a_replay_is_answered_and_does_nothing(self):
        headers = signed(body_of())
        self.assertEqual(self.post(headers=headers).status_code, 200)
        self.triggers().unlink()
        self.assertEqual(self.post(headers={**headers, "X-Shopify-Webhook-Id": "another id"}).status_code, 200)
        self.assertEqual(len(self.received()), 1)
        self.assertFalse(self.triggers())

    def test_what_is_old_is_a_replay(self):
        for age, status in ((timedelta(days=3), 401), (timedelta(days=1), 200)):
            sent = (Datetime.now() - age).isoformat() + "Z"
            self.assertEqual(
                self.post(headers=signed(body_of(), **{"X-Shopify-Triggered-At": sent})).status_code, status
            )
        self.assertEqual(len(self.received()), 1)

    def test_whatever_is_wrong_the_answer_is_the_same(self):
        others = {name: self.notified_channel(name) for name in ("Paused", "Archived", "Draft", "Bare", "Keyless")}
        others["Paused"].paused = True
        others["Archived"].active = False
        others["Draft"].state = "draft"
        others["Bare"].account_id._set_credentials({"client_secret": False})
        others["Keyless"].account_id.secret_data = "sealed with another key"
        body, answers = body_of(), {}
        attempts = {name: (self.path(channel), signed(body)) for name, channel in others.items()}
        attempts |= {
            "unknown": (self.path().rsplit("/", 1)[0] + "/" + "x" * 43, signed(body)),
            "malformed": (self.path().rsplit("/", 1)[0] + "/%00%ff", signed(body)),
            "other provider": (self.path(provider="woocommerce"), signed(body)),
            "no provider": (self.path(provider="nobody"), signed(body)),
            "bad signature": (self.path(), signed(body, secret="guessed")),
            "no signature": (self.path(), {"Content-Type": "application/json"}),
            "form": (self.path(), {"Content-Type": "application/x-www-form-urlencoded"}),
            "too old": (self.path(), signed(body, **{"X-Shopify-Triggered-At": "2020-01-01T00:00:00Z"})),
        }
        for name, (path, headers) in attempts.items():
            answers[name] = self.post(body, path, headers)
        with self.foreign_database():
            answers["foreign"] = self.post(body)
        expected = self.shown(answers["unknown"])
        self.assertEqual(expected[:2], (401, b""))
        self.assertEqual(
            {name: self.shown(answer) for name, answer in answers.items()}, dict.fromkeys(answers, expected)
        )
        self.assertFalse(self.webhooks.search([]))
        self.assertEqual(self.post(body).status_code, 200, "the same, where nothing is wrong")

    @staticmethod
    def shown(response):
        """All that a stranger sees."""
        headers = {name: value for name, value in response.headers.items() if name != "Date"}
        return response.status_code, response.content, headers

    def foreign_database(self):
        return patch.object(self.registry["order.channel"], "_is_foreign_database", lambda channel: True)

    def test_no_secret_no_entry_whatever_a_connector_says(self):
        self.channel.account_id._set_credentials({"client_secret": False})
        with patch.object(connector_classes()["shopify"], "verify_webhook", lambda *args: self.event()):
            self.assertEqual(self.post().status_code, 401)
            self.channel.account_id._set_credentials({"client_secret": SECRET})
            self.assertEqual(self.post().status_code, 200)

    def test_a_copy_of_the_database_takes_nothing(self):
        self.env["ir.config_parameter"].sudo().set_param(LIVE, "another database")
        self.assertEqual(self.post().status_code, 401)

    def test_a_channel_that_waits_or_lacks_rights_stores_and_does_not_wake(self):
        for values in (
            {"health": "needs_reauth"},
            {"health": "waiting", "next_try_at": Datetime.now() + timedelta(hours=1)},
        ):
            self.channel.write({"health": "ok", "next_try_at": False, **values})
            self.assertEqual(self.post(body_of(values=str(values))).status_code, 200)
        self.assertEqual(len(self.received()), 2)
        self.assertFalse(self.triggers())

    def test_the_raw_body_is_verified_even_of_a_form(self):
        body = b"id=1&name=%C3%BC&b=2&a=1"
        headers = signed(body, **{"Content-Type": "application/x-www-form-urlencoded"})
        seen = []

        def verify(headers, body, secret):
            seen.append((body, secret))
            return self.event()

        with patch.object(connector_classes()["shopify"], "verify_webhook", verify):
            self.assertEqual(self.post(body, headers=headers).status_code, 200)
        self.assertEqual(seen, [(body, SECRET)])

    @staticmethod
    def event():
        from odoo.addons.order_channel_mapping.connectors.records import WebhookEvent, WebhookKind

        return WebhookEvent("orders/updated", WebhookKind.ORDERS)

    def test_a_ping_is_answered_to_anybody_and_stored_nowhere(self):
        def is_ping(headers, body):
            return body == b"webhook_id=1"

        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        with patch.object(connector_classes()["shopify"], "is_webhook_ping", is_ping):
            for path in (self.path(), self.path().rsplit("/", 1)[0] + "/" + "x" * 43):
                self.assertEqual(self.post(b"webhook_id=1", path, headers).status_code, 200)
            self.assertEqual(self.post(b"webhook_id=2", headers=headers).status_code, 401)
        self.assertFalse(self.webhooks.search([]))

    # === SIZE === #

    def raw(self, path, head, body=b""):
        """The status that a bare HTTP request is answered with, ``None`` where the server just hangs up."""
        url = urlsplit(self.base_url())
        head = f"Host: {url.netloc}\r\nConnection: close\r\n{head}"
        request = f"POST {path} HTTP/1.1\r\n{head}\r\n\r\n".encode()
        address = (url.hostname, url.port)
        with self.allow_requests(all_requests=True), socket.create_connection(address, timeout=20) as connection:
            connection.sendall(request + body)
            if body:
                connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(65536)
        return int(answer.split(b" ", 2)[1]) if answer else None

    def test_a_body_that_is_too_long_is_not_read(self):
        """The body is announced and never sent: who answers has not waited for it."""
        unknown = self.path().rsplit("/", 1)[0] + "/" + "x" * 43
        for path in (self.path(), unknown):
            for length, status in ((MAX_LENGTH + 1, 413), (10**12, 413)):
                self.assertEqual(self.raw(path, f"Content-Length: {length}"), status)
            self.assertEqual(self.raw(path, "Content-Type: application/json"), 411)
            chunked = b"5\r\nhello\r\n0\r\n\r\n"
            self.assertEqual(self.raw(path, "Transfer-Encoding: chunked", chunked), 411)

    def test_the_longest_body_is_read(self):
        body = body_of(note="x" * (MAX_LENGTH - 100))
        body += b" " * (MAX_LENGTH - len(body))
        self.assertEqual(self.post(body).status_code, 200)

    def test_a_body_that_breaks_off_is_nothing(self):
        body = body_of()
        head = "\r\n".join(f"{name}: {value}" for name, value in signed(body).items())
        status = self.raw(self.path(), f"{head}\r\nContent-Length: {len(body) + 10}", body)
        self.assertNotEqual(status, 200)
        self.env.invalidate_all()
        self.assertFalse(self.received())

    def test_only_posts(self):
        self.assertEqual(self.url_open(self.path(), method="GET").status_code, 405)


class TestEffect(WebhookMixin, ChannelCase):
    """What a notification does, and what many at once do not do."""

    outsiders = True

    def fetched(self, connector):
        return [what[0] for what in connector.fetches if isinstance(what, tuple)]

    def test_a_pass_is_due_until_a_fetch_has_followed(self):
        self.channel.write(
            {"orders_checked_at": Datetime.now(), "orders_phase": "all", "items_checked_at": Datetime.now()}
        )
        with connected(self.env, FakeConnector()) as connector:
            for kind in ("sync", "items"):
                self.channel._cron_pass(kind)
            self.assertEqual(self.fetched(connector), [], "nothing was due")
            self.receive()
            self.channel._cron_pass("items")
            self.assertEqual(self.fetched(connector), [])
            self.channel._cron_pass("sync")
            self.assertEqual(self.fetched(connector), ["orders"])
            webhook = self.received()
            self.assertEqual((webhook.run_id.kind, webhook.text), ("orders", "Fetched"))
            self.channel._cron_pass("sync")
            self.assertEqual(self.fetched(connector), ["orders"], "one notification, one fetch")

    def test_what_arrives_during_a_fetch_wants_another(self):
        self.channel.write({"orders_checked_at": Datetime.now(), "orders_phase": "all"})
        with connected(self.env, FakeConnector()) as connector:
            self.receive(body_of(1))
            iter_orders = connector.iter_orders

            def meanwhile(*args, **kwargs):
                yield from iter_orders(*args, **kwargs)
                self.receive(body_of(2))

            connector.iter_orders = meanwhile
            self.channel._sync_orders()
            connector.iter_orders = iter_orders
            self.assertEqual(self.received().mapped("text"), ["Waits for the next fetch", "Fetched"])
            self.assertTrue(self.channel._is_due("orders"))
            self.channel._cron_pass("sync")
            self.assertEqual(self.received().mapped("text"), ["Fetched", "Fetched"])

    def test_a_fetch_that_failed_has_answered_nothing(self):
        self.channel.write({"items_checked_at": Datetime.now(), "items_full_at": Datetime.now()})
        self.receive(topic="products/update")
        with connected(self.env, FakeConnector()) as connector:
            connector.errors = [Unavailable("down")]
            self.channel._cron_pass("items")
            self.assertEqual(self.channel.health, "waiting")
            self.assertTrue(self.channel._is_due("items"))
            self.channel._set_health("ok")
            self.channel._cron_pass("items")
            self.assertFalse(self.channel._is_due("items"))

    def test_a_burst_wakes_once_and_once_more_when_it_is_over(self):
        with freeze_time("2026-11-22 10:00:00"):
            for number in range(500):
                self.assertTrue(self.receive(body_of(number), **{"X-Shopify-Triggered-At": "2026-11-22T10:00:00Z"}))
            times = self.triggers().mapped("call_at")
        self.assertEqual(len(self.received()), 500)
        self.assertEqual([str(time) for time in sorted(times)], ["2026-11-22 10:00:00", "2026-11-22 10:00:05"])
        with freeze_time("2026-11-22 10:00:30"):
            self.receive(body_of(501), **{"X-Shopify-Triggered-At": "2026-11-22T10:00:00Z"})
            self.assertEqual(len(self.triggers()), 3)

    def test_a_burst_makes_one_fetch(self):
        self.channel.write({"orders_checked_at": Datetime.now(), "orders_phase": "all"})
        for number in range(50):
            self.receive(body_of(number))
        with connected(self.env, FakeConnector()) as connector:
            for __ in range(3):
                self.channel._cron_pass("sync")
            self.assertEqual(self.fetched(connector), ["orders"])
        self.assertEqual(len(self.received().run_id), 1)

    def test_a_delivery_costs_few_queries(self):
        self.receive(body_of(1))  # the one that wakes
        self.receive(body_of(2))  # the one that wakes again
        body, token = body_of(3), self.channel.webhook_token
        self.env.invalidate_all()
        with self.assertQueryCount(3):  # channel, its account's secret, one statement for the rest
            self.assertTrue(self.webhooks._receive("shopify", token, signed(body), body))
        self.env.invalidate_all()
        with self.assertQueryCount(3):  # a replay
            self.assertTrue(self.webhooks._receive("shopify", token, signed(body), body))
        with self.assertQueryCount(1):  # an unknown address
            self.assertFalse(self.webhooks._receive("shopify", "x" * 43, signed(body), body))

    # === PRIVACY REQUESTS === #

    def ask(self, topic="customers/data_request", number=1, **values):
        body = body_of(number, shop_domain="hats.myshopify.com", customer={"email": "mary@example.com"}, **values)
        self.assertTrue(self.receive(body, topic=topic))
        return self.received()[:1]

    def test_a_privacy_request_goes_to_a_manager(self):
        for number, topic in enumerate(("customers/data_request", "customers/redact", "shop/redact")):
            webhook = self.ask(topic, number)
            self.assertEqual((webhook.kind, webhook.text), ("privacy", "A person must answer it"))
        self.assertFalse(self.triggers("sync") | self.triggers("items"))
        self.assertEqual(webhook.payload["customer"], {"email": "mary@example.com"})
        self.assertEqual(webhook.answer_by, webhook.received_at.date() + timedelta(days=30))
        activity = self.channel.activity_ids
        self.assertEqual(len(activity), 1)
        self.assertTrue(activity.user_id.has_group("order_channel_mapping.group_channel_manager"))
        self.assertIn(self.company, activity.user_id.company_ids)
        self.assertEqual(self.channel.privacy_count, 3)

    def test_a_paused_channel_hears_of_privacy_requests_and_of_nothing_else(self):
        self.channel.paused = True
        self.assertFalse(self.receive(body_of(1), topic="orders/updated"))
        self.assertTrue(self.ask())

    def test_a_person_answers_it(self):
        first, second = self.ask(number=1), self.ask(number=2)
        with self.assertRaises(AccessError):
            first.with_user(self.user).action_done()
        with self.assertRaises(AccessError):
            first.with_user(self.other_manager).action_done()
        first.with_user(self.manager).action_done()
        self.assertEqual((first.done_user_id, first.text, first.payload), (self.manager, "Answered", False))
        self.assertTrue(first.done_at)
        self.assertTrue(self.channel.activity_ids, "one is still open")
        self.assertIn("customers/data_request", self.channel.message_ids[0].body)
        second.with_user(self.manager).action_done()
        self.channel.invalidate_recordset()
        self.assertFalse(self.channel.activity_ids)
        self.assertFalse(self.channel.privacy_count)

    def test_what_was_sent_is_for_managers_and_nothing_can_be_written(self):
        webhook = self.ask()
        self.assertEqual(webhook.with_user(self.user).topic, "customers/data_request")
        with self.assertRaises(AccessError):
            webhook.with_user(self.user).read(["payload"])
        self.assertTrue(webhook.with_user(self.manager).read(["payload"]))
        with self.assertRaises(AccessError):
            webhook.with_user(self.manager).write({"done_at": Datetime.now()})

    def test_a_request_that_is_no_json(self):
        event = TestArrival.event()
        self.webhooks._take(
            self.channel, event.__class__("shop/redact", type(event.kind).PRIVACY), b"\xff\x00 \\u0000 no"
        )
        self.assertEqual(self.received().payload, {"text": "\ufffd \\u0000 no"}, "six characters, and none of them NUL")

    def test_connect_leaves_the_activity(self):
        self.ask()
        self.channel.activity_unlink(["mail.mail_activity_data_todo"])
        self.assertTrue(self.channel.activity_ids)

    # === CLEAN-UP === #

    def test_old_ones_are_deleted_but_no_open_request(self):
        with freeze_time(Datetime.now() - timedelta(days=8)):
            sent = Datetime.now().isoformat() + "Z"
            self.receive(body_of(1), **{"X-Shopify-Triggered-At": sent})
            for number, topic in ((2, "shop/redact"), (3, "customers/redact")):
                self.receive(body_of(number), topic=topic, **{"X-Shopify-Triggered-At": sent})
            self.received().filtered(lambda webhook: webhook.topic == "customers/redact").action_done()
        self.receive(body_of(4))
        self.webhooks._gc_webhooks()
        self.assertEqual(self.received().mapped("topic"), ["orders/updated", "shop/redact"])
