"""Everything that a command needs, brought up in the right order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from . import odoo_source, packages, postgres
from .databases import Odoo


@contextmanager
def odoo_environment(requirements: Sequence[Path] = packages.RUN) -> Iterator[Odoo]:
    """Odoo, Python packages and a database server, until the block ends. Raises SetupError."""
    source = odoo_source.find_or_fetch()
    python = packages.python_with(requirements)
    with postgres.running() as server:
        yield Odoo(source, python, server)
