import base64
import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.guard import permitted
from ..tools.mapping_sheet import SheetError, grouped, read_sheet
from ..tools.reasons import reason_text

#: items of a sheet worked out in one transaction
FILE_CHUNK = 1000
#: files up to this size are worked out while the user waits
SMALL_BYTES = 64 * 1024


class OrderChannelBatch(models.Model):
    """A mass change that comes from a spreadsheet: its rows are read once, then worked out item by item."""

    _inherit = "order.channel.batch"

    kind = fields.Selection(selection_add=[("file", "Spreadsheet")], ondelete={"file": "cascade"})
    sheet = fields.Binary(string="Spreadsheet", readonly=True, attachment=True)
    sheet_channel_id = fields.Many2one(
        "order.channel", string="Channel of the Sheet", readonly=True, ondelete="set null", index="btree_not_null"
    )
    sheet_name = fields.Char(readonly=True)
    # the rows while they are worked out: of each item a JSON list, one a line (see tools.mapping_sheet.grouped)
    sheet_rows = fields.Binary(readonly=True, attachment=True)

    @api.model
    def _make_from_sheet(self, content, name, company, channel=None):
        """What this sheet would change; nothing is changed yet.

        :param bytes content: XLSX or CSV
        :param str name: the file's name
        :param company: res.company record whose channels it is about
        :param channel: order.channel record of that company: whose items rows name that name no channel
        :return: the batch
        :raise UserError: this is no such sheet
        """
        permitted(self.env["order.channel.listing"])
        if company not in self.env.companies:
            raise UserError(self.env._("Choose a company of yours."))
        if channel and channel.company_id != company:
            raise UserError(self.env._("Choose a channel of %(company)s.", company=company.name))
        try:
            if next(read_sheet(content, self.env["order.channel.listing"]._sheet_keys()), None) is None:
                raise SheetError("sheet_no_rows")
        except SheetError as error:
            raise UserError(" ".join(filter(None, reason_text(self.env, error.code, error.params)))) from error
        batch = self._new("file", company, name=name, sheet=base64.b64encode(content), sheet_name=name)
        batch.sheet_channel_id = channel
        batch._begin("preparing")
        if len(content) <= SMALL_BYTES:
            batch._work_now()
        return batch.sudo(self.env.su)

    def _listing_domain(self):
        """Confirming looks at what else is confirmed with a listing: in a sheet, what its rows say is."""
        domain = super()._listing_domain()
        if self.kind == "file" and "sheet_listing_ids" in self.env.context:
            domain = fields.Domain("id", "in", self.env.context["sheet_listing_ids"])
        return domain

    def _check_choices(self):
        if self.kind == "file" and not self.sheet:
            raise UserError(self.env._("Upload the sheet under Listings > Map in a Spreadsheet."))
        return super()._check_choices()

    def _prepare_chunk(self):
        if self.kind != "file":
            return super()._prepare_chunk()
        if not self.sheet_rows:
            return self._read_file()
        lines = base64.b64decode(self.sheet_rows).splitlines()
        groups = [json.loads(line) for line in lines[self.cursor : self.cursor + FILE_CHUNK]]
        if not groups:
            self.sheet_rows = False
            return self._end_preparing()
        self.env["order.channel.batch.line"].create(
            [self._line_values(values) for values in self._prepare_file(groups)]
        )
        return self.write({"cursor": self.cursor + len(groups), "seen_count": self.seen_count + len(groups)})

    def _read_file(self):
        """Take the file apart into the rows of each item."""
        try:
            content = base64.b64decode(self.sheet)
            groups = grouped(read_sheet(content, self.env["order.channel.listing"]._sheet_keys()))
        except SheetError as error:
            return self._end("failed", error.code, error.params)
        packed = "\n".join(json.dumps(group, separators=(",", ":")) for group in groups)
        return self.write({"sheet_rows": base64.b64encode(packed.encode()), "selected_count": len(groups)})

    def action_view_lines(self):
        action = super().action_view_lines()
        if self.kind == "file":
            action["context"]["sheet"] = True
        return action


class OrderChannelBatchLine(models.Model):
    """A line that comes from rows of a sheet. One whose row names no item of ours has no listing, and can't be applied."""

    _inherit = "order.channel.batch.line"

    row_number = fields.Integer(string="Row", readonly=True, help="The row in the sheet.")

    def write(self, vals):
        if not self.env.su and (vals.get("chosen") or vals.get("product_id")):
            lost = self.filtered(lambda line: line.row_number and not line.listing_id)
            if lost:
                raise UserError(
                    self.env._(
                        "Row %(row)s names no item of a channel. Correct the row and upload the sheet again.",
                        row=lost[0].row_number,
                    )
                )
        return super().write(vals)
