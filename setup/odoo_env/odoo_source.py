"""Finds Odoo 19 or fetches it.

In this order: ``ODOO_PATH``; an ``odoo`` that this Python can import; what an earlier run fetched; Debian's package;
Odoo's own nightly archive; Odoo's git repository.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import debian
from .console import SetupError, say
from .paths import built_atomically, digest, locked, user_cache
from .process import program, run

SERIES = "19.0"
NIGHTLY = "https://nightly.odoo.com/19.0/nightly/src/odoo_19.0.latest.tar.gz"
GIT = "https://github.com/odoo/odoo.git"


@dataclass(frozen=True)
class OdooSource:
    """``python_path`` is the folder that holds the package ``odoo``; ``addons`` are folders of addons outside of it."""

    python_path: Path
    addons: tuple[Path, ...]
    origin: str

    @property
    def key(self) -> str:
        """Names this very Odoo: another origin or release gives another key."""
        release = (self.python_path / "odoo" / "release.py").read_bytes()
        return digest(str(self.python_path), release)


def find_or_fetch() -> OdooSource:
    """The Odoo to use. Raises SetupError where there is none to be had."""
    if given := os.environ.get("ODOO_PATH"):
        source = _from_tree(Path(given).expanduser().resolve(), "ODOO_PATH")
        if not source:
            raise SetupError(
                f"ODOO_PATH is {given}, but there is no Odoo {SERIES} there: name a source tree of {SERIES}."
            )
        return source
    return _importable() or _fetched() or _fetch()


def _from_tree(tree: Path, origin: str) -> OdooSource | None:
    """Odoo in ``tree``: a source tree (odoo/, addons/) or a folder that Python imports ``odoo`` from."""
    release = tree / "odoo" / "release.py"
    if not release.is_file() or _series(release) != SERIES:
        return None
    beside = tree / "addons"
    # Debian's package and wheels hold every addon in odoo/addons; a source tree holds only `base` and tests there.
    complete = (tree / "odoo" / "addons" / "sale_management").is_dir()
    return OdooSource(tree, () if complete or not beside.is_dir() else (beside,), origin)


def _series(release: Path) -> str:
    match = re.search(r"^version_info\s*=\s*\((\d+),\s*(\d+)", release.read_text(), re.MULTILINE)
    return ".".join(match.groups()) if match else ""


def _importable() -> OdooSource | None:
    code = "import odoo.release; print(odoo.release.__file__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/")
    if done.returncode:
        return None
    package = Path(done.stdout.strip()).parent
    source = _from_tree(package.parent, "installed")
    if not source:
        say(f"The odoo in {package} is not {SERIES} or not complete; looking elsewhere.")
        return None
    if package.parent.name not in ("site-packages", "dist-packages"):
        return source
    # On Python's path that folder would bring everything else that is installed beside Odoo, over our own packages.
    folder = user_cache() / "odoo" / f"installed-{digest(str(package))}"
    if not (folder / "odoo").exists():
        with locked("odoo"), built_atomically(folder) as work:
            (work / "odoo").symlink_to(package)
    return OdooSource(folder, (), "installed")


def _fetched() -> OdooSource | None:
    for name, inside in _SOURCES:
        source = _from_tree(user_cache() / "odoo" / name / inside, name)
        if source:
            return source
    return None


def _fetch() -> OdooSource:
    with locked("odoo"):
        if source := _fetched():
            return source
        reasons = []
        for (name, inside), fetch in zip(_SOURCES, _FETCHERS, strict=True):
            target = user_cache() / "odoo" / name
            try:
                with built_atomically(target) as work:
                    fetch(work)
                    if not _from_tree(work / inside, name):
                        raise SetupError(f"what came is not Odoo {SERIES}")
            except SetupError as error:
                reasons.append(f"{name}: {error}")
                say(f"No Odoo from {name}: {error}")
                continue
            source = _from_tree(target / inside, name)
            if source:
                return source
    raise SetupError(
        f"No Odoo {SERIES} could be fetched ({'; '.join(reasons)}). Check the network, or set ODOO_PATH to a source tree."
    )


def _fetch_nightly(work: Path) -> None:
    say(f"Fetching Odoo {SERIES} from {NIGHTLY} …")
    archive = work / "odoo.tar.gz"
    try:
        with urllib.request.urlopen(NIGHTLY, timeout=60) as answer, open(archive, "wb") as file:
            while block := answer.read(1 << 20):
                file.write(block)
        with tarfile.open(archive, "r:gz") as packed:
            packed.extractall(work, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    except (urllib.error.URLError, OSError, tarfile.TarError) as error:
        raise SetupError(f"the archive could not be fetched ({getattr(error, 'reason', error)})") from error
    archive.unlink()
    folders = [path for path in work.iterdir() if (path / "odoo" / "release.py").is_file()]
    if not folders:
        raise SetupError("the archive holds no Odoo")
    folders[0].rename(work / "tree")


def _fetch_git(work: Path) -> None:
    if not program("git"):
        raise SetupError("git is not installed")
    say(f"Cloning Odoo {SERIES} from {GIT} …")
    env = dict(os.environ, GIT_TERMINAL_PROMPT="0")
    command = ["git", "clone", "--quiet", "--depth=1", "--branch", SERIES, GIT, work / "tree"]
    run(command, "git clone", env=env)


# Where each source puts the folder that holds the package `odoo`, and how it is fetched.
_SOURCES: list[tuple[str, str]] = [
    ("debian", "usr/lib/python3/dist-packages"),
    ("nightly", "tree"),
    ("git", "tree"),
]
_FETCHERS: list[Callable[[Path], None]] = [debian.unpack_odoo, _fetch_nightly, _fetch_git]
