from odoo import api, fields, models

from ..tools.normalize import loose_sku, normalize_sku


class ProductProduct(models.Model):
    """The keys by which listings find products."""

    _inherit = "product.product"

    order_channel_sku_key = fields.Char(compute="_compute_order_channel_sku_key", store=True, index="btree_not_null")
    order_channel_loose_key = fields.Char(compute="_compute_order_channel_sku_key", store=True, index="btree_not_null")
    order_channel_barcode_key = fields.Char(
        compute="_compute_order_channel_barcode_key", store=True, index="btree_not_null"
    )

    @api.depends("default_code")
    def _compute_order_channel_sku_key(self):
        for product in self:
            product.order_channel_sku_key = normalize_sku(product.default_code)
            product.order_channel_loose_key = loose_sku(product.default_code)

    @api.depends("barcode")
    def _compute_order_channel_barcode_key(self):
        for product in self:
            product.order_channel_barcode_key = normalize_sku(product.barcode)


class ProductUom(models.Model):
    """A packaging's barcode: so many of a product."""

    _inherit = "product.uom"

    order_channel_barcode_key = fields.Char(
        compute="_compute_order_channel_barcode_key", store=True, index="btree_not_null"
    )

    @api.depends("barcode")
    def _compute_order_channel_barcode_key(self):
        for packaging in self:
            packaging.order_channel_barcode_key = normalize_sku(packaging.barcode)
