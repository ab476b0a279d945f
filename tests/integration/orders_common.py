"""What the tests of orders share: a live channel, two products and a tax, and a marketplace in memory."""

from odoo.addons.order_channel_mapping.connectors import records

from tests.common import ChannelCase
from tests.fakes import FakeConnector, connected, order


class OrderCase(ChannelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel = cls.make_channel(auto_link=True, orders_phase="all")
        cls.env["account.tax"].search([("type_tax_use", "=", "sale")]).active = False
        country = cls.env.company.account_fiscal_country_id or cls.env.ref("base.us")
        cls.country_code = country.code
        cls.vat19 = cls.env["account.tax"].create(
            {"name": "19%", "amount": 19, "type_tax_use": "sale", "country_id": country.id}
        )
        cls.mug, cls.tea = cls.env["product.product"].create(
            [
                {"name": "Mug", "default_code": "MUG-1", "is_storable": True, "list_price": 99, "taxes_id": False},
                {"name": "Tea", "default_code": "TEA-1", "is_storable": True, "list_price": 50, "taxes_id": False},
            ]
        )

    def setUp(self):
        super().setUp()
        self.connector = FakeConnector()

    @classmethod
    def address(cls):
        return records.Address(
            name="Mary Major", street="1 Main St", city="Springfield", zip="12345", country=cls.country_code
        )

    @classmethod
    def bring(cls, *orders):
        """Have these orders in Odoo before the first test of a class; gives back their sales orders."""
        connector = FakeConnector()
        connector.orders = list(orders)
        with connected(cls.env, connector):
            cls.channel._sync_orders()
        found = cls.env["order.channel.order"].search([("channel_id", "=", cls.channel.id)])
        sales = {order.external_id: order.sale_order_id for order in found}
        return [sales[order.external_id] for order in orders]

    def take(self, *orders, failed=0):
        """Have these orders at the channel and fetch."""
        self.connector.orders = list(orders)
        with connected(self.env, self.connector):
            run = self.channel._sync_orders()
        self.assertEqual(run.failed, failed, run.failure_ids.mapped("reason_params"))
        return run

    @classmethod
    def order(cls, external_id, lines, **values):
        return order(external_id, lines, **{"shipping": cls.address(), "billing": cls.address(), **values})

    def channel_order(self, external_id):
        return self.env["order.channel.order"].search(
            [("channel_id", "=", self.channel.id), ("external_id", "=", external_id)]
        )

    def sale(self, external_id):
        return self.channel_order(external_id).sale_order_id

    def link(self, sku, product, quantity=1.0):
        listing = self.env["order.channel.listing"].search([("sku", "=", sku), ("channel_id", "=", self.channel.id)])
        listing._link(product, quantity)
        return listing
