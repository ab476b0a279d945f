from odoo.exceptions import AccessError, UserError

from odoo.addons.order_channel_mapping.connectors import records

from tests.fakes import line
from tests.integration.test_orders import OrderCase


class TestOrderEdges(OrderCase):
    """Orders as marketplaces do send them now and then."""

    # === TAXES === #

    def test_district_taxes_of_one_rate_add_up_to_one_tax(self):
        two = self.env["account.tax"].create(
            {"name": "District 2%", "amount": 2, "type_tax_use": "sale", "country_id": self.vat19.country_id.id}
        )
        districts = [("0.19", "2.85", False), ("0.02", "0.30", False), ("0.02", "0.31", False)]
        self.take(self.order("1", [line("a", sku="MUG-1", price="20.00", discount="5.00", taxes=districts)]))
        sale = self.sale("1")
        self.assertFalse(sale.channel_to_resolve, sale.channel_blocker_ids.mapped("params"))
        self.assertEqual(sale.order_line.tax_ids, self.vat19 + two)
        self.assertAlmostEqual(sale.amount_tax, 3.46)
        self.assertAlmostEqual(sale.amount_total, 18.46)
        product_line, discount_line = sale.order_line
        self.assertAlmostEqual(product_line.price_tax, 3.80 + 0.40 + 0.41)
        self.assertAlmostEqual(discount_line.price_tax, -0.95 - 0.10 - 0.10)
        self.assertEqual(discount_line.price_subtotal, -5.0)
