"""Notifications: subscribing to them, and believing only what Shopify signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from types import SimpleNamespace

import pytest

from order_channel_mapping.connectors.base import AuthError, BadPayload, Rejected, SignatureError
from order_channel_mapping.connectors.shopify import TOPICS

SECRET = "client-secret"
BODY = json.dumps({"id": 1001, "admin_graphql_api_id": "gid://shopify/Order/1001"}).encode()


def sign(body, secret=SECRET):
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def headers(body=BODY, **changes):
    return {
        "X-Shopify-Hmac-Sha256": sign(body),
        "X-Shopify-Topic": "orders/updated",
        "X-Shopify-Webhook-Id": "b54557e4",
        "X-Shopify-Triggered-At": "2026-11-02T09:30:00.123Z",
        **changes,
    }


def test_a_signed_notification(connector):
    event = connector.verify_webhook(headers(), BODY, SECRET)
    assert (event.topic, event.delivery_id, event.record_ref) == (
        "orders/updated",
        "b54557e4",
        "gid://shopify/Order/1001",
    )
    assert event.triggered_at.isoformat() == "2026-11-02T09:30:00.123000+00:00"
    lowered = {name.lower(): value for name, value in headers().items()}
    assert connector.verify_webhook(lowered, BODY, SECRET) == event


@pytest.mark.parametrize(
    "given",
    [
        headers(**{"X-Shopify-Hmac-Sha256": sign(BODY, "another")}),
        headers(**{"X-Shopify-Hmac-Sha256": ""}),
        headers(**{"X-Shopify-Hmac-Sha256": "ümlaut"}),
        {name: value for name, value in headers().items() if "Hmac" not in name},
        headers(**{"X-Shopify-Hmac-Sha256": hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()}),
    ],
)
def test_a_notification_that_is_not_signed(connector, given):
    with pytest.raises(SignatureError):
        connector.verify_webhook(given, BODY, SECRET)


def test_a_body_that_was_changed_by_one_space(connector):
    with pytest.raises(SignatureError):
        connector.verify_webhook(headers(), BODY + b" ", SECRET)


def test_without_a_secret_nothing_is_believed(connector):
    with pytest.raises(SignatureError):
        connector.verify_webhook(headers(**{"X-Shopify-Hmac-Sha256": sign(BODY, "")}), BODY, "")


@pytest.mark.parametrize("body", [b"<xml>", b'{"a": '])
def test_a_signed_notification_that_can_not_be_read(connector, body):
    with pytest.raises(BadPayload):
        connector.verify_webhook(headers(body), body, SECRET)


def test_an_empty_notification(connector):
    assert connector.verify_webhook(headers(b"[]"), b"[]", SECRET).record_ref is None


def test_subscriptions_are_made_once(sim, connector):
    connector.ensure_webhooks("https://odoo.example.com/hook", "")
    assert [hook["topic"] for hook in sim.shop.webhooks] == list(TOPICS)
    assert connector.calls == 2
    connector.ensure_webhooks("https://odoo.example.com/hook", "")
    assert len(sim.shop.webhooks) == len(TOPICS)
    assert connector.calls == 3


def test_a_lost_subscription_is_made_again_and_those_of_others_are_left(sim, connector):
    connector.ensure_webhooks("https://other.example.com/hook", "")
    connector.ensure_webhooks("https://odoo.example.com/hook", "")
    del sim.shop.webhooks[-1]
    connector.ensure_webhooks("https://odoo.example.com/hook", "")
    assert sorted(hook["uri"] for hook in sim.shop.webhooks) == (
        ["https://odoo.example.com/hook"] * len(TOPICS) + ["https://other.example.com/hook"] * len(TOPICS)
    )


def test_subscribing_with_a_dead_token(connect):
    with pytest.raises(AuthError):
        connect(access_token="shpat_dead").ensure_webhooks("https://odoo.example.com/hook", "")


def test_only_the_subscriptions_of_the_address_are_removed(sim, connector):
    connector.ensure_webhooks("https://other.example.com/hook", "")
    connector.ensure_webhooks("https://odoo.example.com/hook", "")
    connector.remove_webhooks("https://odoo.example.com/hook")
    assert [hook["uri"] for hook in sim.shop.webhooks] == ["https://other.example.com/hook"] * len(TOPICS)
    calls = connector.calls
    connector.remove_webhooks("https://odoo.example.com/hook")
    assert connector.calls == calls + 1, "asked, and nothing to remove"


def test_a_subscription_that_somebody_removes_meanwhile(sim, connector, monkeypatch):
    connector.ensure_webhooks("https://odoo.example.com/hook", "")
    gone = list(connector._subscriptions("https://odoo.example.com/hook"))
    sim.shop.webhooks.pop()
    monkeypatch.setattr(connector, "_subscriptions", lambda url: gone)
    connector.remove_webhooks("https://odoo.example.com/hook")
    assert sim.shop.webhooks == []


def test_a_refused_subscription_says_why(connector, monkeypatch):
    answer = {"orders_create": {"userErrors": [{"field": ["uri"], "message": "Address is not allowed"}]}}
    execute = connector._client.execute

    def refuse(document, variables=None, **options):
        found = execute(document, variables, **options) if document.lstrip().startswith("query") else None
        return found or SimpleNamespace(data=answer)

    monkeypatch.setattr(connector._client, "execute", refuse)
    with pytest.raises(Rejected, match="Address is not allowed"):
        connector.ensure_webhooks("https://odoo.example.com/hook", "")
