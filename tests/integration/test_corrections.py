"""A wrong link found late: orders of which something is still to be delivered get the right product at the same price."""

from decimal import Decimal
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form

from odoo.addons.order_channel_mapping.models import order_channel_batch_correct

from tests.fakes import line
from tests.integration.corrections_common import CorrectionCase


class TestSwap(CorrectionCase):
    def test_drafts_get_the_new_product(self):
        order = self.sell(line("L1", "item", quantity=3, taxes=[("0.19", "5.70", False)]))
        batch = self.relink(self.mug)
        self.assertRecordValues(
            batch.correction_ids, [{"order_stage": "draft", "choice": "swap", "quantity": 3.0, "chosen": True}]
        )
        self.assertEqual(order.order_line.product_id, self.tea)  # nothing happens before it is approved
        self.apply(batch)
        self.assertRecordValues(
            order.order_line, [{"product_id": self.mug.id, "product_uom_qty": 3.0, "price_subtotal": 30.0}]
        )
        self.assertTotal(order, 35.70)
        self.assertCorrected(order, "3 items are 1 x [MUG-1] Mug instead of 1 x [TEA-1] Tea")

    def test_confirmed_lines_are_swapped_at_the_same_price(self):
        order = self.sell(
            line("L1", "item", quantity=3, taxes=[("0.19", "4.79", True)], subtotal="30.00"), confirm=True
        )
        picking, old_line = order.picking_ids, order.order_line
        self.assertEqual(self.reserved(self.tea), 3)
        self.apply(self.relink(self.mug))
        new_line = order.order_line - old_line
        self.assertRecordValues(
            old_line + new_line,
            [
                {"product_id": self.tea.id, "product_uom_qty": 0, "price_total": 0.0},
                {"product_id": self.mug.id, "product_uom_qty": 3, "price_total": 30.0},
            ],
        )
        self.assertAlmostEqual(new_line.price_tax, 4.79)
        self.assertTotal(order, 30.0)
        self.assertEqual((self.reserved(self.tea), self.reserved(self.mug)), (0, 3))
        self.assertEqual(order.picking_ids, picking)
        self.assertRecordValues(self.open_moves(order), [{"product_id": self.mug.id, "product_uom_qty": 3}])
        self.assertEqual(order.channel_order_id.line_ids.mapping_id, self.listing.mapping_id)
        self.assertCorrected(order, "3 items are 1 x [MUG-1] Mug")

    def test_the_channels_cents_stay_with_discount_taxes_and_a_bundle(self):
        order = self.sell(
            line("L1", "item", quantity=3, subtotal="10.00", discount="1.00", taxes=[("0.19", "1.70", False)]),
            line("S", kind=self.shipping_kind, subtotal="4.99", taxes=[("0.19", "0.95", False)]),
            confirm=True,
        )
        before = order.amount_untaxed, order.amount_tax, order.amount_total
        self.apply(self.relink((self.mug, 2), self.coffee))
        self.assertEqual((order.amount_untaxed, order.amount_tax, order.amount_total), before)
        self.assertTotal(order, 16.64)
        new = self.new_lines(order)
        self.assertRecordValues(
            new,
            [{"product_id": self.mug.id, "product_uom_qty": 6}, {"product_id": self.coffee.id, "product_uom_qty": 3}],
        )
        for sale_line in new:
            self.assertTrue(sale_line.extra_tax_data["manual_tax_amounts"][str(self.vat19.id)])
        invoice = self.invoice(order, {self.mug: 6, self.coffee: 3})
        self.assertAlmostEqual(invoice.amount_total, order.amount_total)

    def test_a_bundle_becomes_a_plain_product_and_a_pack_its_packaging(self):
        self.listing._link_bundle([(self.tea, 2), (self.coffee, 1)])
        order = self.sell(line("L1", "item", quantity=2, taxes=[("0.19", "3.80", False)]), confirm=True)
        self.assertEqual(len(order.order_line), 2)
        dozen = self.env["uom.uom"].create(
            {"name": "Box of 12", "relative_factor": 12, "relative_uom_id": self.mug.uom_id.id}
        )
        self.mug.uom_ids = dozen
        self.apply(self.relink((self.mug, 12)))
        self.assertRecordValues(
            self.new_lines(order),
            [{"product_id": self.mug.id, "product_uom_id": dozen.id, "product_uom_qty": 2, "price_subtotal": 20}],
        )
        self.assertEqual(self.reserved(self.mug), 24)
        self.assertEqual((self.reserved(self.tea), self.reserved(self.coffee)), (0, 0))
        self.assertTotal(order, 23.80)

    def test_another_pack_size_of_the_same_product(self):
        order = self.sell(line("L1", "item", quantity=30), confirm=True)
        self.apply(self.relink((self.tea, 3)))
        self.assertEqual(self.reserved(self.tea), 90)
        self.assertRecordValues(self.open_moves(order), [{"product_id": self.tea.id, "product_uom_qty": 90}])

    def test_a_price_changed_by_hand_stays(self):
        order = self.sell(line("L1", "item", quantity=3), confirm=True)
        order.order_line.write({"price_unit": 8, "discount": 10, "product_uom_qty": 2})
        order.channel_order_id._keep_difference()
        self.apply(self.relink(self.mug))
        self.assertRecordValues(self.new_lines(order), [{"product_uom_qty": 2, "price_subtotal": 14.4}])
        self.assertTotal(order, 14.4)

    def test_cancelled_and_set_back_the_order_is_as_the_channel_says(self):
        order = self.sell(line("L1", "item", quantity=3), confirm=True)
        self.apply(self.relink(self.mug))
        order._action_cancel()
        order.action_draft()
        self.assertRecordValues(order.order_line, [{"product_id": self.mug.id, "product_uom_qty": 3}])
        self.assertTotal(order, 30)

    # === THE WAREHOUSE === #

    def test_a_printed_delivery_says_that_it_changed(self):
        order = self.sell(line("L1", "item"), confirm=True)
        printed = order.picking_ids
        printed.printed = True
        batch = self.relink(self.mug)
        self.assertIn("is printed already", batch.correction_ids.text)
        self.apply(batch)
        self.assertEqual(printed.state, "cancel")
        self.assertIn("Changed after it was printed", " ".join(printed.message_ids.mapped("body")))
        self.assertEqual(self.open_moves(order).product_id, self.mug)

    def test_several_steps_are_swapped_until_somebody_picks(self):
        self.warehouse_id.delivery_steps = "pick_pack_ship"
        waiting = self.sell(line("L1", "item", quantity=2), confirm=True)
        picked = self.sell(line("L2", "item", quantity=2), confirm=True)
        picked.picking_ids.move_ids.picked = True
        picked.picking_ids.button_validate()
        batch = self.relink(self.mug)
        self.assertRecordValues(
            batch.correction_ids.sorted("id"),
            [{"choice": "swap", "choices": "swap,leave"}, {"choice": "leave", "choices": "leave"}],
        )
        self.assertIn("Goods are picked already", batch.correction_ids.sorted("id")[1].text)
        self.apply(batch)
        self.assertEqual(self.open_moves(waiting).product_id, self.mug)
        self.assertEqual(self.open_moves(picked).product_id, self.tea)
        for __ in range(3):
            picking = waiting.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
            picking.move_ids.picked = True
            picking.button_validate()
        self.assertEqual(self.new_lines(waiting).qty_delivered, 2)

    def test_what_a_supplier_ships_is_not_swapped(self):
        suppliers, customers = (self.env.ref(f"stock.stock_location_{name}") for name in ("suppliers", "customers"))
        rule = {
            "name": "Supplier to customer",
            "action": "pull",
            "picking_type_id": self.warehouse_id.out_type_id.id,
            "location_src_id": suppliers.id,
            "location_dest_id": customers.id,
        }
        self.tea.route_ids = self.env["stock.route"].create({"name": "Supplier", "rule_ids": [Command.create(rule)]})
        order = self.sell(line("L1", "item"), confirm=True)
        self.assertEqual(self.open_moves(order).location_id, suppliers)
        batch = self.relink(self.mug)
        self.assertRecordValues(batch.correction_ids, [{"choices": "leave", "reason_code": "correct_dropship"}])

    def test_goods_in_a_box_are_not_swapped(self):
        order = self.sell(line("L1", "item"), confirm=True)
        order.picking_ids.move_ids.picked = True
        batch = self.relink(self.mug)
        self.assertEqual(batch.correction_ids.choices, "leave")
        with self.assertRaisesRegex(UserError, "can't be corrected like this"):
            batch.correction_ids.with_user(self.clerk).choice = "swap"

    def test_the_delivery_reports_tracking_for_the_channels_line(self):
        order = self.sell(line("L1", "item", quantity=3), line("L2", "item"), confirm=True)
        self.apply(self.relink(self.mug))
        self.deliver(order)
        self.assertEqual(self.told(order), [{"L1": 3, "L2": 1}])

    def test_of_a_delivery_in_parts_the_rest_is_swapped(self):
        order = self.sell(
            line("L1", "item", quantity=3, subtotal="10.00", taxes=[("0.19", "1.60", True)]), confirm=True
        )
        self.deliver(order, {self.tea: 1})
        batch = self.relink((self.mug, 2))
        self.assertRecordValues(
            batch.correction_ids.sorted("quantity"),
            [
                {"order_stage": "delivered", "quantity": 1, "choice": "leave", "choices": "stock,return,leave"},
                {"order_stage": "rest", "quantity": 2, "choice": "swap", "choices": "swap,leave"},
            ],
        )
        self.apply(batch)
        sold = order.order_line.sorted("id")
        self.assertRecordValues(
            sold,
            [
                {"product_id": self.tea.id, "product_uom_qty": 1, "qty_delivered": 1, "price_total": 3.33},
                {"product_id": self.mug.id, "product_uom_qty": 4, "qty_delivered": 0, "price_total": 6.67},
            ],
        )
        self.assertTotal(order, 10)
        self.deliver(order, {self.mug: 3})
        self.deliver(order)
        self.assertEqual(self.told(order), [{"L1": 1}, {"L1": 1}, {"L1": 1}])
        again = self.relink(self.coffee)
        self.assertRecordValues(
            again.correction_ids.sorted("quantity"),
            [
                {"old_mapping_id": batch.correction_ids[0].old_mapping_id.id, "quantity": 1},
                {"old_mapping_id": batch.correction_ids[0].mapping_id.id, "quantity": 2},
            ],
        )

    def test_a_bundle_delivered_unevenly_is_a_persons_work(self):
        self.listing._link_bundle([(self.tea, 1), (self.coffee, 1)])
        order = self.sell(line("L1", "item", quantity=2), confirm=True)
        self.deliver(order, {self.tea: 1})
        batch = self.relink(self.mug)
        self.assertRecordValues(batch.correction_ids, [{"order_stage": "rest", "choices": "leave"}])
        self.assertIn("no whole number of items", batch.correction_ids.text)

    # === ASKING FIRST, ASKING ONCE === #

    def test_changing_the_product_offers_the_orders(self):
        order = self.sell(line("L1", "item"), confirm=True)
        action = self.listing.with_user(self.clerk).action_open_link()
        form = Form(self.env[action["res_model"]].with_user(self.clerk).with_context(**action["context"]))
        form.product_id = self.mug
        action = form.save().action_link()
        batch = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual((batch.kind, batch.state, batch.user_id), ("correct", "ready", self.clerk))
        self.assertEqual(batch.correction_ids.sale_order_id, order)
        batch.with_user(self.clerk).action_apply()
        self.assertEqual(self.new_lines(order).product_id, self.mug)

    def test_cancelled_it_changes_nothing(self):
        order = self.sell(line("L1", "item"), confirm=True)
        batch = self.relink(self.mug)
        batch.action_cancel()
        self.assertEqual(batch.state, "cancelled")
        self.assertRecordValues(order.order_line, [{"product_id": self.tea.id, "product_uom_qty": 1}])
        self.assertEqual(self.reserved(self.tea), 1)
        self.assertEqual(self.listing.outdated_order_count, 1)

    def test_a_line_that_is_left_out_stays(self):
        left, swapped = (self.sell(line("L1", "item"), confirm=True) for __ in range(2))
        batch = self.relink(self.mug)
        form = Form(batch.with_user(self.clerk))
        position = [line.sale_order_id for line in batch.correction_ids].index(left)
        with form.correction_ids.edit(position) as correction:
            correction.choice = "leave"
        form.save()
        self.apply(batch)
        self.assertEqual(left.order_line.product_id, self.tea)
        self.assertEqual(self.new_lines(swapped).product_id, self.mug)

    def test_a_second_time_changes_nothing(self):
        order = self.sell(line("L1", "item", quantity=3), confirm=True)
        self.deliver(order, {self.tea: 1})
        draft = self.sell(line("L2", "item"))
        first = self.relink(self.mug)
        second = self.correct()
        self.assertEqual(first.state, "cancelled")  # it shows what was
        first.state = "ready"
        self.apply(second)
        before = [(line.id, line.product_id, line.product_uom_qty) for line in (order + draft).order_line]
        self.apply(first)
        self.assertEqual(set(first.correction_ids.filtered("chosen").mapped("reason_code")), {"correct_changed"})
        self.assertEqual(
            [(line.id, line.product_id, line.product_uom_qty) for line in (order + draft).order_line], before
        )
        self.assertEqual(self.correct().correction_ids.mapped("order_stage"), ["delivered"])

    def test_an_order_that_moved_on_meanwhile_is_left_alone(self):
        delivered, cancelled = (self.sell(line("L1", "item"), confirm=True) for __ in range(2))
        batch = self.relink(self.mug)
        self.deliver(delivered)
        cancelled._action_cancel()
        self.apply(batch)
        self.assertEqual(set(batch.correction_ids.mapped("state")), {"left"})
        self.assertEqual((delivered + cancelled).order_line.product_id, self.tea)

    def test_a_quantity_that_changed_meanwhile_is_looked_at_again(self):
        order = self.sell(line("L1", "item", quantity=3), confirm=True)
        batch = self.relink(self.mug)
        order.order_line.product_uom_qty = 2
        self.apply(batch)
        self.assertRecordValues(batch.correction_ids, [{"state": "left", "reason_code": "correct_changed"}])
        self.assertEqual(order.order_line.product_id, self.tea)
        self.assertEqual(self.correct().correction_ids.quantity, 2)

    def test_back_to_the_first_product_there_is_nothing_to_correct(self):
        self.sell(line("L1", "item"), confirm=True)
        self.relink(self.mug)
        self.listing._link(self.tea)
        self.assertEqual(self.listing.action_correct_orders()["tag"], "display_notification")

    def test_it_is_not_undone_as_a_batch(self):
        self.sell(line("L1", "item"))
        batch = self.relink(self.mug)
        self.apply(batch)
        with self.assertRaisesRegex(UserError, "aren't put back"):
            batch.action_undo()

    def test_amounts_that_would_change_stop_the_order(self):
        order = self.sell(line("L1", "item"), confirm=True)
        batch = self.relink(self.mug)
        with patch.object(
            self.registry["sale.order"], "_exact_amounts", lambda order: {order.order_line: (Decimal(9), {})}
        ):
            batch.action_apply()
        self.assertEqual(batch.correction_ids.state, "failed")
        self.assertIn(
            "would change from $ 10.00 to $ 9.00", batch.correction_ids.text.replace("\N{NO-BREAK SPACE}", " ")
        )
        self.assertRecordValues(order.order_line, [{"product_id": self.tea.id, "product_uom_qty": 1}])

    # === MANY === #

    def test_many_orders_are_worked_through_in_the_background(self):
        orders = [self.sell(line("L1", "item"), confirm=number == 0) for number in range(3)]
        with (
            patch.object(order_channel_batch_correct, "AT_ONCE", 2),
            patch.object(order_channel_batch_correct, "CORRECTED_AT_ONCE", 2),
            patch.object(order_channel_batch_correct, "PREPARE_CHUNK", 2),
            self.in_background(),
        ):
            batch = self.relink(self.mug)
            self.assertEqual((batch.state, batch.selected_count), ("preparing", 3))
            batch._cron_work()
            self.assertEqual((batch.state, len(batch.correction_ids)), ("ready", 3))
            batch.action_apply()
            self.assertEqual(batch.state, "running")
            batch._cron_work()
        self.assertEqual((batch.state, batch.done_count), ("done", 3))
        for order in orders:
            self.assertEqual(order.order_line.filtered("product_uom_qty").product_id, self.mug)

    def test_working_out_takes_few_queries_an_order(self):
        for number in range(9):
            self.sell(line(f"L{number}", "item"), confirm=True)
        self.listing._link(self.mug)
        lines = self.env["order.channel.order.line"].search([("listing_id", "=", self.listing.id)])
        queries = []
        for part in (lines[:3], lines[3:]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            part._outdated_parts()
            queries.append(self.env.cr.sql_log_count - before)
        self.assertLess(queries[1] - queries[0], 6, queries)  # for three orders more

    def test_stock_is_promised_right_at_each_step(self):
        self.listing.copy({"external_id": "tea"})._link(self.tea)
        self.sell(line("L1", "item", quantity=3), confirm=True)
        self.sell(line("L1", "item", quantity=4))
        batch = self.relink(self.mug)
        self.assertEqual(self.available(self.tea, self.mug), [93, 100])
        self.env.cr.flush()
        self.env.cr.execute("DELETE FROM order_channel_stock_change")
        self.apply(batch)
        self.assertEqual(self.available(self.tea, self.mug), [100, 93])
        self.env.cr.flush()
        self.env.cr.execute("SELECT product_id FROM order_channel_stock_change WHERE product_id IS NOT NULL")
        self.assertGreaterEqual({row[0] for row in self.env.cr.fetchall()}, {self.tea.id, self.mug.id})
