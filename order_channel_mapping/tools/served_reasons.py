"""Why nothing runs, or did not run to its end, and whose clock is wrong (see :mod:`.reasons`)."""

from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

#: code -> (what happened, what to do)
SERVED_REASONS = {
    "cron_asleep": (
        _lt("Scheduled actions of this channel are switched off: %(kinds)s."),
        _lt("Press Sync Now to switch them on again."),
    ),
    "scheduler_idle": (
        _lt("Odoo's scheduled actions have not run since %(since)s: nothing is fetched or sent."),
        _lt("Ask an administrator to restart Odoo and to check its cron workers (max_cron_threads)."),
    ),
    "clock_ahead": (
        _lt("The channel's clock is %(off)s ahead of this server's (seen %(seen)s). No orders are missed."),
        _lt("Correct whichever clock is wrong."),
    ),
    "clock_behind": (
        _lt("The channel's clock is %(off)s behind this server's (seen %(seen)s). No orders are missed."),
        _lt("Correct whichever clock is wrong."),
    ),
    "interrupted": (
        _lt("It was interrupted: the channel or Odoo's scheduled actions were stopped."),
        _lt("The next run continues where it stopped."),
    ),
}
