"""From marked listings to what the marketplace holds."""

from __future__ import annotations

import time
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError

from odoo.addons.order_channel_mapping.connectors.base import RateLimited, Unavailable
from odoo.addons.order_channel_mapping.connectors.records import Account, Location, PushResult, PushStatus
from odoo.addons.order_channel_mapping.models import order_channel_stock

from .stock_common import StockCase


class TestPush(StockCase):
    def test_a_receipt_reaches_the_marketplace_with_its_sum(self):
        product = self.make_product(on_hand=10)
        listing = self.make_listing((product, 3.0))
        self.make_sale((product, 2), confirm=True)
        self.make_sale((product, 1), channel=self.channel)
        self.push()
        self.assertEqual(self.connector.held, {listing.external_id: 2})
        [[level]] = self.connector.batches
        self.assertEqual((level.stock_ref, level.location, level.expected), (listing.stock_ref, "L1", None))
        self.assertEqual(listing.pushed_quantity, 2)
        self.assertTrue(listing.pushed_at)
        push = listing.push_ids
        self.assertRecordValues(
            push, [{"state": "ok", "quantity": 2, "on_hand": 10, "outgoing": 2, "held": 1, "run_id": push.run_id.id}]
        )
        self.assertEqual(
            push.components,
            [{"product_id": product.id, "per_listing": 3.0, "on_hand": 10, "outgoing": 2, "held": 1, "possible": 2}],
        )
        self.assertRecordValues(
            push.run_id, [{"kind": "stock", "state": "done", "fetched": 1, "updated": 1, "calls": 1}]
        )

    def test_an_unchanged_quantity_is_not_sent_again(self):
        product = self.make_product(on_hand=10)
        listing = self.make_listing(product)
        self.push()
        self.put(product, 1)
        self.put(product, -1)
        self.push()
        self.assertEqual(len(self.connector.batches), 1)
        self.assertEqual(len(listing.push_ids), 1)

    def test_nothing_is_pushed_before_orders_are_fetched(self):
        self.make_listing(self.make_product(on_hand=10))
        self.channel.orders_checked_at = fields.Datetime.now() - timedelta(seconds=self.channel.order_freshness + 1)
        self.push()
        self.assertFalse(self.connector.batches)
        self.assertTrue(self.channel._needs_fresh_orders())
        self.channel.orders_checked_at = fields.Datetime.now()
        self.push()
        self.assertEqual(len(self.connector.batches), 1)

    def test_a_channel_that_may_not_push_does_not(self):
        self.make_listing(self.make_product(on_hand=10))
        for values in ({"push_stock": False}, {"state": "connected"}, {"state": "closing"}, {"paused": True}):
            with self.subTest(values):
                before = {name: self.channel[name] for name in values}
                self.channel.write(values)
                self.push()
                self.assertFalse(self.connector.batches)
                self.channel.write(before)
        self.push()
        self.assertEqual(len(self.connector.batches), 1)

    def test_switching_on_again_pushes_everything(self):
        listing = self.make_listing(self.make_product(on_hand=10))
        self.push()
        for values in ({"push_stock": False}, {"state": "connected"}, {"paused": True}):
            with self.subTest(values):
                before = {name: self.channel[name] for name in values}
                self.channel.write(values)
                self.connector.held[listing.external_id] = 99  # somebody helped himself there
                self.channel.write(before)
                self.push()
                self.assertEqual(self.connector.held, {listing.external_id: 10})

    def test_another_place_at_the_channel_gets_everything(self):
        self.make_listing(self.make_product(on_hand=10))
        self.push()
        outlet = self.env["order.channel.location"].create(
            {"channel_id": self.channel.id, "external_id": "L2", "name": "Outlet"}
        )
        self.channel.push_location_id = outlet
        self.push()
        [level] = self.connector.batches[-1]
        self.assertEqual((level.location, level.quantity), ("L2", 10))

    def test_a_new_buffer_reaches_the_marketplace(self):
        listing = self.make_listing(self.make_product(on_hand=10))
        unchanged = self.make_listing(self.make_product())
        self.Change._mark_listings(unchanged)
        self.push()
        self.channel.stock_buffer = 4
        self.push()
        self.assertEqual([level.external_id for level in self.connector.batches[-1]], [listing.external_id])
        self.assertEqual(self.connector.held, {listing.external_id: 6, unchanged.external_id: 0})

    def test_batches_keep_to_the_marketplaces_size_and_hold_no_transaction(self):
        product = self.make_product(on_hand=10)
        self.connector.stock_batch = 3
        for __ in range(7):
            self.make_listing(product)
        idle = []
        self.dispatch()
        with self.own_transactions() as channel:
            self.connector.before_call = lambda: idle.append(channel.env.cr._savepoint is None)
            channel._push_stock()
        self.assertEqual([len(batch) for batch in self.connector.batches], [3, 3, 1])
        self.assertEqual(idle, [True] * 3)

    def test_a_slow_marketplace_gives_the_worker_back_between_two_batches(self):
        product = self.make_product(on_hand=10)
        self.connector.stock_batch = 3
        for __ in range(7):
            self.make_listing(product)
        self.dispatch()
        with self.own_transactions() as channel, patch.object(order_channel_stock, "LATE_SECONDS", 0.0):
            self.connector.before_call = lambda: time.sleep(0.3)
            channel._push_stock(deadline=time.monotonic() + 0.2)
        self.assertEqual([len(batch) for batch in self.connector.batches], [3])
        self.connector.before_call = lambda: None
        self.push()
        self.assertEqual(set(self.connector.held.values()), {10})
        self.assertEqual(len(self.connector.held), 7)

    def test_queries_do_not_grow_with_listings(self):
        def push_counted(number):
            for product in [self.make_product(f"Thing {index}", on_hand=5) for index in range(number)]:
                self.make_listing((product, 2.0), product)
            self.dispatch()
            with self.own_transactions() as channel:
                before = channel.env.cr.sql_log_count
                channel._push_stock()
                return channel.env.cr.sql_log_count - before

        push_counted(1)  # caches
        few, many = push_counted(3), push_counted(30)
        self.assertEqual(sum(len(batch) for batch in self.connector.batches), 34)
        self.assertLessEqual(many - few, 2)

    def test_listings_that_share_a_stock_reference_are_one_quantity(self):
        many, few = self.make_product(on_hand=10), self.make_product(on_hand=4)
        first = self.make_listing(many, stock_ref="shared")
        second = self.make_listing(few, stock_ref="shared")
        self.push()
        [[level]] = self.connector.batches
        self.assertEqual((level.stock_ref, level.quantity), ("shared", 4))
        self.assertEqual((first + second).mapped("pushed_quantity"), [4, 4])
        self.put(many, 5)  # marks only the first
        self.push()
        self.assertEqual(len(self.connector.batches), 1)


class TestAnswers(StockCase):
    def test_words_of_an_answer_that_can_not_be_stored(self):
        product = self.make_product(on_hand=10)
        good, bad = self.make_listing(product), self.make_listing(product)
        self.connector.answers[good.external_id] = PushResult(good.external_id, ref="job\0-1\ud800")
        self.connector.answers[bad.external_id] = PushResult(
            bad.external_id, PushStatus.FAILED, code="not\0stocked", message="No such \ud800place" + "!" * 100_000
        )
        self.push()
        self.assertEqual(good.pushed_quantity, 10)
        failure = self.env["order.channel.failure"].search([("channel_id", "=", self.channel.id)])
        self.assertRecordValues(failure, [{"external_ref": bad.external_id, "reason_code": "notstocked"}])
        self.assertTrue(failure.reason_params["message"].startswith("No such place!"))
        self.assertEqual(self.channel.health, "ok")

    def test_a_refused_quantity_is_a_failure_and_the_rest_is_taken(self):
        product = self.make_product(on_hand=10)
        good, bad = self.make_listing(product), self.make_listing(product)
        self.connector.answers[bad.external_id] = PushResult(
            bad.external_id, PushStatus.FAILED, code="not_stocked", message="No such place"
        )
        self.push()
        self.assertEqual(good.pushed_quantity, 10)
        self.assertFalse(bad.pushed_at)
        failure = self.env["order.channel.failure"].search([("channel_id", "=", self.channel.id)])
        self.assertRecordValues(
            failure,
            [
                {
                    "kind": "stock",
                    "external_ref": bad.external_id,
                    "listing_id": bad.id,
                    "state": "open",
                    "reason_code": "not_stocked",
                    "next_try_at": False,
                }
            ],
        )
        self.assertRecordValues(failure.run_id, [{"state": "partial", "fetched": 2, "updated": 1, "failed": 1}])
        self.assertEqual(bad.push_ids.reason_params, {"message": "No such place"})
        self.connector.answers.clear()
        bad.action_push_stock()
        self.push()
        self.assertEqual(bad.pushed_quantity, 10)
        self.assertEqual(failure.state, "solved")

    def test_what_may_be_repeated_is_tried_again_when_due(self):
        listing = self.make_listing(self.make_product(on_hand=10))
        self.connector.answers[listing.external_id] = PushResult(listing.external_id, PushStatus.FAILED, retryable=True)
        self.push()
        self.connector.answers.clear()
        self.push()
        self.assertEqual(len(self.connector.batches), 1)  # not due yet
        failure = self.env["order.channel.failure"].search([("listing_id", "=", listing.id)])
        failure.next_try_at = fields.Datetime.now()
        self.push()
        self.assertEqual(self.connector.held, {listing.external_id: 10})
        self.assertEqual(failure.state, "solved")

    def test_a_stale_quantity_is_worked_out_after_the_next_orders(self):
        product = self.make_product(on_hand=10)
        listing = self.make_listing(product)
        self.channel.stock_compare = True
        self.push()
        sold = self.env["order.channel.order"].create(
            {
                "channel_id": self.channel.id,
                "company_id": self.company.id,
                "external_id": "O1",
                "number": "1",
                "status": "open",
                "placed_at": fields.Datetime.now() + timedelta(seconds=5),
            }
        )
        self.env["order.channel.order.line"].create(
            {
                "order_id": sold.id,
                "channel_id": self.channel.id,
                "company_id": self.company.id,
                "external_id": "O1-1",
                "kind": "product",
                "listing_id": listing.id,
                "quantity": 3,
            }
        )
        self.connector.answers[listing.external_id] = PushResult(listing.external_id, PushStatus.STALE)
        self.put(product, 5)
        self.push()
        [level] = self.connector.batches[-1]
        self.assertEqual((level.quantity, level.expected), (15, 7))  # 10 pushed, 3 sold there since
        self.assertEqual(listing.pushed_quantity, 10)
        self.connector.answers.clear()
        self.push()
        self.assertEqual(len(self.connector.batches), 2)  # orders first
        self.env.cr.execute("UPDATE order_channel_stock_change SET due_at = due_at - interval '5 minutes'")
        self.push()
        [level] = self.connector.batches[-1]
        self.assertEqual((level.quantity, level.expected), (15, None))

    def test_a_shared_quantity_that_is_refused_fails_for_each_listing(self):
        product = self.make_product(on_hand=10)
        listings = self.make_listing(product, stock_ref="shared") + self.make_listing(product, stock_ref="shared")
        for listing in listings:
            self.connector.answers[listing.external_id] = PushResult(listing.external_id, PushStatus.FAILED, code="no")
        self.push()
        failures = self.env["order.channel.failure"].search([("channel_id", "=", self.channel.id)])
        self.assertEqual(failures.listing_id, listings)
        self.connector.answers.clear()
        listings[1].action_push_stock()
        self.push()
        self.assertEqual(set(failures.mapped("state")), {"solved"})

    def test_a_missing_answer_is_a_failure(self):
        listing = self.make_listing(self.make_product(on_hand=10))
        with patch.object(type(self.connector), "push_stock", lambda connector, levels: []):
            self.push()
        self.assertEqual(listing.push_ids.state, "failed")
        self.assertEqual(listing.push_ids.reason_code, "no_answer")


class TestInterrupted(StockCase):
    """Whatever instruction a pass dies at: nothing is lost."""

    def test_killed_between_the_two_transactions(self):
        product = self.make_product(on_hand=10)
        listing = self.make_listing(product)
        self.push()
        self.make_sale((product, 4), confirm=True)
        with self.killed(self.connector, "push_stock"):
            self.push()
        self.assertEqual(listing.push_ids.mapped("state"), ["pending", "ok"])
        # the marketplace may hold 6 now. Even if the truth is 10 again, it must hear so
        self.connector.held[listing.external_id] = 6
        self.put(product, 4)
        self.push()
        self.assertEqual(self.connector.held, {listing.external_id: 10})
        self.assertEqual(listing.push_ids.mapped("state"), ["ok", "superseded", "ok"])

    def test_killed_before_the_answer_is_written(self):
        listing = self.make_listing(self.make_product(on_hand=10))
        with self.killed(type(self.channel), "_take_answers"):
            self.push()
        self.assertEqual(self.connector.held, {listing.external_id: 10})
        self.assertFalse(listing.pushed_at)
        self.push()
        self.assertEqual(len(self.connector.batches), 2)
        self.assertEqual(listing.push_ids.mapped("state"), ["ok", "superseded"])

    def test_killed_while_working_out(self):
        listing = self.make_listing(self.make_product(on_hand=10))
        with self.killed(type(self.channel), "_write_pending"):
            self.push()
        self.assertFalse(listing.push_ids)
        self.assertEqual(self.marks()[1], {listing.id})
        self.push()
        self.assertEqual(self.connector.held, {listing.external_id: 10})

    def test_an_unreachable_marketplace_gets_them_later(self):
        listing = self.make_listing(self.make_product(on_hand=10))
        for error in (Unavailable("gone", sent=True), RateLimited("slow down")):
            self.connector.answers[listing.external_id] = error
            self.push()
            self.assertEqual(listing.push_ids[0].state, "pending")
            self.assertEqual(self.channel.health, "waiting")
            self.assertTrue(self.channel.next_try_at)
        self.connector.answers.clear()
        self.push()
        self.assertEqual(self.connector.held, {listing.external_id: 10})
        self.assertNotIn("pending", listing.push_ids.mapped("state"))


class TestHolds(StockCase):
    def test_each_listing_that_is_not_pushed_says_why(self):
        product = self.make_product(on_hand=10)
        stranger = self.new_company("Stranger")
        theirs = self.make_product("Theirs", company_id=False)
        listings = {
            None: self.make_listing(product),
            "custom": self.make_listing(product, kind="custom"),
            "gone": self.make_listing(product, gone=True),
            "unconfirmed": self.make_listing(),
            "ignored": self.make_listing(state="ignored"),
            "marketplace_fulfilled": self.make_listing(product, fulfilled_by="marketplace"),
            "push_disabled": self.make_listing(product, push_enabled=False),
            "no_stock_ref": self.make_listing(product, stock_ref=False),
            "other_company": self.make_listing(theirs),
            "untracked": self.make_listing(self.make_product("Loose", is_storable=False)),
        }
        theirs.sudo().company_id = stranger
        for code, listing in listings.items():
            self.assertEqual(listing.push_hold_code or None, code)
        self.Change._mark_listings(self.env["order.channel.listing"].union(*listings.values()))
        self.push()
        self.assertEqual(self.connector.held, {listings[None].external_id: 10})
        run = listings[None].push_ids.run_id
        self.assertEqual(run.skips, {code: 1 for code in listings if code})

    def test_the_button_says_why_not(self):
        product = self.make_product(on_hand=10)
        listing = self.make_listing(product, push_enabled=False)
        with self.assertRaisesRegex(UserError, "switched off for this listing"):
            listing.action_push_stock()
        self.channel.push_stock = False
        with self.assertRaisesRegex(UserError, "Stock push is switched off"):
            product.action_push_channel_stock()
        with self.assertRaisesRegex(UserError, "link a listing"):
            self.make_product().product_tmpl_id.action_push_channel_stock()

    def test_the_button_pushes_what_is_unchanged(self):
        product = self.make_product(on_hand=10)
        listing = self.make_listing(product)
        self.push()
        for push in (
            listing.action_push_stock,
            product.action_push_channel_stock,
            product.product_tmpl_id.action_push_channel_stock,
        ):
            self.connector.held.clear()
            self.assertEqual(push()["tag"], "display_notification")
            self.push()
            self.assertEqual(self.connector.held, {listing.external_id: 10})

    def test_a_listing_that_is_switched_on_again_is_pushed(self):
        listing = self.make_listing(self.make_product(on_hand=10))
        self.push()
        listing.push_enabled = False
        self.push()
        self.connector.held[listing.external_id] = 99
        listing.push_enabled = True
        self.push()
        self.assertEqual(self.connector.held, {listing.external_id: 10})

    def test_without_a_location_the_channel_says_so(self):
        self.channel.remote_location_ids.unlink()
        self.assertEqual(self.channel.stock_hold_code, "no_location")
        two = self.env["order.channel.location"].create(
            [{"channel_id": self.channel.id, "external_id": ref, "name": ref} for ref in ("A", "B")]
        )
        self.assertEqual(self.channel.stock_hold_code, "no_location")
        self.channel.push_location_id = two[1]
        self.assertFalse(self.channel.stock_hold_code)

    # === WHAT IS GONE === #

    def lose(self, *listings, gone="location"):
        for listing in listings:
            self.connector.answers[listing.external_id] = PushResult(
                listing.external_id, PushStatus.FAILED, code="gone_there", message="No longer there.", gone=gone
            )

    def failures(self):
        return self.env["order.channel.failure"].search([("channel_id", "=", self.channel.id), ("state", "=", "open")])

    def identity(self, *refs, active=True):
        return Account("shop-1", locations=tuple(Location(ref, ref, active) for ref in refs))

    def test_a_location_that_is_gone_is_one_failure_and_pushes_rest(self):
        product = self.make_product(on_hand=10)
        listings = [self.make_listing(product) for __ in range(7)]
        self.connector.stock_batch = 3
        self.lose(*listings)
        self.push()
        self.assertEqual(len(self.connector.batches), 1, "the rest is not tried")
        [failure] = self.failures()
        self.assertEqual((failure.kind, failure.reason_code, failure.attempts), ("stock", "location_gone", 1))
        self.assertIn("Stock goes to Shop, which is gone", failure.text)
        self.assertEqual(self.channel.stock_hold_code, "location_gone")
        self.assertEqual(self.channel.health, "ok", "orders go on")
        self.assertFalse(self.Push.search([("channel_id", "=", self.channel.id), ("state", "!=", "superseded")]))
        self.assertFalse(self.channel._needs_fresh_orders())
        self.assertFalse(any(listing.gone for listing in listings))
        self.put(product, 1)
        self.push()
        self.assertEqual((len(self.connector.batches), self.failures().attempts), (1, 1), "said once")
        with self.assertRaisesRegex(UserError, "its location is gone|Its location is gone"):
            listings[0].action_push_stock()

    def test_pushes_go_on_at_the_location_that_a_person_chooses(self):
        product = self.make_product(on_hand=10)
        listings = [self.make_listing(product) for __ in range(3)]
        self.lose(*listings)
        outlet = {"channel_id": self.channel.id, "external_id": "L2", "name": "Outlet"}
        outlet = self.env["order.channel.location"].create(outlet)
        self.channel.push_location_id = self.channel.remote_location_ids.filtered(
            lambda place: place.external_id == "L1"
        )
        self.push()
        self.assertEqual(self.channel.stock_hold_code, "location_gone", "nobody chose the other one")
        self.connector.answers.clear()
        self.channel.push_location_id = outlet
        self.assertFalse(self.failures())
        self.push()
        self.assertEqual({level.location for level in self.connector.batches[-1]}, {"L2"})
        self.assertEqual(self.connector.held, {listing.external_id: 10 for listing in listings})

    def test_pushes_go_on_when_the_location_is_back(self):
        listing = self.make_listing(self.make_product(on_hand=10))
        self.lose(listing)
        self.push()
        asked = []
        answers = [self.identity("L9"), self.identity("L1", active=False), self.identity("L1", "L9")]
        self.connector.identify = lambda: asked.append(1) or answers.pop(0)
        self.push()
        self.assertFalse(asked, "not before it is due")
        for attempts in (2, 3):
            self.failures().next_try_at = fields.Datetime.now()
            self.push()
            self.assertEqual((len(asked), self.failures().attempts), (attempts - 1, attempts))
            self.assertEqual(self.channel.push_location_id.external_id, "L1", "another is a person's to choose")
        self.connector.answers.clear()
        self.failures().action_retry()
        self.push()
        self.assertFalse(self.failures())
        self.assertEqual(self.connector.held, {listing.external_id: 10})

    def test_a_channel_that_does_not_answer_while_its_location_is_looked_for(self):
        listing = self.make_listing(self.make_product(on_hand=10))
        self.lose(listing)
        self.push()

        def fail():
            raise Unavailable("down")

        self.connector.identify = fail
        self.failures().next_try_at = fields.Datetime.now()
        self.push()
        self.assertEqual((self.channel.health, len(self.failures())), ("waiting", 1))

    def test_an_item_that_is_gone_is_said_once_and_the_rest_goes_on(self):
        product = self.make_product(on_hand=10)
        lost, good = self.make_listing(product), self.make_listing(product)
        self.lose(lost, gone="item")
        self.push()
        self.assertEqual(self.connector.held, {good.external_id: 10})
        self.assertEqual((lost.gone, lost.push_hold_code, lost.state), (True, "gone", "linked"))
        [failure] = self.failures()
        self.assertEqual((failure.listing_id, failure.reason_code, failure.next_try_at), (lost, "item_gone", False))
        self.put(product, 1)
        self.push()
        self.assertEqual(self.connector.held, {good.external_id: 11})
        self.assertEqual(self.failures().attempts, 1)
        self.connector.answers.clear()
        lost.gone = False  # a fetch of items met it again
        self.push()
        self.assertEqual(self.connector.held[lost.external_id], 11)
        self.assertFalse(self.failures())

    def test_what_is_not_pushed_any_more_fails_no_more(self):
        product = self.make_product(on_hand=10)
        off, lost, other = (self.make_listing(product) for __ in range(3))
        for listing in (off, other):
            self.connector.answers[listing.external_id] = PushResult(
                listing.external_id, PushStatus.FAILED, code="stock_not_managed"
            )
        self.lose(lost, gone="item")
        self.push()
        self.assertEqual(len(self.failures()), 3)
        off.stock_ref = False  # as a fetch of items says
        self.push()
        self.assertEqual(self.failures().listing_id, lost + other)

    def test_a_selection_with_an_offline_store_and_others_that_rest(self):
        stall_account = self.env["order.channel.account"].create(
            {"name": "Stall", "provider": "offline", "company_id": self.company.id}
        )
        stall = self.make_channel("Stall", account_id=stall_account.id, push_stock=False)
        rests = self.make_channel("Resting", paused=True)
        product = self.make_product(on_hand=10)
        online, shelf = self.make_listing(product), self.make_listing(product, channel=stall)
        paused, loose = self.make_listing(product, channel=rests), self.make_listing()
        said = (online + shelf).action_push_stock()["params"]
        self.assertIn("1 quantities", said["message"])
        self.assertNotIn("Stall", said["message"], "nothing is wrong there")
        self.assertEqual(shelf.action_push_stock()["params"]["title"], "Nothing to push")
        said = product.action_push_channel_stock()["params"]
        self.assertIn("Resting takes no stock now: The channel is paused.", said["message"])
        both = (online + loose + self.make_listing()).action_push_stock()["params"]
        self.assertRegex(both["message"], r"1 quantities[\s\S]*and 1 more: Not linked to a product yet\.")
        with self.assertRaisesRegex(UserError, "Resting takes no stock now"):
            (paused + shelf).action_push_stock()
        self.assertEqual(self.marks()[1], {online.id})
        self.push()
        self.assertEqual(self.connector.held, {online.external_id: 10})
        self.assertFalse(self.env["order.channel.failure"].search([("channel_id", "in", (stall + rests).ids)]))

    def test_preview_changes_nothing(self):
        listing = self.make_listing(self.make_product(on_hand=10), remote_quantity=3)
        self.make_listing(self.make_product("Loose", is_storable=False))
        self.channel.push_stock = False
        self.assertEqual(self.channel._stock_preview(), [(listing, 3, 10)])
        self.assertFalse(self.connector.batches)
        self.assertFalse(self.Push.search([("channel_id", "=", self.channel.id)]))

    def test_product_counts_its_listings_alone_and_among_others(self):
        product, other = self.make_product(), self.make_product()
        single, bundle = self.make_listing(product), self.make_listing(product, (other, 2.0))
        self.assertEqual(product.channel_listing_count, 2)
        self.assertEqual(other.product_tmpl_id.channel_listing_count, 1)
        action = product.product_tmpl_id.action_view_channel_listings()
        self.assertEqual(self.env["order.channel.listing"].search(action["domain"]), bundle + single)
