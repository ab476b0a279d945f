import logging
import random
import time
from collections import Counter
from contextvars import ContextVar

import psycopg2.errors

from odoo import api, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..connectors.base import ConnectorError
from ..connectors.storable import Unstorable, plain_text

_logger = logging.getLogger(__name__)

#: what Odoo itself repeats; these are nobody's fault: the page is rolled back and repeated in a new transaction
CONCURRENCY = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, ConcurrencyError)
#: the same, and our own keys, on which two workers may meet
CONFLICTS = (*CONCURRENCY, psycopg2.errors.UniqueViolation)
CONFLICT_REPEATS = 3
#: a limit of the database itself, such as that of an index entry: the record's fault, though psycopg2 counts them among
#: the troubles of operation
LIMITS = (psycopg2.errors.ProgramLimitExceeded, psycopg2.errors.StatementTooComplex)
#: whether a work is repeated for the last time: what looks like a conflict is then blamed on a record (see _isolated). Not
#: in the cursor's cache, which every savepoint that is rolled back clears
_last_repeat = ContextVar("order_channel_last_repeat", default=False)
#: somebody holds a row and Odoo would not wait for it (numbers without gaps are taken that way)
LOCKED = psycopg2.errors.LockNotAvailable
#: seconds that one piece of work waits for such a row, with no transaction open (rule 15)
LOCK_PATIENCE = 3.0
#: what psycopg2 says of a connection that is no more, and PostgreSQL of a server that is not the one to write to (any more)
LOST = (psycopg2.InterfaceError, psycopg2.errors.ReadOnlySqlTransaction)


class OrderChannelTransactional(models.AbstractModel):
    """What works through many records in the background: in which transactions, and who is to blame when one fails."""

    _name = "order.channel.transactional"
    _description = "Work in Transactions"

    def _commit(self):
        """End the transaction: a pass commits page by page, and never holds a transaction open over HTTP (rule 9)."""
        self.env.cr.commit()  # pylint: disable=invalid-commit

    def _rollback(self):
        """Drop what the transaction did; the counterpart of ``_commit``."""
        self.env.cr.rollback()

    def _repeatable(self, work, *args):
        """Run ``work(*args)`` and commit. On a conflict with another transaction, repeat it in a new one.

        :raise psycopg2.Error: the conflict is still there after three repeats, or the lock after LOCK_PATIENCE
        """
        attempt, waited = 0, 0.0
        while True:
            before = _last_repeat.set(attempt == CONFLICT_REPEATS)
            try:
                result = work(*args)
                self._commit()
                return result
            except CONFLICTS as conflict:
                self._rollback()
                if isinstance(conflict, LOCKED):
                    if waited >= LOCK_PATIENCE:
                        raise
                    pause = max(0.1, waited) * random.uniform(0.8, 1.2)  # few tries: Odoo logs an error for each
                    waited += pause
                elif attempt == CONFLICT_REPEATS:
                    raise
                else:
                    attempt += 1
                    pause = random.uniform(0.02, 0.1) * attempt
                _logger.info("%s: %s, repeating", self, type(conflict).__name__)
                time.sleep(pause)
            finally:
                _last_repeat.reset(before)

    def _isolated(self, records, work):
        """Run ``work(records)`` in a savepoint; where it fails, find the records at fault by halving, so that the rest goes on.

        :param records: list: border records, or whatever ``work`` takes a list of
        :param work: function of such a list that returns a Counter of what became of them
        :return: (Counter of all that went well, ``[(record, exception)]``)
        """
        if not records:
            return Counter(), []
        try:
            with self.env.cr.savepoint():
                return work(records), []
        except Exception as error:
            if self._is_no_records_fault(error):
                raise
            if len(records) == 1:
                _logger.info("%s: a record failed", self, exc_info=True)
                return Counter(), [(records[0], error)]
        middle = len(records) // 2
        first, first_failed = self._isolated(records[:middle], work)
        second, second_failed = self._isolated(records[middle:], work)
        return first + second, first_failed + second_failed

    def _is_no_records_fault(self, error):
        """Whether the rest would fail just the same: a row that somebody holds, a database that went away or has no room,
        and any other conflict before it was repeated often enough."""
        if isinstance(error, LOCKED) or self._has_lost_database(error):
            return True
        if isinstance(error, CONFLICTS):
            return not _last_repeat.get()
        return isinstance(error, psycopg2.OperationalError) and not isinstance(error, LIMITS)

    @api.model
    def _has_lost_database(self, error):
        """Whether an exception means that the connection is gone, or leads to a server that takes nothing (restart, failover):
        nothing can be rolled back or put on record. What was not committed is done again by the next pass, on a new
        connection."""
        if self.env.cr.closed or isinstance(error, LOST):
            return True
        if isinstance(error, CONFLICTS) or not isinstance(error, psycopg2.OperationalError):
            return False
        # no code: there was no server to give one (a port's own cursor finds none); 57P: a server that stops or starts
        return not error.pgcode or error.pgcode.startswith(("08", "57P"))

    def _gives_way(self, error, work):
        """Whether work in the background ended through no fault of its own, so that the next pass goes on where it was: the
        database went away, or another transaction was in the way for too long. One line of the log says so.

        :param str work: what it was, for the log
        """
        if self._has_lost_database(error):
            _logger.warning("%s: the database went away during %s; the next pass goes on", self, work)
            return True
        if isinstance(error, CONCURRENCY):
            self._rollback()
            _logger.info("%s: %s gave way to another transaction; the next pass goes on", self, work)
            return True
        return False

    @api.model
    def _blame(self, error):
        """``(code, params)`` of an exception that a record caused."""
        if isinstance(error, ConnectorError):
            return error.code, {"message": error.message}
        if isinstance(error, Unstorable):
            return error.code, error.params
        if isinstance(error, UserError):
            return "refused", {"message": str(error)}
        return "internal", {
            "error": type(error).__name__,
            "message": plain_text(error).partition("\n")[0][:500],
        }
