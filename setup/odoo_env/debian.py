"""Odoo 19 from Debian's archive, unpacked into a private folder: nothing is installed, nobody needs to be root.

Debian's unstable suite has the whole Community edition as the package ``odoo-19``. Its JavaScript libraries and fonts are
links to sibling packages, which are unpacked into the same folder.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from .console import SetupError, say
from .process import program, run

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
DEFAULT_MIRROR = "http://deb.debian.org/debian"
SUITE = "sid"
# Font Awesome moved its files after version 4.7, which is the one that Odoo links to.
OLD_SUITE = "bookworm"
PACKAGES = [
    f"odoo-19/{SUITE}",
    *(
        f"{name}/{SUITE}"
        for name in (
            "libjs-jquery",
            "libjs-jquery-form",
            "libjs-underscore",
            "fonts-roboto-unhinted",
            "fonts-inconsolata",
            "fonts-ocr-b",
            "fonts-montserrat",
            "fonts-glyphicons-halflings",
        )
    ),
    f"fonts-font-awesome/{OLD_SUITE}",
]


def unpack_odoo(folder: Path) -> None:
    """Download Odoo and what it links to, and unpack them into ``folder``. Raises SetupError."""
    for name in ("apt-get", "dpkg"):
        if not program(name):
            raise SetupError(f"this is no Debian ({name} is missing)")
    if not KEYRING.is_file():
        raise SetupError(f"Debian's keys are missing ({KEYRING}; package debian-archive-keyring)")
    scratch = folder / "apt"
    for name in ("lists/partial", "cache/archives/partial", "debs"):
        (scratch / name).mkdir(parents=True)
    mirror = machine_mirror()
    suites = (SUITE, OLD_SUITE)
    lines = [f"deb [signed-by={KEYRING}] {mirror} {suite} main\n" for suite in suites]
    (scratch / "sources.list").write_text("".join(lines))
    apt = [
        "apt-get",
        f"-oDir::Etc::sourcelist={scratch / 'sources.list'}",
        "-oDir::Etc::sourceparts=/dev/null",
        f"-oDir::State::Lists={scratch / 'lists'}",
        f"-oDir::Cache={scratch / 'cache'}",
        "-oDir::Cache::pkgcache=",
        "-oDir::Cache::srcpkgcache=",
        "-oAcquire::Languages=none",
        "-oAcquire::Retries=3",
        # The user that apt would switch to can't enter a private folder.
        *(["-oAPT::Sandbox::User=root"] if os.geteuid() == 0 else []),
        "-qq",
    ]
    say(f"Reading Debian's package lists from {mirror} …")
    run([*apt, "update"], "Reading Debian's package lists")
    say("Downloading Odoo 19 (Debian package, 122 MB) …")
    run([*apt, "download", *PACKAGES], "Downloading Odoo from Debian", cwd=scratch / "debs")
    say("Unpacking Odoo …")
    for package in sorted((scratch / "debs").glob("*.deb")):
        run(["dpkg", "-x", package, folder], f"Unpacking {package.name}")
    shutil.rmtree(scratch)
    # The package carries most addons twice; the copy outside of the package `odoo` is never read.
    for name in ("addons", "doc", "setup"):
        shutil.rmtree(folder / "usr/lib/python3/dist-packages" / name, ignore_errors=True)


def machine_mirror(etc: Path = Path("/etc/apt")) -> str:
    """The Debian mirror that this machine's own apt sources name, else Debian's own."""
    for uri in _source_uris(etc):
        if re.fullmatch(r"https?://\S+/debian/?", uri):
            return uri.rstrip("/")
    return DEFAULT_MIRROR


def _source_uris(etc: Path) -> Iterator[str]:
    for path in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]:
        if path.suffix not in (".list", ".sources") or not path.is_file():
            continue
        for line in path.read_text(errors="replace").splitlines():
            words = line.split()
            if words[:1] == ["deb"]:
                yield from (word for word in words if "://" in word)
            elif words[:1] == ["URIs:"]:
                yield from words[1:]
