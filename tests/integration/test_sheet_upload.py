"""Mapping in a spreadsheet, the way back: rows are looked at one by one, applied as a batch, undone."""

import io
from unittest.mock import patch

import xlsxwriter

from odoo.exceptions import UserError

from odoo.addons.order_channel_mapping.controllers.sheet import MappingSheet
from odoo.addons.order_channel_mapping.models import order_channel_batch_file
from odoo.addons.order_channel_mapping.tools import mapping_sheet

from tests.fakes import line
from tests.integration.sheet_common import USER, SheetCase


class TestSheetUpload(SheetCase):
    def test_seen_first_then_applied_then_undone(self):
        content = self.file(
            ("item-0", "MUG-1"),
            ("item-1", "tea-1", "6"),
            ("item-2", "MUG-1", "1"),
            ("item-2", "TEA-1", "2"),
            ("item-3", "", "", "confirm"),
            ("item-4", "", "", "Ignore"),
            ("item-5", ""),
        )
        batch = self.upload(content)
        self.assertEqual((batch.state, batch.kind, batch.name), ("ready", "file", "mapping.csv"))
        self.assertEqual((batch.change_count, batch.same_count, batch.problem_count), (5, 1, 0))
        self.assertEqual(batch.line_ids.mapped("row_number"), [2, 3, 4, 6, 7, 8])
        self.assertEqual(batch.channel_ids, self.channel)
        self.assertEqual(set(self.listings.mapped("state")), {"unconfirmed"}, "nothing is changed yet")
        batch.action_apply()
        self.assertEqual((batch.state, batch.done_count), ("done", 5))
        self.assertEqual(self.listings[0].product_id, self.mug)
        self.assertEqual((self.listings[1].product_id, self.listings[1].product_quantity), (self.tea, 6))
        self.assertEqual(
            {part.product_id: part.quantity for part in self.listings[2].mapping_id.line_ids},
            {self.mug: 1, self.tea: 2},
        )
        self.assertEqual(self.listings[:3].mapping_id.mapped("method"), ["file"] * 3)
        self.assertEqual(self.listings[3].product_id.name, "Item 3")
        self.assertEqual(self.listings[4:].mapped("state"), ["ignored", "unconfirmed"])
        again = self.upload(content)
        self.assertEqual((again.same_count, len(again.line_ids)), (6, 6), "the same file again changes nothing")
        batch.action_undo()
        self.assertEqual(batch.state, "undone")
        self.assertEqual(set(self.listings.mapped("state")), {"unconfirmed"})

    def test_a_whole_mapping_comes_back_the_same_in_both_formats(self):
        nameless = self.env["product.product"].create({"name": "No Reference"})
        self.env["product.product"].create(
            [{"name": "Other Mug", "default_code": "mug-1"}, {"name": "Tea", "default_code": "TEA-1"}]
        )
        self.listings[0]._link(self.mug, 6)
        self.listings[1]._link_bundle([(self.mug, 1), (self.zeros, 2.5)])
        self.listings[2]._ignore()
        self.listings[3]._link(nameless, 0.12)
        self.listings[4]._link_bundle([(self.tea, 1), (self.tea, 2)])
        listings = self.sheet(which="all", channel_ids=self.channel.ids)._listings()
        for file_format in ("csv", "xlsx"):
            with self.subTest(file_format):
                out = io.BytesIO()
                MappingSheet._write(out, file_format, listings)
                batch = self.upload(out.getvalue())
                self.assertEqual(batch.line_ids.mapped("outcome"), ["same"] * 6, batch.line_ids.mapped("text"))

    def test_a_sheet_in_another_language_is_understood(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        headings = type(self.env["order.channel.listing"])._sheet_headings
        actions = type(self.env["order.channel.listing"])._sheet_actions
        french = {"channel": "Canal", "item": "Identifiant (ne pas modifier)", "sku": "Référence", "action": "Action"}

        def translated(model):
            return headings(model) | (french if model.env.lang == "fr_FR" else {})

        def words(model):
            return actions(model) | ({"ignore": "écarter"} if model.env.lang == "fr_FR" else {})

        rows = "Canal;Identifiant;Référence;Action\r\nTea Shop;item-0;MUG-1;\r\nTea Shop;item-1;;Écarter\r\n"
        listing_class = type(self.env["order.channel.listing"])
        with (
            patch.object(listing_class, "_sheet_headings", translated),
            patch.object(listing_class, "_sheet_actions", words),
        ):
            batch = self.upload(rows.encode("cp1252"))
        self.assertEqual(batch.line_ids.product_id, self.mug)
        self.assertEqual(batch.line_ids.mapped("action"), ["link", "ignore"])

    def test_rows_that_cannot_be_done_say_why(self):
        company = self.new_company("Elsewhere")
        self.clerk.company_ids |= company
        self.env["product.product"].create(
            [
                {"name": "Gone", "default_code": "OLD", "active": False},
                {"name": "Theirs", "default_code": "THEIRS", "company_id": company.id},
                {"name": "Cup", "default_code": "CUP"},
                {"name": "Cup", "default_code": "Ｃup"},
            ]
        )
        self.take(self.order("1", [line("a", "item-4", sku="CH-4")]))
        for rows, code in (
            ([("item-9", "MUG-1")], "row_item"),
            ([("item-0", "MUG-1", "", "", "", "No Shop")], "row_channel"),
            ([("", "MUG-1")], "row_no_item"),
            ([("item-0", "NOPE")], "row_sku_unknown"),
            ([("item-0", "old")], "row_sku_archived"),
            ([("item-0", "THEIRS")], "row_sku_company"),
            ([("item-0", "cup")], "row_sku_several"),
            ([("item-0", "7")], "row_zeros"),
            ([("item-0", "", "", "", "Mugg")], "row_name_unknown"),
            ([("item-0", "", "", "", "Theirs")], "row_name_unknown"),
            ([("item-0", "", "", "", "Cup")], "row_name_several"),
            ([("item-0", "", "3")], "row_no_product"),
            ([("item-0", "", "", "link")], "row_no_product"),
            ([("item-0", "MUG-1", "0")], "row_quantity"),
            ([("item-0", "MUG-1", "-1")], "row_quantity"),
            ([("item-0", "MUG-1", "six")], "row_quantity"),
            ([("item-0", "MUG-1", "0.0001")], "row_quantity"),
            ([("item-0", "MUG-1", "", "delete")], "row_action"),
            ([("item-0", "MUG-1", "", "confirm")], "row_product_extra"),
            ([("item-0", "MUG-1"), ("item-0", "", "", "ignore")], "rows_contradict"),
            ([("item-0", "MUG-1"), ("item-0", "mug-1", "2")], "rows_same_product"),
            ([("item-4", "", "", "ignore")], "row_waiting"),
        ):
            with self.subTest(code, rows=rows):
                batch = self.upload(self.file(("item-1", "TEA-1"), *rows))
                self.assertEqual(
                    [(row.outcome, row.reason_code, row.chosen) for row in batch.line_ids],
                    [("change", False, True), ("problem", code, False)],
                )
                self.assertRegex(batch.line_ids[1].text, r"Rows? 3")

    def test_what_is_confirmed_is_looked_at_for_twins_and_variants(self):
        twin = self.env["product.product"].create({"name": "Item 5", "default_code": "ch-5"})
        for listing, size in zip(self.listings[:2], ("S", "L"), strict=True):
            listing.write({"parent_ref": "shirt", "attributes": {"Size": size}, "name": f"Shirt {size}"})
        self.listings[2].write({"sku": "CH-3", "sku_key": "ch-3"})  # not confirmed, so that it is in nobody's way
        rows = [(f"item-{number}", "", "", "confirm") for number in (0, 1, 3, 5)]
        batch = self.upload(self.file(*rows))
        self.assertEqual(batch.line_ids.mapped("outcome"), ["change", "change", "change", "conflict"])
        self.assertEqual((batch.line_ids[3].product_id, batch.line_ids[3].row_number), (twin, 5))
        batch.action_apply()
        self.assertEqual(len(self.listings[:2].product_id.product_tmpl_id), 1, "variants of one product")
        self.assertEqual((batch.done_count, self.listings[5].state), (3, "unconfirmed"))
        batch.action_undo()
        self.assertEqual((batch.undone_count, set(self.listings.mapped("state"))), (3, {"unconfirmed"}))

    def test_a_sku_typed_exactly_or_with_the_products_name_is_certain(self):
        products = self.env["product.product"].create(
            [{"name": "Big Cup", "default_code": "CUP"}, {"name": "Small Cup", "default_code": "cup"}]
        )
        batch = self.upload(self.file(("item-0", "CUP"), ("item-1", "cup"), ("item-2", "Cup", "", "", "small cup")))
        self.assertEqual([row.product_id for row in batch.line_ids], [products[0], products[1], products[1]])

    def test_cells_that_the_spreadsheet_altered_are_named(self):
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out)
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Channel", "ID at the Channel", "Product SKU"])
        sheet.write_row(1, 0, ["Tea Shop", "item-0", 7])
        sheet.write_row(2, 0, ["Tea Shop", "item-1"])
        sheet.write_number(2, 2, 46000, book.add_format({"num_format": "d-mmm"}))
        sheet.write_row(3, 0, ["Tea Shop", "item-2", "007"])
        # also where a product has that number: a person may have typed zeros in front; as text it is certain
        nine = self.env["product.product"].create([{"name": sku, "default_code": sku} for sku in ("9", "009")])[0]
        sheet.write_row(4, 0, ["Tea Shop", "item-3", 9])
        sheet.write_row(5, 0, ["Tea Shop", "item-4", "9"])
        book.close()
        batch = self.upload(out.getvalue(), "mapping.xlsx")
        self.assertEqual(batch.line_ids.mapped("reason_code"), ["row_zeros", "row_cell", False, "row_zeros", False])
        self.assertIn("7 may stand for 007", batch.line_ids[0].text)
        self.assertIn("Product SKU", batch.line_ids[1].text)
        self.assertEqual([batch.line_ids[place].product_id for place in (2, 4)], [self.zeros, nine])

    def test_a_date_in_any_column_is_named(self):
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out)
        sheet = book.add_worksheet()
        headings = ["Channel", "ID at the Channel", "Product SKU", "Product", "Action"]
        sheet.write_row(0, 0, headings)
        for row, column in enumerate((1, 2, 3, 4), 1):
            sheet.write_row(row, 0, ["Tea Shop", f"item-{row}"])
            sheet.write_number(row, column, 46000, book.add_format({"num_format": "d-mmm"}))
        book.close()
        batch = self.upload(out.getvalue(), "mapping.xlsx")
        self.assertEqual(batch.line_ids.mapped("reason_code"), ["row_cell"] * 4)
        for line_, heading in zip(batch.line_ids, headings[1:], strict=True):
            self.assertIn(heading, line_.text)

    def test_what_was_ignored_can_be_confirmed(self):
        self.listings[0]._ignore()
        batch = self.upload(self.file(("item-0", "", "", "confirm")))
        self.assertEqual(batch.line_ids.outcome, "change")
        batch.action_apply()
        self.assertEqual((batch.done_count, self.listings[0].product_id.name), (1, "Item 0"))
        batch.action_undo()
        self.assertEqual(self.listings[0].state, "ignored")

    def test_a_problem_is_solved_by_choosing_the_product_in_the_preview(self):
        batch = self.upload(self.file(("item-0", "NOPE"), ("item-9", "MUG-1")))
        batch.line_ids[0].write({"product_id": self.tea.id, "chosen": True})
        with self.assertRaisesRegex(UserError, "Row 3 names no item of a channel"):
            batch.line_ids[1].chosen = True
        with self.assertRaisesRegex(UserError, "Row 3 names no item of a channel"):
            batch.line_ids[1].product_id = self.tea
        batch.action_apply()
        self.assertEqual((batch.done_count, self.listings[0].product_id), (1, self.tea))

    # === WHAT SOMEBODY ELSE DID === #

    def test_what_is_linked_otherwise_waits_for_a_tick(self):
        self.listings[0].with_user(self.clerk)._as_mapper()._link(self.tea)
        self.listings[1:3]._link(self.mug)
        rows = [("item-0", "MUG-1", "2"), ("item-1", "", "", "ignore"), ("item-1", ""), ("item-2", "", "", "confirm")]
        batch = self.upload(self.file(*rows))
        self.assertEqual((batch.line_ids[0].outcome, batch.line_ids[0].reason_code), ("conflict", "row_linked"))
        self.assertEqual(batch.line_ids[1:].mapped("reason_code"), ["row_linked_ignore", "row_linked_confirm"])
        self.assertRegex(batch.line_ids[0].text, r"Row 2: Clara Clerk linked it to 1 x \[TEA-1\] Tea on ")
        self.assertFalse(batch.line_ids[0].chosen)
        batch.line_ids[0].chosen = True
        batch.action_apply()
        self.assertEqual((self.listings[0].product_id, self.listings[0].product_quantity), (self.mug, 2))
        batch.action_undo()
        self.assertEqual((self.listings[0].product_id, self.listings[0].product_quantity), (self.tea, 1))

    def test_of_two_people_with_a_sheet_each_the_slower_is_told(self):
        colleague = self.new_user("sheet_colleague", USER, name="Carl Colleague")
        mine = self.upload(self.file(("item-0", "MUG-1"), ("item-1", "MUG-1")))
        theirs = self.upload(self.file(("item-0", "TEA-1")), user=colleague)
        theirs.action_apply()
        mine.action_apply()
        self.assertEqual((mine.done_count, mine.left_count), (1, 1))
        self.assertEqual(self.listings[:2].product_id, self.tea | self.mug)
        self.assertIn("Carl Colleague linked", mine.line_ids[0].text)

    # === WHAT IS NO SUCH FILE === #

    def test_files_that_cannot_be_taken_are_refused_in_words(self):
        for content, words in (
            (b"%PDF-1.7", "no XLSX or CSV file.*Save the sheet"),
            (b"\n", "headings"),
            (b"Name,Price\nTea,1\n", "headings.*Keep the first row"),
            (self.file(), "no rows"),
            (b"PK\x03\x04", "damaged"),
            (b"x" * (mapping_sheet.MAX_BYTES + 1), "too large: 10 MB"),
        ):
            with self.subTest(words), self.assertRaisesRegex(UserError, words):
                self.upload(content)
        with self.assertRaisesRegex(UserError, "Choose the file first"):
            self.sheet().action_upload()

    def test_what_shows_only_in_the_background_ends_the_batch_in_words(self):
        with patch.object(order_channel_batch_file, "SMALL_BYTES", 0), patch.object(mapping_sheet, "MAX_ROWS", 2):
            batch = self.upload(self.file(*[(f"item-{number}", "MUG-1") for number in range(3)]))
        self.assertEqual(batch.state, "failed")
        self.assertIn("2 rows are the most", batch.text)

    def test_people_upload_into_their_own_companies_only(self):
        company = self.new_company("Elsewhere")
        foreign = self.new_user("sheet_foreign", USER, company=company)
        batch = self.upload(self.file(("item-0", "MUG-1")), user=foreign)
        self.assertEqual((batch.company_id, batch.line_ids.reason_code), (company, "row_channel"))
        self.assertFalse(batch.line_ids.listing_id)
        with self.assertRaisesRegex(UserError, "Choose a company of yours"):
            batch._make_from_sheet(self.file(("item-0", "MUG-1")), "mapping.csv", self.env.company)
        outsider = self.new_user("sheet_outsider", "sales_team.group_sale_manager")
        with self.assertRaisesRegex(UserError, "You need the right to map items"):
            self.env["order.channel.batch"].with_user(outsider)._make_from_sheet(b"", "x", self.env.company)
        with self.assertRaisesRegex(UserError, "Upload the sheet under"):
            self.env["order.channel.batch"].with_user(self.clerk).create(
                {"kind": "file", "channel_ids": self.channel.ids}
            ).action_prepare()

    # === MANY === #

    def test_many_rows_take_a_fixed_number_of_queries_for_each_chunk(self):
        channel = self.make_channel()
        channel.name = "Big Shop"
        self.make_listings(1000, channel)[:200]._link(self.tea)
        rows = [(f"item-{number}", "MUG-1" if number % 2 else "NOPE", "", "", "", "Big Shop") for number in range(1000)]
        counts = []
        work = self.registry["order.channel.batch"]._work_chunk

        def watch(batch):
            batch.env.flush_all()
            batch.env.invalidate_all()
            before = batch.env.cr.sql_log_count
            work(batch)
            counts.append(batch.env.cr.sql_log_count - before)

        self.patch(order_channel_batch_file, "FILE_CHUNK", 200)
        with patch.object(self.registry["order.channel.batch"], "_work_chunk", watch):
            batch = self.upload(self.file(*rows))
            while batch.working:
                self.env["order.channel.batch"]._cron_work()
        self.assertEqual((batch.state, batch.change_count, batch.problem_count), ("ready", 400, 500))
        self.assertEqual(batch.conflict_count, 100)
        self.assertEqual(len(counts), 7, "read, five chunks, the end")
        self.assertLess(max(counts), 40, counts)
        self.assertFalse(batch.sudo().sheet_rows)
