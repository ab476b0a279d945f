"""What fetches of items show of quantities: noted with its time, compared with what was pushed, set again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from odoo import fields

from odoo.addons.order_channel_mapping.connectors.records import PushResult, PushStatus
from odoo.addons.order_channel_mapping.models import order_channel_stock_seen
from odoo.addons.order_channel_mapping.models.order_channel_stock_seen import ASKED_AT
from odoo.addons.order_channel_mapping.tools.clock import exact_now

from tests.fakes import connected, item, line

from .orders_common import OrderCase
from .stock_common import OutboxCase


class TestSeen(OutboxCase):
    def setUp(self):
        super().setUp()
        self.product = self.make_product(on_hand=10)
        self.listing = self.make_listing(self.product)
        self.push()
        self.assertEqual(self.connector.held, {self.listing.external_id: 10})

    def fetch(self, *figures, asked_at=None, channel=None):
        """A fetch of items shows these: pairs of listing and quantity.

        :return: the counts
        """
        items = [
            item(
                listing.external_id,
                listing.sku,
                name=listing.name,
                stock_ref=listing.stock_ref or None,
                quantity=None if quantity is None else Decimal(quantity),
            )
            for listing, quantity in figures
        ]
        channel = channel or self.channel
        counts, bad = channel.with_context(**{ASKED_AT: asked_at})._take_items(items)
        self.assertFalse(bad)
        self.env.invalidate_all()
        return counts

    def fetch_orders(self):
        """The orders are fetched, and nothing is new."""
        self.channel.orders_checked_at = exact_now()

    def change(self, quantity, listing=None):
        """Somebody sets it at the channel; items and orders are fetched."""
        listing = listing or self.listing
        self.connector.held[listing.external_id] = quantity
        self.fetch((listing, quantity))
        self.fetch_orders()

    def heal(self, quantity):
        """... and a pass of stock follows."""
        self.change(quantity)
        self.push()
        return self.connector.held[self.listing.external_id]

    def failures(self):
        return self.env["order.channel.failure"].search([("channel_id", "=", self.channel.id), ("state", "=", "open")])

    # === SEEN === #

    def test_a_channel_that_says_no_figure_any_more_drifts_from_nothing(self):
        """Such as an item whose stock it does not track any more."""
        self.fetch((self.listing, 10))
        marks = self.env["order.channel.stock.change"].search([("listing_id", "=", self.listing.id)])
        self.fetch((self.listing, None))
        self.assertFalse(self.listing.remote_seen_at)
        self.assertEqual(marks.search([("listing_id", "=", self.listing.id)]), marks, "nothing to work out")

    def test_what_was_seen_is_noted_with_its_time(self):
        before = exact_now()
        self.fetch((self.listing, 7))
        self.assertEqual(self.listing.remote_quantity, 7)
        self.assertTrue(before <= self.listing.remote_seen_at <= exact_now())
        fresh = self.fetch_new("new", 3)
        self.assertEqual((fresh.remote_quantity, bool(fresh.remote_seen_at)), (3, True))
        self.fetch((self.listing, None))
        self.assertEqual((self.listing.remote_quantity, self.listing.remote_seen_at), (0, False), "not known any more")

    def fetch_new(self, ref, quantity):
        self.channel._take_items([item(ref, quantity=Decimal(quantity))])
        return self.env["order.channel.listing"].search([("external_id", "=", ref)])

    def test_an_unchanged_item_with_another_quantity_is_noticed_in_one_update_a_page(self):
        others = self.env["order.channel.listing"].union(*(self.make_listing(self.product) for __ in range(20)))
        self.Change._mark_listings(others)
        self.push()
        figures = [(listing, 10) for listing in others]
        self.fetch(*figures)
        noted = others.mapped("remote_seen_at")
        self.assertEqual(self.fetch(*figures)["unchanged"], 20)
        self.assertEqual(others.mapped("remote_seen_at"), noted, "nothing is written")
        self.assertFalse(self.marks()[1])
        with patch.object(type(self.channel), "_write_seen", autospec=True) as write:
            self.fetch(*((listing, 11) for listing in others))
        write.assert_called_once()
        figures = [(listing, number) for number, listing in enumerate(others)]
        self.assertEqual(self.fetch(*figures)["unchanged"], 20, "it is no other item")
        self.assertEqual(others.mapped("remote_quantity"), list(range(20)))
        self.assertEqual(self.marks()[1], set((others - others[10]).ids))

    def test_that_a_quantity_is_the_same_is_noted_once_a_day(self):
        self.fetch((self.listing, 10))
        then = exact_now() - timedelta(hours=23)
        self.listing.write({"pushed_at": then - timedelta(hours=2), "remote_seen_at": then})
        self.fetch((self.listing, 10))
        self.assertEqual(self.listing.remote_seen_at, then)
        self.listing.remote_seen_at = then - timedelta(hours=1, minutes=1)
        self.fetch((self.listing, 10))
        self.assertGreater(self.listing.remote_seen_at, then)

    def test_odd_quantities_are_noted_as_far_as_they_go(self):
        for quantity, noted in (("1e999999999", 2**31 - 1), ("-1e40", 1 - 2**31), ("2.9", 2), ("Infinity", 2**31 - 1)):
            with self.subTest(quantity):
                self.fetch((self.listing, quantity))
                self.assertEqual(self.listing.remote_quantity, noted)
        self.fetch((self.listing, "NaN"))
        self.assertFalse(self.listing.remote_seen_at)

    # === SET AGAIN === #

    def test_a_quantity_changed_at_the_channel_is_set_again(self):
        for quantity in (25, 3, 0):
            with self.subTest(quantity):
                self.assertEqual(self.heal(quantity), 10)
        push = self.listing.push_ids[0]
        self.assertRecordValues(push, [{"drift": True, "found_quantity": 0, "quantity": 10, "previous_quantity": 10}])
        self.assertFalse(self.listing.push_ids[-1].drift)

    def test_what_is_as_it_should_be_is_left_alone(self):
        self.heal(10)
        self.assertEqual(len(self.connector.batches), 1)
        self.assertFalse(self.marks()[1])

    def test_a_store_that_takes_stock_when_an_order_is_paid(self):
        """Two held by a pending order: 8 are pushed. The buyer pays: the store takes two off those."""
        sale = self.make_sale((self.product, 2), channel=self.channel)
        self.push()
        self.assertEqual(self.connector.held[self.listing.external_id], 8)
        self.assertEqual(self.heal(6), 8)
        sale._action_cancel()
        self.push()
        self.assertEqual(self.connector.held[self.listing.external_id], 10)
        self.assertEqual(self.heal(12), 10, "the store put two back")

    def test_sold_beyond_what_there_is_is_nothing_to_set(self):
        self.put(self.product, -10)
        self.push()
        self.assertEqual(self.heal(-2), -2)

    def test_a_sale_that_we_do_not_know_of_yet_is_not_put_back(self):
        self.fetch_orders()
        self.connector.held[self.listing.external_id] = 8
        self.fetch((self.listing, 8))
        self.push()
        self.assertEqual(self.connector.held[self.listing.external_id], 8, "orders come first")
        self.assertTrue(
            self.env["ir.cron.trigger"].search_count([("cron_id", "=", self.channel.sync_cron_id.id)])
            or not self.channel.sync_cron_id
        )
        self.assertEqual(self.marks()[1], {self.listing.id}, "it is not forgotten")
        self.make_sale((self.product, 2), channel=self.channel)
        self.fetch_orders()
        self.env.cr.execute("UPDATE order_channel_stock_change SET due_at = NULL")
        self.push()
        self.assertEqual(self.connector.held[self.listing.external_id], 8)
        self.assertFalse(self.listing.push_ids[0].drift, "nobody changed anything")

    def test_a_figure_older_than_the_last_push_says_nothing(self):
        asked_at = exact_now()  # the channel answers with 10, slowly
        self.put(self.product, -3)
        self.push()
        self.assertEqual(self.connector.held[self.listing.external_id], 7)
        self.fetch((self.listing, 10), asked_at=asked_at)
        self.assertFalse(self.marks()[1])
        self.fetch_orders()
        self.Change._mark_listings(self.listing)
        self.push()
        self.assertEqual(len(self.connector.batches), 2)

    def test_a_figure_seen_before_the_answer_to_a_push_is_forgotten_with_it(self):
        """The page is taken in while the push is under way: it may show what is there no longer."""
        self.put(self.product, -3)
        self.connector.before_call = lambda: self.fetch((self.listing, 10))
        self.push()
        self.connector.before_call = lambda: None
        self.assertEqual(self.marks()[1], set())
        self.fetch_orders()
        self.Change._mark_listings(self.listing)
        self.push()
        self.assertEqual(len(self.connector.batches), 2)
        self.assertFalse(self.listing.push_ids.filtered("drift"))

    def test_sales_that_the_channel_shipped_itself_are_not_put_back(self):
        """At the till: no sales order, and our stock has not moved."""
        owner = {"channel_id": self.channel.id, "company_id": self.company.id}
        till = {"number": "TILL", "status": "completed", "placed_at": fields.Datetime.now()}
        order = self.env["order.channel.order"].create({**owner, **till, "external_id": "till"})
        line = {"external_id": "1", "kind": "product", "listing_id": self.listing.id, "quantity": 2}
        self.env["order.channel.order.line"].create({**owner, **line, "order_id": order.id})
        self.assertEqual(self.heal(8), 8)
        self.assertEqual(self.heal(5), 10, "three more that no sale explains")

    def test_while_orders_could_not_be_read_nothing_is_added(self):
        failure = self.env["order.channel.failure"].create(
            {
                "channel_id": self.channel.id,
                "company_id": self.company.id,
                "kind": "order",
                "external_ref": "O-9",
                "reason_code": "bad_payload",
            }
        )
        self.assertEqual(self.heal(8), 8, "perhaps it is of these two")
        self.assertEqual(self.heal(20), 10, "never more than there is")
        failure.action_dismiss()
        self.assertEqual(self.heal(8), 10)

    def test_what_is_not_ours_to_set_is_left_alone(self):
        self.fetch((self.listing, 10))
        other_channel = self.make_channel("Other")
        never = self.make_listing(self.product, channel=other_channel)
        self.env.cr.execute("DELETE FROM order_channel_stock_change")
        self.fetch((never, 3), channel=other_channel)
        self.assertFalse(self.marks()[1], "never pushed by us")
        for what, values, on in (
            ("switched off for the listing", {"push_enabled": False}, self.listing),
            ("ignored", {"state": "ignored"}, self.listing),
            ("not live", {"state": "connected"}, self.channel),
            ("switched off for the channel", {"push_stock": False}, self.channel),
            ("paused", {"paused": True}, self.channel),
        ):
            with self.subTest(what):
                before = {name: on[name] for name in values}
                on.write(values)
                self.settle()
                self.env.cr.execute("DELETE FROM order_channel_stock_change")
                self.fetch((self.listing, 25))
                self.assertEqual(self.listing.remote_quantity, 25, "seen all the same")
                self.assertFalse(self.marks()[1])
                on.write(before)
                self.settle()
                self.fetch((self.listing, 10))

    def test_two_listings_of_one_stock(self):
        twin = self.make_listing(self.product, stock_ref=self.listing.stock_ref)
        self.push()
        calls = len(self.connector.batches)
        self.fetch((self.listing, 4), (twin, 4))
        self.fetch_orders()
        self.push()
        self.assertEqual(len(self.connector.batches), calls + 1)
        self.assertEqual([level.quantity for level in self.connector.batches[-1]], [10])

    def test_compared_with_what_was_seen(self):
        self.channel.stock_compare = True
        self.change(25)
        self.push()
        [level] = self.connector.batches[-1]
        self.assertEqual((level.quantity, level.expected), (10, 25))

    # === SOMEBODY ELSE MEANS IT === #

    def test_another_app_that_sets_its_figure_each_time_is_left_alone_and_named(self):
        for __ in range(order_channel_stock_seen.MOST_HEALS):
            self.assertEqual(self.heal(25), 10)
            self.assertFalse(self.failures())
        for __ in range(3):
            self.assertEqual(self.heal(25), 25)
            self.fetch((self.listing, 24))
        [failure] = self.failures()
        self.assertEqual((failure.kind, failure.listing_id, failure.attempts), ("stock", self.listing, 1))
        self.assertIn(f"Another app changes the stock of {self.listing.display_name}", failure.text)
        self.assertGreater(failure.next_try_at, fields.Datetime.now() + timedelta(hours=23))
        self.put(self.product, -1)
        self.push()
        self.assertEqual(self.connector.held[self.listing.external_id], 9, "what changes here goes out")
        self.assertEqual(self.failures(), failure, "which proves nothing")
        self.change(25)
        failure.next_try_at = fields.Datetime.now()
        self.push()
        self.assertEqual(self.connector.held[self.listing.external_id], 9, "tried again")
        self.assertFalse(self.failures())

    def test_an_app_whose_own_figure_moves(self):
        for figure in (25, 24, 23):
            self.assertEqual(self.heal(figure), 10)
        self.assertEqual(self.heal(22), 22)
        self.assertEqual(self.failures().mapped("reason_code"), ["stock_fought"])

    def test_sales_are_no_fight(self):
        """Each order is held as pending, then paid, and the store takes it off: another figure to another each time."""
        for number in range(1, 6):
            self.make_sale((self.product, 1), channel=self.channel)
            self.push()
            self.assertEqual(self.heal(9 - number), 10 - number)
        self.assertFalse(self.failures())

    def test_after_a_day_it_is_no_fight_any_more(self):
        for __ in range(order_channel_stock_seen.MOST_HEALS):
            self.heal(25)
        self.env.cr.execute("UPDATE order_channel_stock_push SET create_date = create_date - interval '25 hours'")
        self.assertEqual(self.heal(25), 10)

    def test_a_refused_push_is_no_heal(self):
        self.connector.answers[self.listing.external_id] = PushResult(
            self.listing.external_id, PushStatus.FAILED, code="rejected", retryable=True
        )
        self.change(25)
        self.push()
        self.assertEqual(self.failures().reason_code, "rejected")
        self.assertEqual(self.listing.pushed_quantity, 10)

    def test_many_cost_a_fixed_number_of_queries(self):
        def measured(number):
            listings = self.env["order.channel.listing"].union(
                *(self.make_listing(self.make_product(on_hand=10)) for __ in range(number))
            )
            self.push()
            self.fetch(*((listing, 25) for listing in listings))
            self.fetch_orders()
            offers = self.channel._offers(listings)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.channel._drifted_offers(list(offers.values()), self.env["order.channel.run"])
            return self.env.cr.sql_log_count - before

        self.assertEqual(measured(2), measured(30))


class TestTheWholeWay(OrderCase):
    """Passes as the crons make them: what the channel shows, what it sells meanwhile, what it is told."""

    def setUp(self):
        super().setUp()
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", self.env.company.id)], limit=1)
        self.env["order.channel.location"].create(
            {"channel_id": self.channel.id, "external_id": "loc-1", "name": "Main"}
        )
        self.channel.write({"warehouse_id": warehouse.id, "state": "live", "push_stock": True})
        self.env["stock.quant"]._update_available_quantity(self.mug, warehouse.lot_stock_id, 10)
        self.shows(0)
        with connected(self.env, self.connector):
            self.channel._sync_items()
            self.channel._sync_orders()
            self.stock_pass()

    def shows(self, quantity):
        self.connector.items = [item("var-1", "MUG-1", quantity=Decimal(quantity))]

    def stock_pass(self):
        self.env.cr.flush()
        self.env["order.channel.stock.change"]._cron_dispatch()
        self.channel._push_stock()

    def told(self):
        return [level.quantity for levels in self.connector.pushed for level in levels]

    def test_a_person_at_the_shop_sets_it(self):
        self.assertEqual(self.told(), [10])
        self.shows(25)
        self.channel._fetch_all_items()
        with connected(self.env, self.connector):
            self.assertEqual(self.channel._sync_items().unchanged, 1)
            self.stock_pass()
            self.assertEqual(self.told(), [10], "orders first")
            self.channel._sync_orders()
            self.env.cr.execute("UPDATE order_channel_stock_change SET due_at = NULL")
            self.stock_pass()
        self.assertEqual(self.told(), [10, 10])

    def test_a_sale_between_the_orders_and_the_items(self):
        with connected(self.env, self.connector):
            self.channel._sync_orders()
            self.shows(8)
            self.channel._fetch_all_items()
            self.channel._sync_items()
            self.stock_pass()
            self.assertEqual(self.told(), [10])
            self.connector.orders = [self.order("1", [line("a", "var-1", 2, sku="MUG-1")])]
            self.channel._sync_orders()
            self.env.cr.execute("UPDATE order_channel_stock_change SET due_at = NULL")
            self.stock_pass()
        self.assertNotIn(10, self.told()[1:])
