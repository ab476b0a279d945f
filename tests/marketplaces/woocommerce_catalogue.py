"""Builds a WooCommerce site as one finds it, with the products of :mod:`.catalogue`, so that it shares its codes with the
shops of other marketplaces.

Deterministic: the same arguments give the same site, but for the clock. What is where is told in ``shop.notes``:
``{"plain": [id, …], "ambiguous": […], …, "orders": {kind: [order id, …], …}}``.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from . import catalogue
from . import woocommerce_orders as sales
from . import woocommerce_refunds as refunds
from .pictures import HOME
from .woocommerce_rest import gmt
from .woocommerce_shop import Shop

_COLOURS, _SIZES = ("White", "Black", "Green", "Blue"), ("Small", "Medium", "Large")
#: orders of every kind are built before plain ones fill up; each kind is a method of _Orders
ORDER_KINDS = (
    "plain several coupon fixed_coupon two_taxes reduced untaxed fee negative_fee free_shipping digital custom_line pack"
    " unknown_item ambiguous_item foreign_currency personalised numbered shipped partly_refunded refunded cancelled"
    " on_hold pending failed checkout_draft custom_status registered deleted_item pickup broken"
).split()
KINDS = "plain ambiguous unknown no_sku barcode_only twice untracked parent_stock digital draft private".split()
CUSTOM_STATUS = "packing"


def build_shop(
    shop: Shop,
    items: int = 240,
    orders: int = 48,
    seed: int = 1,
    skus: Iterable[str | Mapping[str, str]] = (),
    currency: str = "USD",
    country: str = "US:NY",
    tax: tuple[str, float] = ("VAT", 0.15),
    days: int = 60,
    prices_include_tax: bool = False,
) -> Shop:
    """Fill an empty site; the parameters are those of :func:`.catalogue.build_shop`."""
    known = [dict(entry) if isinstance(entry, Mapping) else {"sku": entry} for entry in skus]
    known = known or catalogue.products(items, seed)
    shop.site.update(currency=currency, country=country, prices_include_tax=prices_include_tax)
    shop.statuses[CUSTOM_STATUS] = "Packing"
    add_tax(shop, tax[0], tax[1] * 100)
    add_tax(shop, "Reduced", 5, tax_class="reduced-rate")
    add_tax(shop, "District", 2, country="US", state="CA", priority=2)
    shop.coupons = {
        "ten": {"id": 1, "code": "ten", "discount_type": "percent", "amount": "10"},
        "five": {"id": 2, "code": "five", "discount_type": "fixed_cart", "amount": "5"},
    }
    _Catalogue(shop, random.Random(seed), known, days).build(items)
    _Orders(shop, random.Random(seed + 1), days).build(orders)
    shop.pending.clear()
    return shop


def add_tax(
    shop: Shop,
    name: str,
    percent: float,
    country: str = "",
    state: str = "",
    priority: int = 1,
    compound: bool = False,
    shipping: bool = True,
    tax_class: str = "standard",
) -> int:
    """A tax rate, for everywhere without a country; of several priorities each takes its share."""
    number = len(shop.taxes) + 1
    rate = {"id": number, "country": country, "state": state, "rate": f"{percent:.4f}", "name": name}
    rate |= {"priority": priority, "compound": compound, "shipping": shipping, "order": number, "class": tax_class}
    shop.taxes.append(rate)
    return number


def address(index: int) -> dict[str, str]:
    """The people of :func:`.catalogue.address`, as WooCommerce writes them down."""
    person = catalogue.address(index)
    first, _space, last = person["name"].partition(" ")
    return {
        "first_name": first,
        "last_name": last,
        "address_1": person["address1"],
        "city": person["city"],
        "state": person["provinceCode"] or "",
        "postcode": person["zip"],
        "country": person["countryCodeV2"],
    }


class _Catalogue:
    def __init__(self, shop: Shop, chance: random.Random, known: list[dict[str, str]], days: int):
        self.shop, self.chance, self.known = shop, chance, known
        self.when = shop.clock() - timedelta(days=days + 40)
        self.made = 0
        self.notes: dict[str, Any] = {kind: [] for kind in KINDS}

    def build(self, items: int) -> None:
        self._awkward(items)
        entries = [*self.known[:1], *self.known[3:]]
        index = 0
        while self.made < items:
            group = min(self.chance.choice((1, 1, 2, 3, 4)), items - self.made)
            self._product([self._entry(entries, index + step) for step in range(group)])
            index += group
        self.shop.notes = self.notes

    def _entry(self, entries: list[Mapping[str, str]], index: int) -> Mapping[str, str]:
        """The next product; when all are on sale already, one under a code that nobody knows."""
        if index < len(entries):
            return entries[index]
        return {**entries[index % len(entries)], "sku": f"MORE-{index + 1:05d}", "barcode": ""}

    def _at(self) -> str:
        """Products were made one after the other, a few a minute: some within the same second."""
        return gmt(self.when + timedelta(seconds=self.made // 3))

    def _priced(self, entry: Mapping[str, str]) -> dict[str, Any]:
        price = entry.get("price") or f"{self.chance.randrange(490, 9990) / 100:.2f}"
        stock = {"manage_stock": True, "stock_quantity": self.chance.randrange(0, 80)}
        return {"regular_price": price, "global_unique_id": entry.get("barcode") or "", **stock}

    def _product(self, entries: list[Mapping[str, str]]) -> None:
        """A simple product, or one with a variation for each entry."""
        title = entries[0].get("name") or f"Thing {self.made + 1}"
        images = [{"src": f"{HOME}/pictures/{self.made}.png"}]
        if len(entries) == 1:
            self._note(
                "plain", self._add(title, images=images, sku=self._typed(entries[0]), **self._priced(entries[0]))
            )
            return
        parent = self._add(title, type="variable", images=images)
        for position, entry in enumerate(entries):
            options = {"Colour": _COLOURS[position % 4], "Size": _SIZES[position % 3]}
            sku = self._typed(entry)
            ref = self.shop.add_variation(parent, options, when=self._at(), sku=sku, **self._priced(entry))
            self._note("plain", ref)

    def _typed(self, entry: Mapping[str, str]) -> str:
        return entry["sku"].lower() if self.made % 17 == 3 else entry["sku"]

    def _add(self, title: str, **values: Any) -> int:
        return self.shop.add_product(title, when=self._at(), **values)

    def _note(self, kind: str, ref: int) -> int:
        self.notes[kind].append(ref)
        self.made += 1
        return ref

    def _single(self, kind: str, title: str, **values: Any) -> int:
        return self._note(kind, self._add(title, **{**self._priced({}), **values}))

    def _awkward(self, items: int) -> None:
        """A few of each kind, more of them in a larger shop, never more than half of it."""
        many = max(2, items // 40)
        first = self.known[0]
        title = f"{first.get('name') or 'Mug'} (6-pack)"
        pack = self._single("unknown", title, sku=f"PACK6-{first['sku']}", regular_price="49.00")
        self.notes["pack"] = {"variant": pack, "of": first["sku"], "quantity": 6}
        for index in range(catalogue.AMBIGUOUS):
            self._single("ambiguous", f"Double {index + 1}", sku=f"DOUBLE-{index + 1}")
        for index in range(many):
            self._single("unknown", f"Novelty {index + 1}", sku=f"NEW-{index + 1:04d}")
            self._single("no_sku", f"Handmade piece {index + 1}")
        for entry in [entry for entry in self.known[-many:] if entry.get("barcode")]:
            self._single("barcode_only", entry.get("name") or "Coded", global_unique_id=entry["barcode"])
        self._varied(self.known[1:3])
        loose = {"manage_stock": False, "stock_quantity": None}
        self._single("untracked", "Made to order", sku="MADE-1", **loose)
        file = {"virtual": True, "downloadable": True, **loose}
        self._single("digital", "Instruction booklet (PDF)", sku="PDF-1", regular_price="5.00", **file)
        self._single("digital", "Gift card", sku="GIFT-25", regular_price="25.00", virtual=True, **loose)
        self._single("draft", "Next season", sku="DRAFT-1", status="draft")
        self._single("private", "For staff", sku="STAFF-1", status="private")
        self.notes["trash"] = [self._add("Last season", sku="OLD-1", status="trash")]
        self.notes["grouped"] = [self._add("Table set", type="grouped", sku="SET-1", grouped_products=[pack])]
        link = {"type": "external", "external_url": "https://partner.example/lamp"}
        self.notes["external"] = [self._add("Partner's lamp", regular_price="80.00", **link)]

    def _varied(self, entries: list[Mapping[str, str]]) -> None:
        """Variations that share their parent's code, and such that share its stock."""
        for entry in entries:
            parent = self._add(f"{entry.get('name') or 'Item'} (one code)", type="variable", sku=entry["sku"])
            for size in _SIZES[:2]:
                priced = self._priced(entry)
                self._note("twice", self.shop.add_variation(parent, {"Size": size}, when=self._at(), **priced))
        parent = self._add("Cloth by the metre", type="variable", manage_stock=True, stock_quantity=60)
        for size in _SIZES[:2]:
            values = {"sku": f"CLOTH-{size[0]}", "regular_price": "12.50"}
            self._note("parent_stock", self.shop.add_variation(parent, {"Width": size}, when=self._at(), **values))


class _Orders:
    def __init__(self, shop: Shop, chance: random.Random, days: int):
        self.shop, self.chance, self.days = shop, chance, days
        self.notes: dict[str, list[int]] = {kind: [] for kind in ORDER_KINDS}
        self.index = 0

    def build(self, count: int) -> None:
        more = ("plain" if index % 3 else "several" for index in range(count - len(ORDER_KINDS)))
        kinds = [*ORDER_KINDS[:count], *more]
        self.chance.shuffle(kinds)
        start = self.shop.clock() - timedelta(days=self.days)
        step = timedelta(days=self.days) / (count + 1)
        for position, kind in enumerate(kinds, 1):
            self.index = position
            when = gmt(start + step * position)
            order = self.shop.add_order({**self._frame(), **getattr(self, f"_{kind}")()}, when, take_stock=False)
            self._afterwards(kind, order)
            self._set_back(order, when)
            self.notes[kind].append(order["id"])
        self.shop.notes["orders"] = self.notes

    def _set_back(self, order: dict[str, Any], when: str) -> None:
        """What became of an order since happened within a day of it."""
        for name in ("paid", "completed"):
            order[name] = order[name] and when
        for note in self.shop.order_notes:
            if note["order"] == order["id"]:
                note["created"] = when
        for ref in order["refund_ids"]:
            self.shop.refunds[ref]["created"] = when
            self.shop.refunds.touch(self.shop.refunds[ref], when)
        self.shop.orders.touch(order, when)

    def _frame(self) -> dict[str, Any]:
        """What is the same for most orders."""
        place, buyer = address(self.index), self.index % 11 + 1
        return {
            "status": "processing",
            "created_via": "checkout",
            "billing": {**place, "email": f"buyer{buyer}@example.com", "phone": "555-0100"},
            "shipping": place,
            "payment_method": "stripe",
            "payment_method_title": "Card",
            "transaction_id": f"ch_{self.index:06d}",
            "shipping_lines": [
                {"method_id": "flat_rate", "method_title": "Standard", "total": "4.90", "instance_id": "1"}
            ],
        }

    def _line(self, kind: str = "plain", **values: Any) -> dict[str, Any]:
        refs = self.shop.notes[kind] or self.shop.notes["unknown"]
        return {"product_id": self.chance.choice(refs), "quantity": self.chance.randint(1, 3), **values}

    def _lines(self, count: int, **values: Any) -> list[dict[str, Any]]:
        refs = self.shop.notes["plain"] or self.shop.notes["unknown"]
        chosen = self.chance.sample(refs, min(count, len(refs)))
        return [{"product_id": ref, "quantity": self.chance.randint(1, 3), **values} for ref in chosen]

    def _plain(self):
        return {"line_items": [self._line()]}

    def _several(self):
        return {"line_items": self._lines(self.chance.randint(2, 5))}

    def _coupon(self):
        return {"line_items": self._lines(3), "coupon_lines": [{"code": "ten"}]}

    def _fixed_coupon(self):
        return {"line_items": self._lines(3), "coupon_lines": [{"code": "five"}]}

    def _two_taxes(self):
        return {"line_items": self._lines(2), "shipping": {**address(1), "state": "CA", "postcode": "90001"}}

    def _reduced(self):
        return {"line_items": [self._line(tax_class="reduced-rate"), self._line()]}

    def _untaxed(self):
        return {"line_items": [self._line(tax_class="zero-rate")], "shipping_lines": []}

    def _fee(self):
        return {"line_items": self._lines(1), "fee_lines": [{"name": "Gift wrap", "total": "2.00"}]}

    def _negative_fee(self):
        return {"line_items": self._lines(2), "fee_lines": [{"name": "Paid by bank", "total": "-1.00"}]}

    def _free_shipping(self):
        free = {"method_id": "free_shipping", "method_title": "Free shipping", "total": "0.00"}
        return {"line_items": self._lines(3), "shipping_lines": [free]}

    def _digital(self):
        line = {"product_id": self.shop.notes["digital"][0], "quantity": 1}
        return {"line_items": [line], "shipping_lines": [], "shipping": {}, "status": "completed"}

    def _custom_line(self):
        return {"line_items": [{"name": "Engraving", "price": "12.00", "custom": True}, self._line()]}

    def _pack(self):
        return {"line_items": [{"product_id": self.shop.notes["pack"]["variant"], "quantity": 2}]}

    def _unknown_item(self):
        return {"line_items": [self._line("unknown"), self._line()]}

    def _ambiguous_item(self):
        return {"line_items": [self._line("ambiguous")]}

    def _foreign_currency(self):
        return {"line_items": self._lines(2), "currency": "USD" if self.shop.site["currency"] == "EUR" else "EUR"}

    def _personalised(self):
        meta = [{"key": "Engraving", "value": "For Kim"}, {"key": "Font", "value": "Serif"}]
        return {"line_items": [self._line(meta_data=meta)], "customer_note": "Please ring twice."}

    def _numbered(self):
        return {"line_items": self._lines(1), "number": f"WEB-{self.index:04d}"}

    def _registered(self):
        ref = 100 + self.index
        place = address(self.index)
        person = {"id": ref, "first_name": place["first_name"], "last_name": place["last_name"]}
        person |= {"email": f"member{ref}@example.com", "billing": place, "shipping": place}
        self.shop.customers[str(ref)] = person
        return {"line_items": self._lines(2), "customer_id": ref}

    def _pickup(self):
        pickup = {"method_id": "local_pickup", "method_title": "Local pickup", "total": "0.00"}
        return {"line_items": self._lines(1), "shipping_lines": [pickup], "shipping": {}, "payment_method": "cod"}

    def _pair(self):
        return {"line_items": self._lines(2)}

    _shipped = _cancelled = _refunded = _broken = _pair

    def _partly_refunded(self):
        return {"line_items": self._lines(2, quantity=3)}

    def _on_hold(self):
        return {"line_items": self._lines(1), "status": "on-hold", "payment_method": "bacs"}

    def _pending(self):
        return {"line_items": self._lines(1), "status": "pending"}

    def _failed(self):
        return {"line_items": self._lines(1), "status": "failed"}

    def _checkout_draft(self):
        return {"line_items": self._lines(1), "status": "checkout-draft", "created_via": "store-api"}

    def _custom_status(self):
        return {"line_items": self._lines(2), "status": CUSTOM_STATUS}

    def _deleted_item(self):
        gone = self.shop.add_product("Gone by now", sku=f"GONE-{self.index}", regular_price="15.00")
        return {"line_items": [{"product_id": gone, "quantity": 1}]}

    def _afterwards(self, kind: str, order: Mapping[str, Any]) -> None:
        """What became of the order since."""
        shop, first = self.shop, order["line_items"][0]
        if kind == "shipped":
            sales.update(shop, shop.orders[order["id"]], {"status": "completed"})
            shop.add_note(order["id"], "Shipped with UPS, tracking number SIM-2", customer_note=True)
        elif kind == "cancelled":
            sales.update(shop, shop.orders[order["id"]], {"status": "cancelled"})
        elif kind == "partly_refunded":
            one = refunds.share(first, 1)
            refunds.refund(shop, shop.orders[order["id"]], {"api_refund": False, "line_items": [one]})
        elif kind == "refunded":
            refunds.refund(shop, shop.orders[order["id"]], {"api_refund": False, "amount": order["total"]})
        elif kind == "deleted_item":
            shop.delete_product(first["product_id"])
        elif kind == "broken":
            shop.break_order(order["id"])
