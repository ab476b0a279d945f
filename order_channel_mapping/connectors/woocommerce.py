"""WooCommerce, over its REST API (``wc/v3``) with a consumer key.

References are WordPress's ids, as text; one counter gives them to products, variations and orders alike. Items are simple
products and variations; see the helper modules for how lists are walked, orders read, stock set and parcels reported.

Calls of a fetch: one for a hundred orders and one for their refunds, if there are any, besides one for what was trashed;
one for a hundred products and one for each hundred of their variations (before WooCommerce 10.3: one for each variable
product). What changed is told by a product's own time of change. WooCommerce moves it with the stock of a variation, not
with every other change of one, and never tells of what was deleted: the daily full pass meets both.

This module must not import Odoo.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from . import woocommerce_details as details
from . import woocommerce_fetch as fetch
from . import woocommerce_shipping as shipping
from . import woocommerce_stock as stock
from . import woocommerce_webhooks as webhooks
from .base import (
    AuthError,
    AuthMethod,
    BadPayload,
    Connector,
    Consent,
    CredentialField,
    Grant,
    Login,
    Ports,
    Rejected,
    SignatureError,
)
from .lenient_json import loads
from .records import (
    Account,
    Item,
    Order,
    Page,
    PushResult,
    RecordFailure,
    Shipment,
    Status,
    StockLevel,
    WebhookEvent,
)
from .values import text
from .woocommerce_client import WooCommerceClient, store_address, store_ref
from .woocommerce_orders import lost_lines, suspects
from .woocommerce_orders import order as read_order
from .woocommerce_records import is_variable, plain, variation
from .woocommerce_records import item as read_item
from .woocommerce_statuses import KNOWN, TRASH, Statuses, described

APP_NAME = "Odoo"  # what the store names the keys by
READ_WRITE = "read_write"


class WooCommerceConnector(Connector):
    provider = "woocommerce"
    label = "WooCommerce"
    capabilities = frozenset({"items", "orders", "recheck", "stock", "ship", "cancel", "webhooks", "oauth"})
    stock_batch = 500
    state_param = "user_id"
    needs_stock_ref = True  # which only what the store manages the stock of has
    option_names = frozenset({"statuses", "ship_complete", "ship_note", "ship_tracking_meta", "include_drafts"})
    credential_fields = (
        CredentialField(
            "store_url",
            "Store address",
            secret=False,
            address=True,
            help="As buyers see it, such as https://shop.example.com.",
        ),
        CredentialField(
            "consumer_key",
            "Consumer key",
            help="In WordPress: WooCommerce, Settings, Advanced, REST API, Add key. It starts with ck_.",
        ),
        CredentialField(
            "consumer_secret",
            "Consumer secret",
            help="Shown once beside the consumer key. It starts with cs_.",
        ),
    )
    auth_methods = (
        AuthMethod(
            "oauth",
            "Approve in the store",
            fields=("store_url",),
            required=("store_url",),
            help="The store asks its administrator and hands over the keys by itself.",
            consent=True,
            delivered=True,
        ),
        AuthMethod(
            "keys",
            "Enter keys",
            fields=("store_url", "consumer_key", "consumer_secret"),
            required=("store_url", "consumer_key", "consumer_secret"),
            help="Keys with Read/Write permissions, of a user who is Administrator or Shop manager.",
        ),
    )

    def __init__(self, account: Login, ports: Ports):
        super().__init__(account, ports)
        self._client_made: WooCommerceClient | None = None
        self._statuses = Statuses(account.options.get("statuses"))
        self._simple: dict[int, bool] = {}  # product id -> that it has no variations, of those that were asked for

    @property
    def _client(self) -> WooCommerceClient:
        if self._client_made is None:
            self._client_made = WooCommerceClient(self.account, self.ports)
        return self._client_made

    @property
    def calls(self) -> int:
        return self._client_made.calls if self._client_made else 0

    def close(self) -> None:
        if self._client_made:
            self._client_made.close()

    # -- who ----------------------------------------------------------------------------------------------------------

    def identify(self) -> Account:
        """Who the store says it is. That the keys may write is proved by three batches with nothing in them, which change
        nothing and which WooCommerce allows only to those who may change products, orders and webhooks.

        :raise AuthError: the keys are refused, may only read, or their user may not manage the shop
        """
        fields = "environment.home_url,environment.site_url,environment.version,settings.currency"
        status = self._client.record("/system_status", {"_fields": fields})
        for resource in ("products", "orders", "webhooks"):
            self._client.send("POST", f"/{resource}/batch", {}, idempotent=True)
        environment, settings = status.get("environment"), status.get("settings")
        if not isinstance(environment, dict) or not isinstance(settings, dict):
            raise BadPayload("The store does not say what it is.")
        site = self._client.site()
        home = text(environment.get("home_url")) or text(site.get("home")) or self._client.store
        country = self._client.record("/settings/general/woocommerce_default_country").get("value")
        ref = store_ref(home)
        return Account(
            ref=ref,
            name=plain(site.get("name")) or ref,
            currency=text(settings.get("currency")),
            country=text(str(country or "").partition(":")[0]),
            timezone=_zone(site.get("timezone_string")),
            scopes=frozenset({READ_WRITE}),
            statuses=self._store_statuses(),
        )

    def _store_statuses(self) -> tuple[Status, ...]:
        """Every order status of the store, those of its plugins with their names."""
        try:
            rows = self._client.records("/reports/orders/totals")
        except (AuthError, Rejected):  # a user without the right to see reports
            rows = [{"slug": slug} for slug in KNOWN if slug not in (TRASH, "auto-draft")]
        return described((row["slug"], plain(row.get("name"))) for row in rows if row.get("slug"))

    # -- items --------------------------------------------------------------------------------------------------------

    def iter_items(self, since: datetime | None = None, cursor: str | None = None) -> Iterator[Page]:
        """Products and variations. A full pass goes by id, an incremental one by a product's last change; trashed products
        are in neither. What is no listing by itself has ``Item.skip``, see :mod:`.woocommerce_records`."""
        position = fetch.Position.loads(cursor, fetch.PRODUCTS, fetch.CHANGED_PRODUCTS)
        if position is None and since is None:
            position = fetch.Position(fetch.PRODUCTS.name)
        if position is None:
            position = fetch.Position(fetch.CHANGED_PRODUCTS.name, start=fetch.after(since))
        full = position.walk == fetch.PRODUCTS.name
        for batch in fetch.walk_through(self._client, fetch.PRODUCTS if full else fetch.CHANGED_PRODUCTS, position):
            records, failures = self._items(batch.rows)
            yield _page(records, [*batch.failures, *failures], batch)

    def _items(self, products: Sequence[Mapping[str, Any]]) -> tuple[list[Item], list[RecordFailure]]:
        parents = [product for product in products if is_variable(product)]
        children, failures = details.variations_of(self._client, parents)
        drafts = bool(self.account.options.get("include_drafts"))
        records: list[Item] = []
        for product in products:
            family = children.get(product["id"])
            for payload in [product] if family is None else family:
                try:
                    if family is None:
                        records.append(read_item(payload, drafts))
                    else:
                        records.append(variation(payload, product, drafts))
                except BadPayload as error:
                    failures.append(RecordFailure(str(payload["id"]), error.code, error.message, payload))
        return records, failures

    # -- orders -------------------------------------------------------------------------------------------------------

    def iter_orders(
        self, since: datetime | None = None, cursor: str | None = None, only_open: bool = False
    ) -> Iterator[Page]:
        """Orders by their last change, first those that were trashed since. ``only_open`` brings those with a status that
        means open or held."""
        walks = fetch.order_walks()
        here = fetch.Position.loads(cursor, *walks.values())
        if here is None:
            here = fetch.order_start(since, self._live_statuses() if only_open else None)
        if here.walk == fetch.TRASHED_ORDERS.name:
            here = yield from self._trashed_orders(walks[here.walk], here)
        for batch in fetch.walk_through(self._client, walks[fetch.ORDERS.name], here):
            yield self._order_page(batch)

    def _trashed_orders(self, walk: fetch.Walk, here: fetch.Position) -> Iterator[Page]:
        """Pages of trashed orders, if there are any. The last one's cursor leads to all other orders.

        :return: the position of that cursor
        """
        for batch in fetch.walk_through(self._client, walk, here):
            following = batch.position or fetch.after_trash(here, batch)
            if batch.rows or batch.failures:
                yield replace(self._order_page(batch), cursor=following.dumps(), watermark=None)
        return following

    def _live_statuses(self) -> str:
        return ",".join(self._statuses.live(status.code for status in self._store_statuses())) or "processing"

    def _order_page(self, batch: fetch.Batch) -> Page:
        records, failures = self._orders(batch.rows)
        return _page(records, [*batch.failures, *failures], batch)

    def _orders(self, payloads: Sequence[Mapping[str, Any]]) -> tuple[list[Order], list[RecordFailure]]:
        refunds, refused = details.refunds_of(self._client, payloads)
        self._look_up(payloads)
        simple = {ref for ref, is_simple in self._simple.items() if is_simple}
        records, failures = [], []
        for payload in payloads:
            try:
                if payload["id"] in refused:
                    raise refused[payload["id"]]
                lost = lost_lines(payload, simple)
                records.append(read_order(payload, refunds.get(payload["id"], ()), self._statuses, lost))
            except (BadPayload, Rejected) as error:
                failures.append(RecordFailure(str(payload["id"]), error.code, error.message, payload))
        return records, failures

    def _look_up(self, payloads: Sequence[Mapping[str, Any]]) -> None:
        """Find out of which kind the products are whose order lines may have lost their variation."""
        unknown = set().union(*map(suspects, payloads)) - self._simple.keys()
        if unknown:
            simple = details.without_variations(self._client, unknown)
            self._simple |= {ref: ref in simple for ref in unknown}

    def get_order(self, ref: str) -> Order:
        if not ref.isdigit():
            raise Rejected("not_found", "The store has no such order.")
        rows = self._client.records("/orders", {"include": ref, "status": fetch.ANY, **fetch.PRECISE})
        payload = next((row for row in rows if str(row.get("id")) == ref), None)
        if payload is None:  # trashed, or gone
            payload = self._client.record(f"/orders/{ref}")
        if str(payload.get("id")) != ref:
            raise BadPayload("The store's answer is another order than the one that was asked for.")
        records, failures = self._orders([payload])
        if failures:
            raise BadPayload(failures[0].message)
        return records[0]

    def get_orders(self, refs: Iterable[str]) -> Page:
        """Two calls for a hundred orders (and one for their refunds), more only for what is not among them: deleting a
        refund or an order moves no time of change."""
        payloads, gone = details.orders_named(self._client, [int(ref) for ref in refs if ref.isdigit()])
        records, failures = self._orders(payloads)
        return Page(tuple(records), tuple(failures), gone=tuple(gone))

    # -- commands -----------------------------------------------------------------------------------------------------

    def push_stock(self, levels: Iterable[StockLevel]) -> list[PushResult]:
        """See :mod:`.woocommerce_stock`. WooCommerce can't compare: ``StockLevel.expected`` is not heeded."""
        return stock.push(self._client, list(levels))

    def ship(self, shipment: Shipment) -> PushResult:
        return shipping.ship(self._client, shipment, self._statuses, self.account.options)

    def update_tracking(self, fulfillment_ref: str, shipment: Shipment) -> PushResult:
        return shipping.update_tracking(self._client, fulfillment_ref, shipment, self.account.options)

    def cancel(self, order_id: str, reason: str) -> PushResult:
        return shipping.cancel(self._client, order_id, self._statuses)

    # -- a seller's consent -------------------------------------------------------------------------------------------

    @classmethod
    def authorize_url(cls, account: Login, consent: Consent) -> str:
        store = account.base_url or store_address(account.secrets.get("store_url"), account.allow_insecure)
        if not consent.callback_url.startswith("https://") and not account.allow_insecure:
            raise AuthError(
                "The store hands keys over only to an address that begins with https://. Enter keys by hand instead,"
                " or give this Odoo a secure address.",
                "callback_not_https",
            )
        query = {
            "app_name": APP_NAME,
            "scope": READ_WRITE,
            "user_id": consent.state,
            "return_url": consent.return_url,
            "callback_url": consent.callback_url,
        }
        return f"{store.rstrip('/')}/wc-auth/v1/authorize?{urlencode(query, quote_via=quote)}"

    @classmethod
    def exchange(cls, account: Login, consent: Consent, params: Mapping[str, str]) -> Grant:
        """The browser brings back only whether the seller agreed: the keys come to :meth:`delivery`, before that."""
        if params.get("user_id") not in (None, consent.state):
            raise SignatureError("This is not the answer to what was asked for.")
        if params.get("success") != "1":
            raise AuthError("The store's administrator did not agree.", "consent_refused")
        raise AuthError(
            "The store's administrator agreed, but the store could not reach this Odoo to hand over the keys. Enter keys"
            " by hand instead.",
            "keys_not_delivered",
        )

    @classmethod
    def delivery(cls, body: bytes) -> tuple[str, Grant]:
        try:
            said = loads(body)
            state, key, secret = (said[name] for name in ("user_id", "consumer_key", "consumer_secret"))
        except (ValueError, KeyError, TypeError):
            raise BadPayload("This is no delivery of keys.") from None
        if not (state and all(isinstance(value, str) and value for value in (key, secret))):
            raise BadPayload("This is no delivery of keys.")
        if said.get("key_permissions") != READ_WRITE:
            raise AuthError("The store gave keys that may not read and write.", "missing_scopes")
        return str(state), Grant(credentials={"consumer_key": key, "consumer_secret": secret})

    # -- webhooks -----------------------------------------------------------------------------------------------------

    def ensure_webhooks(self, url: str, secret: str) -> None:
        webhooks.ensure(self._client, url, secret)

    def remove_webhooks(self, url: str) -> None:
        webhooks.remove(self._client, url)

    @classmethod
    def verify_webhook(cls, headers: Mapping[str, str], body: bytes, secret: str) -> WebhookEvent:
        return webhooks.verify(headers, body, secret)

    @classmethod
    def is_webhook_ping(cls, headers: Mapping[str, str], body: bytes) -> bool:
        return webhooks.is_ping(body)


def _zone(name: Any) -> str | None:
    """An IANA name; a site may be set to a bare offset instead, which is none."""
    try:
        return ZoneInfo(str(name)).key if name else None
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return None


def _page(records: list[Any], failures: list[RecordFailure], batch: fetch.Batch) -> Page:
    cursor = batch.position.dumps() if batch.position else None
    return Page(tuple(records), tuple(failures), cursor, batch.watermark, batch.asked_at)
