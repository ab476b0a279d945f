"""Shopify's orders as :mod:`records`. Pure functions: they ask nothing and keep nothing.

Shopify's own figures are taken wherever it has one for the purpose. An order of which nothing was removed adds up to
``totalPriceSet``: goods and shipping before discount, minus the discounts allocated to each line (those on the whole
order show nowhere else), plus taxes unless prices include them, plus duties, fees and tips. A gift card that paid is a
payment and changes none of this.

This module must not import Odoo.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from . import shopify_people as people
from .base import BadPayload
from .checkout_fields import delivery_date, purchase_order
from .records import (
    ZERO,
    CollectedBy,
    Fulfillment,
    FulfillmentStatus,
    LineKind,
    LineQuantity,
    Order,
    OrderLine,
    OrderStatus,
    PaymentStatus,
    Refund,
    Tax,
)
from .shopify_records import attributes, money
from .shopify_routing import Routes
from .shopify_tips import with_tips
from .values import amount, identifier, moment, text

_PAYMENT = {
    "AUTHORIZED": PaymentStatus.AUTHORIZED,
    "EXPIRED": PaymentStatus.VOIDED,
    "PAID": PaymentStatus.PAID,
    "PARTIALLY_PAID": PaymentStatus.PARTIALLY_PAID,
    "PARTIALLY_REFUNDED": PaymentStatus.PARTIALLY_REFUNDED,
    "PENDING": PaymentStatus.PENDING,
    "REFUNDED": PaymentStatus.REFUNDED,
    "VOIDED": PaymentStatus.VOIDED,
}
_SETTLED = frozenset({PaymentStatus.PAID, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED})
_FULFILLMENT = {
    "FULFILLED": FulfillmentStatus.FULFILLED,
    "PARTIALLY_FULFILLED": FulfillmentStatus.PARTIAL,
}
#: fulfilments that did not happen
_DEAD_FULFILLMENTS = frozenset({"CANCELLED", "ERROR", "FAILURE"})
_RISK = {"CANCEL": "Shopify advises to cancel: risk of fraud.", "INVESTIGATE": "Shopify advises to check for fraud."}


# -- order lines ------------------------------------------------------------------------------------------------------


class _Convention:
    """What holds for every line of one order: whether prices include tax, and where the tax is due."""

    def __init__(self, order: Mapping[str, Any]):
        self.included = bool(order["taxesIncluded"])
        places = (order.get("shippingAddress"), order.get("billingAddress"))
        self.country = next(filter(None, (text(place.get("countryCodeV2")) for place in places if place)), None)
        # 0 % with an amount, on any line, is a rate that a tax service leaves out
        lines = [*order["lineItems"]["nodes"], *order["shippingLines"]["nodes"], *(order.get("additionalFees") or ())]
        taxes = (tax for line in lines for tax in line.get("taxLines") or ())
        self._without_rate = {tax["title"] for tax in taxes if not tax.get("rate") and money(tax["priceSet"])}

    def taxes(self, lines: Iterable[Mapping[str, Any]] | None) -> tuple[Tax, ...]:
        """Taxes of one line. Lines without an amount and without a rate say nothing and are left out."""
        taxes = (self._tax(line) for line in lines or ())
        return tuple(tax for tax in taxes if tax.amount or tax.rate is not None)

    def _tax(self, line: Mapping[str, Any]) -> Tax:
        worth = money(line["priceSet"])
        rate = None if line.get("rate") is None or line["title"] in self._without_rate else amount(line["rate"])
        return Tax(
            code=str(line["title"]),
            name=text(line["title"]),
            rate=rate,
            amount=worth,
            included=self.included,
            collected_by=CollectedBy.MARKETPLACE if line.get("channelLiable") else CollectedBy.SELLER,
            country=self.country,
        )

    def line(self, subtotal: Decimal, discount: Decimal = ZERO, taxes: Iterable[Mapping[str, Any]] | None = (), **rest):
        taxes = self.taxes(taxes)
        on_top = ZERO if self.included else sum((tax.amount for tax in taxes), ZERO)
        return OrderLine(subtotal=subtotal, discount=discount, taxes=taxes, total=subtotal - discount + on_top, **rest)


def _discount(line: Mapping[str, Any]) -> Decimal:
    """All discounts of a line; those on the whole order show nowhere else."""
    return sum((money(part["allocatedAmountSet"]) for part in line.get("discountAllocations") or ()), ZERO)


def _goods(
    order: Mapping[str, Any], rules: _Convention, routes: Routes, shipped: Mapping[str, Decimal]
) -> Iterable[OrderLine]:
    cancelled_order = bool(order.get("cancelledAt"))
    for line in order["lineItems"]["nodes"]:
        quantity = amount(line["quantity"])
        fulfilled = min(shipped.get(line["id"], ZERO), quantity)
        # what was removed and can't be on its way: returned goods were removed too, but had been delivered
        gone = quantity - fulfilled - amount(line["unfulfilledQuantity"])
        removed = quantity - amount(line["currentQuantity"])
        cancelled = quantity - fulfilled if cancelled_order else max(ZERO, min(gone, removed))
        gift_card = bool(line["isGiftCard"])
        variant = line.get("variant")
        yield rules.line(
            money(line["originalTotalSet"]),
            _discount(line),
            line.get("taxLines"),
            external_id=identifier(line["id"]),
            kind=LineKind.GIFT_CARD if gift_card else LineKind.PRODUCT,
            item_id=identifier(variant["id"]) if variant else None,
            sku=text(line.get("sku")),
            name=text(line.get("name")) or text(line.get("title")),
            quantity=quantity,
            fulfilled_quantity=fulfilled,
            cancelled_quantity=cancelled,
            physical=bool(line["requiresShipping"]) and not gift_card,
            fulfilled_by=routes.fulfilled_by(line),
            location=routes.location(line),
            attributes=attributes(line.get("customAttributes")),
        )


def _with_cancelled_tax(line: OrderLine, order: Mapping[str, Any]) -> OrderLine:
    """A line with what was given back of its tax for what was cancelled, where refunds say it: of a single tax they do."""
    parts = [
        part
        for refund in order.get("refunds") or ()
        for part in refund["refundLineItems"]["nodes"]
        if part["lineItem"]["id"] == line.external_id and part.get("restockType") != "RETURN"
    ]
    quantity = sum((amount(part["quantity"]) for part in parts), ZERO)
    if len(line.taxes) != 1 or not parts or quantity != line.cancelled_quantity:
        return line
    given_back = sum((money(part["totalTaxSet"]) for part in parts), ZERO)
    return replace(line, taxes=(replace(line.taxes[0], cancelled=given_back),))


def _shipping(order: Mapping[str, Any], rules: _Convention) -> Iterable[OrderLine]:
    for position, line in enumerate(order["shippingLines"]["nodes"]):
        if line.get("isRemoved"):
            continue
        price, discount = money(line["originalPriceSet"]), _discount(line)
        if not line.get("discountAllocations"):
            discount = price - money(line["discountedPriceSet"])
        yield rules.line(
            price,
            discount,
            line.get("taxLines"),
            external_id=text(line.get("id")) or f"{order['id']}/shipping/{position}",
            kind=LineKind.SHIPPING,
            name=text(line.get("title")),
            sku=text(line.get("code")),
            physical=False,
        )


def _fees(order: Mapping[str, Any], rules: _Convention) -> Iterable[OrderLine]:
    """Duties, unless the prices hold them already, and other fees that the buyer pays."""
    fees = [(fee, text(fee.get("name")) or "Fee") for fee in order.get("additionalFees") or ()]
    if not order.get("dutiesIncluded"):
        lines = order["lineItems"]["nodes"]
        fees += [(duty, f"Duties: {line['title']}") for line in lines for duty in line.get("duties") or ()]
    for fee, name in fees:
        yield rules.line(
            money(fee["price"]),
            ZERO,
            fee.get("taxLines"),
            external_id=identifier(fee["id"]),
            kind=LineKind.FEE,
            name=name,
            physical=False,
        )


def _rounding(order: Mapping[str, Any]) -> OrderLine | None:
    """What a cash payment was rounded by, as Shopify rounds the payment, not the order."""
    rounding = money((order.get("totalCashRoundingAdjustment") or {}).get("paymentSet"))
    if not rounding:
        return None
    name = "Cash rounding"
    return OrderLine(
        f"{order['id']}/rounding", LineKind.ROUNDING, name=name, subtotal=rounding, total=rounding, physical=False
    )


# -- orders -----------------------------------------------------------------------------------------------------------


def _fulfillments(order: Mapping[str, Any]) -> tuple[Fulfillment, ...]:
    return tuple(
        Fulfillment(
            external_id=identifier(parcel["id"]),
            tracking_numbers=tuple(
                filter(None, (text(info.get("number")) for info in parcel.get("trackingInfo") or ()))
            ),
            carrier=next((text(info.get("company")) for info in parcel.get("trackingInfo") or ()), None),
            created_at=moment(parcel.get("createdAt")),
            lines=tuple(
                LineQuantity(identifier(part["lineItem"]["id"]), amount(part["quantity"] or 0))
                for part in parcel["fulfillmentLineItems"]["nodes"]
            ),
        )
        for parcel in order.get("fulfillments") or ()
        if parcel["status"] not in _DEAD_FULFILLMENTS
    )


def _refunds(order: Mapping[str, Any], included: bool) -> tuple[Refund, ...]:
    return tuple(
        Refund(
            external_id=identifier(refund["id"]),
            created_at=moment(refund.get("createdAt")),
            amount=money(refund.get("totalRefundedSet")),
            reason=text(refund.get("note")),
            lines=tuple(
                LineQuantity(identifier(part["lineItem"]["id"]), amount(part["quantity"]), _refunded(part, included))
                for part in refund["refundLineItems"]["nodes"]
            ),
        )
        for refund in order.get("refunds") or ()
    )


def _refunded(part: Mapping[str, Any], included: bool) -> Decimal:
    return money(part["subtotalSet"]) + (ZERO if included else money(part["totalTaxSet"]))


def _ordered(order: Mapping[str, Any], lines: list[OrderLine], rules: _Convention) -> Decimal:
    """The total before returns. Whether shipping that an edit of the order removed is still in it, Shopify's contract leaves
    open: it is looked at. The current total never has it."""
    ordered = money(order["totalPriceSet"])
    removed = [line for line in order["shippingLines"]["nodes"] if line.get("isRemoved")]
    if not removed:
        return ordered
    live = sum((line.total for line in lines), ZERO)
    net = sum((money(line["discountedPriceSet"]) for line in removed), ZERO)
    taxes = sum((tax.amount for line in removed for tax in rules.taxes(line.get("taxLines"))), ZERO)
    return live if live in (ordered - net, ordered - net - taxes, money(order["currentTotalPriceSet"])) else ordered


def _total(order: Mapping[str, Any], lines: list[OrderLine], refunds: tuple[Refund, ...], ordered: Decimal) -> Decimal:
    """What the buyer owes: without what was cancelled, but with what was delivered and then given back.

    Shopify's current total leaves out both. It is taken where it means the same; otherwise the cancelled quantities are
    taken off the total as ordered, at what was refunded for them, or else in proportion.
    """
    current = money(order["currentTotalPriceSet"])
    cancelled = {line.external_id: line for line in lines if line.cancelled_quantity}
    if order.get("cancelledAt"):
        return current
    if not cancelled:
        return ordered
    removed = {
        line["id"]: amount(line["quantity"]) - amount(line["currentQuantity"]) for line in order["lineItems"]["nodes"]
    }
    returned = any(quantity != _cancelled(cancelled.get(ref)) for ref, quantity in removed.items())
    generous = any(refund.amount > sum((part.amount for part in refund.lines), ZERO) for refund in refunds)
    if not returned and not generous:
        return current
    return ordered - sum((_worth(line, order) for line in cancelled.values()), ZERO)


def _cancelled(line: OrderLine | None) -> Decimal:
    return line.cancelled_quantity if line else ZERO


def _worth(line: OrderLine, order: Mapping[str, Any]) -> Decimal:
    """The amount of a line's cancelled quantity."""
    left, worth = line.cancelled_quantity, ZERO
    for refund in order.get("refunds") or ():
        for part in refund["refundLineItems"]["nodes"]:
            quantity = amount(part["quantity"])
            if part["lineItem"]["id"] != line.external_id or part.get("restockType") == "RETURN" or not quantity:
                continue
            taken = min(quantity, left)
            left -= taken
            worth += _refunded(part, bool(order["taxesIncluded"])) * taken / quantity
    return worth + line.total * left / line.quantity


def _status(order: Mapping[str, Any], payment: PaymentStatus, fulfillment: FulfillmentStatus) -> OrderStatus:
    if order.get("cancelledAt"):
        return OrderStatus.CANCELLED
    done = fulfillment is FulfillmentStatus.FULFILLED and payment in _SETTLED
    return OrderStatus.COMPLETED if order["closed"] or done else OrderStatus.OPEN


def _hold(order: Mapping[str, Any], routes: Routes) -> tuple[str | None, datetime | None]:
    """Why not to process an order yet, and when that ends without a change of it: where a schedule is all that holds it."""
    reasons = [*routes.holds(), _RISK.get((order.get("risk") or {}).get("recommendation"))]
    scheduled, until = routes.schedule()
    words = " ".join(dict.fromkeys(filter(None, [*reasons, scheduled])))
    return words or None, None if any(reasons) else until


def order(payload: Mapping[str, Any]) -> Order:
    """One order, whole: every nested list has been fetched to its end.

    :raise BadPayload: something in it is not what the contract says
    """
    try:
        return _order(payload)
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError) as error:
        raise BadPayload(f"The order lacks something that Shopify always sends: {error}") from None


def _order(payload: Mapping[str, Any]) -> Order:
    rules = _Convention(payload)
    parcels = _fulfillments(payload)
    shipped: dict[str, Decimal] = {}
    for parcel in parcels:
        for part in parcel.lines:
            shipped[part.external_id] = shipped.get(part.external_id, ZERO) + part.quantity
    routes = Routes(payload)
    goods = _goods(payload, rules, routes, shipped)
    if payload.get("refunds"):
        goods = (_with_cancelled_tax(line, payload) for line in goods)
    lines = [*goods, *_shipping(payload, rules), *_fees(payload, rules)]
    lines = with_tips(payload, lines)
    refunds = _refunds(payload, rules.included)
    ordered = _ordered(payload, lines, rules)
    total = _total(payload, lines, refunds, ordered)
    rounding = _rounding(payload)
    if rounding:
        if sum((line.total for line in lines), ZERO) == ordered:
            total += rounding.total
        lines.append(rounding)
    payment = _PAYMENT.get(payload.get("displayFinancialStatus"), PaymentStatus.PENDING)
    fulfillment = _FULFILLMENT.get(payload["displayFulfillmentStatus"], FulfillmentStatus.UNFULFILLED)
    status = _status(payload, payment, fulfillment)
    hold, hold_until = _hold(payload, routes) if status is OrderStatus.OPEN else (None, None)
    fields = list(attributes(payload.get("customAttributes")).items())
    shipping_lines = [line for line in lines if line.kind is LineKind.SHIPPING]
    return Order(
        external_id=identifier(payload["id"]),
        number=text(payload["name"]),
        placed_at=moment(payload.get("processedAt") or payload["createdAt"]),
        updated_at=moment(payload["updatedAt"]),
        ship_by=routes.ship_by or delivery_date(fields),
        status=status,
        payment_status=payment,
        fulfillment_status=fulfillment,
        payment_methods=tuple(filter(None, map(text, payload.get("paymentGatewayNames") or ()))),
        currency=identifier(payload["presentmentCurrencyCode"]),
        shop_currency=identifier(payload["currencyCode"]),
        total=total,
        prices_include_tax=rules.included,
        purchase_order=text(payload.get("poNumber")) or purchase_order(fields),
        buyer=people.buyer(payload, fields),
        billing=people.address(payload.get("billingAddress")),
        shipping=people.address(payload.get("shippingAddress")),
        lines=tuple(lines),
        shipping_method=shipping_lines[0].name if shipping_lines else None,
        fulfillments=parcels,
        refunds=refunds,
        location=routes.single_location,
        hold=hold,
        hold_until=hold_until,
        pickup=routes.pickup,
        test=bool(payload["test"]),
        note=_note(payload, fields),
        raw=payload,
    )


def _note(payload: Mapping[str, Any], fields: list[tuple[str, str]]) -> str | None:
    """The buyer's note, and the custom attributes of the order (delivery dates, gift messages) one a line."""
    extra = [f"{name}: {value}" for name, value in fields if value]
    return "\n".join(filter(None, [text(payload.get("note")), *extra])) or None
