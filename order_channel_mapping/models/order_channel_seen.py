from odoo import fields, models


class OrderChannelSeen(models.Model):
    """What a full pass of items met: a row for each page, all cleared at its end. Only a complete pass marks listings gone.

    A row for each item would take longer than all else that is done for an unchanged one, and foreign keys twice as long as
    that. An id that points nowhere any more marks nothing.
    """

    _name = "order.channel.seen"
    _description = "Channel Items Seen"
    _log_access = False

    channel_id = fields.Integer(required=True, index=True)
    listing_ids = fields.Json(required=True)  # [id of a listing]
