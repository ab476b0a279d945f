"""Notifications, passes and people at the same time: real transactions on a channel that is really committed."""

from __future__ import annotations

import threading
from contextlib import contextmanager

from odoo import SUPERUSER_ID, api
from odoo.fields import Datetime
from odoo.service.model import retrying
from odoo.tests.common import get_db_name
from odoo.tools import SQL, mute_logger

from tests.common import ChannelCase

from .webhook_common import WebhookMixin, body_of, signed


class TestConflicts(WebhookMixin, ChannelCase):
    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            self.channel_id = self.commit_channel(env)
            channel = self.of(env)
            self.token = channel.webhook_token
        self.addCleanup(self._delete)

    @classmethod
    def commit_channel(cls, env):
        mine, cls.env = cls.env, env
        try:
            return cls.notified_channel("Committed", orders_phase="all").id
        finally:
            cls.env = mine

    @contextmanager
    def transaction(self):
        """The environment of another worker; committed at the end. Waiting for a lock is a failure."""
        with self.env.registry.cursor() as cr:
            cr.execute("SET LOCAL lock_timeout = '5s'")
            yield api.Environment(cr, SUPERUSER_ID, {})

    def of(self, env):
        return env["order.channel"].browse(self.channel_id)

    def _delete(self):
        with self.transaction() as env:
            self.of(env).unlink()

    def deliver(self, env, number=1):
        body = body_of(number)
        return env["order.channel.webhook"]._receive("shopify", self.token, signed(body), body)

    def number_of(self, table, column, value):
        with self.transaction() as env:
            query = SQL("SELECT count(*) FROM %s WHERE %s = %s", SQL.identifier(table), SQL.identifier(column), value)
            [(number,)] = env.execute_query(query)
            return number

    def test_a_delivery_during_a_pass_waits_for_nothing_and_disturbs_nothing(self):
        """The pass has written the channel, and writes it again after the notification was committed."""
        with self.transaction() as of_pass:
            channel = self.of(of_pass)
            __, __, __, __, run = channel._begin_orders_fetch()
            channel.orders_watermark = Datetime.now()
            of_pass.flush_all()
            with self.transaction() as env:
                self.assertTrue(self.deliver(env))
            channel.orders_checked_at = Datetime.now()
            channel._follow_hints("orders", (None, None, run))
            of_pass.flush_all()
        with self.transaction() as env:
            self.assertTrue(self.of(env).orders_checked_at, "the pass was committed")
            self.assertTrue(self.of(env)._is_hinted("orders"), "what came after it began is still to be fetched")

    def test_a_pass_that_commits_during_a_delivery(self):
        with self.transaction() as env:
            self.of(env).read(["name"])  # its view of the database is that of before
            with self.transaction() as of_pass:
                self.of(of_pass).orders_watermark = Datetime.now()
            self.assertTrue(self.deliver(env))
        self.assertEqual(self.number_of("order_channel_webhook", "channel_id", self.channel_id), 1)

    def test_the_same_notification_twice_at_once(self):
        """As Odoo serves them: a conflict is repeated in a new transaction, where it is a replay."""
        results, barrier = [], threading.Barrier(2)

        def serve():
            with self.transaction() as env:
                env.cr.execute("SELECT 1")
                tries = []

                def receive():
                    if not tries:
                        tries.append(barrier.wait(10))
                    return self.deliver(env)

                results.append(retrying(receive, env))

        self.in_threads(serve, serve)
        self.assertEqual(results, [True, True])
        self.assertEqual(self.number_of("order_channel_webhook", "channel_id", self.channel_id), 1)

    def test_many_at_once_wake_the_cron_a_few_times(self):
        barrier = threading.Barrier(6)

        def serve(first):
            barrier.wait(10)
            for number in range(first, 60, 6):
                with self.transaction() as env:
                    self.deliver(env, number)

        self.in_threads(*(lambda first=first: serve(first) for first in range(6)))
        self.assertEqual(self.number_of("order_channel_webhook", "channel_id", self.channel_id), 60)
        with self.transaction() as env:
            cron_id = self.of(env).sync_cron_id.id
        self.assertIn(
            self.number_of("ir_cron_trigger", "cron_id", cron_id), range(1, 13), "as many as come at one moment"
        )

    @mute_logger("odoo.sql_db")
    def in_threads(self, *tasks):
        errors = []

        def run(task):
            threading.current_thread().dbname = get_db_name()
            try:
                task()
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(errors, [])
