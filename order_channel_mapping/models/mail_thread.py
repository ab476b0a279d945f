from odoo import models

from ..tools.silence import Silence, is_silent, reached, without_numbers


class MailThread(models.AbstractModel):
    """Messages about a channel's orders, in whichever app, notify colleagues only (rule 8)."""

    _inherit = "mail.thread"

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        recipients = super()._notify_get_recipients(message, msg_vals=msg_vals, **kwargs)
        return reached(self, recipients) if recipients and self else recipients

    def _notify_thread(self, message, msg_vals=False, **kwargs):
        return super()._notify_thread(message, msg_vals=msg_vals, **without_numbers(self, kwargs))

    def _message_get_suggested_recipients_batch(
        self,
        reply_discussion=False,
        reply_message=None,
        no_create=True,
        primary_email=False,
        additional_partners=None,
    ):
        """Override of `mail`: whom a message would not reach is not proposed as its recipient."""
        suggested = super()._message_get_suggested_recipients_batch(
            reply_discussion=reply_discussion,
            reply_message=reply_message,
            no_create=no_create,
            primary_email=primary_email,
            additional_partners=additional_partners,
        )
        partners = self.env["res.partner"].sudo()
        for document in self.filtered(is_silent):
            silence = Silence(document)
            suggested[document.id] = [
                recipient
                for recipient in suggested[document.id]
                if (
                    not silence.keeps_away(partners.browse(recipient["partner_id"]))
                    if recipient.get("partner_id")
                    else silence.addresses(recipient.get("email"))
                )
            ]
        return suggested


class Base(models.AbstractModel):
    """The telephone number that the app *sms*, where it is installed, would write to: every way of its own asks for it here."""

    _inherit = "base"

    def _sms_get_recipients_info(self, *args, **kwargs):
        """Override of `sms`: the buyers of channels have no number. In mass mode their messages are cancelled for that.

        Its form of one message asks with ``partner_fallback``, to show a number and to refuse all of them where one is
        missing: an automation must not fail over a buyer whom ``_notify_thread`` leaves out anyway.
        """
        info = super()._sms_get_recipients_info(*args, **kwargs)
        if "partner_fallback" in kwargs and self.env.context.get("default_composition_mode") != "mass":
            return info
        for document in self.filtered(is_silent):
            nobody = {"partner": self.env["res.partner"], "sanitized": False, "number": False}
            info[document.id] = {**info[document.id], **nobody}
        return info
