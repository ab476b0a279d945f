"""What a person changes on a marketplace's order: on record, its effect on the total shown at once, and kept when wanted."""

from odoo.exceptions import UserError
from odoo.fields import Command

from tests.fakes import line, money
from tests.integration.orders_common import OrderCase


class TestOrderEdits(OrderCase):
    def sold(self, **values):
        """A ready order of a mug for 10.00 and a tea for 10.00."""
        self.take(self.order("1", [line("a", sku="MUG-1"), line("b", sku="TEA-1")], **values))
        sale = self.sale("1")
        self.assertFalse(sale.channel_to_resolve)
        return sale

    def gift(self, price):
        """Values of a line that a person adds, without tax."""
        return {"product_id": self.tea.id, "price_unit": price, "tax_ids": False}

    def codes(self):
        return self.channel_order("1").event_ids.sorted("id").mapped("code")

    def total_blocker(self):
        return self.sale("1").channel_blocker_ids.filtered(lambda blocker: blocker.code == "total")

    def test_what_a_person_edits_is_on_record(self):
        self.take(self.order("1", [line("a", sku="MUG-1")]))
        self.sale("1").order_line.price_unit = 8.0
        (edit,) = self.channel_order("1").event_ids.filtered(lambda event: event.code == "edited")
        self.assertEqual(edit.params["changes"], {"price_unit": [10.0, 8.0]})

    # === SHOWN AT ONCE === #

    def test_a_line_added_by_hand_is_named_in_money_as_soon_as_it_is_saved(self):
        sale = self.sold()
        shown = {"channel_to_resolve": {}, "channel_blocker_ids": {"fields": {"code": {}}}}
        (answer,) = sale.web_save({"order_line": [Command.create(self.gift(5.0))]}, shown)
        self.assertEqual([entry["code"] for entry in answer["channel_blocker_ids"]], ["total"])
        self.assertTrue(answer["channel_to_resolve"])
        blocker = sale.channel_blocker_ids
        self.assertEqual((blocker.code, blocker.can_keep, blocker.can_overrule), ("total", True, False))
        self.assertRegex(blocker.text, r"25\.00: .*5\.00 more than the channel's .*20\.00")
        self.assertEqual(blocker.remedy, "Keep your change if it is on purpose, or take it back.")
        with self.assertRaisesRegex(UserError, "can't be processed yet"):
            sale.action_confirm()

    def test_taking_the_change_back_is_a_way_out(self):
        sale = self.sold()
        sale.write({"order_line": [Command.create(self.gift(5.0))]})
        sale.order_line.filtered(lambda sale_line: not sale_line.channel_key).unlink()
        self.assertFalse(sale.channel_to_resolve)
        self.assertFalse(sale.channel_blocker_ids)

    def test_every_way_to_change_a_line_counts(self):
        sale = self.sold()
        mug, tea = sale.order_line
        tea.unlink()
        self.assertRegex(self.total_blocker().text, r"10\.00 less")
        mug.price_unit = 30.0
        self.assertRegex(self.total_blocker().text, r"10\.00 more")
        mug.discount = 50.0
        self.assertRegex(self.total_blocker().text, r"5\.00 less")
        self.env["sale.order.line"].create({"order_id": sale.id, **self.gift(5.0)})
        self.assertFalse(sale.channel_blocker_ids, "it is the channel's total again")
        elsewhere = sale.order_line.filtered(lambda sale_line: not sale_line.channel_key)
        elsewhere.order_id = self.env["sale.order"].create({"partner_id": sale.partner_id.id})
        self.assertRegex(self.total_blocker().text, r"5\.00 less")

    def test_a_save_is_looked_at_once_and_as_a_whole(self):
        sale = self.sold()
        mug = sale.order_line[0]
        sale.write(
            {
                "order_line": [
                    Command.update(mug.id, {"price_unit": 4.0}),
                    Command.create(self.gift(2.0)),
                    Command.create(self.gift(4.0)),
                ]
            }
        )
        self.assertEqual(sale.amount_total, 20.0)
        self.assertFalse(sale.channel_to_resolve)
        self.assertEqual(self.codes()[1:], ["edited", "line_added", "line_added"])

    def test_a_processed_order_shows_it_too(self):
        sale = self.sold()
        sale.action_channel_process()
        sale.order_line[0].product_uom_qty = 3.0
        self.assertEqual((sale.state, sale.channel_to_resolve, sale.channel_status), ("sale", True, "to_resolve"))
        self.total_blocker().action_keep_change()
        self.assertEqual((sale.channel_to_resolve, sale.channel_status), (False, "processed"))

    def test_a_salesperson_without_the_channels_rights_may_edit_but_not_keep(self):
        sale = self.sold()
        seller = self.new_user("seller", "sales_team.group_sale_salesman_all_leads")
        sale.with_user(seller).order_line[0].price_unit = 8.0
        self.assertEqual(self.total_blocker().params["difference"], "-2.00")
        with self.assertRaisesRegex(UserError, "You need the right to map items"):
            self.total_blocker().with_user(seller).action_keep_change()

    def test_a_cancelled_order_asks_nothing(self):
        sale = self.sold()
        sale._action_cancel()
        sale.write({"order_line": [Command.create(self.gift(5.0))]})
        self.assertFalse(sale.channel_blocker_ids)

    def test_where_a_tax_is_asked_for_its_answer_looks_at_the_total(self):
        self.take(self.order("1", [line("a", sku="MUG-1", taxes=[("0.07", "0.70", False)])]))
        sale = self.sale("1")
        sale.write({"order_line": [Command.create(self.gift(5.0))]})
        self.assertEqual(sale.channel_blocker_ids.mapped("code"), ["tax"])
        seven = self.env["account.tax"].create({"name": "7%", "amount": 7, "type_tax_use": "sale"})
        self.env["order.channel.tax.map"].create(
            {"channel_id": self.channel.id, "name": "VAT 0.07", "rate": 7, "included": False, "tax_id": seven.id}
        )
        self.assertEqual(self.total_blocker().params["difference"], "5.00")

    # === KEPT === #

    def test_keeping_the_change_puts_it_on_record_and_lets_the_order_go_on(self):
        sale = self.sold()
        sale.write({"order_line": [Command.create(self.gift(5.0))]})
        self.total_blocker().action_keep_change()
        self.assertFalse(sale.channel_to_resolve)
        self.assertEqual(self.codes()[1:], ["line_added", "blocked", "total_kept", "resolved"])
        kept = self.channel_order("1").event_ids.filtered(lambda event: event.code == "total_kept")
        self.assertEqual((kept.params["difference"], kept.user_id), ("5.00", self.env.user))
        self.assertRegex(kept.text, r"kept: the total here is .*25\.00, the channel's .*20\.00")
        sale.action_confirm()
        self.assertEqual(sale.state, "sale")

    def test_a_kept_change_stays_kept_while_the_channel_changes_something_else(self):
        sale = self.sold()
        sale.write({"order_line": [Command.create(self.gift(5.0))]})
        self.total_blocker().action_keep_change()
        self.take(self.order("1", [line("a", sku="MUG-1", quantity=2), line("b", sku="TEA-1")]))
        self.assertEqual((sale.amount_total, sale.channel_to_resolve), (35.0, False))

    def test_another_difference_asks_again(self):
        sale = self.sold()
        mug = sale.order_line[0]
        mug.price_unit = 15.0
        self.total_blocker().action_keep_change()
        mug.price_unit = 16.0
        self.assertEqual(self.total_blocker().params["difference"], "6.00")
        self.total_blocker().action_keep_change()
        self.take(self.order("1", [line("a", sku="MUG-1"), line("b", sku="TEA-1")], total=money("21.00")))
        self.assertEqual(self.total_blocker().params["difference"], "5.00")

    def test_a_revision_of_a_processed_order_asks_again_for_its_kept_change(self):
        sale = self.sold()
        sale.action_channel_process()
        sale.order_line[0].product_uom_qty = 3.0
        self.total_blocker().action_keep_change()
        lines = [line("a", sku="MUG-1"), line("b", sku="TEA-1", price="12.00")]
        self.take(self.order("1", lines))
        self.assertEqual(sorted(sale.channel_blocker_ids.mapped("code")), ["changed", "total"])
        self.assertEqual(self.total_blocker().params["difference"], "18.00")

    def test_a_change_that_the_channel_took_over_is_no_longer_kept(self):
        sale = self.sold()
        sale.order_line[0].price_unit = 8.0
        self.total_blocker().action_keep_change()
        self.take(self.order("1", [line("a", sku="MUG-1", price="9.00"), line("b", sku="TEA-1")]))
        self.assertEqual((sale.amount_total, sale.channel_to_resolve), (19.0, False))
        self.assertIn("total_restored", self.codes())
        sale.order_line[0].price_unit = 7.0
        self.assertEqual(self.total_blocker().params["difference"], "-2.00", "what was kept once is asked anew")

    def test_a_removed_line_comes_back_only_when_the_channel_changes_it(self):
        sale = self.sold()
        sale.order_line[1].unlink()
        self.total_blocker().action_keep_change()
        lines = [line("a", sku="MUG-1"), line("b", sku="TEA-1")]
        self.take(self.order("1", lines, note="Ring twice, please"))
        self.assertEqual((sale.order_line.product_id, sale.channel_to_resolve), (self.mug, False))
        self.take(self.order("1", [lines[0], line("b", sku="TEA-1", quantity=2)]))
        self.assertEqual(sale.order_line.product_id, self.mug + self.tea)
        self.assertEqual((sale.amount_total, sale.channel_to_resolve), (30.0, False))
        self.take(self.order("1", lines[:1]))
        self.take(self.order("1", lines))
        self.assertEqual(sale.order_line.product_id, self.mug + self.tea, "taken off and put on again there")

    # === WHAT THE CHANNEL'S OWN LINES DON'T EXPLAIN === #

    def test_a_total_that_the_channels_lines_dont_explain_is_overruled_not_kept(self):
        self.take(self.order("1", [line("a", sku="MUG-1")], total=money("12.00")))
        blocker = self.total_blocker()
        self.assertEqual((blocker.can_keep, blocker.can_overrule), (False, True))
        self.assertRegex(blocker.text, r"10\.00: .*2\.00 less than the channel's .*12\.00")

    def test_the_channels_total_is_taken_apart_where_it_collects_tax(self):
        self.take(
            self.order("1", [line("a", sku="MUG-1", price="20.00", taxes=[("0.08", "1.60", False, "marketplace")])])
        )
        self.sale("1").order_line.price_unit = 21.0
        self.assertRegex(
            self.total_blocker().text, r"1\.00 more than the channel's .*20\.00 \(.*21\.60 less the .*1\.60 of tax"
        )
