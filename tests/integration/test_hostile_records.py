"""Odd values anywhere in what a marketplace serves, through a real pass of each connector with its simulator.

The records beside come in, every record ends as what it is, the run is closed, the channel is well (rule 2).
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.tools import mute_logger

from tests.marketplaces.shopify import ShopifySimulator
from tests.marketplaces.shopify_shop import TOKEN
from tests.marketplaces.tampering import ODD_VALUES, Tampering

from .woocommerce_common import WooCommerceCase

#: more than usual where somebody looks for more: ``HOSTILE_EXAMPLES=1000``
EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES") or 6)
bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=EXAMPLES == 6,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
steps = st.lists(st.integers(0, 40), min_size=1, max_size=4)
changes = st.lists(st.tuples(steps, st.sampled_from(ODD_VALUES)), min_size=1, max_size=3)
two = st.tuples(changes, changes)


class Hostile:
    """Three good records and two odd ones of each kind; mixed into a case whose channel is connected to ``self.store``."""

    @contextmanager
    def as_before(self):
        """What happens within is undone."""
        savepoint = self.env.cr.savepoint()
        try:
            yield
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()
            self.store.tamper = None

    def tampered(self, kind, refs, odd):
        """Fetch while these records are served with these changes."""
        self.store.tamper = Tampering(dict(zip(refs, odd, strict=True)))
        with mute_logger("odoo.sql_db"):
            run = self.channel._sync_items() if kind == "items" else self.channel._sync_orders()
            self.env.flush_all()
        self.env.invalidate_all()
        self.assertIn(run.state, ("done", "partial"), run.text)
        self.assertEqual(self.channel.health, "ok", self.channel.health_message)
        self.assertFalse(self.channel[f"{kind}_cursor"], "the fetch came to its end")
        self.assertGreaterEqual(run.fetched, len(self.good[kind]))
        self.assertEqual(
            run.fetched, sum(run[name] for name in ("created", "updated", "unchanged", "skipped", "failed"))
        )
        failures = self.env["order.channel.failure"].search([("channel_id", "=", self.channel.id)])
        self.assertGreaterEqual(len(failures), bool(run.failed))
        failures.mapped("text")
        return run

    def check_items(self, odd):
        with self.as_before():
            self.tampered("items", self.odd["items"], odd)
            listings = self.channel.listing_ids
            self.assertLessEqual({str(ref) for ref in self.good["items"]}, set(listings.mapped("external_id")))
            listings.mapped("adjusted_text")
            listings.read()

    def check_orders(self, odd):
        with self.as_before():
            self.channel.orders_phase = "all"
            self.tampered("orders", self.odd["orders"], odd)
            orders = self.env["order.channel.order"].search([("channel_id", "=", self.channel.id)])
            known = {order.external_id: order for order in orders}
            for ref in self.good["orders"]:
                self.assertTrue(known[str(ref)].sale_order_id)
            orders.read()
            orders.sale_order_ids.read()
            failures = self.env["order.channel.failure"].search([("channel_id", "=", self.channel.id)])
            if failures:  # the same again, each alone; and that they are closed once they are good
                failures.next_try_at = fields.Datetime.now() - timedelta(minutes=1)
                self.tampered("orders", self.odd["orders"], odd)

    @bounded
    @given(odd=two)
    def test_odd_items(self, odd):
        self.check_items(odd)

    @bounded
    @given(odd=two)
    def test_odd_orders(self, odd):
        self.check_orders(odd)


class TestHostileWooCommerce(Hostile, WooCommerceCase):
    built = False

    def setUp(self):
        super().setUp()
        shop = self.store.shop
        refs = [shop.add_product(f"Thing {n}", sku=f"T-{n}", regular_price="10.00") for n in range(4)]
        shirt = shop.add_product("Shirt", type="variable", sku="SHIRT")
        refs += [shop.add_variation(shirt, {"Size": size}, sku=f"S-{size}", regular_price="10.00") for size in "SML"]
        orders = [self.buy(refs[n % 3], n + 1, customer_note="Ring twice")["id"] for n in range(5)]
        self.good = {"items": [refs[0], refs[2], refs[4], refs[6]], "orders": [orders[0], orders[2], orders[4]]}
        self.odd = {"items": [refs[1], refs[5]], "orders": [orders[1], orders[3]]}


class TestHostileShopify(Hostile, WooCommerceCase):
    built = False

    def setUp(self):
        super().setUp()
        self.store.stop()
        self.store = ShopifySimulator(strict=False)
        shop = self.store.shop
        shop.add_location("Main")
        self.store.start()
        self.addCleanup(self.store.stop)
        refs = []
        for number in range(5):
            product = shop.add_product(f"Thing {number}")
            refs.append(shop.add_variant(product, sku=f"T-{number}", options={"Size": "M"}))
        address = {"name": "Alex Sample", "address1": "12 Example Street", "city": "Albany", "zip": "12207"}
        address |= {"provinceCode": "NY", "countryCodeV2": "US"}
        orders = [
            shop.add_order(
                {
                    "lines": [{"sku": f"T-{number}", "quantity": 2}],
                    "shipping": [{"title": "Post", "price": "5.00"}],
                    "taxes": [{"title": "VAT", "rate": 0.19}],
                    "customer": {"ref": number + 1, "name": "Alex Sample", "email": f"a{number}@example.com"},
                    "address": address,
                    "note": "Ring twice",
                }
            )["id"]
            for number in range(5)
        ]
        self.good = {"items": refs[::2], "orders": orders[::2]}
        self.odd = {"items": refs[1::2], "orders": orders[1::2]}
        self.channel = self.env["order.channel"].create({"name": "Simulated", "provider": "shopify"})
        self.channel.account_id.write(
            {
                "auth_method": "token",
                "api_base_url": self.store.url,
                "shop_domain": "simulated.myshopify.com",
                "access_token": TOKEN,
            }
        )
        self.channel.action_connect()
