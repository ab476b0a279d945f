"""Which lines of a Shopify order are tips. Pure functions.

This module must not import Odoo.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import combinations
from typing import Any

from .records import ZERO, LineKind, OrderLine
from .shopify_records import money
from .values import amount

#: lines that are tried in all their combinations
MOST_TIPS = 10


def with_tips(order: Mapping[str, Any], lines: list[OrderLine]) -> list[OrderLine]:
    """Name the tips. Shopify sells each as a custom line of its own and tells their sum; where none is, it gets a line."""
    tip = money(order.get("totalTipReceivedSet"))
    if not tip:
        return lines
    tips = _tips(order, lines, tip)
    if not tips:
        return [*lines, _tip(OrderLine(f"{order['id']}/tip", name="Tip", total=tip))]
    return [_tip(line) if line.external_id in tips else line for line in lines]


def _tip(line: OrderLine) -> OrderLine:
    worth = line.total
    return OrderLine(line.external_id, LineKind.TIP, name=line.name, subtotal=worth, total=worth, physical=False)


def _tips(order: Mapping[str, Any], lines: list[OrderLine], tip: Decimal) -> set[str]:
    """The lines that make up the tips: by their sum, of what could be one. A tip is nothing to fulfil, other custom lines
    are; where that does not tell them apart, lines of one title or a single one do."""
    maybe = [
        line
        for line in lines
        if line.kind is LineKind.PRODUCT and not (line.item_id or line.physical or line.taxes) and line.total
    ]
    to_fulfill = {line["id"] for line in order["lineItems"]["nodes"] if amount(line["unfulfilledQuantity"])}
    sure = [line for line in maybe if line.external_id not in to_fulfill]
    groups = [sure, *([line] for line in sure), *([line] for line in maybe)]
    for some in (sure, maybe):
        groups += ([line for line in some if line.name == name] for name in dict.fromkeys(line.name for line in some))
    groups += (some for size in range(2, len(sure)) for some in combinations(sure[:MOST_TIPS], size))
    fitting = (group for group in groups if group and sum((line.total for line in group), ZERO) == tip)
    return {line.external_id for line in next(fitting, ())}
