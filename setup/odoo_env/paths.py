"""Where things are, locks between commands that run at once, and digests that say what something was made from."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .console import SetupError, say

REPOSITORY = Path(__file__).resolve().parents[2]
ADDON = "order_channel_mapping"
LOCAL_CACHE = REPOSITORY / ".cache"

# Parts of an addon that a database does not hold: changing them needs no new installation.
_NOT_INSTALLED = {"static", "readme", "__pycache__", "tests"}


def user_cache() -> Path:
    """The folder for what several checkouts can share; the repository's own ``.cache`` where there is no home to write to."""
    try:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(base) / "order-channel-mapping"
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK | os.X_OK):
            return folder
    except (RuntimeError, OSError):
        pass
    LOCAL_CACHE.mkdir(exist_ok=True)
    return LOCAL_CACHE


@contextmanager
def locked(name: str, place: Path | None = None) -> Iterator[None]:
    """Hold the lock ``name`` against every other command that uses ``place``; says so when it has to wait.

    Without a place: against every other command of this user.
    """
    folder = (place or user_cache()) / "locks"
    folder.mkdir(exist_ok=True)
    with open(folder / f"{name}.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Waiting for another command that is preparing {name} …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def locked_or_fail(name: str, message: str) -> Iterator[None]:
    """Hold the lock ``name`` of this checkout, or raise SetupError with ``message`` where another command holds it."""
    LOCAL_CACHE.mkdir(exist_ok=True)
    with open(LOCAL_CACHE / f"{name}.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SetupError(message) from None
        yield


@contextmanager
def built_atomically(target: Path) -> Iterator[Path]:
    """A new folder beside ``target`` that takes its place when the block ends well and vanishes when it does not.

    Hold a lock around it: what a killed command left half-made is removed first.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f".{target.name}.*"):
        shutil.rmtree(left, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        work.chmod(0o755)
        yield work
        shutil.rmtree(target, ignore_errors=True)
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def digest(*parts: str | bytes) -> str:
    """A short name for what ``parts`` say, in their order."""
    state = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        state.update(len(data).to_bytes(8, "big"))
        state.update(data)
    return state.hexdigest()[:12]


def addon_folders() -> list[Path]:
    """The addons of this repository: the main one and its glue addons."""
    return sorted(path.parent for path in REPOSITORY.glob(f"{ADDON}*/__manifest__.py"))


def addon_digest() -> str:
    """Changes with every file of the addons that an installation reads."""
    parts: list[str | bytes] = []
    for folder in addon_folders():
        for path in _installed_files(folder):
            parts += [str(path.relative_to(REPOSITORY)), path.read_bytes()]
    return digest(*parts)


def _installed_files(folder: Path) -> Iterable[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not _NOT_INSTALLED.intersection(path.relative_to(folder).parts):
            yield path
