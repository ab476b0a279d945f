from odoo import api, models


class PaymentLinkWizard(models.TransientModel):
    """Nobody is asked to pay for a frozen order (rule 4)."""

    _inherit = "payment.link.wizard"

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        for wizard in wizards:
            document = self.env[wizard.res_model].browse(wizard.res_id).sudo()
            if wizard.res_model == "sale.order":
                document._check_not_frozen()
            elif wizard.res_model == "account.move":
                document.line_ids._check_channel_freeze()
        return wizards
