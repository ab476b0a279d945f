import time
from collections import Counter
from datetime import timezone

from odoo import models
from odoo.tools import SQL

from ..connectors.base import ConnectorError
from ..connectors.storable import check_id, name_of

UTC = timezone.utc
#: counts and cursor of pages that changed nothing are saved this often (seconds)
HOLD_SECONDS = 2.0


def _split_skips(counts):
    """Counters for ``order.channel.run._count``: those named ``skip:<rule>`` in one dictionary of their own."""
    skipped = {name[5:]: number for name, number in counts.items() if name.startswith("skip:") and number}
    return {"skipped": skipped, **{name: number for name, number in counts.items() if not name.startswith("skip:")}}


class Overtaken(Exception):
    """Another process began or finished this fetch: what is left of it is that one's."""


class OrderChannel(models.Model):
    """Fetching: page after page, each taken in with the cursor that resumes after it; what comes is counted."""

    _inherit = "order.channel"

    def _fetch_pages(self, kind, fetch, pages, connector, run, take, deadline=None, watermark=True):
        """Take in page after page, each in a transaction of its own together with the cursor that resumes after it.

        :param kind: ``items`` or ``orders``
        :param int fetch: number of this fetch, see ``_own_fetch``
        :param pages: iterator of :class:`connectors.records.Page`
        :param take: function of a page's records, and of the refs that could not be read, that returns a Counter (see
            ``order.channel.run._count``) and the records it could not take, ``[(record, exception)]``
        :param watermark: whether the pages' watermarks count (a fetch of open orders only proves nothing about the others)
        :return: whether the last page was reached
        :raise Overtaken: another process is at it
        """
        calls, held, saved_at = 0, Counter(), time.monotonic()
        pages = self._watch_clock(pages)
        open_failures = self._open_failure_refs(kind[:-1])
        self._commit()
        while True:
            try:
                page = next(pages, None)  # HTTP, with no transaction open
            except ConnectorError:
                if held["fetched"]:
                    self._repeatable(lambda counts: run._count(**_split_skips(counts)), held)
                raise
            if page is None:
                return True
            held.update(pages=1, calls=connector.calls - calls)
            calls = connector.calls
            time_is_up = bool(deadline and time.monotonic() > deadline)
            hold = bool(page.cursor) and not time_is_up and time.monotonic() < saved_at + HOLD_SECONDS
            seen = watermark and page.watermark
            counts, bad, solved = self._repeatable(
                self._take_page, kind, fetch, page, run, take, open_failures, held, hold, seen
            )
            open_failures = open_failures - solved | bad
            if counts:
                held.update(counts)
            else:
                held, saved_at = Counter(), time.monotonic()
            if page.cursor and time_is_up:
                return False

    def _take_page(self, kind, fetch, page, run, take, open_failures, held, hold, watermark):
        """One page. Where nothing of it had to be written, its counts may be held back and saved with a later page's: a
        process that is killed then looks at unchanged records again, no more.

        :return: (counts to hold back or None, refs that failed, refs that came in good after all)
        """
        started = time.monotonic()
        counts, bad, solved = self._ingest_records(kind, page.records, run, take, page.failures, open_failures)
        counts["busy_seconds"] += time.monotonic() - started
        if hold and not bad and not solved and not (counts["created"] or counts["updated"]):
            return counts, bad, solved
        run._count(**_split_skips(held + counts))
        self._save_cursor(kind, fetch, page.cursor, watermark)
        return None, bad, solved

    def _ingest(self, kind, records, run, take):
        """Take in records outside of a fetch and count them on the run."""
        refs = self._open_failure_refs(kind[:-1])
        counts, __, __ = self._ingest_records(kind, records, run, take, (), refs)
        run._count(**_split_skips(counts))

    def _ingest_records(self, kind, records, run, take, unread, open_failures):
        """Take in records and put the failed ones on record: what came adds up to what became of it.

        :param unread: :class:`connectors.records.RecordFailure` of the same page
        :param open_failures: set of the refs that have an open failure
        :return: (Counter, refs that failed, refs that came in good after all)
        """
        failure_kind = kind[:-1]
        known, nameless = self._each(records, lambda record: check_id(record) or record)
        counts, failed = take(known, [name_of(failure.ref) for failure in unread])
        entries = [(failure.ref, failure.code, {"message": failure.message}, failure.raw) for failure in unread]
        entries += [
            (getattr(record, "external_id", None), *self._blame(error), getattr(record, "raw", None))
            for record, error in nameless + failed
        ]
        bad = {name_of(ref, payload) for ref, __, __, payload in entries}
        solved = {record.external_id for record in known} & open_failures - bad
        if entries:
            self._record_failures(failure_kind, run, entries)
        if solved:
            self._solve_failures(failure_kind, solved)
        counts.update(fetched=len(records) + len(unread), failed=len(entries))
        return counts, bad, solved

    @staticmethod
    def _each(records, look):
        """Look at each of these records, so that one that can't be looked at holds up none of the others.

        :param look: function of a record, without effects
        :return: what it returned for each, ``[(record, exception)]`` of those it raised for
        """
        seen, failed = [], []
        for record in records:
            try:
                seen.append(look(record))
            except Exception as error:
                failed.append((record, error))
        return seen, failed

    def _save_cursor(self, kind, fetch, cursor, watermark):
        """Save where the fetch stands."""
        assignments = [SQL("%s = %s", SQL.identifier(f"{kind}_cursor"), cursor or None)]
        if watermark:
            assignments.append(self._watermark_assignment(kind, watermark))
        self._own_fetch(kind, fetch, SQL(", ").join(assignments))

    def _own_fetch(self, kind, fetch, assignments):
        """Update the channel if this fetch is still the one under way. A fetch has a number: the process that begins one
        counts it up, the one that finishes it counts it up again, so that of two processes at it only one finishes.

        In SQL, because the row need not be read for it.

        :raise Overtaken: it is not
        """
        self.flush_recordset()
        number = SQL.identifier(f"{kind}_fetch")
        self.env.cr.execute(
            SQL(
                "UPDATE order_channel SET %s WHERE id = %s AND COALESCE(%s, 0) = %s",
                assignments,
                self.id,
                number,
                fetch,
            )
        )
        if not self.env.cr.rowcount:
            raise Overtaken
        self.invalidate_recordset()
