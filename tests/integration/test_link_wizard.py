"""The form that asks which product an item is."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from tests.common import ChannelCase

USER = "order_channel_mapping.group_channel_user"


class TestLinkWizard(ChannelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel = cls.make_channel()
        cls.clerk = cls.new_user("link_clerk", USER)
        cls.tea, cls.mug = cls.env["product.product"].create(
            [{"name": "Tea", "default_code": "TEA"}, {"name": "Mug", "default_code": "MUG"}]
        )
        cls.listings = cls.env["order.channel.listing"].create(
            [
                {
                    "channel_id": cls.channel.id,
                    "company_id": cls.channel.company_id.id,
                    "external_id": sku,
                    "sku": sku,
                    "sku_key": sku.lower(),
                    "name": f"Item {sku}",
                }
                for sku in ("TEA", "SIX", "SET")
            ]
        )
        cls.same, cls.six, cls.set = cls.listings

    def form(self, listings, user=None):
        listings = listings.with_user(user or self.clerk)
        action = listings.action_open_link()
        return Form(self.env[action["res_model"]].with_user(user or self.clerk).with_context(**action["context"]))

    def link(self, listings, fill):
        form = self.form(listings)
        fill(form)
        return form.save().action_link()

    def sold(self, listing):
        return {line.product_id: line.quantity for line in listing.mapping_id.line_ids}

    def test_the_product_of_the_same_sku_is_proposed(self):
        key = self.tea.order_channel_sku_key
        self.same.sku_key = key
        form = self.form(self.same)
        self.assertEqual(form.product_id, self.tea)
        self.assertFalse(self.form(self.six).product_id)

    def test_a_pack_is_so_many_of_one_product(self):
        def fill(form):
            form.product_id, form.quantity = self.tea, 6

        self.link(self.six, fill)
        self.assertEqual(self.sold(self.six), {self.tea: 6.0})
        self.assertEqual((self.six.state, self.six.mapping_id.user_id), ("linked", self.clerk))

    def test_a_bundle_starts_with_the_product_that_was_chosen(self):
        def fill(form):
            form.product_id = self.tea
            form.bundle = True
            with form.line_ids.new() as line:
                line.product_id, line.quantity = self.mug, 2

        self.link(self.set, fill)
        self.assertEqual(self.sold(self.set), {self.tea: 1.0, self.mug: 2.0})

    def test_of_several_items_those_without_a_product_stay(self):
        def fill(form):
            with form.line_ids.edit(0) as line:
                line.product_id = self.mug

        action = self.link(self.six + self.set, fill)
        self.assertEqual(self.sold(self.six), {self.mug: 1.0})
        self.assertEqual(self.set.state, "unconfirmed")
        self.assertIn("Items linked: 1", action["params"]["message"])

    def test_changing_starts_from_what_it_stands_for_now(self):
        self.six._link(self.tea, 6)
        before = self.six.mapping_id
        form = self.form(self.six)
        self.assertEqual((form.product_id, form.quantity), (self.tea, 6.0))
        form.quantity = 5
        form.save().action_link()
        self.assertEqual(self.sold(self.six), {self.tea: 5.0})
        self.assertTrue(before.ended_at)

    def test_changing_a_bundle_shows_its_products(self):
        self.set._link_bundle([(self.tea, 1), (self.mug, 2)])
        form = self.form(self.set)
        self.assertTrue(form.bundle)
        self.assertEqual(len(form.line_ids), 2)

    def test_what_a_colleague_changed_or_ended_since_is_not_overwritten(self):
        colleague = self.new_user("link_colleague", USER, name="Carl Colleague")
        theirs = self.six.with_user(colleague)._as_mapper()
        self.six._link(self.tea)
        form = self.form(self.six)
        form.quantity = 6
        theirs._link(self.mug)
        with self.assertRaisesRegex(UserError, r"Carl Colleague linked \[SIX\] Item SIX to .*Mug on "):
            form.save().action_link()
        form = self.form(self.six)
        theirs._unlink_product()
        with self.assertRaisesRegex(UserError, r"Carl Colleague unlinked \[SIX\] Item SIX on "):
            form.save().action_link()
        self.assertFalse(self.six.mapping_id)

    def test_no_product_is_one_clear_line(self):
        wizard = self.env["order.channel.link"].with_user(self.clerk).create({"listing_id": self.six.id})
        with self.assertRaisesRegex(UserError, "Choose a product first"):
            wizard.action_link()

    def test_nobody_links_without_the_right_or_in_another_company(self):
        outsider = self.new_user("link_outsider", "sales_team.group_sale_manager")
        with self.assertRaises(AccessError):
            self.form(self.six, outsider)
        other = self.new_company("Another")
        stranger = self.new_user("link_stranger", USER, company=other)
        with self.assertRaises(AccessError):
            self.form(self.six, stranger)
        wizard = self.env["order.channel.link"].with_user(stranger).create({"product_id": self.tea.id})
        wizard.sudo().listing_id = self.six
        with self.assertRaises(AccessError):
            wizard.action_link()
        self.assertEqual(self.six.state, "unconfirmed")
