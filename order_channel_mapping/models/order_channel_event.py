from odoo import fields, models


class OrderChannelEvent(models.Model):
    """One line of an order's audit trail."""

    _name = "order.channel.event"
    _description = "Channel Order Event"
    _order = "id desc"
    _rec_name = "code"

    order_id = fields.Many2one("order.channel.order", required=True, index=True, ondelete="cascade", readonly=True)
    line_id = fields.Many2one("order.channel.order.line", index="btree_not_null", ondelete="set null", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    code = fields.Char(required=True, readonly=True)
    params = fields.Json(readonly=True)
    user_id = fields.Many2one("res.users", string="By", readonly=True, default=lambda self: self.env.uid)
