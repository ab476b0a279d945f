"""Shopify, over its Admin GraphQL API.

References are Shopify's own global ids (``gid://shopify/Order/1``). Items are product variants, their ``stock_ref`` is
the inventory item. See the helper modules for the ways to sign in, and for how lists are walked, orders read, stock set
and parcels reported.

This module must not import Odoo.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from . import shopify_auth as auth
from . import shopify_documents as documents
from . import shopify_fetch as fetch
from . import shopify_shipping as shipping
from . import shopify_stock as stock
from .base import (
    AuthError,
    BadPayload,
    Connector,
    Consent,
    Grant,
    Login,
    Ports,
    Rejected,
    SignatureError,
    Unavailable,
)
from .lenient_json import loads
from .records import (
    Account,
    Location,
    Order,
    Page,
    PushResult,
    RecordFailure,
    Shipment,
    StockLevel,
    WebhookEvent,
    WebhookKind,
)
from .shopify_client import ServerFault, ShopifyClient
from .shopify_orders import order as read_order
from .shopify_records import item as read_item
from .shopify_records import moment

TOPICS = (
    "ORDERS_CREATE",
    "ORDERS_UPDATED",
    "ORDERS_CANCELLED",
    "ORDERS_DELETE",
    "PRODUCTS_CREATE",
    "PRODUCTS_UPDATE",
    "PRODUCTS_DELETE",
    "APP_UNINSTALLED",
)

#: mandatory for apps: requests about a person's data, configured at the app and not by subscription
PRIVACY_TOPICS = frozenset({"customers/data_request", "customers/redact", "shop/redact"})


#: what concerns one record of a page, not the page
UNREADABLE = (BadPayload, ServerFault, Rejected)


class ShopifyConnector(Connector):
    provider = "shopify"
    label = "Shopify"
    capabilities = frozenset(
        {"items", "orders", "recheck", "stock", "compare", "ship", "cancel", "webhooks", "locations", "poll", "oauth"}
    )
    stock_batch = 250
    webhook_credential = "client_secret"
    needs_stock_ref = True  # the inventory item, which only tracked variants have
    credential_fields = auth.CREDENTIAL_FIELDS
    auth_methods = auth.AUTH_METHODS

    def __init__(self, account: Login, ports: Ports):
        super().__init__(account, ports)
        self._client_made: ShopifyClient | None = None

    @property
    def _client(self) -> ShopifyClient:
        if self._client_made is None:
            self._client_made = ShopifyClient(self.account, self.ports)
        return self._client_made

    @property
    def calls(self) -> int:
        return self._client_made.transport.calls if self._client_made else 0

    def close(self) -> None:
        if self._client_made:
            self._client_made.close()

    # -- who ----------------------------------------------------------------------------------------------------------

    def identify(self) -> Account:
        granted = self._granted()
        if auth.missing_rights(granted) and self._client.sign_in_again():
            granted = self._granted()
        missing = auth.missing_rights(granted)
        if missing:
            remedy = auth.WIDEN[self._client.auth_method]
            raise AuthError(f"The app lacks these rights: {', '.join(missing)}. {remedy}", "missing_scopes")
        locations: list[Location] = []
        after: str | None = None
        while True:
            data = self._client.execute(documents.IDENTIFY, {"after": after}).data
            locations += map(_location, data["locations"]["nodes"])
            page = data["locations"]["pageInfo"]
            if not page["hasNextPage"] or page["endCursor"] in (None, after):
                break
            after = page["endCursor"]
        shop = data["shop"]
        return Account(
            ref=shop["id"],
            name=shop["name"],
            currency=shop["currencyCode"],
            country=(shop.get("shopAddress") or {}).get("countryCodeV2"),
            timezone=shop["ianaTimezone"],
            locations=tuple(locations),
            scopes=frozenset(granted),
        )

    def _granted(self) -> set[str]:
        installation = self._client.execute(documents.GRANTED).data.get("currentAppInstallation") or {}
        granted = {scope["handle"] for scope in installation.get("accessScopes") or ()}
        return granted | {scope.replace("write_", "read_", 1) for scope in granted if scope.startswith("write_")}

    @classmethod
    def authorize_url(cls, account: Login, consent: Consent) -> str:
        return auth.authorize_url(account, consent)

    @classmethod
    def exchange(cls, account: Login, consent: Consent, params: Mapping[str, str]) -> Grant:
        return auth.exchange(account, params)

    # -- items --------------------------------------------------------------------------------------------------------

    def iter_items(self, since: datetime | None = None, cursor: str | None = None) -> Iterator[Page]:
        """Variants. A full pass goes by id; an incremental one by changed product, since only products can be sorted by
        change and a product's title, status or picture is no change of its variants."""
        place = self.account.location
        variants = replace(fetch.VARIANTS, document=documents.at_location(fetch.VARIANTS.document, place))
        products = replace(fetch.PRODUCTS, document=documents.at_location(fetch.PRODUCTS.document, place))
        full = fetch.Position.loads(cursor, fetch.VARIANTS)
        changes = fetch.Position.loads(cursor, fetch.PRODUCTS)
        if since is None and changes is None:
            full = full or fetch.Position(fetch.VARIANTS.name)
        if full:
            for batch in fetch.walk_through(self._client, variants, full):
                yield _item_page([(variant, variant.get("product")) for variant in batch.nodes], (), batch)
            return
        # without naming the states Shopify may leave out drafts and archived products
        states = "status:active,archived,draft,unlisted"
        changes = changes or fetch.Position(fetch.PRODUCTS.name, start=fetch.iso(since), filter=states)
        for batch in fetch.walk_through(self._client, products, changes):
            pairs, failures = self._variants(batch.nodes)
            yield _item_page(pairs, failures, batch)

    def _variants(self, products: Iterable[Mapping[str, Any]]):
        """The variants of products, each with its product, and the products that can't be read."""
        pairs, failures = [], []
        more = documents.at_location(documents.MORE_VARIANTS, self.account.location)
        for product in products:
            try:
                variants = fetch.drain(
                    self._client, more, product["id"], "product", "variants", product.get("variants")
                )
                pairs += [(variant, product) for variant in variants["nodes"]]
            except UNREADABLE as error:
                failures.append(fetch.failure(product, error.code, error.message))
        return pairs, failures

    # -- orders -------------------------------------------------------------------------------------------------------

    def iter_orders(
        self, since: datetime | None = None, cursor: str | None = None, only_open: bool = False
    ) -> Iterator[Page]:
        """Orders by their last change, each whole. ``only_open`` leaves out what is cancelled or archived."""
        position = fetch.Position.loads(cursor, fetch.ORDERS)
        if position is None:
            start = fetch.iso(since) if since else None
            position = fetch.Position(fetch.ORDERS.name, start=start, filter="status:open" if only_open else "")
        for batch in fetch.walk_through(self._client, fetch.ORDERS, position):
            records, failures = [], list(batch.failures)
            refunds = fetch.refunds_of(self._client, batch.nodes)
            for node in fetch.with_businesses(self._client, batch.nodes):
                try:
                    records.append(read_order(fetch.complete(self._client, node, refunds)))
                except UNREADABLE as error:
                    failures.append(fetch.failure(node, error.code, error.message))
            yield _page(records, failures, batch)

    def get_order(self, ref: str) -> Order:
        found = self._client.execute(documents.ORDER, {"id": ref})
        payload = found.data.get("order")
        if payload is None:
            raise Rejected("not_found", "Shopify has no such order (any more).")
        if found.errors:
            raise Unavailable("Shopify could not deliver all of the order.", "partial_answer", sent=True)
        if not fetch.is_record(payload):
            raise BadPayload("Shopify sent something that is no order.")
        (payload,) = fetch.with_businesses(self._client, [payload])
        return read_order(fetch.complete(self._client, payload, {}))

    def get_orders(self, refs: Iterable[str]) -> Page:
        """One call, and no records: whatever happens to an order moves its time of change, but to be deleted. Orders older
        than sixty days are there only for apps that may read all orders: leave them out."""
        refs = [ref for ref in refs if ref.startswith("gid://shopify/Order/")]
        if not refs:
            return Page(())
        variables = {f"id{number}": ref for number, ref in enumerate(refs)}
        found = self._client.execute(documents.known_orders_document(len(refs)), variables)
        if found.errors:
            raise Unavailable("Shopify could not say which orders there are.", "partial_answer", sent=True)
        return Page(
            (), gone=tuple(ref for number, ref in enumerate(refs) if found.data.get(f"o{number}", True) is None)
        )

    # -- commands -----------------------------------------------------------------------------------------------------

    def push_stock(self, levels: Iterable[StockLevel]) -> list[PushResult]:
        return stock.push(self._client, list(levels), self.stock_batch)

    def ship(self, shipment: Shipment) -> PushResult:
        return shipping.ship(self._client, shipment)

    def update_tracking(self, fulfillment_ref: str, shipment: Shipment) -> PushResult:
        return shipping.update_tracking(self._client, fulfillment_ref, shipment)

    def cancel(self, order_id: str, reason: str) -> PushResult:
        return shipping.cancel(self._client, order_id, reason)

    def poll(self, refs: Iterable[str]) -> list[PushResult]:
        return [shipping.poll(self._client, ref) for ref in refs]

    # -- webhooks -----------------------------------------------------------------------------------------------------

    def ensure_webhooks(self, url: str, secret: str) -> None:
        """Subscribe ``url`` to what is missing. Shopify signs with the app's own secret, so ``secret`` is not handed over."""
        present = {node["topic"] for node in self._subscriptions(url)}
        missing = [topic for topic in TOPICS if topic not in present]
        if missing:
            # a repeated subscription is refused as taken, so repeating is safe
            self._change_webhooks(documents.subscribe_document(missing), {"uri": url}, "taken")

    def remove_webhooks(self, url: str) -> None:
        present = [node["id"] for node in self._subscriptions(url)]
        if present:
            # one that somebody else has just removed is what was wanted
            variables = {f"r{number}": ref for number, ref in enumerate(present)}
            self._change_webhooks(documents.unsubscribe_document(len(present)), variables, "not exist")

    def _subscriptions(self, url: str) -> list[Mapping[str, Any]]:
        """This app's subscriptions of ``url``."""
        found, after = [], None
        while True:
            variables = {"topics": list(TOPICS), "after": after}
            page = self._client.execute(documents.WEBHOOKS, variables).data["webhookSubscriptions"]
            found += [node for node in page["nodes"] if node["uri"] == url]
            if not page["pageInfo"]["hasNextPage"] or page["pageInfo"]["endCursor"] in (None, after):
                return found
            after = page["pageInfo"]["endCursor"]

    def _change_webhooks(self, document: str, variables: Mapping[str, Any], harmless: str) -> None:
        answer = self._client.execute(document, variables)
        errors = [error for part in answer.data.values() for error in (part or {}).get("userErrors") or ()]
        errors = [error["message"] for error in errors if harmless not in error["message"]]
        if errors:
            raise Rejected("webhook", f"Shopify says: {errors[0]}")

    @classmethod
    def verify_webhook(cls, headers: Mapping[str, str], body: bytes, secret: str) -> WebhookEvent:
        if not secret:
            raise SignatureError("There is no API secret key to check the notification with.")
        lowered = {str(key).lower(): value for key, value in headers.items()}
        expected = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
        given = (lowered.get("x-shopify-hmac-sha256") or "").encode()
        if not hmac.compare_digest(expected, given):
            raise SignatureError("The notification is not signed with this shop's API secret key.")
        return _event(lowered, body)


def _event(headers: Mapping[str, str], body: bytes) -> WebhookEvent:
    try:
        payload = loads(body or b"{}")
        triggered_at = moment(headers.get("x-shopify-triggered-at"))
    except (ValueError, BadPayload):
        raise BadPayload("The notification can't be read.") from None
    payload = payload if isinstance(payload, dict) else {}
    topic = headers.get("x-shopify-topic") or ""
    ref = payload.get("admin_graphql_api_id")
    if not ref and topic == "orders/delete" and isinstance(payload.get("id"), int):  # of what is gone it says no more
        ref = f"gid://shopify/Order/{payload['id']}"
    return WebhookEvent(topic, _kind(topic), headers.get("x-shopify-webhook-id"), ref, triggered_at)


def _kind(topic: str) -> WebhookKind:
    if topic in PRIVACY_TOPICS:
        return WebhookKind.PRIVACY
    if topic == "app/uninstalled":
        return WebhookKind.UNINSTALLED
    resource = topic.partition("/")[0]
    return {"orders": WebhookKind.ORDERS, "products": WebhookKind.ITEMS}.get(resource, WebhookKind.OTHER)


def _location(node: Mapping[str, Any]) -> Location:
    country = (node.get("address") or {}).get("countryCode")
    owner = "other" if node.get("isFulfillmentService") else "seller"
    return Location(node["id"], node["name"], active=bool(node["isActive"]), country=country, fulfilled_by=owner)


def _item_page(pairs: Iterable[tuple[Any, Any]], unread: Iterable[RecordFailure], batch: fetch.Batch) -> Page:
    currency = (batch.data.get("shop") or {}).get("currencyCode")
    records, failures = [], [*batch.failures, *unread]
    for variant, product in pairs:
        try:
            records.append(read_item(variant, product, currency))
        except BadPayload as error:
            failures.append(fetch.failure(variant, error.code, error.message))
    return _page(records, failures, batch)


def _page(records: list[Any], failures: list[RecordFailure], batch: fetch.Batch) -> Page:
    cursor = batch.position.dumps() if batch.position else None
    return Page(tuple(records), tuple(failures), cursor, batch.watermark, batch.asked_at)
