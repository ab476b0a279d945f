"""Shopify's search syntax and cursors, as far as connectors use them; anything else is refused, not ignored."""

from __future__ import annotations

import base64
import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .shopify_graphql import FieldFault

MAX_FIRST = 250
_TERM = re.compile(r"(\w+):(>=|<=|>|<)?('[^']*'|\"[^\"]*\"|\S+)\s*")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">=": lambda left, right: left >= right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    "<": lambda left, right: left < right,
    "": lambda left, right: left == right,
}
_FULFILLMENT = {
    "unshipped": {"UNFULFILLED"},
    "unfulfilled": {"UNFULFILLED", "PARTIALLY_FULFILLED"},
    "shipped": {"FULFILLED"},
    "fulfilled": {"FULFILLED"},
    "partial": {"PARTIALLY_FULFILLED"},
    "on_hold": {"ON_HOLD"},
}


def number(gid: str) -> int:
    return int(gid.rpartition("/")[2])


def predicate(kind: str, query: str | None) -> Callable[[Mapping[str, Any]], bool]:
    """A test for records of one kind (``Order``, ``Product``, ``ProductVariant``): all terms of ``query`` hold."""
    tests = []
    rest = (query or "").strip()
    while rest:
        term = _TERM.match(rest)
        if not term:
            raise FieldFault(f"Invalid search: {rest}", "BAD_REQUEST")
        tests.append(_term(kind, *term.groups(default="")))
        rest = rest[term.end() :]
    return lambda record: all(test(record) for test in tests)


def _term(kind: str, key: str, operator: str, value: str) -> Callable[[Mapping[str, Any]], bool]:
    value = value.strip("'\"")
    compare = _COMPARE[operator]
    if key in ("updated_at", "created_at"):
        field = "updatedAt" if key == "updated_at" else "createdAt"
        return lambda record: compare(record[field], value)
    if key == "id":
        return lambda record: compare(number(record["id"]), int(value))
    if kind == "Order" and key == "status":
        return {
            "open": lambda order: not order["closed"] and not order["cancelledAt"],
            "closed": lambda order: order["closed"] and not order["cancelledAt"],
            "cancelled": lambda order: bool(order["cancelledAt"]),
            "not_closed": lambda order: not order["closed"],
        }[value]
    if kind == "Order" and key == "fulfillment_status":
        return lambda order: order["displayFulfillmentStatus"] in _FULFILLMENT[value]
    if kind == "Product" and key == "status":
        states = set(value.upper().split(","))
        return lambda product: product["status"] in states
    if kind == "ProductVariant" and key == "product_id":
        return lambda variant: number(variant["productId"]) == int(value)
    if kind == "ProductVariant" and key == "sku":
        return lambda variant: variant["sku"] == value
    raise FieldFault(f"The simulator doesn't know the search term {key} of {kind}.", "BAD_REQUEST")


# -- pages ------------------------------------------------------------------------------------------------------------


def encode(key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode()


def decode(cursor: str) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(cursor))
    except ValueError:
        raise FieldFault("Invalid cursor for current pagination sort.", "BAD_REQUEST") from None


def keyset_page(
    records: Sequence[Mapping[str, Any]], args: Mapping[str, Any], key: Callable[[Any], tuple], depth_limit: int
) -> dict[str, Any]:
    """A page of records that are sorted by ``key``. The cursor is the last record's key, so a record that moves behind
    it is met again, and none is skipped."""
    first = _first(args)
    start = bisect_right(records, tuple(decode(args["after"])), key=key) if args.get("after") else 0
    if start + first > depth_limit:
        raise FieldFault(f"Pagination is limited to {depth_limit} objects.", "BAD_REQUEST")
    nodes = records[start : start + first]
    return connection(nodes, start + first < len(records), encode(key(nodes[-1])) if nodes else None)


def offset_page(records: Sequence[Any], args: Mapping[str, Any]) -> dict[str, Any]:
    """A page of a nested list, whose order is fixed."""
    first = _first(args)
    start = decode(args["after"]) + 1 if args.get("after") else 0
    nodes = records[start : start + first]
    return connection(nodes, start + first < len(records), encode(start + len(nodes) - 1) if nodes else None)


def connection(nodes: Iterable[Any], more: bool, end: str | None) -> dict[str, Any]:
    return {"nodes": list(nodes), "pageInfo": {"hasNextPage": more, "endCursor": end}}


def _first(args: Mapping[str, Any]) -> int:
    first = args.get("first")
    if first is None or not 0 < first <= MAX_FIRST:
        raise FieldFault(f"first must be between 1 and {MAX_FIRST}.", "BAD_REQUEST")
    return first
