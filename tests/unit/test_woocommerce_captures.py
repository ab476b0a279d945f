"""The simulated WooCommerce answers as a live one did, field by field: the captured requests are sent to it."""

from __future__ import annotations

import json
import re

import pytest
import requests

from tests.marketplaces.woocommerce_schema import Schemas
from tests.marketplaces.woocommerce_webhooks import signature
from tests.unit.woocommerce_client import CAPTURES, captured

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="official specs not present")

#: what differs from one site to the next, and from one day to the next
VOLATILE = {"order_key", "payment_url", "href", "permalink", "related_ids", "default_attributes"}


@pytest.fixture
def site(woo):
    woo.shop.site["timezone"] = "UTC"
    return woo


@pytest.fixture
def client(site, woo_client):
    return woo_client


def comparable(value, name=""):
    """An answer without what is bound to differ: dates are dates, ids are numbers."""
    if isinstance(value, dict):
        if value.get("key") == "_refunded_item_id":
            return dict.fromkeys(value, "an id")
        return {key: comparable(part, key) for key, part in value.items() if key not in VOLATILE}
    if isinstance(value, list):
        return [comparable(part, name) for part in value]
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", value):
        return "a time"
    if name == "number" or (name.endswith("id") and isinstance(value, int) and value):
        return "an id"
    return value


def shown(capture):
    return comparable(capture["body"])


@pytest.mark.parametrize("path", sorted(CAPTURES.glob("*.json")), ids=lambda path: path.stem)
def test_the_captures_fulfil_the_schemas_that_we_check_with(path):
    capture = captured(path.stem)
    if path.stem.startswith(("error", "webhook")):
        return
    address = capture["request"]["path"].partition("?")[0].partition("/wc/v3")[2]
    Schemas.official().check(capture["request"]["method"], address, capture["body"])


# -- products ---------------------------------------------------------------------------------------------------------


def _first_order(client):
    """The order of the captures that was there before: two tees and a mug with ten percent off, the mug given back."""
    was = captured("orders_list_modified_after")["body"][0]
    order = client.post(
        "/orders",
        {
            **{name: was[name] for name in ("payment_method", "billing", "shipping", "customer_note", "status")},
            "line_items": [{"sku": "TEE-S", "quantity": 2}, {"sku": "MUG", "quantity": 1}],
            "shipping_lines": [{"method_id": "flat_rate", "method_title": "Flat", "total": "5.00"}],
            "coupon_lines": [{"code": "TEN"}],
            "meta_data": [{"key": "_tracking", "value": "T1"}],
        },
    )
    mug = order["line_items"][1]["id"]
    given_back = {"amount": "5.00", "reason": "x", "api_refund": False, "line_items": [{"id": mug, "quantity": 1}]}
    client.post(f"/orders/{order['id']}/refunds", given_back)
    return order


def test_products(client):
    _first_order(client)
    answer = client.call("GET", "/products", per_page=100, orderby="id", order="asc")
    assert comparable(answer.json()) == shown(captured("products_list"))
    headers = captured("products_list")["headers"]
    for name in ("Content-Type", "X-WP-Total", "X-WP-TotalPages", "Allow"):
        assert answer.headers[name] == headers[name]
    assert answer.headers["Link"].endswith('/wp-json/>; rel="https://api.w.org/"')


def test_variations(client):
    assert comparable(client.get("/products/10/variations", per_page=100)) == shown(captured("variations_list"))


def test_a_batch_with_one_wrong_entry(client):
    capture = captured("variations_batch_partial_error")
    assert comparable(client.post("/products/10/variations/batch", capture["request"]["body"])) == shown(capture)


# -- orders -----------------------------------------------------------------------------------------------------------


def test_the_life_of_an_order(client):
    capture = captured("order_created")
    order = client.post("/orders", capture["request"]["body"])
    assert comparable(order) == shown(capture)
    path = f"/orders/{order['id']}"

    capture = captured("order_refund_created")
    body = capture["request"]["body"]
    body["line_items"][0]["id"] = order["line_items"][0]["id"]
    assert comparable(client.post(f"{path}/refunds", body)) == shown(capture)

    capture = captured("order_note_created")
    assert comparable(client.post(f"{path}/notes", capture["request"]["body"])) == shown(capture)

    capture = captured("order_status_completed")
    assert comparable(client.put(path, capture["request"]["body"])) == shown(capture)
    assert comparable(client.get(path)) == shown(captured("order_get_final"))

    client.delete("/products/10/variations/12", force="true")
    assert comparable(client.get(path)) == shown(captured("order_line_after_variation_deleted"))


def test_a_percentage_with_odd_cents(client):
    """Ten percent of 40.00 and 9.99 took 4.01 and 0.99."""
    _first_order(client)
    answer = client.call("GET", "/orders", modified_after="2026-01-01T00:00:00", status="any", per_page=1)
    assert comparable(answer.json()) == shown(captured("orders_list_modified_after"))


def test_the_link_to_the_next_page(client):
    for _order in range(2):
        _first_order(client)
    capture = captured("orders_list_modified_after")
    path, _mark, query = capture["request"]["path"].partition("?")
    answer = client.call("GET", f"{path.partition('/wc/v3')[2]}?{query}")
    port = re.compile(r"https?://[\d.:]+")
    assert port.sub("", answer.headers["Link"]) == port.sub("", capture["headers"]["Link"])
    assert answer.headers["X-WP-TotalPages"] == capture["headers"]["X-WP-TotalPages"]


# -- errors -----------------------------------------------------------------------------------------------------------


def test_errors(site, client):
    answer = requests.get(f"{site.url}/wp-json/wc/v3/orders", timeout=10)
    assert (answer.status_code, answer.json()) == (401, captured("error_auth")["body"])
    assert "Allow" not in answer.headers
    for name in ("error_invalid_param", "error_not_found"):
        capture = captured(name)
        answer = client.call("GET", capture["request"]["path"].partition("/wc/v3")[2])
        assert (answer.status_code, answer.json()) == (capture["status"], capture["body"])
        assert answer.headers["Allow"] == capture["headers"]["Allow"]
    answer = client.call("POST", "/products", captured("error_dup_sku")["request"]["body"])
    assert (answer.status_code, answer.json()) == (400, captured("error_dup_sku")["body"])
    answer = client.call("POST", "/products/batch", {"update": [{"id": 1}] * 101})
    assert (answer.status_code, answer.json()) == (413, captured("error_batch_over_100")["body"])


# -- webhooks ---------------------------------------------------------------------------------------------------------


def test_a_delivery(site, client, scripted):
    ours = scripted()
    capture = captured("webhook_order_updated_delivery_secret_is_sekret")[0]
    hook = {"topic": "order.updated", "delivery_url": f"{ours.url}/hook", "secret": "sekret"}
    client.post("/webhooks", hook)
    order = client.post("/orders", captured("order_created")["request"]["body"])
    client.put(f"/orders/{order['id']}", {"customer_note": "hello"})
    site.deliver_webhooks()
    delivery = ours.requests[-1]
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    for name, value in capture["headers"].items():
        if name.startswith("X-WC-Webhook-") and not name.endswith(("ID", "Source", "Signature")):
            assert headers[name.lower()] == value
    assert headers.keys() >= {name.lower() for name in capture["headers"] if name.startswith("X-WC")}
    theirs = json.loads(capture["body"])
    assert delivery.body.keys() == theirs.keys()
    assert list(delivery.body["line_items"][0]) == list(theirs["line_items"][0])
    assert b'":"http:\\/\\/' in delivery.raw, "PHP writes no spaces, and escapes slashes"


def test_the_captured_signature_is_ours():
    capture = captured("webhook_order_updated_delivery_secret_is_sekret")[0]
    assert signature(capture["body"].encode(), "sekret") == capture["headers"]["X-WC-Webhook-Signature"]
