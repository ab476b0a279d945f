"""Every change of stock and demand leaves a mark, honestly under savepoints, and costs a stock transaction little."""

from __future__ import annotations

from odoo import Command, fields

from .stock_common import StockCase


class TestMarks(StockCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.make_product(on_hand=10)
        cls.listing = cls.make_listing(cls.product)
        cls.loose = cls.make_product("On no channel", on_hand=10)

    def setUp(self):
        super().setUp()
        self.clear()

    def clear(self):
        self.settle()
        self.env.cr.execute("DELETE FROM order_channel_stock_change")

    def assertMarked(self, *products):
        self.settle()
        self.assertEqual(self.marks()[0], {product.id for product in products})
        self.clear()

    def test_receipt(self):
        self.put(self.product, 5)
        self.put(self.loose, 5)
        self.assertMarked(self.product)

    def test_inventory_count(self):
        quant = self.env["stock.quant"].search(
            [("product_id", "=", self.product.id), ("location_id", "=", self.stock.id)]
        )
        quant.inventory_quantity = 4
        self.assertMarked()
        quant.action_apply_inventory()
        self.assertMarked(self.product)

    def test_a_deleted_quant(self):
        self.env["stock.quant"].search(
            [("product_id", "=", self.product.id), ("location_id", "=", self.stock.id)]
        ).unlink()
        self.assertMarked(self.product)

    def test_stock_at_customers_does_not_matter(self):
        self.put(self.product, 5, self.customers)
        self.assertMarked()

    def test_a_sale_from_quotation_to_delivery(self):
        self.warehouse.out_type_id.reservation_method = "manual"
        order = self.make_sale((self.product, 2), (self.loose, 1))
        self.assertMarked()
        order.action_confirm()
        self.assertMarked(self.product)  # nothing is reserved: only the move knows
        order.picking_ids.action_assign()
        order.picking_ids.move_ids.picked = True
        order.picking_ids.button_validate()
        self.assertMarked(self.product)

    def test_a_cancelled_delivery(self):
        order = self.make_sale((self.product, 2), confirm=True)
        self.clear()
        order.with_context(disable_cancel_warning=True).action_cancel()
        self.assertMarked(self.product)

    def test_a_draft_channel_order(self):
        other = self.make_product("Other")
        self.make_listing(other)
        order = self.make_sale((self.product, 2), channel=self.channel)
        self.assertMarked(self.product)
        order.order_line.product_uom_qty = 3
        self.assertMarked(self.product)
        order.action_quotation_sent()
        self.clear()
        order.order_line.product_uom_qty = 4
        self.assertMarked(self.product)
        order.order_line.name = "No demand"
        self.assertMarked()
        order.order_line.product_id = other
        self.assertMarked(self.product, other)
        order.order_line = [Command.create({"product_id": self.product.id, "product_uom_qty": 1})]
        self.assertMarked(self.product)
        order.order_line[0].unlink()
        self.assertMarked(other)
        order.action_cancel()
        self.assertMarked(self.product)
        order.action_draft()
        self.assertMarked(self.product)
        order.order_channel_id = False
        self.assertMarked(self.product)

    def test_a_deleted_channel_order(self):
        order = self.make_sale((self.product, 2), channel=self.channel)
        self.clear()
        order.unlink()
        self.assertMarked(self.product)

    def test_a_component_of_a_bundle(self):
        part = self.make_product("Part")
        self.make_listing(self.product, (part, 3.0))
        self.clear()
        self.put(part, 1)
        self.assertMarked(part)

    def test_a_product_that_becomes_storable(self):
        self.loose.is_storable = False
        self.make_listing(self.loose)
        self.clear()
        self.loose.product_tmpl_id.is_storable = True
        self.assertMarked(self.loose)

    def test_an_ended_mapping_does_not_matter(self):
        self.listing.mapping_id.ended_at = fields.Datetime.now()
        self.put(self.product, 1)
        self.assertMarked()

    def test_a_rolled_back_savepoint_leaves_nothing_and_loses_nothing(self):
        other = self.make_product("Other")
        self.make_listing(other)
        self.clear()
        self.put(self.product, 1)
        with self.env.cr.savepoint() as savepoint:
            self.put(other, 1)
            savepoint.rollback()
        self.assertMarked(self.product)
        with self.env.cr.savepoint():
            self.put(other, 1)
        self.assertMarked(other)

    def test_a_big_transaction_takes_one_insert(self):
        products = [self.make_product(f"Bulk {index}") for index in range(30)]
        for product in products:
            self.make_listing(product)
        self.clear()
        for product in products:
            self.put(product, 1)
        before = self.env.cr.sql_log_count
        self.Change._flush_marks()
        self.assertLessEqual(self.env.cr.sql_log_count - before, 4)  # the INSERT, and waking the dispatcher
        self.assertMarked(*products)

    def test_marking_queries_nothing(self):
        quants = self.env["stock.quant"].search([("product_id", "in", (self.product + self.loose).ids)])
        quants.location_id.mapped("usage")
        before = self.env.cr.sql_log_count
        quants._mark_channel_stock()
        self.assertEqual(self.env.cr.sql_log_count, before)
        self.assertMarked(self.product)

    def test_a_transaction_that_concerns_no_listing_wakes_nobody(self):
        cron = self.env.ref("order_channel_mapping.cron_stock_dispatch")
        triggers = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        self.put(self.loose, 1)
        self.settle()
        self.assertEqual(self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]), triggers)
        self.put(self.product, 1)
        self.settle()
        self.assertEqual(self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]), triggers + 1)


class TestDispatch(StockCase):
    def test_products_become_listings_of_the_channels_that_push(self):
        product = self.make_product()
        listing = self.make_listing(product)
        second = self.make_channel("Second")
        bundle = self.make_listing(product, self.make_product(), channel=second)
        for values in ({"push_stock": False}, {"state": "connected"}, {"paused": True}):
            self.make_listing(product, channel=self.make_channel(str(values), **values))
        self.env.cr.execute("DELETE FROM order_channel_stock_change")
        second._ensure_crons()
        triggers = self.env["ir.cron.trigger"].search([])
        self.put(product, 5)
        self.dispatch()
        self.assertEqual(self.marks(), (set(), {listing.id, bundle.id}))
        new = self.env["ir.cron.trigger"].search([]) - triggers
        self.assertIn(second.sync_cron_id, new.cron_id)
        self.assertTrue(second._has_stock_to_push())
        self.assertEqual(self.Change._eat(second, 10), ({bundle.id: False}, False))
        self.assertFalse(second._has_stock_to_push())

    def test_a_mark_that_is_not_due_waits(self):
        listing = self.make_listing(self.make_product())
        self.settle()
        self.env.cr.execute("DELETE FROM order_channel_stock_change")
        self.Change._mark_listings(listing, due_at=fields.Datetime.add(fields.Datetime.now(), minutes=1))
        self.assertFalse(self.channel._has_stock_to_push())
        self.assertEqual(self.Change._eat(self.channel, 10), ({}, False))
        self.assertEqual(self.marks()[1], {listing.id})

    def test_force_survives_among_other_marks(self):
        listing = self.make_listing(self.make_product())
        self.Change._mark_listings(listing, force=True)
        self.Change._mark_listings(listing)
        self.assertEqual(self.Change._eat(self.channel, 2), ({listing.id: True}, True))

    def test_a_new_mapping_is_worked_out_again_when_no_transaction_can_miss_it(self):
        product = self.make_product(on_hand=10)
        listing = self.make_listing(product, settled=False)
        self.push()
        self.assertEqual(self.connector.held, {listing.external_id: 10})
        self.assertEqual(self.marks()[1], {listing.id})
        # a transaction that began before the mapping was there commits now, and could leave no mark
        self.put(product, -4)
        self.env.cr.precommit.clear()
        listing.mapping_id.started_at = fields.Datetime.subtract(fields.Datetime.now(), minutes=16)
        self.env.cr.execute(
            "UPDATE order_channel_stock_change SET due_at = now() at time zone 'utc' - interval '1 second'"
        )
        self.push()
        self.assertEqual(self.connector.held, {listing.external_id: 6})
        self.assertFalse(self.marks()[1])

    def test_once_a_day_everything_is_worked_out(self):
        product = self.make_product(on_hand=10)
        listing = self.make_listing(product)
        self.push()
        self.env.cr.execute("UPDATE stock_quant SET quantity = 7 WHERE product_id = %s AND quantity = 10", [product.id])
        self.env.invalidate_all()
        self.push()
        self.assertEqual(self.connector.held, {listing.external_id: 10})
        self.channel.stock_full_at = fields.Datetime.subtract(fields.Datetime.now(), days=1, minutes=1)
        self.push()
        self.assertEqual(self.connector.held, {listing.external_id: 7})

    def test_marks_of_a_channel_that_pushes_no_more_are_swept(self):
        listing = self.make_listing(self.make_product())
        self.settle()
        self.env.cr.execute("DELETE FROM order_channel_stock_change")
        self.Change._mark_listings(listing)
        self.Change._gc_marks()
        self.assertEqual(self.marks()[1], {listing.id})
        self.channel.push_stock = False
        self.env.flush_all()
        self.Change._gc_marks()
        self.assertFalse(self.marks()[1])
