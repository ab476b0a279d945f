"""Child processes that run beside a command, and end with it."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from .console import SetupError
from .paths import REPOSITORY
from .process import last_words

_PR_SET_PDEATHSIG = 1
STOP_SECONDS = 15
# What a new simulated marketplace sells and has sold.
ITEMS, ORDERS = 300, 48


class Services:
    """The processes that were started, in their order."""

    def __init__(self, env: Mapping[str, str], logs: Path):
        self.env = dict(env)
        self.logs = logs
        self._running: list[tuple[str, subprocess.Popen]] = []

    def start(self, name: str, command: Sequence[str | Path], **options) -> subprocess.Popen:
        """Start ``command`` from the repository; what it says goes to ``<logs>/<name>.log``."""
        with open(self.log(name), "wb") as log:
            settings = {"stdout": log, "stderr": log, **options}
            process = subprocess.Popen(
                [str(word) for word in command],
                cwd=REPOSITORY,
                env=self.env,
                stdin=subprocess.DEVNULL,
                # A session of its own: Ctrl-C reaches the command alone, which then stops its children in order.
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
                **settings,
            )
        self._running.append((name, process))
        return process

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def start_simulator(self, python: Path, marketplace: str, port: int, state: Path) -> str:
        """Start a marketplace of ``tests/marketplaces`` that keeps its state in a file; gives back its address."""
        command = [python, "-m", f"tests.marketplaces.{marketplace}", f"--port={port}", f"--state={state}"]
        command += [f"--items={ITEMS}", f"--orders={ORDERS}"]
        with open(self.log(marketplace), "wb") as log:
            process = self.start(marketplace, command, stdout=subprocess.PIPE, stderr=log, text=True)
        address = process.stdout.readline().strip()
        if not address.startswith("http"):
            raise SetupError(f"The simulated {marketplace} did not start: {self.words(marketplace)}")
        return address

    def wait_for_page(self, name: str, url: str, seconds: float = 120) -> None:
        """Wait until ``url`` answers with a page. Raises SetupError when the service ends or time is over."""
        process = dict(self._running)[name]
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise SetupError(f"{name} ended: {self.words(name)} (all of it: {self.log(name)})")
            with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=60) as answer:
                if answer.status == 200:
                    return
            time.sleep(0.3)
        raise SetupError(f"{name} does not answer at {url} after {seconds:.0f} s; its log is {self.log(name)}")

    def ended(self) -> str | None:
        """The name of a service that ended by itself, or None."""
        return next((name for name, process in self._running if process.poll() is not None), None)

    def words(self, name: str) -> str:
        return last_words(self.log(name).read_text(errors="replace")) or "it said nothing"

    def stop(self) -> None:
        """Stop all, the last started first; one that does not listen is killed."""
        for _name, process in reversed(self._running):
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()


@contextmanager
def services(env: Mapping[str, str], logs: Path) -> Iterator[Services]:
    """Services that are stopped when the block ends, however it ends."""
    logs.mkdir(parents=True, exist_ok=True)
    running = Services(env, logs)
    try:
        yield running
    finally:
        running.stop()


def _end_with_parent() -> None:
    """In the child: be told to stop when the command is killed and can't stop its children itself."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose_port(wanted: int | None, usual: int) -> int:
    """``wanted`` if it is free, else a SetupError; without a wish the first free one from ``usual`` on."""
    if wanted is not None:
        if not port_is_free(wanted):
            raise SetupError(f"Port {wanted} is in use. Choose another one with --port, or leave --port out.")
        return wanted
    for port in range(usual, usual + 100):
        if port_is_free(port):
            return port
    raise SetupError(f"No port from {usual} to {usual + 99} is free: name one with --port.")
