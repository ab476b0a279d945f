"""Connections that keep to one deadline, and to public addresses.

A timeout of the usual kind is for one wait on the network: a server that sends a byte a second never meets it. Here
everything that a request waits for (the resolver, connecting, TLS, sending, headers, body) is given what is left of the
request's own time, and what arrives is handed on as it arrives.

The address that was checked is the address that is connected to, see :mod:`address_guard`.

This module must not import Odoo.
"""

from __future__ import annotations

import io
import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, LocationParseError, NewConnectionError

from .address_guard import ForbiddenAddress, all_public


class Deadline:
    """When the request under way must have ended. One for a transport, which asks one thing at a time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._until = 0.0

    def start(self, seconds: float) -> None:
        self._until = self._clock() + seconds

    def remaining(self) -> float:
        """Seconds; zero or less once it has passed."""
        return self._until - self._clock()

    def left(self) -> float:
        """Seconds that the next wait may take.

        :raise TimeoutError: none
        """
        seconds = self.remaining()
        if seconds <= 0:
            raise TimeoutError("the request's time is over")
        return seconds


class _WatchedReader(io.RawIOBase):
    """The reading end of a socket: each wait is given what is left of the request's time."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: Deadline):
        self._raw, self._sock, self._deadline = raw, sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int | None:
        self._sock.settimeout(self._deadline.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        return super().close()


class _WatchedSocket:
    """A connected socket, plain or TLS, as :mod:`http.client` uses it."""

    def __init__(self, sock: socket.socket, deadline: Deadline):
        self._sock, self._deadline = sock, deadline

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def settimeout(self, value: float | None) -> None:
        """The library's own timeout is for one wait: the deadline is stricter."""

    def sendall(self, data) -> None:
        with memoryview(data).cast("B") as view:
            sent = 0
            while sent < len(view):
                self._sock.settimeout(self._deadline.left())
                sent += self._sock.send(view[sent:])

    def makefile(self, mode: str = "rb", buffering: int | None = None) -> io.BufferedReader:
        raw = self._sock.makefile("rb", buffering=0)
        return io.BufferedReader(_WatchedReader(raw, self._sock, self._deadline))


class _Connection:
    """What :class:`DeadlineAdapter` adds to the connections of urllib3."""

    deadline: Deadline
    guarded: bool

    def connect(self):
        result = super().connect()  # TLS as a whole is given what connecting was
        self.sock = _WatchedSocket(self.sock, self.deadline)
        return result

    def _new_conn(self):
        # urllib3 connects to ``_dns_host`` and names ``host`` in TLS and in the Host header; only the first is pinned
        name, timeout = self._dns_host, self.timeout
        addresses = self._addresses(name)
        try:
            for last, address in enumerate(addresses, 1 - len(addresses)):
                self._dns_host = address
                self.timeout = min(timeout, self._left())
                try:
                    return super()._new_conn()
                except Exception:
                    if not last:
                        raise
        finally:
            self._dns_host, self.timeout = name, timeout

    def _left(self) -> float:
        try:
            return self.deadline.left()
        except TimeoutError as error:
            raise ConnectTimeoutError(self, str(error)) from None

    def _addresses(self, name: str) -> list[str]:
        try:
            addresses = _resolve(name, self.port, self._left())
        except OSError as error:
            raise NewConnectionError(self, f"{name} can't be resolved: {error}") from None
        if addresses is None:
            raise ConnectTimeoutError(self, f"{name} was not resolved in time")
        if not addresses or (self.guarded and not all_public(addresses)):
            raise ForbiddenAddress(self, f"{name} is not a public address")
        return addresses


def _resolve(host: str, port: int, seconds: float) -> list[str] | None:
    """The addresses of a host in the resolver's order, None where it does not answer in time.

    The resolver has timeouts of its own and can't be interrupted: it is asked in a thread that may be left behind.

    :raise OSError: the name does not resolve
    :raise LocationParseError: it can't be a name
    """
    outcome: queue.SimpleQueue = queue.SimpleQueue()

    def look_up() -> None:
        try:
            outcome.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            outcome.put(error)

    if _is_address(host):
        look_up()
    else:
        threading.Thread(target=look_up, name="resolve", daemon=True).start()
    try:
        found = outcome.get(timeout=seconds)
    except queue.Empty:
        return None
    if isinstance(found, UnicodeError):
        raise LocationParseError(host)
    if isinstance(found, OSError):
        raise found
    return list(dict.fromkeys(info[4][0] for info in found))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class DeadlineAdapter(HTTPAdapter):
    """A requests adapter whose connections keep to a deadline.

    :param deadline: of the request under way
    :param guarded: https alone, and connect to public addresses only
    """

    def __init__(self, deadline: Deadline, *, guarded: bool):
        self._marks = {"deadline": deadline, "guarded": guarded}
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        result = super().init_poolmanager(*args, **kwargs)
        pools = {"https": self._pool(HTTPSConnectionPool, HTTPSConnection)}
        if not self._marks["guarded"]:
            pools["http"] = self._pool(HTTPConnectionPool, HTTPConnection)
        self.poolmanager.pool_classes_by_scheme = pools
        return result

    def _pool(self, pool: type, connection: type) -> type:
        """A pool class whose connections know the deadline."""
        watched = type(connection.__name__, (_Connection, connection), self._marks)
        return type(pool.__name__, (pool,), {"ConnectionCls": watched})
