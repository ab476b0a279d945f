from odoo import api, fields, models
from odoo.fields import Command

from ..tools.silence import Silence, is_silent

SILENT = "order_channel_silent"


def forget_silence(records):
    """What held these back is uninstalled; something has to stand there."""
    records.write({"failure_type": "unknown"})


class MailMail(models.Model):
    """The last door for e-mail, whichever way it took: templates that are sent directly pass no message's recipients."""

    _inherit = "mail.mail"

    failure_type = fields.Selection(
        selection_add=[(SILENT, "The buyer hears from the channel")], ondelete={SILENT: forget_silence}
    )

    @api.model_create_multi
    def create(self, vals_list):
        mails = super().create(vals_list)
        mails._hold_back_from_buyers()
        return mails

    def _hold_back_from_buyers(self):
        """Take the buyer off e-mails about a channel's orders (rule 8). One without a reader left is cancelled, and says
        why."""
        for mail in self.sudo():
            readers = mail.recipient_ids or mail.email_to or mail.email_cc
            document = mail.model in self.env and mail.res_id and self.env[mail.model].browse(mail.res_id).exists()
            if not readers or not document or not is_silent(document):
                continue
            silence = Silence(document)
            kept = mail.recipient_ids.filtered(lambda partner, silence=silence: not silence.keeps_away(partner))
            email_to, email_cc = silence.addresses(mail.email_to), silence.addresses(mail.email_cc)
            if (kept, email_to, email_cc) == (mail.recipient_ids, mail.email_to or None, mail.email_cc or None):
                continue
            mail.write({"recipient_ids": [Command.set(kept.ids)], "email_to": email_to, "email_cc": email_cc})
            if not (kept or email_to or email_cc):
                mail.write(
                    {
                        "state": "cancel",
                        "failure_type": SILENT,
                        "failure_reason": self.env._("The buyer hears from the channel, not from Odoo."),
                    }
                )


class MailNotification(models.Model):
    """The same, where a message shows what became of its e-mails."""

    _inherit = "mail.notification"

    failure_type = fields.Selection(
        selection_add=[(SILENT, "The buyer hears from the channel")], ondelete={SILENT: forget_silence}
    )
