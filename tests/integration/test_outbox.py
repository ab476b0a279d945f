"""From validated deliveries to what the marketplace is told."""

from __future__ import annotations

import time
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.order_channel_mapping.connectors.base import AuthError, Rejected, Unavailable
from odoo.addons.order_channel_mapping.connectors.records import Order, OrderStatus, PushResult, PushStatus

from .stock_common import OutboxCase


class TestParcels(OutboxCase):
    def test_a_delivery_with_a_number_is_reported(self):
        product = self.make_product(on_hand=10)
        order = self.make_channel_order((self.make_listing(product), 3))
        picking = self.deliver(order, number="1Z")
        self.assertRecordValues(self.commands(order), [{"kind": "ship", "state": "pending", "picking_id": picking.id}])
        self.assertFalse(self.connector.sent)  # no HTTP in the user's transaction
        self.push_outbox()
        [(method, shipment)] = self.connector.sent
        self.assertEqual((method, shipment.order_id, shipment.tracking_number), ("ship", "O-1", "1Z"))
        self.assertEqual(self.sent_lines(), {"O-1-1": 3})
        self.assertRecordValues(self.commands(order), [{"state": "sent", "external_ref": "F-1", "attempts": 1}])
        self.assertEqual(order.event_ids.filtered(lambda event: event.code == "shipped").params["number"], "1Z")
        self.assertIn("1Z", picking.message_ids[0].body)
        run = self.env["order.channel.run"].search([("channel_id", "=", self.channel.id), ("kind", "=", "outbox")])
        self.assertRecordValues(run, [{"state": "done", "fetched": 1, "updated": 1, "calls": 1}])

    def test_partial_deliveries_carry_their_own_lines(self):
        first, second = self.make_product(on_hand=10), self.make_product(on_hand=10)
        order = self.make_channel_order((self.make_listing(first), 3), (self.make_listing(second), 2))
        self.deliver(order, {first: 1}, "A")
        self.deliver(order, {first: 2, second: 1}, "B")
        self.deliver(order, {second: 1}, "C")
        self.push_outbox()
        self.assertEqual(
            [self.sent_lines(index) for index in range(3)],
            [{"O-1-1": 1}, {"O-1-1": 2, "O-1-2": 1}, {"O-1-2": 1}],
        )

    def test_a_pack_counts_when_all_its_pieces_have_left(self):
        product = self.make_product(on_hand=24)
        order = self.make_channel_order((self.make_listing((product, 6.0)), 3))
        self.deliver(order, {product: 8}, "A")
        self.deliver(order, {product: 3}, "B")
        self.deliver(order, {product: 7}, "C")
        self.push_outbox()
        self.assertEqual([self.sent_lines(index) for index in range(2)], [{"O-1-1": 1}, {"O-1-1": 2}])
        self.assertEqual(len(self.commands(order)), 2)
        incomplete = order.event_ids.filtered(lambda event: event.code == "parcel_incomplete")
        self.assertEqual(len(incomplete), 1)

    def test_a_bundle_counts_by_its_least_complete_component(self):
        glass, plate = self.make_product("Glass", on_hand=20), self.make_product("Plate", on_hand=20)
        order = self.make_channel_order((self.make_listing((glass, 2.0), plate), 2))
        self.deliver(order, {glass: 4}, "A")
        self.assertFalse(self.commands(order))
        self.deliver(order, {plate: 1}, "B")
        self.deliver(order, {plate: 1}, "C")
        self.push_outbox()
        self.assertEqual([self.sent_lines(index) for index in range(2)], [{"O-1-1": 1}, {"O-1-1": 1}])

    def test_services_of_a_bundle_are_not_waited_for(self):
        thing = self.make_product("Thing", on_hand=5)
        setup = self.env["product.product"].create({"name": "Set-up", "type": "service"})
        order = self.make_channel_order((self.make_listing(thing, setup), 2))
        self.deliver(order, number="A")
        self.push_outbox()
        self.assertEqual(self.sent_lines(), {"O-1-1": 2})

    def test_a_quantity_lowered_by_hand_is_no_complete_pack(self):
        product = self.make_product(on_hand=24)
        order = self.make_channel_order((self.make_listing((product, 6.0)), 2))
        order.sale_order_ids.order_line.product_uom_qty = 6
        self.deliver(order, number="A")
        self.push_outbox()
        self.assertEqual(self.sent_lines(), {"O-1-1": 1})

    def test_what_the_channel_cancelled_is_not_reported(self):
        product = self.make_product(on_hand=10)
        order = self.make_channel_order((self.make_listing(product), 3))
        order.line_ids.cancelled_quantity = 1
        self.deliver(order, number="A")
        self.push_outbox()
        self.assertEqual(self.sent_lines(), {"O-1-1": 2})

    def test_returns_and_redeliveries_are_not_reported(self):
        product = self.make_product(on_hand=10)
        order = self.make_channel_order((self.make_listing(product), 3))
        picking = self.deliver(order, number="A")
        wizard = (
            self.env["stock.return.picking"].with_context(active_id=picking.id, active_model="stock.picking").create({})
        )
        wizard.product_return_moves.quantity = 2
        returned = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        returned.move_ids.picked = True
        returned.carrier_tracking_ref = "R"
        returned.button_validate()
        self.assertEqual(returned.state, "done")
        self.assertEqual(len(self.commands(order)), 1)
        self.assertNotIn("parcel_incomplete", order.event_ids.mapped("code"))

    def test_only_the_last_step_is_reported(self):
        self.warehouse.delivery_steps = "pick_pack_ship"
        product = self.make_product(on_hand=10)
        order = self.make_channel_order((self.make_listing(product), 3))
        for code in ("internal", "internal", "outgoing"):
            self.assertFalse(self.commands(order))
            picking = order.sale_order_ids.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
            self.assertEqual(picking.picking_type_code, code)
            picking.action_assign()
            picking.move_ids.picked = True
            picking.carrier_tracking_ref = "1Z"
            picking.button_validate()
        self.assertEqual(len(self.commands(order)), 1)
        self.assertNotIn("parcel_incomplete", order.event_ids.mapped("code"))

    def test_a_sales_order_of_no_channel_makes_no_command(self):
        product = self.make_product(on_hand=10)
        sale = self.make_sale((product, 1), confirm=True)
        sale.picking_ids.action_assign()
        sale.picking_ids.move_ids.picked = True
        sale.picking_ids.carrier_tracking_ref = "A"
        sale.picking_ids.button_validate()
        self.assertFalse(sale.picking_ids.channel_command_ids)


class TestNumbers(OutboxCase):
    def setUp(self):
        super().setUp()
        self.product = self.make_product(on_hand=10)
        self.order = self.make_channel_order((self.make_listing(self.product), 3))

    def test_a_delivery_waits_for_its_number(self):
        picking = self.deliver(self.order)
        self.assertFalse(self.commands(self.order))
        self.assertIn("tracking_awaited", self.order.event_ids.mapped("code"))
        picking.carrier_tracking_ref = "1Z"
        self.push_outbox()
        self.assertEqual(self.connector.sent[0][1].tracking_number, "1Z")

    def test_numbers_that_come_late_belong_to_their_own_parcel(self):
        first = self.deliver(self.order, {self.product: 1})
        self.deliver(self.order, {self.product: 2}, "B")
        first.carrier_tracking_ref = "A"
        self.push_outbox()
        self.assertEqual(
            [(self.connector.sent[index][1].tracking_number, self.sent_lines(index)) for index in range(2)],
            [("B", {"O-1-1": 2}), ("A", {"O-1-1": 1})],
        )

    def test_a_channel_may_want_no_number(self):
        self.channel.ship_without_number = True
        picking = self.deliver(self.order)
        self.push_outbox()
        self.assertIsNone(self.connector.sent[0][1].tracking_number)
        picking.carrier_tracking_ref = "1Z"
        self.push_outbox()
        method, ref, shipment = self.connector.sent[1]
        self.assertEqual((method, ref, shipment.tracking_number), ("update_tracking", "F-1", "1Z"))

    def test_a_changed_number_follows_its_parcel(self):
        picking = self.deliver(self.order, number="1Z")
        picking.carrier_tracking_ref = "2Z"  # before the first was sent: nothing of it is changed under the pass's feet
        self.assertEqual(self.commands(self.order).mapped("kind"), ["ship", "update_tracking"])
        self.push_outbox()
        self.assertEqual([call[0] for call in self.connector.sent], ["ship", "update_tracking"])
        picking.carrier_tracking_ref = "2Z"
        self.push_outbox()
        self.assertEqual(len(self.connector.sent), 2)

    def test_an_update_waits_for_its_parcel(self):
        picking = self.deliver(self.order, number="1Z")
        picking.carrier_tracking_ref = "2Z"
        self.connector.answers["O-1"] = PushResult("O-1", PushStatus.FAILED, retryable=True)
        self.push_outbox()
        self.assertEqual([call[0] for call in self.connector.sent], ["ship"])
        self.assertEqual(self.commands(self.order).mapped("state"), ["pending", "pending"])

    def test_with_the_switch_off_it_is_on_record_only(self):
        self.channel.push_tracking = False
        self.deliver(self.order, number="1Z")
        command = self.commands(self.order)
        self.assertRecordValues(command, [{"state": "dropped", "reason_code": "tracking_off"}])
        self.push_outbox()
        self.assertFalse(self.connector.sent)
        with self.assertRaisesRegex(UserError, "Switch on Report Tracking"):
            command.action_retry()
        self.channel.push_tracking = True
        command.action_retry()
        self.push_outbox()
        self.assertEqual(self.connector.sent[0][1].tracking_number, "1Z")

    def test_switching_off_drops_what_waits(self):
        self.deliver(self.order, number="1Z")
        self.channel.push_tracking = False
        self.push_outbox()
        self.assertFalse(self.connector.sent)
        self.assertRecordValues(self.commands(self.order), [{"state": "dropped", "reason_code": "tracking_off"}])

    def test_a_new_number_mends_a_refused_parcel(self):
        self.connector.answers["O-1"] = PushResult("O-1", PushStatus.FAILED, code="bad_number")
        picking = self.deliver(self.order, number="??")
        self.push_outbox()
        command = self.commands(self.order)
        failure = self.env["order.channel.failure"].search([("channel_id", "=", self.channel.id)])
        self.assertRecordValues(command, [{"state": "failed", "reason_code": "bad_number"}])
        self.assertRecordValues(failure, [{"kind": "command", "state": "open", "next_try_at": False}])
        self.assertEqual(self.order.event_ids[0].code, "command_failed")
        self.connector.answers.clear()
        picking.carrier_tracking_ref = "1Z"
        self.push_outbox()
        self.assertEqual(self.connector.sent[-1][1].tracking_number, "1Z")
        self.assertEqual((command.state, failure.state), ("sent", "solved"))


class TestDelivery(OutboxCase):
    """At least once, with the same effect as once."""

    def setUp(self):
        super().setUp()
        product = self.make_product(on_hand=10)
        self.order = self.make_channel_order((self.make_listing(product), 3))
        self.deliver(self.order, number="1Z")
        self.command = self.commands(self.order)

    def test_killed_before_and_after_the_call(self):
        for where, name in ((self.connector, "ship"), (type(self.channel), "_take_command_answer")):
            with self.killed(where, name):
                self.push_outbox()
            self.assertEqual(self.command.state, "sending")
        self.push_outbox()
        self.assertEqual(self.command.state, "sent")
        self.assertEqual([call[0] for call in self.connector.sent], ["ship", "ship"])

    def test_killed_before_the_claim_is_committed(self):
        with self.killed(type(self.env["order.channel.command"]), "write"):
            self.push_outbox()
        self.assertRecordValues(self.command, [{"state": "pending", "attempts": 0}])
        self.assertFalse(self.connector.sent)

    def test_no_transaction_is_open_during_the_call(self):
        idle = []
        with self.own_transactions() as channel:
            self.connector.before_call = lambda: idle.append(channel.env.cr._savepoint is None)
            channel._push_outbox()
        self.assertEqual(idle, [True])

    def test_a_slow_marketplace_gives_the_worker_back_between_two_commands(self):
        other = self.make_channel_order((self.make_listing(self.make_product(on_hand=1)), 1), ref="O-2")
        self.deliver(other, number="2Z")
        with self.own_transactions() as channel:
            self.connector.before_call = lambda: time.sleep(0.3)
            channel._push_outbox(deadline=time.monotonic() + 0.2)
        self.assertEqual(len(self.connector.sent), 1)
        self.assertRecordValues(self.command + self.commands(other), [{"state": "sent"}, {"state": "pending"}])
        self.assertEqual(self.commands(other).attempts, 0)
        self.assertEqual(self.channel.run_ids.state, "done")

    def test_what_may_pass_is_tried_again_with_growing_pauses(self):
        self.connector.answers["O-1"] = PushResult("O-1", PushStatus.FAILED, code="busy", retryable=True)
        pauses = []
        for __ in range(9):
            self.push_outbox()
            if self.command.state == "pending":
                pauses.append(round((self.command.next_try_at - fields.Datetime.now()).total_seconds() / 60))
                self.push_outbox()  # not due: nothing is sent
                self.command.next_try_at = fields.Datetime.now()
        self.assertEqual(len(self.connector.sent), 9)
        self.assertEqual(pauses, [1, 2, 4, 8, 16, 32, 60, 60])
        self.assertEqual(self.command.state, "failed")
        self.assertEqual(self.order.event_ids[0].code, "command_failed")
        failure = self.env["order.channel.failure"].search([("channel_id", "=", self.channel.id)])
        failure.action_retry()
        self.connector.answers.clear()
        self.push_outbox()
        self.assertEqual((self.command.state, failure.state), ("sent", "solved"))

    def test_an_unreachable_marketplace_uses_up_no_try(self):
        for error, state, attempts in (
            (AuthError("who are you"), "pending", 0),
            (Unavailable("gone"), "pending", 0),
            (Unavailable("gone", sent=True), "sending", 1),
        ):
            with self.subTest(type(error).__name__, sent=state == "sending"):
                self.connector.answers["O-1"] = error
                self.push_outbox()
                self.assertRecordValues(self.command, [{"state": state, "attempts": attempts}])
                self.assertNotEqual(self.channel.health, "ok")
        self.connector.answers.clear()
        self.push_outbox()
        self.assertEqual(self.command.state, "sent")

    def test_one_bad_command_does_not_hold_up_the_others(self):
        other = self.make_channel_order((self.make_listing(self.make_product(on_hand=1)), 1), ref="O-2")
        self.deliver(other, number="2Z")
        self.connector.answers["O-1"] = Rejected("not_found", "No such order")
        self.push_outbox()
        self.assertRecordValues(self.command, [{"state": "failed", "reason_code": "not_found"}])
        self.assertEqual(self.commands(other).state, "sent")
        self.connector.answers["O-1"] = ZeroDivisionError()
        self.command.action_retry()
        with mute_logger("odoo.addons.order_channel_mapping.models.order_channel_outbox"):
            self.push_outbox()
        self.assertRecordValues(self.command, [{"state": "failed", "reason_code": "internal"}])

    def test_words_of_an_answer_that_can_not_be_stored(self):
        other = self.make_channel_order((self.make_listing(self.make_product(on_hand=1)), 1), ref="O-2")
        self.deliver(other, number="2Z")
        self.connector.answers["O-1"] = PushResult(
            "O-1", PushStatus.FAILED, code="bad\0number", message="No such \ud800carrier" + "!" * 100_000
        )
        self.connector.answers["O-2"] = PushResult("O-2", ref="F\0-9\ud800")
        self.push_outbox()
        self.assertRecordValues(self.command, [{"state": "failed", "reason_code": "badnumber"}])
        self.assertRecordValues(self.commands(other), [{"state": "sent", "external_ref": "F-9"}])
        self.assertEqual(self.channel.health, "ok")

    def test_an_answer_for_later_is_asked_for(self):
        self.connector.answers["O-1"] = PushResult("O-1", PushStatus.PENDING, ref="job-1")
        self.push_outbox()
        self.assertRecordValues(self.command, [{"state": "sending", "external_ref": "job-1"}])
        self.push_outbox()
        self.assertEqual(len(self.connector.sent), 1)  # not yet
        self.command.next_try_at = fields.Datetime.now() - timedelta(seconds=1)
        self.push_outbox()
        self.assertEqual(self.connector.sent[-1], ("poll", ["job-1"]))
        self.assertEqual(self.command.state, "sent")

    def test_a_cancellation_that_may_have_arrived_is_looked_up(self):
        self.command.action_drop()
        cancel = self.command._enqueue("cancel", self.order, "cancel-1", {"order_id": "O-1", "reason": "inventory"})
        with self.killed(type(self.channel), "_take_command_answer"):
            self.push_outbox()
        order = Order("O-1", status=OrderStatus.CANCELLED)
        with patch.object(type(self.connector), "get_order", lambda connector, ref: order, create=True):
            self.push_outbox()
        self.assertEqual(self.connector.sent, [("cancel", "O-1", "inventory")])
        self.assertEqual(cancel.state, "sent")

    def test_a_cancellation_that_may_have_arrived_is_looked_up_after_another_failed(self):
        """It was given back unsent, behind a command that could not be sent either: it may still have arrived before."""
        cancel = self.command._enqueue("cancel", self.order, "cancel-1", {"order_id": "O-9", "reason": "inventory"})
        with self.killed(type(self.channel), "_take_command_answer"):
            self.push_outbox()
        cancel.state = "sending"  # as if it had been the one under way
        self.connector.answers["O-1"] = Unavailable("gone")
        self.push_outbox()
        self.connector.answers.clear()
        self.assertEqual(cancel.state, "sending")
        order = Order("O-9", status=OrderStatus.CANCELLED)
        with patch.object(type(self.connector), "get_order", lambda connector, ref: order, create=True):
            self.push_outbox()
        self.assertNotIn("cancel", [call[0] for call in self.connector.sent])
        self.assertEqual(cancel.state, "sent")

    def test_a_person_gives_a_command_up(self):
        self.command.action_drop()
        self.push_outbox()
        self.assertFalse(self.connector.sent)
        self.assertRecordValues(self.command, [{"state": "dropped", "reason_code": "dropped_by_user"}])
        self.assertIn(self.env.user.name, self.command.reason)
        self.command.action_retry()
        with self.assertRaisesRegex(UserError, "Only failed and dropped"):
            self.command.action_retry()

    def test_strangers_may_not(self):
        clerk = self.new_user("stock-clerk", "stock.group_stock_user", company=self.company)
        with self.assertRaises(UserError):
            self.command.with_user(clerk).action_retry()
        # but a clerk of the warehouse validates deliveries, and their numbers go out
        other = self.make_channel_order((self.make_listing(self.make_product(on_hand=1)), 1), ref="O-2")
        picking = other.sale_order_ids.picking_ids.with_user(clerk)
        picking.action_assign()
        picking.move_ids.picked = True
        picking.carrier_tracking_ref = "2Z"
        picking.button_validate()
        self.assertEqual(self.commands(other).state, "pending")
