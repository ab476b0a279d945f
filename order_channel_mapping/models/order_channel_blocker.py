from odoo import fields, models


class OrderChannelBlocker(models.Model):
    """One reason why an order can't be processed yet. It goes when the reason goes; the audit trail keeps both."""

    _name = "order.channel.blocker"
    _description = "Channel Order Blocker"
    _order = "order_id, id"
    _rec_name = "code"

    order_id = fields.Many2one("order.channel.order", required=True, index=True, ondelete="cascade", readonly=True)
    line_id = fields.Many2one("order.channel.order.line", index="btree_not_null", ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    listing_id = fields.Many2one("order.channel.listing", index="btree_not_null", ondelete="cascade", readonly=True)
    code = fields.Selection(
        [
            ("unmapped", "Unmapped item"), ("tax", "Tax"), ("total", "Total"), ("payment", "Payment"),
            ("address", "Address"), ("currency", "Currency"), ("hold", "Held by the channel"), ("changed", "Changed at the channel"),
            ("duplicate", "Possible duplicate"), ("shipping", "Shipping method"), ("stock", "Stock"),
        ],
        required=True, readonly=True, index=True,
    )
    params = fields.Json(readonly=True)

    _line_code_uniq = models.UniqueIndex("(order_id, code, COALESCE(line_id, 0))", "This blocker is already on the order.")
