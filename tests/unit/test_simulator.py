"""The simulated shop itself: steered from another process, restarted, and the same each time it is built."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.marketplaces import catalogue
from tests.marketplaces.shopify import ShopifySimulator
from tests.marketplaces.shopify_builder import Currency, spread, taxes_of
from tests.marketplaces.shopify_graphql import FieldFault, requested_cost
from tests.marketplaces.shopify_search import keyset_page, predicate
from tests.unit.conftest import python_steps

ROOT = Path(__file__).resolve().parents[2]


def ask(url, method, where, **body):
    answer = requests.request(method, f"{url}/__sim__/{where}", json=body or None, timeout=10)
    return answer.status_code, answer.json()


def query(url, document, token="shpat_simulated_token", **variables):
    body = {"query": document, "variables": variables}
    headers = {"X-Shopify-Access-Token": token}
    return requests.post(f"{url}/admin/api/2026-10/graphql.json", json=body, headers=headers, timeout=10)


# -- steering ---------------------------------------------------------------------------------------------------------


def test_the_state_is_readable(sim):
    sim.shop.add_variant(sim.shop.add_product("Lamp"), sku="L")
    status, state = ask(sim.url, "GET", "state")
    assert status == 200
    assert [variant["sku"] for variant in state["variants"].values()] == ["L"]


def test_faults_hit_what_they_are_meant_for_and_no_more(sim):
    assert ask(sim.url, "POST", "fault", kind="http_error", times=2, match="Wanted", status=503) == (200, {})
    codes = [query(sim.url, f"query {name} {{ shop {{ id }} }}").status_code for name in ("Other", *["Wanted"] * 3)]
    assert codes == [200, 503, 503, 200]
    ask(sim.url, "POST", "fault", kind="throttle")
    assert ask(sim.url, "DELETE", "fault") == (200, {})
    assert "errors" not in query(sim.url, "query Any { shop { id } }").json()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("fault", {"kind": "earthquake"}),
        ("do", {"action": "explode"}),
        ("do", {"action": "repair_order", "ref": "#404"}),
    ],
)
def test_wrong_control_is_told(sim, path, body):
    status, answer = ask(sim.url, "POST", path, **body)
    assert status == 400
    assert answer["error"]


def test_actions_of_the_shops_people(sim):
    ref = sim.shop.add_variant(sim.shop.add_product("Lamp"), sku="L", price="10.00")
    order = ask(sim.url, "POST", "do", action="add_order", spec={"lines": [{"sku": "L", "quantity": 2}]})[1]["result"]
    assert order["totalPriceSet"]["presentmentMoney"]["amount"] == "20.00"
    assert ask(sim.url, "POST", "do", action="available", variant="L") == (200, {"result": -2})
    ask(sim.url, "POST", "do", action="set_available", variant=ref, quantity=9)
    assert sim.shop.available("L") == 9


def test_the_log_of_requests(sim):
    query(sim.url, "query One { shop { id } }")
    assert [entry["label"] for entry in ask(sim.url, "GET", "requests")[1]] == ["One"]
    ask(sim.url, "DELETE", "requests")
    assert sim.count() == 0


def test_what_shopify_would_refuse(sim):
    assert query(sim.url, "{ shop { id } }", token="wrong").status_code == 401
    assert requests.post(f"{sim.url}/admin/api/2020-01/graphql.json", json={}, timeout=10).status_code == 404
    for document in ("query {", "query Orders { orders(first: 251, sortKey: ID) { nodes { id } } }"):
        assert query(sim.url, document).json()["errors"]


def test_mutations_need_a_key(sim):
    ref = sim.shop.add_variant(sim.shop.add_product("Lamp"))
    document = """mutation ($item: ID!, $place: ID!) {
        inventoryActivate(inventoryItemId: $item, locationId: $place) { userErrors { message } } }"""
    given = {"item": sim.shop.variants[ref]["itemId"], "place": sim.shop.locations[0]["id"]}
    assert "@idempotent" in query(sim.url, document, **given).json()["errors"][0]["message"]


def test_the_bucket_empties_and_fills():
    simulator = ShopifySimulator(bucket=30, restore_rate=50)
    simulator.shop.add_location("Main")
    document = "query Places { locations(first: 100) { nodes { id } } }"
    cost = requested_cost(document, {})
    with simulator:
        answers = [query(simulator.url, document).json() for _index in range(4)]
        assert any(answer.get("errors", [{}])[0].get("extensions", {}).get("code") == "THROTTLED" for answer in answers)
        simulator._points_at -= 10  # seconds ago
        answer = query(simulator.url, document).json()
    assert answer["extensions"]["cost"]["requestedQueryCost"] == cost
    assert answer["data"]["locations"]["nodes"]


# -- restarting -------------------------------------------------------------------------------------------------------


def test_state_survives_a_restart(sim, tmp_path):
    catalogue.build_shop(sim.shop, items=40, orders=24)
    assert ask(sim.url, "POST", "save", path=str(tmp_path / "state.json"))[0] == 200
    again = ShopifySimulator()
    again.load(json.loads((tmp_path / "state.json").read_text()))
    assert again.dump() == sim.dump()
    assert again.shop.number() == sim.shop.number()


def test_as_a_command(tmp_path):
    command = [sys.executable, "-m", "tests.marketplaces.shopify", "--items", "30", "--orders", "5", "--fast"]
    command += ["--state", str(tmp_path / "state.json")]
    known = None
    for _start in range(2):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            url = process.stdout.readline().strip()
            state = ask(url, "GET", "state")[1]
            process.terminate()
            assert process.wait(10) == 0
        assert (len(state["variants"]), len(state["orders"])) == (30, 5)
        assert known in (None, state), "the second start finds the state of the first"
        known = state


# -- building ---------------------------------------------------------------------------------------------------------


def test_a_shop_is_built_the_same_each_time(clock):
    states = []
    for _build in range(2):
        simulator = ShopifySimulator(clock=clock)
        catalogue.build_shop(simulator.shop, items=100, orders=40, seed=3)
        states.append(json.dumps(simulator.dump(), sort_keys=True))
    assert states[0] == states[1]


def test_what_a_shop_is_made_of(sim):
    sim.shop.locations.clear()
    catalogue.build_shop(sim.shop, items=240, orders=48, skus=catalogue.products(150))
    notes = sim.shop.notes
    assert len(sim.shop.variants) == 240
    assert len(sim.shop.orders) == 48
    codes = {entry["sku"] for entry in catalogue.products(150)}
    sold = [(sim.shop.variants[ref]["sku"] or "").strip().upper() for ref in notes["plain"]]
    assert set(sold) <= codes
    assert len(notes["plain"]) > 180
    assert all(
        notes[kind] for kind in ("ambiguous", "unknown", "no_sku", "barcode_only", "untracked", "digital", "draft")
    )
    assert all(notes["orders"][kind] for kind in catalogue.ORDER_KINDS)
    numbers = [
        int(order["name"][1:]) for order in sorted(sim.shop.orders.values(), key=lambda order: order["createdAt"])
    ]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize(("items", "orders"), [(15, 0), (24, 3), (1000, 5)])
def test_shops_of_any_size(items, orders):
    simulator = ShopifySimulator(validate=False)
    catalogue.build_shop(simulator.shop, items=items, orders=orders)
    assert (len(simulator.shop.variants) >= items, len(simulator.shop.orders)) == (True, orders)


def test_barcodes_are_true_ones():
    assert catalogue.ean13(400638133393) == "4006381333931"


def test_a_page_of_a_large_shop_costs_no_more():
    from order_channel_mapping.connectors import shopify_documents as documents

    steps = {}
    for size in (500, 4_000):
        simulator = ShopifySimulator(strict=False)
        catalogue.build_shop(simulator.shop, items=size, orders=50)

        def ask(simulator=simulator):
            variants = simulator.executor.run(documents.VARIANTS, {"first": 250, "query": None})
            orders = simulator.executor.run(
                documents.ORDERS, {"first": 50, "query": "updated_at:>='2020-01-01T00:00:00Z'"}
            )
            assert len(variants["data"]["productVariants"]["nodes"]) == 250
            assert len(orders["data"]["orders"]["nodes"]) == 50

        ask()  # what is parsed once is parsed now
        steps[size] = python_steps(ask)
    assert steps[4_000] < 2 * steps[500]


# -- parts ------------------------------------------------------------------------------------------------------------


def test_searching():
    order = {"updatedAt": "2026-11-02T09:30:00Z", "id": "gid://shopify/Order/7", "closed": False, "cancelledAt": None}
    order["displayFulfillmentStatus"] = "PARTIALLY_FULFILLED"
    found = [
        predicate("Order", text)(order)
        for text in (
            None,
            "updated_at:>='2026-11-02T09:30:00Z'",
            "updated_at:>'2026-11-02T09:30:00Z'",
            "updated_at:<2027 status:open",
            "status:closed",
            "id:>=7 fulfillment_status:partial",
            "id:8",
        )
    ]
    assert found == [True, True, False, True, False, True, False]
    for text in ("colour:red", "a b c"):
        with pytest.raises(FieldFault):
            predicate("Order", text)


def test_pages_skip_nothing_when_a_record_moves():
    records = [{"at": index} for index in range(6)]
    key = lambda record: (record["at"],)  # noqa: E731
    page = keyset_page(records, {"first": 3}, key, 100)
    moved = sorted([*records[1:], {"at": 9}], key=key)
    rest = keyset_page(moved, {"first": 9, "after": page["pageInfo"]["endCursor"]}, key, 100)
    assert [record["at"] for record in rest["nodes"]] == [3, 4, 5, 9]
    with pytest.raises(FieldFault, match="limited"):
        keyset_page(records, {"first": 3, "after": page["pageInfo"]["endCursor"]}, key, 5)


def test_amounts_are_split_to_the_cent():
    from decimal import Decimal

    assert spread(Decimal("10.00"), [Decimal(1)] * 3) == [Decimal("3.33"), Decimal("3.33"), Decimal("3.34")]
    (tax,) = taxes_of(Decimal("119.00"), [{"title": "VAT", "rate": "0.19"}], True, Currency("EUR"))
    assert tax["priceSet"]["presentmentMoney"]["amount"] == "19.00"
