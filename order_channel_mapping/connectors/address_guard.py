"""Tells the addresses that a marketplace can have from those that it can't: this machine, its networks, cloud metadata.

The address that was checked is the address that is connected to (:mod:`connections`), so a name that resolves differently
the second time (DNS rebinding) gains nothing.

This module must not import Odoo.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from urllib3.exceptions import NewConnectionError

#: addresses of IPv6 that stand for one of IPv4, in their last 32 bits: compatible (RFC 4291), mapped (RFC 4291), translated
#: (RFC 2765), translated by NAT64 (RFC 6052) and by a NAT64 of one's own network (RFC 8215)
_STANDING_FOR = tuple(
    map(
        ipaddress.IPv6Network,
        ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48"),
    )
)
#: all that is given out as public addresses of IPv6, and what of it is for documents (RFC 9637, not in older Pythons)
_GLOBAL = ipaddress.IPv6Network("2000::/3")
_DOCUMENTS = ipaddress.IPv6Network("3fff::/20")
#: bits 64 to 95 of an address that leads into a network of IPv4 (ISATAP, RFC 5214)
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})


class ForbiddenAddress(NewConnectionError):
    """A host name that leads to an address marketplaces don't have. Nothing was sent."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, also when it hides in an IPv6 notation."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 6:
        last = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if any(ip in network for network in _STANDING_FOR):
            return _is_public_v4(last)
        if ip.sixtofour:
            return _is_public_v4(ip.sixtofour)
        if int(ip) >> 32 & 0xFFFFFFFF in _ISATAP and not _is_public_v4(last):
            return False
        return ip in _GLOBAL and ip not in _DOCUMENTS and ip.is_global
    return _is_public_v4(ip)


def _is_public_v4(ip: ipaddress.IPv4Address) -> bool:
    return ip.is_global and not ip.is_multicast


def all_public(addresses: Iterable[str]) -> bool:
    """Whether all of a name's addresses are public: mixed answers are how rebinding starts."""
    return all(map(is_public, addresses))
