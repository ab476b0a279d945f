"""What is known of a marketplace's limits: learnt by one pass, kept on the account, heeded by the next and by others.

This module must not import Odoo.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from .base import PacePort
from .values import real_number

BLOCKED_UNTIL = "blocked_until"  # epoch seconds
#: a marketplace that wants to be left alone for longer is asked again after this (seconds)
MAX_WAIT = 3600.0
#: how far the clocks of the machines that share a pace may be apart (seconds)
_APART = 60.0


def blocked_seconds(state: Mapping[str, Any]) -> float:
    """How long a marketplace still wants no call, by what is kept of its pace. What can't be such a time is ignored."""
    left = (real_number(state.get(BLOCKED_UNTIL)) or 0.0) - time.time()
    return max(0.0, left) if left <= MAX_WAIT + _APART else 0.0


class Pace:
    """One pass's view of :class:`~.base.PacePort`: read once, written when it matters.

    ``state`` is the connector's own; the key ``blocked_until`` is the transport's: the marketplace asked to be left
    alone until then, whoever calls.
    """

    def __init__(self, port: PacePort | None):
        self._port = port
        self._state: dict[str, Any] | None = None
        self._learnt = False

    @property
    def state(self) -> dict[str, Any]:
        if self._state is None:
            kept = self._port.get() if self._port else None
            self._state = dict(kept) if isinstance(kept, Mapping) else {}
        return self._state

    def learn(self, **facts: Any) -> None:
        """Remember, and keep at :meth:`flush`."""
        self.state.update(facts)
        self._learnt = True

    def forget(self, *names: str) -> None:
        for name in names:
            self.state.pop(name, None)
        self._learnt = True

    def blocked_seconds(self) -> float:
        """How long the marketplace still wants no call."""
        return blocked_seconds(self.state)

    def block(self, seconds: float) -> None:
        """The marketplace wants no call for so long. Kept at once: other workers are about to call."""
        seconds = min(seconds, MAX_WAIT)
        if seconds > self.blocked_seconds():
            self.learn(**{BLOCKED_UNTIL: time.time() + seconds})
            self.flush()

    def waited(self) -> None:
        """The block was sat out by this pass; nobody else needs to be told."""
        self.state.pop(BLOCKED_UNTIL, None)

    def flush(self) -> None:
        if self._learnt and self._port:
            self._port.put(self.state)
        self._learnt = False
