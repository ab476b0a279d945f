"""Quantities, parcels, cancellations: one answer for each, in the order given, and twice is no more than once."""

from __future__ import annotations

import pytest

from order_channel_mapping.connectors.base import ConnectorError, Rejected, Unavailable
from order_channel_mapping.connectors.records import FulfillmentStatus, LineKind, OrderStatus, PushStatus, StockLevel
from tests.contract.operations import level, shipment
from tests.contract.worlds.base import Line, Sale


def statuses(results):
    return [result.status for result in results]


def is_taken(result):
    return result.status in (PushStatus.OK, PushStatus.PENDING)


# -- stock ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def levels(world):
    """Makes items and the quantities to publish for them: ``levels(3, 0, 12)``."""

    def make(*quantities):
        known = [world.add_item(stock=5) for _quantity in quantities]
        return levels_of(world, dict(zip(known, quantities, strict=True)))

    return make


def levels_of(world, quantities):
    connector = world.connect()
    items = {record.external_id: record for page in connector.iter_items() for record in page.records}
    return [StockLevel(ref, items[ref].stock_ref, world.location, quantity) for ref, quantity in quantities.items()]


@pytest.mark.needs("stock")
def test_quantities_arrive(world, levels):
    sent = levels(3, 0, 12)
    results = world.connect().push_stock(sent)
    assert [result.external_id for result in results] == [entry.external_id for entry in sent]
    assert statuses(results) == [PushStatus.OK] * 3
    assert [world.stock(entry.external_id) for entry in sent] == [3, 0, 12]


@pytest.mark.needs("stock")
def test_nothing_to_push_asks_nothing(world):
    connector = world.connect()
    assert connector.push_stock([]) == []
    assert connector.calls == 0


@pytest.mark.needs("stock")
def test_each_of_a_batch_has_its_own_answer_in_the_order_given(world, levels):
    """Some can't be set: they say why, and keep nobody else from being set."""
    good = levels(1, 2, 3, 4, 5)
    bad = [StockLevel(ref, stock_ref, world.location, 9) for ref, stock_ref in world.unpushable().items()]
    assert len(bad) >= 2
    mixed = [good[0], bad[0], good[1], good[2], *bad[1:], good[3], good[4]]
    results = world.connect().push_stock(mixed)
    assert [result.external_id for result in results] == [entry.external_id for entry in mixed]
    refused = {entry.external_id for entry in bad}
    for result in results:
        if result.external_id in refused:
            assert result.status is PushStatus.FAILED
            assert result.code
            assert len(result.message) > 10
        else:
            assert result.status is PushStatus.OK, result
    assert [world.stock(entry.external_id) for entry in good] == [1, 2, 3, 4, 5]


@pytest.mark.needs("stock")
def test_a_batch_of_bad_ones_only(world):
    bad = [StockLevel(ref, stock_ref, world.location, 9) for ref, stock_ref in world.unpushable().items()]
    assert statuses(world.connect().push_stock(bad)) == [PushStatus.FAILED] * len(bad)


@pytest.mark.needs("stock")
def test_more_than_fit_in_one_call(world, levels, monkeypatch):
    world.small_batches(monkeypatch, 5)
    quantities = list(range(23))
    sent = levels(*quantities)
    connector = world.connect()
    results = connector.push_stock(sent)
    assert [result.external_id for result in results] == [entry.external_id for entry in sent]
    assert set(statuses(results)) == {PushStatus.OK}
    assert [world.stock(entry.external_id) for entry in sent] == quantities
    assert connector.calls == world.least_calls(sent, 5), "calls grow with batches, not with records"


@pytest.mark.needs("stock")
def test_pushing_twice_is_pushing_once(world, levels):
    sent = levels(3, 8)
    for _twice in range(2):
        assert statuses(world.connect().push_stock(sent)) == [PushStatus.OK] * 2
        assert [world.stock(entry.external_id) for entry in sent] == [3, 8]


@pytest.mark.needs("stock")
def test_a_lost_answer_to_a_push_does_no_harm(world, levels):
    sent = levels(3, 8)
    world.wire.cut(when=world.is_write)
    try:
        world.connect().push_stock(sent)
    except Unavailable as error:
        assert error.sent
    assert statuses(world.connect().push_stock(sent)) == [PushStatus.OK] * 2
    assert [world.stock(entry.external_id) for entry in sent] == [3, 8]


@pytest.mark.needs("stock")
def test_the_same_item_twice_in_a_batch(world, levels):
    (entry,) = levels(4)
    results = world.connect().push_stock([entry, entry])
    assert statuses(results) == [PushStatus.OK] * 2
    assert world.stock(entry.external_id) == 4


@pytest.mark.needs("compare")
def test_a_quantity_that_is_not_the_expected_one_is_left_alone(world):
    stale, fresh = world.add_item(stock=5), world.add_item(stock=5)
    results = world.connect().push_stock([level(world, stale, 9, expected=7), level(world, fresh, 9, expected=5)])
    assert statuses(results) == [PushStatus.STALE, PushStatus.OK]
    assert (world.stock(stale), world.stock(fresh)) == (5, 9)


# -- parcels ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def order(world):
    return world.add_order(Sale((Line(world.add_item(), 3), Line(world.add_item(), 2))))


@pytest.mark.needs("ship")
def test_a_parcel_arrives(world, order):
    result = world.connect().ship(shipment(world.connect(), order))
    assert is_taken(result), result
    assert result.external_id == order
    assert world.parcels(order) == ["T-100"]
    assert world.connect().get_order(order).fulfillment_status is FulfillmentStatus.FULFILLED


@pytest.mark.needs("ship")
def test_shipping_twice_is_one_parcel(world, order):
    parcel = shipment(world.connect(), order)
    first = world.connect().ship(parcel)
    second = world.connect().ship(parcel)
    assert is_taken(first), first
    assert is_taken(second), second
    assert world.parcels(order) == ["T-100"]


@pytest.mark.needs("ship")
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_lost_answer_is_one_parcel(world, order, nth):
    """The answer to the first, second or third thing that shipping writes is lost; then it is tried again."""
    parcel = shipment(world.connect(), order)
    writes = []

    def is_nth_write(request):
        if world.is_write(request):
            writes.append(request)
        return len(writes) == nth and request is writes[-1]

    world.wire.cut(when=is_nth_write)
    try:
        world.connect().ship(parcel)
    except Unavailable as error:
        assert error.sent, "it may have arrived: the outbox has to know"
    world.wire.straighten()
    result = world.connect().ship(parcel)
    assert is_taken(result), result
    assert world.parcels(order) == ["T-100"]


@pytest.mark.needs("ship")
def test_parcels_of_a_part_each(world, order):
    reader = world.connect()
    first = shipment(reader, order, "T-1", quantity=1)
    assert is_taken(world.connect().ship(first))
    second = shipment(reader, order, "T-2", quantity=2)
    assert is_taken(world.connect().ship(second))
    assert sorted(world.parcels(order)) == ["T-1", "T-2"]


@pytest.mark.needs("ship")
def test_an_order_that_is_not_there_can_not_be_shipped(world, order):
    parcel = shipment(world.connect(), order)
    world.remove_order(order)
    try:
        result = world.connect().ship(parcel)
    except Rejected as error:
        assert error.code == "not_found"
    else:
        assert result.status is PushStatus.FAILED
        assert not result.retryable


@pytest.mark.needs("ship", "cancel")
def test_a_cancelled_order_is_not_shipped(world, order):
    parcel = shipment(world.connect(), order)
    cancel(world, order)
    result = world.connect().ship(parcel)
    assert result.status is PushStatus.FAILED
    assert result.message
    assert world.parcels(order) == []


# -- cancelling -------------------------------------------------------------------------------------------------------


def cancel(world, order):
    """Cancel, and ask until it is done, as the outbox does."""
    connector = world.connect()
    result = connector.cancel(order, "customer")
    for _asked in range(5):
        if result.status is not PushStatus.PENDING:
            break
        (result,) = connector.poll([result.ref])
    return result


@pytest.mark.needs("cancel")
@pytest.mark.parametrize("reason", ["customer", "inventory", "fraud", "declined", "other", "something new"])
def test_cancelling(world, order, reason):
    result = world.connect().cancel(order, reason)
    assert is_taken(result), result
    assert cancel(world, order).status is PushStatus.OK
    assert world.cancelled(order)
    assert world.connect().get_order(order).status is OrderStatus.CANCELLED


@pytest.mark.needs("cancel")
def test_cancelling_twice_is_cancelling_once(world, order):
    assert cancel(world, order).status is PushStatus.OK
    before = world.orders()[order]
    world.clock.tick(minutes=5)
    assert cancel(world, order).status is PushStatus.OK
    assert world.orders()[order] == before, "the second time changes nothing"


@pytest.mark.needs("cancel")
def test_cancelling_what_is_not_there(world, order):
    world.remove_order(order)
    with pytest.raises(Rejected) as caught:
        world.connect().cancel(order, "customer")
    assert caught.value.code == "not_found"


@pytest.mark.needs("poll")
def test_what_was_pending_is_asked_for(world, order):
    connector = world.connect()
    result = connector.cancel(order, "customer")
    if result.status is PushStatus.PENDING:
        assert result.ref
        (answer,) = world.connect().poll([result.ref])
        assert answer.external_id == order
    assert connector.poll([]) == []


# -- reading back -----------------------------------------------------------------------------------------------------


def test_an_order_by_its_id(world, order):
    found = world.connect().get_order(order)
    assert found.external_id == order
    assert [line.quantity for line in found.lines if line.kind is LineKind.PRODUCT] == [3, 2]


def test_an_order_that_is_not_there(world, order):
    world.remove_order(order)
    with pytest.raises(Rejected) as caught:
        world.connect().get_order(order)
    assert caught.value.code == "not_found"


def test_open_orders_only(world, order):
    other = world.add_order(Sale())
    if "cancel" not in world.lacks:
        cancel(world, other)
        assert [one.external_id for page in world.connect().iter_orders(only_open=True) for one in page.records] == [
            order
        ]


@pytest.mark.parametrize("ref", ["", "0", "gid://shopify/Order/0", "x/../../y", "1 OR 1", "ümlaut", "9" * 30])
def test_an_odd_reference_is_refused_kindly(world, ref):
    """Old data, another marketplace's id: an error of the connector's own kind, and nothing but this order is asked for."""
    world.add_order(Sale())
    with pytest.raises(ConnectorError):
        world.connect().get_order(ref)
