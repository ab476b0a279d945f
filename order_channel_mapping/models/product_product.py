from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError

from .order_channel_projection import PLACEHOLDER, SERVICE_PRODUCTS

USER_GROUP = "order_channel_mapping.group_channel_user"


class ProductProduct(models.Model):
    """Where a product is on sale, and the button that pushes its stock there."""

    _inherit = "product.product"

    channel_listing_ids = fields.One2many(
        "order.channel.listing", "product_id", string="Channel Listings", groups=USER_GROUP
    )
    channel_listing_count = fields.Integer(compute="_compute_channel_listing_count", groups=USER_GROUP)

    # === THE PRODUCTS OF CHANNEL LINES STAY === #

    def write(self, vals):
        if not vals.get("active", True):
            self._check_not_of_channel_lines()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_of_channel_lines(self):
        self._check_not_of_channel_lines()

    def _check_not_of_channel_lines(self):
        """:raise UserError: one of these is what channel orders book unmapped items, shipping, discounts … on"""
        find = self.env["ir.model.data"]._xmlid_to_res_id
        of_lines = {find(xml_id, raise_if_not_found=False) for xml_id in (PLACEHOLDER, *SERVICE_PRODUCTS.values())}
        for product in self:
            if product.id in of_lines:
                raise UserError(
                    self.env._(
                        "Orders of all channels need the product %(product)s: it can't be deleted or archived, and stays a "
                        "service shared by all companies.",
                        product=product.sudo().name,
                    )
                )

    # === KITS === #

    def _channel_kits(self):
        """Those that are sold as their parts (kits of ``mrp``, where that is installed): their own stock says nothing."""
        return self.filtered("is_kits") if "is_kits" in self._fields else self.browse()

    # === LISTINGS === #

    def _compute_channel_listing_count(self):
        """Listings that stand for the product, alone or among others."""
        mappings = self._live_channel_mappings()
        for product in self:
            product.channel_listing_count = len(mappings[product._origin.id])

    def _live_channel_mappings(self):
        """``{product id: {mapping id}}``; a listing has one live mapping."""
        rows = self.env["order.channel.mapping.line"]._read_group(
            [("product_id", "in", self.ids), ("mapping_id.ended_at", "=", False)], ["product_id", "mapping_id"]
        )
        found = defaultdict(set)
        for product, mapping in rows:
            found[product.id].add(mapping.id)
        return found

    def _channel_listings(self):
        """The listings that stand for any of these products, alone or among others."""
        return self.env["order.channel.listing"].search([("mapping_id.line_ids.product_id", "in", self.ids)])

    def action_view_channel_listings(self):
        return self._channel_listings_action()

    def _channel_listings_action(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Channel Listings"),
            "res_model": "order.channel.listing",
            "view_mode": "list,form",
            "domain": [("mapping_id.line_ids.product_id", "in", self.ids)],
        }

    def action_push_channel_stock(self):
        """Push the stock of everything that these products are sold as."""
        return self._channel_listings().action_push_stock()

    def action_unlink_from_channels(self):
        """Choose the channels where these products are to be sold no more."""
        return self._channel_listings().action_open_unlink()
