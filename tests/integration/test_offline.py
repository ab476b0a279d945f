"""Offline store: a channel without a marketplace. Listings from products, orders by hand, the same rules."""

from __future__ import annotations

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from tests.common import ChannelCase


class OfflineCase(ChannelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = "order_channel_mapping.group_channel_{},product.group_product_pricelist"
        cls.user = cls.new_user("offline_user", groups.format("user"))
        cls.manager = cls.new_user("offline_manager", groups.format("manager"))
        cls.boss = cls.new_user("offline_boss", groups.format("user") + ",sales_team.group_sale_manager")
        cls.env["product.pricelist"].search([]).active = False
        cls.customer = cls.env["res.partner"].create({"name": "Mary Major", "email": "mary@example.com"})
        cls.mug, cls.tea, cls.wrapping = cls.env["product.product"].create(
            [
                {
                    "name": "Mug",
                    "default_code": "MUG-1",
                    "barcode": "4006381333931",
                    "is_storable": True,
                    "list_price": 9,
                },
                {"name": "Tea", "default_code": "TEA-1", "is_storable": True, "list_price": 4},
                {"name": "Wrapping", "type": "service", "list_price": 2},
            ]
        )
        (cls.mug | cls.tea | cls.wrapping).taxes_id = False
        cls.store = cls.make_store()

    @classmethod
    def make_store(cls, name="Market stall", **values):
        store = cls.env["order.channel"].with_user(cls.manager).create({"name": name, "provider": "offline", **values})
        store.action_go_live()
        return store.with_user(cls.user)

    def sell(self, *products, store=None, user=None, **values):
        """A draft order of one piece of each product, entered as a user does."""
        return (
            self.env["sale.order"]
            .with_user(user or self.user)
            .create(
                {
                    "partner_id": self.customer.id,
                    "order_channel_id": (store or self.store).id,
                    "order_line": [Command.create({"product_id": product.id}) for product in products],
                    **values,
                }
            )
        )

    def add(self, *products, price=None, store=None):
        """Listings of these products, priced by hand where a price is given."""
        listings = (store or self.store)._add_products(self.env["product.product"].union(*products))
        if price is not None:
            listings.price = price
        return listings

    def listing(self, product):
        return self.env["order.channel.listing"].search(
            [("channel_id", "=", self.store.id), ("external_id", "=", f"product:{product.id}")]
        )

    def trail(self, order, field="code"):
        """What happened to the order, oldest first."""
        self.env.cr.flush()
        return (
            self.env["order.channel.event"]
            .search([("order_id", "=", order.channel_order_id.id)], order="id")
            .mapped(field)
        )


class TestOfflineStore(OfflineCase):
    def test_a_store_opens_with_one_click(self):
        channel = self.env["order.channel"].with_user(self.manager).create({"name": "Fair", "provider": "offline"})
        self.assertEqual((channel.state, channel.notify_buyer), ("draft", True))
        channel.action_go_live()
        self.assertEqual((channel.state, channel.currency_id), ("live", self.env.company.currency_id))
        self.assertFalse(channel.auto_link or channel.auto_process or channel.push_stock or channel.push_tracking)
        self.assertFalse(channel._crons())

    def test_who_may_not_connect_may_not_open_a_store(self):
        channel = self.env["order.channel"].with_user(self.manager).create({"name": "Fair", "provider": "offline"})
        with self.assertRaises(AccessError):
            channel.with_user(self.user).action_go_live()

    def test_a_marketplace_still_has_to_connect_and_preview(self):
        channel = self.env["order.channel"].with_user(self.manager).create({"name": "Shop", "provider": "shopify"})
        self.assertFalse(channel.notify_buyer)
        with self.assertRaises(UserError):
            channel.action_go_live()
        channel.sudo().state = "connected"
        self.assertEqual(channel.action_go_live()["res_model"], "order.channel.go.live")

    def test_whether_buyers_get_mail_can_be_chosen(self):
        self.assertFalse(self.make_store("Quiet", notify_buyer=False).notify_buyer)
        with Form(self.env["order.channel"].with_user(self.manager)) as form:
            form.name = "Fair"
            form.provider = "offline"
            self.assertTrue(form.notify_buyer)


class TestOfflineListings(OfflineCase):
    def test_products_become_linked_listings(self):
        listings = self.add(self.mug, self.wrapping)
        mug = self.listing(self.mug)
        self.assertEqual(len(listings), 2)
        self.assertEqual((mug.kind, mug.state, mug.product_id, mug.product_quantity), ("item", "linked", self.mug, 1.0))
        self.assertEqual((mug.name, mug.sku, mug.sku_key, mug.barcode), ("Mug", "MUG-1", "mug-1", "4006381333931"))
        self.assertEqual((mug.price, mug.currency_id), (9.0, self.env.company.currency_id))
        self.assertEqual(mug.mapping_id.method, "manual")
        self.assertTrue(mug.physical)
        self.assertFalse(self.listing(self.wrapping).physical)
        self.assertEqual(mug.push_hold_code, "not_supported")

    def test_adding_twice_does_nothing_twice(self):
        first = self.add(self.mug, price=7.5)
        mapping = first.mapping_id
        self.assertFalse(self.add(self.mug))
        self.assertEqual(self.add(self.mug, self.tea).product_id, self.tea)
        self.assertEqual((first.price, first.mapping_id), (7.5, mapping))
        self.assertEqual(self.env["order.channel.mapping"].search_count([("listing_id", "=", first.id)]), 1)

    def test_what_was_taken_off_or_unlinked_comes_back_with_its_price(self):
        mug, tea = self.add(self.mug, price=7.5), self.add(self.tea, price=3)
        mug.with_user(self.user).action_take_off()
        tea.with_user(self.user).action_unlink_product()
        self.assertEqual(self.sell(self.mug, self.tea).order_line.mapped("price_unit"), [9.0, 4.0])
        self.assertEqual(self.add(self.mug, self.tea), mug | tea)
        self.assertEqual([(mug.gone, mug.state), (tea.gone, tea.state)], [(False, "linked")] * 2)
        self.assertEqual(self.sell(self.mug, self.tea).order_line.mapped("price_unit"), [7.5, 3.0])

    def test_prices_of_a_pricelist(self):
        pricelist = self.env["product.pricelist"].create(
            {
                "name": "Fair",
                "item_ids": [
                    Command.create({"compute_price": "percentage", "percent_price": 50, "applied_on": "3_global"})
                ],
            }
        )
        listings = self.store._add_products(self.mug | self.tea, pricelist)
        self.assertEqual(
            dict(zip(listings.product_id, listings.mapped("price"), strict=True)), {self.mug: 4.5, self.tea: 2.0}
        )

    def test_many_products_take_a_fixed_number_of_queries(self):
        products = self.env["product.product"].create(
            [{"name": f"Card {number}", "default_code": f"CARD-{number}"} for number in range(170)]
        )
        counts = []
        for batch in (products[:10], products[10:30], products[30:90], products[90:]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(self.add(*batch)), len(batch))
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
        # rows are inserted and updated by the hundred
        self.assertLess(counts[3] - counts[2], 20, counts)

    def test_only_open_offline_stores_take_products_and_only_of_mappers(self):
        shop = self.make_channel()
        with self.assertRaises(UserError):
            shop.with_user(self.user).action_add_products()
        outsider = self.new_user("offline_outsider", "sales_team.group_sale_manager")
        with self.assertRaises(UserError):
            self.store.with_user(outsider)._add_products(self.mug)
        self.store.sudo().state = "closing"
        with self.assertRaises(UserError):
            self.add(self.mug)

    def test_products_of_another_company_are_refused(self):
        self.tea.company_id = self.new_company("Elsewhere")
        with self.assertRaises(UserError):
            self.add(self.tea)

    def test_price_and_sku_are_edited_here_and_nowhere_else(self):
        listing = self.add(self.mug).with_user(self.user)
        listing.write({"price": 8.5, "sku": "Stall-Mug "})
        self.assertEqual((listing.price, listing.sku_key), (8.5, "stall-mug"))
        self.assertEqual(self.mug.default_code, "MUG-1")
        for values in ({"name": "Cup"}, {"gone": True}, {"product_id": self.tea.id}):
            with self.assertRaises(AccessError):
                listing.write(values)
        shop = self.make_channel()
        other = self.env["order.channel.listing"].create(
            {
                "channel_id": shop.id,
                "company_id": shop.company_id.id,
                "external_id": "1",
                "name": "Mug",
                "sku": "A",
                "price": 1,
            }
        )
        for values in ({"price": 2}, {"sku": "B"}):
            with self.assertRaises(AccessError):
                other.with_user(self.user).write(values)
        with self.assertRaises(UserError):
            other.with_user(self.user).action_take_off()


class TestAddProducts(OfflineCase):
    def wizard(self, **values):
        action = self.store.action_add_products()
        return self.env[action["res_model"]].with_user(self.user).with_context(**action["context"]).create(values)

    def test_the_form_adds_what_was_chosen_and_shows_it(self):
        self.add(self.tea)
        action = self.store.action_add_products()
        with Form(self.env[action["res_model"]].with_user(self.user).with_context(**action["context"])) as form:
            form.product_ids.add(self.mug)
            form.product_ids.add(self.tea)
            self.assertEqual((form.product_count, form.new_count), (2, 1))
        shown = form.record.action_add()
        self.assertEqual(self.env["order.channel.listing"].search(shown["domain"]), self.listing(self.mug))
        with self.assertRaises(UserError):
            form.record.action_add()

    def test_all_of_a_category_that_match(self):
        drinks = self.env["product.category"].create({"name": "Drinks"})
        hot = self.env["product.category"].create({"name": "Hot", "parent_id": drinks.id})
        self.tea.categ_id, self.mug.categ_id = hot, drinks
        old = self.env["product.product"].create({"name": "Old", "categ_id": hot.id, "sale_ok": False})
        wizard = self.wizard(choice="filter", category_ids=[Command.set(drinks.ids)])
        self.assertEqual(wizard.product_count, 2)
        wizard.filter_domain = "[('list_price', '<', 5)]"
        wizard.action_add()
        self.assertTrue(self.listing(self.tea))
        self.assertFalse(self.listing(self.mug) | self.listing(old))

    def test_other_companies_products_are_not_offered(self):
        self.tea.company_id = self.new_company("Elsewhere")
        wizard = self.wizard(choice="filter", filter_domain=f"[('id', 'in', {[self.mug.id, self.tea.id]})]")
        self.assertEqual(wizard._products(), self.mug)

    def test_a_broken_filter_is_said_in_words(self):
        wizard = self.wizard()
        for broken in ("[(", "[('no_such_field', '=', 1)]", "__import__('os')"):
            with self.assertRaises(UserError), self.cr.savepoint():
                wizard.write({"choice": "filter", "filter_domain": broken})
                wizard.action_add()

    def test_nothing_chosen(self):
        with self.assertRaises(UserError):
            self.wizard().action_add()


class TestOfflinePrices(OfflineCase):
    def test_lines_take_the_stores_price_and_edits_stay(self):
        self.add(self.mug, price=7.5)
        order = self.sell(self.mug, self.tea)
        mug, tea = order.order_line
        self.assertEqual((mug.price_unit, tea.price_unit), (7.5, 4.0))
        self.assertEqual(order.channel_unlisted_product_ids, self.tea)
        mug.product_uom_qty = 3
        self.assertEqual(mug.price_unit, 7.5)
        mug.price_unit = 6
        mug.product_uom_qty = 5
        self.assertEqual(mug.price_unit, 6.0)
        order.action_update_prices()
        self.assertEqual((mug.price_unit, tea.price_unit), (7.5, 4.0))

    def test_the_form_prices_by_the_chosen_store(self):
        self.add(self.mug, price=7.5)
        other = self.make_store("Fair")
        self.add(self.mug, price=8.25, store=other)
        with Form(self.env["sale.order"].with_user(self.user)) as form:
            form.partner_id = self.customer
            with form.order_line.new() as line:
                line.product_id = self.mug
                self.assertEqual(line.price_unit, 9.0)
        order = form.record
        order.order_channel_id = self.store
        self.assertEqual(order.order_line.price_unit, 7.5)
        order.order_channel_id = other
        self.assertEqual(order.order_line.price_unit, 8.25)
        order.order_line.price_unit = 5
        order.order_channel_id = self.store
        self.assertEqual(order.order_line.price_unit, 5.0)

    def test_units_and_packs(self):
        listing = self.add(self.mug, price=7.5)
        dozen = self.env.ref("uom.product_uom_dozen")
        order = self.sell()
        order.order_line = [Command.create({"product_id": self.mug.id, "product_uom_id": dozen.id})]
        self.assertEqual(order.order_line.price_unit, 90.0)
        listing.sudo()._link(self.mug, 12)
        listing.price = 60
        self.assertEqual(self.sell(self.mug).order_line.price_unit, 5.0)

    def test_a_pricelist_gives_no_discount_on_the_stores_price(self):
        self.env["res.config.settings"].create({"group_discount_per_so_line": True}).execute()
        pricelist = self.env["product.pricelist"].create(
            {
                "name": "Friends",
                "item_ids": [
                    Command.create({"compute_price": "percentage", "percent_price": 10, "applied_on": "3_global"})
                ],
            }
        )
        self.add(self.mug, price=7.5)
        mug, tea = self.sell(self.mug, self.tea, pricelist_id=pricelist.id).order_line
        self.assertEqual((mug.price_unit, mug.discount), (7.5, 0.0))
        self.assertEqual((tea.price_unit, tea.discount), (4.0, 10.0))

    def test_another_currency(self):
        currency = self.env.ref("base.CHF")
        currency.write(
            {"active": True, "rate_ids": [Command.clear(), Command.create({"name": "2020-01-01", "rate": 2.0})]}
        )
        pricelist = self.env["product.pricelist"].create({"name": "Francs", "currency_id": currency.id})
        self.add(self.mug, price=7.5)
        order = self.sell(self.mug, pricelist_id=pricelist.id)
        self.assertEqual((order.currency_id, order.order_line.price_unit), (currency, 15.0))
        self.assertEqual(order.channel_order_id.currency_code, "CHF")

    def test_what_the_store_does_not_sell_can_be_added_from_the_order(self):
        order = self.sell(self.mug, self.tea)
        order.action_channel_add_unlisted()
        self.assertEqual(self.listing(self.tea).price, 4.0)
        self.assertFalse(order.channel_unlisted_product_ids)

    def test_other_orders_keep_their_normal_prices(self):
        self.add(self.mug, price=7.5)
        order = self.sell(self.mug, order_channel_id=False)
        self.assertEqual(order.order_line.price_unit, 9.0)
        self.assertFalse(order.channel_order_id or order.channel_unlisted_product_ids)
