from odoo import models


class ResCompany(models.Model):
    """A branch sells its own products and those of the companies above it, as Odoo lets it."""

    _inherit = "res.company"

    def _channel_product_companies(self):
        """:return: ``{company id: ids of the companies whose products it may sell}``; products without one are everybody's"""
        return {company.id: frozenset(company.sudo().parent_ids.ids) for company in self}
