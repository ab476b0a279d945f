"""The taxes that orders wait for: listed with what they hold up, answered by who may, who is told what the answer releases."""

from odoo.exceptions import AccessError
from odoo.tests import Form

from odoo.addons.order_channel_mapping.connectors.records import PaymentStatus

from tests.fakes import line
from tests.integration.orders_common import OrderCase

USER = "order_channel_mapping.group_channel_user"
SEVEN = [("0.07", "0.70", False)]
EIGHT = [("0.08", "0.80", False)]


class TestTaxQuestions(OrderCase):
    def setUp(self):
        super().setUp()
        self.take(
            self.order("1", [line("a", sku="MUG-1", taxes=SEVEN)]),
            self.order("2", [line("a", sku="MUG-1", taxes=SEVEN), line("b", sku="TEA-1", taxes=SEVEN)]),
            self.order("3", [line("a", sku="MUG-1", taxes=SEVEN)], payment_status=PaymentStatus.PENDING),
            self.order("4", [line("a", sku="MUG-1", taxes=EIGHT)]),
            self.order("5", [line("a", sku="MUG-1", taxes=SEVEN), line("b", sku="MUG-1", taxes=EIGHT)]),
        )
        self.clerk = self.new_user("clerk", USER)

    def ask(self, number, user):
        blocker = self.sale(number).channel_blocker_ids.filtered(lambda blocker: blocker.code == "tax")[:1]
        action = blocker.with_user(user).action_choose_tax()
        return Form(self.env[action["res_model"]].with_user(user).with_context(**action["context"]))

    def questions(self, user=None):
        Map = self.env["order.channel.tax.map"].with_user(user or self.env.user)
        return [row for row in Map.get_open_questions() if row["channel"] == self.channel.name]

    def test_open_questions_are_listed_with_orders_and_money(self):
        seven, eight = self.questions(self.clerk)
        self.assertEqual((seven["orders"], eight["orders"]), (4, 2))
        self.assertIn("(7 %", seven["text"])
        self.assertIn("64.30", seven["money"])  # 10.70 + 21.40 + 10.70 + 21.50
        self.assertIn("32.30", eight["money"])

    def test_the_form_says_what_the_answer_releases_and_it_does(self):
        accountant = self.new_user("accountant", f"{USER},account.group_account_invoice")
        form = self.ask("1", accountant)
        self.assertRegex(
            form.release_text,
            r"^2 orders are released \(.*32\.10.*\); 2 more stay to resolve for another reason$",
        )
        form.tax_id = self.vat19
        form.save()
        self.assertEqual([self.sale(number).channel_to_resolve for number in "12345"], [False, False, True, True, True])
        self.assertEqual([row["orders"] for row in self.questions()], [2])

    def test_another_rate_or_country_releases_nothing(self):
        form = self.ask("1", self.env.ref("base.user_admin"))
        form.rate = 6
        self.assertFalse(form.release_text)
        form.rate = 7
        form.country_code = "ZZ"
        self.assertFalse(form.release_text)
        form.country_code = False
        self.assertIn("2 orders are released", form.release_text)

    def test_a_rate_that_is_not_known_is_no_0_percent(self):
        self.take(self.order("6", [line("a", sku="MUG-1", taxes=[("0", "0.42", False)])]))
        form = self.ask("6", self.env.ref("base.user_admin"))
        self.assertTrue(form.rate_unknown)
        self.assertIn("1 order is released", form.release_text)
        form.rate_unknown = False
        self.assertFalse(form.release_text)

    def test_a_clerk_sees_the_question_and_may_not_answer_it(self):
        form = self.ask("1", self.clerk)
        self.assertFalse(form.can_answer)
        with self.assertRaisesRegex(AssertionError, "readonly"):
            form.rate = 8
        values = {"channel_id": self.channel.id, "name": "VAT", "rate": 7, "tax_id": self.vat19.id}
        Map = self.env["order.channel.tax.map"]
        with self.assertRaisesRegex(AccessError, "right to invoices"):
            Map.with_user(self.clerk).create(values)
        rule = Map.create(values)
        with self.assertRaisesRegex(AccessError, "right to invoices"):
            rule.with_user(self.clerk).write({"rate": 8})

    def test_a_manager_of_channels_may(self):
        manager = self.new_user("manager", "order_channel_mapping.group_channel_manager")
        self.assertTrue(self.ask("1", manager).can_answer)

    def test_whoever_may_only_invoice_sees_no_channels_questions(self):
        invoicer = self.new_user("invoicer", "account.group_account_invoice")
        with self.assertRaises(AccessError):
            self.env["order.channel.tax.map"].with_user(invoicer).get_open_questions()
