from datetime import datetime, timedelta, timezone

from odoo import fields, models
from odoo.tools import SQL

from ..connectors.pacing import MAX_WAIT
from ..tools.clock import ALLOWANCE, is_future, seconds_off, try_between

#: waits are no longer than this, so what is kept of a longer one is no wait
LONGEST_WAIT = timedelta(seconds=MAX_WAIT)
#: what a marketplace can mean by a time of its own clock
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=timezone.utc), datetime(2090, 1, 1, tzinfo=timezone.utc)


class OrderChannel(models.Model):
    """Foreign clocks, which may be wrong: a watermark is theirs, but never later than the fetch that it is of began here.

    What a wrong clock would have hidden is then simply met again by the next fetch (rule 10).
    """

    _inherit = "order.channel"

    items_began_at = fields.Datetime(readonly=True, copy=False)  # the fetch under way, or the last one; our own clock
    orders_began_at = fields.Datetime(readonly=True, copy=False)
    clock_off = fields.Integer(readonly=True, copy=False)  # seconds that the channel's clock was ahead of ours
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

    def _watermark_assignment(self, kind, watermark):
        """What a page's watermark changes at the channel, as SQL: it never goes back, nor beyond the time when the fetch began
        by our own clock.

        :param datetime watermark: aware, by the marketplace's clock
        """
        column, began_at = SQL.identifier(f"{kind}_watermark"), SQL.identifier(f"{kind}_began_at")
        return SQL(
            "%s = GREATEST(%s, LEAST(%s, COALESCE(%s, %s) + %s))",
            column,
            column,
            self._as_stored(watermark),
            began_at,
            fields.Datetime.now(),
            ALLOWANCE,
        )

    @staticmethod
    def _as_stored(moment):
        """An aware moment as naive UTC, whatever year it is of."""
        return min(max(moment, EARLIEST), LATEST).astimezone(timezone.utc).replace(tzinfo=None)

    # === THE CHANNEL'S CLOCK === #

    def _watch_clock(self, pages):
        """These pages, with an eye on the marketplace's clock: one that is off is noted on the channel, once a fetch.

        :param pages: iterable of :class:`connectors.records.Page`
        """
        pages, noted = iter(pages), False
        while True:
            before = fields.Datetime.now()
            page = next(pages, None)
            if page is None:
                return
            off = 0 if noted else self._clock_off(page, before)
            if off:
                self._repeatable(self.write, {"clock_off": off, "clock_seen_at": fields.Datetime.now()})
                noted = True
            yield page

    def _clock_off(self, page, before):
        """Seconds that the marketplace's clock is ahead of ours, 0 where it is about right or unknown.

        :param datetime before: when this page was asked for, by our clock
        """
        now = fields.Datetime.now()
        if page.clock:
            return seconds_off(self._as_stored(page.clock), before, now)
        # how late it is there nobody says, but that it is not later than what happened there already
        return max(0, seconds_off(self._as_stored(page.watermark), before, now)) if page.watermark else 0

    # === WAITS === #

    def _next_try_after(self, retry_at):
        """When to ask again where the marketplace named a time: an hour from now at most.

        :param retry_at: aware datetime; anything else is no time
        """
        asked = None
        if isinstance(retry_at, datetime):
            utc = retry_at if retry_at.tzinfo else retry_at.replace(tzinfo=timezone.utc)
            asked = self._as_stored(utc)
        return try_between(asked, fields.Datetime.now(), LONGEST_WAIT)

    def _waits_until(self):
        """Until when nothing is asked of the channel; None where it need not wait. What is further away than any wait is left
        over from a clock that was wrong."""
        self.ensure_one()
        now = fields.Datetime.now()
        if self.next_try_at and now < self.next_try_at <= now + LONGEST_WAIT + ALLOWANCE:
            return self.next_try_at
        return None
