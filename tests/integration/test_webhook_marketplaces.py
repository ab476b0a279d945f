"""Notifications of the simulated marketplaces with the real connectors: registered by the cron, sent over HTTP, followed."""

from __future__ import annotations

from datetime import timedelta

from odoo.fields import Datetime
from odoo.tests import freeze_time, patch

from tests.marketplaces.shopify import ShopifySimulator
from tests.marketplaces.shopify_oauth import CLIENT_ID
from tests.marketplaces.shopify_shop import CLIENT_SECRET
from tests.marketplaces.woocommerce import WooCommerceSimulator

from .test_oauth_marketplaces import SellersCase


class NotifiedCase(SellersCase):
    def cron_pass(self, channel, kind):
        """A pass during which the marketplace may call us."""
        self.env.flush_all()
        with self.allow_requests(all_requests=True):
            channel._cron_pass(kind)
        self.env.invalidate_all()

    def deliver(self, simulator, *args, **options):
        self.env.flush_all()
        with self.allow_requests(all_requests=True):
            sent = simulator.deliver_webhooks(*args, **options)
        self.env.invalidate_all()
        return sent

    def up_to_date(self, channel):
        """Nothing is due but what a notification brings forward."""
        for kind in ("sync", "sync", "items"):
            self.cron_pass(channel, kind)
        channel.write({"orders_checked_at": Datetime.now(), "items_checked_at": Datetime.now(), "orders_phase": "all"})
        channel.run_ids.filtered(lambda run: run.state == "queued").unlink()
        self.assertFalse(channel._is_due("orders") or channel._is_due("items"))

    def received(self, channel):
        return self.env["order.channel.webhook"].search([("channel_id", "=", channel.id)])


class TestShopify(NotifiedCase):
    def setUp(self):
        super().setUp()
        self.shopify = self.during_test(ShopifySimulator(strict=False))
        credentials = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        domain = self.shopify.shop.info["myshopifyDomain"]
        self.channel = self.made_channel(
            "shopify", self.shopify, "client_credentials", shop_domain=domain, **credentials
        ).sudo()
        self.channel.action_connect()
        self.cron_pass(self.channel, "outbox")

    def test_registered_delivered_fetched(self):
        self.assertEqual(self.channel.webhook_state, "active", self.channel.webhook_message)
        self.assertEqual({hook["uri"] for hook in self.shopify.shop.webhooks}, {self.channel.webhook_address})
        self.up_to_date(self.channel)
        sent = self.deliver(self.shopify, "ORDERS_UPDATED", "gid://shopify/Order/1")
        self.assertEqual([delivery["answers"] for delivery in sent], [[200]])
        self.assertEqual(self.received(self.channel).mapped("kind"), ["orders"])
        self.assertEqual((self.channel._is_due("orders"), self.channel._is_due("items")), (True, False))
        self.cron_pass(self.channel, "sync")
        self.assertEqual(self.received(self.channel).run_id.kind, "orders")
        self.assertFalse(self.channel._is_due("orders"))

    def test_the_app_is_removed(self):
        self.up_to_date(self.channel)
        hooks = list(self.shopify.shop.webhooks)
        self.shopify.do("uninstall")
        self.shopify.shop.webhooks[:] = hooks  # this one is the last that it sends
        self.deliver(self.shopify, "APP_UNINSTALLED")
        self.cron_pass(self.channel, "sync")
        self.assertEqual(self.channel.health, "needs_reauth", "the fetch that it brought forward says so")

    def test_a_request_about_a_persons_data(self):
        self.shopify.app.change(compliance_url=self.channel.webhook_address)
        for topic in ("customers/data_request", "customers/redact", "shop/redact"):
            sent = self.deliver(self.shopify, topic)
            self.assertEqual([delivery["answers"] for delivery in sent], [[200]])
        self.assertEqual(set(self.received(self.channel).mapped("kind")), {"privacy"})
        self.assertEqual(self.channel.privacy_count, 3)
        self.shopify.app.change(client_secret="not the one that was entered")
        sent = self.deliver(self.shopify, "shop/redact", retries=0)
        self.assertEqual([delivery["answers"] for delivery in sent], [[401]])

    def test_subscriptions_that_shopify_gave_up_come_back(self):
        self.channel.paused = True
        number = len(self.shopify.shop.webhooks)
        sent = self.deliver(self.shopify, "ORDERS_UPDATED", "gid://shopify/Order/1")
        self.assertEqual([set(delivery["answers"]) for delivery in sent], [{401}])
        self.assertEqual(len(self.shopify.shop.webhooks), number - 1)
        self.channel.paused = False
        with freeze_time(Datetime.now() + timedelta(days=1, minutes=1)):
            self.cron_pass(self.channel, "outbox")
        self.assertEqual(len(self.shopify.shop.webhooks), number)

    def test_archived(self):
        self.channel.active = False
        self.assertTrue(self.shopify.shop.webhooks)
        self.env["order.channel.account"]._cron_withdraw_webhooks()
        self.assertFalse(self.shopify.shop.webhooks)


class TestWooCommerce(NotifiedCase):
    def setUp(self):
        super().setUp()
        self.store = self.during_test(WooCommerceSimulator(validate=False))
        key = self.store.shop.add_key()
        self.channel = self.made_channel(
            "woocommerce",
            self.store,
            "keys",
            store_url=self.store.url,
            consumer_key=key["consumer_key"],
            consumer_secret=key["consumer_secret"],
        ).sudo()
        self.channel.action_connect()
        self.answers = []
        webhooks = self.env.registry["order.channel.webhook"]
        receive = webhooks._receive

        def observed(records, provider, token, headers, body):
            answer = receive(records, provider, token, headers, body)
            self.answers.append((body[:11], answer))
            return answer

        self.during_test(patch.object(webhooks, "_receive", observed))
        self.cron_pass(self.channel, "outbox")

    def test_pinged_registered_delivered_fetched(self):
        hooks = self.store.shop.webhooks
        self.assertEqual(self.channel.webhook_state, "active", self.channel.webhook_message)
        self.assertEqual({hook["delivery_url"] for hook in hooks}, {self.channel.webhook_address})
        self.assertEqual(self.answers, [(b"webhook_id=", True)] * len(hooks), "each is tried out while it is made")
        self.assertFalse(self.received(self.channel))
        self.assertEqual({hook["secret"] for hook in hooks}, {self.channel._webhook_secret()})
        self.up_to_date(self.channel)
        self.store.do("add_product", name="Mug", sku="MUG", regular_price="4.00")
        self.store.do("buy", spec={"line_items": [{"sku": "MUG"}]})
        sent = self.deliver(self.store)
        self.assertEqual({delivery["status"] for delivery in sent}, {200})
        self.assertEqual(set(self.received(self.channel).mapped("brings")), {"orders", "items"})
        for cron, kind in (("sync", "orders"), ("items", "items")):
            self.assertTrue(self.channel._is_due(kind))
            self.cron_pass(self.channel, cron)
            self.assertFalse(self.channel._is_due(kind))
        self.assertEqual(self.channel.listing_ids.mapped("sku"), ["MUG"])

    def test_disabled_ones_are_enabled_again(self):
        for hook in self.store.shop.webhooks:
            hook["status"] = "disabled"
        with freeze_time(Datetime.now() + timedelta(days=1, minutes=1)):
            self.cron_pass(self.channel, "outbox")
        self.assertEqual({hook["status"] for hook in self.store.shop.webhooks}, {"active"})
