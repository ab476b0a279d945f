"""Taxes of a channel in Odoo: rates that are not known, 0 %, groups, several of the channel for one of Odoo's."""

from decimal import Decimal
from random import Random

from odoo import Command

from odoo.addons.order_channel_mapping.connectors import records

from tests.fakes import line, money
from tests.integration.orders_common import OrderCase


class TaxCase(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.mug + cls.tea).invoice_policy = "order"

    @classmethod
    def tax(cls, name, amount, **values):
        country = cls.vat19.country_id.id
        return cls.env["account.tax"].create({"name": name, "amount": amount, "country_id": country, **values})

    def answer(self, sale, tax):
        """As a person does, in the form that *Choose Tax* opens."""
        (blocker,) = sale.channel_blocker_ids.filtered(lambda blocker: blocker.code == "tax")[:1]
        context = blocker.action_choose_tax()["context"]
        self.env["order.channel.tax.map"].with_context(**context).create({"tax_id": tax.id})

    def invoice(self, sale):
        sale.action_channel_process()
        invoice = sale._create_invoices()
        invoice.action_post()
        return invoice

    def assert_exact(self, sale, total, taxes):
        """Order and posted invoice come to ``total``; ``taxes`` are ``{tax: amount}``."""
        self.assertFalse(sale.channel_to_resolve, sale.channel_blocker_ids.mapped("text"))
        self.assertAlmostEqual(sale.amount_total, float(total))
        invoice = self.invoice(sale)
        self.assertAlmostEqual(invoice.amount_total, float(total))
        booked = {
            entry.tax_line_id: -entry.amount_currency
            for entry in invoice.line_ids.filtered("tax_line_id")
            if entry.balance
        }
        self.assertEqual(
            {tax.name: round(amount, 3) for tax, amount in booked.items()},
            {tax.name: float(amount) for tax, amount in taxes.items() if amount},
        )


class TestRates(TaxCase):
    def bring_tax(self, ref, rate, amount):
        tax = records.Tax("AVATAX-TX-1", "Sales tax", rate, money(amount), False, country=self.country_code)
        sold = line(ref, sku="MUG-1", price="100.00", total=100 + money(amount))
        sold = records.OrderLine(**{name: getattr(sold, name) for name in sold.__slots__} | {"taxes": (tax,)})
        self.take(self.order(ref, [sold]))
        return self.sale(ref)

    def test_an_unknown_rate_is_a_question_and_no_zero_percent(self):
        self.tax("0%", 0)
        for ref, rate in (("a", None), ("b", Decimal(0))):
            sale = self.bring_tax(ref, rate, "8.25")
            self.assertEqual(sale.channel_blocker_ids.mapped("code"), ["tax"])
            self.assertRegex(sale.channel_blocker_ids.text, r"does not say the rate of Sales tax \(\w\w\)\.")

    def test_its_answer_holds_for_that_amount_and_not_for_zero_percent(self):
        zero, sales_tax = self.tax("0%", 0), self.tax("Sales tax", 8.25)
        first, other = self.bring_tax("a", None, "8.25"), self.bring_tax("b", None, "7.99")
        self.answer(first, sales_tax)
        self.assertEqual((first.order_line.tax_ids, other.order_line.tax_ids), (sales_tax, sales_tax))
        self.assert_exact(other, "107.99", {sales_tax: "7.99"})
        self.assertEqual(self.bring_tax("c", Decimal(0), "0").order_line.tax_ids, zero)

    def test_zero_percent_is_matched_like_any_other_rate(self):
        zero = self.tax("0%", 0)
        sale = self.bring_tax("a", Decimal(0), "0")
        self.assertEqual(sale.order_line.tax_ids, zero)
        self.assert_exact(sale, "100.00", {})
        self.assertEqual(sale.invoice_ids.invoice_line_ids.tax_ids, zero)

    def test_zero_percent_that_odoo_does_not_have_is_a_question(self):
        sale = self.bring_tax("a", Decimal(0), "0")
        self.assertRegex(sale.channel_blocker_ids.text, "No tax in Odoo fits Sales tax \\(0 %")
        zero = self.tax("0%", 0)
        self.answer(sale, zero)
        self.assertEqual(sale.order_line.tax_ids, zero)

    def test_both_answers_of_one_name_have_room(self):
        values = {"channel_id": self.channel.id, "name": "Sales tax", "rate": 0, "tax_id": self.vat19.id}
        self.env["order.channel.tax.map"].create([values, {**values, "rate_unknown": True}])


class TestGroups(TaxCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.state, cls.city = cls.tax("State", 10), cls.tax("City", 5)
        cls.group = cls.group_of("15%", cls.state + cls.city)

    @classmethod
    def group_of(cls, name, taxes):
        return cls.tax(name, 0, amount_type="group", children_tax_ids=[Command.set(taxes.ids)])

    def bring_taxed(self, *lines):
        self.take(self.order("1", lines))
        return self.sale("1")

    def test_a_group_takes_the_channels_amount(self):
        sale = self.bring_taxed(line("a", sku="MUG-1", taxes=[("0.15", "1.50", False)]))
        self.answer(sale, self.group)
        self.assert_exact(sale, "11.50", {self.state: "1.00", self.city: "0.50"})

    def test_cents_that_odoo_would_not_make(self):
        lines = [line(ref, sku="MUG-1", price="9.99", quantity=3, taxes=[("0.15", "4.51", False)]) for ref in "abc"]
        sale = self.bring_taxed(*lines)
        self.answer(sale, self.group)
        self.assert_exact(sale, "103.44", {self.state: "9.03", self.city: "4.50"})

    def test_included_in_the_price(self):
        (self.state + self.city).price_include_override = "tax_included"
        sale = self.bring_taxed(line("a", sku="MUG-1", price="11.50", taxes=[("0.15", "1.50", True)]))
        self.answer(sale, self.group)
        self.assert_exact(sale, "11.50", {self.state: "1.00", self.city: "0.50"})

    def test_with_a_discount_and_shipping(self):
        taxes = [("0.15", "1.13", False)]
        sale = self.bring_taxed(
            line("a", sku="MUG-1", discount="2.50", taxes=taxes),
            line("s", kind=records.LineKind.SHIPPING, price="4.90", taxes=[("0.15", "0.74", False)]),
        )
        self.answer(sale, self.group)
        self.assert_exact(sale, "14.27", {self.state: "1.25", self.city: "0.62"})

    def test_a_bundle(self):
        sale = self.bring_taxed(line("a", "var-1", sku="SET", taxes=[("0.15", "1.51", False)]))
        self.env["order.channel.listing"].search([("sku", "=", "SET")])._link_bundle([(self.mug, 1.0), (self.tea, 2.0)])
        self.answer(sale, self.group)
        self.assertEqual(len(sale.order_line), 2)
        self.assert_exact(sale, "11.51", {self.state: "1.01", self.city: "0.50"})

    def test_several_taxes_of_the_channel_are_one_group(self):
        sale = self.bring_taxed(line("a", sku="MUG-1", taxes=[("0.0625", "0.63", False), ("0.0225", "0.22", False)]))
        self.answer(sale, self.group)
        self.answer(sale, self.group)
        self.assert_exact(sale, "10.85", {self.state: "0.57", self.city: "0.28"})

    def test_a_group_and_one_of_its_taxes(self):
        sale = self.bring_taxed(line("a", sku="MUG-1", taxes=[("0.15", "1.50", False), ("0.02", "0.20", False)]))
        for blocker in sale.channel_blocker_ids:
            tax = self.group if blocker.params["rate"] == "0.15" else self.city
            context = blocker.action_choose_tax()["context"]
            self.env["order.channel.tax.map"].with_context(**context).create({"tax_id": tax.id})
        self.assert_exact(sale, "11.70", {self.state: "1.00", self.city: "0.70"})

    def test_a_tax_on_a_tax(self):
        first = self.tax("First", 10, include_base_amount=True, sequence=1)
        second = self.tax("Second", 10, sequence=2)
        sale = self.bring_taxed(line("a", sku="MUG-1", price="100.00", taxes=[("0.21", "21.00", False)]))
        self.answer(sale, self.group_of("21%", first + second))
        self.assert_exact(sale, "121.00", {first: "10.00", second: "11.00"})

    def test_a_fixed_amount_among_them(self):
        deposit = self.tax("Deposit", 0.25, amount_type="fixed")
        sale = self.bring_taxed(line("a", sku="MUG-1", price="10.00", taxes=[("0.125", "1.25", False)]))
        self.answer(sale, self.group_of("Bottle", self.state + deposit))
        self.assert_exact(sale, "11.25", {self.state: "1.00", deposit: "0.25"})

    def test_taxes_that_cancel_out(self):
        less = self.tax("Less", -10)
        sale = self.bring_taxed(line("a", sku="MUG-1", price="100.00", taxes=[("0", "0", False)]))
        self.answer(sale, self.group_of("Reverse charge", self.state + less))
        self.assert_exact(sale, "100.00", {self.state: "10.00", less: "-10.00"})

    def test_several_invoices_add_up(self):
        self.mug.invoice_policy = "delivery"
        sale = self.bring_taxed(line("a", sku="MUG-1", price="3.33", quantity=3, taxes=[("0.15", "1.49", False)]))
        self.answer(sale, self.group)
        sale.action_channel_process()
        for done in (1, 2, 3):
            sale.order_line.qty_delivered = done
            sale._create_invoices().action_post()
        self.assertAlmostEqual(sum(sale.invoice_ids.mapped("amount_total")), 11.48)

    def test_random_orders_are_exact(self):
        random = Random(11)
        for number in range(12):
            lines = []
            for index in range(random.randint(1, 4)):
                net = money(random.randint(1, 99999)) / 100
                tax = (net * money("0.15")).quantize(money("0.01")) + random.choice([money("-0.01"), 0, money("0.01")])
                discount = random.choice([0, money(random.randint(1, int(net * 100))) / 100])
                lines.append(
                    line(
                        f"{number}-{index}",
                        sku="MUG-1",
                        quantity=random.randint(1, 7),
                        subtotal=net + discount,
                        discount=discount,
                        taxes=[("0.15", tax, False)],
                    )
                )
            order = self.order(str(number), lines)
            self.take(order)
            sale = self.sale(str(number))
            if sale.channel_blocker_ids:
                self.answer(sale, self.group)
            self.assertFalse(sale.channel_to_resolve, sale.channel_blocker_ids.mapped("text"))
            invoice = self.invoice(sale)
            tax = sum(tax.amount for entry in lines for tax in entry.taxes)
            self.assertAlmostEqual(invoice.amount_total, float(order.total))
            self.assertAlmostEqual(invoice.amount_tax, float(tax))
