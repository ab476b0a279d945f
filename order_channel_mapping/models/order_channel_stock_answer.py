from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from ..connectors.records import PushResult, PushStatus

#: what an answer makes of its ledger row
PUSH_STATES = {
    PushStatus.OK: "ok",
    PushStatus.PENDING: "sent",
    PushStatus.FAILED: "failed",
    PushStatus.STALE: "stale",
}
NO_ANSWER = "no_answer"


class OrderChannel(models.Model):
    """What the channel answers to quantities."""

    _inherit = "order.channel"

    def _take_answers(self, run, batch, results, calls=0):
        """Close the ledger rows of one batch. A fixed number of queries.

        :param batch: list of ``order_channel_stock.Level``
        :param results: list of PushResult, one per level in the same order
        :param calls: HTTP calls that the batch took
        """
        answers = {}  # {push id: (listing id, PushResult)}
        for index, level in enumerate(batch):
            result = results[index] if index < len(results) else self._no_answer(level)
            for push_id, listing_id in level.pushes.items():
                answers[push_id] = (listing_id, result)
        self._write_answers(answers)
        by_status = {status: [] for status in PushStatus}
        for listing_id, result in answers.values():
            by_status[result.status].append((listing_id, result))
        taken = by_status[PushStatus.OK] + by_status[PushStatus.PENDING]
        failed, stale = by_status[PushStatus.FAILED], by_status[PushStatus.STALE]
        self._settle_stock_failures(run, [result.external_id for __, result in taken], failed)
        if stale:
            # not in this pass: orders come first again, because the channel sold what we have not seen
            due_at = fields.Datetime.now() + timedelta(seconds=self.order_freshness)
            listings = self.env["order.channel.listing"].browse([listing_id for listing_id, __ in stale])
            self.env["order.channel.stock.change"]._mark_listings(listings, force=True, due_at=due_at)
        run._count(
            fetched=len(answers),
            updated=len(taken),
            failed=len(failed),
            skipped={"stale": len(stale)} if stale else None,
            pages=1,
            calls=calls,
        )

    def _no_answer(self, level):
        return PushResult(level.level.external_id, PushStatus.FAILED, code=NO_ANSWER, retryable=True)

    def _write_answers(self, answers):
        """Write all answers to the ledger, and what was taken to the listings."""
        now = fields.Datetime.now()
        rows = [
            (push_id, PUSH_STATES[result.status], result.ref, result.code, result.message)
            for push_id, (__, result) in answers.items()
        ]
        self.env["order.channel.stock.push"].flush_model()
        self.env["order.channel.listing"].flush_model(["pushed_quantity", "pushed_at"])
        # SQL: one statement per batch of 250 for the ledger and one for the listings, 10 ms together; by the ORM it is one
        # UPDATE per distinct quantity
        self.env.cr.execute(
            SQL(
                """
                UPDATE order_channel_stock_push push
                   SET state = answer.state, external_ref = answer.ref, reason_code = answer.code,
                       reason_params = CASE WHEN answer.message IS NULL THEN NULL
                                            ELSE jsonb_build_object('message', answer.message) END,
                       answered_at = %s, write_date = %s
                  FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::text[])
                       AS answer(id, state, ref, code, message)
                 WHERE push.id = answer.id
                """,
                now, now, *(list(column) for column in zip(*rows, strict=True)),
            )
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE order_channel_listing listing SET pushed_quantity = push.quantity, pushed_at = %s
                  FROM order_channel_stock_push push
                 WHERE push.id = ANY(%s) AND push.state IN ('ok', 'sent') AND listing.id = push.listing_id
                """,
                now, list(answers),
            )
        )
        self.env["order.channel.stock.push"].invalidate_model()
        self.env["order.channel.listing"].invalidate_model(["pushed_quantity", "pushed_at"])

    def _settle_stock_failures(self, run, taken, failed):
        """Close the failures of what was taken now; put what was refused on record, to be tried again where that may help.

        :param taken: external ids
        :param failed: ``[(listing id, PushResult)]``
        """
        if taken:
            self._solve_failures("stock", taken)
        if not failed:
            return
        entries = [
            (result.external_id, result.code or "rejected", {"message": result.message or ""}, None)
            for __, result in failed
        ]
        failures = self._record_failures("stock", run, entries)
        final = {result.external_id for __, result in failed if not result.retryable}
        failures.filtered(lambda failure: failure.external_ref in final).write({"next_try_at": False})
        listing_ids = {result.external_id: listing_id for listing_id, result in failed}
        for failure in failures.filtered(lambda failure: not failure.listing_id):
            failure.listing_id = listing_ids[failure.external_ref]
