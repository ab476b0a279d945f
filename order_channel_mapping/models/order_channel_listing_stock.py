from odoo import api, fields, models
from odoo.exceptions import UserError

from .order_channel_account import OFFLINE

#: a change of these changes whether and where a listing is pushed (linking marks its products itself)
HOLD_FIELDS = {"push_enabled", "gone", "stock_ref", "fulfilled_by"}


class OrderChannelListing(models.Model):
    """Stock of a listing: what it may offer, why nothing is pushed, and the button."""

    _inherit = "order.channel.listing"

    remote_quantity = fields.Integer(
        string="Quantity at the Channel",
        readonly=True,
        help="What the channel offered when its items were fetched. Sales there lower it until the next fetch.",
    )
    # our own clock, exact; empty: the channel says none. An unchanged quantity is noted once a day, see SEEN_EVERY
    remote_seen_at = fields.Datetime(string="Seen at the Channel On", readonly=True)
    push_ids = fields.One2many("order.channel.stock.push", "listing_id", string="Stock Pushes", readonly=True)
    push_hold_code = fields.Selection(
        selection="_push_hold_selection",
        string="Why Not Pushed",
        compute="_compute_push_hold_code",
        help="Empty: its quantity is pushed to the channel whenever it changes.",
    )

    @api.model
    def _push_hold_selection(self):
        """Reasons of the listing itself, then those of its channel."""
        return [
            ("custom", self.env._("A custom item has no stock at the channel")),
            ("gone", self.env._("No longer at the channel")),
            ("unconfirmed", self.env._("Not linked to a product yet")),
            ("ignored", self.env._("Ignored")),
            ("marketplace_fulfilled", self.env._("The channel ships it from its own stock")),
            ("push_disabled", self.env._("Stock push is switched off for this listing")),
            ("no_stock_ref", self.env._("The channel does not track its stock")),
            ("other_company", self.env._("Its product belongs to another company")),
            ("kit", self.env._("One of its products is a kit: the stock of its parts is not worked out")),
            ("untracked", self.env._("Its products are not stock-tracked")),
            *self.env["order.channel"]._fields["stock_hold_code"]._description_selection(self.env),
        ]

    @api.depends(
        "kind",
        "gone",
        "state",
        "fulfilled_by",
        "push_enabled",
        "stock_ref",
        "mapping_id",
        "channel_id.state",
        "channel_id.push_stock",
        "channel_id.paused",
    )
    def _compute_push_hold_code(self):
        for channel, listings in self.grouped("channel_id").items():
            offers = channel._listing_holds(listings)
            hold = channel._stock_hold() if channel else None
            for listing in listings:
                listing.push_hold_code = offers.get(listing._origin.id) or hold

    def write(self, vals):
        names = HOLD_FIELDS & vals.keys()
        changed = self.filtered(
            lambda listing: listing.state == "linked" and any(listing[name] != (vals[name] or False) for name in names)
        )
        result = super().write(vals)
        if changed:
            self.env["order.channel.stock.change"]._mark_listings_later(changed)
        return result

    def _seen_since_push(self):
        """Whether what the channel was seen to hold is newer than what it was told."""
        self.ensure_one()
        return bool(self.pushed_at and self.remote_seen_at and self.remote_seen_at > self.pushed_at)

    def _quantity_there(self):
        """The quantity that the channel offers now, as far as it is known: what was pushed or seen, whichever is newer."""
        self.ensure_one()
        return self.pushed_quantity if self.pushed_at and not self._seen_since_push() else self.remote_quantity

    def action_push_stock(self):
        """Work these quantities out and push them as soon as a worker is free, whether or not they changed. What can't be
        pushed is left out, with one reason for each channel; offline stores sell what Odoo has anyway."""
        self.check_access("read")
        pushed, left_out = self.browse(), []
        online = self.sudo().filtered(lambda listing: listing.provider != OFFLINE)
        for channel, listings in online.grouped("channel_id").items():
            ready, reasons = listings._split_pushable(channel)
            left_out += reasons
            if ready:
                self.env["order.channel.stock.change"]._mark_listings(ready, force=True)
                channel._wake("sync")
                pushed |= ready
        if not pushed and left_out:
            raise UserError("\n".join([self.env._("Nothing to push."), *left_out]))
        if not pushed and not self:
            raise UserError(self.env._("Nothing to push: link a listing to this product first."))
        title, message = (
            self.env._("Pushing stock"),
            self.env._(
                "%(count)s quantities are worked out and sent. The listing shows when they were taken.",
                count=len(pushed),
            ),
        )
        if not pushed:
            title = self.env._("Nothing to push")
            message = self.env._("An offline store sells straight from Odoo's stock.")
        if left_out:
            message = "\n".join([message, self.env._("Left out:"), *left_out])
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "info", "title": title, "message": message, "sticky": bool(left_out)},
        }

    def _split_pushable(self, channel):
        """Those of these listings of one channel whose stock can be pushed, and why the others' can't.

        :return: (listings, list of sentences: one for the channel, or one for each reason of listings)
        """
        hold = channel._stock_hold()
        if hold:
            reason = channel._hold_label(hold)
            return self.browse(), [
                self.env._("%(channel)s takes no stock now: %(reason)s.", channel=channel.name, reason=reason)
            ]
        holds = channel._listing_holds(self)
        labels = dict(self._push_hold_selection())
        reasons = []
        for code, listings in self.grouped(lambda listing: holds[listing.id]).items():
            if not code:
                continue
            item = listings[0].display_name
            if len(listings) > 1:
                item = self.env._("%(item)s and %(count)s more", item=item, count=len(listings) - 1)
            reasons.append(self.env._("%(item)s: %(reason)s.", item=item, reason=labels[code]))
        return self.filtered(lambda listing: not holds[listing.id]), reasons
