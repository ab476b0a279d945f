"""What becomes of a pass that can't go on, and of what it leaves behind."""

from __future__ import annotations

from unittest.mock import patch

import psycopg2
from psycopg2 import errors

from odoo.exceptions import ConcurrencyError
from odoo.tools import mute_logger

from odoo.addons.order_channel_mapping.connectors.base import AuthError
from odoo.addons.order_channel_mapping.models import order_channel_transactional

from tests.common import ChannelCase

from .stock_common import OutboxCase

PASS_LOG = "odoo.addons.order_channel_mapping.models.order_channel_pass"
GIVE_WAY_LOG = "odoo.addons.order_channel_mapping.models.order_channel_transactional"


class TestTransactions(ChannelCase):
    """Who is to blame when work fails, and how often it is tried."""

    def setUp(self):
        super().setUp()
        self.in_one_transaction()
        self.channel = self.env["order.channel"]
        self.slept = []
        self.startPatcher(patch.object(order_channel_transactional.time, "sleep", self.slept.append))

    def blamed(self, error):
        """How many records are blamed for an error that each of three makes; None: nobody is."""
        self.tries = 0

        def work(records):
            self.tries += 1
            raise error

        try:
            return len(self.channel._isolated([1, 2, 3], work)[1])
        except type(error):
            return None

    def test_a_database_in_trouble_and_a_held_row_are_no_records_fault(self):
        for error in (
            psycopg2.InterfaceError("connection already closed"),
            psycopg2.OperationalError("server closed the connection unexpectedly"),
            errors.AdminShutdown(),
            errors.CrashShutdown(),
            errors.ReadOnlySqlTransaction(),  # a standby, after a failover
            errors.DiskFull(),
            errors.LockNotAvailable(),
        ):
            for last_time in (False, True):
                before = order_channel_transactional._last_repeat.set(last_time)
                self.addCleanup(order_channel_transactional._last_repeat.reset, before)
                with self.subTest(type(error).__name__, last_time=last_time):
                    self.assertIsNone(self.blamed(error))
                    self.assertEqual(self.tries, 1, "nothing is halved")

    def test_a_conflict_is_blamed_on_nobody_at_first_and_other_errors_at_once(self):
        for error in (errors.SerializationFailure(), errors.UniqueViolation(), ConcurrencyError()):
            self.assertIsNone(self.blamed(error))
        self.assertEqual(self.blamed(ZeroDivisionError()), 3)

    def repeats(self, error):
        tries = []

        def work():
            tries.append(1)
            raise error

        self.slept.clear()
        with self.assertRaises(type(error)):
            self.channel._repeatable(work)
        return len(tries) - 1

    def test_conflicts_are_repeated_three_times_and_a_held_row_for_three_seconds(self):
        for error in (errors.SerializationFailure(), errors.DeadlockDetected(), ConcurrencyError()):
            self.assertEqual(self.repeats(error), 3)
            self.assertLess(sum(self.slept), 1)
        self.assertLess(self.repeats(errors.LockNotAvailable()), 12, "Odoo logs an error for each")
        self.assertGreaterEqual(sum(self.slept), 3)
        self.assertLess(sum(self.slept), 7)
        self.assertEqual(self.repeats(ZeroDivisionError()), 0)


class TestPasses(OutboxCase):
    def setUp(self):
        super().setUp()
        product = self.make_product(on_hand=10)
        self.listing = self.make_listing(product)
        self.order = self.make_channel_order((self.listing, 3))
        self.deliver(self.order, number="1Z")
        self.command = self.commands(self.order)

    def pass_of(self, kind):
        self.dispatch()
        with self.own_transactions() as channel:
            channel._cron_pass(kind)

    def runs(self, kind):
        return self.env["order.channel.run"].search([("channel_id", "=", self.channel.id), ("kind", "=", kind)])

    def test_an_error_while_stock_is_pushed_leaves_no_run_running(self):
        self.connector.answers[self.listing.external_id] = ZeroDivisionError()
        with mute_logger(PASS_LOG):
            self.pass_of("sync")
        self.assertRecordValues(self.runs("stock"), [{"state": "failed", "reason_code": "internal"}])
        self.assertEqual(self.channel.health, "failing")

    def test_an_outbox_with_a_lost_key_needs_reauthorisation(self):
        lost = AuthError(code="secrets_lost")
        with patch.object(type(self.channel), "_get_connector", side_effect=lost):
            self.pass_of("outbox")
        self.assertRecordValues(self.channel, [{"health": "needs_reauth", "health_code": "secrets_lost"}])
        self.assertRecordValues(self.runs("outbox"), [{"state": "failed", "reason_code": "secrets_lost"}])
        self.assertEqual(self.command.state, "pending")

    def test_a_database_in_trouble_is_not_the_commands_fault(self):
        """The ports of a connector have cursors of their own, which find no server any more."""
        self.connector.answers["O-1"] = psycopg2.OperationalError("the database system is shutting down")
        with self.assertLogs(GIVE_WAY_LOG, "WARNING") as logs:
            self.pass_of("outbox")
        self.assertEqual(len(logs.output), 1)
        self.assertRecordValues(self.command, [{"state": "sending", "reason_code": False}])
        self.assertEqual(self.channel.health, "ok")
        self.connector.answers.clear()
        self.pass_of("outbox")
        self.assertEqual(self.command.state, "sent")
