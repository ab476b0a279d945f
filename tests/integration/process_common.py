"""What the tests of whole processes share: a database of their own with real commits, and workers on it that can be killed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import ClassVar

import psycopg2

from tests.common import ChannelCase

REPOSITORY = Path(__file__).resolve().parents[2]
SECONDS = 120


class Worker:
    """One pass in a process, see :mod:`tests.integration.worker`."""

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


class ProcessCase(ChannelCase):
    """Workers on a database that each test can have made anew."""

    #: the program that forks the workers, and what each of them is told besides its verb
    worker = "tests.integration.worker"
    job: ClassVar[dict] = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.database = f"{cls.env.cr.dbname}_workers"
        cls.prepared = f"{cls.database}_prepared"
        cls.addClassCleanup(cls._drop, cls.database)
        cls.addClassCleanup(cls._drop, cls.prepared)
        cls._copy(os.environ["ORDER_CHANNEL_TEMPLATE"], cls.database)
        cls._serve()
        cls.run_worker("prepare")
        cls._admin(f'ALTER DATABASE "{cls.database}" RENAME TO "{cls.prepared}"')

    # === DATABASES === #

    @classmethod
    def fresh_database(cls):
        """Bring the database back to where it was after ``prepare``."""
        cls._drop(cls.database)
        cls._copy(cls.prepared, cls.database)

    @classmethod
    def _copy(cls, source, name):
        cls._admin(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')

    @classmethod
    def _drop(cls, name):
        cls._admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @staticmethod
    def _admin(statement):
        with closing(psycopg2.connect(dbname="postgres")) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)

    @classmethod
    def rows(cls, query):
        with closing(psycopg2.connect(dbname=cls.database)) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    # === PROCESSES === #

    @classmethod
    def _serve(cls):
        """Start the program that forks the workers."""
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.address = str(folder / "socket")
        cls.log = folder / "log"
        with socket.socket(socket.AF_UNIX) as listener, open(cls.log, "w") as log:
            listener.bind(cls.address)
            listener.listen()
            command = [sys.executable, "-m", cls.worker, f"--socket={listener.fileno()}"]
            command += [f"--database={cls.database}", f"--config={os.environ['ORDER_CHANNEL_CONFIG']}"]
            server = subprocess.Popen(
                command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=log, stderr=log, pass_fds=[listener.fileno()]
            )
        cls.addClassCleanup(server.wait, SECONDS)
        cls.addClassCleanup(server.stdin.close)

    @classmethod
    def start_worker(cls, verb, **how):
        """:param how: pause, stop_at, stop_name; see :mod:`tests.integration.worker`"""
        try:
            return Worker(cls.address, verb=verb, **cls.job, **how)
        except OSError as error:
            raise AssertionError(f"no worker: {error}\n{cls.log.read_text()}") from error

    @classmethod
    def run_worker(cls, verb, **how):
        cls.check_worker(cls.start_worker(verb, **how))

    @classmethod
    def check_worker(cls, worker):
        """It ends well and logs no error; of a conflict that was repeated, Odoo itself logs the query."""
        code, lines = worker.end()
        wrong = [line for line in lines if " ERROR " in line and "odoo.sql_db: bad query" not in line]
        if code != 0 or wrong:
            raise AssertionError("\n".join([f"the worker ended with {code}", *lines, cls.log.read_text()]))

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
