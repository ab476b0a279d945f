"""What a benchmark is written with: registration, figures with bars, and measuring.

A file ``bench_<name>.py`` in this folder holds one or more benchmarks::

    @benchmark(size=2000)
    def first_import(bench):
        with bench.env() as env, bench.measure() as bare:
            env["res.partner"].create([{"name": str(number)} for number in range(bench.size)])
        ...
        yield Figure("first import of items, time", ours.seconds / bare.seconds, "x bare creation", bar=4.0)

Each file runs in a process and a database copy of its own; what is written there is committed for real.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest import mock

import requests

import odoo
from odoo import api
from odoo.modules.registry import Registry


@dataclass(frozen=True, slots=True)
class Figure:
    """One result. ``bar`` is the worst value that is accepted; without one the figure only informs."""

    name: str
    value: float
    unit: str
    bar: float | None = None
    smaller_is_better: bool = True

    @property
    def ok(self) -> bool:
        if self.bar is None:
            return True
        return self.value <= self.bar if self.smaller_is_better else self.value >= self.bar

    def as_dict(self) -> dict:
        return asdict(self) | {"value": round(self.value, 4), "ok": self.ok}


@dataclass(slots=True)
class Measure:
    """What a block took: seconds, SQL queries, calls through ``requests``, and memory in MB: its peak, and by how much
    that is more than before the block."""

    seconds: float = 0.0
    queries: int = 0
    http_calls: int = 0
    memory_mb: float = 0.0
    peak_mb: float = 0.0


class Bench:
    """What a benchmark is given: the number of records to work with, environments that commit, and measuring."""

    def __init__(self, registry: Registry, size: int):
        self.registry = registry
        self.size = size

    @contextmanager
    def env(self, *, uid: int = odoo.SUPERUSER_ID, **context) -> Iterator[api.Environment]:
        """An environment on a cursor of its own, committed when the block ends well. OdooBot unless ``uid`` says otherwise."""
        with self.registry.cursor() as cr:
            yield api.Environment(cr, uid, context)

    @contextmanager
    def measure(self) -> Iterator[Measure]:
        """Measure the block. The result is filled in when the block has ended."""
        measure = Measure()
        send = requests.Session.send

        def counting_send(*args, **kwargs):
            measure.http_calls += 1
            return send(*args, **kwargs)

        # The counter of all cursors: what other cursors of this process do inside the block counts too.
        queries = odoo.sql_db.sql_counter
        _reset_peak()
        memory = _memory_mb("VmRSS")
        started = time.perf_counter()
        with mock.patch.object(requests.Session, "send", counting_send):
            yield measure
        measure.seconds = time.perf_counter() - started
        measure.queries = odoo.sql_db.sql_counter - queries
        measure.peak_mb = _memory_mb("VmHWM")
        measure.memory_mb = max(0.0, measure.peak_mb - memory)


@dataclass(frozen=True, slots=True)
class Benchmark:
    function: Callable[[Bench], Iterator[Figure]]
    size: int


registered: list[Benchmark] = []


def benchmark(*, size: int) -> Callable:
    """Register a benchmark. ``size`` is its usual number of records; ``setup/bench --size`` overrides it."""

    def register(function):
        registered.append(Benchmark(function, size))
        return function

    return register


def _memory_mb(name: str) -> float:
    match = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(match[1]) / 1024


def _reset_peak():
    """Let the kernel start the high-water mark of this process's memory (VmHWM) anew."""
    Path("/proc/self/clear_refs").write_text("5")
