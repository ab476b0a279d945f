import logging
import random
import time
from collections import Counter
from contextvars import ContextVar

import psycopg2.errors

from odoo import api, models
from odoo.exceptions import UserError

from ..connectors.base import ConnectorError
from ..connectors.storable import Unstorable, plain_text

_logger = logging.getLogger(__name__)

#: these are nobody's fault: the page is rolled back and repeated in a new transaction
CONFLICTS = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.UniqueViolation,
)
CONFLICT_REPEATS = 3
#: a limit of the database itself, such as that of an index entry: the record's fault, though psycopg2 counts them among
#: the troubles of operation
LIMITS = (psycopg2.errors.ProgramLimitExceeded, psycopg2.errors.StatementTooComplex)
#: whether a work is repeated for the last time: what looks like a conflict is then blamed on a record (see _isolated). Not
#: in the cursor's cache, which every savepoint that is rolled back clears
_last_repeat = ContextVar("order_channel_last_repeat", default=False)


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

        :raise psycopg2.Error: the conflict is still there after three repeats
        """
        attempt = 0
        while True:
            before = _last_repeat.set(attempt == CONFLICT_REPEATS)
            try:
                result = work(*args)
                self._commit()
                return result
            except CONFLICTS as conflict:
                self._rollback()
                if attempt == CONFLICT_REPEATS:
                    raise
                attempt += 1
                _logger.info("%s: %s, repeating", self, type(conflict).__name__)
                time.sleep(random.uniform(0.02, 0.1) * attempt)
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
            if isinstance(error, CONFLICTS) and not _last_repeat.get():
                raise
            if isinstance(error, psycopg2.OperationalError) and not isinstance(error, (*CONFLICTS, *LIMITS)):
                raise  # the database is going away: no record's fault
            if len(records) == 1:
                _logger.info("%s: a record failed", self, exc_info=True)
                return Counter(), [(records[0], error)]
        middle = len(records) // 2
        first, first_failed = self._isolated(records[:middle], work)
        second, second_failed = self._isolated(records[middle:], work)
        return first + second, first_failed + second_failed

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
