import logging
import random
import time
from collections import Counter

import psycopg2.errors

from odoo import api, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)

#: these are nobody's fault: the page is rolled back and repeated in a new transaction
CONFLICTS = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.UniqueViolation,
)
CONFLICT_REPEATS = 3
BLAME = "order_channel_blame"


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
            # the last time, what looks like a conflict is blamed on the record (see _isolated)
            self.env.cr.cache[BLAME] = attempt == CONFLICT_REPEATS
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
            if isinstance(error, CONFLICTS) and not self.env.cr.cache.get(BLAME):
                raise
            if isinstance(error, psycopg2.OperationalError) and not isinstance(error, CONFLICTS):
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
        """``(code, params)`` of an exception that a record caused in Odoo."""
        if isinstance(error, UserError):
            return "refused", {"message": str(error)}
        return "internal", {
            "error": type(error).__name__,
            "message": str(error).splitlines()[0][:500] if str(error) else "",
        }
