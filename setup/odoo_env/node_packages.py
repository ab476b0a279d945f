"""npm packages in a folder of their own, named after what it was asked to hold."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from .console import SetupError, say
from .paths import REPOSITORY, built_atomically, digest, locked, user_cache
from .process import install_with_apt, program, run

#: the marketplaces' own clients, that tests/contract holds against the simulators
OFFICIAL_CLIENTS = REPOSITORY / "tests" / "contract" / "clients"
MANIFESTS = ("package.json", "package-lock.json")
OLDEST_NODE = 18


def packages_of(source: Path) -> Path:
    """The folder that holds ``node_modules`` with what ``source/package-lock.json`` pins. Raises SetupError."""
    version = _node_version()
    texts = [(source / name).read_bytes() for name in MANIFESTS]
    folder = user_cache() / "node" / f"{version}-{digest(*texts)}"
    if (folder / "complete").is_file():
        return folder
    with locked("node"):
        if not (folder / "complete").is_file():
            say(f"Installing npm packages ({source.relative_to(REPOSITORY)}) …")
            with built_atomically(folder) as work:
                _fill(work, source)
    return folder


def _fill(work: Path, source: Path) -> None:
    for name in MANIFESTS:
        shutil.copy(source / name, work)
    # what packages would like to run at their installation is not needed, and not wanted
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    run(["npm", "ci", *options], "Installing npm packages (npm ci)", cwd=work)
    (work / "complete").touch()


def _node_version() -> int:
    """The main version of Node, installed where there is none and that is possible. Raises SetupError."""
    names = ("node", "npm")
    if not all(map(program, names)):
        install_with_apt(["nodejs", "npm"], "Node and npm are needed for tests/contract", "Installing Node and npm")
    missing = [name for name in names if not program(name)]
    if missing:
        raise SetupError(f"Node was installed but {' and '.join(missing)} can't be found: put it in PATH.")
    said = run(["node", "--version"], "Asking Node for its version").strip()
    found = re.match(r"v(\d+)\.", said)
    if not found or int(found[1]) < OLDEST_NODE:
        raise SetupError(f"Node {said} is too old for tests/contract: please install Node {OLDEST_NODE} or newer.")
    return int(found[1])
