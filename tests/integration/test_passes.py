"""What becomes of a pass that can't go on, and of what it leaves behind."""

from __future__ import annotations

from unittest.mock import patch

import psycopg2

from odoo.tools import mute_logger

from odoo.addons.order_channel_mapping.connectors.base import AuthError

from .stock_common import OutboxCase

PASS_LOG = "odoo.addons.order_channel_mapping.models.order_channel_pass"
GIVE_WAY_LOG = "odoo.addons.order_channel_mapping.models.order_channel_transactional"


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
