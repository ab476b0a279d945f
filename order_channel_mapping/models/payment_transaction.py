from odoo import api, models


class PaymentTransaction(models.Model):
    """An online payment moves no frozen order (rule 4)."""

    _inherit = "payment.transaction"

    @api.model_create_multi
    def create(self, vals_list):
        transactions = super().create(vals_list)
        transactions.sudo().sale_order_ids._check_not_frozen()
        return transactions

    def _check_amount_and_confirm_order(self):
        """Override of `sale` to leave alone orders that have something to resolve: the money is noted, the order waits."""
        movable = self.filtered(lambda transaction: not any(transaction.sale_order_ids.mapped("channel_to_resolve")))
        return super(PaymentTransaction, movable)._check_amount_and_confirm_order()
