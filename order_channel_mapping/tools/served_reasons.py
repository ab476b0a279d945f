"""Why nothing runs, or did not run to its end, and whose clock is wrong (see :mod:`.reasons`)."""

from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

#: code -> (what happened, what to do)
SERVED_REASONS = {
    "cron_asleep": (
        _lt("Odoo no longer runs these scheduled actions of the channel: %(kinds)s."),
        _lt("Press Sync Now to start them again. If they stop again, the server's log says why."),
    ),
    "scheduler_idle": (
        _lt("Odoo's scheduled actions have not run since %(since)s, so nothing is fetched or sent."),
        _lt(
            "An administrator restarts Odoo and checks that it has cron workers (max_cron_threads above 0) for this database."
        ),
    ),
    "clock_ahead": (
        _lt(
            "The channel's clock is %(ahead)s ahead of this server's (seen %(seen)s). No order is missed because of it."
        ),
        _lt("Have the wrong one of the two clocks corrected."),
    ),
    "interrupted": (
        _lt("It was interrupted: the channel or Odoo's scheduled actions were stopped."),
        _lt("The next run continues where it stopped."),
    ),
}
