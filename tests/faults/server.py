"""A marketplace that takes its time: ``python -m tests.faults.server --behave=drip``; its first line is its address.

* ``hang`` takes requests and says nothing
* ``drip`` sends a byte of a header a second
* ``slow`` hands each request on to a good one, and its answer back after a while
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

#: an honest answer after this time is still within a request's deadline
SLOW_SECONDS = 17.0
LONG_SECONDS = 600


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    behave: str
    behind: str

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with contextlib.suppress(OSError):
            getattr(self, f"_{self.behave}")(body)

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def _hang(self, body: bytes) -> None:
        time.sleep(LONG_SECONDS)

    def _drip(self, body: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Why: ")
        for _second in range(LONG_SECONDS):
            self.wfile.write(b"x")
            time.sleep(1)

    def _slow(self, body: bytes) -> None:
        time.sleep(SLOW_SECONDS)
        there = urlsplit(self.behind)
        with contextlib.closing(HTTPConnection(there.hostname, there.port, timeout=60)) as connection:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "accept-encoding"}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format, *args):
        """Quiet."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.server", description=__doc__.split("\n")[0])
    parser.add_argument("--behave", choices=("hang", "drip", "slow"), required=True)
    parser.add_argument("--behind", default="", help="the good marketplace's address")
    options = parser.parse_args()
    handler = type("Handler", (_Handler,), {"behave": options.behave, "behind": options.behind})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
