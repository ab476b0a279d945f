from odoo import models
from odoo.exceptions import UserError


class SaleOrder(models.Model):
    """Shipping on a channel's order is what the buyer paid at the channel, whatever the carrier costs (rule 5)."""

    _inherit = "sale.order"

    def _check_shipping_is_ours(self):
        """:raise UserError: one of the orders came from a marketplace"""
        for order in self._from_marketplaces():
            raise UserError(
                self.env._(
                    "The buyer of %(order)s pays the shipping that %(channel)s charged. Choose the carrier on the delivery "
                    "instead.",
                    order=order.display_name,
                    channel=order.sudo().order_channel_id.name,
                )
            )

    def action_open_delivery_wizard(self):
        self._check_shipping_is_ours()
        return super().action_open_delivery_wizard()

    def set_delivery_line(self, carrier, amount):
        self._check_shipping_is_ours()
        return super().set_delivery_line(carrier, amount)

    def _create_delivery_line(self, carrier, price_unit):
        self._check_shipping_is_ours()
        return super()._create_delivery_line(carrier, price_unit)
