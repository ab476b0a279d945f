"""Python packages in a virtual environment of their own, named after what it was asked to hold."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .console import SetupError, say
from .paths import REPOSITORY, built_atomically, digest, locked, user_cache
from .process import install_with_apt, run

HERE = Path(__file__).resolve().parent
RUN = (HERE / "odoo-requirements.txt", REPOSITORY / "requirements.txt", REPOSITORY / "test-requirements.txt")
LINT = (*RUN, REPOSITORY / "setup" / "lint" / "requirements.txt")


def python_with(requirements: Sequence[Path] = RUN) -> Path:
    """The interpreter of a virtual environment that holds what the requirement files list."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if sys.version_info < (3, 10):  # noqa: UP036 - the caller may have any Python
        raise SetupError(f"Python {version} is too old: Odoo 19 needs 3.10 or newer.")
    key = digest(sys.version, sys.base_prefix, *(path.read_bytes() for path in requirements))
    folder = user_cache() / "python" / f"{version}-{key}"
    python = folder / "bin" / "python"
    if _complete(folder):
        return python
    with locked("python"):
        if not _complete(folder):
            say(f"Installing Python packages ({', '.join(path.name for path in requirements)}) …")
            with built_atomically(folder) as work:
                _fill(work, folder, requirements)
    return python


def _complete(folder: Path) -> bool:
    # A newer patch release of the system's Python may have taken away what the environment's links point to.
    return (folder / "complete").is_file() and (folder / "bin" / "python").exists()


def _fill(work: Path, folder: Path, requirements: Sequence[Path]) -> None:
    base = Path(sys.executable)
    if not _venv_possible(base):
        doing = "Installing python3-venv"
        install_with_apt(["python3-venv"], "Python's module venv is missing", doing)
        if not _venv_possible(base):
            raise SetupError(f"{base} can't make a virtual environment: run this command with another Python 3.10+.")
    run([base, "-m", "venv", work], "Making a virtual environment")
    files = [word for path in requirements for word in ("-r", path)]
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-warn-script-location", "--prefer-binary"]
    run([work / "bin" / "python", "-m", "pip", "install", *options, *files], "Installing Python packages with pip")
    # Scripts name their interpreter by its path, which is about to change.
    for script in (work / "bin").iterdir():
        if script.is_file() and not script.is_symlink():
            data = script.read_bytes()
            if data.startswith(b"#!") or script.name.startswith("activate"):
                script.write_bytes(data.replace(str(work).encode(), str(folder).encode()))
    (work / "complete").touch()


def _venv_possible(base: Path) -> bool:
    code = "import venv, ensurepip"
    return subprocess.run([base, "-c", code], capture_output=True).returncode == 0
