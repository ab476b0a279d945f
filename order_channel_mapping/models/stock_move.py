from odoo import api, models

from .stock_quant import STOCK_USAGES


class StockMove(models.Model):
    """Tells the channels when outgoing demand changes; moves nothing of a frozen order."""

    _inherit = "stock.move"

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        moves.sudo().sale_line_id.order_id._check_not_frozen()
        return moves

    def write(self, vals):
        result = super().write(vals)
        if vals.get("sale_line_id") or vals.get("state") == "done":  # planned before an item was unlinked
            self.sudo().sale_line_id.order_id._check_not_frozen()
        return result

    def _update_orderpoints(self):
        """Override of `stock`: every change of a move that changes a forecast passes here, also the confirmation of a move
        that reserves nothing and so touches no quant."""
        result = super()._update_orderpoints()
        products = {move.product_id.id for move in self if move.location_id.usage in STOCK_USAGES}
        if products:
            self.env["order.channel.stock.change"]._mark(products)
        return result
