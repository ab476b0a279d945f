from odoo import fields, models


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
        [("items", "Items"), ("orders", "Orders"), ("stock", "Stock"), ("outbox", "Commands")], required=True, readonly=True
    )
    state = fields.Selection(
        [("running", "Running"), ("done", "Done"), ("partial", "Done with failures"), ("failed", "Stopped")],
        default="running", required=True, readonly=True, index=True,
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
    pages = fields.Integer(readonly=True)
    calls = fields.Integer(string="HTTP Calls", readonly=True)
    reason_code = fields.Char(readonly=True)
    reason_params = fields.Json(readonly=True)
    failure_ids = fields.One2many("order.channel.failure", "run_id", string="Failures", readonly=True)

    _counts_add_up = models.Constraint(
        "CHECK (fetched = created + updated + unchanged + skipped + failed)",
        "The counts of a run must add up to what the channel sent.",
    )
    _running_idx = models.Index("(channel_id, kind) WHERE state = 'running'")


class OrderChannelFailure(models.Model):
    """One record that a run could not take, with reason, remedy and a retry; closes by itself when it comes in good."""

    _name = "order.channel.failure"
    _description = "Channel Failure"
    _order = "id desc"
    _rec_name = "external_ref"

    channel_id = fields.Many2one("order.channel", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    run_id = fields.Many2one("order.channel.run", index="btree_not_null", ondelete="set null", readonly=True)
    kind = fields.Selection(
        [("item", "Item"), ("order", "Order"), ("stock", "Stock"), ("command", "Command")], required=True, readonly=True
    )
    external_ref = fields.Char(string="ID at the Channel", required=True, readonly=True)
    listing_id = fields.Many2one("order.channel.listing", index="btree_not_null", ondelete="cascade", readonly=True)
    reason_code = fields.Char(required=True, readonly=True)
    reason_params = fields.Json(readonly=True)
    payload = fields.Json(readonly=True)
    attempts = fields.Integer(default=1, readonly=True)
    last_try_at = fields.Datetime(default=fields.Datetime.now, readonly=True)
    next_try_at = fields.Datetime(readonly=True, index="btree_not_null")
    state = fields.Selection(
        [("open", "Open"), ("solved", "Solved"), ("dismissed", "Dismissed")],
        default="open", required=True, readonly=True, index=True,
    )

    _open_uniq = models.UniqueIndex(
        "(channel_id, kind, external_ref) WHERE state = 'open'", "This failure is already on record."
    )
