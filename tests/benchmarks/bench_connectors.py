"""Connectors: processor time from the bytes of an answer to records, without network and database.

The answers are those that the simulated marketplaces gave once; they are given again from memory. The limit is what no
reader of the same bytes can save: parsing the JSON, and making the same records from their values, amounts and moments
from text. Time is this process's own processor time, so that a busy machine does not matter.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import odoo.addons.order_channel_mapping

from tests.benchmarks.harness import Figure, benchmark
from tests.ports import Clock

# pure code imports the addon by its full name; only its connectors are, a second time, which hold nothing of Odoo's
sys.modules.setdefault("order_channel_mapping", odoo.addons.order_channel_mapping)
ROUNDS = 7
BAR = 3.0


@benchmark(size=2000)
def bytes_to_records(bench):
    from tests.contract.worlds import world_classes

    for cls in world_classes().values():
        with cls(Clock()) as world:
            world.fill(items=bench.size, orders=bench.size // 4)
            for kind in ("items", "orders"):
                yield from _figures(world, kind)


def _figures(world: Any, kind: str) -> Iterator[Figure]:
    from order_channel_mapping.connectors.transport import Transport

    tape, send = [], Transport._send

    def record(self, *arguments):
        tape.append(send(self, *arguments))
        return tape[-1]

    def read() -> list[Any]:
        with world.connect() as connector:
            return [found for page in getattr(connector, f"iter_{kind}")() for found in page.records]

    with patch.object(Transport, "_send", record):
        records = read()
    assert len(records) > 100, records

    def replay():
        answers = iter(tape)
        with patch.object(Transport, "_send", lambda self, *arguments: next(answers)):
            assert len(read()) == len(records)

    steps = [step for found in records for step in _steps(found)]

    def limit():
        for answer in tape:
            json.loads(answer.body)
        for make, known, amounts, moments in steps:
            values = dict(known)
            for name, text in amounts:
                values[name] = Decimal(text)
            for name, text in moments:
                values[name] = datetime.fromisoformat(text)
            make(**values)

    ours, least = _least(replay), _least(limit)
    name = f"{world.provider}, {kind}"
    yield Figure(f"{name}: time of the processor", ours / least, "x parsing and making", bar=BAR)
    yield Figure(f"{name}: time of the processor", ours / len(records) * 1e6, "µs a record")


def _steps(record: Any) -> Iterator[tuple[type, dict[str, Any], list, list]]:
    """How to make a record, and first everything that it holds: the class, values as they are, amounts and moments as text."""
    known, amounts, moments = {}, [], []
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        for part in value if isinstance(value, tuple) else (value,):
            if dataclasses.is_dataclass(part):
                yield from _steps(part)
        if isinstance(value, Decimal):
            amounts.append((field.name, str(value)))
        elif isinstance(value, datetime):
            moments.append((field.name, value.isoformat()))
        else:
            known[field.name] = value
    yield type(record), known, amounts, moments


def _least(work: Callable[[], Any]) -> float:
    """The shortest of some rounds, in seconds of this process's time: what disturbs can only add."""
    best = float("inf")
    for _round in range(ROUNDS):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best
