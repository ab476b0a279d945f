"""A PostgreSQL server: the caller's own where PGHOST says so, else a private cluster that runs while commands need it.

The private cluster listens on a free loopback port with a random password and trades durability for speed: everything
in it can be made again. A command that uses it holds a shared lock; the last one to end stops the server. A kill -9
leaves it running until the next command ends.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .console import SetupError, say
from .paths import LOCAL_CACHE, digest, locked, user_cache
from .process import install_with_apt, is_root, last_words, program, run

USER = "odoo"
SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 2GB
shared_buffers = 256MB
max_connections = 200
jit = off
"""


@dataclass(frozen=True)
class Server:
    """A running server. ``env`` is what libpq, and so Odoo, reads; ``files`` holds what belongs to its databases."""

    env: dict[str, str]
    psql: Path
    files: Path

    def execute(self, sql: str, database: str = "postgres") -> list[str]:
        """Run one statement; gives back its rows, columns joined by tabs."""
        command = [self.psql, "--no-psqlrc", "-qAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql]
        output = run(command, "PostgreSQL", env={**os.environ, **self.env})
        return [line for line in output.splitlines() if line]


@contextmanager
def running() -> Iterator[Server]:
    """A server to work with until the block ends. Raises SetupError."""
    if os.environ.get("PGHOST") or os.environ.get("PGSERVICE"):
        yield _own_server()
        return
    cluster = _Cluster(_binaries())
    with open(cluster.users_file, "w") as users:
        with locked("postgres"):
            fcntl.flock(users, fcntl.LOCK_SH)
            cluster.start()
        try:
            yield Server(cluster.env(), cluster.bin / "psql", cluster.files)
        finally:
            _stop_if_last(users, cluster)


def _stop_if_last(users, cluster: _Cluster) -> None:
    with locked("postgres"):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        cluster.stop()


def _own_server() -> Server:
    psql = program("psql")
    if not psql:
        install_with_apt(["postgresql-client"], "psql is needed to talk to PGHOST", "Installing PostgreSQL's client")
        psql = program("psql")
    names = ("PGHOST", "PGPORT", "PGSERVICE", "PGUSER")
    files = user_cache() / f"server-{digest(*(os.environ.get(name, '') for name in names))}.files"
    files.mkdir(exist_ok=True)
    server = Server({}, psql, files)
    rights = "SELECT rolcreatedb OR rolsuper, current_user FROM pg_roles WHERE rolname = current_user"
    try:
        may_create, user = server.execute(rights)[0].split("\t")
    except SetupError as error:
        raise SetupError(
            f"The server that PGHOST names can't be used: {error}. Unset PGHOST for a private one."
        ) from error
    if may_create != "t":
        raise SetupError(f"The role {user} may not create databases: ALTER ROLE {user} CREATEDB, or unset PGHOST.")
    if user == "postgres":
        raise SetupError("Odoo refuses to work as the role postgres: set PGUSER to another one, or unset PGHOST.")
    return Server({"PGUSER": user}, psql, files)


def _binaries() -> Path:
    """The folder with the server's programs, the newest release first; installs PostgreSQL where that is possible."""
    found = _find_binaries()
    if not found:
        install_with_apt(["postgresql"], "PostgreSQL is needed", "Installing PostgreSQL")
        found = _find_binaries()
    if not found:
        raise SetupError("PostgreSQL's server programs (initdb, pg_ctl) are not there: install PostgreSQL 13 or newer.")
    return found


def _find_binaries() -> Path | None:
    folders = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    folders.sort(key=lambda path: int(path.parent.name), reverse=True)
    if in_path := program("pg_ctl"):
        folders.append(in_path.resolve().parent)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "psql").exists()), None)


class _Cluster:
    """One private cluster: where it lies, who runs it, how it starts and stops."""

    def __init__(self, binaries: Path):
        self.bin = binaries
        self.account = _unprivileged_account() if is_root() else None
        release = (
            run([binaries / "postgres", "--version"], "Asking PostgreSQL for its version").split()[2].split(".")[0]
        )
        place = self._reachable_folder()
        self.folder = place / f"postgres-{release}"
        self.users_file = place / f"postgres-{release}.users"
        self.files = place / f"postgres-{release}.files"
        self.files.mkdir(exist_ok=True)
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self.password_file = self.folder / "password"

    def _options(self) -> dict:
        """How its programs are run: as the unprivileged user, from a folder which that user can enter."""
        identity = {}
        if self.account:
            identity = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        return {"cwd": self.folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"}, **identity}

    def _reachable_folder(self) -> Path:
        places = [user_cache(), LOCAL_CACHE]
        LOCAL_CACHE.mkdir(exist_ok=True)
        for place in places:
            if not self.account or _can_enter(self.account, place):
                return place
        raise SetupError(
            f"PostgreSQL can't run as root, and the user {self.account.pw_name} can enter neither {places[0]} nor {places[1]}:"
            " set XDG_CACHE_HOME to a folder that every user can enter, or PGHOST to a server of your own."
        )

    def start(self) -> None:
        """Make the cluster where there is none and start it where it doesn't run."""
        if self._port():
            return
        if not (self.data / "PG_VERSION").exists():
            self._create()
        try:
            self._launch()
        except SetupError as error:
            # fsync is off: after a crash of the machine the files may be beyond repair, and nothing in them is unique.
            say(f"The private PostgreSQL does not start ({error}); making it anew …")
            self._create()
            self._launch()

    def _create(self) -> None:
        say("Making a private PostgreSQL cluster …")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        password = secrets.token_urlsafe(16)
        self.password_file.touch(mode=0o600)
        self.password_file.write_text(password)
        if self.account:
            for path in (self.folder, self.password_file):
                os.chown(path, self.account.pw_uid, self.account.pw_gid)
        command = [self.bin / "initdb", "-D", self.data, "-U", USER, "-E", "UTF8", "-A", "scram-sha-256", "--no-sync"]
        command += [f"--pwfile={self.password_file}"]
        try:
            run([*command, "--locale=C.UTF-8"], "initdb", **self._options())
        except SetupError:
            # Where the system has no C.UTF-8, letters beyond ASCII are compared with regard to case.
            run([*command, "--locale=C"], "initdb", **self._options())
        with open(self.data / "postgresql.conf", "a") as file:
            file.write(SETTINGS)

    def _launch(self) -> None:
        for _attempt in range(3):
            # Another program may take the port between this look and the start.
            command = [
                self.bin / "pg_ctl",
                "-D",
                self.data,
                "-l",
                self.log,
                "-w",
                "-t",
                "60",
                "-o",
                f"-p {free_port()}",
            ]
            done = subprocess.run(
                [*command, "start"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                **self._options(),
            )
            if not done.returncode:
                return
        words = last_words(self.log.read_text(errors="replace")) if self.log.exists() else "it wrote no log"
        raise SetupError(f"PostgreSQL did not start: {words}")

    def stop(self) -> None:
        command = [self.bin / "pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop"]
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, **self._options())

    def _port(self) -> int | None:
        """The port of the running server, or None."""
        command = [self.bin / "pg_ctl", "-D", self.data, "status"]
        if not self.data.exists() or subprocess.run(command, capture_output=True, **self._options()).returncode:
            return None
        return int((self.data / "postmaster.pid").read_text().splitlines()[3])

    def env(self) -> dict[str, str]:
        port = self._port()
        if not port:
            raise SetupError(f"The private PostgreSQL stopped by itself; its log is {self.log}.")
        password = self.password_file.read_text()
        return {"PGHOST": "127.0.0.1", "PGPORT": str(port), "PGUSER": USER, "PGPASSWORD": password}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _unprivileged_account() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SetupError("PostgreSQL can't run as root and there is no user postgres or nobody: set PGHOST to a server.")


def _can_enter(account: pwd.struct_passwd, folder: Path) -> bool:
    command = ["test", "-x", str(folder)]
    identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return subprocess.run(command, cwd="/", **identity).returncode == 0
