"""Wrong clocks and absurd patience of simulated marketplaces, through real passes of the real connectors."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from unittest.mock import patch

from odoo import fields

from tests.marketplaces import catalogue
from tests.marketplaces.base import Reply
from tests.marketplaces.shopify import ShopifySimulator

from .woocommerce_common import WooCommerceCase

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
#: what a server may say in ``Retry-After`` that is for ever
ENDLESS = ("inf", "1e400", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT", "604800")
#: and what says nothing
NOTHING = ("nan", "", "soon", "Fri, 31 Dec 9999 23:59:59 -1400")


class WrongClocks:
    """The store is ``self.store``, whichever marketplace it is of; mixed into a ChannelCase with a connected channel."""

    def answers(self, status=None, **headers):
        """A patch: the store's answers carry these headers, and have this status."""
        handle = self.store.handle

        def changed(request):
            reply = Reply(status, {}) if status else handle(request)
            reply.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
            return reply

        return patch.object(self.store, "handle", changed)

    def known(self):
        return len(self.env["order.channel.order"].search([("channel_id", "=", self.channel.id)]))

    def date(self, off):
        return format_datetime((datetime.now(timezone.utc) + off).replace(microsecond=0), usegmt=True)

    def test_a_date_of_tomorrow_hides_no_order_and_is_said(self):
        self.sell()
        self.sync()
        with self.answers(Date=self.date(DAY)):
            self.sync()
        self.assertLess(abs(self.channel.clock_off - DAY.total_seconds()), 60)
        self.assertLessEqual(self.channel.orders_watermark, fields.Datetime.now() + timedelta(minutes=1))
        self.assertEqual(self.channel.health, "ok")
        self.sell()
        self.sync()
        self.assertEqual(self.known(), 2)

    def test_a_date_that_is_none_is_none(self):
        self.sell()
        for date in (
            "",
            "Fri, 31 Dec 9999 23:59:59 -1400",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Fri, 31 Dec 9999 23:59:59 GMT",
        ):
            with self.subTest(date), self.answers(Date=date):
                self.sync()
        self.sell()
        self.sync()
        self.assertEqual(self.known(), 2)

    def test_nobody_is_made_to_wait_for_longer_than_an_hour(self):
        for status in (429, 503):
            for said in (*ENDLESS, *NOTHING):
                with self.subTest(status=status, said=said[:30]):
                    self.channel.account_id._lift_wait()
                    self.channel._set_health("ok")
                    with self.answers(status, Retry_After=said):
                        self.sync(state="failed")
                    self.assertEqual(self.channel.health, "waiting")
                    self.assertLessEqual(self.channel.next_try_at, fields.Datetime.now() + HOUR)
                    blocked_until = self.channel.account_id._blocked_until()
                    self.assertLessEqual(blocked_until or fields.Datetime.now(), fields.Datetime.now() + HOUR)


class TestWooCommerceClock(WrongClocks, WooCommerceCase):
    built = False

    def sell(self):
        shop = self.store.shop
        thing = next(iter(shop.products), None) or shop.add_product("Thing", sku="THING", regular_price="5.00")
        shop.add_order({"status": "processing", "line_items": [{"product_id": thing, "quantity": 1}]})


class TestShopifyClock(WrongClocks, WooCommerceCase):
    built = False

    def connect(self):
        self.store = ShopifySimulator(validate=False)
        self.store.shop.add_location("Main")
        self.store.shop.add_variant(self.store.shop.add_product("Thing"), sku="THING")
        self.store.start()
        self.addCleanup(self.store.stop)
        channel = self.env["order.channel"].create({"name": "Told shop", "provider": "shopify"})
        channel.account_id.write(
            {
                "auth_method": "token",
                "api_base_url": self.store.url,
                "shop_domain": "simulated.myshopify.com",
                "access_token": self.store.shop.token,
            }
        )
        channel.action_connect()
        return channel

    def sell(self):
        lines = [{"sku": "THING", "price": "5.00", "quantity": 1}]
        self.store.shop.add_order(
            {"lines": lines, "address": catalogue.address(2), "customer": {"ref": 1, "name": "Mary Major"}}
        )
