"""Addresses as contacts: what makes two the same, and which e-mail addresses are nobody's. Pure Python."""

from __future__ import annotations

from .normalize import normalize_title

#: domains under which marketplaces hide their buyers; the address changes with each order and identifies nobody
RELAY_DOMAINS = (
    "marketplace.amazon.com",
    "marketplace.amazon.co.uk",
    "marketplace.amazon.de",
    "marketplace.amazon.fr",
    "marketplace.amazon.it",
    "marketplace.amazon.es",
    "members.ebay.com",
    "mail.etsy.com",
    "messages.etsy.com",
    "privaterelay.appleid.com",
)

ADDRESS_PARTS = ("name", "street", "street2", "zip", "city", "state", "country")


def is_relay_email(email):
    """Whether a marketplace made this address up to hide the buyer's own."""
    domain = (email or "").strip().lower().rpartition("@")[2]
    return any(domain == relay or domain.endswith("." + relay) for relay in RELAY_DOMAINS)


def normalize_email(email):
    """Lower case and trimmed, or None where it is no address."""
    email = (email or "").strip().lower()
    return email if "@" in email.strip("@") else None


def address_key(values):
    """What makes two addresses the same: their parts without regard to case and white space.

    :param values: mapping of :data:`ADDRESS_PARTS` to str or None
    :rtype: tuple
    """
    return tuple(normalize_title(str(values.get(part) or "")) for part in ADDRESS_PARTS)
