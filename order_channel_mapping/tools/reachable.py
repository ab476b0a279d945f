"""Whether a marketplace can reach an address of this server, as far as the address itself tells.

Names are not resolved: what a company's own network answers for its server's name says nothing about the outside.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from ..connectors.address_guard import is_public

#: endings of names that the public internet does not have (RFC 2606, 6761, 6762, 8375, 9476)
PRIVATE_SUFFIXES = (
    "alt",
    "example",
    "home.arpa",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "test",
)


def why_unreachable(url: str, allow_insecure: bool = False) -> str | None:
    """The code of the reason why no marketplace can or may call this address, ``None`` where one can.

    :param allow_insecure: test servers: plain HTTP and private addresses will do
    """
    try:
        parts = urlsplit(url)
        host, __ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return "webhook_not_public"
    if allow_insecure:
        return None if host and parts.scheme in ("http", "https") else "webhook_not_public"
    if not _is_public_host(host):
        return "webhook_not_public"
    return None if parts.scheme == "https" else "webhook_not_https"


def _is_public_host(host: str) -> bool:
    try:
        return is_public(host)
    except ValueError:  # a name
        return "." in host and not any(host == suffix or host.endswith(f".{suffix}") for suffix in PRIVATE_SUFFIXES)
