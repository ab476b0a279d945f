import logging
import time
from collections import Counter

import psycopg2.errors

from odoo import api, fields, models
from odoo.tools import SQL

from .order_channel_batch import WORKING
from .order_channel_pass import PASS_SECONDS

_logger = logging.getLogger(__name__)

#: listings worked out, and lines applied or put back, in one transaction
PREPARE_CHUNK = 1000
WORK_CHUNK = 100
#: how often a person tries again to get in between two steps
HOLD_REPEATS = 10


class OrderChannelBatch(models.Model):
    """The work of a mass change: chunk by chunk, each in a transaction of its own, so that it can be killed at any point."""

    _inherit = "order.channel.batch"

    # === STATES === #

    def _begin(self, state):
        """Enter a state that has work to do, and have it done."""
        self.ensure_one()
        values = {"state": state, "turn": time.time(), "reason_code": False, "reason_params": False}
        if state == "preparing":
            values |= {
                "started_at": fields.Datetime.now(),
                "selected_count": self.env["order.channel.listing"].search_count(self._listing_domain()),
            }
        self.write({**values, "ended_at": False})
        self.env.ref("order_channel_mapping.cron_batches").sudo()._trigger()

    def _hold(self):
        """Hold the row of this batch until the end of the transaction, as it is now. Nothing must have been written before."""
        for attempt in range(HOLD_REPEATS + 1):
            try:
                self.env.cr.execute(SQL("SELECT FROM order_channel_batch WHERE id = %s FOR NO KEY UPDATE", self.id))
                break
            except psycopg2.errors.SerializationFailure:
                self._rollback()  # a step ended in between: look again
                if attempt == HOLD_REPEATS:
                    raise
        self.invalidate_recordset()

    def _end(self, state, code=None, params=None):
        self.write(
            {"state": state, "ended_at": fields.Datetime.now(), "reason_code": code, "reason_params": params or False}
        )

    # === IN THE BACKGROUND === #

    @api.model
    def _cron_work(self):
        """Work on the batches in turn for as long as a pass may take; the rest is the next pass's."""
        deadline = time.monotonic() + PASS_SECONDS
        while batch := self.search([("state", "in", WORKING)], order="turn, id", limit=1):
            if not batch._as_its_user()._work_in_background():
                return
            if time.monotonic() > deadline:
                self.env.ref("order_channel_mapping.cron_batches").sudo()._trigger()
                return

    def _as_its_user(self):
        """The batch as the one who approved it: their name on mappings and stock moves, their language."""
        user = self.undo_user_id if self.state == "undoing" else self.user_id
        return self.with_user(user).with_context(lang=user.lang).with_company(self.company_id).sudo()

    def _work_in_background(self):
        """One chunk. Never raises: what goes wrong is put on the batch and in the log.

        :return: False if it is left to the next pass, see ``_gives_way``
        """
        try:
            state = self.state
            self._repeatable(self._work_chunk)
            if state in WORKING and self.state not in WORKING:
                self._tell_user()
                self._commit()
        except Exception as error:
            if self._gives_way(error, "a mass change"):
                return False
            self._rollback()
            _logger.exception("Mass change %s failed", self.id)
            self._end("failed", *self._blame(error))
            self._commit()
        return True

    def _tell_user(self):
        """Whoever waits for it learns that it is over, wherever they are in Odoo."""
        states = dict(self._fields["state"]._description_selection(self.env))
        self.env.user._bus_send(
            "simple_notification",
            {"type": "info", "title": self.name, "message": states[self.state], "sticky": False},
        )

    def _work_now(self):
        """All of it in this transaction: it is little."""
        for batch in self:
            worker = batch._as_its_user()
            while worker.state in WORKING:
                worker._work_chunk()
        self.invalidate_recordset()

    def _work_chunk(self):
        """One step of what is under way.

        The batch's own row is written at the end only, so that it is not held while the step lasts: whoever presses Cancel
        gets in between, and this step is then rolled back.
        """
        self.ensure_one()
        if self.state == "preparing":
            self._prepare_chunk()
        elif self.state == "running":
            self._apply_chunk()
        elif self.state == "undoing":
            self._undo_chunk()
        self.turn = time.time()
        self.env.flush_all()

    # === WORKING OUT === #

    def _prepare_chunk(self):
        """Ask the kind what it would do with the next listings; at the end, wait for approval or go on."""
        listings = self.env["order.channel.listing"].search(
            self._listing_domain() & fields.Domain("id", ">", self.cursor), order="id", limit=PREPARE_CHUNK
        )
        if not listings:
            self._end_preparing()
            return
        self.env["order.channel.batch.line"].create(
            [self._line_values(values) for values in getattr(self, f"_prepare_{self.kind}")(listings)]
        )
        self.write({"cursor": listings[-1].id, "seen_count": self.seen_count + len(listings)})

    def _end_preparing(self):
        if not self.at_once:
            self._end("ready")
        else:
            self._begin("running")

    def _line_values(self, values):
        """A line as the kind gave it, with what is the same for all kinds: how the listing stands before."""
        listing = self.env["order.channel.listing"].browse(values["listing_id"])
        return {
            "batch_id": self.id,
            "company_id": self.company_id.id,
            "chosen": values["outcome"] == "change",
            "before_state": listing.state,
            "before_mapping_id": listing.mapping_id.id,
            **values,
        }

    # === APPLYING === #

    def _apply_chunk(self):
        units = self._next_units("pending")
        if not units:
            self._end("done")
            return
        __, failed = self._isolated(units, self._apply_units)
        for unit, error in failed:
            code, params = self._blame(error)
            unit.write({"state": "failed", "reason_code": code, "reason_params": params})

    def _next_units(self, state):
        """The next lines, as a list of recordsets that only make sense as a whole."""
        Line = self.env["order.channel.batch.line"]
        domain = [("batch_id", "=", self.id), ("state", "=", state), ("chosen", "=", True)]
        lines = Line.search(domain, order="unit_key, id", limit=WORK_CHUNK)
        last = lines[-1:].unit_key
        if last and len(lines) == WORK_CHUNK:
            lines |= Line.search([*domain, ("unit_key", "=", last)], order="id")
        return list(lines.grouped(lambda line: line.unit_key or line.id).values())

    def _apply_units(self, units):
        """Apply some units; a listing that somebody changed since it was worked out is left alone."""
        lines = units[0].union(*units[1:])
        lines.listing_id._lock()
        fresh = lines.filtered(
            lambda line: (
                line.listing_id.state == line.before_state and line.listing_id.mapping_id == line.before_mapping_id
            )
        )
        (lines - fresh)._leave_changed()
        for action, group in fresh.grouped("action").items():
            getattr(self, f"_apply_{action}")(group)
        for line in fresh.filtered(lambda line: line.state == "pending"):
            line.write({"state": "done", "mapping_id": line.listing_id.mapping_id.id})
        self.env.flush_all()
        return Counter()

    def _apply_link(self, lines):
        lines.listing_id._link_batch(
            [(line.listing_id, line._components(), line.method or "manual") for line in lines], batch=self
        )

    def _apply_confirm(self, lines):
        lines.listing_id._confirm(batch=self)

    def _apply_unlink(self, lines):
        lines.listing_id._unlink_product(note=self.note)

    # === PUTTING BACK === #

    def _undo_chunk(self):
        units = self._next_units("done")
        if not units:
            self._end("undone")
            return
        __, failed = self._isolated(units, self._undo_units)
        for unit, error in failed:
            code, params = self._blame(error)
            unit.write({"state": "left", "reason_code": code, "reason_params": params})

    def _undo_units(self, units):
        """Put some units back; a listing that somebody changed since it was applied is left alone."""
        lines = units[0].union(*units[1:])
        lines.listing_id._lock()
        untouched = lines.filtered(lambda line: line.listing_id.mapping_id == line.mapping_id and line._is_as_applied())
        (lines - untouched)._leave_changed()
        for action, group in untouched.grouped("action").items():
            getattr(self, f"_undo_{action}")(group)
        untouched.filtered(lambda line: line.state == "done").state = "undone"
        self.env.flush_all()
        return Counter()

    def _undo_link(self, lines):
        """Give back the mapping from before, or none."""
        relinked = lines.filtered("before_mapping_id")
        relinked.listing_id._link_batch(
            [
                (line.listing_id, line.before_mapping_id._components(), line.before_mapping_id.method)
                for line in relinked
            ],
            note=self.env._("Put back: %(name)s", name=self.name),
            refused=True,
            release=True,
        )
        for state, group in (lines - relinked).grouped("before_state").items():
            group.listing_id._unlink_product(state=state)

    def _undo_ignore(self, lines):
        lines.listing_id._unignore()

    def _undo_unlink(self, lines):
        lines.before_mapping_id.refused = False
        lines.listing_id._link_batch(
            [(line.listing_id, line.before_mapping_id._components(), line.before_mapping_id.method) for line in lines],
            note=self.env._("Put back: %(name)s", name=self.name),
        )

    # === KINDS THAT NEED NO RULES: what was selected === #

    def _prepare_ignore(self, listings):
        return [
            {
                "listing_id": listing.id,
                "action": "ignore",
                "outcome": "change" if listing.state == "unconfirmed" else "same",
            }
            for listing in listings
        ]

    def _prepare_unlink(self, listings):
        return [
            {"listing_id": listing.id, "action": "unlink", "outcome": "change" if listing.mapping_id else "same"}
            for listing in listings
        ]

    # === HOUSEKEEPING === #

    @api.autovacuum
    def _gc_batches(self):
        """Drop what nobody will undo any more (days in the system parameters, 180 by default)."""
        days = int(self.env["ir.config_parameter"].sudo().get_param("order_channel_mapping.batch_days", 180))
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=days)
        self.env.cr.execute(
            SQL(
                "DELETE FROM order_channel_batch_line WHERE batch_id IN"
                " (SELECT id FROM order_channel_batch WHERE create_date < %s AND state NOT IN %s)",
                limit,
                WORKING,
            )
        )
        abandoned = fields.Datetime.subtract(fields.Datetime.now(), days=1)
        self.search([("state", "=", "draft"), ("write_date", "<", abandoned)]).unlink()


class OrderChannelBatchLine(models.Model):
    """What is left alone, and why."""

    _inherit = "order.channel.batch.line"

    def _leave_changed(self):
        """Leave these alone, because somebody changed them since."""
        for line in self:
            code, params = line.listing_id._who_changed()
            line.write({"state": "left", "reason_code": code, "reason_params": params})

    def _is_as_applied(self):
        """Whether the listing is still as this line left it."""
        self.ensure_one()
        expected = {"ignore": "ignored", "unlink": "unconfirmed"}.get(self.action, "linked")
        return self.listing_id.state == expected
