"""Keeps requests away from addresses that a marketplace can't have: this machine, its networks, cloud metadata.

The address that was checked is the address that is connected to, so a name that resolves differently the second time
(DNS rebinding) gains nothing.

This module must not import Odoo.
"""

from __future__ import annotations

import ipaddress
import socket

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError


class ForbiddenAddress(NewConnectionError):
    """A host name that leads to an address marketplaces don't have. Nothing was sent."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, also when it hides in an IPv6 notation."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 6:
        hidden = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if hidden is None and ip in ipaddress.ip_network("64:ff9b::/96"):  # NAT64
            hidden = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if hidden is not None:
            return is_public(str(hidden))
    return ip.is_global and not ip.is_multicast


def public_addresses(host: str, port: int) -> list[str]:
    """The addresses of a host, in the resolver's order.

    :raise OSError: the name doesn't resolve
    :raise ValueError: one of the addresses is not public; mixed answers are how rebinding starts
    """
    found = [info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    addresses = list(dict.fromkeys(found))
    if not addresses or not all(map(is_public, addresses)):
        raise ValueError(host)
    return addresses


class _GuardedConnection(HTTPSConnection):
    def _new_conn(self):
        # urllib3 connects to ``_dns_host`` and names ``host`` in TLS and in the Host header; only the first is pinned
        name = self._dns_host
        try:
            addresses = public_addresses(name, self.port)
        except ValueError:
            raise ForbiddenAddress(self, f"{name} is not a public address") from None
        except OSError as error:
            raise NewConnectionError(self, f"{name} can't be resolved: {error}") from None
        try:
            for last, address in enumerate(addresses, 1 - len(addresses)):
                self._dns_host = address
                try:
                    return super()._new_conn()
                except Exception:
                    if not last:
                        raise
        finally:
            self._dns_host = name


class _GuardedPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedConnection


class GuardedAdapter(HTTPAdapter):
    """A requests adapter for https that only ever connects to public addresses."""

    def init_poolmanager(self, *args, **kwargs):
        result = super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": _GuardedPool}
        return result
