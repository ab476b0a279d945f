"""Where Shopify's fulfilment orders send an order: what is ours to pick, what has to wait, what the buyer fetches."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

FEBRUARY = datetime(2027, 2, 1, tzinfo=timezone.utc)


@pytest.fixture
def service(sim):
    return sim.shop.add_location("3PL warehouse", service=True)


def who(order):
    return [line.fulfilled_by for line in order.lines]


def test_a_line_at_a_fulfilment_service_is_not_ours(sell, read, service):
    order = read(sell(("10.00", 1), {"title": "Theirs", "price": "5.00", "location": service}))
    assert who(order) == ["seller", "other"]
    assert [line.location for line in order.lines] == ["gid://shopify/Location/1", service]


def test_another_location_of_ours_is_ours(sell, sim, read):
    order = read(sell(("10.00", 1), {"title": "Shop", "price": "5.00", "location": sim.shop.add_location("Shop")}))
    assert who(order) == ["seller", "seller"]


@pytest.mark.parametrize(
    ("request_status", "owner"),
    [
        ("UNSUBMITTED", "seller"),
        ("SUBMITTED", "other"),
        ("ACCEPTED", "other"),
        ("CANCELLATION_REQUESTED", "other"),
        ("CANCELLATION_REJECTED", "other"),
        ("REJECTED", "seller"),
        ("CANCELLATION_ACCEPTED", "seller"),
        ("CLOSED", "seller"),
    ],
)
def test_what_was_asked_of_a_service(sell, read, request_status, owner):
    payload = sell(("10.00", 1))
    payload["fulfillmentOrders"][0].update(requestStatus=request_status, status="IN_PROGRESS")
    assert who(read(payload)) == [owner]


def test_a_part_that_the_service_has_shipped_stays_its(sell, sim, read, service):
    payload = sell(("10.00", 1), {"title": "Theirs", "price": "5.00", "location": service})
    entry = payload["fulfillmentOrders"][1]["lineItems"][0]
    sim.shop.fulfill(payload["id"], {entry["id"]: 1})
    assert who(read(payload)) == ["seller", "other"]


def test_moved_back_it_is_ours_again(sell, read, service):
    payload = sell({"title": "Thing", "price": "5.00", "location": service})
    assert who(read(payload)) == ["other"]
    moved = {**payload["fulfillmentOrders"][0], "id": "gid://shopify/FulfillmentOrder/9"}
    moved["assignedLocation"] = {"location": {"id": "gid://shopify/Location/1", "isFulfillmentService": False}}
    payload["fulfillmentOrders"][0]["status"] = "CANCELLED"
    payload["fulfillmentOrders"].append(moved)
    assert who(read(payload)) == ["seller"]


def test_a_line_that_no_part_holds_is_with_a_service_that_we_may_not_see(sell, read):
    payload = sell(("10.00", 1), ("5.00", 1), {"title": "Card", "price": "5.00", "physical": False})
    payload["fulfillmentOrders"][0]["lineItems"] = payload["fulfillmentOrders"][0]["lineItems"][:1]
    assert who(read(payload)) == ["seller", "other", "seller"]
    payload["fulfillmentOrders"].clear()
    assert who(read(payload)) == ["seller"] * 3, "not routed yet"


def test_lines_beyond_the_first_portion_are_known(sell, read, service):
    theirs = [{"title": f"Theirs {number}", "price": "1.00", "location": service} for number in range(5)]
    assert who(read(sell(*[("1.00", 1)] * 7, *theirs))) == ["seller"] * 7 + ["other"] * 5


def test_a_line_in_two_places_is_for_a_person(sell, read, service):
    payload = sell(("10.00", 3))
    (part,) = payload["fulfillmentOrders"]
    other = {**part, "id": "gid://shopify/FulfillmentOrder/9"}
    other["assignedLocation"] = {"location": {"id": service, "isFulfillmentService": True}}
    payload["fulfillmentOrders"].append(other)
    order = read(payload)
    assert who(order) == ["seller"]
    assert order.hold == f"Some pieces are shipped by another location: {order.lines[0].name}."


# -- later -------------------------------------------------------------------------------------------------------------


def schedule(payload, *dates):
    (part,) = payload["fulfillmentOrders"]
    parts = [
        {**part, "id": f"gid://shopify/FulfillmentOrder/9{number}", "status": "SCHEDULED", "fulfillAt": date}
        for number, date in enumerate(dates)
    ]
    payload["fulfillmentOrders"][:] = parts
    payload["displayFulfillmentStatus"] = "SCHEDULED"
    return payload


def test_a_scheduled_order_waits_for_its_day(sell, read):
    order = read(schedule(sell(("10.00", 3)), "2027-02-01T00:00:00Z"))
    assert (order.hold, order.hold_until) == ("Scheduled at Shopify for 2027-02-01.", FEBRUARY)


def test_several_days(sell, read):
    order = read(schedule(sell(("10.00", 3)), "2027-02-01T00:00:00Z", "2027-01-01T00:00:00Z"))
    assert (order.hold, order.hold_until) == ("Scheduled at Shopify for 2027-01-01, 2027-02-01.", FEBRUARY)


def test_scheduled_without_a_day(sell, read):
    order = read(schedule(sell(("10.00", 3)), None))
    assert (order.hold, order.hold_until) == ("Scheduled at Shopify.", None)


def test_a_part_of_it_is_scheduled(sell, read):
    payload = sell(("10.00", 3))
    now = dict(payload["fulfillmentOrders"][0])
    schedule(payload, "2027-02-01T00:00:00Z")["fulfillmentOrders"].append(now)
    assert read(payload).hold == "A part is scheduled at Shopify for 2027-02-01."


def test_a_hold_beside_the_schedule_does_not_end_with_it(sell, read):
    payload = schedule(sell(("10.00", 1), risk="INVESTIGATE"), "2027-02-01T00:00:00Z")
    order = read(payload)
    assert order.hold_until is None
    assert "fraud" in order.hold and "2027-02-01" in order.hold


def test_what_another_location_waits_for_is_not_ours(sell, read, service):
    payload = sell(("10.00", 1), {"title": "Theirs", "price": "5.00", "location": service})
    payload["fulfillmentOrders"][1].update(
        status="ON_HOLD", fulfillmentHolds=[{"displayReason": "No stock", "reasonNotes": None}]
    )
    assert read(payload).hold is None


# -- not by a parcel ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delivery", "pickup"),
    [("PICK_UP", True), ("PICKUP_POINT", True), ("LOCAL", True), ("RETAIL", True), ("SHIPPING", False), (None, False)],
)
def test_how_it_is_handed_over(sell, read, delivery, pickup):
    payload = sell(("10.00", 1), delivery=delivery or "NONE")
    if delivery is None:
        payload["fulfillmentOrders"][0]["deliveryMethod"] = None
    assert read(payload).pickup is pickup


def test_a_part_that_is_sent_needs_an_address(sell, sim, read):
    other = sim.shop.add_location("Shop")
    payload = sell(("10.00", 1), {"title": "B", "price": "1.00", "location": other}, delivery="PICK_UP")
    payload["fulfillmentOrders"][1]["deliveryMethod"] = {"methodType": "SHIPPING"}
    assert read(payload).pickup is False
