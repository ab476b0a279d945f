"""Addresses as contacts: what makes two the same, and which e-mail addresses are nobody's. Pure Python."""

from __future__ import annotations

import re

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

#: what people write into a field for their company that have none
_NO_COMPANY = frozenset(
    "none no private privat privé particulier particular privato persönlich personal home na n/a".split()
)

#: names of shipping methods by which the buyer fetches the goods at the seller's; a parcel shop is an address
_PICKUP = re.compile(
    r"pick[ -]?up|click (&|and|&amp;) collect|selbstabhol|abholung|afhalen|retrait|recogida|ritiro|odbi[oó]r osobisty",
    re.IGNORECASE,
)
_POINT = re.compile(r"point|punkt|punt|punto|relais|locker|station|shop delivery", re.IGNORECASE)
ADDRESS_PARTS = ("name", "street", "street2", "zip", "city", "state", "country")


def is_relay_email(email):
    """Whether a marketplace made this address up to hide the buyer's own."""
    domain = (email or "").strip().lower().rpartition("@")[2]
    return any(domain == relay or domain.endswith("." + relay) for relay in RELAY_DOMAINS)


def names_pickup(method):
    """Whether the name of a shipping method says that the buyer fetches the goods.

    >>> [names_pickup(name) for name in ("Store pickup", "Selbstabholung", "DHL pickup point", "Standard", None)]
    [True, True, False, False, False]
    """
    method = method or ""
    return bool(_PICKUP.search(method)) and not _POINT.search(method)


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


def company_name(text, person=None):
    """The name of a company, or None where it is none.

    :param text: what the buyer wrote, str or None
    :param person: the buyer's own name

    >>> company_name(" ACME Corp "), company_name("-"), company_name("mary major", "Mary Major"), company_name("n/a")
    ('ACME Corp', None, None, None)
    """
    name = " ".join((text or "").split())
    key = normalize_title(name)
    if not key or not any(map(str.isalnum, key)) or key in _NO_COMPANY or key == normalize_title(person):
        return None
    return name


def company_key(name):
    """What names of companies and people are compared by: case, white space and stops don't count; None for no name.

    >>> company_key("ACME Corp.") == company_key("Acme  corp")
    True
    """
    return normalize_title((name or "").replace(".", "").replace(",", " "))


def vat_forms(vat):
    """The forms that one VAT number may be kept in.

    >>> sorted(vat_forms("de 123.456.789"))
    ['DE123456789', 'de 123.456.789']
    """
    plain = "".join(char for char in vat if char.isalnum()).upper()
    return {form for form in (vat.strip(), plain) if len(form) > 3}
