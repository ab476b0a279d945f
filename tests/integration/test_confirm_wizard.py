"""The form that shows what listings would become: edited, linked instead, counted in; two people at once."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from odoo.addons.order_channel_mapping.models import order_channel_listing_confirm

from tests.integration.test_confirm import USER, ConfirmCase


class TestConfirmWizard(ConfirmCase):
    def open(self, listings, user=None):
        action = listings.with_user(user or self.clerk).action_open_confirm()
        return self.env[action["res_model"]].with_user(user or self.clerk).browse(action["res_id"])

    def test_what_is_written_is_what_the_product_becomes(self):
        listing = self.listing("A", "Tee", barcode="5901234123457")
        category = self.env["product.category"].create({"name": "Shirts"})
        tax = self.env["account.tax"].create({"name": "5%", "amount": 5, "type_tax_use": "sale"})
        line = self.open(listing)
        self.assertEqual(line._name, "order.channel.confirm.line", "one item, one form")
        self.assertEqual((line.standard_price, line.list_price, line.barcode), (0.0, 10.0, "5901234123457"))
        self.assertEqual((line.decision, line.twin_text), ("create", ""))
        with Form(line) as form:
            form.name, form.sku, form.barcode = "Tee shirt", "TEE", "40170725"
            form.list_price, form.standard_price = 12, 4
            form.categ_id, form.product_type = category, "service"
            form.tax_ids.clear()
            form.tax_ids.add(tax)
        line.action_confirm()
        product = listing.product_id
        self.assertEqual((product.name, product.default_code, product.barcode), ("Tee shirt", "TEE", "40170725"))
        self.assertEqual((product.list_price, product.standard_price, product.categ_id), (12.0, 4.0, category))
        self.assertEqual((product.type, product.is_storable, product.taxes_id), ("service", False, tax))
        self.assertEqual((product.create_uid, listing.mapping_id.user_id), (self.clerk, self.clerk))

    def test_confirm_asks_only_where_there_may_be_a_twin(self):
        product = self.env["product.product"].create({"name": "One", "default_code": "A", "active": False})
        free, twin = self.listing("B"), self.listing("a")
        answer = (free + twin).with_user(self.clerk).action_confirm()
        wizard = self.env[answer["res_model"]].with_user(self.clerk).browse(answer["res_id"])
        self.assertEqual((wizard.twin_count, wizard.line_ids.mapped("decision")), (1, ["create", "link"]))
        self.assertIn("It is archived", wizard.line_ids[1].twin_text)
        self.assertFalse((free + twin).product_id)
        wizard.action_confirm()
        self.assertEqual((twin.product_id, product.active), (product, False))
        self.assertEqual(free.product_id.default_code, "B")
        self.listing("C").with_user(self.clerk).with_context(stay=True).action_confirm()
        self.assertEqual(
            self.env["order.channel.listing"].search([("sku", "=", "C")]).state, "linked", "nothing to ask"
        )

    def test_a_likely_twin_has_to_be_decided(self):
        product = self.env["product.product"].create({"name": "Blue Mug"})
        listing = self.listing("M", "Mug, blue")
        line = self.open(listing)
        self.assertEqual((line.decision, line.product_id), (False, product))
        with self.assertRaisesRegex(UserError, "may be a product already"):
            line.action_confirm()
        line.decision = "create"
        line.action_confirm()
        self.assertNotEqual(listing.product_id, product)

    def test_two_products_that_fit_for_sure_have_to_be_decided(self):
        product, __ = self.env["product.product"].create(
            [{"name": "One", "default_code": "M"}, {"name": "Other", "barcode": "111222333"}]
        )
        listing = self.listing("M", barcode="111222333")
        line = self.open(listing)
        self.assertEqual((line.decision, line.product_id), (False, product))
        line.decision = "link"
        line.action_confirm()
        self.assertEqual(listing.product_id, product)

    def test_a_packaging_is_linked_as_a_pack(self):
        product = self.env["product.product"].create({"name": "Tin"})
        self.env["product.uom"].create(
            {"product_id": product.id, "uom_id": self.env.ref("uom.product_uom_pack_6").id, "barcode": "999888777"}
        )
        listing = self.listing(barcode="999888777")
        self.open(listing).action_confirm()
        self.assertEqual((listing.product_id, listing.product_quantity), (product, 6.0))

    def test_of_several_with_one_sku_one_becomes_the_product(self):
        first, second, third = self.listing("S"), self.listing("s "), self.listing("T")
        wizard = self.open(first + second + third)
        self.assertEqual(wizard.line_ids.mapped("decision"), ["create", "same", "create"])
        wizard.line_ids[2].decision = "leave"
        wizard.action_confirm()
        self.assertEqual(first.product_id, second.product_id)
        self.assertEqual((third.state, first.product_id.default_code), ("unconfirmed", "S"))
        self.assertEqual(second.mapping_id.method, "manual")

    def test_the_others_of_one_sku_go_where_the_first_one_goes(self):
        product = self.env["product.product"].create({"name": "Tea"})
        first, second = self.listing("S"), self.listing("s ")
        wizard = self.open(first + second)
        wizard.line_ids[0].write({"decision": "leave", "product_id": product.id})
        with self.assertRaisesRegex(UserError, "Choose the product that .* is linked to"):
            wizard.action_confirm()
        wizard.line_ids[0].decision = "link"
        wizard.action_confirm()
        self.assertEqual((first + second).mapped("product_id"), product)

    def test_variants_become_one_product_unless_said_otherwise(self):
        shirts = self.variants([("Red", "M"), ("Blue", "M")])
        wizard = self.open(shirts)
        self.assertEqual((wizard.one_parent, wizard.product_name), (True, "Shirt"))
        wizard.product_name = "T-shirt"
        wizard.line_ids[0].standard_price = 3
        wizard.action_confirm()
        template = shirts.product_id.product_tmpl_id
        self.assertEqual((template.name, shirts[0].product_id.standard_price), ("T-shirt", 3.0))
        self.assertEqual(shirts[1].product_id.standard_price, 0.0)
        more = self.open(self.variants([("Red", "L"), ("Blue", "L")]))
        self.assertEqual(more.template_id, template, "their siblings' product is proposed")
        apart = self.open(self.variants([("Red", "M"), ("Blue", "M")], parent="P2", name="Coat"))
        apart.template_id = template
        apart.as_variants = False
        apart.action_confirm()
        made = apart.line_ids.listing_id.product_id.product_tmpl_id
        self.assertEqual((len(made), made & template), (2, template.browse()))

    # === OPENING STOCK === #

    def test_opening_stock_is_an_adjustment_in_the_users_name(self):
        keeper = self.new_user("confirm_keeper", f"{USER},stock.group_stock_user", name="Karl Keeper")
        first, second = self.listing("A"), self.listing("B")
        wizard = self.open(first + second, keeper)
        location = self.warehouse(self.env.company).lot_stock_id
        self.assertEqual((wizard.can_count, wizard.opening_stock, wizard.location_id), (True, False, location))
        wizard.opening_stock = True
        wizard.line_ids[0].opening_quantity = 7
        wizard.location_id = False
        with self.assertRaisesRegex(UserError, "Choose the location"):
            wizard.action_confirm()
        wizard.location_id = location
        wizard.action_confirm()
        self.assertEqual((first.product_id.qty_available, second.product_id.qty_available), (7.0, 0.0))
        move = self.env["stock.move"].search([("product_id", "=", first.product_id.id)])
        self.assertEqual((move.is_inventory, move.create_uid, move.location_dest_id), (True, keeper, location))
        self.assertFalse(self.env["stock.move"].search([("product_id", "=", second.product_id.id)]))

    def test_a_service_has_no_opening_stock(self):
        keeper = self.new_user("confirm_keeper", f"{USER},stock.group_stock_user", name="Karl Keeper")
        listing = self.listing("A", physical=False)
        line = self.open(listing, keeper)
        line.wizard_id.opening_stock = True
        line.opening_quantity = 7
        line.action_confirm()
        self.assertFalse(self.env["stock.quant"].search([("product_id", "=", listing.product_id.id)]))

    def test_opening_stock_needs_its_tick_and_its_right(self):
        listing = self.listing("A")
        line = self.open(listing)
        line.opening_quantity = 7
        line.wizard_id.opening_stock = True
        with self.assertRaisesRegex(UserError, "needs the right to use Inventory"):
            line.action_confirm()
        self.assertEqual(listing.state, "unconfirmed")
        line.wizard_id.opening_stock = False
        line.action_confirm()
        self.assertEqual(listing.product_id.qty_available, 0.0)
        keeper = self.new_user("confirm_keeper", f"{USER},stock.group_stock_user", name="Karl Keeper")
        unticked = self.listing("B")
        line = self.open(unticked, keeper)
        line.opening_quantity = 7
        line.action_confirm()
        self.assertEqual(unticked.product_id.qty_available, 0.0)

    # === TWO PEOPLE, RIGHTS === #

    def test_the_slower_of_two_is_told_who_linked_what(self):
        product = self.env["product.product"].create({"name": "Tea"})
        listing = self.listing("A", "Leaf")
        line = self.open(listing)
        colleague = self.new_user("confirm_colleague", USER, name="Carl Colleague")
        listing.with_user(colleague)._as_mapper()._link(product)
        with self.assertRaisesRegex(UserError, r"Carl Colleague linked \[A\] Leaf to .*Tea on "):
            line.action_confirm()
        with self.assertRaisesRegex(UserError, "Carl Colleague linked"):
            listing.with_user(self.clerk).action_confirm()
        with self.assertRaisesRegex(UserError, "Carl Colleague linked"):
            self.open(listing)

    def test_linked_at_the_same_moment(self):
        product = self.env["product.product"].create({"name": "Tea"})
        listing, other = self.listing("A", "Leaf"), self.listing("B", "Bud")
        line = self.open(listing)
        with self.at_the_same_moment(lambda listings: listings._link(product)):
            with self.assertRaisesRegex(UserError, r"linked \[A\] Leaf to .*Tea on "):
                line.action_confirm()
            with self.assertRaisesRegex(UserError, r"linked \[B\] Bud to .*Tea on "):
                other.with_user(self.clerk).action_confirm()

    def test_set_aside_meanwhile(self):
        listing = self.listing("A", "Leaf")
        line = self.open(listing)
        listing.with_user(self.clerk)._as_mapper()._ignore()
        with self.assertRaisesRegex(UserError, r"set \[A\] Leaf aside"):
            line.action_confirm()

    def test_the_link_form_tells_the_slower_too(self):
        tea, mug = self.env["product.product"].create([{"name": "Tea"}, {"name": "Mug"}])
        listing = self.listing("A", "Leaf")
        action = listing.with_user(self.clerk).action_open_link()
        form = Form(self.env["order.channel.link"].with_user(self.clerk).with_context(**action["context"]))
        form.product_id = mug
        wizard = form.save()
        listing._link(tea)
        with self.assertRaisesRegex(UserError, r"linked \[A\] Leaf to .*Tea on "):
            wizard.action_link()
        self.assertEqual(listing.product_id, tea)

    def test_who_may(self):
        listing = self.listing("A")
        outsider = self.new_user("confirm_outsider", "sales_team.group_sale_manager")
        with self.assertRaisesRegex(UserError, "You need the right to map"):
            self.open(listing, outsider)
        line = self.open(listing)
        colleague = self.new_user("confirm_colleague", USER)
        with self.assertRaises(AccessError):
            line.with_user(colleague).action_confirm()
        company = self.new_company("Other")
        foreign = self.new_user("confirm_foreign", USER, company=company)
        with self.assertRaises(AccessError):
            self.open(listing, foreign)
        theirs = self.listing("B", channel=self.make_channel(company=company))
        with self.assertRaisesRegex(UserError, "Choose items of one company"):
            self.open(listing + theirs, self.env.user)


class TestConfirmEmpties(ConfirmCase):
    """A product that is made from an item has no stock: what the channel has of it is not set to zero without a word."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel.push_stock = True
        cls.env["order.channel.location"].create({"channel_id": cls.channel.id, "external_id": "loc-1", "name": "Main"})
        cls.keeper = cls.new_user("keeper", f"{USER},stock.group_stock_user")

    def stocked(self, sku="A", **values):
        return self.listing(sku, **{"remote_quantity": 22, "stock_ref": f"stock-{sku}", **values})

    def confirm(self, listings, user=None):
        """The form that the button opens; nothing where it confirms at once."""
        user = user or self.keeper
        answer = listings.with_user(user).with_context(stay=True).action_confirm()
        model = answer.get("res_model")
        return self.env[model or "order.channel.confirm"].with_user(user).browse(answer.get("res_id") or ())

    def promised(self, listing):
        return self.channel._offers(listing)[listing.id].quantity

    def test_the_button_says_what_becomes_of_the_quantity_before_it_does_it(self):
        listing = self.stocked()
        line = self.confirm(listing)
        self.assertEqual(line._name, "order.channel.confirm.line", "it asks")
        self.assertEqual(listing.state, "unconfirmed")
        self.assertEqual((line.stock_text, line.goes_to_zero, line.can_count), ("22 → 0", True, True))
        with Form(line) as form:
            form.opening_stock = True
            self.assertEqual((form.opening_quantity, form.stock_text, form.goes_to_zero), (22, "22 → 22", False))
            form.opening_quantity = 20
            self.assertEqual(form.stock_text, "22 → 20")
        line.action_confirm()
        self.assertEqual(listing.product_id.qty_available, 20)
        self.assertEqual(self.promised(listing), 20)

    def test_nothing_is_counted_in_unless_it_was_ticked(self):
        listing = self.stocked()
        self.confirm(listing).action_confirm()
        self.assertEqual(listing.product_id.qty_available, 0)

    def test_who_may_not_count_is_told_too(self):
        line = self.confirm(self.stocked(), self.clerk)
        self.assertEqual((line.stock_text, line.goes_to_zero, line.can_count), ("22 → 0", True, False))

    def test_several_are_counted_on_top(self):
        wizard = self.confirm(self.stocked("A") + self.stocked("B", remote_quantity=0) + self.stocked("C"))
        self.assertEqual((wizard._name, wizard.zero_count), ("order.channel.confirm", 2))
        self.assertEqual(wizard.line_ids.mapped("stock_text"), ["22 → 0", False, "22 → 0"])
        wizard.opening_stock = True
        self.assertEqual((wizard.zero_count, wizard.line_ids.mapped("opening_quantity")), (0, [22, 0, 22]))
        wizard.line_ids[0].decision = "leave"
        self.assertFalse(wizard.line_ids[0].stock_text)

    def test_what_was_pushed_last_is_what_is_there(self):
        line = self.confirm(self.stocked(pushed_quantity=5, pushed_at="2026-11-01 00:00:00"))
        self.assertEqual(line.stock_text, "5 → 0")

    def test_the_buffer_is_held_back_of_what_is_counted_in(self):
        self.channel.stock_buffer = 3
        listing = self.stocked()
        line = self.confirm(listing)
        line.opening_stock = True
        self.assertEqual((line.opening_quantity, line.stock_text), (25, "22 → 22"))
        line.action_confirm()
        self.assertEqual(self.promised(listing), 22)

    def test_where_nothing_falls_it_is_done_at_once(self):
        for values in (
            {"remote_quantity": 0},
            {"remote_quantity": -4},
            {"physical": False},
            {"push_enabled": False},
            {"gone": True},
            {"fulfilled_by": "marketplace"},
        ):
            listing = self.stocked(f"SKU {values}", **values)
            self.assertFalse(self.confirm(listing), values)
            self.assertEqual(listing.state, "linked", values)

    def test_a_channel_that_gets_no_stock_yet_is_not_asked_about_but_told(self):
        self.channel.push_stock = False
        listing = self.stocked()
        action = listing.with_user(self.keeper).action_open_confirm()
        line = self.env[action["res_model"]].with_user(self.keeper).browse(action["res_id"])
        self.assertEqual((line.stock_text, line.goes_to_zero), ("22 → 0 once stock is pushed", False))
        self.assertFalse(self.confirm(listing))
        self.assertEqual(listing.state, "linked")

    def test_linking_to_a_product_instead_says_what_it_has(self):
        product = self.env["product.product"].create({"name": "Tee", "is_storable": True})
        self.env["stock.quant"]._update_available_quantity(product, self.channel.warehouse_id.lot_stock_id, 4)
        line = self.confirm(self.stocked())
        line.write({"decision": "link", "product_id": product.id})
        self.assertEqual((line.stock_text, line.goes_to_zero), ("22 → 4", False))

    def test_many_wait_for_a_look_at_them(self):
        listings = self.stocked("A") + self.stocked("B", remote_quantity=0)
        with patch.object(order_channel_listing_confirm, "AT_ONCE", 1):
            answer = listings.with_user(self.keeper).action_confirm()
        batch = self.env["order.channel.batch"].browse(answer["res_id"])
        self.assertEqual((batch.state, listings.mapped("state")), ("ready", ["unconfirmed"] * 2))
        text = batch.line_ids.filtered(lambda line: line.listing_id == listings[0]).text
        self.assertIn("22 → 0", text)
        self.assertEqual(batch.line_ids.mapped("chosen"), [True, True])
        batch.with_user(self.keeper).action_apply()
        self.assertEqual(listings.mapped("state"), ["linked"] * 2)

    def test_many_of_which_nothing_falls_are_confirmed_as_before(self):
        listings = self.stocked("A", remote_quantity=0) + self.stocked("B", remote_quantity=0)
        with patch.object(order_channel_listing_confirm, "AT_ONCE", 1):
            listings.with_user(self.keeper).action_confirm()
        self.assertEqual(listings.mapped("state"), ["linked"] * 2)
