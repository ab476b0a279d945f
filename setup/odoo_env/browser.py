"""A Chromium for the browser tests, found the way Odoo's own test classes look for it."""

from __future__ import annotations

from .console import SetupError
from .process import install_with_apt, program

NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")


def ensure() -> None:
    """Install Chromium where there is none and that is possible. Raises SetupError."""
    if any(map(program, NAMES)):
        return
    install_with_apt(["chromium"], "A browser (Chromium) is needed for tests/browser", "Installing Chromium")
    if not any(map(program, NAMES)):
        raise SetupError("Chromium was installed but can't be found: put one of " + ", ".join(NAMES) + " in PATH.")
