"""Rules for every test: no unexplained skip, no ERROR in the log, and a count of what ran.

The pure tests (unit, contract) run without Odoo; the others in a real one, through pytest-odoo. Several workers may share
them (pytest-xdist): each keeps the rules for its own tests, the counts are made where their reports come together.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import types
from collections import Counter
from pathlib import Path

import pytest

# The only reasons for which a test may be skipped; anything else that is skipped counts as failed.
ACCEPTED_SKIPS = frozenset({"official specs not present"})

ADDON = "order_channel_mapping"
# What one worker does from end to end, because it shares something dear: the web client's bundles, and the program that forks
# the processes. With the longest classes it is dealt out first, or a worker begins it where the other ones have ended.
TOGETHER = ("tests/browser/", "tests/integration/test_processes")
FIRST = (*TOGETHER, "tests/integration/test_woocommerce.py")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config):
    """A worker gets a database of its own, one of those that ``setup/test`` made.

    pytest-odoo would make one, too, but with attachments that all workers share: Odoo's test classes delete those that their
    own database doesn't know. So it may not see that this is a worker.
    """
    worker = os.environ.pop("PYTEST_XDIST_WORKER", None)
    if worker and config.pluginmanager.hasplugin("odoo"):
        config.option.odoo_database += f"_{worker}"
    return (yield)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Whole classes are dealt out."""
    from xdist.scheduler import LoadScopeScheduling

    class ByClass(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return next(filter(nodeid.startswith, TOGETHER), None) or super()._split_scope(nodeid)

    return ByClass(config, log)


def pytest_collection_modifyitems(items):
    items.sort(
        key=lambda item: next((rank for rank, place in enumerate(FIRST) if item.nodeid.startswith(place)), len(FIRST))
    )


def pytest_configure(config):
    config.pluginmanager.register(_Counts(), "order-channel-counts")
    if config.pluginmanager.hasplugin("odoo"):
        config.pluginmanager.import_plugin("tests.in_odoo")
    else:
        _make_importable_without_odoo()


def _make_importable_without_odoo():
    """Let the pure tests import the addon's pure packages by their full names.

    The addon's own ``__init__`` imports its models, which need Odoo, so that an empty package stands in for it. Tests in
    Odoo import through ``odoo.addons`` only: there a second copy of a model class would be registered.
    """
    package = types.ModuleType(ADDON)
    package.__path__ = [str(Path(__file__).resolve().parents[1] / ADDON)]
    sys.modules[ADDON] = package


class _ErrorRecords(logging.Handler):
    """Collects what is logged as an error. ``mute_logger`` and ``assertLogs`` keep expected errors away from it."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record):
        self.messages.append(f"{record.levelname} {record.name}: {self.format(record)}")

    def take(self) -> list[str]:
        taken, self.messages = self.messages, []
        return taken


_errors = _ErrorRecords()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    root = logging.getLogger()
    root.addHandler(_errors)
    try:
        return (yield)
    finally:
        root.removeHandler(_errors)
        _errors.take()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item):
    report = yield
    errors = _errors.take()
    if report.skipped and (reason := _refused_skip(report)):
        _fail(report, reason)
    elif report.passed and errors:
        _fail(report, "errors were logged (mute_logger or assertLogs say which are expected):\n" + "\n".join(errors))
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(collector):
    report = yield
    if report.skipped and (reason := _refused_skip(report)):
        _fail(report, reason)
    return report


def _refused_skip(report) -> str:
    """Why this skip is not accepted, or nothing."""
    if hasattr(report, "wasxfail"):
        return ""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = reason.removeprefix("Skipped: ")
    return "" if reason in ACCEPTED_SKIPS else f"skipped without an accepted reason: {reason}"


def _fail(report, text: str):
    report.outcome = "failed"
    report.longrepr = text


class _Counts:
    """Writes how many tests passed, failed and were skipped to the file that ``setup/test`` names."""

    def __init__(self):
        self.outcomes: dict[str, str] = {}

    def pytest_runtest_logreport(self, report):
        known = self.outcomes.get(report.nodeid)
        if report.failed or known is None or (report.skipped and known == "passed"):
            self.outcomes[report.nodeid] = report.outcome

    def pytest_collectreport(self, report):
        if report.failed:
            self.outcomes[report.nodeid] = "failed"

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session, exitstatus):
        if hasattr(session.config, "workerinput"):
            return
        lost = session.testscollected - len(self.outcomes) if exitstatus == pytest.ExitCode.OK else 0
        if session.config.option.collectonly or lost <= 0:
            lost = 0
        else:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            if terminal := session.config.pluginmanager.getplugin("terminalreporter"):
                terminal.write_line(f"\n{lost} tests were collected, and nothing was heard of how they ended", red=True)
        if path := os.environ.get("ORDER_CHANNEL_TEST_COUNTS"):
            counts = Counter(self.outcomes.values())
            numbers = {name: counts[name] for name in ("passed", "failed", "skipped")}
            numbers["failed"] += lost
            Path(path).write_text(json.dumps(numbers))
