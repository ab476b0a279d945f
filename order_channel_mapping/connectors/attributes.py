"""What buyers chose and wrote, as a marketplace's name and value pairs, apart from what plugins keep beside it for themselves.

Marketplaces give both in one list. A name that begins with ``_`` is hidden by their own rule. Some plugins keep their state
under plain names all the same: that is told by the value (serialised data) or by a name that only a program would choose. What
is hidden is no part of the order's revision, so that a plugin at work makes no new one; it is still in the payload.

This module must not import Odoo.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

#: parts of a name that a program chose
_INTERNAL_PARTS = frozenset(
    "cache debug guid hash internal log logs nonce session status sync synced timestamp token uid uuid".split()
)
_PROGRAMS_NAME = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)+")
_PHP = re.compile(r'a:\d+:\{.*\}|[OC]:\d+:".*\}|s:\d+:".*";|[id]:-?[\d.]+;|b:[01];', re.DOTALL)


def is_hidden(name: str, value: str = "", label: str | None = None) -> bool:
    """Whether an attribute is no word of the buyer's or the shop's.

    :param label: what the shop shows for the name, where it is another
    """
    name = name.strip()
    if not name or name.startswith("_") or is_serialized(value):
        return True
    if (label and label.strip() != name) or not _PROGRAMS_NAME.fullmatch(name):
        return False
    return not _INTERNAL_PARTS.isdisjoint(re.split("[_-]", name)) or _is_json(value)


def is_serialized(value: str) -> bool:
    """Whether this is data as PHP writes it.

    >>> is_serialized('a:1:{i:0;s:5:"saved";}'), is_serialized("a: 1 piece")
    (True, False)
    """
    value = value.strip()
    return value[-1:] in ";}" and bool(_PHP.fullmatch(value))


def _is_json(value: str) -> bool:
    """Whether this is data as programs exchange it; under a name that people read it may hold what the buyer chose."""
    if value[:1] + value[-1:] not in ("{}", "[]"):
        return False
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return False
    return True


def merge(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Pairs as a mapping: values of one name, such as ticked boxes, stand together.

    >>> merge([("Topping", "Cheese"), ("Engraving", "E"), ("Topping", "Ham")])
    {'Topping': 'Cheese, Ham', 'Engraving': 'E'}
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in found:
            found[name] = value
        elif value:
            several = "\n" in value or "\n" in found[name]
            found[name] = ("\n" if several else ", ").join(filter(None, (found[name], value)))
    return found


def shown(attributes: Mapping[str, str]) -> dict[str, str]:
    """Those of the attributes that are for people."""
    return {name: value for name, value in attributes.items() if not is_hidden(name, value)}
