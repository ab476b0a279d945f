"""Compiled Python of everything that the commands start, in the user's cache.

Odoo is a thousand modules: compiling them takes as long as loading them. Left to itself, Python writes what it compiled beside
the sources, which may be anybody's, or nowhere, where the caller's environment says so.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from .paths import user_cache

FOLDER = "PYTHONPYCACHEPREFIX"
NEVER = "PYTHONDONTWRITEBYTECODE"


def keep() -> None:
    """Let every Python that is started from here on keep its bytecode; a folder that the caller chose stays the one."""
    os.environ.pop(NEVER, None)
    if not os.environ.get(FOLDER):
        folder = user_cache() / "bytecode"
        _forget_what_is_gone(folder)
        os.environ[FOLDER] = str(folder)


def _forget_what_is_gone(folder: Path) -> None:
    """Remove the bytecode of folders that are no longer there, such as checkouts: it is kept under their full paths."""
    for place, names, _files in os.walk(folder):
        for name in list(names):
            kept = Path(place, name)
            if not os.path.exists(Path("/") / kept.relative_to(folder)):
                shutil.rmtree(kept, ignore_errors=True)
                names.remove(name)
