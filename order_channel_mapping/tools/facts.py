"""What of a record a change is judged by: the same for a record that was kept in an older form. Pure Python."""

from __future__ import annotations

from collections.abc import Mapping

from .addresses import ADDRESS_PARTS

_PARTS = (*ADDRESS_PARTS, "company", "phone")


def address_facts(address):
    """An address by its parts that are filled in; a part that was not known when it was kept makes it no other one.

    :param address: JSON form of :class:`connectors.records.Address`, or None
    :rtype: list
    """
    return [[part, address[part]] for part in _PARTS if address and address.get(part)]


def attribute_facts(attributes):
    """Attributes of a line as pairs, kept as a mapping or as pairs.

    :rtype: list
    """
    pairs = attributes.items() if isinstance(attributes, Mapping) else attributes or ()
    return [[str(part) for part in pair] if isinstance(pair, list | tuple) else [str(pair)] for pair in pairs]
