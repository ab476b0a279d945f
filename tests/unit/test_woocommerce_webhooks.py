"""Notifications of a simulated WooCommerce site: registered, kept alive, signed, tried out."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from order_channel_mapping.connectors.base import BadPayload, Rejected, SignatureError
from order_channel_mapping.connectors.records import WebhookKind
from order_channel_mapping.connectors.woocommerce import WooCommerceConnector
from order_channel_mapping.connectors.woocommerce_webhooks import TOPICS
from tests.marketplaces.base import Reply
from tests.marketplaces.woocommerce_webhooks import signature
from tests.unit.test_woocommerce_items import asked
from tests.unit.woocommerce_client import captured

# nothing listens there: the site's ping goes nowhere
URL, OTHER = "http://127.0.0.1:9/channel/hook/1", "http://127.0.0.1:9/somebody/else"
SECRET = "whsec of the channel"


def hooks(woo, url=URL):
    return [hook for hook in woo.shop.webhooks if hook["delivery_url"] == url]


def test_all_topics_are_registered(woo, woo_connect):
    woo_connect().ensure_webhooks(URL, SECRET)
    assert Counter(hook["topic"] for hook in hooks(woo)) == Counter(TOPICS)
    assert {(hook["secret"], hook["status"]) for hook in hooks(woo)} == {(SECRET, "active")}
    assert asked(woo) == ["/webhooks", "/webhooks/batch"]


def test_where_all_is_well_nothing_is_written(woo, woo_connect):
    woo_connect().ensure_webhooks(URL, SECRET)
    woo.requests.clear()
    woo_connect().ensure_webhooks(URL, SECRET)
    assert asked(woo) == ["/webhooks"]
    assert len(hooks(woo)) == len(TOPICS)


def test_what_the_store_disabled_is_enabled_again(woo, woo_connect):
    woo_connect().ensure_webhooks(URL, SECRET)
    hooks(woo)[0].update(status="disabled", secret="forgotten")
    hooks(woo)[1].update(status="paused")
    woo_connect().ensure_webhooks(URL, SECRET)
    assert {(hook["secret"], hook["status"]) for hook in hooks(woo)} == {(SECRET, "active")}
    assert len(hooks(woo)) == len(TOPICS)


def test_another_secret_reaches_every_webhook(woo, woo_connect):
    woo_connect().ensure_webhooks(URL, SECRET)
    woo_connect().ensure_webhooks(URL, "another secret")
    assert {hook["secret"] for hook in hooks(woo)} == {"another secret"}
    assert not any(SECRET in hook["name"] for hook in hooks(woo))


def test_doubles_are_taken_away(woo, woo_connect):
    """Two that register at once make two of each."""
    woo_connect().ensure_webhooks(URL, SECRET)
    double = {**hooks(woo)[0], "id": woo.shop.number("webhook")}
    woo.shop.webhooks.append(double)
    woo_connect().ensure_webhooks(URL, SECRET)
    assert Counter(hook["topic"] for hook in hooks(woo)) == Counter(TOPICS)


def test_other_peoples_webhooks_are_left_alone(woo, woo_connect):
    woo_connect().ensure_webhooks(OTHER, "theirs")
    theirs = json.dumps(hooks(woo, OTHER))
    woo_connect().ensure_webhooks(URL, SECRET)
    woo_connect().remove_webhooks(URL)
    assert json.dumps(hooks(woo, OTHER)) == theirs
    assert hooks(woo) == []


def test_nothing_to_take_away(woo, woo_connect):
    woo_connect().remove_webhooks(URL)
    assert asked(woo) == ["/webhooks"]


def test_a_refusal_inside_a_good_answer(woo, woo_connect, monkeypatch):
    refused = {"id": 0, "error": {"code": "no", "message": "Webhook URL is invalid.", "data": {"status": 400}}}
    handle = woo.handle
    refusing = Reply(200, {"create": [refused]})
    monkeypatch.setattr(woo, "handle", lambda request: refusing if request.method == "POST" else handle(request))
    with pytest.raises(Rejected, match="Webhook URL is invalid") as caught:
        woo_connect().ensure_webhooks(URL, SECRET)
    assert caught.value.code == "webhook"


# -- deliveries -------------------------------------------------------------------------------------------------------


def delivery(body=b'{"id":17}', topic="order.updated", secret=SECRET):
    headers = {"X-WC-Webhook-Topic": topic, "X-WC-Webhook-Delivery-ID": "d-1"}
    return {**headers, "X-WC-Webhook-Signature": signature(body, secret)}, body


def test_a_real_delivery():
    from tests.unit.woocommerce_client import CAPTURES

    if not CAPTURES.is_dir():
        pytest.skip("official specs not present")
    (real,) = captured("webhook_order_updated_delivery_secret_is_sekret")
    body = real["body"].encode()
    event = WooCommerceConnector.verify_webhook(real["headers"], body, "sekret")
    assert (event.topic, event.kind, event.record_ref) == ("order.updated", WebhookKind.ORDERS, "17")
    assert event.delivery_id == real["headers"]["X-WC-Webhook-Delivery-ID"]
    with pytest.raises(SignatureError):
        WooCommerceConnector.verify_webhook(real["headers"], body, "another")


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("order.created", WebhookKind.ORDERS),
        ("order.deleted", WebhookKind.ORDERS),
        ("product.restored", WebhookKind.ITEMS),
        ("coupon.created", WebhookKind.OTHER),
    ],
)
def test_what_a_delivery_is_about(topic, kind):
    event = WooCommerceConnector.verify_webhook(*delivery(topic=topic), SECRET)
    assert (event.topic, event.kind, event.record_ref, event.delivery_id) == (topic, kind, "17", "d-1")


def test_header_names_in_any_case():
    headers, body = delivery()
    event = WooCommerceConnector.verify_webhook({name.lower(): value for name, value in headers.items()}, body, SECRET)
    assert event.record_ref == "17"


@pytest.mark.parametrize(
    "change",
    [
        lambda headers, body: (headers, body + b" "),
        lambda headers, body: ({**headers, "X-WC-Webhook-Signature": ""}, body),
        lambda headers, body: ({**headers, "X-WC-Webhook-Signature": "é"}, body),
        lambda headers, body: ({}, body),
    ],
)
def test_what_is_not_signed_is_refused(change):
    with pytest.raises(SignatureError):
        WooCommerceConnector.verify_webhook(*change(*delivery()), SECRET)


def test_without_a_secret_nothing_enters():
    with pytest.raises(SignatureError):
        WooCommerceConnector.verify_webhook(*delivery(secret=""), "")


def test_signed_but_not_to_be_read():
    with pytest.raises(BadPayload):
        WooCommerceConnector.verify_webhook(*delivery(body=b"{"), SECRET)


@pytest.mark.parametrize(
    ("body", "is_ping"),
    [(b"webhook_id=1", True), (b"webhook_id=1&x=2", False), (b"webhook_id=x", False), (b"", False), (b"{}", False)],
)
def test_the_call_that_tries_an_address_out(body, is_ping):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert WooCommerceConnector.is_webhook_ping(headers, body) is is_ping
