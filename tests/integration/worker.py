"""Work in processes of its own, for tests that kill them or want two at once: ``python -m tests.integration.worker …``.

Odoo is loaded once. For each connection to the socket that it is given, the program forks a worker that does what the
first line says, ``{"module": "worker_passes", "verb": "items", "pause": 0.1, "stop_at": 3}``, with the function ``work`` of
that module beside this one, and answers with lines: ``pid 17``, ``at <point>`` at each point where a process may die, what
was logged, ``exit <code>``. It ends when its standard input does.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from importlib import import_module
from itertools import count

import odoo
from odoo.modules.registry import Registry

#: a worker that stopped to be killed, and was not, ends by itself after so many seconds
KILL_SECONDS = 60


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--socket", required=True, type=int, help="file descriptor of a listening socket")
    options = parser.parse_args()
    if os.fork():
        os._exit(0)  # at the end of each test class Odoo ends all children of the tests' process: this one outlives it
    odoo.tools.config.parse_config(["-c", options.config, "-d", options.database], setup_logging=True)
    registry = Registry(options.database)
    from tests import fakes  # noqa: F401 - loaded here, once for all workers

    # no worker may share a connection, and the tests replace the database between two of them
    odoo.sql_db.close_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(fileno=options.socket) as listener:
        while sys.stdin not in (ready := select.select([sys.stdin, listener], [], [])[0]):
            if ready:
                connection = listener.accept()[0]
                if not os.fork():
                    listener.close()
                    _watch(registry, connection)
                connection.close()


def _watch(registry, connection):
    """Start a worker for this connection, wait for its end and say how it ended; does not return."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    job = json.loads(connection.makefile().readline())
    work = import_module(f"tests.integration.{job.pop('module')}").work
    os.dup2(connection.fileno(), sys.stdout.fileno())
    os.dup2(connection.fileno(), sys.stderr.fileno())
    pid = os.fork()
    if not pid:
        code = 1
        try:
            say("pid", os.getpid())
            work(registry, **job)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    say("exit", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os._exit(0)


class Points:
    """Where a process may die. It waits ``pause`` seconds at each point and, to be killed there, for long at the n-th one,
    of those called ``stop_name`` if given."""

    def __init__(self, pause=0.0, stop_at=0, stop_name=None):
        self.pause, self.stop_at, self.stop_name = pause, stop_at, stop_name
        self.reached = count(1)

    def __call__(self, name):
        say("at", name)
        stop = self.stop_name in (None, name) and next(self.reached) == self.stop_at
        time.sleep(KILL_SECONDS if stop else self.pause)


def say(*words):
    """A line that the test reads as it comes."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
