"""What a marketplace sent, brought to what a database can keep: text, numbers, ids, times, addresses, payloads.

A database takes no NUL character and no half of a surrogate pair, XML no other control characters; a column ends somewhere,
and so does the entry of an index. Here each record is looked at once, when it comes in new or changed:

* text loses what can't be kept, and is cut where it is absurdly long;
* an item's price and quantity beyond any column are left out or lowered, its page and picture left out where they are none;
* what must not be guessed fails the record: ids, times, and every number of an order.

What was changed is told, so that it can be said on the record. Pure functions; records are known by their fields' names.

This module must not import Odoo.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

#: bytes of a text in UTF-8. The entry of an index has 2,704, and Odoo joins two names in one
MOST_TEXT = 1_000
#: of texts that no index has: notes, addresses of pages, what a buyer wishes
MOST_LONG = 50_000
MOST_ID = 500
#: characters of a failure's payload, for people to read
MOST_PAYLOAD = 200_000
#: levels of a payload: Odoo copies each by a call in a call
MOST_DEEP = 60
#: with fewer brackets nothing can be so deep that it matters
BRACKETS = 150
MAX_INT = 2**31 - 1
#: digits before the decimal point: of an amount, of a quantity (sums of which are kept in four bytes)
DIGITS, QUANTITY_DIGITS = 15, 9
#: of quantities: what is divided by one must not grow beyond all
SMALLEST_DIGIT = -9
YEARS = range(1900, 3000)

_ODD = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: in JSON text other control characters do no harm
_ODD_IN_JSON = re.compile("[\0\ud800-\udfff]")
_IDS = frozenset({"external_id", "parent_id", "item_id", "stock_ref", "ref", "site"})
_NEEDED_IDS = frozenset({"external_id"})
_LONG = frozenset({"note"})
_ADDRESSES = frozenset({"url", "image_url"})
#: of lines: two of a kind with one id can't be told apart
_KEYED = frozenset({"lines"})
#: what connectors call a record that names itself nowhere
UNKNOWN = "unknown"
Notes = dict[str, list[str]]


class Unstorable(ValueError):
    """A record that can't be kept, and must not be changed either. ``code`` and ``params`` are those of a reason."""

    def __init__(self, code: str, **params: Any):
        super().__init__(code)
        self.code = code
        self.params = params


# -- text -------------------------------------------------------------------------------------------------------------


def plain_text(value: Any, most: int = MOST_TEXT) -> str:
    """Text without what can't be kept, cut to so many bytes of UTF-8; what is no text, as text.

    >>> plain_text("a\\0b"), plain_text(None), plain_text("äöü", 5)
    ('ab', '', 'äö')
    """
    if value is None:
        return ""
    try:
        text = value if type(value) is str else str(value)
    except Exception:  # a number of too many digits, a list in a list in a list
        return ""
    if not text.isprintable():
        text = _ODD.sub("", text)
    if 4 * len(text) > most and len(text.encode()) > most:
        text = text.encode()[:most].decode("utf-8", "ignore")
    return text


def is_id(value: Any) -> bool:
    """Whether this is something that a record can be known by."""
    return (
        type(value) is str
        and 0 < len(value) <= MOST_ID
        and (value.isprintable() or not _ODD.search(value))
        and (value.isascii() or len(value.encode()) <= 4 * MOST_ID)
    )


def name_of(ref: Any, payload: Any = None) -> str:
    """What a record without a good id is called: what is left of the id, and a sign that tells it from others alike."""
    if is_id(ref) and ref != UNKNOWN:
        return ref
    sign = blake2b(json.dumps(plain_json([plain_text(ref), payload])).encode(), digest_size=4).hexdigest()
    return f"{plain_text(ref, 80) or UNKNOWN} ({sign})"


def is_web_address(value: Any) -> bool:
    """Whether a browser finds something there.

    >>> [is_web_address(url) for url in ("https://shop.example/a?b", "javascript:x", "https://[bad", "https://h:99999")]
    [True, False, False, False]
    """
    try:
        parts = urlsplit(value)
        __ = parts.port  # raises for one that is none
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
        return is_web and value.strip().isprintable() and " " not in value.strip()
    except (TypeError, ValueError, AttributeError):
        return False


# -- payloads ---------------------------------------------------------------------------------------------------------

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def _is_plain_json(value: Any) -> bool:
    """Whether a database takes this as it is."""
    try:
        written = _encode(value)
        written.encode()
    except (TypeError, ValueError, RecursionError):
        return False
    if "\\u0000" in written:
        return False
    return written.count("[") + written.count("{") <= BRACKETS or not _is_deep(value)


def _is_deep(value: Any) -> bool:
    level = [value]
    for __ in range(MOST_DEEP):
        level = [
            part
            for outer in level
            for part in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(part, (dict, list, tuple))
        ]
        if not level:
            return False
    return True


def plain_json(value: Any, lost: list[bool] | None = None) -> Any:
    """The same as a database keeps it; the very same object where nothing has to be changed.

    Text loses what can't be kept, numbers that JSON does not have become text, what is nested too deep becomes "…".

    :param lost: is given an entry for each thing that was lost
    """
    return value if _is_plain_json(value) else _jsonable(value, MOST_DEEP, [] if lost is None else lost)


def _jsonable(value: Any, levels: int, lost: list[bool]) -> Any:
    if value is None or type(value) is bool:
        return value
    if isinstance(value, Enum):
        return _jsonable(value.value, levels, lost)
    if isinstance(value, str):
        return _json_text(value, lost)
    if isinstance(value, float) and value - value == 0:
        return float(value)
    if isinstance(value, int) and value.bit_length() < 1_000:
        return int(value)
    if isinstance(value, (int, float)):
        lost.append(True)
        return str(value) if isinstance(value, float) else "…"
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        value = {part.name: getattr(value, part.name) for part in fields(value)}
    is_mapping = isinstance(value, Mapping)
    if not is_mapping and not isinstance(value, (list, tuple, set, frozenset)):
        return _json_text(plain_text(value, MOST_LONG), lost)
    if levels <= 0:
        lost.append(True)
        return "…"
    if is_mapping:
        return {_json_text(str(key), lost): _jsonable(part, levels - 1, lost) for key, part in value.items()}
    return [_jsonable(part, levels - 1, lost) for part in value]


def _json_text(text: str, lost: list[bool]) -> str:
    kept = text if text.isprintable() else _ODD_IN_JSON.sub("", text)
    if len(kept) < len(text):
        lost.append(True)
    return kept


def short_json(value: Any, most: int = MOST_PAYLOAD) -> Any:
    """As :func:`plain_json`, of something that is too long its beginning as text."""
    value = plain_json(value)
    written = json.dumps(value, ensure_ascii=False)
    return value if len(written) <= most else {"beginning": written[:most]}


# -- records ----------------------------------------------------------------------------------------------------------


def check_id(record: Any) -> None:
    """:raise Unstorable: nothing can be known by this id"""
    ref = getattr(record, "external_id", None)
    if not is_id(ref):
        raise Unstorable("bad_id", value=plain_text(ref, 80))


def storable(record: Any) -> tuple[Any, Notes]:
    """A record as it can be kept.

    :param record: one of :mod:`.records`
    :return: the record, the very same one where nothing had to be changed; what was done to it, as
        ``{"removed" | "shortened" | "left_out" | "lowered": [names of fields]}``
    :raise Unstorable: it can't be kept, and must not be changed
    """
    notes: Notes = {}
    return _record(record, "", notes), notes


def storable_answer(answer: Any) -> Any:
    """The answer to a command as it can be kept: its words are the marketplace's.

    :param answer: :class:`~.records.PushResult`
    """
    words = {name: getattr(answer, name) for name in ("ref", "code", "message")}
    kept = {name: plain_text(word) if word is not None else None for name, word in words.items()}
    return answer if kept == words else replace(answer, **kept)


def _note(notes: Notes, what: str, path: str) -> None:
    names = notes.setdefault(what, [])
    if path not in names:
        names.append(path)


def _record(record: Any, prefix: str, notes: Notes) -> Any:
    changes = {}
    for name, keep in _keepers(type(record)):
        value = getattr(record, name)
        kept = keep(value, prefix + name, notes)
        if kept is not value:
            changes[name] = kept
    return replace(record, **changes) if changes else record


@cache
def _keepers(kind: type) -> tuple[tuple[str, Callable[[Any, str, Notes], Any]], ...]:
    """How each field of a kind of record is kept."""
    own = _OF_ITEMS if kind.__name__ == "Item" else {}
    return tuple((part.name, own.get(part.name) or _keeper(part.name)) for part in fields(kind))


def _keeper(name: str) -> Callable[[Any, str, Notes], Any]:
    if name == "raw":
        return _payload
    if name in _IDS:
        return _needed_id if name in _NEEDED_IDS else _id
    if name in _ADDRESSES:
        return _address
    if name in _KEYED:
        return _keyed
    if name == "attributes":
        return _attributes
    return _long_value if name in _LONG else _value


def _value(value: Any, path: str, notes: Notes, most: int = MOST_TEXT) -> Any:
    kind = type(value)
    if kind is str:
        return _text(value, path, notes, most)
    if value is None or kind is bool or isinstance(value, Enum):
        return value
    if isinstance(value, (Decimal, int, float)):
        return _number(value, path)
    if isinstance(value, datetime):
        return _time(value, path)
    if isinstance(value, tuple):
        kept = tuple([_value(part, path, notes, most) for part in value])
        return kept if any(map(_other, kept, value)) else value
    if is_dataclass(value):
        return _record(value, f"{path}.", notes)
    if isinstance(value, frozenset):
        return frozenset(_value(part, path, notes, most) for part in value)
    return plain_json(value)


def _long_value(value: Any, path: str, notes: Notes) -> Any:
    return _value(value, path, notes, MOST_LONG)


def _other(one: Any, other: Any) -> bool:
    return one is not other


def _text(value: str, path: str, notes: Notes, most: int) -> str:
    if value.isprintable():
        kept = value
    else:
        kept = _ODD.sub("", value)
        if len(kept) < len(value):
            _note(notes, "removed", path)
        else:
            kept = value
    if 4 * len(kept) <= most:
        return kept
    if len(kept.encode()) <= most:
        return kept
    _note(notes, "shortened", path)
    sign = blake2b(kept.encode(), digest_size=4).hexdigest()  # tells it from others that begin alike
    return f"{plain_text(kept, most - 20)}… {sign}"


def _payload(value: Any, path: str, notes: Notes) -> Any:
    lost: list[bool] = []
    kept = plain_json(value, lost) if value else value
    if lost:
        _note(notes, "removed", path)
    return kept


def _attributes(value: Any, path: str, notes: Notes, most: int = MOST_LONG) -> Any:
    if not value:
        return value
    kept = {_value(key, path, notes, most): _attribute(part, path, notes, most) for key, part in value.items()}
    return kept if any(map(_other, (*kept, *kept.values()), (*value, *value.values()))) else value


def _attribute(value: Any, path: str, notes: Notes, most: int) -> Any:
    return _text(value, path, notes, most) if type(value) is str else plain_json(value)


def _short_attributes(value: Any, path: str, notes: Notes) -> Any:
    return _attributes(value, path, notes, MOST_TEXT)


def _id(value: Any, path: str, notes: Notes) -> Any:
    if value is None or value == "" or is_id(value):
        return value
    raise Unstorable("bad_id", value=plain_text(value, 80), field=path)


def _needed_id(value: Any, path: str, notes: Notes) -> Any:
    if is_id(value):
        return value
    raise Unstorable("bad_id", value=plain_text(value, 80), field=path)


def _keyed(value: Any, path: str, notes: Notes) -> Any:
    """Parts with an id each."""
    kept = _value(value, path, notes)
    seen = set()
    for part in kept or ():
        if part.external_id in seen:
            raise Unstorable("repeated_id", value=part.external_id, field=path)
        seen.add(part.external_id)
    return kept


def _is_number(value: Any, digits: int) -> bool:
    if type(value) is float:
        return -(10.0**digits) < value < 10.0**digits
    if isinstance(value, int):
        return abs(value) < 10**digits
    return value.is_finite() and (not value or value.adjusted() < digits)  # without working the number out


def _number(value: Any, path: str) -> Any:
    is_quantity = path.endswith("quantity")
    if not _is_number(value, QUANTITY_DIGITS if is_quantity else DIGITS):
        raise Unstorable("bad_number", value=plain_text(value, 40), field=path)
    if is_quantity and value and type(value) is Decimal and value.adjusted() < SMALLEST_DIGIT:
        raise Unstorable("bad_number", value=plain_text(value, 40), field=path)
    return value


def _time(value: datetime, path: str) -> datetime:
    if value.year not in YEARS:
        raise Unstorable("bad_time", value=plain_text(value, 40), field=path)
    return value


def _address(value: Any, path: str, notes: Notes) -> Any:
    if not value:
        return value
    if is_web_address(value) and not _ODD.search(value) and len(value) <= MOST_LONG:
        return value
    _note(notes, "left_out", path)
    return None


def _price(value: Any, path: str, notes: Notes) -> Any:
    if value is None or _is_number(value, DIGITS):
        return value
    _note(notes, "left_out", path)
    return None


def _quantity(value: Any, path: str, notes: Notes) -> Any:
    """Stores offer a thousand billion of what they have no end of."""
    if value is None or (_is_number(value, 10) and abs(value) <= MAX_INT):
        return value
    if _is_number(value, 300):
        _note(notes, "lowered", path)
        return Decimal(MAX_INT if value > 0 else -MAX_INT)
    _note(notes, "left_out", path)
    return None


#: an item is worth having without these
_OF_ITEMS = {"price": _price, "quantity": _quantity, "attributes": _short_attributes}
