from collections import Counter

from odoo import api, fields, models
from odoo.tools import mute_logger

from .order_channel_catalogue import CATALOGUE


class OrderChannelBatch(models.Model):
    """Products from listings: a whole channel's catalogue, or all that was selected.

    Variants of a parent are one unit: their template is made whole or not at all. Where a product may be the same thing
    already, a person decides.
    """

    _inherit = "order.channel.batch"

    kind = fields.Selection(selection_add=[("catalogue", "Create products")], ondelete={"catalogue": "cascade"})
    product_count = fields.Integer(string="Products to Create", compute="_compute_product_count")

    @api.depends("state", "seen_count", "line_ids.chosen")
    def _compute_product_count(self):
        """Products as Odoo's product list counts them: one for all variants of a parent."""
        domain = [("batch_id", "in", self.ids), ("action", "=", "confirm"), ("chosen", "=", True)]
        counts = {
            batch.id: number + (plain - grouped)
            for batch, number, plain, grouped in self.env["order.channel.batch.line"]._read_group(
                domain, ["batch_id"], ["unit_key:count_distinct", "__count", "unit_key:count"]
            )
        }
        for batch in self:
            batch.product_count = counts.get(batch._origin.id, 0)

    # === WORKING OUT === #

    def _listing_domain(self):
        """A catalogue is made of what is on sale and unmatched; a selection is taken as it is."""
        domain = super()._listing_domain()
        if self.kind == "catalogue":
            domain &= fields.Domain(CATALOGUE)
        return domain

    def _prepare_catalogue(self, listings):
        """What becomes a product, and what may be one already. Listings outside of this chunk that are variants of the same
        parent, or have the same SKU, count too.

        :rtype: list[dict]
        """
        new = listings.filtered(lambda listing: listing.state == "unconfirmed")
        domain = self._listing_domain() & fields.Domain("state", "=", "unconfirmed")
        parents = fields.Domain(new._parents_domain())
        kin = new | self.env["order.channel.listing"].search(domain & parents & fields.Domain("id", "not in", new.ids))
        doubts = self._doubts(kin, domain)
        doubtful = {}
        for listing in kin:
            if listing in doubts and listing.parent_ref:
                doubtful.setdefault((listing.channel_id, listing.parent_ref), listing)
        family_keys = {
            listing: f"{listing.channel_id.id}:{listing.parent_ref}"
            for family in kin._families()
            for listing in family.listings
        }
        emptied = set(new._emptied_by_confirming())
        lines = [
            self._catalogue_line(
                listing,
                doubts.get(listing),
                doubtful.get((listing.channel_id, listing.parent_ref)) if listing in family_keys else None,
                family_keys.get(listing),
                emptied,
            )
            for listing in listings
        ]
        if emptied and self.kind == "confirm":
            self.at_once = False  # whoever pressed the button has not been told of it yet
        return lines

    def _prepare_confirm(self, listings):
        return self._prepare_catalogue(listings)

    def _doubts(self, listings, domain):
        """Why no product is made by itself.

        :return: ``{listing: (outcome, code, params, product)}``
        """
        doubts = {}
        for listing, twins in listings._find_twins().items():
            twin = twins[0]
            certain = [found for found in twins if found.is_certain]
            outcome = "conflict" if len(certain) == 1 else "ambiguous"
            doubts[listing] = (outcome, *twin.reason(), twin.product if len(twins) == 1 else twin.product.browse())
        for listing, other in listings._same_sku(domain).items():
            product = self.env["product.product"]
            doubts.setdefault(listing, ("ambiguous", "twin_item", {"item": other.display_name}, product))
        return doubts

    def _catalogue_line(self, listing, doubt, sibling, unit_key, emptied):
        """:return: values of one line of the batch"""
        values = {
            "listing_id": listing.id,
            "action": "confirm",
            "method": "confirm",
            "unit_key": unit_key,
            "outcome": "change" if listing.state == "unconfirmed" else "same",
        }
        if values["outcome"] == "same":
            return values
        if not doubt and sibling:
            doubt = ("ambiguous", "twin_sibling", {"item": sibling.display_name}, self.env["product.product"])
        if doubt:
            outcome, code, params, product = doubt
            values |= {"outcome": outcome, "reason_code": code, "reason_params": params, "product_id": product.id}
        elif listing in emptied:
            values |= {"reason_code": "confirm_empties", "reason_params": {"there": listing._quantity_there()}}
        return values

    # === PUTTING BACK === #

    def _undo_confirm(self, lines):
        """Unlink, and remove the products. What something uses by now is archived and keeps its history; a variant that
        somebody else had made, so that it was only linked, stays."""
        made_at = set(lines.mapping_id.mapped("create_date"))  # of the transactions that made products and links
        products = lines.mapping_id.line_ids.product_id.filtered(lambda product: product.create_date in made_at)
        templates = products.product_tmpl_id.filtered(lambda template: template.create_date in made_at)
        self._undo_link(lines)
        with mute_logger("odoo.sql_db"):  # a refusal of the database is the answer to whether something uses it
            __, used = self._isolated(list(products), self._remove_products)
        self.env["product.product"].union(*(product for product, __ in used)).sudo().action_archive()
        self._remove_empty_templates(templates.exists())

    def _remove_products(self, products):
        """Delete products with the mappings that this batch made to them: there is nothing left to remember."""
        products = products[0].union(*products[1:]).sudo()
        mappings = self.env["order.channel.mapping"].search(
            [("batch_id", "=", self.id), ("line_ids.product_id", "in", products.ids)]
        )
        mappings.unlink()
        products.unlink()
        self.env.flush_all()
        return Counter()

    def _remove_empty_templates(self, templates):
        """Those of which no variant is left: Odoo keeps one that makes variants on demand."""
        templates = templates.sudo().with_context(active_test=False)
        empty = templates.filtered(lambda template: not template.product_variant_ids)
        with mute_logger("odoo.sql_db"):
            self._isolated(list(empty), self._remove_templates)

    def _remove_templates(self, templates):
        templates[0].union(*templates[1:]).unlink()
        self.env.flush_all()
        return Counter()
