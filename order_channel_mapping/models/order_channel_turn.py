import time
from contextlib import contextmanager
from datetime import timedelta

import psycopg2

from odoo import fields, models
from odoo.tools import SQL

from .order_channel_pass import CRONS

#: first key of the advisory locks, the second one is an account's id
LOCK = 0x6F636D
#: a turn that took longer had a slow server in it, since a pass works about five seconds
SLOW_SECONDS = 15.0
#: after that the account is left alone for so many times as long, this many seconds at most: it takes a quarter of a worker
REST, MOST_REST = 3, 300.0
#: where whoever has the turn dies, those that wait for it come back after this time
COME_BACK = timedelta(minutes=1)


class OrderChannelTurn(models.Model):
    """A cron that found its account busy, until it is woken at the end of the pass that kept it waiting.

    Append-only but for that end, so that no two workers ever write the same row.
    """

    _name = "order.channel.turn"
    _description = "Channel Cron Waiting for Its Turn"
    _log_access = False

    account_id = fields.Integer(required=True, index=True)
    channel_id = fields.Integer(required=True)
    kind = fields.Char(required=True)


class OrderChannel(models.Model):
    """Turns: an account is asked by one worker at a time.

    Odoo has two cron threads unless it is told otherwise, and a marketplace that hangs keeps whoever asks it. So a second
    cron of the same account leaves its worker to the other channels, and is woken when the first has ended.
    """

    _inherit = "order.channel"

    @contextmanager
    def _turn(self, kind):
        """``with channel._turn(kind) as free``: whether this pass may go on. Where not, it is seen to that it runs later.

        The lock is the session's: it outlives commits, and ends with the process whichever way that ends.

        :param kind: ``sync``, ``items`` or ``outbox``
        """
        account_id, free = self._lock_turn()
        if not free:
            if account_id:
                self._wait_for_turn(account_id, kind)
            yield False
            return
        started = time.monotonic()
        try:
            yield True
        finally:
            try:
                self._end_turn(account_id, time.monotonic() - started)
            except psycopg2.Error as error:
                # with the connection, the lock has ended as well
                if not self._has_lost_database(error) and not self._gives_way(error, "the end of its turn"):
                    raise

    def _lock_turn(self):
        """:return: (account's id, whether it is this worker's turn); what the pass reads from here on is up to date"""
        self.env.cr.execute(
            SQL(
                "SELECT account_id, pg_try_advisory_lock(%s, account_id) FROM order_channel WHERE id = %s",
                LOCK,
                self.id,
            )
        )
        found = self.env.cr.fetchone() or (None, False)
        self._commit()
        return found

    def _wait_for_turn(self, account_id, kind):
        self.env["order.channel.turn"].sudo().create({"account_id": account_id, "channel_id": self.id, "kind": kind})
        self._wake(kind, at=fields.Datetime.now() + COME_BACK)
        self._commit()

    def _end_turn(self, account_id, seconds):
        """Give the turn back, and wake those that waited for it."""
        self.env.cr.execute(SQL("SELECT pg_advisory_unlock(%s, %s)", LOCK, account_id))
        self._commit()
        self._repeatable(self._hand_over, account_id, seconds)

    def _hand_over(self, account_id, seconds):
        waiting = self.env["order.channel.turn"].sudo().search([("account_id", "=", account_id)])
        for turn in waiting:
            self.browse(turn.channel_id).exists()._wake(turn.kind)
        waiting.unlink()
        if seconds > SLOW_SECONDS:
            self._rest(seconds)

    def _rest(self, seconds):
        """A slow server leaves its worker to the other channels for a while, where there are any."""
        channel = self.exists()
        others = [("account_id", "!=", channel.account_id.id), ("sync_cron_id", "!=", False)]
        if not self.search_count(others, limit=1):
            return
        until = fields.Datetime.now() + timedelta(seconds=min(REST * seconds, MOST_REST))
        if channel.next_try_at and channel.next_try_at >= until:
            return
        slow = {"health": "waiting", "health_code": "slow", "health_params": {"seconds": round(seconds)}}
        # what went wrong in this pass, if anything did, says more than that it took long
        channel.write({"next_try_at": until, **(slow if channel.health == "ok" else {})})
        for kind in CRONS:
            channel._wake(kind, at=until)
