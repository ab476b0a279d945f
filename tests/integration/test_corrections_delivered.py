"""A wrong link found late: what left already, what is invoiced, and who may correct it."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from tests.fakes import line
from tests.integration.corrections_common import CHANNEL_USER, CorrectionCase


class TestDelivered(CorrectionCase):
    def test_the_stock_of_both_products_is_corrected_under_the_users_name(self):
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": self.stock.id})
        self.env["stock.quant"]._update_available_quantity(self.tea, shelf, 5)
        order = self.sell(line("L1", "item", quantity=3), confirm=True)
        self.deliver(order)
        source = order.picking_ids.move_ids.move_line_ids.location_id
        batch = self.relink((self.mug, 2), self.coffee)
        self.assertRecordValues(
            batch.correction_ids,
            [{"order_stage": "delivered", "choice": "leave", "choices": "stock,return,leave", "chosen": False}],
        )
        before = self.on_hand(self.tea), self.on_hand(self.mug), self.on_hand(self.coffee)
        batch.with_user(self.keeper).action_choose_stock()
        batch.with_user(self.keeper).action_apply()
        after = self.on_hand(self.tea), self.on_hand(self.mug), self.on_hand(self.coffee)
        self.assertEqual([now - then for now, then in zip(after, before, strict=True)], [3, -6, -3])
        moves = self.env["stock.move"].search([("is_inventory", "=", True), ("origin", "=", order.name)])
        self.assertEqual(moves.create_uid, self.keeper)
        self.assertIn(order.client_order_ref, moves[0].inventory_name)
        self.assertEqual(moves.filtered(lambda move: move.product_id == self.tea).location_dest_id, source)
        self.assertEqual(order.channel_order_id.line_ids.mapping_id, self.listing.mapping_id)
        self.assertRecordValues(order.order_line, [{"product_id": self.tea.id, "qty_delivered": 3}])
        self.assertTotal(order, 30)
        self.assertCorrected(order, "3 items left as")
        self.assertEqual(self.listing.action_correct_orders()["tag"], "display_notification")

    def test_several_steps_put_back_where_the_first_step_took(self):
        self.warehouse_id.delivery_steps = "pick_ship"
        order = self.sell(line("L1", "item", quantity=2), confirm=True)
        for __ in range(2):
            picking = order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
            picking.move_ids.picked = True
            picking.button_validate()
        batch = self.relink(self.mug)
        batch.action_choose_stock()
        self.apply(batch)
        self.assertEqual((self.on_hand(self.tea), self.on_hand(self.mug)), (100, 98))

    def test_taken_from_where_it_is(self):
        """The new product lies on another shelf than the old one."""
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": self.stock.id})
        other = self.env["product.product"].create({"name": "Bowl", "is_storable": True})
        self.env["stock.quant"]._update_available_quantity(other, shelf, 1)
        order = self.sell(line("L1", "item", quantity=2), confirm=True)
        self.deliver(order)
        batch = self.relink(other)
        batch.action_choose_stock()
        self.apply(batch)
        self.assertEqual(self.places(other), {self.stock: -1})

    def test_what_lies_in_a_package_is_not_taken_out_of_it(self):
        bowl = self.env["product.product"].create({"name": "Bowl", "is_storable": True})
        package = self.env["stock.package"].create({"name": "Box 1"})
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": self.stock.id})
        self.env["stock.quant"]._update_available_quantity(bowl, shelf, 5, package_id=package)
        order = self.sell(line("L1", "item", quantity=2), confirm=True)
        self.deliver(order)
        batch = self.relink(bowl)
        batch.action_choose_stock()
        self.apply(batch)
        self.assertEqual(self.places(bowl), {shelf: 5, self.stock: -2})

    def test_what_waited_for_the_goods_that_are_back_gets_them(self):
        delivered = self.sell(line("L1", "item", quantity=60), confirm=True)
        self.deliver(delivered)
        self.sell(line("L1", "item", quantity=50), confirm=True)
        self.assertEqual(self.reserved(self.tea), 40)
        batch = self.relink(self.mug)
        batch.correction_ids.choice = "leave"
        batch.correction_ids.filtered(lambda line: line.sale_order_id == delivered).choice = "stock"
        self.apply(batch)
        self.assertEqual(self.reserved(self.tea), 50)

    def test_of_a_part_that_left_stock_is_corrected_and_the_rest_swapped(self):
        order = self.sell(line("L1", "item", quantity=3), confirm=True)
        self.deliver(order, {self.tea: 1})
        batch = self.relink(self.mug)
        batch.action_choose_stock()
        self.apply(batch)
        self.assertEqual((self.on_hand(self.tea), self.on_hand(self.mug)), (100, 99))
        self.deliver(order)
        self.assertEqual(self.told(order), [{"L1": 1}, {"L1": 2}])
        self.assertEqual(self.listing.action_correct_orders()["tag"], "display_notification")

    def test_lots_are_adjusted_by_hand(self):
        self.mug.tracking = "lot"
        order = self.sell(line("L1", "item"), confirm=True)
        self.deliver(order)
        batch = self.relink(self.mug)
        self.assertEqual(batch.correction_ids.choices, "leave,return")
        self.assertIn("lots, serial numbers", batch.correction_ids.text)

    def test_a_service_in_a_bundle_is_not_waited_for(self):
        wrapping = self.env["product.product"].create({"name": "Wrapping", "type": "service", "list_price": 1})
        self.listing._link_bundle([(self.tea, 1), (wrapping, 1)])
        order = self.sell(line("L1", "item", quantity=2), confirm=True)
        self.deliver(order)
        batch = self.relink(self.mug)
        self.assertRecordValues(batch.correction_ids, [{"order_stage": "delivered", "quantity": 2}])
        batch.action_choose_stock()
        self.apply(batch)
        self.assertEqual((self.on_hand(self.tea), self.on_hand(self.mug)), (100, 98))
        self.assertFalse(self.env["stock.move"].search([("product_id", "=", wrapping.id)]), "it has no stock")

    def test_lots_of_the_product_that_was_booked_are_adjusted_by_hand_too(self):
        order = self.sell(line("L1", "item"), confirm=True)
        self.deliver(order)
        self.tea.tracking = "lot"
        self.assertEqual(self.relink(self.mug).correction_ids.choices, "leave,return")

    def test_a_kit_is_adjusted_by_hand(self):
        """Which of its parts left, only a person knows."""
        self.patch(self.registry["product.product"], "_channel_kits", lambda products: products & self.mug)
        order = self.sell(line("L1", "item"), confirm=True)
        self.deliver(order)
        self.assertEqual(self.relink(self.mug).correction_ids.choices, "leave,return")

    def test_the_wrong_goods_come_back_and_the_right_ones_leave(self):
        order = self.sell(line("L1", "item", quantity=3), line("L2", "item"), confirm=True)
        self.deliver(order)
        batch = self.relink(self.mug)
        first = batch.correction_ids.filtered(lambda line: line.quantity == 3)
        first.with_user(self.keeper).choice = "return"
        action = batch.with_user(self.keeper).action_apply()
        self.assertEqual((first.state, first.reason_code), ("left", "correct_return"))
        wizard = self.env[action["res_model"]].with_user(self.keeper).browse(action["res_id"])
        self.assertEqual(sorted(wizard.product_return_moves.mapped("quantity")), [0, 3])
        back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        back.move_ids.picked = True
        back.button_validate()
        again = self.correct()
        self.assertRecordValues(
            again.correction_ids.sorted("quantity", reverse=True),
            [
                {"order_stage": "open", "choice": "swap", "quantity": 3},
                {"order_stage": "delivered", "choice": "leave", "quantity": 1},
            ],
        )
        self.apply(again)
        self.assertRecordValues(self.open_moves(order), [{"product_id": self.mug.id, "product_uom_qty": 3}])
        self.assertTotal(order, 40)

    def test_the_part_that_came_back_is_swapped_too(self):
        order = self.sell(line("L1", "item", quantity=3), confirm=True)
        self.deliver(order, {self.tea: 1})
        batch = self.relink(self.mug)
        batch.correction_ids.filtered(lambda line: line.order_stage == "delivered").choice = "return"
        action = batch.action_apply()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        back.move_ids.picked = True
        back.button_validate()
        again = self.correct()
        self.assertRecordValues(again.correction_ids, [{"order_stage": "open", "choice": "swap", "quantity": 1}])
        self.apply(again)
        keys = order.order_line.mapped("channel_key")
        self.assertEqual(len(set(keys)), len(keys), "a revision of the order finds each line by its key")
        self.assertEqual(sum(self.open_moves(order).mapped("product_uom_qty")), 3)
        self.assertEqual(self.open_moves(order).product_id, self.mug)
        self.assertTotal(order, 30)

    # === INVOICED, LOCKED === #

    def test_invoiced_orders_are_only_reported(self):
        self.tea.invoice_policy = "order"
        order = self.sell(line("L1", "item", quantity=3), confirm=True)
        invoice = order._create_invoices()
        invoice.action_post()
        batch = self.relink(self.mug)
        self.assertRecordValues(
            batch.correction_ids, [{"order_stage": "invoiced", "choices": "leave", "outcome": "problem"}]
        )
        self.assertIn(invoice.name, batch.correction_ids.text)
        with self.assertRaisesRegex(UserError, "can't be corrected like this"):
            batch.correction_ids.with_user(self.keeper).choice = "stock"
        batch.action_apply()
        self.assertRecordValues(order.order_line, [{"product_id": self.tea.id, "product_uom_qty": 3}])
        self.assertEqual(self.open_moves(order).product_id, self.tea)
        # credited, nothing of it is invoiced any more
        refund = self.env["account.move.reversal"].with_context(active_model="account.move", active_ids=invoice.ids)
        refund.create({"journal_id": invoice.journal_id.id}).refund_moves()
        again = self.correct()
        self.assertEqual(again.correction_ids.order_stage, "open")
        self.apply(again)
        self.assertTotal(order, 30)
        self.assertRecordValues(self.new_lines(order), [{"product_id": self.mug.id, "qty_to_invoice": 3}])

    def test_locked_orders_stay(self):
        order = self.sell(line("L1", "item"), confirm=True)
        order.action_lock()
        batch = self.relink(self.mug)
        self.assertEqual(batch.correction_ids.choices, "leave")
        self.assertIn("is locked", batch.correction_ids.text)

    # === WHO MAY === #

    def test_stock_needs_its_own_right(self):
        order = self.sell(line("L1", "item"), confirm=True)
        self.deliver(order)
        batch = self.relink(self.mug)
        correction = batch.correction_ids
        for choice in ("stock", "return"):
            with self.assertRaisesRegex(UserError, "right to change stock"):
                correction.with_user(self.clerk).choice = choice
        for action in (batch.with_user(self.clerk).action_choose_stock, correction.with_user(self.clerk).action_return):
            with self.assertRaisesRegex(UserError, "right to change stock"):
                action()
        correction.with_user(self.keeper).choice = "stock"
        with self.assertRaisesRegex(UserError, "right to change stock"):
            batch.with_user(self.clerk).action_apply()
        self.assertEqual(self.on_hand(self.tea), 99)

    def test_only_what_to_do_can_be_chosen(self):
        self.sell(line("L1", "item"))
        correction = self.relink(self.mug).correction_ids.with_user(self.clerk)
        for values in ({"product_id": self.coffee.id}, {"quantity": 5}, {"choice": "leave", "quantity": 5}):
            with self.assertRaisesRegex(UserError, "choose only what to do"):
                correction.write(values)
        with self.assertRaises(AccessError):
            correction.batch_id.write({"correction_ids": [Command.create({"outcome": "change"})]})
        correction.batch_id.write({"correction_ids": [Command.update(correction.id, {"choice": "leave"})]})
        self.assertFalse(correction.chosen)
        correction.action_choose()
        self.assertFalse(correction.chosen)  # what is left as it is has nothing to be done

    def test_nobody_without_the_right_and_of_another_company(self):
        self.sell(line("L1", "item"))
        outsider = self.new_user("correct_outsider", "sales_team.group_sale_manager,stock.group_stock_manager")
        company = self.new_company("Another")
        stranger = self.new_user("correct_stranger", CHANNEL_USER, company=company)
        batch = self.relink(self.mug)
        for user in (outsider, stranger):
            with self.assertRaises(UserError):
                self.listing.with_user(user).action_correct_orders()
            with self.assertRaises(UserError):
                batch.with_user(user).action_apply()
            with self.assertRaises(UserError):
                batch.correction_ids.with_user(user).action_return()
        self.assertEqual(batch.state, "ready")
