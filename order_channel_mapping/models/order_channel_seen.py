from odoo import fields, models


class OrderChannelSeen(models.Model):
    """Ids met during a full pass of items: one INSERT a page, cleared at its end. Only a complete pass marks listings gone.

    Without foreign keys: to check them took more time than all else that is done for an unchanged item (50 of 90 µs), and
    an id that points nowhere any more marks nothing.
    """

    _name = "order.channel.seen"
    _description = "Channel Item Seen"
    _log_access = False

    channel_id = fields.Integer(required=True, index=True)
    listing_id = fields.Integer(required=True)
