"""What the tests of WooCommerce in Odoo share: a simulated store, and a channel that talks to it with the real connector."""

from __future__ import annotations

import os
from unittest.mock import patch

from cryptography.fernet import Fernet

from odoo.addons.order_channel_mapping.connectors.transport import Transport
from odoo.addons.order_channel_mapping.models.order_channel_account import ALLOW_INSECURE
from odoo.addons.order_channel_mapping.tools.secret_box import ENVIRONMENT

from tests.common import ChannelCase
from tests.marketplaces import catalogue
from tests.marketplaces.woocommerce import WooCommerceSimulator
from tests.marketplaces.woocommerce_catalogue import ORDER_KINDS, add_tax, build_shop
from tests.marketplaces.woocommerce_shop import CONSUMER_KEY, CONSUMER_SECRET

ITEMS, ORDERS = 80, len(ORDER_KINDS)  # an order of each kind
STORE_URL = "https://simulated.example.com"


class WooCommerceCase(ChannelCase):
    """A store as one finds it, and a connected channel. Nothing is fetched yet.

    The store's codes are Odoo's products, each with a hundred pieces on hand; taxes of the store have one tax each here.
    """

    prices_include_tax = False
    built = True  # False: an empty store with one tax of 15 %

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        key = patch.dict(os.environ, {ENVIRONMENT: Fernet.generate_key().decode()})
        key.start()
        cls.addClassCleanup(key.stop)
        cls.env["ir.config_parameter"].sudo().set_param(ALLOW_INSECURE, "True")
        cls.env["account.tax"].search([("type_tax_use", "=", "sale")]).active = False
        euro = cls.env["res.currency"].with_context(active_test=False).search([("name", "=", "EUR")])
        euro.active = True
        cls.env["res.currency.rate"].create({"currency_id": euro.id, "rate": 0.9, "name": "2026-01-01"})

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        """Odoo's own, which lets requests to this machine pass but takes a timeout for one number."""
        return super()._request_handler(session, request, **(options | {"timeout": 10}))

    def setUp(self):
        super().setUp()
        self.in_one_transaction()
        self.patch(self.registry["order.channel"], "_is_foreign_database", lambda channel: False)
        self._never_sleep()
        self.store = WooCommerceSimulator()
        if self.built:
            build_shop(self.store.shop, items=ITEMS, orders=ORDERS, prices_include_tax=self.prices_include_tax)
        else:
            self.store.shop.site["prices_include_tax"] = self.prices_include_tax
            add_tax(self.store.shop, "VAT", 15)
        self.store.start()
        self.addCleanup(self.store.stop)
        self.channel = self.connect()

    def _never_sleep(self):
        """Repeats of a request come at once: how long they wait is for the tests of the transport."""
        made = Transport.__init__

        def awake(transport, *args, **options):
            made(transport, *args, **{"sleep": lambda seconds: None, **options})

        self.patch(Transport, "__init__", awake)

    def tearDown(self):
        self.assertEqual(self.store.crashes, [])
        super().tearDown()

    # === THE CHANNEL === #

    def connect(self, **values):
        channel = self.env["order.channel"].create({"name": "Web store", "provider": "woocommerce", **values})
        channel.account_id.write(
            {
                "auth_method": "keys",
                "api_base_url": self.store.url,
                "store_url": STORE_URL,
                "consumer_key": CONSUMER_KEY,
                "consumer_secret": CONSUMER_SECRET,
            }
        )
        channel.action_connect()
        return channel

    def go_live(self, **switches):
        self.channel.write({"state": "live", **switches})

    def sync(self, kind="orders", state="done"):
        """Fetch to the end, and give back what became of the records. That it adds up is a constraint of the database."""
        known = self.channel.run_ids.filtered("ended_at")  # what Connect asked for is not begun yet
        self.channel._sync_items() if kind == "items" else self.channel._sync_orders()
        self.env.flush_all()
        self.env.invalidate_all()
        runs = self.channel.run_ids.filtered(lambda run: run.kind == kind and run not in known)
        self.assertEqual(set(runs.mapped("state")), {state}, runs.mapped("reason_params"))
        return runs

    # === PRODUCTS AND TAXES === #

    @classmethod
    def make_products(cls, items=ITEMS, on_hand=100):
        """The products that :func:`catalogue.products` names."""
        values = [
            {
                "name": entry["name"],
                "default_code": entry["sku"],
                "barcode": entry.get("barcode") or False,
                "is_storable": True,
                "list_price": 7,
                "taxes_id": False,
                "invoice_policy": "order",
            }
            for entry in catalogue.products(items)
        ]
        products = cls.env["product.product"].create(values)
        location = cls.warehouse(cls.env.company).lot_stock_id
        cls.env["stock.quant"].create(
            [{"product_id": product.id, "location_id": location.id, "quantity": on_hand} for product in products]
        )
        return products

    def link_everything(self):
        """A person links what is not linked: every item to a product of its own."""
        waiting = self.channel.listing_ids.filtered(lambda listing: listing.state == "unconfirmed")
        products = self.env["product.product"].create(
            [
                {"name": listing.name, "is_storable": True, "taxes_id": False, "invoice_policy": "order"}
                for listing in waiting
            ]
        )
        pairs = [(listing, [(product.id, 1.0)], "manual") for listing, product in zip(waiting, products, strict=True)]
        waiting._link_batch(pairs)

    def answer_taxes(self):
        """A person answers every question for a tax with one tax for each rate."""
        made = {}
        while blockers := self.env["order.channel.blocker"].search(
            [("code", "=", "tax"), ("order_id.channel_id", "=", self.channel.id)]
        ):
            said = blockers[0].params
            rate = round(float(said["rate"]) * 100, 4)
            if rate not in made:
                values = {"name": f"{said['name']} {rate}%", "amount": rate, "type_tax_use": "sale"}
                made[rate] = self.env["account.tax"].create(values)
            self.env["order.channel.tax.map"].create(
                {
                    "channel_id": self.channel.id,
                    "name": said["name"],
                    "country_code": said["country"],
                    "rate": rate,
                    "included": said["included"],
                    "tax_id": made[rate].id,
                }
            )
        return made

    # === ORDERS === #

    def order_ids(self, kind):
        return [str(ref) for ref in self.store.shop.notes["orders"][kind]]

    def channel_order(self, ref):
        return self.env["order.channel.order"].search(
            [("channel_id", "=", self.channel.id), ("external_id", "=", str(ref))]
        )

    def sale(self, ref):
        return self.channel_order(ref).sale_order_id

    def buy(self, product_id, quantity=1, **spec):
        address = {"first_name": "Alex", "last_name": "Sample", "address_1": "12 Example Street", "city": "Albany"}
        address |= {"postcode": "12207", "state": "NY", "country": "US"}
        defaults = {
            "line_items": [{"product_id": product_id, "quantity": quantity}],
            "billing": address | {"email": "alex@example.com"},
            "shipping": address,
            "payment_method": "stripe",
            "set_paid": True,
        }
        return self.store.do("buy", spec=defaults | spec)
