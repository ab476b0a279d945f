"""A catalogue from a channel: products made by themselves, where a person switched that on."""

from odoo.exceptions import UserError

from tests.fakes import connected, item
from tests.integration.orders_common import OrderCase


class TestCataloguePolicy(OrderCase):
    """Products made by themselves from what a fetch brings, where a person switched that on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.new_user("policy_manager", "order_channel_mapping.group_channel_manager")

    def fetch(self, *skus):
        self.connector.items = [item(sku, sku) for sku in skus]
        with connected(self.env, self.connector):
            self.channel._sync_items()
        batches = self.env["order.channel.batch"].search([("kind", "=", "catalogue")])
        batches.filtered("working")._work_now()
        return batches

    def states(self):
        listings = self.env["order.channel.listing"].search([("channel_id", "=", self.channel.id)])
        return {listing.sku: listing.state for listing in listings}

    def test_off_by_default(self):
        self.assertFalse(self.fetch("A"))
        self.assertEqual(self.states(), {"A": "unconfirmed"})

    def test_once_after_the_first_full_fetch(self):
        self.channel.with_user(self.manager).create_products = "first"
        batch = self.fetch("A", "MUG-1")
        self.assertEqual((batch.user_id, batch.state, batch.done_count), (self.manager, "done", 1))
        self.assertEqual(self.states(), {"A": "linked", "MUG-1": "linked"})
        self.assertEqual(self.channel.create_products, "never")
        self.assertEqual(self.fetch("A", "MUG-1", "B"), batch, "only once")
        self.assertEqual(self.states()["B"], "unconfirmed")
        product = self.env["order.channel.listing"].search([("sku", "=", "A")]).product_id
        batch.with_user(self.manager).action_undo()
        self.assertFalse(product.exists())

    def test_once_is_over_even_where_nothing_was_missing(self):
        self.channel.with_user(self.manager).create_products = "first"
        self.assertFalse(self.fetch("MUG-1"))
        self.assertEqual(self.channel.create_products, "never")

    def test_a_fetch_that_is_not_complete_makes_nothing(self):
        self.fetch("A")
        self.channel.with_user(self.manager).create_products = "first"
        self.channel.items_full_at = False
        self.assertFalse(self.channel._catalogue_after_fetch())
        self.assertEqual(self.channel.create_products, "first", "the next complete one does")

    def test_always_takes_new_items_and_never_what_was_undone(self):
        self.channel.with_user(self.manager).create_products = "always"
        batch = self.fetch("A")
        batch.action_undo()
        self.assertEqual(self.fetch("A"), batch)
        self.fetch("A", "B")
        self.assertEqual(self.states(), {"A": "unconfirmed", "B": "linked"})
        self.channel.with_user(self.manager).create_products = "never"
        self.channel.with_user(self.manager).create_products = "always"
        self.channel._fetch_all_items()
        self.fetch("A", "B")
        self.assertEqual(self.states(), {"A": "linked", "B": "linked"}, "a person asked for it once more")

    def test_by_hand_it_is_a_preview_first(self):
        self.fetch("A")
        action = self.channel.with_user(self.manager).action_create_products()
        batch = self.env["order.channel.batch"].browse(action["res_id"])
        self.assertEqual((batch.state, batch.product_count, batch.user_id), ("ready", 1, self.manager))
        self.assertEqual(self.states(), {"A": "unconfirmed"})
        batch.with_user(self.manager).action_apply()
        with self.assertRaisesRegex(UserError, "nothing to create"):
            self.channel.with_user(self.manager).action_create_products()
