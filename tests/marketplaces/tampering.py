"""Odd values in the records that a simulator serves: what no contract allows and some store sends one day.

All of it is harmless text that JSON readers of any kind may meet; some of it can't be written by Python's own, so that it is
put into the answer's bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from .base import Request

GONE = object()  # the value is taken out


@dataclass(frozen=True)
class Raw:
    """A value as it stands in the answer."""

    name: str
    written: bytes = field(repr=False)


#: of every kind of odd value some
ODD_VALUES: Sequence[Any] = (
    Raw("NUL", b'"a\\u0000b"'),
    Raw("a half surrogate pair", b'"a\\ud83db"'),
    Raw("no UTF-8", b'"a\xff\xfe\xc3b"'),
    Raw("a control character", b'"a\\u000bb\\u0001"'),
    Raw("no number", b"NaN"),
    Raw("infinite", b"-Infinity"),
    Raw("beyond double", b"1e400"),
    Raw("of thousands of digits", b"9" * 5_000),
    Raw("nested", b'[{"a":' * 3_000 + b"1" + b"}]" * 3_000),
    Raw("a long text", json.dumps("".join(map(chr, range(0x4E00, 0x6E00)))).encode()),
    "1e400",
    "1e999999999",
    "-1e-999999999",
    "9" * 5_000,
    "NaN",
    "sNaN",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "0000-00-00T00:00:00",
    "2026-11-01T08:00:00",
    "https://[bad",
    "javascript:0",
    "http://h:99999/p.png",
    10**12,
    -(10**12),
    -1,
    0,
    1.5,
    True,
    False,
    None,
    "",
    "x",
    "٣",
    [],
    {},
    [None],
    ["x", ["y"]],
    {"id": None},
    {"a": {"b": "c"}},
    GONE,
)


class Tampering:
    """Changes what is served of some records.

    :param changes: ``{id of a record: [(steps, value)]}``; steps lead into the record, each the number of a child (counted
        round and round), so that any numbers lead somewhere
    """

    def __init__(self, changes: Mapping[Any, Sequence[tuple[Sequence[int], Any]]]):
        self.changes = changes
        self._raw: dict[str, bytes] = {}

    def __call__(self, request: Request, body: bytes) -> bytes:
        try:
            answer = json.loads(body)
        except ValueError:
            return body
        found = [record for record in _records(answer) if record.get("id") in self.changes]
        if not found:
            return body
        for record in found:
            for steps, value in self.changes[record["id"]]:
                change(record, steps, self._placeholder(value))
        written = json.dumps(answer).encode()
        for mark, raw in self._raw.items():
            written = written.replace(json.dumps(mark).encode(), raw)
        return written

    def _placeholder(self, value: Any) -> Any:
        if not isinstance(value, Raw):
            return value if value is GONE else deepcopy(value)  # what is put in may be changed itself
        mark = f"@@{value.name}@@"
        self._raw[mark] = value.written
        return mark


def change(record: Any, steps: Sequence[int], value: Any) -> None:
    """Put a value where the steps lead, or as far as they lead."""
    holder, key = None, None
    for step in steps:
        node = record if holder is None else holder[key]
        children = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        if not children:
            break
        holder, key = node, children[step % len(children)]
    if holder is None:
        return
    if value is GONE:
        del holder[key]
    else:
        holder[key] = value


def _records(answer: Any) -> list[dict[str, Any]]:
    """Every record of an answer, those within others before them."""
    found: list[dict[str, Any]] = []
    parts = list(answer.values()) if isinstance(answer, dict) else answer if isinstance(answer, list) else ()
    for part in parts:
        found += _records(part)
    if isinstance(answer, dict) and isinstance(answer.get("id"), int | str):
        found.append(answer)
    return found
