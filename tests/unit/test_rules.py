"""The rules of ``tests/conftest.py``, tried on small sessions of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"


@pytest.fixture
def session(pytester, monkeypatch):
    """Runs a test file under the rules; gives back the counts that the run wrote, and its result."""
    pytester.makeconftest(CONFTEST.read_text())
    counts = pytester.path / "counts.json"
    monkeypatch.setenv("ORDER_CHANNEL_TEST_COUNTS", str(counts))

    def run(source):
        pytester.makepyfile(source)
        result = pytester.runpytest_subprocess("-p", "no:odoo", "-p", "no:cacheprovider")
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
