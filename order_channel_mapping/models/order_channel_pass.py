import logging
import random
import time
from collections import Counter
from datetime import timedelta

import psycopg2

from odoo import fields, models

from .order_channel_account import OFFLINE

_logger = logging.getLogger(__name__)

#: cron kind -> (name, priority): what each of a channel's three crons does (DESIGN rule 15)
CRONS = {"sync": ("orders and stock", 2), "items": ("items", 8), "outbox": ("commands", 1)}
#: a pass works about this long, then triggers itself again and leaves the cron worker to others
PASS_SECONDS = 5.0
#: these are nobody's fault: the page is rolled back and repeated in a new transaction
CONFLICTS = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.UniqueViolation,
)
CONFLICT_REPEATS = 3
BLAME = "order_channel_blame"
RUNNING_STATES = ("connected", "live", "closing")


class OrderChannel(models.Model):
    """Crons and passes: when a channel works, for how long, and in which transactions."""

    _inherit = "order.channel"

    # === CRONS === #

    def _ensure_crons(self):
        """Give each connected channel its three crons; owned by OdooBot so that no user's leaving stops them."""
        root = self.env.ref("base.user_root")
        model_id = self.env["ir.model"]._get_id(self._name)
        for channel in self.filtered(lambda channel: channel.provider != OFFLINE):
            for kind, (label, priority) in CRONS.items():
                field = f"{kind}_cron_id"
                if channel[field]:
                    continue
                channel[field] = (
                    self.env["ir.cron"]
                    .sudo()
                    .with_user(root)
                    .create(
                        {
                            "name": f"Channel {channel.name}: {label}",
                            "model_id": model_id,
                            "state": "code",
                            "code": f"model.browse({channel.id})._cron_pass({kind!r})",
                            "user_id": root.id,
                            "interval_number": 1,
                            "interval_type": "minutes",
                            "priority": priority,
                        }
                    )
                )

    def _drop_crons(self):
        """Delete the crons and the server actions that deleting a cron leaves behind."""
        crons = self.sudo().mapped("sync_cron_id") | self.sudo().items_cron_id | self.sudo().outbox_cron_id
        actions = crons.ir_actions_server_id
        crons.unlink()
        actions.unlink()

    def unlink(self):
        self._drop_crons()
        return super().unlink()

    def _wake(self, kind, at=None):
        """Have the channels' cron of this kind work as soon as a worker is free, or at a time (served once a minute). Only
        inserts, so it never conflicts."""
        for channel in self.sudo():
            cron = channel[f"{kind}_cron_id"]
            if cron:
                cron._trigger(at=at)

    def _request_run(self, kinds):
        """Ask for a pass of these run kinds whether or not their interval is over; shown as *waiting to start* at once."""
        Run = self.env["order.channel.run"].sudo()
        open_runs = Run._read_group(
            [("channel_id", "in", self.ids), ("kind", "in", kinds), ("state", "in", ("queued", "running"))],
            ["channel_id", "kind"],
        )
        have = {(channel.id, kind) for channel, kind in open_runs}
        Run.create(
            [
                {"channel_id": channel.id, "company_id": channel.company_id.id, "kind": kind, "state": "queued"}
                for channel in self
                for kind in kinds
                if (channel.id, kind) not in have
            ]
        )
        for kind in kinds:
            self._wake({"items": "items", "outbox": "outbox"}.get(kind, "sync"))

    def _cron_pass(self, kind):
        """One pass of one of the channel's crons. Never raises: what goes wrong is put on the channel and in the log.

        :param kind: ``sync``, ``items`` or ``outbox``
        """
        channel = self.exists()
        if not channel or not channel._may_run():
            return
        channel = channel.with_company(channel.company_id)
        deadline = time.monotonic() + PASS_SECONDS
        try:
            if kind == "items":
                if channel._is_due("items"):
                    channel._sync_items(deadline=deadline)
                elif channel.auto_link:
                    channel._link_unconfirmed(certain_only=True, deadline=deadline)
            elif kind == "outbox":
                channel._push_outbox()
                channel._refresh_webhooks()
            else:
                if channel._is_due("orders"):
                    channel._sync_orders(deadline=deadline)
                else:
                    channel._process_ready(deadline=deadline)  # what a person mapped or resolved meanwhile
                if channel.push_stock:
                    channel._push_stock(deadline=deadline)
        except Exception as error:
            self._rollback()
            _logger.exception("Channel %s (%s): %s pass failed", channel.id, channel.provider, kind)
            channel._record_pass_error(kind, error)

    def _record_pass_error(self, kind, error):
        try:
            run_kind = "orders" if kind == "sync" else kind
            runs = self.env["order.channel.run"].search(
                [("channel_id", "=", self.id), ("kind", "=", run_kind), ("state", "=", "running")]
            )
            runs._close("failed", "internal", {"error": type(error).__name__})
            self._set_health("failing", "internal", {"error": type(error).__name__}, backoff=True)
            self._commit()
        except Exception:
            self._rollback()
            _logger.exception("Channel %s: could not record its failed pass", self.id)

    def _may_run(self):
        """Whether a pass may ask anything of the channel now."""
        self.ensure_one()
        return (
            self.active
            and not self.paused
            and self.provider != OFFLINE
            and self.state in RUNNING_STATES
            and self.health != "needs_reauth"
            and (not self.next_try_at or self.next_try_at <= fields.Datetime.now())
            and not self._is_foreign_database()
        )

    def _is_due(self, kind):
        """Whether a run of this kind is wanted: asked for, under way, its interval over, or stock waits for fresh orders."""
        self.ensure_one()
        if self[f"{kind}_cursor"]:
            return True
        now = fields.Datetime.now()
        checked_at = self[f"{kind}_checked_at"]
        interval = self.items_interval if kind == "items" else self.sync_interval
        if not checked_at or checked_at <= now - timedelta(minutes=interval):
            return True
        if kind == "orders" and self._needs_fresh_orders():
            return True
        return bool(
            self.env["order.channel.run"].search_count(
                [("channel_id", "=", self.id), ("kind", "=", kind), ("state", "in", ("queued", "running"))], limit=1
            )
        )

    def _needs_fresh_orders(self):
        """Whether stock waits to be pushed and the last fetch of orders is too old for it (rule 6)."""
        self.ensure_one()
        return self.push_stock and not self._orders_are_fresh() and self._has_stock_to_push()

    def _orders_are_fresh(self):
        self.ensure_one()
        return bool(
            self.orders_checked_at
            and self.orders_checked_at >= fields.Datetime.now() - timedelta(seconds=self.order_freshness)
        )

    # === TRANSACTIONS === #

    def _commit(self):
        """End the transaction: a pass commits page by page, and never holds a transaction open over HTTP (rule 9)."""
        self.env.cr.commit()  # pylint: disable=invalid-commit

    def _rollback(self):
        """Drop what the transaction did; the counterpart of ``_commit``."""
        self.env.cr.rollback()

    def _repeatable(self, work, *args):
        """Run ``work(*args)`` and commit. On a conflict with another transaction, repeat it in a new one.

        :raise psycopg2.Error: the conflict is still there after three repeats
        """
        attempt = 0
        while True:
            # the last time, what looks like a conflict is blamed on the record (see _isolated)
            self.env.cr.cache[BLAME] = attempt == CONFLICT_REPEATS
            try:
                result = work(*args)
                self._commit()
                return result
            except CONFLICTS as conflict:
                self._rollback()
                if attempt == CONFLICT_REPEATS:
                    raise
                attempt += 1
                _logger.info("Channel %s: %s, repeating", self.id, type(conflict).__name__)
                time.sleep(random.uniform(0.02, 0.1) * attempt)

    def _isolated(self, records, work):
        """Run ``work(records)`` in a savepoint; where it fails, find the records at fault by halving, so that the rest goes on.

        :param records: list of border records
        :param work: function of such a list that returns a Counter of what became of them
        :return: (Counter of all that went well, ``[(record, exception)]``)
        """
        if not records:
            return Counter(), []
        try:
            with self.env.cr.savepoint():
                return work(records), []
        except Exception as error:
            if isinstance(error, CONFLICTS) and not self.env.cr.cache.get(BLAME):
                raise
            if isinstance(error, psycopg2.OperationalError) and not isinstance(error, CONFLICTS):
                raise  # the database is going away: no record's fault
            if len(records) == 1:
                _logger.info("Channel %s: a record failed", self.id, exc_info=True)
                return Counter(), [(records[0], error)]
        middle = len(records) // 2
        first, first_failed = self._isolated(records[:middle], work)
        second, second_failed = self._isolated(records[middle:], work)
        return first + second, first_failed + second_failed
