from unittest.mock import patch

from odoo.addons.order_channel_mapping.models import order_channel_relink

from tests.benchmarks.common import copy_listings
from tests.common import ChannelCase
from tests.fakes import line
from tests.integration.orders_common import OrderCase
from tests.plans import plan, queries_from, unconfirmed_lists

TABLE = "order_channel_listing"
#: the index by which each list goes
INDEXES = {
    "opened": "waiting_idx",
    "of a channel": "channel_waiting_idx",
    "orders waiting": "waiting_idx",
    "to review": "to_review_idx",
    "of a parent": "parent_idx",
    "grouped by channel": None,  # all of them are counted: by whichever holds the unconfirmed ones
    "grouped by parent": "parent_idx",
}


class TestWaitingOrders(OrderCase):
    """How many orders wait for an item is kept with the item, whichever way orders come and go."""

    def setUp(self):
        super().setUp()
        self.take(
            self.order("1", [line("a", "cup", sku="CUP"), line("b", "cup", sku="CUP"), line("c", "hat", sku="HAT")]),
            self.order("2", [line("a", "cup", sku="CUP")]),
        )

    def counts(self):
        return {
            listing.external_id: listing.waiting_order_count
            for listing in self.env["order.channel.listing"].search([("channel_id", "=", self.channel.id)])
        }

    def test_an_order_counts_once_for_each_of_its_items(self):
        self.assertEqual(self.counts(), {"cup": 2, "hat": 1})

    def test_another_question_about_its_line_is_none_about_the_item(self):
        self.take(self.order("3", [line("a", "cup", sku="CUP", taxes=[("0.07", "0.70", False)])]))  # no such tax
        self.assertEqual(self.counts(), {"cup": 3, "hat": 1})
        self.link("CUP", self.mug)
        blocker = self.sale("3").channel_blocker_ids
        self.assertEqual((blocker.code, blocker.listing_id.external_id), ("tax", "cup"))
        self.assertEqual(self.counts(), {"cup": 0, "hat": 1})
        self.assertNotIn("cup", self.env["order.channel.freeze"].search([]).listing_id.mapped("external_id"))

    def test_linking_and_unlinking(self):
        listing = self.link("CUP", self.mug)
        self.assertEqual(self.counts(), {"cup": 0, "hat": 1})
        listing._unlink_product()
        self.assertEqual(self.counts(), {"cup": 2, "hat": 1})

    def test_a_cancelled_order_waits_for_nothing(self):
        self.sale("1").action_cancel()
        self.assertEqual(self.counts(), {"cup": 1, "hat": 0})
        self.sale("1").action_draft()
        self.assertEqual(self.counts(), {"cup": 2, "hat": 1})

    def test_the_same_number_writes_nothing(self):
        listings = self.env["order.channel.listing"].search([("channel_id", "=", self.channel.id)])
        listings.flush_recordset()
        listings._count_waiting_orders()
        self.assertEqual(self.env.cr.rowcount, 0)

    def test_what_holds_up_the_most_comes_first(self):
        with queries_from(TABLE):
            result = unconfirmed_lists(self.env, self.channel.id, "")["opened"]()
        ours = [row["waiting_order_count"] for row in result["records"] if row["channel_id"] == self.channel.id]
        self.assertEqual(ours, [2, 1])


class TestListPlans(ChannelCase):
    """The lists of items are answered by an index each, however many there are."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channels = [cls.make_channel(state="live") for __ in range(3)]
        for channel in cls.channels:
            copy_listings(cls.env, channel, 1000)
        cls.env.cr.execute(f"ANALYZE {TABLE}")
        cls.env.cr.execute("SET LOCAL enable_seqscan = off")  # so few rows would be read one after the other

    def test_each_list_goes_by_its_index(self):
        clerk = self.new_user("clerk", "order_channel_mapping.group_channel_user")
        lists = unconfirmed_lists(self.env(user=clerk), self.channels[1].id, "P1-1")
        for name, index in INDEXES.items():
            with self.subTest(name=name):
                with queries_from(TABLE) as sent:
                    lists[name]()
                way = plan(self.env.cr, sent[0])
                self.assertNotIn(f"Seq Scan on {TABLE}", way)
                if index:
                    self.assertIn(f"{TABLE}_{index} ", way)

    def test_looking_again_at_all_of_a_channel_goes_by_an_index(self):
        """A step reads what it looks at, and nothing that an earlier step or another channel has."""
        channel = self.channels[1]
        channel.items_relink_below = order_channel_relink.ALL
        with patch.object(order_channel_relink, "LINK_BATCH", 100), queries_from(TABLE) as sent:
            channel._relink_below()
        way = plan(self.env.cr, sent[0])
        self.assertIn(f"{TABLE}_unconfirmed_idx ", way)
        self.assertNotIn("Sort", way)
