import logging
import random
import time
from collections import Counter
from datetime import timedelta, timezone

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..connectors import connector_classes
from ..connectors.base import AuthError, ConnectorError, RateLimited, Unavailable
from ..tools.digest import to_json
from .order_channel_account import OFFLINE

UTC = timezone.utc
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
#: counts and cursor of pages that changed nothing are saved this often (seconds)
HOLD_SECONDS = 2.0
RUNNING_STATES = ("connected", "live", "closing")


def _split_skips(counts):
    """Counters for ``order.channel.run._count``: those named ``skip:<rule>`` in one dictionary of their own."""
    skipped = {name[5:]: number for name, number in counts.items() if name.startswith("skip:") and number}
    return {"skipped": skipped, **{name: number for name, number in counts.items() if not name.startswith("skip:")}}


class Overtaken(Exception):
    """Another process began or finished this fetch: what is left of it is that one's."""


class OrderChannel(models.Model):
    """Crons and passes: when a channel works, for how long, and what becomes of its errors."""

    _inherit = "order.channel"

    error_count = fields.Integer(readonly=True, copy=False)  # passes that ended in an error, in a row

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

    def _wake(self, kind):
        """Have the channels' cron of this kind work as soon as a worker is free. Only inserts, so it never conflicts."""
        for channel in self.sudo():
            cron = channel[f"{kind}_cron_id"]
            if cron:
                cron._trigger()

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
                    channel._link_unconfirmed(certain_only=True)
            elif kind == "outbox":
                channel._push_outbox()
            else:
                if channel._is_due("orders"):
                    channel._sync_orders(deadline=deadline)
                else:
                    channel._process_ready()  # what a person mapped or resolved meanwhile
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
        for attempt in range(CONFLICT_REPEATS + 1):
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
                _logger.info("Channel %s: %s, repeating", self.id, type(conflict).__name__)
                time.sleep(random.uniform(0.02, 0.1) * (attempt + 1))

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

    def _fetch_pages(self, kind, fetch, pages, connector, run, take, deadline=None, watermark=True):
        """Take in page after page, each in a transaction of its own together with the cursor that resumes after it.

        :param kind: ``items`` or ``orders``
        :param int fetch: number of this fetch, see ``_own_fetch``
        :param pages: iterator of :class:`connectors.records.Page`
        :param take: function of a page's records that returns a Counter (see ``order.channel.run._count``) and
            the records it could not take, ``[(record, exception)]``
        :param watermark: whether the pages' watermarks count (a fetch of open orders only proves nothing about the others)
        :return: whether the last page was reached
        :raise Overtaken: another process is at it
        """
        calls, held, saved_at = 0, Counter(), time.monotonic()
        pages = iter(pages)
        open_failures = self._open_failure_refs(kind[:-1])
        self._commit()
        while True:
            try:
                page = next(pages, None)  # HTTP, with no transaction open
            except ConnectorError:
                if held["fetched"]:
                    self._repeatable(lambda counts: run._count(**_split_skips(counts)), held)
                raise
            if page is None:
                return True
            held.update(pages=1, calls=connector.calls - calls)
            calls = connector.calls
            time_is_up = bool(deadline and time.monotonic() > deadline)
            hold = bool(page.cursor) and not time_is_up and time.monotonic() < saved_at + HOLD_SECONDS
            seen = watermark and page.watermark
            counts, bad, solved = self._repeatable(
                self._take_page, kind, fetch, page, run, take, open_failures, held, hold, seen
            )
            open_failures = open_failures - solved | bad
            if counts:
                held.update(counts)
            else:
                held, saved_at = Counter(), time.monotonic()
            if page.cursor and time_is_up:
                return False

    def _take_page(self, kind, fetch, page, run, take, open_failures, held, hold, watermark):
        """One page. Where nothing of it had to be written, its counts may be held back and saved with a later page's: a
        process that is killed then looks at unchanged records again, no more.

        :return: (counts to hold back or None, refs that failed, refs that came in good after all)
        """
        started = time.monotonic()
        counts, bad, solved = self._ingest_records(kind, page.records, run, take, page.failures, open_failures)
        counts["busy_seconds"] += time.monotonic() - started
        if hold and not bad and not solved and not (counts["created"] or counts["updated"]):
            return counts, bad, solved
        run._count(**_split_skips(held + counts))
        self._save_cursor(kind, fetch, page.cursor, watermark)
        return None, bad, solved

    def _ingest(self, kind, records, run, take):
        """Take in records outside of a fetch and count them on the run."""
        refs = self._open_failure_refs(kind[:-1])
        counts, __, __ = self._ingest_records(kind, records, run, take, (), refs)
        run._count(**_split_skips(counts))

    def _ingest_records(self, kind, records, run, take, unread, open_failures):
        """Take in records and put the failed ones on record: what came adds up to what became of it.

        :param unread: :class:`connectors.records.RecordFailure` of the same page
        :param open_failures: set of the refs that have an open failure
        :return: (Counter, refs that failed, refs that came in good after all)
        """
        failure_kind = kind[:-1]
        counts, failed = take(records)
        entries = [(failure.ref, failure.code, {"message": failure.message}, to_json(failure.raw)) for failure in unread]
        entries += [(record.external_id, *self._blame(error), to_json(record.raw)) for record, error in failed]
        bad = {entry[0] for entry in entries}
        solved = {record.external_id for record in records} & open_failures - bad
        if entries:
            self._record_failures(failure_kind, run, entries)
        if solved:
            self._solve_failures(failure_kind, solved)
        counts.update(fetched=len(records) + len(unread), failed=len(entries))
        return counts, bad, solved

    def _save_cursor(self, kind, fetch, cursor, watermark):
        """Save where the fetch stands."""
        watermark = watermark and watermark.astimezone(UTC).replace(tzinfo=None)
        column = SQL.identifier(f"{kind}_watermark")
        self._own_fetch(
            kind,
            fetch,
            SQL(
                "%s = %s, %s = GREATEST(%s, %s)",
                SQL.identifier(f"{kind}_cursor"),
                cursor or None,
                column,
                column,
                watermark or None,
            ),
        )

    def _own_fetch(self, kind, fetch, assignments):
        """Update the channel if this fetch is still the one under way. A fetch has a number: the process that begins one
        counts it up, the one that finishes it counts it up again, so that of two processes at it only one finishes.

        In SQL, because the row need not be read for it.

        :raise Overtaken: it is not
        """
        self.flush_recordset()
        number = SQL.identifier(f"{kind}_fetch")
        self.env.cr.execute(
            SQL("UPDATE order_channel SET %s WHERE id = %s AND COALESCE(%s, 0) = %s", assignments, self.id, number, fetch)
        )
        if not self.env.cr.rowcount:
            raise Overtaken
        self.invalidate_recordset()

    @api.model
    def _blame(self, error):
        """``(code, params)`` of an exception that a record caused in Odoo."""
        if isinstance(error, UserError):
            return "refused", {"message": str(error)}
        return "internal", {"error": type(error).__name__, "message": str(error).splitlines()[0][:500] if str(error) else ""}

    # === CONNECTOR === #

    def _get_connector(self):
        """The connector of this channel's marketplace, ready to use as a context manager.

        :rtype: connectors.base.Connector
        """
        self.ensure_one()
        connector_class = connector_classes().get(self.provider)
        if not connector_class:
            raise UserError(self.env._("%(channel)s has no marketplace to ask.", channel=self.display_name))
        account = self.account_id.sudo()
        return connector_class(account._login(self), account._ports())

    def _handle_connector_error(self, error, run=None):
        """Turn a connector's error into the channel's health and the time of its next try; close the run."""
        self.ensure_one()
        if not isinstance(error, ConnectorError):
            raise error
        params = {"message": error.message}
        if isinstance(error, RateLimited):
            retry_at = error.retry_at
            next_try = retry_at.replace(tzinfo=None) if retry_at else fields.Datetime.now() + timedelta(minutes=1)
            self._set_health("waiting", error.code, params, next_try=next_try)
        elif isinstance(error, AuthError):
            self._set_health("needs_reauth", error.code, params)
        elif isinstance(error, Unavailable):
            self._set_health("waiting", error.code, params, backoff=True)
        else:
            self._set_health("failing", error.code, params, backoff=True)
        if run:
            run._close("failed", error.code, params)

    def _set_health(self, health, code=None, params=None, next_try=None, backoff=False):
        """The one place that changes a channel's health. ``backoff`` waits 1, 2, 4 … 60 minutes."""
        self.ensure_one()
        if health == "ok":
            if self.health != "ok" or self.error_count or self.next_try_at:
                self.write(
                    {"health": "ok", "health_code": False, "health_params": False, "next_try_at": False, "error_count": 0}
                )
            return
        count = self.error_count + 1
        if backoff:
            next_try = fields.Datetime.now() + timedelta(minutes=min(2 ** min(count - 1, 6), 60))
        if health == "needs_reauth" and self.health != health:
            self._ask_for_reauthorisation(code, params)
        self.write(
            {
                "health": health,
                "health_code": code,
                "health_params": params,
                "next_try_at": next_try,
                "error_count": count,
            }
        )
        if next_try:
            for kind in CRONS:
                cron = self[f"{kind}_cron_id"]
                if cron:
                    cron._trigger(at=next_try)

    def _ask_for_reauthorisation(self, code, params):
        """Tell a person, once, that the channel needs its credentials again."""
        responsible = self.user_id or self.create_uid
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            user_id=responsible.id,
            summary=self.env._("%(channel)s needs to be authorised again", channel=self.name),
        )

    # === RUNS AND FAILURES === #

    def _open_run(self, kind, full=False):
        """The run that this pass belongs to: the one still under way or asked for, else a new one."""
        self.ensure_one()
        Run = self.env["order.channel.run"]
        run = Run.search(
            [("channel_id", "=", self.id), ("kind", "=", kind), ("state", "in", ("running", "queued"))],
            order="state desc, id",
            limit=1,
        )
        if not run:
            return Run.create(
                {"channel_id": self.id, "company_id": self.company_id.id, "kind": kind, "full": full, "state": "running"}
            )
        if run.state == "queued":
            run.write({"state": "running", "full": full, "started_at": fields.Datetime.now()})
        return run

    def _record_failures(self, kind, run, entries):
        """Put records that could not be taken on record, one open failure each.

        :param entries: ``[(external_ref, code, params, payload)]``
        """
        if not entries:
            return self.env["order.channel.failure"]
        Failure = self.env["order.channel.failure"]
        entries = {entry[0]: entry for entry in entries}
        known = Failure.search(
            [
                ("channel_id", "=", self.id), ("kind", "=", kind), ("state", "=", "open"),
                ("external_ref", "in", list(entries)),
            ]
        )
        for failure in known:
            __, code, params, payload = entries.pop(failure.external_ref)
            failure._fail_again(run, code, params, payload)
        return known + Failure.create(
            [
                {
                    "channel_id": self.id,
                    "company_id": self.company_id.id,
                    "kind": kind,
                    "run_id": run.id if run else False,
                    "external_ref": ref,
                    "reason_code": code,
                    "reason_params": params,
                    "payload": payload,
                    "next_try_at": Failure._next_try(1),
                }
                for ref, code, params, payload in entries.values()
            ]
        )

    def _solve_failures(self, kind, refs):
        """Close the failures of records that came in good."""
        self.env["order.channel.failure"].search(
            [
                ("channel_id", "=", self.id), ("kind", "=", kind), ("state", "=", "open"),
                ("external_ref", "in", list(refs)),
            ]
        ).write({"state": "solved", "next_try_at": False})

    def _open_failure_refs(self, kind):
        """The channel's ids of the records that have an open failure.

        :rtype: set[str]
        """
        failures = self.env["order.channel.failure"].search_fetch(
            [("channel_id", "=", self.id), ("kind", "=", kind), ("state", "=", "open")], ["external_ref"]
        )
        return set(failures.mapped("external_ref"))
