"""One deadline for a whole request, however the other side spends the time."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
import zlib

import pytest
import requests

from order_channel_mapping.connectors import connections
from order_channel_mapping.connectors.base import BadPayload, Rejected, Unavailable
from order_channel_mapping.connectors.transport import Transport
from tests.marketplaces.base import Reply

SECONDS = 0.3
#: a busy machine's share; every server here would keep a client for minutes
AT_MOST = SECONDS + 2.0
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture
def behaving():
    """Starts a server that treats each connection as the given function does, until the test ends."""
    over = threading.Event()
    listeners = []

    def start(treat):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve():
            while True:
                try:
                    connection, __ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

        def handle(connection):
            with contextlib.suppress(OSError), connection:
                treat(connection, over)

        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]

    yield start
    over.set()
    for listener in listeners:
        listener.close()


def hang(connection, over):
    connection.recv(65536)
    over.wait(30)


def drip(before: bytes, drops: bytes):
    """Answers at once with ``before``, then with a byte of ``drops`` every hundredth of a second, round and round."""

    def treat(connection, over):
        connection.recv(65536)
        connection.sendall(before)
        position = 0
        while not over.wait(0.01):
            connection.sendall(drops[position : position + 1])
            position = (position + 1) % len(drops)

    return treat


def say_nothing(connection, over):
    """Not even what TLS begins with, and nothing is read."""
    over.wait(30)


SLOW = {
    "hangs": hang,
    "drips its first line": drip(b"", b"HTTP/1.1 "),
    "drips a header": drip(HEAD, b"X-Why: because, "),
    "drips headers": drip(HEAD, b"X-A: b\r\n"),
    "drips its body": drip(HEAD + b"Content-Length: 9999\r\n\r\n", b"1"),
    "drips chunks": drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n2\r\n"),
    "drips the length of a chunk": drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "drips a body of no length": drip(HEAD + b"\r\n", b"1"),
    "drips interim answers": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("treat", SLOW.values(), ids=SLOW)
def test_a_server_that_takes_its_time(behaving, treat):
    there = Transport(f"http://127.0.0.1:{behaving(treat)}", allow_insecure=True, seconds=SECONDS)
    started = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        there.request("GET", "/")
    assert time.monotonic() - started < AT_MOST
    assert (caught.value.code, caught.value.sent) == ("timeout", True)
    assert there.calls == 1, "silence is not asked again"


def test_a_server_that_does_not_read(behaving):
    there = Transport(f"http://127.0.0.1:{behaving(say_nothing)}", allow_insecure=True, seconds=SECONDS)
    started = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        there.request("POST", "/", data=b"x" * 30_000_000)
    assert time.monotonic() - started < AT_MOST
    assert caught.value.sent


def test_a_server_that_never_begins_its_tls(behaving, monkeypatch):
    monkeypatch.setattr(connections, "all_public", lambda addresses: True)
    there = Transport(f"https://127.0.0.1:{behaving(say_nothing)}", seconds=SECONDS)
    started = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        there.request("GET", "/")
    assert time.monotonic() - started < AT_MOST
    assert (caught.value.code, there.calls) == ("timeout", 1)


def test_a_resolver_that_does_not_answer(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(connections.socket, "getaddrinfo", lambda *args, **kwargs: over.wait(30) and [])
    there = Transport("https://shop.example.com", seconds=SECONDS)
    started = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        there.request("GET", "/")
    assert time.monotonic() - started < AT_MOST
    assert (caught.value.code, caught.value.sent, there.calls) == ("timeout", False, 1)
    over.set()


def test_a_host_of_many_addresses_that_lead_nowhere(monkeypatch):
    """Each is given what is left, not the usual time for one address."""
    given = []

    def create_connection(address, timeout, *args, **kwargs):
        given.append(timeout)
        time.sleep(min(timeout, 0.2))
        raise TimeoutError

    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"23.227.38.{last}", 443)) for last in range(50)]
    monkeypatch.setattr(connections.socket, "getaddrinfo", lambda *args, **kwargs: found)
    monkeypatch.setattr("urllib3.util.connection.create_connection", create_connection)
    with pytest.raises(Unavailable) as caught:
        Transport("https://shop.example.com", seconds=SECONDS).request("GET", "/")
    assert caught.value.code == "timeout"
    assert len(given) < 5
    assert max(given) <= SECONDS


def test_attempts_share_the_deadline(scripted):
    """A server that fails slowly is not given its time three times over."""
    server = scripted(Reply(502))
    handle = server.handle
    server.handle = lambda request: (time.sleep(0.2), handle(request))[1]
    there = Transport(server.url, allow_insecure=True, seconds=SECONDS, sleep=lambda seconds: None)
    started = time.monotonic()
    with pytest.raises(Unavailable):
        there.request("GET", "/")
    assert time.monotonic() - started < AT_MOST
    assert there.calls == 1, "the pause before another attempt would have taken the rest"


def test_each_request_has_a_deadline_of_its_own_on_one_connection(scripted):
    server = scripted(Reply(200, {"a": 1}))
    there = Transport(server.url, allow_insecure=True, seconds=1.0)
    for __ in range(3):
        assert there.request("GET", "/").json() == {"a": 1}
        time.sleep(0.4)
    assert len(server._server._open) == 1


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
def test_a_packed_answer(scripted, pack):
    kind = "gzip" if pack is gzip.compress else "deflate"
    server = scripted(Reply(200, pack(b'{"a": "' + b"x" * 100_000 + b'"}'), {"Content-Encoding": kind}))
    there = Transport(server.url, allow_insecure=True)
    assert len(there.request("GET", "/").json()["a"]) == 100_000
    assert server.requests[0].headers["Accept-Encoding"] == "gzip, deflate"


def test_a_packed_answer_is_judged_by_its_size_unpacked(scripted):
    server = scripted(Reply(200, gzip.compress(b"x" * 1_000_000), {"Content-Encoding": "gzip"}))
    with pytest.raises(BadPayload) as caught:
        Transport(server.url, allow_insecure=True, max_bytes=100_000).request("GET", "/")
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "gzip,deflate"])
def test_a_packing_that_was_not_asked_for(scripted, encoding):
    server = scripted(Reply(200, b"{}", {"Content-Encoding": encoding}))
    with pytest.raises(BadPayload) as caught:
        Transport(server.url, allow_insecure=True).request("GET", "/")
    assert caught.value.code == "encoding"


def test_unpacking_counts(scripted, monkeypatch):
    server = scripted(Reply(200, gzip.compress(b"x" * 100_000), {"Content-Encoding": "gzip"}))
    there = Transport(server.url, allow_insecure=True)
    chunks = requests.Response.iter_content

    def unpack_slowly(answer, size):
        for chunk in chunks(answer, size):
            there._deadline.start(-1.0)
            yield chunk

    monkeypatch.setattr(requests.Response, "iter_content", unpack_slowly)
    with pytest.raises(Unavailable) as caught:
        there.request("GET", "/")
    assert caught.value.code == "timeout"


def test_a_name_of_no_host():
    with pytest.raises(Rejected) as caught:
        Transport(f"https://{'a' * 70}.example.com").request("GET", "/")
    assert caught.value.code == "bad_address"
