"""Between two tests, and two classes of them, Odoo's caches lose what was changed and keep the rest.

Odoo's test classes empty every cache of the registry after each test and after each class, so that each one reads views,
access rules, defaults, routes and external ids again: a fifth of the time of these tests. A transaction that is rolled back in
production empties only those that it named (``Registry.reset_changes``). The same holds here, and for whatever thread named
them.
"""

from __future__ import annotations

from odoo.orm.registry import _CACHES_BY_KEY, Registry
from odoo.tests import common

# the caches that were named since the test, and since its class began
_named_by_test: set[str] = set()
_named_by_class: set[str] = set()
_ending: set[str] | None = None  # whichever of them "all caches" are, while a test or a class cleans up

_clear_cache = Registry.clear_cache
_clear_all_caches = Registry.clear_all_caches
_set_up = common.TransactionCase.setUp
_set_up_class = common.TransactionCase.setUpClass.__func__


def keep() -> None:
    """Let the caches outlive tests and classes from now on."""
    Registry.clear_cache = _note_and_clear
    Registry.clear_all_caches = _clear_named_or_all
    common.TransactionCase.setUp = _begin
    common.TransactionCase.doCleanups = _end
    common.TransactionCase.setUpClass = classmethod(_begin_class)


def _note(names):
    _named_by_test.update(names)
    _named_by_class.update(names)


def _note_and_clear(registry, *names):
    _note(names or ("default",))
    return _clear_cache(registry, *names)


def _clear_named_or_all(registry):
    if _ending is None or registry.registry_invalidated:
        _note(_CACHES_BY_KEY)
        _clear_all_caches(registry)
    elif _ending:
        _clear_cache(registry, *_ending)


def _begin(case):
    _named_by_test.clear()
    _set_up(case)


def _end(case):
    _ends(_named_by_test)
    try:
        return common.BaseCase.doCleanups(case)
    finally:
        _ends(None)


def _begin_class(cls):
    _named_by_class.clear()
    cls.addClassCleanup(_ends, None)  # runs after those that Odoo adds now, the next one before them
    _set_up_class(cls)
    cls.addClassCleanup(_ends, _named_by_class)


def _ends(named):
    global _ending
    _ending = named
