from odoo import fields, models


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    channel_order_line_id = fields.Many2one(
        "order.channel.order.line", copy=False, index="btree_not_null", readonly=True, ondelete="set null"
    )
