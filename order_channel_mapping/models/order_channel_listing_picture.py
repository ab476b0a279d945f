from odoo import fields, models

from ..connectors.storable import is_web_address

#: so often a picture is asked for whose server can't be reached, one pass after the other
TRIES = 5


class OrderChannelListing(models.Model):
    """A listing whose picture its new product is to have."""

    _inherit = "order.channel.listing"

    # more than 0: the product gets this item's picture, and so many tries are left
    picture_tries = fields.Integer(readonly=True, copy=False)

    _picture_idx = models.Index("(channel_id) WHERE picture_tries > 0")

    def _has_picture(self):
        """Whether the channel names a picture that can be fetched; an offline store's are the products' own."""
        self.ensure_one()
        return is_web_address(self.image_url)

    def _want_pictures(self):
        """Have the pictures of these listings copied, in the background, to the products that were just made of them."""
        wanted = self.filtered(lambda listing: listing._has_picture())
        if wanted:
            wanted.write({"picture_tries": TRIES})
            wanted.channel_id._wake("items")

    def _product_for_picture(self):
        """The product that was made of this listing, where it has no picture of its own yet; else none."""
        self.ensure_one()
        product = self.product_id.sudo()
        if self.mapping_id.method != "confirm" or product.image_variant_1920:
            return product.browse()
        has_siblings = product.product_tmpl_id.with_context(active_test=False).product_variant_count > 1
        return product if has_siblings or not product.image_1920 else product.browse()
