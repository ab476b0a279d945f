from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.guard import permitted
from ..tools.order_texts import total_is_edited

#: blockers that a person may overrule, on record; the others have to be solved
OVERRULABLE = frozenset({"payment", "address", "total", "hold", "changed", "shipped", "duplicate"})


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
            ("tax", "Tax"),
            ("total", "Total"),
            ("payment", "Payment"),
            ("address", "Address"),
            ("currency", "Currency"),
            ("hold", "Held by the channel"),
            ("changed", "Changed at the channel"),
            ("shipped", "Partly shipped already"),
            ("duplicate", "Possible duplicate"),
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
    can_overrule = fields.Boolean(compute="_compute_can_overrule")
    can_keep = fields.Boolean(compute="_compute_can_overrule")

    _line_code_uniq = models.UniqueIndex(
        "(order_id, code, COALESCE(line_id, 0), COALESCE(question, ''))", "This blocker is already on the order."
    )

    @api.depends("code", "params", "overruled_by_id")
    def _compute_can_overrule(self):
        for blocker in self:
            blocker.can_keep = blocker.code == "total" and total_is_edited(blocker.params)
            blocker.can_overrule = blocker.code in OVERRULABLE and not blocker.overruled_by_id and not blocker.can_keep

    def action_overrule(self):
        """Process the order all the same; who decided it stays on record."""
        for blocker in permitted(self):
            if blocker.code not in OVERRULABLE:
                raise UserError(self.env._("This has to be solved: it can't be set aside."))
            blocker.overruled_by_id = self.env.user
            blocker.order_id._log_event("overruled", {"blocker": blocker.code}, blocker.line_id)
        self.sudo().order_id._refresh_frozen()

    def action_keep_change(self):
        """Keep what a person changed on the order's lines; the difference in money goes on record.

        It is asked again only when the difference becomes another one.
        """
        totals = permitted(self).filtered(lambda blocker: blocker.code == "total")
        totals.order_id._keep_difference()
        return True
