"""A catalogue: products made from many listings as a mass change, looked at first, put back."""

from unittest.mock import patch

from odoo.tools import SQL

from odoo.addons.order_channel_mapping.models import (
    order_channel_batch,
    order_channel_batch_work,
    order_channel_listing_confirm,
)

from tests.integration.test_confirm import ConfirmCase


class TestCatalogue(ConfirmCase):
    def batch(self, **values):
        batch = self.env["order.channel.batch"].create({"kind": "catalogue", "channel_ids": self.channel.ids, **values})
        batch.action_prepare()
        batch.sudo()._work_now()
        return batch

    def reasons(self, batch):
        return {line.listing_id: (line.outcome, line.reason_code) for line in batch.line_ids}

    def test_counts_first_then_products_then_none(self):
        shirts = self.variants([("Red", "M"), ("Red", "L"), ("Blue", "M")])
        plain = self.listing("A")
        gone, custom = self.listing("B", gone=True), self.listing("C", kind="custom")
        ignored = self.listing("D", state="ignored")
        batch = self.batch()
        self.assertEqual((batch.state, batch.change_count, batch.product_count), ("ready", 4, 2))
        self.assertFalse(batch.line_ids.listing_id & (gone + custom + ignored))
        self.assertFalse((shirts + plain).product_id)
        batch.action_apply()
        self.assertEqual((batch.state, batch.done_count), ("done", 4))
        template, product = shirts.product_id.product_tmpl_id, plain.product_id
        self.assertEqual((len(template), len(shirts.product_id)), (1, 3))
        batch.action_undo()
        self.assertEqual((batch.state, batch.undone_count), ("undone", 4))
        self.assertFalse(template.exists() or product.exists())
        self.assertEqual(set((shirts + plain).mapped("state")), {"unconfirmed"})

    def test_what_may_be_a_product_already_is_left_out_with_its_family(self):
        product = self.env["product.product"].create({"name": "X", "default_code": "P1-Red-L"})
        shirts = self.variants([("Red", "M"), ("Red", "L"), ("Blue", "M")])
        first, second = self.listing("SAME"), self.listing("same")
        self.env["product.product"].create([{"name": "Grey cup"}, {"name": "Cup, grey"}])
        cup = self.listing(name="grey cup")
        batch = self.batch()
        self.assertEqual(
            self.reasons(batch),
            {
                shirts[0]: ("ambiguous", "twin_sibling"),
                shirts[1]: ("conflict", "twin_sku"),
                shirts[2]: ("ambiguous", "twin_sibling"),
                first: ("change", False),
                second: ("ambiguous", "twin_item"),
                cup: ("ambiguous", "twin_name"),
            },
        )
        self.assertEqual(batch.line_ids.filtered("product_id").product_id, product)
        batch.action_apply()
        self.assertEqual(batch.done_count, 1)
        self.assertEqual((first.product_id.default_code, second.state), ("SAME", "unconfirmed"))

    def test_undo_leaves_the_variant_that_is_used_meanwhile(self):
        shirts = self.variants([("Red", "M"), ("Red", "L")])
        batch = self.batch()
        batch.action_apply()
        products = shirts.product_id
        template = products.product_tmpl_id
        location = self.warehouse(self.env.company).lot_stock_id
        self.env["stock.quant"]._update_available_quantity(products[1], location, 5)
        batch.action_undo()
        self.assertEqual((products.exists(), template.exists()), (products[1], template))
        self.assertFalse(products[1].active or template.active)
        self.assertEqual(set(shirts.mapped("state")), {"unconfirmed"})

    def older(self, products, by="1 day"):
        """The same products, as if they had been made at another time: in a test, the clock stands still."""
        for table, records in (("product_product", products), ("product_template", products.product_tmpl_id)):
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET create_date = create_date - %s::interval WHERE id = ANY(%s)",
                    SQL.identifier(table),
                    by,
                    records.ids,
                )
            )
        self.env.invalidate_all()
        return products

    def test_undo_keeps_a_variant_that_was_there_before(self):
        before = self.older(self.variants([("Red", "M"), ("Blue", "M")])._confirm())
        again = self.listing("OTHER", "Shirt - Red / M", parent_ref="P1", attributes={"Shade": "Red", "Fit": "M"})
        batch = self.batch()
        batch.action_apply()
        self.assertEqual(again.product_id, before[0])
        batch.action_undo()
        self.assertEqual((again.state, before.exists(), before.mapped("active")), ("unconfirmed", before, [True, True]))

    def test_undo_keeps_a_variant_that_a_colleague_made_after_the_preview(self):
        shirts = self.variants([("Red", "M"), ("Blue", "M")])
        again = self.listing("OTHER", "Shirt - Red / M", parent_ref="P1", attributes={"Shade": "Red", "Fit": "M"})
        batch = self.batch()
        theirs = self.older(shirts._confirm(twins_seen=True), by="-1 minute")
        batch.action_apply()
        self.assertEqual((batch.done_count, again.product_id), (1, theirs[0]))
        batch.action_undo()
        self.assertEqual((again.state, theirs.exists(), theirs.mapped("active")), ("unconfirmed", theirs, [True, True]))
        self.assertEqual(shirts.mapped("product_id"), theirs)

    def test_undo_takes_only_its_own_variants_out_of_a_template(self):
        before = self.older(self.variants([("Red", "M"), ("Blue", "M")])._confirm())
        self.variants([("Red", "XL")])
        batch = self.batch()
        batch.action_apply()
        self.assertEqual(len(before.product_tmpl_id.product_variant_ids), 3)
        batch.action_undo()
        self.assertEqual(before.product_tmpl_id.product_variant_ids, before)

    def test_a_family_is_one_thing_wherever_the_background_cuts(self):
        self.env["product.product"].create({"name": "X", "default_code": "P1-Red-L"})
        shirts = self.variants([("Red", "M"), ("Red", "L")])
        coats = self.variants([("Red", "M"), ("Red", "L")], parent="P2", name="Coat")
        with patch.object(order_channel_batch_work, "PREPARE_CHUNK", 1):
            batch = self.batch()
        self.assertEqual(
            self.reasons(batch),
            {
                shirts[0]: ("ambiguous", "twin_sibling"),
                shirts[1]: ("conflict", "twin_sku"),
                coats[0]: ("change", False),
                coats[1]: ("change", False),
            },
        )
        self.assertEqual(batch.product_count, 1)
        with patch.object(order_channel_batch_work, "WORK_CHUNK", 1):
            batch.action_apply()
        self.assertEqual((batch.done_count, len(coats.product_id.product_tmpl_id)), (2, 1))

    def test_a_family_is_made_whole_or_not_at_all(self):
        shirts = self.variants([("Red", "M"), ("Red", "L")])
        plain = self.listing("A")
        batch = self.batch()
        self.env["product.product"].create({"name": "X", "default_code": "P1-Red-L"})
        with patch.object(order_channel_batch_work, "WORK_CHUNK", 1):
            batch.action_apply()
        self.assertEqual((batch.done_count, batch.failed_count), (1, 2))
        self.assertEqual((set(shirts.mapped("state")), plain.state), ({"unconfirmed"}, "linked"))
        self.assertFalse(self.env["product.template"].search([("name", "=", "Shirt")]))

    def test_many_are_confirmed_in_the_background(self):
        listings = self.listing("A") + self.listing("B")
        with (
            patch.object(order_channel_listing_confirm, "AT_ONCE", 1),
            patch.object(order_channel_batch, "AT_ONCE", 1),
        ):
            answer = listings.with_user(self.clerk).action_confirm()
        batch = self.env["order.channel.batch"].browse(answer["res_id"])
        self.assertEqual((batch.kind, batch.state, batch.user_id), ("confirm", "preparing", self.clerk))
        self.assertFalse(listings.product_id)
        batch.sudo()._work_now()
        self.assertEqual(listings.mapping_id.mapped("method"), ["confirm"] * 2)
        self.assertEqual(listings.mapping_id.user_id, self.clerk)
