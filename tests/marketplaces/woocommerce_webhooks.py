"""Webhooks of a simulated WooCommerce: the unsigned ping at the start, signed deliveries when the time has come."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from . import woocommerce_products as goods
from .woocommerce_auth import post
from .woocommerce_json import order_json
from .woocommerce_rest import RestError, encode, require

if TYPE_CHECKING:
    from .woocommerce import WooCommerceSimulator
    from .woocommerce_shop import Shop

RESOURCES = ("order", "product", "coupon", "customer")
EVENTS = ("created", "updated", "deleted", "restored")
STATUSES = ("active", "paused", "disabled")
#: so many failures one after the other switch a webhook off
MOST_FAILURES = 5
_AGENT = "WooCommerce/11.0.1 Hookshot (WordPress/7.1)"


def create(shop: Shop, body: Mapping[str, Any]) -> dict[str, Any]:
    """A new webhook; its ping is still to be sent. Raises RestError."""
    require(body, "topic", "delivery_url")
    _check(body)
    now = shop.now()
    number = shop.number("webhook")
    hook = {
        "id": number,
        "name": body.get("name") or f"Webhook created on {now}",
        "status": body.get("status") or "active",
        "topic": body["topic"],
        "delivery_url": body["delivery_url"],
        "secret": body.get("secret") or secrets.token_urlsafe(30),
        "failures": 0,
        "created": now,
        "modified": now,
    }
    shop.webhooks.append(hook)
    return hook


def update(shop: Shop, hook: dict[str, Any], body: Mapping[str, Any]) -> None:
    _check(body)
    for name in ("name", "status", "topic", "delivery_url", "secret"):
        if body.get(name):
            hook[name] = body[name]
    if body.get("status") == "active":
        hook["failures"] = 0
    hook["modified"] = shop.now()


def _check(body: Mapping[str, Any]) -> None:
    topic = str(body.get("topic", "order.updated"))
    resource, _dot, event = topic.partition(".")
    known = resource in RESOURCES and event in EVENTS
    if not known and not topic.startswith(("action.woocommerce_", "action.wc_")):
        message = "Webhook topic must be valid."
        raise RestError("woocommerce_rest_shop_webhook_invalid_topic", message, 400)
    url = urlsplit(str(body.get("delivery_url", "http://ok.example")))
    if url.scheme not in ("http", "https") or not url.hostname:
        message = "Webhook delivery URL must be a valid URL starting with http:// or https://."
        raise RestError("woocommerce_rest_shop_webhook_invalid_delivery_url", message, 400)
    if body.get("status") and body["status"] not in STATUSES:
        raise RestError("woocommerce_rest_shop_webhook_invalid_status", "Webhook status must be valid.", 400)


def ping(hook: Mapping[str, Any]) -> int:
    """Form-encoded and unsigned; what it is answered does not matter to WooCommerce."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": _AGENT}
    return post(hook["delivery_url"], f"webhook_id={hook['id']}".encode(), headers)


def signature(body: bytes, secret: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def deliver(simulator: WooCommerceSimulator) -> list[dict[str, Any]]:
    """Send what waits, as the Action Scheduler does when the site's cron runs; gives what became of each."""
    shop, done = simulator.shop, []
    with simulator.lock:
        waiting, shop.pending = shop.pending, []
        parcels = [(entry, *_parcel(shop, entry)) for entry in waiting if _hook(shop, entry)["status"] == "active"]
    for entry, url, body, headers in parcels:
        with simulator.lock:
            if _hook(shop, entry)["status"] != "active":
                continue
        status = post(url, body, headers)
        with simulator.lock:
            hook = _hook(shop, entry)
            good = 200 <= status < 300 or status in (301, 302)
            hook["failures"] = 0 if good else hook["failures"] + 1
            if hook["failures"] >= MOST_FAILURES:
                hook["status"] = "disabled"
            done.append({**entry, "status": status, "delivery": headers["X-WC-Webhook-Delivery-ID"]})
            shop.deliveries.append(done[-1])
    return done


def _hook(shop: Shop, entry: Mapping[str, Any]) -> dict[str, Any]:
    gone = {"status": "disabled", "failures": 0}
    return next((hook for hook in shop.webhooks if hook["id"] == entry["webhook"]), gone)


def _parcel(shop: Shop, entry: Mapping[str, Any]) -> tuple[str, bytes, dict[str, str]]:
    """Address, body and headers. The body shows the record as it is when it is sent, not when it changed."""
    hook = _hook(shop, entry)
    resource, _dot, event = entry["topic"].partition(".")
    body = encode(_payload(shop, resource, event, entry["ref"]))
    return (
        hook["delivery_url"],
        body,
        {
            "User-Agent": _AGENT,
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": f"{shop.home}/",
            "X-WC-Webhook-Topic": entry["topic"],
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": signature(body, hook["secret"]),
            "X-WC-Webhook-ID": str(hook["id"]),
            "X-WC-Webhook-Delivery-ID": secrets.token_hex(16),
        },
    )


def _payload(shop: Shop, resource: str, event: str, ref: int) -> dict[str, Any]:
    if event == "deleted":
        return {"id": ref}
    if resource == "order" and ref in shop.orders:
        return order_json(shop, shop.orders[ref])
    if resource == "product" and ref in shop.variations:
        return goods.variation_json(shop, shop.variations[ref])
    if resource == "product" and ref in shop.products:
        return goods.product_json(shop, shop.products[ref])
    return {"id": ref}
