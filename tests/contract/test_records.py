"""What comes out of real payloads and odd ones: exact money, moments in UTC, and one failure for one bad record."""

from __future__ import annotations

import dataclasses
import itertools
import random
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from order_channel_mapping.connectors.base import ConnectorError
from order_channel_mapping.connectors.records import Item, LineKind, Order
from tests.contract import surgery
from tests.contract.feeds import refs
from tests.contract.worlds.base import ORDERS, Line, Sale

CENT = Decimal("0.01")
#: more digits behind the point than any amount or rate has; a float's noise has more
DIGITS = 8


def values(record, path=""):
    """Everything in a record and what it holds, but for the raw payload."""
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        where = f"{path}.{field.name}"
        if field.name == "raw":
            assert isinstance(value, Mapping)
            continue
        for index, part in enumerate(value if isinstance(value, tuple) else (value,)):
            if dataclasses.is_dataclass(part):
                yield from values(part, f"{where}.{index}" if isinstance(value, tuple) else where)
            else:
                yield where, field.type, part


def check_types(record):
    """Frozen, slotted, with the types that the border promises."""
    assert not hasattr(record, "__dict__")
    for where, kind, value in values(record):
        if isinstance(value, datetime):
            assert value.utcoffset() == timedelta(0), f"{where}: {value!r} is not UTC"
        if isinstance(value, Decimal):
            assert value.is_finite(), where
            assert -value.as_tuple().exponent <= DIGITS, f"{where}: {value} looks like a float"
        assert not isinstance(value, float), f"{where}: {value!r} is a float"
        if value is None:
            assert "None" in kind, f"{where} is None"
        elif "Decimal" in kind:
            assert isinstance(value, Decimal), f"{where}: {value!r}"
        elif "datetime" in kind:
            assert isinstance(value, datetime), f"{where}: {value!r}"
        elif kind in ("str", "str | None"):
            assert isinstance(value, str), f"{where}: {value!r}"
            assert value == value.strip() or "note" in where, f"{where}: {value!r}"
            assert value or kind == "str", f"{where}: nothing is None, not an empty text"
        elif kind == "bool":
            assert isinstance(value, bool), f"{where}: {value!r}"


def fetched(feed):
    (page,) = feed.walk(feed.world.connect())
    assert page.failures == ()
    return page.records


def test_types(feed):
    feed.world.rich_order() if feed.kind == ORDERS else feed.world.rich_item()
    feed.add()
    records = fetched(feed)
    assert len(records) >= 2
    for record in records:
        assert isinstance(record, Order if feed.kind == ORDERS else Item)
        check_types(record)
        assert record.raw, "people want to see the payload"


def test_an_order_alone_is_the_order_of_the_list(world):
    """The same revision, however it is fetched: otherwise each retry would be a change."""
    ref = world.rich_order()
    (page,) = world.connect().iter_orders()
    assert {field.name for field in dataclasses.fields(Order)} > {"raw"}
    (listed,) = page.records
    alone = world.connect().get_order(ref)
    assert dataclasses.replace(alone, raw={}) == dataclasses.replace(listed, raw={})


def test_reading_twice_gives_the_same(feed):
    feed.world.rich_order() if feed.kind == ORDERS else feed.world.rich_item()
    assert fetched(feed) == fetched(feed)


def test_what_buyers_and_companies_say(world):
    """The same for every marketplace: text as it was written, all choices of a name, nothing of what apps keep for
    themselves; the company, its tax number and its own number of the order."""
    ref = world.rich_order()
    order = world.connect().get_order(ref)
    told = next(line for line in order.lines if line.attributes)
    assert dict(told.attributes) == {"Text": "For <Kim> & co", "Extra": "Card, Ribbon"}
    assert (order.buyer.company, order.buyer.vat, order.purchase_order) == ("Example Ltd", "DE123456789", "PO-4711")
    assert "Please ring twice." in order.note
    assert "queued" not in order.note


# -- money ------------------------------------------------------------------------------------------------------------


def random_sale(chance, items):
    """Amounts as they come: thirds of a cent, several taxes, discounts on lines and on the whole."""
    lines = []
    for _line in range(chance.randint(1, 6)):
        price, quantity = Decimal(chance.randrange(1, 20_000)) / 100, chance.choice((1, 1, 2, 3, 7))
        discount = (price * quantity * chance.choice((0, 0, 0, 1, 3)) / 10).quantize(CENT)
        lines.append(Line(chance.choice(items), quantity, f"{price:.2f}", f"{discount:.2f}"))
    goods = sum(Decimal(line.price) * line.quantity - Decimal(line.discount) for line in lines)
    return Sale(
        tuple(lines),
        shipping=chance.choice((None, "0.00", "3.33", "4.90", "12.345")),
        rates=chance.choice(((), (0.19,), (0.07,), (0.0825,), (0.05, 0.09975), (0.21,))),
        included=chance.random() < 0.5,
        fees=chance.choice(((), (), ("2.50",), ("0.01", "1.99"))),
        discount=str((goods * chance.choice((0, 0, 5, 33)) / 100).quantize(CENT)),
    )


@pytest.mark.parametrize("seed", range(3))
def test_lines_add_up_to_the_total_to_the_cent(world, seed):
    chance = random.Random(seed)
    items = [world.add_item(price=price) for price in ("0.01", "9.99", "33.33")]
    sold = [world.add_order(random_sale(chance, items)) for _order in range(40)]
    orders = {order.external_id: order for page in world.connect().iter_orders() for order in page.records}
    assert set(orders) == set(sold)
    for ref, order in orders.items():
        assert order.total == Decimal(world.total(ref)), ref
        assert sum(line.total for line in order.lines) == order.total, ref
        assert order.total == order.total.quantize(CENT)
        for line in order.lines:
            on_top = sum(tax.amount for tax in line.taxes if not tax.included)
            assert line.total == line.subtotal - line.discount + on_top, line
            assert line.discount >= 0 or line.kind is LineKind.DISCOUNT, "a positive discount lowers"
            assert {tax.included for tax in line.taxes} <= {order.prices_include_tax}


def test_no_rate_is_a_percentage(world):
    world.add_order(Sale(rates=(0.19,)))
    (page,) = world.connect().iter_orders()
    taxes = [tax for line in page.records[0].lines for tax in line.taxes]
    assert {tax.rate for tax in taxes} == {Decimal("0.19")}
    assert all(tax.amount for tax in taxes)


def test_small_amounts_survive(world):
    """0.1 + 0.2 is 0.3 here."""
    world.add_order(Sale((Line(None, 1, "0.10"), Line(None, 1, "0.20")), shipping=None, rates=()))
    (page,) = world.connect().iter_orders()
    assert [str(line.total.quantize(CENT)) for line in page.records[0].lines] == ["0.10", "0.20"]
    assert page.records[0].total == Decimal("0.30")


# -- time -------------------------------------------------------------------------------------------------------------

#: around the changes of the clocks in Europe and America, and around midnight and new year
MOMENTS = [
    datetime(2026, 3, 29, 0, 59, 59, tzinfo=timezone.utc),
    datetime(2026, 3, 29, 1, 0, 0, tzinfo=timezone.utc),
    datetime(2026, 3, 29, 2, 30, 0, tzinfo=timezone.utc),
    datetime(2026, 10, 25, 0, 30, 0, tzinfo=timezone.utc),
    datetime(2026, 10, 25, 0, 59, 59, tzinfo=timezone.utc),
    datetime(2026, 10, 25, 1, 0, 0, tzinfo=timezone.utc),
    datetime(2026, 10, 25, 1, 30, 0, tzinfo=timezone.utc),
    datetime(2026, 11, 1, 5, 30, 0, tzinfo=timezone.utc),
    datetime(2026, 11, 1, 6, 30, 0, tzinfo=timezone.utc),
    datetime(2026, 12, 31, 23, 59, 59, tzinfo=timezone.utc),
    datetime(2027, 1, 1, 0, 0, 0, tzinfo=timezone.utc),
]


def test_moments_are_those_of_the_marketplace(world):
    """Also in the hour that the shop's clocks show twice, and in order."""
    placed = {}
    for moment in MOMENTS:
        world.clock.now = moment
        placed[world.add_order(Sale())] = moment
    orders = [order for page in world.connect().iter_orders() for order in page.records]
    assert {order.external_id: order.placed_at for order in orders} == placed
    assert {order.external_id: order.updated_at for order in orders} == placed
    assert [order.updated_at for order in orders] == MOMENTS


@pytest.mark.parametrize("start", MOMENTS)
def test_a_fetch_starts_at_its_moment_whatever_the_clocks_show(world, start):
    refs_at = {}
    for moment in MOMENTS:
        world.clock.now = moment
        refs_at[moment] = world.add_order(Sale())
    later = {ref for moment, ref in refs_at.items() if moment > start}
    met = set(refs(world.connect().iter_orders(since=start)))
    assert (
        later
        <= met
        <= later
        | {refs_at[start]}
        | {ref for moment, ref in refs_at.items() if start - timedelta(seconds=5) <= moment <= start}
    )


def test_a_start_in_another_zone_is_the_same_moment(world):
    world.add_order(Sale())
    world.clock.tick(hours=3)
    late = world.add_order(Sale())
    since = (world.clock() - timedelta(minutes=1)).astimezone(timezone(timedelta(hours=-7)))
    assert refs(world.connect().iter_orders(since=since)) == [late]


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def _elsewhere(value):
    """A payload with its moments written as the clocks show them two hours east."""
    if isinstance(value, dict):
        return {key: _elsewhere(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_elsewhere(part) for part in value]
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return moment.astimezone(timezone(timedelta(hours=2))).isoformat()
    return value


def test_a_moment_written_with_another_offset_is_the_same(feed):
    """Where the marketplace writes offsets at all."""
    feed.world.rich_order() if feed.kind == ORDERS else feed.world.rich_item()
    plain = [dataclasses.replace(record, raw={}) for record in fetched(feed)]
    feed.world.wire.edit(_elsewhere)
    moved = fetched(feed)
    for record in moved:
        check_types(record)
    assert [dataclasses.replace(record, raw={}) for record in moved] == plain


# -- watermarks -------------------------------------------------------------------------------------------------------


def test_watermarks_are_the_marketplaces_own_clock(feed, monkeypatch):
    """Never this machine's, whichever year it lives in; and never ahead of what was seen."""
    feed.world.small_pages(monkeypatch, 3)
    for year in (2021, 2033):
        feed.world.clock.now = feed.world.clock.now.replace(year=year)
        feed.fill(4)
        pages = list(feed.walk(feed.world.connect()))
        marks = [page.watermark for page in pages if page.watermark]
        assert marks, "a fetch that was completed knows up to when"
        assert pages[-1].watermark
        assert marks == sorted(marks)
        for page, following in itertools.pairwise(pages):
            if page.watermark:
                times = [record.updated_at for record in following.records]
                assert page.watermark <= min(times), "what comes on later pages is not known yet"
        assert feed.world.clock() - timedelta(minutes=5) <= marks[-1] <= feed.world.clock()
        assert all(mark.utcoffset() == timedelta(0) for mark in marks)
        for page in pages:
            assert abs(page.clock - feed.world.clock()) < timedelta(minutes=5), "what time it is there, on each page"


def test_an_empty_list_moves_the_watermark_too(feed):
    (page,) = feed.walk(feed.world.connect())
    assert page.watermark is None or (feed.world.clock() - timedelta(minutes=5) <= page.watermark <= feed.world.clock())


# -- what is missing, and what is garbage -----------------------------------------------------------------------------


def _page_of(feed, make):
    """What becomes of one page that has a good record, many odd ones and another good record."""
    first = feed.add()
    feed.world.clock.tick(minutes=1)
    odd = feed.world.rich_order() if feed.kind == ORDERS else feed.world.rich_item()
    feed.world.clock.tick(minutes=1)
    last = feed.add()
    cases = []

    def change(body):
        raw = feed.world.records(body, feed.kind)
        by_ref = {feed.world.ref(record): record for record in raw}
        if not cases:
            cases.extend(make(by_ref[odd]))
        raw[:] = [by_ref[first], *(case[2] for case in chosen), by_ref[last]]

    chosen: list = []
    feed.world.wire.edit(change, when=feed.is_page)
    list(feed.walk(feed.world.connect()))
    chosen = list(cases)
    assert len(chosen) > 20

    def read(some):
        nonlocal chosen
        chosen = some
        return list(feed.walk(feed.world.connect()))

    return first, last, cases, read


def _check_survival(feed, first, last, cases, read):
    """Every odd record becomes a record or a failure; the good ones around it come in whatever the odd one is like."""
    try:
        pages = read(cases)
    except Exception:
        for what, path, payload in cases:  # name the culprit
            try:
                read([(what, path, payload)])
            except Exception as error:
                raise AssertionError(f"{what} at {path} ends the fetch: {error!r}") from error
        raise
    assert {first, last} <= set(refs(pages))
    failures = [failure for page in pages for failure in page.failures]
    for failure in failures:
        assert isinstance(failure.ref, str)
        assert failure.ref
        assert failure.code
        assert failure.message
        assert failure.raw, "people want to see the payload"
    taken = sum(len(page.records) for page in pages) - 2
    sent = sum(feed.world.stands_for(payload) for _what, _path, payload in cases)
    assert taken + len(failures) >= sent, "a record was dropped in silence"
    for page in pages:
        for record in page.records:
            check_types(record)
    return taken, failures


def test_what_a_record_may_lack(feed):
    """Each part of a real payload left out, null and empty, one by one."""
    first, last, cases, read = _page_of(feed, surgery.without)
    taken, _failures = _check_survival(feed, first, last, cases, read)
    assert taken > len(cases) // 3, "most parts are not needed"
    nulls = [case for case in cases if case[0] == "null" and feed.world.may_be_null(feed.kind, case[1])]
    failures = [failure for page in read(nulls) for failure in page.failures] if nulls else []
    assert failures == [], f"one of these may be null: {[path for _what, path, _payload in nulls]}"


def test_garbage_in_one_record_is_one_failure(feed):
    _check_survival(feed, *_page_of(feed, surgery.spoilt))


def test_a_record_that_is_no_record(feed):
    def make(_payload):
        return [("instead", (), value) for value in (None, 7, "x", [], {}, True) for _twice in range(4)]

    _check_survival(feed, *_page_of(feed, make))


def test_an_order_alone_that_lacks_something(world):
    """Asked for by itself, a bad order is an error of the connector's own kind, never another."""
    ref = world.rich_order()
    connector = world.connect()
    (exchange,) = _exchanges(world, lambda: connector.get_order(ref))[:1]
    asked = exchange.request.label
    cases = [case for case in surgery.without(exchange.body) if case[0] == "missing"][::2]
    read = 0
    for what, path, payload in cases:
        world.wire.straighten()
        world.wire.edit(lambda _body, payload=payload: payload, when=lambda request: request.label == asked)
        try:
            world.connect().get_order(ref)
            read += 1
        except ConnectorError:
            continue
        except Exception as error:
            raise AssertionError(f"{what} at {path}: {error!r}") from error
    assert read > len(cases) // 3


def _exchanges(world, act):
    before = len(world.wire.exchanges)
    act()
    return world.wire.exchanges[before:]
