from odoo import fields, models


class OrderChannelStockPush(models.Model):
    """One quantity sent for one listing, with the sum that led to it."""

    _name = "order.channel.stock.push"
    _description = "Channel Stock Push"
    _order = "id desc"
    _rec_name = "listing_id"

    listing_id = fields.Many2one("order.channel.listing", required=True, index=True, ondelete="cascade", readonly=True)
    channel_id = fields.Many2one("order.channel", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    run_id = fields.Many2one("order.channel.run", index="btree_not_null", ondelete="set null", readonly=True)
    state = fields.Selection(
        [
            ("pending", "Pending"), ("sent", "Sent"), ("ok", "Taken"), ("failed", "Refused"), ("stale", "Changed meanwhile"),
            ("superseded", "Superseded"),
        ],
        default="pending", required=True, readonly=True, index=True,
    )
    quantity = fields.Integer(readonly=True)
    previous_quantity = fields.Integer(readonly=True)
    on_hand = fields.Float(digits="Product Unit", readonly=True)
    outgoing = fields.Float(digits="Product Unit", readonly=True)  # open outgoing demand
    held = fields.Float(digits="Product Unit", readonly=True)  # open channel lines not confirmed yet
    buffer = fields.Float(digits="Product Unit", readonly=True)
    components = fields.Json(readonly=True)  # [{product_id, per_listing, on_hand, outgoing, held, possible}]: which one limits
    answered_at = fields.Datetime(readonly=True)
    reason_code = fields.Char(readonly=True)
    reason_params = fields.Json(readonly=True)

    _open_idx = models.Index("(channel_id) WHERE state IN ('pending', 'sent')")


class OrderChannelStockChange(models.Model):
    """Products whose promise may have changed: appended by stock and sales transactions, eaten by the dispatcher.

    Append-only, without unique index and without updates, so that it never makes a stock transaction wait or fail.
    """

    _name = "order.channel.stock.change"
    _description = "Channel Stock Change"
    _log_access = False

    product_id = fields.Many2one("product.product", required=True, ondelete="cascade")
