"""Amounts are the channel's: taxes, discounts, packs, bundles and currencies."""

from decimal import Decimal
from random import Random

from odoo.exceptions import UserError

from tests.fakes import line, money
from tests.integration.orders_common import OrderCase


class TestOrderAmounts(OrderCase):
    def test_the_channels_tax_cents_win_over_odoos(self):
        """0.19 of 10.01 is 1.90; the channel rounded each piece and says 1.92."""
        self.take(self.order("1", [line("a", sku="MUG-1", price="10.01", taxes=[("0.19", "1.92", False)])]))
        sale = self.sale("1")
        self.assertFalse(sale.channel_to_resolve, sale.channel_blocker_ids.mapped("params"))
        self.assertAlmostEqual(sale.amount_total, 11.93)

    def test_random_orders_match_to_the_cent_and_so_does_their_invoice(self):
        random = Random(7)
        self.vat19_included = self.env["account.tax"].create(
            {
                "name": "19% incl",
                "amount": 19,
                "type_tax_use": "sale",
                "price_include_override": "tax_included",
                "country_id": self.vat19.country_id.id,
            }
        )
        self.mug.invoice_policy = self.tea.invoice_policy = "order"
        orders = []
        for number in range(16):
            included = number % 2 == 0
            lines = []
            for index in range(random.randint(1, 4)):
                quantity = random.randint(1, 7)
                subtotal = money(random.randint(100, 99999)) / 100
                discount = random.choice([money(0), money(random.randint(1, int(subtotal * 100))) / 100])
                base = subtotal - discount
                rate = money("0.19")
                tax = (base - base / (1 + rate) if included else base * rate).quantize(money("0.01"))
                tax += random.choice([money("-0.01"), money(0), money("0.01")])
                lines.append(
                    line(
                        f"{number}-{index}",
                        sku=random.choice(["MUG-1", "TEA-1"]),
                        quantity=quantity,
                        subtotal=subtotal,
                        discount=discount,
                        taxes=[("0.19", tax, included)],
                    )
                )
            orders.append(self.order(str(number), lines))
        self.take(*orders)
        for incoming in orders:
            sale = self.sale(incoming.external_id)
            self.assertEqual(sale.channel_blocker_ids.mapped("params"), [])
            self.assertAlmostEqual(sale.amount_total, float(incoming.total))
            tax = sum((tax.amount for order_line in incoming.lines for tax in order_line.taxes), Decimal(0))
            self.assertAlmostEqual(sale.amount_tax, float(tax))
            sale.action_channel_process()
            invoice = sale._create_invoices()
            self.assertAlmostEqual(invoice.amount_total, float(incoming.total), msg=incoming.external_id)
            self.assertAlmostEqual(invoice.amount_tax, float(tax), msg=incoming.external_id)

    def test_tax_collected_by_the_marketplace_is_not_the_sellers(self):
        self.take(
            self.order(
                "1",
                [line("a", sku="MUG-1", price="20.00", taxes=[("0.08", "1.60", False, "marketplace")])],
            )
        )
        sale = self.sale("1")
        self.assertFalse(sale.channel_to_resolve)
        self.assertEqual((sale.amount_total, sale.amount_tax), (20.0, 0.0))

    def test_an_unknown_or_ambiguous_tax_is_a_question_and_its_answer_is_remembered(self):
        self.take(self.order("1", [line("a", sku="MUG-1", taxes=[("0.07", "0.70", False)])]))
        sale = self.sale("1")
        self.assertEqual(sale.channel_blocker_ids.mapped("code"), ["tax"])
        self.assertEqual((sale.channel_frozen, sale.channel_to_resolve), (False, True))
        with self.assertRaises(UserError):
            sale.action_confirm()
        seven = self.env["account.tax"].create({"name": "7%", "amount": 7, "type_tax_use": "sale"})
        self.env["order.channel.tax.map"].create(
            {"channel_id": self.channel.id, "name": "VAT 0.07", "rate": 7, "included": False, "tax_id": seven.id}
        )
        self.assertFalse(sale.channel_to_resolve)
        self.assertAlmostEqual(sale.amount_total, 10.70)
        self.assertEqual(sale.order_line.tax_ids, seven)

    def test_several_unknown_taxes_of_a_line_are_a_question_each_asked_once_an_order(self):
        """Districts of a US address: every line has the same two taxes, neither known here."""
        taxes = [("0.07", "0.70", False), ("0.02", "0.20", False)]
        self.take(self.order("1", [line(ref, sku="MUG-1", taxes=taxes) for ref in "abc"]))
        sale = self.sale("1")
        self.assertEqual(sorted(blocker.params["rate"] for blocker in sale.channel_blocker_ids), ["0.02", "0.07"])
        for blocker in sale.channel_blocker_ids:
            asked = {
                name.removeprefix("default_"): value for name, value in blocker.action_choose_tax()["context"].items()
            }
            tax = self.env["account.tax"].create({"name": asked["name"], "amount": asked["rate"]})
            self.env["order.channel.tax.map"].create({**asked, "tax_id": tax.id})
        self.assertFalse(sale.channel_to_resolve, sale.channel_blocker_ids.mapped("params"))
        self.assertAlmostEqual(sale.amount_total, 32.70)

    def test_discounts_are_lines_of_their_own_per_set_of_taxes(self):
        self.take(
            self.order(
                "1",
                [
                    line("a", sku="MUG-1", price="20.00", discount="5.00", taxes=[("0.19", "2.85", False)]),
                    line("b", sku="TEA-1", price="10.00", discount="1.00"),
                ],
            )
        )
        sale = self.sale("1")
        discounts = sale.order_line.filtered(lambda sale_line: sale_line.channel_key.startswith("discount"))
        self.assertEqual(len(sale.order_line), 4, sale.order_line.mapped("channel_key"))
        self.assertEqual(sorted(discounts.mapped("price_subtotal")), [-5.0, -1.0])
        self.assertFalse(sale.channel_to_resolve, sale.channel_blocker_ids.mapped("params"))
        self.assertAlmostEqual(sale.amount_total, 26.85)

    def test_a_pack_is_sold_in_its_packaging_unit(self):
        six = self.env["uom.uom"].create(
            {"name": "Pack of 6", "relative_factor": 6, "relative_uom_id": self.mug.uom_id.id}
        )
        self.mug.uom_ids = six
        self.take(self.order("1", [line("a", "var-1", sku="SIXPACK", quantity=2, price="30.00")]))
        self.link("SIXPACK", self.mug, 6.0)
        sale_line = self.sale("1").order_line
        self.assertEqual((sale_line.product_uom_id, sale_line.product_uom_qty), (six, 2.0))
        self.assertEqual(sale_line.price_subtotal, 60.0)

    def test_a_bundle_is_one_line_per_component_split_by_list_price(self):
        self.take(self.order("1", [line("a", "var-1", sku="SET", price="10.00", taxes=[("0.19", "1.90", False)])]))
        listing = self.env["order.channel.listing"].search([("sku", "=", "SET")])
        listing._link_bundle([(self.mug, 1.0), (self.tea, 2.0)])
        sale = self.sale("1")
        self.assertEqual(sale.order_line.product_id, self.mug + self.tea)
        self.assertEqual(sale.order_line.mapped("product_uom_qty"), [1.0, 2.0])
        self.assertEqual(sale.order_line.mapped("price_subtotal"), [4.97, 5.03])  # 99 : 100
        self.assertAlmostEqual(sale.amount_total, 11.90)
        self.assertFalse(sale.channel_to_resolve)

    def test_amounts_survive_update_prices_and_a_fiscal_position(self):
        self.take(self.order("1", [line("a", sku="MUG-1", price="5.00", taxes=[("0.19", "0.95", False)])]))
        sale = self.sale("1")
        sale._recompute_prices()
        sale.fiscal_position_id = self.env["account.fiscal.position"].create({"name": "Abroad"})
        sale.action_update_taxes()
        sale.order_line.product_uom_qty = 1.0
        self.assertAlmostEqual(sale.amount_total, 5.95)

    def test_a_total_that_does_not_add_up_is_to_resolve_and_taken_apart(self):
        self.take(self.order("1", [line("a", sku="MUG-1")], total=money("12.00")))
        blocker = self.sale("1").channel_blocker_ids
        self.assertEqual(blocker.code, "total")
        self.assertEqual((blocker.params["expected"], blocker.params["odoo"]), ("12.00", "10.00"))
        blocker.action_overrule("Agreed by phone")
        self.assertFalse(self.sale("1").channel_to_resolve)

    def test_a_foreign_currency_order_stays_in_its_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create({"currency_id": euro.id, "rate": 0.9, "name": "2026-01-01"})
        self.take(self.order("1", [line("a", sku="MUG-1", taxes=[("0.19", "1.91", False)])], currency="EUR"))
        sale = self.sale("1")
        self.assertEqual((sale.currency_id, sale.amount_total), (euro, 11.91))
        self.assertFalse(sale.channel_to_resolve, sale.channel_blocker_ids.mapped("params"))
