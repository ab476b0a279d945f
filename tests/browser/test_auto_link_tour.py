"""Auto-link in a real browser: looked at first, one left out, one decided, applied and undone."""

from __future__ import annotations

from tests.browser.test_tours import USER
from tests.browser.world import WorldCase


class TestAutoLinkTour(WorldCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls.new_user("clerk", USER, company=cls.company)
        cls.auction = cls.make_channel(name="Auction Site")
        cls.listings = cls.env["order.channel.listing"].create(
            [
                {
                    "channel_id": cls.auction.id,
                    "company_id": cls.company.id,
                    "external_id": sku,
                    "sku": sku,
                    "sku_key": sku.lower(),
                    "name": f"At auction: {sku}",
                }
                for sku in ("MUG-BLUE", "STRAINER", "TIN-M", "TEA-CHAI", "NEW-1")
            ]
        )

    def test_a_clerk_looks_first_applies_and_undoes(self):
        self.start_tour("/odoo", "order_channel_auto_link", login="clerk")
        self.env.invalidate_all()
        self.assertEqual(set(self.listings.mapped("state")), {"unconfirmed"}, "all is put back")
        linked = {listing.sku: listing.mapping_ids.line_ids.product_id for listing in self.listings}
        self.assertEqual(linked["MUG-BLUE"] + linked["TIN-M"], self.products["MUG-BLUE"] + self.products["TIN-M"])
        self.assertEqual(linked["TEA-CHAI"].name, "Masala Chai (tin)")
        self.assertFalse(linked["STRAINER"] or linked["NEW-1"], "left out, and nothing found")
        self.assertEqual(set(self.listings.mapping_ids.mapped("refused")), {True})
        self.assertEqual(self.listings.mapping_ids.user_id, self.clerk)
