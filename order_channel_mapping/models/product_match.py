from odoo import api, fields, models

from ..tools.normalize import barcode_key, loose_sku, name_key, normalize_sku


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
            product.order_channel_barcode_key = barcode_key(product.barcode)


class ProductTemplate(models.Model):
    """The name as twins are looked for by it. Source language: one key for all readers."""

    _inherit = "product.template"

    order_channel_name_key = fields.Char(compute="_compute_order_channel_name_key", store=True, index="btree_not_null")

    @api.depends("name")
    def _compute_order_channel_name_key(self):
        for template, source in zip(self, self.with_context(lang=None), strict=True):
            template.order_channel_name_key = name_key(source.name)


class ProductUom(models.Model):
    """A packaging's barcode: so many of a product."""

    _inherit = "product.uom"

    order_channel_barcode_key = fields.Char(
        compute="_compute_order_channel_barcode_key", store=True, index="btree_not_null"
    )

    @api.depends("barcode")
    def _compute_order_channel_barcode_key(self):
        for packaging in self:
            packaging.order_channel_barcode_key = barcode_key(packaging.barcode)
