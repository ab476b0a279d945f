"""What linking would do is shown while products and quantities are chosen: stock, price, cost, orders, shared stock."""

from odoo.tests import Form

from odoo.addons.order_channel_mapping.connectors.records import PaymentStatus

from tests.fakes import line
from tests.integration.orders_common import OrderCase

USER = "order_channel_mapping.group_channel_user"


class TestLinkImpact(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls.new_user("impact_clerk", USER)
        cls.channel.push_stock = True
        cls.env["order.channel.location"].create({"channel_id": cls.channel.id, "external_id": "loc-1", "name": "Main"})
        cls.stock = cls.warehouse(cls.env.company).lot_stock_id
        cls.put(cls.tea, 20)
        cls.put(cls.mug, 7)
        cls.tea.standard_price = 20
        cls.card = cls.env["product.product"].create(
            {"name": "Card", "type": "service", "list_price": 2, "standard_price": 1}
        )
        cls.box, cls.wrap = cls.make_listings("BOX", "WRAP")

    @classmethod
    def put(cls, product, quantity):
        cls.env["stock.quant"]._update_available_quantity(product, cls.stock, quantity)

    @classmethod
    def make_listings(cls, *skus, channel=None, **values):
        channel = channel or cls.channel
        return cls.env["order.channel.listing"].create(
            [
                {
                    "channel_id": channel.id,
                    "company_id": channel.company_id.id,
                    "external_id": sku,
                    "sku": sku,
                    "sku_key": sku.lower(),
                    "name": f"Item {sku}",
                    "stock_ref": f"stock-{sku}",
                    "price": 100.0,
                    "currency_id": channel.company_id.currency_id.id,
                    "remote_quantity": 3,
                    **values,
                }
                for sku in skus
            ]
        )

    def form(self, listings):
        action = listings.with_user(self.clerk).action_open_link()
        return Form(self.env[action["res_model"]].with_user(self.clerk).with_context(**action["context"]))

    def bundle(self, listing, *components):
        form = self.form(listing)
        form.bundle = True
        for product, quantity in components:
            with form.line_ids.new() as new:
                new.product_id, new.quantity = product, quantity
        return form

    # === STOCK === #

    def test_stock_follows_product_and_quantity(self):
        form = self.form(self.box)
        self.assertFalse(form.stock_text)
        form.product_id = self.tea
        self.assertEqual(form.stock_text, "3 at the channel → 20")
        form.quantity = 6
        self.assertEqual(form.stock_text, "3 at the channel → 3")
        self.box.write({"pushed_quantity": 11, "pushed_at": "2026-11-01 00:00:00"})
        form.quantity = 5
        self.assertEqual(form.stock_text, "11 at the channel → 4")

    def test_a_bundle_names_the_product_that_limits(self):
        form = self.bundle(self.box, (self.tea, 2), (self.mug, 3), (self.card, 1))
        self.assertEqual(form.stock_text, "3 at the channel → 2; [MUG-1] Mug limits it")
        possible = [form.line_ids.edit(place).possible for place in range(2)]
        self.assertEqual(possible, [10, 2])

    def test_what_is_not_tracked_does_not_limit_and_is_not_pushed_alone(self):
        form = self.form(self.box)
        form.product_id = self.card
        self.assertEqual(form.stock_text, "Its products are not stock-tracked")

    def test_no_stock_is_nought(self):
        empty = self.env["product.product"].create({"name": "Empty", "is_storable": True})
        form = self.form(self.box)
        form.product_id = empty
        self.assertEqual(form.stock_text, "3 at the channel → 0")

    def test_a_channel_that_pushes_nothing_says_so(self):
        self.channel.push_stock = False
        form = self.form(self.box)
        form.product_id = self.tea
        self.assertEqual(form.stock_text, "Enough for 20. Stock push is switched off.")
        custom = self.make_listings("LINE", kind="custom")
        form = self.form(custom)
        form.product_id = self.tea
        self.assertEqual(form.stock_text, "Enough for 20. A custom item has no stock at the channel.")

    def test_a_product_of_another_company_is_named_as_such(self):
        other = self.new_company("Another")
        product = self.env["product.product"].create({"name": "Theirs", "is_storable": True, "company_id": other.id})
        offers = self.env["order.channel.listing"]._offers_as({self.box: [(product.id, 1.0)]})
        self.assertEqual((offers[self.box].hold, offers[self.box].quantity), ("other_company", 0))
        self.assertFalse(offers[self.box].components)

    def test_what_would_have_a_kit_in_it_is_not_pushed(self):
        kit = self.env["product.product"].create({"name": "Kit"})
        self.patch(self.registry["product.product"], "_channel_kits", lambda products: products & kit)
        offers = self.env["order.channel.listing"]._offers_as({self.box: [(self.mug.id, 1.0), (kit.id, 1.0)]})
        self.assertEqual((offers[self.box].hold, offers[self.box].quantity), ("kit", 0))

    def test_the_preview_is_what_is_pushed_then(self):
        """Waiting orders hold stock as soon as they go on: the preview has left it out already."""
        self.take(self.order("1", [line("a", "BOX", quantity=2)]), self.order("2", [line("a", "WRAP")]))
        form = self.form(self.box)
        form.product_id, form.quantity = self.tea, 3
        self.assertEqual(form.stock_text, "3 at the channel → 4", "20 less 2 x 3 leave 14")
        form.save().action_link()
        self.assertEqual(self.channel._offers(self.box)[self.box.id].quantity, 4)

    def test_only_what_will_be_taken_from_the_shelf_is_left_out(self):
        self.take(
            self.order("1", [line("a", "BOX", quantity=5, cancelled_quantity=3)]),
            self.order("2", [line("a", "BOX", quantity=4, fulfilled_by="marketplace")]),
            self.order("3", [line("a", "BOX", quantity=6)]),
        )
        self.sale("3").action_cancel()
        form = self.form(self.box)
        form.product_id = self.tea
        self.assertEqual(form.stock_text, "3 at the channel → 18")
        # an order that has its product already keeps it
        self.wrap._link(self.mug)
        self.take(self.order("4", [line("a", "WRAP", quantity=7)]))
        form = self.form(self.wrap)
        form.product_id = self.tea
        self.assertEqual(form.stock_text, "3 at the channel → 20")

    # === MONEY === #

    def test_price_and_cost(self):
        form = self.form(self.box)
        form.product_id = self.tea
        symbol = self.env.company.currency_id.symbol
        self.assertIn("100.00", form.price_text)
        self.assertIn("(+100 %)", form.price_text)
        self.assertIn(symbol, form.price_text)
        self.assertTrue(form.price_far, "twice as much")
        form.quantity = 2
        self.assertFalse(form.price_far)
        self.assertIn("(+0 %)", form.price_text)
        self.assertRegex(form.cost_text, r"40\.00.*leaves.*60\.00.*\(60 %\)")
        form = self.bundle(self.box, (self.tea, 1), (self.mug, 1), (self.card, 3))
        self.assertRegex(form.cost_text, r"23\.00.*leaves.*77\.00")
        self.assertIn("155.00", form.price_text)

    def test_without_a_price_there_is_no_comparison(self):
        self.box.price = 0
        form = self.form(self.box)
        form.product_id = self.tea
        self.assertIn("The channel says none", form.price_text)
        self.assertFalse(form.price_far)
        self.assertNotIn("leaves", form.cost_text)
        form.product_id = self.mug
        self.assertEqual(form.cost_text, "None entered")

    def test_prices_are_compared_in_the_currency_of_the_channel(self):
        euro = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "in", ("EUR", "CHF")), ("id", "!=", self.env.company.currency_id.id)], limit=1)
        )
        euro.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "name": "2020-01-01", "rate": 4.0, "company_id": self.env.company.id}
        )
        self.env["res.currency.rate"].search([("currency_id", "=", self.env.company.currency_id.id)]).rate = 1.0
        self.box.currency_id = euro
        prices = self.box._prices_as({self.box: [(self.tea.id, 1.0)]})[self.box]
        self.assertEqual((prices.price, prices.product_price, prices.cost), (100.0, 200.0, 80.0))
        self.assertTrue(prices.far)

    # === ORDERS AND OTHER LISTINGS === #

    def test_orders_that_go_on_and_those_that_do_not(self):
        self.take(
            self.order("1", [line("a", "BOX", quantity=2)]),
            self.order("2", [line("a", "BOX")], currency="XAF", shop_currency="XAF"),
            self.order("3", [line("a", "BOX"), line("b", "WRAP")]),
        )
        form = self.form(self.box)
        form.product_id = self.tea
        self.assertIn("1 order is released", form.orders_text)
        self.assertIn("20.00", form.orders_text)
        self.assertIn("1 more stays to resolve for another reason", form.orders_text, "its currency is not active")
        self.assertIn("1 order stays frozen because of other items", form.orders_text)
        both = self.form(self.box + self.wrap)
        with both.line_ids.edit(0) as first:
            first.product_id = self.tea
        self.assertIn("1 order stays frozen because of other items", both.orders_text)
        with both.line_ids.edit(1) as second:
            second.product_id = self.mug
        self.assertIn("2 orders are released", both.orders_text)
        self.assertIn("40.00", both.orders_text, "20.00 of each of two orders")

    def test_what_something_else_holds_up_is_not_counted_as_released(self):
        unpaid = {"payment_status": PaymentStatus.PENDING}
        self.take(
            self.order("1", [line("a", "BOX")], **unpaid),
            self.order("2", [line("a", "BOX")], **unpaid),
            self.order("3", [line("a", "BOX"), line("b", "WRAP")], **unpaid),
        )
        form = self.form(self.box)
        form.product_id = self.tea
        self.assertEqual(
            form.orders_text,
            "2 orders stay to resolve for another reason; 1 order stays frozen because of other items",
        )
        payment = self.channel_order("1").blocker_ids.filtered(lambda blocker: blocker.code == "payment")
        payment.action_overrule("Pays on delivery")
        form = self.form(self.box)
        form.product_id = self.tea
        self.assertRegex(
            form.orders_text,
            r"^1 order is released \(.*10\.00.*\); 1 more stays to resolve for another reason; 1 order",
        )
        answer = form.save().action_link()
        self.assertRegex(
            answer["params"]["message"],
            r"^Items linked: 1\. 1 order is released \(.*10\.00.*\); 1 more stays to resolve for another reason\.$",
        )
        self.assertFalse(self.sale("1").channel_to_resolve)
        self.assertTrue(self.sale("2").channel_to_resolve)

    def test_other_listings_of_the_same_stock(self):
        market = self.make_channel("shopify", name="Market")
        self.make_listings("M1", "M2", channel=market)._link(self.tea, 2)
        self.wrap._link_bundle([(self.tea, 1), (self.mug, 1)])
        form = self.form(self.box)
        self.assertFalse(form.shared_text)
        form.product_id = self.tea
        self.assertEqual(sorted(form.shared_text.split(", ")), ["Market (2)", "Test shop (1)"])
        form.save().action_link()
        self.assertEqual(self.form(self.box).shared_text, form.shared_text, "not with itself")

    def test_many_listings_take_few_queries(self):
        listings = self.make_listings(*(f"N{number}" for number in range(60)))
        meant = {listing: [(self.tea.id, 1.0)] for listing in listings}
        few = dict(list(meant.items())[:2])
        for which in (few, meant):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.env["order.channel.listing"]._offers_as(which)
            self.env["order.channel.listing"].union(*which)._freed_orders()
            if which is few:
                spent = self.cr.sql_log_count - before
        self.assertLessEqual(self.cr.sql_log_count - before, spent + 2)

    # === PACKS === #

    def test_a_packaging_of_the_product_is_offered(self):
        unit = self.tea.uom_id
        six = self.env["uom.uom"].create({"name": "Pack of 6", "relative_factor": 6, "relative_uom_id": unit.id})
        ten = self.env["uom.uom"].create({"name": "Box of 10", "relative_factor": 10, "relative_uom_id": unit.id})
        self.tea.uom_ids = six + ten
        self.take(self.order("1", [line("a", "BOX", quantity=2)]))
        form = self.form(self.box)
        form.product_id = self.tea
        self.assertFalse(form.packaging_id)
        form.quantity = 6
        self.assertEqual(form.packaging_id, six)
        form.packaging_id = ten
        self.assertEqual(form.quantity, 10)
        form.packaging_id = six
        form.save().action_link()
        sold = self.sale("1").order_line
        self.assertEqual((sold.product_uom_id, sold.product_uom_qty), (six, 2))
        self.assertEqual(self.box.product_quantity, 6)

    # === HISTORY === #

    def test_a_change_keeps_who_when_and_why(self):
        self.box._link(self.mug)
        form = self.form(self.box)
        self.assertTrue(form.changing)
        form.product_id, form.note = self.tea, "The mug was wrong"
        form.save().action_link()
        new, old = self.box.mapping_ids
        self.assertEqual((new.note, new.user_id, new.method), ("The mug was wrong", self.clerk, "manual"))
        self.assertEqual((old.end_user_id, bool(old.ended_at)), (self.clerk, True))
