"""Mapping in a spreadsheet, the way out: which listings, and what their rows say."""

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from odoo.addons.order_channel_mapping.models.order_channel_listing_sheet import SHEET_CHUNK
from odoo.addons.order_channel_mapping.tools import mapping_sheet

from tests.common import ChannelHttpCase
from tests.fakes import line
from tests.integration.sheet_common import USER, SheetCase


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
        self.listings[0]._ignore()
        (row,) = self.downloaded(self.sheet(self.listings[:1]))
        self.assertEqual((row["suggestion"], row["fits"]), ("", ""), "what is ignored needs none")

    def test_of_one_company_and_of_the_channels_that_are_chosen(self):
        company = self.new_company("Elsewhere")
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
        outsider = self.new_user("sheet_outsider", "sales_team.group_sale_manager")
        with self.assertRaises(AccessError):
            self.sheet(self.listings, user=outsider)
        sheet = self.sheet(self.listings)
        colleague = self.new_user("sheet_colleague", USER)
        with self.assertRaises(AccessError):
            sheet.with_user(colleague).action_download()
        company = self.new_company("Elsewhere")
        foreign = self.new_user("sheet_foreign", USER, company=company)
        self.assertFalse(self.sheet(self.listings, user=foreign)._listings())
        with self.assertRaises(AccessError):
            self.sheet(user=foreign, which="all", company_id=self.env.company.id)

    def test_nothing_to_download_is_said(self):
        self.listings._ignore()
        with self.assertRaisesRegex(UserError, "There are no such items"):
            self.sheet(channel_ids=self.channel.ids).action_download()

    def test_items_of_two_companies_are_not_mixed(self):
        company = self.new_company("Elsewhere")
        self.env["stock.warehouse"].create({"name": "E", "code": "E", "company_id": company.id})
        theirs = self.make_listings(1, self.make_channel(company=company))
        with self.assertRaisesRegex(UserError, "one company"):
            (self.listings | theirs).action_map_in_sheet()


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
        clerk = self.new_user("sheet_clerk", USER)
        self.new_user("sheet_colleague", USER)
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
