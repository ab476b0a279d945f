from odoo import api, models
from odoo.exceptions import ValidationError

from ..tools.guard import is_internal
from .order_channel_projection import PLACEHOLDER, SERVICE_PRODUCTS

PRODUCTS = ("product.product", "product.template")
#: where the placeholder does no harm: a label on a product
LABELS = frozenset({"product.tag"})
#: what would stock, buy, price or offer one of the service products: they are there to book a channel's amounts. Some of
#: these models are other apps', which may be missing
NO_SERVICES = frozenset(
    {
        "mrp.bom",
        "mrp.bom.line",
        "product.combo.item",
        "product.pricelist.item",
        "product.supplierinfo",
        "product.template",  # optional products
        "purchase.order.line",
        "sale.order.template.line",
        "stock.move",
        "stock.move.line",
        "stock.warehouse.orderpoint",
    }
)


class Base(models.AbstractModel):
    """The placeholder can be used nowhere else (rule 4): whatever app a record is of, it can't point to it.

    One constraint on the product fields of every model, so that none has to be named, nor be installed.
    """

    _inherit = "base"

    @api.model
    def _channel_guarded_fields(self):
        """Names of the stored fields that point to products."""
        if self._abstract or self._transient or not self._auto or self._name in LABELS:
            return []
        return [
            name
            for name, field in self._fields.items()
            if field.store
            and field.type in ("many2one", "many2many")
            and field.comodel_name in PRODUCTS
            and name not in self._inherits.values()  # a variant's own template
        ]

    @api.constrains(lambda self: self._channel_guarded_fields())
    def _check_channel_products(self):
        """:raise ValidationError: the placeholder, or a service product where it makes no sense, is used"""
        if self._name == "sale.order.line" and is_internal(self):
            return  # a channel's own line
        refused = [PLACEHOLDER, *(SERVICE_PRODUCTS.values() if self._name in NO_SERVICES else ())]
        find = self.env["ir.model.data"]._xmlid_to_res_id
        for name in self._channel_guarded_fields():
            products = self[name]
            used = set(products.ids)
            suffix = "_product_template" if products._name == "product.template" else ""
            for xml_id in refused:
                product_id = find(xml_id + suffix, raise_if_not_found=False)
                if product_id in used:
                    self._refuse_channel_product(xml_id, products.browse(product_id))

    @api.model
    def _refuse_channel_product(self, xml_id, product):
        if xml_id == PLACEHOLDER:
            raise ValidationError(
                self.env._("“%(product)s” stands for unmapped channel items only.", product=product.name)
            )
        raise ValidationError(
            self.env._(
                "“%(product)s” is for the lines of channel orders only. Choose a product of your own.",
                product=product.name,
            )
        )
