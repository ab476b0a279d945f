import time
from collections import Counter

from odoo import fields, models
from odoo.fields import Domain

from ..connectors.base import AuthError, RateLimited, Unavailable

#: orders confirmed per transaction: a confirmation is slow (7 to 18 a second), so a kill loses little work
CONFIRM_BATCH = 10


class OrderChannel(models.Model):
    """Processing: ready orders are confirmed by themselves where the channel says so; failed records are tried again."""

    _inherit = "order.channel"

    def _ready_domain(self):
        """Draft sales orders of these channels with nothing in the way."""
        return (
            Domain("order_channel_id", "in", self.ids)
            & Domain("channel_order_id.status", "!=", "cancelled")
            & Domain("state", "in", ("draft", "sent"))
            & Domain("channel_to_resolve", "=", False)
        )

    def _process_ready(self, run=None, deadline=None):
        """Confirm what is ready, where *process automatically* is on and the channel is live. One that fails is put on
        record and does not hold up the others.

        :return: number of orders processed
        """
        self.ensure_one()
        if not (self.auto_process and self.state in ("live", "closing")):
            return 0
        parked = self._parked_order_refs()
        domain = self._ready_domain() & Domain("channel_order_id.external_id", "not in", list(parked))
        ready = self.env["sale.order"].search(domain, order="date_order, id")
        processed = 0
        for start in range(0, len(ready), CONFIRM_BATCH):
            if deadline and start and time.monotonic() > deadline:
                self._wake("sync")  # the rest is the next pass's
                self._commit()
                break
            processed += self._repeatable(self._confirm_batch, ready[start : start + CONFIRM_BATCH], run)
        return processed

    def _parked_order_refs(self):
        """Orders whose processing failed and whose next try is still to come."""
        failures = self.env["order.channel.failure"].search_fetch(
            [
                ("channel_id", "=", self.id),
                ("kind", "=", "process"),
                ("state", "=", "open"),
                ("next_try_at", ">", fields.Datetime.now()),
            ],
            ["external_ref"],
        )
        return set(failures.mapped("external_ref"))

    def _confirm_batch(self, sale_orders, run):
        """Confirm up to a batch in one transaction; what fails is found by halving and becomes a failure."""
        done, failed = self._isolated(list(sale_orders), self._confirm_orders)
        self._record_failures(
            "process", run, [(order.channel_order_id.external_id, *self._blame(error), None) for order, error in failed]
        )
        bad = {order.id for order, __ in failed}
        good = sale_orders.filtered(lambda order: order.id not in bad)
        self._solve_failures("process", good.channel_order_id.mapped("external_id"))
        if run:
            run._count(processed=done["processed"])
        return done["processed"]

    def _confirm_orders(self, orders):
        sale_orders = self.env["sale.order"].union(*orders)
        # looked at again in this transaction: a person may just have cancelled one of them
        sale_orders = sale_orders.filtered_domain(self._ready_domain())
        if sale_orders:
            sale_orders.action_channel_process()
        self.env.flush_all()
        return Counter(processed=len(sale_orders))

    def _recheck_blocked(self, code):
        """Work out again the open orders that a blocker of this kind holds up."""
        blockers = (
            self.env["order.channel.blocker"]
            .sudo()
            .search([("order_id.channel_id", "in", self.ids), ("code", "=", code)])
        )
        for orders in blockers.order_id.grouped("channel_id").values():
            orders._recheck()

    # === RETRIES === #

    def _retry_failures(self, connector, run, deadline=None):
        """Ask again for the orders whose failure is due: one call each, a page's worth at most. What can't be had again is
        tried again later; that the channel as a whole can't be asked is not told by one order."""
        due = self.env["order.channel.failure"].search(
            [
                ("channel_id", "=", self.id),
                ("kind", "=", "order"),
                ("state", "=", "open"),
                ("next_try_at", "<=", fields.Datetime.now()),
            ],
            limit=50,
            order="next_try_at, id",
        )
        refs = due.mapped("external_ref")
        self._commit()
        for ref in refs:
            if deadline and time.monotonic() > deadline:
                self._wake("sync")
                self._commit()
                return
            try:
                order = connector.get_order(ref)
            except (AuthError, RateLimited):
                raise
            except Exception as error:
                entry = (ref, *self._blame(error), None)
                self._repeatable(self._record_failures, "order", run, [entry])
                if isinstance(error, Unavailable):
                    return  # perhaps the others can't be had either: the next fetch finds out
            else:
                self._repeatable(self._take_retried_order, order, run)

    def _take_retried_order(self, order, run):
        self._ingest("orders", [order], run, self._take_orders)
