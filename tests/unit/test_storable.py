"""What marketplaces send, brought to what can be stored; and JSON that is read around what is odd in it."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_channel_mapping.connectors.base import BadPayload, Rejected
from order_channel_mapping.connectors.lenient_json import loads
from order_channel_mapping.connectors.records import Item, Order, OrderLine
from order_channel_mapping.connectors.storable import (
    MOST_TEXT,
    Unstorable,
    is_id,
    name_of,
    plain_json,
    plain_text,
    short_json,
    storable,
)
from order_channel_mapping.connectors.values import amount, moment

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=20,
)


@given(anything)
def test_any_payload_becomes_json_that_a_database_takes(value):
    written = json.dumps(plain_json(value), allow_nan=False)
    assert "\\u0000" not in written.replace("\\\\", "")
    json.dumps(plain_json(value), ensure_ascii=False).encode()


@given(st.text(st.characters()))
def test_any_text_becomes_text_that_a_database_takes(text):
    kept = plain_text(text)
    assert "\0" not in kept and len(kept.encode()) <= MOST_TEXT


@given(st.text(st.characters()))
def test_any_id_has_a_name(ref):
    assert is_id(name_of(ref, {"id": ref}))


def test_what_is_good_is_the_same_object():
    line = OrderLine("1", name="Mug", quantity=Decimal(2), attributes={"Text": "\U0001f600"})
    for record in (Item("1", sku="Ä-1", raw={"a": [1, "\U0001f600"]}), Order("1", lines=(line,), raw={"b": None})):
        assert storable(record) == (record, {})
        assert storable(record)[0] is record


def test_long_texts_stay_apart():
    one, other = (storable(Item("1", sku="x" * 5_000 + end))[0].sku for end in "ab")
    assert one != other and len(one.encode()) <= MOST_TEXT


@pytest.mark.parametrize("number", ["1e15", "1e999999999", "NaN", "sNaN", "Infinity"])
def test_numbers_of_an_order_are_never_changed(number):
    with pytest.raises(Unstorable):
        storable(Order("1", total=Decimal(number)))


def test_two_lines_with_one_id_fail_the_order():
    with pytest.raises(Unstorable) as refused:
        storable(Order("1", lines=(OrderLine("7"), OrderLine("7"))))
    assert refused.value.code == "repeated_id"


def test_a_huge_payload_is_cut():
    assert len(json.dumps(short_json({"a": "x" * 5_000_000}))) < 300_000


@pytest.mark.parametrize("written", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", 7, ["x"], "9" * 5_000])
def test_what_no_clock_shows_is_no_time(written):
    with pytest.raises(BadPayload):
        moment(written)


@pytest.mark.parametrize("written", ["1e999999999", "1e-999999999", "NaN", float("inf"), "9" * 5_000, [[]], {}])
def test_what_can_not_be_reckoned_with_is_no_amount(written):
    with pytest.raises(BadPayload):
        amount(written)


def test_a_servers_words_can_be_kept():
    assert Rejected("a\0b", "c\0\ud800d").message == "cd"


def test_one_odd_value_costs_itself_and_not_the_page():
    page = b'[{"id": 1}, {"id": 2, "x": %s}, {"id": 3}]'
    for odd in (b"[" * 5_000 + b"]" * 5_000, b"9" * 5_000, b'"\xff"', b"NaN", b'"\\ud800"', b'"]]}}\\"[["'):
        assert [row["id"] for row in loads(page % odd)] == [1, 2, 3]


@pytest.mark.parametrize("written", [b"", b"{", b"[" * 5_000, b'{"a": ' + b"[" * 5_000 + b"}", b"<html>", b"\xff"])
def test_what_is_no_json_is_none(written):
    with pytest.raises(ValueError):
        loads(written)


def test_times_that_clocks_show_are_read():
    assert moment("2026-11-01T08:00:00Z") == datetime(2026, 11, 1, 8, tzinfo=timezone.utc)
