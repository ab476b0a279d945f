from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.order_channel_listing_ignore import IGNORE_REASONS
from ..tools.guard import permitted
from .order_channel_unlink import close_dialog


class OrderChannelIgnore(models.TransientModel):
    """Asks why items are to be ignored."""

    _name = "order.channel.ignore"
    _description = "Ignore Items"
    _inherit = ["order.channel.reach"]

    listing_ids = fields.Many2many("order.channel.listing", string="Items", readonly=True)
    listing_count = fields.Integer(string="Number of Items", compute="_compute_counts")
    order_count = fields.Integer(string="Orders Waiting", compute="_compute_counts")
    reason = fields.Selection(IGNORE_REASONS, string="Why", required=True)
    note = fields.Char(string="Remark", help="Shown on the item and on the orders that have it.")

    @api.depends("listing_ids")
    def _compute_counts(self):
        for wizard in self:
            wizard.listing_count = len(wizard.listing_ids)
            rows = self.env["order.channel.blocker"]._read_group(
                [("listing_id", "in", wizard.listing_ids.ids), ("code", "=", "unmapped")],
                aggregates=["order_id:count_distinct"],
            )
            wizard.order_count = rows[0][0]

    @api.model
    def _open(self, listings):
        """The form for those of these listings that are unconfirmed.

        :raise UserError: none of them is
        """
        permitted(listings)
        listings = listings.filtered(lambda listing: listing.state == "unconfirmed")
        if not listings:
            raise UserError(
                self.env._("None of these items is unconfirmed. Unlink an item first if it should be ignored.")
            )
        wizard = self.create({"listing_ids": [fields.Command.set(listings.ids)], "reason": "not_ours"})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Ignore Items"),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_ignore_listings(self):
        self.ensure_one()
        if self.reason == "other" and not self.note:
            raise UserError(self.env._("Say in a few words why these items are ignored."))
        return close_dialog(self.listing_ids.action_ignore(self.reason, self.note))
