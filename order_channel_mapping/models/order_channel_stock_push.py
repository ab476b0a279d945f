from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

GC_BATCH = 50_000


class OrderChannelStockPush(models.Model):
    """One quantity sent for one listing, with the sum that led to it.

    ``on_hand``, ``outgoing``, ``held`` and ``buffer`` are the limiting component's, in its own unit:
    ``quantity = floor((on_hand - outgoing - held - buffer) / pieces per listing)``, never below 0.
    """

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
            ("pending", "Waiting"),
            ("sent", "Sent"),
            ("ok", "Accepted"),
            ("failed", "Refused"),
            ("stale", "Changed meanwhile"),
            ("superseded", "Replaced"),
        ],
        default="pending",
        required=True,
        readonly=True,
        index=True,
    )
    quantity = fields.Integer(readonly=True)
    previous_quantity = fields.Integer(readonly=True)
    on_hand = fields.Float(digits="Product Unit", readonly=True)
    outgoing = fields.Float(digits="Product Unit", readonly=True)  # open outgoing demand
    held = fields.Float(digits="Product Unit", readonly=True)  # open channel lines not confirmed yet
    buffer = fields.Float(digits="Product Unit", readonly=True)
    # [{product_id, per_listing, on_hand, outgoing, held, possible}]: which one limits
    components = fields.Json(readonly=True)
    drift = fields.Boolean(
        string="Changed at the Channel",
        readonly=True,
        help="Pushed again because the channel was seen to offer something else than it was told.",
    )
    found_quantity = fields.Integer(string="Found at the Channel", readonly=True)
    external_ref = fields.Char(string="ID at the Channel", readonly=True)  # what to ask for while the answer is out
    answered_at = fields.Datetime(readonly=True)
    reason_code = fields.Char(readonly=True)
    reason_params = fields.Json(readonly=True)

    _open_idx = models.Index("(channel_id) WHERE state IN ('pending', 'sent')")

    @api.autovacuum
    def _gc_pushes(self):
        """Keep the ledger as long as the sync history, and each listing's last push for good: *why this number?*"""
        days = int(self.env["ir.config_parameter"].sudo().get_param("order_channel_mapping.history_days", 60))
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM order_channel_stock_push WHERE id IN (
                    SELECT old.id FROM order_channel_stock_push old
                     WHERE old.create_date < %s AND old.state NOT IN ('pending', 'sent')
                       AND EXISTS (SELECT 1 FROM order_channel_stock_push newer
                                    WHERE newer.listing_id = old.listing_id AND newer.id > old.id)
                     LIMIT %s)
                """,
                fields.Datetime.now() - timedelta(days=days),
                GC_BATCH,
            )
        )
        deleted = self.env.cr.rowcount
        return deleted, deleted == GC_BATCH
