"""What the scenario works with: environments that commit, cron workers, simulated marketplaces, checks and figures."""

from __future__ import annotations

import json
import logging
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

from odoo.addons.base.models.ir_cron import IrCron

# What the scheduled actions may take for one step; on two idle cores the longest one takes a few seconds.
CRON_SECONDS = 120


def runs_over(env: api.Environment) -> bool:
    """No run is under way or asked for."""
    return not env["order.channel.run"].search_count([("state", "in", ("queued", "running"))], limit=1)


def settled(env: api.Environment) -> bool:
    """Nothing is under way and no quantity or command waits to be sent."""
    waiting = [
        ("order.channel.stock.push", [("state", "in", ("pending", "sent"))]),
        ("order.channel.command", [("state", "in", ("pending", "sending"))]),
        ("order.channel.stock.change", [("due_at", "=", False)]),  # the others are a second look, later
    ]
    return runs_over(env) and not any(env[model].search_count(domain, limit=1) for model, domain in waiting)


class Broken(Exception):
    """A step can't go on; the message says why. The steps after it are not done."""


@dataclass(frozen=True)
class Marketplace:
    """A simulated marketplace, through its control addresses (see ``tests/marketplaces/base.py``)."""

    address: str

    def state(self) -> dict[str, Any]:
        return self._call("GET", "state")

    def requests(self) -> list[dict[str, Any]]:
        """What was asked of it since the start: ``label`` and ``body`` of each request."""
        return self._call("GET", "requests")

    def do(self, action: str, **options: Any) -> Any:
        """Something that the marketplace's own people or buyers do."""
        return self._call("POST", "do", {"action": action, **options})["result"]

    def _call(self, method: str, name: str, body: dict | None = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.address}/__sim__/{name}", data, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


class _ErrorLog(logging.Handler):
    def __init__(self):
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record):
        self.messages.append(f"{record.name}: {record.getMessage()}")


@dataclass
class Job:
    registry: Registry
    marketplaces: dict[str, Marketplace]
    checks: list[dict] = field(default_factory=list)
    figures: list[dict] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    @contextmanager
    def env(self, login: str | None = "admin") -> Iterator[api.Environment]:
        """An environment of this user (OdooBot without one) on a cursor of its own, committed when the block ends well."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            user = env["res.users"].search([("login", "=", login)]) if login else env.user
            yield env(user=user.id, context={"allowed_company_ids": user.company_ids.ids})

    def say(self, text: str) -> None:
        """Progress, for people."""
        sys.stderr.write(f"  {time.monotonic() - self.started:5.1f} s  {text}\n")
        sys.stderr.flush()

    def check(self, name: str, got: Any, expected: str, ok: bool) -> None:
        """Put on record whether ``got`` is as it should be; ``expected`` says in words what that is."""
        self.checks.append({"name": name, "got": got, "expected": expected, "ok": bool(ok)})
        if not ok:
            self.say(f"WRONG: {name}: {got}, expected {expected}")

    def at_least(self, name: str, got: float, bar: float) -> None:
        self.check(name, got, f"at least {bar}", got >= bar)

    def equal(self, name: str, got: Any, expected: Any) -> None:
        self.check(name, got, str(expected), got == expected)

    def figure(self, name: str, value: Any, where: str = "") -> None:
        """A number of the summary, and the menu where it can be seen."""
        self.figures.append({"name": name, "value": value, "where": where})

    def run_crons(self, until: Callable[[api.Environment], bool], what: str) -> None:
        """Run the addon's scheduled actions that are due, as a cron worker does, until ``until`` holds or time is over."""
        deadline = time.monotonic() + CRON_SECONDS
        while True:
            with self.registry.cursor() as cr:
                crons = api.Environment(cr, SUPERUSER_ID, {})["ir.cron"]
                ours = crons.search([("model_id.model", "=like", "order.channel%")], order="priority, id").ids
            with self.registry.cursor() as cron_cr:
                # A job that is not due is left alone, as is one that another worker has.
                IrCron._process_jobs_loop(cron_cr, job_ids=ours)
            with self.env(None) as env:
                if until(env):
                    return
            if time.monotonic() > deadline:
                raise Broken(f"{what} was not done by the scheduled actions within {CRON_SECONDS} s")
            time.sleep(0.1)

    @contextmanager
    def watched_log(self) -> Iterator[None]:
        """Every error that is logged inside the block is a failed check."""
        errors = _ErrorLog()
        logging.getLogger().addHandler(errors)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(errors)
        self.equal("errors in the log", errors.messages, [])

    def summary(self) -> dict:
        """``{"ok", "seconds", "figures": [{name, value, where}], "checks": [{name, got, expected, ok}]}``"""
        return {
            "ok": all(check["ok"] for check in self.checks),
            "seconds": round(time.monotonic() - self.started, 1),
            "figures": self.figures,
            "checks": self.checks,
        }
