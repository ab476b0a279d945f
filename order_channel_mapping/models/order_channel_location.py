from odoo import fields, models


class OrderChannelLocation(models.Model):
    """A place the marketplace keeps stock at, as it told at Connect."""

    _name = "order.channel.location"
    _description = "Channel Location"
    _order = "name, id"

    channel_id = fields.Many2one("order.channel", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    external_id = fields.Char(required=True)
    name = fields.Char(required=True)
    active = fields.Boolean(default=True)

    _external_uniq = models.UniqueIndex("(channel_id, external_id)", "This location is already known.")
