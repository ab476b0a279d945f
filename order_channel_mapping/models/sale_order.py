from odoo import fields, models


class SaleOrder(models.Model):
    """A channel order's projection: what Odoo processes. Frozen while an item of it is unmapped."""

    _inherit = "sale.order"

    order_channel_id = fields.Many2one(
        "order.channel", string="Channel", copy=False, index="btree_not_null", check_company=True, ondelete="restrict"
    )
    channel_order_id = fields.Many2one(
        "order.channel.order", string="Channel Order", copy=False, index="btree_not_null", readonly=True, ondelete="restrict"
    )
    channel_frozen = fields.Boolean(string="Frozen", copy=False, readonly=True, index="btree_not_null")
    channel_blocker_ids = fields.One2many(related="channel_order_id.blocker_ids", string="To Resolve")

    _channel_frozen_stays = models.Constraint(
        "CHECK (channel_frozen IS NOT TRUE OR state IN ('draft', 'sent', 'cancel'))",
        "This order is frozen: map its items to products first.",
    )
    _channel_order_uniq = models.UniqueIndex(
        "(channel_order_id) WHERE channel_order_id IS NOT NULL", "This channel order already has a sales order."
    )
