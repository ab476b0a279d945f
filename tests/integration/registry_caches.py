"""Between two tests, Odoo's caches lose what a test may have changed and keep the rest.

Odoo's test classes empty every cache of the registry after each test, so that each one reads views, access rules, defaults
and external ids again: a fifth of the time of these tests. A transaction that is rolled back in production empties only those
that it named (``Registry.reset_changes``). The same holds here, and for whatever thread named them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from odoo.orm.registry import _CACHES_BY_KEY, Registry
from odoo.tests import common

# what was named since the last test ended, and since the last class ended
_by_test: set[str] = set()
_by_class: set[str] = set()
# while a test or class cleans up: which of the two says what "all caches" are
_ending: list[set[str]] = []

_clear_cache = Registry.clear_cache
_clear_all_caches = Registry.clear_all_caches


def keep() -> None:
    """Let the caches outlive tests and classes from now on."""
    Registry.clear_cache = _note_and_clear
    Registry.clear_all_caches = _clear_named_or_all
    common.TransactionCase.doCleanups = _do_cleanups
    common.TransactionCase.doClassCleanups = classmethod(_do_class_cleanups)


def _note_and_clear(registry, *names):
    _by_test.update(names or ("default",))
    _by_class.update(names or ("default",))
    return _clear_cache(registry, *names)


def _clear_named_or_all(registry):
    if _ending and not registry.registry_invalidated:
        if names := _ending[-1]:
            _clear_cache(registry, *names)
        return None
    _by_test.update(_CACHES_BY_KEY)
    _by_class.update(_CACHES_BY_KEY)
    return _clear_all_caches(registry)


def _do_cleanups(case):
    with _ending_with(_by_test):
        return common.BaseCase.doCleanups(case)


def _do_class_cleanups(cls):
    with _ending_with(_by_class):
        return super(common.TransactionCase, cls).doClassCleanups()


@contextmanager
def _ending_with(names: set[str]) -> Iterator[None]:
    _ending.append(names)
    try:
        yield
    finally:
        _ending.pop()
        names.clear()
