"""The three kinds of fetch, in one form: everything on sale, what changed on sale, and orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from order_channel_mapping.connectors.base import Connector
from order_channel_mapping.connectors.records import Page
from tests.contract.worlds.base import ALL_ITEMS, ORDERS, Sale, World

LONG_AGO = datetime(2020, 1, 1, tzinfo=timezone.utc)
#: how much earlier than the watermark the models start the next fetch
OVERLAP = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Feed:
    world: World
    kind: str

    def walk(self, connector: Connector, since: datetime | None = None, cursor: str | None = None) -> Iterator[Page]:
        if self.kind == ORDERS:
            return connector.iter_orders(since=since or LONG_AGO, cursor=cursor)
        if self.kind == ALL_ITEMS:
            return connector.iter_items(since=None, cursor=cursor)
        return connector.iter_items(since=since or LONG_AGO, cursor=cursor)

    def add(self) -> str:
        return self.world.add_order(Sale()) if self.kind == ORDERS else self.world.add_item()

    def fill(self, count: int, apart: float = 60) -> list[str]:
        """So many records, one after the other by so many seconds."""
        refs = []
        for _index in range(count):
            refs.append(self.add())
            self.world.clock.tick(seconds=apart)
        return refs

    def edit(self, ref: str) -> None:
        self.world.edit_order(ref) if self.kind == ORDERS else self.world.edit_item(ref)

    def remove(self, ref: str) -> None:
        self.world.remove_order(ref) if self.kind == ORDERS else self.world.remove_item(ref)

    def truth(self) -> dict[str, datetime]:
        return self.world.orders() if self.kind == ORDERS else self.world.items()

    def is_page(self, request) -> bool:
        return self.world.is_page(request, self.kind)


def refs(pages) -> list[str]:
    return [record.external_id for page in pages for record in page.records]
