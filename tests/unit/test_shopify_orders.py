"""Orders of a simulated shop as records: every amount in its place, every order whole."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from order_channel_mapping.connectors.records import (
    CollectedBy,
    FulfillmentStatus,
    LineKind,
    OrderStatus,
    PaymentStatus,
)
from order_channel_mapping.tools.amounts import line_amounts
from order_channel_mapping.tools.digest import to_json
from tests.marketplaces import catalogue
from tests.marketplaces.shopify_graphql import FieldFault


def sum_of_lines(order):
    return sum(line.total for line in order.lines)


def kinds(order):
    return [line.kind for line in order.lines]


# -- amounts ----------------------------------------------------------------------------------------------------------


def test_prices_with_tax(sell, read):
    order = read(sell(("10.00", 3), shipping=[{"title": "DHL", "price": "4.90"}]))
    goods, shipping = order.lines
    assert (goods.quantity, goods.subtotal, goods.discount, goods.total) == (3, Decimal("30.00"), 0, Decimal("30.00"))
    (tax,) = goods.taxes
    assert (tax.name, tax.rate, tax.amount, tax.included) == ("VAT", Decimal("0.19"), Decimal("4.79"), True)
    assert (tax.collected_by, tax.country) == (CollectedBy.SELLER, "DE")
    assert (shipping.kind, shipping.name, shipping.total) == (LineKind.SHIPPING, "DHL", Decimal("4.90"))
    assert (order.shipping_method, order.prices_include_tax) == ("DHL", True)
    assert order.total == sum_of_lines(order) == Decimal("34.90")


def test_prices_without_tax(sell, read):
    order = read(sell(("10.00", 3), included=False))
    (goods,) = order.lines
    assert (goods.subtotal, goods.taxes[0].amount, goods.total) == (Decimal("30.00"), Decimal("5.70"), Decimal("35.70"))
    assert not goods.taxes[0].included
    assert order.total == Decimal("35.70")


def test_tax_that_the_marketplace_collects(sell, read):
    taxes = [{"title": "VAT", "rate": 0.19}, {"title": "Marketplace tax", "rate": 0.05, "channel_liable": True}]
    order = read(sell(("100.00", 1), included=False, taxes=taxes))
    assert [tax.collected_by for tax in order.lines[0].taxes] == [CollectedBy.SELLER, CollectedBy.MARKETPLACE]
    assert order.lines[0].total == Decimal("124.00"), "whoever collects it, the buyer pays it"
    assert order.total == sum_of_lines(order)


def test_discounts_of_lines_and_of_the_order(sell, sim, read):
    first = sim.shop.add_variant(sim.shop.add_product("A"), price="20.00")
    second = sim.shop.add_variant(sim.shop.add_product("B"), price="10.00")
    lines = [{"variant": first, "discount": "2.00"}, {"variant": second}]
    order = read(sell(*lines, discount="5.00", shipping=[{"price": "4.00", "discount": "4.00"}]))
    assert [line.discount for line in order.lines] == [Decimal("5.33"), Decimal("1.67"), Decimal("4.00")]
    assert [line.total for line in order.lines] == [Decimal("14.67"), Decimal("8.33"), 0]
    assert order.total == sum_of_lines(order) == Decimal("23.00")


def test_free_shipping_that_names_no_discount(sell, sim, read):
    payload = sell(("10.00", 1), shipping=[{"price": "4.00", "discount": "4.00"}])
    payload["shippingLines"][0]["discountAllocations"] = []
    shipping = read(payload).lines[1]
    assert (shipping.subtotal, shipping.discount, shipping.total) == (Decimal("4.00"), Decimal("4.00"), 0)


def test_a_tip_is_a_line_of_its_kind(sell, read):
    order = read(sell(("10.00", 1), tip="2.00"))
    tip = order.lines[1]
    assert (tip.kind, tip.total, tip.quantity, tip.cancelled_quantity, tip.physical) == (
        LineKind.TIP,
        Decimal("2.00"),
        1,
        0,
        False,
    )
    assert order.total == sum_of_lines(order) == Decimal("12.00")


def test_a_tip_without_a_line(sell, read):
    payload = sell(("10.00", 1))
    for name, amount in (
        ("totalTipReceivedSet", "1.50"),
        ("totalPriceSet", "11.50"),
        ("currentTotalPriceSet", "11.50"),
    ):
        payload[name]["presentmentMoney"]["amount"] = amount
    order = read(payload)
    assert (order.lines[1].kind, order.lines[1].external_id) == (LineKind.TIP, f"{order.external_id}/tip")
    assert order.total == sum_of_lines(order) == Decimal("11.50")


TIP = {"title": "Tip", "taxes": [], "physical": False, "fulfillable": False}


def tipped(payload, amount):
    payload["totalTipReceivedSet"]["presentmentMoney"]["amount"] = amount
    return payload


def tips_of(order):
    assert order.total == sum_of_lines(order)
    return [line.total for line in order.lines if line.kind is LineKind.TIP]


def test_two_tips_are_two_lines(sell, read):
    order = read(tipped(sell(("20.00", 1), {**TIP, "price": "2.00"}, {**TIP, "price": "3.00"}), "5.00"))
    assert (tips_of(order), order.total, len(order.lines)) == ([2, 3], Decimal("25.00"), 3)
    assert (tips_of(read(tipped(sell(*[{**TIP, "price": "2.00"}] * 2), "4.00")))) == [2, 2]


@pytest.mark.parametrize(
    ("others", "tip"),
    [
        ([{"title": "Gift wrap", "price": "5.00", "taxes": [], "physical": False}], "5.00"),
        ([{"title": "Balance", "price": "4.00", "taxes": [], "physical": False, "fulfillable": False}], "5.00"),
        ([{"title": "Gift wrap", "price": "2.00", "taxes": [], "physical": False}], "5.00"),
    ],
)
def test_a_custom_line_that_is_no_tip(sell, read, others, tip):
    order = read(tipped(sell(*others, {**TIP, "price": "2.00"}, {**TIP, "price": "3.00"}), tip))
    assert tips_of(order) == [2, 3]
    assert order.lines[0].kind is LineKind.PRODUCT


def test_tips_that_are_to_be_fulfilled_are_known_by_their_title(sell, read):
    tip = {**TIP, "title": "Trinkgeld", "fulfillable": True}
    wrap = {**tip, "title": "Gift wrap", "price": "1.00"}
    assert tips_of(read(tipped(sell({**tip, "price": "2.00"}, wrap, {**tip, "price": "3.00"}), "5.00"))) == [2, 3]


def test_shipping_that_an_edit_removed_is_owed_no_more(sell, read):
    def edited(ordered, current, **spec):
        shipping = [{"title": "Express", "price": "8.00"}, {"title": "Standard", "price": "5.00"}]
        payload = sell(("30.00", 1), shipping=shipping, **spec)
        payload["shippingLines"][0]["isRemoved"] = True
        for name, amount in (("totalPriceSet", ordered), ("currentTotalPriceSet", current)):
            payload[name]["presentmentMoney"]["amount"] = amount
        order = read(payload)
        assert (order.shipping_method, order.total) == ("Standard", sum_of_lines(order))
        return order.total

    assert edited("43.00", "35.00") == 35, "Shopify's total before returns still has it"
    assert edited("35.00", "35.00") == 35, "or has it no more"
    assert edited("43.00", "30.00") == 35, "and something was given back besides"
    assert edited("51.17", "41.65", included=False) == Decimal("41.65"), "with its tax"
    assert edited("49.65", "36.00", included=False) == Decimal("41.65"), "or without"


def test_shipping_that_was_given_back_is_still_owed_as_ordered(sell, read):
    payload = sell(("30.00", 1), shipping=[{"title": "Express", "price": "8.00"}])
    payload["currentTotalPriceSet"]["presentmentMoney"]["amount"] = "30.00"
    order = read(payload)
    assert order.total == sum_of_lines(order) == Decimal("38.00")


def test_a_gift_card_that_paid_changes_no_amount(sell, read):
    order = read(sell(("10.00", 1), gateways=["gift_card", "shopify_payments"]))
    assert order.payment_methods == ("gift_card", "shopify_payments")
    assert (order.lines[0].discount, order.total) == (0, Decimal("10.00"))


def test_a_gift_card_that_is_sold(sell, sim, read):
    card = sim.shop.add_variant(sim.shop.add_product("Gift card", isGiftCard=True), price="25.00", tracked=False)
    order = read(sell({"variant": card, "taxes": []}))
    assert (order.lines[0].kind, order.lines[0].physical, order.lines[0].taxes) == (LineKind.GIFT_CARD, False, ())


def test_what_apps_hide_is_hidden_and_choices_of_one_name_stand_together(sell, sim, read):
    payload = sell(("10.00", 1))
    pairs = [("Engraving", "For <M>\n& <3"), ("_bundle_uid", "8f2c"), ("Extra", "Gift wrap"), ("Extra", "Card")]
    pairs.append(("Print state", 'a:1:{i:0;s:1:"x";}'))
    payload["lineItems"][0]["customAttributes"] = [{"key": key, "value": value} for key, value in pairs]
    order = read(payload)
    assert dict(order.lines[0].attributes) == {"Engraving": "For <M>\n& <3", "Extra": "Gift wrap, Card"}


def test_duties_and_fees_are_lines(sell, sim, read):
    ref = sim.shop.add_variant(sim.shop.add_product("Vase"), price="50.00")
    order = read(sell({"variant": ref, "duty": "3.20"}, fees=[{"name": "Import fee", "price": "2.50"}]))
    fees = [line for line in order.lines if line.kind is LineKind.FEE]
    assert [(fee.name, fee.total) for fee in fees] == [
        ("Import fee", Decimal("2.50")),
        ("Duties: Vase", Decimal("3.20")),
    ]
    assert order.total == sum_of_lines(order) == Decimal("55.70")


def test_duties_that_prices_hold_already(sell, sim, read):
    ref = sim.shop.add_variant(sim.shop.add_product("Vase"), price="50.00")
    payload = sell({"variant": ref, "duty": "3.20"})
    payload["dutiesIncluded"] = True
    assert kinds(read(payload)) == [LineKind.PRODUCT]


@pytest.mark.parametrize("included", [False, True])
def test_a_rate_of_zero_is_a_rate(sell, read, included):
    order = read(sell(("20.00", 1), included=included, taxes=[{"title": "GB VAT", "rate": 0}]))
    assert [(tax.code, tax.rate, tax.amount) for tax in order.lines[0].taxes] == [("GB VAT", 0, 0)]


@pytest.mark.parametrize("rate", [None, 0])
def test_a_tax_whose_rate_is_not_known(sell, read, rate):
    payload = sell(("100.00", 1), ("0.00", 1), included=False, taxes=[{"title": "TX", "rate": 0.0825}])
    for line in payload["lineItems"]:
        line["taxLines"][0]["rate"] = rate
    taxes = [[(tax.rate, tax.amount) for tax in line.taxes] for line in read(payload).lines]
    assert taxes == [[(None, Decimal("8.25"))], []], "nor is a line without an amount one of 0 %"


def test_cash_rounding_is_part_of_what_is_owed(sell, read):
    order = read(sell(("9.98", 1), rounding="0.02"))
    assert (order.lines[1].kind, order.lines[1].name) == (LineKind.ROUNDING, "Cash rounding")
    assert order.lines[1].total == Decimal("0.02")
    assert order.total == sum_of_lines(order) == Decimal("10.00")


def test_cash_rounding_that_the_total_holds_already(sell, read):
    payload = sell(("9.98", 1), rounding="0.02")
    for name in ("totalPriceSet", "currentTotalPriceSet"):
        payload[name]["presentmentMoney"]["amount"] = "10.00"
    order = read(payload)
    assert order.total == sum_of_lines(order) == Decimal("10.00")


def test_amounts_are_in_the_buyers_currency(sell, read):
    order = read(sell(("10.00", 1), currency="USD", rate="0.90"))
    assert (order.currency, order.shop_currency, order.total) == ("USD", "EUR", Decimal("10.00"))


def test_custom_lines_and_personalisation(sell, read):
    custom = {"title": "Engraving", "price": "12.00", "sku": "ENGRAVE", "custom": True}
    order = read(sell({**custom, "attributes": {"Text": "For Kim", "Font": ""}}))
    (line,) = order.lines
    assert (line.item_id, line.sku, line.name, line.kind) == (None, "ENGRAVE", "Engraving", LineKind.PRODUCT)
    assert dict(line.attributes) == {"Text": "For Kim", "Font": ""}


# -- what is told besides ---------------------------------------------------------------------------------------------


def test_buyer_addresses_and_notes(sell, sim, read):
    order = read(
        sell(
            ("10.00", 1),
            customer={"ref": 7, "name": "Robin Muster", "email": "robin@example.com", "phone": "+49301234"},
            note="Ring twice.",
            attributes={"Delivery date": "2026-11-20"},
            fulfill_by="2026-11-05T12:00:00Z",
            test=True,
        )
    )
    assert (order.number, order.placed_at, order.updated_at) == ("#1001", sim.clock(), sim.clock())
    buyer = order.buyer
    assert (buyer.ref, buyer.name, buyer.email, buyer.phone) == (
        "gid://shopify/Customer/7",
        "Robin Muster",
        "robin@example.com",
        "+49301234",
    )
    assert (order.shipping.street, order.shipping.zip, order.shipping.country) == ("Musterweg 7", "10115", "DE")
    assert order.billing == order.shipping
    assert order.note == "Ring twice.\nDelivery date: 2026-11-20"
    assert order.ship_by.isoformat() == "2026-11-05T12:00:00+00:00"
    assert order.location == sim.shop.locations[0]["id"]
    assert (order.test, order.hold) == (True, None)
    assert json.loads(json.dumps(dict(order.raw)))["name"] == "#1001"


BUSINESS = {"company": "ACME Corp", "tax_id": "DE123456789"}


def test_a_company_that_buys(sell, read):
    order = read(sell(("10.00", 1), business=BUSINESS, po_number=" PO-4711 ", customer={"ref": 7, "name": "Kim"}))
    assert (order.buyer.company, order.buyer.vat, order.purchase_order) == ("ACME Corp", "DE123456789", "PO-4711")
    assert (order.buyer.ref, order.buyer.name) == ("gid://shopify/Customer/7", "Robin Muster")


def test_tax_numbers_that_a_country_or_an_app_asks_for(sell, read):
    fields = {"TAX_CREDENTIAL_TYPE_MX": "RFC", "TAX_CREDENTIAL_MX": "GODE561231GR8"}
    assert read(sell(("10.00", 1), tax_fields=fields)).buyer.vat == "GODE561231GR8"
    assert read(sell(("10.00", 1), attributes={"VAT Number": "DE123456789"})).buyer.vat == "DE123456789"
    assert read(sell(("10.00", 1))).buyer.vat is None


def test_what_apps_ask_for_at_the_checkout(sell, read):
    fields = {"PO Number": "PO-4711", "Delivery-Date": "2026/12/12", "_app_state": "queued", "Gift": ""}
    order = read(sell(("10.00", 1), attributes=fields))
    assert (order.purchase_order, order.note) == ("PO-4711", "PO Number: PO-4711\nDelivery-Date: 2026/12/12")
    assert order.ship_by.isoformat() == "2026-12-12T12:00:00+00:00"


def test_an_app_that_may_not_ask_for_companies_still_reads_their_orders(sell, sim, connector, monkeypatch):
    def refuse(*_arguments):
        raise FieldFault("Access denied for company field.", "ACCESS_DENIED")

    monkeypatch.setitem(sim.executor.resolvers, ("PurchasingCompany", "company"), refuse)
    sell(("10.00", 1), business=BUSINESS, po_number="PO-4711")
    (page,) = connector.iter_orders()
    assert [(order.buyer.company, order.buyer.vat, order.purchase_order) for order in page.records] == [
        (None, None, "PO-4711")
    ]


def test_companies_of_a_page_are_asked_for_together(sell, connector):
    for _number in range(4):
        sell(("10.00", 1), business=BUSINESS)
        sell(("10.00", 1))
    (page,) = connector.iter_orders()
    assert [order.buyer.company for order in page.records] == ["ACME Corp", None] * 4
    assert connector.calls == 2


def test_a_guest_without_anything(sell, read):
    assert read(sell(("10.00", 1), address=None)).buyer is None


def test_lines_say_what_they_sell(sell, sim, read):
    order = read(sell(("10.00", 2)))
    variant = next(iter(sim.shop.variants.values()))
    line = order.lines[0]
    assert (line.item_id, line.sku, line.quantity, line.physical) == (variant["id"], variant["sku"], 2, True)


@pytest.mark.parametrize(
    ("said", "status"),
    [("PAID", "paid"), ("PENDING", "pending"), ("AUTHORIZED", "authorized"), ("EXPIRED", "voided"), (None, "pending")],
)
def test_payment(sell, read, said, status):
    payload = sell(("10.00", 1))
    payload["displayFinancialStatus"] = said
    assert read(payload).payment_status is PaymentStatus(status)


def test_a_hold_is_told_in_shopifys_words(sell, sim, read):
    payload = sell(("10.00", 1))
    sim.shop.hold_order(payload["id"], "High risk of fraud")
    assert read(payload).hold == "High risk of fraud"


@pytest.mark.parametrize("advice", ["CANCEL", "INVESTIGATE"])
def test_a_risk_of_fraud_is_a_hold(sell, sim, read, advice):
    payload = sell(("10.00", 1), risk=advice)
    assert "fraud" in read(payload).hold
    sim.shop.cancel(payload["id"])
    assert read(payload).hold is None, "nothing is left to hold back"


def test_lines_from_two_locations_have_no_single_one(sell, sim, read):
    other = sim.shop.add_location("Other")
    first = sim.shop.add_variant(sim.shop.add_product("A"))
    assert read(sell({"variant": first, "location": other}, ("1.00", 1))).location is None


# -- what became of it ------------------------------------------------------------------------------------------------


def test_the_tax_left_after_refunds_is_shopifys(sell, sim, read):
    payload = sell(("3.33", 3), included=False)
    (line,) = payload["lineItems"]
    for _once in range(2):
        sim.shop.refund(payload["id"], {line["id"]: 1})
    order = read(payload)
    (entry,) = order.lines
    given_back = sum(
        Decimal(part["totalTaxSet"]["presentmentMoney"]["amount"])
        for refund in payload["refunds"]
        for part in refund["refundLineItems"]
    )
    assert entry.taxes[0].cancelled == given_back
    parts = (entry.quantity, entry.cancelled_quantity, entry.subtotal, entry.discount, to_json(entry.taxes))
    assert line_amounts(*parts).taxes == (entry.taxes[0].amount - given_back,)


def test_a_part_was_shipped(sell, sim, read):
    payload = sell(("10.00", 3), ("5.00", 1))
    entry = payload["fulfillmentOrders"][0]["lineItems"][0]
    sim.shop.fulfill(payload["id"], {entry["id"]: 2}, {"company": "DHL", "number": "T-1"})
    order = read(payload)
    assert [line.fulfilled_quantity for line in order.lines] == [2, 0]
    assert [line.cancelled_quantity for line in order.lines] == [0, 0]
    assert (order.status, order.fulfillment_status) == (OrderStatus.OPEN, FulfillmentStatus.PARTIAL)
    (parcel,) = order.fulfillments
    assert (parcel.tracking_numbers, parcel.carrier, parcel.created_at) == (("T-1",), "DHL", sim.clock())
    assert [(line.external_id, line.quantity) for line in parcel.lines] == [(order.lines[0].external_id, 2)]


def test_all_of_it_was_shipped(sell, sim, read):
    payload = sell(("10.00", 3))
    sim.shop.fulfill(payload["id"])
    order = read(payload)
    assert (order.status, order.fulfillment_status) == (OrderStatus.COMPLETED, FulfillmentStatus.FULFILLED)
    assert order.total == Decimal("30.00")


def test_a_shipped_order_that_is_not_paid_is_open(sell, sim, read):
    payload = sell(("10.00", 3), payment="PENDING")
    sim.shop.fulfill(payload["id"])
    assert read(payload).status is OrderStatus.OPEN


def test_what_is_never_shipped_is_not_cancelled(sell, read):
    """A booklet to download: nothing of it is open, and nothing was taken out."""
    order = read(sell({"title": "Booklet", "price": "5.00", "physical": False, "fulfillable": False}))
    assert (order.lines[0].cancelled_quantity, order.lines[0].fulfilled_quantity) == (0, 0)


def test_a_cancelled_parcel_did_not_ship(sell, sim, read):
    payload = sell(("10.00", 3))
    parcel = sim.shop.fulfill(payload["id"])
    parcel["status"] = "CANCELLED"
    order = read(payload)
    assert (order.fulfillments, order.lines[0].fulfilled_quantity) == ((), 0)


def test_a_cancelled_order(sell, sim, read):
    payload = sell(("10.00", 3))
    sim.shop.cancel(payload["id"])
    order = read(payload)
    assert (order.status, order.total, order.lines[0].cancelled_quantity) == (OrderStatus.CANCELLED, 0, 3)


@pytest.mark.parametrize("included", [True, False])
def test_a_quantity_taken_out_before_it_left(sell, sim, read, included):
    payload = sell(("10.00", 3), ("5.00", 1), included=included)
    line = payload["lineItems"][0]["id"]
    sim.shop.refund(payload["id"], {line: 1}, note="Out of stock")
    order = read(payload)
    assert [entry.cancelled_quantity for entry in order.lines] == [1, 0]
    assert order.lines[0].total == Decimal("30.00" if included else "35.70"), "lines are as ordered"
    assert order.total == Decimal("25.00" if included else "29.75")
    (refund,) = order.refunds
    assert (refund.amount, refund.reason) == (Decimal("10.00" if included else "11.90"), "Out of stock")
    assert [(part.external_id, part.quantity, part.amount) for part in refund.lines] == [(line, 1, refund.amount)]
    assert order.payment_status is PaymentStatus.PARTIALLY_REFUNDED


def test_goods_that_came_back_were_still_owed(sell, sim, read):
    payload = sell(("10.00", 3))
    sim.shop.fulfill(payload["id"])
    sim.shop.refund(payload["id"], {payload["lineItems"][0]["id"]: 1}, restock="RETURN")
    order = read(payload)
    assert (order.lines[0].fulfilled_quantity, order.lines[0].cancelled_quantity) == (3, 0)
    assert (order.total, order.refunds[0].amount) == (Decimal("30.00"), Decimal("10.00"))


def test_some_cancelled_and_some_returned(sell, sim, read):
    payload = sell(("10.00", 3), ("7.00", 1), included=False)
    first, second = (line["id"] for line in payload["lineItems"])
    entry = payload["fulfillmentOrders"][0]["lineItems"][0]
    sim.shop.fulfill(payload["id"], {entry["id"]: 2})
    sim.shop.refund(payload["id"], {first: 1}, restock="RETURN")
    sim.shop.refund(payload["id"], {second: 1}, restock="CANCEL")
    order = read(payload)
    assert [line.cancelled_quantity for line in order.lines] == [0, 1]
    assert order.total == Decimal("35.70"), "three of the first are owed, none of the second"


def test_a_line_edited_out_of_an_order_that_has_been_returned_from(sell, sim, read):
    """No refund tells what the removed part was worth: its share of the line does."""
    payload = sell(("10.00", 3), ("8.00", 2))
    first, second = payload["lineItems"]
    entry = payload["fulfillmentOrders"][0]["lineItems"][0]
    sim.shop.fulfill(payload["id"], {entry["id"]: 3})
    sim.shop.refund(payload["id"], {first["id"]: 1}, restock="RETURN")
    second.update(currentQuantity=1, unfulfilledQuantity=1)
    order = read(payload)
    assert [line.cancelled_quantity for line in order.lines] == [0, 1]
    assert order.total == Decimal("38.00")


# -- a realistic shop -------------------------------------------------------------------------------------------------


def test_every_order_of_a_realistic_shop_adds_up(sim, connector):
    sim.shop.locations.clear()
    catalogue.build_shop(sim.shop, items=80, orders=60, seed=5)
    pages = list(connector.iter_orders())
    orders = [order for page in pages for order in page.records]
    assert len(orders) == 59
    assert [failure.ref for page in pages for failure in page.failures] == sim.shop.notes["orders"]["broken"]
    for order in orders:
        removed = any(line.cancelled_quantity for line in order.lines)
        assert removed or order.total == sum_of_lines(order), order.number
        assert len({line.external_id for line in order.lines}) == len(order.lines)
    present = {kind for order in orders for kind in kinds(order)}
    assert present == set(LineKind) - {LineKind.DISCOUNT}
