"""Builds a shop as one finds it: tidy listings and untidy ones, plain orders and awkward ones.

Deterministic: the same arguments give the same shop, but for the clock. What is where is told in ``shop.notes``:
``{"plain": [SKU, …], "ambiguous": […], "unknown": […], "orders": {kind: [order id, …]}, …}``.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from .pictures import HOME
from .shopify_shop import Shop, iso

_THINGS = ("Mug", "Lamp", "Chair", "Shelf", "Bottle", "Rug", "Clock", "Vase", "Basket", "Stool", "Tray", "Blanket")
_STYLES = ("Oak", "Linen", "Steel", "Amber", "Stone", "Cork", "Olive", "Copper", "Walnut", "Ivory")
_COLOURS, _SIZES = ("White", "Black", "Green", "Blue"), ("Small", "Medium", "Large")
_PEOPLE = (
    ("Alex Sample", "12 Example Street", "Springfield", "62701", "IL", "US"),
    ("Kim Example", "4 Test Lane", "Portland", "97201", "OR", "US"),
    ("Robin Muster", "Musterweg 7", "Berlin", "10115", None, "DE"),
    ("Sam Exemple", "3 rue de l'Exemple", "Lyon", "69001", None, "FR"),
)
AMBIGUOUS = 4
#: orders of every kind are built before plain ones fill up; each kind is a method of _Orders
ORDER_KINDS = (
    "plain several discounted order_discount tax_on_top marketplace_tax tip gift_card_paid gift_card_sold custom_line"
    " pack unknown_item ambiguous_item foreign_currency personalised partly_shipped shipped cancelled refunded held"
    " test fees rounding broken"
).split()


def products(count: int, seed: int = 1) -> list[dict[str, str]]:
    """Products that a business may have: ``{"sku", "name", "price", "barcode"}``, for both sides of a test."""
    chance = random.Random(seed)
    return [
        {
            "sku": f"{_THINGS[index % len(_THINGS)][:3].upper()}-{index + 1:05d}",
            "name": f"{chance.choice(_STYLES)} {_THINGS[index % len(_THINGS)]} {index + 1}",
            "price": f"{chance.randrange(490, 9990) / 100:.2f}",
            "barcode": ean13(200_000_000_000 + index),
        }
        for index in range(count)
    ]


def ean13(number: int) -> str:
    digits = f"{number:012d}"
    odd, even = sum(map(int, digits[::2])), sum(map(int, digits[1::2]))
    return f"{digits}{-(odd + 3 * even) % 10}"


def address(index: int) -> dict[str, Any]:
    name, street, city, code, state, country = _PEOPLE[index % len(_PEOPLE)]
    return {
        "name": name,
        "company": None,
        "address1": street,
        "address2": None,
        "city": city,
        "zip": code,
        "provinceCode": state,
        "province": state,
        "countryCodeV2": country,
        "phone": None,
    }


def build_shop(
    shop: Shop,
    items: int = 240,
    orders: int = 48,
    seed: int = 1,
    skus: Iterable[str | Mapping[str, str]] = (),
    currency: str = "USD",
    country: str = "US",
    tax: tuple[str, float] = ("VAT", 0.15),
    days: int = 60,
) -> Shop:
    """Fill an empty shop.

    :param items: variants in all
    :param skus: codes (or :func:`products`) that the business knows; most items are sold under them. By default those
        of ``products(items)``
    :param tax: title and rate of the usual tax
    :param days: how far back orders go
    """
    known = [dict(entry) if isinstance(entry, Mapping) else {"sku": entry} for entry in skus] or products(items, seed)
    shop.info.update(currencyCode=currency, shopAddress={"countryCodeV2": country})
    _Catalogue(shop, random.Random(seed), known, days).build(items, country)
    _Orders(shop, random.Random(seed + 1), tax, days).build(orders)
    return shop


class _Catalogue:
    def __init__(self, shop: Shop, chance: random.Random, known: list[dict[str, str]], days: int):
        self.shop, self.chance, self.known = shop, chance, known
        self.when = iso(shop.clock() - timedelta(days=days + 40))
        self.made = 0
        self.notes: dict[str, Any] = {kind: [] for kind in ("plain", "ambiguous", "unknown", "no_sku", "barcode_only")}
        self.notes |= {kind: [] for kind in ("untracked", "digital", "draft", "twice")}

    def build(self, items: int, country: str) -> None:
        shop = self.shop
        shop.add_location("Main warehouse", country)
        shop.add_location("Outlet", country)
        self._awkward(items)
        plain = max(0, items - self.made)
        entries = self.known[: max(1, plain)]
        index = 0
        while self.made < items:
            group = min(self.chance.choice((1, 1, 2, 3, 4)), items - self.made)
            self._product([entries[(index + step) % len(entries)] for step in range(group)])
            index += group
        shop.notes = self.notes

    def _stock(self) -> dict[str, int]:
        return {self.shop.locations[0]["id"]: self.chance.randrange(0, 80)}

    def _product(self, entries: list[Mapping[str, str]]) -> None:
        """One product with a variant for each entry."""
        title = entries[0].get("name") or f"{self.chance.choice(_STYLES)} {self.chance.choice(_THINGS)}"
        picture = {
            "__typename": "MediaImage",
            "preview": {"image": {"url": f"{HOME}/pictures/{self.made}.png"}},
        }
        product = self.shop.add_product(title, when=self.when, featuredMedia=picture)
        for position, entry in enumerate(entries):
            options = None
            if len(entries) > 1:
                options = {"Colour": _COLOURS[position % 4], "Size": _SIZES[position % 3]}
            sku = entry["sku"]
            if self.made % 17 == 3:  # the same code, typed differently
                sku = f" {sku.lower()}"
            price = entry.get("price") or f"{self.chance.randrange(490, 9990) / 100:.2f}"
            self._variant("plain", product, sku=sku, barcode=entry.get("barcode"), price=price, options=options)

    def _variant(self, kind: str, product: str, **values: Any) -> str:
        values.setdefault("price", f"{self.chance.randrange(490, 9990) / 100:.2f}")
        ref = self.shop.add_variant(product, stock=self._stock(), when=self.when, **values)
        self.notes[kind].append(ref)
        self.made += 1
        return ref

    def _single(self, kind: str, title: str, product: Mapping[str, Any] | None = None, **values: Any) -> str:
        return self._variant(kind, self.shop.add_product(title, when=self.when, **(product or {})), **values)

    def _awkward(self, items: int) -> None:
        """A few of each kind, more of them in a larger shop, never more than half of it."""
        many = max(2, items // 40)
        first = self.known[0]
        pack = self._single(
            "unknown", f"{first.get('name') or 'Mug'} (6-pack)", sku=f"PACK6-{first['sku']}", price="49.00"
        )
        self.notes["pack"] = {"variant": pack, "of": first["sku"], "quantity": 6}
        for index in range(AMBIGUOUS):
            self._single("ambiguous", f"Double {index + 1}", sku=f"DOUBLE-{index + 1}")
        for index in range(many):
            self._single("unknown", f"Novelty {index + 1}", sku=f"NEW-{index + 1:04d}")
            self._single("no_sku", f"Handmade piece {index + 1}")
        coded = [entry for entry in self.known[-many:] if entry.get("barcode")]
        for entry in coded:
            self._single("barcode_only", entry.get("name") or "Coded", barcode=entry["barcode"])
        for entry in self.known[1:3]:
            self._single("twice", f"{entry.get('name') or 'Item'} (again)", sku=entry["sku"])
        self._single("untracked", "Made to order", sku="MADE-1", tracked=False)
        self._single("digital", "Instruction booklet (PDF)", sku="PDF-1", tracked=False, physical=False, price="5.00")
        gift = {"isGiftCard": True}
        self._single("digital", "Gift card", gift, sku="GIFT-25", tracked=False, physical=False, price="25.00")
        self._single("draft", "Next season", {"status": "DRAFT", "onlineStoreUrl": None}, sku="DRAFT-1")


class _Orders:
    def __init__(self, shop: Shop, chance: random.Random, tax: tuple[str, float], days: int):
        self.shop, self.chance, self.days = shop, chance, days
        self.tax = {"title": tax[0], "rate": tax[1]}
        self.notes: dict[str, list[str]] = {kind: [] for kind in ORDER_KINDS}
        self.index = 0

    def build(self, count: int) -> None:
        kinds = [
            *ORDER_KINDS[:count],
            *("plain" if index % 3 else "several" for index in range(count - len(ORDER_KINDS))),
        ]
        self.chance.shuffle(kinds)
        start = self.shop.clock() - timedelta(days=self.days)
        step = timedelta(days=self.days) / (count + 1)
        for position, kind in enumerate(kinds, 1):
            self.index = position
            when = iso(start + step * position)
            order = self.shop.add_order({**self._frame(), **getattr(self, f"_{kind}")()}, when, take_stock=False)
            self._afterwards(kind, order)
            order["updatedAt"] = when
            self.notes[kind].append(order["id"])
        self.shop.notes["orders"] = self.notes
        self.shop.changed()

    def _frame(self) -> dict[str, Any]:
        """What is the same for most orders."""
        place = address(self.index)
        ref = self.index % 11 + 1
        return {
            "included": True,
            "taxes": [self.tax],
            "address": place,
            "customer": {"ref": ref, "name": place["name"], "email": f"buyer{ref}@example.com"},
            "shipping": [{"title": "Standard", "code": "standard", "price": "4.90"}],
        }

    def _line(self, kind: str = "plain", **values: Any) -> dict[str, Any]:
        refs = self.shop.notes[kind] or self.shop.notes["unknown"]
        return {"variant": self.chance.choice(refs), "quantity": self.chance.randint(1, 3), **values}

    def _lines(self, count: int, **values: Any) -> list[dict[str, Any]]:
        refs = self.shop.notes["plain"] or self.shop.notes["unknown"]
        chosen = self.chance.sample(refs, min(count, len(refs)))
        return [{"variant": ref, "quantity": self.chance.randint(1, 3), **values} for ref in chosen]

    def _plain(self):
        return {"lines": [self._line()]}

    def _several(self):
        return {"lines": self._lines(self.chance.randint(2, 5))}

    def _discounted(self):
        return {"lines": [self._line(discount="1.50"), self._line()]}

    def _order_discount(self):
        return {"lines": self._lines(3), "discount": "5.00"}

    def _tax_on_top(self):
        return {"lines": self._lines(2), "included": False}

    def _marketplace_tax(self):
        return {"lines": self._lines(2), "included": False, "taxes": [{**self.tax, "channel_liable": True}]}

    def _tip(self):
        return {"lines": self._lines(1), "tip": "2.00"}

    def _gift_card_paid(self):
        return {"lines": self._lines(2), "gateways": ["gift_card", "shopify_payments"]}

    def _gift_card_sold(self):
        return {"lines": [{"variant": self.shop.notes["digital"][1], "quantity": 1, "taxes": []}], "shipping": []}

    def _custom_line(self):
        return {"lines": [{"title": "Engraving", "price": "12.00", "custom": True, "sku": "ENGRAVE"}, self._line()]}

    def _pack(self):
        return {"lines": [{"variant": self.shop.notes["pack"]["variant"], "quantity": 2}]}

    def _unknown_item(self):
        return {"lines": [self._line("unknown"), self._line()]}

    def _ambiguous_item(self):
        return {"lines": [self._line("ambiguous")]}

    def _foreign_currency(self):
        foreign = "USD" if self.shop.info["currencyCode"] == "EUR" else "EUR"
        return {"lines": self._lines(2), "currency": foreign, "rate": "1.08"}

    def _personalised(self):
        return {
            "lines": [self._line(attributes={"Engraving": "For Kim", "Font": "Serif"})],
            "note": "Please ring twice.",
        }

    def _partly_shipped(self):
        return {"lines": self._lines(3, quantity=2)}

    def _shipped(self):
        return {"lines": self._lines(2)}

    def _cancelled(self):
        return {"lines": self._lines(2)}

    def _refunded(self):
        return {"lines": self._lines(2, quantity=3)}

    def _held(self):
        return {"lines": self._lines(1), "payment": "PENDING"}

    def _test(self):
        return {"lines": self._lines(1), "test": True, "gateways": ["bogus"]}

    def _fees(self):
        lines = [self._line(duty="3.20"), self._line()]
        return {"lines": lines, "fees": [{"name": "Import fee", "price": "2.50"}], "included": False}

    def _rounding(self):
        return {"lines": [self._line()], "rounding": "0.02", "gateways": ["cash"]}

    def _broken(self):
        return {"lines": self._lines(2)}

    def _afterwards(self, kind: str, order: Mapping[str, Any]) -> None:
        """What became of the order since."""
        shop, ref = self.shop, order["id"]
        if kind == "partly_shipped":
            first = order["fulfillmentOrders"][0]["lineItems"][0]
            shop.fulfill(ref, {first["id"]: 1}, {"company": "DHL", "number": "SIM-1"})
        elif kind == "shipped":
            shop.fulfill(ref, None, {"company": "UPS", "number": "SIM-2"})
        elif kind == "cancelled":
            shop.cancel(ref)
        elif kind == "refunded":
            shop.refund(ref, {order["lineItems"][0]["id"]: 1})
        elif kind == "held":
            shop.hold_order(ref)
        elif kind == "broken":
            shop.break_order(ref)
