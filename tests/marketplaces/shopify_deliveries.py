"""Notifications of the simulated shop: signed, tried again when they fail, and given up with their subscription."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

import requests

from .shopify_oauth import App
from .shopify_search import number

RETRIES = 8  # in four hours; here without waiting
TIMEOUT = (1.0, 5.0)
PRIVACY = frozenset({"customers/data_request", "customers/redact", "shop/redact"})


def deliver(
    app: App, version: str, topic: str, ref: str | None = None, *, retries: int = RETRIES
) -> list[dict[str, Any]]:
    """Notify everybody who subscribed.

    :param topic: ``ORDERS_UPDATED`` or ``orders/updated``
    :param ref: the global id of what it is about
    :param retries: how often a delivery that fails is tried again. With :data:`RETRIES` its subscription is deleted then
    :return: for each subscription its ``uri`` and the ``answers`` that it gave: statuses, None where there was none
    """
    topic = topic if "/" in topic else topic.lower().replace("_", "/", 1)
    if topic in PRIVACY:
        hooks = [{"uri": app.compliance_url}] if app.compliance_url else []
    else:
        hooks = [hook for hook in app.shop.webhooks if hook["topic"].lower().replace("_", "/", 1) == topic]
    body = json.dumps(_payload(app, topic, ref)).encode()
    delivered = []
    for hook in hooks:
        answers = _send(app, hook["uri"], body, _headers(app, version, topic, body), retries)
        delivered.append({"uri": hook["uri"], "answers": answers})
        if len(answers) > RETRIES and not _taken(answers[-1]) and topic not in PRIVACY:
            app.shop.webhooks.remove(hook)
    return delivered


def _send(app: App, uri: str, body: bytes, headers: Mapping[str, str], retries: int) -> list[int | None]:
    for start, other in app.routes.items():
        if uri.startswith(start):
            uri = other + uri[len(start) :]
    answers: list[int | None] = []
    while not answers or (len(answers) <= retries and not _taken(answers[-1])):
        try:
            answer = requests.post(uri, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False)
            answers.append(answer.status_code)
        except requests.RequestException:
            answers.append(None)
    return answers


def _taken(status: int | None) -> bool:
    return status is not None and 200 <= status < 300


def _headers(app: App, version: str, topic: str, body: bytes) -> dict[str, str]:
    """One delivery keeps its ids however often it is tried."""
    signature = hmac.new(app.client_secret.encode(), body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": base64.b64encode(signature).decode(),
        "X-Shopify-Shop-Domain": app.shop.info["myshopifyDomain"],
        "X-Shopify-API-Version": version,
        "X-Shopify-Webhook-Id": secrets.token_hex(16),
        "X-Shopify-Event-Id": secrets.token_hex(16),
        "X-Shopify-Triggered-At": app.shop.clock().strftime("%Y-%m-%dT%H:%M:%S.%f000Z"),
    }


def _payload(app: App, topic: str, ref: str | None) -> dict[str, Any]:
    """What the connector subscribes to of a record: its ids and time. Of a person, what Shopify says."""
    shop = {"shop_id": number(app.shop.info["id"]), "shop_domain": app.shop.info["myshopifyDomain"]}
    if topic == "shop/redact":
        return shop
    if topic in PRIVACY:
        orders = "orders_requested" if topic == "customers/data_request" else "orders_to_redact"
        return {**shop, "customer": {"id": 1, "email": "buyer@example.com"}, orders: [number(ref)] if ref else []}
    subject = ref or app.shop.info["id"]
    return {"id": number(subject), "admin_graphql_api_id": subject, "updated_at": app.shop.now()}
