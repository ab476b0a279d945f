"""Shopify's values and product variants as :mod:`records`. Pure functions: they ask nothing and keep nothing.

A payload that is not what the contract says raises :class:`~.base.BadPayload`, so that one bad record is one failure.

This module must not import Odoo.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from .attributes import is_hidden, merge
from .base import BadPayload
from .records import ZERO, Item
from .values import amount, identifier, moment, text

# -- atoms ------------------------------------------------------------------------------------------------------------


def money(bag: Mapping[str, Any] | None) -> Decimal:
    """A ``MoneyBag`` in the buyer's currency. A missing bag is zero."""
    return amount(bag["presentmentMoney"]["amount"]) if bag else ZERO


def attributes(pairs: Iterable[Mapping[str, Any]] | None) -> dict[str, str]:
    """Custom attributes that are for people; some apps write a name once for each choice."""
    found = ((str(pair["key"]), str(pair.get("value") or "")) for pair in pairs or ())
    return merge((name, value) for name, value in found if not is_hidden(name, value))


# -- items ------------------------------------------------------------------------------------------------------------


def item(variant: Mapping[str, Any], product: Mapping[str, Any], currency: str | None) -> Item:
    """A product variant.

    :raise BadPayload: something in it is not what the contract says
    """
    try:
        return _item(variant, product, currency)
    except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError) as error:
        raise BadPayload(f"The product variant lacks something that Shopify always sends: {error}") from None


def _picture(media: Mapping[str, Any] | None) -> str | None:
    """The address of a picture; Shopify has none while it still works on it."""
    image = ((media or {}).get("preview") or {}).get("image") or {}
    return text(image.get("url"))


def _quantity(variant: Mapping[str, Any], stock: Mapping[str, Any]) -> Any:
    """What is on sale at the location that was asked for, None where the item is not stocked there; without one, at all
    locations."""
    if "inventoryLevel" not in stock:
        return variant.get("inventoryQuantity")
    levels = (stock["inventoryLevel"] or {}).get("quantities") or ()
    return next((level.get("quantity") for level in levels), None)


def _item(variant: Mapping[str, Any], product: Mapping[str, Any], currency: str | None) -> Item:
    stock = variant["inventoryItem"]
    plain = product.get("hasOnlyDefaultVariant")  # its only variant is titled "Default Title", which says nothing
    options = {} if plain else {option["name"]: option["value"] for option in variant.get("selectedOptions") or ()}
    pictures = [*(variant.get("media") or {}).get("nodes", ()), product.get("featuredMedia")]
    quantity = _quantity(variant, stock)
    times = [moment(part.get("updatedAt")) for part in (variant, product)]
    return Item(
        external_id=identifier(variant["id"]),
        parent_id=identifier(product["id"]),
        sku=text(variant.get("sku")),
        name=text(product.get("title")) if plain else text(variant.get("displayName")) or text(product.get("title")),
        barcode=text(variant.get("barcode")),
        price=None if variant.get("price") is None else amount(variant["price"]),
        currency=currency,
        quantity=None if quantity is None or not stock["tracked"] else amount(quantity),
        physical=bool(stock["requiresShipping"]) and not product.get("isGiftCard"),
        active=product["status"] in ("ACTIVE", "UNLISTED"),
        url=text(product.get("onlineStoreUrl")),
        image_url=next(filter(None, map(_picture, pictures)), None),
        attributes=options,
        updated_at=max((time for time in times if time), default=None),
        stock_ref=identifier(stock["id"]) if stock["tracked"] else None,
        raw={**variant, "product": {key: value for key, value in product.items() if key != "variants"}},
    )
