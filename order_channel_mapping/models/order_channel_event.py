from odoo import api, fields, models

from ..tools.digest import to_json


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

    @api.model
    def _log(self, entries):
        """Add lines to audit trails, in one statement.

        :param entries: ``[(channel order, code, JSON-able params or None, channel order line or None)]``
        """
        return self.sudo().create(
            [
                {
                    "order_id": order.id,
                    "company_id": order.company_id.id,
                    "code": code,
                    "params": to_json(params) or False,
                    "line_id": line.id if line else False,
                }
                for order, code, params, line in entries
            ]
        )
