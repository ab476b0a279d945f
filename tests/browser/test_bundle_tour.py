"""The bundle editor in a real browser: put together, looked at, linked, and changed."""

from __future__ import annotations

from tests.browser.test_tours import USER
from tests.browser.world import WorldCase


class TestBundleTour(WorldCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fill_shop()
        cls.clerk = cls.new_user("clerk", USER, company=cls.company)

    def test_a_clerk_puts_a_bundle_together_and_changes_it(self):
        self.start_tour("/odoo", "order_channel_bundle", login="clerk")
        self.env.invalidate_all()
        listing = self.listing("GIFT-SAMPLER")
        changed, first = listing.mapping_ids.sorted("started_at, id", reverse=True)
        self.assertEqual(listing.mapping_id, changed)
        self.assertEqual(self.content(first), {"TEA-GREEN-100": 4.0, "MUG-BLUE": 3.0})
        self.assertEqual(self.content(changed), {"MUG-BLUE": 1.0, "TIN-M": 1.0})
        self.assertEqual(
            (first.user_id, changed.user_id, changed.note), (self.clerk, self.clerk, "The tea comes in a tin")
        )

        sold = {line.product_id.default_code: line.product_uom_qty for line in self.sale(1009).order_line}
        self.assertEqual((sold["MUG-BLUE"], sold["TIN-M"]), (1.0, 1.0))
        self.assertNotIn("TEA-GREEN-100", sold)

    def content(self, mapping):
        return {line.product_id.default_code: line.quantity for line in mapping.line_ids}
