"""Connectors: pure Python, no Odoo. Adding a marketplace is adding a module to this folder that defines a
:class:`~.base.Connector` with a ``provider``; :func:`connector_classes` finds it.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from .base import Connector

_NOT_MARKETPLACES = frozenset({"base", "pacing", "records", "tokens", "transport", "values"})


@cache
def connector_classes() -> dict[str, type[Connector]]:
    """Every connector class by its provider code, in the order of their labels."""
    found = {}
    for module_info in pkgutil.iter_modules(__path__):
        if module_info.name in _NOT_MARKETPLACES:
            continue
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Connector) and value.__module__ == module.__name__:
                found[value.provider] = value
    return dict(sorted(found.items(), key=lambda pair: pair[1].label))
