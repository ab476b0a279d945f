"""What connectors are given in the pure tests: a clock that stands still, and ports that remember."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone


class Clock:
    """A clock that moves only when told to."""

    def __init__(self, now: datetime | None = None):
        self.now = now or datetime(2026, 11, 2, 9, 30, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.now

    def tick(self, **delta) -> datetime:
        self.now += timedelta(**(delta or {"seconds": 1}))
        return self.now


class MemoryPort:
    """Tokens or pace, kept in memory. ``writes`` counts how often something was kept. May be shared by threads."""

    def __init__(self, **state):
        self.state = state
        self.writes = 0
        self._lock = threading.Lock()

    def get(self, name=None):
        return self.state.get(name) if name else dict(self.state)

    def put(self, state=None, **values):
        """Pace is replaced, tokens are added to those that are there."""
        self.writes += 1
        self.state = {**(self.state if state is None else state), **values}

    @contextmanager
    def lock(self) -> Iterator[MemoryPort]:
        with self._lock:
            yield self
