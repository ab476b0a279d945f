"""Quantities on their way to a simulated WooCommerce site: many in a call, an answer for each."""

from __future__ import annotations

import json

import pytest

from order_channel_mapping.connectors.base import BadPayload, Unavailable
from order_channel_mapping.connectors.records import PushStatus, StockLevel
from tests.marketplaces.base import Reply
from tests.unit.test_woocommerce_items import asked


@pytest.fixture
def level(woo):
    """A level for a new product, or for one by id or SKU."""

    def make(quantity, of=None, expected=None):
        ref = of or woo.shop.add_product("Thing", manage_stock=True, stock_quantity=0)
        record = woo.shop.item(ref)
        parent = record["parent_id"]
        stock_ref = f"variation:{parent}:{record['id']}" if parent else f"product:{record['id']}"
        return StockLevel(str(record["id"]), stock_ref, None, quantity, expected)

    return make


def statuses(results):
    return [(result.status.value, result.code) for result in results]


def batches(woo):
    return [len(request.body["update"]) for request in woo.requests]


def test_quantities_arrive(woo, woo_connect, level):
    levels = [level(3), level(4, of="TEE-S"), level(0), level(6, of="TEE-M")]
    results = woo_connect().push_stock(levels)
    assert [result.external_id for result in results] == [entry.external_id for entry in levels]
    assert {result.status for result in results} == {PushStatus.OK}
    assert [woo.shop.available(entry.external_id) for entry in levels] == [3, 4, 0, 6]


def test_as_few_calls_as_can_be(woo, woo_connect, level):
    """Products go together, variations by parent, a hundred in a call, in whatever order they come."""
    other = woo.shop.add_product("Cup", type="variable")
    more = {"manage_stock": True, "stock_quantity": 1}
    cups = [woo.shop.add_variation(other, {"Colour": str(index)}, **more) for index in range(3)]
    levels = [level(index) for index in range(101)]
    levels[50:50] = [level(1, of=cups[0]), level(1, of="TEE-S"), level(1, of=cups[2]), level(1, of="TEE-M")]
    results = woo_connect().push_stock(levels)
    assert {result.status for result in results} == {PushStatus.OK}
    tee = woo.shop.item("TEE-S")["parent_id"]
    assert sorted(zip(asked(woo), batches(woo), strict=True)) == [
        (f"/products/{tee}/variations/batch", 2),
        (f"/products/{other}/variations/batch", 2),
        ("/products/batch", 1),
        ("/products/batch", 100),
    ]


def test_nothing_but_the_quantity_is_written(woo, woo_connect, level):
    entry = level(5)
    woo_connect().push_stock([entry])
    assert woo.requests[0].body == {"update": [{"id": int(entry.external_id), "stock_quantity": 5}]}


def test_a_seller_who_switched_stock_management_off_is_not_overruled(woo, woo_connect, level):
    entry = level(5)
    woo.shop.edit_product(int(entry.external_id), manage_stock=False)
    assert statuses(woo_connect().push_stock([entry])) == [("failed", "stock_not_managed")]
    assert woo.shop.available(entry.external_id) is None


def test_nothing_to_push_makes_no_call(woo, woo_connect):
    assert woo_connect().push_stock([]) == []
    assert not woo.requests


def test_a_bad_entry_does_not_keep_the_others(woo, woo_connect, level):
    gone = level(1)
    woo.shop.delete_product(gone.external_id)
    levels = [level(3), gone, level(4)]
    results = woo_connect().push_stock(levels)
    assert statuses(results) == [("ok", None), ("failed", "woocommerce_rest_product_invalid_id"), ("ok", None)]
    assert not results[1].retryable
    assert [result.gone for result in results] == ["", "item", ""]
    assert len(woo.requests) == 1


def test_what_lies_in_the_bin_is_gone(woo, woo_connect, level):
    """WooCommerce sets stock on it without an error."""
    levels = [level(3), level(4), level(5)]
    woo.shop.edit_product(int(levels[1].external_id), status="trash")
    results = woo_connect().push_stock(levels)
    assert [result.gone for result in results] == ["", "item", ""]
    assert statuses(results) == [("ok", None), ("failed", "trashed"), ("ok", None)]


def test_variations_that_are_gone(woo, woo_connect, level):
    tee = woo.shop.item("TEE-S")
    lost = StockLevel("9999", f"variation:{tee['parent_id']}:9999", None, 3)
    orphan = StockLevel("99", "variation:98:99", None, 3)
    results = woo_connect().push_stock([level(3, of="TEE-S"), lost, orphan])
    assert [result.gone for result in results] == ["", "item", "item"], results


def test_a_parent_that_is_gone(woo, woo_connect, level):
    results = woo_connect().push_stock([StockLevel("99", "variation:98:99", None, 3), level(2)])
    assert [result.status for result in results] == [PushStatus.FAILED, PushStatus.OK]


@pytest.mark.parametrize("stock_ref", [None, "", "gid://shopify/InventoryItem/1", "product:", "variation:1"])
def test_what_the_store_keeps_no_stock_of_is_not_sent(woo, woo_connect, stock_ref):
    (result,) = woo_connect().push_stock([StockLevel("5", stock_ref, None, 1)])
    assert (result.status, result.code) == (PushStatus.FAILED, "not_pushable")
    assert not woo.requests


def test_variations_that_share_their_parents_stock(woo, woo_connect):
    parent = woo.shop.add_product("Cup", type="variable", manage_stock=True, stock_quantity=9)
    first, second, third = (woo.shop.add_variation(parent, {"Colour": str(index)}) for index in range(3))
    shared = [StockLevel(str(ref), f"product:{parent}", None, 4) for ref in (first, second)]
    results = woo_connect().push_stock([*shared, StockLevel(str(third), f"product:{parent}", None, 5)])
    assert statuses(results) == [("ok", None), ("ok", None), ("failed", "duplicate")]
    assert batches(woo) == [1]
    assert woo.shop.available(first) == 4


def test_a_store_that_takes_fewer(woo, woo_connect, level, monkeypatch):
    """A host or a plugin may lower WooCommerce's limit: it is found, and remembered."""
    from tests.marketplaces import woocommerce_rest

    monkeypatch.setattr(woocommerce_rest, "MAX_BATCH", 30)
    levels = [level(1) for _index in range(60)]
    with woo_connect() as connector:
        assert {result.status for result in connector.push_stock(levels)} == {PushStatus.OK}
    assert batches(woo) == [60, 30, 30]
    woo.requests.clear()
    woo_connect().push_stock(levels)
    assert batches(woo) == [30, 30]


def test_a_store_that_does_not_make_it_in_time(woo, woo_connect, level):
    levels = [level(index) for index in range(40)]
    woo.fault("http_error", times=3, match="/batch", status=504)
    assert {result.status for result in woo_connect().push_stock(levels)} == {PushStatus.OK}
    assert batches(woo) == [40, 40, 40, 10, 10, 10, 10]
    assert [woo.shop.available(entry.external_id) for entry in levels] == list(range(40))


def test_a_store_that_is_down(woo, woo_connect, level):
    woo.fault("http_error", times=99, status=503)
    with pytest.raises(Unavailable):
        woo_connect().push_stock([level(1)])


def test_what_was_there_is_not_compared(woo, woo_connect, level):
    assert statuses(woo_connect().push_stock([level(5, expected=77)])) == [("ok", None)]


# -- a good answer that says no ---------------------------------------------------------------------------------------


def row(**values):
    return {"id": 1, "manage_stock": True, "stock_quantity": 5, **values}


REFUSED = {"code": "too_busy", "message": "Busy", "data": {"status": 503}}


@pytest.mark.parametrize(
    ("rows", "status", "code", "retryable"),
    [
        ([row()], "ok", None, False),
        ([row(stock_quantity="5.0")], "ok", None, False),
        ([], "failed", "no_answer", True),
        ([row(id=2)], "failed", "no_answer", True),
        ([row(stock_quantity=4)], "failed", "other_quantity", True),
        ([row(stock_quantity=None)], "failed", "other_quantity", True),
        ([row(manage_stock=False)], "failed", "stock_not_managed", False),
        ([row(manage_stock="parent")], "failed", "stock_not_managed", False),
        ([{"id": 1, "error": REFUSED}], "failed", "too_busy", True),
        ([{"id": 1, "error": {"code": "no", "message": "", "data": None}}], "failed", "no", False),
    ],
)
def test_what_the_store_really_said(woo, woo_connect, monkeypatch, rows, status, code, retryable):
    monkeypatch.setattr(woo, "handle", lambda request: Reply(200, {"update": rows}))
    (result,) = woo_connect().push_stock([StockLevel("1", "product:1", None, 5)])
    assert (result.status.value, result.code, result.retryable) == (status, code, retryable)


@pytest.mark.parametrize("body", [[], {}, {"update": "all"}, "yes"])
def test_an_answer_of_another_kind(woo, woo_connect, monkeypatch, body):
    monkeypatch.setattr(woo, "handle", lambda request: Reply(200, json.dumps(body).encode()))
    with pytest.raises(BadPayload):
        woo_connect().push_stock([StockLevel("1", "product:1", None, 5)])
