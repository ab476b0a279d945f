from odoo import api, models
from odoo.exceptions import UserError

from ..tools.silence import reached, without_numbers
from .order_channel_projection import PLACEHOLDER


class AccountMove(models.Model):
    _inherit = "account.move"

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        recipients = super()._notify_get_recipients(message, msg_vals=msg_vals, **kwargs)
        return reached(self, recipients)

    def _notify_thread(self, message, msg_vals=False, **kwargs):
        return super()._notify_thread(message, msg_vals=msg_vals, **without_numbers(self, kwargs))


class AccountMoveLine(models.Model):
    """Nothing of a frozen order is invoiced, and the placeholder stands on no invoice (rule 4)."""

    _inherit = "account.move.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_channel_freeze()  # whatever the values say: a product or a sale line may come by default
        return lines

    def write(self, vals):
        result = super().write(vals)
        if "sale_line_ids" in vals or vals.get("product_id"):
            self._check_channel_freeze()
        return result

    def _check_channel_freeze(self):
        """:raise UserError: a line belongs to a frozen order or sells the placeholder"""
        self.sudo().sale_line_ids.order_id._check_not_frozen()
        placeholder = self.env.ref(PLACEHOLDER, raise_if_not_found=False)
        if placeholder and placeholder.id in self.sudo().product_id.ids:
            raise UserError(
                self.env._("“%(product)s” stands for unmapped channel items only.", product=placeholder.sudo().name)
            )
