from odoo import fields, models


class OrderChannelOverrule(models.TransientModel):
    """Asks why an order is processed although something is in the way."""

    _name = "order.channel.overrule"
    _description = "Overrule"
    _inherit = ["order.channel.reach"]

    blocker_id = fields.Many2one("order.channel.blocker", required=True, readonly=True, ondelete="cascade")
    text = fields.Char(related="blocker_id.text")
    reason = fields.Char(help="Kept on the order's audit trail with your name.")

    def action_overrule(self):
        self.ensure_one()
        self.blocker_id._overrule(self.reason)
        return {"type": "ir.actions.act_window_close"}
