from odoo import api, models


class AccountMove(models.Model):
    """Nothing of a frozen order is invoiced (rule 4); an invoice names the orders as their buyers do."""

    _inherit = "account.move"

    def write(self, vals):
        """Override of `account`: what was drafted before an item was unlinked waits with its order."""
        if vals.get("state") == "posted":
            self.line_ids._check_channel_freeze()
        return super().write(vals)

    def _channel_purchase_orders(self):
        """The buyer's own numbers of the orders that this invoice is for, as text."""
        self.ensure_one()
        orders = self.sudo().line_ids.sale_line_ids.order_id.channel_order_id
        return ", ".join(dict.fromkeys(order.purchase_order for order in orders if order.purchase_order))


class AccountMoveLine(models.Model):
    """No line of an invoice belongs to a frozen order."""

    _inherit = "account.move.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_channel_freeze()  # whatever the values say: a sale line may come by default
        return lines

    def write(self, vals):
        result = super().write(vals)
        if "sale_line_ids" in vals:
            self._check_channel_freeze()
        return result

    def _check_channel_freeze(self):
        """:raise UserError: a line belongs to a frozen order"""
        self._frozen_orders()._check_not_frozen()

    def _frozen_orders(self):
        """The frozen orders that these lines invoice. What was posted before may be credited."""
        lines = self.sudo().filtered(
            lambda line: line.move_id.move_type != "out_refund" or not line.move_id.reversed_entry_id
        )
        return lines.sale_line_ids.order_id.filtered("channel_frozen")
