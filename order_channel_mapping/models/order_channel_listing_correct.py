from odoo import fields, models
from odoo.fields import Domain

from ..tools.guard import permitted


class OrderChannelListing(models.Model):
    """A wrong link found late: the orders that still have the product from before."""

    _inherit = "order.channel.listing"

    outdated_order_count = fields.Integer(compute="_compute_outdated_order_count")

    def _compute_outdated_order_count(self):
        """Open orders with another product than the listing stands for now; of those that are delivered or invoiced, whether
        something is left to do is a person's to say."""
        counts = {}
        Line = self.env["order.channel.order.line"].sudo()
        groups = Line._read_group(
            Line._outdated_domain(Domain("id", "in", self.ids)),
            ["listing_id", "mapping_id"],
            ["order_id:count_distinct"],
        )
        for listing, mapping, count in groups:
            same = sorted(mapping._components()) == sorted(listing.mapping_id._components())
            if not same or mapping == listing.mapping_id:  # of the latter a part is from before
                counts[listing.id] = counts.get(listing.id, 0) + count
        for listing in self:
            listing.outdated_order_count = counts.get(listing.id, 0)

    def action_correct_orders(self):
        """Show the orders that have another product than these items stand for now, and what can be done with each."""
        permitted(self)
        return self._offer_correction() or self._notify_done(
            self.env._("No order has another product than this item stands for now.")
        )

    def _offer_correction(self):
        """The way to correct the orders that have the product from before; None where there are none.

        :return: action or None
        """
        self.invalidate_recordset(["outdated_order_count"])
        outdated = self.filtered("outdated_order_count")
        batches = self.env["order.channel.batch"]
        for listings in outdated.grouped("company_id").values():
            batch = batches._make_correction(listings)
            if batch.state == "ready" and not batch.correction_ids:
                batch._end("cancelled")
            else:
                batches |= batch
        if not batches:
            return None
        if len(batches) == 1:
            return batches.action_open()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Correct Orders"),
            "res_model": "order.channel.batch",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", batches.ids)],
        }
