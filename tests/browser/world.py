"""A tea and kitchen shop on three channels: lively data for tours and screenshots, made through the addon's own ways in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from odoo.addons.order_channel_mapping.connectors import records

from tests.common import ChannelBrowserCase
from tests.fakes import FakeConnector, connected, item, line, money, order

NOW = datetime.now(timezone.utc).replace(microsecond=0)
PICTURES = "https://pictures.example.com/"
RATE = "0.20"

# SKU, name, price, pieces on hand (None: no product in Odoo), colour of its picture
CATALOGUE = (
    ("TEA-GREEN-100", "Green Tea Sencha, 100 g", "8.90", 120, "7cb342"),
    ("TEA-BLACK-100", "Black Tea Assam, 100 g", "7.50", 80, "6d4c41"),
    ("TEA-ROOIBOS", "Rooibos Vanilla, 250 g", "12.40", 35, "d84315"),
    ("MUG-BLUE", "Stoneware Mug, Blue", "14.00", 42, "1e88e5"),
    ("MUG-SAND", "Stoneware Mug, Sand", "14.00", 0, "c9a66b"),
    ("POT-CAST-1L", "Cast Iron Teapot, 1 l", "59.00", 9, "37474f"),
    ("SPOON-BAMBOO", "Bamboo Tea Spoon", "3.20", 260, "a1887f"),
    ("TIN-M", "Tea Tin, Medium", "6.80", 64, "00897b"),
    ("KETTLE-E", "Electric Kettle, Variable Temperature", "84.50", 6, "546e7a"),
    ("STRAINER", "Fine Mesh Strainer", "9.30", 31, "90a4ae"),
    ("GIFT-SAMPLER", "Gift Box: Tea Sampler of Six", "29.90", None, "8e24aa"),
    ("TEA-GREEN-6X", "Green Tea Sencha, Pack of 6", "48.00", None, "558b2f"),
    ("COASTER-CORK", "Cork Coasters, Set of 4", "11.00", None, "bf8f5a"),
    ("TEA-CHAI", "Masala Chai, 100 g", "9.10", None, "ef6c00"),
    (None, "Holiday Gift Wrapping", "4.00", None, "c62828"),
)
BUYERS = (
    ("Alice Warren", "12 Mill Lane", "Springfield", "12345"),
    ("Ben Ortiz", "7 Harbour Street", "Riverton", "20441"),
    ("Clara Dupont", "88 Oak Avenue", "Lakeside", "33109"),
    ("Daniel Fox", "3 Station Road", "Hillview", "45002"),
    ("Emma Lund", "51 Garden Court", "Springfield", "12347"),
)


class WorldCase(ChannelBrowserCase):
    """Channels, products and orders of the tea shop."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.company.name = "Leaf & Kettle"
        cls.country = cls.company.account_fiscal_country_id or cls.env.ref("base.us")
        cls.env["account.tax"].search([("type_tax_use", "=", "sale")]).active = False
        cls.tax = cls.env["account.tax"].create(
            {"name": "20%", "amount": 20, "type_tax_use": "sale", "country_id": cls.country.id}
        )
        cls.tax.tax_group_id.name = "Tax"
        cls.products = cls.make_products()
        cls.connector = FakeConnector()
        cls.shop = cls.make_channel(
            name="Web Shop",
            sequence=1,
            external_name="Leaf & Kettle Online",
            auto_link=True,
            push_stock=True,
            push_tracking=True,
            order_start="2020-01-01 00:00:00",
        )
        cls.env["order.channel.location"].create(
            {"channel_id": cls.shop.id, "external_id": "loc-1", "name": "Main Warehouse"}
        )

    @classmethod
    def make_products(cls):
        """A storable product, with stock, for everything that the shop has on hand."""
        products = cls.env["product.product"].create(
            [
                {
                    "name": name,
                    "default_code": sku,
                    "is_storable": True,
                    "list_price": float(price),
                    "taxes_id": [(6, 0, cls.tax.ids)],
                }
                for sku, name, price, on_hand, __ in CATALOGUE
                if on_hand is not None
            ]
        )
        stock = cls.warehouse(cls.company).lot_stock_id
        pieces = {sku: on_hand for sku, __, __, on_hand, __ in CATALOGUE}
        for product in products:
            if pieces[product.default_code]:
                cls.env["stock.quant"]._update_available_quantity(product, stock, pieces[product.default_code])
        # two products with one SKU: an item of it is for a person to decide
        cls.env["product.product"].create(
            [
                {"name": f"Masala Chai ({kind})", "default_code": "TEA-CHAI", "is_storable": True}
                for kind in ("bag", "tin")
            ]
        )
        return {product.default_code: product for product in products}

    # === WHAT THE MARKETPLACE HOLDS === #

    @classmethod
    def shop_items(cls):
        return [
            item(
                f"item-{number}",
                sku,
                name=name,
                price=money(price),
                currency=cls.company.currency_id.name,
                image_url=f"{PICTURES}{colour}.svg",
                url=f"https://shop.example.com/items/{number}",
                updated_at=NOW - timedelta(days=2),
                raw={"id": f"item-{number}", "sku": sku, "title": name, "price": price},
            )
            for number, (sku, name, price, __, colour) in enumerate(CATALOGUE, 1)
        ]

    @classmethod
    def shop_order(cls, number, skus, days=0, rate=RATE, freight="4.90", **values):
        """An open order of ``{SKU: quantity}``, with tax on top and shipping."""
        prices = {sku: (name, price, f"item-{index}") for index, (sku, name, price, __, __) in enumerate(CATALOGUE, 1)}
        lines = []
        for place, (sku, quantity) in enumerate(skus.items()):
            name, price, item_id = prices.get(sku, (sku, "15.00", None))
            amount = money(price) * quantity
            tax = (rate, (amount * money(rate)).quantize(money("0.01")), False)
            lines.append(
                line(f"{number}-{place}", item_id, quantity, price, [tax], name=name, sku=sku if item_id else None)
            )
        lines.append(line(f"{number}-s", kind=records.LineKind.SHIPPING, name="Standard shipping", price=freight))
        values.setdefault("shipping_method", "Standard shipping")
        values.setdefault("payment_names", ("Credit card",))
        name, street, city, code = BUYERS[number % len(BUYERS)]
        address = records.Address(name=name, street=street, city=city, zip=code, country=cls.country.code)
        placed_at = NOW - timedelta(days=days, hours=number % 7, minutes=number * 7 % 60)
        defaults = {
            "number": f"#{number}",
            "placed_at": placed_at,
            "updated_at": placed_at + timedelta(minutes=5),
            "ship_by": placed_at + timedelta(days=3),
            "currency": cls.company.currency_id.name,
            "shop_currency": cls.company.currency_id.name,
            "buyer": records.Buyer(
                ref=f"buyer-{name}", name=name, email=name.lower().replace(" ", ".") + "@example.com"
            ),
            "billing": address,
            "shipping": address,
            "raw": {"id": str(number), "name": f"#{number}"},
        }
        return order(str(number), lines, **{**defaults, **values})

    @classmethod
    def shop_orders(cls):
        status = records.PaymentStatus
        return [
            cls.shop_order(1001, {"TEA-GREEN-100": 2, "MUG-BLUE": 1}, days=6),
            cls.shop_order(1002, {"POT-CAST-1L": 1}, days=6),
            cls.shop_order(1003, {"TEA-BLACK-100": 3, "SPOON-BAMBOO": 2}, days=5),
            cls.shop_order(1004, {"TEA-GREEN-6X": 1, "GIFT-SAMPLER": 2}, days=2, **cls.a_gift()),
            cls.shop_order(1005, {"TIN-M": 2, "Engraving: For Grandma": 1}, days=2),
            cls.shop_order(1006, {"KETTLE-E": 1}, days=1, payment_status=status.PENDING),
            cls.shop_order(1007, {"STRAINER": 1}, days=1, rate="0.07"),
            cls.shop_order(1008, {"TEA-ROOIBOS": 1, "MUG-BLUE": 2}, days=1),
            cls.shop_order(1009, {"GIFT-SAMPLER": 1}),
            cls.shop_order(1010, {"TEA-GREEN-100": 1}, hold="Fraud check pending"),
            cls.shop_order(1011, {"SPOON-BAMBOO": 4}),
            cls.shop_order(1012, {"COASTER-CORK": 1, "TEA-BLACK-100": 1}),
        ]

    @classmethod
    def a_gift(cls):
        """An order that goes to somebody else than who pays for it."""
        friend = records.Address(name="Ada Moss", street="9 Park Row", city="Lakeside", zip="33110")
        return {
            "shipping": replace(friend, country=cls.country.code),
            "shipping_method": "Express",
            "purchase_order": "PO-2044",
            "note": "It is a gift: no invoice in the parcel, please.",
        }

    @classmethod
    def fill_shop(cls):
        """Fetch items and orders of the web shop, process some, and push its stock."""
        cls.connector.items, cls.connector.orders = cls.shop_items(), cls.shop_orders()
        with connected(cls.env, cls.connector):
            cls.shop._sync_items()
            cls.shop._sync_orders()
            ready = cls.env["sale.order"].search(cls.shop._ready_domain(), order="date_order", limit=3)
            ready.action_channel_process()
            cls.env.cr.flush()
            cls.env["order.channel.stock.change"]._cron_dispatch()
            cls.shop._push_stock()

    @classmethod
    def make_stall(cls):
        """An offline store that is open and sells two mugs, the blue one at a price of its own."""
        stall = cls.make_channel("offline", name="Market Stall", site=False, account_ref=False)
        listings = stall._add_products(cls.products["MUG-BLUE"] + cls.products["MUG-SAND"])
        listings.filtered(lambda listing: listing.sku == "MUG-BLUE").price = 15.5
        return stall

    @classmethod
    def sale(cls, number):
        return cls.env["sale.order"].search(
            [("order_channel_id", "=", cls.shop.id), ("client_order_ref", "=", f"#{number}")]
        )

    @classmethod
    def listing(cls, sku):
        return cls.env["order.channel.listing"].search([("channel_id", "=", cls.shop.id), ("sku", "=", sku)])
