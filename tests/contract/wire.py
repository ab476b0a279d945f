"""What goes between a connector and a simulated marketplace: kept for inspection, and bent on command.

Faults that any server, cache or proxy may have are made here, the same for every marketplace; those in a vendor's own
form are made by its simulator.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.marketplaces.base import Reply, Request, Simulator

Condition = Callable[[Request], bool]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what the simulator said to it, before it was bent; None where it was not asked or kept silent."""

    request: Request
    reply: Reply | None

    @property
    def key(self) -> tuple:
        """The same for a request and an answer that were made before."""
        return (
            self.request.method,
            self.request.path,
            self.request.raw,
            self.reply and (self.reply.status, self.reply.body),
        )

    @property
    def body(self) -> Any:
        return json.loads(self.reply.body) if self.reply and self.reply.body else None


@dataclass(slots=True)
class _Bend:
    change: Callable[[Request, Callable[[Request], Reply | None]], Reply | None]
    when: Condition
    times: float


class Wire:
    """Sits between a simulator's HTTP server and the simulator."""

    def __init__(self, simulator: Simulator):
        self.simulator = simulator
        self.exchanges: list[Exchange] = []
        self._bends: list[_Bend] = []
        self._simulated = simulator.answer
        simulator.answer = self._answer

    def straighten(self) -> None:
        self._bends.clear()

    def instead(self, reply: Reply, when: Condition | None = None, times: float = float("inf")) -> None:
        """Answer with ``reply``; the marketplace never hears of the request."""
        self._bend(lambda request, ask: reply, when, times)

    def edit(self, change: Callable[[Any], Any], when: Condition | None = None, times: float = float("inf")) -> None:
        """Answer with what ``change`` makes of the marketplace's answer (JSON); None: of the changed answer itself."""

        def edited(request, ask):
            reply = ask(request)
            body = json.loads(reply.body)
            changed = change(body)
            return replace(reply, body=json.dumps(body if changed is None else changed).encode())

        self._bend(edited, when, times)

    def rewrite(self, change: Callable[[Reply], Reply], when: Condition | None = None) -> None:
        """Answer with what ``change`` makes of the marketplace's reply, headers included."""
        self._bend(lambda request, ask: change(ask(request)), when, float("inf"))

    def cut(self, when: Condition | None = None, times: float = 1) -> None:
        """The marketplace does what it is asked to; its answer breaks off half way."""

        def cut(request, ask):
            reply = ask(request)
            self.simulator.fault("cut", match=request.label)
            return reply

        self._bend(cut, when, times)

    def stick(self, when: Condition, times: float = float("inf")) -> None:
        """A cache that gives its first answer again to the next ``times`` requests."""
        kept: list[Reply] = []

        def stuck(request, ask):
            if kept and stuck.left > 0:
                stuck.left -= 1
                return kept[0]
            kept.append(ask(request))
            return kept[-1]

        stuck.left = times
        self._bend(stuck, when, float("inf"))

    def on(self, action: Callable[[], Any], when: Condition | None = None, times: float = 1) -> None:
        """Something happens at the marketplace right after a request was answered."""

        def meanwhile(request, ask):
            reply = ask(request)
            action()
            return reply

        self._bend(meanwhile, when, times)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _bend(self, change, when, times) -> None:
        self._bends.append(_Bend(change, when or (lambda request: True), times))

    def _answer(self, request: Request) -> Reply | None:
        for bend in self._bends:
            if bend.times > 0 and bend.when(request):
                bend.times -= 1
                before = len(self.exchanges)
                reply = bend.change(request, self._ask)
                if len(self.exchanges) == before:
                    self.exchanges.append(Exchange(request, None))
                return reply
        return self._ask(request)

    def _ask(self, request: Request) -> Reply | None:
        reply = self._simulated(request)
        if reply is not None and not isinstance(reply.body, bytes):
            reply = replace(reply, body=json.dumps(reply.body).encode())
        self.exchanges.append(Exchange(request, reply))
        return reply
