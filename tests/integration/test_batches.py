"""Mass changes: seen first, worked through in the background, cancelled, undone; what somebody else did stays."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError

from tests.fakes import line
from tests.integration.batches_common import USER, BatchCase


class TestBatches(BatchCase):
    # === AT ONCE AND IN THE BACKGROUND === #

    def test_few_are_changed_at_once(self):
        answer = self.listings[:3].with_user(self.clerk).action_ignore()
        self.assertFalse(answer)
        self.assertEqual(self.listings[:3].mapped("state"), ["ignored"] * 3)

    def test_many_are_changed_in_the_background(self):
        self.small_chunks()
        answer = self.listings.with_user(self.clerk).action_ignore()
        batch = self.env["order.channel.batch"].browse(answer["res_id"])
        self.assertEqual((batch.state, batch.user_id, batch.selected_count), ("preparing", self.clerk, 7))
        self.assertEqual(set(self.listings.mapped("state")), {"unconfirmed"})
        seen = []
        work = type(batch)._work_chunk

        def watch(record):
            work(record)
            seen.append((record.state, round(record.progress)))

        with (
            patch.object(self.registry["order.channel.batch"], "_work_chunk", watch),
            patch.object(self.registry["res.users"], "_bus_send") as told,
        ):
            self.env["order.channel.batch"]._cron_work()
        self.assertEqual([call.args[1]["title"] for call in told.call_args_list], [batch.name])
        self.assertEqual(set(self.listings.mapped("state")), {"ignored"})
        self.assertEqual((batch.state, batch.done_count), ("done", 7))
        preparing = [progress for state, progress in seen if state == "preparing"]
        running = [progress for state, progress in seen if state == "running"]
        self.assertEqual(preparing, [43, 86, 100])
        self.assertEqual(running[1:], [43, 86, 100])

    def test_two_batches_take_turns(self):
        self.small_chunks(chunk=1)
        first = self.env["order.channel.batch"]._make("ignore", self.listings[:3])
        second = self.env["order.channel.batch"]._make("ignore", self.listings[3:6])
        turns = []
        work = type(first)._work_chunk

        def watch(record):
            work(record)
            turns.append(record.id)

        with patch.object(self.registry["order.channel.batch"], "_work_chunk", watch):
            self.env["order.channel.batch"]._cron_work()
        self.assertEqual((first.state, second.state), ("done", "done"))
        self.assertEqual(turns[:4], [first.id, second.id, first.id, second.id])

    def test_a_bug_stops_the_batch_and_is_on_record(self):
        self.small_chunks()
        batch = self.env["order.channel.batch"]._make("ignore", self.listings)

        def broken(record, listings):
            raise ZeroDivisionError("oops")

        with (
            patch.object(self.registry["order.channel.batch"], "_prepare_ignore", broken),
            patch.object(self.registry["order.channel.batch"], "_rollback") as rolled_back,
            self.assertLogs("odoo.addons.order_channel_mapping.models.order_channel_batch_work", "ERROR"),
        ):
            self.env["order.channel.batch"]._cron_work()
        self.assertEqual(batch.state, "failed")
        self.assertIn("ZeroDivisionError", batch.text)
        rolled_back.assert_called_once()

    # === SEEN FIRST === #

    def test_nothing_happens_before_approval(self):
        batch = self.batch_of_links(self.listings)
        self.assertEqual(set(self.listings.mapped("state")), {"unconfirmed"})
        batch.line_ids[0].chosen = False
        batch.line_ids[1].product_id = self.tea
        batch.action_apply()
        self.assertEqual(self.listings[0].state, "unconfirmed")
        self.assertEqual(self.listings[1].product_id, self.tea)
        self.assertEqual(self.listings[1].mapping_id.method, "manual", "a person chose it")
        self.assertEqual(self.listings[2:].product_id, self.mug)
        self.assertEqual(self.listings[2:].mapping_id.mapped("method"), ["sku"] * 5)
        self.assertEqual(self.listings[1:].mapping_id.user_id, self.clerk)
        self.assertEqual(self.listings[1:].mapping_id.batch_id, batch)

    def test_a_ticked_line_needs_a_product(self):
        batch = self.batch_of_links(self.listings[:2])
        batch.line_ids[0].sudo().product_id = False
        with self.assertRaisesRegex(UserError, "is ticked, but has no product"):
            batch.action_apply()

    def test_what_fails_is_on_record_and_holds_up_nothing(self):
        batch = self.batch_of_links(self.listings)
        company = self.new_company("Other")
        batch.line_ids[3].sudo().product_id = self.env["product.product"].create(
            {"name": "X", "company_id": company.id}
        )
        batch.action_apply()
        self.assertEqual((batch.state, batch.done_count, batch.failed_count), ("done", 6, 1))
        self.assertIn("belongs to another company", batch.line_ids[3].text)
        self.assertEqual(self.listings[3].state, "unconfirmed")

    def test_what_somebody_changed_since_is_left_alone(self):
        self.listings[3]._link(self.tea)
        batch = self.batch_of_links(self.listings[:4])
        self.listings[1].with_user(self.clerk)._as_mapper()._link(self.tea)
        self.listings[2]._ignore()
        self.listings[3]._link(self.tea, 6)
        batch.action_apply()
        self.assertEqual((batch.done_count, batch.left_count), (1, 3))
        self.assertEqual(self.listings[1].product_id, self.tea)
        self.assertEqual((self.listings[3].product_id, self.listings[3].product_quantity), (self.tea, 6))
        self.assertRegex(batch.line_ids[1].text, r"Clara Clerk linked \[SKU-1\] Item 1 to .*Tea on ")
        self.assertIn("set [SKU-2] Item 2 aside", batch.line_ids[2].text)

    # === CANCEL, UNDO === #

    def test_cancelling_keeps_what_is_done_and_undo_puts_it_back(self):
        self.small_chunks()
        batch = self.batch_of_links(self.listings)
        batch.action_apply()
        batch.sudo()._work_chunk()
        self.assertEqual((batch.state, batch.done_count), ("running", 3))
        with self.assertRaisesRegex(UserError, "Only what is done"):
            batch.action_undo()
        batch.action_cancel()
        self.env["order.channel.batch"]._cron_work()
        self.assertEqual((batch.state, batch.done_count, batch.pending_count), ("done", 3, 4))
        batch.action_undo()
        self.env["order.channel.batch"]._cron_work()
        self.assertEqual((batch.state, batch.undone_count), ("undone", 3))
        self.assertEqual(set(self.listings.mapped("state")), {"unconfirmed"})
        self.assertEqual(self.listings[:3].mapping_ids.mapped("refused"), [True] * 3)

    def test_undo_gives_back_what_was_there_before(self):
        self.listings[0]._link(self.tea, 6)
        self.listings[1]._link_bundle([(self.tea, 2), (self.mug, 1)])
        self.listings[2]._ignore()
        batch = self.batch_of_links(self.listings[:3])
        batch.action_apply()
        self.assertEqual(self.listings[:3].product_id, self.mug)
        batch.action_undo()
        self.assertEqual((self.listings[0].product_id, self.listings[0].product_quantity), (self.tea, 6))
        sold = {line.product_id: line.quantity for line in self.listings[1].mapping_id.line_ids}
        self.assertEqual(sold, {self.tea: 2, self.mug: 1})
        self.assertEqual(self.listings[2].state, "ignored")
        refused = self.listings[:3]._refused_pairs()
        self.assertEqual(refused, {(listing.id, self.mug.id) for listing in self.listings[:3]})

    def test_undo_leaves_what_a_person_changed_since(self):
        batch = self.batch_of_links(self.listings[:2])
        batch.action_apply()
        self.listings[0]._link(self.tea)
        batch.action_undo()
        self.assertEqual((batch.undone_count, batch.left_count), (1, 1))
        self.assertEqual((self.listings[0].product_id, self.listings[1].state), (self.tea, "unconfirmed"))

    def test_undo_of_an_unlink_and_of_an_ignore(self):
        self.listings[:2]._link(self.mug)
        batch = self.env["order.channel.batch"]._make("unlink", self.listings[:3])
        self.assertEqual((batch.state, batch.done_count, batch.same_count), ("done", 2, 1))
        self.assertEqual(set(self.listings.mapped("state")), {"unconfirmed"})
        batch.action_undo()
        self.assertEqual(self.listings[:2].product_id, self.mug)
        self.assertFalse(self.listings._refused_pairs())
        batch = self.env["order.channel.batch"]._make("ignore", self.listings[2:4])
        batch.action_undo()
        self.assertEqual(set(self.listings[2:].mapped("state")), {"unconfirmed"})

    def test_undo_of_confirm_removes_products_that_nothing_uses(self):
        batch = self.env["order.channel.batch"]._make("confirm", self.listings[:2])
        products = self.listings[:2].product_id
        self.assertEqual((batch.done_count, len(products)), (2, 2))
        self.env["stock.quant"]._update_available_quantity(
            products[1], self.warehouse(self.env.company).lot_stock_id, 5
        )
        batch.action_undo()
        self.assertEqual(products.exists(), products[1], "the other one is gone")
        self.assertFalse(products[1].active)
        self.assertEqual(set(self.listings.mapped("state")), {"unconfirmed"})

    def test_undo_freezes_the_drafts_that_it_had_released(self):
        self.take(self.order("1", [line("a", "item-0", sku="SKU-0")]))
        sale = self.sale("1")
        self.assertTrue(sale.channel_frozen)
        batch = self.batch_of_links(self.listings[:1])
        batch.action_apply()
        self.assertEqual((sale.channel_frozen, sale.order_line[0].product_id), (False, self.mug))
        batch.action_undo()
        self.assertTrue(sale.channel_frozen)
        self.assertAlmostEqual(sale.amount_total, sale.channel_order_id.amount_total, 2)

    def test_undo_of_a_relink_gives_drafts_the_old_product_again(self):
        self.listings[0]._link(self.tea)
        batch = self.batch_of_links(self.listings[:1])
        batch.action_apply()
        self.take(self.order("1", [line("a", "item-0", sku="SKU-0")]))
        sale = self.sale("1")
        self.assertEqual(sale.order_line[0].product_id, self.mug)
        batch.action_undo()
        self.assertEqual((sale.order_line[0].product_id, sale.channel_frozen), (self.tea, False))

    def test_what_is_not_done_cannot_be_undone(self):
        batch = self.batch_of_links(self.listings[:1])
        with self.assertRaisesRegex(UserError, "Only what is done"):
            batch.action_undo()

    # === WHO MAY === #

    def test_rights(self):
        outsider = self.new_user("batch_outsider", "sales_team.group_sale_manager")
        with self.assertRaises(AccessError):
            self.env["order.channel.batch"].with_user(outsider).search([])
        with self.assertRaisesRegex(UserError, "You need the right to map items"):
            self.env["order.channel.batch"].with_user(outsider)._make("ignore", self.listings.with_user(outsider))
        batch = self.batch_of_links(self.listings[:2])
        for action in ("action_apply", "action_cancel", "action_undo", "action_prepare"):
            with self.assertRaisesRegex(UserError, "You need the right to map items"):
                getattr(batch.with_user(outsider), action)()
        with self.assertRaises(AccessError):
            batch.line_ids[0].write({"mapping_id": False})
        with self.assertRaises(AccessError):
            batch.write({"kind": "unlink"})
        batch.name = "Mugs"
        with self.assertRaisesRegex(UserError, "worked out already"):
            batch.channel_ids = self.channel
        batch.action_apply()
        with self.assertRaisesRegex(UserError, "approved already"):
            batch.line_ids[0].write({"chosen": False})

    def test_another_company_sees_nothing_of_it(self):
        batch = self.batch_of_links(self.listings[:1])
        company = self.new_company("Elsewhere")
        foreign = self.new_user("batch_foreign", USER, company=company)
        self.assertFalse(self.env["order.channel.batch"].with_user(foreign).search([("id", "=", batch.id)]))
        self.assertFalse(self.env["order.channel.batch.line"].with_user(foreign).search([("batch_id", "=", batch.id)]))
        for action in ("action_apply", "action_cancel", "action_undo", "action_prepare"):
            with self.assertRaises(AccessError):
                getattr(batch.with_user(foreign), action)()
        theirs = self.listings[0].copy({"external_id": "theirs", "channel_id": self.make_channel(company=company).id})
        theirs.company_id = company
        with self.assertRaisesRegex(UserError, "Choose items of one company"):
            self.env["order.channel.batch"]._make("ignore", self.listings[0] + theirs)
