"""Orders, refunds, notes, webhooks and settings of a simulated WooCommerce as wc/v3 shows them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from . import woocommerce_products as goods
from .woocommerce_money import text
from .woocommerce_rest import local

if TYPE_CHECKING:
    from .woocommerce_shop import Shop

Record = dict[str, Any]
_HOOKS = {
    "order.created": ["woocommerce_new_order"],
    "order.updated": ["woocommerce_update_order", "woocommerce_order_refunded"],
    "order.deleted": ["woocommerce_delete_order"],
    "product.created": ["woocommerce_new_product", "woocommerce_new_product_variation"],
    "product.updated": ["woocommerce_update_product", "woocommerce_update_product_variation"],
    "product.deleted": ["wp_trash_post"],
}


def dates(shop: Shop, **moments: str | None) -> dict[str, str | None]:
    """``date_x`` by the site's clock and ``date_x_gmt``."""
    found = {f"date_{name}": local(moment, shop.site["timezone"]) for name, moment in moments.items()}
    return found | {f"date_{name}_gmt": moment for name, moment in moments.items()}


def order_json(shop: Shop, order: Record, decimals: int | None = None) -> dict[str, Any]:
    places = shop.site["decimals"] if decimals is None else decimals
    money = lambda name: text(order[name], places)  # noqa: E731
    number, key = order["id"], order["order_key"]
    status = order["status"]
    more: dict[str, Any] = {}
    if order["customer_id"]:
        more["customer"] = [{"href": f"{shop.home}/wp-json/wc/v3/customers/{order['customer_id']}"}]
    actions = f"{shop.home}/wp-json/wc/v3/orders/{number}/actions/email_templates"
    more["email_templates"] = [{"embeddable": True, "href": actions}]
    return {
        **{name: order[name] for name in ("id", "parent_id", "status", "currency")},
        "version": "11.0.1",
        "prices_include_tax": order["prices_include_tax"],
        **{name: money(name) for name in ("discount_total", "discount_tax", "shipping_total", "shipping_tax")},
        **{name: money(name) for name in ("cart_tax", "total", "total_tax")},
        **{name: order[name] for name in ("customer_id", "order_key", "billing", "shipping")},
        **{name: order[name] for name in ("payment_method", "payment_method_title", "transaction_id")},
        "customer_ip_address": "",
        "customer_user_agent": "",
        "created_via": order["created_via"],
        "customer_note": order["customer_note"],
        "cart_hash": "",
        "number": order["number"],
        "meta_data": order["meta_data"],
        "line_items": _lines(shop, order, places),
        "tax_lines": [_tax_line(line, places) for line in order["tax_lines"]],
        "shipping_lines": [_shipping(line, places) for line in order["shipping_lines"]],
        "fee_lines": [_fee(line, places) for line in order["fee_lines"]],
        "coupon_lines": [{**line, "nominal_amount": Decimal(line["nominal_amount"])} for line in order["coupon_lines"]],
        "refunds": [_refund_brief(shop.refunds[ref], places) for ref in order["refund_ids"]],
        "payment_url": f"{shop.home}/checkout/order-pay/{number}/?pay_for_order=true&key={key}",
        "is_editable": status in ("pending", "on-hold", "auto-draft", "checkout-draft"),
        "needs_payment": status in ("pending", "failed", "checkout-draft") and Decimal(order["total"]) > 0,
        "needs_processing": any(_needs_processing(shop, line) for line in order["line_items"]),
        **dates(
            shop,
            created=order["created"],
            modified=order["modified"],
            completed=order["completed"],
            paid=order["paid"],
        ),
        "currency_symbol": shop.symbol(order["currency"]),
        "_links": shop.links(f"orders/{number}", "orders", **more),
    }


def _lines(shop: Shop, order: Record, places: int) -> list[dict[str, Any]]:
    lines = [_line(shop, line, places) for line in order["line_items"]]
    if order.get("broken"):
        lines[0]["total"] = "n/a"
    return lines


def _needs_processing(shop: Shop, line: Mapping[str, Any]) -> bool:
    item = shop.variations.get(line["variation_id"]) or shop.products.get(line["product_id"])
    return not (item and item["virtual"] and item["downloadable"])


def _line(shop: Shop, line: Mapping[str, Any], places: int) -> dict[str, Any]:
    """A line names the product and variation that exist now: what was deleted since leaves 0 and empty texts behind, a
    deleted variation the code and picture of its product."""
    product = shop.products.get(line["product_id"])
    variation = shop.variations.get(line["variation_id"])
    item = variation or product
    quantity, total = line["quantity"], Decimal(line["total"])
    return {
        "id": line["id"],
        "name": line["name"],
        "product_id": product["id"] if product else 0,
        "variation_id": variation["id"] if variation else 0,
        "quantity": quantity,
        "tax_class": line["tax_class"],
        **{name: text(line[name], places) for name in ("subtotal", "subtotal_tax", "total", "total_tax")},
        "taxes": [_bare_tax(tax) for tax in line["taxes"]],
        "meta_data": line["meta_data"],
        "sku": goods.sku_of(shop, item) if item else "",
        "global_unique_id": item["global_unique_id"] if item else "",
        "price": total / quantity if quantity else total,
        "image": goods.image_of(shop, item) if item else {"id": "", "src": ""},
        "parent_name": product["name"] if variation and product else None,
    }


def _bare_tax(tax: Mapping[str, Any]) -> dict[str, Any]:
    """Taxes of a line are shown as they were worked out: with more digits where rounding waits for the sum."""
    return {"id": tax["id"], "total": tax["total"], "subtotal": tax["subtotal"]}


def _tax_line(line: Mapping[str, Any], places: int) -> dict[str, Any]:
    amounts = {name: text(line[name], places) for name in ("tax_total", "shipping_tax_total")}
    return {**line, **amounts, "rate_percent": Decimal(str(line["rate_percent"]))}


def _shipping(line: Mapping[str, Any], places: int) -> dict[str, Any]:
    return {
        **{name: line[name] for name in ("id", "method_title", "method_id", "instance_id")},
        **{name: text(line[name], places) for name in ("total", "total_tax")},
        "taxes": line["taxes"],
        "tax_status": line["tax_status"],
        "meta_data": line.get("meta_data", []),
    }


def _fee(line: Mapping[str, Any], places: int) -> dict[str, Any]:
    return {
        **{name: line[name] for name in ("id", "name", "tax_class", "tax_status", "amount")},
        **{name: text(line[name], places) for name in ("total", "total_tax")},
        "taxes": line["taxes"],
        "meta_data": line.get("meta_data", []),
    }


def _refund_brief(record: Mapping[str, Any], places: int) -> dict[str, Any]:
    parts = [*record["line_items"], *record["shipping_lines"], *record["fee_lines"]]
    tax = sum((Decimal(line["total_tax"]) for line in parts), Decimal(0))
    total = text(-Decimal(record["amount"]), places)
    return {"id": record["id"], "reason": record["reason"], "total": total, "total_tax": text(tax, places)}


def refund_json(shop: Shop, record: Record, decimals: int | None = None) -> dict[str, Any]:
    places = shop.site["decimals"] if decimals is None else decimals
    own = f"orders/{record['order']}/refunds"
    return {
        "id": record["id"],
        **dates(shop, created=record["created"]),
        "amount": text(record["amount"], places),
        "reason": record["reason"],
        "refunded_by": 1,
        "refunded_payment": record["refunded_payment"],
        "meta_data": record["meta_data"],
        "line_items": [_line(shop, line, places) for line in record["line_items"]],
        "shipping_lines": [_shipping(line, places) for line in record["shipping_lines"]],
        "tax_lines": [_tax_line(line, places) for line in record["tax_lines"]],
        "fee_lines": [_fee(line, places) for line in record["fee_lines"]],
        "_links": shop.links(f"{own}/{record['id']}", own, up=f"orders/{record['order']}", allow=("GET", "DELETE")),
    }


def note_json(shop: Shop, note: Mapping[str, Any]) -> dict[str, Any]:
    own = f"orders/{note['order']}/notes"
    return {
        "id": note["id"],
        "author": note["author"],
        **dates(shop, created=note["created"]),
        "note": note["note"],
        "customer_note": note["customer_note"],
        "_links": shop.links(f"{own}/{note['id']}", own, up=f"orders/{note['order']}", allow=("GET", "DELETE")),
    }


def webhook_json(shop: Shop, hook: Mapping[str, Any]) -> dict[str, Any]:
    """The secret is never shown."""
    resource, _dot, event = hook["topic"].partition(".")
    return {
        **{name: hook[name] for name in ("id", "name", "status", "topic")},
        "resource": resource,
        "event": event,
        "hooks": _HOOKS.get(hook["topic"], []),
        "delivery_url": hook["delivery_url"],
        **dates(shop, created=hook["created"], modified=hook["modified"]),
        "_links": shop.links(f"webhooks/{hook['id']}", "webhooks"),
    }


def tax_json(shop: Shop, tax: Mapping[str, Any]) -> dict[str, Any]:
    names = "id country state rate name priority compound shipping order class".split()
    shown = {name: tax[name] for name in names}
    shown["rate"] = f"{Decimal(tax['rate']):.4f}"
    places = {"postcode": "", "city": "", "postcodes": [], "cities": []}
    return {**shown, **places, "_links": shop.links(f"taxes/{tax['id']}", "taxes")}
