from odoo import api, fields, models

from ..tools.silence import is_silent, silent_orders

#: so many orders are named
NAMED = 5


class MailComposeMessage(models.TransientModel):
    """Says whose buyers an e-mail does not go to: they hear from their channel (rule 8). The others get theirs."""

    _inherit = "mail.compose.message"

    channel_silence_text = fields.Char(compute="_compute_channel_silence_text")

    @api.depends("model", "res_ids", "res_domain", "subtype_is_log")
    def _compute_channel_silence_text(self):
        for composer in self:
            silent = composer._silent_documents()
            composer.channel_silence_text = composer._say_silence(silent) if silent else False

    def _silent_documents(self):
        """Of the documents that it is about, those whose buyer is left out; none where only colleagues read it anyway."""
        self.ensure_one()
        if not self.model or self.model not in self.env or self.subtype_is_log:
            return None
        documents = self.env[self.model]
        if self.res_domain:
            documents = documents.search(self._evaluate_res_domain())
        else:
            documents = documents.browse(self._evaluate_res_ids()).exists()
        return documents._filtered_access("read").filtered(is_silent)

    def _say_silence(self, documents):
        names = ", ".join(documents[:NAMED].mapped("display_name")) + ("…" if len(documents) > NAMED else "")
        return self.env._(
            "The buyers of %(channels)s hear from there, not from Odoo: they are left out of the e-mail of %(documents)s.",
            channels=", ".join(silent_orders(documents).order_channel_id.mapped("name")),
            documents=names,
        )

    def action_send_mail(self):
        """Override of `mail`: what was left out is said once more when it is done, for who sends without looking."""
        texts = [text for text in self.mapped("channel_silence_text") if text]
        result = super().action_send_mail()
        if not texts:
            return result
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "warning", "sticky": True, "message": " ".join(texts), "next": result},
        }
