"""Reports parcels to a WooCommerce order and cancels orders, so that doing it twice does no more than once.

A parcel is written to the order itself (see :mod:`.woocommerce_parcels`); when everything is shipped, in the same request,
the order becomes *completed*. Then the buyer gets a note with carrier and number, which WooCommerce sends by e-mail. What
is there already is read first: a repeated command finds the parcel, and looks for its note before it writes one.

This module must not import Odoo.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .base import BadPayload
from .records import ZERO, PushResult, PushStatus, Shipment, StatusMeaning
from .values import amount
from .woocommerce_bundles import Bundles
from .woocommerce_client import WooCommerceClient
from .woocommerce_details import not_to_ship, refunds_of
from .woocommerce_parcels import PARCELS, TRACKING, entries, meta, parcel, parcel_key, shipped_quantities, tracking_item
from .woocommerce_statuses import TRASH, Statuses, status_name

_OVER = frozenset({"refunded", "failed", TRASH})
Payload = Mapping[str, Any]


def ship(client: WooCommerceClient, shipment: Shipment, statuses: Statuses, options: Mapping[str, Any]) -> PushResult:
    """Report a parcel. No lines means all that is still open. ``ref`` names the parcel.

    :param options: ``ship_complete``, ``ship_note``, ``ship_tracking_meta``; each is on unless said otherwise
    """
    order = _read(client, shipment.order_id)
    key = parcel_key(shipment)
    parcels, items = entries(order, PARCELS), entries(order, TRACKING)
    reported = any(entry.get("key") == key for entry in parcels)
    if not reported and (order["status"] in _OVER or _is_cancelled(order, statuses)):
        message = f"The order is '{status_name(order['status'])}' at the store."
        return _failed(shipment.order_id, "order_cancelled", message)
    number, changes = shipment.tracking_number, {}
    in_extension = bool(number) and any(str(item.get("tracking_number")) == number for item in items)
    metas = [] if reported else [meta(order, PARCELS, [*parcels, parcel(shipment)])]
    if number and not in_extension and options.get("ship_tracking_meta", True):
        metas.append(meta(order, TRACKING, [*items, tracking_item(key, shipment)]))
    if metas:
        changes["meta_data"] = metas
    completes = options.get("ship_complete", True) and order["status"] != "completed" and not _is_over(order, statuses)
    if completes and _is_all_shipped(client, order, [] if reported else [parcel(shipment)]):
        changes["status"] = "completed"
    if changes:
        _write(client, shipment.order_id, changes)
    if options.get("ship_note", True):
        _add_note(client, shipment, may_be_there=reported or in_extension)
    return PushResult(shipment.order_id, PushStatus.OK, key)


def update_tracking(
    client: WooCommerceClient, parcel_ref: str, shipment: Shipment, options: Mapping[str, Any]
) -> PushResult:
    """Give a parcel that :func:`ship` reported its (new) number, and tell the buyer by another note."""
    order = _read(client, shipment.order_id)
    parcels, items = entries(order, PARCELS), entries(order, TRACKING)
    known = next((entry for entry in parcels if str(entry.get("key")) == parcel_ref), None)
    if known is None:
        return _failed(shipment.order_id, "no_fulfillment", "The order at the store knows nothing of this parcel.")
    old, new = str(known.get("number") or ""), shipment.tracking_number or ""
    repeated = old == new and str(known.get("carrier") or "") == (shipment.carrier or "")
    if not repeated:
        known |= {"number": new, "carrier": shipment.carrier or ""}
        metas = [meta(order, PARCELS, parcels)]
        if options.get("ship_tracking_meta", True):
            others = [item for item in items if str(item.get("tracking_number")) not in {old, new}]
            metas.append(meta(order, TRACKING, [*others, tracking_item(parcel_ref, shipment)] if new else others))
        _write(client, shipment.order_id, {"meta_data": metas})
    if new and options.get("ship_note", True):
        _add_note(client, shipment, may_be_there=repeated)
    return PushResult(shipment.order_id, PushStatus.OK, parcel_ref)


def cancel(client: WooCommerceClient, order_id: str, statuses: Statuses) -> PushResult:
    """Cancel an order by its status, which puts its goods back on sale. No money is given back."""
    order = _read(client, order_id)
    if _is_cancelled(order, statuses):
        return PushResult(order_id, PushStatus.OK)
    if order["status"] in _OVER or statuses.meaning(order["status"]) is StatusMeaning.COMPLETED:
        message = f"The order is '{status_name(order['status'])}' at the store already. Refund it there instead."
        return _failed(order_id, "not_cancelled", message)
    if _write(client, order_id, {"status": "cancelled"}).get("status") != "cancelled":
        return _failed(order_id, "not_cancelled", "The store took the order's cancellation but kept its status.")
    return PushResult(order_id, PushStatus.OK)


# -- what is there ----------------------------------------------------------------------------------------------------


def _read(client: WooCommerceClient, order_id: str) -> dict[str, Any]:
    return _checked(client.get(f"/orders/{order_id}").data, order_id)


def _write(client: WooCommerceClient, order_id: str, changes: Payload) -> dict[str, Any]:
    return _checked(client.send("PUT", f"/orders/{order_id}", changes, idempotent=True), order_id)


def _checked(answer: Any, order_id: str) -> dict[str, Any]:
    if not isinstance(answer, dict) or str(answer.get("id")) != order_id or not isinstance(answer.get("status"), str):
        raise BadPayload("The store's answer is not the order that was asked for.")
    return answer


def _is_cancelled(order: Payload, statuses: Statuses) -> bool:
    return order["status"] == "cancelled" or statuses.meaning(order["status"]) is StatusMeaning.CANCELLED


def _is_over(order: Payload, statuses: Statuses) -> bool:
    return order["status"] in _OVER or _is_cancelled(order, statuses)


def _is_all_shipped(client: WooCommerceClient, order: Payload, new: list[Payload]) -> bool:
    """Whether, with these parcels, nothing is left to ship. What is virtual is asked for only where something is left."""
    if any(not entry["lines"] for entry in [*entries(order, PARCELS), *new]):
        return True
    shipped = shipped_quantities(order)
    for entry in new:
        for line in entry["lines"]:
            shipped[line["id"]] = shipped.get(line["id"], ZERO) + amount(line["quantity"])
    refunded = {}
    refunds, refused = refunds_of(client, [order])
    if refused:
        raise refused[order["id"]]
    for refund in refunds.get(order["id"], ()):
        for part in refund.get("line_items") or ():
            ref = next((entry["value"] for entry in part["meta_data"] if entry["key"] == "_refunded_item_id"), "")
            refunded[str(ref)] = refunded.get(str(ref), ZERO) - amount(part["quantity"])
    containers = Bundles(order["line_items"]).containers  # what they hold are lines of their own
    left = [
        line
        for line in order["line_items"]
        if str(line["id"]) not in containers
        and amount(line["quantity"]) - refunded.get(str(line["id"]), ZERO) > shipped.get(str(line["id"]), ZERO)
    ]
    return not left or {line["id"] for line in left} <= not_to_ship(client, left)


def _note(shipment: Shipment) -> str:
    words = ["Shipped"]
    if shipment.carrier:
        words.append(f"with {shipment.carrier}")
    text = " ".join(words)
    if shipment.tracking_number:
        text += f", tracking number {shipment.tracking_number}"
    return f"{text}: {shipment.tracking_url}" if shipment.tracking_url else f"{text}."


def _add_note(client: WooCommerceClient, shipment: Shipment, may_be_there: bool) -> None:
    path, note = f"/orders/{shipment.order_id}/notes", _note(shipment)
    if may_be_there:
        sign = re.compile(rf"(?<!\w){re.escape(shipment.tracking_number or note)}(?!\w)")
        if any(sign.search(str(found.get("note"))) for found in client.records(path)):
            return
    # written twice by WooCommerce if sent twice: never repeated blindly
    client.change("POST", path, {"note": note, "customer_note": shipment.notify}, idempotent=False)


def _failed(ref: str, code: str, message: str, retryable: bool = False) -> PushResult:
    return PushResult(ref, PushStatus.FAILED, None, code, message, retryable)
