from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.guard import permitted
from ..tools.order_texts import total_is_edited

#: blockers that a person may overrule, on record; the others have to be solved
OVERRULABLE = frozenset({"payment", "address", "total", "hold", "changed", "shipped", "duplicate", "elsewhere"})
#: those that are looked at before an order is processed only: afterwards it is too late to ask for them again
BEFORE_PROCESSING = frozenset({"payment", "address", "shipped", "duplicate", "elsewhere"})
#: of a blocker that is open (again)
NOT_OVERRULED = {"overruled_by_id": False, "overrule_reason": False}


class OrderChannelBlocker(models.Model):
    """One reason why an order can't be processed yet. It goes when the reason goes; the audit trail keeps both."""

    _name = "order.channel.blocker"
    _description = "Channel Order Blocker"
    _order = "order_id, id"
    _rec_name = "code"

    order_id = fields.Many2one("order.channel.order", required=True, index=True, ondelete="cascade", readonly=True)
    line_id = fields.Many2one("order.channel.order.line", index="btree_not_null", ondelete="cascade", readonly=True)
    listing_id = fields.Many2one(
        "order.channel.listing", string="Item", index="btree_not_null", ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    code = fields.Selection(
        [
            ("unmapped", "Unmapped item"),
            ("product", "Product"),
            ("tax", "Tax"),
            ("total", "Total"),
            ("payment", "Payment"),
            ("address", "Address"),
            ("currency", "Currency"),
            ("hold", "Held by the channel"),
            ("changed", "Changed at the channel"),
            ("shipped", "Partly shipped already"),
            ("duplicate", "Possible duplicate"),
            ("elsewhere", "Shipped from elsewhere"),
            ("shipping", "Shipping method"),
            ("stock", "Stock"),
        ],
        required=True,
        readonly=True,
        index=True,
    )
    params = fields.Json(readonly=True)
    question = fields.Char(readonly=True)  # what tells several of a line apart: which tax is not known
    overruled_by_id = fields.Many2one("res.users", readonly=True)
    overrule_reason = fields.Char(readonly=True)
    can_overrule = fields.Boolean(compute="_compute_can_overrule")
    can_undo_overrule = fields.Boolean(compute="_compute_can_undo_overrule")
    can_keep = fields.Boolean(compute="_compute_can_overrule")

    _line_code_uniq = models.UniqueIndex(
        "(order_id, code, COALESCE(line_id, 0), COALESCE(question, ''))", "This blocker is already on the order."
    )

    @api.depends("code", "params", "overruled_by_id")
    def _compute_can_overrule(self):
        for blocker in self:
            blocker.can_keep = blocker.code == "total" and total_is_edited(blocker.params)
            blocker.can_overrule = blocker.code in OVERRULABLE and not blocker.overruled_by_id and not blocker.can_keep

    @api.depends("code", "overruled_by_id", "order_id.sale_order_ids.state")
    def _compute_can_undo_overrule(self):
        for blocker in self:
            state = blocker.order_id.sudo().sale_order_id.state
            late = state == "sale" and blocker.code in BEFORE_PROCESSING
            blocker.can_undo_overrule = bool(blocker.overruled_by_id) and state != "cancel" and not late

    def action_overrule(self, reason=None):
        """Process the order all the same; who decided it, and why, stays on record.

        :param str reason: asked for where it is not given
        """
        permitted(self)
        if reason:
            self._overrule(reason)
            return True
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Overrule"),
            "res_model": "order.channel.overrule",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_blocker_id": self.id},
        }

    def _overrule(self, reason):
        """:raise UserError: one of these has to be solved, or the reason is missing"""
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why the order can be processed all the same."))
        blockers = permitted(self)
        if not OVERRULABLE.issuperset(blockers.mapped("code")):
            raise UserError(self.env._("This has to be solved: it can't be set aside."))
        blockers.write({"overruled_by_id": self.env.uid, "overrule_reason": reason})
        blockers._log_decision("overruled", reason=reason)
        rerouted = blockers.filtered(lambda blocker: "routing" in (blocker.params or {}).get("changes", ()))
        rerouted.order_id.sale_order_id.order_line._reroute()
        blockers.order_id._refresh_frozen()

    def action_undo_overrule(self):
        """Take the decision back: the order waits again, unless what was in the way has gone meanwhile."""
        blockers = permitted(self)
        if not all(blocker.can_undo_overrule for blocker in blockers):
            raise UserError(self.env._("The order is processed or cancelled already: this can't be undone any more."))
        blockers.write(NOT_OVERRULED)
        blockers._log_decision("overrule_undone")
        orders = blockers.order_id
        orders._refresh_frozen()
        drafts = orders.filtered(lambda order: order.sale_order_id.state in ("draft", "sent"))
        for of_channel in drafts.grouped("channel_id").values():
            of_channel._recheck()
        return True

    def _log_decision(self, code, **params):
        self.env["order.channel.event"]._log(
            [(blocker.order_id, code, {"blocker": blocker.code, **params}, blocker.line_id) for blocker in self]
        )

    def action_keep_change(self):
        """Keep what a person changed on the order's lines; the difference in money goes on record.

        It is asked again only when the difference becomes another one.
        """
        totals = permitted(self).filtered(lambda blocker: blocker.code == "total")
        totals.order_id._keep_difference()
        return True
