"""What is known of a marketplace's limits: learnt by one pass, kept on the account, heeded by the next and by others.

This module must not import Odoo.
"""

from __future__ import annotations

import time
from typing import Any

from .base import PacePort

BLOCKED_UNTIL = "blocked_until"  # epoch seconds


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
            self._state = dict(self._port.get() or {}) if self._port else {}
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
        return max(0.0, float(self.state.get(BLOCKED_UNTIL) or 0) - time.time())

    def block(self, seconds: float) -> None:
        """The marketplace wants no call for so long. Kept at once: other workers are about to call."""
        until = time.time() + seconds
        if until > float(self.state.get(BLOCKED_UNTIL) or 0):
            self.learn(**{BLOCKED_UNTIL: until})
            self.flush()

    def waited(self) -> None:
        """The block was sat out by this pass; nobody else needs to be told."""
        self.state.pop(BLOCKED_UNTIL, None)

    def flush(self) -> None:
        if self._learnt and self._port:
            self._port.put(self.state)
        self._learnt = False
