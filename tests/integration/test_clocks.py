"""Foreign clocks that are wrong hide nothing, and nobody makes a channel wait for ever (rules 10 and 15)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from odoo import fields
from odoo.tests import freeze_time

from odoo.addons.order_channel_mapping.connectors.base import RateLimited
from odoo.addons.order_channel_mapping.connectors.records import Page

from tests.fakes import FakeConnector, connected, item, line

from .orders_common import OrderCase

NOON = datetime(2026, 11, 10, 12, 0, tzinfo=timezone.utc)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def naive(moment):
    return moment.replace(tzinfo=None)


class SlowConnector(FakeConnector):
    """A marketplace whose last page carries its own clock, as a ``Date`` does; ``says`` is what that shows, ``between`` is
    called before each page."""

    says = None

    def __init__(self):
        super().__init__()
        self.between = lambda: None

    def _pages(self, what, found, cursor):
        for page in super()._pages(what, found, cursor):
            self.between()
            yield (
                page
                if page.cursor
                else replace(page, watermark=self.says or fields.Datetime.now().replace(tzinfo=timezone.utc))
            )


class ClockCase(OrderCase):
    def setUp(self):
        super().setUp()
        self.connector = SlowConnector()
        self.time = self.during_test(freeze_time(NOON))

    def at(self, moment):
        self.time.move_to(moment)

    def sell(self, external_id, at, **values):
        self.connector.orders.append(
            self.order(external_id, [line(f"{external_id}-1", "7", sku="MUG-1")], placed_at=at, updated_at=at, **values)
        )

    def fetch(self, kind="orders"):
        with connected(self.env, self.connector):
            return self.channel._sync_orders() if kind == "orders" else self.channel._sync_items()

    def asked_since(self):
        """Since when the latest fetch asked."""
        return next(call[1] for call in reversed(self.connector.fetches) if call[0] == "orders")

    def known(self):
        orders = self.env["order.channel.order"].search([("channel_id", "=", self.channel.id)])
        return set(orders.mapped("external_id"))


class TestWatermarks(ClockCase):
    def test_one_answer_of_tomorrow_hides_no_order(self):
        self.sell("1", NOON - HOUR)
        self.connector.says = NOON + DAY
        self.fetch()
        self.assertEqual(self.channel.orders_watermark, naive(NOON + MINUTE))
        self.connector.says = None
        self.sell("2", NOON + MINUTE)
        self.at(NOON + 5 * MINUTE)
        self.fetch()
        self.assertEqual(self.known(), {"1", "2"})

    def test_an_order_that_comes_while_a_page_is_on_its_way_is_not_hidden(self):
        """The watermark is no later than the question, though the answer took its time."""
        self.connector.says = NOON + DAY
        self.connector.between = lambda: self.at(NOON + 10 * MINUTE)
        self.fetch()
        self.connector.says, self.connector.between = None, lambda: None
        self.sell("1", NOON + MINUTE)
        self.fetch()
        self.assertEqual(self.known(), {"1"})

    def test_nor_one_that_comes_between_the_passes_of_a_long_fetch(self):
        self.connector.page_size = 1
        self.sell("1", NOON - 2 * HOUR)
        self.sell("2", NOON - HOUR)
        with connected(self.env, self.connector):
            self.channel._sync_orders(deadline=0.1)
        self.assertTrue(self.channel.orders_cursor)
        self.at(NOON + HOUR)
        self.connector.says = NOON + DAY
        self.fetch()
        self.assertFalse(self.channel.orders_cursor)
        self.connector.says = None
        self.sell("3", NOON + MINUTE)
        self.fetch()
        self.assertEqual(self.known(), {"1", "2", "3"})

    def test_a_record_of_the_next_century_hides_nothing_either(self):
        self.connector.page_size = 1
        self.connector.says = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-14 * HOUR))
        self.sell("1", NOON - HOUR)
        self.sell("odd", datetime(2126, 1, 1, tzinfo=timezone.utc))
        self.fetch()
        self.sell("2", NOON + MINUTE)
        self.at(NOON + 5 * MINUTE)
        self.fetch()
        self.assertEqual(self.known(), {"1", "2", "odd"})

    def test_the_same_for_items(self):
        self.connector.items = [item("1", updated_at=NOON - HOUR)]
        self.connector.says = NOON + DAY
        self.fetch("items")
        self.fetch("items")  # of what changed since
        self.connector.items.append(item("2", updated_at=NOON + MINUTE))
        self.at(NOON + 5 * MINUTE)
        self.fetch("items")
        self.assertEqual(set(self.channel.listing_ids.mapped("external_id")), {"1", "2"})

    def test_a_right_clock_moves_the_watermark_and_never_back(self):
        self.sell("1", NOON - HOUR)
        self.fetch()
        self.assertEqual(self.channel.orders_watermark, naive(NOON))
        self.connector.says = NOON - DAY
        self.at(NOON + HOUR)
        self.fetch()
        self.assertEqual(self.channel.orders_watermark, naive(NOON))

    def test_pages_of_history_move_it_too(self):
        self.connector.page_size = 1
        self.sell("1", NOON - 2 * HOUR)
        self.sell("2", NOON - HOUR)
        with connected(self.env, self.connector):
            self.channel._sync_orders(deadline=0.1)
        self.assertEqual(self.channel.orders_watermark, naive(NOON - 2 * HOUR))


class TestEarlierVersions(ClockCase):
    """What a wrong clock did to a channel before, or our own."""

    def poison(self, **values):
        self.channel.write({"orders_watermark": naive(NOON + DAY), "orders_checked_at": naive(NOON), **values})

    def test_orders_go_on_at_the_latest_that_was_fetched(self):
        self.sell("1", NOON - 3 * HOUR)
        self.fetch()
        self.poison()
        self.sell("2", NOON - 2 * HOUR)
        self.fetch()
        self.assertEqual(self.known(), {"1", "2"})
        self.assertEqual(self.asked_since(), NOON - 3 * HOUR - 2 * MINUTE)
        self.assertEqual(self.channel.orders_watermark, naive(NOON))

    def test_an_order_that_was_asked_for_alone_says_nothing_of_others(self):
        self.sell("1", NOON - 3 * HOUR)
        self.fetch()
        self.sell("2", NOON - HOUR)
        self.fetch()
        run = self.channel._open_run("orders")
        self.channel._record_failures("order", run, [("2", "refused", {}, None)])
        self.channel._solve_failures("order", ["2"])
        self.poison()
        self.sell("3", NOON - 2 * HOUR)
        self.fetch()
        self.assertEqual(self.known(), {"1", "2", "3"})

    def test_without_any_order_it_is_the_channels_start(self):
        self.poison(order_start=naive(NOON - 10 * DAY))
        self.sell("1", NOON - 9 * DAY)
        self.fetch()
        self.assertEqual(self.known(), {"1"})

    def test_items_are_fetched_in_full(self):
        self.fetch("items")
        self.channel.items_watermark = naive(NOON + DAY)
        self.connector.items = [item("1", updated_at=NOON - 9 * DAY)]
        run = self.fetch("items")
        self.assertTrue(run.full)
        self.assertEqual(self.channel.listing_ids.mapped("external_id"), ["1"])

    def test_a_fetch_that_was_under_way_goes_on_and_is_asked_again(self):
        """Nobody knows when it began, so that its last page proves nothing."""
        self.connector.page_size = 1
        self.sell("1", NOON - 2 * HOUR)
        self.sell("2", NOON - HOUR)
        with connected(self.env, self.connector):
            self.channel._sync_orders(deadline=0.1)
        self.channel.orders_began_at = False
        self.connector.says = NOON + DAY
        self.fetch()
        self.assertEqual(self.known(), {"1", "2"})
        self.fetch()
        self.assertEqual(self.asked_since(), NOON - 2 * HOUR - 2 * MINUTE)

    def test_our_own_clock_was_a_day_ahead(self):
        """What it wrote is no reason to rest, nor to take orders for fresh (rule 6)."""
        ahead = naive(NOON + DAY)
        self.channel.write(
            {
                "orders_checked_at": ahead,
                "items_checked_at": ahead,
                "items_full_at": ahead,
                "stock_full_at": ahead,
                "next_try_at": ahead,
                "health": "waiting",
                "health_code": "rate_limited",
            }
        )
        self.assertTrue(self.channel._is_due("orders"))
        self.assertTrue(self.channel._is_due("items"))
        self.assertTrue(self.channel._has_stock_to_push())
        self.assertFalse(self.channel._orders_are_fresh())
        self.assertTrue(self.channel._may_run())
        self.assertTrue(self.fetch("items").full)


class TestWaits(ClockCase):
    def wait_after(self, retry_at):
        self.connector.errors = [RateLimited("Slow down.", retry_at)]
        self.fetch()
        self.assertEqual((self.channel.health, self.channel.health_code), ("waiting", "rate_limited"))
        return self.channel.next_try_at - naive(NOON)

    def test_an_hour_is_the_longest(self):
        for retry_at in (
            NOON + DAY,
            datetime.max.replace(tzinfo=timezone.utc),
            datetime.max.replace(tzinfo=timezone(-14 * HOUR)),
        ):
            with self.subTest(retry_at):
                self.assertEqual(self.wait_after(retry_at), HOUR)

    def test_what_was_asked_for_is_kept_to(self):
        self.assertEqual(self.wait_after(NOON + 7 * MINUTE), 7 * MINUTE)
        self.assertEqual(self.wait_after((NOON + 7 * MINUTE).astimezone(timezone(2 * HOUR))), 7 * MINUTE)

    def test_no_time_is_a_minute(self):
        for retry_at in (None, float("inf"), "soon", True):
            self.assertEqual(self.wait_after(retry_at), MINUTE)

    def test_a_time_that_is_over_makes_no_loop(self):
        for retry_at in (NOON - HOUR, datetime.min.replace(tzinfo=timezone(14 * HOUR))):
            self.assertGreater(self.wait_after(retry_at), timedelta(0))
            self.assertFalse(self.channel._may_run())

    def test_a_wait_ends(self):
        self.wait_after(NOON + 7 * MINUTE)
        self.assertFalse(self.channel._may_run())
        self.at(NOON + 7 * MINUTE)
        self.assertTrue(self.channel._may_run())


class TestTheirClock(ClockCase):
    """How far the channel's clock is off is noted, in whichever direction."""

    def off(self, **page):
        """What is noted after a fetch of one page with this clock or watermark."""
        self.channel.write({"clock_off": 0, "clock_seen_at": False})
        self.connector._pages = lambda what, found, cursor: iter([Page((), **page)])
        self.fetch()
        self.assertEqual(bool(self.channel.clock_seen_at), bool(self.channel.clock_off))
        self.assertEqual(self.channel.health, "ok")
        return timedelta(seconds=self.channel.clock_off)

    def test_ahead_behind_and_about_right(self):
        for off in (DAY, HOUR, -HOUR, -DAY):
            self.assertEqual(self.off(clock=NOON + off, watermark=NOON), off)
        for off in (5 * MINUTE, timedelta(0), -5 * MINUTE):
            self.assertEqual(self.off(clock=NOON + off), timedelta(0))

    def test_one_that_does_not_say_what_time_it_is(self):
        """What has happened there already tells that it is ahead; that nothing happened of late tells nothing."""
        self.assertEqual(self.off(watermark=NOON + DAY), DAY)
        self.assertEqual(self.off(watermark=NOON - DAY), timedelta(0))
        self.assertEqual(self.off(), timedelta(0))

    def test_the_end_of_time(self):
        self.assertGreater(self.off(clock=datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-14 * HOUR))), 9_999 * DAY)
        self.assertLess(self.off(clock=datetime(1, 1, 1, tzinfo=timezone(14 * HOUR))), -9_999 * DAY)

    def test_an_answer_that_took_long_is_no_wrong_clock(self):
        def slow(*_args):
            self.at(NOON + 20 * MINUTE)
            yield Page((), clock=NOON + MINUTE)

        self.connector._pages = slow
        self.fetch()
        self.assertFalse(self.channel.clock_seen_at)
