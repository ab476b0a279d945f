"""Parcels and cancellations, told to a simulated shop once, even when they are told twice."""

from __future__ import annotations

from decimal import Decimal

import pytest

from order_channel_mapping.connectors.base import Rejected, Unavailable
from order_channel_mapping.connectors.records import LineQuantity, PushStatus, Shipment


@pytest.fixture
def sell(sim):
    """Sells things in the given quantities, all from the first location unless told otherwise."""

    def order(*quantities, locations=()):
        lines = []
        for index, quantity in enumerate(quantities):
            line = {"title": f"Thing {index}", "price": "5.00", "quantity": quantity}
            if index < len(locations):
                line["location"] = locations[index]
            lines.append(line)
        return sim.shop.add_order({"lines": lines})

    return order


def parcel(order, *quantities, **values):
    """A shipment of so many of each line; all lines that are open without quantities."""
    lines = tuple(
        LineQuantity(line["id"], Decimal(quantity))
        for line, quantity in zip(order["lineItems"], quantities, strict=False)
        if quantity
    )
    return Shipment(order["id"], lines, **{"tracking_number": "T-1", "carrier": "DHL", "notify": False, **values})


def shipped(sim, order):
    """Quantities of each parcel that the shop knows."""
    return [[part["quantity"] for part in entry["fulfillmentLineItems"]] for entry in sim.parcels(order["id"])]


def test_a_parcel_is_reported(sim, sell, connector):
    order = sell(2, 1)
    result = connector.ship(parcel(order, 2, 1, tracking_url="https://track.example.com/T-1"))
    (known,) = sim.parcels(order["id"])
    assert (result.status, result.ref) == (PushStatus.OK, known["id"])
    assert known["trackingInfo"] == [{"company": "DHL", "number": "T-1", "url": "https://track.example.com/T-1"}]
    assert shipped(sim, order) == [[2, 1]]
    assert sim.requests[-1].body["variables"]["fulfillment"]["notifyCustomer"] is False


def test_a_parcel_with_a_part(sim, sell, connector):
    order = sell(3, 1)
    connector.ship(parcel(order, 2))
    connector.ship(parcel(order, 1, 1, tracking_number="T-2"))
    assert shipped(sim, order) == [[2], [1, 1]]


def test_a_parcel_with_all_that_is_open(sim, sell, connector):
    order = sell(3, 1)
    connector.ship(parcel(order, 1))
    assert connector.ship(parcel(order, tracking_number="T-2")).status is PushStatus.OK
    assert shipped(sim, order) == [[1], [2, 1]]


def test_a_parcel_that_is_told_twice_ships_once(sim, sell, connector):
    order = sell(4)
    first = connector.ship(parcel(order, 2))
    again = connector.ship(parcel(order, 2))
    assert (again.status, again.ref) == (PushStatus.OK, first.ref)
    assert shipped(sim, order) == [[2]], "two more are open, but not of this parcel"


def test_an_order_that_is_told_whole_twice_ships_once(sim, sell, connector):
    order = sell(4)
    first = connector.ship(parcel(order))
    again = connector.ship(parcel(order))
    assert (again.status, again.ref) == (PushStatus.OK, first.ref)
    assert shipped(sim, order) == [[4]]


@pytest.mark.parametrize("fault", ["cut", "timeout"])
def test_a_lost_answer_is_not_repeated_blindly(sim, sell, connector, fault):
    order = sell(2)
    sim.fault(fault, match="Fulfill")
    connector._client.transport._timeout = (1, 0.1)
    with pytest.raises(Unavailable) as caught:
        connector.ship(parcel(order, 2))
    assert caught.value.sent
    assert sim.count("Fulfill") == 1
    assert connector.ship(parcel(order, 2)).status is PushStatus.OK
    assert shipped(sim, order) == [[2]]


def test_a_parcel_without_a_number(sim, sell, connector):
    order = sell(2)
    assert connector.ship(parcel(order, 2, tracking_number=None)).status is PushStatus.OK
    assert sim.parcels(order["id"])[0]["trackingInfo"] == []


def test_one_call_for_each_location(sim, sell, connector):
    other = sim.shop.add_location("Other")
    order = sell(1, 2, locations=[sim.shop.locations[0]["id"], other])
    result = connector.ship(parcel(order, 1, 2))
    assert result.status is PushStatus.OK
    assert result.ref.split() == [entry["id"] for entry in sim.parcels(order["id"])]
    assert shipped(sim, order) == [[1], [2]]


def test_a_second_location_that_fails_is_made_up_for(sim, sell, connector):
    other = sim.shop.add_location("Other")
    order = sell(1, 2, locations=[sim.shop.locations[0]["id"], other])
    order["fulfillmentOrders"][1]["status"] = "ON_HOLD"
    connector.ship(parcel(order, 1, 2))
    order["fulfillmentOrders"][1]["status"] = "OPEN"
    result = connector.ship(parcel(order, 1, 2))
    assert len(result.ref.split()) == 2
    assert shipped(sim, order) == [[1], [2]]


def test_more_than_is_open_is_reported_as_far_as_it_is(sim, sell, connector):
    order = sell(3)
    sim.shop.refund(order["id"], {order["lineItems"][0]["id"]: 1})
    assert connector.ship(parcel(order, 3)).status is PushStatus.OK
    assert shipped(sim, order) == [[2]]


def test_nothing_is_open(sim, sell, connector):
    order = sell(3)
    sim.shop.fulfill(order["id"], None, {"number": "by hand"})
    result = connector.ship(parcel(order, 3))
    assert (result.status, result.code, result.retryable) == (PushStatus.FAILED, "nothing_open", False)


def test_an_order_on_hold(sim, sell, connector):
    order = sell(3)
    sim.shop.hold_order(order["id"])
    result = connector.ship(parcel(order, 3))
    assert (result.code, result.retryable) == ("on_hold", True)


def test_an_order_that_was_cancelled(sim, sell, connector):
    order = sell(3)
    sim.shop.cancel(order["id"])
    assert connector.ship(parcel(order, 3)).code == "order_cancelled"


def test_shopify_says_no(sim, sell, connector):
    """The hold comes between reading and sending."""
    order = sell(1)
    execute = connector._client.execute

    def held_meanwhile(document, *args, **options):
        if "fulfillmentCreate" in document:
            sim.shop.hold_order(order["id"])
        return execute(document, *args, **options)

    connector._client.execute = held_meanwhile
    result = connector.ship(parcel(order, 1))
    assert (result.status, result.code) == (PushStatus.FAILED, "rejected")
    assert "unfulfillable" in result.message


def test_an_order_that_is_not_there(connector):
    for command in (lambda: connector.ship(Shipment("gid://shopify/Order/1")), lambda: connector.cancel("x", "other")):
        with pytest.raises(Rejected) as caught:
            command()
        assert caught.value.code == "not_found"


def test_an_order_with_very_many_lines(sim, sell, connector):
    order = sell(*[1] * 130)
    assert connector.ship(parcel(order, *[1] * 130)).status is PushStatus.OK
    assert connector.ship(parcel(order, *[1] * 130)).status is PushStatus.OK
    assert [len(part) for part in shipped(sim, order)] == [130]


def test_a_number_that_comes_later(sim, sell, connector):
    other = sim.shop.add_location("Other")
    order = sell(1, 2, locations=[sim.shop.locations[0]["id"], other])
    ref = connector.ship(parcel(order, 1, 2, tracking_number=None)).ref
    result = connector.update_tracking(ref, parcel(order, tracking_number="T-9", carrier="UPS"))
    assert result.status is PushStatus.OK
    assert [entry["trackingInfo"][0]["number"] for entry in sim.parcels(order["id"])] == ["T-9", "T-9"]


def test_a_number_for_a_parcel_that_is_not_there(sell, connector):
    result = connector.update_tracking("gid://shopify/Fulfillment/404", parcel(sell(1)))
    assert (result.status, result.code) == (PushStatus.FAILED, "rejected")


# -- cancelling -------------------------------------------------------------------------------------------------------


def test_a_cancellation_is_pending_until_the_order_says_so(sim, sell, connector):
    order = sell(1)
    result = connector.cancel(order["id"], "inventory")
    assert result.status is PushStatus.PENDING
    assert [answer.status for answer in connector.poll([result.ref])] == [PushStatus.PENDING]
    (done,) = connector.poll([result.ref])
    assert (done.status, done.external_id) == (PushStatus.OK, order["id"])
    assert (order["cancelReason"], bool(order["cancelledAt"])) == ("INVENTORY", True)
    sent = next(request for request in sim.requests if request.label == "Cancel")
    assert "originalPaymentMethodsRefund: false" in sent.body["query"], "money is given back by people only"


def test_a_cancellation_that_is_told_twice(sim, sell, connector):
    order = sell(1)
    sim.shop.cancel(order["id"])
    assert connector.cancel(order["id"], "customer").status is PushStatus.OK
    assert sim.count("Cancel") == sim.count("CancelState")


def test_an_unknown_reason_is_other(sim, sell, connector):
    order = sell(1)
    connector.cancel(order["id"], "mood")
    assert next(iter(sim.shop.jobs.values()))["reason"] == "OTHER"


def test_a_cancellation_that_came_to_nothing(sim, sell, connector):
    order = sell(1)
    result = connector.cancel(order["id"], "customer")
    sim.shop.jobs[result.ref.split()[1]].update(done=True, asked=True)
    (answer,) = connector.poll([result.ref])
    assert (answer.status, answer.code) == (PushStatus.FAILED, "not_cancelled")
