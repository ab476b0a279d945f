"""A marketplace in memory, for tests of the models: no HTTP, every call counted.

Only for tests inside Odoo; imports the border through ``odoo.addons``.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from unittest.mock import patch

from odoo.addons.order_channel_mapping.connectors import base, records

from tests.common import in_one_transaction

START = datetime(2026, 11, 1, 8, 0, tzinfo=timezone.utc)


def money(value):
    return Decimal(str(value))


def item(external_id, sku=None, **values):
    """An item as a connector would give it."""
    defaults = {
        "sku": sku,
        "name": f"Item {external_id}",
        "price": money("10.00"),
        "currency": "USD",
        "stock_ref": f"stock-{external_id}",
        "updated_at": START,
    }
    return records.Item(external_id, **{**defaults, **values})


def line(external_id, item_id=None, quantity=1, price="10.00", taxes=(), **values):
    """An order line of ``quantity`` at ``price`` each; ``taxes`` are (rate, amount, included[, collected_by]) tuples."""
    quantity = money(quantity)
    subtotal = values.pop("subtotal", None) or quantity * money(price)
    discount = money(values.pop("discount", 0))
    tax_records = tuple(
        records.Tax(
            code=f"tax-{tax[0]}",
            name=f"VAT {tax[0]}",
            rate=money(tax[0]),
            amount=money(tax[1]),
            included=tax[2],
            collected_by=records.CollectedBy(tax[3]) if len(tax) > 3 else records.CollectedBy.SELLER,
        )
        for tax in taxes
    )
    added = sum((tax.amount for tax in tax_records if not tax.included), Decimal(0))
    defaults = {
        "item_id": item_id,
        "name": f"Line {external_id}",
        "quantity": quantity,
        "subtotal": money(subtotal),
        "discount": discount,
        "taxes": tax_records,
        "total": money(subtotal) - discount + added,
    }
    return records.OrderLine(external_id, **{**defaults, **values})


def order(external_id, lines, **values):
    """An open, paid order whose total is the sum of its lines."""
    address = records.Address(name="Mary Major", street="1 Main St", city="Springfield", zip="12345", country="US")
    defaults = {
        "number": f"#{external_id}",
        "placed_at": START,
        "updated_at": START + timedelta(minutes=len(external_id)),
        "currency": "USD",
        "shop_currency": "USD",
        "total": sum((line.total for line in lines), Decimal(0)),
        "prices_include_tax": any(tax.included for line in lines for tax in line.taxes),
        "buyer": records.Buyer(ref=f"buyer-{external_id}", name="Mary Major", email=f"{external_id}@example.com"),
        "billing": address,
        "shipping": address,
        "lines": tuple(lines),
    }
    return records.Order(external_id, **{**defaults, **values})


class FakeConnector(base.Connector):
    """Serves what the test put in: ``items``, ``orders``; keeps what it was sent: ``pushed``, ``shipped``, ``cancelled``."""

    provider = "shopify"
    label = "Fake"
    capabilities = frozenset({"items", "orders", "recheck", "stock", "ship", "cancel", "locations"})
    stock_batch = 250
    page_size = 50

    def __init__(self):
        super().__init__(base.Login(), None)
        self.items, self.orders, self.pushed, self.shipped, self.fetches = [], [], [], [], []
        self.cancelled = []  # (order, reason)
        self.errors = []  # exceptions to raise at the next calls
        self.unread = []  # RecordFailures of the first page
        self.clock = None  # what pages say is their watermark; None: their latest change
        self.refuse = {}  # external id -> PushResult
        self.identity = records.Account(
            "shop-1", "", "Fake shop", "USD", "US", "UTC", (records.Location("loc-1", "Main"),)
        )
        self._calls = 0

    @property
    def calls(self):
        return self._calls

    def _call(self, what):
        self._calls += 1
        self.fetches.append(what)
        if self.errors:
            raise self.errors.pop(0)

    def identify(self):
        self._call("identify")
        return self.identity

    def _pages(self, what, found, cursor):
        start = int(cursor or 0)
        while True:
            self._call(what)
            page = found[start : start + self.page_size]
            start += self.page_size
            cursor = str(start) if start < len(found) else None
            times = [record.updated_at for record in page if record.updated_at]
            failures, self.unread = tuple(self.unread), []
            yield records.Page(tuple(page), failures, cursor=cursor, watermark=self.clock or max(times, default=None))
            if not cursor:
                return

    def iter_items(self, since=None, cursor=None):
        found = [item for item in self.items if not since or item.updated_at >= since]
        return self._pages(("items", since), found, cursor)

    def iter_orders(self, since=None, cursor=None, only_open=False):
        found = [
            order
            for order in self.orders
            if (not since or order.updated_at >= since)
            and not (only_open and order.status is not records.OrderStatus.OPEN)
        ]
        return self._pages(("orders", since, only_open), found, cursor)

    def get_order(self, ref):
        self._call(("order", ref))
        for found in self.orders:
            if found.external_id == ref:
                return found
        raise base.Rejected("not_found", "no such order")

    def get_orders(self, refs):
        refs = list(refs)
        self._call(("known orders", tuple(refs)))
        found = [order for order in self.orders if order.external_id in refs]
        there = {order.external_id for order in found}
        return records.Page(tuple(found), gone=tuple(ref for ref in refs if ref not in there))

    def push_stock(self, levels):
        self._call("stock")
        levels = list(levels)
        self.pushed.append(levels)
        return [self.refuse.get(level.external_id) or records.PushResult(level.external_id) for level in levels]

    def ship(self, shipment):
        self._call("ship")
        self.shipped.append(shipment)
        return records.PushResult(shipment.order_id, ref=f"ful-{len(self.shipped)}")

    def cancel(self, order_id, reason):
        self._call("cancel")
        self.cancelled.append((order_id, reason))
        return self.refuse.get(order_id) or records.PushResult(order_id)


@contextmanager
def connected(env, connector):
    """Let every channel talk to this connector, and let passes commit by flushing."""
    channel_class = env.registry["order.channel"]
    with (
        in_one_transaction(env.registry),
        patch.object(channel_class, "_get_connector", lambda self: connector),
        patch.object(channel_class, "_is_foreign_database", lambda self: False),
    ):
        yield connector
