"""Quantities on their way to a simulated shop: many in a call, an answer for each."""

from __future__ import annotations

import pytest

from order_channel_mapping.connectors import shopify_stock
from order_channel_mapping.connectors.base import AuthError, Unavailable
from order_channel_mapping.connectors.records import PushStatus, StockLevel
from tests.marketplaces import shopify_mutations


@pytest.fixture
def level(sim):
    """A level for a new variant, or for one that is there: ``level(5)``, ``level(5, of=ref, expected=3)``."""

    def make(quantity, of=None, expected=None, location=None, **variant):
        ref = of or sim.shop.add_variant(sim.shop.add_product("Thing"), **variant)
        place = location or sim.shop.locations[0]["id"]
        return StockLevel(ref, sim.shop.variants[ref]["itemId"], place, quantity, expected)

    return make


def statuses(results):
    return [(result.status.value, result.code) for result in results]


def test_quantities_arrive(sim, connector, level):
    levels = [level(index) for index in range(5)]
    results = connector.push_stock(levels)
    assert [result.external_id for result in results] == [entry.external_id for entry in levels]
    assert {result.status for result in results} == {PushStatus.OK}
    assert [sim.shop.available(entry.external_id) for entry in levels] == [0, 1, 2, 3, 4]
    assert results[0].ref.startswith("gid://shopify/InventoryAdjustmentGroup/")


def test_one_call_for_250(sim, connector, level):
    connector.push_stock([level(1) for _index in range(251)])
    sizes = [len(request.body["variables"]["input"]["quantities"]) for request in sim.requests]
    assert sizes == [250, 1]


def test_nothing_to_push_makes_no_call(connector):
    assert connector.push_stock([]) == []
    assert connector.calls == 0


def test_what_the_shop_holds_is_compared(sim, connector, level):
    good, stale, unchecked = level(5, expected=0), level(5, expected=3), level(7)
    results = connector.push_stock([good, stale, unchecked])
    assert statuses(results) == [("ok", None), ("stale", "stale"), ("ok", None)]
    assert results[1].retryable
    assert [sim.shop.available(entry.external_id) for entry in (good, stale, unchecked)] == [5, 0, 7]
    assert connector.calls == 2


def test_a_bad_entry_is_taken_out_and_the_rest_sent_under_a_new_key(sim, connector, level):
    levels = [level(3), level(-1), level(4)]
    assert statuses(connector.push_stock(levels)) == [
        ("ok", None),
        ("failed", "invalid_quantity_negative"),
        ("ok", None),
    ]
    keys = [request.body["variables"]["key"] for request in sim.requests]
    assert len(set(keys)) == len(keys) == 2
    assert sim.shop.available(levels[2].external_id) == 4


def test_several_bad_entries_of_several_kinds(sim, connector, level):
    gone = level(1)
    sim.shop.delete_variant(gone.external_id)
    nowhere = level(1, location="gid://shopify/Location/99")
    levels = [level(1), gone, nowhere, level(2, expected=9), level(3)]
    results = connector.push_stock(levels)
    assert [result.gone for result in results] == ["", "item", "location", "", ""]
    assert statuses(results) == [
        ("ok", None),
        ("failed", "invalid_inventory_item"),
        ("failed", "location_gone"),
        ("stale", "stale"),
        ("ok", None),
    ]


def test_an_item_is_stocked_at_a_location_that_does_not_keep_it_yet(sim, connector, level):
    other = sim.shop.add_location("Other")
    levels = [level(4, location=other, expected=3), level(6), level(8, location=other)]
    assert {result.status for result in connector.push_stock(levels)} == {PushStatus.OK}
    assert sim.shop.available(levels[0].external_id, other) == 4
    assert sim.shop.available(levels[2].external_id, other) == 8
    assert [request.label for request in sim.requests] == ["SetQuantities", "Activate", "SetQuantities"]


@pytest.mark.parametrize("how", ["deleted", "inactive", "said otherwise"])
def test_a_location_that_is_gone_is_one_reason(sim, connector, level, how, monkeypatch):
    place = sim.shop.add_location("Closed")
    levels = [level(5, location=place) for _index in range(300)]
    if how == "deleted":
        sim.shop.locations.pop()
    else:
        sim.shop.locations[-1]["isActive"] = False
    if how == "said otherwise":  # as of an item that is not kept there yet
        monkeypatch.setattr(shopify_mutations, "NO_LOCATION", (None, "The item is not stocked at the location."))
    results = connector.push_stock(levels)
    assert {(result.status, result.code, result.retryable) for result in results} == {
        (PushStatus.FAILED, "location_gone", False)
    }
    assert len({result.message for result in results}) == 1
    assert sim.count("LocationState") == 1
    assert sim.count("Activate") == (1 if how == "said otherwise" else 0)


def test_a_location_that_is_there_is_stocked_whatever_it_was_called(sim, connector, level, monkeypatch):
    """Some versions say of an item that is not kept there that the location is invalid."""
    other = sim.shop.add_location("Other")
    levels = [level(4, location=other), level(6)]
    send = shopify_stock._send
    errors = [{"code": "INVALID_LOCATION", "field": ["input", "quantities", "0", "locationId"], "message": "No."}]
    answers = [{"userErrors": errors}]
    monkeypatch.setattr(shopify_stock, "_send", lambda *args, **kw: answers.pop() if answers else send(*args, **kw))
    assert statuses(connector.push_stock(levels)) == [("ok", None)] * 2
    assert sim.shop.available(levels[0].external_id, other) == 4


def test_stocking_is_done_many_at_a_time(sim, connector, level):
    other = sim.shop.add_location("Other")
    results = connector.push_stock([level(1, location=other) for _index in range(30)])
    assert {result.status for result in results} == {PushStatus.OK}
    assert sim.count("Activate") == 2


def test_what_can_not_be_pushed_is_answered_without_a_call(connector):
    untracked = StockLevel("v1", None, "gid://shopify/Location/1", 5)
    homeless = StockLevel("v2", "gid://shopify/InventoryItem/1", None, 5)
    results = connector.push_stock([untracked, homeless])
    assert statuses(results) == [("failed", "not_pushable")] * 2
    assert connector.calls == 0


def test_two_levels_of_the_same_item_and_place(sim, connector, level):
    first = level(5)
    same, other = level(5, of=first.external_id), level(6, of=first.external_id)
    assert statuses(connector.push_stock([first, same, other])) == [("ok", None), ("ok", None), ("failed", "duplicate")]
    assert sim.shop.available(first.external_id) == 5


def test_an_entry_that_shopify_refuses(sim, connector, level):
    levels = [level(1), level(2), level(3)]
    sim.fault("refuse_entry", index=1)
    assert statuses(connector.push_stock(levels)) == [
        ("ok", None),
        ("failed", "non_mutable_inventory_item"),
        ("ok", None),
    ]


def test_a_shopify_that_refuses_entry_after_entry_is_not_asked_for_ever(sim, connector, level, monkeypatch):
    monkeypatch.setattr(shopify_stock, "ROUNDS", 3)
    sim.fault("refuse_entry", times=100)
    results = connector.push_stock([level(index) for index in range(6)])
    assert connector.calls == 3
    assert statuses(results)[3:] == [("failed", "too_many_refused")] * 3
    assert [result.retryable for result in results] == [False] * 3 + [True] * 3


def test_a_lost_answer_is_asked_for_with_the_same_key(sim, connector, level):
    """The first request was carried out; repeated, it must not find its own result stale."""
    entry = level(5, expected=0)
    sim.fault("cut", match="SetQuantities")
    assert statuses(connector.push_stock([entry])) == [("ok", None)]
    keys = [request.body["variables"]["key"] for request in sim.requests]
    assert len(keys) == 2
    assert len(set(keys)) == 1


@pytest.mark.parametrize("code", ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"])
def test_a_key_that_is_no_good_is_replaced(sim, connector, level, monkeypatch, code):
    entry = level(5)
    answers = [{"userErrors": [{"code": code, "field": None, "message": "Use another key."}]}]
    send = shopify_stock._send
    monkeypatch.setattr(shopify_stock, "_send", lambda *args, **kw: answers.pop() if answers else send(*args, **kw))
    assert statuses(connector.push_stock([entry])) == [("ok", None)]


@pytest.mark.parametrize(("code", "retryable"), [("IDEMPOTENCY_CONCURRENT_REQUEST", True), ("INVALID_REASON", False)])
def test_a_batch_that_is_refused_as_a_whole(sim, connector, level, monkeypatch, code, retryable):
    error = {"code": code, "field": ["input", "reason"], "message": "No."}
    monkeypatch.setattr(shopify_stock, "_send", lambda *args, **kw: {"userErrors": [error]})
    results = connector.push_stock([level(1), level(2)])
    assert statuses(results) == [("failed", code.lower())] * 2
    assert [result.retryable for result in results] == [retryable] * 2


def test_without_the_right_to_write(sim, connector, level):
    entry = level(1)
    sim.shop.scopes.remove("write_inventory")
    with pytest.raises(AuthError):
        connector.push_stock([entry])


def test_a_shopify_that_is_down(sim, connector, level):
    entry = level(1)
    sim.fault("http_error", times=9)
    with pytest.raises(Unavailable):
        connector.push_stock([entry])
    assert sim.shop.available(entry.external_id) == 0
