from datetime import datetime, timedelta, timezone

from odoo import fields, models
from odoo.tools import SQL

from ..connectors.pacing import MAX_WAIT
from ..tools.clock import ALLOWANCE, is_future, try_between

#: waits are no longer than this, so what is kept of a longer one is no wait
LONGEST_WAIT = timedelta(seconds=MAX_WAIT)
#: what a marketplace can mean by a time of its own clock
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=timezone.utc), datetime(9999, 1, 1, tzinfo=timezone.utc)
MOST_SECONDS = 2**31 - 1


class OrderChannel(models.Model):
    """Foreign clocks, which may be wrong: a watermark is theirs, but never later than the fetch that it is of began here.

    What a wrong clock would have hidden is then simply met again by the next fetch (rule 10).
    """

    _inherit = "order.channel"

    items_began_at = fields.Datetime(readonly=True, copy=False)  # the fetch under way, or the last one; our own clock
    orders_began_at = fields.Datetime(readonly=True, copy=False)
    clock_ahead = fields.Integer(readonly=True, copy=False)  # seconds by which the channel's clock was ahead of ours
    clock_seen_at = fields.Datetime(readonly=True, copy=False)  # when that was seen last

    # === WATERMARKS === #

    def _begin_clock(self, kind):
        """A fetch begins, or one goes on that an earlier version began and of which nobody knows when that was."""
        if not self[f"{kind}_cursor"]:
            self[f"{kind}_began_at"] = fields.Datetime.now()
            self._heal_watermark(kind)
        elif not self[f"{kind}_began_at"]:
            self[f"{kind}_began_at"] = self[f"{kind}_since"] or self.create_date

    def _heal_watermark(self, kind):
        """Take back a watermark from the future: an earlier version believed a wrong clock, or our own one was put back.

        Fetches since then brought nothing. Orders start at the latest one that came by a fetch, items with a full one.
        """
        now = fields.Datetime.now()
        if is_future(self[f"{kind}_watermark"], now):
            self[f"{kind}_watermark"] = self._latest_fetched_order(now) if kind == "orders" else False

    def _latest_fetched_order(self, now):
        """When the latest order that was fetched in its turn had changed; False if there is none.

        Those that were asked for one by one, because they had failed, say nothing about others.
        """
        retried = self.env["order.channel.failure"].search_fetch(
            [("channel_id", "=", self.id), ("kind", "=", "order")], ["external_ref"]
        )
        latest = self.env["order.channel.order"].search_fetch(
            [
                ("channel_id", "=", self.id),
                ("remote_updated_at", "<=", now),
                ("external_id", "not in", retried.mapped("external_ref")),
            ],
            ["remote_updated_at"],
            order="remote_updated_at desc",
            limit=1,
        )
        return latest.remote_updated_at

    def _watermark_assignments(self, kind, watermark):
        """What a page's watermark changes at the channel, as SQL: it never goes back, nor beyond the time when the fetch began
        by our own clock. A clock that is ahead is noted.

        :param datetime watermark: aware, by the marketplace's clock
        """
        now = fields.Datetime.now()
        watermark = min(max(watermark, EARLIEST), LATEST).astimezone(timezone.utc).replace(tzinfo=None)
        column, began_at = SQL.identifier(f"{kind}_watermark"), SQL.identifier(f"{kind}_began_at")
        assignments = [
            SQL(
                "%s = GREATEST(%s, LEAST(%s, COALESCE(%s, %s) + %s))",
                column,
                column,
                watermark,
                began_at,
                now,
                ALLOWANCE,
            )
        ]
        if is_future(watermark, now):
            ahead = min(int((watermark - now).total_seconds()), MOST_SECONDS)
            assignments.append(SQL("clock_ahead = %s, clock_seen_at = %s", ahead, now))
        return assignments

    # === WAITS === #

    def _next_try_after(self, retry_at):
        """When to ask again where the marketplace named a time: an hour from now at most.

        :param retry_at: aware datetime; anything else is no time
        """
        asked = None
        if isinstance(retry_at, datetime):
            utc = retry_at if retry_at.tzinfo else retry_at.replace(tzinfo=timezone.utc)
            asked = min(max(utc, EARLIEST), LATEST).astimezone(timezone.utc).replace(tzinfo=None)
        return try_between(asked, fields.Datetime.now(), LONGEST_WAIT)

    def _waits_until(self):
        """Until when nothing is asked of the channel; None where it need not wait. What is further away than any wait is left
        over from a clock that was wrong."""
        self.ensure_one()
        now = fields.Datetime.now()
        if self.next_try_at and now < self.next_try_at <= now + LONGEST_WAIT + ALLOWANCE:
            return self.next_try_at
        return None
