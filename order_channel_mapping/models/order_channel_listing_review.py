from odoo import api, fields, models

from ..tools.reasons import reason_text
from .order_channel_batch import AT_ONCE


class OrderChannel(models.Model):
    """Whether a person looks at what was linked by itself."""

    _inherit = "order.channel"

    review_links = fields.Boolean(
        string="Review Automatic Links",
        tracking=True,
        help="What is linked by SKU, barcode, name or as another channel has it waits under To Review until somebody ticks "
        "it. Orders and stock go on meanwhile.",
    )
    review_count = fields.Integer(string="Links to Review", compute="_compute_review_count")

    def _compute_review_count(self):
        rows = self.env["order.channel.listing"]._read_group(
            [("channel_id", "in", self.ids), ("to_review", "=", True)], ["channel_id"], ["__count"]
        )
        counts = dict(rows)
        for channel in self:
            channel.review_count = counts.get(channel, 0)


class OrderChannelListing(models.Model):
    """Links that a person should look at, and why."""

    _inherit = "order.channel.listing"

    review_code = fields.Char(readonly=True)
    review_text = fields.Char(string="Why to Review", compute="_compute_review_text")

    @api.depends("to_review", "review_code", "sku_changed")
    @api.depends_context("lang")
    def _compute_review_text(self):
        for listing in self:
            code, params = listing.to_review and listing.review_code, {}
            if listing.sku_changed:
                code, params = "sku_changed", {"before": listing.linked_sku or "–", "after": listing.sku or "–"}
            listing.review_text = " ".join(filter(None, reason_text(self.env, code, params)))

    def action_looks_right(self):
        """The links of these are right: nothing is left to review."""
        if len(self) > AT_ONCE:
            return self.env["order.channel.batch"]._make("review", self)._report()
        return self._as_mapper()._looks_right()

    def _looks_right(self):
        reviewed = self.filtered("to_review")
        for listing in reviewed.filtered("sku_changed"):
            listing.linked_sku = listing.sku
        reviewed.write({"to_review": False, "review_code": False})


class OrderChannelBatch(models.Model):
    """Ticking many links as looked at."""

    _inherit = "order.channel.batch"

    kind = fields.Selection(selection_add=[("review", "Looks right")], ondelete={"review": "cascade"})

    def _prepare_review(self, listings):
        return [
            {
                "listing_id": listing.id,
                "action": "review",
                "outcome": "change" if listing.to_review else "same",
                "values": {"code": listing.review_code, "linked_sku": listing.linked_sku},
            }
            for listing in listings
        ]

    def _apply_review(self, lines):
        lines.listing_id._looks_right()

    def _undo_review(self, lines):
        for (code, sku), group in lines.grouped(self._reviewed).items():
            group.listing_id.write({"to_review": True, "review_code": code, "linked_sku": sku})

    @staticmethod
    def _reviewed(line):
        """``(reason, SKU)`` of a link before it was ticked."""
        return line.values["code"], line.values["linked_sku"]


class OrderChannelBatchLine(models.Model):
    """A link that is ticked as looked at."""

    _inherit = "order.channel.batch.line"

    action = fields.Selection(selection_add=[("review", "Looks right")])

    def _is_as_applied(self):
        if self.action == "review":
            return not self.listing_id.to_review
        return super()._is_as_applied()
