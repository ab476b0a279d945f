from odoo import api, fields, models

from .product_product import USER_GROUP


class ProductTemplate(models.Model):
    """Where a product's variants are on sale, and the button that pushes their stock there."""

    _inherit = "product.template"

    channel_listing_count = fields.Integer(compute="_compute_channel_listing_count", groups=USER_GROUP)

    @api.depends("product_variant_ids")
    def _compute_channel_listing_count(self):
        variants = self._all_variants()
        mappings = variants._live_channel_mappings()
        for template in self:
            of_template = variants.filtered(lambda variant, template=template: variant.product_tmpl_id == template)
            template.channel_listing_count = len(set().union(*(mappings[variant.id] for variant in of_template)))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_of_channel_lines(self):
        self._all_variants()._check_not_of_channel_lines()

    def _all_variants(self):
        return self.with_context(active_test=False).product_variant_ids

    def write(self, vals):
        if not vals.get("active", True) or vals.get("company_id") or vals.get("type", "service") != "service":
            self._all_variants()._check_not_of_channel_lines()
        result = super().write(vals)
        if "is_storable" in vals or "type" in vals:  # from now on it limits what is offered, or no more
            variants = self._all_variants()
            self.env["order.channel.stock.change"]._mark(variants.ids)
        return result

    def action_view_channel_listings(self):
        return self._all_variants()._channel_listings_action()

    def action_push_channel_stock(self):
        """Push the stock of everything that this product's variants are sold as."""
        return self._all_variants().action_push_channel_stock()

    def action_unlink_from_channels(self):
        """Choose the channels where this product's variants are to be sold no more."""
        return self._all_variants().action_unlink_from_channels()
