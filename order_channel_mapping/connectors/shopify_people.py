"""Who bought at Shopify, and where things go. Pure functions.

This module must not import Odoo.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .checkout_fields import Pairs, vat_number
from .records import Address, Buyer
from .values import text

#: of an order of a company; the details are asked for apart
COMPANY = "PurchasingCompany"
_TAX_NUMBER = "TAX_CREDENTIAL_"
#: which kind of number it is, and what for
_ABOUT_TAX_NUMBER = ("TAX_CREDENTIAL_TYPE_", "TAX_CREDENTIAL_USE_")


def is_of_company(order: Mapping[str, Any]) -> bool:
    entity = order.get("purchasingEntity")
    return isinstance(entity, dict) and entity.get("__typename") == COMPANY


def address(value: Mapping[str, Any] | None) -> Address | None:
    if not value:
        return None
    return Address(
        name=text(value.get("name")),
        company=text(value.get("company")),
        street=text(value.get("address1")),
        street2=text(value.get("address2")),
        city=text(value.get("city")),
        zip=text(value.get("zip")),
        state=text(value.get("provinceCode")) or text(value.get("province")),
        country=text(value.get("countryCodeV2")),
        phone=text(value.get("phone")),
    )


def buyer(order: Mapping[str, Any], fields: Pairs) -> Buyer | None:
    """:param fields: the order's custom attributes"""
    customer = order.get("customer") or {}
    billing = order.get("billingAddress") or {}
    place = billing or order.get("shippingAddress") or {}
    entity = (order.get("purchasingEntity") or {}) if is_of_company(order) else {}
    found = Buyer(
        ref=text(customer.get("id")),
        name=text(place.get("name")) or text(customer.get("displayName")),
        email=text(order.get("email")),
        phone=text(order.get("phone")) or text(place.get("phone")),
        company=text((entity.get("company") or {}).get("name")) or text(billing.get("company")),
        vat=_vat(order, entity, fields),
    )
    return found if any((found.ref, found.name, found.email, found.phone)) else None


def _vat(order: Mapping[str, Any], entity: Mapping[str, Any], fields: Pairs) -> str | None:
    """The tax number of the company that buys, else the one that the buyer's country asks for, else what an app asked for."""
    settings = (entity.get("location") or {}).get("taxSettings") or {}
    asked = (
        text(field.get("value"))
        for field in (order.get("localizedFields") or {}).get("nodes") or ()
        if field["key"].startswith(_TAX_NUMBER) and not field["key"].startswith(_ABOUT_TAX_NUMBER)
    )
    return text(settings.get("taxRegistrationId")) or next(filter(None, asked), None) or vat_number(fields)
