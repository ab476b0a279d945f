from odoo import api, models

from ..tools.silence import by_hand, colleagues, is_silent

#: ways of sending an invoice that write to the buyer; the others are for the authorities, or for nobody
TO_THE_BUYER = frozenset({"email", "snailmail"})


class AccountMoveSend(models.AbstractModel):
    """Invoices of channels are e-mailed to no buyer by themselves; a person who sends one chooses who gets it (rule 8)."""

    _inherit = "account.move.send"

    @api.model
    def _get_default_sending_methods(self, move):
        methods = super()._get_default_sending_methods(move)
        if TO_THE_BUYER.intersection(methods) and is_silent(move):
            return (set(methods) - TO_THE_BUYER) or {"manual"}
        return methods

    @api.model
    def _get_default_mail_partner_ids(self, move, mail_template, mail_lang):
        partners = super()._get_default_mail_partner_ids(move, mail_template, mail_lang)
        return colleagues(partners) if is_silent(move) else partners

    @api.model
    def _get_alerts(self, moves, moves_data):
        alerts = super()._get_alerts(moves, moves_data)
        silent = moves.filtered(is_silent)
        if silent:
            channels = silent.sudo().line_ids.sale_line_ids.order_id.order_channel_id
            alerts["order_channel_silent"] = {
                "level": "warning",
                "message": self.env._(
                    "The buyers of %(channels)s hear from there, not from Odoo: they are left out of the e-mail of "
                    "%(invoices)s. Add them as recipients only if you mean to write to them yourself.",
                    channels=", ".join(channels.mapped("name")),
                    invoices=", ".join(silent[:5].mapped("display_name")) + ("…" if len(silent) > 5 else ""),
                ),
            }
        return alerts

    @api.model
    def _send_mail(self, move, mail_template, **kwargs):
        """Override of `account`: whom the person chose gets the invoice, its followers at the buyer's don't."""
        if is_silent(move):
            move = by_hand(move, kwargs.get("partner_ids") or ())
        return super()._send_mail(move, mail_template, **kwargs)
