"""The way of an order: from the channel's pages to channel orders and draft sales orders."""

from datetime import timedelta
from unittest.mock import patch

from odoo.addons.order_channel_mapping.connectors import records

from tests.fakes import START, connected, line
from tests.integration.orders_common import OrderCase


class TestOrders(OrderCase):
    chatter = True

    def test_an_open_order_becomes_a_draft_with_the_channels_amounts(self):
        run = self.take(
            self.order(
                "1",
                [
                    line("a", sku="MUG-1", quantity=3, subtotal="10.00", taxes=[("0.19", "1.90", False)]),
                    line(
                        "s",
                        kind=records.LineKind.SHIPPING,
                        name="Express",
                        price="4.99",
                        taxes=[("0.19", "0.95", False)],
                    ),
                ],
            )
        )
        sale = self.sale("1")
        self.assertEqual((run.fetched, run.created, run.failed), (1, 1, 0))
        self.assertEqual((sale.state, sale.channel_frozen, sale.channel_to_resolve), ("draft", False, False))
        self.assertEqual(sale.client_order_ref, "#1")
        self.assertEqual(sale.date_order, START.replace(tzinfo=None))
        product_line, shipping_line = sale.order_line
        self.assertEqual((product_line.product_id, product_line.product_uom_qty), (self.mug, 3.0))
        self.assertEqual((product_line.price_subtotal, round(product_line.price_tax, 2)), (10.0, 1.9))
        self.assertEqual(shipping_line.product_id, self.env.ref("order_channel_mapping.product_shipping"))
        self.assertAlmostEqual(sale.amount_total, 17.84)
        self.assertEqual(sale.order_line.tax_ids, self.vat19)

    def test_an_unmapped_line_freezes_the_order_and_mapping_it_unfreezes(self):
        self.take(
            self.order(
                "1",
                [
                    line("a", "var-1", sku="UNKNOWN", quantity=2, price="19.99", taxes=[("0.19", "7.60", False)]),
                    line("b", name="Engraving", price="3.00"),
                ],
            )
        )
        sale = self.sale("1")
        self.assertTrue(sale.channel_frozen)
        placeholder = self.env.ref("order_channel_mapping.product_placeholder")
        self.assertEqual(sale.order_line.product_id, placeholder)
        self.assertEqual(sale.order_line.mapped("name"), ["[UNKNOWN] Line a", "Engraving"])
        self.assertEqual(placeholder.display_name, "Not linked yet")
        custom = self.env["order.channel.listing"].search([("external_id", "=", "line:engraving")])
        self.assertEqual((custom.kind, custom.waiting_order_count), ("custom", 1))
        self.link("UNKNOWN", self.mug, 6.0)
        self.assertTrue(sale.channel_frozen, "the custom line still waits")
        custom._link(self.tea)
        self.assertFalse(sale.channel_frozen)
        pack, engraving = sale.order_line
        self.assertEqual((pack.product_id, pack.product_uom_qty, pack.price_subtotal), (self.mug, 12.0, 39.98))
        self.assertEqual(engraving.product_id, self.tea)
        self.assertEqual(pack.name, "Line a")
        self.assertAlmostEqual(sale.amount_total, 50.58)
        self.assertEqual(
            self.channel_order("1").event_ids.sorted("id").mapped("code"),
            ["imported", "blocked", "blocked", "mapped", "resolved", "mapped", "resolved", "unfrozen"],
        )

    def test_linked_while_its_order_came_in_is_noticed_by_the_next_sync(self):
        self.take(self.order("1", [line("a", "var-1", sku="UNKNOWN")]))
        sale = self.sale("1")
        with patch.object(self.env.registry["order.channel.order.line"], "_apply_mapping", lambda lines: None):
            self.link("UNKNOWN", self.mug)  # as if the order's line could not be seen yet
        self.assertTrue(sale.channel_frozen)
        self.take()
        self.assertFalse(sale.channel_frozen)
        self.assertEqual(sale.order_line.product_id, self.mug)

    def test_set_back_to_quotation_looks_again(self):
        self.take(self.order("1", [line("a", "var-1", sku="UNKNOWN")]))
        sale = self.sale("1")
        sale.action_cancel()
        listing = self.env["order.channel.listing"].search([("external_id", "=", "var-1")])
        self.assertEqual((sale.channel_frozen, listing.waiting_order_count), (True, 0))
        sale.action_draft()
        listing.invalidate_recordset(["waiting_order_count"])
        self.assertEqual((sale.channel_frozen, listing.waiting_order_count), (True, 1))
        sale.action_cancel()
        listing._link(self.mug)
        sale.action_draft()
        self.assertEqual((sale.channel_frozen, sale.order_line.product_id), (False, self.mug))

    def test_a_store_that_was_archived_and_connected_again_brings_no_order_twice(self):
        incoming = self.order("1", [line("a", sku="MUG-1")])
        self.take(incoming)
        first = self.sale("1")
        first.action_channel_process()
        self.channel.active = False
        account_ref = self.channel.account_ref
        self.channel = self.make_channel(auto_link=True, orders_phase="all", account_ref=account_ref)
        self.take(incoming)
        self.assertEqual(self.sale("1").channel_blocker_ids.mapped("code"), ["duplicate"])
        self.assertEqual(self.sale("1").channel_blocker_ids.params["order"], first.name)

    def test_linking_an_item_costs_the_same_for_much_history(self):
        closed = {
            "status": records.OrderStatus.COMPLETED,
            "fulfillment_status": records.FulfillmentStatus.FULFILLED,
        }
        counts = []
        for name, number in (("few", 5), ("many", 100)):
            self.take(
                *(
                    self.order(f"{name}-{index}", [line("a", name, sku=f"SKU-{name}")], **closed)
                    for index in range(number)
                )
            )
            listing = self.env["order.channel.listing"].search([("external_id", "=", name)])
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            listing._link(self.mug)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLess(abs(counts[0] - counts[1]), 10, counts)

    def test_history_is_kept_but_makes_no_sales_order(self):
        run = self.take(
            self.order(
                "1",
                [line("a", sku="MUG-1")],
                status=records.OrderStatus.COMPLETED,
                fulfillment_status=records.FulfillmentStatus.FULFILLED,
            )
        )
        self.assertEqual(run.created, 1)
        self.assertTrue(self.channel_order("1"))
        self.assertFalse(self.sale("1"))

    def test_test_orders_and_orders_before_the_start_are_skipped_by_rule(self):
        run = self.take(
            self.order("1", [line("a")], test=True),
            self.order("2", [line("a")], placed_at=START - timedelta(days=700)),
        )
        self.assertEqual((run.fetched, run.skipped, run.created), (2, 2, 0))
        self.assertEqual(run.skips, {"test": 1, "before_start": 1})

    def test_open_orders_first_then_history_then_the_watermark(self):
        self.channel.sudo().orders_phase = "open"
        self.take(self.order("1", [line("a", sku="MUG-1")]))
        self.assertEqual([fetch[2] for fetch in self.connector.fetches], [True, False])
        self.connector.fetches.clear()
        self.take(self.order("1", [line("a", sku="MUG-1")]))
        ((__, since, only_open),) = self.connector.fetches
        self.assertFalse(only_open)
        self.assertLess(since, START + timedelta(minutes=1))
        self.assertGreater(since, START - timedelta(minutes=5), "the watermark is the channel's clock, less an overlap")

    def test_one_bad_order_is_isolated_and_a_retry_cures_it(self):
        good = [self.order(str(number), [line("a", sku="MUG-1")]) for number in range(9)]
        bad = self.order("bad", [line("a", sku="MUG-1", fulfilled_by="nobody")])
        run = self.take(*good[:4], bad, *good[4:], failed=1)
        self.assertEqual((run.created, run.failed, run.state), (9, 1, "partial"))
        failure = self.env["order.channel.failure"].search([("channel_id", "=", self.channel.id)])
        self.assertEqual((failure.external_ref, failure.kind), ("bad", "order"))
        cured = self.order("bad", [line("a", sku="MUG-1")])
        failure.action_retry()
        self.connector.errors = []
        self.connector.orders = []  # nothing newer than the watermark: only the retry asks for it
        with connected(self.env, self.connector):
            self.connector.orders = [cured]
            self.connector.iter_orders = lambda **kwargs: iter(())
            self.channel._sync_orders()
        self.assertEqual(failure.state, "solved")
        self.assertEqual(self.sale("bad").amount_total, 10.0)
