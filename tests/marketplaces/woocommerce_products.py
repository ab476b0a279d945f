"""Products and variations of a simulated WooCommerce: what is known of them, their stock, and their JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .woocommerce_rest import RestError, local, php_int

if TYPE_CHECKING:
    from .woocommerce_shop import Shop

Record = dict[str, Any]
#: what a product holds that a client may set, and what it is when nobody does
PLAIN: dict[str, Any] = {
    "name": "",
    "status": "publish",
    "featured": False,
    "catalog_visibility": "visible",
    "description": "",
    "short_description": "",
    "sku": "",
    "regular_price": "",
    "sale_price": "",
    "virtual": False,
    "downloadable": False,
    "external_url": "",
    "button_text": "",
    "tax_status": "taxable",
    "tax_class": "",
    "manage_stock": False,
    "stock_quantity": None,
    "stock_status": "instock",
    "backorders": "no",
    "sold_individually": False,
    "weight": "",
    "attributes": [],
    "images": [],
    "menu_order": 0,
    "meta_data": [],
    "post_password": "",
    "global_unique_id": "",
    "grouped_products": [],
}
_TAKEN_AS_IS = PLAIN.keys() - {"sku", "manage_stock", "stock_quantity", "stock_status", "meta_data", "images"}
STATUSES = ("any", "future", "trash", "draft", "pending", "private", "publish")
TYPES = ("simple", "grouped", "external", "variable")


def blank(shop: Shop, when: str, **values: Any) -> Record:
    """A record with a new id and nothing in it."""
    record = {**PLAIN, "id": shop.number(), "total_sales": 0, "created": when, "modified": when, **values}
    return record | {name: [] for name in ("attributes", "images", "meta_data", "grouped_products", "variations")}


def slugged(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


# -- stock ------------------------------------------------------------------------------------------------------------


def stock_keeper(shop: Shop, record: Record) -> Record | None:
    """Whose quantity counts for a record: its own, its parent's, or nobody's."""
    if record["manage_stock"]:
        return record
    parent = shop.products.get(record["parent_id"])
    return parent if parent and parent["manage_stock"] else None


def set_quantity(record: Record, quantity: int) -> None:
    record["stock_quantity"] = quantity
    record["stock_status"] = (
        "instock" if quantity > 0 else "outofstock" if record["backorders"] == "no" else "onbackorder"
    )


def stock_view(shop: Shop, record: Record) -> dict[str, Any]:
    keeper = stock_keeper(shop, record)
    held = keeper or record
    status = record["stock_status"]
    if record["type"] == "variable" and not keeper:
        states = {stock_view(shop, shop.variations[ref])["stock_status"] for ref in record["variations"]}
        status = next((word for word in ("instock", "onbackorder") if word in states), "outofstock")
    elif keeper:
        status = keeper["stock_status"]
    return {
        "manage_stock": bool(keeper) if keeper in (None, record) else "parent",
        "stock_quantity": keeper["stock_quantity"] if keeper else None,
        "stock_status": status,
        "backorders": held["backorders"],
        "backorders_allowed": held["backorders"] != "no",
        "backordered": status == "onbackorder",
        "low_stock_amount": None,
    }


# -- writing ----------------------------------------------------------------------------------------------------------


def apply(shop: Shop, record: Record, body: Mapping[str, Any]) -> None:
    """Write what a client sent to a product or variation, as WooCommerce takes it: a quantity for a record that does not
    manage stock by itself is ignored in silence. Raises RestError."""
    if body.get("sku") is not None:
        _take_sku(shop, record, str(body["sku"]).strip())
    for name in body.keys() & _TAKEN_AS_IS:
        if body[name] is not None:
            record[name] = body[name] if not isinstance(PLAIN[name], str) else str(body[name])
    for entry in body.get("meta_data") or ():
        shop.set_meta(record["meta_data"], entry["key"], entry["value"])
    if body.get("images") is not None:
        record["images"] = [
            {"id": image.get("id") or shop.number(), "src": image["src"], "name": image.get("name", "")}
            for image in body["images"]
        ]
    if body.get("image"):
        record["images"] = [{"id": body["image"].get("id") or shop.number(), "src": body["image"]["src"], "name": ""}]
    _apply_stock(record, body)


def _apply_stock(record: Record, body: Mapping[str, Any]) -> None:
    if body.get("manage_stock") is not None:
        record["manage_stock"] = body["manage_stock"] in (True, "true", "yes", 1, "1")
    if record["manage_stock"]:
        if body.get("stock_quantity") is not None:
            record["stock_quantity"] = php_int(body["stock_quantity"])
        set_quantity(record, record["stock_quantity"] or 0)
    else:
        record["stock_quantity"] = None
        if body.get("stock_status"):
            record["stock_status"] = body["stock_status"]


def _take_sku(shop: Shop, record: Record, sku: str) -> None:
    owner = shop.sku_owner(sku) if sku else None
    if owner and owner["id"] != record["id"]:
        count = 1
        while shop.sku_owner(f"{sku}-{count}"):
            count += 1
        raise RestError(
            "product_invalid_sku",
            "Invalid or duplicated SKU.",
            400,
            resource_id=owner["id"],
            unique_sku=f"{sku}-{count}",
        )
    release_sku(shop, record)
    record["sku"] = sku
    if sku:
        shop.skus[sku.lower()] = record["id"]


def release_sku(shop: Shop, record: Record) -> None:
    if shop.skus.get(record["sku"].lower()) == record["id"]:
        del shop.skus[record["sku"].lower()]


# -- reading ----------------------------------------------------------------------------------------------------------


def price_of(record: Record) -> str:
    return record["sale_price"] or record["regular_price"]


def sku_of(shop: Shop, record: Record) -> str:
    """A variation without a code of its own shows its parent's."""
    parent = shop.products.get(record["parent_id"])
    return record["sku"] or (parent["sku"] if parent else "")


def image_of(shop: Shop, record: Record) -> dict[str, Any]:
    """The image of an order line."""
    parent = shop.products.get(record["parent_id"])
    images = record["images"] or (parent["images"] if parent else [])
    if images:
        return {"id": images[0]["id"], "src": images[0]["src"]}
    return {"id": 0 if record["type"] == "variation" else "", "src": ""}


def _dates(shop: Shop, record: Record) -> dict[str, Any]:
    zone = shop.site["timezone"]
    return {
        "date_created": local(record["created"], zone),
        "date_created_gmt": record["created"],
        "date_modified": local(record["modified"], zone),
        "date_modified_gmt": record["modified"],
    }


def _image(shop: Shop, image: Mapping[str, Any], record: Record) -> dict[str, Any]:
    made = local(record["created"], shop.site["timezone"])
    when = {"date_created": made, "date_created_gmt": record["created"]}
    when |= {"date_modified": made, "date_modified_gmt": record["created"]}
    return {"id": image["id"], **when, "src": image["src"], "name": image["name"], "alt": ""}


def _common(shop: Shop, record: Record) -> dict[str, Any]:
    """What products and variations say alike."""
    return {
        "id": record["id"],
        "type": record["type"],
        **_dates(shop, record),
        "description": record["description"],
        "sku": sku_of(shop, record),
        "global_unique_id": record["global_unique_id"],
        "price": price_of(record),
        "regular_price": record["regular_price"],
        "sale_price": record["sale_price"],
        **dict.fromkeys(("date_on_sale_from", "date_on_sale_from_gmt", "date_on_sale_to", "date_on_sale_to_gmt")),
        "on_sale": bool(record["sale_price"]),
        "status": record["status"],
        "purchasable": record["status"] == "publish" and (bool(price_of(record)) or record["type"] == "variable"),
        "virtual": record["virtual"],
        "downloadable": record["downloadable"],
        "downloads": [],
        "download_limit": -1,
        "download_expiry": -1,
        "tax_status": record["tax_status"],
        "tax_class": record["tax_class"],
        **stock_view(shop, record),
        "weight": record["weight"],
        "dimensions": {"length": "", "width": "", "height": ""},
        "shipping_class": "",
        "shipping_class_id": 0,
        "menu_order": record["menu_order"],
        "meta_data": record["meta_data"],
        "name": record["name"],
        "parent_id": record["parent_id"],
    }


def product_json(shop: Shop, record: Record) -> dict[str, Any]:
    """A product as wc/v3 shows it; asked for by its own id, a variation comes in this shape too."""
    prices = [price for ref in record["variations"] if (price := price_of(shop.variations[ref]))]
    lowest = min(prices, key=Decimal, default="")
    price = lowest if record["type"] == "variable" else price_of(record)
    ships = not record["virtual"] and record["type"] != "external"
    up = f"products/{record['parent_id']}" if record["parent_id"] else None
    return {
        **_common(shop, record),
        "slug": record["slug"],
        "permalink": permalink(shop, record),
        "featured": record["featured"],
        "catalog_visibility": record["catalog_visibility"],
        "short_description": record["short_description"],
        "price": price,
        "total_sales": record["total_sales"],
        "external_url": record["external_url"],
        "button_text": record["button_text"],
        "sold_individually": record["sold_individually"],
        "shipping_required": ships,
        "shipping_taxable": ships and record["tax_status"] == "taxable",
        "reviews_allowed": True,
        "average_rating": "0.00",
        "rating_count": 0,
        "upsell_ids": [],
        "cross_sell_ids": [],
        "purchase_note": "",
        "categories": [{"id": 15, "name": "Uncategorized", "slug": "uncategorized"}],
        "brands": [],
        "tags": [],
        "images": [_image(shop, image, record) for image in record["images"]],
        "attributes": _attributes(record),
        "default_attributes": [],
        "variations": sorted(record["variations"]),
        "grouped_products": record["grouped_products"],
        "price_html": _price_html(shop, price),
        "related_ids": [],
        "has_options": record["type"] == "variable",
        "post_password": record["post_password"],
        "_links": shop.links(f"products/{record['id']}", "products", up=up),
    }


def _price_html(shop: Shop, price: str) -> str:
    if not price:
        return ""
    symbol = f'<span class="woocommerce-Price-currencySymbol" translate="no">{shop.symbol(entity=True)}</span>'
    return f'<span class="woocommerce-Price-amount amount"><bdi>{symbol}{Decimal(price):.2f}</bdi></span>'


def variation_json(shop: Shop, record: Record, context: str = "view") -> dict[str, Any]:
    parent = shop.products[record["parent_id"]]
    shown = {
        **_common(shop, record),
        "permalink": permalink(shop, record),
        "image": _image(shop, record["images"][0], record) if record["images"] else None,
        "gallery_image_ids": [],
        "attributes": _attributes(record),
        "name": ", ".join(entry["option"] for entry in record["attributes"]),
        "_links": shop.links(
            f"products/{parent['id']}/variations/{record['id']}",
            f"products/{parent['id']}/variations",
            up=f"products/{parent['id']}",
        ),
    }
    if context == "edit":
        shown["sku"], shown["tax_class"] = record["sku"], record["tax_class"] or "parent"
    return shown


def _attributes(record: Record) -> list[dict[str, Any]]:
    if record["type"] == "variation":
        return [
            {"id": 0, "name": entry["name"], "slug": entry["name"].lower(), "option": entry["option"]}
            for entry in record["attributes"]
        ]
    return [
        {
            "id": 0,
            "name": entry["name"],
            "slug": entry["name"],
            "position": position,
            "visible": entry.get("visible", True),
            "variation": entry.get("variation", False),
            "options": entry["options"],
        }
        for position, entry in enumerate(record["attributes"])
    ]


def permalink(shop: Shop, record: Record) -> str:
    parent = shop.products.get(record["parent_id"])
    if not parent:
        return f"{shop.home}/product/{record['slug']}/"
    chosen = "&".join(f"attribute_{entry['name'].lower()}={entry['option']}" for entry in record["attributes"])
    return f"{shop.home}/product/{parent['slug']}/?{chosen}"


def full_name(shop: Shop, record: Record) -> str:
    """As an order line is called: ``Tee - M``."""
    parent = shop.products.get(record["parent_id"])
    if not parent:
        return record["name"]
    return " - ".join((parent["name"], ", ".join(entry["option"] for entry in record["attributes"])))
