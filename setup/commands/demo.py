"""``setup/demo``: a real Odoo with the addon and simulated marketplaces; runs the main job and stays for you to look around."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from odoo_env import databases
from odoo_env.console import SetupError, say
from odoo_env.databases import Odoo
from odoo_env.environment import odoo_environment
from odoo_env.paths import ADDON, LOCAL_CACHE, REPOSITORY, digest, locked_or_fail
from odoo_env.services import Services, choose_port, port_is_free, services

MARKETPLACES = ("shopify", "woocommerce")
FOLDER = LOCAL_CACHE / "demo"
DATABASE = f"{databases.PREFIX}_demo_{digest(str(REPOSITORY))}"
HTTP_PORT = 8069


def main(arguments: list[str]) -> int:
    options = _parse(arguments)
    port = choose_port(options.port, HTTP_PORT)
    with ExitStack() as stack:
        if not options.check:
            running = "setup/demo is running already; stop it with Ctrl-C where it runs, or look only with --check."
            stack.enter_context(locked_or_fail("demo", running))
        odoo = stack.enter_context(odoo_environment())
        if options.check:
            return _check(odoo, port)
        return _stay(odoo, port, options.reset)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="setup/demo", description=__doc__)
    parser.add_argument(
        "--check",
        action="store_true",
        help="don't stay: run on a fresh database, print the summary as JSON on the last line",
    )
    parser.add_argument("--reset", action="store_true", help="start over: forget what was done in the demo before")
    parser.add_argument("--port", type=int, help=f"the web client's port; usually the first free one from {HTTP_PORT}")
    return parser.parse_args(arguments)


def _check(odoo: Odoo, port: int) -> int:
    """The main job on a fresh database and fresh marketplaces, which are thrown away."""
    template = databases.web_template(odoo)
    with (
        databases.working_copy(odoo, template, "check") as database,
        _scratch_folder() as folder,
        services(odoo.env, folder) as running,
    ):
        addresses = _start_marketplaces(odoo, running, folder)
        summary = _main_job(odoo, database, folder, addresses, "run")
        _start_odoo(odoo, running, database, folder, port)
    print(_readable(summary))
    print(json.dumps(summary), flush=True)
    return 0 if summary["ok"] else 1


def _stay(odoo: Odoo, port: int, reset: bool) -> int:
    """The same with a database that is kept until ``--reset``; runs until Ctrl-C."""
    fresh = _prepare_database(odoo, reset)
    with services(odoo.env, FOLDER) as running:
        addresses = _start_marketplaces(odoo, running, FOLDER)
        summary = _main_job(odoo, DATABASE, FOLDER, addresses, "run" if fresh else "resume")
        if summary["ok"]:
            (FOLDER / "complete").touch()  # what went wrong is begun anew the next time
        _start_odoo(odoo, running, DATABASE, FOLDER, port)
        print(_readable(summary))
        print(f"\nOdoo is at http://127.0.0.1:{port} (user admin, password admin). Ctrl-C stops it.", flush=True)
        try:
            while not (ended := running.ended()):
                time.sleep(1)
        except KeyboardInterrupt:
            say("Stopping …")
            return 0
        raise SetupError(f"{ended} ended: {running.words(ended)} (all of it: {running.log(ended)})")


def _prepare_database(odoo: Odoo, reset: bool) -> bool:
    """Have the demo's database hold the addon as it is now. Gives back whether it is a new one."""
    template = databases.web_template(odoo)
    built_from = FOLDER / "template"
    if not reset and (FOLDER / "complete").exists() and databases.exists(odoo, DATABASE):
        if built_from.read_text() != template:
            say("Updating the addon in the demo's database …")
            odoo.install(DATABASE, [ADDON], FOLDER / "update.log", update=True)
            built_from.write_text(template)
        return False
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    databases.drop(odoo, DATABASE)
    databases.copy(odoo, template, DATABASE)
    built_from.write_text(template)
    return True


@contextmanager
def _scratch_folder() -> Iterator[Path]:
    folder = LOCAL_CACHE / "check"
    with locked_or_fail("check", "Another setup/demo --check is running; try again when it has ended."):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        yield folder


def _start_marketplaces(odoo: Odoo, running: Services, folder: Path) -> dict[str, str]:
    """Start every simulated marketplace, at its last port where that is free; gives back their addresses."""
    addresses = {}
    for marketplace in MARKETPLACES:
        say(f"Starting a simulated {marketplace} …")
        remembered = folder / f"{marketplace}.port"
        port = int(remembered.read_text()) if remembered.exists() else 0
        port = port if port and port_is_free(port) else 0
        state = folder / f"{marketplace}.json"
        addresses[marketplace] = running.start_simulator(odoo.python, marketplace, port, state)
        remembered.write_text(addresses[marketplace].rpartition(":")[2])
    return addresses


def _main_job(odoo: Odoo, database: str, folder: Path, addresses: dict[str, str], verb: str) -> dict:
    """Run ``main_job.py`` inside Odoo; its last line is the summary."""
    say("Running the main job …" if verb == "run" else "Looking up where the demo stands …")
    config = odoo.write_config(folder / "main_job.conf", log_level="warn")
    command = [odoo.python, "-m", "main_job", verb, f"--database={database}", f"--config={config}"]
    command += [f"--marketplace={name}={address}" for name, address in addresses.items()]
    path = os.pathsep.join([str(REPOSITORY / "setup"), odoo.env["PYTHONPATH"]])
    env = odoo.env | {"PYTHONPATH": path}
    done = subprocess.run([str(word) for word in command], cwd=REPOSITORY, env=env, stdout=subprocess.PIPE, text=True)
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        raise SetupError("the main job broke off; the reason is above")
    return json.loads(lines[-1])


def _start_odoo(odoo: Odoo, running: Services, database: str, folder: Path, port: int) -> None:
    say("Starting Odoo's web server and its scheduled actions …")
    config = odoo.write_config(
        folder / "odoo.conf",
        db_name=database,
        dbfilter=f"^{database}$",
        http_port=port,
        max_cron_threads=2,
    )
    running.start("odoo", [odoo.python, "-m", "odoo", "-c", config])
    running.wait_for_page("odoo", f"http://127.0.0.1:{port}/web/login")


def _readable(summary: dict) -> str:
    """The summary for people: what there is, where it can be seen, and what is not as it should be."""
    lines = [""]
    for entry in summary["figures"]:
        lines.append(
            f"  {entry['value']:>6}  {entry['name']}" + (f"   ({entry['where']})" if entry.get("where") else "")
        )
    wrong = [check for check in summary["checks"] if not check["ok"]]
    lines += [f"  WRONG: {check['name']}: {check['got']}, expected {check['expected']}" for check in wrong]
    return "\n".join(lines)
