import base64

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools.guard import permitted

DOMAINS = {
    "unconfirmed": [("state", "=", "unconfirmed"), ("gone", "=", False)],
    "linked": [("state", "=", "linked")],
    "all": [],
}


class OrderChannelSheet(models.TransientModel):
    """Listings out to a spreadsheet, and back in."""

    _name = "order.channel.sheet"
    _description = "Map in a Spreadsheet"
    _inherit = ["order.channel.reach"]

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    which = fields.Selection(
        [
            ("unconfirmed", "Unconfirmed items"),
            ("linked", "Linked items"),
            ("all", "All items"),
        ],
        string="Items",
        required=True,
        default="unconfirmed",
    )
    selected_ids = fields.Json()  # ids of listings; instead of those of channels
    channel_ids = fields.Many2many(
        "order.channel", string="Channels", domain="[('company_id', '=', company_id)]", help="Empty: all channels."
    )
    item_count = fields.Integer(compute="_compute_item_count")
    file_format = fields.Selection([("xlsx", "XLSX"), ("csv", "CSV")], string="Format", required=True, default="xlsx")
    sheet_channel_id = fields.Many2one(
        "order.channel",
        string="Channel",
        domain="[('company_id', '=', company_id)]",
        help="Whose items the sheet is about, where it names no channel, such as another system's export.",
    )
    data = fields.Binary(string="File", attachment=False)
    filename = fields.Char()

    @api.depends("company_id", "which", "selected_ids", "channel_ids")
    def _compute_item_count(self):
        for sheet in self:
            sheet.item_count = self.env["order.channel.listing"].search_count(sheet._domain())

    def _domain(self):
        """The listings that are written, of those that the user may see."""
        self.ensure_one()
        domain = Domain("company_id", "=", self.company_id.id)
        if self.selected_ids:
            return domain & Domain("id", "in", [int(number) for number in self.selected_ids])
        if self.channel_ids:
            domain &= Domain("channel_id", "in", self.channel_ids._origin.ids)
        return domain & Domain(DOMAINS[self.which])

    def _listings(self):
        """In the order of the rows: variants of one item stand together."""
        permitted(self.env["order.channel.listing"])
        return self.env["order.channel.listing"].search(self._domain(), order="channel_id, parent_ref, id")

    # === ACTIONS === #

    def action_download(self):
        """Hand out the sheet."""
        self.ensure_one()
        if not self.item_count:
            raise UserError(self.env._("There are no such items."))
        return {"type": "ir.actions.act_url", "url": f"/order_channel_mapping/sheet/{self.id}", "target": "self"}

    def action_upload(self):
        """Show what the sheet would change."""
        self.ensure_one()
        if not self.data:
            raise UserError(self.env._("Choose the file first."))
        content = base64.b64decode(self.data)
        name = self.filename or self.env._("Spreadsheet")
        batch = self.env["order.channel.batch"]._make_from_sheet(content, name, self.company_id, self.sheet_channel_id)
        self.data = False
        return batch.action_open()
