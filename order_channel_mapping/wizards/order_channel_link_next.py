from odoo import api, fields, models


class OrderChannelLink(models.TransientModel):
    """Linking the items of a frozen order one after the other."""

    _inherit = "order.channel.link"

    order_id = fields.Many2one("order.channel.order", readonly=True, ondelete="cascade")  # whose items are linked
    rest_count = fields.Integer(string="Left After This One", compute="_compute_rest_count")

    @api.depends("order_id", "listing_id")
    def _compute_rest_count(self):
        for wizard in self:
            wizard.rest_count = len(wizard._rest())

    def _rest(self):
        """Other items that keep the order frozen, in the order of its lines."""
        blockers = self.order_id.blocker_ids.filtered(lambda blocker: blocker.code == "unmapped")
        return blockers.listing_id.filtered(lambda listing: not listing.mapping_id) - self.listing_id

    def action_link_next(self):
        """Link this one and offer the next."""
        self.ensure_one()
        action = self.action_link()
        rest = self._rest()
        if rest and action.get("tag") == "display_notification":
            params = action["params"]
            params["message"] += " " + self.env._("Items of this order that are left: %(number)s.", number=len(rest))
            params["next"] = self._open_next(rest)
        return action

    def _open_next(self, rest):
        action = rest[:1].action_open_link()
        return {**action, "context": {**action["context"], "default_order_id": self.order_id.id}}


class OrderChannelBlocker(models.Model):
    """From an unmapped line to the form that asks for its product."""

    _inherit = "order.channel.blocker"

    def action_link_item(self):
        """Ask which product the item is, and then for the next item of the same order."""
        action = super().action_link_item()
        return {**action, "context": {**action["context"], "default_order_id": self.order_id.id}}
