"""Digests that tell changed records from unchanged ones, and records as JSON. Pure Python."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from operator import attrgetter

# What changes without a change that matters: stock numbers and times move all day, raw repeats everything.
ITEM_IGNORED = frozenset({"quantity", "updated_at", "raw"})
ORDER_IGNORED = frozenset({"updated_at", "raw"})

#: counted up where a connector reads texts, notes or addresses of an order in another way than before
ORDER_FORM = 2

# Encoder and field names are worked out once: every record of every page is digested (an item: 14 µs instead of 20).
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


_AS_THEY_ARE = frozenset({str, int, float, bool, type(None)})


@cache
def _reader(record_type, ignored):
    """The names of a record type's fields, and a function that reads them all from a record."""
    names = [item.name for item in fields(record_type) if item.name not in ignored]
    return names, attrgetter(*names)


@cache
def _converter(kind):
    """How values of this type become JSON types: worked out once for each type, there are a dozen and millions of values."""
    if issubclass(kind, Enum):
        return attrgetter("value")
    if issubclass(kind, (str, int, float)):
        return lambda value: value
    if issubclass(kind, datetime):
        return datetime.isoformat
    if is_dataclass(kind):
        names = [item.name for item in fields(kind)]
        return lambda record: {name: to_json(getattr(record, name)) for name in names}
    if issubclass(kind, Mapping):
        return lambda mapping: {str(key): to_json(item) for key, item in mapping.items()}
    if issubclass(kind, (list, tuple)):
        return lambda items: [to_json(item) for item in items]
    if issubclass(kind, (set, frozenset)):
        return lambda items: sorted(to_json(item) for item in items)
    return str


def to_json(value):
    """A frozen record (or a part of one) as JSON types: Decimal and enum as str, datetime as ISO 8601, tuple as list."""
    kind = type(value)
    return value if kind in _AS_THEY_ARE else _converter(kind)(value)


def record_digest(record, ignored=frozenset()):
    """A short stable digest of a record's fields, those in ``ignored`` left out.

    :rtype: str, 32 hexadecimal characters
    """
    names, read = _reader(type(record), ignored)
    return text_digest(
        [
            (name, value if type(value) in _AS_THEY_ARE else to_json(value))
            for name, value in zip(names, read(record), strict=True)
        ]
    )


def text_digest(data):
    """A short stable digest of JSON-able data.

    :rtype: str, 32 hexadecimal characters
    """
    # half a surrogate pair has bytes as well here, so that what can't be stored can be told from what can
    return hashlib.blake2b(_encode(data).encode(errors="surrogatepass"), digest_size=16).hexdigest()


def item_digest(item):
    """What a listing shows: everything but quantity and times."""
    return record_digest(item, ITEM_IGNORED)


def order_digest(order):
    """An order's revision: everything but times of change and the raw payload, and in which form that is kept."""
    return f"{ORDER_FORM}:{record_digest(order, ORDER_IGNORED)}"


def unknown_revision(revision):
    """The revision of an order that is to be taken in once more, though nothing changed: none, in the form of the last one."""
    return (revision or "").partition(":")[0] + ":"


def is_same_form(revision, other):
    """Whether two revisions tell what a channel changed. Of different forms, the difference may be how texts are read."""
    return (revision or "").partition(":")[0] == (other or "").partition(":")[0]
