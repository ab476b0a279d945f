"""The contract between a marketplace's connector and the models.

A connector turns HTTP into :mod:`records` and records into HTTP. It never sees Odoo. What it must keep between calls goes
through two ports that it is given.

This module must not import Odoo.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

from .records import Account, Order, Page, PushResult, Shipment, StockLevel, WebhookEvent
from .storable import plain_text

#: bytes of a message and of a code that are kept
MOST_WORDS, MOST_CODE = 2_000, 100


class ConnectorError(Exception):
    """A marketplace could not be asked or refused. ``code`` is short and stable; the message is for people, without secrets."""

    code = "error"

    def __init__(self, message: str = "", code: str | None = None):
        super().__init__(plain_text(message, MOST_WORDS))  # it may quote a server, and is kept
        if code:
            self.code = plain_text(code, MOST_CODE)

    @property
    def message(self) -> str:
        return str(self)


class AuthError(ConnectorError):
    """The marketplace does not accept the credentials (any more), or they lack a right. A person must act."""

    code = "auth"


class TokenRefused(AuthError):
    """The access token as such is not accepted (any more), as opposed to a right that it lacks. A new one may be."""


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


class TooLarge(BadPayload):
    """An answer of more bytes than are read. A smaller question may have a smaller one."""

    code = "too_large"


class SignatureError(ConnectorError):
    """A webhook that the marketplace did not sign."""

    code = "signature"


class TokenPort(Protocol):
    """Where rotated tokens are kept. ``put`` has committed when it returns."""

    def get(self, name: str) -> str | None: ...

    def put(self, **tokens: str) -> None: ...

    def lock(self) -> AbstractContextManager[TokenPort]:
        """Keep other workers from renewing the same tokens. What the ``with`` block's port reads is fresh: another worker
        may just have renewed. Its first ``put`` commits and lets the others go on, so it is the block's last act.

        :raise Unavailable: somebody else holds them for too long
        """
        ...


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
    settings that the connector declares. ``auth_method`` is the :attr:`AuthMethod.code` that the seller chose; empty: the
    connector tells by what there is. ``location`` is the :attr:`Location.ref` that quantities are pushed to, where there is
    a choice: :attr:`Item.quantity` is to be the one there.
    """

    base_url: str | None = None
    site: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)
    allow_insecure: bool = False
    auth_method: str = ""
    location: str | None = None


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One thing that there is to ask for; :class:`AuthMethod` says when. ``name`` is the field of
    ``order.channel.account``. ``address``: it says where the secret ones are sent, so that they are asked for again when it
    changes."""

    name: str
    label: str = ""
    secret: bool = True
    address: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True)
class AuthMethod:
    """One way to prove who the seller is.

    ``code`` is one of ``order.channel.account.auth_method``: "token", "keys", "oauth", "client_credentials". ``fields``
    are the credentials that this way asks for, by name; ``required`` those of them without which it can't begin.
    ``scopes`` are the rights that a person must give the app at the marketplace, as they are written there.
    ``consent`` says that the seller agrees on a page of the marketplace (:meth:`Connector.authorize_url`), which then
    gives the rest: then ``registered`` says that our return address must be entered at the marketplace beforehand, and
    ``delivered`` that the marketplace's own server brings the keys to our callback address (:meth:`Connector.delivery`).
    """

    code: str
    label: str
    fields: tuple[str, ...]
    required: tuple[str, ...] = ()
    help: str = ""
    scopes: tuple[str, ...] = ()
    consent: bool = False
    registered: bool = False
    delivered: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """What a marketplace gave for a seller's consent: ``credentials`` as if a person had entered them, ``tokens`` for the
    token port. Neither shows in a repr."""

    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Consent:
    """Where a marketplace finds us again after a seller's consent. ``return_url`` is where the seller's browser comes
    back, ``callback_url`` where the marketplace's own server may deliver keys; ``state`` comes back with both."""

    return_url: str
    callback_url: str
    state: str = field(repr=False)


class Connector:
    """One marketplace. One instance per channel and pass; not thread-safe.

    ``calls`` counts the HTTP requests made so far, repeats included.
    """

    provider: ClassVar[str]
    label: ClassVar[str]
    #: what this marketplace can do: "items", "orders", "recheck" (:meth:`get_orders`), "stock", "compare" (it checks
    #: :attr:`StockLevel.expected`), "ship", "cancel", "webhooks", "locations", "poll", "oauth" (a seller's consent,
    #: :meth:`authorize_url`)
    capabilities: ClassVar[frozenset[str]] = frozenset()
    #: most stock levels in one call
    stock_batch: ClassVar[int] = 100
    #: stock is kept under ``Item.stock_ref``: a listing without one is not tracked by the marketplace and never pushed
    needs_stock_ref: ClassVar[bool] = False
    credential_fields: ClassVar[tuple[CredentialField, ...]] = ()
    #: the ways to connect, the usual one first
    auth_methods: ClassVar[tuple[AuthMethod, ...]] = ()
    #: the parameter of the return address in which :attr:`Consent.state` comes back
    state_param: ClassVar[str] = "state"
    #: settings of the channel that this connector reads from :attr:`Login.options`, by field name of ``order.channel``
    option_names: ClassVar[frozenset[str]] = frozenset()
    #: the credential that signs webhooks; None: a secret of the channel's own, which :meth:`ensure_webhooks` hands over
    webhook_credential: ClassVar[str | None] = None

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
        """Pages of :class:`Item`, oldest change first.

        :param since: UTC; what changed at this second counts too, though a marketplace's own filter may leave it out. The
            caller has taken the overlap off already. None: everything there is
        :param cursor: of the last page that was taken, to go on behind it
        """
        raise self._cannot("items")

    def iter_orders(
        self, since: datetime | None = None, cursor: str | None = None, only_open: bool = False
    ) -> Iterator[Page]:
        """Pages of :class:`Order`, oldest change first, each order whole (all its lines). See :meth:`iter_items`.

        :param only_open: leave out what is shipped, cancelled or closed, where the marketplace can
        """
        raise self._cannot("orders")

    def get_order(self, ref: str) -> Order:
        """One order by its ``external_id``.

        :raise Rejected: code ``not_found``
        """
        raise self._cannot("orders")

    def get_orders(self, refs: Iterable[str]) -> Page:
        """What became of orders that are known, where a list of changes does not tell: ``records`` are those that may have
        changed, ``gone`` the refs of those that were deleted. Not the way to fetch orders.

        :param refs: at most a hundred ``external_id``
        """
        raise self._cannot("recheck")

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

    # -- a seller's consent on a page of the marketplace ------------------------------------------------------------------

    @classmethod
    def authorize_url(cls, account: Login, consent: Consent) -> str:
        """The marketplace's page to send the seller's browser to.

        :raise AuthError: what it needs beforehand is missing or malformed
        """
        raise Rejected("not_supported")

    @classmethod
    def exchange(cls, account: Login, consent: Consent, params: Mapping[str, str]) -> Grant:
        """Turn what the seller's browser brought back into credentials and tokens. Not asked where the marketplace's
        server delivered them; where it should have and did not, this raises (``consent_refused`` or ``keys_not_delivered``).

        :param params: the query of the return address, as the marketplace sent it and nothing else
        :raise AuthError: the seller said no (``consent_refused``), or the marketplace does not keep its promise
        :raise SignatureError: the marketplace did not send this
        """
        raise Rejected("not_supported")

    @classmethod
    def delivery(cls, body: bytes) -> tuple[str, Grant]:
        """Read the keys that the marketplace's server delivered to the callback address.

        :return: (state, grant)
        :raise BadPayload: it is nothing of that kind
        """
        raise BadPayload("This marketplace delivers no keys.")

    # -- webhooks ---------------------------------------------------------------------------------------------------------

    def ensure_webhooks(self, url: str, secret: str) -> None:
        """Make sure that the marketplace notifies ``url``: what is missing is registered, what was disabled is enabled.
        Registrations of other addresses are left alone.

        :param secret: what deliveries are to be signed with, where :attr:`webhook_credential` is None
        """
        raise self._cannot("webhooks")

    def remove_webhooks(self, url: str) -> None:
        """Take the registrations for ``url`` away again."""
        raise self._cannot("webhooks")

    @classmethod
    def verify_webhook(cls, headers: Mapping[str, str], body: bytes, secret: str) -> WebhookEvent:
        """Check a delivery's signature over its raw body.

        :raise SignatureError: not signed with this secret
        :raise BadPayload: signed, but not to be read
        """
        raise SignatureError("This marketplace sends no notifications.")

    @classmethod
    def is_webhook_ping(cls, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether this is the unsigned call with which a marketplace tries an address out. It is answered, no more."""
        return False

    def _cannot(self, what: str) -> ConnectorError:
        return Rejected("not_supported", f"{self.label} does not support this: {what}.")
