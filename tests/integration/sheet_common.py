"""What the tests of mapping in a spreadsheet share: listings, a clerk, files and their upload."""

import base64
import csv
import io

from odoo.addons.order_channel_mapping.controllers.sheet import MappingSheet

from tests.integration.orders_common import OrderCase

USER = "order_channel_mapping.group_channel_user"


class SheetCase(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel.name = "Tea Shop"
        cls.clerk = cls.new_user("sheet_clerk", USER, name="Clara Clerk")
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
        self.in_one_transaction()

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
