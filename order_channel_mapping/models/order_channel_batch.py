from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..tools.guard import permitted
from ..tools.reasons import reason_text

#: a batch in one of these states has something for the background to do
WORKING = ("preparing", "running", "undoing")
#: selections up to this many are changed at once; larger ones in the background
AT_ONCE = 200


class OrderChannelBatch(models.Model):
    """A mass change of listings that can be seen first and undone after: named, worked through in the background, cancellable.

    Each kind says in ``_prepare_<kind>`` what it would do with which listing; the rest is the same for all of them: the
    lines are looked at, approved, applied and put back by their ``action`` (see ``order_channel_batch_work.py``).
    """

    _name = "order.channel.batch"
    _description = "Channel Mass Change"
    _inherit = ["order.channel.guarded", "order.channel.transactional"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True, default=lambda self: self._default_name())
    kind = fields.Selection(
        [("link", "Link"), ("confirm", "Confirm"), ("ignore", "Ignore"), ("unlink", "Unlink")], required=True
    )
    state = fields.Selection(
        [
            ("draft", "New"),
            ("preparing", "Preparing"),
            ("ready", "To Approve"),
            ("running", "Running"),
            ("done", "Done"),
            ("undoing", "Undoing"),
            ("undone", "Undone"),
            ("cancelled", "Cancelled"),
            ("failed", "Failed"),
        ],
        default="draft",
        required=True,
        readonly=True,
        index=True,
    )
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    user_id = fields.Many2one(
        "res.users", string="By", required=True, readonly=True, default=lambda self: self.env.uid, index=True
    )
    channel_ids = fields.Many2many("order.channel", string="Channels", check_company=True)
    note = fields.Char(string="Reason Given", readonly=True)
    at_once = fields.Boolean(readonly=True, help="Applied as soon as it is worked out, without a look at it.")
    selection = fields.Json(readonly=True)  # domain of the listings
    cursor = fields.Integer(readonly=True)  # id of the last listing worked out
    selected_count = fields.Integer(string="Items", readonly=True)
    seen_count = fields.Integer(readonly=True)  # of those, worked out
    started_at = fields.Datetime(readonly=True)
    ended_at = fields.Datetime(readonly=True)
    turn = fields.Float(readonly=True)  # Unix time of the last chunk: batches take turns
    undo_user_id = fields.Many2one("res.users", string="Undone By", readonly=True)
    reason_code = fields.Char(readonly=True)
    reason_params = fields.Json(readonly=True)
    line_ids = fields.One2many("order.channel.batch.line", "batch_id", string="Lines", readonly=True)

    text = fields.Char(string="Why", compute="_compute_text")
    working = fields.Boolean(compute="_compute_working")
    progress = fields.Float(compute="_compute_counts")
    change_count = fields.Integer(string="To Change", compute="_compute_counts")
    ambiguous_count = fields.Integer(string="Ambiguous", compute="_compute_counts")
    conflict_count = fields.Integer(string="Linked to Another Product", compute="_compute_counts")
    nothing_count = fields.Integer(string="Nothing Found", compute="_compute_counts")
    problem_count = fields.Integer(string="Problems", compute="_compute_counts")
    same_count = fields.Integer(string="No Change", compute="_compute_counts")
    pending_count = fields.Integer(string="To Do", compute="_compute_counts")
    done_count = fields.Integer(string="Done", compute="_compute_counts")
    left_count = fields.Integer(string="Skipped", compute="_compute_counts")
    failed_count = fields.Integer(string="Failed", compute="_compute_counts")
    undone_count = fields.Integer(string="Undone", compute="_compute_counts")
    unchosen_count = fields.Integer(string="Not Ticked", compute="_compute_counts")

    _working_idx = models.Index("(turn) WHERE state IN ('preparing', 'running', 'undoing')")

    # === COMPUTE METHODS === #

    @api.model
    def _default_name(self, channels=None):
        """What it does, where and when: ``Ignore: Web Shop, 2026-11-22``.

        :param channels: order.channel records
        """
        kind = self.env.context.get("default_kind")
        label = dict(self._fields["kind"]._description_selection(self.env)).get(kind) or self.env._("Mass change")
        names = (channels or self.env["order.channel"]).mapped("name")
        where = ", ".join([*names[:2], "…"] if len(names) > 2 else names)
        today = fields.Date.to_string(fields.Date.context_today(self))
        return ", ".join(filter(None, [f"{label}: {where}" if where else label, today]))

    @api.depends("reason_code", "reason_params")
    @api.depends_context("lang")
    def _compute_text(self):
        for batch in self:
            batch.text = " ".join(filter(None, reason_text(self.env, batch.reason_code, batch.reason_params)))

    @api.depends("state")
    def _compute_working(self):
        for batch in self:
            batch.working = batch.state in WORKING

    @api.depends("state", "seen_count", "line_ids.state", "line_ids.outcome", "line_ids.chosen")
    def _compute_counts(self):
        """From the lines themselves, so that they always add up."""
        Line = self.env["order.channel.batch.line"]
        domain = [("batch_id", "in", self.ids)]
        outcomes, states = {}, {}
        for batch, outcome, count in Line._read_group(domain, ["batch_id", "outcome"], ["__count"]):
            outcomes[batch.id, outcome] = count
        chosen = Domain(domain) & Domain("chosen", "=", True)
        for batch, state, count in Line._read_group(chosen, ["batch_id", "state"], ["__count"]):
            states[batch.id, state] = count
        for batch in self:
            for outcome in Line._outcomes():
                batch[f"{outcome}_count"] = outcomes.get((batch._origin.id, outcome), 0)
            number = {state: states.get((batch._origin.id, state), 0) for state in Line._states()}
            batch.pending_count = number["pending"]
            batch.done_count = number["done"]
            batch.left_count = number["left"]
            batch.failed_count = number["failed"]
            batch.undone_count = number["undone"]
            lines = sum(outcomes.get((batch._origin.id, outcome), 0) for outcome in Line._outcomes())
            batch.unchosen_count = lines - sum(number.values())
            batch.progress = batch._progress(number)

    def _progress(self, number):
        """Percent of what is under way.

        :param dict number: lines by state
        """
        if self.state == "preparing":
            done, total = self.seen_count, self.selected_count
        elif self.state == "undoing":
            done, total = number["undone"] + number["left"], number["undone"] + number["left"] + number["done"]
        else:
            total = sum(number.values())
            done = total - number["pending"]
        return 100.0 * done / total if total else 0.0

    # === CRUD METHODS === #

    def write(self, vals):
        if not self.env.su and {"kind", "company_id"} & vals.keys():
            raise AccessError(self.env._("What a mass change is about is chosen when it is made."))
        if not self.env.su and vals.keys() - {"name"} and any(batch.state != "draft" for batch in self):
            raise UserError(self.env._("This is worked out already. Make a new one to choose otherwise."))
        return super().write(vals)

    # === MAKING ONE === #

    @api.model
    def _new(self, kind, company, channels=None, **values):
        """A mass change of the user's, named after what it does and where. Nothing is begun yet.

        :param company: res.company record
        :param channels: order.channel records that it is about
        :return: the batch, in sudo
        """
        batch_class = self.sudo().with_context(default_kind=kind)
        channels = channels or self.env["order.channel"]
        return batch_class.create(
            {
                "name": batch_class._default_name(channels.sudo()),
                "kind": kind,
                "company_id": company.id,
                "user_id": self.env.uid,
                "channel_ids": channels.ids,
                **values,
            }
        )

    @api.model
    def _make(self, kind, listings, name=None, **values):
        """A change of exactly these listings that a person has approved by the button that was pressed.

        Few are changed at once, many in the background.

        :param listings: order.channel.listing records that the user may map
        :return: the batch
        """
        listings = listings._whole_selection()
        permitted(listings)
        company = listings.company_id
        if len(company) != 1:
            raise UserError(self.env._("Choose items of one company."))
        if name:
            values["name"] = name
        chosen = {"selection": [("id", "in", listings.ids)], "at_once": True}
        batch = self._new(kind, company, listings.channel_id, **{**chosen, **values})
        batch._begin("preparing")
        if len(listings) <= AT_ONCE:
            batch._work_now()
        return batch

    def _listing_domain(self):
        """Which listings it is about: those that were chosen, else those of its channels."""
        self.ensure_one()
        domain = Domain([tuple(term) if isinstance(term, list) else term for term in self.selection or []])
        domain &= Domain("company_id", "=", self.company_id.id)
        if not self.selection:
            domain &= Domain("channel_id", "in", self.channel_ids.ids)
        return domain

    # === ACTIONS: what people may do (group and company are checked, then done in sudo) === #

    def action_prepare(self):
        """Work out what it would do; nothing is changed."""
        for batch in permitted(self):
            if batch.state != "draft":
                raise UserError(self.env._("This is worked out already."))
            batch._check_choices()
            batch._begin("preparing")
            if batch.selected_count <= AT_ONCE:
                batch._work_now()

    def action_apply(self):
        """Do what was looked at."""
        for batch in permitted(self):
            if batch.state != "ready":
                raise UserError(self.env._("There is nothing to approve here."))
            lines = batch.line_ids.filtered_domain([("chosen", "=", True)])
            unsaid = lines.filtered(lambda line: line.action == "link" and not line._components())
            if unsaid:
                raise UserError(
                    self.env._("%(item)s is ticked, but has no product.", item=unsaid[0].listing_id.display_name)
                )
            batch.user_id = self.env.uid
            batch._begin("running")
            if len(lines) <= AT_ONCE:
                batch._work_now()

    def action_cancel(self):
        """Stop. What is done stays done, and can be undone."""
        for batch in permitted(self):
            batch._hold()
            if batch.state not in ("draft", "preparing", "ready", "running"):
                raise UserError(self.env._("There is nothing to cancel here."))
            done = batch.state == "running" and batch.done_count
            batch._end("done" if done else "cancelled")

    def action_undo(self):
        """Put back what this changed, except where somebody changed it since. The pairs are never proposed again."""
        for batch in permitted(self):
            if batch.state not in ("done", "failed") or not batch.done_count:
                raise UserError(self.env._("Only what is done can be undone."))
            batch.undo_user_id = self.env.uid
            batch._begin("undoing")
            if batch.done_count <= AT_ONCE:
                batch._work_now()

    def _check_choices(self):
        """Refuse to begin with choices that make no sense. Kinds add to it.

        :raise UserError: says what to choose
        """
        if not self.selection and not self.channel_ids:
            raise UserError(self.env._("Choose a channel first."))

    def action_open(self):
        """The batch's own form."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    def action_view_lines(self):
        """Its lines; ``outcome``, ``state`` or ``unchosen`` in the context narrow them down."""
        self.ensure_one()
        asked = {name: self.env.context[name] for name in ("outcome", "state") if self.env.context.get(name)}
        if self.env.context.get("unchosen"):
            asked["unchosen"] = "unchosen"
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "order.channel.batch.line",
            "views": [(False, "list")],
            "domain": [("batch_id", "=", self.id)],
            "context": {
                "create": False,
                "batch_id": self.id,
                "batch_state": self.state,
                "batch_kind": self.kind,
                "batch_outcome": asked.get("outcome"),
                **{f"search_default_{name}": 1 for name in asked.values()},
            },
        }

    def _report(self):
        """What a button that made this change answers: in words where it is done, its progress where it is under way, what it
        would do where it waits for approval."""
        self.ensure_one()
        if self.working or self.state == "ready":
            return self.action_open()
        text = self.env._("Items changed: %(number)s.", number=self.done_count)
        if self.left_count or self.failed_count:
            text = self.env._(
                "%(number)s items updated, %(left)s skipped. Open Mass Changes for details.",
                number=self.done_count,
                left=self.left_count + self.failed_count,
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": text,
                "type": "warning" if self.left_count or self.failed_count else "success",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
