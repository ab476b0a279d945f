"""The marketplaces' own clients from npm talk to our simulators: what these answer makes sense to others than us."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from decimal import Decimal
from pathlib import Path

import pytest

from tests.marketplaces import catalogue
from tests.marketplaces import woocommerce_catalogue as filler
from tests.marketplaces.shopify import VERSION, ShopifySimulator
from tests.marketplaces.shopify_shop import TOKEN
from tests.marketplaces.woocommerce import WooCommerceSimulator
from tests.marketplaces.woocommerce_shop import CONSUMER_KEY, CONSUMER_SECRET

SCRIPT = Path(__file__).parent / "clients" / "calls.cjs"
ITEMS, ORDERS = 130, 30


@pytest.fixture(scope="module")
def calls():
    """Makes calls through an official client: ``calls(client, options, [method, argument, …], …)`` gives their answers."""
    packages = os.environ.get("OFFICIAL_CLIENTS")
    assert packages, "the official clients are missing: run this through setup/test, which installs them"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "encoding": "utf-8"}
    with subprocess.Popen(["node", str(SCRIPT), packages], **pipes) as node:

        def call(client: str, options: dict, *words: list) -> list[dict]:
            node.stdin.write(json.dumps({"client": client, "options": options, "calls": words}) + "\n")
            node.stdin.flush()
            limit = threading.Timer(60, node.kill)
            limit.start()
            answers = json.loads(node.stdout.readline() or '{"error": "node ended, or took more than 60 s"}')
            limit.cancel()
            assert isinstance(answers, list), answers["error"]
            return answers

        yield call
        node.stdin.close()


# -- WooCommerce ------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["oauth", "basic"])
def woo(request, clock):
    """A site over plain HTTP, which wants signatures, and one that pretends TLS, where keys are sent."""
    simulator = WooCommerceSimulator(clock=clock, secure=request.param == "basic")
    filler.build_shop(simulator.shop, items=ITEMS, orders=ORDERS)
    with simulator:
        yield simulator
    assert simulator.crashes == []


@pytest.fixture
def ask_woo(calls, woo):
    def ask(*words, secret=CONSUMER_SECRET):
        key = {"consumerKey": CONSUMER_KEY, "consumerSecret": secret}
        return calls("woocommerce", {"url": woo.url, "version": "wc/v3", "tls": woo.secure, **key}, *words)

    return ask


def test_woocommerce_lists(woo, ask_woo):
    asked = {"per_page": 20, "orderby": "modified", "order": "asc", "modified_after": "2026-01-01T00:00:00"}
    (first,) = ask_woo(["get", "products", asked])
    pages = int(first["headers"]["x-wp-totalpages"])
    rest = ask_woo(*(["get", "products", {**asked, "page": page}] for page in range(2, pages + 1)))
    found = [record["id"] for answer in (first, *rest) for record in answer["data"]]
    assert pages > 2
    assert int(first["headers"]["x-wp-total"]) == len(found) == len(set(found))
    assert set(found) == {ref for ref, record in woo.shop.products.items() if record["status"] != "trash"}


def test_woocommerce_parameters(ask_woo):
    """Lists in a parameter, and characters that are easily escaped in more than one way."""
    several, strange = ask_woo(
        ["get", "orders", {"status": ["pending", "failed"]}],
        ["get", "products", {"search": "a b+c&d=é~!*'()"}],
    )
    assert {order["status"] for order in several["data"]} == {"pending", "failed"}
    assert (strange["status"], strange["data"]) == (200, [])


def test_woocommerce_orders(woo, ask_woo):
    ref = woo.shop.notes["orders"]["coupon"][0]
    order, missing = ask_woo(["get", f"orders/{ref}"], ["get", "orders/999999"])
    data = order["data"]
    parts = [*data["line_items"], *data["shipping_lines"], *data["fee_lines"]]
    assert sum(Decimal(part["total"]) + Decimal(part["total_tax"]) for part in parts) == Decimal(data["total"])
    assert (missing["status"], missing["data"]["code"]) == (404, "woocommerce_rest_shop_order_invalid_id")


def test_woocommerce_stock(woo, ask_woo):
    known = next(ref for ref in woo.shop.notes["plain"] if ref in woo.shop.variations)
    parent = woo.shop.variations[known]["parent_id"]
    update = [{"id": known, "stock_quantity": 41}, {"id": 999999, "stock_quantity": 1}]
    (answer,) = ask_woo(["post", f"products/{parent}/variations/batch", {"update": update}])
    good, bad = answer["data"]["update"]
    assert (answer["status"], good["stock_quantity"], woo.shop.available(known)) == (200, 41, 41)
    assert bad["error"]["code"] == "woocommerce_rest_product_variation_invalid_id"


def test_woocommerce_writes(woo, ask_woo):
    ref = woo.shop.notes["orders"]["plain"][0]
    note, status, hook, deleted = ask_woo(
        ["post", f"orders/{ref}/notes", {"note": "Shipped: ünïcode", "customer_note": True}],
        ["put", f"orders/{ref}", {"status": "completed"}],
        ["post", "webhooks", {"topic": "order.updated", "delivery_url": "http://127.0.0.1:1/hook"}],
        ["delete", "webhooks/1", {"force": True}],
    )
    assert (note["status"], note["data"]["note"]) == (201, "Shipped: ünïcode")
    assert status["data"]["status"] == "completed"
    assert (hook["data"]["id"], deleted["data"]["id"], woo.shop.webhooks) == (1, 1, [])


def test_woocommerce_with_a_wrong_secret(ask_woo):
    (answer,) = ask_woo(["get", "orders"], secret="cs_wrong")
    assert (answer["status"], answer["data"]["code"]) == (401, "woocommerce_rest_authentication_error")


# -- Shopify ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def shopify(clock):
    simulator = ShopifySimulator(clock=clock)
    catalogue.build_shop(simulator.shop, items=ITEMS, orders=ORDERS)
    with simulator:
        yield simulator
    assert simulator.crashes == []


@pytest.fixture
def ask_shopify(calls, shopify):
    def ask(*words, token=TOKEN, **more):
        shop = {"storeDomain": "simulated.myshopify.com", "apiVersion": VERSION, "accessToken": token}
        return calls("shopify", {"url": shopify.url, **shop, **more}, *(["request", *call] for call in words))

    return ask


VARIANTS = """query Variants($after: String) {
  productVariants(first: 50, after: $after, sortKey: ID) { nodes { id sku } pageInfo { hasNextPage endCursor } } }"""
ORDER = """query Order($id: ID!) { order(id: $id) {
  name totalPriceSet { shopMoney { amount } } lineItems(first: 50) { nodes { sku quantity } } } }"""
SET = """mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { code message } } }"""


def test_shopify_lists(shopify, ask_shopify):
    found, after, more = [], None, True
    while more:
        (answer,) = ask_shopify([VARIANTS, {"variables": {"after": after}}])
        page = answer["data"]["productVariants"]
        found += [node["id"] for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert sorted(found) == sorted(shopify.shop.variants)
    assert len(found) > 100


def test_shopify_orders(shopify, ask_shopify):
    ref = shopify.shop.notes["orders"]["several"][0]
    order, none = ask_shopify(*([ORDER, {"variables": {"id": name}}] for name in (ref, "gid://shopify/Order/1")))
    known = shopify.shop.orders[ref]
    assert order["data"]["order"]["totalPriceSet"]["shopMoney"] == {
        "amount": known["totalPriceSet"]["shopMoney"]["amount"]
    }
    assert len(order["data"]["order"]["lineItems"]["nodes"]) == len(known["lineItems"])
    assert none["data"]["order"] is None


def test_shopify_stock(shopify, ask_shopify):
    variant = shopify.shop.variants[shopify.shop.notes["plain"][0]]
    location = shopify.shop.locations[0]["id"]
    entry = {"inventoryItemId": variant["itemId"], "locationId": location, "quantity": 41, "changeFromQuantity": None}

    def words(key, **changes):
        sent = {"name": "available", "reason": "correction", "quantities": [{**entry, **changes}]}
        return [SET, {"variables": {"input": sent, "key": key}}]

    good, bad = ask_shopify(words("a"), words("b", changeFromQuantity=7, quantity=8))
    assert good["data"]["inventorySetQuantities"]["userErrors"] == []
    assert bad["data"]["inventorySetQuantities"]["userErrors"][0]["code"] == "CHANGE_FROM_QUANTITY_STALE"
    assert shopify.shop.available(variant["id"], location) == 41


def test_shopify_refuses_a_wrong_document(specs, ask_shopify):
    (wrong,) = ask_shopify(["query Wrong { shop { colour } }"])
    assert "colour" in wrong["errors"]["graphQLErrors"][0]["message"]


def test_shopify_errors(shopify, ask_shopify):
    (refused,) = ask_shopify([ORDER, {"variables": {"id": "gid://shopify/Order/1"}}], token="shpat_wrong")
    assert refused["errors"]["networkStatusCode"] == 401
    shopify.fault("throttle", http=True)
    (patient,) = ask_shopify(["query Shop { shop { name } }"], retries=1)
    assert (patient["data"]["shop"]["name"], shopify.count("Shop")) == ("Simulated shop", 2)
