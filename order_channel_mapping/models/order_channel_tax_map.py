from odoo import api, fields, models


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
        "(channel_id, name, COALESCE(country_code, ''), rate, included)", "This tax is already mapped on this channel."
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
    """Finds Odoo's tax for a channel's tax: by a person's answer, else by rate, destination country and inclusion.

    One instance per batch: all sale taxes of the company are read once.
    """

    def __init__(self, channel):
        env = channel.env
        self.rules = {}
        for rule in env["order.channel.tax.map"].sudo().search([("channel_id", "=", channel.id)]):
            self.rules[rule.name, rule.country_code or None, round(rule.rate, 4), rule.included] = rule.tax_id
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
        rate = round(float(tax.get("rate") or 0) * 100, 4)
        included = bool(tax.get("included"))
        key = (tax.get("name") or tax.get("code"), country, rate, included)
        if key not in self._found:
            self._found[key] = self._match(*key)
        return self._found[key]

    def _match(self, name, country, rate, included):
        rule = self.rules.get((name, country, rate, included)) or self.rules.get((name, None, rate, included))
        if rule:
            return rule, 1
        fitting = [
            (tax, tax_included)
            for tax, tax_rate, countries, tax_included in self.taxes
            if abs(tax_rate - rate) < 0.005 and country in countries
        ]
        # the amounts are the channel's either way; inclusion only decides between taxes that are otherwise alike
        same = [tax for tax, tax_included in fitting if tax_included == included]
        fitting = same or [tax for tax, __ in fitting]
        return (fitting[0], 1) if len(fitting) == 1 else (None, len(fitting))
