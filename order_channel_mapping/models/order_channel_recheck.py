import logging
import time
from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain

from ..connectors.base import AuthError, ConnectorError, RateLimited
from .order_channel_fetch import _split_skips
from .order_channel_relink import ALL

_logger = logging.getLogger(__name__)

#: orders asked for in one call
LOOK_BATCH = 100
#: known orders are looked at again this often
LOOK_EVERY = timedelta(hours=1)
#: for as long as they are open, and for a while after they were completed: money may be given back, or not after all.
#: Shopify shows no older ones to most apps
OPEN_DAYS, COMPLETED_DAYS = 55, 30


class OrderChannel(models.Model):
    """Looking again at known orders. A list of changes does not tell of all that happens at a channel: an order that was
    deleted is in no list, and some marketplaces move no time of change when a refund is deleted.

    A round goes through them by hundreds, one a pass, newest first.
    """

    _inherit = "order.channel"

    orders_looked_at = fields.Datetime(readonly=True, copy=False)  # when the last round began
    orders_look_below = fields.Integer(readonly=True, copy=False)  # ids below are still to be looked at; 0: none

    def _recheck_known(self, connector, run, deadline=None):
        """Ask what became of the next known orders. That this can't be asked holds up nothing."""
        if "recheck" not in connector.capabilities or (deadline and time.monotonic() > deadline):
            return
        refs = self._repeatable(self._orders_to_look_at, run)
        if not refs:
            return
        calls = connector.calls
        try:
            page = connector.get_orders(refs)
        except (AuthError, RateLimited):
            raise
        except ConnectorError as error:
            _logger.info("Channel %s: known orders could not be looked at: %s", self.id, error.message)
            self._repeatable(lambda: run._count(calls=connector.calls - calls))
            return
        self._repeatable(self._take_looked_at, page, run, connector.calls - calls)

    def _orders_to_look_at(self, run):
        """:return: external ids, at most LOOK_BATCH: those that a notification names as deleted, else the next of the round"""
        deleted = self.env["order.channel.webhook"].search(
            [("run_id", "=", run.id), ("kind", "=", "orders"), ("topic", "=like", "%delete%")], limit=LOOK_BATCH
        )
        named = [ref for ref in deleted.mapped("record_ref") if ref]
        if named:
            return named
        now = fields.Datetime.now()
        if not self.orders_look_below:
            if not self.orders_looked_at:  # they have just come in
                self.orders_looked_at = now
            if now < self.orders_looked_at + LOOK_EVERY and not deleted:
                return []
            self.write({"orders_looked_at": now, "orders_look_below": ALL})
        orders = self.env["order.channel.order"].search_fetch(
            self._look_domain(now) & Domain("id", "<", self.orders_look_below),
            ["external_id"],
            order="id desc",
            limit=LOOK_BATCH,
        )
        self.orders_look_below = orders[-1].id if len(orders) == LOOK_BATCH else 0
        return orders.mapped("external_id")

    def _look_domain(self, now):
        """Known orders that still matter to somebody here."""
        young = Domain("placed_at", ">=", now - timedelta(days=OPEN_DAYS))
        matters = Domain("status", "=", "open") | Domain("placed_at", ">=", now - timedelta(days=COMPLETED_DAYS))
        return (
            Domain("channel_id", "=", self.id)
            & Domain("gone", "=", False)
            & Domain("status", "!=", "cancelled")
            & Domain("sale_order_ids.state", "in", ("draft", "sent", "sale"))
            & young
            & matters
        )

    def _take_looked_at(self, page, run, calls):
        refs = self._open_failure_refs("order")
        counts, __, __ = self._ingest_records("orders", page.records, run, self._take_orders, page.failures, refs)
        gone = self.env["order.channel.order"].search(
            [("channel_id", "=", self.id), ("external_id", "in", page.gone), ("gone", "=", False)]
        )
        gone._mark_gone()
        counts.update(fetched=len(gone), updated=len(gone), calls=calls)
        run._count(**_split_skips(counts))
