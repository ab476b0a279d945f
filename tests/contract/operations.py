"""All that a connector can be asked to do, with something to do it to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from order_channel_mapping.connectors.base import Connector
from order_channel_mapping.connectors.records import LineKind, LineQuantity, Shipment, StockLevel
from tests.contract.feeds import LONG_AGO
from tests.contract.worlds.base import Line, Sale, World

HOOK = "http://127.0.0.1:1/channel/hook/1"
OPERATIONS = (
    "identify",
    "all items",
    "changed items",
    "orders",
    "open orders",
    "get order",
    "stock",
    "ship",
    "cancel",
    "webhooks",
)
_NEEDS = {"stock": "stock", "ship": "ship", "cancel": "cancel", "webhooks": "webhooks"}
READING = OPERATIONS[:6]


def operation(world: World, name: str) -> Callable[[Connector], Any] | None:
    """What a connector of this world can be asked to do, ready to be called; None where the marketplace lacks it."""
    needed = _NEEDS.get(name)
    if needed in world.lacks:
        return None
    item = world.add_item()
    order = world.add_order(Sale((Line(item, 2),)))
    if name == "stock":
        levels = [level(world, item, 3)]
        return lambda connector: connector.push_stock(levels)
    if name == "ship":
        parcel = shipment(world.connect(), order)
        world.wire.exchanges.clear()
        return lambda connector: connector.ship(parcel)
    return {
        "identify": lambda c: c.identify(),
        "all items": lambda c: list(c.iter_items()),
        "changed items": lambda c: list(c.iter_items(since=LONG_AGO)),
        "orders": lambda c: list(c.iter_orders(since=LONG_AGO)),
        "open orders": lambda c: list(c.iter_orders(since=LONG_AGO, only_open=True)),
        "get order": lambda c: c.get_order(order),
        "cancel": lambda c: c.cancel(order, "customer"),
        "webhooks": lambda c: c.ensure_webhooks(HOOK, "whsec-of-the-channel"),
    }[name]


def level(world: World, ref: str, quantity: int, expected: int | None = None) -> StockLevel:
    """A quantity to publish for an item, as the models would make it from its listing."""
    items = {record.external_id: record for page in world.connect().iter_items() for record in page.records}
    world.wire.exchanges.clear()
    return StockLevel(ref, items[ref].stock_ref, world.location, quantity, expected)


def shipment(connector: Connector, order: str, number: str = "T-100", quantity: int | None = None) -> Shipment:
    """A parcel with all goods of an order, or so many of its first line."""
    lines = [line for line in connector.get_order(order).lines if line.kind is LineKind.PRODUCT and line.physical]
    parts = tuple(LineQuantity(line.external_id, line.quantity) for line in lines)
    if quantity is not None:
        parts = (LineQuantity(lines[0].external_id, quantity),)
    return Shipment(order, parts, number, "DHL", f"https://example.com/track/{number}", idempotency_key=f"key-{number}")
