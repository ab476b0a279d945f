from odoo import api, models

#: where stock is ours to sell, or on its way to where it is
STOCK_USAGES = ("internal", "transit")


class StockQuant(models.Model):
    """Tells the channels when what is on hand changes."""

    _inherit = "stock.quant"

    @api.model_create_multi
    def create(self, vals_list):
        quants = super().create(vals_list)
        quants._mark_channel_stock()
        return quants

    def write(self, vals):
        result = super().write(vals)
        if "quantity" in vals or "reserved_quantity" in vals or "location_id" in vals:
            self._mark_channel_stock()
        return result

    def unlink(self):
        self.filtered("quantity")._mark_channel_stock()
        return super().unlink()

    def _mark_channel_stock(self):
        products = {quant.product_id.id for quant in self if quant.location_id.usage in STOCK_USAGES}
        if products:
            self.env["order.channel.stock.change"]._mark(products)
