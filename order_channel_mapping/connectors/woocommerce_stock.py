"""Sets quantities at a WooCommerce store: a hundred in one call, each with an answer of its own.

Products go together, variations per parent, as WooCommerce wants it. It sets a quantity whatever was there before:
``StockLevel.expected`` can't be compared. Repeating does no harm.

This module must not import Odoo.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .base import BadPayload, Rejected, Unavailable
from .records import PushResult, PushStatus, StockLevel
from .values import amount
from .woocommerce_client import WooCommerceClient
from .woocommerce_fetch import MOST

_REF = re.compile(r"product:(?P<product>\d+)|variation:(?P<parent>\d+):(?P<variation>\d+)")
_TOO_MANY = frozenset({"woocommerce_rest_request_entity_too_large", "http_413"})
#: an id that is there no longer, of a product, of a variation, of a variation's parent
_NO_ITEM = frozenset(
    {
        "woocommerce_rest_product_invalid_id",
        "woocommerce_rest_product_variation_invalid_id",
        "woocommerce_rest_invalid_product_id",
        "woocommerce_rest_invalid_variation_id",
    }
)
BATCH = "stock batch"  # where what was learnt of the store's limit is kept, see shopify's page sizes


def push(client: WooCommerceClient, levels: list[StockLevel]) -> list[PushResult]:
    """One result per level, in the order given."""
    results: dict[int, PushResult] = {}
    groups: dict[str, dict[int, int]] = {}  # path -> {id: place of its level}
    twins: dict[int, int] = {}
    for place, level in enumerate(levels):
        target = _target(level.stock_ref)
        if target is None:
            results[place] = _failed(level, "not_pushable", "Not sent: the store does not manage this item's stock.")
            continue
        path, number = target
        first = groups.setdefault(path, {}).setdefault(number, place)
        if first != place:
            twins[place] = first
    for path, places in groups.items():
        _push_group(client, path, {number: levels[place] for number, place in places.items()}, places, results)
    for place, first in twins.items():
        results[place] = _like(levels[place], levels[first], results[first])
    return [results[place] for place in range(len(levels))]


def _target(stock_ref: str | None) -> tuple[str, int] | None:
    """Where a stock reference is set: path of the batch and id in it."""
    found = _REF.fullmatch(stock_ref or "")
    if not found:
        return None
    if found["product"]:
        return "/products/batch", int(found["product"])
    return f"/products/{found['parent']}/variations/batch", int(found["variation"])


def _like(level: StockLevel, sent: StockLevel, result: PushResult) -> PushResult:
    """The answer for a second level of the same stock."""
    if level.quantity != sent.quantity:
        return _failed(level, "duplicate", "Another quantity was sent for the same stock.")
    return replace(result, external_id=level.external_id)


def _push_group(
    client: WooCommerceClient,
    path: str,
    levels: Mapping[int, StockLevel],
    places: Mapping[int, int],
    results: dict[int, PushResult],
) -> None:
    """All of one batch address, in as few calls as the store can take."""
    waiting = sorted(levels)
    size = client.size(BATCH, MOST)
    while waiting:
        part = waiting[:size]
        try:
            answers = _send(client, path, {number: levels[number] for number in part})
        except (Rejected, Unavailable) as error:
            smaller = len(part) // 2 if error.code in _TOO_MANY else None
            if isinstance(error, Unavailable):
                smaller = client.shrink(BATCH, len(part), error)
            if smaller:
                size = smaller
                client.learn_size(BATCH, size)
                continue
            if isinstance(error, Unavailable):
                raise
            gone = "item" if error.code in _NO_ITEM else ""
            answers = {number: _failed(levels[number], error.code, error.message, gone=gone) for number in part}
        for number in part:
            results[places[number]] = answers[number]
        waiting = waiting[len(part) :]


def _send(client: WooCommerceClient, path: str, levels: Mapping[int, StockLevel]) -> dict[int, PushResult]:
    # without manage_stock: a seller who meanwhile switched an item's stock management off is not overruled
    update = [{"id": number, "stock_quantity": level.quantity} for number, level in levels.items()]
    answer = client.send("POST", path, {"update": update}, idempotent=True)
    rows = answer.get("update") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise BadPayload("The store's answer to quantities is not what WooCommerce says.")
    said = {row.get("id"): row for row in rows if isinstance(row, dict)}
    return {number: _result(level, said.get(number)) for number, level in levels.items()}


def _result(level: StockLevel, row: Mapping[str, Any] | None) -> PushResult:
    if row is None:
        return _failed(level, "no_answer", "The store said nothing of this quantity.", retryable=True)
    error = row.get("error")
    if (error and error.get("code") in _NO_ITEM) or row.get("status") == "trash":
        # what lies in the bin takes quantities without an error
        code, message = (
            (error["code"], error.get("message") or "") if error else ("trashed", "It lies in the store's bin.")
        )
        return _failed(level, code, message, gone="item")
    if error:
        status = (error.get("data") or {}).get("status") if isinstance(error.get("data"), dict) else None
        passing = isinstance(status, int) and (status == 429 or status >= 500)
        return _failed(level, error.get("code") or "rejected", error.get("message") or "", passing)
    if row.get("manage_stock") in (False, "parent"):
        message = (
            "The store does not manage this item's stock (any more): see the item's Inventory there, and WooCommerce >"
            " Settings > Products > Inventory."
        )
        return _failed(level, "stock_not_managed", message)
    if row.get("stock_quantity") is None or amount(row["stock_quantity"]) != level.quantity:
        message = f"The store answered with another quantity: {row.get('stock_quantity')}."
        return _failed(level, "other_quantity", message, retryable=True)
    return PushResult(level.external_id, PushStatus.OK, str(row["id"]))


def _failed(level: StockLevel, code: str, message: str, retryable: bool = False, gone: str = "") -> PushResult:
    return PushResult(level.external_id, PushStatus.FAILED, None, code, message, retryable, gone)
