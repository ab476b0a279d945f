"""A branch sells products of the company above it; a combo is never sold without its goods; a channel needs a warehouse."""

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form
from odoo.tools.safe_eval import safe_eval

from tests.fakes import connected, item, line
from tests.integration.orders_common import OrderCase


class TestBranches(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parent = cls.env.company
        cls.branch = cls.env["res.company"].create({"name": "Branch", "parent_id": cls.parent.id})
        cls.env.user.company_ids += cls.branch
        cls.channel = cls.make_channel(company=cls.branch, auto_link=True, orders_phase="all")
        cls.mug.company_id = cls.parent
        cls.tea.company_id = cls.branch
        cls.foreign = cls.env["product.product"].create(
            {"name": "Foreign", "default_code": "FOR-1", "company_id": cls.new_company("Stranger").id}
        )

    def listing(self, sku, **values):
        self.connector.items = [item(sku, sku, **values)]
        with connected(self.env, self.connector):
            self.channel._sync_items()
        return self.env["order.channel.listing"].search(
            [("channel_id", "=", self.channel.id), ("external_id", "=", sku)]
        )

    def test_a_product_of_the_company_above_is_linked_by_sku_and_sold(self):
        listing = self.listing("MUG-1")
        self.assertEqual((listing.state, listing.product_id), ("linked", self.mug))
        self.take(self.order("1", [line("a", "MUG-1", sku="MUG-1")]))
        sale = self.sale("1")
        sale.action_channel_process()
        self.assertEqual((sale.state, sale.company_id, sale.order_line.product_id), ("sale", self.branch, self.mug))

    def test_so_it_is_by_barcode_packaging_and_name(self):
        self.mug.barcode = "4006381333931"
        box = self.env["uom.uom"].create(
            {"name": "Box of 6", "relative_factor": 6, "relative_uom_id": self.mug.uom_id.id}
        )
        self.env["product.uom"].create({"product_id": self.mug.id, "uom_id": box.id, "barcode": "4006381333948"})
        self.assertEqual(self.listing("X-1", barcode="4006381333931").product_id, self.mug)
        by_box = self.listing("X-2", barcode="4006381333948")
        self.assertEqual((by_box.product_id, by_box.mapping_id.line_ids.quantity), (self.mug, 6.0))

    def test_the_form_offers_it_and_takes_it(self):
        listing = self.listing("OTHER")
        domain = self.env["order.channel.link"]._fields["product_id"].domain
        offered = self.env["product.product"].search(safe_eval(domain, {"company_id": listing.company_id.id}))
        self.assertIn(self.mug, offered)
        self.assertIn(self.tea, offered)
        self.assertNotIn(self.foreign, offered)
        listing._link(self.mug)
        self.assertEqual(listing.product_id, self.mug)
        with self.assertRaisesRegex(UserError, "another company"):
            listing._link(self.foreign)

    def test_a_company_above_does_not_sell_a_branchs_products(self):
        above = self.make_channel(company=self.parent, auto_link=True, name="Above")
        self.channel = above
        self.assertEqual(self.listing("TEA-1").state, "unconfirmed")
        with self.assertRaisesRegex(UserError, "another company"):
            self.listing("OTHER")._link(self.tea)

    def test_suggestions_know_it(self):
        listing = self.listing("MUG1", name="Mug")
        listing._suggest()
        found = self.env["order.channel.suggestion"].search([("listing_id", "=", listing.id)])
        self.assertIn(self.mug, found.product_id)


class TestCombos(OrderCase):
    def setUp(self):
        super().setUp()
        choice = self.env["product.combo"].create(
            {"name": "Mugs", "combo_item_ids": [Command.create({"product_id": self.mug.id})]}
        )
        self.combo = self.env["product.product"].create(
            {"name": "Breakfast", "default_code": "SET-1", "type": "combo", "combo_ids": [Command.set(choice.ids)]}
        )
        self.channel.auto_process = True

    def test_it_is_not_linked_by_sku_so_its_order_waits(self):
        self.take(self.order("1", [line("a", sku="SET-1")]))
        sale = self.sale("1")
        self.assertEqual((sale.state, sale.channel_frozen), ("draft", True))

    def test_linked_all_the_same_its_order_says_why_it_waits(self):
        self.take(self.order("1", [line("a", sku="SET-1")]))
        sale = self.sale("1")
        self.link("SET-1", self.combo)
        self.take(self.order("2", [line("b", sku="SET-1")]))
        for order in (sale, self.sale("2")):
            self.assertEqual((order.state, order.channel_to_resolve), ("draft", True))
            self.assertIn("Breakfast is a combo", order.channel_blocker_ids.text.replace("[SET-1] ", ""))
            self.assertFalse(order.channel_blocker_ids.can_overrule)
        listing = self.channel_order("1").line_ids.listing_id
        listing.action_unlink_product()
        listing._link(self.mug)
        self.assertFalse(sale.channel_to_resolve)

    def test_a_product_that_becomes_a_combo(self):
        self.channel.auto_process = False
        self.take(self.order("1", [line("a", sku="TEA-1")]))
        self.tea.product_tmpl_id.write(
            {"is_storable": False, "type": "combo", "combo_ids": [Command.set(self.combo.combo_ids.ids)]}
        )
        sale = self.sale("1")
        with self.assertRaisesRegex(UserError, "combo"):
            sale.action_channel_process()
        self.channel_order("1")._recheck()
        self.assertEqual(sale.channel_blocker_ids.mapped("code"), ["product"])


class TestWarehouses(OrderCase):
    def setUp(self):
        super().setUp()
        self.bare = self.new_company("Bare")
        self.env["stock.warehouse"].search([("company_id", "=", self.bare.id)]).active = False

    def test_a_channel_of_a_company_without_a_warehouse_says_what_to_do(self):
        Channel = self.env["order.channel"]
        values = {"name": "Shop", "provider": "shopify"}
        with self.assertRaisesRegex(UserError, "Bare has no warehouse"):
            Channel.create({**values, "company_id": self.bare.id})
        with self.assertRaisesRegex(UserError, "Bare has no warehouse"):
            Channel.with_company(self.bare).create(values)
        with self.assertRaisesRegex(UserError, "Bare has no warehouse"):
            Channel.create({**values, "company_id": self.bare.id, "warehouse_id": False})

    def test_the_form_chooses_no_other_companys(self):
        form = Form(self.env["order.channel"].with_company(self.bare))
        self.assertFalse(form.warehouse_id)

    def test_a_warehouse_that_was_archived_is_said_before_it_goes_live(self):
        self.channel.state = "connected"
        self.channel.warehouse_id.active = False
        with self.assertRaisesRegex(UserError, "is archived"):
            self.env["order.channel.go.live"].create({"channel_id": self.channel.id}).action_confirm()
