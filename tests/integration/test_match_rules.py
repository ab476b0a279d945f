"""The rules by which items find products: how exact, in which order, and whose products."""

from odoo.addons.order_channel_mapping.models.order_channel_listing_match import MatchRules

from tests.integration.test_auto_link import AutoLinkCase


class TestMatchRules(AutoLinkCase):
    def test_how_exact_a_sku_has_to_be(self):
        tee = self.product("TEE-01 XL")
        for sku, found in (
            ("TEE-01 XL", {"exact", "normal", "loose"}),
            (" tee-01  xl ", {"normal", "loose"}),
            ("ＴＥＥ－０１ ＸＬ", {"normal", "loose"}),  # full-width
            ("tee\u200b-01 xl", {"normal", "loose"}),  # an invisible space
            ("TEE01/XL", {"loose"}),
            ("TEE_01.XL", {"loose"}),
            ("TEE-1 XL", set()),
        ):
            listing = self.listing(sku)
            for strength in ("exact", "normal", "loose"):
                match = self.match(listing, strength=strength)
                self.assertEqual(match.product_id == tee.id, strength in found, (sku, strength))

    def test_leading_zeros_count(self):
        self.product("007")
        for sku in ("7", "07", "0-0-0-7"):
            self.assertEqual(self.match(self.listing(sku), strength="loose").hint, "none", sku)
        self.assertEqual(self.match(self.listing("0 0-7"), strength="loose").hint, "one")

    def test_the_tighter_form_decides(self):
        tight, __ = self.product("TEE-01"), self.product("TEE01")
        self.assertEqual(self.match(self.listing("tee-01"), strength="loose").product_id, tight.id)
        self.assertEqual(self.match(self.listing("tee 01"), strength="loose").hint, "ambiguous")

    def test_barcodes_apart_from_dashes(self):
        tea = self.product(barcode="4006381333931")
        listing = self.listing(barcode="4-006381-333931")
        self.assertEqual(self.match(listing).hint, "none")
        self.assertEqual(self.match(listing, strength="loose").product_id, tea.id)
        self.assertEqual(self.match(listing, strength="loose", barcode=False).hint, "none")

    def test_upc_and_ean_of_one_article_are_one_barcode(self):
        mug, tea = self.product(barcode="0012345678905"), self.product(barcode="4006381333931")
        self.env["product.uom"].create(
            {"product_id": tea.id, "uom_id": self.env.ref("uom.product_uom_pack_6").id, "barcode": "614141007349"}
        )
        for barcode, product, pieces in (
            ("012345678905", mug, 1.0),
            ("00012345678905", mug, 1.0),
            ("04006381333931", tea, 1.0),
            ("0614141007349", tea, 6.0),
        ):
            listing = self.listing(barcode=barcode)
            match = self.match(listing)
            self.assertEqual((match.product_id, match.quantity), (product.id, pieces), barcode)
            listing._hint_links()
            self.assertEqual(listing.link_hint, "one", barcode)
            self.assertEqual(self.match(listing, strength="exact").hint, "none", "as typed")
        for barcode in ("14006381333938", "012345678900", "12345678905"):  # a case; a wrong check digit; a zero lost
            self.assertEqual(self.match(self.listing(barcode=barcode)).hint, "none", barcode)
        dashes = self.listing(barcode="0-12345-67890-5")
        self.assertEqual(self.match(dashes, strength="loose").product_id, mug.id)

    def test_one_article_typed_in_two_lengths_is_a_question(self):
        both = self.product(barcode="0012345678905"), self.product(barcode="012345678905")
        match = self.match(self.listing(barcode="00012345678905"))
        self.assertEqual((match.hint, set(match.candidates)), ("ambiguous", {product.id for product in both}))

    def test_without_the_rule_of_the_sku_the_barcode_decides(self):
        tea = self.product(barcode="4006381333931")
        listing = self.listing("MUG-1", barcode="4006381333931")
        self.assertEqual(self.match(listing).hint, "conflict")
        self.assertEqual(self.match(listing, sku=False).product_id, tea.id)

    def test_a_packaging_is_a_rule_of_its_own(self):
        six = self.env["uom.uom"].create(
            {"name": "Pack of 6", "relative_factor": 6, "relative_uom_id": self.mug.uom_id.id}
        )
        self.env["product.uom"].create({"product_id": self.mug.id, "uom_id": six.id, "barcode": "6006006006006"})
        listing = self.listing(barcode="6006006006006")
        match = self.match(listing, barcode=False)
        self.assertEqual((match.product_id, match.quantity, match.method), (self.mug.id, 6.0, "barcode"))
        self.assertEqual(self.match(listing, packaging=False).hint, "none")

    def test_names_come_last_and_in_any_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.tea.with_context(lang="fr_FR").name = "Thé Vert"
        listing = self.listing("NOPE", name=" thé  VERT")
        self.assertEqual(self.match(listing).hint, "none")
        match = self.match(listing, name="exact")
        self.assertEqual((match.product_id, match.method), (self.tea.id, "name"))
        self.assertEqual(self.match(self.listing("MUG-1", name="Tea"), name="exact").product_id, self.mug.id)
        self.assertEqual(self.match(self.listing(name="Thé-Vert!"), name="exact").hint, "no_sku")
        self.assertEqual(
            self.match(self.listing(name="Thé-Vert!"), name="exact", strength="loose").product_id, self.tea.id
        )

    def test_similar_names_from_a_threshold_on(self):
        cup = self.product("C-1", name="Stoneware cup, blue, 300 ml")
        near = self.product("C-2", name="Stoneware cup, green, 300 ml")
        listing = self.listing("NOPE", name="Blue Stoneware Cup 300 ml")
        rules = {"name": "similar"}
        self.assertEqual(self.match(listing, **rules, similarity=0.9).product_id, cup.id)
        self.assertEqual(
            self.match(listing, **rules, similarity=0.5).candidates, (cup.id, near.id), "likely ones first"
        )
        self.assertEqual(self.match(self.listing("NOPE", name="Coat"), **rules).hint, "none")

    def test_what_is_archived_or_another_companys_is_not_found(self):
        self.product("OLD-1", name="Old thing").active = False
        company = self.new_company("Elsewhere")
        theirs = self.product("THEIRS", name="Their thing", company_id=company.id, barcode="4006381333931")
        old = self.product(name="Old thing")
        self.env["product.uom"].create(
            [
                {"product_id": product.id, "uom_id": self.env.ref("uom.product_uom_pack_6").id, "barcode": barcode}
                for product, barcode in ((theirs, "THEIR-SIX"), (old, "OLD-SIX"))
            ]
        )
        old.active = False
        for listing in (
            self.listing("OLD-1", name="Old thing", barcode="OLD-SIX"),
            self.listing("THEIRS", name="Their thing", barcode="4006381333931"),
            self.listing(name="Their thing", barcode="THEIR-SIX"),
        ):
            for name in ("exact", "similar"):
                self.assertEqual(self.match(listing, name=name, strength="loose").hint, "none", (listing.sku, name))

    def test_items_of_two_companies_find_each_their_own(self):
        company = self.new_company("Elsewhere")
        shop = self.make_channel(company=company, name="Their shop")
        size = self.env.ref("uom.product_uom_pack_6").id
        mine, theirs = (
            self.product(sku, name="Walnut board", company_id=owner.id, barcode=sku)
            for sku, owner in (("ONE", self.env.company), ("one", company))
        )
        for product in (mine, theirs):
            self.env["product.uom"].create(
                {"product_id": product.id, "uom_id": size, "barcode": f"{product.barcode}-6"}
            )
        for values in ({"sku": "one"}, {"barcode": "ONE"}, {"barcode": "one-6"}, {"name": "Walnut board"}):
            here = self.listing(**values)
            there = self.listing(**values, channel=shop)
            for name in ("exact", "similar"):
                found = (here + there)._find_products(MatchRules(name=name))
                self.assertEqual((found[here].product_id, found[there].product_id), (mine.id, theirs.id), values)

    def test_a_refused_product_makes_no_other_one_certain(self):
        one, two = self.product("TWO"), self.product("two", barcode="4006381333931")
        listing = self.listing("TWO")
        listing._link(one)
        listing._unlink_product()
        match = self.match(listing)
        self.assertEqual((match.hint, match.candidates), ("ambiguous", (two.id,)))
        listing.write({"sku_key": "mug-1", "barcode_key": "4006381333931"})
        listing._link(self.mug)
        listing._unlink_product()
        match = self.match(listing)
        self.assertEqual((match.hint, match.candidates), ("conflict", (two.id,)), "SKU and barcode disagree")

    def test_variants_with_one_sku_or_name_are_a_question(self):
        size = self.env["product.attribute"].create(
            {"name": "Size", "value_ids": [(0, 0, {"name": name}) for name in ("S", "M")]}
        )
        tee = self.env["product.template"].create(
            {
                "name": "Tee",
                "attribute_line_ids": [
                    (0, 0, {"attribute_id": size.id, "value_ids": [(6, 0, size.value_ids.ids)]}),
                ],
            }
        )
        tee.product_variant_ids.default_code = "TEE"
        for match in (self.match(self.listing("TEE")), self.match(self.listing("NOPE", name="tee"), name="exact")):
            self.assertEqual((match.hint, set(match.candidates)), ("ambiguous", set(tee.product_variant_ids.ids)))

    def test_the_queries_do_not_grow_with_the_listings(self):
        self.listing("SRC", channel=self.other)._link(self.tea)
        listings = self.env["order.channel.listing"].union(
            *(self.listing(f"S-{number}", f"Name {number}", barcode=f"{number:013}") for number in range(20))
        )
        exact = MatchRules(name="exact", strength="loose", copy_channel_id=self.other.id)

        def queries(some, rules):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some._find_products(rules)
            return self.env.cr.sql_log_count - before

        for rules in (exact, exact._replace(name="similar")):
            queries(listings[:1], rules)  # what is read once for all
            self.assertEqual(queries(listings[:2], rules), queries(listings, rules), rules)
