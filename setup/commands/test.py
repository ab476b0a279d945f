"""``setup/test``: every test, or those that the arguments name; arguments go to pytest.

Two passes of pytest: the pure tests need no Odoo and run first; the Odoo tests run in a copy of a template database. A pass
of more than one file is dealt out to several workers (pytest-xdist), each with a copy of its own: see ``tests/conftest.py``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from commands import faults, lint
from odoo_env import browser, databases, node_packages, packages
from odoo_env.console import SetupError, say
from odoo_env.environment import odoo_environment
from odoo_env.paths import REPOSITORY

PURE = ("tests/unit", "tests/contract")
ODOO = ("tests/browser", "tests/integration")
BROWSER = "tests/browser"
CLIENTS = "tests/contract/test_official_clients.py"
# pytest options whose value is the next word: that word is never taken for a path.
_WITH_VALUE = frozenset("-k -m -p -n -o -c -W -r --tb --maxfail --deselect --ignore --durations --junitxml".split())
# With these the tests stay in one process: they look into it, or choose so few tests that a second one would not pay.
_ONE_PROCESS = frozenset("-k -m -s --pdb --trace --collect-only --co --lf --last-failed --sw --stepwise".split())
MAX_WORKERS = 4
STOP_SECONDS = 30
FAILED = 1
STOPPED = 2
NO_TESTS = 5


@dataclass
class Selection:
    """What to run: the paths of each pass, and the options for both."""

    pure: list[str] = field(default_factory=list)
    odoo: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)

    @property
    def browser(self) -> bool:
        return any(path.startswith(BROWSER) for path in self.odoo)

    def workers(self, paths: Sequence[str], waiting: int = 0) -> int:
        """How many processes share the tests of ``paths``: what ``-n`` says, else one per core where it pays.

        :param waiting: how many more, for tests that wait for answers part of their time
        :raise SetupError: ``-n`` is no number
        """
        if "-n" in self.options:
            number = "".join(self.options[self.options.index("-n") + 1 :][:1])
            if not number.isdecimal():
                raise SetupError(f"-n takes the number of processes that share the tests, not {number or 'nothing'}.")
            return int(number) or 1
        one_file = len({_path(path) for path in paths}) == 1 and _path(paths[0]).is_file()
        if one_file or _ONE_PROCESS.intersection(self.options):
            return 1
        return min(len(os.sched_getaffinity(0)) + waiting, MAX_WORKERS)

    @property
    def clients(self) -> bool:
        """Whether the marketplaces' own clients are needed."""
        return any(_inside(CLIENTS, [path.partition("::")[0]]) for path in self.pure)


def main(arguments: list[str]) -> int:
    if arguments[:1] in (["-h"], ["--help"]):
        print(_HELP)
        return 0
    if arguments[:1] == ["--lint"]:
        return lint.main()
    if arguments[:1] == ["--faults"]:
        return faults.main(arguments[1:])
    selection = select(arguments)
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    codes = []
    with tempfile.TemporaryDirectory() as scratch:
        if selection.pure:
            codes.append(_run_pure(selection, Path(scratch), totals))
        stop = codes == [FAILED] and {"-x", "--exitfirst"}.intersection(selection.options)
        if selection.odoo and not stop:
            codes.append(_run_odoo(selection, Path(scratch), totals))
    code = max((code for code in codes if code != NO_TESTS), default=NO_TESTS)
    if code == NO_TESTS:
        say("test: no test was selected")
    print(f"{totals['passed']} passed, {totals['failed']} failed, {totals['skipped']} skipped", flush=True)
    return code


_HELP = """\
setup/test [PATH…] [OPTION…]    run the tests; without a path, all of them; options go to pytest

  setup/test tests/unit                              pure tests only: no Odoo, no database
  setup/test tests/integration/test_x.py -k name     some tests in a real Odoo
  setup/test tests/browser                           tours in Chromium
  setup/test -n 1                                    every test, in one process instead of one per core
  setup/test --lint                                  the linters, and no test
  setup/test --faults                                forty channels beside a marketplace that hangs, drips or is slow"""


def select(arguments: Sequence[str]) -> Selection:
    """Sort paths into the two passes. Raises SetupError for a path that belongs to neither."""
    selection = Selection()
    value_next = False
    for word in arguments:
        if value_next or word.startswith("-") or not _path(word).exists():
            selection.options.append(word)
            value_next = not value_next and word in _WITH_VALUE
            continue
        relative = os.path.relpath(_path(word), REPOSITORY)
        test = word.partition("::")[1:]
        if relative == "tests":
            selection.pure += PURE
            selection.odoo += ODOO
        elif _inside(relative, PURE):
            selection.pure.append(relative + "".join(test))
        elif _inside(relative, ODOO):
            selection.odoo.append(relative + "".join(test))
        else:
            raise SetupError(f"{word} holds no tests: tests are in {', '.join((*PURE, *ODOO))}.")
    if not selection.pure and not selection.odoo:
        selection.pure += PURE
        selection.odoo += ODOO
    selection.pure = [path for path in selection.pure if _path(path).exists()]
    selection.odoo = [path for path in selection.odoo if _path(path).exists()]
    return selection


def _path(word: str) -> Path:
    """A path as the caller sees it, or as seen from the repository."""
    name = word.partition("::")[0]
    here = Path(name).absolute()
    return here if here.exists() else REPOSITORY / name


def _inside(relative: str, folders: Sequence[str]) -> bool:
    return any(relative == folder or relative.startswith(folder + "/") for folder in folders)


def _run_pure(selection: Selection, scratch: Path, totals: dict[str, int]) -> int:
    python = packages.python_with()
    env = dict(os.environ)
    if selection.clients:
        env["OFFICIAL_CLIENTS"] = str(node_packages.packages_of(node_packages.OFFICIAL_CLIENTS))
    words = [
        "-p",
        "no:odoo",
        *selection.pure,
        *selection.options,
        *_dealing(selection.workers(selection.pure, waiting=1)),
    ]
    return _pytest(python, words, env, scratch, totals)


def _run_odoo(selection: Selection, scratch: Path, totals: dict[str, int]) -> int:
    if selection.browser:
        browser.ensure()
    with odoo_environment() as odoo:
        template = databases.addon_template(odoo)
        start = databases.web_template(odoo) if selection.browser else template
        workers = selection.workers(selection.odoo)
        suffixes = [f"_gw{number}" for number in range(workers)] if workers > 1 else [""]
        with databases.working_copy(odoo, start, "test", suffixes) as database:
            config = odoo.write_config(scratch / "odoo.conf")
            options = [
                f"--odoo-database={database}",
                f"--odoo-config={config}",
                "--odoo-http",
                "--odoo-log-level=error",
            ]
            words = [*options, *selection.odoo, *selection.options, *_dealing(workers)]
            # tests of whole processes make a database of their own from it
            env = {**odoo.env, "ORDER_CHANNEL_TEMPLATE": template, "ORDER_CHANNEL_CONFIG": str(config)}
            return _pytest(odoo.python, words, env, scratch, totals)


def _dealing(workers: int) -> list[str]:
    """The options of pytest-xdist. A worker that crashed is a failure to look into: no other takes its place."""
    if workers == 1:
        return ["-n", "0"]
    return ["-n", str(workers), "--dist=loadscope", "--no-loadscope-reorder", "--max-worker-restart=0"]


def _stop(process: subprocess.Popen, shared: bool) -> None:
    """Let pytest end well; a second interruption, or a test that does not stop, ends it at once."""
    try:
        if shared:
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.terminate()
        process.wait(STOP_SECONDS)
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        process.kill()
        process.wait()
    finally:
        if shared:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _pytest(python: Path, words: list[str], env: dict[str, str], scratch: Path, totals: dict[str, int]) -> int:
    """Run pytest, add its counts to ``totals``, give back its exit code."""
    counts = scratch / "counts.json"
    counts.unlink(missing_ok=True)
    env["ORDER_CHANNEL_TEST_COUNTS"] = str(counts)
    settings = ["-c", str(REPOSITORY / "tests/pytest.ini"), f"--rootdir={REPOSITORY}"]
    command = [str(python), "-m", "pytest", *settings, *words]
    # In a session of their own the workers are told to stop together, whoever interrupts this command.
    shared = "--dist=loadscope" in words
    process = subprocess.Popen(command, cwd=REPOSITORY, env=env, start_new_session=shared)
    try:
        code = process.wait()
    except BaseException:
        _stop(process, shared)
        raise
    if counts.exists():
        numbers = json.loads(counts.read_text())
        for name, number in numbers.items():
            totals[name] += number
        if code == STOPPED and numbers["failed"]:
            code = FAILED  # with several workers, -x and --maxfail end like an interruption
    elif code not in (NO_TESTS, STOPPED):
        say(f"test: pytest ended with {code} before it ran a test")
    return code if code >= 0 else 128 - code
