"""Setting a blocker aside: with a reason, on record, and not for good."""

from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.order_channel_mapping.connectors.records import PaymentStatus

from tests.fakes import line, money
from tests.integration.orders_common import OrderCase


class TestOverrule(OrderCase):
    def setUp(self):
        super().setUp()
        self.clerk = self.new_user("clerk", "order_channel_mapping.group_channel_user", name="Clara Clerk")
        self.take(self.unpaid("1"))
        self.blocker = self.sale("1").channel_blocker_ids.with_user(self.clerk)

    def unpaid(self, number, **values):
        return self.order(number, [line("a", sku="MUG-1")], **{"payment_status": PaymentStatus.PENDING, **values})

    def texts(self, number="1"):
        return self.channel_order(number).event_ids.mapped("text")

    def overrule(self, reason):
        action = self.blocker.action_overrule()
        self.assertTrue(self.sale("1").channel_to_resolve, "nothing is set aside before the reason is given")
        form = Form(self.env[action["res_model"]].with_user(self.clerk).with_context(**action["context"]))
        self.assertIn("Payment", form.text)
        form.reason = reason
        form.save().action_overrule()

    def test_a_reason_is_asked_for_and_kept_with_the_name(self):
        self.overrule("Pays on the 15th")
        self.assertFalse(self.sale("1").channel_to_resolve)
        self.assertEqual(self.blocker.remedy, "Overruled by Clara Clerk: Pays on the 15th")
        event = self.channel_order("1").event_ids[0]
        self.assertEqual(event.text, "Overruled: Payment. Reason: Pays on the 15th")
        self.assertEqual(event.user_id, self.clerk)

    def test_without_a_reason_nothing_is_set_aside(self):
        wizard = self.env["order.channel.overrule"].with_user(self.clerk).create({"blocker_id": self.blocker.id})
        for reason in (False, "", "  \t"):
            wizard.reason = reason
            with self.assertRaises(UserError):
                wizard.action_overrule()
        with self.assertRaises(UserError):
            self.blocker.action_overrule("   ")
        self.assertTrue(self.sale("1").channel_to_resolve)

    def test_what_has_to_be_solved_is_not_set_aside_with_others(self):
        self.take(self.unpaid("2"), self.order("3", [line("b", sku="NEW-1")], payment_status=PaymentStatus.PENDING))
        both = self.sale("3").channel_blocker_ids.with_user(self.clerk)
        self.assertEqual(set(both.mapped("code")), {"unmapped", "payment"})
        with self.assertRaises(UserError):
            both.action_overrule("Never mind")
        self.assertFalse(any(both.mapped("overruled_by_id")))

    def test_it_can_be_taken_back(self):
        self.overrule("Pays on the 15th")
        self.assertTrue(self.blocker.can_undo_overrule)
        self.blocker.action_undo_overrule()
        self.assertTrue(self.sale("1").channel_to_resolve)
        self.assertEqual((self.blocker.exists().overrule_reason, self.blocker.can_overrule), (False, True))
        self.assertEqual(self.texts()[0], "No longer overruled: Payment")
        self.assertEqual(self.channel_order("1").event_ids[0].user_id, self.clerk)
        self.overrule("After all")
        self.assertFalse(self.sale("1").channel_to_resolve)

    def test_what_is_no_longer_true_does_not_come_back(self):
        self.take(self.order("2", [line("a", sku="MUG-1")], total=money("12.00")))
        sale = self.sale("2")
        blocker = sale.channel_blocker_ids.with_user(self.clerk)
        blocker.action_overrule("A gift")
        self.channel_order("2").amount_total = 10.0  # settled in the meantime, and nobody has looked since
        blocker.action_undo_overrule()
        self.assertFalse(blocker.exists())
        self.assertFalse(sale.channel_to_resolve)
        self.assertEqual(self.texts("2")[:2], ["Resolved: Total", "No longer overruled: Total"])

    def test_once_processed_it_is_too_late(self):
        self.overrule("Pays on the 15th")
        self.sale("1").action_channel_process()
        self.assertFalse(self.blocker.can_undo_overrule)
        with self.assertRaises(UserError):
            self.blocker.action_undo_overrule()
        self.assertFalse(self.sale("1").channel_to_resolve)

    def test_a_change_after_processing_can_be_asked_again(self):
        self.take(self.order("2", [line("a", sku="MUG-1")]))
        self.sale("2").action_channel_process()
        self.take(self.order("2", [line("a", sku="MUG-1", quantity=3)]))
        blocker = self.sale("2").channel_blocker_ids.with_user(self.clerk)
        self.assertEqual(blocker.code, "changed")
        blocker.action_overrule("Sent two more by hand")
        self.assertFalse(self.sale("2").channel_to_resolve)
        blocker.action_undo_overrule()
        self.assertTrue(self.sale("2").channel_to_resolve)

    def test_another_question_forgets_the_reason(self):
        self.take(self.order("2", [line("a", sku="MUG-1")], total=money("12.00")))
        blocker = self.sale("2").channel_blocker_ids
        blocker.action_overrule("A gift")
        self.take(self.order("2", [line("a", sku="MUG-1")], total=money("13.00")))
        self.assertEqual((blocker.overruled_by_id.id, blocker.overrule_reason), (False, False))

    def test_the_form_says_what_was_set_aside_and_takes_it_back(self):
        sale = self.sale("1").with_user(self.clerk)
        self.assertFalse(sale.channel_overruled_text)
        self.overrule("Pays on the 15th")
        self.assertIn("Overruled by Clara Clerk: Pays on the 15th", sale.channel_overruled_text)
        sale.action_channel_undo_overrule()
        self.assertTrue(sale.channel_to_resolve)
        self.assertFalse(sale.channel_overruled_text)

    def test_it_takes_the_right_to_map(self):
        seller = self.new_user("seller", "sales_team.group_sale_salesman_all_leads")
        self.overrule("Pays on the 15th")
        for method in ("action_overrule", "action_undo_overrule"):
            with self.assertRaises(UserError):
                getattr(self.blocker.with_user(seller), method)()
