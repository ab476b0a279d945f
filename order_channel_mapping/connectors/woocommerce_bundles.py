"""Bundles of WooCommerce's extensions: which lines of an order are parts of another one.

The extensions sell a bundle as a *container* and put its parts on the order as lines of their own; the price stands on
either. They name each other by the line's id, by the key that a line had in the cart, or by the product's id:

* Product Bundles, Composite Products, Mix and Match: ids in fields of the line, cart keys in its ``meta_data``;
* YITH Bundles: cart keys;
* WPC Product Bundles and Composites: the parts name the container's product;
* Chained Products: so do they, but what they are chained to is a product that is delivered itself, or is not: only what it
  is linked to tells.

Pure functions. This module must not import Odoo.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Payload = Mapping[str, Any]

#: of a part: the id of its container's line
_PARENT_LINES = ("bundled_by", "composite_parent", "mnm_child_of")
#: of a part: its container, by the key in the cart or the line's id
_PARENT_KEYS = ("_bundled_by", "_composite_parent", "_mnm_container", "_yith_wcpb_bundled_by")
#: of a part: the product of its container, which stands before it
_PARENT_PRODUCTS = ("_woosb_parent_id", "_wooco_parent_id", "_wpcpb_parent_id")
_CHAINED_TO = "_chained_product_of"
#: of a container: ids of its parts' lines
_CHILD_LINES = ("bundled_items", "composite_children", "child_items", "mnm_child_items")
#: of a container: its parts, by their keys in the cart, ids or products
_CHILD_KEYS = ("_bundled_items", "_composite_children", "_mnm_config", "_woosb_ids", "_wooco_ids", "_wooco_components")
#: of any line: its own key in the cart
_CART_KEYS = ("_bundle_cart_key", "_composite_cart_key", "_mnm_cart_key", "_yith_bundle_cart_key", "_cart_key")
#: what only a part or a container has. Most orders have neither, and most of their lines' entries are none of these
_TELLING_FIELDS = (*_PARENT_LINES, *_CHILD_LINES)
_TELLING_KEYS = frozenset((*_PARENT_KEYS, *_PARENT_PRODUCTS, _CHAINED_TO, *_CHILD_KEYS))


class Bundles:
    """Who is part of whom among the lines of an order, by the lines' ids as text.

    ``part_of``: part -> container; ``containers``: those that are nothing beside their parts.
    """

    def __init__(self, lines: Sequence[Payload]):
        self.part_of: dict[str, str] = {}
        self.containers: set[str] = set()
        if len(lines) < 2 or not any(map(_tells, lines)):
            return
        self._lines = [_Line(line) for line in lines]
        self._by_key = {key: line for line in self._lines for key in line.keys}
        for place, line in enumerate(self._lines):
            container = self._container(place, line)
            if container and container is not line:
                self.part_of[line.ref] = container.ref
                if not line.chained_to:
                    self.containers.add(container.ref)

    def _container(self, place: int, line: _Line) -> _Line | None:
        for key in line.parent_keys:
            if key in self._by_key:
                return self._by_key[key]
        for other in self._lines:
            if other is not line and line.keys & other.children:
                return other
        for product in (*line.parent_products, *filter(None, [line.chained_to])):
            before = [other for other in self._lines[:place] if product in other.products]
            after = [other for other in self._lines[place + 1 :] if product in other.products]
            for other in [*reversed(before), *after]:
                return other
        if line.parent_keys:  # by a key that the container did not keep: the last one before it that says it is one
            return next((other for other in reversed(self._lines[:place]) if other.has_children), None)
        return None


def _tells(line: Payload) -> bool:
    """Whether a line may be a container or a part of one."""
    if any(map(line.get, _TELLING_FIELDS)):
        return True
    metas = line.get("meta_data")
    return bool(metas) and any(_key(meta) in _TELLING_KEYS for meta in metas)


def _key(meta: Any) -> str | None:
    key = meta.get("key") if isinstance(meta, dict) else None
    return key if isinstance(key, str) else None


class _Line:
    """What a line says about itself, its container and its parts."""

    def __init__(self, line: Payload):
        self._metas = {key: meta.get("value") for meta in line.get("meta_data") or () if (key := _key(meta))}
        self.ref = str(line["id"])
        self.products = {str(line[name]) for name in ("product_id", "variation_id") if line.get(name)}
        self.keys = {self.ref, *self._words(_CART_KEYS)}
        self.parent_keys = [*_words([line.get(name) for name in _PARENT_LINES]), *self._words(_PARENT_KEYS)]
        self.parent_products = self._words(_PARENT_PRODUCTS)
        self.chained_to = next(iter(self._words((_CHAINED_TO,))), None)
        of_fields, of_metas = _words([line.get(name) for name in _CHILD_LINES]), self._words(_CHILD_KEYS)
        # numbers in meta_data are ids of products and quantities, not of lines
        self.children = {*of_fields, *(word for word in of_metas if not word.isdecimal())}
        self.has_children = bool(of_fields or of_metas)

    def _words(self, names: Sequence[str]) -> list[str]:
        return _words([self._metas.get(name) for name in names])


def _words(values: Sequence[Any]) -> list[str]:
    """Texts and numbers in values and lists of them, without what is empty."""
    found: list[str] = []
    for value in values:
        if isinstance(value, Mapping):
            found += [str(key) for key in value] + _words(list(value.values()))
        elif isinstance(value, list | tuple):
            found += _words(value)
        elif isinstance(value, str | int) and not isinstance(value, bool) and str(value) not in ("", "0"):
            found.append(str(value))
    return found
