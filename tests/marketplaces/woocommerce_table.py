"""Records that are listed by their time of change, however many there are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Mapping
from typing import Any

Record = dict[str, Any]


class Table(dict[int, Record]):
    """Records by id. Each has ``id``, ``created`` and ``modified`` (GMT); the order by time of change is kept up to date.

    ``version`` counts changes: lists that were sorted or filtered are kept until it moves.
    """

    def __init__(self):
        super().__init__()
        self.version = 0
        self._order: list[tuple[str, int]] = []
        self._kept: dict[Any, list[Record]] = {}
        self._kept_at = -1

    def add(self, record: Record) -> Record:
        self[record["id"]] = record
        insort(self._order, (record["modified"], record["id"]))
        self.version += 1
        return record

    def touch(self, record: Record, when: str) -> None:
        """The record changed at ``when``."""
        del self._order[bisect_left(self._order, (record["modified"], record["id"]))]
        record["modified"] = when
        insort(self._order, (when, record["id"]))
        self.version += 1

    def remove(self, ref: int) -> Record:
        record = self.pop(ref)
        del self._order[bisect_left(self._order, (record["modified"], ref))]
        self.version += 1
        return record

    def fill(self, records: Mapping[Any, Record]) -> None:
        """Take over what :func:`json.dumps` made of a table."""
        self.clear()
        self.update({int(ref): record for ref, record in records.items()})
        self._order = sorted((record["modified"], record["id"]) for record in self.values())
        self.version += 1

    def listed(self, args: Mapping[str, Any], key: Any, wanted: Callable[[Record], bool]) -> list[Record]:
        """The records that are wanted, in the order asked for.

        :param args: ``orderby``, ``order``, and limits in GMT: ``modified_after``, ``modified_before`` (both exclusive),
            ``after``, ``before`` (of the creation)
        :param key: what ``wanted`` depends on, so that its answer can be kept
        """
        by_time = self._filtered(key, wanted)
        after, before = args.get("modified_after"), args.get("modified_before")
        if not any(args.get(name) for name in ("modified_after", "modified_before", "after", "before", "include")):
            sorting = (key, args["orderby"], args["order"])
            if sorting not in self._kept:
                self._kept[sorting] = self._arranged(by_time, args)
            return self._kept[sorting]
        start = bisect_right(by_time, after, key=_modified) if after else 0
        end = bisect_left(by_time, before, key=_modified) if before else len(by_time)
        found = by_time[start:end]
        if args.get("after"):
            found = [record for record in found if record["created"] > args["after"]]
        if args.get("before"):
            found = [record for record in found if record["created"] < args["before"]]
        return self._arranged(found, args)

    def _filtered(self, key: Any, wanted: Callable[[Record], bool]) -> list[Record]:
        if self._kept_at != self.version:
            self._kept.clear()
            self._kept_at = self.version
        if key not in self._kept:
            self._kept[key] = [record for _when, ref in self._order if wanted(record := self[ref])]
        return self._kept[key]

    @staticmethod
    def _arranged(found: list[Record], args: Mapping[str, Any]) -> list[Record]:
        orderby, descending = args["orderby"], args["order"] == "desc"
        if orderby == "include":
            places = {ref: place for place, ref in enumerate(args["include"])}
            return sorted(found, key=lambda record: places.get(record["id"], len(places)))
        if orderby == "modified":
            return found[::-1] if descending else found
        return sorted(found, key=_KEYS.get(orderby, _KEYS["date"]), reverse=descending)


def _modified(record: Record) -> str:
    return record["modified"]


_KEYS: dict[str, Callable[[Record], Any]] = {
    "date": lambda record: (record["created"], record["id"]),
    "id": lambda record: record["id"],
    "title": lambda record: (record.get("name", "").lower(), record["id"]),
    "slug": lambda record: (record.get("slug", ""), record["id"]),
    "menu_order": lambda record: (record.get("menu_order", 0), record["id"]),
}
