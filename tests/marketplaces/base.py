"""What all simulated marketplaces share: an HTTP server, a log of requests, and faults on demand.

Control addresses, for another process:

* ``GET  /__sim__/state`` the state as JSON, ``GET /__sim__/requests`` the log, ``DELETE /__sim__/requests`` empties it
* ``POST /__sim__/fault`` ``{"kind": "throttle", "times": 2, "match": "Orders"}`` fails the next two that match
* ``DELETE /__sim__/fault`` forgets pending faults
* ``POST /__sim__/do`` ``{"action": "…", …}`` what the marketplace's own people or buyers would do, see :meth:`do`
* ``POST /__sim__/save`` ``{"path": "…"}`` writes the state to a file

``GET /pictures/…`` serves the pictures of what the shop sells; they are in no log.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .pictures import HOME, tile

#: the faults that every simulator knows; a marketplace may add its own
FAULTS = frozenset(
    {"throttle", "http_error", "timeout", "cut", "repeat_page", "change_order", "refuse_entry", "server_fault"}
    | {"firewall", "warnings"}
)
LOG_LENGTH = 10_000


@dataclass(slots=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    raw: bytes = field(default=b"", repr=False)

    @property
    def label(self) -> str:
        """What a fault is matched with: the GraphQL operation's name, or the method and path."""
        if isinstance(self.body, dict) and isinstance(self.body.get("query"), str):
            return operation_name(self.body["query"])
        return f"{self.method} {self.path}"


@dataclass(slots=True)
class Reply:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    #: what is still to do once the state is free again, such as calling the other side back; it gives the reply
    then: Callable[[], Reply] | None = None


@dataclass(slots=True)
class Fault:
    """Something that goes wrong for the next ``times`` requests whose label contains ``match``."""

    kind: str
    times: int = 1
    match: str = ""
    options: dict[str, Any] = field(default_factory=dict)


def operation_name(document: str) -> str:
    """``Orders`` for ``query Orders($first: Int!) {…}``."""
    words = document.split("(", 1)[0].split("{", 1)[0].split()
    return words[1] if len(words) > 1 else ""


def specs_folder() -> Path:
    """Where the official specifications are, present or not."""
    default = Path(__file__).resolve().parents[2].parent / "shared" / "specs"
    return Path(os.environ.get("CHANNEL_SPECS") or default)


class Simulator:
    """One marketplace on a port of its own. A subclass implements :meth:`handle`, :meth:`dump`, :meth:`load` and
    :meth:`do`. ``crashes`` holds the tracebacks of its own bugs: it should stay empty."""

    name = "marketplace"

    def __init__(self, *, clock: Callable[[], datetime] | None = None):
        self.clock = clock or (lambda: datetime.now(timezone.utc))
        self.lock = threading.RLock()
        self.requests: deque[Request] = deque(maxlen=LOG_LENGTH)
        self.crashes: list[str] = []
        self.tamper: Callable[[Request, bytes], bytes] | None = None  # what makes of an answer another one
        self.changed = False  # whether the state may have changed since it was saved
        self._faults: list[Fault] = []
        self._server: _Server | None = None
        self._released = threading.Event()

    # -- to be implemented --------------------------------------------------------------------------------------------

    def handle(self, request: Request) -> Reply:
        raise NotImplementedError

    def dump(self) -> dict[str, Any]:
        raise NotImplementedError

    def load(self, state: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def do(self, action: str, **options: Any) -> Any:
        """Carry out one action of the marketplace's own people or buyers; takes the lock where it needs it. Unknown ones
        raise ``ValueError``."""
        raise ValueError(f"{self.name} can't {action}")

    def throttled(self, fault: Fault) -> Reply:
        return Reply(429, {"errors": "Too many requests"}, {"Retry-After": str(fault.options.get("seconds", 1))})

    def failed(self, fault: Fault) -> Reply:
        """A server that can't answer, with the ``status`` that the fault names."""
        return Reply(int(fault.options.get("status", 500)), {"errors": "Internal Server Error"})

    # -- life ---------------------------------------------------------------------------------------------------------

    def start(self, port: int = 0, host: str = "127.0.0.1") -> Simulator:
        self._released.clear()
        self._server = _Server((host, port), _Handler)
        self._server.simulator = self
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True, name=f"sim-{self.name}").start()
        return self

    def stop(self) -> None:
        self._released.set()
        if self._server:
            self._server.shutdown()
            self._server.hang_up()
            self._server.server_close()
            self._server = None

    def __enter__(self):
        return self if self._server else self.start()

    def __exit__(self, *exc_info):
        self.stop()

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host}:{port}"

    def save(self, path: str | Path) -> None:
        """Write the state to a file, whole or not at all."""
        path = Path(path)
        part = path.with_suffix(path.suffix + ".part")
        with self.lock:
            self.changed = False
            part.write_text(json.dumps(self.dump()), encoding="utf-8")
        part.replace(path)

    # -- faults -------------------------------------------------------------------------------------------------------

    def fault(self, kind: str, times: int = 1, match: str = "", **options: Any) -> None:
        if kind not in FAULTS:
            raise ValueError(f"no such fault: {kind}")
        with self.lock:
            self._faults.append(Fault(kind, times, match, options))

    def clear_faults(self) -> None:
        with self.lock:
            self._faults.clear()

    def take_fault(self, label: str, *kinds: str) -> Fault | None:
        """The first pending fault of these kinds for a request of this label; counts it down."""
        with self.lock:
            for fault in self._faults:
                if fault.times > 0 and fault.kind in kinds and fault.match in label:
                    fault.times -= 1
                    return fault
        return None

    # -- requests -----------------------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Reply | None:
        """The reply to one request, or None to leave it without one."""
        with self.lock:
            self.requests.append(request)
        label = request.label
        if self.take_fault(label, "timeout"):
            self._released.wait(30)
            return None
        fault = self.take_fault(label, "http_error")
        if fault:
            return self.failed(fault)
        fault = self.take_fault(label, "throttle")
        if fault:
            return self.throttled(fault)
        with self.lock:
            self.changed = True
            reply = self._guarded(lambda: self.handle(request))
        return self._guarded(reply.then) if reply.then else reply

    def _guarded(self, work: Callable[[], Reply]) -> Reply:
        try:
            return work()
        except Exception:
            self.crashes.append(traceback.format_exc())
            sys.stderr.write(self.crashes[-1])
            return Reply(500, {"errors": "The simulator has a bug."})

    def count(self, match: str = "") -> int:
        """How many logged requests have a label that contains ``match``."""
        return sum(match in request.label for request in list(self.requests))

    def control(self, method: str, path: str, body: Any) -> Reply:
        try:
            if (method, path) == ("POST", "/__sim__/do"):
                self.changed = True
                return Reply(body={"result": self.do(**body)})
        except (KeyError, TypeError, ValueError, OSError) as error:
            return Reply(400, {"error": str(error)})
        with self.lock:
            if (method, path) == ("GET", "/__sim__/state"):
                return Reply(body=self.dump())
            if (method, path) == ("GET", "/__sim__/requests"):
                return Reply(body=[{"label": item.label, "body": item.body} for item in self.requests])
            if (method, path) == ("DELETE", "/__sim__/requests"):
                self.requests.clear()
                return Reply(body={})
            if (method, path) == ("DELETE", "/__sim__/fault"):
                self.clear_faults()
                return Reply(body={})
            try:
                if (method, path) == ("POST", "/__sim__/fault"):
                    self.fault(**body)
                    return Reply(body={})
                if (method, path) == ("POST", "/__sim__/save"):
                    self.save(body["path"])
                    return Reply(body={})
            except (KeyError, TypeError, ValueError, OSError) as error:
                return Reply(400, {"error": str(error)})
        return Reply(404, {"error": "no such control address"})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    simulator: Simulator

    def __init__(self, *args):
        super().__init__(*args)
        self._open: set[socket.socket] = set()

    def process_request(self, request, client_address):
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Close what clients keep open, as a server that is gone would."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address):
        """A client that hangs up is part of the game; anything else is a bug to be seen."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = None
        simulator = self.server.simulator
        path = urlsplit(self.path).path
        if path.startswith("/__sim__/"):
            self._send(simulator.control(self.command, path, body if body is not None else {}), simulator, cut=False)
            return
        if self.command == "GET" and path.startswith("/pictures/"):
            self._send(Reply(body=tile(path), headers={"Content-Type": "image/png"}), simulator, cut=False)
            return
        request = Request(self.command, self.path, dict(self.headers), body, raw)
        reply = simulator.answer(request)
        if reply is None:
            self._hang_up()
        else:
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            for here, there in ((HOME, simulator.url), (_as_php(HOME), _as_php(simulator.url))):
                body = body.replace(here.encode(), there.encode())
            if simulator.tamper and reply.status == 200:
                body = simulator.tamper(request, body)
            reply = replace(reply, body=body)
            self._send(reply, simulator, cut=simulator.take_fault(request.label, "cut") is not None)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _serve

    def _send(self, reply: Reply, simulator: Simulator, cut: bool) -> None:
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response_only(reply.status)
        headers = {"Content-Type": "application/json", "Date": _http_date(simulator.clock()), **reply.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self._hang_up()

    def _hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format, *args):
        """Quiet: the simulator keeps a log of its own."""


def _as_php(url: str) -> str:
    """An address as PHP writes it in JSON."""
    return url.replace("/", "\\/")


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(timezone.utc), usegmt=True)


def serve(simulator: Simulator, port: int, save_to: str | None = None) -> None:
    """Run as a command: says where, runs until interrupted, keeps its state if asked to."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_args: stop.set())
    with simulator.start(port):
        sys.stdout.write(f"{simulator.url}\n")
        sys.stdout.flush()
        while not stop.is_set():
            if not stop.wait(1) and save_to and simulator.changed:
                simulator.save(save_to)
        if save_to:
            simulator.save(save_to)
