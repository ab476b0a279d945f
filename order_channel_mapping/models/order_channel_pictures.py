import base64
import logging
import time

import psycopg2

from odoo import fields, models
from odoo.exceptions import UserError

from ..connectors.base import ConnectorError, RateLimited, Unavailable
from ..connectors.pictures import PictureFetcher
from ..tools.pictures import UnreadablePicture, plain_picture

_logger = logging.getLogger(__name__)

#: the server may be well again the next time
PASSING = (RateLimited, Unavailable)


class OrderChannel(models.Model):
    """Pictures for the products that were made of items. Each is copied once; from then on it is the product's own."""

    _inherit = "order.channel"

    copy_pictures = fields.Boolean(
        default=True,
        help="Products that are made of items get their pictures, too, a little later.",
    )

    def _fetch_pictures(self, deadline=None):
        """Copy the pictures that are wanted, each in a transaction of its own; none is open while one is on its way.

        :param deadline: ``time.monotonic()`` value at which to leave the rest to the next pass
        """
        self.ensure_one()
        with PictureFetcher(allow_insecure=self.account_id._allow_insecure()) as fetcher:
            while wanted := self._repeatable(self._next_picture):
                if deadline and time.monotonic() > deadline:
                    self._wake("items")
                    self._commit()
                    return
                listing_id, url = wanted
                try:
                    picture = plain_picture(fetcher.fetch(url))
                    self._repeatable(self._take_picture, listing_id, url, picture)
                except psycopg2.OperationalError:
                    raise  # the database: no picture's fault
                except Exception as error:
                    self._rollback()
                    if not isinstance(error, (ConnectorError, UnreadablePicture, UserError)):
                        _logger.warning("Channel %s: a picture failed", self.id, exc_info=True)
                    self._repeatable(self._refuse_picture, listing_id, error)
                    if isinstance(error, PASSING):
                        return  # the next pass goes on, with another picture first

    def _next_picture(self):
        """The listing whose turn it is: ``(id, address)``, None where nothing is wanted."""
        Listing = self.env["order.channel.listing"]
        domain = [("channel_id", "=", self.id), ("picture_tries", ">", 0)]
        while listing := Listing.search(domain, order="picture_tries desc, id", limit=1):
            if listing._product_for_picture():
                return listing.id, listing.image_url
            listing.picture_tries = 0  # linked otherwise meanwhile, or somebody chose a picture
        return None

    def _take_picture(self, listing_id, url, picture):
        """Give a picture to the listing's product. Variants that share it show it through their template."""
        listing = self.env["order.channel.listing"].browse(listing_id).exists()
        product = listing and listing._product_for_picture()
        if not product:
            return
        product.image_1920 = base64.b64encode(picture)
        done = listing
        if not product.image_variant_1920:  # it became the template's
            done |= listing.search(
                [
                    ("channel_id", "=", self.id),
                    ("picture_tries", ">", 0),
                    ("image_url", "=", url),
                    ("product_id.product_tmpl_id", "=", product.product_tmpl_id.id),
                ]
            )
        done.picture_tries = 0
        self._solve_failures("picture", done.mapped("external_id"))

    def _refuse_picture(self, listing_id, error):
        """Count a try. Where none is left, or another would end alike, a person decides."""
        listing = self.env["order.channel.listing"].browse(listing_id).exists()
        if not listing:
            return
        listing.picture_tries = max(listing.picture_tries - 1, 0) if isinstance(error, PASSING) else 0
        if not listing.picture_tries:
            entry = (listing.external_id, "picture", {"message": str(error)}, {"url": listing.image_url})
            self._record_failures("picture", None, [entry]).next_try_at = False
