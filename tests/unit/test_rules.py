"""The rules of ``tests/conftest.py``, tried on small sessions of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import test

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"


@pytest.fixture
def session(pytester, monkeypatch):
    """Runs a test file under the rules; gives back the counts that the run wrote, and its result."""
    pytester.makeconftest(CONFTEST.read_text())
    counts = pytester.path / "counts.json"
    monkeypatch.setenv("ORDER_CHANNEL_TEST_COUNTS", str(counts))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # each session is a process or three that would load them

    def run(source, *options):
        pytester.makepyfile(source)
        result = pytester.runpytest_subprocess(*options, "-p", "no:cacheprovider")
        return json.loads(counts.read_text()), result

    return run


def test_a_skip_without_an_accepted_reason_fails(session):
    counts, result = session("""
        import pytest

        @pytest.mark.skip(reason="later")
        def test_marked(): ...

        def test_called():
            pytest.skip("official specs not present")
    """)
    assert counts == {"passed": 0, "failed": 1, "skipped": 1}
    result.stdout.fnmatch_lines(["*skipped without an accepted reason: later*"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_module_that_is_skipped_whole_fails(session):
    counts, result = session("""
        import pytest

        pytest.importorskip("a_library_that_nobody_has")

        def test_never_seen(): ...
    """)
    assert counts == {"passed": 0, "failed": 1, "skipped": 0}
    assert result.ret != pytest.ExitCode.OK


def test_an_error_in_the_log_fails_the_test_that_made_it(session):
    counts, result = session("""
        import logging
        import unittest

        class TestLog(unittest.TestCase):
            def test_error(self):
                logging.getLogger("some.part").error("it broke")

            def test_expected(self):
                with self.assertLogs("some.part", "ERROR"):
                    logging.getLogger("some.part").error("it broke")

            def test_warning(self):
                logging.getLogger("some.part").warning("take care")
    """)
    assert counts == {"passed": 2, "failed": 1, "skipped": 0}
    result.stdout.fnmatch_lines(["*TestLog.test_error*", "*ERROR some.part: it broke*"])


def test_an_error_while_the_class_is_set_up_or_torn_down_fails(session):
    counts, _result = session("""
        import logging
        import unittest

        class TestSetUp(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                logging.error("in set-up")

            def test_it(self): ...

        class TestTearDown(unittest.TestCase):
            def test_it(self): ...

            @classmethod
            def tearDownClass(cls):
                logging.error("in tear-down")
    """)
    assert counts == {"passed": 0, "failed": 2, "skipped": 0}


def test_a_broken_file_counts_as_failed(session):
    counts, result = session("import a_library_that_nobody_has")
    assert counts == {"passed": 0, "failed": 1, "skipped": 0}
    assert result.ret == pytest.ExitCode.INTERRUPTED


SHARED = ["-p", "xdist.plugin", *test._dealing(2)]


def test_workers_keep_the_rules_and_their_counts_add_up(session):
    counts, result = session(
        """
        import logging
        import pytest

        class TestOne:
            def test_good(self): ...

            def test_skipped(self):
                pytest.skip("later")

        class TestTwo:
            def test_good(self): ...

            def test_with_specs(self):
                pytest.skip("official specs not present")

        class TestThree:
            def test_error(self):
                logging.getLogger("some.part").error("it broke")
        """,
        *SHARED,
    )
    assert counts == {"passed": 2, "failed": 2, "skipped": 1}
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*skipped without an accepted reason: later*", "*ERROR some.part: it broke*"])


def test_a_worker_that_dies_is_a_failure(session):
    counts, result = session(
        """
        import os

        class TestOne:
            def test_good(self): ...

        class TestTwo:
            def test_killed(self):
                os.kill(os.getpid(), 9)
        """,
        *SHARED,
    )
    assert counts == {"passed": 1, "failed": 1, "skipped": 0}
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*crashed while running*TestTwo::test_killed*"])


def test_a_test_of_which_nothing_was_heard_is_a_failure(session, pytester):
    """Whatever becomes of the reports on their way: what was collected has an outcome."""
    pytester.makepyfile(
        deaf="""
        import pytest

        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_runtest_protocol(item):
            if item.name == "test_unheard":
                item.ihook.pytest_runtest_logreport = lambda report: None
            return (yield)
        """
    )
    counts, result = session("def test_heard(): ...\ndef test_unheard(): ...", "-p", "deaf")
    assert counts == {"passed": 1, "failed": 1, "skipped": 0}
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["1 tests were collected, and nothing was heard of how they ended"])


def test_each_worker_has_a_database_of_its_own(session, pytester, monkeypatch):
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")  # it is the order in which plugins are loaded that matters
    pytester.makepyfile(
        pytest_odoo="""
        import os

        def pytest_addoption(parser):
            parser.addoption("--odoo-database")

        def pytest_cmdline_main(config):
            # as pytest-odoo does, which copies the database where it finds the name of a worker
            name = config.option.odoo_database + os.environ.get("PYTEST_XDIST_WORKER", "")
            (config.rootpath / f"used-{name}").touch()
        """
    )
    (pytester.mkpydir("tests") / "in_odoo.py").touch()
    counts, _result = session(
        "class TestOne:\n def test_it(self): ...\nclass TestTwo:\n def test_it(self): ...",
        "--odoo-database=copy",
        *test._dealing(2),
    )
    assert counts == {"passed": 2, "failed": 0, "skipped": 0}
    used = {path.name for path in pytester.path.glob("used-*")}
    assert used == {"used-copy", "used-copy_gw0", "used-copy_gw1"}, "the first is the process that deals out"


def test_a_class_stays_together_and_so_does_what_shares_something_dear(session, pytester):
    """``setUpClass`` is done once, two browsers never run at the same time, and processes are forked by one program."""
    names = [("browser", name) for name in "ab"] + [
        ("integration", name) for name in ("c", "d", "processes_e", "processes_f")
    ]
    for folder, name in names:
        place = pytester.path / "tests" / folder
        place.mkdir(parents=True, exist_ok=True)
        place.joinpath(f"test_{name}.py").write_text(
            "import os, pathlib, time\n"
            "class TestIt:\n"
            "    def test_one(self):\n"
            "        time.sleep(0.2)\n"
            f"        pathlib.Path('{folder}-{name}-1').write_text(str(os.getpid()))\n"
            "    def test_two(self):\n"
            f"        pathlib.Path('{folder}-{name}-2').write_text(str(os.getpid()))\n"
        )
    counts, _result = session("", *SHARED, "tests")
    assert counts == {"passed": 12, "failed": 0, "skipped": 0}
    process = {path.name: path.read_text() for path in pytester.path.glob("*-[12]")}
    for together in ("browser", "integration-processes"):
        assert len({number for name, number in process.items() if name.startswith(together)}) == 1
    assert process["integration-c-1"] == process["integration-c-2"]
    assert process["integration-d-1"] == process["integration-d-2"]
    assert len(set(process.values())) == 2
