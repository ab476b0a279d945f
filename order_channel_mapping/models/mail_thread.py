from odoo import models

from ..tools.silence import Silence, is_silent, reached, silent_orders, without_numbers


class MailThread(models.AbstractModel):
    """Messages about a channel's orders, in whichever app, notify colleagues only (rule 8)."""

    _inherit = "mail.thread"

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        recipients = super()._notify_get_recipients(message, msg_vals=msg_vals, **kwargs)
        if not recipients or not self:
            return recipients
        kept = reached(self, recipients)
        if len(kept) < len(recipients) and message.sudo().message_type == "comment":
            self._say_who_is_left_out(message, [one.get("id") for one in recipients if one not in kept])
        return kept

    def _say_who_is_left_out(self, message, left_out_ids):
        """Tell whoever wrote to a buyer by name that it did not go there; followers were not named."""
        left_out = message.sudo().partner_ids.filtered(lambda partner: partner.id in left_out_ids)
        if left_out and not self.env.user.share:
            text = self.env._(
                "Not sent to %(names)s: the buyer hears from %(channels)s, not from Odoo.",
                names=", ".join(left_out.mapped("name")),
                channels=", ".join(silent_orders(self).order_channel_id.mapped("name")),
            )
            self.env.user._bus_send("simple_notification", {"type": "warning", "message": text, "sticky": True})

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
