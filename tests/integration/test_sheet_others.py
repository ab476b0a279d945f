"""Sheets of other systems: items found by the channel's SKU, whatever the headings, or said why not."""

import io

import xlsxwriter

from odoo.exceptions import UserError

from tests.integration.sheet_common import SheetCase


class TestOtherSheets(SheetCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.make_channel(name="Book Shop")
        cls.elsewhere = cls.make_listings(2, cls.other)

    def of(self, *lines, **values):
        """The lines of what these rows would change."""
        return self.upload("\r\n".join(lines).encode(), **values).line_ids

    def problem(self, *lines, **values):
        """Why the last of these rows can't be done."""
        return self.of(*lines, **values)[-1]

    # === FOUND === #

    def test_sheets_of_other_systems_are_taken_as_they_are(self):
        sheets = {
            "Linnworks": ("Source,SubSource,SKU,Linked SKU Custom Label", "SHOPIFY,Tea Shop,MUG-1,CH-3"),
            "Linnworks EKM": ("Source;SubSource;Linnworks SKU;Channel SKU", "EKM;tea shop;MUG-1;ch-3"),
            "SmartHub": ("SmartHub SKU,Channel SKU,Channel Name", "MUG-1,CH-3,Tea Shop"),
            "ChannelGrabber": ("Original SKU,Master SKU", "CH-3,MUG-1"),
            "own headings": ("Channel,SKU at the Channel,Product SKU,Quantity", "Tea Shop,CH-3,MUG-1,1"),
            "Tradebox": (
                "Marketplace SKU,Tradebox SKU,Description,Accounts SKU,Multiplier,Excluded,Max Upload Qty.",
                "CH-3,MUG-1,Mug,MUG-1,1,False,9",
            ),
        }
        for name, lines in sheets.items():
            with self.subTest(name):
                line = self.of(*lines)
                self.assertEqual((line.listing_id, line.product_id, line.quantity), (self.listings[3], self.mug, 1))
                self.assertEqual((line.outcome, line.chosen, line.row_number), ("change", True, 2))

    def test_bundles_multipliers_and_what_is_left_out(self):
        batch = self.upload(
            b"Channel SKU,Product SKU,Multiplier,Excluded\r\nCH-2,MUG-1,1,\r\nCH-3,TEA-1,6,no\r\n"
            b"ch-2,TEA-1,2,\r\nCH-4,MUG-1,1,TRUE\r\n"
        )
        self.assertEqual(batch.line_ids.mapped("action"), ["link", "link", "ignore"])
        batch.action_apply()
        self.assertEqual(
            {part.product_id: part.quantity for part in self.listings[2].mapping_id.line_ids},
            {self.mug: 1, self.tea: 2},
        )
        self.assertEqual((self.listings[3].product_id, self.listings[3].product_quantity), (self.tea, 6))
        self.assertEqual(self.listings[4].state, "ignored")

    def test_the_channel_is_chosen_where_the_sheet_names_none(self):
        lines = ("Channel SKU,Product SKU", "CH-0,MUG-1")
        line = self.problem(*lines)
        self.assertEqual((line.listing_id.id, line.reason_code), (False, "row_item_sku_channels"))
        self.assertIn("items of several channels have the SKU CH-0: Tea Shop: Item 0 (item-0); Book Shop", line.text)
        for channel, listing in ((self.channel, self.listings[0]), (self.other, self.elsewhere[0])):
            line = self.of(*lines, sheet_channel_id=channel.id)
            self.assertEqual((line.listing_id, line.product_id), (listing, self.mug))
        line = self.of("ID at the Channel,Product SKU", "item-1,MUG-1", sheet_channel_id=self.other.id)
        self.assertEqual(line.listing_id, self.elsewhere[1])
        named = self.of("Shop,Channel SKU,Product SKU", "Tea Shop,CH-0,MUG-1", sheet_channel_id=self.other.id)
        self.assertEqual(named.listing_id, self.listings[0], "what a row says goes first")
        company = self.new_company("Elsewhere")
        self.clerk.company_ids |= company
        with self.assertRaisesRegex(UserError, "Choose a channel of Elsewhere"):
            self.env["order.channel.batch"].with_user(self.clerk).with_context(
                allowed_company_ids=self.clerk.company_ids.ids
            )._make_from_sheet(self.file(("item-0", "MUG-1")), "x.csv", company, self.channel)

    def test_a_channel_by_the_name_of_its_store(self):
        self.other.external_name = "books.example.com"
        lines = ("SubSource,Channel SKU,Product SKU", "BOOKS.example.com,CH-0,MUG-1")
        self.assertEqual(self.of(*lines).listing_id, self.elsewhere[0])
        self.channel.external_name = "books.example.com"
        self.assertEqual(self.problem(*lines).reason_code, "row_channel", "two are called so")
        self.channel.name = "books.example.com"
        self.assertEqual(self.of(*lines).listing_id, self.listings[0], "the name here goes first")

    def test_of_several_items_with_one_sku_the_one_that_is_meant(self):
        lines = ("Channel,Channel SKU,Product SKU", "Tea Shop,CH-5,MUG-1")
        twin = self.listings[5].copy({"external_id": "twin", "sku": "ch-5", "name": "Tasse"})
        self.assertEqual(self.of(*lines).listing_id, self.listings[5], "exactly so")
        twin.sku = "CH-5"
        line = self.problem(*lines)
        self.assertEqual(line.reason_code, "row_item_sku_several")
        self.assertIn("Tea Shop: Tasse (twin)", line.text)
        self.assertIn("Fill in the ID at the Channel", line.text)
        twin.gone = True
        self.assertEqual(self.of(*lines).listing_id, self.listings[5], "the one that is there")

    def test_an_id_goes_first_and_the_sku_helps_where_it_is_not_ours(self):
        lines = self.of(
            "Channel,Item ID,Channel SKU,Product SKU", "Tea Shop,item-1,CH-2,MUG-1", "Tea Shop,999,CH-3,TEA-1"
        )
        self.assertEqual(lines.listing_id, self.listings[1] | self.listings[3])
        self.assertEqual(lines[0].listing_id, self.listings[1])

    def test_a_product_by_its_barcode(self):
        self.mug.barcode = "0012345678905"
        line = self.of("Channel,Channel SKU,Product SKU", "Tea Shop,CH-0,012345678905")
        self.assertEqual(line.product_id, self.mug)

    def test_zeros_behind_the_point(self):
        self.env["product.product"].create(
            [{"name": "Saw", "default_code": "90.750"}, {"name": "Nail", "default_code": "8.00"}]
        )
        for sku, whole in (("90.75", "90.750"), ("8", "8.00")):
            line = self.of("Channel,Channel SKU,Product SKU", f"Tea Shop,CH-0,{sku}")
            self.assertEqual(line.reason_code, "row_zeros")
            self.assertIn(f"{sku} may stand for {whole}", line.text)

    def test_numbers_of_a_workbook(self):
        saw = self.env["product.product"].create({"name": "Saw", "default_code": "417"})
        self.listings[0].write({"sku": "5417", "sku_key": "5417"})
        self.listings[1].write({"sku": "00418", "sku_key": "00418"})
        self.listings[2].write({"sku": "4006381333931", "sku_key": "4006381333931"})
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out)
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Channel", "Channel SKU", "Product SKU", "Qty"])
        sheet.write_row(1, 0, ["Tea Shop", 5417.0, 417.0, 2.0])
        sheet.write_row(2, 0, ["Tea Shop", 418, "MUG-1"])
        sheet.write_row(3, 0, ["Tea Shop", 4006381333931, "MUG-1"])
        book.close()
        lines = self.upload(out.getvalue(), "numbers.xlsx").line_ids
        self.assertEqual((lines[0].listing_id, lines[0].product_id, lines[0].quantity), (self.listings[0], saw, 2))
        self.assertEqual(lines[1].reason_code, "row_zeros")
        self.assertIn("418 may stand for 00418", lines[1].text)
        self.assertEqual(lines[2].listing_id, self.listings[2])

    # === SAID WHY NOT === #

    def test_rows_that_name_no_item_say_what_to_do(self):
        for line, code in (
            ("Tea Shop,NOPE,MUG-1,", "row_item_sku"),
            (",NOPE,MUG-1,", "row_item_sku_nowhere"),
            ("No Shop,CH-3,MUG-1,", "row_channel"),
            ("Tea Shop,,MUG-1,", "row_no_item"),
            ("Tea Shop,4.00639E+12,MUG-1,", "row_rounded"),
            ("Tea Shop,CH-3,4.00639E+12,", "row_rounded"),
            ("Tea Shop,CH-3,NOPE,", "row_sku_unknown"),
            ("Tea Shop,CH-3,MUG-1,perhaps", "row_excluded"),
        ):
            with self.subTest(line):
                found = self.problem("Channel,Channel SKU,Product SKU,Excluded", "Tea Shop,CH-2,MUG-1,", line)
                self.assertEqual((found.outcome, found.reason_code, found.chosen), ("problem", code, False))
                self.assertIn("Row 3", found.text)

    def test_rows_of_one_item_that_contradict_each_other(self):
        heading = "Channel,ID at the Channel,SKU at the Channel,Product SKU,Excluded"
        for first, second, code in (
            ("Tea Shop,,CH-3,MUG-1,", "Tea Shop,,ch-3,MUG-1,", "rows_same_product"),
            ("Tea Shop,,CH-3,MUG-1,", "Tea Shop,,CH-3,,yes", "rows_contradict"),
            ("Tea Shop,item-3,,MUG-1,", "Tea Shop,,CH-3,TEA-1,", "rows_contradict"),
            (",,CH-3,MUG-1,", "Tea Shop,,CH-3,TEA-1,", "rows_contradict"),
        ):
            with self.subTest(second):
                lines = self.of(heading, first, second)
                self.assertEqual(set(lines.mapped("reason_code")), {code})
                self.assertIn("Rows 2, 3", lines[0].text)

    def test_two_columns_that_may_mean_the_same_are_named(self):
        with self.assertRaisesRegex(UserError, "The columns Accounts SKU and Tradebox SKU .* differ in row 2"):
            self.of("Channel SKU,Accounts SKU,Tradebox SKU", "CH-3,MUG-1,TEA-1")
        with self.assertRaisesRegex(UserError, "do not say which column is what"):
            self.of("SKU,Price", "CH-3,9.90")

    def test_many_rows_take_a_fixed_number_of_queries(self):
        def measured(number):
            rows = [
                {"row": place, "channel": "", "item": "", "item_sku": f"X-{number}-{place}", "sku": f"Y-{place}"}
                | dict.fromkeys(("product", "quantity", "action"), "")
                | {"odd": {}}
                for place in range(number)
            ]
            batch = self.env["order.channel.batch"]._new("file", self.env.company)
            batch._prepare_file([[row] for row in rows[:1]])  # caches
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            batch._prepare_file([[row] for row in rows])
            return self.env.cr.sql_log_count - before

        self.assertEqual(measured(5), measured(50))
