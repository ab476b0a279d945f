"""What the tests of whole processes share: a database of their own with real commits, and workers on it that can be killed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from itertools import count, islice
from pathlib import Path
from typing import ClassVar

import psycopg2
import pytest

from tests.common import ChannelCase

REPOSITORY = Path(__file__).resolve().parents[2]
SECONDS = 120


class Worker:
    """One piece of work in a process, see :mod:`tests.integration.worker`."""

    def __init__(self, address, **job):
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.settimeout(SECONDS)
        self.connection.connect(address)
        self.connection.sendall(json.dumps(job).encode() + b"\n")
        self.answers = self.connection.makefile()
        self.pid = int(self.answers.readline().partition("pid ")[2] or 0)

    def points(self):
        """The points that it comes to, as it comes to them."""
        return (line.partition("at ")[2].strip() for line in self.answers if line.startswith("at "))

    def end(self):
        """Wait for its end: its exit code (-9 where it was killed), and the other lines that it wrote."""
        *lines, last = self.answers.read().splitlines() or [""]
        self.answers.close()
        self.connection.close()
        word, __, code = last.partition(" ")
        return (int(code) if word == "exit" else None), lines


class WorkerServer:
    """The program that forks the workers, with the one database that they work on. It loads Odoo once for all tests."""

    def __init__(self, database):
        self.database = database
        self.folder = tempfile.TemporaryDirectory()
        self.address = str(Path(self.folder.name, "socket"))
        self.log = Path(self.folder.name, "log")
        self.process = None
        self.left = count()

    def stop(self):
        if self.process:
            self.process.stdin.close()
        self.folder.cleanup()

    def copy_from(self, source):
        """Put a copy of ``source`` in the place of the database, which is left aside.

        It goes with the command's other databases at its end: a new database on ext4 takes seconds where others were dropped
        in the last minute, because the file system looks at each inode that was freed then.
        """
        with suppress(psycopg2.errors.InvalidCatalogName):  # nothing is there
            self.put_aside(f"{self.database}_left_{next(self.left)}")
        create_database(self.database, source)
        if not self.process:
            self._start()

    def put_aside(self, name):
        # the connection of a worker that was killed lives until the server notices
        _admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.database}'")
        for attempts_left in range(50, -1, -1):
            try:
                _admin(f'ALTER DATABASE "{self.database}" RENAME TO "{name}"')
                break
            except psycopg2.errors.ObjectInUse:
                if not attempts_left:
                    raise
                time.sleep(0.1)

    def _start(self):
        with socket.socket(socket.AF_UNIX) as listener, open(self.log, "w") as log:
            listener.bind(self.address)
            listener.listen()
            command = [sys.executable, "-m", "tests.integration.worker", f"--socket={listener.fileno()}"]
            command += [f"--database={self.database}", f"--config={os.environ['ORDER_CHANNEL_CONFIG']}"]
            self.process = subprocess.Popen(
                command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=log, stderr=log, pass_fds=[listener.fileno()]
            )
        self.process.wait(SECONDS)


def create_database(name, source):
    """A copy of ``source``. Named after the tests' own database it goes with it."""
    _admin(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')


def _admin(statement):
    with closing(psycopg2.connect(dbname="postgres")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.usefixtures("worker_server")
class ProcessCase(ChannelCase):
    """Workers on a database that each test can have made anew."""

    server: ClassVar[WorkerServer]  # what the fixture of this name made
    #: where the workers' function ``work`` is, and what it is told besides its verb
    module = "worker_passes"
    job: ClassVar[dict] = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.prepared = f"{cls.server.database}_{cls.__name__.lower()}"
        cls.server.copy_from(os.environ["ORDER_CHANNEL_TEMPLATE"])
        cls.run_worker("prepare")
        cls.server.put_aside(cls.prepared)

    # === DATABASES === #

    @classmethod
    def fresh_database(cls):
        """Bring the database back to where it was after ``prepare``."""
        cls.server.copy_from(cls.prepared)

    @classmethod
    def rows(cls, query):
        with closing(psycopg2.connect(dbname=cls.server.database)) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    # === PROCESSES === #

    @classmethod
    def start_worker(cls, verb, **how):
        """:param how: pause, stop_at, stop_name; see :mod:`tests.integration.worker`"""
        try:
            return Worker(cls.server.address, module=cls.module, verb=verb, **cls.job, **how)
        except OSError as error:
            raise AssertionError(f"no worker: {error}\n{cls.server.log.read_text()}") from error

    @classmethod
    def run_worker(cls, verb, **how):
        cls.check_worker(cls.start_worker(verb, **how))

    @classmethod
    def check_worker(cls, worker):
        """It ends well and logs no error; of a conflict that was repeated, Odoo itself logs the query."""
        code, lines = worker.end()
        wrong = [line for line in lines if " ERROR " in line and "odoo.sql_db: bad query" not in line]
        if code != 0 or wrong:
            raise AssertionError("\n".join([f"the worker ended with {code}", *lines, cls.server.log.read_text()]))

    def kill_worker(self, verb, number, name=None):
        """Start a pass and kill it with ``kill -9`` at its n-th point, of those of this name if given; gives back which one
        that is."""
        worker = self.start_worker(verb, stop_at=number, stop_name=name)
        reached = list(islice((point for point in worker.points() if name in (None, point)), number))
        if len(reached) == number:
            os.kill(worker.pid, 9)
        code, lines = worker.end()
        self.assertEqual(code, -9, "\n".join([f"ended before point {number}: {reached}", *lines]))
        return reached[-1]
