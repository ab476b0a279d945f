from odoo import models

from .order_channel_impact import FEW


class OrderChannelListing(models.Model):
    """Unlinking: what it stops and freezes, said before it is done."""

    _inherit = "order.channel.listing"

    def _draft_orders(self):
        """Channel orders whose draft sells one of these listings as the product it stands for: unlinking freezes them.
        Those that another item has frozen already are left out."""
        drafts = [("state", "in", ("draft", "sent")), ("channel_frozen", "=", False)]
        lines = self.env["order.channel.order.line"].search_fetch(
            [("mapping_id", "in", self.mapping_id.ids), ("order_id.sale_order_ids", "any", drafts)],
            ["order_id"],
        )
        return lines.order_id

    def _say_stock_stops(self):
        """What happens to the quantities of these listings, which are one channel's."""
        told = self.filtered("pushed_at")
        hold = self.channel_id.sudo()._stock_hold()
        if hold == "not_supported" or not told:
            return self.env._("Nothing was pushed")
        parts = [f"{listing.sku or listing.name}: {listing.pushed_quantity}" for listing in told[:FEW]]
        if len(told) > FEW:
            parts.append(self.env._("%(number)s more", number=len(told) - FEW))
        return ", ".join(parts)

    # === ACTIONS: what people may do (group and company are checked, then done in sudo) === #

    def action_open_unlink(self):
        """Show what unlinking does, and let the channels be chosen."""
        return self.env["order.channel.unlink"]._open(self)

    def action_unlink_product(self, note=None):
        """End what these stand for. Several are a mass change, that can be undone.

        :param str note: why
        """
        if len(self) > 1:
            return self.env["order.channel.batch"]._make("unlink", self, note=note)._report()
        return self._as_mapper()._unlink_product(note=note)
