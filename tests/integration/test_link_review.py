"""Links to review: made by themselves, or doubtful since the channel changed the SKU; ticked one by one or many at once."""

from unittest.mock import patch

from odoo.exceptions import UserError

from odoo.addons.order_channel_mapping.models import order_channel_listing_review

from tests.fakes import connected, item
from tests.integration.orders_common import OrderCase
from tests.integration.test_auto_link import USER


class TestLinkReview(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls.new_user("review_clerk", USER, name="Clara Clerk")

    def fetch(self, *items):
        self.connector.items = list(items)
        with connected(self.env, self.connector):
            self.channel._sync_items()
        return self.env["order.channel.listing"].search([("channel_id", "=", self.channel.id)], order="id")

    def test_off_by_default(self):
        listing = self.fetch(item("1", "MUG-1"))
        self.assertEqual((listing.state, listing.to_review, self.channel.review_count), ("linked", False, 0))

    def test_what_is_linked_by_itself_waits_and_is_ticked(self):
        self.channel.review_links = True
        listing, by_hand = self.fetch(item("1", "MUG-1"), item("2", "NOPE"))
        by_hand._link(self.tea)
        self.assertEqual((listing.to_review, by_hand.to_review, self.channel.review_count), (True, False, 1))
        self.assertIn("the SKU is the same", listing.review_text)
        listing.with_user(self.clerk).action_looks_right()
        self.channel.invalidate_recordset()
        self.assertEqual((listing.to_review, listing.review_text, self.channel.review_count), (False, "", 0))
        self.assertEqual((listing.state, listing.product_id), ("linked", self.mug))

    def test_a_person_who_chooses_the_product_has_looked(self):
        self.channel.review_links = True
        listing = self.fetch(item("1", "MUG-1"))
        listing._link(self.tea)
        self.assertFalse(listing.to_review or listing.review_code)

    def test_every_rule_is_reviewed_and_nothing_that_a_person_chose(self):
        self.channel.review_links = True
        listing = self.fetch(item("1", "NOPE"))
        methods = [code for code, __ in self.env["order.channel.mapping"]._fields["method"].selection]
        reviewed = set()
        for method in methods:
            listing._link(self.mug, method=method)
            if listing.to_review:
                reviewed.add(method)
                self.assertTrue(listing.review_text, method)
        self.assertEqual(reviewed, {"sku", "barcode", "name", "copy"})

    def test_unlinking_leaves_nothing_to_review(self):
        self.channel.review_links = True
        listing = self.fetch(item("1", "MUG-1"))
        listing._unlink_product()
        self.assertFalse(listing.to_review or listing.review_code)

    def test_a_changed_sku_says_what_it_was(self):
        self.fetch(item("1", "MUG-1"))
        self.channel._fetch_all_items()
        listing = self.fetch(item("1", "TEA-1"))
        self.assertTrue(listing.to_review)
        self.assertIn("was MUG-1 and is TEA-1 now", listing.review_text)
        listing.with_user(self.clerk).action_looks_right()
        self.assertFalse(listing.to_review or listing.review_code)
        self.assertEqual(listing.linked_sku, "TEA-1", "what it is linked with from now on")

    def test_many_are_ticked_as_a_mass_change_and_put_back(self):
        self.channel.review_links = True
        listings = self.fetch(item("1", "MUG-1"), item("2", "TEA-1"), item("3", "NOPE"))
        with patch.object(order_channel_listing_review, "AT_ONCE", 2):
            listings.with_user(self.clerk).action_looks_right()
        batch = self.env["order.channel.batch"].search([], limit=1)
        self.assertEqual((batch.kind, batch.state, batch.done_count, batch.same_count), ("review", "done", 2, 1))
        self.assertFalse(any(listings.mapped("to_review")))
        listings[1]._link(self.mug)
        batch.action_undo()
        self.assertEqual(listings.mapped("to_review"), [True, False, False], "the second one was linked anew")
        self.assertIn("the SKU is the same", listings[0].review_text)

    def test_a_changed_sku_is_doubted_again_when_the_tick_is_put_back(self):
        self.fetch(item("1", "MUG-1"))
        self.channel._fetch_all_items()
        listing = self.fetch(item("1", "TEA-1"))
        batch = self.env["order.channel.batch"]._make("review", listing)
        self.assertEqual((listing.to_review, listing.linked_sku), (False, "TEA-1"))
        batch.action_undo()
        self.assertEqual((listing.sku_changed, listing.linked_sku), (True, "MUG-1"))

    def test_what_became_doubtful_since_is_not_put_back(self):
        self.channel.review_links = True
        listings = self.fetch(item("1", "MUG-1"), item("2", "TEA-1"))
        batch = self.env["order.channel.batch"]._make("review", listings)
        self.channel._fetch_all_items()
        self.fetch(item("1", "NEW-1"), item("2", "TEA-1"))
        batch.action_undo()
        self.assertEqual((batch.undone_count, batch.left_count), (1, 1))
        self.assertIn("was MUG-1 and is NEW-1 now", listings[0].review_text)

    def test_rights(self):
        self.channel.review_links = True
        listing = self.fetch(item("1", "MUG-1"))
        outsider = self.new_user("review_outsider", "sales_team.group_sale_manager")
        with self.assertRaisesRegex(UserError, "You need the right to map items"):
            listing.with_user(outsider).action_looks_right()
        self.assertTrue(listing.to_review)
