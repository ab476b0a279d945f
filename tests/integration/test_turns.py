"""One worker at a time asks an account, and slow channels leave workers to the others."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from datetime import timedelta
from unittest.mock import patch

import psycopg2

from odoo import fields

from odoo.addons.order_channel_mapping.connectors.base import Unavailable
from odoo.addons.order_channel_mapping.connectors.records import Page
from odoo.addons.order_channel_mapping.models import order_channel_turn

from tests.common import ChannelCase
from tests.fakes import FakeConnector, connected, item


class TestTurns(ChannelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel = cls.make_channel()
        cls.channel._ensure_crons()
        cls.other = cls.make_channel(name="Another shop", account_ref="other")
        cls.other._ensure_crons()

    def setUp(self):
        super().setUp()
        self.connector = self.during_test(connected(self.env, FakeConnector()))

    def held_elsewhere(self, account):
        """Another session has the account's turn, until the test ends or ``close`` is called on what this gives."""
        stack = ExitStack()
        self.addCleanup(stack.close)
        connection = stack.enter_context(closing(psycopg2.connect(dbname=self.env.cr.dbname)))
        cursor = stack.enter_context(connection.cursor())
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", (order_channel_turn.LOCK, account.id))
        # said outright: a server takes a moment to notice that a connection was closed
        stack.callback(cursor.execute, "SELECT pg_advisory_unlock(%s, %s)", (order_channel_turn.LOCK, account.id))
        return stack

    def is_free(self, account):
        with closing(psycopg2.connect(dbname=self.env.cr.dbname)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", (order_channel_turn.LOCK, account.id))
            free = cursor.fetchone()[0]
            connection.rollback()
            return free

    def triggers(self, cron):
        return self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]).mapped("call_at")

    def waiting(self):
        return self.env["order.channel.turn"].sudo().search([]).mapped(lambda turn: (turn.channel_id, turn.kind))

    def test_the_second_cron_leaves_its_worker_to_others(self):
        self.held_elsewhere(self.channel.account_id)
        self.connector.items = [item("1", "A")]
        self.channel._cron_pass("items")
        self.assertFalse(self.channel.listing_ids)
        self.assertFalse(self.channel.run_ids, "nothing shows as running that does not run")
        self.assertEqual(self.waiting(), [(self.channel.id, "items")])
        (at,) = self.triggers(self.channel.items_cron_id)
        self.assertGreater(at, fields.Datetime.now() + timedelta(seconds=50), "in case nobody wakes it")

    def test_it_is_woken_at_the_end_of_the_first(self):
        holder = self.held_elsewhere(self.channel.account_id)
        self.channel._cron_pass("items")
        self.channel._cron_pass("items")
        holder.close()
        self.channel._cron_pass("outbox")
        self.assertEqual(self.waiting(), [])
        self.assertLessEqual(min(self.triggers(self.channel.items_cron_id)), fields.Datetime.now())
        self.connector.items = [item("1", "A")]
        self.channel._cron_pass("items")
        self.assertEqual(self.channel.listing_ids.sku, "A")

    def test_channels_of_one_account_take_turns(self):
        sister = self.make_channel(account_id=self.channel.account_id.id, account_ref="sister")
        sister._ensure_crons()
        self.env.flush_all()
        self.held_elsewhere(self.channel.account_id)
        sister._cron_pass("sync")
        self.assertEqual(self.waiting(), [(sister.id, "sync")])
        self.connector.items = [item("1", "A")]
        self.other._cron_pass("items")
        self.assertEqual(self.other.listing_ids.sku, "A", "another account's is not held up")

    def test_the_turn_is_given_back_whatever_happened(self):
        for broken in (Unavailable("", "timeout"), ValueError("a bug")):
            with (
                patch.object(type(self.channel), "_sync_items", side_effect=broken),
                self.assertLogs("odoo.addons.order_channel_mapping.models.order_channel_pass", "ERROR"),
            ):
                self.channel._cron_pass("items")
            self.assertTrue(self.is_free(self.channel.account_id))
            self.channel.write({"next_try_at": False})

    def test_a_channel_that_is_gone(self):
        gone = self.channel.browse(self.channel.id + 1_000)
        gone._cron_pass("items")
        self.assertEqual(self.waiting(), [])

    def test_no_stock_is_pushed_where_orders_could_not_be_fetched_in_time(self):
        """Each of the two would have kept the worker for a request's whole time."""
        self.channel.write({"push_stock": True})
        with (
            patch.object(self.connector, "iter_orders", side_effect=Unavailable("", "timeout")),
            patch.object(type(self.channel), "_push_stock") as pushed,
        ):
            self.channel._cron_pass("sync")
        self.assertEqual(self.channel.health, "waiting")
        pushed.assert_not_called()

    # === SLOW CHANNELS === #

    def slow_pass(self):
        turned = patch.object(order_channel_turn.time, "monotonic", side_effect=[0.0, *[19.0] * 50])
        with patch.object(type(self.channel), "_work"), turned:
            self.channel._cron_pass("items")

    def test_a_slow_channel_rests_three_times_as_long_as_it_took(self):
        before = fields.Datetime.now()
        self.slow_pass()
        self.assertEqual((self.channel.health, self.channel.health_code), ("waiting", "slow"))
        self.assertGreaterEqual(self.channel.next_try_at, before + timedelta(seconds=56))
        self.assertLess(self.channel.next_try_at, before + timedelta(seconds=90))
        self.assertIn("19 seconds", self.channel.health_message)
        self.assertEqual(self.channel.error_count, 0, "it is no error")
        self.assertIn(self.channel.next_try_at, self.triggers(self.channel.items_cron_id))

    def test_a_wait_that_is_longer_stays(self):
        until = fields.Datetime.now() + timedelta(minutes=30)
        with (
            patch.object(
                type(self.channel), "_work", lambda channel, *args: channel._set_health("waiting", "timeout", {}, until)
            ),
            patch.object(order_channel_turn.time, "monotonic", side_effect=[0.0, *[19.0] * 50]),
        ):
            self.channel._cron_pass("items")
        self.assertEqual((self.channel.health_code, self.channel.next_try_at), ("timeout", until))

    def test_what_went_wrong_in_a_slow_pass_stays_said(self):
        soon = fields.Datetime.now() + timedelta(seconds=5)
        with (
            patch.object(
                type(self.channel), "_work", lambda channel, *args: channel._set_health("waiting", "timeout", {}, soon)
            ),
            patch.object(order_channel_turn.time, "monotonic", side_effect=[0.0, *[19.0] * 50]),
        ):
            self.channel._cron_pass("items")
        self.assertEqual(self.channel.health_code, "timeout")
        self.assertGreater(self.channel.next_try_at, soon)

    def test_a_slow_channel_that_is_alone_does_not_rest(self):
        self.env["order.channel"].search([("id", "!=", self.channel.id)]).unlink()
        self.slow_pass()
        self.assertEqual(self.channel.health, "ok")

    def test_history_of_a_slow_channel_waits_for_the_next_pass(self):
        asked = []
        self.connector.iter_orders = lambda since, cursor, only_open: asked.append(only_open) or iter([Page(())])
        self.channel._sync_orders(deadline=time.monotonic() - 1)
        self.assertEqual(asked, [True])
        self.assertEqual(self.channel.run_ids.mapped("state"), ["queued", "done"])
        self.assertTrue(self.channel._is_due("orders"))
        self.channel._cron_pass("sync")
        self.assertEqual(asked, [True, False])
