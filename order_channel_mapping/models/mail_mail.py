from odoo import api, models
from odoo.fields import Command

from ..tools.silence import SALE_ORDERS, chosen_by_hand, colleagues, is_silent


class MailMail(models.Model):
    """The last door for e-mail, whichever way it took: templates that are sent directly pass no message's recipients."""

    _inherit = "mail.mail"

    @api.model_create_multi
    def create(self, vals_list):
        mails = super().create(vals_list)
        mails._hold_back_from_buyers()
        return mails

    def _hold_back_from_buyers(self):
        """Take the buyer off e-mails about a channel's documents (rule 8). One without a reader left is cancelled, and says
        why."""
        chosen = self.env["res.partner"].browse(chosen_by_hand(self.env))
        for mail in self.sudo():
            if mail.model not in SALE_ORDERS or mail.model not in self.env or not mail.res_id:
                continue
            readers = colleagues(mail.recipient_ids) | (mail.recipient_ids & chosen)
            outsiders = mail.recipient_ids - readers or mail.email_to or mail.email_cc
            if not outsiders or not is_silent(self.env[mail.model].browse(mail.res_id).exists()):
                continue
            mail.write({"recipient_ids": [Command.set(readers.ids)], "email_to": False, "email_cc": False})
            if not readers:
                mail.write(
                    {
                        "state": "cancel",
                        "failure_reason": self.env._("The buyer hears from the channel, not from Odoo."),
                    }
                )
