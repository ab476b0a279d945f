from odoo import api, models


class ResCurrency(models.Model):
    """What channel orders need of a currency: that it is active, and a rate."""

    _inherit = "res.currency"

    def _channel_unrated(self, company):
        """Those that Odoo would take one to one for want of a rate. One without any may be what all rates go by: then the
        company's currency has one.

        :param company: res.company record
        """
        own = company.currency_id
        foreign = self - own
        if not foreign:
            return foreign
        rates = (
            self.env["res.currency.rate"]
            .sudo()
            ._read_group(
                [("currency_id", "in", (foreign | own).ids), ("company_id", "in", (False, company.root_id.id))],
                ["currency_id"],
                ["rate:array_agg"],
            )
        )
        rated = {currency for currency, values in rates if currency != own or set(values) != {1.0}}
        return foreign.browse() if own in rated else foreign.filtered(lambda currency: currency not in rated)

    def write(self, vals):
        result = super().write(vals)
        if vals.get("active"):
            self.env["order.channel"]._recheck_waiting_for_currency()
        return result


class ResCurrencyRate(models.Model):
    """A new rate lets the orders go on that waited for one."""

    _inherit = "res.currency.rate"

    @api.model_create_multi
    def create(self, vals_list):
        rates = super().create(vals_list)
        self.env["order.channel"]._recheck_waiting_for_currency()
        return rates


class OrderChannel(models.Model):
    _inherit = "order.channel"

    @api.model
    def _recheck_waiting_for_currency(self):
        """Work out again the orders of all channels that wait for a currency or its rate."""
        waiting = self.env["order.channel.blocker"].sudo().search([("code", "=", "currency")])
        waiting.order_id.channel_id._recheck_blocked("currency")
