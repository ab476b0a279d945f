"""``setup/test --lint``: ruff, pylint-odoo, the Odoo Community Association's checks and Odoo's own ``test_lint``."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from odoo_env import databases, packages
from odoo_env.console import SetupError, say
from odoo_env.databases import Odoo
from odoo_env.environment import odoo_environment
from odoo_env.paths import ADDON, REPOSITORY, addon_folders
from odoo_env.postgres import free_port
from odoo_env.process import last_words

CONFIG = REPOSITORY / "setup" / "lint"
PYTHON_FOLDERS = ("tests", "setup", ".ci")
# The classes of Odoo's own linter that look at an addon; the others look at Odoo itself or need programs of its makers.
ODOO_CLASSES = (
    "ManifestLinter",
    "RoutesLinter",
    "TestIndex",
    "TestJsTranslations",
    "TestLintOverrideSignatures",
    "TestNaming",
    "TestOnchangeDomains",
    "TestTestHoles",
)
# What the class TestPyLint of Odoo's linter asks pylint for. The class itself reads the whole of Odoo, which takes ten minutes.
ODOO_CHECKERS = ("_odoo_checker_sql_injection", "_odoo_checker_gettext", "_odoo_checker_unlink_override")
ODOO_MESSAGES = (
    "eval-used",
    "function-redefined",
    "gettext-placeholders",
    "gettext-repr",
    "gettext-variable",
    "missing-gettext",
    "raise-unlink-override",
    "sql-injection",
    "undefined-variable",
    "unreachable",
    "used-before-assignment",
)
# What shows that the demo data is there.
DEMO_RECORD = "channel_shop"
# Odoo's own files write the XML declaration in small letters and numbers as text.
OCA_DISABLED = ("xml-header-wrong", "xml-field-numeric-without-eval")


def main() -> int:
    """Run every linter, whatever the others find. Gives back 0 when none has anything to say."""
    with odoo_environment(packages.LINT) as odoo:
        checks: list[tuple[str, Callable[[Odoo], bool]]] = [
            ("ruff check", lambda odoo: _tool(odoo, "ruff", "check", *_ruff())),
            ("ruff format", lambda odoo: _tool(odoo, "ruff", "format", "--check", "--diff", *_ruff())),
            ("pylint-odoo", _pylint_odoo),
            ("Odoo's checkers for pylint", _odoo_pylint),
            ("oca-checks-odoo-module", _oca_checks),
            ("oca-checks-po", _po_files),
            ("a quiet installation", _installation),
            ("demo data", _demo_data),
            ("Odoo's test_lint", _odoo_lint),
        ]
        failed = []
        for name, check in checks:
            say(f"Lint: {name} …")
            if not check(odoo):
                failed.append(name)
    say(f"Lint: {', '.join(failed)} found something to fix" if failed else "Lint: nothing to fix")
    return 1 if failed else 0


def _ruff() -> list[str]:
    folders = [*map(str, addon_folders()), *(name for name in PYTHON_FOLDERS if (REPOSITORY / name).is_dir())]
    return [f"--config={CONFIG / 'ruff.toml'}", *folders]


def _tool(odoo: Odoo, name: str, *arguments: str) -> bool:
    program = odoo.python.parent / name
    return subprocess.run([program, *arguments], cwd=REPOSITORY, env=odoo.env).returncode == 0


def _pylint_odoo(odoo: Odoo) -> bool:
    return _pylint(odoo, {}, f"--rcfile={CONFIG / 'pylintrc'}")


def _odoo_pylint(odoo: Odoo) -> bool:
    checkers = odoo.addons_folder / "test_lint" / "tests"
    env = {
        "PYTHONPATH": os.pathsep.join([str(checkers), odoo.env["PYTHONPATH"]]),
        "ADDONS_PATH": str(REPOSITORY),
    }
    options = [
        f"--rcfile={os.devnull}",
        "--score=no",
        "--disable=all,unknown-option-value",
        f"--enable={','.join(ODOO_MESSAGES)}",
    ]
    return _pylint(odoo, env, *options, f"--load-plugins={','.join(('_pylint_path_setup', *ODOO_CHECKERS))}")


def _pylint(odoo: Odoo, env: dict[str, str], *options: str) -> bool:
    env = {**os.environ, "PYLINTHOME": str(REPOSITORY / ".cache" / "pylint"), **env}
    command = [odoo.python.parent / "pylint", *options, *addon_folders()]
    return subprocess.run(command, cwd=REPOSITORY, env=env).returncode == 0


def _oca_checks(odoo: Odoo) -> bool:
    return _tool(odoo, "oca-checks-odoo-module", f"--disable={','.join(OCA_DISABLED)}", *map(str, addon_folders()))


def _po_files(odoo: Odoo) -> bool:
    files = [str(path) for folder in addon_folders() for path in folder.glob("i18n/*.po*")]
    return not files or _tool(odoo, "oca-checks-po", *files)


def _installation(odoo: Odoo) -> bool:
    """Whether Odoo installed the addon without a warning."""
    return _is_quiet(databases.installation_warnings(odoo))


def _demo_data(odoo: Odoo) -> bool:
    """Whether the demo data loads. Odoo itself only warns, and goes on without it."""
    warnings = databases.installation_warnings(odoo, demo=True)
    if not databases.has_demo_data(odoo, DEMO_RECORD):
        warnings.append(f"The demo data was not loaded: there is no {ADDON}.{DEMO_RECORD}.")
    return _is_quiet(warnings)


def _is_quiet(warnings: list[str]) -> bool:
    for line in warnings:
        print(line)
    return not warnings


def _odoo_lint(odoo: Odoo) -> bool:
    """Odoo's linter works inside of a database: it looks at the models of every installed addon."""
    tags = ",".join(f"/test_lint:{name}" for name in ODOO_CLASSES)
    with (
        databases.working_copy(odoo, databases.addon_template(odoo), "lint") as database,
        tempfile.TemporaryDirectory() as scratch,
    ):
        # Odoo's test run opens its port even where it is told not to.
        config = odoo.write_config(Path(scratch) / "odoo.conf", http_port=free_port())
        command = [odoo.python, "-m", "odoo", "-c", config, "-d", database, "-i", "test_lint", f"--test-tags={tags}"]
        command += ["--stop-after-init", "--no-http", "--log-level=warn", "--log-handler=odoo.tests.result:INFO"]
        done = subprocess.run([str(word) for word in command], env=odoo.env, capture_output=True, text=True)
    counts = re.search(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests", done.stderr)
    if not counts:
        raise SetupError(f"Odoo's test_lint said no result: {last_words(done.stderr)}")
    if done.returncode or counts[1] != "0" or counts[2] != "0":
        print(done.stderr)
        return False
    if int(counts[3]) < len(ODOO_CLASSES):
        raise SetupError(f"Odoo's test_lint ran {counts[3]} tests where at least {len(ODOO_CLASSES)} were expected.")
    return True
