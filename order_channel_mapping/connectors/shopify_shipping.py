"""Reports parcels to Shopify and cancels orders there, so that doing it twice does no more than once.

Shopify has no idempotency key for fulfilments. What was reported before is told by its tracking number, what is still
open by the fulfilment orders: both are read before anything is sent.

This module must not import Odoo.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from . import shopify_documents as documents
from .base import Rejected
from .records import ZERO, PushResult, PushStatus, Shipment
from .shopify_client import ShopifyClient
from .shopify_fetch import drain

_READY = frozenset({"OPEN", "IN_PROGRESS"})
_DEAD = frozenset({"CANCELLED", "ERROR", "FAILURE"})
_REASONS = {"customer": "CUSTOMER", "inventory": "INVENTORY", "fraud": "FRAUD", "declined": "DECLINED"}


def ship(client: ShopifyClient, shipment: Shipment) -> PushResult:
    """Report a parcel: one fulfilment for each location that its lines are assigned to.

    No lines means all that is still open. ``ref`` names the fulfilments, separated by a space. A parcel with more of a
    line than is open at Shopify is reported with what is open.
    """
    order = _read(client, shipment.order_id)
    reported, refs = _reported(order, shipment.tracking_number)
    wanted = {line.external_id: line.quantity for line in shipment.lines}
    left = {ref: quantity - reported.get(ref, ZERO) for ref, quantity in wanted.items()}
    left = {ref: quantity for ref, quantity in left.items() if quantity > 0}
    if wanted and not left:
        return PushResult(shipment.order_id, PushStatus.OK, " ".join(refs))
    if order["cancelledAt"]:
        return _failed(shipment.order_id, "order_cancelled", "The order was cancelled at Shopify.")
    parts = _allocate(order, left if wanted else None)
    if not parts:
        return _nothing_open(order, shipment, refs)
    for location_parts in parts.values():
        payload = _fulfill(client, location_parts, shipment)
        errors = payload.get("userErrors") or ()
        if errors:
            return _failed(shipment.order_id, "rejected", errors[0]["message"])
        refs.append((payload.get("fulfillment") or {}).get("id") or "")
    return PushResult(shipment.order_id, PushStatus.OK, " ".join(filter(None, refs)))


def _read(client: ShopifyClient, order_id: str) -> dict[str, Any]:
    """What is open and what was reported, with all lines."""
    order = client.execute(documents.SHIPPING_STATE, {"id": order_id}).data.get("order")
    if not order:
        raise Rejected("not_found", "Shopify has no such order (any more).")
    parts = (
        (
            "fulfillments",
            order["fulfillments"],
            documents.MORE_FULFILLMENT_LINES,
            "fulfillment",
            "fulfillmentLineItems",
        ),
        (
            "fulfillmentOrders",
            order["fulfillmentOrders"]["nodes"],
            documents.MORE_FULFILLMENT_ORDER_LINES,
            "fulfillmentOrder",
            "lineItems",
        ),
    )
    for name, nodes, document, parent, key in parts:
        order = {
            **order,
            name: [{**node, key: drain(client, document, node["id"], parent, key, node[key])} for node in nodes],
        }
    return order


def _reported(order: Mapping[str, Any], tracking_number: str | None) -> tuple[dict[str, Decimal], list[str]]:
    """Quantities per order line that parcels with this tracking number hold already, and those parcels."""
    quantities: dict[str, Decimal] = {}
    refs = []
    for parcel in order["fulfillments"]:
        numbers = {info.get("number") for info in parcel.get("trackingInfo") or ()}
        if not tracking_number or parcel["status"] in _DEAD or tracking_number not in numbers:
            continue
        refs.append(parcel["id"])
        for part in parcel["fulfillmentLineItems"]["nodes"]:
            ref = part["lineItem"]["id"]
            quantities[ref] = quantities.get(ref, ZERO) + Decimal(part["quantity"] or 0)
    return quantities, refs


def _allocate(order: Mapping[str, Any], wanted: Mapping[str, Decimal] | None) -> dict[str, list[dict[str, Any]]]:
    """Spread the wanted quantities over the open fulfilment orders: ``lineItemsByFulfillmentOrder`` per location."""
    left = dict(wanted) if wanted is not None else None
    by_location: dict[str, list[dict[str, Any]]] = {}
    for part in order["fulfillmentOrders"]:
        if part["status"] not in _READY:
            continue
        lines = []
        for line in part["lineItems"]["nodes"]:
            ref, quantity = line["lineItem"]["id"], Decimal(line["remainingQuantity"])
            if left is not None:
                quantity = min(quantity, left.get(ref, ZERO))
                left[ref] = left.get(ref, ZERO) - quantity
            if quantity > 0:
                lines.append({"id": line["id"], "quantity": int(quantity)})
        if lines:
            place = part.get("assignedLocation") or {}
            location = (place.get("location") or {}).get("id") or place.get("name") or ""
            by_location.setdefault(location, []).append(
                {"fulfillmentOrderId": part["id"], "fulfillmentOrderLineItems": lines}
            )
    return by_location


def _nothing_open(order: Mapping[str, Any], shipment: Shipment, refs: list[str]) -> PushResult:
    if refs and not shipment.lines:
        return PushResult(shipment.order_id, PushStatus.OK, " ".join(refs))
    if any(part["status"] in ("ON_HOLD", "SCHEDULED") for part in order["fulfillmentOrders"]):
        message = "Shopify holds the order's fulfilment back. Release it there, then send the parcel again."
        return _failed(shipment.order_id, "on_hold", message, retryable=True)
    message = "Nothing of this parcel is open at Shopify any more: it was reported, removed or refunded there."
    return _failed(shipment.order_id, "nothing_open", message)


def _fulfill(client: ShopifyClient, parts: list[dict[str, Any]], shipment: Shipment) -> Mapping[str, Any]:
    fulfillment: dict[str, Any] = {"lineItemsByFulfillmentOrder": parts, "notifyCustomer": shipment.notify}
    if shipment.tracking_number:
        fulfillment["trackingInfo"] = _tracking(shipment)
    # carried out twice by Shopify if sent twice: never repeated blindly
    return client.execute(documents.FULFILL, {"fulfillment": fulfillment}, idempotent=False).data["fulfillmentCreate"]


def _tracking(shipment: Shipment) -> dict[str, str]:
    values = {
        "company": shipment.carrier,
        "number": shipment.tracking_number,
        "url": shipment.tracking_url,
    }
    return {key: value for key, value in values.items() if value}


def update_tracking(client: ShopifyClient, fulfillment_ref: str, shipment: Shipment) -> PushResult:
    """Set the tracking number of fulfilments that :func:`ship` reported."""
    for ref in fulfillment_ref.split():
        variables = {"id": ref, "tracking": _tracking(shipment), "notify": shipment.notify}
        payload = client.execute(documents.UPDATE_TRACKING, variables).data["fulfillmentTrackingInfoUpdate"]
        for error in payload["userErrors"]:
            return _failed(shipment.order_id, "rejected", error["message"])
    return PushResult(shipment.order_id, PushStatus.OK, fulfillment_ref)


def cancel(client: ShopifyClient, order_id: str, reason: str) -> PushResult:
    """Cancel an order, putting its goods back on sale. No money is given back: that is a decision of its own.

    Shopify does it later: the answer is pending, to be asked for with :func:`poll`.
    """
    order = client.execute(documents.CANCEL_STATE, {"id": order_id}).data.get("order")
    if not order:
        raise Rejected("not_found", "Shopify has no such order (any more).")
    if order["cancelledAt"]:
        return PushResult(order_id, PushStatus.OK)
    variables = {"id": order_id, "reason": _REASONS.get(reason, "OTHER"), "notify": True}
    payload = client.execute(documents.CANCEL, variables, idempotent=False).data["orderCancel"]
    errors: Iterable[Mapping[str, Any]] = payload["orderCancelUserErrors"]
    for error in errors:
        return _failed(order_id, (error.get("code") or "rejected").lower(), error["message"])
    return PushResult(order_id, PushStatus.PENDING, f"{order_id} {(payload.get('job') or {}).get('id') or ''}".strip())


def poll(client: ShopifyClient, ref: str) -> PushResult:
    """What became of a cancellation; ``ref`` is that of its pending result. The order itself is the proof."""
    order_id, _space, job = ref.partition(" ")
    if job:
        data = client.execute(documents.JOB, {"job": job, "order": order_id}).data
    else:
        data = client.execute(documents.CANCEL_STATE, {"id": order_id}).data
    if (data.get("order") or {}).get("cancelledAt"):
        return PushResult(order_id, PushStatus.OK, ref)
    if job and not (data.get("job") or {"done": True})["done"]:
        return PushResult(order_id, PushStatus.PENDING, ref)
    return _failed(order_id, "not_cancelled", "Shopify did not cancel the order. Cancel it in Shopify to see why.")


def _failed(ref: str, code: str, message: str, retryable: bool = False) -> PushResult:
    return PushResult(ref, PushStatus.FAILED, None, code, message, retryable)
