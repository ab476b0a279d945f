import logging
import time
from datetime import timedelta

from odoo import fields, models

from ..tools.clock import is_over
from .order_channel_account import OFFLINE

_logger = logging.getLogger(__name__)

#: cron kind -> (name, priority): what each of a channel's three crons does (DESIGN rule 15)
CRONS = {"sync": ("orders and stock", 2), "items": ("items", 8), "outbox": ("commands", 1)}
#: a pass works about this long, then triggers itself again and leaves the cron worker to others
PASS_SECONDS = 5.0
RUNNING_STATES = ("connected", "live", "closing")


class OrderChannel(models.Model):
    """Crons and passes: when a channel works, and for how long."""

    _name = "order.channel"
    _inherit = ["order.channel", "order.channel.transactional"]

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
        with self._turn(kind) as free:
            channel = self.exists()
            if not free or not channel:
                return
            channel = channel.with_company(channel.company_id)
            try:
                if not channel._is_on():
                    channel._interrupt_runs(kind)
                    return
                channel._watch_crons(kind)
                if not channel._waits_until():
                    channel._work(kind, time.monotonic() + PASS_SECONDS)
            except Exception as error:
                channel._end_pass(kind, error)

    def _work(self, kind, deadline):
        """What one pass does. Each part that asks the channel looks first whether an earlier one was told to wait."""
        if kind == "items":
            if self._is_due("items"):
                self._sync_items(deadline=deadline)
            else:
                if self.auto_link:
                    self._link_certain(deadline)
                self._link_on(deadline)  # what an earlier pass had no time for
                self._fetch_pictures(deadline)
        elif kind == "outbox":
            self._push_outbox()
            self._refresh_webhooks()
        else:
            if self._is_due("orders"):
                self._sync_orders(deadline=deadline)
            else:
                self._process_ready(deadline=deadline)  # what a person mapped or resolved meanwhile
            if self._may_run():
                self._push_stock(deadline=deadline)  # where nothing is to be pushed it ends what was asked for

    def _end_pass(self, kind, error):
        """What becomes of a pass that could not go on. What was not committed is done again by the next one."""
        if self._gives_way(error, f"its {kind} pass"):
            return
        try:
            self._rollback()
            _logger.error("Channel %s (%s): %s pass failed", self.id, self.provider, kind, exc_info=error)
            run_kinds = ("orders", "stock") if kind == "sync" else (kind,)
            runs = self.env["order.channel.run"].search(
                [("channel_id", "=", self.id), ("kind", "in", run_kinds), ("state", "=", "running")]
            )
            runs._close("failed", "internal", {"error": type(error).__name__})
            self._set_health("failing", "internal", {"error": type(error).__name__}, backoff=True)
            self._commit()
        except Exception as second:
            if not self._gives_way(second, f"the end of its {kind} pass"):
                self._rollback()
                _logger.exception("Channel %s: could not record its failed pass", self.id)

    def _may_run(self):
        """Whether a pass may ask anything of the channel now."""
        return self._is_on() and not self._waits_until()

    def _is_on(self):
        """Whether passes may ask anything of the channel, now or after a wait."""
        self.ensure_one()
        return (
            self.active
            and not self.paused
            and self.provider != OFFLINE
            and self.state in RUNNING_STATES
            and self.health != "needs_reauth"
            and not self._is_foreign_database()
        )

    def _is_due(self, kind):
        """Whether a run of this kind is wanted: asked for, under way, its interval over, or stock waits for fresh orders."""
        self.ensure_one()
        if self[f"{kind}_cursor"]:
            return True
        interval = self.items_interval if kind == "items" else self.sync_interval
        if is_over(self[f"{kind}_checked_at"], timedelta(minutes=interval), fields.Datetime.now()):
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
        return self.push_stock and not self._orders_are_fresh() and not self._stock_hold() and self._has_stock_to_push()

    def _orders_are_fresh(self):
        self.ensure_one()
        return not is_over(self.orders_checked_at, timedelta(seconds=self.order_freshness), fields.Datetime.now())
