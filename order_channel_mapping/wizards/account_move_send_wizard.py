from odoo import api, models

from ..tools.silence import colleagues, is_silent


class AccountMoveSendWizard(models.TransientModel):
    """Whoever sends a channel's invoice by hand chooses its recipients: the buyer is not among them from the start."""

    _inherit = "account.move.send.wizard"

    @api.depends("template_id", "lang")
    def _compute_mail_partners(self):
        result = super()._compute_mail_partners()
        for wizard in self.filtered(lambda wizard: is_silent(wizard.move_id)):
            wizard.mail_partner_ids = colleagues(wizard.mail_partner_ids)
        return result
