"""Items and quantities of the simulated WooCommerce, by its own connector."""

from __future__ import annotations

from odoo.addons.order_channel_mapping.tools.reasons import reason_text

from .woocommerce_common import WooCommerceCase


class GoodsCase(WooCommerceCase):
    built = False

    def add(self, sku, quantity=5, **values):
        """A product at the store and, under the same code, here with a hundred pieces on hand; its id there."""
        stock = {} if quantity is None else {"manage_stock": True, "stock_quantity": quantity}
        ref = self.store.shop.add_product(f"Thing {sku}", sku=sku, regular_price="10.00", **{**stock, **values})
        self.stock(sku)
        return ref

    def vary(self, parent, sku, quantity=5):
        stock = {} if quantity is None else {"manage_stock": True, "stock_quantity": quantity}
        ref = self.store.shop.add_variation(parent, {"Size": sku}, sku=sku, regular_price="10.00", **stock)
        self.stock(sku)
        return ref

    def stock(self, *skus, on_hand=100):
        products = self.env["product.product"].create(
            [{"name": f"Thing {sku}", "default_code": sku, "is_storable": True, "taxes_id": False} for sku in skus]
        )
        location = self.warehouse(self.env.company).lot_stock_id
        self.env["stock.quant"].create(
            [{"product_id": product.id, "location_id": location.id, "quantity": on_hand} for product in products]
        )
        return products

    def start(self):
        """Everything fetched and linked, quantities go out."""
        self.go_live(auto_link=True, push_stock=True)
        self.sync("items")
        self.sync()

    def push(self):
        """One pass of stock: its run (empty where nothing went out), and how many calls it took."""
        self.store.requests.clear()
        self.env.flush_all()
        self.env["order.channel.stock.change"]._cron_dispatch()
        known = self.channel.run_ids
        self.channel._push_stock()
        self.env.flush_all()
        self.env.invalidate_all()
        return self.channel.run_ids.filtered(lambda run: run.kind == "stock") - known, self.store.count("POST ")

    def listing(self, ref):
        return self.channel.listing_ids.filtered(lambda listing: listing.external_id == str(ref))


class TestItems(GoodsCase):
    def all_again(self):
        self.channel._fetch_all_items()
        return self.sync("items")

    def test_deleted_and_trashed_items_are_gone_after_a_full_pass_and_come_back(self):
        kept, deleted, trashed = (self.add(sku) for sku in ("KEPT", "DELETED", "TRASHED"))
        parent = self.store.shop.add_product("Shirt", type="variable")
        small, large = self.vary(parent, "S"), self.vary(parent, "L")
        self.start()
        self.store.do("delete_product", ref=deleted)
        self.store.do("edit_product", ref=trashed, status="trash")
        self.store.do("delete_variation", ref=large)
        self.all_again()
        gone = {ref: self.listing(ref).gone for ref in (kept, deleted, trashed, small, large)}
        self.assertEqual(gone, {kept: False, deleted: True, trashed: True, small: False, large: True})
        self.assertEqual(set(self.channel.listing_ids.mapped("state")), {"linked"})
        self.store.do("edit_product", ref=trashed, status="publish")
        self.all_again()
        self.assertFalse(self.listing(trashed).gone)

    def test_drafts_are_a_choice_and_known_ones_stay(self):
        draft = self.add("DRAFT", status="draft")
        self.start()
        self.assertFalse(self.listing(draft))
        run = self.channel.run_ids.filtered(lambda run: run.kind == "items")
        self.assertEqual(run.skips, {"not_sold": 1})
        self.channel.include_drafts = True
        self.sync("items")
        listing = self.listing(draft)
        self.assertEqual((listing.state, listing.on_sale, listing.gone), ("linked", False, False))
        self.channel.include_drafts = False
        run = self.sync("items")
        self.assertEqual((listing.state, listing.gone, run.unchanged + run.updated), ("linked", False, 1))
        run = self.sync("items")
        self.assertEqual(run.updated, 0)

    def test_an_unchanged_item_costs_nothing(self):
        for number in range(30):
            self.add(f"SKU-{number}")
        self.start()
        queries = []
        take = type(self.channel)._take_items

        def counted(channel, items, unread=()):
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            result = take(channel, items, unread)
            queries.append((self.env.cr.sql_log_count - before) / len(items))
            return result

        self.patch(type(self.channel), "_take_items", counted)
        run = self.all_again()
        self.assertEqual((run.unchanged, run.updated, run.created), (30, 0, 0))
        self.assertLessEqual(max(queries), 0.08)


class TestStock(GoodsCase):
    def test_each_way_that_a_store_keeps_stock(self):
        simple, unmanaged = self.add("SIMPLE"), self.add("UNMANAGED", quantity=None)
        own = self.store.shop.add_product("Shirt", type="variable")
        small = self.vary(own, "SHIRT-S")
        shared = self.store.shop.add_product("Cloth", type="variable", manage_stock=True, stock_quantity=60)
        narrow, wide = self.vary(shared, "CLOTH-N", None), self.vary(shared, "CLOTH-W", None)
        self.start()
        self.assertEqual(self.listing(narrow).stock_ref, self.listing(wide).stock_ref)
        wide_product = self.listing(wide).product_id
        self.env["stock.quant"]._update_available_quantity(
            wide_product, self.warehouse(self.env.company).lot_stock_id, -60
        )
        run, calls = self.push()
        held = {ref: self.store.do("available", ref=ref) for ref in (simple, small, shared)}
        self.assertEqual(held, {simple: 100, small: 100, shared: 40})  # the least of those that share it
        self.assertEqual((calls, run.updated, run.failed), (2, 4, 0))
        self.assertEqual(self.listing(unmanaged).push_hold_code, "no_stock_ref")
        self.assertFalse(self.listing(unmanaged).pushed_at)
        again, calls = self.push()
        self.assertEqual((again.updated, calls), (0, 0))

    def test_one_refused_quantity_holds_up_no_other(self):
        refs = [self.add(f"SKU-{number}") for number in range(3)]
        self.start()
        self.store.fault("refuse_entry", index=1)
        run, calls = self.push()
        self.assertEqual((calls, run.updated, run.failed), (1, 2, 1))
        failure = self.env["order.channel.failure"].search(
            [("channel_id", "=", self.channel.id), ("state", "=", "open")]
        )
        self.assertEqual((failure.kind, failure.listing_id), ("stock", self.listing(refs[1])))
        self.assertEqual(failure.text, "The channel refused. Sorry, you are not allowed to edit this resource.")
        self.assertEqual(failure.remedy, reason_text(self.env, "rejected")[1])
        self.assertEqual(self.store.do("available", ref=refs[1]), 5)
        self.assertEqual(self.store.do("available", ref=refs[2]), 100)

    def test_what_the_store_stopped_counting_becomes_a_failure_in_words(self):
        ref = self.add("SKU-1")
        self.start()
        self.store.do("edit_product", ref=ref, manage_stock=False)
        run, _calls = self.push()
        self.assertEqual(run.failed, 1)
        failure = self.env["order.channel.failure"].search([("channel_id", "=", self.channel.id)])
        self.assertEqual(failure.remedy, reason_text(self.env, "stock_not_managed")[1])

    def test_what_somebody_sets_at_the_store_is_set_back(self):
        refs = [self.add(f"SET-{number}") for number in range(3)]
        parent = self.store.shop.add_product("Tee", type="variable")
        refs.append(self.vary(parent, "TEE-L"))
        self.start()
        self.push()
        self.assertEqual([self.store.do("available", ref=ref) for ref in refs], [100] * 4)
        for ref, quantity in zip(refs[1:], (7, 250, 0), strict=True):
            self.store.shop.edit_product(ref, stock_quantity=quantity)
        run = self.sync("items")
        self.assertFalse(run.updated, "no item is another one")
        self.assertEqual([self.listing(ref).remote_quantity for ref in refs], [100, 7, 250, 0])
        self.sync()
        run, calls = self.push()
        self.assertEqual((run.updated, calls), (3, 2))
        self.assertEqual([self.store.do("available", ref=ref) for ref in refs], [100] * 4)
        self.sync("items")
        self.sync()
        self.assertFalse(self.push()[0], "and that is that")

    def test_what_is_in_the_bin_takes_no_quantities(self):
        kept, binned, deleted = self.add("KEPT"), self.add("BINNED"), self.add("DELETED")
        self.start()
        self.store.shop.edit_product(binned, status="trash")
        self.store.shop.delete_product(deleted)
        run, __ = self.push()
        self.assertEqual((run.updated, run.failed), (1, 2))
        self.assertEqual(self.store.do("available", ref=kept), 100)
        lost = self.listing(binned) + self.listing(deleted)
        self.assertEqual(lost.mapped("gone"), [True, True])
        failures = self.env["order.channel.failure"].search([("listing_id", "in", lost.ids), ("state", "=", "open")])
        self.assertEqual(failures.mapped("reason_code"), ["item_gone"] * 2)
        self.env["order.channel.stock.change"]._mark_listings(lost)
        self.assertFalse(self.push()[0], "they are not asked again")
        self.store.shop.edit_product(binned, status="publish")
        self.channel._fetch_all_items()
        self.sync("items")
        self.assertFalse(self.listing(binned).gone)
        self.push()
        self.assertEqual(self.store.do("available", ref=binned), 100)
        self.assertEqual(failures.mapped("state"), ["open", "solved"])

    def test_the_least_number_of_calls(self):
        """110 products go in two calls of a hundred at most, 18 variations in one for each of their 6 products."""
        shop, stock = self.store.shop, {"manage_stock": True, "stock_quantity": 5, "regular_price": "10.00"}
        skus = [f"SKU-{number}" for number in range(110)]
        for sku in skus:
            shop.add_product(f"Thing {sku}", sku=sku, **stock)
        for parent in range(6):
            ref = shop.add_product(f"Shirt {parent}", type="variable")
            for size in "SML":
                skus.append(f"SHIRT-{parent}-{size}")
                shop.add_variation(ref, {"Size": size}, sku=skus[-1], **stock)
        self.stock(*skus)
        self.start()
        run, calls = self.push()
        self.assertEqual((run.updated, calls, run.calls), (128, 8, 8))
