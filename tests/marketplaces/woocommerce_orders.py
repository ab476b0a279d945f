"""Orders of a simulated WooCommerce: how they are made, changed, cancelled and refunded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from . import woocommerce_products as goods
from .woocommerce_money import ZERO, bare, coupon_shares, matching, rounded, taxes_on
from .woocommerce_rest import RestError, php_int

if TYPE_CHECKING:
    from .woocommerce_shop import Shop

Record = dict[str, Any]
PAID = ("processing", "completed")
TAKES_STOCK = (*PAID, "on-hold")
BILLING = "first_name last_name company address_1 address_2 city state postcode country email phone".split()
SHIPPING = [name for name in BILLING if name != "email"]


def create(shop: Shop, spec: Mapping[str, Any], when: str | None = None, take_stock: bool = True) -> Record:
    """An order as a buyer or a client makes it, in wc/v3's own words: ``line_items`` (``product_id``, ``variation_id`` or
    ``sku``; with ``custom`` an item that is no product), ``shipping_lines``, ``fee_lines``, ``coupon_lines``, ``billing``,
    ``shipping``, ``status``, ``set_paid``, …; ``number`` besides, as plugins for order numbers set it."""
    spec = json.loads(json.dumps(spec))
    when = when or shop.now()
    ref = shop.number()
    order: Record = {
        "id": ref,
        "parent_id": int(spec.get("parent_id", 0)),
        "number": str(spec.get("number", ref)),
        "status": "",
        "currency": spec.get("currency") or shop.site["currency"],
        "prices_include_tax": shop.site["prices_include_tax"],
        "customer_id": int(spec.get("customer_id", 0)),
        "order_key": f"wc_order_{ref:013x}",
        "billing": _address(spec.get("billing"), BILLING),
        "shipping": _address(spec.get("shipping"), SHIPPING),
        "payment_method": spec.get("payment_method", ""),
        "payment_method_title": spec.get("payment_method_title", ""),
        "transaction_id": spec.get("transaction_id", ""),
        "created_via": spec.get("created_via", "rest-api"),
        "customer_note": spec.get("customer_note", ""),
        "created": when,
        "modified": when,
        "paid": None,
        "completed": None,
        "meta_data": [],
        "line_items": [],
        "tax_lines": [],
        "shipping_lines": [],
        "fee_lines": [],
        "coupon_lines": [],
        "refund_ids": [],
    }
    for entry in spec.get("meta_data") or ():
        shop.set_meta(order["meta_data"], entry["key"], entry["value"])
    _add_parts(shop, order, spec)
    status = spec.get("status") or "pending"
    if spec.get("set_paid") and status == "pending":
        status = "processing"
    _enter(shop, order, status, when, take_stock)
    shop.orders.add(order)  # with its status: lists that are kept take it in or not by that
    shop.happened("order.created", ref)
    return order


def _address(given: Mapping[str, Any] | None, names: Iterable[str]) -> dict[str, str]:
    return {name: str((given or {}).get(name) or "") for name in names}


# -- parts and sums ---------------------------------------------------------------------------------------------------


def _add_parts(shop: Shop, order: Record, spec: Mapping[str, Any]) -> None:
    made = [_line(shop, entry) for entry in spec.get("line_items") or ()]
    for entry in spec.get("shipping_lines") or ():
        order["shipping_lines"].append(
            {
                "id": shop.number("item"),
                "method_title": entry.get("method_title", ""),
                "method_id": entry.get("method_id", ""),
                "instance_id": str(entry.get("instance_id", "")),
                "total": str(entry.get("total", "0")),
                "tax_status": "taxable",
            }
        )
    for entry in spec.get("fee_lines") or ():
        order["fee_lines"].append(
            {
                "id": shop.number("item"),
                "name": entry.get("name", ""),
                "tax_class": entry.get("tax_class", ""),
                "tax_status": entry.get("tax_status", "taxable"),
                "amount": "",
                "total": str(entry.get("total", "0")),
            }
        )
    order["line_items"] += made
    _discount(shop, order, made, spec.get("coupon_lines") or ())
    add_up(shop, order)


def _line(shop: Shop, entry: Mapping[str, Any]) -> Record:
    quantity = php_int(entry.get("quantity", 1))
    line = {"id": shop.number("item"), "product_id": 0, "variation_id": 0, "quantity": quantity, "tax_class": ""}
    line |= {"name": entry.get("name", ""), "meta_data": []}
    unit = Decimal(str(entry.get("price", 0)))
    if not entry.get("custom"):
        ref = entry.get("variation_id") or entry.get("product_id") or entry.get("sku")
        if not ref:
            raise RestError("woocommerce_rest_required_product_reference", "Product ID or SKU is required.", 400)
        item = shop.item(ref)
        line["name"] = entry.get("name") or goods.full_name(shop, item)
        line["tax_class"] = entry.get("tax_class", item["tax_class"])
        line["taxable"] = item["tax_status"] == "taxable"
        varied = item["type"] == "variation"
        line |= {"product_id": item["parent_id"] or item["id"], "variation_id": item["id"] if varied else 0}
        unit = Decimal(str(entry.get("price") or goods.price_of(item) or 0))
        for option in item["attributes"] if varied else ():
            set_line_meta(shop, line, option["name"].lower(), option["option"], option["name"])
        shop.products[line["product_id"]]["total_sales"] += quantity
    for extra in entry.get("meta_data") or ():
        set_line_meta(shop, line, extra["key"], extra["value"])
    line["shown"] = str(unit * quantity)
    line |= {name: str(entry[name]) for name in ("subtotal", "total") if entry.get(name) is not None}
    return line


def set_line_meta(shop: Shop, line: Record, key: str, value: Any, label: str | None = None) -> None:
    for entry in line["meta_data"]:
        if entry["key"] == key:
            entry |= {"value": value, "display_value": value}
            return
    line["meta_data"].append(
        {
            "id": shop.number("meta"),
            "key": key,
            "value": value,
            "display_key": label or key,
            "display_value": value,
        }
    )


def _discount(shop: Shop, order: Record, lines: list[Record], coupons: Iterable[Mapping[str, Any]]) -> None:
    """Take coupons off the amounts that buyers saw, then leave the tax out of lines and discounts."""
    rates = {line["id"]: _rates(shop, order, line) for line in lines}
    included, places = order["prices_include_tax"], _places(shop)
    taxes = lambda line, amount: taxes_on(amount, rates[line["id"]], included, places)  # noqa: E731
    net = lambda line, amount: amount - (sum_of(taxes(line, amount)) if included else ZERO)  # noqa: E731
    seen = {line["id"]: Decimal(line.pop("shown")) for line in lines}
    left = dict(seen)
    for entry in coupons:
        coupon = shop.coupons.get(str(entry.get("code", "")).lower())
        if not coupon:
            raise RestError("woocommerce_rest_invalid_coupon", "Coupon does not exist!", 400)
        shares = coupon_shares(coupon, [left[line["id"]] for line in lines], [line["quantity"] for line in lines])
        whole = tax = ZERO
        for line, share in zip(lines, shares, strict=True):
            before, left[line["id"]] = left[line["id"]], left[line["id"]] - share
            whole += net(line, before) - net(line, before - share)
            tax += sum_of(taxes(line, share))
        order["coupon_lines"].append(_coupon_line(shop, coupon, whole, tax))
    for line in lines:
        first, last = seen[line["id"]], left[line["id"]]
        if included and not line.keys() & {"subtotal", "total"} and order["created_via"] == "checkout":
            # the basket worked these out of what the buyer saw, and so they stay
            line["taxes_within"] = [
                {"id": ref, "total": str(total), "subtotal": str(taxes(line, first)[ref])}
                for ref, total in taxes(line, last).items()
            ]
        line.setdefault("subtotal", str(net(line, first)))
        line.setdefault("total", str(net(line, last)) if coupons else line["subtotal"])


def _coupon_line(shop: Shop, coupon: Mapping[str, Any], discount: Decimal, tax: Decimal) -> Record:
    amount = Decimal(coupon["amount"])
    info = json.dumps([coupon["id"], coupon["code"], coupon["discount_type"], float(amount)], separators=(",", ":"))
    line = {
        "id": shop.number("item"),
        "code": coupon["code"],
        "discount": bare(discount),
        "discount_tax": bare(tax),
        "meta_data": [],
        "discount_type": coupon["discount_type"],
        "nominal_amount": bare(amount),
        "free_shipping": bool(coupon.get("free_shipping")),
    }
    set_line_meta(shop, line, "coupon_info", info.replace(".0]", "]"))
    return line


def _places(shop: Shop) -> int:
    return 6 if shop.site["round_at_subtotal"] else shop.site["decimals"]


def _rates(shop: Shop, order: Record, line: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if line.get("taxable") is False or line.get("tax_status") == "none":
        return []
    address = order["shipping"] if order["shipping"]["country"] else order["billing"]
    return matching(shop.taxes, address, line.get("tax_class", ""))


def add_up(shop: Shop, order: Record) -> None:
    """Work out taxes and sums from the lines' amounts without tax."""
    places = _places(shop)
    goods_tax: dict[int, Decimal] = {}
    shipping_tax: dict[int, Decimal] = {}
    for line in order["line_items"]:
        subtotal, total = (_line_taxes(shop, order, line, name) for name in ("subtotal", "total"))
        line["taxes"] = [{"id": ref, "total": str(total[ref]), "subtotal": str(subtotal[ref])} for ref in total]
        line["subtotal_tax"], line["total_tax"] = str(sum_of(subtotal)), str(sum_of(total))
        collect(goods_tax, total)
    for name, collected in (("fee_lines", goods_tax), ("shipping_lines", shipping_tax)):
        for line in order[name]:
            rates = [rate for rate in _rates(shop, order, line) if name == "fee_lines" or rate["shipping"]]
            total = taxes_on(Decimal(line["total"]), rates, False, places)
            line["taxes"] = [{"id": ref, "total": str(total[ref]), "subtotal": ""} for ref in total]
            line["total_tax"] = str(sum_of(total))
            collect(collected, total)
    order["tax_lines"] = _tax_lines(shop, order, goods_tax, shipping_tax)
    _totals(shop, order, goods_tax, shipping_tax)


def _line_taxes(shop: Shop, order: Record, line: Record, name: str) -> dict[int, Decimal]:
    if "taxes_within" in line:
        return {tax["id"]: Decimal(tax[name]) for tax in line["taxes_within"]}
    return taxes_on(Decimal(line[name]), _rates(shop, order, line), False, _places(shop))


def collect(sums: dict[int, Decimal], taxes: Mapping[int, Decimal]) -> None:
    for ref, amount in taxes.items():
        sums[ref] = sums.get(ref, ZERO) + amount


def sum_of(taxes: Mapping[int, Decimal]) -> Decimal:
    return sum(taxes.values(), ZERO)


def _tax_lines(shop: Shop, order: Record, cart: Mapping[int, Decimal], shipping: Mapping[int, Decimal]) -> list[Record]:
    known = {line["rate_id"]: line["id"] for line in order["tax_lines"]}
    return [tax_line(shop, tax, known, cart, shipping) for tax in shop.taxes if tax["id"] in {*cart, *shipping}]


def tax_line(
    shop: Shop,
    tax: Mapping[str, Any],
    known: Mapping[int, int],
    cart: Mapping[int, Decimal],
    shipping: Mapping[int, Decimal],
) -> Record:
    parts = (tax["country"], tax["state"], tax["name"], tax["priority"])
    return {
        "id": known.get(tax["id"]) or shop.number("item"),
        "rate_code": "-".join(str(part).upper() for part in parts if part),
        "rate_id": tax["id"],
        "label": tax["name"],
        "compound": tax["compound"],
        "tax_total": str(cart.get(tax["id"], ZERO)),
        "shipping_tax_total": str(shipping.get(tax["id"], ZERO)),
        "rate_percent": float(tax["rate"]),
        "meta_data": [],
    }


def _totals(shop: Shop, order: Record, cart: Mapping[int, Decimal], shipping: Mapping[int, Decimal]) -> None:
    decimals = shop.site["decimals"]
    amount = lambda lines, name="total": sum((Decimal(line[name]) for line in lines), ZERO)  # noqa: E731
    cart_tax = sum((rounded(value, decimals) for value in cart.values()), ZERO)
    shipping_tax = sum((rounded(value, decimals) for value in shipping.values()), ZERO)
    lines = order["line_items"]
    parts = (lines, order["fee_lines"], order["shipping_lines"])
    order |= {
        "discount_total": str(amount(lines, "subtotal") - amount(lines)),
        "discount_tax": str(amount(lines, "subtotal_tax") - amount(lines, "total_tax")),
        "shipping_total": str(amount(order["shipping_lines"])),
        "shipping_tax": str(shipping_tax),
        "cart_tax": str(cart_tax),
        "total_tax": str(cart_tax + shipping_tax),
        "total": str(rounded(sum(map(amount, parts), ZERO) + cart_tax + shipping_tax, decimals)),
    }


# -- life -------------------------------------------------------------------------------------------------------------


def set_status(shop: Shop, order: Record, status: str) -> None:
    known = shop.statuses.get(order["status"], order["status"])
    changed = f"Order status changed from {known} to {shop.statuses.get(status, status)}."
    _enter(shop, order, status, shop.now(), True)
    shop.add_note(order["id"], changed)


def _enter(shop: Shop, order: Record, status: str, when: str, take_stock: bool) -> None:
    """What comes with a status: dates of payment and completion, and the stock."""
    order["status"] = status
    if status in PAID and not order["paid"]:
        order["paid"] = when
    if status == "completed":
        order["completed"] = when
    if status in TAKES_STOCK and take_stock:
        _reduce(shop, order)
    elif status in ("cancelled", "pending"):
        _restore(shop, order)


def item_of(shop: Shop, line: Mapping[str, Any]) -> Record | None:
    found = shop.variations.get(line["variation_id"])
    return found or shop.products.get(line["product_id"])


def reduced(line: Mapping[str, Any]) -> int:
    return next((int(entry["value"]) for entry in line["meta_data"] if entry["key"] == "_reduced_stock"), 0)


def _reduce(shop: Shop, order: Record) -> None:
    for line in order["line_items"]:
        item = item_of(shop, line)
        done = any(entry["key"] == "_reduced_stock" for entry in line["meta_data"])
        if item and not done and shop.move_stock(item, -line["quantity"]) is not None:
            set_line_meta(shop, line, "_reduced_stock", str(line["quantity"]))


def _restore(shop: Shop, order: Record) -> None:
    for line in order["line_items"]:
        item, quantity = item_of(shop, line), reduced(line)
        if item and quantity:
            shop.move_stock(item, quantity)
        line["meta_data"] = [entry for entry in line["meta_data"] if entry["key"] != "_reduced_stock"]


def update(shop: Shop, order: Record, body: Mapping[str, Any]) -> None:
    """Change an order as ``PUT /orders/<id>`` does."""
    for name, fields in (("billing", BILLING), ("shipping", SHIPPING)):
        given = body.get(name) or {}
        order[name] |= {field: str(given[field] or "") for field in fields if field in given}
    for name in ("payment_method", "payment_method_title", "transaction_id", "customer_note", "currency"):
        if body.get(name) is not None:
            order[name] = str(body[name])
    if body.get("customer_id") is not None:
        order["customer_id"] = int(body["customer_id"])
    for entry in body.get("meta_data") or ():
        shop.set_meta(order["meta_data"], entry["key"], entry["value"])
    _update_lines(shop, order, body)
    status = body.get("status")
    if body.get("set_paid") and order["status"] in ("pending", "on-hold", "failed"):
        status = status or "processing"
    if status and status != order["status"]:
        set_status(shop, order, status)
    shop.touch_order(order["id"])


def _update_lines(shop: Shop, order: Record, body: Mapping[str, Any]) -> None:
    """Lines with an id are changed (quantity 0: removed), others are new."""
    names = ("line_items", "shipping_lines", "fee_lines", "coupon_lines")
    if not any(body.get(name) for name in names):
        return
    for name in names[:3]:
        known = {line["id"]: line for line in order[name]}
        for entry in body.get(name) or ():
            line = known.get(entry.get("id"))
            if line and entry.get("quantity") == 0:
                order[name].remove(line)
            elif line:
                line.pop("taxes_within", None)
                line |= {key: value for key, value in entry.items() if key in line and key not in ("id", "meta_data")}
                line |= {key: str(entry[key]) for key in ("total", "subtotal") if entry.get(key) is not None}
    new = {name: [entry for entry in body.get(name) or () if not entry.get("id")] for name in names}
    _add_parts(shop, order, new)
