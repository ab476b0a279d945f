from datetime import timedelta

from babel.dates import format_timedelta

from odoo import api, fields, models
from odoo.tools.misc import babel_locale_parse, format_datetime, get_lang

from ..tools.clock import is_future, is_over
from ..tools.reasons import reason_text
from .order_channel_account import OFFLINE
from .order_channel_pass import CRONS, RUNNING_STATES

#: kind of a run -> which of the channel's crons does it
CRON_OF = {"orders": "sync", "stock": "sync", "items": "items", "outbox": "outbox"}
#: a cron that is due for so long, and did not run in that time, is served by nobody: several of its intervals
SERVED_WITHIN = timedelta(minutes=10)
#: how long it is said that a clock was wrong
CLOCK_SAID = timedelta(days=1)


class OrderChannel(models.Model):
    """Whether Odoo runs the channel's scheduled actions at all. Nobody else would say so: Odoo switches off a cron that fails
    for a week with a line in its log, and a scheduler whose threads died is only silent."""

    _inherit = "order.channel"

    crons_asleep = fields.Char(readonly=True, copy=False)  # kinds of crons that no longer run, as a pass noticed them
    notice_message = fields.Text(compute="_compute_notices")  # what to know beside its health
    unserved = fields.Boolean(compute="_compute_notices", help="Nothing fetches its items and orders.")

    # === WHAT RUNS === #

    def _asleep_kinds(self):
        """Kinds of the channel's crons that Odoo no longer runs: switched off after failures or by a person, deleted, or put
        off by a clock of ours that was ahead; where it pushes stock also ``changes``, the cron of all channels that tells
        which quantities changed. A channel that was never connected has none.

        :rtype: list[str]
        """
        self.ensure_one()
        crons = {kind: self.sudo()[f"{kind}_cron_id"] for kind in CRONS}
        if not any(crons.values()):
            return []
        if self.push_stock:
            crons["changes"] = self._dispatcher()
        now = fields.Datetime.now()
        return [kind for kind, cron in crons.items() if not cron.active or is_future(cron.lastcall, now)]

    @api.model
    def _dispatcher(self):
        cron = self.env.ref("order_channel_mapping.cron_stock_dispatch", raise_if_not_found=False)
        return cron.sudo() if cron else self.env["ir.cron"]

    @api.model
    def _runs(self, cron):
        """Whether a cron ran of late, or need not yet."""
        return max(cron.nextcall, cron.lastcall or cron.create_date) > fields.Datetime.now() - SERVED_WITHIN

    def _idle_since(self):
        """Since when none of the channel's crons has run though they were due; None: they run."""
        self.ensure_one()
        crons = self._crons().filtered("active")
        if not crons or any(self._runs(cron) for cron in crons):
            return None
        signs = [cron.lastcall or cron.create_date for cron in crons]
        last = max([*signs, *filter(None, [self.items_checked_at, self.orders_checked_at])])
        return last if is_over(last, SERVED_WITHIN, fields.Datetime.now()) else None

    def _serves(self, run_kind):
        """Whether an open run of this kind goes on, or starts, without anybody doing something."""
        self.ensure_one()
        kind = CRON_OF[run_kind]
        if not self._is_on() or kind in self._asleep_kinds() or self._idle_since():
            return False
        cron = self.sudo()[f"{kind}_cron_id"]
        return not cron or self._runs(cron)  # one that hangs is due all the time

    # === WHAT A PASS DOES ABOUT IT === #

    def _watch_crons(self, own):
        """Say on the channel that another of its crons no longer runs, once, and end what that one leaves open.

        :param str own: kind of the cron that does this, and so runs
        """
        asleep = [kind for kind in self._asleep_kinds() if kind != own]
        for kind in asleep:
            self._interrupt_runs(kind)
        noted = ",".join(asleep) or False
        if noted != self.crons_asleep:
            self.crons_asleep = noted
            self._activity_about_crons(asleep)
            self._commit()

    def _activity_about_crons(self, asleep):
        self.activity_unlink(["order_channel_mapping.mail_activity_asleep"])
        if asleep:
            self.activity_schedule(
                "order_channel_mapping.mail_activity_asleep",
                user_id=(self.user_id or self.create_uid).id,
                summary=self.env._("%(channel)s: scheduled actions no longer run", channel=self.name),
            )

    def _interrupt_runs(self, kind):
        """Close the runs that this cron would have done. Only where no pass of it is at work: within its own pass, or when it
        no longer runs."""
        run_kinds = [run_kind for run_kind, cron_kind in CRON_OF.items() if cron_kind == kind]
        self.env["order.channel.run"].search(
            [("channel_id", "=", self.id), ("kind", "in", run_kinds), ("state", "in", ("queued", "running"))]
        )._close("interrupted", "interrupted")

    def _switch_on_crons(self):
        """Have all crons run again, made anew where they are missing. One that is locked runs at this moment, so that it need
        not be switched on."""
        self.sudo()._ensure_crons()
        now = fields.Datetime.now()
        crons = self._crons() | self._dispatcher()
        crons.filtered(lambda cron: not cron.active or is_future(cron.lastcall, now)).try_lock_for_update(
            allow_referencing=True
        ).write({"active": True, "nextcall": now, "lastcall": False, "failure_count": 0, "first_failure_date": False})
        for channel in self.sudo().filtered("crons_asleep"):
            channel.crons_asleep = False
            channel._activity_about_crons([])

    # === WHAT A PERSON SEES === #

    @api.depends_context("lang", "tz")
    def _compute_notices(self):
        foreign = self._is_foreign_database()
        for channel in self:
            watched = (
                channel.provider != OFFLINE
                and channel.state in RUNNING_STATES
                and channel.active
                and not channel.paused
                and not foreign
            )
            asleep, idle_since = (channel._asleep_kinds(), channel._idle_since()) if watched else ([], None)
            channel.unserved = bool(idle_since) or "items" in asleep
            notices = [channel._asleep_words(asleep), channel._idle_words(idle_since)]
            notices += [channel._clock_words()] if watched else []
            channel.notice_message = "\n".join(filter(None, notices)) or False

    def _asleep_words(self, kinds):
        if not kinds:
            return ""
        names = {
            "sync": self.env._("orders and stock"),
            "items": self.env._("items"),
            "outbox": self.env._("commands"),
            "changes": self.env._("changes of stock"),
        }
        return " ".join(reason_text(self.env, "cron_asleep", {"kinds": ", ".join(names[kind] for kind in kinds)}))

    def _idle_words(self, since):
        """That nothing has run since then; nothing for None."""
        if not since:
            return ""
        since = format_datetime(self.env, since, dt_format="short")
        return " ".join(reason_text(self.env, "scheduler_idle", {"since": since}))

    def _clock_words(self):
        """That the channel's clock was off, where that was seen of late."""
        if not self.clock_seen_at or self.clock_seen_at < fields.Datetime.now() - CLOCK_SAID:
            return ""
        locale = babel_locale_parse(get_lang(self.env).code)
        params = {
            "off": format_timedelta(timedelta(seconds=abs(self.clock_off)), locale=locale),
            "seen": format_datetime(self.env, self.clock_seen_at, dt_format="short"),
        }
        code = "clock_ahead" if self.clock_off > 0 else "clock_behind"
        return " ".join(reason_text(self.env, code, params))


class OrderChannelRun(models.Model):
    """A run is shown as running only while something may still come of it."""

    _inherit = "order.channel.run"

    shown_state = fields.Selection(
        selection=lambda self: self._fields["state"]._description_selection(self.env),
        string="Status",
        compute="_compute_shown_state",
    )

    @api.depends("state", "kind", "channel_id")
    def _compute_shown_state(self):
        for run in self:
            going = run.state not in ("queued", "running") or run.channel_id._serves(run.kind)
            run.shown_state = run.state if going else "interrupted"
