import time

from odoo import fields, models
from odoo.fields import Domain

from .order_channel_items import OVERLAP

#: listings looked at in one transaction
LINK_BATCH = 1000
#: up to this many changed products, only the items that have their SKUs and barcodes are looked at again
FEW_PRODUCTS = 1000
#: above the id of any listing
ALL = 2**31 - 1
#: what matching reads of a listing
MATCHED_FIELDS = ["company_id", "channel_id", "state", "sku", "sku_key", "barcode", "barcode_key", "link_hint"]


class OrderChannel(models.Model):
    """Looking again at items that stand for nothing yet: products are made and changed after the items came in.

    After each fetch those that a changed product may fit, once a day all of them.
    """

    _inherit = "order.channel"

    items_relink_below = fields.Integer(readonly=True, copy=False)  # ids below are still to be looked at again; 0: none

    def _link_after_fetch(self, deadline=None):
        """Look at the unconfirmed items again for which there may be something new."""
        now = fields.Datetime.now()
        few = self._fits_changed_products()
        if few is None or (self.items_full_at and not self.items_since):
            self.items_relink_below = ALL
        elif few:
            self._repeatable(self._relink, self._search_unconfirmed(few))
        self.items_linked_at = now
        self._link_on(deadline)
        self.env["order.channel.suggestion"]._wake()

    def _fits_changed_products(self):
        """The listings that have a SKU or barcode of a product that changed since this was asked last.

        :return: a domain; False: no product changed; None: too many to tell
        """
        since = [("write_date", ">=", self.items_linked_at - OVERLAP)]
        Product = self.env["product.product"].sudo().with_context(active_test=False)
        products = Product.search_fetch(
            since, ["order_channel_sku_key", "order_channel_barcode_key"], limit=FEW_PRODUCTS + 1, order="id"
        )
        Packaging = self.env["product.uom"].sudo()
        packagings = Packaging.search_fetch(since, ["order_channel_barcode_key"], limit=FEW_PRODUCTS + 1, order="id")
        if max(len(products), len(packagings)) > FEW_PRODUCTS:
            return None
        skus = {product.order_channel_sku_key for product in products} - {False}
        barcodes = {record.order_channel_barcode_key for record in (*products, *packagings)} - {False}
        if not skus and not barcodes:
            return False
        return Domain("sku_key", "in", list(skus)) | Domain("barcode_key", "in", list(barcodes))

    def _link_on(self, deadline=None):
        """Go on with looking at all of them, newest first, in batches; what a pass has no time for is the next one's."""
        while self.items_relink_below:
            if deadline and time.monotonic() > deadline:
                self._wake("items")
                self._commit()
                return
            self._repeatable(self._relink_below)

    def _relink_below(self):
        listings = self._search_unconfirmed(
            Domain("id", "<", self.items_relink_below), order="id desc", limit=LINK_BATCH
        )
        self._relink(listings)
        self.items_relink_below = listings[-1].id if len(listings) == LINK_BATCH else 0

    def _link_certain(self, deadline=None):
        """Link those of which it is known that one product fits: automatic linking was just switched on.

        :return: number of items linked
        """
        self.ensure_one()
        linked, last_id = 0, 0
        while not deadline or time.monotonic() <= deadline:
            listings = self._search_unconfirmed(
                Domain("link_hint", "=", "one") & Domain("id", ">", last_id), order="id", limit=LINK_BATCH
            )
            if not listings:
                break
            last_id = listings[-1].id
            linked += self._repeatable(self._relink, listings)
        self._commit()
        return linked

    def _search_unconfirmed(self, domain, **options):
        domain &= Domain([("channel_id", "=", self.id), ("state", "=", "unconfirmed"), ("gone", "=", False)])
        return self.env["order.channel.listing"].search_fetch(domain, MATCHED_FIELDS, **options)

    def _relink(self, listings):
        """Link those that are certain where automatic linking is on, and renew what the others say.

        :return: number of items linked
        """
        return len(listings._auto_link() if self.auto_link else listings._hint_links())
