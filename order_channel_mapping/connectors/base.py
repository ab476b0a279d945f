"""The contract between a marketplace's connector and the models.

A connector turns HTTP into :mod:`records` and records into HTTP. It never sees Odoo. What it must keep between calls goes
through two ports that it is given.

This module must not import Odoo.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

from .records import Account, Order, Page, PushResult, Shipment, StockLevel, WebhookEvent


class ConnectorError(Exception):
    """A marketplace could not be asked or refused. ``code`` is short and stable; the message is for people, without secrets."""

    code = "error"

    def __init__(self, message: str = "", code: str | None = None):
        super().__init__(message)
        if code:
            self.code = code

    @property
    def message(self) -> str:
        return str(self)


class AuthError(ConnectorError):
    """The marketplace does not accept the credentials (any more), or they lack a right. A person must act."""

    code = "auth"


class RateLimited(ConnectorError):
    """Too many calls. ``retry_at`` (UTC) is when the marketplace will listen again."""

    code = "rate_limited"

    def __init__(self, message: str = "", retry_at: datetime | None = None, code: str | None = None):
        super().__init__(message, code)
        self.retry_at = retry_at


class Unavailable(ConnectorError):
    """Network trouble or a fault on the marketplace's side. Trying again later is right.

    ``sent`` says that the request may have reached the marketplace: a command must then be checked before it is repeated.
    """

    code = "unavailable"

    def __init__(self, message: str = "", code: str | None = None, sent: bool = False):
        super().__init__(message, code)
        self.sent = sent


class Rejected(ConnectorError):
    """The marketplace understood and said no. The same request will be refused again."""

    code = "rejected"

    def __init__(self, code: str = "rejected", message: str = ""):
        super().__init__(message or code, code)


class BadPayload(ConnectorError):
    """An answer that is not what the marketplace's contract says."""

    code = "bad_payload"


class SignatureError(ConnectorError):
    """A webhook that the marketplace did not sign."""

    code = "signature"


class TokenPort(Protocol):
    """Where rotated tokens are kept. ``put`` has committed when it returns."""

    def get(self, name: str) -> str | None: ...

    def put(self, **tokens: str) -> None: ...


class PacePort(Protocol):
    """What a marketplace said about its limits, kept between passes and shared by workers.

    The state is a small JSON-able mapping that only the connector understands.
    """

    def get(self) -> dict[str, Any]: ...

    def put(self, state: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """The two ports, and how long a pass may sleep at most for the sake of pacing (seconds)."""

    tokens: TokenPort
    pace: PacePort
    max_wait: float = 3.0


@dataclass(frozen=True, slots=True)
class Login:
    """What a connector is given to reach one account.

    ``secrets`` holds decrypted credentials by the names of :attr:`Connector.credential_fields`; it never shows in a
    repr. ``allow_insecure`` permits plain HTTP and private addresses (test servers only). ``options`` are the channel's
    settings that the connector declares.
    """

    base_url: str | None = None
    site: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)
    allow_insecure: bool = False


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One thing to ask for when connecting. ``name`` is the field of ``order.channel.account``."""

    name: str
    label: str = ""
    secret: bool = True
    required: bool = True
    help: str = ""


class Connector:
    """One marketplace. One instance per channel and pass; not thread-safe.

    ``calls`` counts the HTTP requests made so far, repeats included.
    """

    provider: ClassVar[str]
    label: ClassVar[str]
    #: what this marketplace can do: "items", "orders", "stock", "ship", "cancel", "webhooks", "locations", "oauth", "poll"
    capabilities: ClassVar[frozenset[str]] = frozenset()
    #: most stock levels in one call
    stock_batch: ClassVar[int] = 100
    #: stock is kept under ``Item.stock_ref``: a listing without one is not tracked by the marketplace and never pushed
    needs_stock_ref: ClassVar[bool] = False
    credential_fields: ClassVar[tuple[CredentialField, ...]] = ()

    def __init__(self, account: Login, ports: Ports):
        self.account = account
        self.ports = ports

    @property
    def calls(self) -> int:
        return 0

    def close(self) -> None:
        """Give back sockets. Safe to call twice."""

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def identify(self) -> Account:
        """Ask the marketplace who the credentials belong to.

        :raise AuthError: refused, or a scope is missing
        """
        raise self._cannot("identify")

    def iter_items(self, since: datetime | None = None, cursor: str | None = None) -> Iterator[Page]:
        """Pages of :class:`Item`, oldest change first. ``since`` None is a full pass. ``cursor`` resumes."""
        raise self._cannot("items")

    def iter_orders(
        self, since: datetime | None = None, cursor: str | None = None, only_open: bool = False
    ) -> Iterator[Page]:
        """Pages of :class:`Order`, oldest change first, each order whole (all its lines)."""
        raise self._cannot("orders")

    def get_order(self, ref: str) -> Order:
        """One order by its ``external_id``.

        :raise Rejected: code ``not_found``
        """
        raise self._cannot("orders")

    def push_stock(self, levels: Iterable[StockLevel]) -> list[PushResult]:
        """Publish quantities: one result per level, in the order given. The caller keeps to :attr:`stock_batch`."""
        raise self._cannot("stock")

    def ship(self, shipment: Shipment) -> PushResult:
        """Report a parcel. Must be safe to repeat: it asks what is still unshipped before it sends."""
        raise self._cannot("ship")

    def update_tracking(self, fulfillment_ref: str, shipment: Shipment) -> PushResult:
        """Give a parcel that is already reported its (new) tracking number."""
        raise self._cannot("ship")

    def cancel(self, order_id: str, reason: str) -> PushResult:
        """Cancel an order at the marketplace. ``reason``: customer, inventory, fraud, declined, other."""
        raise self._cannot("cancel")

    def poll(self, refs: Iterable[str]) -> list[PushResult]:
        """Results that were ``pending`` (feeds, bulk operations)."""
        raise self._cannot("poll")

    def ensure_webhooks(self, url: str) -> None:
        """Make sure that the marketplace notifies ``url``."""
        raise self._cannot("webhooks")

    def verify_webhook(self, headers: Mapping[str, str], body: bytes, secret: str) -> WebhookEvent:
        """Check a delivery's signature over its raw body.

        :raise SignatureError: not signed with this secret
        """
        raise self._cannot("webhooks")

    def _cannot(self, what: str) -> ConnectorError:
        return Rejected("not_supported", f"{self.label} does not support this: {what}.")
