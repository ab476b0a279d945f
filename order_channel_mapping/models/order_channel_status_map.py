from odoo import api, fields, models

from ..connectors.records import StatusMeaning


class OrderChannelStatusMap(models.Model):
    """What an order status that the seller's store defines means here. Filled at Connect with the marketplace's defaults."""

    _name = "order.channel.status.map"
    _description = "Channel Order Status"
    _inherit = ["order.channel.reach"]
    _order = "channel_id, sequence, id"
    _check_company_auto = True

    channel_id = fields.Many2one("order.channel", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=100)
    code = fields.Char(
        string="Status at the Channel", required=True, help="Its short name there, such as awaiting-pickup."
    )
    name = fields.Char(string="Called")
    meaning = fields.Selection(
        [
            (StatusMeaning.OPEN.value, "To process"),
            (StatusMeaning.HOLD.value, "Take in, but wait"),
            (StatusMeaning.COMPLETED.value, "Completed"),
            (StatusMeaning.CANCELLED.value, "Cancelled"),
            (StatusMeaning.SKIP.value, "Leave out"),
        ],
        string="Means",
        required=True,
        default=StatusMeaning.HOLD.value,
    )

    _code_uniq = models.UniqueIndex("(channel_id, code)", "This status is already in the list.")

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["code"] = (vals.get("code") or "").strip()
        statuses = super().create(vals_list)
        if not self.env.context.get("order_channel_connecting"):
            statuses.channel_id._fetch_all_orders()
        return statuses

    def write(self, vals):
        changed = self.filtered(lambda status: vals.get("meaning", status.meaning) != status.meaning)
        result = super().write(vals)
        changed.channel_id._fetch_all_orders()
        return result

    def unlink(self):
        channels = self.channel_id
        result = super().unlink()
        channels._fetch_all_orders()
        return result
