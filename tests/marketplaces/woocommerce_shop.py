"""The state of a simulated WooCommerce site, and what people do in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from . import woocommerce_orders as sales
from . import woocommerce_products as goods
from .woocommerce_money import CURRENCIES
from .woocommerce_rest import gmt, invalid_id
from .woocommerce_table import Record, Table

VERSION, WORDPRESS = "11.0.1", "7.1"
CONSUMER_KEY, CONSUMER_SECRET = "ck_simulated_consumer_key", "cs_simulated_consumer_secret"
STATUSES = {
    "pending": "Pending payment",
    "processing": "Processing",
    "on-hold": "On hold",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "refunded": "Refunded",
    "failed": "Failed",
    "checkout-draft": "Draft",
}
_READ_ONE = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Shop:
    """All that a site holds, by WooCommerce's ids, which products, variations, orders and refunds draw from one counter."""

    def __init__(self, clock: Callable[[], datetime]):
        self.clock = clock
        self.home = "http://simulated.example"
        self.site: dict[str, Any] = {
            "name": "Simulated shop",
            "timezone": "America/New_York",
            "currency": "USD",
            "country": "US:NY",
            "prices_include_tax": False,
            "round_at_subtotal": False,
            "decimals": 2,
            "refunding_gateways": ["stripe"],
        }
        self.keys: list[dict[str, Any]] = []
        self.add_key(consumer_key=CONSUMER_KEY, consumer_secret=CONSUMER_SECRET)
        self.statuses = dict(STATUSES)
        self.taxes: list[dict[str, Any]] = []
        self.coupons: dict[str, dict[str, Any]] = {}
        self.customers: dict[str, dict[str, Any]] = {}
        self.products, self.variations, self.orders, self.refunds = Table(), Table(), Table(), Table()
        self.order_notes: list[dict[str, Any]] = []
        self.webhooks: list[dict[str, Any]] = []
        self.pending: list[dict[str, Any]] = []  # webhook deliveries that wait for the Action Scheduler
        self.deliveries: list[dict[str, Any]] = []  # those that were made, and what came of them
        self.notes: dict[str, Any] = {}  # what the builder of this shop wants to be known about it
        self.counters = {"record": 9, "item": 0, "meta": 0, "note": 0, "webhook": 0}
        self.skus: dict[str, int] = {}

    _TABLES = ("products", "variations", "orders", "refunds")
    _PLAIN = (
        "site keys statuses taxes coupons customers order_notes webhooks pending deliveries notes counters skus"
    ).split()

    def dump(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in (*self._PLAIN, *self._TABLES)}

    def load(self, state: Mapping[str, Any]) -> None:
        state = json.loads(json.dumps(state))
        for name in self._PLAIN:
            setattr(self, name, state[name])
        for name in self._TABLES:
            getattr(self, name).fill(state[name])

    # -- small things -------------------------------------------------------------------------------------------------

    def now(self) -> str:
        return gmt(self.clock())

    def number(self, kind: str = "record") -> int:
        self.counters[kind] += 1
        return self.counters[kind]

    def symbol(self, currency: str | None = None, entity: bool = False) -> str:
        code = currency or self.site["currency"]
        _name, plain, escaped = CURRENCIES.get(code, (code, code, code))
        return escaped if entity else plain

    def set_meta(self, entries: list[dict[str, Any]], key: str, value: Any) -> None:
        for entry in entries:
            if entry["key"] == key:
                entry["value"] = value
                return
        entries.append({"id": self.number("meta"), "key": key, "value": value})

    def links(
        self, own: str, collection: str, up: str | None = None, allow: tuple[str, ...] = _READ_ONE, **more: Any
    ) -> dict[str, Any]:
        root = f"{self.home}/wp-json/wc/v3/"
        links = {"self": [{"href": root + own, "targetHints": {"allow": list(allow)}}]}
        links |= {"collection": [{"href": root + collection}], **more}
        return {**links, "up": [{"href": root + up}]} if up else links

    def add_key(
        self, permissions: str = "read_write", capable: bool = True, user_id: int = 1, **given: Any
    ) -> dict[str, Any]:
        """A key of the REST API. ``capable`` says whether its user may manage the shop."""
        number = len(self.keys) + 1
        key = {
            "key_id": number,
            "user_id": user_id,
            "consumer_key": f"ck_{number:040x}",
            "consumer_secret": f"cs_{number * 7919:040x}",
            "permissions": permissions,
            "capable": capable,
            "description": "",
            **given,
        }
        self.keys.append(key)
        return key

    def revoke_key(self, consumer_key: str) -> None:
        self.keys = [key for key in self.keys if key["consumer_key"] != consumer_key]

    # -- catalogue ----------------------------------------------------------------------------------------------------

    def add_product(self, name: str, *, type: str = "simple", when: str | None = None, **values: Any) -> int:
        """Put a product on sale, with what wc/v3 takes (``sku``, ``regular_price``, ``manage_stock``, …); gives its id."""
        slug = goods.slugged(name)
        record = goods.blank(self, when or self.now(), type=type, parent_id=0, slug=slug)
        goods.apply(self, record, {"name": name, **values})
        self.products.add(record)
        self.happened("product.created", record["id"])
        return record["id"]

    def add_variation(self, product: int, options: Mapping[str, str], *, when: str | None = None, **values: Any) -> int:
        """``options``: ``{"Size": "M"}``. Gives the variation's id."""
        parent, when = self.products[product], when or self.now()
        record = goods.blank(self, when, type="variation", parent_id=product)
        ref = record["id"]
        record["slug"] = f"{parent['slug']}-{ref}"
        values = {"attributes": [{"name": name, "option": text} for name, text in options.items()], **values}
        goods.apply(self, record, values)
        self.variations.add(record)
        parent["type"] = "variable"
        parent["variations"].append(ref)
        for name, text in options.items():
            known = next((entry for entry in parent["attributes"] if entry["name"] == name), None)
            if not known:
                known = {"name": name, "options": [], "variation": True}
                parent["attributes"].append(known)
            if text not in known["options"]:
                known["options"].append(text)
        self.products.touch(parent, max(when, parent["modified"]))
        return ref

    def sku_owner(self, sku: str) -> Record | None:
        """Who has this code; what is in the trash has given it up."""
        ref = self.skus.get(sku.lower())
        found = self.products.get(ref) or self.variations.get(ref)
        return found if found and found["status"] != "trash" else None

    def item(self, ref: int | str) -> Record:
        """A product or variation by id or SKU. Raises RestError."""
        if isinstance(ref, str) and not ref.isdigit():
            found = self.sku_owner(ref)
        else:
            found = self.products.get(int(ref)) or self.variations.get(int(ref))
        if not found:
            raise invalid_id("product")
        return found

    def edit_product(self, ref: int | str, **values: Any) -> None:
        """Change a product or a variation, by id or SKU, with what wc/v3 takes."""
        record = self.item(ref)
        goods.apply(self, record, values)
        self.touch_item(record)

    def touch_item(self, record: Record) -> None:
        """A change of a variation is a change of its product too."""
        now = self.now()
        if record["parent_id"]:
            self.variations.touch(record, now)
            self.products.touch(self.products[record["parent_id"]], now)
        else:
            self.products.touch(record, now)
        self.happened("product.updated", record["id"])

    def delete_variation(self, ref: int | str) -> None:
        """For good: order lines of it lose its id and code from then on."""
        record = self.variations.remove(self.item(ref)["id"])
        goods.release_sku(self, record)
        parent = self.products[record["parent_id"]]
        parent["variations"].remove(record["id"])
        self.products.touch(parent, self.now())
        self.happened("product.deleted", record["id"])

    def delete_product(self, ref: int | str) -> None:
        """For good, with its variations."""
        record = self.item(ref)
        for variation in list(record["variations"]):
            self.delete_variation(variation)
        self.products.remove(record["id"])
        goods.release_sku(self, record)
        self.happened("product.deleted", record["id"])

    def available(self, ref: int | str) -> int | None:
        """What is on sale of a product or variation; None where no stock is kept."""
        keeper = goods.stock_keeper(self, self.item(ref))
        return keeper["stock_quantity"] if keeper else None

    def set_available(self, ref: int | str, quantity: int) -> None:
        keeper = goods.stock_keeper(self, self.item(ref))
        if not keeper:
            raise ValueError(f"{ref} keeps no stock")
        goods.set_quantity(keeper, int(quantity))
        self.touch_item(keeper)

    def move_stock(self, record: Record, change: int) -> int | None:
        """Sell or take back; gives the new quantity, None where no stock is kept."""
        keeper = goods.stock_keeper(self, record)
        if not keeper:
            return None
        goods.set_quantity(keeper, (keeper["stock_quantity"] or 0) + change)
        self.touch_item(keeper)
        return keeper["stock_quantity"]

    # -- orders: see woocommerce_orders -------------------------------------------------------------------------------

    def add_order(self, spec: Mapping[str, Any], when: str | None = None, take_stock: bool = True) -> Record:
        return sales.create(self, spec, when, take_stock)

    def order(self, ref: int | str) -> Record:
        """By id or number. Raises RestError."""
        found = self.orders.get(int(ref)) if str(ref).isdigit() else None
        found = found or next((order for order in self.orders.values() if order["number"] == str(ref)), None)
        if not found:
            raise invalid_id("shop_order")
        return found

    def touch_order(self, ref: int | str, **values: Any) -> None:
        order = self.order(ref)
        order.update(values)
        self.orders.touch(order, self.now())
        self.happened("order.updated", order["id"])

    def break_order(self, ref: int | str) -> None:
        """Give an order an amount that can't be read, as a faulty plugin might."""
        self.touch_order(ref, broken=True)

    def repair_order(self, ref: int | str) -> None:
        self.touch_order(ref, broken=False)

    def age(self, ref: int | str, days: float) -> None:
        """Move an order into the past, as if all of it had happened then."""
        order = self.order(ref)
        back = lambda moment: moment and gmt(datetime.fromisoformat(f"{moment}+00:00") - timedelta(days=days))  # noqa: E731
        order.update({name: back(order[name]) for name in ("created", "paid", "completed")})
        self.orders.touch(order, back(order["modified"]))

    def add_note(self, ref: int | str, note: str, customer_note: bool = False, author: str = "WooCommerce") -> Record:
        """A note on an order; the order's time of change stays as it is."""
        entry = {
            "id": self.number("note"),
            "order": self.order(ref)["id"],
            "author": author,
            "created": self.now(),
            "note": note,
            "customer_note": customer_note,
        }
        self.order_notes.append(entry)
        return entry

    # -- webhooks -----------------------------------------------------------------------------------------------------

    def happened(self, topic: str, ref: int) -> None:
        """Queue a delivery for each webhook that asked for it, once however often it happens until it is sent."""
        for hook in self.webhooks:
            entry = {"webhook": hook["id"], "topic": topic, "ref": ref}
            if hook["status"] == "active" and hook["topic"] == topic and entry not in self.pending:
                self.pending.append(entry)
