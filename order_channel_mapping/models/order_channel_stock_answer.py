from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..connectors.records import PushResult, PushStatus
from ..connectors.storable import storable_answer
from ..tools.clock import exact_now
from .order_channel_stock_seen import FOUGHT

#: what an answer makes of its ledger row
PUSH_STATES = {
    PushStatus.OK: "ok",
    PushStatus.PENDING: "sent",
    PushStatus.FAILED: "failed",
    PushStatus.STALE: "stale",
}
#: of a level that the connector said nothing about
NO_ANSWER = PushResult("", PushStatus.FAILED, code="no_answer", retryable=True)


class OrderChannel(models.Model):
    """What the channel answers to quantities."""

    _inherit = "order.channel"

    def _take_answers(self, run, batch, results, calls=0):
        """Close the ledger rows of one batch. A fixed number of queries.

        :param batch: list of ``order_channel_stock.Level``
        :param results: list of PushResult, one per level in the same order
        :param calls: HTTP calls that the batch took
        :return: whether there is any use in sending more
        """
        if any(result.gone == "location" for result in results):
            self._lose_location(run)
            run._count(pages=1, calls=calls)
            return False
        answers = {}  # {push id: PushResult}
        by_status = {status: {} for status in PushStatus}  # {external id: (listing id, PushResult)}
        for index, level in enumerate(batch):
            result = storable_answer(results[index]) if index < len(results) else NO_ANSWER
            for push_id, (listing_id, external_id) in level.pushes.items():
                answers[push_id] = result
                by_status[result.status][external_id] = (listing_id, result)
        self._write_answers(answers)
        taken = by_status[PushStatus.OK] | by_status[PushStatus.PENDING]
        failed, stale = by_status[PushStatus.FAILED], by_status[PushStatus.STALE]
        self._settle_stock_failures(run, list(taken), failed)
        if stale:
            # not in this pass: orders come first again, because the channel sold what we have not seen
            due_at = fields.Datetime.now() + timedelta(seconds=self.order_freshness)
            listings = self.env["order.channel.listing"].browse([listing_id for listing_id, __ in stale.values()])
            self.env["order.channel.stock.change"]._mark_listings(listings, force=True, due_at=due_at)
        run._count(
            fetched=len(answers),
            updated=len(taken),
            failed=len(failed),
            skipped={"stale": len(stale)} if stale else None,
            pages=1,
            calls=calls,
        )
        return True

    def _write_answers(self, answers):
        """Write all answers to the ledger, and what was taken to the listings.

        :param answers: ``{push id: PushResult}``
        """
        # exact: what fetches of items show within the same second is older or newer than this
        now, pushed_at = fields.Datetime.now(), exact_now()
        rows = [
            (push_id, PUSH_STATES[result.status], result.ref, result.code, result.message)
            for push_id, result in answers.items()
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
                now,
                now,
                *(list(column) for column in zip(*rows, strict=True)),
            )
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE order_channel_listing listing SET pushed_quantity = push.quantity, pushed_at = %s
                  FROM order_channel_stock_push push
                 WHERE push.id = ANY(%s) AND push.state IN ('ok', 'sent') AND listing.id = push.listing_id
                """,
                pushed_at,
                list(answers),
            )
        )
        self.env["order.channel.stock.push"].invalidate_model()
        self.env["order.channel.listing"].invalidate_model(["pushed_quantity", "pushed_at"])

    def _forgive_held(self, offers):
        """What is not pushed any more fails no more: switched off, ignored, no longer counted at the channel. That an item is
        gone stays said."""
        if offers:
            refs = [offer.listing.external_id for offer in offers]
            self._solve_failures("stock", refs, Domain("reason_code", "!=", "item_gone"))

    def _settle_stock_failures(self, run, taken, failed):
        """Close the failures of what was taken now; put what was refused on record, to be tried again where that may help.

        :param taken: external ids
        :param failed: ``{external id: (listing id, PushResult)}``
        """
        if taken:
            # that somebody else changes it back is solved when it was set again after a while
            self._solve_failures(
                "stock", taken, Domain("reason_code", "!=", FOUGHT) | Domain("next_try_at", "=", False)
            )
        if not failed:
            return
        entries = [
            (
                external_id,
                "item_gone" if result.gone else result.code or "rejected",
                {"message": result.message or ""},
                None,
            )
            for external_id, (__, result) in failed.items()
        ]
        gone = [listing_id for listing_id, result in failed.values() if result.gone]
        if gone:  # until a fetch of items meets them again
            self.env["order.channel.listing"].browse(gone).gone = True
        for failure in self._record_failures("stock", run, entries):
            listing_id, result = failed[failure.external_ref]
            if failure.listing_id.id != listing_id:
                failure.listing_id = listing_id
            if not result.retryable:
                failure.next_try_at = False
