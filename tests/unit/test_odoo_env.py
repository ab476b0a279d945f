"""The parts of ``setup/`` that decide something: what to run, where things come from, what is built when."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from commands import bench, test
from odoo_env import bytecode, console, debian, node_packages, odoo_source, paths, process, services

SETUP = Path(__file__).resolve().parents[2] / "setup"


def _is_over(pid: str) -> bool:
    """Whether this process ends within five seconds."""
    state = Path(f"/proc/{int(pid)}/stat")
    for _ in range(50):
        if not state.exists() or state.read_text().split()[2] == "Z":
            return True
        time.sleep(0.1)
    return False


class TestSelection:
    def test_everything_without_a_path(self):
        chosen = test.select(["-k", "stock"])
        assert chosen.pure == list(test.PURE)
        assert chosen.odoo == list(test.ODOO)
        assert chosen.options == ["-k", "stock"]
        assert chosen.browser

    def test_a_pure_path_needs_no_odoo(self):
        chosen = test.select(["tests/unit", "-x"])
        assert (chosen.pure, chosen.odoo, chosen.options) == (["tests/unit"], [], ["-x"])

    def test_one_test_of_one_file(self):
        name = "tests/integration/test_setup.py::TestTestClasses::test_every_class_is_tagged"
        chosen = test.select([name])
        assert (chosen.pure, chosen.odoo) == ([], [name])
        assert not chosen.browser

    def test_the_value_of_an_option_is_no_path(self, monkeypatch):
        monkeypatch.chdir(paths.REPOSITORY)
        chosen = test.select(["-k", "tests", "tests/unit"])
        assert (chosen.pure, chosen.options) == (["tests/unit"], ["-k", "tests"])

    @pytest.mark.parametrize(
        ("path", "needed"),
        [
            ("tests/contract", True),
            ("tests/contract/test_official_clients.py::test_x", True),
            ("tests/unit", False),
            ("tests/contract/test_worlds.py", False),
        ],
    )
    def test_official_clients_are_fetched_only_for_their_tests(self, path, needed):
        assert test.Selection(pure=[path]).clients is needed

    def test_paths_as_seen_from_where_the_caller_is(self, monkeypatch):
        monkeypatch.chdir(paths.REPOSITORY / "tests")
        assert test.select(["unit"]).pure == ["tests/unit"]

    @pytest.mark.parametrize(
        ("words", "workers"),
        [
            ("", 2),
            ("tests/integration", 2),
            ("tests/integration/test_items.py tests/integration/test_orders.py", 2),
            ("--durations=5 -x", 2),
            ("tests/integration/test_items.py", 1),
            (
                "tests/integration/test_items.py::TestItems::test_a tests/integration/test_items.py::TestItems::test_b",
                1,
            ),
            ("-k stock", 1),
            ("--pdb", 1),
            ("-n 3", 3),
            ("-n 0", 1),
            ("-n 2 tests/integration/test_items.py", 2),
        ],
    )
    def test_several_workers_where_it_pays(self, monkeypatch, words, workers):
        monkeypatch.setattr(test.os, "sched_getaffinity", lambda pid: {0, 1})
        chosen = test.select(words.split())
        assert chosen.workers(chosen.odoo) == workers

    def test_one_more_where_they_wait_for_each_other(self, monkeypatch):
        monkeypatch.setattr(test.os, "sched_getaffinity", lambda pid: {0, 1})
        chosen = test.select([])
        assert chosen.workers(chosen.pure, waiting=1) == 3
        assert test.select(["-n", "2"]).workers(chosen.pure, waiting=1) == 2

    @pytest.mark.parametrize("words", [["-n"], ["-n", "auto"]])
    def test_the_number_of_workers_is_a_number(self, words):
        with pytest.raises(console.SetupError, match="-n takes the number"):
            test.select(words).workers(test.ODOO)

    def test_a_path_without_tests_is_refused(self):
        with pytest.raises(console.SetupError, match="holds no tests"):
            test.select(["setup"])


class TestOutcome:
    """What ``setup/test`` makes of a session of pytest."""

    @pytest.fixture
    def run(self, tmp_path):
        def run(code, counts=None):
            """A stand-in for pytest that writes these counts and ends with this code."""
            write = f"open(os.environ['ORDER_CHANNEL_TEST_COUNTS'], 'w').write({counts!r})" if counts else ""
            script = tmp_path / "python"
            script.write_text(f"#!{sys.executable}\nimport os, sys\n{write}\nsys.exit({code})\n")
            script.chmod(0o755)
            totals = {"passed": 1, "failed": 0, "skipped": 0}
            return test._pytest(script, [], {}, tmp_path, totals), totals

        return run

    def test_counts_of_two_sessions_add_up(self, run):
        assert run(0, '{"passed": 2, "failed": 0, "skipped": 1}') == (0, {"passed": 3, "failed": 0, "skipped": 1})

    def test_workers_that_stopped_at_a_failure_failed(self, run):
        assert run(2, '{"passed": 2, "failed": 1, "skipped": 0}') == (1, {"passed": 3, "failed": 1, "skipped": 0})

    def test_an_interruption_is_none(self, run):
        assert run(2, '{"passed": 2, "failed": 0, "skipped": 0}')[0] == 2

    def test_an_interruption_ends_every_worker(self, monkeypatch):
        """Even one that does not listen."""
        program = (
            "import os, signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); os.fork()\n"
            "os.write(1, b'%d\\n' % os.getpid()); time.sleep(60)"
        )
        command = [sys.executable, "-c", program]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
            pids = [process.stdout.readline() for _ in range(2)]
            monkeypatch.setattr(test, "STOP_SECONDS", 0.2)
            test._stop(process, shared=True)
            assert all(_is_over(pid) for pid in pids)

    def test_a_session_that_died_is_told(self, run, capsys):
        assert run(3) == (3, {"passed": 1, "failed": 0, "skipped": 0})
        assert "ended with 3 before it ran a test" in capsys.readouterr().err


class TestFigures:
    def test_a_missed_bar_shows(self):
        figure = {"name": "queries", "value": 3.0, "unit": "", "bar": 2.0, "smaller_is_better": True, "ok": False}
        assert "MISSED" in bench.table([figure])
        assert "MISSED" not in bench.table([{**figure, "value": 1.0, "ok": True}])


class TestNodePackages:
    @pytest.fixture(autouse=True)
    def private_cache(self, tmp_path, monkeypatch):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        self.said = {"node": "v20.1.0"}
        self.runs = []
        monkeypatch.setattr(node_packages, "run", self.run)
        monkeypatch.setattr(node_packages, "program", lambda name: Path(name) if name in ("node", "npm") else None)

    def run(self, command, doing, **options):
        self.runs.append(command[:2])
        return self.said.get(command[0], "")

    def test_installed_once_for_each_lock(self):
        first = node_packages.packages_of(node_packages.OFFICIAL_CLIENTS)
        assert node_packages.packages_of(node_packages.OFFICIAL_CLIENTS) == first
        assert self.runs.count(["npm", "ci"]) == 1
        assert (first / "package-lock.json").read_bytes() == (
            node_packages.OFFICIAL_CLIENTS / "package-lock.json"
        ).read_bytes()

    def test_an_old_node_is_told_in_one_line(self):
        self.said["node"] = "v16.20.2"
        with pytest.raises(console.SetupError, match=r"Node v16\.20\.2 is too old"):
            node_packages.packages_of(node_packages.OFFICIAL_CLIENTS)

    def test_without_node_and_apt_it_says_what_to_install(self, monkeypatch):
        monkeypatch.setattr(node_packages, "program", lambda name: None)
        monkeypatch.setattr(process, "program", lambda name: None)
        with pytest.raises(console.SetupError, match=r"Node and npm are needed .*: please install it"):
            node_packages.packages_of(node_packages.OFFICIAL_CLIENTS)


class TestDebian:
    @pytest.mark.parametrize(
        ("name", "text", "mirror"),
        [
            ("debian.sources", "Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie\n", "mirror.example"),
            ("debian.list", "deb [arch=amd64] https://mirror.example/debian/ bookworm main\n", "mirror.example"),
            ("other.list", "deb https://packages.example/apt stable main\n", "deb.debian.org"),
            ("security.list", "deb http://mirror.example/debian-security bookworm main\n", "deb.debian.org"),
            ("disabled.list.save", "deb http://mirror.example/debian bookworm main\n", "deb.debian.org"),
        ],
    )
    def test_the_mirror_is_the_machines_own(self, tmp_path, name, text, mirror):
        (tmp_path / "sources.list.d").mkdir()
        (tmp_path / "sources.list.d" / name).write_text(text)
        assert debian.machine_mirror(tmp_path).split("/")[2:] == [mirror, "debian"]

    def test_another_system_is_told_in_one_line(self, tmp_path, monkeypatch):
        monkeypatch.setattr(debian, "program", lambda name: None)
        with pytest.raises(console.SetupError, match="no Debian"):
            debian.unpack_odoo(tmp_path)


def odoo_tree(folder: Path, version: str = "19, 0", complete: bool = False) -> Path:
    """The least that passes for a source tree of Odoo."""
    (folder / "odoo" / "addons").mkdir(parents=True)
    (folder / "addons").mkdir()
    (folder / "odoo" / "release.py").write_text(f"version_info = ({version}, 0, FINAL, 0, '')\n")
    if complete:
        (folder / "odoo" / "addons" / "sale_management").mkdir()
    return folder


class TestOdooSource:
    @pytest.fixture(autouse=True)
    def private_cache(self, tmp_path, monkeypatch):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.delenv("ODOO_PATH", raising=False)
        monkeypatch.setattr(odoo_source, "_importable", lambda: None)

    def test_odoo_path_comes_first(self, tmp_path, monkeypatch):
        tree = odoo_tree(tmp_path / "tree")
        monkeypatch.setenv("ODOO_PATH", str(tree))
        source = odoo_source.find_or_fetch()
        assert (source.python_path, source.addons) == (tree, (tree / "addons",))

    def test_a_complete_package_needs_no_further_addons(self, tmp_path, monkeypatch):
        monkeypatch.setenv("ODOO_PATH", str(odoo_tree(tmp_path / "tree", complete=True)))
        assert odoo_source.find_or_fetch().addons == ()

    @pytest.mark.parametrize("version", ["18, 0", "'saas~19', 1"])
    def test_another_release_is_refused(self, tmp_path, monkeypatch, version):
        monkeypatch.setenv("ODOO_PATH", str(odoo_tree(tmp_path / "tree", version)))
        with pytest.raises(console.SetupError, match=r"no Odoo 19\.0"):
            odoo_source.find_or_fetch()

    def test_another_release_is_another_key(self, tmp_path):
        old = odoo_source._from_tree(odoo_tree(tmp_path / "tree"), "a")
        key = old.key
        (tmp_path / "tree" / "odoo" / "release.py").write_text("version_info = (19, 0, 1, FINAL, 0, '')\n")
        assert old.key != key

    @pytest.fixture
    def nightly(self, tmp_path, monkeypatch):
        """A server with the nightly archive; Debian and git have none."""

        def refuse(folder):
            raise console.SetupError("not here")

        monkeypatch.setattr(odoo_source, "_FETCHERS", [refuse, odoo_source._fetch_nightly, refuse])
        handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
        monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *args: None)
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            monkeypatch.setattr(odoo_source, "NIGHTLY", f"http://127.0.0.1:{server.server_port}/odoo.tar.gz")
            yield tmp_path / "odoo.tar.gz"
            server.shutdown()

    def test_the_archive_is_next_after_debian(self, nightly, tmp_path, capsys):
        odoo_tree(tmp_path / "odoo-19.0.post1")
        with tarfile.open(nightly, "w:gz") as archive:
            archive.add(tmp_path / "odoo-19.0.post1", "odoo-19.0.post1")
        source = odoo_source.find_or_fetch()
        assert source.origin == "nightly"
        assert (source.python_path / "odoo" / "release.py").is_file()
        assert "No Odoo from debian: not here" in capsys.readouterr().err
        nightly.unlink()
        assert odoo_source.find_or_fetch() == source, "the second time nothing is fetched"

    @pytest.mark.parametrize("content", [None, b"not an archive"])
    def test_no_source_is_one_line(self, nightly, content):
        if content:
            nightly.write_bytes(content)
        with pytest.raises(console.SetupError, match="ODOO_PATH") as failure:
            odoo_source.find_or_fetch()
        assert "\n" not in str(failure.value)
        left = list((paths.user_cache() / "odoo").iterdir())
        assert left == [], "nothing half-made is left"


class TestPaths:
    def test_a_folder_is_built_whole_or_not_at_all(self, tmp_path):
        target = tmp_path / "thing"
        target.mkdir()
        (target / "old").touch()
        with pytest.raises(ZeroDivisionError), paths.built_atomically(target) as work:
            (work / "new").touch()
            raise ZeroDivisionError
        assert [path.name for path in target.iterdir()] == ["old"]
        (tmp_path / ".thing.left-by-a-kill").mkdir()
        with paths.built_atomically(target) as work:
            (work / "new").touch()
        assert [path.name for path in target.iterdir()] == ["new"]
        assert [path.name for path in tmp_path.iterdir()] == ["thing"]

    def test_the_addon_digest_follows_what_is_installed(self, tmp_path, monkeypatch):
        addon = tmp_path / paths.ADDON
        for name in ("models", "static/src"):
            (addon / name).mkdir(parents=True)
        (addon / "__manifest__.py").write_text("{}")
        (addon / "models" / "a.py").write_text("1")
        monkeypatch.setattr(paths, "REPOSITORY", tmp_path)
        before = paths.addon_digest()
        (addon / "static" / "src" / "a.js").write_text("1")
        assert paths.addon_digest() == before
        (addon / "models" / "a.py").write_text("2")
        assert paths.addon_digest() != before

    def test_parts_of_a_digest_do_not_run_together(self):
        assert paths.digest("ab", "c") != paths.digest("a", "bc")

    def test_a_second_demo_is_told(self, tmp_path, monkeypatch):
        monkeypatch.setattr(paths, "LOCAL_CACHE", tmp_path)
        with paths.locked_or_fail("demo", "runs"), pytest.raises(console.SetupError, match="runs"):
            paths.locked_or_fail("demo", "runs").__enter__()


class TestCommands:
    @pytest.mark.parametrize(
        ("output", "words"),
        [
            (
                "Traceback:\nodoo.ParseError: in x.xml:3\nView error context:\n{}",
                "odoo.ParseError: in x.xml:3",
            ),
            ("W: a warning\nE: Unable to locate package x\nbye", "E: Unable to locate package x"),
            ("one\ntwo\n", "two"),
            ("", ""),
        ],
    )
    def test_the_telling_line_of_an_output(self, output, words):
        assert process.last_words(output) == words

    def test_a_failure_names_what_was_done(self):
        with pytest.raises(console.SetupError, match="Counting failed: ValueError: no number"):
            process.run([sys.executable, "-c", "raise ValueError('no number')"], "Counting")

    def test_a_missing_program_is_one_line(self):
        with pytest.raises(console.SetupError, match="Counting failed: a-program-that-nobody-has is not there"):
            process.run(["a-program-that-nobody-has"], "Counting")

    def test_a_port_that_was_asked_for_and_is_taken(self):
        with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
            with pytest.raises(console.SetupError, match="--port"):
                services.choose_port(server.server_port, 8069)
            assert services.choose_port(None, server.server_port) > server.server_port

    def test_a_service_ends_with_the_command_that_started_it(self, tmp_path):
        """Even where the command is killed and can't stop it."""
        program = (
            f"import os, sys; sys.path.insert(0, {str(SETUP)!r})\n"
            "from pathlib import Path\n"
            "from odoo_env.services import Services\n"
            f"running = Services(os.environ, Path({str(tmp_path)!r}))\n"
            "print(running.start('sleeper', ['sleep', '60']).pid, flush=True)\n"
            "os.kill(os.getpid(), 9)\n"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert _is_over(done.stdout)


class TestBytecode:
    @pytest.fixture
    def cache(self, tmp_path, monkeypatch):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        monkeypatch.setenv(bytecode.NEVER, "1")
        monkeypatch.delenv(bytecode.FOLDER, raising=False)
        return tmp_path / "order-channel-mapping" / "bytecode"

    def test_what_is_started_keeps_it_in_the_cache_and_only_there(self, cache, tmp_path):
        bytecode.keep()
        (tmp_path / "module.py").write_text("")
        subprocess.run([sys.executable, "-c", "import module"], cwd=tmp_path, check=True)
        assert [path.parent for path in cache.rglob("module.*.pyc")] == [cache / tmp_path.relative_to("/")]
        assert not (tmp_path / "__pycache__").exists()

    def test_what_is_gone_is_forgotten(self, cache, tmp_path):
        (tmp_path / "here").mkdir()
        for name in ("here", "gone"):
            (cache / tmp_path.relative_to("/") / name).mkdir(parents=True)
        bytecode.keep()
        assert [path.name for path in (cache / tmp_path.relative_to("/")).iterdir()] == ["here"]

    def test_a_folder_that_the_caller_chose_stays_the_one(self, cache, monkeypatch):
        monkeypatch.setenv(bytecode.FOLDER, "/elsewhere")
        bytecode.keep()
        assert os.environ[bytecode.FOLDER] == "/elsewhere"
        assert not cache.exists()
