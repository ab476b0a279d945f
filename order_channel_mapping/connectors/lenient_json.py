"""JSON as marketplaces send it, read so that one odd value in it costs that value and not the page it stands on.

What Python's own reader refuses as a whole is read around: bytes that are no UTF-8 become U+FFFD, a number of thousands of
digits becomes infinite, what is nested hundreds of levels deep becomes "…".

This module must not import Odoo.
"""

from __future__ import annotations

import json
import re
from typing import Any

#: digits of a number; Python refuses more than 4,300
MOST_DIGITS = 1_000
#: levels that are kept where there are more than Python can read
MOST_LEVELS = 100
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


def loads(body: bytes) -> Any:
    """The value of a JSON document.

    :raise ValueError: it is none
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        written = body.decode("utf-8-sig", "replace")
    try:
        return json.loads(_flattened(written), parse_int=_whole)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _whole(digits: str) -> float:
    return int(digits) if len(digits) <= MOST_DIGITS else float(digits)


def _flattened(written: str) -> str:
    """What is nested too deep, replaced. Text that is no JSON stays none."""
    parts, depth, kept_to, cut_from = [], 0, 0, None
    for token in _TOKEN.finditer(written):
        sign = token[0]
        if sign in "[{":
            depth += 1
            if depth > MOST_LEVELS and cut_from is None:
                cut_from = token.start()
        elif sign in "]}":
            depth -= 1
            if depth == MOST_LEVELS and cut_from is not None:
                parts += [written[kept_to:cut_from], '"…"']
                kept_to, cut_from = token.end(), None
    return "".join([*parts, written[kept_to:]])
