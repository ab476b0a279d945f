"""What an order sells that is no product: taken as a service line at the channel's price, this time or always."""

from odoo.exceptions import UserError

from tests.fakes import line
from tests.integration.orders_common import OrderCase

USER = "order_channel_mapping.group_channel_user"


class TestServiceLines(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls.new_user("service_clerk", USER, name="Clara Clerk")
        cls.service = cls.env.ref("order_channel_mapping.product_service")

    def wrap(self, number, title="Gift wrap", price="3.50"):
        self.take(self.order(number, [line("a", name=title, price=price, quantity=2)]))
        return self.sale(number), self.channel_order(number).line_ids.listing_id

    def choose(self, sale, **values):
        """Press Service on the frozen order, and say what for."""
        blocker = sale.with_user(self.clerk).channel_blocker_ids
        self.assertTrue(blocker.can_be_service)
        action = blocker.action_take_as_service()
        wizard = self.env[action["res_model"]].with_user(self.clerk).with_context(**action["context"]).create(values)
        return wizard, wizard.action_take()

    def test_this_time_the_next_order_asks_again(self):
        sale, listing = self.wrap("1")
        self.assertTrue(sale.channel_frozen)
        wizard, __ = self.choose(sale)
        self.assertEqual(wizard.scope, "once", "proposed while orders wait")
        self.assertEqual((sale.channel_frozen, sale.order_line.product_id), (False, self.service))
        self.assertEqual((sale.order_line.price_unit, sale.amount_total), (3.5, 7.0))
        self.assertEqual(sale.order_line.name, "Gift wrap")
        self.assertEqual((listing.state, listing.product_id.id, listing.mapping_id.id), ("unconfirmed", False, False))
        mapping = listing.mapping_ids
        self.assertEqual((mapping.method, mapping.user_id, bool(mapping.ended_at)), ("service", self.clerk, True))
        self.assertFalse(listing._refused_pairs())
        self.assertIn("mapped", self.channel_order("1").event_ids.mapped("code"))
        again, same = self.wrap("2")
        self.assertEqual((same, again.channel_frozen), (listing, True))
        self.choose(again)
        self.assertEqual(self.channel_order("1").line_ids.mapping_id, mapping, "the first one keeps its own")
        sale.action_confirm()
        self.assertFalse(sale.picking_ids, "nothing to pick")

    def test_always_is_remembered(self):
        sale, listing = self.wrap("1")
        self.choose(sale, scope="always")
        self.assertEqual(
            (listing.state, listing.product_id, listing.mapping_id.method), ("linked", self.service, "service")
        )
        again, __ = self.wrap("2", price="4.00")
        self.assertEqual((again.channel_frozen, again.amount_total), (False, 8.0))

    def test_a_service_product_of_its_own(self):
        sale, listing = self.wrap("1")
        self.choose(sale, scope="always", booked_on="own")
        product = listing.product_id
        self.assertEqual((product.name, product.type, product.standard_price), ("Gift wrap", "service", 0.0))
        self.assertFalse(product.is_storable)

    def test_an_ignored_item_with_an_order(self):
        self.connector.items = []
        sale, listing = self.wrap("1")
        listing.sudo().write({"kind": "item", "state": "ignored"})
        self.choose(sale)
        self.assertEqual((sale.channel_frozen, listing.state), (False, "ignored"), "it stays ignored")

    def test_an_item_of_the_catalogue_is_a_product(self):
        sale, listing = self.wrap("1")
        listing.sudo().kind = "item"
        self.assertFalse(sale.channel_blocker_ids.can_be_service)
        wizard = self.env["order.channel.service"].with_user(self.clerk).create({"listing_id": listing.id})
        with self.assertRaisesRegex(UserError, "is an item of the channel's catalogue"):
            wizard.action_take()

    def test_nothing_waits_any_more(self):
        sale, listing = self.wrap("1")
        action = listing.with_user(self.clerk).action_open_service()
        wizard = self.env[action["res_model"]].with_user(self.clerk).with_context(**action["context"]).create({})
        sale._action_cancel()
        with self.assertRaisesRegex(UserError, "No order waits for it any more"):
            wizard.action_take()

    def test_the_slower_of_two_is_told(self):
        __, listing = self.wrap("1")
        action = listing.with_user(self.clerk).action_open_service()
        wizard = self.env[action["res_model"]].with_user(self.clerk).with_context(**action["context"]).create({})
        with (
            self.at_the_same_moment(lambda listings: listings._link(self.mug)),
            self.assertRaisesRegex(UserError, "linked Gift wrap to .*Mug"),
        ):
            wizard.action_take()

    def test_the_shared_product_stays(self):
        with self.assertRaisesRegex(UserError, "Orders of all channels need the product"):
            self.service.active = False
