"""Where Shopify sends the lines of an order, and when: its fulfilment orders. Pure functions of one order's payload.

Each fulfilment order is a part of the order at one location. Not the seller's to pick are parts that a fulfilment service
has (a 3PL's location, or a request that was sent to one) and lines that no part holds though they are still to be shipped:
parts of other apps' services can't be read with the rights that we ask for. What a part that is scheduled or on hold says
holds the order back; a scheduled one until its time has come.

This module must not import Odoo.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .values import amount, moment, text

LIVE = frozenset({"OPEN", "IN_PROGRESS", "ON_HOLD", "SCHEDULED"})
#: what was asked of a fulfilment service, as far as it has the goods to ship
_WITH_SERVICE = frozenset({"SUBMITTED", "ACCEPTED", "CANCELLATION_REQUESTED", "CANCELLATION_REJECTED"})
#: handed over otherwise than by a parcel to an address
_NO_PARCEL = frozenset({"PICK_UP", "PICKUP_POINT", "LOCAL", "RETAIL"})
SELLER, OTHER = "seller", "other"
Payload = Mapping[str, Any]


class Routes:
    """What one order's fulfilment orders say."""

    def __init__(self, order: Payload):
        self._parts = [part for part in order["fulfillmentOrders"]["nodes"] if part["status"] != "CANCELLED"]
        self._known = bool(self._parts) and all(part.get("lineItems") is not None for part in self._parts)
        self._settled = bool(order.get("cancelledAt") or order["closed"])
        self.live = [part for part in self._parts if part["status"] in LIVE]
        self._ours = [part for part in self.live if not _is_elsewhere(part)]
        self._by_line: dict[str, list[Payload]] = {}
        for part in self._parts:
            for entry in _entries(part):
                if part["status"] not in LIVE or amount(entry.get("remainingQuantity") or 0):
                    self._by_line.setdefault(entry["lineItem"]["id"], []).append(part)
        for ref, parts in self._by_line.items():  # those that shipped it count where there are none that still will
            self._by_line[ref] = [part for part in parts if part["status"] in LIVE] or parts
        self._split = []
        for line in order["lineItems"]["nodes"]:
            parts = self._parts_of(line)
            if len(parts) > 1 and len(set(map(_is_elsewhere, parts))) > 1:
                self._split.append(text(line.get("name")) or text(line.get("title")) or line["id"])

    def _parts_of(self, line: Payload) -> list[Payload]:
        """Those that a line is still to be shipped by; those that shipped it where there are none."""
        return self._by_line.get(line["id"], [])

    def fulfilled_by(self, line: Payload) -> str:
        """Who ships a line: "seller", or "other" for a location that is not the seller's."""
        parts = self._parts_of(line)
        if parts:
            return OTHER if all(map(_is_elsewhere, parts)) else SELLER
        unseen = self._known and not self._settled and line["requiresShipping"] and amount(line["unfulfilledQuantity"])
        return OTHER if unseen else SELLER

    def location(self, line: Payload) -> str | None:
        """The one location that a line is assigned to."""
        places = {_place(part) for part in self._parts_of(line)}
        return places.pop() if len(places) == 1 else None

    @property
    def single_location(self) -> str | None:
        """The one location that all of the order is assigned to."""
        places = {_place(part) for part in self.live} - {None}
        return places.pop() if len(places) == 1 else None

    @property
    def ship_by(self) -> datetime | None:
        return min((moment(part["fulfillBy"]) for part in self.live if part.get("fulfillBy")), default=None)

    @property
    def pickup(self) -> bool:
        methods = {(part.get("deliveryMethod") or {}).get("methodType") for part in self._ours}
        return bool(methods) and methods <= _NO_PARCEL

    def holds(self) -> list[str]:
        """Why parts are on hold, in Shopify's words; and what a person has to look at."""
        reasons = []
        for part in self._ours:
            if part["status"] == "ON_HOLD":
                for hold in part.get("fulfillmentHolds") or ({},):
                    words = filter(None, (text(hold.get("displayReason")), text(hold.get("reasonNotes"))))
                    reasons.append(": ".join(words) or "On hold at Shopify.")
        if self._split:
            reasons.append(f"Some pieces are shipped by another location: {', '.join(self._split)}.")
        return reasons

    def schedule(self) -> tuple[str | None, datetime | None]:
        """(what is scheduled in words, until when; None: no date, or nothing scheduled)"""
        scheduled = [part for part in self._ours if part["status"] == "SCHEDULED"]
        if not scheduled:
            return None, None
        times = [moment(part.get("fulfillAt")) for part in scheduled]
        what = "Scheduled" if len(scheduled) == len(self._ours) else "A part is scheduled"
        if not all(times):
            return f"{what} at Shopify.", None
        days = dict.fromkeys(time.date().isoformat() for time in sorted(times))
        return f"{what} at Shopify for {', '.join(days)}.", max(times)


def _entries(part: Payload) -> list[Payload]:
    lines = part.get("lineItems") or ()
    return list(lines["nodes"] if isinstance(lines, Mapping) else lines)


def _location(part: Payload) -> Payload:
    return (part.get("assignedLocation") or {}).get("location") or {}


def _place(part: Payload) -> str | None:
    return text(_location(part).get("id"))


def _is_elsewhere(part: Payload) -> bool:
    return bool(_location(part).get("isFulfillmentService")) or part.get("requestStatus") in _WITH_SERVICE
