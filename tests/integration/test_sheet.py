"""Mapping in a spreadsheet: listings out, filled in, in again, looked at row by row, applied as a batch, undone."""

import base64
import csv
import io
from unittest.mock import patch

import xlsxwriter

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.order_channel_mapping.controllers.sheet import MappingSheet
from odoo.addons.order_channel_mapping.models import order_channel_batch_file
from odoo.addons.order_channel_mapping.models.order_channel_listing_sheet import SHEET_CHUNK
from odoo.addons.order_channel_mapping.tools import mapping_sheet

from tests.common import ChannelHttpCase
from tests.fakes import line
from tests.integration.orders_common import OrderCase

USER = "order_channel_mapping.group_channel_user"


class SheetCase(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel.name = "Tea Shop"
        cls.clerk = new_test_user(cls.env, "sheet_clerk", USER, name="Clara Clerk")
        cls.listings = cls.make_listings(6)
        cls.zeros = cls.env["product.product"].create({"name": "Spoon", "default_code": "007"})

    @classmethod
    def make_listings(cls, number, channel=None, **values):
        channel = channel or cls.channel
        return cls.env["order.channel.listing"].create(
            [
                {
                    "channel_id": channel.id,
                    "company_id": channel.company_id.id,
                    "external_id": f"item-{index}",
                    "sku": f"CH-{index}",
                    "sku_key": f"ch-{index}",
                    "name": f"Item {index}",
                    **values,
                }
                for index in range(number)
            ]
        )

    def setUp(self):
        super().setUp()
        batch_class = self.registry["order.channel.batch"]
        for name, replacement in (
            ("_commit", lambda batch: batch.env.flush_all()),
            ("_rollback", lambda batch: batch.env.invalidate_all()),
        ):
            patcher = patch.object(batch_class, name, replacement)
            patcher.start()
            self.addCleanup(patcher.stop)

    def sheet(self, listings=None, user=None, **values):
        if listings is not None:
            values["selected_ids"] = listings.ids
        return self.env["order.channel.sheet"].with_user(user or self.clerk).create(values)

    def downloaded(self, sheet):
        """The rows of a sheet as a person sees them: list of ``{column: text}``."""
        out = io.BytesIO()
        MappingSheet._write(out, "csv", sheet._listings())
        keys = list(self.env["order.channel.listing"]._sheet_headings())
        rows = csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline=""))
        return [dict(zip(keys, row, strict=True)) for row in rows][1:]

    def file(self, *rows):
        """A CSV with these cells: ``(item, sku)`` with quantity, action, product and channel where they matter."""
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(["Channel", "ID at the Channel", "Product SKU", "Quantity", "Action", "Product"])
        for item, sku, *rest in rows:
            quantity, action, product, channel = (*rest, *("", "", "", "Tea Shop")[len(rest) :])
            writer.writerow([channel, item, sku, quantity, action, product])
        return out.getvalue().encode()

    def upload(self, content, name="mapping.csv", user=None, **values):
        sheet = self.sheet(user=user, data=base64.b64encode(content), filename=name, **values)
        batch = self.env["order.channel.batch"].with_user(user or self.clerk).browse(sheet.action_upload()["res_id"])
        self.assertFalse(sheet.data, "the batch keeps it")
        if batch.working:
            self.env["order.channel.batch"]._cron_work()
        return batch

    def outcome(self, *rows):
        """What one upload makes of each row or group of rows: ``[(outcome, reason code)]``."""
        return [(line.outcome, line.reason_code) for line in self.upload(self.file(*rows)).line_ids]


class TestSheetDownload(SheetCase):
    def test_what_a_row_says(self):
        self.listings[0].write({"barcode": "0123", "price": 4.5, "currency_id": self.env.company.currency_id.id})
        self.listings[0].name = "=HYPERLINK(evil)"
        self.take(self.order("1", [line("a", "item-0", sku="CH-0")]))
        row = self.downloaded(self.sheet(self.listings[:1]))[0]
        self.assertEqual(
            row,
            {
                "channel": "Tea Shop",
                "item": "item-0",
                "parent": "",
                "item_sku": "CH-0",
                "name": "'=HYPERLINK(evil)",
                "barcode": "'0123",
                "price": "4.5",
                "currency": self.env.company.currency_id.name,
                "waiting": "1",
                "state": "Unconfirmed",
                "suggestion": "",
                "fits": "",
                "sku": "",
                "product": "",
                "quantity": "",
                "action": "",
            },
        )

    def test_which_items(self):
        self.listings[0]._link(self.mug, 6)
        self.listings[1]._link_bundle([(self.mug, 1), (self.zeros, 2.5)])
        self.listings[2]._ignore()
        self.listings[3].gone = True
        linked = self.downloaded(self.sheet(which="linked"))
        self.assertEqual(
            [(row["item"], row["sku"], row["product"], row["quantity"]) for row in linked],
            [
                ("item-0", "MUG-1", "Mug", "6"),
                ("item-1", "MUG-1", "Mug", "1"),
                ("item-1", "'007", "Spoon", "2.5"),
            ],
        )
        open_items = self.downloaded(self.sheet(which="unconfirmed", channel_ids=self.channel.ids))
        self.assertEqual([row["item"] for row in open_items], ["item-4", "item-5"])
        everything = self.downloaded(self.sheet(which="all", channel_ids=self.channel.ids))
        self.assertEqual(len(everything), 7)
        self.assertEqual([row["action"] for row in everything if row["item"] == "item-2"], ["ignore"])

    def test_the_best_suggestion_is_at_hand(self):
        suggestion = self.env["order.channel.suggestion"].create(
            {
                "listing_id": self.listings[0].id,
                "company_id": self.env.company.id,
                "product_id": self.tea.id,
                "quantity": 6,
                "score": 91.6,
                "reasons": [["suggest_sku", {}]],
            }
        )
        self.listings[0].suggestion_id = suggestion
        (row,) = self.downloaded(self.sheet(self.listings[:1]))
        self.assertEqual(row["suggestion"], "TEA-1")
        self.assertRegex(row["fits"], "^92 %, 6 x")
        self.assertIn(suggestion.text, row["fits"])
        self.listings[0]._link(self.mug)
        (row,) = self.downloaded(self.sheet(self.listings[:1]))
        self.assertEqual((row["suggestion"], row["fits"]), ("", ""), "what is linked needs none")

    def test_of_one_company_and_of_the_channels_that_are_chosen(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.clerk.company_ids |= company
        theirs = self.make_listings(1, self.make_channel(company=company))
        twin = self.make_listings(1, self.make_channel(name="Twin"))
        both = {"allowed_company_ids": (self.env.company + company).ids}
        sheet = self.sheet(which="all", company_id=self.env.company.id).with_context(**both)
        self.assertEqual(sheet._listings() & (theirs + twin + self.listings), twin + self.listings)
        sheet.channel_ids = twin.channel_id
        self.assertEqual((sheet._listings(), sheet.item_count), (twin, 1))

    def test_of_a_selection_of_everything_all_are_written(self):
        self.env["ir.config_parameter"].set_param("web.active_ids_limit", 2)
        domain = [("channel_id", "=", self.channel.id)]
        some = self.listings[:2].with_context(active_model=self.listings._name, active_domain=domain)
        context = some.action_map_in_sheet()["context"]
        self.assertEqual(sorted(context["default_selected_ids"]), self.listings.ids)

    def test_two_channels_of_one_name_are_told_apart(self):
        twin = self.make_channel(name="TEA shop")
        twin.name = "TEA shop"
        other = self.make_listings(1, twin)
        (row,) = self.downloaded(self.sheet(other))
        self.assertEqual(row["channel"], f"TEA shop #{twin.id}")
        batch = self.upload(self.file(("item-0", "MUG-1", "", "", "", row["channel"])))
        self.assertEqual(batch.line_ids.listing_id, other)

    def test_queries_do_not_grow_with_rows(self):
        many = self.make_listings(SHEET_CHUNK, self.make_channel())
        many[:100]._link(self.mug)

        def queries(listings):
            sheet = self.sheet(listings)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows = self.downloaded(sheet)
            self.assertEqual(len(rows), len(listings))
            return self.env.cr.sql_log_count - before

        queries(many[:1])  # access rules are cached from here
        self.assertLessEqual(queries(many), queries(many[95:105]))

    def test_rights(self):
        outsider = new_test_user(self.env, "sheet_outsider", "sales_team.group_sale_manager")
        with self.assertRaises(AccessError):
            self.sheet(self.listings, user=outsider)
        sheet = self.sheet(self.listings)
        colleague = new_test_user(self.env, "sheet_colleague", USER)
        with self.assertRaises(AccessError):
            sheet.with_user(colleague).action_download()
        company = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = new_test_user(
            self.env, "sheet_foreign", USER, company_id=company.id, company_ids=[(6, 0, company.ids)]
        )
        self.assertFalse(self.sheet(self.listings, user=foreign)._listings())
        with self.assertRaises(AccessError):
            self.sheet(user=foreign, which="all", company_id=self.env.company.id)

    def test_nothing_to_download_is_said(self):
        self.listings._ignore()
        with self.assertRaisesRegex(UserError, "There are no such items"):
            self.sheet(channel_ids=self.channel.ids).action_download()

    def test_items_of_two_companies_are_not_mixed(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.env["stock.warehouse"].create({"name": "E", "code": "E", "company_id": company.id})
        theirs = self.make_listings(1, self.make_channel(company=company))
        with self.assertRaisesRegex(UserError, "one company"):
            (self.listings | theirs).action_map_in_sheet()


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
        company = self.env["res.company"].create({"name": "Elsewhere"})
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
        colleague = new_test_user(self.env, "sheet_colleague", USER, name="Carl Colleague")
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
        company = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = new_test_user(
            self.env, "sheet_foreign", USER, company_id=company.id, company_ids=[(6, 0, company.ids)]
        )
        batch = self.upload(self.file(("item-0", "MUG-1")), user=foreign)
        self.assertEqual((batch.company_id, batch.line_ids.reason_code), (company, "row_channel"))
        self.assertFalse(batch.line_ids.listing_id)
        with self.assertRaisesRegex(UserError, "Choose a company of yours"):
            batch._make_from_sheet(self.file(("item-0", "MUG-1")), "mapping.csv", self.env.company)
        outsider = new_test_user(self.env, "sheet_outsider", "sales_team.group_sale_manager")
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


class TestSheetHttp(ChannelHttpCase):
    def test_the_file_is_handed_out_to_whom_it_belongs(self):
        channel = self.make_channel()
        listing = self.env["order.channel.listing"].create(
            {
                "channel_id": channel.id,
                "company_id": channel.company_id.id,
                "external_id": "1",
                "name": "=1+1",
            }
        )
        clerk = new_test_user(self.env, "sheet_clerk", USER)
        new_test_user(self.env, "sheet_colleague", USER)
        for file_format in ("csv", "xlsx"):
            sheet = self.env["order.channel.sheet"].with_user(clerk)
            sheet = sheet.create({"selected_ids": listing.ids, "file_format": file_format})
            url = sheet.action_download()["url"]
            self.authenticate("sheet_clerk", "sheet_clerk")
            answer = self.url_open(url)
            self.assertEqual(answer.status_code, 200)
            self.assertIn("selected-items-", answer.headers["Content-Disposition"])
            keys = self.env["order.channel.listing"]._sheet_keys()
            (row,) = mapping_sheet.read_sheet(answer.content, keys)
            self.assertEqual((row["item"], row["odd"]), ("1", {}))
            self.assertNotIn(b",=1", answer.content)
            self.authenticate("sheet_colleague", "sheet_colleague")
            with mute_logger("odoo.http"):
                self.assertEqual(self.url_open(url).status_code, 404)
