from datetime import timedelta

from babel.dates import format_timedelta

from odoo import api, fields, models
from odoo.tools.misc import babel_locale_parse, get_lang

from .order_channel_account import OFFLINE

MOMENT = timedelta(minutes=1)


class OrderChannel(models.Model):
    """What a channel's card and form show at a glance: how much there is to do, and how fresh everything is."""

    _inherit = "order.channel"

    listing_count = fields.Integer(compute="_compute_listing_counts")
    unconfirmed_count = fields.Integer(string="Unconfirmed Items", compute="_compute_listing_counts")
    order_count = fields.Integer(string="Orders", compute="_compute_order_counts")
    to_resolve_count = fields.Integer(string="Orders to Resolve", compute="_compute_order_counts")
    ready_count = fields.Integer(string="Orders to Process", compute="_compute_order_counts")
    failure_count = fields.Integer(string="Open Failures", compute="_compute_failure_count")
    working = fields.Boolean(
        compute="_compute_working", help="A run of items or orders is under way or about to start."
    )
    last_sync = fields.Char(compute="_compute_last_sync")
    offline = fields.Boolean(compute="_compute_offline")

    @api.depends("provider")
    def _compute_offline(self):
        for channel in self:
            channel.offline = channel.provider == OFFLINE

    def _compute_listing_counts(self):
        rows = self.env["order.channel.listing"]._read_group(
            [("channel_id", "in", self.ids), ("gone", "=", False)], ["channel_id", "state"], ["__count"]
        )
        counts = {(channel.id, state): count for channel, state, count in rows}
        for channel in self:
            of_channel = {state: counts.get((channel.id, state), 0) for state in ("unconfirmed", "linked", "ignored")}
            channel.unconfirmed_count = of_channel["unconfirmed"]
            channel.listing_count = sum(of_channel.values())

    def _compute_order_counts(self):
        rows = self.env["sale.order"]._read_group(
            [("order_channel_id", "in", self.ids)], ["order_channel_id", "state", "channel_to_resolve"], ["__count"]
        )
        self.order_count = self.to_resolve_count = self.ready_count = 0
        for channel, state, to_resolve, count in rows:
            channel.order_count += count
            if to_resolve and state != "cancel":
                channel.to_resolve_count += count
            elif state in ("draft", "sent"):
                channel.ready_count += count

    def _compute_failure_count(self):
        counts = dict(
            self.env["order.channel.failure"]._read_group(
                [("channel_id", "in", self.ids), ("state", "=", "open")], ["channel_id"], ["__count"]
            )
        )
        for channel in self:
            channel.failure_count = counts.get(channel, 0)

    def _compute_working(self):
        working = {
            channel
            for channel, kind in self.env["order.channel.run"]._read_group(
                [("channel_id", "in", self.ids), ("state", "in", ("queued", "running"))], ["channel_id", "kind"]
            )
            if channel._serves(kind)
        }
        for channel in self:
            channel.working = channel in working and not channel._waits_until()

    @api.depends("items_checked_at", "orders_checked_at")
    @api.depends_context("lang")
    def _compute_last_sync(self):
        for channel in self:
            last = max(filter(None, [channel.items_checked_at, channel.orders_checked_at]), default=None)
            channel.last_sync = channel._ago(last)

    @api.model
    def _ago(self, moment):
        """How long ago that was, in the reader's language; nothing for no moment."""
        now = fields.Datetime.now()
        if moment and moment > now - MOMENT:
            return self.env._("just now")
        locale = babel_locale_parse(get_lang(self.env).code)
        return moment and format_timedelta(moment - now, add_direction=True, locale=locale)
