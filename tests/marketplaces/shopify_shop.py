"""The state of a simulated shop, and what people do in it: sell, edit, ship, refund, cancel."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from .shopify_builder import Currency, build_order, cents, gid, line_total, value
from .shopify_search import number

ALL_SCOPES = (
    "read_products",
    "read_inventory",
    "write_inventory",
    "read_locations",
    "read_orders",
    "write_orders",
    "read_customers",
    "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
)
TOKEN = "shpat_simulated_token"
CLIENT_SECRET = "simulated-client-secret"


def iso(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Shop:
    """All that a shop holds, by Shopify's ids. ``version`` counts changes, so that sorted lists can be kept."""

    def __init__(self, clock: Callable[[], datetime]):
        self.clock = clock
        self.version = 0
        self.info = {
            "id": gid("Shop", 1),
            "name": "Simulated shop",
            "currencyCode": "EUR",
            "ianaTimezone": "Europe/Berlin",
            "myshopifyDomain": "simulated.myshopify.com",
            "shopAddress": {"countryCodeV2": "DE"},
        }
        self.token = TOKEN
        self.scopes = list(ALL_SCOPES)
        self.locations: list[dict[str, Any]] = []
        self.products: dict[str, dict[str, Any]] = {}
        self.variants: dict[str, dict[str, Any]] = {}
        self.items: dict[str, dict[str, Any]] = {}
        self.levels: dict[str, dict[str, int]] = {}  # inventory item -> location -> available
        self.orders: dict[str, dict[str, Any]] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.webhooks: list[dict[str, Any]] = []
        self.idempotency: dict[str, dict[str, Any]] = {}
        self.notes: dict[str, Any] = {}  # what the builder of this shop wants to be known about it
        self.next_number = 1
        self._sorted: dict[str, tuple[int, list]] = {}

    _PLAIN = (
        "info token scopes locations products variants items levels orders jobs webhooks idempotency notes next_number"
    ).split()

    def dump(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._PLAIN}

    def load(self, state: Mapping[str, Any]) -> None:
        for name in self._PLAIN:
            setattr(self, name, json.loads(json.dumps(state[name])))
        self.changed()

    # -- small things -------------------------------------------------------------------------------------------------

    def now(self) -> str:
        return iso(self.clock())

    def number(self) -> int:
        self.next_number += 1
        return self.next_number

    def changed(self) -> None:
        self.version += 1

    def sorted(self, name: str, key: Callable[[Any], Any]) -> list[dict[str, Any]]:
        """All records of one kind in one order, kept until something changes."""
        version, records = self._sorted.get(name, (-1, []))
        if version != self.version:
            records = sorted(getattr(self, name.partition("/")[0]).values(), key=key)
            self._sorted[name] = (self.version, records)
        return records

    # -- catalogue ----------------------------------------------------------------------------------------------------

    def add_location(self, name: str, country: str = "DE", active: bool = True, service: bool = False) -> str:
        """``service``: it is a fulfilment service's."""
        ref = gid("Location", len(self.locations) + 1)
        place = {"id": ref, "name": name, "isActive": active, "address": {"countryCode": country}}
        self.locations.append({**place, "isFulfillmentService": service})
        return ref

    def add_product(self, title: str, *, status: str = "ACTIVE", when: str | None = None, **extra: Any) -> str:
        ref = gid("Product", self.number())
        handle = "-".join(title.lower().split())
        self.products[ref] = {
            "__typename": "Product",
            "id": ref,
            "title": title,
            "status": status,
            "isGiftCard": False,
            "updatedAt": when or self.now(),
            "onlineStoreUrl": f"https://{self.info['myshopifyDomain']}/products/{handle}"
            if status == "ACTIVE"
            else None,
            "featuredMedia": None,
            "variantIds": [],
            **extra,
        }
        self.changed()
        return ref

    def add_variant(
        self,
        product: str,
        *,
        sku: str | None = None,
        barcode: str | None = None,
        price: Any = "10.00",
        options: Mapping[str, str] | None = None,
        tracked: bool = True,
        physical: bool = True,
        stock: Mapping[str, int] | None = None,
        when: str | None = None,
        image: str | None = None,
    ) -> str:
        ref, item = gid("ProductVariant", self.number()), gid("InventoryItem", self.next_number)
        title = " / ".join(options.values()) if options else "Default Title"
        parent = self.products[product]
        self.variants[ref] = {
            "__typename": "ProductVariant",
            "id": ref,
            "productId": product,
            "itemId": item,
            "sku": sku,
            "barcode": barcode,
            "title": title,
            "displayName": f"{parent['title']} - {title}",
            "price": str(cents(price)),
            "updatedAt": when or self.now(),
            "selectedOptions": [{"name": key, "value": text} for key, text in (options or {"Title": title}).items()],
            "media": [{"__typename": "MediaImage", "preview": {"image": {"url": image}}}] if image else [],
        }
        parent["variantIds"].append(ref)
        self.items[item] = {"id": item, "tracked": tracked, "requiresShipping": physical}
        if stock is None:
            stock = {self.locations[0]["id"]: 0} if self.locations else {}
        self.levels[item] = dict(stock)
        self.changed()
        return ref

    def variant_by_sku(self, sku: str) -> dict[str, Any]:
        return next(variant for variant in self.variants.values() if variant["sku"] == sku)

    def available(self, variant: str, location: str | None = None) -> int:
        """What is on sale of a variant, given by id or SKU, at one location or at all."""
        record = self.variants.get(variant) or self.variant_by_sku(variant)
        levels = self.levels[record["itemId"]]
        return levels.get(location, 0) if location else sum(levels.values())

    def set_available(self, variant: str, quantity: int, location: str | None = None) -> None:
        record = self.variants.get(variant) or self.variant_by_sku(variant)
        self.levels[record["itemId"]][location or self.locations[0]["id"]] = int(quantity)
        self.touch_product(record["productId"])

    def touch_product(self, product: str) -> None:
        self.products[product]["updatedAt"] = self.now()
        self.changed()

    def touch_item(self, item: str) -> None:
        """A stock change is a change of the product, as at Shopify."""
        variant = self.variants[gid("ProductVariant", number(item))]
        self.touch_product(variant["productId"])

    def edit_variant(self, variant: str, **values: Any) -> None:
        record = self.variants.get(variant) or self.variant_by_sku(variant)
        record.update(values, updatedAt=self.now())
        self.touch_product(record["productId"])

    def edit_product(self, product: str, **values: Any) -> None:
        self.products[product].update(values)
        self.touch_product(product)

    def delete_variant(self, variant: str) -> None:
        record = self.variants.pop(variant)
        self.levels.pop(record["itemId"])
        self.items.pop(record["itemId"])
        self.products[record["productId"]]["variantIds"].remove(variant)
        self.touch_product(record["productId"])

    # -- orders -------------------------------------------------------------------------------------------------------

    def add_order(self, spec: Mapping[str, Any], when: str | None = None, take_stock: bool = True) -> dict[str, Any]:
        """A buyer orders, see :func:`.shopify_builder.build_order`. Lines may name a variant by ``sku`` alone."""
        spec = {**spec, "lines": [self._filled(line) for line in spec["lines"]]}
        place = self.locations[0]["id"]
        ref = 1000 + len(self.orders) + 1
        services = {found["id"] for found in self.locations if found["isFulfillmentService"]}
        order = build_order(ref, when or self.now(), self.info["currencyCode"], place, spec, services)
        self.orders[order["id"]] = order
        if take_stock:
            for line, described in zip(order["lineItems"], spec["lines"], strict=False):
                self._take(line, described.get("location") or place)
        self.changed()
        return order

    def _filled(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """A line with what its variant says, where the line itself says nothing."""
        if not line.get("variant") and line.get("sku") and not line.get("custom"):
            line = {**line, "variant": self.variant_by_sku(line["sku"])["id"]}
        if not line.get("variant"):
            return dict(line)
        variant = self.variants[line["variant"]]
        product = self.products[variant["productId"]]
        known = {
            "title": product["title"],
            "name": variant["displayName"].removesuffix(" - Default Title"),
            "sku": variant["sku"],
            "price": variant["price"],
            "physical": self.items[variant["itemId"]]["requiresShipping"],
            "gift_card": product["isGiftCard"],
        }
        return {**known, **line}

    def _take(self, line: Mapping[str, Any], location: str) -> None:
        variant = self.variants.get((line["variant"] or {}).get("id"))
        if variant and self.items[variant["itemId"]]["tracked"]:
            levels = self.levels[variant["itemId"]]
            levels[location] = levels.get(location, 0) - line["quantity"]
            self.products[variant["productId"]]["updatedAt"] = self.now()

    def order(self, ref: str) -> dict[str, Any]:
        """By id, or by name (``#1001``)."""
        return self.orders.get(ref) or next(order for order in self.orders.values() if order["name"] == ref)

    def touch_order(self, ref: str, **values: Any) -> None:
        order = self.order(ref)
        order.update(values, updatedAt=self.now())
        self.changed()

    def break_order(self, ref: str) -> None:
        """Give an order an amount that can't be read, as a faulty app might."""
        order = self.order(ref)
        money = order["lineItems"][0]["originalTotalSet"]["presentmentMoney"]
        order["repair"] = money["amount"]
        money["amount"] = "n/a"
        self.touch_order(order["id"])

    def repair_order(self, ref: str) -> None:
        order = self.order(ref)
        order["lineItems"][0]["originalTotalSet"]["presentmentMoney"]["amount"] = order.pop("repair")
        self.touch_order(order["id"])

    def hold_order(self, ref: str, reason: str = "Awaiting payment") -> None:
        order = self.order(ref)
        for part in order["fulfillmentOrders"]:
            part.update(status="ON_HOLD", fulfillmentHolds=[{"displayReason": reason, "reasonNotes": None}])
        self.touch_order(order["id"], displayFulfillmentStatus="ON_HOLD")

    def fulfill(self, ref: str, quantities: Mapping[str, int] | None = None, tracking: Mapping[str, Any] | None = None):
        """Ship lines of an order, all that is open without ``quantities`` (fulfilment order line -> quantity)."""
        order = self.order(ref)
        shipped = []
        for part in order["fulfillmentOrders"]:
            for entry in part["lineItems"]:
                quantity = entry["remainingQuantity"] if quantities is None else quantities.get(entry["id"], 0)
                if quantity:
                    entry["remainingQuantity"] -= quantity
                    shipped.append({"quantity": quantity, "lineItem": entry["lineItem"]})
            if not any(entry["remainingQuantity"] for entry in part["lineItems"]):
                part["status"] = "CLOSED"
        lines = {line["id"]: line for line in order["lineItems"]}
        for entry in shipped:
            lines[entry["lineItem"]["id"]]["unfulfilledQuantity"] -= entry["quantity"]
        parcel = {
            "__typename": "Fulfillment",
            "id": gid("Fulfillment", self.number()),
            "status": "SUCCESS",
            "createdAt": self.now(),
            "trackingInfo": [{"company": None, "number": None, "url": None, **tracking}] if tracking else [],
            "fulfillmentLineItems": shipped,
        }
        order["fulfillments"].append(parcel)
        done = not any(line["unfulfilledQuantity"] for line in order["lineItems"])
        status = "FULFILLED" if done else "PARTIALLY_FULFILLED"
        closed = done and order["displayFinancialStatus"] == "PAID"
        self.touch_order(order["id"], displayFulfillmentStatus=status, closed=closed)
        return parcel

    def refund(self, ref: str, quantities: Mapping[str, int], restock: str = "CANCEL", note: str | None = None) -> dict:
        """Give back lines (line -> quantity): ``CANCEL`` before they left, ``RETURN`` after."""
        order = self.order(ref)
        currency = Currency(order["currencyCode"], order["presentmentCurrencyCode"])
        parts, whole = [], Decimal(0)
        for line in order["lineItems"]:
            quantity = quantities.get(line["id"], 0)
            if not quantity:
                continue
            total = cents(line_total(line, order["taxesIncluded"]) * quantity / line["quantity"])
            tax = cents(
                sum((value(tax["priceSet"]) for tax in line["taxLines"]), Decimal(0)) * quantity / line["quantity"]
            )
            parts.append(
                {
                    "quantity": quantity,
                    "restockType": restock,
                    "lineItem": {"id": line["id"]},
                    "subtotalSet": currency.bag(total if order["taxesIncluded"] else total - tax),
                    "totalTaxSet": currency.bag(tax),
                }
            )
            whole += total
            line["currentQuantity"] -= quantity
            if restock == "CANCEL":
                line["unfulfilledQuantity"] -= quantity
                self._shrink(order, line["id"], quantity)
        refund = {
            "__typename": "Refund",
            "id": gid("Refund", self.number()),
            "createdAt": self.now(),
            "note": note,
            "totalRefundedSet": currency.bag(whole),
            "refundLineItems": parts,
        }
        order["refunds"].append(refund)
        current = value(order["currentTotalPriceSet"]) - whole
        paid = "REFUNDED" if not current else "PARTIALLY_REFUNDED"
        self.touch_order(order["id"], currentTotalPriceSet=currency.bag(current), displayFinancialStatus=paid)
        return refund

    @staticmethod
    def _shrink(order: Mapping[str, Any], line: str, quantity: int) -> None:
        for part in order["fulfillmentOrders"]:
            for entry in part["lineItems"]:
                if entry["lineItem"]["id"] == line:
                    entry["remainingQuantity"] = max(0, entry["remainingQuantity"] - quantity)

    def cancel(self, ref: str, reason: str = "CUSTOMER") -> None:
        order = self.order(ref)
        currency = Currency(order["currencyCode"], order["presentmentCurrencyCode"])
        for line in order["lineItems"]:
            line.update(currentQuantity=0, unfulfilledQuantity=0)
        for part in order["fulfillmentOrders"]:
            part["status"] = "CANCELLED"
            for entry in part["lineItems"]:
                entry["remainingQuantity"] = 0
        now = self.now()
        nothing = currency.bag(0)
        self.touch_order(order["id"], cancelledAt=now, cancelReason=reason, closed=True, currentTotalPriceSet=nothing)

    # -- idempotency --------------------------------------------------------------------------------------------------

    @staticmethod
    def fingerprint(args: Mapping[str, Any]) -> str:
        return hashlib.sha256(json.dumps(args, sort_keys=True).encode()).hexdigest()

    def age(self, ref: str, days: float) -> None:
        """Move an order into the past, as if all of it had happened then."""
        order = self.order(ref)
        for key in ("createdAt", "processedAt", "updatedAt"):
            order[key] = iso(datetime.fromisoformat(order[key].replace("Z", "+00:00")) - timedelta(days=days))
        self.changed()


def by_id(record: Mapping[str, Any]) -> tuple[int]:
    return (number(record["id"]),)


def by_time(record: Mapping[str, Any]) -> tuple[str, int]:
    return (record["updatedAt"], number(record["id"]))
