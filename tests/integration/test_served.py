"""Whether anything runs at all: crons that Odoo switched off, a scheduler that died, runs that nobody ends, waits that a person
overrules."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError

from odoo.addons.order_channel_mapping.connectors.base import RateLimited

from tests.common import ChannelCase
from tests.fakes import FakeConnector, connected, item

from .connect_common import ConnectMixin

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class ServedCase(ConnectMixin, ChannelCase):
    def setUp(self):
        super().setUp()
        self.channel = self.make_channel(name="Hats")
        self.channel._switch_on_crons()
        self.connector = FakeConnector()

    def pass_of(self, kind, channel=None):
        with connected(self.env, self.connector):
            (channel or self.channel)._cron_pass(kind)

    def switch_off(self, kind):
        """As Odoo does with a cron that failed for a week."""
        self.channel[f"{kind}_cron_id"].write({"active": False, "failure_count": 0})

    def runs(self, *states):
        return self.channel.run_ids.filtered(lambda run: run.state in states)

    def seen(self):
        """The channel as its user sees it now."""
        self.env.flush_all()
        self.env.invalidate_all()
        return self.channel.with_user(self.user)

    def sync_now(self):
        with connected(self.env, self.connector):
            return self.seen().action_sync_now()


class TestCrons(ServedCase):
    def test_the_other_crons_notice_one_that_was_switched_off(self):
        self.switch_off("items")
        self.pass_of("sync")
        activity = self.channel.activity_ids
        self.assertEqual(len(activity), 1)
        self.pass_of("outbox")
        self.assertEqual(self.channel.activity_ids, activity, "said once")
        self.assertEqual(self.channel.crons_asleep, "items")
        notice = self.seen().notice_message
        self.assertIn("items", notice)
        self.assertIn("Sync Now", notice)
        self.assertNotIn("orders", notice)
        self.assertEqual(self.channel.health, "ok")

    def test_what_it_left_open_is_ended(self):
        self.channel._request_run(["items", "orders"])
        self.channel._open_run("items")
        self.switch_off("items")
        self.assertTrue(self.seen().working)  # orders are still to start
        self.pass_of("outbox")
        self.assertEqual(self.runs("interrupted").mapped("kind"), ["items"])
        self.assertEqual(self.runs("queued").mapped("kind"), ["orders"])
        self.channel._request_run(["items"])
        self.pass_of("outbox")
        self.assertEqual(
            self.runs("interrupted").mapped("kind"), ["items", "items"], "nor does it start what is asked for"
        )
        self.pass_of("sync")
        self.assertFalse(self.seen().working)

    def test_it_is_seen_before_any_pass_notices(self):
        self.channel._request_run(["items"])
        for kind in ("items", "sync", "outbox"):
            self.switch_off(kind)
        channel = self.seen()
        self.assertIn("orders and stock, items, commands", channel.notice_message)
        self.assertEqual((channel.working, channel.unserved), (False, True))
        self.assertEqual(channel.run_ids.shown_state, "interrupted")

    def test_sync_now_switches_it_on_again(self):
        self.switch_off("items")
        self.switch_off("sync")
        self.pass_of("outbox")
        self.sync_now()
        crons = self.channel._crons()
        self.assertEqual(crons.mapped("active"), [True] * 3)
        triggered = self.env["ir.cron.trigger"].search([("cron_id", "in", crons.ids)]).cron_id
        self.assertEqual(triggered, crons)
        self.assertFalse(self.seen().notice_message)
        self.assertFalse(self.channel.activity_ids)
        self.pass_of("sync")
        self.assertFalse(self.channel.crons_asleep)

    def test_one_that_was_deleted_is_made_anew(self):
        self.channel.items_cron_id.unlink()
        self.pass_of("sync")
        self.assertEqual(self.channel.crons_asleep, "items")
        self.sync_now()
        self.assertTrue(self.channel.items_cron_id.active)

    def test_the_cron_that_all_share_for_changes_of_stock(self):
        """Without it nothing tells which quantities changed, and they go out once a day."""
        dispatcher = self.env.ref("order_channel_mapping.cron_stock_dispatch")
        dispatcher.active = False
        self.assertFalse(self.seen().notice_message, "this channel pushes none")
        self.channel.push_stock = True
        self.assertIn("changes of stock", self.seen().notice_message)
        self.pass_of("outbox")
        self.assertEqual(self.channel.crons_asleep, "changes")
        self.sync_now()
        self.assertTrue(dispatcher.active)
        self.assertFalse(self.seen().notice_message)

    def test_one_that_is_locked_is_no_error(self):
        self.switch_off("items")
        with patch.object(type(self.env["ir.cron"]), "try_lock_for_update", lambda crons, **how: crons.browse()):
            self.sync_now()
        self.assertFalse(self.channel.items_cron_id.active)

    def test_one_that_a_wrong_clock_of_ours_put_off(self):
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        self.channel.items_cron_id.write({"lastcall": tomorrow, "nextcall": tomorrow + MINUTE})
        self.assertIn("items", self.seen().notice_message)
        self.sync_now()
        self.assertFalse(self.seen().notice_message)
        self.assertLessEqual(self.channel.items_cron_id.nextcall, fields.Datetime.now())

    def test_a_cron_that_runs_is_none_of_them(self):
        self.channel.items_cron_id.lastcall = fields.Datetime.now() + timedelta(days=1)
        self.channel._request_run(["items"])
        self.pass_of("items")
        self.assertFalse(self.channel.crons_asleep)
        self.assertFalse(self.runs("interrupted"))

    def test_a_paused_channel_says_nothing_of_it(self):
        self.switch_off("items")
        self.channel.action_pause()
        self.pass_of("sync")
        self.assertFalse(self.seen().notice_message)
        self.assertFalse(self.channel.activity_ids)
        self.channel.action_resume()
        self.assertTrue(self.channel.items_cron_id.active)


class TestScheduler(ServedCase):
    def let_pass(self, ago, kinds=("sync", "items", "outbox")):
        """These crons were due and were not run for so long."""
        then = fields.Datetime.now() - ago
        for kind in kinds:
            self.channel[f"{kind}_cron_id"].write({"lastcall": then, "nextcall": then + MINUTE})

    def test_a_scheduler_that_died_is_said(self):
        self.channel._request_run(["items"])
        self.channel._open_run("orders")
        self.let_pass(20 * MINUTE)
        channel = self.seen()
        self.assertIn("have not run since", channel.notice_message)
        self.assertIn("max_cron_threads", channel.notice_message)
        self.assertEqual((channel.working, channel.unserved), (False, True))
        self.assertEqual(set(channel.run_ids.mapped("shown_state")), {"interrupted"})
        self.assertFalse(any(channel.run_ids.mapped("working")))

    def test_sync_now_does_not_answer_as_if_it_would(self):
        self.let_pass(20 * MINUTE)
        answer = self.sync_now()["params"]
        self.assertEqual((answer["type"], answer["sticky"]), ("warning", True))
        self.assertIn("have not run since", answer["message"])
        self.assertEqual(set(self.runs("queued").mapped("kind")), {"items", "orders"}, "for when they run again")

    def test_a_scheduler_that_works_is_not_suspected(self):
        self.let_pass(5 * MINUTE)
        self.assertFalse(self.seen().notice_message)
        self.let_pass(HOUR, kinds=("items", "outbox"))
        self.assertFalse(self.seen().notice_message, "one is enough")
        self.let_pass(HOUR)
        self.channel.orders_checked_at = fields.Datetime.now()
        self.assertFalse(self.seen().notice_message, "somebody ran it by hand")
        self.assertEqual(self.sync_now()["params"]["type"], "info")

    def test_a_pass_that_hangs_is_not_shown_as_working_for_ever(self):
        self.channel._open_run("items")
        self.assertTrue(self.seen().working)
        self.let_pass(HOUR, kinds=("items",))
        channel = self.seen()
        self.assertEqual((channel.working, channel.run_ids.shown_state), (False, "interrupted"))
        self.assertIn("interrupted", channel.run_ids.text)

    def test_one_that_never_ran(self):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ir_cron SET lastcall = NULL, create_date = now() - interval '2 hours', nextcall = now() AT TIME ZONE 'UTC'"
            " - interval '2 hours' WHERE id = ANY(%s)",
            [self.channel._crons().ids],
        )
        self.assertIn("have not run since", self.seen().notice_message)

    def test_copies_and_stores_without_marketplace_are_not_watched(self):
        self.let_pass(HOUR)
        with patch.object(type(self.channel), "_is_foreign_database", lambda channels: True):
            self.assertFalse(self.seen().notice_message)
        stall = self.make_channel("offline", name="Stall")
        self.assertFalse(stall.notice_message or stall.unserved)


class TestRuns(ServedCase):
    """What was asked for and what is under way ends, whatever becomes of the channel."""

    def setUp(self):
        super().setUp()
        self.channel._request_run(["items"])
        self.channel._open_run("orders")

    def test_a_pause_ends_them(self):
        self.channel.action_pause()
        self.pass_of("sync")
        self.assertEqual(self.runs("interrupted").mapped("kind"), ["orders"], "a cron ends its own")
        self.pass_of("items")
        self.assertFalse(self.runs("queued", "running"))
        self.assertIn("continues", self.runs("interrupted")[0].text)

    def test_credentials_that_are_refused_end_them(self):
        self.channel._set_health("needs_reauth", "auth")
        self.assertFalse(self.seen().working)
        for kind in ("sync", "items"):
            self.pass_of(kind)
        self.assertFalse(self.runs("queued", "running"))

    def test_a_wait_does_not(self):
        self.channel._set_health("waiting", "rate_limited", next_try=fields.Datetime.now() + 10 * MINUTE)
        self.assertFalse(self.seen().working, "it waits, and says so")
        for kind in ("sync", "items"):
            self.pass_of(kind)
        self.assertEqual(len(self.runs("queued", "running")), 2)
        self.assertFalse(self.runs("interrupted"))

    def test_stock_that_was_asked_for_where_none_is_pushed(self):
        self.channel._request_run(["stock"])
        self.pass_of("sync")
        self.assertFalse(self.runs("queued", "running").filtered(lambda run: run.kind == "stock"))

    def test_a_notification_that_an_interrupted_fetch_took_wants_another_one(self):
        run = self.channel._open_run("orders")
        hint = self.env["order.channel.webhook"].create(
            {
                "channel_id": self.channel.id,
                "company_id": self.channel.company_id.id,
                "topic": "orders/create",
                "kind": "orders",
                "digest": "1",
                "brings": "orders",
                "run_id": run.id,
            }
        )
        self.channel._interrupt_runs("sync")
        self.assertFalse(hint.run_id)


class TestOverruling(ServedCase):
    outsiders = True

    def wait(self):
        self.connector.errors = [RateLimited("Slow down.", fields.Datetime.now() + 40 * MINUTE)]
        self.connector.items = [item("1")]
        self.channel._wake("items")
        self.pass_of("items")
        self.assertEqual(self.channel.health, "waiting")

    def dialog(self, action):
        self.assertEqual(action["res_model"], "order.channel.sync.now")
        return self.env[action["res_model"]].with_user(self.user).browse(action["res_id"])

    def test_a_waiting_channel_asks_first_and_says_until_when_and_why(self):
        self.wait()
        dialog = self.dialog(self.sync_now())
        self.assertIn("Hats waits until", dialog.waits)
        self.assertIn("Slow down.", dialog.waits)
        self.assertTrue(self.channel.next_try_at)
        self.pass_of("items")
        self.assertFalse(self.channel.listing_ids)

    def test_a_person_overrules_it(self):
        self.wait()
        dialog = self.dialog(self.sync_now())
        with connected(self.env, self.connector):
            answer = dialog.action_overrule()
        self.assertEqual(answer["params"]["type"], "info")
        self.assertEqual(answer["params"]["next"]["type"], "ir.actions.act_window_close")
        self.assertFalse(self.channel.next_try_at)
        self.pass_of("items")
        self.assertEqual(len(self.channel.listing_ids), 1)
        self.assertEqual(self.channel.health, "ok")

    def test_what_the_login_was_told_is_lifted_as_well(self):
        account = self.channel.account_id
        account._ports().pace.put({"blocked_until": time.time() + 900, "available": 7})
        dialog = self.dialog(self.sync_now())
        self.assertIn("Hats waits until", dialog.waits)
        with connected(self.env, self.connector):
            dialog.action_overrule()
        self.assertEqual(account._ports().pace.get(), {"available": 7})
        self.assertEqual(self.sync_now()["type"], "ir.actions.client", "nothing left to ask about")

    def test_a_wait_that_cant_be_one_is_not_asked_about(self):
        self.channel.account_id._ports().pace.put({"blocked_until": 1e300})
        self.channel._set_health("waiting", "rate_limited", next_try=datetime(2999, 1, 1))
        self.assertEqual(self.sync_now()["type"], "ir.actions.client")

    def test_a_failing_channel_is_tried_without_asking(self):
        self.channel._set_health("failing", "internal", backoff=True)
        self.assertEqual(self.sync_now()["type"], "ir.actions.client")
        self.assertFalse(self.channel.next_try_at)

    def test_nobody_overrules_for_another_company(self):
        self.wait()
        wizards = self.env["order.channel.sync.now"].with_user(self.other_manager)
        with self.assertRaises(AccessError):
            wizard = wizards.create({"channel_ids": [Command.set(self.channel.ids)]})
            self.env.invalidate_all()
            wizard.waits  # noqa: B018
        wizard = self.env["order.channel.sync.now"].sudo().create({"channel_ids": [Command.set(self.channel.ids)]})
        with suppress(AccessError):  # or there is nothing in it that they may see
            wizard.with_user(self.other_manager).sudo(False).action_overrule()
        self.assertTrue(self.channel.next_try_at)

    def test_a_channel_that_was_paused_meanwhile_is_refused(self):
        self.wait()
        dialog = self.dialog(self.sync_now())
        self.channel.action_pause()
        with self.assertRaises(UserError):
            dialog.action_overrule()


class TestClockNotice(ServedCase):
    def test_a_clock_that_is_off_is_said_without_failing(self):
        self.channel.write({"clock_off": 86_400, "clock_seen_at": fields.Datetime.now()})
        channel = self.seen()
        self.assertIn("1 day ahead", channel.notice_message)
        self.assertEqual((channel.health, channel.unserved), ("ok", False))
        self.channel.clock_off = -7200
        self.assertIn("2 hours behind", self.seen().notice_message)
        self.channel.clock_seen_at = fields.Datetime.now() - timedelta(days=2)
        self.assertFalse(self.seen().notice_message)
