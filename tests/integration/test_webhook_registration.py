"""Registering at the marketplace: by the cron, once a day, and never in anybody's way."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from odoo.fields import Datetime
from odoo.service import db as service_db
from odoo.tests import freeze_time
from odoo.tools import config, file_open, mute_logger

from odoo.addons.order_channel_mapping.connectors import base, connector_classes
from odoo.addons.order_channel_mapping.models.order_channel_account import ALLOW_INSECURE
from odoo.addons.order_channel_mapping.models.order_channel_webhook import PATH

from tests.common import ChannelCase
from tests.fakes import FakeConnector, connected

from .connect_common import SECRET
from .webhook_common import WebhookMixin

HOST = "https://odoo.example.com"
NO_CREDENTIAL = patch.object(connector_classes()["shopify"], "webhook_credential", None)


class NotifyingConnector(FakeConnector):
    """Keeps ``{address: secret}`` of what is registered, and what it was asked."""

    def __init__(self):
        super().__init__()
        self.registered, self.asked = {}, []

    def ensure_webhooks(self, url, secret):
        self.asked.append(("ensure", url))
        self._call("ensure_webhooks")
        self.registered[url] = secret

    def remove_webhooks(self, url):
        self.asked.append(("remove", url))
        self._call("remove_webhooks")
        self.registered.pop(url, None)


class RegistrationCase(WebhookMixin, ChannelCase):
    def setUp(self):
        super().setUp()
        self.parameters = self.env["ir.config_parameter"].sudo()
        self.parameters.set_param("web.base.url", HOST)
        self.connector = NotifyingConnector()

    @property
    def address(self):
        return f"{HOST}{PATH}/shopify/{self.channel.webhook_token}"

    @contextmanager
    def marketplace(self):
        with connected(self.env, self.connector):
            yield

    def outbox_pass(self):
        with self.marketplace():
            self.channel._cron_pass("outbox")

    def shown(self):
        return self.channel.webhook_state, self.channel.webhook_code or None


class TestRegistration(RegistrationCase):
    def test_the_commands_cron_registers_them(self):
        self.assertEqual(self.shown(), ("off", None))
        self.outbox_pass()
        self.assertEqual(self.connector.registered, {self.address: SECRET})
        self.assertEqual(self.shown(), ("active", None))
        self.assertEqual(self.channel.health, "ok")

    def test_a_channel_that_only_reads_is_notified_too(self):
        self.channel.state = "connected"
        self.outbox_pass()
        self.assertTrue(self.connector.registered)

    def test_connect_asks_for_it_outside_of_the_users_transaction(self):
        self.outbox_pass()
        self.channel.webhook_next_at = Datetime.now() + timedelta(days=1)
        self.connector.asked.clear()
        self.triggers("outbox").unlink()
        self.channel.write({"account_ref": False, "state": "draft"})
        with self.marketplace():
            self.channel.with_user(self.manager).action_connect()
        self.assertEqual(self.connector.asked, [])
        self.assertTrue(self.triggers("outbox"))
        self.outbox_pass()
        self.assertEqual(self.connector.asked, [("ensure", self.address)])

    def test_once_a_day_what_is_missing_or_disabled_comes_back(self):
        self.outbox_pass()
        self.connector.registered.clear()
        self.outbox_pass()
        self.assertFalse(self.connector.registered, "not asked at each pass")
        with freeze_time(Datetime.now() + timedelta(hours=23)):
            self.outbox_pass()
            self.assertFalse(self.connector.registered)
        with freeze_time(Datetime.now() + timedelta(hours=25)):
            self.outbox_pass()
        self.assertEqual(self.connector.registered, {self.address: SECRET})

    def test_a_pass_with_nothing_to_register_makes_no_write(self):
        self.outbox_pass()
        self.env.flush_all()
        with patch.object(self.registry["order.channel"], "write", side_effect=AssertionError("written")):
            self.channel._refresh_webhooks()

    def test_a_new_address_of_the_server(self):
        self.outbox_pass()
        old = self.address
        self.parameters.set_param("web.base.url", "https://new.example.com/")
        self.outbox_pass()
        self.assertEqual(list(self.connector.registered), [old.replace(HOST, "https://new.example.com")])

    # === POLLING ONLY === #

    def test_a_server_that_nobody_can_reach_polls(self):
        for url, code in (
            ("http://localhost:8069", "webhook_not_public"),
            ("https://10.1.2.3", "webhook_not_public"),
            ("http://odoo.example.com", "webhook_not_https"),
        ):
            self.parameters.set_param("web.base.url", url)
            self.outbox_pass()
            self.assertEqual(self.shown(), ("polling", code))
            self.assertIn(url, self.channel.webhook_message)
        self.assertFalse(self.connector.asked)
        self.assertEqual(self.channel.health, "ok", "no error")
        self.parameters.set_param("web.base.url", HOST)
        self.outbox_pass()
        self.assertEqual(self.shown(), ("active", None))

    def test_a_server_with_several_databases_and_no_filter_polls(self):
        """Odoo takes in what names no database only where it shows one."""
        several = [self.env.cr.dbname, "another_one"]
        with patch.dict(config.options, {"db_name": several, "dbfilter": ""}):
            self.outbox_pass()
            self.assertEqual(self.shown(), ("polling", "webhook_several_databases"))
            self.assertIn("dbfilter", self.channel.webhook_message)
            self.assertFalse(self.connector.asked)
        for chosen, shown in (
            ("%h", ("polling", "webhook_several_databases")),  # shows none of them
            (f"^{self.env.cr.dbname}$", ("active", None)),
            ("^another_one$", ("polling", "webhook_several_databases")),
        ):
            with (
                patch.object(service_db, "list_dbs", lambda force: several),
                patch.dict(config.options, {"dbfilter": chosen}),
            ):
                self.channel.webhook_next_at = False
                self.outbox_pass()
                self.assertEqual(self.shown(), shown, chosen)

    def test_test_servers(self):
        self.parameters.set_param("web.base.url", "http://127.0.0.1:8069")
        self.parameters.set_param(ALLOW_INSECURE, "True")
        self.outbox_pass()
        self.assertEqual(self.shown(), ("active", None))

    def test_no_secret_no_entry(self):
        self.channel.account_id._set_credentials({"client_secret": False})
        self.channel.account_id.credentials_checked = True
        self.channel._set_health("ok")
        self.outbox_pass()
        self.assertEqual(self.shown(), ("polling", "webhook_no_secret"))
        self.assertIn("Client Secret", self.channel.webhook_message)
        self.assertFalse(self.connector.asked)

    def test_a_refusal_is_shown_and_the_pass_goes_on(self):
        for error in (
            base.AuthError("read_orders is missing.", "access_denied"),
            base.Rejected("webhook", "Address is not allowed."),
            base.BadPayload("Nonsense."),
        ):
            with self.subTest(error.code):
                self.channel.write({"webhook_next_at": False, "webhook_state": "off"})
                self.connector.errors = [error]
                self.outbox_pass()
                self.assertEqual(self.shown(), ("polling", error.code))
                self.assertIn(error.message, self.channel.webhook_message)
                self.assertEqual((self.channel.health, self.channel.next_try_at), ("ok", False))

    def test_a_marketplace_that_is_down_is_asked_again_soon(self):
        later = datetime.now(timezone.utc) + timedelta(hours=1)
        for error in (base.Unavailable("It is down.", "http_502"), base.RateLimited("Wait.", later)):
            self.channel.write({"webhook_next_at": False, "webhook_state": "off"})
            self.connector.errors = [error]
            self.outbox_pass()
            self.assertEqual(self.shown(), ("failing", error.code))
            self.assertEqual(self.channel.health, "ok")
            with freeze_time(Datetime.now() + timedelta(minutes=11)):
                self.outbox_pass()
            self.assertEqual(self.shown(), ("active", None))

    def test_what_is_registered_stays_active_while_the_marketplace_is_down(self):
        self.outbox_pass()
        self.channel.webhook_next_at = False
        self.connector.errors = [base.Unavailable("It is down.")]
        self.outbox_pass()
        self.assertEqual(self.shown(), ("active", None))
        self.assertAlmostEqual(
            self.channel.webhook_next_at, Datetime.now() + timedelta(minutes=10), delta=timedelta(minutes=1)
        )

    @mute_logger("odoo.addons.order_channel_mapping.models.order_channel_webhooks")
    def test_a_bug_is_not_the_passes(self):
        self.connector.errors = [ZeroDivisionError("bug")]
        self.outbox_pass()
        self.assertEqual(self.shown(), ("failing", "internal"))
        self.assertEqual(self.channel.health, "ok")

    def test_who_may_not_run_asks_nothing(self):
        for values in ({"paused": True}, {"health": "needs_reauth"}, {"active": False}):
            self.channel.write({"paused": False, "health": "ok", "active": True, "webhook_next_at": False, **values})
            self.outbox_pass()
        self.assertFalse(self.connector.asked)

    def test_a_marketplace_that_asked_the_commands_to_wait_is_left_alone(self):
        def wait(channel, deadline=None):
            channel._handle_connector_error(base.RateLimited("Wait."))

        with patch.object(self.registry["order.channel"], "_push_outbox", wait):
            self.outbox_pass()
        self.assertEqual(self.channel.health, "waiting")
        self.assertFalse(self.connector.asked)

    # === OUR OWN SECRET === #

    def test_a_secret_of_our_own_is_sealed_and_changes_no_credential(self):
        account = self.channel.account_id
        version = account.credentials_version
        with NO_CREDENTIAL:
            self.outbox_pass()
            secret = self.connector.registered[self.address]
            self.assertGreaterEqual(len(secret), 43, "32 bytes")
            self.assertEqual(self.channel._webhook_secret(), secret)
            self.channel.webhook_next_at = False
            self.outbox_pass()
            self.assertEqual(self.connector.registered, {self.address: secret}, "the same each time")
        self.assertTrue(account.credentials_checked)
        self.assertEqual(account.credentials_version, version)
        self.assertEqual(account._secrets()["client_secret"], SECRET)
        self.env.flush_all()
        self.env.cr.execute("SELECT row_to_json(c)::text FROM order_channel c WHERE id = %s", [self.channel.id])
        self.assertNotIn(secret, self.env.cr.fetchone()[0])
        account._set_credentials({"access_token": "shpat_2"})
        self.assertEqual(account._own_secret(f"webhook:{self.channel.id}"), secret, "new credentials leave it alone")

    def test_a_lost_secret_is_made_anew_and_the_old_registration_ended(self):
        with NO_CREDENTIAL:
            self.outbox_pass()
            old = self.connector.registered[self.address]
            self.channel.account_id._keep_own_secret(f"webhook:{self.channel.id}", None)
            self.channel.webhook_next_at = False
            self.connector.asked.clear()
            self.outbox_pass()
        self.assertEqual(self.connector.asked, [("remove", self.address), ("ensure", self.address)])
        self.assertNotEqual(self.connector.registered[self.address], old)

    @mute_logger("odoo.addons.order_channel_mapping.models.order_channel_account_secrets")
    def test_secrets_that_can_not_be_read_are_not_written_over(self):
        self.channel.account_id.secret_data = "sealed with another key"
        with NO_CREDENTIAL:
            self.outbox_pass()
        self.assertEqual(self.channel.account_id.secret_data, "sealed with another key")
        self.assertEqual(self.shown(), ("polling", "secrets_lost"))


class TestWithdrawal(RegistrationCase):
    def setUp(self):
        super().setUp()
        self.outbox_pass()
        self.connector.asked.clear()
        self.withdraw_cron = self.env.ref("order_channel_mapping.cron_withdraw_webhooks")

    def withdraw(self):
        with self.marketplace():
            self.env["order.channel.account"]._cron_withdraw_webhooks()

    def test_archived(self):
        address = self.address
        self.channel.with_user(self.manager).active = False
        self.assertEqual(self.connector.asked, [], "not in the user's transaction")
        self.assertEqual(self.shown(), ("off", None))
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", self.withdraw_cron.id)]))
        self.withdraw()
        self.assertEqual(self.connector.asked, [("remove", address)])
        self.assertFalse(self.channel.account_id.webhook_withdrawals)
        self.channel.active = True
        self.outbox_pass()
        self.assertEqual(self.connector.registered, {address: SECRET})

    def test_back_in_use_before_it_was_ended(self):
        self.channel.active = False
        self.channel.active = True
        self.outbox_pass()
        self.connector.asked.clear()
        self.withdraw()
        self.assertEqual(self.connector.asked, [])

    def test_deleted(self):
        """The credentials are kept for that, then they go with the account."""
        account, address = self.channel.account_id, self.address
        self.channel.with_user(self.manager).unlink()
        self.assertEqual((account.exists().active, account.channel_ids.ids), (False, []))
        self.withdraw()
        self.assertEqual(self.connector.asked, [("remove", address)])
        self.assertFalse(account.exists())

    def test_deleted_while_the_marketplace_is_down(self):
        account = self.channel.account_id
        self.channel.unlink()
        self.connector.errors = [base.Unavailable("It is down.")]
        self.withdraw()
        self.assertFalse(account.exists())

    def test_a_shared_account_forgets_the_secret(self):
        account = self.channel.account_id
        account._keep_own_secret(f"webhook:{self.channel.id}", "ours")
        self.make_channel(name="Second", account_id=account.id)
        self.channel.unlink()
        self.assertTrue(account.active)
        self.assertEqual(account._secrets(), {"access_token": "shpat_1", "client_secret": SECRET})
        self.withdraw()
        self.assertTrue(account.exists())

    def test_never_registered_nothing_to_end(self):
        channel = self.notified_channel("Shoes")
        account = channel.account_id
        channel.unlink()
        self.assertFalse(account.exists())

    def test_a_copy_of_the_database_ends_nothing(self):
        account = self.channel.account_id
        with patch.object(self.registry["order.channel"], "_is_foreign_database", lambda channel: True):
            self.channel.unlink()
            self.assertFalse(account.exists())
            other = self.notified_channel("Shoes")
            other.account_id.webhook_withdrawals = [[HOST, ""]]
            self.env["order.channel.account"]._cron_withdraw_webhooks()
            self.assertTrue(other.account_id.webhook_withdrawals)
        self.assertEqual(self.connector.asked, [])

    def test_a_neutralised_copy_knows_no_address_and_no_notification(self):
        self.receive()
        self.env.flush_all()
        with file_open("order_channel_mapping/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertEqual(self.shown(), ("off", None))
        self.assertFalse(self.channel.webhook_token or self.channel.webhook_url or self.received())
        self.assertFalse(self.channel.account_id.webhook_withdrawals)
