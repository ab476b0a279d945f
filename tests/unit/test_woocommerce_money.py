"""Stores that round: shown without decimals, taxes summed up before they are rounded. What the lines give is the store's
total, the taxes are the store's, and what rounding does not explain is left to a person."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from order_channel_mapping.connectors.records import LineKind
from order_channel_mapping.connectors.woocommerce_amounts import decimals as digits_of
from order_channel_mapping.tools.amounts import line_amounts, rounding_left
from order_channel_mapping.tools.digest import to_json
from tests.unit.test_woocommerce_orders import CENT, assert_adds_up, line, payload, rate, read_order, taxed

ZERO = Decimal(0)


def rounding(order):
    return sum((entry.total for entry in order.lines if entry.kind is LineKind.ROUNDING), ZERO)


def tax_sum(order):
    return sum((tax.amount for entry in order.lines for tax in entry.taxes), ZERO)


def shipping(net, tax="0.00"):
    taxes = [taxed(1, tax, "")] if Decimal(tax) else []
    return {"id": 90, "method_id": "flat_rate", "method_title": "PPL", "total": net, "total_tax": tax, "taxes": taxes}


# -- rates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("percent", [{"rate_percent": None}, {"rate_percent": ""}, {"rate_percent": 0}, {}])
def test_a_tax_whose_rate_is_not_known(percent):
    """Tax services work out the amount and leave the rate out, or 0."""
    tax_line = {**rate(goods="8.25"), "rate_percent": 0, **percent}
    if not percent:
        del tax_line["rate_percent"]
    order = read_order(payload(line(net="100.00", tax="8.25"), total="108.25", tax_lines=[tax_line]))
    assert [(tax.rate, tax.amount) for tax in order.lines[0].taxes] == [(None, Decimal("8.25"))]
    assert_adds_up(order)


def test_a_line_that_the_tax_service_has_no_tax_for():
    """The service says 0 % for all of the order: a line without an amount is not one of 0 %."""
    goods = [line(1, net="100.00", tax="8.25"), line(2, net="5.00", taxes=[taxed(1, "0")])]
    order = read_order(payload(*goods, total="113.25", tax_lines=[rate(percent=0, goods="8.25")]))
    assert [[(tax.rate, tax.amount) for tax in entry.taxes] for entry in order.lines] == [[(None, Decimal("8.25"))], []]


def test_a_rate_of_zero_is_a_rate():
    order = read_order(
        payload(line(taxes=[taxed(1, "0")]), total="10.00", tax_lines=[rate(percent=0, code="GB-ZERO-1")])
    )
    assert [(tax.code, tax.rate, tax.amount) for tax in order.lines[0].taxes] == [("GB-ZERO-1", ZERO, ZERO)]
    assert_adds_up(order)


@pytest.mark.parametrize("total", ["", None])
def test_a_rate_of_the_order_that_a_line_has_no_tax_of(total):
    taxes = [taxed(1, "1.90"), {"id": 2, "total": total, "subtotal": total}]
    rates = [rate(goods="1.90"), rate(2, 7, code="DE-MWST-2")]
    order = read_order(payload(line(tax="1.90", taxes=taxes), total="11.90", tax_lines=rates))
    assert [tax.code for tax in order.lines[0].taxes] == ["DE-MWST-1"]


# -- stores without decimals ------------------------------------------------------------------------------------------


def test_taxes_of_a_store_that_shows_no_decimals():
    """899 + 99 and 188.79 + 20.79 of tax: the store says 1208, its lines 1207.58."""
    order = read_order(
        payload(
            line(net="899", tax="188.79"),
            total="1208",
            currency="CZK",
            shipping_lines=[shipping("99", "20.79")],
            tax_lines=[rate(percent=21, goods="188.79", shipping="20.79")],
        )
    )
    assert (rounding(order), tax_sum(order)) == (Decimal("0.42"), Decimal("209.58"))
    assert order.lines[-1].taxes == ()
    assert sum(entry.total for entry in order.lines) == order.total == 1208
    assert_adds_up(order)


@pytest.mark.parametrize("total", ["703", "703.00", "703.000000"])
def test_prices_with_fractions_in_a_store_that_shows_no_decimals(total):
    order = read_order(payload(line(net="702.83"), total=total, currency="HUF"))
    assert rounding(order) == Decimal("0.17")
    assert_adds_up(order)


@pytest.mark.parametrize(
    ("net", "total", "sums"),
    [
        ("899", "1210", {}),  # a whole crown more than rounding makes
        ("702.83", "704", {}),
        ("702.83", "702", {}),  # rounded, but not to the next
        ("10.40", "10.00", {"discount_total": "0.15"}),  # the store's other sums have cents
        ("10.40", "10.00", {"total_tax": "1.23"}),
        ("0.40", "0.00", {}),  # paid with a voucher
        ("10.00", "10.05", {}),
        ("1234", "1234.40", {}),
    ],
)
def test_a_difference_that_rounding_does_not_make(net, total, sums):
    order = read_order(payload(line(net=net), total=total, currency="CZK", **sums))
    assert rounding(order) == 0
    assert sum(entry.total for entry in order.lines) != order.total


def test_a_total_kept_with_more_digits_than_it_is_read_with():
    """29.664 was the total when the store showed three decimals; now it is read as 29.660000."""
    goods = line(net="24.72", tax="4.944")
    order = read_order(payload(goods, total="29.660000", tax_lines=[rate(percent=20, goods="4.944")]))
    assert (order.total, tax_sum(order)) == (Decimal("29.66"), Decimal("4.94"))
    assert_adds_up(order)


def test_taxes_are_the_stores_own_sum():
    """Two rates of half a cent each: rounded on their sum, as the store does, not one by one."""
    goods = line(net="10.00", taxes=[taxed(1, "0.825"), taxed(2, "0.335")], total_tax="1.16")
    rates = [rate(1, "8.25", "0.825"), rate(2, "3.35", "0.335", code="US-TX-2")]
    order = read_order(payload(goods, total="11.16", total_tax="1.160000", tax_lines=rates))
    assert tax_sum(order) == Decimal("1.16")
    assert len(order.lines) == 1, "no rounding line is needed"
    assert_adds_up(order)


def test_lines_and_the_total_are_rounded_each_in_their_way():
    """A store of one decimal whose prices include tax: its total is cut to 54.7, its lines come to 54.76 in whole cents."""
    nets = [("0.008961", "0.0"), ("25.145161", "2.9"), ("16.753266", "0.6"), ("6.937591", "0.2"), ("2.205000", "0.0")]
    goods = [line(number, net, tax) for number, (net, tax) in enumerate(nets, 1)]
    rates = [rate(percent=8, goods="3.7")]
    order = read_order(
        payload(*goods, total="54.7", total_tax="3.7", shipping_total="0.0", prices_include_tax=True, tax_lines=rates)
    )
    assert (order.total, rounding(order)) == (Decimal("54.70"), Decimal("-0.06"))
    assert_adds_up(order)


# -- any store ---------------------------------------------------------------------------------------------------------


def shown(value, places):
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


@st.composite
def stores(draw):
    """An order as WooCommerce keeps it, of a store with so many decimals that rounds taxes by line or by sum."""
    currency = draw(st.sampled_from(["EUR", "CZK", "JPY", "KWD"]))
    places = draw(st.integers(0, min(3, digits_of(currency))))
    at_subtotal, included = draw(st.booleans()), draw(st.booleans())
    rates = {1: Decimal(draw(st.sampled_from(["0", "7", "19", "21", "8.25"]))) / 100, 2: Decimal("0.0335")}
    names = st.sampled_from([(), (1,), (2,), (1, 2)])
    price = st.integers(1, 999_999).map(lambda cents: shown(Decimal(cents) / 100, max(places, 2)))
    goods, cart, ship = [], {1: ZERO, 2: ZERO}, {1: ZERO, 2: ZERO}

    def taxes_of(net, of_line, sums):
        found = {}
        for number in of_line:
            found[number] = shown(net * rates[number], 6 if at_subtotal else places)
            sums[number] += found[number]
        return found

    for number in range(draw(st.integers(1, 5))):
        of_line, net, off = draw(names), draw(price), draw(st.sampled_from([0, 0, 3, 10]))
        if included:
            net = shown(net / (1 + sum((rates[each] for each in of_line), ZERO)), 6)
        after = shown(net * (100 - off) / 100, 6)
        taxes = taxes_of(after, of_line, cart)
        before = {each: shown(net * rates[each], 6 if at_subtotal else places) for each in of_line}
        entries = [taxed(each, str(taxes[each]), str(before[each])) for each in of_line]
        goods.append(
            line(
                number + 1,
                quantity=draw(st.integers(1, 5)),
                subtotal=str(net),
                subtotal_tax=str(sum(before.values(), ZERO)),
                total=str(after),
                total_tax=str(sum(taxes.values(), ZERO)),
                taxes=entries,
            )
        )
    fees = []
    if draw(st.booleans()):
        net, of_line = shown(draw(price) / 50, 2) * draw(st.sampled_from([1, -1])), draw(names)
        entries = [taxed(each, str(amount), "") for each, amount in taxes_of(net, of_line, cart).items()]
        fees.append({"id": 80, "name": "Fee", "total": str(net), "total_tax": "", "taxes": entries})
    parcels = []
    if draw(st.booleans()):
        net, of_line = shown(draw(price) / 50, 2), draw(names)
        entries = [taxed(each, str(amount), "") for each, amount in taxes_of(net, of_line, ship).items()]
        parcels.append({**shipping(str(net)), "taxes": entries})
    nets = sum((Decimal(part["total"]) for part in [*goods, *fees]), ZERO)
    carriage = shown(sum((Decimal(part["total"]) for part in parcels), ZERO), places)
    tax = sum(cart.values(), ZERO) + sum(ship.values(), ZERO)
    assume(shown(nets + carriage + tax, places) > 0)
    used = {int(entry["id"]) for part in [*goods, *fees, *parcels] for entry in part["taxes"]}
    order = payload(
        *goods,
        total=str(shown(nets + carriage + tax, places)),
        total_tax=str(shown(tax, places)),
        shipping_total=str(carriage),
        currency=currency,
        prices_include_tax=included,
        fee_lines=fees,
        shipping_lines=parcels,
        tax_lines=[
            rate(each, float(rates[each] * 100), str(cart[each]), str(ship[each]), code=f"XX-{each}") for each in used
        ],
    )
    return order, places, tax


@given(stores())
@settings(max_examples=300, deadline=None)
def test_every_order_of_any_store_adds_up(case):
    order, places, tax = case
    record = read_order(order)
    unit, coin = Decimal(1).scaleb(-places), Decimal(1).scaleb(-digits_of(order["currency"]))
    assert_adds_up(record, coin)
    sums = 2 + 2 * len(order["tax_lines"])
    assert abs(rounding(record)) <= max(unit / 2 * sums + coin / 2 * len(record.lines), coin * len(record.lines))
    # its own sum is rounded to what it shows
    assert abs(tax_sum(record) - tax) <= unit / 2 + coin * len(order["tax_lines"])
    for entry in record.lines:
        assert all(amount % coin == 0 for amount in (entry.subtotal, entry.discount, entry.total)), "whole coins"
    if places == digits_of(order["currency"]):
        assert abs(rounding(record)) <= CENT.max(coin) * 2


@given(stores(), st.decimals(10, 1000, places=2), st.sampled_from([1, -1]))
@settings(max_examples=100, deadline=None)
def test_no_rounding_line_hides_a_real_difference(case, amount, sign):
    order, places, _tax = case
    unit = Decimal(1).scaleb(-places)
    off = shown(amount, 0) * max(unit, Decimal("0.2")) * sign
    total = Decimal(order["total"]) + off
    record = read_order({**order, "total": str(shown(total, 6))})
    assert sum(entry.total for entry in record.lines) != record.total


# -- refunds -----------------------------------------------------------------------------------------------------------


def given_back(ref, quantity, net, taxes):
    meta = [{"id": 1, "key": "_refunded_item_id", "value": "1"}]
    total = sum((Decimal(tax) for tax in taxes.values()), ZERO)
    part = {"id": ref * 10, "quantity": -quantity, "total": f"-{net}", "total_tax": str(-total), "meta_data": meta}
    part["taxes"] = [{"id": rate_id, "total": f"-{tax}"} for rate_id, tax in taxes.items()]
    return {
        "id": ref,
        "date_created_gmt": "2026-11-03T10:00:00",
        "amount": str(Decimal(net) + total),
        "line_items": [part],
    }


def refunded(goods, total, refunds, **values):
    stubs = [{"id": refund["id"], "total": f"-{refund['amount']}", "reason": ""} for refund in refunds]
    return read_order(payload(goods, total=total, refunds=stubs, **values), refunds)


def test_the_taxes_left_after_refunds_are_the_stores():
    """Of 3 pieces with 3.42 and 0.50 of tax two were given back one by one, at 1.14 and 0.17: 0.16 is left, not a third."""
    goods = line(net="18.00", quantity=3, taxes=[taxed(1, "3.42"), taxed(2, "0.50")], total_tax="3.92")
    rates = [rate(goods="3.42"), rate(2, "2.78", "0.50", code="DE-CITY-2")]
    refunds = [given_back(ref, 1, "6.00", {1: "1.14", 2: "0.17"}) for ref in (40, 41)]
    order = refunded(goods, "21.92", refunds, tax_lines=rates)
    (entry,) = order.lines
    assert [tax.cancelled for tax in entry.taxes] == [Decimal("2.28"), Decimal("0.34")]
    left = line_amounts(entry.quantity, entry.cancelled_quantity, entry.subtotal, entry.discount, to_json(entry.taxes))
    assert left.taxes == (Decimal("1.14"), Decimal("0.16"))
    assert left.seller_total == order.total == Decimal("7.30")


def test_a_tax_given_back_that_is_no_share_is_a_difference_for_a_person():
    refunds = [given_back(40, 1, "6.00", {1: "0.14"})]
    order = refunded(line(net="18.00", tax="3.42", quantity=3), "21.42", refunds, tax_lines=[rate(goods="3.42")])
    (entry,) = order.lines
    left = line_amounts(entry.quantity, entry.cancelled_quantity, entry.subtotal, entry.discount, to_json(entry.taxes))
    assert (left.taxes, left.seller_total) == ((Decimal("2.28"),), Decimal("14.28"))
    assert order.total == Decimal("15.28")


@given(st.integers(2, 9), st.data())
@settings(max_examples=200, deadline=None)
def test_refunds_of_any_line_leave_no_more_than_rounding(quantity, data):
    """Each refund gives back a share that is rounded to the cent, as the store's form does."""
    net = Decimal(data.draw(st.integers(1, 99_999))) / 100
    taxes = {1: shown(net * Decimal("0.19"), 2), 2: shown(net * Decimal("0.0335"), 2)}
    pieces = data.draw(
        st.lists(st.integers(1, 3), min_size=1, max_size=4).filter(lambda sizes: sum(sizes) < quantity) | st.just([1])
    )
    share = lambda amount, part: str(shown(amount * part / quantity, 2))  # noqa: E731
    refunds = [
        given_back(40 + place, part, share(net, part), {ref: share(tax, part) for ref, tax in taxes.items()})
        for place, part in enumerate(pieces)
    ]
    goods = line(net=str(net), quantity=quantity, taxes=[taxed(ref, str(tax)) for ref, tax in taxes.items()])
    rates = [rate(1, 19, str(taxes[1])), rate(2, "3.35", str(taxes[2]), code="DE-CITY-2")]
    order = refunded(goods, str(net + sum(taxes.values())), refunds, tax_lines=rates)
    (entry,) = order.lines
    left = line_amounts(entry.quantity, entry.cancelled_quantity, entry.subtotal, entry.discount, to_json(entry.taxes))
    kept = [tax - sum(Decimal(share(tax, part)) for part in pieces) for tax in taxes.values()]
    assert list(left.taxes) == kept, "the store's own, tax by tax"
    roundings = (1 + len(entry.taxes)) * len(pieces)
    rest = rounding_left(order.total, left.seller_total, 2, roundings)
    assert left.seller_total + rest == order.total
