from odoo.exceptions import AccessError, UserError

from odoo.addons.order_channel_mapping.connectors import records

from tests.fakes import line
from tests.integration.orders_common import OrderCase


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

    # === BUYERS === #

    def test_addresses_belong_to_the_company_of_their_customer(self):
        other = self.new_company("Other company")
        elsewhere = records.Address(name="Mary", street="9 Side Rd", zip="9", city="Ogden", country=self.country_code)
        self.take(self.order("1", [line("a", sku="MUG-1")], shipping=elsewhere))
        sale = self.sale("1")
        self.assertEqual(sale.partner_shipping_id.parent_id, sale.partner_id)
        self.assertEqual(sale.partner_id.company_id, self.channel.company_id)
        self.assertEqual(sale.partner_shipping_id.company_id, self.channel.company_id)
        salesperson = self.new_user("sam-of-other", "sales_team.group_sale_salesman_all_leads", company=other)
        found = self.env["res.partner"].with_user(salesperson).search([("street", "=", "9 Side Rd")])
        self.assertFalse(found, "another company's salesperson found the buyer's address")

    def test_an_address_of_another_company_is_not_used_for_a_shared_customer(self):
        other = self.new_company("Other company")
        customer = self.env["res.partner"].create({"name": "Mary Major", "email": "1@example.com"})
        elsewhere = records.Address(name="Mary", street="9 Side Rd", zip="9", city="Ogden", country=self.country_code)
        theirs = self.env["res.partner"].create(
            {
                "parent_id": customer.id,
                "type": "delivery",
                "name": "Mary",
                "street": "9 Side Rd",
                "zip": "9",
                "city": "Ogden",
                "country_id": self.vat19.country_id.id,
                "company_id": other.id,
            }
        )
        self.take(self.order("1", [line("a", sku="MUG-1")], shipping=elsewhere))
        sale = self.sale("1")
        self.assertEqual(sale.partner_id, customer)
        self.assertEqual(sale.partner_shipping_id.street, "9 Side Rd")
        self.assertNotEqual(sale.partner_shipping_id, theirs)
        self.assertEqual(sale.partner_shipping_id.company_id, self.channel.company_id)

    def test_a_buyer_without_name_is_called_by_what_is_known(self):
        company = records.Address(company="Acme Ltd", street="1 Main St", city="Ogden", country=self.country_code)
        street = records.Address(street="2 Main St", city="Ogden", country=self.country_code)
        email = records.Buyer(email="someone@example.com")
        lines = [line("a", sku="MUG-1")]
        self.take(
            self.order("1", lines, buyer=None, billing=company, shipping=company),
            self.order("2", lines, buyer=email, billing=street, shipping=street),
            self.order("3", lines, buyer=None, billing=street, shipping=street),
            self.order("4", lines, buyer=None, billing=None, shipping=None),
            self.order("5", lines, buyer=records.Buyer(name=" "), billing=company, shipping=self.address()),
        )
        names = [self.sale(str(number)).partner_id.name for number in range(1, 6)]
        self.assertEqual(names, ["Acme Ltd", "someone@example.com", "Buyer of #3", "Buyer of #4", "Acme Ltd"])
        self.assertEqual(self.sale("1").partner_invoice_id, self.sale("1").partner_id)

    def test_a_nameless_address_becomes_one_contact_however_often_it_comes(self):
        parcel_shop = records.Address(street="2 Main St", city="Ogden", country=self.country_code)
        buyer = records.Buyer(ref="b-1", name="Mary Major", email="mary@example.com")
        self.take(self.order("1", [line("a", sku="MUG-1")], buyer=buyer, shipping=parcel_shop))
        self.take(self.order("2", [line("a", sku="MUG-1")], buyer=buyer, shipping=parcel_shop))
        first, second = self.sale("1"), self.sale("2")
        self.assertEqual(first.partner_shipping_id.parent_id, first.partner_id)
        self.assertEqual(first.partner_shipping_id.street, "2 Main St")
        self.assertEqual(second.partner_shipping_id, first.partner_shipping_id)

    # === WHAT THE CARRIER COSTS (rule 5) === #

    def carrier(self):
        product = self.env["product.product"].create({"name": "Courier", "type": "service", "taxes_id": False})
        return self.env["delivery.carrier"].create(
            {
                "name": "Courier",
                "product_id": product.id,
                "delivery_type": "fixed",
                "fixed_price": 7.0,
                "invoice_policy": "real",
            }
        )

    def deliver(self, sale, carrier):
        self.env["stock.quant"]._update_available_quantity(self.mug, sale.warehouse_id.lot_stock_id, 1)
        sale.action_confirm()
        delivery = sale.picking_ids
        delivery.carrier_id = carrier
        delivery.move_ids.write({"quantity": 1, "picked": True})
        delivery.button_validate()
        self.assertEqual((delivery.state, delivery.carrier_price), ("done", 7.0))

    def test_what_the_carrier_costs_is_not_added_to_a_channels_order(self):
        self.take(self.order("1", [line("a", sku="MUG-1", price="20.00")]))
        sale = self.sale("1")
        self.deliver(sale, self.carrier())
        self.assertEqual(sale.order_line.product_id, self.mug)
        self.assertEqual(sale.amount_total, 20.0)
        self.assertIn("7.00", sale.message_ids[0].body)

    def test_what_the_carrier_costs_is_added_to_an_order_entered_here(self):
        carrier = self.carrier()
        customer = self.env["res.partner"].create({"name": "Mary Major"})
        sale = self.env["sale.order"].create(
            {
                "partner_id": customer.id,
                "order_line": [(0, 0, {"product_id": self.mug.id, "price_unit": 20.0, "tax_ids": False})],
            }
        )
        self.deliver(sale, carrier)
        self.assertEqual(sale.order_line.product_id, self.mug + carrier.product_id)
        self.assertEqual(sale.amount_total, 27.0)

    def test_shipping_costs_cant_be_put_on_a_channels_order(self):
        self.take(self.order("1", [line("a", sku="MUG-1", price="20.00")]))
        sale, carrier = self.sale("1"), self.carrier()
        wizard = self.env["choose.delivery.carrier"].create(
            {"order_id": sale.id, "carrier_id": carrier.id, "delivery_price": 7.0}
        )
        refused = r"pays the shipping that Test shop charged"
        with self.assertRaisesRegex(UserError, refused):
            wizard.button_confirm()
        with self.assertRaisesRegex(UserError, refused):
            sale.action_open_delivery_wizard()
        with self.assertRaisesRegex(UserError, refused):
            sale._create_delivery_line(carrier, 7.0)
        self.assertEqual((sale.amount_total, sale.order_line.product_id), (20.0, self.mug))

    # === COMPANIES === #

    def test_linking_does_not_tell_the_name_of_another_companys_product(self):
        other = self.new_company("Other company")
        secret = self.env["product.product"].create({"name": "Secret thing", "company_id": other.id})
        mapper = self.new_user(
            "mo-who-maps", "order_channel_mapping.group_channel_user", company=self.channel.company_id
        )
        self.take(self.order("1", [line("a", sku="NEW")]))
        listing = self.env["order.channel.listing"].search([("sku", "=", "NEW"), ("channel_id", "=", self.channel.id)])
        with self.assertRaises(AccessError):
            secret.with_user(mapper).read(["name"])
        with self.assertRaisesRegex(UserError, "^This product belongs to another company"):
            listing.with_user(mapper)._as_mapper()._link(secret.with_user(mapper).sudo())
        with self.assertRaisesRegex(UserError, "^Secret thing belongs to another company"):
            listing._link(secret)

    # === PARTIAL INVOICES (rule 5) === #

    def invoice_each(self, sale, sale_line, number=3):
        """Deliver and invoice one by one."""
        invoices = self.env["account.move"]
        for __ in range(number):
            sale_line.qty_delivered += 1
            invoices += sale._create_invoices()
            invoices[-1:].action_post()
        return invoices

    def test_partial_invoices_add_up_to_the_channels_amounts(self):
        self.mug.write({"type": "service", "is_storable": False, "invoice_policy": "delivery"})
        for number, (net, tax, total) in enumerate([("10.00", "1.92", 11.92), ("10.01", "1.88", 11.89)]):
            taxes = [("0.19", tax, False)]
            self.take(self.order(str(number), [line("a", sku="MUG-1", quantity=3, subtotal=net, taxes=taxes)]))
            sale = self.sale(str(number))
            sale.action_channel_process()
            invoices = self.invoice_each(sale, sale.order_line)
            self.assertEqual(len(invoices), 3)
            self.assertAlmostEqual(sum(invoices.mapped("amount_total")), total)
            self.assertAlmostEqual(sum(invoices.mapped("amount_tax")), float(tax))
            self.assertLess(max(invoices.mapped("amount_total")) - min(invoices.mapped("amount_total")), 0.03)

    def test_partial_invoices_without_tax_add_up_too(self):
        self.mug.write({"type": "service", "is_storable": False, "invoice_policy": "delivery"})
        self.take(self.order("1", [line("a", sku="MUG-1", quantity=3, subtotal="10.00")]))
        sale = self.sale("1")
        sale.action_channel_process()
        invoices = self.invoice_each(sale, sale.order_line)
        self.assertEqual([round(amount, 2) for amount in invoices.mapped("amount_total")], [3.33, 3.34, 3.33])

    def test_prices_that_a_person_changed_are_invoiced_as_changed(self):
        self.mug.write({"type": "service", "is_storable": False, "invoice_policy": "delivery"})
        taxes = [("0.19", "1.92", False)]
        self.take(self.order("1", [line("a", sku="MUG-1", quantity=3, subtotal="10.00", taxes=taxes)]))
        sale = self.sale("1")
        sale.action_channel_process()
        sale.order_line.price_unit = 5.0
        invoices = self.invoice_each(sale, sale.order_line)
        self.assertEqual(invoices.mapped("amount_untaxed"), [5.0, 5.0, 5.0])

    def test_partial_invoices_settle_after_a_credit_note_with_tax_included(self):
        self.mug.write({"type": "service", "is_storable": False, "invoice_policy": "delivery"})
        self.vat19.price_include_override = "tax_included"
        self.take(
            self.order("1", [line("a", sku="MUG-1", quantity=3, subtotal="11.92", taxes=[("0.19", "1.92", True)])])
        )
        sale = self.sale("1")
        sale.action_channel_process()
        first = self.invoice_each(sale, sale.order_line, 1)
        credit = first._reverse_moves()
        credit.action_post()
        self.assertEqual(sale.order_line.qty_invoiced, 0.0)
        invoices = sale._create_invoices() + self.invoice_each(sale, sale.order_line, 2)
        self.assertAlmostEqual(credit.amount_total, first.amount_total)
        self.assertAlmostEqual(sum(invoices.mapped("amount_total")), 11.92)
        self.assertAlmostEqual(sum(invoices.mapped("amount_tax")), 1.92)
