from odoo import fields, models


class OrderChannelSeen(models.Model):
    """Ids met during a full pass of items: one INSERT a page, cleared at its end. Only a complete pass marks listings gone."""

    _name = "order.channel.seen"
    _description = "Channel Item Seen"
    _log_access = False

    channel_id = fields.Many2one("order.channel", required=True, index=True, ondelete="cascade")
    listing_id = fields.Many2one("order.channel.listing", required=True, ondelete="cascade")
