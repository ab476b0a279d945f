"""What the channel says about an order reaches the person who has the sales order before them."""

from dataclasses import replace

from odoo import Command

from odoo.addons.order_channel_mapping.connectors import records

from tests.fakes import START, line, money
from tests.integration.orders_common import OrderCase
from tests.integration.test_migrations import migrate


class TestOrderFacts(OrderCase):
    def sold(self, external_id="1", **values):
        lines = values.pop("lines", [line("a", sku="MUG-1")])
        self.take(self.order(external_id, lines, **values))
        return self.sale(external_id)

    def test_facts_of_the_channel_are_on_the_sales_order(self):
        sale = self.sold(
            payment_status=records.PaymentStatus.PARTIALLY_PAID,
            payment_methods=("cod", "card"),
            payment_names=("Cash on delivery",),
            shipping_method="Express",
            purchase_order="PO-4711",
            lines=[line("a", sku="MUG-1", taxes=[("0.07", "0.70", False, "marketplace")])],
        )
        self.assertEqual(sale.channel_placed_at, START.replace(tzinfo=None))
        self.assertEqual(sale.channel_payment_status, "partially_paid")
        self.assertEqual(sale.channel_payment_methods, "Cash on delivery")
        self.assertEqual(sale.channel_shipping_method, "Express")
        self.assertEqual(sale.channel_purchase_order, "PO-4711")
        self.assertEqual((sale.channel_total, sale.channel_currency_id.name), (10.7, "USD"))
        self.assertEqual(sale.amount_total, 10.0)
        country = self.env["res.country"].search([("code", "=", self.country_code)]).name
        self.assertEqual(sale.channel_order_id.delivery_address, f"Mary Major\n1 Main St\n12345 Springfield\n{country}")
        self.assertFalse(sale.channel_delivery_address, "it is the customer's own, which is there already")

    def test_where_it_goes_is_what_a_person_last_chose(self):
        sale = self.sold(shipping=replace(self.address(), street="Parcel locker 7"))
        self.assertIn("Parcel locker 7", sale.channel_delivery_address)
        sale.partner_shipping_id = self.env["res.partner"].create({"name": "Ann", "street": "2 Side St"})
        self.assertEqual(sale.channel_delivery_address.split("\n")[:2], ["Ann", "2 Side St"])
        sale.partner_shipping_id = sale.partner_id
        self.assertFalse(sale.channel_delivery_address)

    def test_methods_that_have_no_name_are_shown_by_their_code(self):
        self.assertEqual(self.sold(payment_methods=("cod", "card", "cod")).channel_payment_methods, "cod, card")

    def test_a_currency_that_is_not_active_is_still_the_totals(self):
        currency = self.env["res.currency"].with_context(active_test=False).search([("active", "=", False)], limit=1)
        sale = self.sold(currency=currency.name)
        self.assertEqual((sale.channel_total, sale.channel_currency_id), (10.0, currency))

    def test_an_order_is_found_by_the_buyers_number_and_by_how_it_is_shipped(self):
        sale, other = self.sold("1", purchase_order="PO-4711", shipping_method="Express"), self.sold("2")
        mine = [("id", "in", (sale + other).ids)]
        for name, value in (("channel_purchase_order", "po-4711"), ("channel_shipping_method", "express")):
            self.assertEqual(self.env["sale.order"].search([*mine, (name, "ilike", value)]), sale)
        self.assertEqual(self.env["sale.order"].search([*mine, ("channel_payment_status", "=", "paid")]), sale + other)

    def test_a_salesperson_reads_them_without_a_right_to_channel_orders(self):
        sale = self.sold(purchase_order="PO-4711", shipping_method="Express")
        user = self.env["res.users"].create(
            {
                "name": "Sal",
                "login": "sal@example.com",
                "group_ids": [Command.link(self.env.ref("sales_team.group_sale_salesman_all_leads").id)],
            }
        )
        facts = sale.with_user(user).read(
            ["channel_purchase_order", "channel_total", "channel_delivery_address", "channel_currency_id"]
        )[0]
        self.assertEqual((facts["channel_purchase_order"], facts["channel_total"]), ("PO-4711", 10.0))

    def test_an_order_of_odoos_own_has_none(self):
        sale = self.env["sale.order"].create({"partner_id": self.env.user.partner_id.id})
        self.assertFalse(
            any(sale[name] for name in ("channel_total", "channel_shipping_method", "channel_delivery_address"))
        )

    def test_what_changes_at_the_channel_changes_here(self):
        sale = self.sold(shipping_method="Express", payment_status=records.PaymentStatus.PENDING)
        self.sold(shipping_method="Standard", lines=[line("a", sku="MUG-1", price="12.00")])
        self.assertEqual(sale.channel_shipping_method, "Standard")
        self.assertEqual((sale.channel_payment_status, sale.channel_total), ("paid", float(money("12.00"))))

    def test_an_upgrade_fills_them_in_from_what_was_kept(self):
        sale = self.sold(shipping_method="Express", payment_methods=("cod", "card"))
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE order_channel_order SET shipping_method = NULL, payment_methods = NULL WHERE id = %s",
            [sale.channel_order_id.id],
        )
        for __ in range(2):
            migrate(self.env.cr, "19.0.1.2.0/post-order_facts")
            self.env.invalidate_all()
            self.assertEqual(sale.channel_shipping_method, "Express")
            self.assertEqual(sale.channel_payment_methods, "cod, card")

    def test_an_upgrade_reads_again_what_buyers_wrote(self):
        """Else the next fetch would show orders as changed that nobody changed."""
        payload = {
            "customer_note": "Ring twice",
            "meta_data": [{"key": "_po_number", "value": "PO-1"}, {"key": "_billing_vat_id", "value": "DE123456789"}],
            "line_items": [
                {
                    "id": 7,
                    "name": "Mug",
                    "meta_data": [
                        {"key": "Topping", "value": "Cheese"},
                        {"key": "Topping", "value": "Ham"},
                        {"key": "cs_logs", "value": 'a:1:{i:0;s:5:"saved";}'},
                    ],
                },
                {"id": 8, "name": "Tea", "meta_data": [{"key": "_hidden", "value": "x"}]},
            ],
        }
        lines = [line("7", sku="MUG-1", attributes={"Topping": "Ham", "cs_logs": "x"}), line("8", sku="TEA-1")]
        sale = self.sold(lines=lines, raw=payload, note="Ring twice")
        broken = self.sold("broken", raw={"line_items": None}, note="As it was")
        self.env.flush_all()
        account = self.channel.account_id.id
        self.env.cr.execute("UPDATE order_channel_account SET provider = 'woocommerce' WHERE id = %s", [account])
        self.env.cr.execute(
            """UPDATE order_channel_order_line SET attributes = '{"_hidden": "x"}' WHERE external_id = '8'"""
        )
        for __ in range(2):
            migrate(self.env.cr, "19.0.1.2.0/post-order_words")
            self.env.invalidate_all()
            order = sale.channel_order_id
            self.assertEqual(order.line_ids.mapped("attributes"), [{"Topping": "Cheese, Ham"}, False])
            self.assertEqual(order.data["note"], "Ring twice\nPO number: PO-1")
            self.assertEqual((order.purchase_order, order.buyer_vat), ("PO-1", "DE123456789"))
        self.assertEqual(broken.channel_order_id.data["note"], "As it was")


class TestOrderFactsOnPaper(OrderCase):
    """The buyer's own number of an order is on what the buyer gets, and orders are found by it."""

    def printed(self, report, record):
        return str(self.env["ir.actions.report"]._render_qweb_html(report, record.ids)[0], "utf-8")

    def test_the_buyers_number_is_on_quotation_and_invoice(self):
        self.take(
            self.order("1", [line("a", sku="MUG-1")], purchase_order="PO-4711 <x>"),
            self.order("2", [line("a", sku="MUG-1")]),
        )
        sale, other = self.sale("1"), self.sale("2")
        self.assertIn("PO-4711 &lt;x&gt;", self.printed("sale.report_saleorder", sale))
        self.assertNotIn("Purchase Order", self.printed("sale.report_saleorder", other))
        self.mug.invoice_policy = "order"
        (sale + other).action_channel_process()
        invoice, plain = sale._create_invoices(), other._create_invoices()
        self.assertIn("PO-4711 &lt;x&gt;", self.printed("account.report_invoice", invoice))
        self.assertNotIn("Purchase Order", self.printed("account.report_invoice", plain))

    def test_the_search_finds_it(self):
        views = self.env["sale.order"].get_views([(self.env.ref("sale.view_sales_order_filter").id, "search")])
        self.assertIn('name="channel_purchase_order"', views["views"]["search"]["arch"])
        number = self.env.ref("order_channel_mapping.order_channel_order_view_search").arch
        self.assertIn("purchase_order", number)

    def test_a_vat_number_that_waits_is_on_the_form(self):
        views = self.env["sale.order"].get_views([(self.env.ref("sale.view_order_form").id, "form")])
        self.assertIn('name="channel_buyer_vat"', views["views"]["form"]["arch"])
