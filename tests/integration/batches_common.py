"""What the tests of mass changes share: listings to change, small chunks, a batch that waits for approval."""

from unittest.mock import patch

from odoo.addons.order_channel_mapping.models import (
    order_channel_batch,
    order_channel_batch_work,
    order_channel_listing_ignore,
)

from tests.integration.orders_common import OrderCase

USER = "order_channel_mapping.group_channel_user"


class BatchCase(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls.new_user("batch_clerk", USER, name="Clara Clerk")
        cls.listings = cls.env["order.channel.listing"].create(
            [
                {
                    "channel_id": cls.channel.id,
                    "company_id": cls.channel.company_id.id,
                    "external_id": f"item-{number}",
                    "sku": f"SKU-{number}",
                    "sku_key": f"sku-{number}",
                    "name": f"Item {number}",
                }
                for number in range(7)
            ]
        )

    def setUp(self):
        super().setUp()
        self.in_one_transaction()

    def small_chunks(self, at_once=2, chunk=3):
        for module, name, value in (
            (order_channel_batch, "AT_ONCE", at_once),
            (order_channel_listing_ignore, "AT_ONCE", at_once),
            (order_channel_batch_work, "PREPARE_CHUNK", chunk),
            (order_channel_batch_work, "WORK_CHUNK", chunk),
        ):
            patcher = patch.object(module, name, value)
            patcher.start()
            self.addCleanup(patcher.stop)

    def batch_of_links(self, listings, product=None):
        """A batch that waits for approval to link these to the mug."""
        product = product or self.mug

        def prepare(batch, found):
            return [
                {
                    "listing_id": listing.id,
                    "action": "link",
                    "method": "sku",
                    "outcome": "change",
                    "product_id": product.id,
                }
                for listing in found
            ]

        patcher = patch.object(self.registry["order.channel.batch"], "_prepare_link", prepare, create=True)
        patcher.start()
        self.addCleanup(patcher.stop)
        batch = (
            self.env["order.channel.batch"]
            .sudo()
            .create(
                {
                    "name": "Test",
                    "kind": "link",
                    "user_id": self.clerk.id,
                    "company_id": self.channel.company_id.id,
                    "selection": [("id", "in", listings.ids)],
                }
            )
        )
        batch = batch.with_user(self.clerk)
        batch.action_prepare()
        batch.sudo()._work_now()
        self.assertEqual((batch.state, batch.change_count), ("ready", len(listings)))
        return batch
