"""Builds Shopify's records from a few plain words, with all the amounts that Shopify derives.

An order is described by lines like ``{"variant": gid, "quantity": 2, "price": "10.00", "discount": "1.00"}`` (a line
without ``variant`` is a custom one) and by what holds for all of it. Amounts are in the buyer's currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")
ZERO = Decimal(0)


def cents(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(CENT, ROUND_HALF_UP)


def gid(kind: str, number: int) -> str:
    return f"gid://shopify/{kind}/{number}"


class Currency:
    """Writes amounts as Shopify does, in both currencies. ``rate``: what one of the buyer's is in the shop's."""

    def __init__(self, shop: str, buyer: str | None = None, rate: Any = 1):
        self.shop, self.buyer, self.rate = shop, buyer or shop, Decimal(str(rate))

    def bag(self, value: Any) -> dict[str, Any]:
        value = cents(value)
        return {
            "presentmentMoney": {"amount": str(value), "currencyCode": self.buyer},
            "shopMoney": {"amount": str(cents(value * self.rate)), "currencyCode": self.shop},
        }


def spread(amount: Decimal, weights: Iterable[Decimal]) -> list[Decimal]:
    """Split an amount by weights, to the cent: the last part takes what is left."""
    weights = list(weights)
    whole = sum(weights, ZERO)
    parts = [cents(amount * weight / whole) if whole else ZERO for weight in weights[:-1]]
    return [*parts, amount - sum(parts, ZERO)]


def taxes_of(base: Decimal, taxes: Iterable[Mapping[str, Any]], included: bool, currency: Currency) -> list[dict]:
    """Tax lines over a discounted price."""
    taxes = list(taxes)
    total_rate = sum((Decimal(str(tax["rate"])) for tax in taxes), ZERO)
    lines = []
    for tax in taxes:
        rate = Decimal(str(tax["rate"]))
        lines.append(
            {
                "title": tax["title"],
                "rate": float(rate),
                "ratePercentage": float(rate * 100),
                "channelLiable": bool(tax.get("channel_liable")),
                "priceSet": currency.bag(base * rate / (1 + total_rate) if included else base * rate),
            }
        )
    return lines


def tax_sum(lines: Iterable[Mapping[str, Any]]) -> Decimal:
    return sum((value(line["priceSet"]) for line in lines), ZERO)


def value(bag: Mapping[str, Any]) -> Decimal:
    return Decimal(bag["presentmentMoney"]["amount"])


def allocations(parts: Iterable[Decimal], currency: Currency) -> list[dict[str, Any]]:
    return [{"allocatedAmountSet": currency.bag(part)} for part in parts if part]


def build_line(
    ref: int, spec: Mapping[str, Any], share: Decimal, included: bool, taxes: list, currency: Currency
) -> dict:
    """One line item; ``share`` is its part of the discount on the whole order."""
    quantity, price = int(spec.get("quantity", 1)), Decimal(str(spec.get("price", 0)))
    subtotal, own = cents(price * quantity), cents(spec.get("discount", 0))
    rates = spec.get("taxes", taxes)
    physical = bool(spec.get("physical", True))
    return {
        "__typename": "LineItem",
        "id": gid("LineItem", ref),
        "title": spec["title"],
        "variantTitle": None,
        "name": spec.get("name") or spec["title"],
        "sku": spec.get("sku"),
        "quantity": quantity,
        "currentQuantity": quantity,
        "unfulfilledQuantity": quantity if spec.get("fulfillable", True) else 0,
        "requiresShipping": physical,
        "taxable": bool(rates),
        "isGiftCard": bool(spec.get("gift_card")),
        "variant": {"id": spec["variant"]} if spec.get("variant") else None,
        "customAttributes": [{"key": key, "value": text} for key, text in spec.get("attributes", {}).items()],
        "originalTotalSet": currency.bag(subtotal),
        "discountAllocations": allocations((own, share), currency),
        "taxLines": taxes_of(subtotal - own - share, rates, included, currency),
        "duties": [
            {"id": gid("Duty", ref), "price": currency.bag(spec["duty"]), "taxLines": []}
            for _once in (1,)
            if "duty" in spec
        ],
    }


def build_shipping(
    ref: int, spec: Mapping[str, Any], included: bool, taxes: list, currency: Currency
) -> dict[str, Any]:
    price, discount = cents(spec.get("price", 0)), cents(spec.get("discount", 0))
    return {
        "__typename": "ShippingLine",
        "id": gid("ShippingLine", ref),
        "title": spec.get("title", "Standard"),
        "code": spec.get("code", "standard"),
        "isRemoved": False,
        "originalPriceSet": currency.bag(price),
        "discountedPriceSet": currency.bag(price - discount),
        "discountAllocations": allocations((discount,), currency),
        "taxLines": taxes_of(price - discount, spec.get("taxes", taxes), included, currency),
    }


def line_total(line: Mapping[str, Any], included: bool, price: str = "originalTotalSet") -> Decimal:
    discount = sum((value(part["allocatedAmountSet"]) for part in line["discountAllocations"]), ZERO)
    return value(line[price]) - discount + (ZERO if included else tax_sum(line["taxLines"]))


def build_order(
    ref: int,
    when: str,
    shop_currency: str,
    location: str,
    spec: Mapping[str, Any],
    services: Iterable[str] | None = None,
) -> dict[str, Any]:
    """An order as Shopify would hold it. ``ref`` numbers it; its parts are numbered from ``ref * 1000``. ``services``:
    locations of fulfilment services (None: all but ``location``).

    ``spec``: ``lines`` (see above), ``shipping`` (a list), ``taxes`` (``[{"title", "rate", "channel_liable"}]``),
    ``included``, ``discount`` on the whole order, ``tip``, ``currency``, ``rate``, ``customer``, ``address``,
    ``business``, ``po_number``, ``tax_fields``, ``gateways``, ``payment``, ``test``, ``note``, ``attributes``, ``fees``,
    ``rounding``, ``risk``, ``fulfill_by``, ``delivery`` (how it is handed over, such as PICK_UP).
    """
    currency = Currency(shop_currency, spec.get("currency"), spec.get("rate", 1))
    included, taxes = bool(spec.get("included")), list(spec.get("taxes", ()))
    part = ref * 1000
    specs = list(spec["lines"])
    if spec.get("tip"):
        tip = {"title": "Tip", "price": spec["tip"], "taxes": [], "physical": False, "fulfillable": False}
        specs.append(tip)
    weights = [Decimal(str(line.get("price", 0))) * int(line.get("quantity", 1)) for line in spec["lines"]]
    shares = spread(cents(spec.get("discount", 0)), weights) + [ZERO] * (len(specs) - len(weights))
    lines = [
        build_line(part + index, line, share, included, taxes, currency)
        for index, (line, share) in enumerate(zip(specs, shares, strict=True))
    ]
    shipping = [
        build_shipping(part + index, line, included, taxes, currency)
        for index, line in enumerate(spec.get("shipping", ()))
    ]
    fees = [
        {
            "id": gid("AdditionalFee", part + index),
            "name": fee["name"],
            "price": currency.bag(fee["price"]),
            "taxLines": [],
        }
        for index, fee in enumerate(spec.get("fees", ()))
    ]
    total = sum((line_total(line, included) for line in lines), ZERO)
    total += sum((line_total(line, included, "originalPriceSet") for line in shipping), ZERO)
    total += sum((value(duty["price"]) for line in lines for duty in line["duties"]), ZERO)
    total += sum((value(fee["price"]) for fee in fees), ZERO)
    address, customer = spec.get("address"), spec.get("customer") or {}
    return {
        "__typename": "Order",
        "id": gid("Order", ref),
        "name": f"#{ref}",
        "createdAt": when,
        "processedAt": when,
        "updatedAt": when,
        "cancelledAt": None,
        "cancelReason": None,
        "closed": False,
        "test": bool(spec.get("test")),
        "note": spec.get("note"),
        "email": customer.get("email"),
        "phone": customer.get("phone"),
        "currencyCode": currency.shop,
        "presentmentCurrencyCode": currency.buyer,
        "taxesIncluded": included,
        "dutiesIncluded": False,
        "displayFinancialStatus": spec.get("payment", "PAID"),
        "displayFulfillmentStatus": "UNFULFILLED",
        "paymentGatewayNames": list(spec.get("gateways", ("shopify_payments",))),
        "totalPriceSet": currency.bag(total),
        "currentTotalPriceSet": currency.bag(total),
        "totalTipReceivedSet": currency.bag(spec.get("tip", 0)),
        "totalCashRoundingAdjustment": {"paymentSet": currency.bag(spec.get("rounding", 0))},
        "originalTotalDutiesSet": currency.bag(
            sum((value(duty["price"]) for line in lines for duty in line["duties"]), ZERO)
        ),
        "additionalFees": fees,
        "customAttributes": [{"key": key, "value": text} for key, text in spec.get("attributes", {}).items()],
        "customer": {"id": gid("Customer", customer["ref"]), "displayName": customer["name"]} if customer else None,
        "poNumber": spec.get("po_number"),
        "purchasingEntity": _business(part, spec.get("business")),
        "localizedFields": [
            {"key": key, "value": text, "purpose": "TAX", "countryCode": key[-2:], "title": key}
            for key, text in spec.get("tax_fields", {}).items()
        ],
        "billingAddress": spec.get("billing", address),
        "shippingAddress": address,
        "risk": {"recommendation": spec.get("risk", "NONE")},
        "lineItems": lines,
        "shippingLines": shipping,
        "fulfillments": [],
        "refunds": [],
        "fulfillmentOrders": _fulfillment_orders(part, lines, specs, location, spec, services),
    }


def _business(part: int, spec: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A company that buys: ``{"company", "tax_id"}``."""
    if not spec:
        return None
    place = {"id": gid("CompanyLocation", part), "name": spec["company"]}
    return {
        "__typename": "PurchasingCompany",
        "company": {"id": gid("Company", part), "name": spec["company"]},
        "location": {**place, "taxSettings": {"taxRegistrationId": spec.get("tax_id")}},
    }


def _fulfillment_orders(
    part: int, lines: list, specs: list, location: str, spec: Mapping[str, Any], services: Iterable[str] | None
) -> list[dict[str, Any]]:
    """One for each location that lines are assigned to."""
    by_location: dict[str, list[dict[str, Any]]] = {}
    for index, (line, described) in enumerate(zip(lines, specs, strict=True)):
        if described.get("fulfillable", True):
            entry = {
                "id": gid("FulfillmentOrderLineItem", part + index),
                "remainingQuantity": line["quantity"],
                "lineItem": {"id": line["id"]},
            }
            by_location.setdefault(described.get("location") or location, []).append(entry)
    return [
        {
            "__typename": "FulfillmentOrder",
            "id": gid("FulfillmentOrder", part + index),
            "status": "OPEN",
            "requestStatus": "UNSUBMITTED",
            "fulfillAt": None,
            "fulfillBy": spec.get("fulfill_by"),
            "assignedLocation": {
                "location": {
                    "id": place,
                    "isFulfillmentService": place != location if services is None else place in services,
                },
                "name": place,
            },
            "deliveryMethod": {"methodType": spec.get("delivery", "SHIPPING")},
            "fulfillmentHolds": [],
            "lineItems": entries,
        }
        for index, (place, entries) in enumerate(by_location.items())
    ]
