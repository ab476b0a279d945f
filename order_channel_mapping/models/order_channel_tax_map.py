from decimal import Decimal

from odoo import api, fields, models

from ..tools.amounts import known_rate
from ..tools.money import quantize, split


class OrderChannelTaxMap(models.Model):
    """A person's answer to which tax a channel's tax is, where rate and country did not tell. Remembered for all orders."""

    _name = "order.channel.tax.map"
    _description = "Channel Tax Mapping"
    _inherit = ["order.channel.reach"]
    _order = "channel_id, country_code, rate, id"
    _check_company_auto = True

    channel_id = fields.Many2one("order.channel", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    name = fields.Char(string="Tax at the Channel", required=True)
    country_code = fields.Char(string="Destination", help="Two letters, such as DE. Empty: any.")
    rate = fields.Float(string="Rate (%)", digits=(16, 4), required=True)
    rate_unknown = fields.Boolean(
        string="Rate not Known",
        help="The channel says the amount of this tax but not its rate, as tax services do.",
    )
    included = fields.Boolean(string="Included in Prices")
    tax_id = fields.Many2one(
        "account.tax",
        string="Tax in Odoo",
        required=True,
        check_company=True,
        ondelete="cascade",
        domain="[('type_tax_use', '=', 'sale')]",
    )

    _key_uniq = models.UniqueIndex(
        "(channel_id, name, COALESCE(country_code, ''), (CASE WHEN rate_unknown THEN -1 ELSE rate END), included)",
        "This tax is already mapped on this channel.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        maps = super().create(vals_list)
        maps.channel_id._recheck_blocked("tax")
        return maps

    def write(self, vals):
        result = super().write(vals)
        self.channel_id._recheck_blocked("tax")
        return result


def tax_question(params):
    """What makes two questions for a tax the same: one answer holds for both (see ``order.channel.tax.map``).

    :param dict params: of the blocker
    """
    return "|".join(str(params.get(name) or "") for name in ("name", "code", "rate", "country", "included"))


class TaxMatcher:
    """Finds Odoo's tax for a channel's tax: by a person's answer, else by rate, destination country and inclusion. A tax whose
    rate is not known is always a question.

    One instance per batch: all sale taxes of the company are read once.
    """

    def __init__(self, channel):
        env = channel.env
        self.rules = {}
        for rule in env["order.channel.tax.map"].sudo().search([("channel_id", "=", channel.id)]):
            rate = None if rule.rate_unknown else round(rule.rate, 4)
            self.rules[rule.name, rule.country_code or None, rate, rule.included] = rule.tax_id
        self.taxes = []
        company = channel.company_id
        sale_taxes = (
            env["account.tax"]
            .sudo()
            .search(
                [
                    ("type_tax_use", "=", "sale"),
                    ("amount_type", "=", "percent"),
                    ("company_id", "parent_of", company.ids),
                ]
            )
        )
        for tax in sale_taxes:
            countries = set(tax.fiscal_position_ids.country_id.mapped("code")) or {tax.country_id.code}
            self.taxes.append((tax, round(tax.amount, 4), countries, tax.price_include))
        self.home = company.account_fiscal_country_id.code or company.country_id.code
        self._found = {}

    def match(self, tax, destination):
        """The one tax that fits.

        :param dict tax: JSON form of :class:`connectors.records.Tax`
        :param destination: ISO country code that the goods go to, or None
        :return: (account.tax record or None, number of taxes that fit as well)
        """
        country = tax.get("country") or destination or self.home
        rate = known_rate(tax)
        rate = None if rate is None else round(float(rate) * 100, 4)
        included = bool(tax.get("included"))
        key = (tax.get("name") or tax.get("code"), country, rate, included)
        if key not in self._found:
            self._found[key] = self._match(*key)
        return self._found[key]

    def _match(self, name, country, rate, included):
        rule = self.rules.get((name, country, rate, included)) or self.rules.get((name, None, rate, included))
        if rule:
            return rule, 1
        if rate is None:
            return None, 0
        fitting = [
            (tax, tax_included)
            for tax, tax_rate, countries, tax_included in self.taxes
            if abs(tax_rate - rate) < 0.005 and country in countries
        ]
        # the amounts are the channel's either way; inclusion only decides between taxes that are otherwise alike
        same = [tax for tax, tax_included in fitting if tax_included == included]
        fitting = same or [tax for tax, __ in fitting]
        return (fitting[0], 1) if len(fitting) == 1 else (None, len(fitting))

    def booked(self, tax, amount, net, currency):
        """What is booked for an amount of one of Odoo's taxes. Of a group of taxes, which a person may have answered with,
        these are its taxes: each takes its share.

        :param tax: account.tax record
        :param Decimal amount: of the tax, for a line
        :param Decimal net: the line's untaxed amount
        :return: ``[(account.tax record, Decimal)]``
        """
        if tax.amount_type != "group":
            return [(tax, amount)]
        parts = tax.children_tax_ids.flatten_taxes_hierarchy()
        # large, so that shares are no rounded cents; a fixed amount, such as a deposit, is a share of this very line
        base = float(net) if "fixed" in parts.mapped("amount_type") else 1_000_000.0
        shares = dict.fromkeys(parts.ids, Decimal(0))
        for found in tax.compute_all(base, currency=currency, handle_price_include=False)["taxes"]:
            shares[found["id"]] += Decimal(str(found["amount"]))
        weights = list(shares.values())
        if sum(weights):
            return list(zip(parts, split(amount, weights, currency.decimal_places), strict=True))
        amounts = [quantize(weight * net / Decimal(str(base or 1)), currency.decimal_places) for weight in weights]
        amounts[-1] += amount - sum(amounts, Decimal(0))  # they cancel out, as in a reverse charge
        return list(zip(parts, amounts, strict=True))
