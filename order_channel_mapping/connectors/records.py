"""What crosses the border between a marketplace and Odoo.

Frozen, slotted dataclasses. Money is :class:`~decimal.Decimal` in the order's currency, quantities are ``Decimal``,
time is timezone-aware UTC, text is ``str`` or ``None``. Every field but the first has a default, so that a connector
names only what its marketplace knows and a test only what it is about.

This module must not import Odoo.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any

ZERO = Decimal(0)
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def _nothing() -> Mapping[str, Any]:
    return _NOTHING


class OrderStatus(str, Enum):
    """Where an order stands in its life, in the same words for all marketplaces."""

    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class PaymentStatus(str, Enum):
    """What the marketplace says of the buyer's payment."""

    PENDING = "pending"
    AUTHORIZED = "authorized"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"


class FulfillmentStatus(str, Enum):
    """How much of what was ordered has left, in the marketplace's eyes."""

    UNFULFILLED = "unfulfilled"
    PARTIAL = "partial"
    FULFILLED = "fulfilled"


class LineKind(str, Enum):
    """What an order line sells."""

    PRODUCT = "product"
    SHIPPING = "shipping"
    FEE = "fee"
    DISCOUNT = "discount"
    GIFT_CARD = "gift_card"
    TIP = "tip"
    ROUNDING = "rounding"  # by which the marketplace itself rounded its total


class CollectedBy(str, Enum):
    """Who hands a tax to the authority."""

    SELLER = "seller"
    MARKETPLACE = "marketplace"


class PushStatus(str, Enum):
    """The marketplace's answer to one command."""

    OK = "ok"
    PENDING = "pending"  # accepted, to be asked for again with Connector.poll()
    FAILED = "failed"
    STALE = "stale"  # the marketplace's own value was not the expected one


class StatusMeaning(str, Enum):
    """What one of a marketplace's own order statuses means here, where the seller may decide it."""

    OPEN = "open"  # to be processed
    HOLD = "hold"  # taken in, not to be processed yet
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    SKIP = "skip"  # no order at all, such as a basket


class WebhookKind(str, Enum):
    """What a notification is about."""

    ORDERS = "orders"
    ITEMS = "items"
    UNINSTALLED = "uninstalled"  # the seller took our rights away
    PRIVACY = "privacy"  # a request about a person's data, which a person must answer
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Status:
    """One order status of the marketplace, as ``code``, and what it means unless the seller says otherwise."""

    code: str
    name: str | None = None
    meaning: StatusMeaning = StatusMeaning.HOLD


@dataclass(frozen=True, slots=True)
class Location:
    """A place the marketplace keeps stock at. ``ref`` is what a stock push names."""

    ref: str
    name: str | None = None
    active: bool = True
    country: str | None = None  # ISO 3166-1 alpha-2
    fulfilled_by: str = "seller"  # "other": a fulfilment service's


@dataclass(frozen=True, slots=True)
class Account:
    """Who the marketplace says the credentials belong to. ``ref`` and ``site`` together identify a channel."""

    ref: str
    site: str = ""
    name: str | None = None
    currency: str | None = None  # ISO 4217
    country: str | None = None  # ISO 3166-1 alpha-2
    timezone: str | None = None  # IANA name
    locations: tuple[Location, ...] = ()
    scopes: frozenset[str] = frozenset()
    statuses: tuple[Status, ...] = ()  # where the seller may define order statuses; see Login.options["statuses"]


@dataclass(frozen=True, slots=True)
class Item:
    """One sellable item, at variant level.

    ``stock_ref`` is what :class:`StockLevel` needs instead of ``external_id`` where a marketplace keeps the two apart;
    ``None`` says that the marketplace does not track this item's stock. ``attributes`` are variant options
    (``{"Size": "M"}``). ``skip``: the marketplace has it, but it is nothing to sell by itself (a draft, a page that only
    groups others); it becomes no listing, though one that is known stays and is kept up to date. ``raw`` is the
    marketplace's own payload, kept for people to read.
    """

    external_id: str
    parent_id: str | None = None
    sku: str | None = None
    name: str | None = None
    barcode: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    quantity: Decimal | None = None  # offered now, where Login.location says; not part of the digest
    physical: bool = True
    active: bool = True  # on sale; drafts and archived items are not
    fulfilled_by: str = "seller"  # "seller" or "marketplace"
    url: str | None = None
    image_url: str | None = None
    attributes: Mapping[str, str] = field(default_factory=_nothing)
    updated_at: datetime | None = None
    stock_ref: str | None = None
    skip: bool = False
    raw: Mapping[str, Any] = field(default_factory=_nothing, repr=False)


@dataclass(frozen=True, slots=True)
class Tax:
    """One tax on one line. ``rate`` is a fraction (0.19): ``None`` where the marketplace does not say it, 0 where the line is
    zero-rated. ``amount`` is for the whole line; ``cancelled`` is what of it was given back with the line's cancelled quantity,
    ``None`` where only a share of it can be taken."""

    code: str
    name: str | None = None
    rate: Decimal | None = None
    amount: Decimal = ZERO
    included: bool = False
    collected_by: CollectedBy = CollectedBy.SELLER
    country: str | None = None
    cancelled: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of an order, with line totals: 3 for 10.00 has no exact unit price.

    All amounts are for the whole ``quantity`` as ordered. ``subtotal`` is before discount and, like ``discount``
    (positive lowers), in the order's own convention: tax included where ``Order.prices_include_tax``. ``total`` is what
    the line adds to the buyer's total, after discount and with all taxes, whoever collects them. ``item_id`` is the
    listing's ``Item.external_id``, ``None`` for a custom line. ``cancelled_quantity`` will not be delivered any more.
    ``attributes`` are personalisation and other choices of the buyer, as text with its line breaks; what plugins keep there
    for themselves is left out (:mod:`.attributes`).

    ``fulfilled_by``: "seller", "marketplace", or "other" for a place that is not the seller's, such as a 3PL. ``location`` is
    the :class:`Location` that the line is to be shipped from, where the marketplace says. ``part_of`` is the
    ``external_id`` of the line that this one is a part of, such as a bundle's; ``container``: all goods of this line are
    lines of their own.
    """

    external_id: str
    kind: LineKind = LineKind.PRODUCT
    item_id: str | None = None
    sku: str | None = None
    name: str | None = None
    quantity: Decimal = Decimal(1)
    subtotal: Decimal = ZERO
    discount: Decimal = ZERO
    taxes: tuple[Tax, ...] = ()
    total: Decimal = ZERO
    fulfilled_quantity: Decimal = ZERO
    cancelled_quantity: Decimal = ZERO
    physical: bool = True
    fulfilled_by: str = "seller"
    location: str | None = None
    part_of: str | None = None
    container: bool = False
    attributes: Mapping[str, str] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who bought. ``ref`` is the marketplace's id of the buyer, ``None`` for a guest."""

    ref: str | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    company: str | None = None
    vat: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address as the marketplace gives it."""

    name: str | None = None
    company: str | None = None
    street: str | None = None
    street2: str | None = None
    city: str | None = None
    zip: str | None = None
    state: str | None = None  # code without country ("CA"), or the full name
    country: str | None = None  # ISO 3166-1 alpha-2
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class LineQuantity:
    """So many of one order line; ``external_id`` is the order line's."""

    external_id: str
    quantity: Decimal = ZERO
    amount: Decimal = ZERO  # of a refund, tax included


@dataclass(frozen=True, slots=True)
class Fulfillment:
    """A parcel the marketplace knows of."""

    external_id: str
    tracking_numbers: tuple[str, ...] = ()
    carrier: str | None = None
    created_at: datetime | None = None
    lines: tuple[LineQuantity, ...] = ()


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back. ``amount`` is positive, tax included."""

    external_id: str
    created_at: datetime | None = None
    amount: Decimal = ZERO
    reason: str | None = None
    lines: tuple[LineQuantity, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """One order as the marketplace says it stands now.

    ``total`` is what the buyer owes now, all taxes included, cancelled quantities left out. ``currency`` is the
    buyer's, in which every amount of the order is; ``shop_currency`` is the shop's. ``hold`` is the marketplace's own
    reason not to process the order yet, in its words; it ends at ``hold_until``, where there is such a time, without a change
    of the order. ``hold_for_payment``: it only waits for the payment. ``pickup``: the buyer fetches it, or it is handed over
    otherwise, so that it needs no address to ship to. ``payment_methods`` are the marketplace's own codes,
    ``payment_names`` what the buyer read where it keeps that as well. ``purchase_order`` is the buyer's number of the order.
    """

    external_id: str
    number: str | None = None
    placed_at: datetime | None = None
    updated_at: datetime | None = None
    ship_by: datetime | None = None
    status: OrderStatus = OrderStatus.OPEN
    payment_status: PaymentStatus = PaymentStatus.PAID
    fulfillment_status: FulfillmentStatus = FulfillmentStatus.UNFULFILLED
    payment_methods: tuple[str, ...] = ()
    payment_names: tuple[str, ...] = ()
    purchase_order: str | None = None
    currency: str | None = None
    shop_currency: str | None = None
    total: Decimal = ZERO
    prices_include_tax: bool = False
    buyer: Buyer | None = None
    billing: Address | None = None
    shipping: Address | None = None
    lines: tuple[OrderLine, ...] = ()
    shipping_method: str | None = None
    fulfilled_by: str = "seller"
    fulfillments: tuple[Fulfillment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    fees: Decimal = ZERO  # what the marketplace keeps
    location: str | None = None
    hold: str | None = None
    hold_until: datetime | None = None
    hold_for_payment: bool = False
    pickup: bool = False
    test: bool = False
    skip: bool = False  # the marketplace calls it an order, the seller does not (StatusMeaning.SKIP)
    note: str | None = None
    raw: Mapping[str, Any] = field(default_factory=_nothing, repr=False)


@dataclass(frozen=True, slots=True)
class RecordFailure:
    """A record of a page that could not be read. The page's other records are good."""

    ref: str
    code: str = "bad_payload"
    message: str = ""
    raw: Mapping[str, Any] = field(default_factory=_nothing, repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a fetch.

    ``cursor`` resumes the same fetch *after* this page and is ``None`` on the last page. ``watermark`` is the
    marketplace's own clock up to which records are known to be complete once this page is taken in: the ``since`` of
    the next fetch, overlap not yet subtracted. ``clock`` is that same clock when the page was asked for, where it says.
    ``gone`` are the refs of records that were asked for by name and that the marketplace has no more.
    """

    records: tuple[Any, ...]
    failures: tuple[RecordFailure, ...] = ()
    cursor: str | None = None
    watermark: datetime | None = None
    clock: datetime | None = None
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StockLevel:
    """A quantity to publish. ``expected`` is what the marketplace should hold before (``None``: do not compare)."""

    external_id: str
    stock_ref: str | None = None
    location: str | None = None
    quantity: int = 0
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class PushResult:
    """One answer. ``external_id`` names what was pushed, ``ref`` what the marketplace made of it.

    ``gone`` says what a quantity failed for because it is there no longer: ``"item"`` (deleted, or in the bin) or
    ``"location"``, which takes no quantities at all then; else empty.
    """

    external_id: str
    status: PushStatus = PushStatus.OK
    ref: str | None = None
    code: str | None = None
    message: str | None = None
    retryable: bool = False
    gone: str = ""


@dataclass(frozen=True, slots=True)
class Shipment:
    """A parcel to report. ``order_id`` and the lines' ids are the marketplace's."""

    order_id: str
    lines: tuple[LineQuantity, ...] = ()
    tracking_number: str | None = None
    carrier: str | None = None
    tracking_url: str | None = None
    notify: bool = True
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """A verified notification: what changed, never the change itself (polling is the truth)."""

    topic: str
    kind: WebhookKind = WebhookKind.OTHER
    delivery_id: str | None = None
    record_ref: str | None = None
    triggered_at: datetime | None = None
