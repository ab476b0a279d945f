"""Walks through Shopify's lists page by page, so that a walk may stop anywhere and go on in another process.

Order of a walk. Orders and changed products come by their time of change, so that what changes meanwhile moves to the
end and is met again; a full pass over variants goes by id. Shopify can't page deeper than 25,000 records: before that a
walk starts a new list where it stands.

Watermark. It is Shopify's own clock. Within a walk by time of change it is the latest change seen; at its end, and for
a walk by id, Shopify's ``Date`` when the question was put (the first question, for a walk by id), so that it also
advances when nothing changes. A page of a walk by id before the last has none: nothing is complete yet.

This module must not import Odoo.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from typing import Any

from . import shopify_documents as documents
from .base import AuthError, BadPayload, ConnectorError, Rejected, TooLarge, Unavailable
from .records import RecordFailure
from .shopify_client import Answer, ServerFault, ShopifyClient, TooCostly
from .shopify_people import is_of_company
from .shopify_records import moment, money

MAX_DEPTH = 24_000
_NOTHING_YET = {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": None}}


@dataclass(frozen=True, slots=True)
class Walk:
    """One kind of list. ``stubs`` is a document that only names the records, to step over one that can't be had."""

    name: str
    root: str
    document: str
    stubs: str
    size: int
    by_time: bool = True


VARIANTS = Walk("variants", "productVariants", documents.VARIANTS, documents.VARIANT_STUBS, 250, by_time=False)
PRODUCTS = Walk("products", "products", documents.CHANGED_PRODUCTS, documents.PRODUCT_STUBS, 50)
ORDERS = Walk("orders", "orders", documents.ORDERS, documents.ORDER_STUBS, 50)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a walk stands. Its text form is the cursor of a page: all that another process needs to go on.

    ``start`` is the time or id that the present list starts at, ``filter`` its other conditions, ``latest`` the latest
    change or highest id seen, ``asked`` Shopify's clock at the walk's first question, ``depth`` the records passed.
    """

    walk: str
    start: str | None = None
    filter: str = ""
    after: str | None = None
    depth: int = 0
    latest: str | None = None
    asked: str | None = None

    def dumps(self) -> str:
        return json.dumps({key: value for key, value in asdict(self).items() if value}, separators=(",", ":"))

    @classmethod
    def loads(cls, cursor: str | None, walk: Walk) -> Position | None:
        """The position, or None where the text is not one of this walk: it then starts anew, which loses nothing."""
        try:
            position = cls(**json.loads(cursor)) if cursor else None
        except (TypeError, ValueError):
            return None
        return position if position and position.walk == walk.name else None

    def query(self, by_time: bool) -> str | None:
        key = f"updated_at:>='{self.start}'" if by_time else f"id:>={self.start}"
        return " ".join(filter(None, (key if self.start else "", self.filter))) or None


@dataclass(frozen=True, slots=True)
class Batch:
    """What one question brought. ``position`` is None at the end of the walk."""

    nodes: tuple[Mapping[str, Any], ...]
    failures: tuple[RecordFailure, ...]
    position: Position | None
    watermark: datetime | None
    asked_at: datetime | None
    data: Mapping[str, Any]


def iso(value: datetime) -> str:
    return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def walk_through(client: ShopifyClient, walk: Walk, position: Position) -> Iterator[Batch]:
    """Every batch from ``position`` to the end of the walk."""
    here: Position | None = position
    while here:
        batch = _batch(client, walk, here)
        yield batch
        here = batch.position


def _batch(client: ShopifyClient, walk: Walk, here: Position) -> Batch:
    answer, trouble = _ask(client, walk, here)
    connection = answer.data[walk.root]
    page, nodes = connection["pageInfo"], connection["nodes"]
    asked = here.asked or (answer.asked_at and iso(answer.asked_at))
    latest = _latest(walk, here, nodes)
    last = not page["hasNextPage"]
    if trouble:
        failures, good = tuple(_stepped_over(node, trouble) for node in nodes), ()
    else:
        failures, good = _split(walk, answer, nodes)
    position = None
    if not last:
        position = replace(here, after=page["endCursor"], depth=here.depth + len(nodes))
        position = _anchor(walk, replace(position, latest=latest, asked=asked))
    if walk.by_time:
        watermark = (answer.asked_at if last else None) or moment(latest)
    else:
        watermark = moment(asked) if last else None
    return Batch(good, failures, position, watermark, answer.asked_at, answer.data)


def _latest(walk: Walk, here: Position, nodes: Sequence[Any]) -> str | None:
    """The latest change, or the highest id, up to here. Nodes are sorted by it."""
    for node in reversed(nodes):
        if not is_record(node):
            continue
        if not walk.by_time:
            number = node["id"].rpartition("/")[2]
            if number.isdecimal():
                return number
            continue
        with contextlib.suppress(BadPayload):  # becomes a failure of its own
            return iso(moment(node.get("updatedAt") or ""))
    return here.latest


def _anchor(walk: Walk, position: Position) -> Position:
    """Start a new list where the walk stands, before it is too deep for Shopify."""
    if position.depth + walk.size <= MAX_DEPTH or not position.latest:
        return position
    start = position.latest if walk.by_time else str(int(position.latest) + 1)
    if start == position.start:  # thousands of changes within one second: only the old list can tell them apart
        return position
    return replace(position, start=start, after=None, depth=0)


def _ask(client: ShopifyClient, walk: Walk, here: Position) -> tuple[Answer, ConnectorError | None]:
    """The next portion, smaller where Shopify finds it too costly or stumbles over it, or it is more than is read.

    A record that can't be had even alone is stepped over: the second value says why, its stub is the answer.
    """
    size = client.page_size(walk.name, walk.size)
    repeated = False
    while True:
        try:
            answer = _execute(client, walk.document, walk, here, size)
        except TooCostly as error:
            if size == 1:
                raise
            size = client.shrink_page(walk.name, size, error.factor)
        except (ServerFault, TooLarge) as error:
            if size == 1:
                return _execute(client, walk.stubs, walk, here, 1), error
            size = max(1, size // 4)
        else:
            page = answer.data[walk.root]["pageInfo"]
            if not page["hasNextPage"] or page["endCursor"] not in (None, here.after):
                return answer, None
            if repeated:
                raise Unavailable("Shopify sends the same page again and again.", "repeated_page", sent=True)
            repeated = True


def _execute(client: ShopifyClient, document: str, walk: Walk, here: Position, size: int) -> Answer:
    variables = {"first": size, "after": here.after, "query": here.query(walk.by_time)}
    answer = client.execute(document, variables)
    connection = answer.data.get(walk.root)
    page = connection.get("pageInfo") if isinstance(connection, dict) else None
    if not isinstance(page, dict) or not {"hasNextPage", "endCursor"} <= page.keys():
        raise BadPayload(f"Shopify's answer has no {walk.root}.")
    if not isinstance(connection.get("nodes"), list):
        raise BadPayload(f"Shopify's answer has no list of {walk.root}.")
    return answer


def is_record(node: Any) -> bool:
    """Whether this is something with an id, as everything in Shopify's lists is."""
    return isinstance(node, dict) and isinstance(node.get("id"), str) and bool(node["id"])


def failure(node: Any, code: str, message: str) -> RecordFailure:
    """A record that can't be read, under the best name that it has."""
    if not isinstance(node, dict):
        return RecordFailure("unknown", code, message, {"payload": node})
    names = (node.get(key) for key in ("id", "name", "displayName", "title"))
    name = next((name for name in names if name and isinstance(name, str)), "unknown")
    return RecordFailure(name, code, message, node or {"payload": node})


def _split(walk: Walk, answer: Answer, nodes: Sequence[Any]):
    """Set apart what is no record, and the records that Shopify could deliver only in part."""
    broken: dict[int, str] = {}
    for error in answer.errors:
        path = error.get("path") or ()
        if len(path) > 2 and path[:2] == [walk.root, "nodes"] and isinstance(path[2], int):
            broken[path[2]] = str(error.get("message") or "")[:300]
        else:
            raise ServerFault("Shopify has a fault of its own.", "partial_answer", sent=True)
    failures, good = [], []
    for index, node in enumerate(nodes):
        if index in broken:
            words = f"Shopify could not deliver all of it: {broken[index]}"
            failures.append(failure(node, "partial_answer", words))
        elif not is_record(node):
            failures.append(failure(node, "bad_payload", "Shopify sent something that is no record."))
        else:
            good.append(node)
    return tuple(failures), tuple(good)


def _stepped_over(node: Any, trouble: ConnectorError) -> RecordFailure:
    if isinstance(trouble, TooLarge):
        return failure(node, "record_too_large", trouble.message)
    return failure(node, "internal_server_error", "Shopify itself fails to deliver this record.")


def refunds_of(client: ShopifyClient, orders: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """The refunds of those of a page's orders that have any, a few orders a call.

    What can't be had this way is left out; :func:`complete` then asks for each order alone.
    """
    refs = [order["id"] for order in orders if order.get("refunds")]
    found: dict[str, list[Mapping[str, Any]]] = {}
    for start in range(0, len(refs), documents.REFUNDED):
        try:
            answer = client.execute(documents.REFUNDS_OF, {"ids": refs[start : start + documents.REFUNDED]})
        except (ServerFault, Rejected):
            continue
        nodes = answer.data.get("nodes")
        for order in filter(is_record, nodes if isinstance(nodes, list) else ()):
            refunds = order.get("refunds")
            if isinstance(refunds, list) and len(refunds) < documents.REFUNDS and not answer.errors:
                found[order["id"]] = refunds
    return found


def with_businesses(client: ShopifyClient, orders: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The same orders; those of companies with what Shopify knows of these, where the app may ask."""
    refs = [order["id"] for order in orders if is_of_company(order)]
    found: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(refs), documents.BUSINESSES):
        try:
            answer = client.execute(documents.BUSINESSES_OF, {"ids": refs[start : start + documents.BUSINESSES]})
        except (ServerFault, Rejected):
            continue
        except AuthError as error:
            if error.code != "access_denied":
                raise
            break
        nodes = answer.data.get("nodes")
        found |= {node["id"]: node for node in filter(is_record, nodes if isinstance(nodes, list) else ())}
    return [
        {**order, "purchasingEntity": found[order["id"]].get("purchasingEntity")} if order["id"] in found else order
        for order in orders
    ]


def complete(
    client: ShopifyClient, order: Mapping[str, Any], refunds: Mapping[str, list[Mapping[str, Any]]]
) -> dict[str, Any]:
    """An order with all its nested lists fetched to their ends. Costs a call only where a list is long.

    :raise BadPayload: a list is not there
    """
    try:
        return _complete(client, dict(order), refunds)
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError) as error:
        raise BadPayload(f"The order lacks something that Shopify always sends: {error}") from None


def _complete(client: ShopifyClient, order: dict[str, Any], refunds: Mapping[str, list[Mapping[str, Any]]]):
    ref = order["id"]
    for key, document in (
        ("lineItems", documents.MORE_LINES),
        ("shippingLines", documents.MORE_SHIPPING_LINES),
        ("fulfillmentOrders", documents.MORE_FULFILLMENT_ORDERS),
    ):
        order[key] = drain(client, document, ref, "order", key, order[key])
    if not (order["cancelledAt"] or order["closed"]):  # of what is over, nobody asks who ships it
        parts = [{**part, "lineItems": _lines_of_part(client, part)} for part in order["fulfillmentOrders"]["nodes"]]
        order["fulfillmentOrders"] = {**order["fulfillmentOrders"], "nodes": parts}
    if len(order["fulfillments"]) >= documents.FULFILLMENTS:
        order["fulfillments"] = _again(client, documents.ALL_FULFILLMENTS, ref, "fulfillments")
    if order["refunds"]:
        order["refunds"] = refunds.get(ref) or _again(client, documents.ALL_REFUNDS, ref, "refunds")
    if money(order.get("originalTotalDutiesSet")):
        found = drain(client, documents.DUTIES, ref, "order", "lineItems", _NOTHING_YET)["nodes"]
        duties = {line["id"]: line["duties"] for line in found}
        lines = [{**line, "duties": duties.get(line["id"])} for line in order["lineItems"]["nodes"]]
        order["lineItems"] = {**order["lineItems"], "nodes": lines}
    for parts, key, document, parent in (
        ("fulfillments", "fulfillmentLineItems", documents.MORE_FULFILLMENT_LINES, "fulfillment"),
        ("refunds", "refundLineItems", documents.MORE_REFUND_LINES, "refund"),
    ):
        order[parts] = [
            {**part, key: drain(client, document, part["id"], parent, key, part[key])} for part in order[parts]
        ]
    return order


def _lines_of_part(client: ShopifyClient, part: Mapping[str, Any]) -> dict[str, Any]:
    document = documents.MORE_FULFILLMENT_ORDER_LINES
    return drain(client, document, part["id"], "fulfillmentOrder", "lineItems", part["lineItems"])


def _again(client: ShopifyClient, document: str, ref: str, key: str) -> list[Mapping[str, Any]]:
    order = client.execute(document, {"id": ref}).data.get("order")
    if not order:
        raise BadPayload("The order vanished while it was read.")
    return order[key]


def drain(client: ShopifyClient, document: str, ref: str, parent: str, key: str, connection: Any) -> dict[str, Any]:
    """A nested connection with the pages that follow its first.

    :raise BadPayload: it is no connection
    """
    nodes, page = _portion(connection, key)
    nodes = list(nodes)
    while page["hasNextPage"]:
        after = page.get("endCursor")
        if nodes and not isinstance(after, str):  # would begin anew
            raise BadPayload(f"The list of {key} does not say where it goes on.")
        variables = {"id": ref, "first": documents.MANY, "after": after}
        found = client.execute(document, variables).data.get(parent)
        if not found:
            raise BadPayload(f"A part of {ref} vanished while it was read.")
        more, page = _portion(found.get(key), key)
        nodes += more
        if page["hasNextPage"] and page.get("endCursor") in (None, after):
            raise Unavailable("Shopify sends the same page again and again.", "repeated_page", sent=True)
    return {"nodes": nodes, "pageInfo": page}


def _portion(connection: Any, key: str) -> tuple[list[Any], Mapping[str, Any]]:
    if isinstance(connection, dict):
        nodes, page = connection.get("nodes"), connection.get("pageInfo")
        if isinstance(nodes, list) and isinstance(page, dict) and isinstance(page.get("hasNextPage"), bool):
            return nodes, page
    raise BadPayload(f"Shopify always sends a list of {key}; here it is none.")
