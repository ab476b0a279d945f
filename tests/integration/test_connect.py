"""Connect: identity, one channel per store, the first fetch, copies of the database, deletion."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import psycopg2.errors

from odoo.exceptions import AccessError, UserError
from odoo.fields import Datetime
from odoo.modules.migration import load_script
from odoo.tests import patch
from odoo.tools import file_open, file_path, mute_logger

from odoo.addons.order_channel_mapping.connectors.base import AuthError, Rejected, Unavailable
from odoo.addons.order_channel_mapping.models.order_channel_live_database import LIVE

from tests.common import ChannelCase

from .connect_common import OTHER_STORE, SECRET, STORE, TOKEN, ConnectMixin

SWITCHES = ("auto_link", "auto_process", "push_stock", "push_tracking")


class TestConnect(ConnectMixin, ChannelCase):
    outsiders = True

    def test_one_form_makes_channel_and_account(self):
        channel = self.new_channel(credentials=False)
        self.assertEqual(channel.account_id.provider, "shopify")
        self.assertEqual(channel.provider, "shopify")
        self.assertEqual(channel.account_id.company_id, channel.company_id)
        self.assertEqual(channel.account_id.name, "Hats")

    def test_a_channel_of_another_company_ships_from_there(self):
        both = self.company | self.other_company
        channel = (
            self.env["order.channel"]
            .with_context(allowed_company_ids=both.ids)
            .create({"name": "There", "provider": "offline", "company_id": self.other_company.id})
        )
        self.assertEqual(channel.warehouse_id.company_id, self.other_company)
        self.assertEqual(channel.account_id.company_id, self.other_company)

    def test_channel_and_account_have_one_company(self):
        account = self.new_channel().account_id.sudo()
        with self.assertRaisesRegex(UserError, "compan"):
            self.env["order.channel"].create(
                {
                    "name": "Foreign",
                    "account_id": account.id,
                    "company_id": self.other_company.id,
                    "warehouse_id": self.env["stock.warehouse"].search([("company_id", "=", self.other_company.id)]).id,
                }
            )

    def test_an_identity_with_words_that_can_not_be_stored(self):
        odd = replace(STORE, name="Hat\0 Shop\ud800", locations=(replace(STORE.locations[0], name="Ber\0lin"),))
        channel = self.connected_channel(odd)
        self.assertEqual((channel.state, channel.external_name), ("connected", "Hat Shop"))
        self.assertEqual(channel.remote_location_ids.mapped("name"), ["Berlin"])

    def test_an_identity_that_can_not_be_one(self):
        for ref in ("gid://shopify/Shop/\0", "x" * 10_000, ""):
            with self.subTest(ref[:30]), self.assertRaisesRegex(UserError, "can't be used"):
                self.connected_channel(replace(STORE, ref=ref), name=f"Hats {len(ref)}")

    def test_connect_keeps_who_we_are(self):
        before = Datetime.now()
        channel = self.connected_channel()
        self.assertRecordValues(
            channel.sudo(),
            [
                {
                    "state": "connected",
                    "health": "ok",
                    "account_ref": STORE.ref,
                    "site": "",
                    "external_name": "Hat Shop",
                    "timezone": "Europe/Berlin",
                    "currency_id": self.env.ref("base.EUR").id,
                }
            ],
        )
        self.assertAlmostEqual(channel.order_start, before - timedelta(days=90), delta=timedelta(minutes=1))
        self.assertEqual(channel.account_id.external_ref, STORE.ref)
        self.assertEqual(channel.account_id.scopes, "read_orders read_products")
        locations = self.env["order.channel.location"].with_context(active_test=False)
        self.assertEqual(
            {
                (place.external_id, place.name, place.active)
                for place in locations.search([("channel_id", "=", channel.id)])
            },
            {("loc-1", "Berlin", True), ("loc-2", "Old barn", False)},
        )
        self.assertEqual(channel.push_location_id.external_id, "loc-1", "the only active place is where stock goes")

    def test_connect_only_reads(self):
        channel = self.connected_channel()
        self.assertFalse([switch for switch in SWITCHES if channel[switch]])

    def test_connect_starts_the_first_fetch(self):
        channel = self.connected_channel().sudo()
        root = self.env.ref("base.user_root")
        crons = channel._crons()
        self.assertEqual(len(crons), 3)
        self.assertEqual(crons.user_id, root)
        self.assertTrue(all(crons.mapped("active")))
        self.assertEqual(set(channel.run_ids.mapped("kind")), {"items", "orders"})
        triggered = self.env["ir.cron.trigger"].search([("cron_id", "in", crons.ids)]).cron_id
        self.assertLessEqual(channel.items_cron_id | channel.sync_cron_id, triggered)

    def test_an_order_start_that_was_entered_stays(self):
        start = Datetime.now() - timedelta(days=5)
        self.assertEqual(self.connected_channel(order_start=start).order_start, start)

    def test_progress_and_an_empty_store(self):
        channel = self.connected_channel().sudo()
        self.assertTrue(channel.first_fetch)
        self.assertFalse(channel.empty_store)
        run = channel._open_run("items")
        run._count(fetched=30, created=30)
        channel.invalidate_recordset()
        self.assertEqual(channel.fetched_items, 30)
        channel.items_full_at = Datetime.now()
        self.assertFalse(channel.first_fetch)
        self.assertTrue(channel.empty_store)
        self.env["order.channel.listing"].create(
            {"channel_id": channel.id, "company_id": channel.company_id.id, "external_id": "1", "name": "Hat"}
        )
        channel.invalidate_recordset()
        self.assertFalse(channel.empty_store)

    def test_the_offline_store_needs_no_marketplace(self):
        channel = self.new_channel(credentials=False, provider="offline")
        channel.action_connect()
        self.assertEqual(channel.state, "connected")
        self.assertFalse(channel._crons())
        self.assertFalse(channel.first_fetch or channel.empty_store)
        with self.assertRaises(UserError):
            channel.action_sync_now()

    def test_users_may_not_connect(self):
        channel = self.new_channel()
        with self.marketplace(), self.assertRaises(AccessError):
            channel.with_user(self.user).action_connect()


class TestConnectRefusals(ConnectMixin, ChannelCase):
    outsiders = True

    def test_errors_are_friendly_and_hold_no_secret(self):
        errors = {
            "credentials": AuthError("The token was revoked."),
            "Enter the shop's final address": Rejected("redirect", "Sent elsewhere."),
            "tried again": Unavailable("It is down.", "http_502"),
        }
        for words, error in errors.items():
            channel = self.new_channel(words[:5])
            with self.subTest(words), self.marketplace(error), self.assertRaises(UserError) as raised:
                channel.action_connect()
            self.assertIn(words, str(raised.exception))
            self.assertIn(error.message, str(raised.exception))
            self.assertNotIn(TOKEN, str(raised.exception))
            self.assertTrue(raised.exception.__suppress_context__)
            self.assertEqual(channel.state, "draft")

    def test_missing_credentials_are_named(self):
        channel = self.new_channel(credentials=False)
        with self.assertRaisesRegex(UserError, "missing"):
            channel.action_connect()

    def test_a_connected_store_is_refused_by_name(self):
        self.connected_channel(name="First")
        second = self.new_channel("Second")
        with self.marketplace(), self.assertRaisesRegex(UserError, "by the channel First"):
            second.action_connect()
        self.assertEqual(second.state, "draft")
        self.assertFalse(second.account_id.external_ref)

    def test_another_companys_channel_is_refused_without_its_name(self):
        self.connected_channel(name="Hidden", user=self.other_manager)
        second = self.new_channel("Second")
        with self.marketplace(), self.assertRaises(UserError) as raised:
            second.action_connect()
        self.assertNotIn("Hidden", str(raised.exception))
        self.assertIn("can't see", str(raised.exception))

    def test_another_site_of_the_account_is_welcome(self):
        self.connected_channel(name="First")
        second = self.connected_channel(type(STORE)(ref=STORE.ref, site="fr"), name="Second")
        self.assertEqual((second.state, second.site), ("connected", "fr"))

    def test_an_archived_channel_frees_its_store(self):
        self.connected_channel(name="First").active = False
        self.assertEqual(self.connected_channel(name="Second").state, "connected")

    @mute_logger("odoo.sql_db")
    def test_who_loses_the_race_gets_the_same_words(self):
        """Both looked before either wrote: the unique index decides."""
        self.connected_channel(name="First")
        second = self.new_channel("Second")
        with (
            self.marketplace(),
            patch.object(type(second), "_check_not_connected_elsewhere", lambda *args: None),
            self.assertRaisesRegex(UserError, "already connected"),
        ):
            second.action_connect()
        self.assertEqual(second.state, "draft")

    @mute_logger("odoo.sql_db")
    def test_no_site_and_an_empty_site_are_the_same(self):
        self.connected_channel(name="First")
        second = self.new_channel("Second").sudo()
        with self.assertRaises(psycopg2.errors.UniqueViolation), self.env.cr.savepoint():
            second.write({"account_ref": STORE.ref, "site": False, "state": "connected"})

    def test_new_credentials_must_be_of_the_same_store(self):
        channel = self.connected_channel()
        channel.account_id.access_token = "shpat_new"
        self.assertEqual((channel.health, channel.health_code), ("needs_reauth", "credentials_changed"))
        self.assertFalse(channel.sudo()._may_run())
        with self.marketplace(OTHER_STORE), self.assertRaisesRegex(UserError, "belong to Shoe Shop"):
            channel.action_connect()
        self.assertEqual(channel.health, "needs_reauth")
        with self.marketplace():
            channel.action_connect()
        self.assertEqual((channel.health, channel.health_message), ("ok", ""))
        self.assertTrue(channel.sudo()._may_run())

    def test_channels_of_one_account_have_one_login(self):
        first = self.connected_channel(name="First")
        second = (
            self.env["order.channel"]
            .with_user(self.manager)
            .create({"name": "Second", "account_id": first.account_id.id})
        )
        with self.marketplace(OTHER_STORE), self.assertRaisesRegex(UserError, "Hat Shop"):
            second.action_connect()
        with self.marketplace(type(STORE)(ref=STORE.ref, site="fr")):
            second.action_connect()
        self.assertEqual(second.state, "connected")

    def test_a_connected_channel_keeps_marketplace_account_and_company(self):
        channel = self.connected_channel()
        other = self.new_channel("Second")
        for values in (
            {"provider": "offline"},
            {"account_id": other.account_id.id},
            {"company_id": self.other_company.id},
        ):
            with self.subTest(values), self.assertRaises(UserError):
                channel.sudo().write(values)
        with self.assertRaises(UserError):
            channel.account_id.provider = "offline"
        other.provider = "offline"
        self.assertEqual(other.account_id.provider, "offline")


class TestReconnect(ConnectMixin, ChannelCase):
    def test_locations_follow_the_marketplace(self):
        channel = self.connected_channel()
        moved = type(STORE)(ref=STORE.ref, locations=(STORE.locations[1].__class__("loc-3", "Hamburg"),))
        with self.marketplace(moved):
            channel.action_connect()
        self.assertEqual(channel.remote_location_ids.mapped("name"), ["Hamburg"])
        self.assertEqual(channel.push_location_id.name, "Hamburg")

    def test_connect_again_keeps_state_and_start(self):
        channel = self.connected_channel()
        channel.sudo().write({"state": "live", "push_stock": True})
        start = channel.order_start
        with self.marketplace():
            channel.action_connect()
        self.assertEqual((channel.state, channel.push_stock, channel.order_start), ("live", True, start))


class TestLiveDatabase(ConnectMixin, ChannelCase):
    """Rule 7: a copy of the database fetches, refreshes and sends nothing until an administrator says which is live."""

    def _become_a_copy(self):
        self.env["ir.config_parameter"].set_param("database.uuid", "another-uuid")

    def test_the_first_connect_claims_the_database(self):
        self.connected_channel()
        live = json.loads(self.env["ir.config_parameter"].get_param(LIVE))
        self.env.cr.execute("SELECT current_database(), system_identifier::text FROM pg_control_system()")
        self.assertEqual((live["name"], live["cluster"]), self.env.cr.fetchone())
        self.assertEqual(live["uuid"], self.env["ir.config_parameter"].get_param("database.uuid"))

    def test_a_copy_does_nothing(self):
        channel = self.connected_channel()
        self.assertTrue(channel.sudo()._may_run())
        self._become_a_copy()
        account = channel.account_id
        self.assertFalse(channel.sudo()._may_run())
        self.assertTrue(channel.is_foreign_database)
        self.assertIn("copy", channel.health_message)
        for ask in (lambda: account._login(channel), account._ports):
            with self.assertRaises(Rejected) as raised:
                ask()
            self.assertEqual(raised.exception.code, "foreign_database")
        for action in (channel.action_connect, channel.action_sync_now):
            with self.marketplace(), self.assertRaisesRegex(UserError, "copy"):
                action()

    def test_another_name_or_cluster_is_a_copy_too(self):
        channel = self.connected_channel().sudo()
        identity = channel._database_identity()
        for values, code in (({"name": "other"}, "foreign_name"), ({"cluster": "7"}, "foreign_cluster")):
            with (
                self.subTest(code),
                patch.object(
                    self.registry["order.channel"],
                    "_database_identity",
                    lambda channel, v=values: replace(identity, **v),
                ),
            ):
                self.assertEqual(channel._foreign_reason(), code)
                self.assertFalse(channel._may_run())
                channel.invalidate_recordset()
                self.assertIn("copy", channel.foreign_message)
        self.assertTrue(channel._may_run())

    def test_where_the_cluster_may_not_be_asked_its_number_of_the_database_counts(self):
        """A hardened server takes the right to read the cluster's identifier away."""
        self.env.cr.execute("CREATE ROLE channel_hardened_role")
        self.env.cr.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
        self.env.registry.clear_cache()
        self.env.cr.execute(
            "GRANT USAGE ON SCHEMA public TO channel_hardened_role; SET LOCAL ROLE channel_hardened_role"
        )
        try:
            self.assertEqual(self.env["order.channel"]._cluster_identifier("another start"), "")
        finally:
            self.env.cr.execute("RESET ROLE")

    def test_an_offline_store_talks_to_nobody_and_asks_nothing(self):
        self.connected_channel()
        store = self.env["order.channel"].with_user(self.manager).create({"name": "Stall", "provider": "offline"})
        self._become_a_copy()
        store.action_go_live()
        self.assertEqual((store.state, store.is_foreign_database, store.health_message), ("live", False, ""))

    def test_a_pass_looks_once(self):
        channel = self.connected_channel().sudo()
        channel._is_foreign_database()
        with self.assertQueryCount(0):
            channel._is_foreign_database()
            channel._check_live_database()

    def test_an_upgrade_adopts_name_and_cluster(self):
        """The build before knew the live database by its uuid only."""
        path = file_path("order_channel_mapping/migrations/19.0.1.1.0/post-live_database.py")
        migrate = load_script(path, "live_database").migrate
        parameters = self.env["ir.config_parameter"].sudo()
        channel = self.connected_channel().sudo()
        uuid, live = parameters.get_param("database.uuid"), parameters.get_param(LIVE)
        for known, foreign in ((uuid, False), ("another-uuid", True), ("neutralized", True)):
            with self.subTest(known):
                parameters.set_param(LIVE, False)
                parameters.set_param("order_channel_mapping.live_database_uuid", known)
                migrate(self.env.cr, "19.0.1.0.0")
                self.assertEqual(channel._is_foreign_database(), foreign)
                self.assertEqual(parameters.get_param(LIVE) == live, not foreign)
                self.assertFalse(parameters.get_param("order_channel_mapping.live_database_uuid"))
        parameters.set_param(LIVE, False)
        migrate(self.env.cr, "19.0.1.0.0")  # nothing was ever connected
        self.assertFalse(parameters.get_param(LIVE))

    def test_only_an_administrator_says_which_is_live(self):
        channel = self.connected_channel()
        self._become_a_copy()
        with self.assertRaises(AccessError):
            channel.action_claim_live_database()
        self.assertFalse(channel.sudo()._may_run())
        channel.with_user(self.env.ref("base.user_admin")).action_claim_live_database()
        channel.invalidate_recordset()
        self.assertTrue(channel.sudo()._may_run())
        self.assertFalse(channel.is_foreign_database)

    def test_a_neutralised_copy_is_harmless(self):
        channel = self.connected_channel().sudo()
        channel.account_id.client_secret = SECRET
        channel.account_id._ports().tokens.put(access_token="rotated")
        self.env.flush_all()
        with file_open("order_channel_mapping/data/neutralize.sql") as file:
            self.env.cr.execute(file.read())
        self.env.invalidate_all()
        self.env.registry.clear_all_caches()
        self.assertTrue(channel.paused)
        self.assertFalse(channel.account_id.secret_data)
        self.assertFalse(channel.account_id.has_credentials)
        self.assertFalse(self.env["order.channel.account.session"].search_count([]))
        self.assertFalse(any(channel._crons().mapped("active")))
        self.assertTrue(channel.is_foreign_database)


class TestDeletion(ConnectMixin, ChannelCase):
    def test_crons_and_their_actions_go_with_the_channel(self):
        channel = self.connected_channel()
        account, crons = channel.account_id, channel._crons()
        actions = crons.ir_actions_server_id
        self.assertTrue(actions)
        channel.unlink()
        self.assertFalse(crons.exists() or actions.exists() or account.exists())

    def test_an_account_that_others_use_stays(self):
        channel = self.connected_channel()
        account = channel.account_id
        other = self.env["order.channel"].with_user(self.manager).create({"name": "Second", "account_id": account.id})
        channel.unlink()
        self.assertTrue(account.exists())
        other.unlink()
        self.assertFalse(account.exists())

    def test_a_channel_with_sales_orders_is_kept(self):
        channel = self.connected_channel()
        crons = channel._crons()
        partner = self.env["res.partner"].create({"name": "Buyer"})
        self.env["sale.order"].create({"partner_id": partner.id, "order_channel_id": channel.id})
        with self.assertRaisesRegex(UserError, "archive"):
            channel.unlink()
        self.assertEqual(crons.exists(), crons)

    def test_orders_that_never_became_sales_orders_go_too(self):
        channel = self.connected_channel()
        order = self.env["order.channel.order"].create(
            {
                "channel_id": channel.id,
                "company_id": channel.company_id.id,
                "external_id": "1",
                "number": "#1",
                "status": "completed",
            }
        )
        channel.unlink()
        self.assertFalse(order.exists())

    def test_users_may_not_delete(self):
        channel = self.connected_channel()
        with self.assertRaises(AccessError):
            channel.with_user(self.user).unlink()
        self.assertTrue(channel._crons().exists())
