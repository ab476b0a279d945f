from odoo import models
from odoo.exceptions import UserError


class SaleOrder(models.Model):
    """Cancelling lifts no freeze (rule 4): what an order was stays on it, and every way out of *cancelled* looks again."""

    _inherit = "sale.order"

    def write(self, vals):
        if "state" not in vals:
            return super().write(vals)
        orders = self._from_marketplaces()
        cancelled = orders.filtered(lambda order: order.state == "cancel")
        set_back = cancelled.browse() if vals["state"] == "cancel" else cancelled
        set_back._check_may_be_set_back(vals["state"])
        result = super().write(vals)
        if vals["state"] == "cancel":
            # nothing waits for a cancelled order; whether it is frozen stays
            (orders - cancelled).sudo().channel_order_id.blocker_ids.unlink()
        set_back._look_again()
        return result

    def _check_may_be_set_back(self, state):
        """:raise UserError: the channel has cancelled one of these orders, or it is to be more than a quotation at once"""
        for order in self:
            message = order._recalled_message()
            if not message and state not in ("draft", "sent"):
                message = self.env._(
                    "%(order)s is cancelled. Set it back to a quotation first, so that what is in its way shows.",
                    order=order.display_name,
                )
            if message:
                raise UserError(message)

    def _recalled_message(self):
        """Why this order stays cancelled, or has to be; "" where its channel has not cancelled it."""
        self.ensure_one()
        if self._from_marketplaces().sudo().channel_order_id.status != "cancelled":
            return ""
        return self.env._(
            "%(channel)s has cancelled %(order)s: it can't be set back.",
            channel=self.sudo().order_channel_id.display_name,
            order=self.display_name,
        )

    def _look_again(self):
        """Work out what was mapped, changed or came up while these orders were cancelled."""
        for orders in self.sudo().channel_order_id.grouped("channel_id").values():
            orders.line_ids._apply_mapping()
            orders._recheck()
