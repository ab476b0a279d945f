"""Channels that are notified, and deliveries as Shopify signs them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timezone

from odoo.addons.order_channel_mapping.models.order_channel_webhook import PATH

from .connect_common import SECRET, ConnectMixin


def signed(body, topic="orders/updated", secret=SECRET, **headers):
    """Headers of a delivery, as Shopify sends them."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
        "X-Shopify-Webhook-Id": "delivery-1",
        "X-Shopify-Triggered-At": datetime.now(timezone.utc).isoformat(),
        **headers,
    }


def body_of(number=1001, **values):
    """A delivery's body: what changed, and when."""
    return json.dumps({"id": number, "admin_graphql_api_id": f"gid://shopify/Order/{number}", **values}).encode()


class WebhookMixin(ConnectMixin):
    """A live channel with its own address; mixed into a ChannelCase or a ChannelHttpCase."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel = cls.notified_channel()
        cls.webhooks = cls.env["order.channel.webhook"]

    @classmethod
    def notified_channel(cls, name="Hats", secret=SECRET, **values):
        channel = cls.make_channel(name=name, **values)
        channel.account_id._set_credentials(
            {"shop_domain": f"{name.lower()}.myshopify.com", "access_token": "shpat_1", "client_secret": secret}
        )
        channel.account_id.credentials_checked = True
        channel.health = "ok"
        channel._ensure_crons()
        channel._webhook_address()
        return channel

    def path(self, channel=None, provider="shopify"):
        return f"{PATH}/{provider}/{(channel or self.channel).webhook_token}"

    def receive(self, body=None, channel=None, provider="shopify", **kwargs):
        """A delivery, without HTTP."""
        body = body_of() if body is None else body
        channel = channel or self.channel
        return self.env["order.channel.webhook"]._receive(provider, channel.webhook_token, signed(body, **kwargs), body)

    def received(self, channel=None):
        return self.env["order.channel.webhook"].search([("channel_id", "=", (channel or self.channel).id)])

    def triggers(self, kind="sync", channel=None):
        cron = (channel or self.channel)[f"{kind}_cron_id"]
        return self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
