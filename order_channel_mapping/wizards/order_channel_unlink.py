from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.order_channel_batch import AT_ONCE
from ..tools.guard import permitted


class OrderChannelUnlink(models.TransientModel):
    """Shows what unlinking listings does at each channel, and does it at those that are ticked."""

    _name = "order.channel.unlink"
    _description = "Unlink from Channels"
    _inherit = ["order.channel.reach"]

    listing_ids = fields.Many2many("order.channel.listing", string="Items", readonly=True)
    line_ids = fields.One2many("order.channel.unlink.line", "wizard_id", string="Channels")
    note = fields.Char(string="Why", help="Kept in the mapping history of each item.")
    chosen_count = fields.Integer(string="Items to Unlink", compute="_compute_chosen")
    bundle_count = fields.Integer(compute="_compute_bundle_count")
    in_background = fields.Boolean(compute="_compute_chosen")

    @api.depends("line_ids.chosen", "line_ids.listing_count")
    def _compute_chosen(self):
        for wizard in self:
            wizard.chosen_count = sum(wizard.line_ids.filtered("chosen").mapped("listing_count"))
            wizard.in_background = wizard.chosen_count > AT_ONCE

    @api.depends("listing_ids")
    def _compute_bundle_count(self):
        """Items that stand for several products: they are unlinked as a whole."""
        for wizard in self:
            wizard.bundle_count = len(wizard.listing_ids.filtered(lambda listing: not listing.product_id))

    @api.model
    def _open(self, listings):
        """The form for these listings, by channel.

        :raise UserError: none of them is linked
        """
        permitted(listings)
        linked = listings.filtered("mapping_id")
        if not linked:
            raise UserError(self.env._("None of these items is linked to a product."))
        lines = [
            fields.Command.create(self.env["order.channel.unlink.line"]._effects(of_channel))
            for of_channel in linked.sorted("channel_id").grouped("channel_id").values()
        ]
        wizard = self.create({"listing_ids": [fields.Command.set(linked.ids)], "line_ids": lines})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Unlink from Channels"),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_unlink_listings(self):
        """Unlink what is ticked; many in the background."""
        self.ensure_one()
        channels = self.line_ids.filtered("chosen").channel_id
        listings = self.listing_ids.filtered(lambda listing: listing.channel_id in channels and listing.mapping_id)
        if not listings:
            raise UserError(self.env._("Tick a channel first."))
        return close_dialog(listings.action_unlink_product(self.note))


class OrderChannelUnlinkLine(models.TransientModel):
    """What unlinking does at one channel."""

    _name = "order.channel.unlink.line"
    _description = "Unlink from Channel"
    _inherit = ["order.channel.reach"]

    wizard_id = fields.Many2one("order.channel.unlink", required=True, index=True, ondelete="cascade")
    channel_id = fields.Many2one("order.channel", required=True, readonly=True, ondelete="cascade")
    chosen = fields.Boolean(string="Unlink")  # nothing is chosen before a person did
    listing_count = fields.Integer(string="Items", readonly=True)
    stock_text = fields.Char(string="Last Pushed, Stays There", readonly=True)
    order_count = fields.Integer(string="Drafts to Freeze", readonly=True)
    money_text = fields.Char(string="Their Total", readonly=True)

    @api.model
    def _effects(self, listings):
        """What unlinking these listings of one channel does, as values of a line."""
        orders = listings._draft_orders()
        return {
            "channel_id": listings.channel_id.id,
            "listing_count": len(listings),
            "stock_text": listings._say_stock_stops(),
            "order_count": len(orders),
            "money_text": orders._money_text(),
        }


def close_dialog(action):
    """An action that a dialog's button answers with: it closes the dialog too, and the view behind shows what is new."""
    close = {"type": "ir.actions.act_window_close"}
    if not action:
        return close
    if action["type"] == "ir.actions.client":
        action["params"]["next"] = close
    return action
