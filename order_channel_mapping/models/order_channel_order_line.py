from odoo import fields, models


class OrderChannelOrderLine(models.Model):
    """One line of a channel order. Amounts are for the whole quantity as ordered (see ``connectors.records.OrderLine``)."""

    _name = "order.channel.order.line"
    _description = "Channel Order Line"
    _order = "order_id, sequence, id"

    order_id = fields.Many2one("order.channel.order", required=True, index=True, ondelete="cascade", readonly=True)
    channel_id = fields.Many2one("order.channel", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    sequence = fields.Integer(readonly=True)
    external_id = fields.Char(required=True, readonly=True)
    kind = fields.Selection(
        [
            ("product", "Product"), ("shipping", "Shipping"), ("fee", "Fee"), ("discount", "Discount"),
            ("gift_card", "Gift card"), ("tip", "Tip"),
        ],
        required=True, readonly=True,
    )
    listing_id = fields.Many2one("order.channel.listing", index="btree_not_null", ondelete="restrict", readonly=True)
    mapping_id = fields.Many2one("order.channel.mapping", index="btree_not_null", ondelete="restrict", readonly=True)
    sku = fields.Char(string="SKU", readonly=True)
    name = fields.Char(readonly=True)
    quantity = fields.Float(digits="Product Unit", readonly=True)
    fulfilled_quantity = fields.Float(digits="Product Unit", readonly=True)
    cancelled_quantity = fields.Float(digits="Product Unit", readonly=True)
    subtotal = fields.Float(digits=(16, 4), readonly=True)
    discount = fields.Float(digits=(16, 4), readonly=True)
    total = fields.Float(digits=(16, 4), readonly=True)
    taxes = fields.Json(readonly=True)
    attributes = fields.Json(readonly=True)
    physical = fields.Boolean(default=True, readonly=True)
    fulfilled_by = fields.Selection([("seller", "Us"), ("marketplace", "The channel")], default="seller", readonly=True)
    sale_line_ids = fields.One2many("sale.order.line", "channel_order_line_id", string="Sales Order Lines")

    _external_uniq = models.UniqueIndex("(order_id, external_id)", "This order line is already known.")
