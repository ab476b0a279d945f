from odoo import api, fields, models

from ..models.sale_order_cancel_there import CANCEL_REASONS


class SaleMassCancelOrders(models.TransientModel):
    """Cancelling asks once, for one order or many, whether the channels are to cancel them, too."""

    _inherit = "sale.mass.cancel.orders"

    channel_tell = fields.Selection(
        [("there", "Cancel at the channel, too"), ("here", "Cancel in Odoo only")], string="Where"
    )
    channel_reason = fields.Selection(CANCEL_REASONS, string="Reason", default="customer")
    channel_told_count = fields.Integer(compute="_compute_channel_counts")  # whose channels can be told
    channel_untold_count = fields.Integer(compute="_compute_channel_counts")  # that stay open there in any case

    @api.depends("sale_order_ids")
    def _compute_channel_counts(self):
        for wizard in self:
            told = wizard.sale_order_ids._channel_may_be_told()
            wizard.channel_told_count = len(told)
            wizard.channel_untold_count = len(wizard.sale_order_ids._open_at_channel() - told)

    def action_mass_cancel(self):
        """Override of `sale`: who gave no answer, such as a script, cancels in Odoo only."""
        if self.channel_tell == "there":
            self.sale_order_ids._channel_may_be_told()._tell_cancelled(self.channel_reason or "other")
        return super().action_mass_cancel()
