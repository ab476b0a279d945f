"""WooCommerce's products and variations as :mod:`records`. Pure functions: they ask nothing and keep nothing.

Items. A simple product is an item, each variation of a variable product is one; the variable product itself is none. A
product that only links to another shop (*external*) is an item without stock. ``Item.skip`` is set for what is on sale
only as a part of something else (a *grouped* product, which is a page with other products on it) and for what is not
published: drafts, what waits for review, what is scheduled. Drafts become listings where the channel wants them. *Private*
products are listings that are not on sale.

Stock references. ``product:<id>`` and ``variation:<parent id>:<id>`` where the store manages the quantity;
``product:<parent id>`` for a variation whose stock is its parent's; None where the store manages none.

This module must not import Odoo.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from .base import BadPayload
from .records import Item
from .values import amount, moment, text

#: what is asked for of products and variations; descriptions are long, and related products slow to work out
PRODUCT_FIELDS = (
    "id,name,type,status,permalink,date_modified_gmt,sku,global_unique_id,price,virtual,manage_stock,stock_quantity,"
    "stock_status,backorders,parent_id,images,attributes,variations,grouped_products"
)
VARIATION_FIELDS = (
    "id,parent_id,name,status,permalink,date_modified_gmt,sku,global_unique_id,price,virtual,manage_stock,"
    "stock_quantity,stock_status,backorders,image,attributes"
)
UNPUBLISHED = frozenset({"draft", "pending", "future", "auto-draft", "trash"})


def plain(value: Any) -> str | None:
    """Text without the entities that WordPress keeps in titles."""
    found = text(value)
    return text(html.unescape(found)) if found and "&" in found else found


def stock_ref(product_id: Any, parent_id: Any = None) -> str:
    return f"variation:{parent_id}:{product_id}" if parent_id else f"product:{product_id}"


def is_variable(product: Mapping[str, Any]) -> bool:
    """Also for types that plugins add, such as ``variable-subscription``."""
    kind = product.get("type")
    return isinstance(kind, str) and kind.startswith("variable")


def item(product: Mapping[str, Any], include_drafts: bool = False) -> Item:
    """A product that is sold as it is.

    :raise BadPayload: something in it is not what the contract says
    """
    return _checked("product", _product, product, include_drafts)


def variation(payload: Mapping[str, Any], parent: Mapping[str, Any], include_drafts: bool = False) -> Item:
    """A variation of a variable product.

    :raise BadPayload: something in it is not what the contract says
    """
    return _checked("variation", _variation, payload, parent, include_drafts)


def _checked(what: str, read: Callable[..., Item], *arguments: Any) -> Item:
    try:
        return read(*arguments)
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError) as error:
        raise BadPayload(f"The {what} lacks something that WooCommerce always sends: {error}") from None


def _product(product: Mapping[str, Any], include_drafts: bool) -> Item:
    ref, status, kind = str(product["id"]), product["status"], product.get("type")
    managed = product.get("manage_stock") is True and kind not in ("external", "grouped")
    images = product.get("images") or ()
    return Item(
        external_id=ref,
        sku=text(product.get("sku")),
        name=plain(product.get("name")),
        barcode=text(product.get("global_unique_id")),
        price=_price(product.get("price")),
        quantity=_quantity(product) if managed else None,
        physical=not product.get("virtual"),
        active=status == "publish",
        skip=kind == "grouped" or (status in UNPUBLISHED and not include_drafts),
        url=text(product.get("permalink")),
        image_url=text(images[0].get("src")) if images else None,
        updated_at=moment(product.get("date_modified_gmt")),
        stock_ref=stock_ref(ref) if managed else None,
        raw=product,
    )


def _variation(payload: Mapping[str, Any], parent: Mapping[str, Any], include_drafts: bool) -> Item:
    ref, parent_ref = str(payload["id"]), str(parent["id"])
    managed = payload.get("manage_stock")
    refs = {True: stock_ref(ref, parent_ref), "parent": stock_ref(parent_ref)}
    options = {plain(part["name"]) or "": plain(part.get("option")) or "" for part in payload.get("attributes") or ()}
    name, choice = plain(parent.get("name")), ", ".join(filter(None, options.values()))
    sku, images = text(payload.get("sku")), parent.get("images") or ()
    picture = payload.get("image") or (images[0] if images else {})
    statuses = (parent["status"], payload.get("status") or "publish")
    times = [moment(part.get("date_modified_gmt")) for part in (payload, parent)]
    return Item(
        external_id=ref,
        parent_id=parent_ref,
        sku=None if sku == text(parent.get("sku")) else sku,  # one without an SKU shows its parent's
        name=f"{name} - {choice}" if choice else name,
        barcode=text(payload.get("global_unique_id")),
        price=_price(payload.get("price")),
        quantity=_quantity(payload) if managed in refs else None,
        physical=not payload.get("virtual"),
        active=statuses == ("publish", "publish"),
        skip=not include_drafts and not UNPUBLISHED.isdisjoint(statuses),
        url=text(payload.get("permalink")),
        image_url=text(picture.get("src")),
        attributes=options,
        updated_at=max((time for time in times if time), default=None),
        stock_ref=refs.get(managed),
        raw=payload,
    )


def _price(value: Any) -> Decimal | None:
    return amount(value) if value not in (None, "") else None


def _quantity(payload: Mapping[str, Any]) -> Decimal | None:
    quantity = payload.get("stock_quantity")
    return amount(quantity) if quantity not in (None, "") else None
