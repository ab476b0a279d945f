from odoo import fields, models
from odoo.exceptions import UserError

from .order_channel_batch import AT_ONCE

IGNORE_REASONS = [
    ("not_ours", "Not ours"),
    ("elsewhere", "Sold and shipped elsewhere"),
    ("extra", "Gift wrap, engraving or another extra"),
    ("other", "Another reason"),
]


class OrderChannelListing(models.Model):
    """Setting listings aside: never proposed, never pushed. An order that has one still needs a decision."""

    _inherit = "order.channel.listing"

    ignore_reason = fields.Selection(IGNORE_REASONS, string="Why Ignored", readonly=True)
    ignore_note = fields.Char(string="Remark", readonly=True)

    def _ignore(self, reason="other", note=None):
        """Leave the listings alone. Orders that wait for them stay frozen: their blockers say so and what can be done.

        :param reason: code of ``ignore_reason``
        :param str note: more, in a person's words
        :raise UserError: one of them stands for a product
        """
        linked = self.filtered("mapping_id")
        if linked:
            raise UserError(self.env._("Unlink %(item)s first.", item=linked[0].display_name))
        self.write({"state": "ignored", "ignore_reason": reason, "ignore_note": note})

    def _unignore(self):
        """Take the listings up again: they are unconfirmed, and say what they could be linked to."""
        ignored = self.filtered(lambda listing: listing.state == "ignored")
        ignored.write({"state": "unconfirmed", "ignore_reason": False, "ignore_note": False})
        ignored._hint_links()

    def _ignore_words(self):
        """Why this listing is ignored, in one phrase."""
        self.ensure_one()
        reasons = dict(self._fields["ignore_reason"]._description_selection(self.env))
        return ": ".join(filter(None, [reasons.get(self.ignore_reason), self.ignore_note]))

    # === ACTIONS: what people may do (group and company are checked, then done in sudo) === #

    def action_open_ignore(self):
        """Ask for the reason, and say which orders will still need a decision."""
        return self.env["order.channel.ignore"]._open(self)

    def action_ignore(self, reason="other", note=None):
        if len(self) > AT_ONCE:
            batch = self.env["order.channel.batch"]._make("ignore", self, ignore_reason=reason, note=note)
            return batch._report()
        return self._as_mapper()._ignore(reason, note)

    def action_unignore(self):
        self._as_mapper()._unignore()


class OrderChannelBatch(models.Model):
    """The reason that many listings are ignored for."""

    _inherit = "order.channel.batch"

    ignore_reason = fields.Selection(IGNORE_REASONS, string="Why Ignored", readonly=True)

    def _apply_ignore(self, lines):
        lines.listing_id._ignore(self.ignore_reason or "other", self.note)


class OrderChannelBlocker(models.Model):
    """An unmapped item that was ignored: linking it is one way out, taking it up again another."""

    _inherit = "order.channel.blocker"

    listing_state = fields.Selection(related="listing_id.state")

    def action_take_up_item(self):
        """The item is looked at again: it is unconfirmed."""
        self.listing_id.action_unignore()
        return {"type": "ir.actions.client", "tag": "soft_reload"}
