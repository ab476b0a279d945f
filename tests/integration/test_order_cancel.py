"""Cancelling a channel's order in Odoo: whether the channel is to be told is asked, and told through the outbox."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.order_channel_mapping.connectors import records

from tests.fakes import connected, line
from tests.integration.orders_common import OrderCase


class TestOrderCancel(OrderCase):
    chatter = True

    def setUp(self):
        super().setUp()
        self.take(*(self.order(ref, [line(ref, sku="MUG-1")]) for ref in ("1", "2", "3")))
        self.first, self.second, self.third = self.sales = [self.sale(ref) for ref in ("1", "2", "3")]

    def ask(self, *sales):
        """The form that the button opens."""
        sales = self.env["sale.order"].union(*sales)
        action = sales.action_channel_cancel()
        return Form(self.env[action["res_model"]].with_context(**action["context"]))

    def cancel(self, *sales, tell="there"):
        form = self.ask(*sales)
        form.channel_tell = tell
        form.save().action_mass_cancel()

    def commands(self, *refs):
        orders = self.env["order.channel.order"].union(*(self.channel_order(ref) for ref in refs))
        return self.env["order.channel.command"].search([("order_id", "in", orders.ids)], order="id")

    def push(self):
        with connected(self.env, self.connector):
            self.channel._push_outbox()

    def codes(self, ref):
        return self.channel_order(ref).event_ids.mapped("code")

    # === ASKED === #

    def test_it_is_asked_and_needs_an_answer(self):
        form = self.ask(self.first)
        self.assertEqual((form.channel_told_count, form.channel_untold_count), (1, 0))
        self.assertFalse(form.channel_tell)
        with self.assertRaises(AssertionError):
            form.save()

    def test_there_too(self):
        self.first.action_channel_process()
        self.cancel(self.first)
        self.assertEqual((self.first.state, self.connector.cancelled), ("cancel", []))
        self.assertIn("is being told", self.first.channel_cancel_text)
        self.push()
        self.assertEqual(self.connector.cancelled, [("1", "customer")])
        self.assertEqual(self.commands("1").state, "sent")
        self.assertIn("cancelled_there", self.codes("1"))
        self.assertNotIn("cancelled_here", self.codes("1"))
        self.assertFalse(self.first.channel_can_tell_cancelled)

    def test_in_odoo_only(self):
        self.cancel(self.first, tell="here")
        self.assertEqual((self.first.state, self.commands("1").ids), ("cancel", []))
        self.assertIn("cancelled_here", self.codes("1"))
        self.assertIn("Cancelled in Odoo only", self.first.channel_cancel_text)
        self.cancel(self.first)  # and told later all the same
        self.push()
        self.assertEqual(self.connector.cancelled, [("1", "customer")])

    def test_many_are_asked_once(self):
        form = self.ask(*self.sales)
        self.assertEqual(form.channel_told_count, 3)
        form.channel_tell, form.channel_reason = "there", "inventory"
        form.save().action_mass_cancel()
        self.push()
        self.assertEqual(sorted(self.connector.cancelled), [(ref, "inventory") for ref in ("1", "2", "3")])

    def test_orders_that_are_no_channels_are_just_cancelled(self):
        own = self.env["sale.order"].create({"partner_id": self.first.partner_id.id})
        form = self.ask(own)
        self.assertEqual((form.channel_told_count, form.channel_untold_count), (0, 0))
        form.save().action_mass_cancel()
        self.assertEqual(own.state, "cancel")

    # === NOT ASKED === #

    def test_a_script_cancels_in_odoo_and_it_is_on_record(self):
        self.first.action_cancel()
        self.env["sale.mass.cancel.orders"].create({"sale_order_ids": self.second.ids}).action_mass_cancel()
        self.push()
        self.assertEqual((self.first.state, self.second.state, self.connector.cancelled), ("cancel", "cancel", []))
        self.assertIn("cancelled_here", self.codes("1"))
        self.assertIn("cancelled_here", self.codes("2"))

    def test_what_the_channel_cancelled_is_not_told_to_it(self):
        self.take(self.order("1", [line("1", sku="MUG-1")], status=records.OrderStatus.CANCELLED))
        self.assertEqual(self.first.state, "cancel")
        self.assertFalse(self.first.channel_cancel_text)
        self.assertNotIn("cancelled_here", self.codes("1"))
        self.assertEqual(self.ask(self.first).channel_told_count, 0)

    def test_a_channel_that_takes_no_commands_is_not_told(self):
        self.channel.state = "connected"
        form = self.ask(self.first)
        self.assertEqual((form.channel_told_count, form.channel_untold_count), (0, 1))
        form.save().action_mass_cancel()
        self.assertIn("cancelled_here", self.codes("1"))

    def test_who_may_not_process_orders_cancels_in_odoo_only(self):
        seller = self.new_user("seller", "sales_team.group_sale_salesman_all_leads")
        wizard = self.env["sale.mass.cancel.orders"].with_user(seller)
        wizard = wizard.create({"sale_order_ids": self.first.ids, "channel_tell": "there"})
        self.assertEqual((wizard.channel_told_count, wizard.channel_untold_count), (0, 1))
        with self.assertRaisesRegex(UserError, "right to map items"):
            wizard.action_mass_cancel()
        wizard.channel_tell = "here"
        wizard.action_mass_cancel()
        self.assertEqual((self.first.state, self.commands("1").ids), ("cancel", []))

    def test_a_locked_order_is_unlocked_first(self):
        self.first.action_channel_process()
        self.first.locked = True
        with self.assertRaisesRegex(UserError, "locked"):
            self.first.action_channel_cancel()

    # === WHAT BECOMES OF IT === #

    def test_a_refusal_is_seen_and_can_be_tried_again(self):
        self.connector.refuse["1"] = records.PushResult(
            "1", records.PushStatus.FAILED, None, "not_cancelled", "Shipped."
        )
        self.cancel(self.first)
        self.push()
        self.assertIn("did not cancel the order", self.first.channel_cancel_text)
        self.assertIn("Shipped.", self.first.channel_cancel_text)
        self.assertIn("did not cancel this order", self.first.message_ids[0].body)
        failure = self.env["order.channel.failure"].search(
            [("channel_id", "=", self.channel.id), ("kind", "=", "command")]
        )
        self.assertEqual(failure.state, "open")
        self.connector.refuse.clear()
        self.cancel(self.first)
        self.push()
        self.assertIn("has taken the cancellation", self.first.channel_cancel_text)
        self.assertEqual(failure.state, "solved")

    def test_set_back_before_it_was_sent_nothing_is_sent(self):
        self.cancel(self.first)
        self.first.action_draft()
        self.push()
        self.assertEqual((self.first.state, self.connector.cancelled), ("draft", []))
        self.cancel(self.first)
        self.push()
        self.assertEqual(len(self.connector.cancelled), 1)

    def test_set_back_after_it_was_sent_is_refused_unless_the_channel_opens_it_again(self):
        self.cancel(self.first)
        self.push()
        with self.assertRaisesRegex(UserError, "was told that"):
            self.first.action_draft()
        self.channel_order("1").remote_updated_at = fields.Datetime.now() + timedelta(minutes=1)
        self.first.action_draft()
        self.assertEqual(self.first.state, "draft")
        self.cancel(self.first)
        self.push()
        self.assertEqual(len(self.connector.cancelled), 2)

    def test_killed_between_call_and_answer_it_is_not_sent_twice(self):
        self.cancel(self.first)
        self.commands("1").state = "sending"
        self.connector.orders = [self.order("1", [line("1", sku="MUG-1")], status=records.OrderStatus.CANCELLED)]
        self.push()
        self.assertEqual((self.commands("1").state, self.connector.cancelled), ("sent", []))
