"""``setup/bench``: measures, and fails when a figure misses its bar."""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from odoo_env import databases
from odoo_env.console import SetupError, say
from odoo_env.databases import Odoo
from odoo_env.environment import odoo_environment
from odoo_env.paths import REPOSITORY

FOLDER = REPOSITORY / "tests" / "benchmarks"
COLUMNS = ("name", "value", "unit", "bar", "ok")


def main(arguments: list[str]) -> int:
    options = _parse(arguments)
    known = sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))
    if unknown := sorted(set(options.names) - set(known)):
        raise SetupError(f"there is no benchmark {', '.join(unknown)}; there are: {', '.join(known) or 'none'}")
    if not known:
        raise SetupError(f"there are no benchmarks in {FOLDER.relative_to(REPOSITORY)}")
    figures, broken = [], []
    with odoo_environment() as odoo:
        template = databases.addon_template(odoo)
        for name in options.names or known:
            say(f"Measuring {name} …")
            try:
                for figure in _figures(odoo, template, name, options.size):
                    figures.append(figure)
                    if options.json:
                        print(json.dumps({column: figure[column] for column in COLUMNS}), flush=True)
            except SetupError as error:
                broken.append(name)
                say(f"bench: {error}")
    if figures and not options.json:
        print(table(figures))
    missed = [figure["name"] for figure in figures if not figure["ok"]]
    for name in missed:
        say(f"bench: missed its bar: {name}")
    return 1 if missed or broken else 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="setup/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a benchmark; without one, all of them")
    parser.add_argument("--size", type=int, help="how many records, instead of each benchmark's usual number")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of a table")
    options = parser.parse_args(arguments)
    if options.size is not None and options.size < 1:
        parser.error("--size must be at least 1")
    return options


def _figures(odoo: Odoo, template: str, name: str, size: int | None) -> Iterator[dict]:
    """The figures of one file as they come, measured in a process and a database of their own."""
    with databases.working_copy(odoo, template, "bench") as database, tempfile.TemporaryDirectory() as scratch:
        config = odoo.write_config(Path(scratch) / "odoo.conf", log_level="error")
        command = [str(odoo.python), "-m", "tests.benchmarks", f"bench_{name}"]
        command += [f"--database={database}", f"--config={config}", *([f"--size={size}"] if size else [])]
        process = subprocess.Popen(command, cwd=REPOSITORY, env=odoo.env, stdout=subprocess.PIPE, text=True)
        count = 0
        try:
            for line in process.stdout:
                count += 1
                yield json.loads(line)
        except BaseException:
            process.terminate()
            process.wait()
            raise
        if process.wait():
            raise SetupError(f"{name} broke off; the reason is above")
        if not count:
            raise SetupError(f"{name} gave no figure")


def table(figures: list[dict]) -> str:
    """The figures for people, in aligned columns."""
    rows = [("figure", "value", "unit", "bar", "")]
    for figure in figures:
        bar = "" if figure["bar"] is None else f"{'≤' if figure['smaller_is_better'] else '≥'} {figure['bar']:g}"
        verdict = "" if figure["bar"] is None else "ok" if figure["ok"] else "MISSED"
        rows.append((figure["name"], f"{figure['value']:,.3f}", figure["unit"], bar, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
