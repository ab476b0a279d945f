from odoo import api, fields, models

from .product_product import USER_GROUP


class ProductProduct(models.Model):
    """The tab that shows where a product is on sale."""

    _inherit = "product.product"

    channel_sold_listing_ids = fields.Many2many(
        "order.channel.listing",
        string="On Sale As",
        compute="_compute_channel_sold_listing_ids",
        groups=USER_GROUP,
        help="Every listing that stands for the product, alone, as a pack or in a bundle.",
    )

    def _compute_channel_sold_listing_ids(self):
        mappings = self._live_channel_mappings()
        for product in self:
            product.channel_sold_listing_ids = product._listings_of(mappings[product._origin.id])

    @api.model
    def _listings_of(self, mapping_ids):
        """The listings of these mappings, channel by channel; those that are no longer at their channel at the end."""
        listings = self.env["order.channel.mapping"].browse(mapping_ids).listing_id
        return listings.sorted(lambda listing: (listing.gone, listing.channel_id.display_name, listing.id))


class ProductTemplate(models.Model):
    """The tab that shows where a product's variants are on sale."""

    _inherit = "product.template"

    channel_sold_listing_ids = fields.Many2many(
        "order.channel.listing",
        string="On Sale As",
        compute="_compute_channel_sold_listing_ids",
        groups=USER_GROUP,
        help="Every listing that stands for a variant of the product, alone, as a pack or in a bundle.",
    )

    @api.depends("product_variant_ids")
    def _compute_channel_sold_listing_ids(self):
        variants = self._all_variants()
        mappings = variants._live_channel_mappings()
        for template in self:
            of_template = set().union(*(mappings[variant.id] for variant in template._all_variants()))
            template.channel_sold_listing_ids = variants._listings_of(of_template)
