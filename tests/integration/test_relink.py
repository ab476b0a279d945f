from contextlib import contextmanager
from unittest.mock import patch

from odoo import fields

from odoo.addons.order_channel_mapping.models import order_channel_relink

from tests.common import ChannelCase
from tests.fakes import FakeConnector, connected, item

LONG_AGO = "2026-01-01 00:00:00"


class TestRelink(ChannelCase):
    """Items that came in before their products: looked at again when a product changes, and once a day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.cr.execute("UPDATE product_product SET write_date = '2025-01-01'")
        cls.env.cr.execute("UPDATE product_uom SET write_date = '2025-01-01'")
        cls.env.invalidate_all()
        cls.channel = cls.make_channel(state="live", auto_link=False)
        cls.connector = FakeConnector()
        cls.connector.items = [item(str(number), f"SKU-{number}", barcode=f"4000{number}") for number in range(5)]
        cls.fetch()

    def setUp(self):
        super().setUp()
        self.connector.items = self.connector.items[:5]

    @classmethod
    def fetch(cls):
        with connected(cls.env, cls.connector):
            return cls.channel._sync_items()

    def daily(self):
        self.channel.items_full_at = LONG_AGO
        self.fetch()

    @contextmanager
    def looked_at(self):
        """SKUs of the items for which a product is searched meanwhile."""
        seen = []
        listing_class = self.env.registry["order.channel.listing"]
        find = listing_class._find_products

        def spy(listings, *args, **kwargs):
            seen.extend(listings.mapped("sku"))
            return find(listings, *args, **kwargs)

        with patch.object(listing_class, "_find_products", spy):
            yield seen

    def hints(self):
        return [
            listing.link_hint
            for listing in self.env["order.channel.listing"].search([("channel_id", "=", self.channel.id)], order="id")
        ]

    def product(self, sku, **values):
        return self.env["product.product"].create({"name": "Late", "default_code": sku, **values})

    def test_only_what_a_changed_product_may_fit_is_looked_at(self):
        self.product("sku-1")
        self.product(False, barcode="40003")
        self.channel.items_linked_at = LONG_AGO
        with self.looked_at() as seen:
            self.fetch()
        self.assertEqual(sorted(seen), ["SKU-1", "SKU-3"])
        self.assertEqual(self.hints(), ["none", "one", "none", "one", "none"])
        self.env.cr.execute("UPDATE product_product SET write_date = '2026-02-01'")
        with self.looked_at() as seen:
            self.fetch()
        self.assertEqual(seen, [], "once is enough")

    def test_a_product_that_was_saved_while_the_last_pass_ran_is_found(self):
        product = self.product("sku-1")
        product.flush_recordset()
        product.write_date = fields.Datetime.subtract(self.channel.items_linked_at, seconds=90)
        self.fetch()
        self.assertEqual(self.hints()[1], "one")

    def test_only_unconfirmed_items_of_this_channel_that_are_there(self):
        listings = self.env["order.channel.listing"].search([("channel_id", "=", self.channel.id)], order="id")
        listings[1].gone = True
        listings[2]._ignore()
        other = self.make_channel(state="live", auto_link=False)
        listings[3].copy({"channel_id": other.id, "external_id": "theirs"})
        self.channel.auto_link = True
        for number in range(4):
            self.product(f"sku-{number}")
        for since, skus in ((fields.Datetime.now(), {"SKU-0", "SKU-3"}), (False, {"SKU-4"})):
            with self.subTest(all=not since), connected(self.env, self.connector), self.looked_at() as seen:
                self.channel.items_since = since
                self.channel._link_after_fetch()
            self.assertEqual(set(seen), skus)
        linked = self.env["order.channel.listing"].search([("state", "=", "linked")])
        self.assertLessEqual(linked, listings)
        self.assertEqual(set(linked.mapped("sku")), {"SKU-0", "SKU-3"})

    def test_what_is_known_to_fit_is_linked_when_that_is_switched_on(self):
        self.product("sku-1")
        self.fetch()
        self.product("sku-3")  # nobody looked since
        self.channel.auto_link = True
        with connected(self.env, self.connector):
            self.assertEqual(self.channel._link_certain(deadline=1), 0, "no time left")
            self.assertEqual(self.channel._link_certain(), 1)
        self.assertEqual(self.hints(), ["none", False, "none", "none", "none"])

    def test_a_packaging_made_later_is_found(self):
        product = self.product("other")
        product.write_date = LONG_AGO
        self.env["product.uom"].create(
            {"product_id": product.id, "uom_id": self.env.ref("uom.product_uom_dozen").id, "barcode": "40002"}
        )
        self.fetch()
        self.assertEqual(self.hints(), ["none", "none", "one", "none", "none"])

    def test_an_archived_product_fits_no_more(self):
        product = self.product("sku-1")
        self.fetch()
        product.active = False
        self.fetch()
        self.assertEqual(self.hints(), ["none"] * 5)

    def test_the_daily_pass_looks_at_all(self):
        product = self.product("sku-1")
        self.fetch()
        product.default_code = "sold under another name"
        self.daily()
        self.assertEqual(self.hints(), ["none"] * 5)

    def test_many_changed_products_are_met_over_several_passes(self):
        self.product("sku-0")
        self.product("sku-4")
        self.channel.auto_link = True
        with (
            patch.object(order_channel_relink, "FEW_PRODUCTS", 1),
            patch.object(order_channel_relink, "LINK_BATCH", 2),
            connected(self.env, self.connector),
        ):
            self.channel._sync_items(deadline=None)
            self.assertEqual(self.hints()[1:4], ["none"] * 3)
            self.assertEqual((self.hints()[0], self.hints()[4]), (False, False))
            self.product("sku-1")
            self.channel.items_linked_at = LONG_AGO
            with patch.object(self.registry["order.channel"], "_wake") as wake:
                self.channel._link_after_fetch(deadline=1)  # no time left: the work waits for the next pass
            wake.assert_called_once_with("items")
            self.assertEqual(self.hints()[1], "none")
            self.assertTrue(self.channel.items_relink_below)
            self.channel._link_on()
        self.assertFalse(self.hints()[1])
        self.assertFalse(self.channel.items_relink_below)

    def test_a_pass_with_nothing_else_to_do_goes_on(self):
        self.channel.items_relink_below = order_channel_relink.ALL
        self.channel.auto_link = True
        self.product("sku-2")
        with connected(self.env, self.connector):
            self.channel._cron_pass("items")
        self.assertFalse(self.hints()[2])

    def test_a_new_listing_is_pushed_where_stock_is_pushed(self):
        self.product("new-1")
        self.product("new-2")
        self.channel.auto_link = True
        Change = self.env["order.channel.stock.change"]
        for push in (False, True):
            with self.subTest(push=push):
                Change.search([]).unlink()
                self.channel.push_stock = push
                Change.search([]).unlink()
                self.connector.items = [*self.connector.items, item(f"new-{push}", "new-1" if push else "new-2")]
                self.fetch()
                new = self.env["order.channel.listing"].search([("external_id", "=", f"new-{push}")])
                self.assertEqual(new.state, "linked")
                self.assertEqual(Change.search([("listing_id", "!=", False)]).mapped("listing_id"), new.ids * push)
