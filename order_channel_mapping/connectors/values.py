"""Values as JSON carries them, read the same way for every marketplace. Pure functions.

What is not what it should be raises :class:`~.base.BadPayload`, so that one bad record is one failure.

This module must not import Odoo.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from .base import BadPayload
from .storable import YEARS

#: before or behind the decimal point
MOST_DIGITS = 300
#: characters of an amount that is worth remembering
USUAL = 16
MOST_INT = 10**USUAL
_DECIMALS = re.compile(r"\.(\d+)")


def shown(value: Any) -> str:
    """A value as a message quotes it."""
    try:
        return repr(value)[:80]
    except (RecursionError, ValueError):  # nested too deep, thousands of digits
        return f"A {type(value).__name__}"


def text(value: Any) -> str | None:
    """Trimmed text; nothing for nothing."""
    if type(value) is str:
        return value.strip() or None
    return None if value is None else str(value).strip() or None


def identifier(value: Any) -> str:
    """An id or a code, which is never missing where it is asked for."""
    if not isinstance(value, str) or not value:
        raise BadPayload(f"{shown(value)} is not an id.")
    return value


def moment(value: Any) -> datetime | None:
    """An ISO time as aware UTC; one without a zone is UTC. What no clock shows is none: year 1, year 9999."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadPayload(f"{shown(value)} is not a time.")
    written = value
    if written.endswith("Z"):
        written = f"{written[:-1]}+00:00"
    try:
        parsed = datetime.fromisoformat(written)
    except ValueError:
        try:  # Python 3.10 wants three or six decimals; Shopify's notifications have nine
            parsed = datetime.fromisoformat(_DECIMALS.sub(lambda match: f".{match[1]:0<6.6}", written))
        except ValueError:
            raise BadPayload(f"{shown(value)} is not a time.") from None
    if parsed.year not in YEARS:  # near the ends of the calendar, every zone and every span is beyond it
        raise BadPayload(f"{shown(value)} is not a time.")
    return parsed.replace(tzinfo=timezone.utc) if parsed.tzinfo is None else parsed.astimezone(timezone.utc)


def real_number(value: Any) -> float | None:
    """A number, or the text of one, as JSON may have it; None where it is none to reckon with (NaN, infinity, a truth
    value)."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def epoch(value: Any) -> datetime | None:
    """Seconds since 1970, as a number or its text, as aware UTC; None where that can't be a moment (nothing, NaN, infinity,
    a truth value, before 1970, beyond the year 9999)."""
    seconds = real_number(value)
    try:
        return None if seconds is None or seconds < 0 else datetime.fromtimestamp(seconds, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


def amount(value: Any) -> Decimal:
    """A number, as text or as JSON has it."""
    kind = type(value)
    if kind is str and len(value) < USUAL:
        return _usual_amount(value)
    return Decimal(value) if kind is int and abs(value) < MOST_INT else _amount(value)


def _amount(value: Any) -> Decimal:
    try:
        number = Decimal(value if type(value) is str else str(value))
    except (InvalidOperation, ValueError):  # ValueError: thousands of digits
        raise BadPayload(f"{shown(value)} is not an amount.") from None
    # of 1E+999999999 nothing can be worked out in finite time
    if not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
        raise BadPayload(f"{shown(value)} is not an amount.")
    return number


#: shops have few prices, in thousands of lines: each is read once
_usual_amount = lru_cache(maxsize=4096)(_amount)
