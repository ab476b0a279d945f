"""WooCommerce's orders as records: amounts to the cent, what will still be delivered, people, lines without an item."""

from __future__ import annotations

import copy
import json
from datetime import datetime, timezone
from decimal import Decimal

import pytest

from order_channel_mapping.connectors.base import BadPayload
from order_channel_mapping.connectors.records import FulfillmentStatus, LineKind, OrderStatus, PaymentStatus
from order_channel_mapping.connectors.woocommerce_amounts import settle
from order_channel_mapping.connectors.woocommerce_orders import lost_lines, suspects
from order_channel_mapping.connectors.woocommerce_orders import order as read
from order_channel_mapping.connectors.woocommerce_statuses import Statuses
from order_channel_mapping.tools.amounts import line_amounts
from order_channel_mapping.tools.digest import to_json
from tests.marketplaces.shopify_graphql import specs_folder

CENT = Decimal("0.01")


@pytest.fixture
def captured():
    """A capture of a live WooCommerce 11.0.1, by its name."""
    folder = specs_folder() / "woocommerce" / "captured"

    def load(name):
        if not folder.is_dir():
            pytest.skip("official specs not present")
        return json.loads((folder / f"{name}.json").read_text())["body"]

    return load


def taxed(rate_id, total, subtotal=None):
    return {"id": rate_id, "total": total, "subtotal": total if subtotal is None else subtotal}


def line(number=1, net="10.00", tax="0.00", **values):
    return {
        "id": number,
        "name": f"Thing {number}",
        "product_id": 100 + number,
        "variation_id": 0,
        "quantity": 1,
        "subtotal": net,
        "subtotal_tax": tax,
        "total": net,
        "total_tax": tax,
        "taxes": [taxed(1, tax)] if Decimal(tax) else [],
        "meta_data": [],
        "sku": f"SKU-{number}",
        "parent_name": None,
        **values,
    }


def rate(number=1, percent=19, goods="0.00", shipping="0.00", code="DE-MWST-1", **values):
    return {
        "rate_id": number,
        "rate_code": code,
        "label": "MwSt",
        "compound": False,
        "rate_percent": percent,
        "tax_total": goods,
        "shipping_tax_total": shipping,
        **values,
    }


PERSON = {"first_name": "Kim", "last_name": "O&#039;Hara", "address_1": "1 Street", "city": "Berlin", "country": "DE"}


def payload(*lines, total, **values):
    return {
        "id": 17,
        "number": "W-17",
        "status": "processing",
        "currency": "EUR",
        "prices_include_tax": False,
        "date_created_gmt": "2026-11-02T09:30:00",
        "date_modified_gmt": "2026-11-02T09:31:00",
        "date_paid_gmt": "2026-11-02T09:30:00",
        "date_completed_gmt": None,
        "total": total,
        "customer_id": 0,
        "billing": {**PERSON, "email": "kim@example.com", "phone": "1"},
        "shipping": PERSON,
        "payment_method": "stripe",
        "customer_note": "",
        "meta_data": [],
        "line_items": list(lines),
        "tax_lines": [],
        "shipping_lines": [],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [],
        **values,
    }


def read_order(order, refunds=(), lost=(), **chosen):
    return read(order, refunds, Statuses(chosen), lost)


def assert_adds_up(order, coin=CENT):
    """What the models make of the lines is the total, to the coin."""
    assert sum((line.total for line in order.lines), Decimal(0)) == order.total
    booked = Decimal(0)
    for entry in order.lines:
        parts = line_amounts(
            entry.quantity, 0, entry.subtotal, entry.discount, to_json(entry.taxes), -coin.as_tuple().exponent
        )
        assert parts.seller_total == entry.total
        booked += parts.seller_total
    assert booked == order.total
    for entry in order.lines:
        for value in (entry.subtotal, entry.discount, entry.total, *(tax.amount for tax in entry.taxes)):
            assert value == value.quantize(coin)


# -- a real order -----------------------------------------------------------------------------------------------------


def test_a_real_order(captured):
    order = read_order(captured("order_created"))
    tee, shipping, gift_wrap = order.lines
    assert (order.external_id, order.number, order.total, order.currency) == ("17", "17", Decimal("68.04"), "USD")
    assert order.placed_at == datetime(2026, 11, 21, 21, 29, 36, tzinfo=timezone.utc)
    assert (tee.item_id, tee.sku, tee.name, tee.quantity) == ("12", "TEE-M", "Tee - M", 3)
    assert (tee.subtotal, tee.discount, tee.total) == (Decimal("60.00"), Decimal("6.00"), Decimal("58.32"))
    (tax,) = tee.taxes
    assert (tax.code, tax.name, tax.rate, tax.amount) == ("US-NY-NY TAX-1", "NY tax", Decimal("0.08"), Decimal("4.32"))
    assert (tax.included, tax.country) == (False, "US")
    assert (shipping.kind, shipping.total, shipping.sku) == (LineKind.SHIPPING, Decimal("7.56"), "flat_rate")
    assert (gift_wrap.kind, gift_wrap.total, gift_wrap.item_id) == (LineKind.FEE, Decimal("2.16"), None)
    assert (order.status, order.payment_status) == (OrderStatus.OPEN, PaymentStatus.PAID)
    assert order.shipping_method == "Flat"
    assert order.buyer.ref is None
    assert order.buyer.name == "B C"
    assert order.shipping.state == "NY"
    assert order.hold is None
    assert_adds_up(order)


def test_a_real_refund_before_completion_lowers_what_is_owed(captured):
    refund = captured("order_refund_created")
    order = copy.deepcopy(captured("order_get_final"))
    order |= {"status": "processing", "date_completed_gmt": None}
    record = read_order(order, [refund])
    assert record.lines[0].cancelled_quantity == 1
    assert record.total == Decimal("58.04")
    (given_back,) = record.refunds
    assert (given_back.external_id, given_back.amount, given_back.reason) == ("18", Decimal("10.00"), "damaged")
    assert [(part.external_id, part.quantity, part.amount) for part in given_back.lines] == [("7", 1, Decimal("10.00"))]
    assert record.payment_status == PaymentStatus.PARTIALLY_REFUNDED


def test_a_real_line_whose_variation_was_deleted(captured):
    order = captured("order_line_after_variation_deleted")
    assert suspects(order) == {10}
    assert lost_lines(order, simple=()) == {7}
    assert lost_lines(order, simple={10}) == set(), "a simple product with personalisation"
    lost = read_order(order, lost={7}).lines[0]
    assert (lost.item_id, lost.sku, lost.name) == (None, None, "Tee - M")


# -- amounts ----------------------------------------------------------------------------------------------------------


def test_prices_that_include_tax():
    """What the shop keeps as 8.403361 and 1.596639 was sold for 10.00."""
    goods = line(
        net="8.403361",
        tax="1.596639",
        quantity=2,
        subtotal="16.806723",
        taxes=[taxed(1, "1.596639", "3.193277")],
        subtotal_tax="3.193277",
    )
    shipping = {
        "id": 5,
        "method_id": "flat_rate",
        "method_title": "Parcel",
        "total": "4.201681",
        "total_tax": "0.798319",
    }
    shipping["taxes"] = [taxed(1, "0.798319", "")]
    order = read_order(
        payload(
            goods,
            total="15.00",
            prices_include_tax=True,
            shipping_lines=[shipping],
            tax_lines=[rate(goods="1.60", shipping="0.80")],
        )
    )
    sold, sent = order.lines
    assert order.prices_include_tax
    assert (sold.subtotal, sold.discount, sold.total) == (Decimal("20.00"), Decimal("10.00"), Decimal("10.00"))
    assert [(tax.amount, tax.included, tax.rate) for tax in sold.taxes] == [(Decimal("1.60"), True, Decimal("0.19"))]
    assert (sent.subtotal, sent.total) == (Decimal("5.00"), Decimal("5.00"))
    assert_adds_up(order)


def test_half_cents_on_both_sides_do_not_make_a_cent():
    """9.99 with 20% inside is 8.325 and 1.665: rounded apart they would be 10.00."""
    goods = line(net="8.325", tax="1.665")
    order = read_order(
        payload(goods, total="9.99", prices_include_tax=True, tax_lines=[rate(percent=20, goods="1.67")])
    )
    assert order.lines[0].total == Decimal("9.99")
    assert_adds_up(order)


def test_taxes_that_the_store_rounds_as_a_sum():
    """Three times 0.825 is 2.48 with rounding at the end, not 2.49."""
    lines = [line(number, net="10.00", tax="0.825") for number in (1, 2, 3)]
    order = read_order(payload(*lines, total="32.48", tax_lines=[rate(percent="8.25", goods="2.48")]))
    amounts = [tax.amount for entry in order.lines for tax in entry.taxes]
    assert sum(amounts) == Decimal("2.48")
    assert sorted(amounts) == [Decimal("0.82"), Decimal("0.83"), Decimal("0.83")]
    assert len(order.lines) == 3, "no rounding line is needed"
    assert_adds_up(order)


def test_several_rates_and_a_compound_one():
    goods = line(net="100.00", tax="14.975", taxes=[taxed(1, "5.00"), taxed(2, "9.975")])
    rates = [rate(1, 5, "5.00", code="CA-QC-GST-1"), rate(2, "9.975", "9.98", code="CA-QC-QST-2", compound=True)]
    order = read_order(payload(goods, total="114.98", tax_lines=rates))
    assert [(tax.code, tax.rate, tax.amount, tax.country) for tax in order.lines[0].taxes] == [
        ("CA-QC-GST-1", Decimal("0.05"), Decimal("5.00"), "CA"),
        ("CA-QC-QST-2", Decimal("0.09975"), Decimal("9.98"), "CA"),
    ]
    assert_adds_up(order)


def test_a_fee_that_lowers_the_total_is_a_discount():
    fee = {"id": 9, "name": "Loyalty", "total": "-2.00", "total_tax": "-0.38", "taxes": [taxed(1, "-0.38", "")]}
    order = read_order(
        payload(line(net="10.00", tax="1.90"), total="9.52", fee_lines=[fee], tax_lines=[rate(goods="1.52")])
    )
    assert (order.lines[1].kind, order.lines[1].subtotal) == (LineKind.DISCOUNT, Decimal("-2.00"))
    assert_adds_up(order)


def test_given_away():
    goods = line(net="0.00", subtotal="10.00", subtotal_tax="1.90", taxes=[taxed(1, "0", "1.90")])
    order = read_order(payload(goods, total="0.00", tax_lines=[rate()], date_paid_gmt=None))
    assert (order.lines[0].subtotal, order.lines[0].discount) == (Decimal("10.00"), Decimal("10.00"))
    assert order.payment_status == PaymentStatus.PAID
    assert_adds_up(order)


def test_a_cent_that_no_rounding_explains_is_a_line_of_its_own():
    order = read_order(payload(line(), total="10.01"))
    assert [(entry.kind, entry.total) for entry in order.lines[1:]] == [(LineKind.ROUNDING, CENT)]
    assert_adds_up(order)


def test_a_difference_that_is_more_than_rounding_is_left_to_a_person():
    order = read_order(payload(line(), total="7.00"))
    assert len(order.lines) == 1
    assert (order.total, order.lines[0].total) == (Decimal("7.00"), Decimal("10.00"))


def test_a_currency_without_decimals():
    order = read_order(
        payload(line(net="1000", tax="99.6"), total="1100", currency="JPY", tax_lines=[rate(goods="100")])
    )
    assert (order.lines[0].taxes[0].amount, order.lines[0].total) == (Decimal(100), Decimal(1100))


def test_a_tax_of_a_rate_that_is_not_named():
    order = read_order(payload(line(net="10.00", tax="0.00", total_tax="1.90"), total="11.90"))
    assert [(tax.code, tax.rate, tax.amount) for tax in order.lines[0].taxes] == [("tax", None, Decimal("1.90"))]
    assert_adds_up(order)


@pytest.mark.parametrize(
    ("values", "target", "settled"),
    [
        (["0.333", "0.333", "0.334"], None, ["0.33", "0.33", "0.34"]),
        (["0.333", "0.333", "0.333"], "1.00", ["0.34", "0.33", "0.33"]),
        (["1.00", "2.005"], "3.00", ["1.00", "2.00"]),
        (["1.00", "2.00"], "3.01", ["1.00", "2.00"]),
        (["0.335", "5.00"], "2.00", ["0.34", "5.00"]),
        (["-0.335", "-0.335"], "-0.67", ["-0.33", "-0.34"]),
        ([], "1.00", []),
    ],
)
def test_settling(values, target, settled):
    found = settle([Decimal(value) for value in values], target and Decimal(target), CENT)
    assert found == [Decimal(value) for value in settled]


# -- statuses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slug", "status", "hold", "skip"),
    [
        ("processing", OrderStatus.OPEN, None, False),
        ("on-hold", OrderStatus.OPEN, "Status 'On hold' at the store.", False),
        ("pending", OrderStatus.OPEN, "Status 'Pending payment' at the store.", False),
        ("completed", OrderStatus.COMPLETED, None, False),
        ("refunded", OrderStatus.CANCELLED, None, False),
        ("cancelled", OrderStatus.CANCELLED, None, False),
        ("failed", OrderStatus.CANCELLED, None, False),
        ("awaiting-pickup", OrderStatus.OPEN, "Status 'Awaiting pickup' at the store.", False),
        ("checkout-draft", OrderStatus.OPEN, "Status 'Draft' at the store.", True),
        ("trash", OrderStatus.OPEN, "It is in the store's trash.", True),
    ],
)
def test_what_a_status_means(slug, status, hold, skip):
    order = read_order(payload(line(), total="10.00", status=slug))
    assert (order.status, order.hold, order.skip) == (status, hold, skip)


def test_the_seller_decides_what_a_status_means():
    order = payload(line(), total="10.00", status="awaiting-pickup")
    assert read_order(order, **{"awaiting-pickup": "open"}).hold is None
    assert read_order(order, **{"awaiting-pickup": "completed"}).status == OrderStatus.COMPLETED
    assert read_order(order, **{"awaiting-pickup": "skip"}).skip
    assert read_order(order, processing="hold").hold


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({}, PaymentStatus.PAID),
        ({"date_paid_gmt": None}, PaymentStatus.AUTHORIZED),  # to be processed all the same: paid on delivery
        ({"date_paid_gmt": None, "status": "on-hold"}, PaymentStatus.PENDING),
        ({"date_paid_gmt": None, "status": "failed"}, PaymentStatus.VOIDED),
        ({"refunds": [{"id": 1, "reason": "", "total": "-4.00"}]}, PaymentStatus.PARTIALLY_REFUNDED),
        ({"refunds": [{"id": 1, "reason": "", "total": "-10.00"}]}, PaymentStatus.REFUNDED),
    ],
)
def test_payment(values, status):
    assert read_order(payload(line(), total="10.00", **values)).payment_status == status


# -- what will still be delivered -------------------------------------------------------------------------------------


def refund(number=40, at="2026-11-02T10:00:00", amount="10.00", **quantities):
    """A refund of so many of order lines: ``refund(l1=2)``, 10.00 each."""
    parts = [
        {
            "id": 900 + index,
            "quantity": -quantity,
            "total": f"{-10 * quantity}.00",
            "total_tax": "0.00",
            "meta_data": [{"id": 1, "key": "_refunded_item_id", "value": name[1:]}],
        }
        for index, (name, quantity) in enumerate(quantities.items())
    ]
    return {"id": number, "date_created_gmt": at, "amount": amount, "reason": "", "line_items": parts}


def refunded(refund_payload):
    return {"id": refund_payload["id"], "reason": "", "total": f"-{refund_payload['amount']}"}


def test_what_was_refunded_before_completion_is_cancelled():
    part = refund(l1=1)
    order = read_order(payload(line(1, "30.00", quantity=3), total="30.00", refunds=[refunded(part)]), [part])
    assert (order.lines[0].cancelled_quantity, order.lines[0].fulfilled_quantity) == (1, 0)
    assert order.total == Decimal("20.00")


def test_what_was_refunded_after_completion_was_returned():
    part = refund(l1=1, at="2026-11-05T10:00:00")
    completed = {"status": "completed", "date_completed_gmt": "2026-11-04T10:00:00"}
    order = read_order(
        payload(line(1, "30.00", quantity=3), total="30.00", **completed, refunds=[refunded(part)]), [part]
    )
    assert (order.lines[0].cancelled_quantity, order.lines[0].fulfilled_quantity) == (0, 3)
    assert order.total == Decimal("30.00")
    assert order.fulfillment_status == FulfillmentStatus.FULFILLED


def test_what_was_refunded_before_and_after_completion():
    parts = [refund(40, l1=1), refund(41, at="2026-11-05T10:00:00", l1=1)]
    completed = {"status": "completed", "date_completed_gmt": "2026-11-04T10:00:00"}
    order = payload(
        line(1, "30.00", quantity=3), total="30.00", **completed, refunds=[refunded(part) for part in parts]
    )
    record = read_order(order, parts)
    assert (record.lines[0].cancelled_quantity, record.lines[0].fulfilled_quantity) == (1, 2)
    assert record.total == Decimal("20.00")


def test_what_is_given_back_after_completion_was_taken_back_is_not_delivered():
    """WooCommerce keeps the date of completion when an order is processed again."""
    part = refund(at="2026-11-05T10:00:00", l1=1)
    again = {"status": "processing", "date_completed_gmt": "2026-11-04T10:00:00"}
    order = read_order(payload(line(1, "30.00", quantity=3), total="30.00", **again, refunds=[refunded(part)]), [part])
    assert (order.lines[0].cancelled_quantity, order.lines[0].fulfilled_quantity) == (1, 0)
    assert (order.total, order.fulfillment_status) == (Decimal("20.00"), FulfillmentStatus.UNFULFILLED)


def test_an_allowance_cancels_nothing():
    part = refund(amount="5.00")
    order = read_order(payload(line(), total="10.00", refunds=[refunded(part)]), [part])
    assert (order.lines[0].cancelled_quantity, order.total) == (0, Decimal("10.00"))
    assert order.refunds[0].amount == Decimal("5.00")


@pytest.mark.parametrize("values", [{"status": "refunded"}, {"status": "cancelled"}, {"status": "failed"}])
def test_an_order_that_came_to_nothing_is_owed_nothing(values):
    shipping = {"id": 5, "method_id": "flat_rate", "method_title": "Parcel", "total": "5.00", "taxes": []}
    order = read_order(payload(line(), total="15.00", shipping_lines=[shipping], **values))
    assert [entry.cancelled_quantity for entry in order.lines] == [1, 1]
    assert order.total == 0
    assert order.fulfillment_status == FulfillmentStatus.UNFULFILLED


def test_parcels_tell_what_was_shipped():
    parcels = [{"key": "k1", "number": "T1", "carrier": "DHL", "lines": [{"id": "1", "quantity": "2"}]}]
    tracking = [
        {"tracking_number": "T1", "custom_tracking_provider": "DHL", "date_shipped": "1793600000", "tracking_id": "a"},
        {"tracking_number": "T2", "tracking_provider": "ups", "date_shipped": "", "tracking_id": "b"},
    ]
    metas = [
        {"id": 1, "key": "_order_channel_parcels", "value": parcels},
        {"id": 2, "key": "_wc_shipment_tracking_items", "value": {"0": tracking[0], "2": tracking[1]}},
    ]
    order = read_order(payload(line(1, "30.00", quantity=3), line(2), total="40.00", meta_data=metas))
    assert [entry.fulfilled_quantity for entry in order.lines] == [2, 0]
    assert order.fulfillment_status == FulfillmentStatus.PARTIAL
    assert [(parcel.external_id, parcel.tracking_numbers, parcel.carrier) for parcel in order.fulfillments] == [
        ("k1", ("T1",), "DHL"),
        ("b", ("T2",), "ups"),
    ]
    assert order.fulfillments[0].created_at == datetime.fromtimestamp(1793600000, timezone.utc)


# -- lines and people -------------------------------------------------------------------------------------------------


def test_a_line_without_a_product_names_no_item():
    assert read_order(payload(line(product_id=0, sku=None), total="10.00")).lines[0].item_id is None


def test_a_lost_variation_is_told_by_its_title():
    """Three attributes are too many for WooCommerce's own title; the SKU is that of the whole product."""
    metas = [
        {"key": key, "value": value, "display_key": key.title(), "display_value": value}
        for key, value in (("colour", "Blue"), ("size", "M"), ("cut", "Slim"), ("_hidden", "x"))
    ]
    goods = line(name="Tee", sku="PARENT", meta_data=metas)
    lost = read_order(payload(goods, total="10.00"), lost={1}).lines[0]
    assert (lost.item_id, lost.sku, lost.name) == (None, None, "Tee, Blue, M, Slim")


def test_personalisation():
    metas = [
        {"key": "size", "value": "m", "display_key": "Size", "display_value": "M"},
        {"key": "Engraving", "value": "x", "display_key": "Engraving", "display_value": "<p>For Kim &amp; Jo</p>"},
        {"key": "extras", "value": ["ribbon", "card"]},
        {"key": "internals", "value": {"a": 1}},
        {"key": "_reduced_stock", "value": "1"},
    ]
    goods = line(name="Mug - M", variation_id=12, meta_data=metas)
    order = read_order(payload(goods, total="10.00"))
    assert order.lines[0].item_id == "12"
    assert dict(order.lines[0].attributes) == {"Engraving": "For Kim & Jo", "extras": "ribbon, card"}


def test_what_needs_no_shipping():
    order = read_order(payload(line(), total="10.00", shipping={"first_name": "", "address_1": "", "country": "DE"}))
    assert order.shipping is None
    assert not order.lines[0].physical


def test_shipping_to_the_billing_address():
    pickup = {
        "id": 5,
        "method_id": "flat_rate",
        "instance_id": "3",
        "method_title": "Parcel",
        "total": "0",
        "taxes": [],
    }
    order = read_order(payload(line(), total="10.00", shipping={}, shipping_lines=[pickup]))
    assert order.shipping == order.billing
    assert order.lines[0].physical
    assert order.lines[1].sku == "flat_rate:3"


def test_a_buyer_with_an_account():
    metas = [{"id": 1, "key": "_billing_vat_number", "value": "DE123456789"}]
    buyer = read_order(payload(line(), total="10.00", customer_id=5, meta_data=metas)).buyer
    assert (buyer.ref, buyer.vat, buyer.email) == ("5", "DE123456789", "kim@example.com")
    assert buyer.name == "Kim O'Hara"


@pytest.mark.parametrize(
    "broken",
    [
        {"total": "free"},
        {"total": None},
        {"currency": None, "line_items": [{"id": 1}]},
        {"date_modified_gmt": "yesterday"},
        {"line_items": None},
        {"line_items": [{}]},
        {"tax_lines": [{}]},
        {"status": None},
        {"billing": "x"},
    ],
)
def test_an_order_that_can_not_be_read(broken):
    with pytest.raises(BadPayload):
        read_order({**payload(line(), total="10.00"), **broken})
