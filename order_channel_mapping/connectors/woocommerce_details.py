"""What records need beyond their own payload, asked for together for all records of a page.

* Variations of variable products: ``GET /variations?parent=…`` (since WooCommerce 10.3) brings those of a whole page of
  products, a hundred a call. Older stores have only a list per product: one call for each variable product, the costliest
  part of a fetch.
* Refunds with their lines: ``GET /refunds?include=…`` (since 9.0), by the ids that orders name; older stores have only a
  list per order. (Its ``parent`` parameter does nothing.)
* Whether a product has variations: asked only where an order line looks like one of a deleted variation.

This module must not import Odoo.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .base import Rejected
from .records import RecordFailure
from .woocommerce_client import WooCommerceClient
from .woocommerce_fetch import ANY, MOST, PRECISE, drain, is_ref
from .woocommerce_records import VARIATION_FIELDS, is_variable
from .woocommerce_statuses import TRASH

VARIATIONS = "/variations"
REFUNDS = "/refunds"
Payload = Mapping[str, Any]


def _hundreds(ids: Iterable[int]) -> Iterator[str]:
    ids = sorted(set(ids))
    for start in range(0, len(ids), MOST):
        yield ",".join(map(str, ids[start : start + MOST]))


def _named(client: WooCommerceClient, path: str, ids: str, fields: str) -> list[Payload]:
    """Those of the records with these ids that there are. What only looks up more must not fail what it is for."""
    try:
        return drain(client, path, {"include": ids, "_fields": fields})[0]
    except Rejected:
        return []


# -- variations -------------------------------------------------------------------------------------------------------


def variations_of(
    client: WooCommerceClient, parents: Sequence[Payload]
) -> tuple[dict[int, list[Payload]], list[RecordFailure]]:
    """``{product id: its variations}``, and failures for those that the store can't deliver."""
    found: dict[int, list[Payload]] = {parent["id"]: [] for parent in parents}
    if not parents:
        return found, []
    rows, failures = _all_variations(client, found, _children(parents))
    if rows is None:
        return _one_by_one(client, parents)
    for row in rows:
        found[row["parent_id"]].append(row)
    return found, failures


def _children(parents: Iterable[Payload]) -> set[int]:
    lists = (parent.get("variations") for parent in parents)
    return {child for children in lists if isinstance(children, list) for child in children if is_ref(child)}


def _all_variations(client: WooCommerceClient, parents: Iterable[int], children: set[int]):
    """Of all parents together; None where the store has no such list, or one that heeds no parent."""
    rows: list[Payload] = []
    failures: list[RecordFailure] = []
    for ids in _hundreds(parents):
        answer = drain(client, VARIATIONS, {"parent": ids, "_fields": VARIATION_FIELDS}, optional=True)
        if answer is None:
            return None, []
        for row in answer[0]:
            if is_ref(row.get("parent_id")):
                rows.append(row)
            else:
                failures.append(
                    RecordFailure(str(row["id"]), "bad_payload", "It does not say whose variation it is.", row)
                )
        failures += answer[1]
    # a record that went while pages were read moves the others up: what the products name besides is asked for by id
    for ids in _hundreds(
        children - {row["id"] for row in rows} - {int(failure.ref) for failure in failures if failure.ref.isdigit()}
    ):
        rows += (row for row in _named(client, VARIATIONS, ids, VARIATION_FIELDS) if is_ref(row.get("parent_id")))
    known = set(parents)
    if any(row["parent_id"] not in known for row in rows):
        client.absent.add(VARIATIONS)
        return None, []
    return rows, failures


def _one_by_one(client: WooCommerceClient, parents: Iterable[Payload]):
    found: dict[int, list[Payload]] = {}
    failures: list[RecordFailure] = []
    for parent in parents:
        found[parent["id"]] = []
        try:
            rows, broken = drain(client, f"/products/{parent['id']}/variations", {"_fields": VARIATION_FIELDS})
        except Rejected as error:
            if error.code != "not_found":
                raise
            continue  # the product went a moment ago
        found[parent["id"]] = rows
        failures += broken
    return found, failures


# -- refunds ----------------------------------------------------------------------------------------------------------


def refunds_of(
    client: WooCommerceClient, orders: Sequence[Payload]
) -> tuple[dict[int, list[Payload]], dict[int, Rejected]]:
    """``{order id: its refunds with their lines}`` of those orders that have any; of those whose refunds the store refuses,
    ``{order id: why}``."""
    wanted = {order["id"]: _refund_ids(order) for order in orders}
    wanted = {ref: ids for ref, ids in wanted.items() if ids}
    by_id: dict[int, Payload] = {}
    for ids in _hundreds(number for numbers in wanted.values() for number in numbers):
        with contextlib.suppress(Rejected):  # then order by order
            answer = drain(client, REFUNDS, {"include": ids, **PRECISE}, optional=True)
            by_id |= {row["id"]: row for row in (answer[0] if answer else ())}
    found: dict[int, list[Payload]] = {}
    refused: dict[int, Rejected] = {}
    for ref, ids in wanted.items():
        if ids <= by_id.keys():
            found[ref] = [by_id[number] for number in sorted(ids)]
            continue
        try:
            found[ref] = drain(client, f"/orders/{ref}/refunds", PRECISE)[0]
        except Rejected as error:
            refused[ref] = error
    return found, refused


def _refund_ids(order: Payload) -> set[int]:
    parts = order.get("refunds")
    if not isinstance(parts, list):
        return set()
    return {part["id"] for part in parts if isinstance(part, dict) and is_ref(part.get("id"))}


# -- orders that are known ---------------------------------------------------------------------------------------------

#: orders that are asked for one by one, at most, before they are believed to be gone
DOUBTS = 10


def orders_named(client: WooCommerceClient, refs: Iterable[int]) -> tuple[list[Payload], list[str]]:
    """``(orders, refs of those that the store has no more)``, at most a hundred. A list may leave out what is there (a cache,
    a plugin): an order is gone when the store says so of it alone. Of one that is left out, nothing is said."""
    left = set(refs)
    found: list[Payload] = []
    for status in (ANY, TRASH):
        for ids in _hundreds(left):
            rows, failures = drain(client, "/orders", {"include": ids, "status": status, **PRECISE})
            found += (row for row in rows if row["id"] in left)
            left -= {row["id"] for row in rows} | {int(failure.ref) for failure in failures if failure.ref.isdigit()}
    gone = []
    for ref in sorted(left)[:DOUBTS]:
        try:
            client.record(f"/orders/{ref}", {"_fields": "id"})
        except Rejected as error:
            if error.code == "not_found":
                gone.append(str(ref))
    return found, gone


# -- products of order lines ------------------------------------------------------------------------------------------


def without_variations(client: WooCommerceClient, ids: Iterable[int]) -> set[int]:
    """Those of the products that are there and are no variable ones."""
    found: set[int] = set()
    for part in _hundreds(ids):
        found |= {row["id"] for row in _named(client, "/products", part, "id,type") if not is_variable(row)}
    return found


def not_to_ship(client: WooCommerceClient, lines: Sequence[Payload]) -> set[int]:
    """The ids of those order lines that sell something virtual."""
    virtual: set[tuple[int, int]] = set()
    simple = [line["product_id"] for line in lines if line.get("product_id") and not line.get("variation_id")]
    for part in _hundreds(simple):
        rows, _failures = drain(client, "/products", {"include": part, "_fields": "id,virtual"})
        virtual |= {(row["id"], 0) for row in rows if row.get("virtual")}
    varied = [line for line in lines if line.get("variation_id")]
    for parent in sorted({line["product_id"] for line in varied}):
        ids = ",".join(str(line["variation_id"]) for line in varied if line["product_id"] == parent)
        fields = {"include": ids, "_fields": "id,virtual"}
        rows, _failures = drain(client, f"/products/{parent}/variations", fields)
        virtual |= {(parent, row["id"]) for row in rows if row.get("virtual")}
    return {line["id"] for line in lines if (line.get("product_id"), line.get("variation_id") or 0) in virtual}
