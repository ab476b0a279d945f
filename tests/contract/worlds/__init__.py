"""One world per marketplace: its simulator, a connector to it, and what its people, its buyers and its faults do.

Adding a marketplace to the conformance suite is adding a module to this folder that defines a :class:`~.base.World`;
:func:`world_classes` finds it, and a connector without one fails a test.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from .base import World


@cache
def world_classes() -> dict[str, type[World]]:
    """Every world by its connector's provider code."""
    found = {}
    for module_info in pkgutil.iter_modules(__path__):
        if module_info.name == "base":
            continue
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, World) and value.__module__ == module.__name__:
                found[value.provider] = value
    return dict(sorted(found.items()))
