"""A wrong link found late: orders of which something is still to be delivered get the right product at the same price."""

from decimal import Decimal
from unittest.mock import patch

from odoo.exceptions import UserError
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

    def test_a_quotation_that_was_sent_is_a_draft_still(self):
        order = self.sell(line("L1", "item"))
        order.action_quotation_sent()
        self.assertEqual(order.state, "sent")
        self.apply(self.relink(self.mug))
        self.assertEqual(order.order_line.product_id, self.mug)

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

    def test_a_packaging_that_was_sold_counts_as_its_pieces(self):
        dozen = self.env["uom.uom"].create(
            {"name": "Box of 12", "relative_factor": 12, "relative_uom_id": self.tea.uom_id.id}
        )
        self.tea.uom_ids = dozen
        self.listing._link(self.tea, 12)
        order = self.sell(line("L1", "item", quantity=2), confirm=True)
        self.assertEqual(order.order_line.product_uom_id, dozen)
        batch = self.relink((self.mug, 12))
        self.assertRecordValues(batch.correction_ids, [{"quantity": 2, "choices": "swap,leave"}])
        self.apply(batch)
        self.assertEqual(self.reserved(self.mug), 24)

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

    def test_lines_of_one_item_with_different_taxes_are_a_persons_work(self):
        self.listing._link_bundle([(self.tea, 1), (self.coffee, 1)])
        order = self.sell(line("L1", "item", quantity=2), confirm=True)
        order.order_line[0].tax_ids = self.vat19
        batch = self.relink(self.mug)
        batch.action_apply()
        self.assertEqual(batch.correction_ids.state, "failed")
        self.assertIn("have different taxes", batch.correction_ids.text)
        self.assertEqual(self.open_moves(order).product_id, self.tea + self.coffee)

    def test_the_route_that_a_person_chose_stays(self):
        order = self.sell(line("L1", "item"))
        route = self.env["stock.route"].create({"name": "Express", "sale_selectable": True})
        order.order_line.route_ids = route
        order.action_confirm()
        self.apply(self.relink(self.mug))
        self.assertEqual(self.new_lines(order).route_ids, route)

    def test_cancelled_and_set_back_the_order_is_as_the_channel_says(self):
        order = self.sell(line("L1", "item", quantity=3), confirm=True)
        self.apply(self.relink(self.mug))
        order._action_cancel()
        order.action_draft()
        self.assertRecordValues(order.order_line, [{"product_id": self.mug.id, "product_uom_qty": 3}])
        self.assertTotal(order, 30)

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

    def test_an_item_that_is_linked_to_a_third_product_meanwhile_is_left_alone(self):
        draft, confirmed = self.sell(line("L1", "item")), self.sell(line("L1", "item"), confirm=True)
        batch = self.relink(self.mug)
        self.listing._link(self.coffee)
        self.apply(batch)
        self.assertEqual(set(batch.correction_ids.mapped("reason_code")), {"correct_changed"})
        self.assertEqual((draft + confirmed).order_line.product_id, self.tea)

    def test_an_order_is_corrected_as_a_whole_or_not_at_all(self):
        order = self.sell(line("L1", "item"), line("L2", "item"), confirm=True)
        batch = self.relink(self.mug)
        order_line_class = self.registry["order.channel.order.line"]
        swap = order_line_class._swap_part

        def broken(lines, part, projector):
            if part.line.external_id == "L2":
                raise UserError("no")
            return swap(lines, part, projector)

        with patch.object(order_line_class, "_swap_part", broken):
            batch.action_apply()
        self.assertEqual(batch.correction_ids.mapped("state"), ["failed"] * 2)
        self.assertEqual(self.open_moves(order).product_id, self.tea)

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

    def test_what_a_person_chose_otherwise_is_a_persons_work(self):
        order = self.sell(line("L1", "item", quantity=2))
        order.order_line.product_id = self.coffee
        order.action_confirm()
        batch = self.relink(self.mug)
        self.assertRecordValues(batch.correction_ids, [{"choices": "leave", "reason_code": "correct_uneven"}])

    def test_a_cancelled_line_of_a_draft_needs_no_other_product(self):
        lines = line("L1", "item", quantity=2, cancelled_quantity=2), line("L2", sku="COFFEE-1")
        self.sell(*lines, total=Decimal(10))
        self.listing._link(self.mug)
        self.assertEqual(self.listing.action_correct_orders()["tag"], "display_notification")

    def test_back_to_the_first_product_there_is_nothing_to_correct(self):
        self.sell(line("L1", "item"), confirm=True)
        self.relink(self.mug)
        self.listing._link(self.tea)
        self.listing.invalidate_recordset(["outdated_order_count"])
        self.assertEqual(self.listing.outdated_order_count, 0)
        self.assertEqual(self.listing.action_correct_orders()["tag"], "display_notification")
        self.listing._link(self.mug)
        later = self.sell(line("L1", "item"))
        self.listing._link(self.tea)
        self.assertEqual(self.correct().correction_ids.sale_order_id, later, "the first one has tea all the time")

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
        self.in_one_transaction()
        with (
            patch.object(order_channel_batch_correct, "AT_ONCE", 2),
            patch.object(order_channel_batch_correct, "CORRECTED_AT_ONCE", 2),
            patch.object(order_channel_batch_correct, "PREPARE_CHUNK", 2),
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
