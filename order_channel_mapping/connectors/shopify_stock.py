"""Sets quantities at Shopify: many in one call, each with an answer of its own.

Shopify takes a batch whole or not at all. What it names as wrong is taken out and answered, the rest is sent again
under a new idempotency key. A repeated *request* keeps its key, so that a lost answer does no harm.

This module must not import Odoo.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .records import PushResult, PushStatus, StockLevel
from .shopify_client import ShopifyClient
from .shopify_documents import LOCATION_STATE, SET_QUANTITIES, activate_document

#: how often one batch is sent again without its bad entries, before the rest is left for the next pass
ROUNDS = 25
#: items stocked at a new location in one call
ACTIVATIONS = 25
#: codes that concern the call, not an entry; a new key helps
_KEY_CODES = frozenset({"IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"})
#: Shopify says this of a location that is gone or inactive, and in some versions of an item that is not kept there yet
_NO_LOCATION = "INVALID_LOCATION"
_NO_ITEM = "INVALID_INVENTORY_ITEM"
_GONE = "Shopify has no such location any more, or it is not active."
_NOT_STOCKED = re.compile(r"not stocked", re.IGNORECASE)


def push(client: ShopifyClient, levels: list[StockLevel], batch: int) -> list[PushResult]:
    """One result per level, in the order given."""
    results: dict[int, PushResult] = {}
    places: dict[tuple[str, str], int] = {}
    twins: dict[int, int] = {}
    for index, level in enumerate(levels):
        if not level.stock_ref or not level.location:
            what = "stock is not tracked at Shopify" if not level.stock_ref else "no location is chosen"
            results[index] = _failed(level, "not_pushable", f"Not sent: {what}.")
            continue
        first = places.setdefault((level.stock_ref, level.location), index)
        if first != index:
            twins[index] = first
    waiting = [index for index in range(len(levels)) if index not in results and index not in twins]
    active: dict[str, bool] = {}
    for start in range(0, len(waiting), batch):
        _push_batch(client, {index: levels[index] for index in waiting[start : start + batch]}, results, active)
    for index, first in twins.items():
        results[index] = _like(levels[index], levels[first], results[first])
    return [results[index] for index in range(len(levels))]


def _like(level: StockLevel, sent: StockLevel, result: PushResult) -> PushResult:
    """The answer for a second level of the same item and place, which Shopify refuses within one call."""
    if level.quantity != sent.quantity:
        return _failed(level, "duplicate", "Another quantity was sent for the same item and location.")
    return replace(result, external_id=level.external_id)


def _answer_gone(
    client: ShopifyClient,
    doubtful: set[str],
    left: dict[int, StockLevel],
    results: dict[int, PushResult],
    active: dict[str, bool],
) -> bool:
    """Of locations that were called invalid, or that stock nothing, find out which are there no more, and answer all that
    goes to those.

    :param active: what is known of locations: each is asked for once
    :return: whether there are any
    """
    for location in doubtful - active.keys():
        found = client.execute(LOCATION_STATE, {"id": location}).data.get("location") or {}
        active[location] = bool(found.get("isActive"))
    gone = [index for index, level in left.items() if level.location in doubtful and not active[level.location]]
    for index in gone:
        results[index] = _failed(left.pop(index), "location_gone", _GONE, gone="location")
    return bool(gone)


def _push_batch(
    client: ShopifyClient, left: dict[int, StockLevel], results: dict[int, PushResult], active: dict[str, bool]
) -> None:
    """Send until every entry has its answer. Fills ``results``, empties ``left``.

    :param active: what is known of locations, see :func:`_answer_gone`
    """
    activated: set[int] = set()
    _answer_gone(client, set(active), left, results, active)
    for _round in range(ROUNDS):
        if not left:
            return
        order = list(left)
        payload = _send(
            client, [left[index] for index in order], unchecked={order.index(i) for i in activated & set(order)}
        )
        errors = payload.get("userErrors") or ()
        if not errors:
            ref = (payload.get("inventoryAdjustmentGroup") or {}).get("id")
            for index in order:
                results[index] = PushResult(left.pop(index).external_id, PushStatus.OK, ref)
            return
        entries, whole = _sort_errors(errors, len(order))
        if whole and whole.get("code") in _KEY_CODES and not entries:
            continue
        invalid = {left[order[place]].location for place, error in entries.items() if error.get("code") == _NO_LOCATION}
        if whole and whole.get("code") == _NO_LOCATION:
            invalid |= {level.location for level in left.values()}
        if _answer_gone(client, invalid, left, results, active):
            continue
        if whole and not entries:
            busy = whole.get("code") == "IDEMPOTENCY_CONCURRENT_REQUEST"
            for index in order:
                results[index] = _failed(left.pop(index), _code(whole), whole["message"], retryable=busy)
            return
        unstocked = _take_refusals({order[place]: error for place, error in entries.items()}, left, results, activated)
        for start in range(0, len(unstocked), ACTIVATIONS):
            part = unstocked[start : start + ACTIVATIONS]
            refused = _activate(client, {index: left[index] for index in part})
            if _answer_gone(client, {left[index].location for index in refused}, left, results, active):
                break
            for index, message in refused.items():
                results[index] = _failed(left.pop(index), "not_stocked", message)
            activated.update(part)
    for index in list(left):
        results[index] = _failed(
            left.pop(index), "too_many_refused", "Too many of the batch were refused.", retryable=True
        )


def _take_refusals(
    errors: Mapping[int, Mapping[str, Any]],
    left: dict[int, StockLevel],
    results: dict[int, PushResult],
    activated: set[int],
) -> list[int]:
    """Answer the entries that Shopify refused.

    :return: those that are not kept at their location yet: to be stocked there and sent again
    """
    unstocked = []
    for index, error in errors.items():
        if _is_unstocked(error) and index not in activated:
            unstocked.append(index)
        elif error.get("code") == "CHANGE_FROM_QUANTITY_STALE":
            ref = left.pop(index).external_id
            results[index] = PushResult(ref, PushStatus.STALE, None, "stale", error["message"], retryable=True)
        else:
            gone = "item" if error.get("code") == _NO_ITEM else ""
            results[index] = _failed(left.pop(index), _code(error), error["message"], gone=gone)
    return unstocked


def _send(client: ShopifyClient, levels: list[StockLevel], unchecked: set[int]) -> Mapping[str, Any]:
    """``unchecked`` are the positions of entries that were just stocked: what they held before is not known."""
    quantities = [
        {
            "inventoryItemId": level.stock_ref,
            "locationId": level.location,
            "quantity": level.quantity,
            "changeFromQuantity": None if position in unchecked else level.expected,
        }
        for position, level in enumerate(levels)
    ]
    variables = {"input": {"name": "available", "reason": "correction", "quantities": quantities}, "key": _key()}
    return client.execute(SET_QUANTITIES, variables).data.get("inventorySetQuantities") or {}


def _sort_errors(errors, count: int) -> tuple[dict[int, Mapping[str, Any]], Mapping[str, Any] | None]:
    """The first error of each entry, by its position in the call, and one that concerns the call as a whole."""
    entries: dict[int, Mapping[str, Any]] = {}
    whole = None
    for error in errors:
        path = error.get("field") or ()
        position = path[2] if len(path) > 2 and path[1] == "quantities" else ""
        if str(position).isdigit() and int(position) < count:
            entries.setdefault(int(position), error)
        else:
            whole = whole or error
    return entries, whole


def _is_unstocked(error: Mapping[str, Any]) -> bool:
    """Whether the item is not kept at the location yet. Shopify's versions say so in different ways."""
    code = error.get("code")
    return code in ("ITEM_NOT_STOCKED_AT_LOCATION", _NO_LOCATION) or bool(
        _NOT_STOCKED.search(error.get("message") or "")
    )


def _activate(client: ShopifyClient, levels: dict[int, StockLevel]) -> dict[int, str]:
    """Stock items at their locations, ACTIVATIONS at most. What was refused, with Shopify's words."""
    variables: dict[str, Any] = {}
    for position, level in enumerate(levels.values()):
        variables |= {f"item{position}": level.stock_ref, f"location{position}": level.location}
        variables[f"key{position}"] = _key()
    data = client.execute(activate_document(len(levels)), variables).data
    answers = [((data.get(f"a{position}") or {}).get("userErrors") or ())[:1] for position in range(len(levels))]
    return {index: error["message"] for index, errors in zip(levels, answers, strict=True) for error in errors}


def _failed(level: StockLevel, code: str, message: str, retryable: bool = False, gone: str = "") -> PushResult:
    return PushResult(level.external_id, PushStatus.FAILED, None, code, message, retryable, gone)


def _code(error: Mapping[str, Any]) -> str:
    return (error.get("code") or "rejected").lower()


def _key() -> str:
    return str(uuid.uuid4())
