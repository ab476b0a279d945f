"""Variants of one thing as a marketplace names them: what they have in common, and by what they differ. Pure Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .normalize import normalize_sku

#: what stands between the name of a thing and the values that tell its variants apart
OPENING = " \u00a0-\u2013\u2014/|,:;.(["
SEPARATORS = OPENING + ")]"
#: a common beginning shorter than this is chance
SHORTEST_NAME = 3

Axes = dict[str, tuple[str, dict[str, str]]]


def read_axes(options: Iterable[Mapping[str, str]]) -> Axes | None:
    """By what the variants of one thing differ.

    :param options: ``{attribute: value}`` of each variant
    :return: ``{key: (label, {key: label})}`` of attributes and their values in the order they were met; None where these
        are no variants of one thing: attributes are missing, or two have the same values

    >>> read_axes([{"Size": "S"}, {"size ": "M"}])
    {'size': ('Size', {'s': 'S', 'm': 'M'})}
    >>> read_axes([{"Size": "S"}, {"Colour": "Red"}]) is None
    True
    """
    axes: Axes = {}
    seen = set()
    for option in options:
        keys = option_keys(option)
        if not keys or (seen and keys.keys() != axes.keys()) or None in keys.values():
            return None
        seen_key = frozenset(keys.items())
        if seen_key in seen:
            return None
        seen.add(seen_key)
        for label, value in option.items():
            axes.setdefault(normalize_sku(label), (label.strip(), {}))[1].setdefault(
                normalize_sku(value), value.strip()
            )
    return axes or None


def option_keys(option: Mapping[str, str] | None) -> dict[str, str | None]:
    """``{attribute key: value key}`` of one variant; empty where an attribute has no name."""
    keys = {normalize_sku(label): normalize_sku(value) for label, value in (option or {}).items()}
    return {} if None in keys or len(keys) != len(option or {}) else keys


def combinations(axes: Axes) -> int:
    """How many variants there would be if each value went with each.

    >>> combinations({"size": ("Size", {"s": "S", "m": "M"}), "colour": ("Colour", {"red": "Red"})})
    2
    """
    number = 1
    for __, values in axes.values():
        number *= len(values)
    return number


def common_name(names: Iterable[str], options: Iterable[Mapping[str, str]]) -> str:
    """What all variants are called, without the values that tell them apart.

    >>> common_name(["Shirt - Red / M", "Shirt - Blue / M"], [{"C": "Red", "S": "M"}, {"C": "Blue", "S": "M"}])
    'Shirt'
    >>> common_name(["Lamp (old)", "Lamp (old)"], [{"W": "10"}, {"W": "20"}])
    'Lamp (old)'
    """
    stems = [_stem(name.strip(), option.values()) for name, option in zip(names, options, strict=True)]
    if len(set(stems)) == 1:
        return stems[0]
    prefix = _common_beginning(stems)
    if any(len(stem) > len(prefix) and stem[len(prefix)].isalnum() for stem in stems):
        while prefix and prefix[-1].isalnum():  # not in the middle of a word
            prefix = prefix[:-1]
    prefix = prefix.rstrip(OPENING)
    return prefix if len(prefix) >= SHORTEST_NAME else stems[0]


def _common_beginning(texts: list[str]) -> str:
    first, last = min(texts), max(texts)  # in alphabetical order, those between them begin alike too
    for place, char in enumerate(first):
        if last[place] != char:
            return first[:place]
    return first


def _stem(name: str, values: Iterable[str]) -> str:
    """A name without the values at its end."""
    left = [value.strip() for value in values if value and value.strip()]
    stem = name
    while True:
        end = stem.rstrip(SEPARATORS)
        value = next((value for value in left if _ends_with(end, value)), None)
        if not value:
            return stem or name
        left.remove(value)
        stem = end[: -len(value)].rstrip(OPENING)


def _ends_with(text: str, value: str) -> bool:
    """Whether a text ends with a value that is a word of its own there, and more than that."""
    before = text[: -len(value)]
    return text.casefold().endswith(value.casefold()) and bool(before) and not before[-1].isalnum()


def extra_prices(prices: Iterable[tuple[Mapping[str, str], float]]) -> tuple[float, dict[tuple[str, str], float]]:
    """The price of the thing and what values add to it, where prices go by one attribute.

    :param prices: ``({attribute key: value key}, price)`` of each variant
    :return: ``(lowest price, {(attribute key, value key): extra})``; no extras where no single attribute explains them

    >>> extra_prices([({"size": "s"}, 10.0), ({"size": "xl"}, 12.0)])
    (10.0, {('size', 'xl'): 2.0})
    """
    prices = list(prices)
    base = min(price for __, price in prices)
    for axis in prices[0][0]:
        by_value: dict[str, set[float]] = {}
        for keys, price in prices:
            by_value.setdefault(keys[axis], set()).add(price)
        if all(len(found) == 1 for found in by_value.values()):
            return base, {(axis, value): max(found) - base for value, found in by_value.items() if max(found) > base}
    return base, {}
