"""Refunds of a simulated WooCommerce: money back line by line, goods back to the stock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .woocommerce_money import ZERO, rounded, text
from .woocommerce_orders import collect, item_of, reduced, set_line_meta, set_status, sum_of, tax_line
from .woocommerce_rest import RestError, php_int

if TYPE_CHECKING:
    from .woocommerce_shop import Shop

Record = dict[str, Any]


def refund(shop: Shop, order: Record, body: Mapping[str, Any]) -> Record:
    """Give money back, and goods to the stock unless ``api_restock`` is false. Raises RestError."""
    wanted, lines = body.get("line_items") or [], {}
    for name in ("line_items", "shipping_lines", "fee_lines"):
        lines |= {line["id"]: (name, line) for line in order[name]}
    if isinstance(wanted, dict):  # the older form: by line id
        wanted = [{**entry, "id": int(ref)} for ref, entry in wanted.items()]
    for name in ("shipping_lines", "fee_lines"):
        wanted = [*wanted, *(body.get(name) or ())]
    parts = [(*lines[entry["id"]], entry) for entry in wanted if entry.get("id") in lines]
    amount = Decimal(str(body.get("amount") or sum((_amounts(entry)[2] for _n, _l, entry in parts), ZERO)))
    left = Decimal(order["total"]) - refunded(shop, order)
    if amount < 0:
        raise RestError("woocommerce_rest_invalid_order_refund", "Refund amount must be greater than zero.", 400)
    if rounded(amount) > left:
        raise RestError("woocommerce_rest_cannot_create_order_refund", "Invalid refund amount.", 500)
    if body.get("api_refund", True) and order["payment_method"] not in shop.site["refunding_gateways"]:
        message = "The payment gateway for this order does not support automatic refunds."
        raise RestError("woocommerce_rest_cannot_create_order_refund", message, 500)
    now = shop.now()
    record = {
        "id": shop.number(),
        "order": order["id"],
        "created": now,
        "modified": now,
        "amount": str(amount),
        "reason": body.get("reason") or "",
        "refunded_payment": bool(body.get("api_refund", True)),
        "meta_data": [],
        **_refund_lines(shop, parts),
    }
    shop.set_meta(record["meta_data"], "_refund_type", "full" if amount == left else "partial")
    shop.refunds.add(record)
    order["refund_ids"].append(record["id"])
    if body.get("api_restock", True):
        _take_back(shop, parts)
    if amount == left and order["status"] != "refunded":
        set_status(shop, order, "refunded")
    shop.touch_order(order["id"])
    return record


def share(line: Mapping[str, Any], quantity: int) -> dict[str, Any]:
    """What ``line_items`` of a refund say to give back so many of a line, with their tax."""
    part = lambda amount: str(rounded(Decimal(amount) * quantity / line["quantity"]))  # noqa: E731
    taxes = [{"id": tax["id"], "refund_total": part(tax["total"])} for tax in line["taxes"]]
    return {"id": line["id"], "quantity": quantity, "refund_total": part(line["total"]), "refund_tax": taxes}


def refunded(shop: Shop, order: Record) -> Decimal:
    return sum((Decimal(shop.refunds[ref]["amount"]) for ref in order["refund_ids"]), ZERO)


def _amounts(entry: Mapping[str, Any]) -> tuple[Decimal, dict[int, Decimal], Decimal]:
    """Without tax, tax by rate, with tax; each as given back, above zero."""
    net = Decimal(str(entry.get("refund_total") or 0))
    taxes = {tax["id"]: Decimal(str(tax["refund_total"])) for tax in entry.get("refund_tax") or ()}
    return net, taxes, net + sum(taxes.values(), ZERO)


def _refund_lines(shop: Shop, parts: Iterable[tuple[str, Record, Mapping[str, Any]]]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {"line_items": [], "shipping_lines": [], "fee_lines": [], "tax_lines": []}
    sums: dict[str, dict[int, Decimal]] = {"goods": {}, "shipping_lines": {}}
    for name, line, entry in parts:
        net, taxes, _whole = _amounts(entry)
        back = {key: line[key] for key in line if key not in ("subtotal", "subtotal_tax")}
        tax = [{"id": ref, "total": text(-value), "subtotal": text(-value)} for ref, value in taxes.items()]
        back |= {"id": shop.number("item"), "total": str(-net), "total_tax": str(-sum_of(taxes)), "taxes": tax}
        back["meta_data"] = []
        if name == "line_items":
            back |= {"quantity": -php_int(entry.get("quantity", 0)), "subtotal": str(-net)}
            back["subtotal_tax"] = back["total_tax"]
        set_line_meta(shop, back, "_refunded_item_id", str(line["id"]))
        found[name].append(back)
        collect(sums["shipping_lines" if name == "shipping_lines" else "goods"], {r: -v for r, v in taxes.items()})
    for tax in shop.taxes:
        if tax["id"] in {*sums["goods"], *sums["shipping_lines"]}:
            found["tax_lines"].append(tax_line(shop, tax, {}, sums["goods"], sums["shipping_lines"]))
    return found


def _take_back(shop: Shop, parts: Iterable[tuple[str, Record, Mapping[str, Any]]]) -> None:
    for name, line, entry in parts:
        quantity = min(php_int(entry.get("quantity", 0)), reduced(line)) if name == "line_items" else 0
        item = item_of(shop, line) if quantity > 0 else None
        if item and shop.move_stock(item, quantity) is not None:
            set_line_meta(shop, line, "_reduced_stock", str(reduced(line) - quantity))
            set_line_meta(shop, line, "_restock_refunded_items", str(quantity))
