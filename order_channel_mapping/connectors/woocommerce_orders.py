"""WooCommerce's orders as :mod:`records`. Pure functions: they ask nothing and keep nothing.

What the buyer owes. WooCommerce never lowers an order's total: what was given back stands in refunds. Quantities that were
refunded before the order was completed will not be delivered: they are cancelled, and what was given back for them is
taken off the total. Refunds after that are returns, refunds without a quantity allowances: both leave the total alone. An
order that was refunded as a whole and never completed is owed nothing any more: with nothing shipped, it is cancelled.

Lines of deleted variations. WooCommerce blanks their ``variation_id``; what is left names the variable product, which is no
listing, and its SKU. Such a line names no item; its title tells the variation, so that each one is mapped by itself.

This module must not import Odoo.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from .base import BadPayload
from .checkout_fields import delivery_date, purchase_order, remarks, vat_number
from .records import (
    ZERO,
    Address,
    Buyer,
    FulfillmentStatus,
    LineKind,
    LineQuantity,
    Order,
    OrderLine,
    OrderStatus,
    PaymentStatus,
    Refund,
    StatusMeaning,
    Tax,
)
from .values import amount, identifier, moment, text
from .woocommerce_amounts import SHIPPING, Amounts, Line, number
from .woocommerce_attributes import line_attributes, order_fields
from .woocommerce_bundles import Bundles
from .woocommerce_fetch import is_ref
from .woocommerce_parcels import fulfillments, shipped_quantities
from .woocommerce_records import plain
from .woocommerce_statuses import TRASH, Statuses, status_name

_STATUS = {StatusMeaning.COMPLETED: OrderStatus.COMPLETED, StatusMeaning.CANCELLED: OrderStatus.CANCELLED}
#: shipping methods of WooCommerce and its extensions: local_pickup, pickup_location, local_pickup_plus, …
_PICKUP = re.compile(r"pick_?up|click_?(and_?)?collect")
Payload = Mapping[str, Any]


def order(payload: Payload, refunds: Sequence[Payload], statuses: Statuses, lost: Collection[int] = ()) -> Order:
    """One order.

    :param refunds: its refunds with their lines
    :param lost: ids of those of its lines whose variation was deleted
    :raise BadPayload: something in it is not what the contract says
    """
    try:
        return _order(payload, refunds, statuses, lost)
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError) as error:
        raise BadPayload(f"The order lacks something that WooCommerce always sends: {error}") from None


def _order(payload: Payload, refunds: Sequence[Payload], statuses: Statuses, lost: Collection[int]) -> Order:
    slug = payload["status"]
    meaning = statuses.meaning(slug)
    billing, shipping = _address(payload.get("billing")), _address(payload.get("shipping"))
    to_ship = bool(shipping or payload.get("shipping_lines"))
    amounts = Amounts(payload, (shipping or billing or Address()).country)
    raw_lines = [Line.parse(line) for line in payload["line_items"]]
    raw_lines += [Line.parse(line, SHIPPING) for line in payload.get("shipping_lines") or ()]
    raw_lines += [Line.parse(line) for line in payload.get("fee_lines") or ()]
    rest = amounts.fill(raw_lines)
    goods = {line["id"] for line in payload["line_items"]}
    progress = _Progress(payload, refunds, meaning)
    bundles = Bundles(payload["line_items"])
    lines = [
        _product(line, progress, bundles, to_ship, line.payload["id"] in lost)
        if line.payload["id"] in goods
        else _extra(line, progress)
        for line in raw_lines
    ]
    rounding = amounts.rounding(raw_lines, rest)
    if rounding:
        lines.append(_rounding(rounding, progress))
    live, fields = meaning not in _STATUS, order_fields(payload)
    payment = _payment(payload, meaning)
    methods = [line.name for line in lines if line.kind is LineKind.SHIPPING]
    return Order(
        external_id=str(payload["id"]),
        number=text(payload.get("number")) or str(payload["id"]),
        placed_at=moment(payload.get("date_created_gmt")),
        updated_at=moment(payload.get("date_modified_gmt")),
        ship_by=delivery_date(fields),
        status=OrderStatus.CANCELLED if progress.nothing_left else _STATUS.get(meaning, OrderStatus.OPEN),
        payment_status=payment,
        fulfillment_status=progress.fulfillment_status(lines),
        payment_methods=tuple(filter(None, [text(payload.get("payment_method"))])),
        payment_names=tuple(filter(None, [plain(payload.get("payment_method_title"))])),
        purchase_order=purchase_order(fields),
        currency=identifier(payload["currency"]),
        total=amounts.round(amounts.total - progress.worth_of_cancelled(lines)),
        prices_include_tax=amounts.included,
        buyer=_buyer(payload, fields),
        billing=billing,
        shipping=shipping or (billing if to_ship else None),
        lines=tuple(lines),
        shipping_method=methods[0] if methods else None,
        fulfillments=fulfillments(payload),
        refunds=_refunds(payload, refunds),
        hold=_hold(slug) if live and meaning is not StatusMeaning.OPEN else None,
        hold_for_payment=slug == "on-hold" and payment is PaymentStatus.PENDING,
        pickup=_is_pickup(payload),
        skip=meaning is StatusMeaning.SKIP,
        note="\n".join(filter(None, (text(payload.get("customer_note")), *remarks(fields)))) or None,
        raw={**payload, "refunds": list(refunds) or payload.get("refunds") or []},
    )


def _hold(slug: str) -> str:
    return "It is in the store's trash." if slug == TRASH else f"Status '{status_name(slug)}' at the store."


# -- what was shipped, and what never will be -------------------------------------------------------------------------


class _RefundedPart(NamedTuple):
    """What a refund gave back of a line: amounts positive, ``amount`` with tax, ``taxes`` by rate."""

    quantity: Decimal
    amount: Decimal
    taxes: Mapping[str, Decimal]


class _Progress:
    """How far an order has come, line by line. Line ids are texts."""

    def __init__(self, payload: Payload, refunds: Sequence[Payload], meaning: StatusMeaning):
        refunded = payload["status"] == "refunded"
        # WooCommerce keeps the date when an order is set back to be processed: nothing of it was shipped then
        over = refunded or meaning is StatusMeaning.COMPLETED
        completed_at = moment(payload.get("date_completed_gmt")) if over else None
        self.void = meaning is StatusMeaning.CANCELLED or (refunded and not completed_at)
        self.done = not self.void and (meaning is StatusMeaning.COMPLETED)
        self._reported = shipped_quantities(payload)
        self.nothing_left = self.void and not any(self._reported.values())  # to be shipped, and nothing was
        self._refunded: dict[str, list[_RefundedPart]] = {}
        for refund in refunds:
            created_at = moment(refund.get("date_created_gmt"))
            if completed_at and created_at and created_at >= completed_at:
                continue
            for part, taxes in _refunded_parts(refund):
                if part.quantity > 0:
                    found = _RefundedPart(part.quantity, part.amount, taxes)
                    self._refunded.setdefault(part.external_id, []).append(found)

    def quantities(self, ref: str, quantity: Decimal) -> tuple[Decimal, Decimal]:
        """(fulfilled, cancelled) of so many."""
        reported = min(self._reported.get(ref, ZERO), quantity)
        if self.void:
            return reported, quantity - reported
        parts = self._refunded.get(ref)
        cancelled = min(sum((part.quantity for part in parts), ZERO), quantity - reported) if parts else ZERO
        return (quantity - cancelled if self.done else reported), cancelled

    def worth_of_cancelled(self, lines: Iterable[OrderLine]) -> Decimal:
        """What the cancelled quantities take off the total: what was given back for them, else their share."""
        worth = ZERO
        for line in lines:
            left = line.cancelled_quantity
            if not left:
                continue
            for part in () if self.void else self._refunded.get(line.external_id, ()):
                taken = min(part.quantity, left)
                left -= taken
                worth += part.amount * taken / part.quantity
            worth += line.total * left / line.quantity
        return worth

    def with_cancelled(self, line: Line, cancelled: Decimal) -> tuple[Tax, ...]:
        """The taxes of a line with what was given back of each for so many, where refunds say it for all of them."""
        if self.void or not cancelled:
            return line.taxes
        parts = self._refunded.get(str(line.payload["id"]), ())
        if sum((part.quantity for part in parts), ZERO) != cancelled:
            return line.taxes
        given_back = [sum((part.taxes.get(rate, ZERO) for part in parts), ZERO) for rate in line.tax_rates]
        return tuple(replace(tax, cancelled=value) for tax, value in zip(line.taxes, given_back, strict=True))

    def fulfillment_status(self, lines: Iterable[OrderLine]) -> FulfillmentStatus:
        goods = [
            line
            for line in lines
            if line.kind is LineKind.PRODUCT and not line.container and line.quantity > line.cancelled_quantity
        ]
        if self.done or (
            goods and all(line.fulfilled_quantity >= line.quantity - line.cancelled_quantity for line in goods)
        ):
            return FulfillmentStatus.FULFILLED
        some = any(line.fulfilled_quantity for line in goods)
        return FulfillmentStatus.PARTIAL if some else FulfillmentStatus.UNFULFILLED


def _refund_lines(refund: Payload) -> Iterable[LineQuantity]:
    return (part for part, _taxes in _refunded_parts(refund))


def _refunded_parts(refund: Payload) -> Iterable[tuple[LineQuantity, dict[str, Decimal]]]:
    """The lines of a refund by the order lines that they give back, amounts positive and with tax; and their taxes by rate."""
    for key in ("line_items", "shipping_lines", "fee_lines"):
        for part in refund.get(key) or ():
            metas = part.get("meta_data") or ()
            ref = next((meta.get("value") for meta in metas if meta.get("key") == "_refunded_item_id"), None)
            if ref:
                given_back = -(number(part.get("total")) + number(part.get("total_tax")))
                quantity = -number(part.get("quantity")) if key == "line_items" else ZERO
                taxes = {str(tax["id"]): -number(tax.get("total")) for tax in part.get("taxes") or ()}
                yield LineQuantity(str(ref), abs(quantity), given_back), taxes


def _refunds(payload: Payload, refunds: Sequence[Payload]) -> tuple[Refund, ...]:
    whole = {refund["id"]: refund for refund in refunds}
    found = []
    for stub in payload.get("refunds") or ():
        refund = whole.get(stub["id"], {})
        found.append(
            Refund(
                external_id=str(stub["id"]),
                created_at=moment(refund.get("date_created_gmt")),
                amount=abs(number(refund.get("amount") or stub.get("total"))),
                reason=plain(stub.get("reason")),
                lines=tuple(_refund_lines(refund)),
            )
        )
    return tuple(found)


def _payment(payload: Payload, meaning: StatusMeaning) -> PaymentStatus:
    """WooCommerce says when an order was paid. One that is to be processed all the same is paid on delivery."""
    total = number(payload.get("total"))
    given_back = sum((abs(number(part.get("total"))) for part in payload.get("refunds") or ()), ZERO)
    if given_back and given_back >= total:
        return PaymentStatus.REFUNDED
    if given_back:
        return PaymentStatus.PARTIALLY_REFUNDED
    if payload.get("date_paid_gmt"):
        return PaymentStatus.PAID
    if meaning is StatusMeaning.CANCELLED:
        return PaymentStatus.VOIDED
    if not total:
        return PaymentStatus.PAID
    return PaymentStatus.PENDING if meaning in (StatusMeaning.HOLD, StatusMeaning.SKIP) else PaymentStatus.AUTHORIZED


def _is_pickup(payload: Payload) -> bool:
    """Whether the buyer fetches all of it. A parcel shop is no pickup: the goods are sent there."""
    methods = [str(line.get("method_id") or "").lower() for line in payload.get("shipping_lines") or ()]
    return bool(methods) and all(_PICKUP.search(method) and "point" not in method for method in methods)


# -- lines ------------------------------------------------------------------------------------------------------------


def _product(line: Line, progress: _Progress, bundles: Bundles, to_ship: bool, lost: bool) -> OrderLine:
    payload = line.payload
    ref, quantity = str(payload["id"]), amount(payload["quantity"])
    name = plain(payload.get("name")) or plain(payload.get("parent_name"))
    attributes = line_attributes(payload)
    if lost:  # on one line, as titles are
        unsaid = (" ".join(value.split()) for value in attributes.values() if value.lower() not in (name or "").lower())
        name = ", ".join(filter(None, (name, *unsaid)))
    item = payload.get("variation_id") or payload.get("product_id")
    fulfilled, cancelled = progress.quantities(ref, quantity)
    return OrderLine(
        external_id=ref,
        item_id=str(item) if item and not lost else None,
        sku=None if lost else text(payload.get("sku")),
        name=name,
        quantity=quantity,
        subtotal=line.subtotal,
        discount=line.discount,
        taxes=progress.with_cancelled(line, cancelled),
        total=line.total,
        fulfilled_quantity=fulfilled,
        cancelled_quantity=cancelled,
        physical=to_ship,
        part_of=bundles.part_of.get(ref),
        container=ref in bundles.containers,
        attributes=attributes,
    )


def _extra(line: Line, progress: _Progress) -> OrderLine:
    """Shipping, or a fee; a fee that lowers the total is a discount."""
    payload = line.payload
    ref = str(payload["id"])
    shipping = line.group == SHIPPING
    instance = text(payload.get("instance_id"))
    code = ":".join(filter(None, (text(payload.get("method_id")), instance))) if shipping else None
    kind = LineKind.SHIPPING if shipping else LineKind.DISCOUNT if line.total < 0 else LineKind.FEE
    return OrderLine(
        external_id=ref,
        kind=kind,
        sku=code or None,
        name=plain(payload.get("method_title" if shipping else "name")),
        subtotal=line.subtotal,
        discount=line.discount,
        taxes=line.taxes,
        total=line.total,
        cancelled_quantity=Decimal(1) if progress.void else ZERO,
        physical=False,
    )


def _rounding(rest: Decimal, progress: _Progress) -> OrderLine:
    """By how much the store rounded its total."""
    cancelled = Decimal(1) if progress.void else ZERO
    return OrderLine(
        "rounding",
        LineKind.ROUNDING,
        name="Rounding",
        subtotal=rest,
        total=rest,
        cancelled_quantity=cancelled,
        physical=False,
    )


# -- people -----------------------------------------------------------------------------------------------------------


def _address(value: Payload | None) -> Address | None:
    """None where nothing is filled in: an order of virtual things has no place to ship to."""
    value = value or {}
    address = Address(
        name=_name(value),
        company=plain(value.get("company")),
        street=plain(value.get("address_1")),
        street2=plain(value.get("address_2")),
        city=plain(value.get("city")),
        zip=text(value.get("postcode")),
        state=plain(value.get("state")),
        country=text(value.get("country")),
        phone=text(value.get("phone")),
    )
    return address if any((address.name, address.company, address.street, address.city, address.zip)) else None


def _name(value: Payload) -> str | None:
    return " ".join(filter(None, (plain(value.get("first_name")), plain(value.get("last_name"))))) or None


def _buyer(payload: Payload, fields: Sequence[tuple[str, str]]) -> Buyer | None:
    billing = payload.get("billing") or {}
    buyer = Buyer(
        ref=str(payload["customer_id"]) if payload.get("customer_id") else None,
        name=_name(billing) or plain(billing.get("company")) or _name(payload.get("shipping") or {}),
        email=text(billing.get("email")),
        phone=text(billing.get("phone")) or text((payload.get("shipping") or {}).get("phone")),
        company=plain(billing.get("company")),
        vat=vat_number(fields),
    )
    return buyer if any((buyer.ref, buyer.name, buyer.email, buyer.phone)) else None


# -- lines of deleted variations ---------------------------------------------------------------------------------------


def _seems_lost(line: Payload) -> bool:
    """Whether an order line may be that of a variation that was deleted since: WooCommerce then blanks its
    ``variation_id`` and leaves the choice of colour and size. A simple product with personalisation looks the same."""
    if line.get("variation_id") or not is_ref(line.get("product_id")):
        return False
    metas = line.get("meta_data")
    metas = [part for part in metas if isinstance(part, dict)] if isinstance(metas, list) else []
    keys = [part.get("key") for part in metas]
    return any(not (isinstance(key, str) and key.startswith("_")) for key in keys)


def suspects(payload: Payload) -> set[int]:
    """The products of its lines that may be of a deleted variation."""
    return {line["product_id"] for line in _readable_lines(payload) if _seems_lost(line)}


def lost_lines(payload: Payload, simple: Collection[int]) -> set[int]:
    """The ids of lines whose variation was deleted.

    :param simple: ids of products that are known to have no variations
    """
    lines = _readable_lines(payload)
    return {line["id"] for line in lines if _seems_lost(line) and line["product_id"] not in simple}


def _readable_lines(payload: Payload) -> list[Payload]:
    """Lines that can be looked at; what is wrong with others shows when the order is read."""
    lines = payload.get("line_items")
    lines = lines if isinstance(lines, list) else []
    return [line for line in lines if isinstance(line, dict) and isinstance(line.get("id"), int)]
