"""What a channel rounds otherwise than its lines add up to is a line with its reason; anything more is for a person."""

from datetime import timedelta

from odoo.addons.order_channel_mapping.connectors import records, woocommerce_orders
from odoo.addons.order_channel_mapping.connectors.woocommerce_statuses import Statuses

from tests.fakes import START, line, money
from tests.integration.test_order_taxes import TaxCase


class TestRounding(TaxCase):
    def rounding(self, sale):
        return sale.order_line.filtered(
            lambda entry: entry.product_id == self.env.ref("order_channel_mapping.product_rounding")
        )

    def activate(self, *codes):
        for code in codes:
            currency = self.env["res.currency"].with_context(active_test=False).search([("name", "=", code)])
            currency.active = True
            self.env["res.currency.rate"].create({"currency_id": currency.id, "rate": 25.0, "name": "2026-01-01"})

    def store_order(self, ref, **values):
        """An order of a WooCommerce store, as its connector reads it."""
        address = {"first_name": "Mary", "address_1": "1 Main St", "city": "Springfield", "country": self.country_code}
        payload = {
            "id": ref,
            "status": "processing",
            "currency": "USD",
            "prices_include_tax": False,
            "date_created_gmt": "2026-11-20T10:00:00",
            "date_modified_gmt": "2026-11-20T10:00:00",
            "date_paid_gmt": "2026-11-20T10:00:00",
            "billing": address,
            "shipping": address,
            "line_items": [],
            **values,
        }
        refunds = payload.get("refunds", ())
        return woocommerce_orders.order(payload, refunds, Statuses())

    def bring_crowns(self):
        """899 + 99 crowns and 209.58 of tax, of a store that shows 1208."""
        self.activate("CZK")
        taxes = lambda amount: [{"id": 7, "total": amount, "subtotal": amount}]  # noqa: E731
        goods = {"id": 1, "name": "Mug", "product_id": 11, "variation_id": 0, "quantity": 1, "sku": "MUG-1"}
        goods |= {"subtotal": "899", "total": "899", "taxes": taxes("188.79")}
        shipping = {"id": 9, "method_id": "flat", "method_title": "PPL", "total": "99", "taxes": taxes("20.79")}
        rate = {"rate_id": 7, "rate_code": "TAX", "label": "VAT", "rate_percent": 21}
        rate |= {"tax_total": "188.79", "shipping_tax_total": "20.79"}
        self.take(
            self.store_order(
                501, currency="CZK", total="1208", line_items=[goods], shipping_lines=[shipping], tax_lines=[rate]
            )
        )
        return self.sale("501")

    def test_a_store_without_decimals(self):
        vat21 = self.tax("21%", 21)
        sale = self.bring_crowns()
        self.assertEqual(self.rounding(sale).price_unit, 0.42)
        self.assertFalse(self.rounding(sale).tax_ids)
        self.assertIn("rounds some amounts otherwise", self.rounding(sale).name)
        event = self.channel_order("501").event_ids.filtered(lambda event: event.code == "rounded")
        self.assertRegex(event.text, r"Rounding of .*0\.42.* makes it the channel's total")
        self.assert_exact(sale, "1208", {vat21: "209.58"})

    def test_a_currency_that_has_no_decimals_here_either(self):
        vat21 = self.tax("21%", 21)
        crowns = self.env["res.currency"].with_context(active_test=False).search([("name", "=", "CZK")])
        crowns.rounding = 1.0
        sale = self.bring_crowns()
        self.assertFalse(self.rounding(sale), "each amount takes along what rounding leaves")
        self.assert_exact(sale, "1208", {vat21: "210"})

    def test_two_refunds_of_thirds(self):
        """3 of 7.77 in all, less a third: each of the two refunds is rounded at the store, and so is what is left here."""
        price, tax = money("17.99"), ("0.19", "3.42", False)
        sold = line("a", sku="MUG-1", quantity=3, subtotal=price, taxes=[tax], cancelled_quantity=2)
        refund = lambda ref: records.Refund(  # noqa: E731
            ref, lines=(records.LineQuantity("a", money(1), money("7.13")),), amount=money("7.13")
        )
        self.take(self.order("1", [sold], total=money("21.41") - money("14.26"), refunds=(refund("r1"), refund("r2"))))
        sale = self.sale("1")
        self.assertEqual(self.rounding(sale).price_unit, 0.01)
        self.assert_exact(sale, "7.15", {self.vat19: "1.14"})

    def test_a_refund_that_leaves_another_total_than_rounding_does(self):
        sold = line("a", sku="MUG-1", quantity=3, subtotal="20.00", cancelled_quantity=1)
        self.take(self.order("1", [sold], total=money("13.40")))
        sale = self.sale("1")
        self.assertFalse(self.rounding(sale))
        self.assertEqual(sale.channel_blocker_ids.mapped("code"), ["total"])
        self.assertEqual(sale.channel_blocker_ids.params["difference"], "-0.07")

    def test_a_cent_that_nothing_rounded(self):
        self.take(self.order("1", [line("a", sku="MUG-1")], total=money("10.01")))
        sale = self.sale("1")
        self.assertFalse(self.rounding(sale))
        self.assertEqual(sale.channel_blocker_ids.mapped("code"), ["total"])

    def test_it_goes_and_comes_with_the_channels_amounts(self):
        def version(minutes, cancelled, total):
            sold = line("a", sku="MUG-1", quantity=3, subtotal="10.00", cancelled_quantity=cancelled)
            return self.order("1", [sold], total=money(total), updated_at=START + timedelta(minutes=minutes))

        self.take(version(1, 0, "10.00"))
        sale = self.sale("1")
        self.assertFalse(self.rounding(sale))
        self.take(version(2, 1, "6.66"))
        self.assertEqual(self.rounding(sale).price_unit, -0.01)
        self.assertFalse(sale.channel_to_resolve)
        self.take(version(3, 0, "10.00"))
        self.assertFalse(self.rounding(sale))
        events = self.channel_order("1").event_ids.filtered(lambda event: event.code == "rounded")
        self.assertEqual(sorted(event.params["amount"] for event in events), ["-0.01", "0"])

    def test_a_person_who_removes_it_is_told_the_difference(self):
        sold = line("a", sku="MUG-1", quantity=3, subtotal="10.00", cancelled_quantity=1)
        self.take(self.order("1", [sold], total=money("6.66")))
        sale = self.sale("1")
        self.rounding(sale).unlink()
        (blocker,) = sale.channel_blocker_ids
        self.assertEqual((blocker.code, blocker.params["difference"], blocker.can_keep), ("total", "0.01", True))
        blocker.action_keep_change()
        self.assertFalse(sale.channel_to_resolve)

    def test_yen_with_tax_included(self):
        """999 + 998 + 997 yen with 10 % inside: 272 of tax on the sum, 273 line by line. The channel's it is."""
        self.activate("JPY")
        inside = self.tax("10% inside", 10, price_include_override="tax_included")
        for ref, taxes in (("sum", (91, 91, 90)), ("line", (91, 91, 91))):
            lines = [
                line(f"{ref}{price}", sku="MUG-1", price=price, taxes=[("0.1", tax, True)])
                for price, tax in zip((999, 998, 997), taxes, strict=True)
            ]
            self.take(self.order(ref, lines, currency="JPY"))
            sale = self.sale(ref)
            self.assertEqual(sale.amount_untaxed, 2994 - sum(taxes))
            self.assert_exact(sale, "2994", {inside: sum(taxes)})
