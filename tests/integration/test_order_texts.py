"""What buyers wrote arrives on the sales order as they wrote it, and nothing of what plugins keep for themselves."""

from datetime import timedelta

from odoo.addons.order_channel_mapping.connectors import records

from tests.fakes import START, line
from tests.integration.orders_common import OrderCase


class TestOrderTexts(OrderCase):
    def test_attributes_are_on_the_line_as_they_were_written(self):
        wish = {"Message": "Dear <Kim>,\nI <3 tea & biscuits", "Upload": "https://shop.example/a%20b.png?x=1&y=2"}
        self.take(self.order("1", [line("a", sku="MUG-1", name="Mug & <Co>", attributes=wish)]))
        self.assertEqual(
            self.sale("1").order_line.name,
            "Mug & <Co>\nMessage: Dear <Kim>,\nI <3 tea & biscuits\nUpload: https://shop.example/a%20b.png?x=1&y=2",
        )

    def test_the_buyers_note_keeps_its_signs_and_lines(self):
        self.take(self.order("1", [line("a", sku="MUG-1")], note="I <3 tea\n<b>Ring</b> twice & wait"))
        self.assertEqual(
            str(self.sale("1").note), "<span>I &lt;3 tea<br>&lt;b&gt;Ring&lt;/b&gt; twice &amp; wait</span>"
        )

    def test_a_plugin_that_moves_its_state_changes_nothing_here(self):
        def version(state, minutes):
            lines = [line("a", sku="MUG-1", attributes={"Pet": "Rex", "item_status_internal": state, "_uid": state})]
            self.take(self.order("1", lines, updated_at=START + timedelta(minutes=minutes)))

        version("New", 1)
        sale = self.sale("1")
        self.assertEqual(sale.order_line.name, "Line a\nPet: Rex")
        sale.order_line.name += "\nWrap it well"
        version("In Progress", 5)
        self.assertEqual(sale.order_line.name, "Line a\nPet: Rex\nWrap it well")
        sale.action_confirm()
        version("Done", 9)
        self.assertFalse(self.channel_order("1").blocker_ids)


class TestCustomItems(OrderCase):
    """Lines that name no item of the channel, known by their titles."""

    def sold(self, number, title="Payment #2 for Sofa (order #%s)"):
        lines = [line(f"a{number}", name=title % number, price=300, physical=False)]
        self.take(self.order(str(number), lines))
        return self.sale(str(number))

    def listings(self):
        return self.env["order.channel.listing"].search([("channel_id", "=", self.channel.id), ("kind", "=", "custom")])

    def test_titles_that_name_an_order_are_one_item_that_is_remembered(self):
        first, second = self.sold(1041), self.sold(1042)
        listing = self.listings()
        self.assertEqual(listing.name, "Payment #2 for Sofa (order #…)")
        listing._link(self.tea)
        third = self.sold(1043)
        self.assertEqual((first + second + third).order_line.product_id, self.tea)
        self.assertFalse(third.channel_to_resolve)
        self.assertEqual(third.order_line.name, "Payment #2 for Sofa (order #1043)", "the order's own words stay")
        self.assertEqual(self.listings(), listing)

    def test_titles_that_name_other_items_are_asked_for(self):
        self.sold(42, "Size %s")
        self.listings()._link(self.tea)
        self.assertTrue(self.sold(43, "Size %s").channel_frozen)

    def test_an_item_that_is_known_by_its_whole_title_keeps_it(self):
        sale, known = self.sold(1040), {}
        general = self.listings()
        for number in (1041, 1042):
            key = f"line:payment #2 for sofa (order #{number})"
            known[number] = general.copy({"external_id": key, "name": f"Order {number}"})
        sale.channel_order_id.line_ids.listing_id = known[1041]
        general.unlink()
        known[1041]._link(self.tea)
        known[1042]._link(self.mug)
        lines = [line(f"a{number}", name=f"Payment #2 for Sofa (order #{number})", price=300) for number in known]
        self.take(self.order("both", lines))
        self.assertEqual(self.sale("both").order_line.product_id, self.tea + self.mug)
        self.assertEqual(self.listings(), known[1041] + known[1042])
        self.assertTrue(self.sold(1043).channel_frozen)
        self.assertEqual(len(self.listings()), 3)
        self.take(self.order("both", lines, note="Ring twice", updated_at=START + timedelta(days=1)))
        items = self.channel_order("both").line_ids.listing_id
        self.assertEqual(items, known[1041] + known[1042], "an order that changes keeps its items")


class TestTipLines(OrderCase):
    def test_two_tips_are_two_lines_of_the_sales_order(self):
        tips = [line(ref, kind=records.LineKind.TIP, name="Tip", price=price) for ref, price in (("t", 2), ("u", 3))]
        self.take(self.order("1", [line("a", sku="MUG-1", price=20), *tips]))
        sale = self.sale("1")
        tip = self.env.ref("order_channel_mapping.product_tip")
        self.assertEqual(sale.order_line.filtered(lambda line: line.product_id == tip).mapped("price_total"), [2, 3])
        self.assertEqual((sale.amount_total, sale.channel_to_resolve), (25, False))
