from odoo import models

from .stock_quant import STOCK_USAGES


class StockMove(models.Model):
    """Tells the channels when outgoing demand changes."""

    _inherit = "stock.move"

    def _update_orderpoints(self):
        """Override of `stock`: every change of a move that changes a forecast passes here, also the confirmation of a move
        that reserves nothing and so touches no quant."""
        result = super()._update_orderpoints()
        products = {move.product_id.id for move in self if move.location_id.usage in STOCK_USAGES}
        if products:
            self.env["order.channel.stock.change"]._mark(products)
        return result
