"""What a marketplace can do with this Odoo's own address. By its looks: nothing is looked up.

This module must not import Odoo.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

_INSIDE = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "test", "invalid", "home.arpa")


def is_secure(url: str) -> bool:
    """Whether a browser may be sent here with something that nobody else should read.

    >>> is_secure("https://odoo.example.com"), is_secure("http://odoo.example.com")
    (True, False)
    """
    return urlsplit(url).scheme == "https"


def is_public(url: str) -> bool:
    """Whether a server elsewhere has a chance to reach this address.

    >>> is_public("https://odoo.example.com"), is_public("https://192.168.1.5"), is_public("https://odoo.local")
    (True, False, False)
    """
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not any(host.endswith(f".{name}") for name in _INSIDE)
