from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from odoo import fields, models

from ..tools.normalize import name_key
from ..tools.variants import common_name

#: how a twin was found -> code of the reason that says so
REASONS = {
    "sku": "twin_sku",
    "barcode": "twin_barcode",
    "packaging": "twin_packaging",
    "name": "twin_name",
    "similar": "twin_similar",
}
#: a suggested product that fits at least this well is shown as a twin: a similar name alone reaches it
NEAR_SCORE = 65


@dataclass(slots=True, frozen=True)
class Twin:
    """A product that may be the same thing as a listing. Empty product: a template of that name with several variants."""

    how: str  # key of REASONS
    template: Any
    product: Any
    quantity: float = 1.0

    @property
    def is_certain(self):
        """Found by what is meant to be unique."""
        return self.how not in ("name", "similar")

    def reason(self):
        """:return: (code, params) of a reason"""
        name = (self.product or self.template).display_name
        archived = not (self.product or self.template).active
        return f"{REASONS[self.how]}_archived" if archived else REASONS[self.how], {"product": name}


class OrderChannelListing(models.Model):
    """Likely twins: products that a listing may be, looked for before a product is made from it."""

    _inherit = "order.channel.listing"

    def _find_twins(self):
        """Products with the same SKU, barcode or name, archived ones too, in a fixed number of queries.

        :return: ``{listing: [Twin]}``, surest first; only listings that have any
        """
        found = defaultdict(dict)
        with_archived = self.with_context(active_test=False)
        barcodes = self.mapped("barcode_key")
        by_sku = with_archived._products_by_key("product.product", "order_channel_sku_key", self.mapped("sku_key"))
        by_barcode = with_archived._products_by_key("product.product", "order_channel_barcode_key", barcodes)
        by_packaging = self._packagings_by_key(barcodes)
        names = self._name_keys()
        by_name = with_archived._products_by_key("product.template", "order_channel_name_key", names.values())
        siblings = self._sibling_templates()
        near = self._near_products()
        Product = self.env["product.product"].sudo().with_context(active_test=False)
        for listing in self:
            company = listing.company_id.id
            matches = [
                *(("sku", product, 1.0) for product in by_sku.get((company, listing.sku_key), ())),
                *(("barcode", product, 1.0) for product in by_barcode.get((company, listing.barcode_key), ())),
                *(("packaging", *pair) for pair in by_packaging.get((company, listing.barcode_key), ())),
            ]
            for how, product_id, quantity in matches:
                product = Product.browse(product_id)
                found[listing].setdefault(product, Twin(how, product.product_tmpl_id, product, quantity))
            of_siblings = siblings[listing.channel_id, listing.parent_ref]
            for template_id in by_name.get((company, names[listing]), ()):
                template = Product.product_tmpl_id.browse(template_id)
                variants = template.product_variant_ids
                product = variants if len(variants) == 1 else Product
                known = Product.union(*(twin.product for twin in found[listing].values()))
                if template not in of_siblings and not variants & known:
                    found[listing][product or template] = Twin("name", template, product)
            for product, quantity in near.get(listing.id, ()):
                shown = {twin.template for twin in found[listing].values()} | set(of_siblings)
                if product.product_tmpl_id not in shown:
                    found[listing][product] = Twin("similar", product.product_tmpl_id, product, quantity)
        return {listing: list(twins.values()) for listing, twins in found.items() if twins}

    def _near_products(self):
        """``{listing id: [(product, quantity)]}``: suggestions that fit well, as they were worked out in the background."""
        found = defaultdict(list)
        suggestions = (
            self.env["order.channel.suggestion"]
            .sudo()
            .search([("listing_id", "in", self.ids), ("state", "=", "open"), ("score", ">=", NEAR_SCORE)])
        )
        for suggestion in suggestions:
            found[suggestion.listing_id.id].append((suggestion.product_id, suggestion.quantity))
        return found

    def _name_keys(self):
        """``{listing: key}`` of the names, as products may have them: a variant goes by the name of the whole thing."""
        return {
            listing: name_key(
                common_name([listing.name], [listing.attributes])
                if listing.parent_ref and listing.attributes
                else listing.name
            )
            for listing in self
        }

    def _same_sku(self, domain):
        """The first listing of the same SKU among those of a domain: of several, one becomes the product.

        :return: ``{listing: other listing}`` of those that are not the first themselves
        """
        keys = [key for key in self.mapped("sku_key") if key]
        first = {
            (company.id, key): number
            for company, key, number in self._read_group(
                fields.Domain(domain)
                & fields.Domain("sku_key", "in", keys)
                & fields.Domain("state", "=", "unconfirmed"),
                ["company_id", "sku_key"],
                ["id:min"],
            )
        }
        same = {}
        for listing in self:
            number = first.get((listing.company_id.id, listing.sku_key))
            if number and number != listing.id:
                same[listing] = self.browse(number)
        return same
