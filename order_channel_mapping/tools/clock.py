"""Two clocks that differ, and our own that may have been wrong. Times are naive UTC, as Odoo stores them. Pure functions."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

#: how far another clock may be ahead of ours before it is called wrong; less than the overlap of two fetches
ALLOWANCE = timedelta(minutes=1)
#: how far it may be off before anybody is told: a fetch copes with it
NOTED = timedelta(minutes=5)
#: the soonest that anything is tried again, so that nobody asks in a loop
SOONEST = timedelta(seconds=5)


def exact_now() -> datetime:
    """Now, to the microsecond: for what has to be told apart that happens within one second."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


def is_future(moment: datetime | None, now: datetime) -> bool:
    """Whether what should have been is still to come: some clock was wrong when that was written."""
    return bool(moment) and moment > now + ALLOWANCE


def is_over(since: datetime | None, span: timedelta, now: datetime) -> bool:
    """Whether it is so long ago. What never was, or is still to come, counts as long ago."""
    return not since or since <= now - span or is_future(since, now)


def try_between(moment: datetime | None, now: datetime, longest: timedelta) -> datetime:
    """When to try again where somebody asked for ``moment``: soon at the soonest, and no later than ``longest`` from now."""
    return min(max(moment or now + timedelta(minutes=1), now + SOONEST), now + longest)


def seconds_off(clock: datetime, before: datetime, after: datetime) -> int:
    """How far another clock is ahead of ours, negative where it is behind; 0 where that is nothing to speak of.

    :param clock: what it showed at some moment between ``before`` and ``after``
    """
    off = max(clock - after, timedelta(0)) or min(clock - before, timedelta(0))
    return int(off.total_seconds()) if abs(off) > NOTED else 0
