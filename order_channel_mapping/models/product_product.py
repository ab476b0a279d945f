from odoo import fields, models


class ProductProduct(models.Model):
    _inherit = "product.product"

    channel_listing_ids = fields.One2many("order.channel.listing", "product_id", string="Channel Listings")
