"""What buyers chose and wrote on a line of a WooCommerce order. Pure functions.

WooCommerce gives each entry twice: as it is kept (``key``, ``value``), and as the shop shows it (``display_key``,
``display_value``), without tags, line breaks, addresses of links and whatever looks like ``%20``. The second has the names
that people gave; the first has all of the text.

This module must not import Odoo.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from .attributes import is_hidden, is_serialized, merge
from .checkout_fields import is_telling
from .markup import html_to_text
from .values import text

#: of a taxonomy's attribute the value as it is kept is only a code
_TAXONOMY = "pa_"
#: as WooCommerce writes the keys of a product's attributes
_ATTRIBUTE_KEY = re.compile(r"[^\sA-Z_]+(?:[-_][^\sA-Z_]+)*")
#: before the name of a field of the checkout block
_CHECKOUT_BLOCK = re.compile(r"^_wc_(?:other|billing|shipping)/[^/]+/")
_LINK = re.compile(r"https?://\S+")
_LOST_WHEN_SHOWN = re.compile(r"[<>%\n\r]|://")


class Entry(NamedTuple):
    """An entry that is for people."""

    key: str
    label: str
    value: str


def line_attributes(line: Mapping[str, Any]) -> dict[str, str]:
    """What buyers and shop see under a line, but for what the variation's own title says already."""
    entries = list(_entries(line))
    said = _said_by_title(line, entries) if entries and line.get("variation_id") else frozenset()
    return merge((entry.label, entry.value) for place, entry in enumerate(entries) if place not in said)


def order_fields(payload: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What checkout fields say about an order, as names and values."""
    found = []
    for meta in payload.get("meta_data") or ():
        name = str(meta.get("key") or "")
        name = _CHECKOUT_BLOCK.sub("", name) if name.startswith("_wc_") else name
        value = _words(meta.get("value")) if is_telling(name) else None
        if value and not is_serialized(value):
            found.append((name, html_to_text(value)))
    return found


def _entries(line: Mapping[str, Any]) -> Iterable[Entry]:
    for meta in line.get("meta_data") or ():
        key, label = str(meta.get("key") or ""), meta.get("display_key")
        if key.startswith("_"):
            continue  # hidden, as most are
        kept = _words(meta.get("value"))
        seen = _words(meta["display_value"]) if "display_value" in meta else kept
        if seen is None or is_hidden(key, kept or seen, str(label or "")) or is_serialized(seen):
            continue
        value = _fuller(key, kept or "", seen)
        if value:
            yield Entry(key, _label(str(label or "")) or _label(key) or key, value)


@lru_cache(maxsize=4096)
def _label(value: str) -> str | None:
    """Shops have few names, in thousands of orders."""
    words = " ".join(html_to_text(value).split())
    return text(words.rstrip(" :")) or text(words)


def _words(value: Any) -> str | None:
    """A value as text; None for what has parts of its own, which is a plugin's business."""
    if isinstance(value, list) and not any(isinstance(part, dict | list) for part in value):
        value = ", ".join(map(str, value))
    return str(value) if isinstance(value, str | int | float) else None


def _fuller(key: str, kept: str, seen: str) -> str:
    """Of the two texts of an entry the one that says more."""
    shown = html_to_text(seen)
    if kept == seen or key.startswith(_TAXONOMY) or not _LOST_WHEN_SHOWN.search(kept):
        return shown
    whole = html_to_text(kept)
    if set(re.findall(r"\w+", shown.casefold())) <= set(re.findall(r"\w+", whole.casefold())):
        return whole
    links = [link for link in _LINK.findall(whole) if link not in shown]
    return " ".join(filter(None, (shown, *links)))


@lru_cache(maxsize=4096)
def _choice(name: str, parent_name: str) -> str:
    """What a variation's title adds to its product's: ``, red, m,``."""
    title, parent = html_to_text(name).casefold(), html_to_text(parent_name).casefold()
    title = title[len(parent) :] if parent and title.startswith(parent) else title.partition(" - ")[2]
    return f", {title.strip(' -')},"


@lru_cache(maxsize=4096)
def _may_be_attribute(key: str) -> bool:
    return key.startswith(_TAXONOMY) or bool(_ATTRIBUTE_KEY.fullmatch(key))


def _said_by_title(line: Mapping[str, Any], entries: list[Entry]) -> set[int]:
    """The places of the entries that are the variation's attributes and stand in its title, as WooCommerce puts them there:
    ``Tee - Red, M``. A buyer's word that happens to be the same is none of them."""
    places: dict[str, list[int]] = {}
    for place, entry in enumerate(entries):
        if _may_be_attribute(entry.key):
            places.setdefault(" ".join(entry.value.casefold().split()), []).append(place)
    if not places:
        return set()
    choice = _choice(str(line.get("name") or ""), str(line.get("parent_name") or ""))
    said: set[int] = set()
    for value, found in places.items():
        times = choice.count(f", {value},")
        sure = [place for place in found if entries[place].key.startswith(_TAXONOMY)]
        said.update(sure if times and sure else found if len(found) <= times else ())
    return said
