"""Parcels reported to a simulated WooCommerce site and orders cancelled there: once, however often it is tried."""

from __future__ import annotations

from decimal import Decimal

import pytest

from order_channel_mapping.connectors.base import BadPayload, Rejected, Unavailable
from order_channel_mapping.connectors.records import (
    FulfillmentStatus,
    LineQuantity,
    OrderStatus,
    PushStatus,
    Shipment,
)
from tests.marketplaces import woocommerce_refunds
from tests.marketplaces.base import Reply
from tests.unit.test_woocommerce_items import asked

PARCELS, TRACKING = "_order_channel_parcels", "_wc_shipment_tracking_items"


@pytest.fixture
def order(woo):
    """Two mugs and a tee."""
    lines = [{"sku": "MUG", "quantity": 2}, {"sku": "TEE-S", "quantity": 1}]
    address = {"first_name": "Kim", "address_1": "1 Street", "country": "US"}
    return woo.shop.add_order({"status": "processing", "line_items": lines, "billing": address, "shipping": address})


def parcel(order, mugs=2, tees=1, number="T-1", key=None, **values):
    lines = zip(order["line_items"], (mugs, tees), strict=True)
    parts = tuple(LineQuantity(str(line["id"]), Decimal(quantity)) for line, quantity in lines if quantity)
    values = {"carrier": "DHL", "tracking_url": f"https://dhl.example/{number}", **values}
    return Shipment(str(order["id"]), parts, number, idempotency_key=key or f"key-{number}", **values)


def metas(woo, order, key):
    return [entry["value"] for entry in woo.shop.order(order["id"])["meta_data"] if entry["key"] == key]


def notes(woo):
    """What was written, other than by WooCommerce itself when an order changes its status."""
    own = [entry for entry in woo.shop.order_notes if not entry["note"].startswith("Order status changed")]
    return [(entry["note"], entry["customer_note"]) for entry in own]


def test_a_parcel_with_everything(woo, order, woo_connect):
    connector = woo_connect()
    result = connector.ship(parcel(order))
    assert (result.status, result.ref) == (PushStatus.OK, "key-T-1")
    assert woo.shop.order(order["id"])["status"] == "completed"
    assert notes(woo) == [("Shipped with DHL, tracking number T-1: https://dhl.example/T-1", True)]
    ((item,),) = metas(woo, order, TRACKING)
    assert (item["tracking_number"], item["custom_tracking_provider"]) == ("T-1", "DHL")
    assert item["custom_tracking_link"] == "https://dhl.example/T-1"
    assert connector.calls == 3, "the order read, the order written, the note"


@pytest.mark.parametrize("times", [2, 3])
def test_a_parcel_reported_again_is_reported_once(woo, order, woo_connect, times):
    for _time in range(times):
        assert woo_connect().ship(parcel(order)).ref == "key-T-1"
    assert len(notes(woo)) == 1
    assert [len(value) for value in metas(woo, order, PARCELS) + metas(woo, order, TRACKING)] == [1, 1]


def test_a_note_whose_answer_was_lost_is_not_written_again(woo, order, woo_connect):
    handle, connector = woo.handle, woo_connect()

    def losing(request):
        reply = handle(request)
        return Reply(502, b"<html>Bad gateway</html>") if request.path.endswith("/notes") else reply

    woo.handle = losing
    with pytest.raises(Unavailable) as caught:
        connector.ship(parcel(order))
    assert caught.value.sent
    woo.handle = handle
    assert woo_connect().ship(parcel(order)).status == PushStatus.OK
    assert len(notes(woo)) == 1


def test_a_note_that_was_not_written_is_written_later(woo, order, woo_connect):
    handle, refusal = woo.handle, Reply(400, {"code": "no", "message": "No.", "data": {"status": 400}})
    woo.handle = lambda request: refusal if request.path.endswith("/notes") else handle(request)
    with pytest.raises(Rejected):
        woo_connect().ship(parcel(order))
    woo.handle = handle
    woo_connect().ship(parcel(order))
    assert len(notes(woo)) == 1


def test_two_parcels(woo, order, woo_connect):
    woo_connect().ship(parcel(order, mugs=1, tees=0, number="T-1"))
    assert woo.shop.order(order["id"])["status"] == "processing"
    partly = woo_connect().get_order(str(order["id"]))
    assert partly.fulfillment_status == FulfillmentStatus.PARTIAL
    assert [line.fulfilled_quantity for line in partly.lines] == [1, 0]
    woo_connect().ship(parcel(order, mugs=1, tees=1, number="T-2"))
    whole = woo_connect().get_order(str(order["id"]))
    assert (whole.status, whole.fulfillment_status) == (OrderStatus.COMPLETED, FulfillmentStatus.FULFILLED)
    assert [fulfillment.tracking_numbers for fulfillment in whole.fulfillments] == [("T-1",), ("T-2",)]
    assert whole.fulfillments[1].lines == parcel(order, mugs=1, tees=1).lines


def test_a_parcel_without_lines_is_all_that_was_open(woo, order, woo_connect):
    woo_connect().ship(Shipment(str(order["id"]), (), "T-1"))
    assert woo.shop.order(order["id"])["status"] == "completed"


def test_what_was_refunded_need_not_be_shipped(woo, order, woo_connect):
    part = woocommerce_refunds.share(order["line_items"][1], 1)
    woocommerce_refunds.refund(woo.shop, woo.shop.order(order["id"]), {"api_refund": False, "line_items": [part]})
    woo_connect().ship(parcel(order, tees=0))
    assert woo.shop.order(order["id"])["status"] == "completed"


def test_virtual_things_need_not_be_shipped(woo, woo_connect):
    woo.shop.add_product("E-book", sku="BOOK", virtual=True)
    woo.shop.edit_product("TEE-M", virtual=True)
    lines = [{"sku": "MUG"}, {"sku": "BOOK"}, {"sku": "TEE-M"}, {"sku": "TEE-S"}]
    order = woo.shop.add_order({"status": "processing", "line_items": lines})
    mug, _book, _tee_m, tee_s = (str(line["id"]) for line in order["line_items"])
    woo_connect().ship(Shipment(str(order["id"]), (LineQuantity(mug, Decimal(1)),), "T-1"))
    assert woo.shop.order(order["id"])["status"] == "processing", "a tee is still to be shipped"
    woo_connect().ship(Shipment(str(order["id"]), (LineQuantity(tee_s, Decimal(1)),), "T-2"))
    assert woo.shop.order(order["id"])["status"] == "completed"


@pytest.mark.parametrize("option", ["ship_complete", "ship_note", "ship_tracking_meta"])
def test_each_part_can_be_switched_off(woo, order, woo_connect, option):
    woo_connect(**{option: False}).ship(parcel(order))
    done = {
        "ship_complete": woo.shop.order(order["id"])["status"] == "completed",
        "ship_note": bool(notes(woo)),
        "ship_tracking_meta": bool(metas(woo, order, TRACKING)),
    }
    assert done.pop(option) is False
    assert all(done.values())
    assert metas(woo, order, PARCELS), "what was shipped is known in any case"


def test_a_quiet_parcel(woo, order, woo_connect):
    woo_connect().ship(parcel(order, notify=False))
    assert [to_buyer for _note, to_buyer in notes(woo)] == [False]


def test_a_number_that_somebody_entered_in_the_extension(woo, order, woo_connect):
    record = woo.shop.order(order["id"])
    woo.shop.set_meta(record["meta_data"], TRACKING, [{"tracking_number": "T-1", "tracking_id": "x"}])
    woo.shop.add_note(order["id"], "Your parcel T-1 is on its way", customer_note=True)
    woo.shop.add_note(order["id"], "Not to be mixed up with T-11")
    woo_connect().ship(parcel(order))
    assert [len(value) for value in metas(woo, order, TRACKING)] == [1]
    assert len(notes(woo)) == 2, "the buyer knows the number already"
    assert woo.shop.order(order["id"])["status"] == "completed"


def test_a_number_that_is_only_a_part_of_another_one(woo, order, woo_connect):
    record = woo.shop.order(order["id"])
    woo.shop.set_meta(record["meta_data"], TRACKING, [{"tracking_number": "T-1", "tracking_id": "x"}])
    woo.shop.add_note(order["id"], "Your parcel T-11 is on its way", customer_note=True)
    woo_connect().ship(parcel(order))
    assert len(notes(woo)) == 2


@pytest.mark.parametrize("status", ["cancelled", "failed", "refunded", "trash"])
def test_an_order_that_is_over_takes_no_parcel(woo, order, woo_connect, status):
    woo.shop.touch_order(order["id"], status=status)
    result = woo_connect().ship(parcel(order))
    assert (result.status, result.code) == (PushStatus.FAILED, "order_cancelled")
    assert not notes(woo)
    assert not metas(woo, order, PARCELS)


def test_a_parcel_that_was_reported_before_the_order_was_refunded(woo, order, woo_connect):
    woo_connect().ship(parcel(order))
    woo.shop.touch_order(order["id"], status="refunded")
    assert woo_connect().ship(parcel(order)).status == PushStatus.OK
    assert woo.shop.order(order["id"])["status"] == "refunded"


def test_an_order_that_is_not_there(woo_connect, order):
    with pytest.raises(Rejected) as caught:
        woo_connect().ship(Shipment("999999", (), "T-1"))
    assert caught.value.code == "not_found"


def test_another_orders_answer(woo, order, woo_connect):
    handle = woo.handle
    woo.handle = lambda request: (
        Reply(200, {"id": 1, "status": "completed"}) if request.method == "PUT" else handle(request)
    )
    with pytest.raises(BadPayload):
        woo_connect().ship(parcel(order))


# -- another number ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2])
def test_a_number_is_corrected(woo, order, woo_connect, times):
    ref = woo_connect().ship(parcel(order)).ref
    for _time in range(times):
        result = woo_connect().update_tracking(ref, parcel(order, number="T-9", key="tracking-1"))
        assert (result.status, result.ref) == (PushStatus.OK, ref)
    assert [item["tracking_number"] for item in metas(woo, order, TRACKING)[0]] == ["T-9"]
    assert [entry["number"] for entry in metas(woo, order, PARCELS)[0]] == ["T-9"]
    assert [note.split()[5].rstrip(":") for note, _to_buyer in notes(woo)] == ["T-1", "T-9"]
    assert woo_connect().ship(parcel(order)).ref == ref


def test_the_number_of_a_parcel_that_nobody_knows(woo, order, woo_connect):
    result = woo_connect().update_tracking("unknown", parcel(order))
    assert (result.status, result.code) == (PushStatus.FAILED, "no_fulfillment")


# -- cancelling -------------------------------------------------------------------------------------------------------


def test_an_order_is_cancelled_once(woo, order, woo_connect):
    before = woo.shop.available("MUG")
    for _time in range(2):
        assert woo_connect().cancel(str(order["id"]), "customer").status == PushStatus.OK
    assert woo.shop.order(order["id"])["status"] == "cancelled"
    assert woo.shop.available("MUG") == before + 2, "its goods are on sale again, once"
    assert sum(request.method == "PUT" for request in woo.requests) == 1


@pytest.mark.parametrize("status", ["completed", "refunded", "failed", "trash", "collected"])
def test_an_order_that_is_done_is_not_cancelled(woo, order, woo_connect, status):
    woo.shop.statuses["collected"] = "Collected"
    woo.shop.touch_order(order["id"], status=status)
    result = woo_connect(statuses={"collected": "completed"}).cancel(str(order["id"]), "customer")
    expected = (PushStatus.OK, None) if status == "failed" else (PushStatus.FAILED, "not_cancelled")
    assert (result.status, result.code) == expected
    assert asked(woo) == [f"/orders/{order['id']}"]
