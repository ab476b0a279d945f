"""A grant that was taken back: everything pauses, one button heals it, and it goes on from where it was."""

from __future__ import annotations

from unittest.mock import patch

from odoo.tools import mute_logger

from odoo.addons.order_channel_mapping.connectors.base import AuthError, Grant

from tests.common import ChannelHttpCase

from .connect_common import OTHER_STORE, STORE
from .oauth_common import ACCESS, ConsentMixin


def patch_methods(cls, done, *names):
    """Put a note into ``done`` in place of each method."""

    def note(name):
        return lambda self, *args, **kwargs: done.append(name)

    return patch.multiple(cls, **{name: note(name) for name in names})


class TestAgain(ConsentMixin, ChannelHttpCase):
    def setUp(self):
        super().setUp()
        self.channel = self.authorized_channel()
        self.channel.sudo().write({"state": "live", "push_stock": True, "push_tracking": True})

    def revoke(self):
        channel = self.channel.sudo()
        channel.activity_unlink(["mail.mail_activity_data_todo"])
        channel._handle_connector_error(AuthError("The seller removed the app.", "revoked"))
        self.env.flush_all()

    def test_a_revoked_grant_asks_once_and_pauses_every_way(self):
        self.in_one_transaction()
        self.revoke()
        channel = self.channel
        self.assertEqual((channel.health, channel.needs_consent), ("needs_reauth", True))
        self.assertIn("Authorise", channel.health_message)
        self.assertEqual(len(channel.activity_ids), 1)
        self.assertEqual(channel.activity_ids.user_id, self.manager)
        cls = type(channel)
        done = []
        with (
            patch_methods(cls, done, "_sync_items", "_sync_orders", "_push_stock", "_push_outbox", "_process_ready"),
            mute_logger("odoo.addons.order_channel_mapping"),
        ):
            for kind in ("sync", "items", "outbox"):
                channel.sudo()._cron_pass(kind)
            self.assertEqual(done, [])
            self.come_back(self.set_out(channel))
            for kind in ("sync", "items", "outbox"):
                channel.sudo()._cron_pass(kind)
        self.assertEqual(set(done), {"_sync_items", "_sync_orders", "_push_stock", "_push_outbox"})

    def test_after_authorising_again_it_goes_on_from_where_it_was(self):
        channel = self.channel.sudo()
        channel.write(
            {"orders_watermark": "2026-11-01 08:00:00", "items_cursor": "page-7", "order_start": "2026-01-01"}
        )
        order = self.env["order.channel.order"].create(
            {
                "channel_id": channel.id,
                "company_id": self.company.id,
                "external_id": "1",
                "number": "#1",
                "status": "open",
            }
        )
        command = self.env["order.channel.command"].create(
            {
                "channel_id": channel.id,
                "company_id": self.company.id,
                "order_id": order.id,
                "kind": "ship",
                "idempotency_key": "1",
            }
        )
        before = channel.read(["orders_watermark", "items_cursor", "order_start", "push_stock", "state"])
        self.revoke()
        self.market.granted = Grant(tokens={"access_token": "a2", "refresh_token": "r2"})
        self.come_back(self.set_out(self.channel))
        self.assertEqual((channel.health, channel.health_message), ("ok", ""))
        self.assertFalse(channel.activity_ids)
        self.assertEqual(
            channel.read(["orders_watermark", "items_cursor", "order_start", "push_stock", "state"]), before
        )
        self.assertEqual(command.state, "pending")
        self.assertEqual(channel.account_id._ports().tokens.get("refresh_token"), "r2")
        triggered = self.env["ir.cron.trigger"].search([("cron_id", "in", channel._crons().ids)]).cron_id
        self.assertEqual(triggered, channel._crons())

    def test_only_the_same_store_is_taken_and_another_one_spoils_nothing(self):
        self.revoke()
        self.market.identity, self.market.granted = OTHER_STORE, Grant(tokens={"access_token": "of another store"})
        self.come_back(self.set_out(self.channel))
        self.assertEqual((self.channel.health, self.channel.external_name), ("needs_reauth", "Hat Shop"))
        self.assertIn("belong to Shoe Shop", self.channel.authorization_message)
        self.assertEqual(self.channel.account_id._ports().tokens.get("access_token"), ACCESS)

    def test_one_consent_heals_all_channels_of_the_account(self):
        sister = self.new_channel("Sister", credentials=False, account_id=self.channel.account_id.id)
        self.assertFalse(sister.needs_consent, "the account has been agreed to")
        self.market.identity = type(STORE)(ref=STORE.ref, site="fr")
        sister.action_connect()
        self.market.identity = STORE
        self.revoke()
        sister.sudo()._handle_connector_error(AuthError("", "revoked"))
        self.env.flush_all()
        self.come_back(self.set_out(self.channel))
        self.assertEqual((self.channel.health, sister.health), ("ok", "ok"))

    def test_a_right_that_a_later_pass_misses_is_named(self):
        self.channel.sudo()._handle_connector_error(
            AuthError("The app lacks these rights: read customers.", "missing_scopes")
        )
        self.assertEqual(self.channel.health, "needs_reauth")
        self.assertIn("read customers", self.channel.health_message)
