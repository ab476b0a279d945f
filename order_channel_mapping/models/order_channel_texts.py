from odoo import api, fields, models
from odoo.tools import format_datetime

from ..tools.order_texts import blocker_text, event_text
from ..tools.reasons import reason_text


class OrderChannelBlocker(models.Model):
    """A blocker in words, and the tax that it asks for."""

    _inherit = "order.channel.blocker"

    text = fields.Char(string="What Is in the Way", compute="_compute_text")
    remedy = fields.Char(string="What to Do", compute="_compute_text")
    image_url = fields.Char(related="listing_id.image_url")
    link_hint = fields.Selection(related="listing_id.link_hint")

    @api.depends(
        "code",
        "params",
        "overruled_by_id",
        "overrule_reason",
        "listing_id.link_hint",
        "listing_id.state",
        "listing_id.ignore_reason",
        "listing_id.ignore_note",
    )
    @api.depends_context("lang")
    def _compute_text(self):
        hints = dict(self.env["order.channel.listing"]._fields["link_hint"]._description_selection(self.env))
        labels = dict(self._fields["code"]._description_selection(self.env))
        for blocker in self:
            has_statuses = blocker.code == "hold" and bool(blocker.sudo().order_id.channel_id.status_map_ids)
            blocker.text, blocker.remedy = blocker_text(
                self.env, blocker.code, blocker.params, labels.get(blocker.code), has_statuses
            )
            if blocker.code == "unmapped" and blocker.listing_id.state == "ignored":
                params = {**(blocker.params or {}), "reason": blocker.listing_id._ignore_words()}
                blocker.text, blocker.remedy = blocker_text(self.env, "ignored", params)
            elif blocker.code == "unmapped" and blocker.link_hint:
                blocker.remedy = hints[blocker.link_hint] + "."
            if blocker.overruled_by_id:
                blocker.remedy = blocker._say_overruled()

    def _say_overruled(self):
        """Who set it aside, and why; what was set aside before a reason was asked for has none."""
        user = self.overruled_by_id.sudo().name
        if not self.overrule_reason:
            return self.env._("Overruled by %(user)s", user=user)
        return self.env._("Overruled by %(user)s: %(reason)s", user=user, reason=self.overrule_reason)

    @api.depends("code")
    def _compute_display_name(self):
        for blocker in self:
            blocker.display_name = blocker.text

    def action_link_item(self):
        """Ask which product the item is."""
        return self.listing_id.action_open_link()

    def action_confirm_item(self):
        """Create a product from the item, or ask where there may be one already."""
        return self.listing_id._confirm_in_place()

    def action_choose_tax(self):
        """Open the tax mapping with everything filled in but the answer."""
        self.ensure_one()
        params = self.params or {}
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Choose the Tax"),
            "res_model": "order.channel.tax.map",
            "views": [(self.env.ref("order_channel_mapping.order_channel_tax_map_view_form_ask").id, "form")],
            "target": "new",
            "context": {
                "default_channel_id": self.order_id.channel_id.id,
                "default_name": params.get("name") or params.get("code"),
                "default_country_code": params.get("country"),
                "default_rate": round(float(params.get("rate") or 0) * 100, 4),
                "default_rate_unknown": not params.get("rate"),
                "default_included": bool(params.get("included")),
            },
        }


class OrderChannelEvent(models.Model):
    """A line of the audit trail in words."""

    _inherit = "order.channel.event"

    text = fields.Char(string="What Happened", compute="_compute_text")

    @api.depends("code", "params")
    @api.depends_context("lang")
    def _compute_text(self):
        for event in self:
            event.text = event_text(self.env, event.code, event.params)


class OrderChannelFailure(models.Model):
    """A failure in words."""

    _inherit = "order.channel.failure"

    text = fields.Char(string="What Happened", compute="_compute_text")
    remedy = fields.Char(string="What to Do", compute="_compute_text")

    @api.depends("reason_code", "reason_params")
    @api.depends_context("lang")
    def _compute_text(self):
        for failure in self:
            failure.text, failure.remedy = reason_text(self.env, failure.reason_code, failure.reason_params)


class OrderChannelRun(models.Model):
    """A run in words: why it stopped, and what was left out by which rule."""

    _inherit = "order.channel.run"

    text = fields.Char(string="Why It Stopped", compute="_compute_text")
    working = fields.Boolean(compute="_compute_working")
    push_ids = fields.One2many("order.channel.stock.push", "run_id", string="Stock Pushes", readonly=True)
    skips_text = fields.Text(string="Why Skipped", compute="_compute_text")

    @api.depends("shown_state")
    def _compute_working(self):
        for run in self:
            run.working = run.shown_state in ("queued", "running")

    @api.depends("reason_code", "reason_params", "skips", "shown_state")
    @api.depends_context("lang")
    def _compute_text(self):
        for run in self:
            code = run.reason_code or (run.shown_state == "interrupted" and run.shown_state)
            run.text = " ".join(filter(None, reason_text(self.env, code, run.reason_params)))
            run.skips_text = "\n".join(
                f"{number} × {reason_text(self.env, f'skip_{rule}')[0]}"
                for rule, number in sorted((run.skips or {}).items())
            )

    @api.depends("kind", "started_at")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for run in self:
            started_at = run.started_at and format_datetime(self.env, run.started_at, dt_format="short")
            run.display_name = " ".join(filter(None, [kinds.get(run.kind), started_at]))


class OrderChannelStockPush(models.Model):
    """A stock push in words."""

    _inherit = "order.channel.stock.push"

    text = fields.Char(string="Why Not Taken", compute="_compute_text")

    @api.depends("reason_code", "reason_params")
    @api.depends_context("lang")
    def _compute_text(self):
        for push in self:
            push.text = " ".join(filter(None, reason_text(self.env, push.reason_code, push.reason_params)))


class OrderChannelOrderLine(models.Model):
    """An order line by its name."""

    _inherit = "order.channel.order.line"

    @api.depends("name", "sku")
    def _compute_display_name(self):
        for line in self:
            line.display_name = line.name or line.sku or line.external_id
