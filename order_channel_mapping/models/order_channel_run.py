from odoo import api, fields, models
from odoo.tools import SQL


class OrderChannelRun(models.Model):
    """One pass of one kind over one channel. Its counts add up to what the channel sent:
    ``fetched = created + updated + unchanged + skipped + failed``."""

    _name = "order.channel.run"
    _description = "Channel Run"
    _order = "started_at desc, id desc"
    _rec_name = "kind"

    channel_id = fields.Many2one("order.channel", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    kind = fields.Selection(
        [("items", "Items"), ("orders", "Orders"), ("stock", "Stock"), ("outbox", "Commands")],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("queued", "Waiting to start"),
            ("running", "Running"),
            ("done", "Done"),
            ("partial", "Done with failures"),
            ("failed", "Failed"),
            ("interrupted", "Interrupted"),
        ],
        default="running",
        required=True,
        readonly=True,
        index=True,
    )
    full = fields.Boolean(string="Full Pass", readonly=True)
    started_at = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    ended_at = fields.Datetime(readonly=True)
    busy_seconds = fields.Float(string="Working Time (s)", readonly=True)
    fetched = fields.Integer(readonly=True)
    created = fields.Integer(readonly=True)
    updated = fields.Integer(readonly=True)
    unchanged = fields.Integer(readonly=True)
    skipped = fields.Integer(readonly=True)
    failed = fields.Integer(readonly=True)
    linked = fields.Integer(readonly=True)
    processed = fields.Integer(readonly=True)
    skips = fields.Json(readonly=True)  # {rule: count}
    duration = fields.Float(string="Duration (s)", compute="_compute_duration")
    pages = fields.Integer(readonly=True)
    calls = fields.Integer(string="HTTP Calls", readonly=True)
    reason_code = fields.Char(readonly=True)
    reason_params = fields.Json(readonly=True)
    next_try_at = fields.Datetime(
        string="Next Try", compute="_compute_next_try_at"
    )  # of one that failed, while it is the last
    failure_ids = fields.One2many("order.channel.failure", "run_id", string="Failures", readonly=True)

    _counts_add_up = models.Constraint(
        "CHECK (fetched = created + updated + unchanged + skipped + failed)",
        "The counts of a run must add up to what the channel sent.",
    )
    _running_idx = models.Index("(channel_id, kind) WHERE state = 'running'")

    @api.depends("started_at", "ended_at")
    def _compute_duration(self):
        now = fields.Datetime.now()
        for run in self:
            run.duration = ((run.ended_at or now) - run.started_at).total_seconds() if run.started_at else 0.0

    @api.depends("state", "channel_id.next_try_at")
    def _compute_next_try_at(self):
        failed = self.filtered(lambda run: run.state == "failed" and run.channel_id.next_try_at)
        last = {
            id_
            for __, __, id_ in self._read_group(
                [("channel_id", "in", failed.channel_id.ids)], ["channel_id", "kind"], ["id:max"]
            )
        }
        self.next_try_at = False
        for run in failed:
            if run.id in last:
                run.next_try_at = run.channel_id.next_try_at

    def _count(self, skipped=None, **counts):
        """Add to the counters, in one statement and without reading the row first.

        :param skipped: ``{rule: number}``
        :param counts: any of fetched, created, updated, unchanged, failed, linked, processed, pages, calls, busy_seconds
        """
        self.ensure_one()
        if skipped:
            counts["skipped"] = sum(skipped.values())
        counts = {name: value for name, value in counts.items() if value}
        if not counts:
            return
        sets = [
            SQL("%s = COALESCE(%s, 0) + %s", SQL.identifier(name), SQL.identifier(name), value)
            for name, value in counts.items()
        ]
        rules = [
            SQL("%s::text, COALESCE((skips->>%s)::int, 0) + %s", rule, rule, number)
            for rule, number in (skipped or {}).items()
        ]
        if rules:
            sets.append(SQL("skips = COALESCE(skips, '{}') || jsonb_build_object(%s)", SQL(", ").join(rules)))
        self.flush_recordset()
        self.env.cr.execute(SQL("UPDATE order_channel_run SET %s WHERE id = %s", SQL(", ").join(sets), self.id))
        self.invalidate_recordset()

    def _close(self, state=None, code=None, params=None):
        """End the runs. Without a state: *done*, or *done with failures* where records failed."""
        for run in self:
            run.write(
                {
                    "state": state or ("partial" if run.failed else "done"),
                    "ended_at": fields.Datetime.now(),
                    "reason_code": code,
                    "reason_params": params,
                }
            )

    @api.autovacuum
    def _gc_runs(self):
        """Keep the sync history for the time set in the system parameters (days, 60 by default)."""
        days = int(self.env["ir.config_parameter"].sudo().get_param("order_channel_mapping.history_days", 60))
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=days)
        old = self.search([("started_at", "<", limit), ("state", "not in", ("running", "queued"))], limit=10_000)
        old.unlink()
        return len(old), len(old) == 10_000
