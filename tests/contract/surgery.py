"""Cuts pieces out of payloads and puts wrong ones in, one at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]

#: what programs, plugins and old data put where something else should be
GARBAGE = (
    "n/a",
    "",
    7,
    -1,
    1e99,
    True,
    [],
    {},
    ["x"],
    {"x": "y"},
    "NaN",
    "9" * 40,
    "\x00\u202e",
    "2026-13-45T99:99:99",
)
#: kinds of garbage at one place
KINDS = 5
MISSING = object()


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in a payload below its top, of lists the first entry only."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield (*path, key)
            yield from places(below, (*path, key))
    elif isinstance(value, list) and value:
        yield (*path, 0)
        yield from places(value[0], (*path, 0))


def at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def changed(payload: Any, path: Path, value: Any) -> Any:
    """A copy of the payload with another value at one place, or with the place taken out."""
    copy = json.loads(json.dumps(payload))
    parent = at(copy, path[:-1])
    if value is MISSING:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return copy


def without(payload: Any) -> Iterator[tuple[str, Path, Any]]:
    """Copies of a payload that lack something: ``(what, where, copy)``."""
    for path in places(payload):
        known = at(payload, path)
        empty = type(known)() if isinstance(known, str | list | dict) else None
        yield "missing", path, changed(payload, path, MISSING)
        if known is not None:
            yield "null", path, changed(payload, path, None)
        if known and empty is not None:
            yield "empty", path, changed(payload, path, empty)


def spoilt(payload: Any) -> Iterator[tuple[str, Path, Any]]:
    """Copies of a payload with garbage in one place: at each place some kinds, in turn, so that all meet everything."""
    for index, path in enumerate(places(payload)):
        for step in range(KINDS):
            garbage = GARBAGE[(index * KINDS + step) % len(GARBAGE)]
            yield repr(garbage)[:20], path, changed(payload, path, garbage)
