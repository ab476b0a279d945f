"""What the conformance suite asks of a marketplace's world."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from order_channel_mapping.connectors import connector_classes
from order_channel_mapping.connectors.base import Connector, Login, Ports
from order_channel_mapping.connectors.records import StockLevel
from tests.contract.wire import Exchange, Wire
from tests.marketplaces.base import Reply, Request, Simulator
from tests.ports import Clock, MemoryPort

ALL_ITEMS, CHANGED_ITEMS, ORDERS = "all items", "changed items", "orders"
FEEDS = (ALL_ITEMS, CHANGED_ITEMS, ORDERS)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notification as the marketplace would send it, and the secret that it is signed with."""

    headers: Mapping[str, str]
    body: bytes
    secret: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """A failure inside an answer that looks like success.

    ``arrange`` prepares the marketplace, ``act`` is what the connector is asked. It then raises ``error``, or gives
    results (or failures of a page) of which one carries ``code``.
    """

    arrange: Callable[[], Any]
    act: Callable[[Connector], Any]
    error: type[Exception] | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order to be placed: so many of an item at a price each, less a discount on the line."""

    item: str | None = None
    quantity: int = 1
    price: str = "10.00"
    discount: str = "0"
    name: str = "Thing"


@dataclass(frozen=True, slots=True)
class Sale:
    """An order to be placed. ``rates`` are taxes on every line; amounts in the shop's currency."""

    lines: tuple[Line, ...] = (Line(),)
    shipping: str | None = "4.90"
    rates: tuple[float, ...] = (0.19,)
    included: bool = True
    fees: tuple[str, ...] = ()
    discount: str = "0"
    extra: Mapping[str, Any] = field(default_factory=dict)


class World:
    """One simulated marketplace and the connectors to it.

    A world lives for one test. Nothing in it sleeps: its clock moves when told to, and is not this machine's.
    """

    provider: ClassVar[str]
    #: capabilities that the marketplace has not, each with the reason
    lacks: ClassVar[Mapping[str, str]] = {}
    #: every credential, with characters that are spelt differently in addresses, headers and JSON
    secrets: ClassVar[Mapping[str, str]] = {}
    #: settings of the channel that the connector is given
    options: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, clock: Clock):
        self.clock = clock
        self.tokens, self.pace = MemoryPort(), MemoryPort()
        self.simulator = self.build()
        self.wire = Wire(self.simulator)
        self._made: list[Connector] = []
        self.hosts: set[str] = set()  # addresses that a test lets connectors call besides the simulator's

    @classmethod
    def connector_class(cls) -> type[Connector]:
        return connector_classes()[cls.provider]

    # -- life ---------------------------------------------------------------------------------------------------------

    def __enter__(self) -> World:
        self.simulator.start()
        return self

    def __exit__(self, *exc_info):
        for connector in self._made:
            connector.close()
        self.simulator.stop()

    def login(self, **changes: Any) -> Login:
        values = {
            "base_url": self.simulator.url,
            "secrets": dict(self.secrets),
            "options": dict(self.options),
            "allow_insecure": True,
        }
        return Login(**{**values, **changes})

    def connect(self, max_wait: float = 3.0, **changes: Any) -> Connector:
        """A connector of a new pass; what it must remember is in this world's ports."""
        login = self.login(**changes)
        connector = self.connector_class()(login, Ports(self.tokens, self.pace, max_wait))
        self._made.append(connector)
        return connector

    # -- to be implemented: the marketplace ---------------------------------------------------------------------------

    def build(self) -> Simulator:
        """The simulator, knowing this world's secrets, with nothing on sale. Not started."""
        raise NotImplementedError

    def small_pages(self, monkeypatch, size: int) -> None:
        """Let connectors ask for so few records a page."""
        raise NotImplementedError

    def small_batches(self, monkeypatch, size: int) -> None:
        """Let connectors publish so few quantities in a call."""
        raise NotImplementedError

    def fill(self, items: int, orders: int) -> None:
        """Make it a shop as one finds them, with so many items and orders."""
        raise NotImplementedError

    def add_item(self, *, stock: int = 5, price: str = "10.00", sku: str | None = None) -> str:
        """Put something on sale now. Returns its external id."""
        raise NotImplementedError

    def edit_item(self, ref: str) -> None:
        """Somebody changes an item now."""
        raise NotImplementedError

    def remove_item(self, ref: str) -> None:
        raise NotImplementedError

    def items(self) -> dict[str, datetime]:
        """External ids of what is there, and when each last changed."""
        raise NotImplementedError

    def add_order(self, sale: Sale) -> str:
        """A buyer orders now. Returns the external id."""
        raise NotImplementedError

    def edit_order(self, ref: str) -> None:
        """Something about the order changes now."""
        raise NotImplementedError

    def remove_order(self, ref: str) -> None:
        """The order is gone for good, as after a request to forget a person."""
        raise NotImplementedError

    def orders(self) -> dict[str, datetime]:
        raise NotImplementedError

    def total(self, ref: str) -> str:
        """What the marketplace says that an order costs, as it writes it."""
        raise NotImplementedError

    def rich_order(self) -> str:
        """Place an order that has something in as many places as possible: discounts, fees, refunds, parcels, notes."""
        raise NotImplementedError

    def rich_item(self) -> str:
        raise NotImplementedError

    # -- to be implemented: commands ----------------------------------------------------------------------------------

    #: where stock is kept, None where there is one place only
    location: str | None = None

    def stock(self, ref: str) -> int:
        """The quantity that the marketplace now offers of an item."""
        raise NotImplementedError

    def unpushable(self) -> dict[str, str]:
        """Items whose stock can't be set, external id -> stock reference, each refused in its own way by the
        marketplace. At least two."""
        raise NotImplementedError

    def parcels(self, ref: str) -> list[str]:
        """The tracking numbers of an order's parcels, one for each time that the marketplace was told of one."""
        raise NotImplementedError

    def cancelled(self, ref: str) -> bool:
        raise NotImplementedError

    def webhooks(self) -> list[tuple[str, str]]:
        """What is registered and enabled: (topic, address)."""
        raise NotImplementedError

    def lose_webhook(self, url: str) -> None:
        """One of the registrations for an address gets lost, or is disabled after too many failures."""
        raise NotImplementedError

    def delivery(self, ref: str) -> Delivery:
        """The notification that an order changed."""
        raise NotImplementedError

    def signed(self, delivery: Delivery, body: bytes, secret: str) -> Delivery:
        """The same notification with another body, signed with a secret."""
        raise NotImplementedError

    # -- to be implemented: what goes over the wire -------------------------------------------------------------------

    def is_page(self, request: Request, feed: str) -> bool:
        """Whether this asks for a page of a feed."""
        raise NotImplementedError

    def is_write(self, request: Request) -> bool:
        """Whether this changes something at the marketplace."""
        raise NotImplementedError

    def nothing_more_to_see(self, reply: Reply) -> Reply:
        """A page's answer with its records left out, as if it were not the last page."""
        raise NotImplementedError

    def records(self, body: Any, feed: str) -> list[Any]:
        """The list of raw records in a page's answer, to be changed in place."""
        raise NotImplementedError

    def ref(self, record: Any) -> str:
        """The external id of what a raw record describes."""
        raise NotImplementedError

    def least_calls(self, levels: Iterable[StockLevel], batch: int) -> int:
        """In how many calls of at most ``batch`` entries these quantities can be published at best."""
        raise NotImplementedError

    def stands_for(self, record: Any) -> int:
        """How many items or orders a raw record of a page stands for."""
        return 1

    # -- to be implemented: faults in the vendor's own form -----------------------------------------------------------

    #: what a status means that the marketplace itself did not send, but something in front of it, where that differs
    in_front: ClassVar[Mapping[int, type[Exception]]] = {}

    def refusal(self, status: int) -> Reply:
        """A refusal as the marketplace itself words it."""
        raise NotImplementedError

    def throttles(self) -> Iterable[str]:
        """The ways in which this marketplace says that it is asked too often."""
        raise NotImplementedError

    def throttle(self, form: str, seconds: float, times: int) -> None:
        raise NotImplementedError

    def hidden(self) -> Mapping[str, Hidden]:
        """Failures that hide inside an answer that looks like success, by name."""
        raise NotImplementedError

    # -- to be implemented: the official contract ---------------------------------------------------------------------

    def contradictions(self, exchange: Exchange) -> Iterable[str]:
        """Where a request, or the simulator's answer to it, is not what the official specification says. Only called
        where the specifications are at hand."""
        raise NotImplementedError

    def may_be_null(self, feed: str, path: tuple[str | int, ...]) -> bool:
        """Whether the specification allows null at a place of a raw record: then it must be readable without."""
        raise NotImplementedError
