"""Arithmetic of what can be promised and what has left. Pure functions; quantities are floats in the product's own unit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal

#: below the finest rounding of a unit of measure: 0.3 / 0.1 is 3 pieces, though floats say 2.9999999999999996
TOLERANCE = 1e-6
#: the largest number the ledger's column holds
MOST = 2**31 - 1


def whole_quantity(quantity: Decimal | None) -> int | None:
    """A marketplace's quantity as it is kept: whole pieces, no more than the column holds; None where it is no number."""
    try:
        # first, because whole numbers of any size take memory of that size
        return int(quantity) if -MOST < quantity < MOST else MOST if quantity >= MOST else -MOST
    except (TypeError, ArithmeticError):
        return None


def whole_units(available: float, per_unit: float) -> int:
    """How many whole units of ``per_unit`` pieces each there are in ``available`` pieces; never below 0.

    :param per_unit: above 0
    """
    return max(0, min(MOST, math.floor(available / per_unit + TOLERANCE)))


def least_complete(available: Mapping, per_unit: Mapping) -> int:
    """How many whole units can be made when each takes ``per_unit[key]`` of every key; 0 where there is no key.

    Two minima must never be subtracted: pass what is left of each component, not what is left of the units.
    """
    return min((whole_units(available.get(key, 0.0), quantity) for key, quantity in per_unit.items()), default=0)
