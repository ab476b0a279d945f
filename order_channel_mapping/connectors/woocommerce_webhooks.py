"""WooCommerce's notifications: registered, found disabled and enabled again, taken away; their signature checked.

WooCommerce never shows a webhook's secret again, so the webhook's name carries a fingerprint of it: one that was registered
with another secret is given the right one. It disables a webhook after five failed deliveries in a row.

This module must not import Odoo.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

from .base import BadPayload, Rejected, SignatureError
from .lenient_json import loads
from .records import WebhookEvent, WebhookKind
from .woocommerce_client import WooCommerceClient
from .woocommerce_fetch import drain

_EVENTS = ("created", "updated", "deleted", "restored")
TOPICS = tuple(f"{resource}.{event}" for resource in ("order", "product") for event in _EVENTS)
_KINDS = {"order": WebhookKind.ORDERS, "product": WebhookKind.ITEMS}
_PING = re.compile(rb"webhook_id=\d+")


def ensure(client: WooCommerceClient, url: str, secret: str) -> None:
    """One webhook for each topic, active and signing with ``secret``. Two calls, one where all is well."""
    name = _name(secret)
    present: dict[str, dict[str, Any]] = {}
    surplus = []
    for hook in _registered(client, url):
        if hook["topic"] in TOPICS and hook["topic"] not in present:
            present[hook["topic"]] = hook
        else:
            surplus.append(hook["id"])
    create = [
        {"name": name, "topic": topic, "delivery_url": url, "secret": secret, "status": "active"}
        for topic in TOPICS
        if topic not in present
    ]
    update = [
        {"id": hook["id"], "name": name, "status": "active", "secret": secret}
        for hook in present.values()
        if hook.get("status") != "active" or hook.get("name") != name
    ]
    _change(client, {"create": create, "update": update, "delete": surplus})


def remove(client: WooCommerceClient, url: str) -> None:
    _change(client, {"delete": [hook["id"] for hook in _registered(client, url)]})


def _name(secret: str) -> str:
    return f"Odoo ({hashlib.sha256(secret.encode()).hexdigest()[:8]})"


def _registered(client: WooCommerceClient, url: str) -> list[Mapping[str, Any]]:
    rows, _failures = drain(client, "/webhooks", {"status": "all"})
    return [hook for hook in rows if hook.get("delivery_url") == url]


def _change(client: WooCommerceClient, lists: Mapping[str, list[Any]]) -> None:
    lists = {name: entries for name, entries in lists.items() if entries}
    if not lists:
        return
    answer = client.send("POST", "/webhooks/batch", lists, idempotent="create" not in lists)
    rows = [row for part in answer.values() for row in part] if isinstance(answer, dict) else []
    errors = [row["error"] for row in rows if isinstance(row, dict) and row.get("error")]
    if errors:
        raise Rejected("webhook", f"The store refused the notifications: {errors[0].get('message')}")


# -- deliveries -------------------------------------------------------------------------------------------------------


def verify(headers: Mapping[str, str], body: bytes, secret: str) -> WebhookEvent:
    """:raise SignatureError: not signed with this secret"""
    lowered = {str(key).lower(): value for key, value in headers.items()}
    expected = base64.b64encode(hmac.new((secret or "").encode(), body, hashlib.sha256).digest())
    given = (lowered.get("x-wc-webhook-signature") or "").encode()
    if not secret or not hmac.compare_digest(expected, given):
        raise SignatureError("The notification is not signed with this channel's secret.")
    try:
        payload = loads(body)
    except ValueError:
        raise BadPayload("The notification can't be read.") from None
    topic = lowered.get("x-wc-webhook-topic") or ""
    ref = payload.get("id") if isinstance(payload, dict) else None
    return WebhookEvent(
        topic,
        _KINDS.get(topic.partition(".")[0], WebhookKind.OTHER),
        lowered.get("x-wc-webhook-delivery-id"),
        str(ref) if ref else None,
    )


def is_ping(body: bytes) -> bool:
    """WooCommerce tries a new address out with a form of one field, not signed."""
    return bool(_PING.fullmatch(body.strip()))
