"""Between two tests of a class, Odoo's caches lose what the test may have changed and keep the rest.

Odoo's test classes empty every cache of the registry after each test, so that each one reads views, access rules, defaults
and external ids again: a fifth of the time of these tests. A transaction that is rolled back in production empties only those
that it named (``Registry.reset_changes``). The same holds here, and for whatever thread named them. The end of a class
empties all of them, as ever.
"""

from __future__ import annotations

from odoo.orm.registry import _CACHES_BY_KEY, Registry
from odoo.tests import common

# the caches that were named since the test began
_named: set[str] = set()
_ending = False  # whether a test cleans up: "all caches" are those named then

_clear_cache = Registry.clear_cache
_clear_all_caches = Registry.clear_all_caches
_set_up = common.TransactionCase.setUp


def keep() -> None:
    """Let the caches outlive tests from now on."""
    Registry.clear_cache = _note_and_clear
    Registry.clear_all_caches = _clear_named_or_all
    common.TransactionCase.setUp = _begin
    common.TransactionCase.doCleanups = _end


def _note_and_clear(registry, *names):
    _named.update(names or ("default",))
    return _clear_cache(registry, *names)


def _clear_named_or_all(registry):
    if not _ending or registry.registry_invalidated:
        _named.update(_CACHES_BY_KEY)
        _clear_all_caches(registry)
    elif _named:
        _clear_cache(registry, *_named)


def _begin(case):
    _named.clear()
    _set_up(case)


def _end(case):
    global _ending
    _ending = True
    try:
        return common.BaseCase.doCleanups(case)
    finally:
        _ending = False
