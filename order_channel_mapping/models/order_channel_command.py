from odoo import fields, models


class OrderChannelCommand(models.Model):
    """The outbox: a command to the channel, written with the change, sent after commit, retried, never lost."""

    _name = "order.channel.command"
    _description = "Channel Command"
    _order = "id desc"
    _rec_name = "kind"

    channel_id = fields.Many2one("order.channel", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    order_id = fields.Many2one("order.channel.order", index="btree_not_null", ondelete="cascade", readonly=True)
    picking_id = fields.Many2one("stock.picking", string="Delivery", index="btree_not_null", ondelete="set null", readonly=True)
    kind = fields.Selection(
        [("ship", "Ship"), ("update_tracking", "Update tracking"), ("cancel", "Cancel")], required=True, readonly=True
    )
    payload = fields.Json(readonly=True)  # the Shipment (or its like) to send
    idempotency_key = fields.Char(required=True, readonly=True)
    state = fields.Selection(
        [
            ("pending", "Waiting"), ("sending", "Sending"), ("sent", "Acknowledged"),
            ("failed", "Failed"), ("dropped", "Dropped"),
        ],
        default="pending", required=True, readonly=True, index=True,
    )
    attempts = fields.Integer(readonly=True)
    next_try_at = fields.Datetime(readonly=True)
    sent_at = fields.Datetime(readonly=True)
    reason_code = fields.Char(readonly=True)
    reason_params = fields.Json(readonly=True)
    external_ref = fields.Char(string="ID at the Channel", readonly=True)

    _key_uniq = models.UniqueIndex("(channel_id, idempotency_key)", "This command is already in the outbox.")
    _todo_idx = models.Index("(channel_id) WHERE state IN ('pending', 'sending')")
