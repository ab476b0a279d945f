"""Pre-flight: what is wrong with a catalogue, found without changing it."""

import base64
import csv
import io

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from odoo.addons.order_channel_mapping.tools.normalize import normalize_sku

from tests.common import ChannelCase

UNTOUCHED = ("order.channel.listing", "order.channel.mapping", "product.product", "order.channel")


class TestPreflight(ChannelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.web, cls.market = cls.make_channel(name="Web"), cls.make_channel(name="Market")
        cls.currency = cls.env.company.currency_id
        cls.hat, cls.mug, cls.tea = cls.env["product.product"].create(
            [
                {"name": name, "default_code": sku, "is_storable": True, "list_price": 10}
                for name, sku in (("Hat", "HAT"), ("Mug", "MUG"), ("Tea", "TEA"))
            ]
        )
        cls.number = 0

    def listing(self, sku, channel=None, product=None, quantity=1.0, **values):
        TestPreflight.number += 1
        channel = channel or self.web
        defaults = {
            "channel_id": channel.id,
            "company_id": channel.company_id.id,
            "external_id": f"i{self.number}",
            "name": f"Item {self.number}",
            "sku": sku,
            "sku_key": normalize_sku(sku),
            "price": 10.0,
            "currency_id": self.currency.id,
            "stock_ref": "s",
        }
        listing = self.env["order.channel.listing"].create({**defaults, **values})
        if product:
            listing._link(product, quantity)
        return listing

    def check(self, *channels, **values):
        report = self.env["order.channel.preflight"].create(
            {
                "channel_ids": [fields.Command.set([channel.id for channel in channels or (self.web, self.market)])],
                **values,
            }
        )
        report.action_check()
        return report

    def found(self, report):
        """``{code: listings}``."""
        return {finding.code: finding.row_ids.listing_id for finding in report.finding_ids}

    def details(self, report, code):
        rows = report.finding_ids.filtered(lambda finding: finding.code == code).row_ids
        return {row.listing_id: row.detail for row in rows}

    # === CHECKS === #

    def test_a_clean_catalogue(self):
        self.listing("HAT", product=self.hat)
        self.listing("MUG")
        report = self.check()
        self.assertFalse(report.finding_ids)
        self.assertEqual((report.score, report.listing_count), (100, 2))

    def test_a_channel_without_items(self):
        report = self.check(self.market)
        self.assertEqual((report.score, report.listing_count, len(report.finding_ids)), (100, 0, 0))

    def test_skus_missing_twice_and_alike(self):
        nothing = self.listing(False, product=self.hat)
        twice = self.listing("A-1") + self.listing("A-1")
        self.listing("A-1", self.market)  # of another channel: no duplicate
        alike = self.listing("b 2") + self.listing("B-2") + self.listing("Ｂ２ ")
        self.listing("007"), self.listing("7")  # leading zeros count
        self.listing("A-1", gone=True)
        self.listing("A-1", kind="custom")
        self.listing("A-1", state="ignored")
        report = self.check()
        self.assertEqual(self.found(report), {"no_sku": nothing, "duplicate_sku": twice, "similar_sku": alike})
        self.assertEqual(report.listing_count, 9, "neither gone nor custom nor ignored")
        self.assertEqual(set(self.details(report, "duplicate_sku").values()), {"2 items have it"})
        self.assertIn("B-2", self.details(report, "similar_sku")[alike[0]])
        self.assertEqual(self.found(self.check(self.market)), {})

    def test_one_sku_that_means_different_products(self):
        here = self.listing("X", product=self.hat)
        there = self.listing("x ", self.market, self.mug)
        pack = self.listing("PACK", product=self.tea)
        other_pack = self.listing("PACK", self.market, self.tea, 6.0, price=60)
        would = self.listing("MUG")  # finds the mug
        does = self.listing("MUG", self.market, self.hat)
        self.listing("SAME", product=self.hat), self.listing("SAME", self.market, self.hat)
        self.listing("SAME", self.market, self.mug, gone=True)
        report = self.check()
        self.assertEqual(self.found(report), {"sku_conflict": here + there + pack + other_pack + would + does})
        self.assertEqual(report.finding_ids.severity, "error")
        details = self.details(report, "sku_conflict")
        self.assertEqual(details[pack], "1 x [TEA] Tea / 6 x [TEA] Tea")
        self.assertEqual(set(details[here].split(" / ")), {"1 x [HAT] Hat", "1 x [MUG] Mug"})
        # the other channel counts, though it is not looked at
        self.assertEqual(self.found(self.check(self.web)), {"sku_conflict": here + pack + would})

    def test_archived_products(self):
        linked = self.listing("L", product=self.hat)
        bundle = self.listing("B", price=20)
        bundle._link_bundle([(self.mug, 1), (self.hat, 1)])
        self.hat.action_archive()
        match = self.listing("HAT")  # only an archived product has it
        self.env["product.product"].create({"name": "New mug", "default_code": "CUP", "active": False})
        twin = self.env["product.product"].create(
            {"name": "Cup", "default_code": "CUP", "is_storable": True, "list_price": 10}
        )
        self.listing("CUP")  # an active one has it as well
        report = self.check()
        self.assertEqual(self.found(report), {"inactive": linked + bundle + match})
        self.assertIn("Hat", self.details(report, "inactive")[match])
        self.assertTrue(twin.active)

    def test_ambiguous(self):
        self.env["product.product"].create({"name": "Second hat", "default_code": " hat", "is_storable": True})
        several = self.listing("HAT")
        by_barcode = self.listing("NEW", link_hint="ambiguous")
        conflict = self.listing("MUG", link_hint="conflict")
        self.listing("TEA", link_hint="ambiguous")  # was so once: one product has it now
        self.listing("HAT", self.market, self.hat)  # a person has decided
        report = self.check()
        self.assertEqual(self.found(report), {"ambiguous": several + by_barcode + conflict})
        self.assertIn("Second hat", self.details(report, "ambiguous")[several])

    def test_not_tracked(self):
        self.tea.is_storable = False
        untracked = self.listing("T", product=self.tea)
        self.listing("S", product=self.tea, physical=False)
        without = self.listing("W", product=self.hat, stock_ref=False)
        self.listing("F", product=self.hat, stock_ref=False, fulfilled_by="marketplace")
        self.assertEqual(self.found(self.check()), {"not_storable": untracked, "no_stock_ref": without})

    def test_products_of_another_company(self):
        theirs = self.listing("T", product=self.tea)
        other, branch = self.env["res.company"].create(
            [{"name": "Other company"}, {"name": "Branch", "parent_id": self.env.company.id}]
        )
        self.env["stock.warehouse"].create({"name": "B", "code": "B", "company_id": branch.id})
        of_branch = self.make_channel(name="Branch", company=branch)
        self.listing("B", of_branch, self.mug)  # a product of its parent is its own, too
        self.env.flush_all()
        for company, product in ((other, self.tea), (self.env.company, self.mug)):
            self.env.cr.execute(
                SQL("UPDATE product_template SET company_id = %s WHERE id = %s", company.id, product.product_tmpl_id.id)
            )
        self.hat.company_id = self.env.company
        self.listing("H", product=self.hat)
        self.assertEqual(self.found(self.check(self.web, of_branch)), {"other_company": theirs})

    def test_companies_are_not_compared(self):
        company = self.new_company("Other company", currency_id=self.currency.id)
        theirs = [self.make_channel(name=name, company=company) for name in ("Their web", "Their market")]
        self.listing("X", product=self.hat)
        conflict = self.listing("X", theirs[0], self.hat) + self.listing("X", theirs[1], self.mug)
        self.listing("P", product=self.tea, price=10), self.listing("P", theirs[0], self.tea, price=14.5)
        self.env["product.product"].create(
            [
                {"name": "Their hat", "default_code": "HAT", "company_id": company.id},
                {"name": "Their old cup", "default_code": "CUP", "company_id": company.id, "active": False},
            ]
        )
        self.listing("HAT"), self.listing("CUP")
        report = self.check(self.web, *theirs, price_percent=40)
        self.assertEqual(self.found(report), {"sku_conflict": conflict, "price_far": self.listing_of(theirs[0], "P")})

    def listing_of(self, channel, sku):
        return self.env["order.channel.listing"].search([("channel_id", "=", channel.id), ("sku", "=", sku)])

    # === PRICES === #

    def test_prices_far_from_the_products(self):
        self.listing("1", product=self.hat, price=15)
        far = self.listing("2", product=self.mug, price=15.01)
        near_pack = self.listing("3", product=self.tea, quantity=6.0, price=45)
        cheap = self.listing("TEA", price=6)  # would be linked
        bundle = self.listing("4", price=20)
        bundle._link_bundle([(self.hat, 1), (self.mug, 1)])
        self.listing("5", product=self.hat, price=0)  # says none
        report = self.check()
        self.assertEqual(self.found(report), {"price_far": far + cheap})
        self.assertRegex(self.details(report, "price_far")[cheap], r"6\.00.* at the channel, .*10\.00.* here")
        self.assertEqual(self.found(self.check(price_percent=10))["price_far"] & near_pack, near_pack)
        self.assertNotIn("price_far", self.found(self.check(price_percent=100)))

    def test_a_variants_extra_price_counts(self):
        attribute = self.env["product.attribute"].create(
            {"name": "Size", "value_ids": [fields.Command.create({"name": name}) for name in ("S", "XL")]}
        )
        template = self.env["product.template"].create(
            {
                "name": "Coat",
                "is_storable": True,
                "list_price": 10,
                "attribute_line_ids": [
                    fields.Command.create({"attribute_id": attribute.id, "value_ids": attribute.value_ids.ids})
                ],
            }
        )
        large = template.product_variant_ids[1]
        large.product_template_attribute_value_ids.price_extra = 20
        self.assertEqual(large.lst_price, 30)
        self.listing("C", product=large, price=30)
        self.assertFalse(self.check().finding_ids)

    def test_prices_are_compared_in_one_currency(self):
        pound, yen = self.env.ref("base.GBP"), self.env.ref("base.JPY")
        (pound + yen).active = True
        self.env["res.currency.rate"].search([]).unlink()
        self.env["res.currency.rate"].create({"currency_id": pound.id, "name": "2026-01-01", "rate": 0.1})
        self.listing("1", product=self.hat, price=1, currency_id=pound.id)  # 10 of ours
        self.listing("2", self.market, product=self.hat, price=10)
        self.listing("3", product=self.hat, price=1500, currency_id=yen.id)  # no rate: not compared
        self.assertFalse(self.check().finding_ids)
        far = self.listing("4", product=self.mug, price=10, currency_id=pound.id)
        self.assertEqual(self.found(self.check()), {"price_far": far})

    def test_the_same_product_at_another_channel(self):
        self.hat.list_price = self.mug.list_price = 14
        cheap, dear = self.listing("1", product=self.hat, price=10), self.listing("2", self.market, self.hat, price=16)
        self.listing("3", product=self.mug, price=10), self.listing("4", product=self.mug, price=16)  # one channel
        self.listing("6", self.market, self.hat, price=0)  # says none
        pack = self.listing("5", self.market, self.mug, quantity=6.0, price=60)  # not the same thing
        report = self.check()
        self.assertEqual(self.found(report), {"price_differs": cheap + dear})
        self.assertEqual((report.finding_ids.severity, report.score), ("notice", 100))
        self.assertRegex(self.details(report, "price_differs")[cheap], r"10\.00.* here, .*16\.00.* elsewhere")
        self.assertTrue(pack)

    # === SCORE AND REPORT === #

    def test_the_score_is_the_share_that_is_in_order(self):
        score = self.env["order.channel.preflight"]._score
        self.assertEqual([score(0, 0, 0), score(1, 0, 0), score(1, 1, 0), score(1, 0, 1)], [100, 100, 0, 50])
        self.assertEqual(score(100_000, 0, 1), 99)
        self.hat.action_archive()
        self.listing("HAT"), self.listing(False, product=self.mug), self.listing("MUG"), self.listing("TEA")
        worst = self.listing(False, product=self.hat)  # an error and a warning: counts once
        report = self.check()
        self.assertIn(worst, self.found(report)["inactive"] & self.found(report)["no_sku"])
        self.assertEqual((report.error_count, report.warning_count, report.listing_count), (2, 1, 5))
        self.assertEqual(report.score, 50)

    def test_nothing_is_written_but_the_report(self):
        self.listing("HAT"), self.listing("HAT"), self.listing(False)
        before = self.contents()
        report = self.check()
        self.assertTrue(report.finding_ids)
        self.assertEqual(self.contents(), before)

    def contents(self):
        self.env.flush_all()
        tables = [SQL.identifier(self.env[model]._table) for model in UNTOUCHED]
        return [
            self.env.execute_query(SQL("SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM %s t", table))
            for table in tables
        ]

    def test_looking_again_forgets_what_was(self):
        listing = self.listing(False)
        report = self.check()
        listing.state = "ignored"
        report.action_check()
        self.assertFalse(report.finding_ids)

    def test_as_many_queries_for_many_items_as_for_few(self):
        counts = []
        for number in (1, 1, 40):
            for index in range(number):
                self.listing(f"Q-{number}-{index % 7}", product=self.tea if index % 2 else None)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.check()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])

    def test_the_list_to_download(self):
        self.listing(False, name='=HYPERLINK("http://x")')
        self.listing(False, name="Plain, with comma")
        report = self.check()
        self.assertIn(f"/{report.id}/file", report.action_download()["url"])
        text = base64.b64decode(report.file).decode("utf-8-sig")
        heading, *rows = csv.reader(io.StringIO(text))
        self.assertEqual(heading[:4], ["Channel", "ID at the Channel", "SKU", "Item"])
        self.assertEqual({row[3] for row in rows}, {'\'=HYPERLINK("http://x")', "Plain, with comma"})
        self.assertEqual({tuple(row[6:9]) for row in rows}, {("Unconfirmed", "Warning", "No SKU")})

    # === RIGHTS === #

    def test_who_may_check_what(self):
        clerk = self.new_user("preflight_clerk", "order_channel_mapping.group_channel_user")
        company = self.new_company("Other company")
        stranger = self.new_user("preflight_other", "order_channel_mapping.group_channel_user", company=company)
        self.listing(False)
        action = self.web.with_user(clerk).action_preflight()
        report = self.env["order.channel.preflight"].browse(action["res_id"]).with_user(clerk)
        self.assertEqual(report.finding_ids.code, "no_sku")
        self.assertTrue(report.finding_ids.row_ids.detail == "" and report.file)
        with self.assertRaises(AccessError):
            self.web.with_user(stranger).action_preflight()
        with self.assertRaises(AccessError):
            report.with_user(stranger).read(["score"])
        with self.assertRaises(AccessError):
            report.finding_ids.row_ids.with_user(stranger).read(["detail"])
        own = self.make_channel(company=company)
        self.listing("OWN", own)
        theirs = self.env["order.channel.preflight"].with_user(stranger).create({"channel_ids": False})
        theirs.sudo().channel_ids = self.web + own
        theirs.env.invalidate_all()
        with self.assertRaises(AccessError, msg="what is not theirs is not in a report of theirs"):
            theirs.action_check()
        seller = self.new_user("preflight_seller", "sales_team.group_sale_salesman_all_leads")
        with self.assertRaises(UserError):
            self.web.with_user(seller).action_preflight()

    def test_without_a_channel(self):
        report = self.env["order.channel.preflight"].create({"channel_ids": False})
        with self.assertRaisesRegex(UserError, "Choose a channel first"):
            report.action_check()

    def test_from_go_live(self):
        wizard = self.env["order.channel.go.live"].create({"channel_id": self.web.id})
        report = self.env["order.channel.preflight"].browse(wizard.action_preflight()["res_id"])
        self.assertEqual(report.channel_ids, self.web)
