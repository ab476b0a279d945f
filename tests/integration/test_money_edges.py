"""Amounts at the edge (rule 5): each order is invoiced to the last digit, or something is in its way that says why.

Currencies of 0, 2 and 3 decimals in companies of 0, 2 and 3; what costs nothing, less than the smallest coin, or less than
nothing.
"""

from datetime import timedelta
from decimal import Decimal

from odoo.addons.order_channel_mapping.tools.money import quantize

from tests.fakes import START, line, money
from tests.integration.orders_common import OrderCase

CURRENCIES = {"USD": 2, "JPY": 0, "KWD": 3}


#: what may be in the way: too small to be booked in the company's currency
QUESTIONS = ("given away but a coin of tax", "coins of tax on what is given away")
#: what is left of the order's total
TOTALS = {"a third cancelled": lambda lines: {"total": lines[0].total * 2 / 3}}


def cases(digits):
    """``{name: lines of an order}`` in a currency of so many decimals."""
    coin = Decimal(1).scaleb(-digits)

    def tax(net, included=False):
        rate = Decimal("0.19")
        amount = net - net / (1 + rate) if included else net * rate
        return [("0.19", quantize(amount, digits), included)]

    thirds = quantize(money("10.00"), digits)
    return {
        "taxed": [line("a", sku="MUG-1", quantity=3, subtotal=thirds + coin, taxes=tax(thirds))],
        "untaxed thirds": [line("a", sku="MUG-1", quantity=3, subtotal=thirds)],
        "a third cancelled": [
            line("a", sku="MUG-1", quantity=3, subtotal=thirds, taxes=tax(thirds), cancelled_quantity=1)
        ],
        "one coin": [line("a", sku="MUG-1", subtotal=coin)],
        "one coin of tax": [line("a", sku="MUG-1", subtotal=coin, taxes=[("0.19", coin, False)])],
        "tax without a price": [line("a", sku="MUG-1", price=0, taxes=[("0.19", coin, False)])],
        "given away": [line("a", sku="MUG-1", price=thirds, discount=thirds)],
        "given away but a coin of tax": [
            line("a", sku="MUG-1", price=thirds, discount=thirds, taxes=[("0.19", coin, False)])
        ],
        "given away with a taxed line": [
            line("a", sku="MUG-1", price=thirds, discount=thirds, taxes=[("0.19", coin, False)]),
            line("b", sku="TEA-1", price=thirds, taxes=tax(thirds)),
        ],
        "free": [line("a", sku="MUG-1", price=0)],
        "adds up to nothing": [
            line("a", sku="MUG-1", price=thirds, taxes=tax(thirds)),
            line("b", sku="TEA-1", price=-thirds, taxes=tax(-thirds)),
        ],
        "a negative line": [
            line("a", sku="MUG-1", price=3 * thirds, taxes=tax(3 * thirds)),
            line("b", sku="TEA-1", price=-thirds, taxes=tax(-thirds)),
        ],
        "less than nothing": [line("a", sku="MUG-1", price=-thirds, taxes=tax(-thirds))],
        "less than a coin": [line("a", sku="MUG-1", subtotal=coin * Decimal("0.4"))],
        "less than a coin of tax": [
            line("a", sku="MUG-1", subtotal=thirds, taxes=[("0.19", coin * Decimal("0.4"), False)])
        ],
        "an included coin of tax": [line("a", sku="MUG-1", price=0, taxes=[("0.19", coin, True)])],
        "coins of tax on what is given away": [
            line(key, sku="MUG-1", price=thirds, discount=thirds, taxes=[("0.19", coin, False)]) for key in "abc"
        ],
        "half coins": [
            line("a", sku="MUG-1", quantity=3, subtotal=thirds + coin / 2, taxes=[("0.19", coin / 2, False)]),
            line("b", sku="TEA-1", quantity=7, subtotal=thirds + coin / 2, taxes=[("0.19", coin / 2, False)]),
        ],
    }


class MoneyEdges:
    """Mixed into a case whose company has another currency each."""

    home = ""
    abroad = tuple(CURRENCIES)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Currency = cls.env["res.currency"].with_context(active_test=False)
        cls.currencies = {name: Currency.search([("name", "=", name)]) for name in CURRENCIES}
        for currency in cls.currencies.values():
            currency.active = True
        cls.env.company.currency_id = cls.currencies[cls.home]
        cls.channel.currency_id = cls.currencies[cls.home]
        cls.env["res.currency.rate"].search([]).unlink()
        for name, rate in (("USD", 1.0), ("JPY", 150.0), ("KWD", 0.3)):
            currency = cls.currencies[name]
            cls.env["res.currency.rate"].create({"currency_id": currency.id, "rate": rate, "name": "2026-01-01"})

    def invoice(self, sale):
        """Make and post the invoice as a person does."""
        self.env["sale.advance.payment.inv"].with_context(active_model="sale.order", active_ids=sale.ids).create(
            {"advance_payment_method": "delivered"}
        ).create_invoices()
        invoice = sale.invoice_ids
        invoice.action_post()
        return invoice

    def test_invoiced_to_the_last_digit_or_in_the_way(self):
        for days, (code, digits) in enumerate((code, CURRENCIES[code]) for code in self.abroad):
            values = {"currency": code, "shop_currency": code, "updated_at": START + timedelta(days=days)}
            orders = [
                self.order(f"{code} {name}", lines, **values, **TOTALS.get(name, lambda lines: {})(lines))
                for name, lines in cases(digits).items()
            ]
            self.take(*orders)
            for incoming in orders:
                with self.subTest(f"{incoming.external_id} in {self.home}"), self.env.cr.savepoint():
                    sale = self.sale(incoming.external_id)
                    self.assertEqual(sale.currency_id.name, code)
                    if sale.channel_to_resolve:
                        self.assertEqual(sale.channel_blocker_ids.mapped("code"), ["total"])
                        self.assertIn(incoming.external_id.partition(" ")[2], QUESTIONS)
                        continue
                    sale.action_channel_process()
                    total = sale.amount_total
                    invoice = self.invoice(sale)
                    self.assertEqual(set(invoice.mapped("state")), {"posted"})
                    signs = {"out_invoice": 1, "out_refund": -1}
                    signed = sum(signs[move.move_type] * move.amount_total for move in invoice)
                    self.assertAlmostEqual(signed, total, digits)


class TestTooSmall(MoneyEdges, OrderCase):
    home = "USD"
    test_invoiced_to_the_last_digit_or_in_the_way = None  # see below

    def test_it_is_said_and_goes_when_the_lines_come_to_nothing(self):
        lines = cases(3)["coins of tax on what is given away"]
        self.take(self.order("1", lines, currency="KWD"))
        sale = self.sale("1")
        self.assertRegex(sale.channel_blocker_ids.text, "too small to be booked in USD")
        sale.order_line.tax_ids = False
        sale.channel_blocker_ids.action_keep_change()
        self.assertFalse(sale.channel_to_resolve, sale.channel_blocker_ids.mapped("text"))
        sale.action_channel_process()
        self.assertEqual(self.invoice(sale).state, "posted")


class TestNoRate(OrderCase):
    """Odoo takes a currency without a rate one to one, without a word."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.home = cls.env.company.currency_id
        cls.foreign = cls.env.ref("base.KWD")
        cls.foreign.active = True
        (cls.foreign + cls.home).rate_ids.unlink()

    def test_it_waits_for_the_rate(self):
        self.take(self.order("1", [line("a", sku="MUG-1")], currency="KWD"))
        sale = self.sale("1")
        self.assertEqual(sale.channel_blocker_ids.mapped("code"), ["currency"])
        self.assertIn("no exchange rate for KWD", sale.channel_blocker_ids.text)
        self.env["res.currency.rate"].create({"currency_id": self.foreign.id, "rate": 0.3, "name": "2026-01-01"})
        self.assertFalse(sale.channel_to_resolve)

    def test_what_all_rates_go_by_needs_none(self):
        self.env["res.currency.rate"].create({"currency_id": self.home.id, "rate": 3.3, "name": "2026-01-01"})
        self.take(self.order("1", [line("a", sku="MUG-1")], currency="KWD"))
        self.assertFalse(self.sale("1").channel_to_resolve)

    def test_the_companys_own_needs_none(self):
        self.take(self.order("1", [line("a", sku="MUG-1")], currency=self.home.name))
        self.assertFalse(self.sale("1").channel_to_resolve)

    def test_a_currency_that_is_switched_on_lets_its_orders_go_on(self):
        self.env["res.currency.rate"].create({"currency_id": self.foreign.id, "rate": 0.3, "name": "2026-01-01"})
        self.foreign.active = False
        self.take(self.order("1", [line("a", sku="MUG-1")], currency="KWD"))
        self.assertIn("is not active", self.sale("1").channel_blocker_ids.text)
        self.foreign.active = True
        self.assertFalse(self.sale("1").channel_to_resolve)


class TestMoneyInDollars(MoneyEdges, OrderCase):
    home = "USD"


class TestMoneyInYen(MoneyEdges, OrderCase):
    home = "JPY"
    abroad = ("KWD",)


class TestMoneyInDinars(MoneyEdges, OrderCase):
    home = "KWD"
    abroad = ("USD",)
