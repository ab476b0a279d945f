"""Products made from listings: their details, variants as one template, and the products that may be the same already."""

from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.order_channel_mapping.tools.normalize import barcode_key, normalize_sku

from tests.common import ChannelCase

USER = "order_channel_mapping.group_channel_user"


class ConfirmCase(ChannelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel = cls.make_channel()
        cls.clerk = cls.new_user("confirm_clerk", USER, name="Clara Clerk")
        cls.number = 0

    @classmethod
    def listing(cls, sku=None, name=None, **values):
        cls.number += 1
        channel = values.pop("channel", cls.channel)
        barcode = values.get("barcode")
        return cls.env["order.channel.listing"].create(
            {
                "channel_id": channel.id,
                "company_id": channel.company_id.id,
                "external_id": f"item-{cls.number}",
                "sku": sku,
                "sku_key": normalize_sku(sku),
                "barcode_key": barcode_key(barcode),
                "name": name or f"Thing number {cls.number}",
                "price": 10.0,
                "currency_id": channel.company_id.currency_id.id,
                **values,
            }
        )

    @classmethod
    def variants(cls, options, parent="P1", name="Shirt", **values):
        """Listings of one parent, one for each ``(colour, size)`` or ``(colour, size, price)``."""
        listings = cls.env["order.channel.listing"]
        for colour, size, *price in options:
            listings += cls.listing(
                f"{parent}-{colour}-{size}",
                f"{name} - {colour} / {size}",
                parent_ref=parent,
                attributes={"Shade": colour, "Fit": size},
                price=price[0] if price else 10.0,
                **values,
            )
        return listings

    def names(self, products):
        return {
            tuple(product.product_template_attribute_value_ids.mapped("name")): product.default_code
            for product in products
        }


class TestConfirm(ConfirmCase):
    # === ONE PRODUCT === #

    def test_a_foreign_price_is_converted_and_the_cost_stays_empty(self):
        currency = self.env["res.currency"].create({"name": "XTS", "symbol": "x", "rate_ids": [(0, 0, {"rate": 4})]})
        product = self.listing("A", price=20.0, currency_id=currency.id)._confirm()
        self.assertEqual((product.list_price, product.standard_price), (5.0, 0.0))

    def test_without_a_sku_and_with_a_barcode_that_is_taken(self):
        other, __ = self.env["product.product"].create(
            [
                {"name": "Other", "barcode": "4006381333931"},
                {"name": "Old", "barcode": "0012345678905", "active": False},
            ]
        )
        pack = self.env.ref("uom.product_uom_pack_6").id
        self.env["product.uom"].create({"product_id": other.id, "uom_id": pack, "barcode": "999888777"})
        for barcode in ("4006381333931", "0012345678905", "999888777"):
            listing = self.listing(barcode=barcode)
            product = listing._confirm(twins_seen=True)
            self.assertEqual((product.default_code, product.barcode, listing.product_id), (False, False, product))
        both = self.listing(barcode="111222333") + self.listing(barcode="111222333")
        self.assertEqual(both._confirm(twins_seen=True).mapped("barcode"), ["111222333", False], "the first one's")

    def test_the_same_thing_is_not_made_twice(self):
        self.env["product.product"].create({"name": "One", "default_code": "A"})
        twin, first, second = self.listing("a"), self.listing("B"), self.listing("b ")
        with self.assertRaisesRegex(UserError, "There is a product with the SKU or barcode"):
            twin._confirm()
        with self.assertRaisesRegex(UserError, "Several of these items have the same SKU"):
            (first + second)._confirm()
        first._confirm()
        with self.assertRaisesRegex(UserError, "There is a product with the SKU or barcode"):
            second._confirm()

    def test_what_is_no_thing_becomes_a_service(self):
        product = self.listing("A", physical=False)._confirm()
        self.assertEqual((product.type, product.is_storable), ("service", False))
        shirts = self.variants([("Red", "M"), ("Blue", "M")])
        shirts[0].physical = False
        self.assertTrue(shirts._confirm().product_tmpl_id.is_storable, "one of them is a thing")

    def test_a_channel_of_another_company_makes_its_own_product(self):
        company = self.new_company("Other")
        self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        channel = self.make_channel(company=company)
        product = self.listing("A", channel=channel)._confirm()
        self.assertEqual(product.company_id, company)
        self.assertFalse(product.taxes_id.filtered(lambda tax: tax.company_id != company))

    # === VARIANTS === #

    def test_variants_of_a_parent_are_one_template_with_the_right_variants_only(self):
        listings = self.variants([("Red", "M"), ("Red", "L"), ("Blue", "M")])
        products = listings.with_user(self.clerk)._as_mapper()._confirm()
        template = products.product_tmpl_id
        self.assertEqual((len(template), template.name, template.is_storable), (1, "Shirt", True))
        self.assertEqual(template.product_variant_ids, products, "no Blue / L: the channel has none")
        self.assertEqual(
            self.names(products), {("Red", "M"): "P1-Red-M", ("Red", "L"): "P1-Red-L", ("Blue", "M"): "P1-Blue-M"}
        )
        self.assertEqual(listings.mapped("product_id"), products)
        self.assertIn("dynamic", template.attribute_line_ids.attribute_id.mapped("create_variant"))
        template.attribute_line_ids[0].value_ids += self.env["product.attribute.value"].create(
            {"name": "Green", "attribute_id": template.attribute_line_ids[0].attribute_id.id}
        )
        self.assertEqual(len(template.product_variant_ids), 3, "editing the product adds none either")

    def test_attributes_and_values_are_found_by_name(self):
        shade, fit = self.env["product.attribute"].create(
            [{"name": "SHADE", "value_ids": [(0, 0, {"name": "red "})]}, {"name": "Fit"}]
        )
        products = self.variants([("Red", "M"), ("Blue", "M")])._confirm()
        template = products.product_tmpl_id
        self.assertEqual(template.attribute_line_ids.attribute_id, shade + fit)
        self.assertEqual(len(shade.value_ids), 2, "red is there already")
        self.assertEqual(template.product_variant_ids, products)

    def test_where_not_all_combinations_exist_one_attribute_makes_variants_on_demand(self):
        existing = self.env["product.attribute"].create([{"name": "Shade"}, {"name": "Fit"}])
        products = self.variants([("Red", "M"), ("Blue", "L")])._confirm()
        used = products.product_tmpl_id.attribute_line_ids.attribute_id
        self.assertEqual(len(used & existing), 1)
        self.assertEqual(len(products.product_tmpl_id.product_variant_ids), 2)
        again = self.variants([("Red", "M"), ("Blue", "L")], parent="P2", name="Coat")._confirm()
        self.assertEqual(again.product_tmpl_id.attribute_line_ids.attribute_id, used, "used again the next time")

    def test_prices_that_go_by_an_attribute_are_kept(self):
        products = self.variants([("Red", "M", 10), ("Red", "L", 12), ("Blue", "M", 10)])._confirm()
        self.assertEqual(products.mapped("lst_price"), [10.0, 12.0, 10.0])

    def test_a_variant_that_came_later_joins_its_siblings(self):
        first = self.variants([("Red", "M"), ("Blue", "M")])._confirm()
        first[1].action_archive()
        late = self.variants([("Red", "XL"), ("Green", "M")])._confirm()
        self.assertEqual(late.product_tmpl_id, first.product_tmpl_id)
        self.assertEqual(first.product_tmpl_id.product_variant_ids, first[0] + late, "the archived one stays so")

    def test_what_a_person_made_of_the_product_stays_when_variants_come_later(self):
        template = self.variants([("Red", "M"), ("Blue", "M")])._confirm().product_tmpl_id
        text = self.env["product.attribute"].create({"name": "Text", "create_variant": "no_variant"})
        text.value_ids = [Command.create({"name": name}) for name in ("None", "Initials")]
        template.write(
            {
                "list_price": 9,
                "attribute_line_ids": [Command.create({"attribute_id": text.id, "value_ids": text.value_ids.ids})],
            }
        )
        late = self.variants([("Red", "XL", 15), ("Red", "XXL", 17)])._confirm()
        self.assertEqual((late.product_tmpl_id, template.list_price), (template, 9))
        self.assertEqual(late.mapped("lst_price"), [9, 9], "prices are a person's once the product is there")

    def test_an_archived_variant_is_not_made_again(self):
        first = self.variants([("Red", "M"), ("Blue", "M")])._confirm(twins_seen=True)
        first[1].action_archive()
        again = self.listing("OTHER", "Shirt", parent_ref="P1", attributes={"Shade": "Blue", "Fit": "M"})
        with self.assertRaisesRegex(UserError, "is archived. Unarchive it and link"):
            again._confirm(twins_seen=True)

    def test_a_value_that_odoo_set_aside_is_used_again(self):
        first = self.variants([("Red", "M"), ("Blue", "M")])._confirm()
        template, blue = first.product_tmpl_id, first[1].product_template_attribute_value_ids[0]
        location = self.warehouse(self.env.company).lot_stock_id
        self.env["stock.quant"]._update_available_quantity(first[1], location, 5)  # used: archived, not deleted
        template.attribute_line_ids[0].value_ids -= blue.product_attribute_value_id
        self.assertFalse(blue.ptav_active or first[1].active)
        late = self.variants([("Blue", "L")])._confirm()
        self.assertEqual(late.product_tmpl_id, template)
        self.assertTrue(blue.ptav_active)
        self.assertIn(blue, late.product_template_attribute_value_ids)

    def test_a_sibling_that_is_linked_to_another_kind_of_thing_takes_in_nobody(self):
        shirts = self.variants([("Red", "M"), ("Blue", "M"), ("Green", "M")])
        plain = self.env["product.product"].create({"name": "Plain"})
        shirts[0]._link(plain)
        products = shirts[1:]._confirm()
        self.assertEqual(len(products.product_tmpl_id), 1)
        self.assertNotEqual(products.product_tmpl_id, plain.product_tmpl_id)

    def test_the_same_parent_number_at_two_channels_is_two_things(self):
        other = self.make_channel(name="Other")
        options = [("Red", "M"), ("Blue", "M")]
        listings = self.variants(options) + self.variants([("Red", "L"), ("Blue", "L")], name="Cup", channel=other)
        self.assertEqual(listings._confirm(twins_seen=True).product_tmpl_id.mapped("name"), ["Shirt", "Cup"])

    def test_an_attribute_that_makes_no_variants_is_left_alone(self):
        engraving = self.env["product.attribute"].create({"name": "Shade", "create_variant": "no_variant"})
        products = self.variants([("Red", "M"), ("Blue", "M")])._confirm()
        self.assertNotIn(engraving, products.product_tmpl_id.attribute_line_ids.attribute_id)
        self.assertEqual(len(products.product_tmpl_id.product_variant_ids), 2)

    def test_a_parent_with_one_variant_is_a_plain_product(self):
        self.variants([("Blue", "M")], gone=True)
        product = self.variants([("Red", "M")])._confirm()
        self.assertFalse(product.product_tmpl_id.attribute_line_ids)
        self.assertEqual(product.name, "Shirt - Red / M")

    def test_variants_that_do_not_tell_themselves_apart_stay_plain_products(self):
        listings = self.variants([("Red", "M"), ("Blue", "M")])
        listings[1].attributes = {"Shade": "Blue"}
        products = listings._confirm()
        self.assertEqual(len(products.product_tmpl_id), 2)

    def test_added_to_a_product_that_a_person_chose(self):
        template = self.variants([("Red", "M"), ("Blue", "M")])._confirm().product_tmpl_id
        others = self.variants([("Red", "M"), ("White", "L")], parent="Q1")
        products = others._confirm(template=template, twins_seen=True)
        self.assertEqual(products.product_tmpl_id, template)
        self.assertEqual(products[0].default_code, "P1-Red-M", "that variant is there already: linked, not made again")
        self.assertEqual(len(template.product_variant_ids), 3)

    def test_attributes_that_do_not_fit_are_named(self):
        template = self.variants([("Red", "M"), ("Blue", "M")])._confirm().product_tmpl_id
        listing = self.listing("Z", parent_ref="Z", attributes={"Voltage": "230"})
        with self.assertRaisesRegex(UserError, "has the attributes Shade, Fit, these items have Voltage"):
            listing._confirm(template=template)
        plain = self.env["product.template"].create({"name": "Plain"})
        with self.assertRaisesRegex(UserError, "has the attributes none"):
            listing._confirm(template=plain)

    # === TWINS === #

    def twins(self, listing):
        return [(twin.how, twin.product) for twin in listing._find_twins().get(listing, [])]

    def test_twins_by_sku_barcode_packaging_and_name(self):
        Product = self.env["product.product"]
        by_sku, by_barcode, by_name, old = Product.create(
            [
                {"name": "One", "default_code": "Twin-1"},
                {"name": "Two", "barcode": "111222333"},
                {"name": "Blue tea-pot"},
                {"name": "Old", "default_code": "TWIN-OLD", "active": False},
            ]
        )
        self.env["product.uom"].create(
            {"product_id": by_sku.id, "uom_id": self.env.ref("uom.product_uom_pack_6").id, "barcode": "999888777"}
        )
        self.assertEqual(self.twins(self.listing("ＴWIN-1 ")), [("sku", by_sku)])
        self.assertEqual(self.twins(self.listing(barcode="111222333")), [("barcode", by_barcode)])
        self.assertEqual(self.twins(self.listing(barcode="999888777")), [("packaging", by_sku)])
        by_barcode.barcode = "4006381333931"
        self.assertEqual(self.twins(self.listing(barcode="04006381333931")), [("barcode", by_barcode)])
        self.assertIn("4006381333931", self.listing(barcode="04006381333931")._taken_barcodes())
        self.assertEqual(self.twins(self.listing(name="Tea Pot (BLUE)")), [("name", by_name)])
        self.assertEqual(self.twins(self.listing("twin-old")), [("sku", old)])
        self.assertEqual(self.twins(self.listing("none", "Nothing like it")), [])

    def test_a_suggestion_that_fits_well_is_a_likely_twin(self):
        near, far, refused = self.env["product.product"].create([{"name": "Tea pot"}, {"name": "Pot"}, {"name": "Tea"}])
        listing = self.listing("X", "Teapot")
        for product, score, state in ((near, 70, "open"), (far, 40, "open"), (refused, 90, "refused")):
            self.env["order.channel.suggestion"].create(
                {
                    "listing_id": listing.id,
                    "company_id": listing.company_id.id,
                    "product_id": product.id,
                    "score": score,
                    "state": state,
                }
            )
        self.assertEqual(self.twins(listing), [("similar", near)])
        self.assertFalse(listing._find_twins()[listing][0].is_certain)

    def test_a_product_of_another_company_is_no_twin(self):
        company = self.new_company("Other")
        self.env["product.product"].create({"name": "One", "default_code": "T1", "company_id": company.id})
        self.assertEqual(self.twins(self.listing("T1", "One")), [])

    def test_a_variant_finds_the_product_of_the_whole_thing(self):
        template = self.env["product.template"].create({"name": "Shirt"})
        listing = self.variants([("Red", "M")])
        self.assertEqual(self.twins(listing), [("name", template.product_variant_id)])

    def test_products_of_that_name_with_several_variants(self):
        for parent in ("P5", "P6"):
            self.variants([("Red", "M"), ("Blue", "M")], parent=parent, name="Cape")._confirm()
        listing = self.variants([("Red", "M")], parent="P7", name="Cape")
        self.assertEqual([(how, product.ids) for how, product in self.twins(listing)], [("name", [])] * 2)
