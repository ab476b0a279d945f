"""Records that are listed by their time of change, however many there are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Mapping
from typing import Any

Record = dict[str, Any]


class Table(dict[int, Record]):
    """Records by id. Each has ``id``, ``created`` and ``modified`` (GMT).

    Lists that were asked for are kept, sorted by time of change, and brought up to date with each change, so that a page
    of a large table costs no more than one of a small one.
    """

    _MOST_KEPT = 12

    def __init__(self):
        super().__init__()
        self._version = 0
        self._kept: dict[Any, tuple[Callable[[Record], bool], list[Record]]] = {}
        self._arranged_at: dict[Any, tuple[int, list[Record]]] = {}

    def add(self, record: Record) -> Record:
        self[record["id"]] = record
        self._put_in(record)
        return record

    def touch(self, record: Record, when: str) -> None:
        """The record changed at ``when``."""
        self._take_out(record)
        record["modified"] = when
        self._put_in(record)

    def remove(self, ref: int) -> Record:
        record = self.pop(ref)
        self._take_out(record)
        return record

    def fill(self, records: Mapping[Any, Record]) -> None:
        """Take over what :func:`json.dumps` made of a table."""
        self.clear()
        self.update({int(ref): record for ref, record in records.items()})
        self._kept.clear()
        self._version += 1

    def _take_out(self, record: Record) -> None:
        self._version += 1
        for _wanted, kept in self._kept.values():
            place = bisect_left(kept, _place(record), key=_place)
            if place < len(kept) and kept[place] is record:
                del kept[place]

    def _put_in(self, record: Record) -> None:
        self._version += 1
        for wanted, kept in self._kept.values():
            if wanted(record):
                insort(kept, record, key=_place)

    def listed(self, args: Mapping[str, Any], key: Any, wanted: Callable[[Record], bool]) -> list[Record]:
        """The records that are wanted, in the order asked for.

        :param args: ``orderby``, ``order``, and limits in GMT: ``modified_after``, ``modified_before`` (both exclusive),
            ``after``, ``before`` (of the creation)
        :param key: what ``wanted`` depends on besides the record
        """
        by_time = self._by_time(key, wanted)
        after, before = args.get("modified_after"), args.get("modified_before")
        start = bisect_right(by_time, after, key=_modified) if after else 0
        end = bisect_left(by_time, before, key=_modified) if before else len(by_time)
        found = by_time[start:end]
        if args.get("after"):
            found = [record for record in found if record["created"] > args["after"]]
        if args.get("before"):
            found = [record for record in found if record["created"] < args["before"]]
        if len(found) < len(by_time) or args["orderby"] in ("modified", "include"):
            return self._arranged(found, args)
        sorting = (key, args["orderby"], args["order"])
        if self._arranged_at.get(sorting, (-1,))[0] != self._version:
            self._arranged_at = {sorting: (self._version, self._arranged(found, args))}
        return self._arranged_at[sorting][1]

    def _by_time(self, key: Any, wanted: Callable[[Record], bool]) -> list[Record]:
        if key not in self._kept:
            while len(self._kept) >= self._MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = wanted, sorted(filter(wanted, self.values()), key=_place)
        return self._kept[key][1]

    @staticmethod
    def _arranged(found: list[Record], args: Mapping[str, Any]) -> list[Record]:
        orderby, descending = args["orderby"], args["order"] == "desc"
        if orderby == "include":
            places = {ref: place for place, ref in enumerate(args["include"])}
            return sorted(found, key=lambda record: places.get(record["id"], len(places)))
        if orderby == "modified":
            return found[::-1] if descending else found
        return sorted(found, key=_KEYS.get(orderby, _KEYS["date"]), reverse=descending)


def _place(record: Record) -> tuple[str, int]:
    return record["modified"], record["id"]


def _modified(record: Record) -> str:
    return record["modified"]


_KEYS: dict[str, Callable[[Record], Any]] = {
    "date": lambda record: (record["created"], record["id"]),
    "id": lambda record: record["id"],
    "title": lambda record: (record.get("name", "").lower(), record["id"]),
    "slug": lambda record: (record.get("slug", ""), record["id"]),
    "menu_order": lambda record: (record.get("menu_order", 0), record["id"]),
}
