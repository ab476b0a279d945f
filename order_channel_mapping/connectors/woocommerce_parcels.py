"""What was shipped of a WooCommerce order, as it is kept on the order itself.

WooCommerce has no parcels. Two entries among an order's ``meta_data`` hold them:

* ``_order_channel_parcels`` is this connector's own: every parcel that was reported, with its lines. It tells what is
  still to be shipped, and makes reporting safe to repeat.
* ``_wc_shipment_tracking_items`` is where the usual shipment tracking extensions keep carriers and numbers, shown to the
  buyer and in e-mails by them.

Pure functions. This module must not import Odoo.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .records import ZERO, Fulfillment, LineQuantity, Shipment
from .values import amount, epoch, text

PARCELS = "_order_channel_parcels"
TRACKING = "_wc_shipment_tracking_items"
Payload = Mapping[str, Any]


def entries(order: Payload, key: str) -> list[dict[str, Any]]:
    """The list that is kept under ``key``; PHP makes an object of a list with gaps."""
    for meta in order.get("meta_data") or ():
        if meta.get("key") == key:
            value = meta.get("value")
            value = list(value.values()) if isinstance(value, dict) else value
            return [dict(entry) for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
    return []


def meta(order: Payload, key: str, value: Any) -> dict[str, Any]:
    """The change that sets ``key``: by its id where it is there, so that it never stands twice."""
    for found in order.get("meta_data") or ():
        if found.get("key") == key and found.get("id"):
            return {"id": found["id"], "key": key, "value": value}
    return {"key": key, "value": value}


def parcel_key(shipment: Shipment) -> str:
    """What names a parcel: the same for every repetition of a command."""
    lines = " ".join(f"{line.external_id}:{line.quantity}" for line in shipment.lines)
    return shipment.idempotency_key or shipment.tracking_number or lines or "all"


def parcel(shipment: Shipment) -> dict[str, Any]:
    """A parcel in the form that is kept. No lines: all that was still open."""
    return {
        "key": parcel_key(shipment),
        "number": shipment.tracking_number or "",
        "carrier": shipment.carrier or "",
        "lines": [{"id": line.external_id, "quantity": str(line.quantity)} for line in shipment.lines],
    }


def tracking_item(key: str, shipment: Shipment) -> dict[str, Any]:
    """A parcel in the form of the shipment tracking extensions."""
    return {
        "tracking_provider": "",
        "custom_tracking_provider": shipment.carrier or "",
        "custom_tracking_link": shipment.tracking_url or "",
        "tracking_number": shipment.tracking_number or "",
        "date_shipped": str(int(time.time())),
        "tracking_id": hashlib.blake2b(key.encode(), digest_size=16).hexdigest(),
    }


def shipped_quantities(order: Payload) -> dict[str, Decimal]:
    """``{line id: quantity}`` of all parcels that were reported."""
    shipped: dict[str, Decimal] = {}
    for entry in entries(order, PARCELS):
        for line in entry.get("lines") or ():
            ref = str(line["id"])
            shipped[ref] = shipped.get(ref, ZERO) + amount(line["quantity"])
    return shipped


def fulfillments(order: Payload) -> tuple[Fulfillment, ...]:
    """Parcels that were reported from here, then those that only an extension knows of."""
    items = entries(order, TRACKING)
    shipped_at = {str(item.get("tracking_number")): epoch(item.get("date_shipped")) for item in items}
    own = entries(order, PARCELS)
    found = [
        Fulfillment(
            external_id=str(entry["key"]),
            tracking_numbers=(str(entry["number"]),) if entry.get("number") else (),
            carrier=text(entry.get("carrier")),
            created_at=shipped_at.get(str(entry.get("number"))),
            lines=tuple(LineQuantity(str(line["id"]), amount(line["quantity"])) for line in entry.get("lines") or ()),
        )
        for entry in own
    ]
    known = {str(entry.get("number")) for entry in own}
    found += [
        Fulfillment(
            external_id=str(item.get("tracking_id") or item.get("tracking_number")),
            tracking_numbers=(str(item["tracking_number"]),),
            carrier=text(item.get("custom_tracking_provider")) or text(item.get("tracking_provider")),
            created_at=epoch(item.get("date_shipped")),
        )
        for item in items
        if item.get("tracking_number") and str(item["tracking_number"]) not in known
    ]
    return tuple(found)
