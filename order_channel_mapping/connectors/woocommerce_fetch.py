"""Walks through WooCommerce's lists portion by portion, so that a walk may stop anywhere and go on in another process.

Order of a walk. Orders and changed products come by their time of change, so that what changes meanwhile moves to the
end and is met again; a full pass over products goes by id. ``modified_after`` is exclusive and knows only seconds: a walk
starts a second before.

Portions. WooCommerce has numbered pages only, and their borders move when a record before them changes or goes. So each
portion begins with the last record of the one before (``offset``): is it not there, or changed since, the walk steps back
until it finds a record it knows. However many records share a second, none is missed. A list that got long is started
anew, a good while before where it stands, since products are sorted by the wall clock of the store, on which an hour
repeats itself in autumn.

Watermark. It is the store's own clock, as with Shopify: the latest change seen, at the end the store's ``Date`` when it
was asked. Trashed orders are in no other list, so that they are looked for first, and the watermark never passes the time
when that was done.

This module must not import Odoo.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from .base import BadPayload, ConnectorError, TooLarge, Unavailable
from .records import RecordFailure
from .transport import utcnow
from .values import moment
from .woocommerce_client import FEW, OVERWORKED, Answer, WooCommerceClient
from .woocommerce_records import PRODUCT_FIELDS
from .woocommerce_statuses import TRASH

#: most records of one answer
MOST = 100
#: records passed before a list by time is started anew
MAX_DEPTH = 2_000
#: more than any clock is ever put back by
FOLD = timedelta(hours=3)
#: records remembered to find the place again
TAIL = 10
SECOND = timedelta(seconds=1)
ANY = "any"  # status of orders: all but the trashed
PRECISE = {"dp": 6}  # amounts as they are kept, not as they are shown


@dataclass(frozen=True, slots=True)
class Walk:
    """One kind of list."""

    name: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    size: int = MOST
    by_time: bool = True

    @property
    def sorting(self) -> dict[str, Any]:
        return {"orderby": "modified" if self.by_time else "id", "order": "asc"}


PRODUCTS = Walk("products", "/products", {"_fields": PRODUCT_FIELDS}, by_time=False)
CHANGED_PRODUCTS = Walk("changed_products", "/products", {"_fields": PRODUCT_FIELDS})
ORDERS = Walk("orders", "/orders", PRECISE)
TRASHED_ORDERS = Walk("trashed_orders", "/orders", PRECISE)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a walk stands. Its text form is the cursor of a page: all that another process needs to go on.

    ``start`` is the time that the present list starts at, ``status`` its orders' statuses, ``depth`` the records passed,
    ``tail`` the marks of the last ones, ``latest`` the latest change seen, ``asked`` the time that the watermark may not
    pass: of the first question of a walk by id, of the question for trashed orders. ``since`` is what ``start`` was when
    the fetch began.
    """

    walk: str
    start: str | None = None
    status: str = ""
    depth: int = 0
    tail: tuple[str, ...] = ()
    latest: str | None = None
    asked: str | None = None
    since: str | None = None

    def dumps(self) -> str:
        return json.dumps({key: value for key, value in asdict(self).items() if value}, separators=(",", ":"))

    @classmethod
    def loads(cls, cursor: str | None, *walks: Walk) -> Position | None:
        """The position, or None where the text is not one of these walks: it then starts anew, which loses nothing."""
        try:
            position = cls(**json.loads(cursor)) if cursor else None
            if position is None or position.walk not in {walk.name for walk in walks}:
                return None
            return replace(position, depth=int(position.depth), tail=tuple(map(str, position.tail)))
        except (TypeError, ValueError):
            return None

    def params(self) -> dict[str, Any]:
        limits = {"status": self.status} if self.status else {}
        return {**limits, "modified_after": self.start, "dates_are_gmt": "true"} if self.start else limits


@dataclass(frozen=True, slots=True)
class Batch:
    """What one portion brought. ``position`` is None at the end of the walk."""

    rows: tuple[Mapping[str, Any], ...]
    failures: tuple[RecordFailure, ...]
    position: Position | None
    watermark: datetime | None
    asked_at: datetime | None


def iso(value: datetime) -> str:
    """As WooCommerce writes and reads a time in GMT: seconds, and no zone (a "Z" would be misread)."""
    return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


def after(since: datetime) -> str:
    """``modified_after`` for all that changed at ``since`` or later."""
    return iso(since - SECOND)


def walk_through(client: WooCommerceClient, walk: Walk, position: Position) -> Iterator[Batch]:
    """Every batch from ``position`` to the end of the walk."""
    here: Position | None = position
    while here:
        batch = _batch(client, walk, here)
        yield batch
        here = batch.position


@dataclass(frozen=True, slots=True)
class _Portion:
    """``odd`` are the failures of what is no record at all and not among ``rows``."""

    rows: list[Mapping[str, Any]]
    offset: int
    size: int
    total: int | None
    asked_at: datetime | None
    failures: tuple[RecordFailure, ...] = ()
    odd: tuple[RecordFailure, ...] = ()

    @property
    def count(self) -> int:
        return len(self.rows) + len(self.odd)

    @property
    def end(self) -> int:
        """Records passed after it."""
        return self.offset + self.size

    @property
    def last(self) -> bool:
        if self.total is None:  # something dropped WordPress's headers
            return self.count < self.size
        return self.end >= self.total

    @property
    def withheld(self) -> bool:
        """Whether nothing came although there is something: a cache or a plugin emptied the answer."""
        return not self.count and (self.total or 0) > self.offset

    @property
    def whole(self) -> bool:
        """Whether no record is hidden from the key's user, so that a border can be told by the record at it."""
        return self.count == (self.size if self.total is None else min(self.end, self.total) - self.offset)


def _batch(client: WooCommerceClient, walk: Walk, here: Position) -> Batch:
    portion, rows = _next_rows(client, walk, here)
    latest = max(filter(None, (_latest(rows, portion.asked_at), here.latest)), default=None) if walk.by_time else None
    asked = here.asked or (None if walk.by_time else portion.asked_at and iso(portion.asked_at))
    position = None
    if not portion.last:
        tail = tuple(_mark(walk, row) for row in portion.rows[-TAIL:]) if portion.whole else ()
        position = _anchor(walk, replace(here, depth=portion.end, tail=tail, latest=latest, asked=asked))
    if walk.by_time:
        watermark = (portion.asked_at if portion.last else None) or moment(latest)
        watermark = min(filter(None, (watermark, moment(asked))), default=None)
    else:
        watermark = moment(asked) if portion.last else None
    broken = {failure.ref for failure in portion.failures}
    good = tuple(row for row in rows if str(row["id"]) not in broken)
    failures = (*portion.odd, *(portion.failures if rows else ()))
    return Batch(good, failures, position, watermark, portion.asked_at)


def _next_rows(client: WooCommerceClient, walk: Walk, here: Position) -> tuple[_Portion, list[Mapping[str, Any]]]:
    """The next portion, and what of it follows the last record seen."""
    params = {**walk.params, **walk.sorting, **here.params()}
    offset, known, idle = max(0, here.depth - 1) if here.tail else here.depth, set(here.tail), False
    while True:
        portion = _ask(client, walk.path, params, offset, walk.size)
        found = [place for place, row in enumerate(portion.rows) if _mark(walk, row) in known]
        if known and not found and offset:  # what was before it changed or went, and the list moved up
            offset = max(0, offset - max(1, walk.size - 1))
            continue
        rows = portion.rows[found[-1] + 1 :] if found else portion.rows
        if rows or portion.odd or (portion.last and not portion.withheld):
            return portion, rows
        if found and portion.size == 1:  # the border is right; one record at a time there is no room for it
            offset, known = portion.end, set()
            continue
        if idle:
            raise Unavailable("The store sends the same page again and again.", "repeated_page", sent=True)
        idle = True


def _mark(walk: Walk, row: Mapping[str, Any]) -> str:
    """What a record is known by while it stays where it is: one that changed since has moved to the end of a list by time."""
    changed = row.get("date_modified_gmt")
    return f"{row['id']}@{changed if isinstance(changed, str) else None}" if walk.by_time else str(row["id"])


def _latest(rows: list[Mapping[str, Any]], asked_at: datetime | None) -> str | None:
    """The latest change among these. What is later than the store's own clock says nothing of where the walk stands: the
    store sorts by another time."""
    times, now = [], asked_at or utcnow()
    for row in rows:
        with contextlib.suppress(BadPayload):  # becomes a failure of its own
            times.append(moment(row.get("date_modified_gmt")))
    latest = max((time for time in times if time and time - now <= FOLD), default=None)
    return latest and iso(latest)


def _anchor(walk: Walk, position: Position) -> Position:
    """Start a list anew before it is too deep: the store sorts and counts all of it for each portion."""
    latest = moment(position.latest)
    if not walk.by_time or not latest or position.depth < MAX_DEPTH:
        return position
    start = moment(position.start)
    if start and latest - start < 3 * FOLD:  # so much within so little time: nothing would be gained
        return position
    return replace(position, start=after(latest - FOLD), depth=0, tail=())


# -- asking -----------------------------------------------------------------------------------------------------------


def _ask(
    client: WooCommerceClient, path: str, params: Mapping[str, Any], offset: int, most: int, optional: bool = False
) -> Any:
    """A portion from ``offset``, smaller where the store can't make it in time, or it is more than is read.

    A record that can't be had even alone is stepped over: a failure names it.

    :return: a _Portion; None where the route is ``optional`` and this store does not have it
    """
    get = client.get_optional if optional else client.get
    usual = size = client.size(path, most)
    while True:
        try:
            answer = get(path, {**params, "offset": offset, "per_page": size})
        except (Unavailable, TooLarge) as error:
            smaller = client.shrink(path, size, error)
            if smaller is None:
                if size > 1 or error.code not in OVERWORKED:
                    raise
                return _step_over(client, path, params, offset, error)
            size = smaller
            continue
        if FEW <= size < usual:  # fewer than that was for the sake of a single record
            client.learn_size(path, size)
        return answer and _portion(path, answer, offset, size)


def _portion(path: str, answer: Answer, offset: int, size: int) -> _Portion:
    if not isinstance(answer.data, list) or (answer.data and not any(isinstance(row, dict) for row in answer.data)):
        raise BadPayload(f"The store's answer to {path} is not a list of records.")
    rows, odd = [], []
    for row in answer.data:
        if isinstance(row, dict) and is_ref(row.get("id")):
            rows.append(row)
        else:
            odd.append(_no_record(row))
    return _Portion(rows, offset, size, answer.total, answer.asked_at, odd=tuple(odd))


def is_ref(value: Any) -> bool:
    """Whether WordPress knows a record by this number."""
    return type(value) is int and 0 < value < 2**63


def _no_record(row: Any) -> RecordFailure:
    """Something without an id, under the best name that it has."""
    message = "The store sent something that is no record."
    if not isinstance(row, dict):
        return RecordFailure("unknown", "bad_payload", message, {"payload": row})
    names = (row.get(key) for key in ("number", "name", "sku"))
    name = next((name for name in names if name and isinstance(name, str)), "unknown")
    return RecordFailure(name, "bad_payload", message, row or {"payload": row})


def _step_over(client: WooCommerceClient, path: str, params: Mapping[str, Any], offset: int, error: ConnectorError):
    """What is known of a record that can't be had: its id."""
    answer = client.get(path, {**params, "offset": offset, "per_page": 1, "_fields": "id,date_modified_gmt"})
    portion = _portion(path, answer, offset, 1)
    code, message = "internal_server_error", f"The store itself fails to deliver this record: {error.message}"
    if isinstance(error, TooLarge):
        code, message = "record_too_large", error.message
    failures = tuple(RecordFailure(str(row["id"]), code, message, row) for row in portion.rows)
    return replace(portion, failures=failures)


def drain(
    client: WooCommerceClient, path: str, params: Mapping[str, Any], optional: bool = False
) -> tuple[list[Mapping[str, Any]], list[RecordFailure]] | None:
    """A list that stays short, to its end: (records, failures), each record once.

    :param optional: None is returned where the store is too old to have this list
    """
    if optional and path in client.absent:
        return None
    rows: dict[int, Mapping[str, Any]] = {}
    failures: list[RecordFailure] = []
    offset = 0
    while True:
        portion = _ask(client, path, {**params, "orderby": "id", "order": "asc"}, offset, MOST, optional)
        if portion is None:
            return None
        broken = {failure.ref for failure in portion.failures}
        rows |= {row["id"]: row for row in portion.rows if str(row["id"]) not in broken}
        failures += (*portion.odd, *portion.failures)
        if portion.last:
            return list(rows.values()), failures
        if not portion.count:
            raise Unavailable("The store leaves out a part of a list.", "partial_answer", sent=True)
        offset = portion.end


def order_walks() -> dict[str, Walk]:
    return {walk.name: walk for walk in (TRASHED_ORDERS, ORDERS)}


def order_start(since: datetime | None, status: str | None = None) -> Position:
    """Where a fetch of orders begins.

    :param status: only orders of these; None: all, first those that were trashed since
    """
    start = after(since) if since else None
    if start and not status:
        return Position(TRASHED_ORDERS.name, start=start, status=TRASH, since=start)
    return Position(ORDERS.name, start=start, status=status or ANY)


def after_trash(trashed: Position, batch: Batch) -> Position:
    """Where a fetch goes on when it is through with trashed orders."""
    asked = batch.asked_at and iso(batch.asked_at)
    return Position(ORDERS.name, start=trashed.since, status=ANY, asked=asked)
