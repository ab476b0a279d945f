from odoo import api, models


class PaymentTransaction(models.Model):
    """An online payment moves no frozen order (rule 4)."""

    _inherit = "payment.transaction"

    @api.model_create_multi
    def create(self, vals_list):
        transactions = super().create(vals_list)
        asked = transactions.sudo().filtered(lambda transaction: transaction.operation != "refund")
        (asked.sale_order_ids | asked.invoice_ids.line_ids._frozen_orders())._check_not_frozen()
        return transactions

    def _check_amount_and_confirm_order(self):
        """Override of `sale` to leave alone orders that have something to resolve: the money is noted, the order waits."""
        movable = self.filtered(lambda transaction: not any(transaction.sale_order_ids.mapped("channel_to_resolve")))
        return super(PaymentTransaction, movable)._check_amount_and_confirm_order()

    def _post_process(self):
        """Override of `account_payment`: a payment that was begun earlier posts no invoice of an order that is frozen now.
        The money stays with the customer as a credit."""
        for transaction in self.sudo():
            held = transaction.invoice_ids.filtered(
                lambda move: move.state == "draft" and move.line_ids._frozen_orders()
            )
            if held:
                transaction.invoice_ids -= held
        return super()._post_process()
