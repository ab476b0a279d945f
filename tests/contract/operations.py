"""All that a connector can be asked to do, with something to do it to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from order_channel_mapping.connectors.base import Connector
from order_channel_mapping.connectors.records import LineKind, LineQuantity, Shipment, StockLevel
from tests.contract.feeds import LONG_AGO
from tests.contract.worlds.base import Line, Sale, World

HOOK = "https://127.0.0.1:1/channel/hook/1"
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


def operations(world: World) -> dict[str, Callable[[Connector], Any]]:
    """What the connector of a world can do, each ready to be called: there is an item and an order to do it to."""
    item = world.add_item()
    order = world.add_order(Sale((Line(item, 2),)))
    connector = world.connect()
    stock = level(connector, item, 3)
    parcel = shipment(connector, order)
    world.wire.exchanges.clear()
    found = {
        "identify": lambda c: c.identify(),
        "all items": lambda c: list(c.iter_items()),
        "changed items": lambda c: list(c.iter_items(since=LONG_AGO)),
        "orders": lambda c: list(c.iter_orders(since=LONG_AGO)),
        "open orders": lambda c: list(c.iter_orders(since=LONG_AGO, only_open=True)),
        "get order": lambda c: c.get_order(order),
        "stock": lambda c: c.push_stock([stock]),
        "ship": lambda c: c.ship(parcel),
        "cancel": lambda c: c.cancel(order, "customer"),
        "webhooks": lambda c: c.ensure_webhooks(HOOK, "whsec-of-the-channel"),
    }
    return {name: act for name, act in found.items() if _NEEDS.get(name) not in world.lacks}


def level(connector: Connector, ref: str, quantity: int, expected: int | None = None) -> StockLevel:
    """A quantity to publish for an item, as the models would make it from its listing."""
    items = {record.external_id: record for page in connector.iter_items() for record in page.records}
    places = [place.ref for place in connector.identify().locations]
    return StockLevel(ref, items[ref].stock_ref, places[0] if places else None, quantity, expected)


def shipment(connector: Connector, order: str, number: str = "T-100", quantity: int | None = None) -> Shipment:
    """A parcel with all goods of an order, or so many of its first line."""
    lines = [line for line in connector.get_order(order).lines if line.kind is LineKind.PRODUCT and line.physical]
    parts = tuple(LineQuantity(line.external_id, line.quantity) for line in lines)
    if quantity is not None:
        parts = (LineQuantity(lines[0].external_id, quantity),)
    return Shipment(order, parts, number, "DHL", f"https://example.com/track/{number}", idempotency_key=f"key-{number}")
