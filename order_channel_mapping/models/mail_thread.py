from odoo import models

from ..tools.silence import is_silent, reached, without_numbers


class MailThread(models.AbstractModel):
    """Messages about a channel's orders, in whichever app, notify colleagues only (rule 8)."""

    _inherit = "mail.thread"

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        recipients = super()._notify_get_recipients(message, msg_vals=msg_vals, **kwargs)
        return reached(self, recipients) if recipients and self else recipients

    def _notify_thread(self, message, msg_vals=False, **kwargs):
        return super()._notify_thread(message, msg_vals=msg_vals, **without_numbers(self, kwargs))


class Base(models.AbstractModel):
    """The telephone number that the app *sms*, where it is installed, would write to: every way of its own asks for it here."""

    _inherit = "base"

    def _sms_get_recipients_info(self, force_field=False, partner_fallback=None):
        """Override of `sms`: the buyers of channels have no number. In mass mode their messages are cancelled for that.

        Its form of one message asks with ``partner_fallback``, to show a number and to refuse all of them where one is
        missing: an automation must not fail over a buyer whom ``_notify_thread`` leaves out anyway.
        """
        given = {} if partner_fallback is None else {"partner_fallback": partner_fallback}
        info = super()._sms_get_recipients_info(force_field=force_field, **given)
        if given and self.env.context.get("default_composition_mode") != "mass":
            return info
        for document in self.filtered(is_silent):
            nobody = {"partner": self.env["res.partner"], "sanitized": False, "number": False}
            info[document.id] = {**info[document.id], **nobody}
        return info
