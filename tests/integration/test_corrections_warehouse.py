"""A wrong link found late: what the warehouse has begun, and what it did not."""

from odoo.exceptions import UserError
from odoo.fields import Command

from tests.fakes import line
from tests.integration.corrections_common import CorrectionCase


class TestSwapInWarehouse(CorrectionCase):
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

    def test_what_was_put_back_on_the_shelf_is_swapped(self):
        self.warehouse_id.delivery_steps = "pick_ship"
        order = self.sell(line("L1", "item", quantity=2), confirm=True)
        picking = order.picking_ids.filtered(lambda picking: picking.state == "assigned")
        picking.move_ids.picked = True
        picking.button_validate()
        self.assertEqual(self.relink(self.mug).correction_ids.choices, "leave")
        returning = self.env["stock.return.picking"].with_context(active_id=picking.id, active_model="stock.picking")
        wizard = returning.create({"picking_id": picking.id})
        wizard.product_return_moves.quantity = 2
        back = picking.browse(wizard.action_create_returns()["res_id"])
        back.move_ids.picked = True
        back.button_validate()
        batch = self.correct()
        self.assertEqual(batch.correction_ids.choices, "swap,leave")
        self.apply(batch)
        self.assertEqual((self.open_moves(order).product_id, self.on_hand(self.tea)), (self.mug, 100))

    def test_of_several_steps_what_left_is_not_taken_for_picked_ahead(self):
        self.warehouse_id.delivery_steps = "pick_ship"
        order = self.sell(line("L1", "item", quantity=3), confirm=True)
        for code in ("internal", "outgoing"):
            ready = order.picking_ids.filtered(lambda picking: picking.state == "assigned")
            picking = ready.filtered(lambda picking, code=code: picking.picking_type_code == code)
            picking.move_ids.write({"quantity": 1, "picked": True})
            picking.with_context(skip_backorder=True).button_validate()
        self.assertEqual(order.order_line.qty_delivered, 1)
        rest = self.relink(self.mug).correction_ids.filtered(lambda line: line.order_stage == "rest")
        self.assertEqual((rest.quantity, rest.choices), (2, "swap,leave"))

    def test_a_transfer_that_brings_goods_for_another_order_too_goes_on(self):
        swapped, other = (self.sell(line("L1", "item"), confirm=True) for __ in range(2))
        shelf = self.env["stock.location"].create(
            {"name": "Shelf", "location_id": self.warehouse_id.view_location_id.id}
        )
        shared = self.env["stock.move"].create(
            {
                "product_id": self.tea.id,
                "product_uom_qty": 2,
                "location_id": shelf.id,
                "location_dest_id": self.stock.id,
                "move_dest_ids": (swapped + other).picking_ids.move_ids.ids,
            }
        )
        shared._action_confirm()
        batch = self.relink(self.mug)
        batch.correction_ids.filtered(lambda line: line.sale_order_id == other).choice = "leave"
        self.apply(batch)
        self.assertEqual(self.open_moves(swapped).product_id, self.mug)
        self.assertNotEqual(shared.state, "cancel")

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
