"""Tells the channels when the demand of their orders changes that are not confirmed yet, and so have no stock move."""

from odoo import api, models

OPEN_STATES = ("draft", "sent")


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def write(self, vals):
        changes = not {"state", "order_channel_id", "warehouse_id"}.isdisjoint(vals)
        if changes:
            self._mark_channel_stock()
        result = super().write(vals)
        if changes:
            self._mark_channel_stock()
        return result

    def unlink(self):
        self._mark_channel_stock()
        return super().unlink()

    def _mark_channel_stock(self):
        self.filtered("order_channel_id").order_line._mark_channel_stock()


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._mark_channel_stock()
        return lines

    def write(self, vals):
        changes = not {
            "product_id",
            "product_uom_qty",
            "product_uom_id",
            "order_id",
            "channel_order_line_id",
        }.isdisjoint(vals)
        if changes:
            self._mark_channel_stock()
        result = super().write(vals)
        if changes:
            self._mark_channel_stock()
        return result

    def unlink(self):
        self._mark_channel_stock()
        return super().unlink()

    def _mark_channel_stock(self):
        """Only open orders count: a confirmed one's demand is its stock moves."""
        products = {
            line.product_id.id
            for line in self
            if line.product_id and line.order_id.order_channel_id and line.order_id.state in OPEN_STATES
        }
        if products:
            self.env["order.channel.stock.change"]._mark(products)
