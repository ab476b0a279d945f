"""``setup/test --faults``: forty channels on two cron threads, one of their marketplaces hangs, drips or is slow.

Takes a quarter of an hour and is no part of CI. Fails where a channel waits longer than :data:`BAR` seconds more than it does
without the bad marketplace, where the channel does not say what is wrong, or where Odoo's workers logged an error.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from odoo_env import databases
from odoo_env.console import SetupError, say
from odoo_env.databases import Odoo
from odoo_env.environment import odoo_environment
from odoo_env.paths import REPOSITORY
from odoo_env.services import Services, services

BEHAVIOURS = ("hang", "drip", "slow")
BAR = 15.0
ITEMS, ORDERS = 120, 12


def main(arguments: list[str]) -> int:
    wanted = arguments or list(BEHAVIOURS)
    if unknown := set(wanted) - set(BEHAVIOURS):
        raise SetupError(f"there is no behaviour {', '.join(sorted(unknown))}; there are: {', '.join(BEHAVIOURS)}")
    wrong = []
    with odoo_environment() as odoo:
        template = databases.addon_template(odoo)
        say("Watching forty channels whose marketplaces all behave …")
        usual = _longest(_run(odoo, template, None))
        print(f"all behave: nobody waits longer than {max(usual.values()):.1f} s", flush=True)
        for behaviour in wanted:
            say(f"Watching forty channels, of which one's marketplace is made to {behaviour} …")
            result = _run(odoo, template, behaviour)
            longest = _longest(result)
            more = max(longest.values()) - max(usual.values())
            said = [state for _time, *state in result["bad"]]
            print(
                f"{behaviour}: {max(longest.values()):.1f} s, {more:+.1f} s (bar {BAR:g}); it says {said}", flush=True
            )
            if more > BAR:
                wrong.append(f"{behaviour}: {more:.1f} s more")
            if not any(health == "waiting" for health, _code in said):
                wrong.append(f"{behaviour}: the channel does not say that it waits")
    for fault in wrong:
        say(f"faults: {fault}")
    print(f"{len(wanted) + 1 - len(wrong)} passed, {len(wrong)} failed", flush=True)
    return 1 if wrong else 0


def _longest(result: dict) -> dict[str, float]:
    """The longest wait of each channel that has a good marketplace."""
    return {name: max(waits) for name, waits in result["waits"].items()}


def _run(odoo: Odoo, template: str, behaviour: str | None) -> dict:
    """One run in a database of its own."""
    with (
        databases.working_copy(odoo, template, "faults") as database,
        tempfile.TemporaryDirectory() as scratch,
        services(odoo.env, Path(scratch)) as running,
    ):
        folder = Path(scratch)
        shop = _address(running, "shop", _shop(odoo))
        bad = _address(running, "bad", _bad(odoo, behaviour, shop)) if behaviour else shop
        config = odoo.write_config(
            folder / "odoo.conf", db_name=database, http_enable=False, max_cron_threads=2, log_level="warn"
        )
        _python(odoo, "prepare", database, config, f"--shop={shop}", f"--bad={bad}")
        running.start("odoo", [odoo.python, "-m", "odoo", "-c", config])
        result = json.loads(_python(odoo, "watch", database, config).splitlines()[-1])
        if ended := running.ended():
            raise SetupError(f"{ended} ended: {running.words(ended)}")
        if errors := _errors(running.log("odoo")):
            raise SetupError(f"Odoo logged {len(errors)} errors, the first one: {errors[0][:500]}")
        return result


def _errors(log: Path) -> list[str]:
    """Of a conflict between two workers, which is repeated, Odoo itself logs the query."""
    lines = log.read_text(errors="replace").splitlines()
    return [line for line in lines if " ERROR " in line and "odoo.sql_db: bad query" not in line]


def _shop(odoo: Odoo) -> list:
    return [odoo.python, "-m", "tests.marketplaces.shopify", f"--items={ITEMS}", f"--orders={ORDERS}", "--fast"]


def _bad(odoo: Odoo, behaviour: str, shop: str) -> list:
    return [odoo.python, "-m", "tests.faults.server", f"--behave={behaviour}", f"--behind={shop}"]


def _address(running: Services, name: str, command: list) -> str:
    process = running.start(name, command, stdout=subprocess.PIPE, text=True)
    address = process.stdout.readline().strip()
    if not address.startswith("http"):
        raise SetupError(f"{name} did not start: {running.words(name)}")
    return address


def _python(odoo: Odoo, verb: str, database: str, config: Path, *words: str) -> str:
    command = [odoo.python, "-m", "tests.faults", verb, f"--database={database}", f"--config={config}", *words]
    done = subprocess.run(command, cwd=REPOSITORY, env=odoo.env, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SetupError(f"{verb} broke off; the reason is above")
    return done.stdout
