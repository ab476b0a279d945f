"""Databases: templates named after what they were built from, and copies of them to work on.

The first template holds Odoo's own apps that the addon builds on; the second one, made from a copy of the first, holds the
addon as its files are now. A copy that a command works on is dropped at its end, or by the next command if it was killed.
"""

from __future__ import annotations

import ast
import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .console import SetupError, say
from .odoo_source import OdooSource
from .paths import ADDON, REPOSITORY, addon_digest, addon_folders, digest, locked
from .postgres import Server
from .process import run

# Odoo's own apps in the first template; what the manifests depend on beyond them is added.
BASE_MODULES = ("sale_management", "sale_stock", "stock_delivery")
PREFIX = "ocm"
EMPTY = ("collation C", "pg_trgm")  # what the first template is made with, see _create_empty
# Templates of earlier states of the addon that are kept: switching back and forth between two branches stays quick.
KEPT_ADDON_TEMPLATES = 3
WEB_BUNDLES = Path(__file__).with_name("web_bundles.py")


@dataclass(frozen=True)
class Odoo:
    """How Odoo is run: its source, a Python that has what it imports, and the database server."""

    source: OdooSource
    python: Path
    server: Server

    @property
    def data_dir(self) -> Path:
        return self.server.files / "odoo"

    @property
    def addons_folder(self) -> Path:
        """The folder of Odoo's own addons."""
        return self.source.addons[0] if self.source.addons else self.source.python_path / "odoo" / "addons"

    @property
    def env(self) -> dict[str, str]:
        """The environment for every Python process that imports Odoo or talks to the server."""
        env = {name: value for name, value in os.environ.items() if name not in ("ODOO_RC", "OPENERP_SERVER")}
        path = [str(self.source.python_path), *filter(None, [env.get("PYTHONPATH")])]
        env.update(self.server.env, PYTHONPATH=os.pathsep.join(path), PYTHONUNBUFFERED="1")
        # The server's programs, for tools that call createdb and dropdb.
        env["PATH"] = os.pathsep.join([str(self.python.parent), str(self.server.psql.parent), env["PATH"]])
        return env

    def write_config(self, path: Path, **options: object) -> Path:
        """An Odoo configuration file for this source, with ``options`` added."""
        self.data_dir.mkdir(exist_ok=True)
        addons = [*self.source.addons, *([REPOSITORY] if addon_folders() else [])]
        settings = {
            "data_dir": self.data_dir,
            "addons_path": ",".join(map(str, addons)),
            "http_interface": "127.0.0.1",
            "max_cron_threads": 0,
            "list_db": False,
            **options,
        }
        path.write_text(
            "[options]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items() if value != "")
        )
        return path

    def install(
        self, database: str, modules: Sequence[str], log: Path, *, demo: bool = False, update: bool = False
    ) -> None:
        """Install or update ``modules`` with what they depend on; raises SetupError with Odoo's own words."""
        config = self.write_config(log.with_suffix(".conf"))
        command = [self.python, "-m", "odoo", "-c", config, "-d", database, "-u" if update else "-i", ",".join(modules)]
        command += ["--stop-after-init", "--no-http", "--log-level=warn", *(["--with-demo"] if demo else [])]
        doing = f"Installing {', '.join(modules)} in Odoo"
        run(command, doing, env=self.env, log=log)
        # Odoo ends well, with a warning, where a module is unknown or can't be installed.
        names = ", ".join(f"'{module}'" for module in modules)
        sql = f"SELECT name FROM ir_module_module WHERE state = 'installed' AND name IN ({names})"
        if missing := set(modules) - set(self.server.execute(sql, database)):
            raise SetupError(f"{doing} failed: Odoo left out {', '.join(sorted(missing))} (its log: {log})")


def base_modules() -> list[str]:
    """Odoo's own modules that the addons of this repository need."""
    ours = {folder.name for folder in addon_folders()}
    needed = set(BASE_MODULES)
    for folder in addon_folders():
        needed.update(ast.literal_eval((folder / "__manifest__.py").read_text()).get("depends", ()))
    return sorted(needed - ours)


def base_template(odoo: Odoo, *, demo: bool = False) -> str:
    """The template that holds Odoo's own modules; built where it is missing."""
    modules = base_modules()
    name = f"{PREFIX}_base_{digest(odoo.source.key, *modules, *EMPTY, 'demo' if demo else 'no demo')}"
    with locked("databases", odoo.server.files):
        if not exists(odoo, name):
            apps = ", ".join(modules)
            say(f"Building a template database with {apps}{' and demo data' if demo else ''} (about a minute) …")
            with _built(odoo, name) as database:
                _create_empty(odoo, database)
                odoo.install(database, modules, _log(odoo, name), demo=demo)
    return name


def addon_template(odoo: Odoo, *, demo: bool = False) -> str:
    """The template that holds the addon as its files are now."""
    base = base_template(odoo, demo=demo)
    if not addon_folders():
        return base
    kind = "addon_demo" if demo else "addon"
    name = f"{PREFIX}_{kind}_{digest(base, addon_digest())}"
    with locked("databases", odoo.server.files):
        if not exists(odoo, name):
            say("Installing the addon in a template database …")
            with _built(odoo, name) as database:
                copy(odoo, base, database)
                odoo.install(database, [ADDON], _log(odoo, name), demo=demo)
            _forget_old(odoo, f"{PREFIX}_{kind}_", keep=name)
    return name


def web_template(odoo: Odoo) -> str:
    """The same with the web client's bundles made, for commands that open its pages."""
    addon = addon_template(odoo)
    name = f"{PREFIX}_web_{digest(addon, WEB_BUNDLES.read_text())}"
    with locked("databases", odoo.server.files):
        if not exists(odoo, name):
            say("Making the web client's bundles …")
            with _built(odoo, name) as database:
                copy(odoo, addon, database)
                config = odoo.write_config(_log(odoo, name).with_suffix(".conf"), log_level="warn")
                command = [odoo.python, WEB_BUNDLES, f"--database={database}", f"--config={config}"]
                run(command, "Making the web client's bundles", env=odoo.env, log=_log(odoo, name))
            _forget_old(odoo, f"{PREFIX}_web_", keep=name)
    return name


def installation_warnings(odoo: Odoo, *, demo: bool = False) -> list[str]:
    """What Odoo warned of when it installed the addon as its files are now."""
    log = _log(odoo, addon_template(odoo, demo=demo)).read_text()
    return [line for line in log.splitlines() if re.search(r" (WARNING|ERROR|CRITICAL) ", line)]


def has_demo_data(odoo: Odoo, record: str) -> bool:
    """Whether the addon's demo data is in its template: Odoo ends well without it, and leaves it out without a word where
    an app that the addon depends on has none.

    :param record: XML id of one of its records, without the addon's name
    """
    sql = (
        f"SELECT 1 FROM ir_model_data data JOIN ir_module_module module ON module.name = data.module "
        f"WHERE module.name = '{ADDON}' AND module.demo AND data.name = '{record}'"
    )
    return bool(odoo.server.execute(sql, addon_template(odoo, demo=True)))


@contextmanager
def working_copy(odoo: Odoo, template: str, purpose: str, suffixes: Sequence[str] = ("",)) -> Iterator[str]:
    """A copy of ``template`` for one command, or one per suffix; gives back the name that they are added to.

    Dropped when the block ends, with every other database that is named after it.
    """
    name = f"{PREFIX}_{purpose}_{secrets.token_hex(4)}"
    folder = odoo.server.files / "in_use"
    folder.mkdir(exist_ok=True)
    _drop_abandoned(odoo, folder)
    with open(folder / name, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            with locked("databases", odoo.server.files):
                for suffix in suffixes:
                    copy(odoo, template, name + suffix)
            yield name
        finally:
            _drop_family(odoo, name)
            (folder / name).unlink()


def copy(odoo: Odoo, template: str, name: str) -> None:
    """Copy a database and its attachments. Their files never change, so that links do."""
    _create(odoo, name, template)
    store = odoo.data_dir / "filestore"
    if (store / template).is_dir():
        shutil.copytree(store / template, store / name, copy_function=os.link)


def drop(odoo: Odoo, name: str) -> None:
    """Drop a database with its attachments, whoever is still connected to it."""
    odoo.server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    shutil.rmtree(odoo.data_dir / "filestore" / name, ignore_errors=True)


def _drop_family(odoo: Odoo, name: str) -> None:
    """Drop a working copy and the databases that tests made beside it: ``name_…``."""
    sql = f"SELECT datname FROM pg_database WHERE datname = '{name}' OR starts_with(datname, '{name}_')"
    for member in odoo.server.execute(sql):
        drop(odoo, member)


def _create_empty(odoo: Odoo, name: str) -> None:
    """A database as Odoo makes one: sorted by code point, with trigrams where the server has them."""
    odoo.server.execute(f"CREATE DATABASE \"{name}\" ENCODING 'unicode' LC_COLLATE 'C' TEMPLATE template0")
    with suppress(SetupError):  # the extension comes with the server's contrib package, which not everybody has
        odoo.server.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm", name)


def _create(odoo: Odoo, name: str, template: str) -> None:
    odoo.server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def exists(odoo: Odoo, name: str) -> bool:
    """Whether there is a database of this name."""
    return bool(odoo.server.execute(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))


@contextmanager
def _built(odoo: Odoo, name: str) -> Iterator[str]:
    """A database under another name that gets ``name`` when the block ends well: a template exists whole or not at all."""
    work = f"{name}_unfinished"
    drop(odoo, work)
    try:
        yield work
        store = odoo.data_dir / "filestore"
        shutil.rmtree(store / name, ignore_errors=True)
        if (store / work).is_dir():
            (store / work).rename(store / name)
        odoo.server.execute(f'ALTER DATABASE "{work}" RENAME TO "{name}"')
    except BaseException:
        drop(odoo, work)
        raise


def _forget_old(odoo: Odoo, prefix: str, keep: str) -> None:
    """Drop the oldest templates with this prefix; database ids grow with time."""
    sql = f"SELECT datname FROM pg_database WHERE datname ~ '^{prefix}[0-9a-f]{{12}}$' ORDER BY oid DESC"
    for name in odoo.server.execute(sql)[KEPT_ADDON_TEMPLATES:]:
        if name != keep:
            drop(odoo, name)


def _drop_abandoned(odoo: Odoo, folder: Path) -> None:
    """Drop the working copies of commands that were killed: nobody holds the lock of their file any more."""
    for path in folder.iterdir():
        with open(path) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            _drop_family(odoo, path.name)
            path.unlink(missing_ok=True)


def _log(odoo: Odoo, name: str) -> Path:
    folder = odoo.server.files / "logs"
    folder.mkdir(exist_ok=True)
    return folder / f"{name}.log"
