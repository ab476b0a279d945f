"""A correction changes the product, not what people did on its orders."""

from tests.fakes import line
from tests.integration.corrections_common import CorrectionCase

TAX = [("0.19", "5.70", False)]


class TestKept(CorrectionCase):
    def edited(self, confirm):
        """An order of three, changed to two at 9.00 each by hand, with a note and at another place."""
        order = self.sell(line("L1", "item", quantity=3, taxes=TAX))
        order.order_line.write(
            {"product_uom_qty": 2, "price_unit": 9.0, "name": "Line L1\nWrap it", "sequence": 3, "discount": 50}
        )
        order.channel_blocker_ids.action_keep_change()
        if confirm:
            order.action_confirm()
            order.picking_ids.action_assign()
        return order

    def test_on_a_draft(self):
        order = self.edited(confirm=False)
        self.apply(self.relink((self.mug, 2.0)))
        (mug,) = order.order_line
        self.assertRecordValues(
            mug, [{"product_id": self.mug.id, "product_uom_qty": 4.0, "price_unit": 4.5, "discount": 50.0}]
        )
        self.assertEqual((mug.name, mug.sequence), ("Line L1\nWrap it", 3))
        self.assertEqual((order.amount_untaxed, order.channel_to_resolve), (9.0, False), "the difference was kept")

    def test_on_a_draft_as_a_bundle(self):
        order = self.edited(confirm=False)
        self.apply(self.relink(self.mug, (self.coffee, 2.0)))
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [2.0, 4.0])
        self.assertEqual((order.order_line.mapped("discount"), order.amount_untaxed), ([50.0, 50.0], 9.0))
        self.assertFalse(order.channel_to_resolve, "the difference was kept")

    def test_on_a_processed_order(self):
        order = self.edited(confirm=True)
        self.apply(self.relink((self.mug, 2.0)))
        mug = self.new_lines(order)
        self.assertRecordValues(mug, [{"product_id": self.mug.id, "product_uom_qty": 4.0, "sequence": 3}])
        self.assertEqual((mug.name, order.amount_untaxed), ("Line L1\nWrap it", 9.0))

    def test_set_back_to_a_quotation_afterwards(self):
        order = self.edited(confirm=True)
        order.action_cancel()
        order.action_draft()
        (tea,) = order.order_line
        self.assertRecordValues(
            tea, [{"product_id": self.tea.id, "product_uom_qty": 2.0, "price_unit": 9.0, "discount": 50.0}]
        )
