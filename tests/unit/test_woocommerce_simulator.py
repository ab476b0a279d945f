"""The simulated WooCommerce: who may ask, lists and their pages, times, how it is built, saved and started."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.marketplaces import catalogue
from tests.marketplaces import woocommerce_catalogue as filler
from tests.marketplaces.shopify import ShopifySimulator
from tests.marketplaces.woocommerce import WooCommerceSimulator
from tests.marketplaces.woocommerce_rest import ROOT
from tests.marketplaces.woocommerce_shop import CONSUMER_KEY, CONSUMER_SECRET
from tests.marketplaces.woocommerce_table import Table
from tests.unit.conftest import python_steps
from tests.unit.woocommerce_client import WooClient

REPOSITORY = Path(__file__).resolve().parents[2]
ERROR = (401, "woocommerce_rest_authentication_error")
BASIC = (CONSUMER_KEY, CONSUMER_SECRET)


def names(records):
    return [record["name"] for record in records]


# -- who may ask ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
@pytest.mark.parametrize("place", ["AUTH_HEADER", "QUERY"])
def test_signatures(woo, method, place):
    signed = {"signature_method": method, "signature_type": place}
    assert WooClient(woo, **signed).get("/products", search="a + b & c=d/é~*", status="any") == []
    assert WooClient(woo, secret="cs_wrong", **signed).refused("GET", "/products") == ERROR
    assert WooClient(woo, key="ck_wrong", **signed).refused("GET", "/products") == ERROR


def test_a_request_that_was_changed_on_its_way(woo, woo_client):
    good = requests.Request("GET", f"{woo.url}{ROOT}/products?per_page=5", auth=woo_client.auth).prepare()
    with requests.Session() as session:
        assert session.send(good).status_code == 200
        assert "nonce" in session.send(good).json()["message"], "the same request a second time"
        late = requests.Request("GET", f"{woo.url}{ROOT}/products?per_page=5", auth=woo_client.auth).prepare()
        late.url = late.url.replace("per_page=5", "per_page=6")
        assert "signature does not match" in session.send(late).json()["message"]
        old = WooClient(woo, timestamp=str(int(time.time()) - 1000))
        assert old.call("GET", "/products").json()["message"] == "Invalid timestamp."


def test_names_with_brackets_are_signed_as_php_reads_them(woo_client):
    """PHP numbers ``status[]``, so that a client that signs it as it stands is turned away."""
    assert woo_client.call("GET", "/orders", **{"status[0]": "pending"}).status_code == 200
    assert woo_client.call("GET", "/orders", **{"status[]": "pending"}).status_code == 401


def test_basic_counts_over_tls_only(woo, clock):
    url = f"{woo.url}{ROOT}/orders"
    refused = requests.get(url, auth=BASIC, timeout=10)
    assert (refused.status_code, refused.json()["code"]) == (401, "woocommerce_rest_cannot_view")
    query = {"consumer_key": CONSUMER_KEY, "consumer_secret": CONSUMER_SECRET}
    assert requests.get(url, params=query, timeout=10).status_code == 401
    with WooCommerceSimulator(clock=clock, secure=True) as secure:
        url = f"{secure.url}{ROOT}/orders"
        assert requests.get(url, auth=BASIC, timeout=10).json() == []
        assert requests.get(url, params=query, timeout=10).json() == []
        wrong = requests.get(url, auth=(CONSUMER_KEY, "cs_wrong"), timeout=10)
        assert (wrong.status_code, wrong.json()["message"]) == (401, "Consumer secret is invalid.")
        assert requests.get(url, auth=("ck_unknown", "x"), timeout=10).json()["code"] == "woocommerce_rest_cannot_view"
        assert requests.get(f"{secure.url}/wp-json/", timeout=10).json()["home"].startswith("https://")


@pytest.mark.parametrize(
    ("permissions", "may"), [("read", (200, 401)), ("write", (401, 201)), ("read_write", (200, 201))]
)
def test_what_a_key_may_do(woo, permissions, may):
    key = woo.shop.add_key(permissions)
    client = WooClient(woo, key["consumer_key"], key["consumer_secret"])
    answers = [client.call("GET", "/products"), client.call("POST", "/products", {"name": "New"})]
    assert tuple(answer.status_code for answer in answers) == may
    for answer in answers:
        if answer.status_code == 401:
            assert answer.json()["code"] == "woocommerce_rest_authentication_error"
            assert "does not have" in answer.json()["message"]


def test_a_user_without_the_right(woo):
    key = woo.shop.add_key(capable=False)
    client = WooClient(woo, key["consumer_key"], key["consumer_secret"])
    assert client.refused("GET", "/orders") == (403, "woocommerce_rest_cannot_view")
    assert client.refused("PUT", "/orders/1") == (403, "woocommerce_rest_cannot_edit")
    assert client.refused("POST", "/products/batch", {}) == (403, "woocommerce_rest_cannot_batch")
    woo.do("revoke_key", consumer_key=key["consumer_key"])
    assert client.refused("GET", "/orders") == ERROR


# -- lists ------------------------------------------------------------------------------------------------------------


def test_pages(woo, woo_client):
    for number in range(7):
        woo.shop.add_product(f"P{number}")
    seen = []
    for page in (1, 2, 3):
        answer = woo_client.call("GET", "/products", per_page=4, page=page, orderby="id", order="asc")
        assert (answer.headers["X-WP-Total"], answer.headers["X-WP-TotalPages"]) == ("9", "3")
        assert ('rel="prev"' in answer.headers["Link"], 'rel="next"' in answer.headers["Link"]) == (page > 1, page < 3)
        seen += names(answer.json())
    assert seen == ["Tee", "Mug", *(f"P{number}" for number in range(7))]
    beyond = woo_client.call("GET", "/products", per_page=4, page=9)
    assert (beyond.status_code, beyond.json(), beyond.headers["X-WP-Total"]) == (200, [], "9")
    assert names(woo_client.get("/products", per_page=2, offset=3, orderby="id", order="asc")) == ["P1", "P2"]
    assert len(woo_client.get("/products")) == 9
    assert names(woo_client.get("/products", per_page=1)) == ["P6"], "the newest first"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"per_page": 101}, "per_page must be between 1 (inclusive) and 100 (inclusive)"),
        ({"per_page": 0}, "per_page must be between 1 (inclusive) and 100 (inclusive)"),
        ({"page": 0}, "page must be greater than or equal to 1"),
        ({"per_page": "many"}, "per_page is not of type integer."),
        ({"order": "up"}, "order is not one of asc and desc."),
        ({"modified_after": "yesterday"}, "Invalid date."),
        ({"dates_are_gmt": "maybe"}, "dates_are_gmt is not of type boolean."),
    ],
)
def test_parameters_that_are_refused(woo_client, params, message):
    answer = woo_client.call("GET", "/orders", **params)
    assert (answer.status_code, answer.json()["code"]) == (400, "rest_invalid_param")
    assert list(answer.json()["data"]["params"].values()) == [message]


def test_addresses_that_are_not_there(woo, woo_client):
    assert woo_client.refused("GET", "/nothing") == (404, "rest_no_route")
    assert woo_client.refused("DELETE", "/products") == (404, "rest_no_route")
    assert requests.get(f"{woo.url}/shop", timeout=10).headers["Content-Type"].startswith("text/html")
    wrong = requests.post(f"{woo.url}{ROOT}/products", data="{", auth=woo_client.auth, timeout=10)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "rest_invalid_json")


def test_filters_of_products(woo, woo_client):
    woo.shop.add_product("Draft", status="draft")
    woo.shop.add_product("Private", status="private")
    gone = woo.shop.add_product("Gone", sku="OLD")
    woo.do("edit_product", ref=gone, status="trash")
    get = lambda **params: set(names(woo_client.get("/products", **params)))  # noqa: E731
    assert get() == get(status="any") == {"Tee", "Mug", "Draft", "Private"}
    assert get(status="trash") == {"Gone"}
    assert get(type="variable") == {"Tee"}
    assert get(include="13,10") == {"Tee", "Mug"}
    assert get(exclude_status="draft,private") == {"Tee", "Mug"}
    assert [record["id"] for record in woo_client.get("/products", sku="tee-m,MUG")] == [12, 13], "variations too"
    assert woo_client.post("/products", {"name": "Again", "sku": "OLD"})["sku"] == "OLD", "the trash gives codes up"
    assert woo_client.get("/products/12")["type"] == "variation"


def test_only_some_fields(woo_client):
    asked = {"_fields": "id,dimensions.length,nothing", "sku": "MUG"}
    assert woo_client.get("/products", **asked) == [{"id": 13, "dimensions": {"length": ""}}]


def test_all_variations_at_once(woo, woo_client, clock):
    clock.tick(hours=1)
    woo.do("set_available", ref="TEE-M", quantity=1)
    assert [record["sku"] for record in woo_client.get("/variations", orderby="modified", order="asc")] == [
        "TEE-S",
        "TEE-M",
    ]
    assert [record["id"] for record in woo_client.get("/variations", parent=10, sku="TEE-S")] == [11]


# -- time -------------------------------------------------------------------------------------------------------------


def test_changes_since_a_moment_leave_that_moment_out(woo, woo_client, clock):
    start = "2026-11-02T09:30:00"
    clock.tick(seconds=1)
    woo.do("set_available", ref="MUG", quantity=3)
    since = lambda text, gmt="true": names(woo_client.get("/products", modified_after=text, dates_are_gmt=gmt))  # noqa: E731
    assert since("2026-11-02T09:29:59") == ["Mug", "Tee"]
    assert since(start) == ["Mug"]
    assert since("2026-11-02T09:30:01") == []
    assert since("2026-11-02T04:30:00", "false") == ["Mug"], "by the clock on the site's wall"
    assert since("2026-11-02T09:30:01", "false") == []
    assert since("2026-11-02T09:30:01Z") == ["Mug", "Tee"], "a Z is read as the wall's clock, whatever one says"


def test_both_dates(woo, woo_client, clock):
    record = woo_client.get("/products/13")
    assert (record["date_modified"], record["date_modified_gmt"]) == ("2026-11-02T04:30:00", "2026-11-02T09:30:00")
    seen = []
    for hour in (5, 6):  # the night in which New York set its clocks back
        clock.now = clock.now.replace(day=1, hour=hour)
        seen.append(woo.do("buy", spec={"line_items": [{"sku": "MUG"}]}))
    assert {order["date_created"] for order in seen} == {"2026-11-01T01:30:00"}
    assert len({order["date_created_gmt"] for order in seen}) == 2
    index = requests.get(f"{woo.url}/wp-json", timeout=10).json()
    assert (index["timezone_string"], index["gmt_offset"]) == ("America/New_York", "-5")


def test_a_table_keeps_its_order():
    table = Table()
    for ref in range(1, 6):
        table.add({"id": ref, "created": "2026", "modified": f"2026-0{ref}"})
    table.touch(table[2], "2026-09")
    table.remove(3)
    asked = {"orderby": "modified", "order": "asc"}
    wanted = lambda _record: True  # noqa: E731
    refs = lambda **more: [record["id"] for record in table.listed({**asked, **more}, "all", wanted)]  # noqa: E731
    assert refs() == [1, 4, 5, 2]
    assert refs(modified_after="2026-04") == [5, 2]
    assert refs(modified_before="2026-05") == [1, 4]
    assert refs(order="desc") == [2, 5, 4, 1]
    assert refs(orderby="id") == [1, 2, 4, 5]
    table.add({"id": 6, "created": "2026", "modified": "2026-10"})
    assert refs(orderby="id") == [1, 2, 4, 5, 6]
    even = lambda: [record["id"] for record in table.listed(asked, "even", lambda record: record["even"])]  # noqa: E731
    for ref in table:
        table[ref]["even"] = ref % 2 == 0
    assert even() == [4, 2, 6]
    table[4]["even"], table[5]["even"] = False, True
    table.touch(table[4], "2026-11")
    table.touch(table[5], "2026-11")
    assert even() == [2, 6, 5]


# -- faults -----------------------------------------------------------------------------------------------------------


def test_what_hosts_and_plugins_do(woo, woo_client):
    ask = lambda: woo_client.call("GET", "/products")  # noqa: E731
    woo.fault("throttle", seconds=7)
    slow = ask()
    assert (slow.status_code, slow.headers["Retry-After"], slow.text[:6]) == (429, "7", "<html>")
    woo.fault("http_error", status=503)
    down = ask()
    assert (down.status_code, down.headers["Content-Type"]) == (503, "text/html; charset=UTF-8")
    woo.fault("firewall", match="/products")
    blocked = ask()
    assert (blocked.status_code, blocked.text[:6]) == (403, "<html>")
    for kind in ("server_fault", "http_error"):
        woo.fault(kind)
        assert (ask().status_code, woo.count()) == (500, woo.count())
    woo.fault("warnings")
    noisy = ask()
    assert noisy.status_code == 200
    assert noisy.text.startswith("<br />\n<b>Warning</b>")
    assert json.loads(noisy.text[noisy.text.index("[") :]) == ask().json()


def test_pages_that_repeat_and_records_that_move(woo, woo_client, clock):
    page = lambda number: names(  # noqa: E731
        woo_client.get("/products", per_page=1, page=number, orderby="modified", order="asc")
    )
    woo.fault("repeat_page")
    assert page(1) == page(2) == ["Tee"]
    clock.tick()
    woo.fault("change_order")
    assert page(1) == ["Tee"]
    assert page(2) == ["Tee"], "it moved to the end of the list, and the mug to the first page"
    for _sale in range(2):
        clock.tick()
        woo.do("buy", spec={"line_items": [{"sku": "MUG"}]})
    orders = lambda offset: woo_client.get("/orders", per_page=1, offset=offset, orderby="modified", order="asc")  # noqa: E731
    clock.tick()
    woo.fault("change_order")
    assert orders(0)[0]["id"] == orders(1)[0]["id"]


def test_an_entry_that_is_refused(woo, woo_client):
    woo.fault("refuse_entry", index=1, code="woocommerce_rest_cannot_edit")
    answer = woo_client.post("/products/batch", {"update": [{"id": 13, "stock_quantity": 4}, {"id": 10, "name": "T"}]})
    assert [entry.get("error", {}).get("code") for entry in answer["update"]] == [None, "woocommerce_rest_cannot_edit"]
    assert (woo.shop.available("MUG"), woo.shop.products[10]["name"]) == (4, "Tee")


# -- building, saving, starting ---------------------------------------------------------------------------------------


def test_it_shares_its_codes_with_a_shopify_shop(clock):
    known = catalogue.products(150)
    ours, theirs = WooCommerceSimulator(clock=clock), ShopifySimulator(clock=clock, validate=False)
    filler.build_shop(ours.shop, items=150, orders=40, skus=known)
    catalogue.build_shop(theirs.shop, items=150, orders=5, skus=known)
    theirs_codes = {(variant["sku"] or "").strip().upper() for variant in theirs.shop.variants.values()}
    ours_codes = {ours.shop.item(ref)["sku"].upper() for ref in ours.shop.notes["plain"]}
    assert len(ours_codes & theirs_codes) > 75
    assert all(ours.shop.notes[kind] for kind in filler.KINDS)
    assert [kind for kind in filler.ORDER_KINDS if not ours.shop.notes["orders"][kind]] == []


def test_a_site_is_built_the_same_each_time_and_survives_a_restart(clock, tmp_path):
    states = []
    for _build in range(2):
        simulator = WooCommerceSimulator(clock=clock)
        filler.build_shop(simulator.shop, items=100, orders=40, seed=3)
        states.append(json.dumps(simulator.dump(), sort_keys=True))
    assert states[0] == states[1]
    simulator.save(tmp_path / "state.json")
    with WooCommerceSimulator(clock=clock) as again:
        again.load(json.loads((tmp_path / "state.json").read_text()))
        assert json.dumps(again.dump(), sort_keys=True) == states[0]
        client = WooClient(again)
        every = {
            path: client.call("GET", path, per_page=100) for path in ("/products", "/variations", "/orders", "/refunds")
        }
        assert {path: answer.status_code for path, answer in every.items()} == dict.fromkeys(every, 200)
        assert len(every["/orders"].json()) == 40
        assert again.crashes == []


def test_as_a_command(tmp_path):
    command = [sys.executable, "-m", "tests.marketplaces.woocommerce", "--items", "60", "--orders", "5", "--fast"]
    command += ["--state", str(tmp_path / "state.json")]
    known = None
    for _start in range(2):
        with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
            url = process.stdout.readline().strip()
            state = requests.get(f"{url}/__sim__/state", timeout=10).json()
            process.terminate()
            assert process.wait(10) == 0
        assert len(state["orders"]) == 5
        assert known in (None, state), "the second start finds the state of the first"
        known = state


def test_a_page_of_a_large_site_costs_no_more(clock):
    """What a page costs does not grow with the catalogue, whatever was changed in between."""
    steps = {}
    for size in (500, 8_000):
        simulator = WooCommerceSimulator(clock=clock, validate=False)
        filler.build_shop(simulator.shop, items=size, orders=0)
        lists = simulator._routes.lists
        asked = {
            "per_page": "100",
            "page": "2",
            "orderby": "modified",
            "order": "asc",
            "modified_after": "2026-01-01T00:00:00",
        }
        lists.products("/products", asked)

        def change_and_ask(simulator=simulator, lists=lists, asked=asked):
            for page in range(20):
                clock.tick()
                simulator.shop.set_available(simulator.shop.notes["plain"][page], page)
                assert len(lists.products("/products", asked).body) == 100

        steps[size] = python_steps(change_and_ask)
    assert steps[8_000] < 2 * steps[500]
