"""Orders of the simulated WooCommerce, from the store to the invoice, by its own connector."""

from __future__ import annotations

from decimal import Decimal

from tests.marketplaces.woocommerce_refunds import share

from .woocommerce_common import ORDERS, WooCommerceCase

HELD = {"on_hold": "On hold", "pending": "Pending payment", "custom_status": "Packing"}
OVER = ("digital", "shipped", "refunded", "cancelled", "failed")
ABSENT = ("checkout_draft", "broken")


class TestWholeStore(WooCommerceCase):
    """Every kind of order that the simulator knows."""

    def taxes_at_the_store(self, ref):
        """``{percent: amount}`` of an order, less what was given back."""
        shop, order = self.store.shop, self.store.shop.orders[int(ref)]
        percent = {tax["id"]: float(tax["rate"]) for tax in shop.taxes}
        taxes = {}
        for part in (order, *(shop.refunds[number] for number in order["refund_ids"])):
            for line in part["tax_lines"]:
                amount = Decimal(line["tax_total"]) + Decimal(line["shipping_tax_total"])
                rate = percent[line["rate_id"]]
                taxes[rate] = taxes.get(rate, 0) + float(round(amount, 2))
        return {rate: round(amount, 2) for rate, amount in taxes.items() if amount}

    def owed_at_the_store(self, ref):
        shop, order = self.store.shop, self.store.shop.orders[int(ref)]
        return float(order["total"]) - sum(float(shop.refunds[number]["amount"]) for number in order["refund_ids"])

    def check_invoice(self, sale, ref):
        """The full invoice says the same, per tax."""
        invoice = sale.invoice_ids
        self.assertAlmostEqual(invoice.amount_total, self.owed_at_the_store(ref), 2, ref)
        self.assertEqual(invoice.currency_id, sale.currency_id)
        taxes = {}
        for line in invoice.line_ids.filtered("tax_line_id"):
            rate = line.tax_line_id.amount
            taxes[rate] = round(taxes.get(rate, 0.0) - line.amount_currency, 2)
        self.assertEqual({rate: amount for rate, amount in taxes.items() if amount}, self.taxes_at_the_store(ref), ref)

    def test_every_kind_of_order(self):
        self.make_products()
        self.sync("items")
        runs = self.sync("orders", state="partial")
        self.assertEqual(sum(runs.mapped("failed")), 2, "the broken one, in either phase")
        self.assertEqual([run.skips for run in runs if run.skips], [{"status": 1}])
        self.assertEqual(runs.filtered("skips").skips_text.partition(" × ")[0], "1")
        self.link_everything()
        self.answer_taxes()
        found = [(kind, ref) for kind in self.store.shop.notes["orders"] for ref in self.order_ids(kind)]
        for kind, ref in found:
            with self.subTest(kind, ref=ref):
                self.check(kind, ref)
        going = [(self.sale(ref), ref) for kind, ref in found if kind not in (*ABSENT, *OVER, *HELD)]
        sales = self.env["sale.order"].union(*(sale for sale, __ in going))
        sales.action_channel_process()
        sales._create_invoices(grouped=True)
        for sale, ref in going:
            with self.subTest("invoice", ref=ref):
                self.check_invoice(sale, ref)
        self.check_nothing_more()

    def check(self, kind, ref):
        order, sale = self.channel_order(ref), self.sale(ref)
        if kind in ABSENT or kind in OVER:
            self.assertEqual(bool(order), kind in OVER)
            self.assertFalse(sale)
            return
        self.assertAlmostEqual(sale.amount_total, self.owed_at_the_store(ref), 2)
        self.assertAlmostEqual(sale.amount_tax, sum(self.taxes_at_the_store(ref).values()), 2)
        self.assertEqual(sale.client_order_ref, self.store.shop.orders[int(ref)]["number"])
        if kind in HELD:
            hold = sale.channel_blocker_ids.filtered(lambda blocker: blocker.code == "hold")
            self.assertIn(f"'{HELD[kind]}'", hold.text)
            self.assertNotIn("..", hold.text)
            return
        self.assertFalse(sale.channel_to_resolve, sale.channel_blocker_ids.mapped("text"))

    def check_nothing_more(self):
        """A second sync takes in what the parcels and invoices here did not touch: nothing. And it costs next to nothing."""
        queries = []
        take = type(self.channel)._take_orders

        def counted(channel, orders, unread=()):
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            result = take(channel, orders, unread)
            queries.append((self.env.cr.sql_log_count - before) / len(orders))
            return result

        self.channel._fetch_all_orders()
        self.patch(type(self.channel), "_take_orders", counted)
        run = self.sync("orders", state="partial")
        self.assertEqual((run.created, run.updated, run.unchanged), (0, 0, ORDERS - len(ABSENT)))
        self.assertLessEqual(max(queries), 0.08)


class TestWholeStoreWithTaxIncluded(TestWholeStore):
    prices_include_tax = True


class TestOrders(WooCommerceCase):
    """What the store's people and buyers do after an order came in."""

    built = False

    def setUp(self):
        super().setUp()
        shop = self.store.shop
        self.lamp = shop.add_product("Lamp", sku="LAMP", regular_price="20.00", manage_stock=True, stock_quantity=50)
        self.shirt = shop.add_product("Shirt", type="variable", sku="SHIRT")
        self.small = shop.add_variation(self.shirt, {"Size": "Small"}, sku="SHIRT-S", regular_price="10.00")
        self.env["account.tax"].create({"name": "15%", "amount": 15, "type_tax_use": "sale"})
        self.product, self.shirt_s = self.env["product.product"].create(
            [
                {"name": name, "default_code": sku, "is_storable": True, "taxes_id": False, "invoice_policy": "order"}
                for name, sku in (("Lamp", "LAMP"), ("Shirt, small", "SHIRT-S"))
            ]
        )
        self.go_live(auto_link=True)
        self.sync("items")
        self.assertEqual(self.channel.listing_ids.mapped("state"), ["linked"] * 2)
        self.sync()  # open orders first, then all: from here on a sync is one run

    def bought(self, *args, **kwargs):
        """An order at the store, taken in; its id there."""
        ref = self.buy(*args, **kwargs)["id"]
        self.sync()
        return ref

    def test_a_held_order_says_why_and_goes_on_when_the_store_lets_it_go(self):
        ref = self.bought(self.lamp, status="on-hold", payment_method="bacs", set_paid=False)
        sale = self.sale(ref)
        self.assertEqual(set(sale.channel_blocker_ids.mapped("code")), {"hold", "payment"})
        self.store.do("set_status", order=ref, status="processing")
        self.sync()
        self.assertFalse(sale.channel_to_resolve, sale.channel_blocker_ids.mapped("text"))

    def test_a_new_meaning_of_a_status_frees_its_orders(self):
        self.store.shop.statuses["packing"] = "Packing"
        self.channel.action_connect()
        ref = self.bought(self.lamp, status="packing")
        sale = self.sale(ref)
        blocker = sale.channel_blocker_ids.filtered(lambda blocker: blocker.code == "hold")
        self.assertIn("'Packing'", blocker.text)
        self.assertIn("At the Channel", blocker.remedy)
        status = self.channel.status_map_ids.filtered(lambda status: status.code == "packing")
        self.assertEqual((status.name, status.meaning), ("Packing", "hold"))
        status.meaning = "open"
        self.sync()
        self.assertNotIn("hold", sale.channel_blocker_ids.mapped("code"))
        status.meaning = "cancelled"
        self.sync()
        self.assertEqual(sale.state, "cancel")

    def test_cancelled_or_refunded_before_it_was_shipped(self):
        for how in ("cancel", "refund"):
            with self.subTest(how):
                ref = self.bought(self.lamp)
                sale = self.sale(ref)
                self.assertEqual(sale.state, "draft")
                if how == "cancel":
                    self.store.do("cancel", order=ref)
                else:
                    self.store.do("refund", order=ref, amount=self.store.shop.orders[ref]["total"])
                self.sync()
                self.assertEqual(sale.state, "cancel")

    def test_a_trashed_order_does_not_move_on(self):
        ref = self.bought(self.lamp)
        self.store.do("set_status", order=ref, status="trash")
        self.sync()
        sale = self.sale(ref)
        self.assertTrue(sale.channel_to_resolve or sale.state == "cancel", sale.state)

    def test_an_order_of_a_deleted_variation_asks_which_product_it_was(self):
        goods = [{"product_id": self.shirt, "variation_id": self.small, "quantity": 2}]
        ref = self.buy(0, line_items=goods)["id"]
        self.store.do("delete_variation", ref=self.small)
        self.sync()
        sale = self.sale(ref)
        self.assertTrue(sale.channel_frozen)
        self.assertFalse(sale.order_line.product_id & (self.product | self.shirt_s))
        self.assertIn("Small", sale.order_line.name)
        self.assertIn("Small", sale.channel_blocker_ids.text)
        self.assertAlmostEqual(sale.amount_total, 23.0)
        listing = sale.channel_blocker_ids.listing_id
        self.assertEqual(listing.kind, "custom", "of this variation alone, not of the whole product")
        listing._link(self.shirt_s)
        self.assertFalse(sale.channel_to_resolve)
        self.assertEqual(sale.order_line.product_id, self.shirt_s)

    def test_a_variation_deleted_after_the_order_came_in_keeps_its_product(self):
        goods = [{"product_id": self.shirt, "variation_id": self.small, "quantity": 2}]
        ref = self.buy(0, line_items=goods)["id"]
        self.sync()
        sale = self.sale(ref)
        self.assertEqual(sale.order_line.product_id, self.shirt_s)
        self.store.do("delete_variation", ref=self.small)
        self.store.do("touch_order", ref=ref)
        self.sync()
        self.assertEqual(sale.order_line.product_id, self.shirt_s)
        self.assertFalse(sale.channel_to_resolve, sale.channel_blocker_ids.mapped("text"))

    def test_a_refund_after_import_lowers_what_is_to_deliver_and_owed(self):
        ref = self.bought(self.lamp, quantity=3)
        line = self.store.shop.orders[ref]["line_items"][0]
        self.store.do("refund", order=ref, line_items=[share(line, 1)])
        run = self.sync()
        self.assertEqual(run.updated, 1)
        sale = self.sale(ref)
        self.assertEqual((sale.order_line.product_uom_qty, round(sale.amount_total, 2)), (2.0, 46.0))
        self.assertFalse(sale.channel_to_resolve, sale.channel_blocker_ids.mapped("text"))
        run = self.sync()
        self.assertEqual((run.updated, run.unchanged), (0, 1))

    def test_a_note_changes_nothing(self):
        ref = self.bought(self.lamp)
        self.store.do("add_note", order=ref, note="Called the buyer")
        self.store.do("touch_order", ref=ref)
        run = self.sync()
        self.assertEqual((run.updated, run.unchanged), (0, 1))

    def test_guests_are_one_contact_by_their_address(self):
        germany = {"first_name": "Robin", "last_name": "Muster", "address_1": "Musterweg 7", "postcode": "10115"}
        germany |= {"city": "Berlin", "state": "DE-BE", "country": "DE", "company": "Muster GmbH"}
        first = self.bought(self.lamp, billing=germany | {"email": "robin@example.com"}, shipping=germany)
        second = self.bought(self.lamp, billing=germany | {"email": "Robin@Example.com"}, shipping=germany)
        partner = self.sale(first).partner_id
        self.assertEqual(self.sale(second).partner_id, partner)
        self.assertEqual(
            (partner.name, partner.country_id.code, partner.state_id.name), ("Muster GmbH", "DE", "Berlin")
        )
        self.assertEqual(self.sale(first).partner_invoice_id.name, "Robin Muster")
        self.assertEqual(self.sale(first).partner_shipping_id, self.sale(second).partner_shipping_id)
        at_home = self.bought(self.lamp)
        self.assertEqual(self.sale(at_home).partner_id.state_id.name, "New York")
