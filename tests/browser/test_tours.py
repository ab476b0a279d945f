"""The main job in a real browser, as the people do it who have the rights for it and no more."""

from __future__ import annotations

from odoo.addons.order_channel_mapping.models.order_channel_account import ALLOW_INSECURE

from tests.browser.world import WorldCase
from tests.common import ChannelBrowserCase
from tests.fakes import connected
from tests.integration.connect_common import TOKEN, ConnectMixin
from tests.integration.oauth_common import ACCESS, ConsentMixin

USER = "order_channel_mapping.group_channel_user"


class TestConnectTour(ConnectMixin, ChannelBrowserCase):
    def test_a_manager_connects_a_channel(self):
        with self.marketplace():
            self.start_tour("/odoo", "order_channel_connect", login="channel_manager")
        channel = self.env["order.channel"].search([("name", "=", "Hat Shop")])
        self.assertEqual((channel.state, channel.external_name), ("connected", "Hat Shop"))
        self.assertEqual(channel.account_id._secrets(), {"access_token": TOKEN})
        self.assertEqual(set(channel.run_ids.mapped("kind")), {"items", "orders"}, "the first fetch is under way")


class TestAuthorizeTour(ConsentMixin, ChannelBrowserCase):
    def test_a_manager_connects_by_agreeing_at_the_marketplace(self):
        self.env["ir.config_parameter"].set_param(ALLOW_INSECURE, "True")
        self.market.authorize_url = lambda login, consent: f"{consent.return_url}?state={consent.state}&code=c"
        self.start_tour("/odoo", "order_channel_authorize", login="channel_manager")
        channel = self.env["order.channel"].search([("name", "=", "Hat Shop")])
        self.assertEqual((channel.state, channel.auth_method), ("connected", "oauth"))
        self.assertEqual(channel.account_id._ports().tokens.get("access_token"), ACCESS)


class TestOrderTours(WorldCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fill_shop()
        cls.clerk = cls.new_user("clerk", USER, company=cls.company)

    def tour(self, name, login="clerk"):
        with connected(self.env, self.connector):
            self.start_tour("/odoo", name, login=login)
        self.env.invalidate_all()

    def test_a_clerk_links_an_unconfirmed_item(self):
        self.tour("order_channel_link_item")
        listing = self.listing("TEA-GREEN-6X")
        self.assertEqual((listing.product_id, listing.product_quantity), (self.products["TEA-GREEN-100"], 6.0))
        self.assertEqual(listing.mapping_id.user_id, self.clerk)

    def test_a_clerk_unfreezes_and_processes_an_order(self):
        order = self.sale(1004)
        self.assertTrue(order.channel_frozen)
        self.tour("order_channel_unfreeze_and_process")
        self.assertEqual((order.state, order.channel_frozen), ("sale", False))
        sold = {
            line.product_id.default_code: line.product_uom_qty
            for line in order.order_line
            if line.product_id.is_storable
        }
        self.assertEqual(sold, {"TEA-GREEN-100": 6.0, "GIFT-SAMPLER": 2.0})
        self.assertAlmostEqual(order.amount_total, order.channel_order_id.amount_total, 2)

    def test_a_search_that_finds_nothing_says_so(self):
        self.tour("order_channel_empty_search")

    def test_who_may_invoice_answers_which_tax_it_is(self):
        order = self.sale(1007)
        self.assertTrue(order.channel_to_resolve)
        self.new_user("accountant", f"{USER},account.group_account_invoice", company=self.company)
        self.tour("order_channel_choose_tax", "accountant")
        self.assertFalse(order.channel_to_resolve)
        self.assertEqual(order.order_line[0].tax_ids, self.tax)

    def test_a_clerk_enters_an_order_of_an_offline_store(self):
        stall = self.make_stall()
        self.env["res.partner"].create({"name": "Walk-in Customer"})
        self.tour("order_channel_offline_order")
        order = self.env["sale.order"].search([("order_channel_id", "=", stall.id)])
        self.assertEqual((order.state, order.partner_id.name), ("sale", "Walk-in Customer"))
        self.assertEqual((order.order_line.product_id, order.order_line.price_unit), (self.products["MUG-BLUE"], 15.5))
