"""What a simulated WooCommerce sends by itself: webhooks, and keys to apps that were let in."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.marketplaces.base import Reply
from tests.marketplaces.woocommerce import WooCommerceSimulator
from tests.marketplaces.woocommerce_webhooks import signature
from tests.unit.woocommerce_client import HOME, WooClient


@pytest.fixture
def buy(woo):
    """``buy({"sku": "MUG", "quantity": 2}, …)``, with what holds for the order."""

    def order(*lines, **spec):
        return woo.do("buy", spec={"line_items": list(lines), "billing": HOME, **spec})

    return order


# -- webhooks ---------------------------------------------------------------------------------------------------------


def hook(client, ours, topic="order.updated", **more):
    return client.post("/webhooks", {"topic": topic, "delivery_url": f"{ours.url}/hook", "secret": "sekret", **more})


def test_the_ping_is_unsigned(woo_client, scripted):
    ours = scripted(Reply(500))
    made = hook(woo_client, ours)
    (ping,) = ours.requests
    headers = {name.lower(): value for name, value in ping.headers.items()}
    assert (ping.raw, headers["content-type"]) == (b"webhook_id=1", "application/x-www-form-urlencoded")
    assert not any(name.startswith("x-wc-") for name in headers)
    assert (made["status"], "secret" in made) == ("active", False), "whatever the ping was answered"


def test_deliveries_wait_until_the_scheduler_runs(woo, woo_client, buy, scripted):
    ours = scripted()
    hook(woo_client, ours)
    order = buy({"sku": "MUG"})
    for note in ("one", "two"):
        woo_client.put(f"/orders/{order['id']}", {"customer_note": note})
    assert len(ours.requests) == 1, "the ping alone"
    (done,) = requests.post(f"{woo.url}/__sim__/do", json={"action": "deliver_webhooks"}, timeout=10).json()["result"]
    assert (done["topic"], done["ref"], done["status"]) == ("order.updated", order["id"], 200)
    delivery = ours.requests[-1]
    assert delivery.body["customer_note"] == "two"
    assert {name.lower(): value for name, value in delivery.headers.items()}["x-wc-webhook-signature"] == signature(
        delivery.raw, "sekret"
    )
    assert woo.deliver_webhooks() == []


def test_what_other_topics_send(woo, woo_client, buy, scripted):
    ours = scripted()
    for topic in ("order.created", "order.deleted", "product.updated", "product.deleted"):
        hook(woo_client, ours, topic)
    order = buy({"sku": "TEE-M"})
    woo_client.delete(f"/orders/{order['id']}", force="true")
    woo.do("delete_variation", ref="TEE-M")
    woo.do("set_available", ref="MUG", quantity=1)
    sent = {(entry["topic"], entry["ref"]) for entry in woo.deliver_webhooks()}
    wanted = {("order.created", order["id"]), ("order.deleted", order["id"])}
    assert sent == wanted | {("product.updated", 12), ("product.updated", 13), ("product.deleted", 12)}
    assert {"id": 12} in [request.body for request in ours.requests]


def test_a_webhook_is_switched_off_after_five_failures(woo, woo_client, buy, scripted):
    ours = scripted(*[Reply(500)] * 5, Reply(200), Reply(500))  # the ping is the first
    made = hook(woo_client, ours, "order.created")
    status = lambda: woo_client.get(f"/webhooks/{made['id']}")["status"]  # noqa: E731
    for _delivery in range(4 + 1 + 4):
        buy({"sku": "MUG"})
        woo.deliver_webhooks()
    assert status() == "active", "never five in a row"
    buy({"sku": "MUG"})
    woo.deliver_webhooks()
    assert (status(), woo_client.get("/webhooks", status="active")) == ("disabled", [])
    ours.requests.clear()
    buy({"sku": "MUG"})
    assert (woo.deliver_webhooks(), len(ours.requests)) == ([], 0)
    woo_client.put(f"/webhooks/{made['id']}", {"status": "active"})
    buy({"sku": "MUG"})
    woo.deliver_webhooks()
    assert status() == "active"


def test_webhooks_that_are_refused(woo_client):
    url = {"delivery_url": "https://example.com/hook"}
    assert woo_client.refused("POST", "/webhooks", url) == (400, "rest_missing_callback_param")
    assert woo_client.refused("POST", "/webhooks", {**url, "topic": "moon.risen"})[0] == 400
    assert woo_client.refused("POST", "/webhooks", {"topic": "order.updated", "delivery_url": "ftp://x"})[0] == 400
    assert woo_client.refused("GET", "/webhooks/9") == (404, "woocommerce_rest_shop_webhook_invalid_id")


def test_webhooks_in_a_batch(woo_client, scripted):
    ours = scripted()
    entry = {"topic": "order.updated", "delivery_url": f"{ours.url}/hook"}
    made = woo_client.post("/webhooks/batch", {"create": [entry, {**entry, "topic": "product.updated"}]})["create"]
    assert [request.raw for request in ours.requests] == [b"webhook_id=1", b"webhook_id=2"]
    assert woo_client.refused("DELETE", f"/webhooks/{made[0]['id']}") == (501, "woocommerce_rest_trash_not_supported")
    woo_client.post(
        "/webhooks/batch", {"delete": [made[0]["id"]], "update": [{"id": made[1]["id"], "status": "paused"}]}
    )
    assert [(found["topic"], found["status"]) for found in woo_client.get("/webhooks")] == [
        ("product.updated", "paused")
    ]


# -- consent ----------------------------------------------------------------------------------------------------------


def ask(site, **params):
    asked = {
        "app_name": "Our app",
        "scope": "read_write",
        "user_id": "state 1",
        "return_url": "http://127.0.0.1:1/back?a=1",
    }
    return requests.get(f"{site.url}/wc-auth/v1/authorize", params={**asked, **params}, timeout=10)


def test_an_app_is_let_in(woo, scripted):
    ours = scripted()
    page = ask(woo, callback_url=f"{ours.url}/keys")
    assert "Our app would like to connect" in page.text
    approve = re.search(r'class="wc-auth-approve" href="([^"]+)"', page.text)[1].replace("&amp;", "&")
    back = requests.get(woo.url + approve, allow_redirects=False, timeout=10)
    assert back.status_code == 302
    assert parse_qs(urlsplit(back.headers["Location"]).query) == {"a": ["1"], "success": ["1"], "user_id": ["state 1"]}
    keys = ours.requests[-1].body
    assert (keys["key_permissions"], keys["user_id"]) == ("read_write", "state 1")
    assert WooClient(woo, keys["consumer_key"], keys["consumer_secret"]).get("/products")
    assert requests.get(woo.url + approve, allow_redirects=False, timeout=10).status_code == 403, "once only"


def test_an_app_is_turned_away(woo, scripted):
    page = ask(woo, callback_url="http://127.0.0.1:1/keys")
    deny = re.search(r'class="wc-auth-deny" href="([^"]+)"', page.text)[1].replace("&amp;", "&")
    assert parse_qs(urlsplit(deny).query) == {"a": ["1"], "success": ["0"], "user_id": ["state 1"]}
    assert len(woo.shop.keys) == 1


def test_keys_that_nobody_took_are_worth_nothing(woo, scripted):
    ours = scripted(Reply(500))
    page = ask(woo, callback_url=f"{ours.url}/keys")
    approve = re.search(r'class="wc-auth-approve" href="([^"]+)"', page.text)[1].replace("&amp;", "&")
    assert requests.get(woo.url + approve, timeout=10).status_code == 500
    keys = ours.requests[-1].body
    assert WooClient(woo, keys["consumer_key"], keys["consumer_secret"]).call("GET", "/products").status_code == 401


@pytest.mark.parametrize(
    "wrong", [{"scope": "all"}, {"app_name": ""}, {"return_url": "nowhere"}, {"callback_url": None}]
)
def test_questions_that_are_not_asked(woo, wrong):
    assert ask(woo, **{"callback_url": "http://127.0.0.1:1/keys", **wrong}).status_code == 401


def test_a_real_site_hands_keys_to_https_only(clock):
    with WooCommerceSimulator(clock=clock, insecure_callbacks=False) as site:
        assert "over SSL" in ask(site, callback_url="http://127.0.0.1:1/keys").text
        assert ask(site, callback_url="https://127.0.0.1:1/keys").status_code == 200
