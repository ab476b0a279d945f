"""Running other programs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .console import SetupError, say

Command = Sequence[str | Path]


def run(
    command: Command, doing: str, *, env: Mapping[str, str] | None = None, log: Path | None = None, **options
) -> str:
    """Run ``command`` to its end and give back its standard output; a failure is one line that names ``doing``.

    With ``log`` all output goes to that file instead, and a failure names the file.
    """
    words = [str(word) for word in command]
    try:
        if log:
            with open(log, "wb") as file:
                done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=env, **options)
        else:
            done = subprocess.run(
                words, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", env=env, **options
            )
    except FileNotFoundError as error:
        raise SetupError(f"{doing} failed: {error.filename} is not there") from error
    if done.returncode:
        output = log.read_text(errors="replace") if log else done.stderr or done.stdout
        place = f" (all of it: {log})" if log else ""
        raise SetupError(f"{doing} failed: {last_words(output) or f'exit code {done.returncode}'}{place}")
    return done.stdout if not log else ""


def last_words(output: str) -> str:
    """The line that most likely says what went wrong: the last that names an error, else that speaks of one, else the last."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"(E|error|fatal|[\w.]*(Error|Exception|Violation|Warning)): \S", line)]
    spoken = [line for line in lines if "error" in line.lower()]
    return (named or spoken or lines or [""])[-1][:300]


def program(name: str) -> Path | None:
    """The path of a program, or None."""
    found = shutil.which(name)
    return Path(found) if found else None


def is_root() -> bool:
    return os.geteuid() == 0


def install_with_apt(packages: Sequence[str], why: str, doing: str) -> None:
    """Install Debian packages where the caller may, else say in one line which are missing.

    ``why`` completes "… is needed"; ``doing`` is what is said while it works.
    """
    names = " ".join(packages)
    if not program("apt-get"):
        raise SetupError(f"{why}: please install it (Debian's packages are called: {names}).")
    if not is_root():
        raise SetupError(f"{why}: please install it, for example with: sudo apt-get install {names}")
    say(f"{doing} …")
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    waiting = ["-o", "DPkg::Lock::Timeout=600"]
    run(["apt-get", *waiting, "-qq", "update"], "Reading the list of Debian packages (apt-get update)", env=env)
    install = ["apt-get", *waiting, "-qq", "install", "--yes", "--no-install-recommends", *packages]
    run(install, f"Installing {names} with apt-get", env=env)
