"""Settings that a connector reads, and what a store's own order statuses mean."""

from odoo import fields

from odoo.addons.order_channel_mapping.connectors import records

from tests.fakes import FakeConnector, line
from tests.integration.test_orders import OrderCase


class OptionConnector(FakeConnector):
    option_names = frozenset({"statuses", "ship_note", "include_drafts"})


class TestOptions(OrderCase):
    def setUp(self):
        super().setUp()
        self.patch(
            self.env.registry["order.channel"],
            "_connector_attribute",
            lambda channel, name, default=None: getattr(OptionConnector, name, default),
        )

    def store(self, *statuses):
        self.channel._store_statuses(statuses)
        return {status.code: status for status in self.channel.status_map_ids}

    def test_a_connector_is_given_the_options_that_it_names_and_no_others(self):
        self.store(records.Status("processing", "Processing", records.StatusMeaning.OPEN))
        self.channel.ship_note = False
        self.assertEqual(
            self.channel._connector_options(),
            {"statuses": {"processing": "open"}, "ship_note": False, "include_drafts": False},
        )

    def test_connecting_again_keeps_what_a_person_decided(self):
        known = self.store(records.Status("picked", "Picked"))
        known["picked"].meaning = "open"
        again = self.store(records.Status("picked", "Picked up"), records.Status("new", "New"))
        self.assertEqual((again["picked"].meaning, again["picked"].name), ("open", "Picked up"))
        self.assertEqual(again["new"].meaning, "hold")

    def test_a_new_meaning_has_all_orders_looked_at_again(self):
        known = self.store(records.Status("picked", "Picked"))
        self.channel.write(
            {"orders_watermark": fields.Datetime.now(), "orders_cursor": "page-7", "orders_phase": "all"}
        )
        fetch = self.channel.orders_fetch
        known["picked"].meaning = "hold"
        self.assertTrue(self.channel.orders_watermark, "the same meaning again changes nothing")
        known["picked"].meaning = "open"
        self.assertFalse(self.channel.orders_watermark)
        self.assertFalse(self.channel.orders_cursor)
        self.assertGreater(self.channel.orders_fetch, fetch, "a fetch under way is not allowed to save where it stands")
        queued = self.env["order.channel.run"].search(
            [("channel_id", "=", self.channel.id), ("kind", "=", "orders"), ("state", "=", "queued")]
        )
        self.assertEqual(len(queued), 1)

    def test_drafts_make_the_next_fetch_of_items_a_full_one(self):
        self.channel.write({"items_full_at": fields.Datetime.now(), "items_watermark": fields.Datetime.now()})
        self.channel.include_drafts = False
        self.assertTrue(self.channel.items_full_at)
        self.channel.include_drafts = True
        self.assertFalse(self.channel.items_full_at)

    def test_an_order_whose_status_is_left_out_is_counted_and_named(self):
        run = self.take(
            self.order("basket", [line("1", "a")], skip=True, hold="Status 'draft'"),
            self.order("sold", [line("2", "a")]),
        )
        self.assertEqual((run.fetched, run.created, run.skipped), (2, 1, 1))
        self.assertEqual(run.skips, {"status": 1})
        self.assertFalse(self.channel_order("basket"))

    def test_a_known_order_that_falls_into_such_a_status_does_not_move(self):
        self.take(self.order("1", [line("1", "a")]))
        self.take(self.order("1", [line("1", "a")], skip=True, hold="Status 'draft' at the store"))
        self.assertIn("hold", self.sale("1").channel_blocker_ids.mapped("code"))
