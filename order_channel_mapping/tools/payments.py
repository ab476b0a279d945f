"""What the names of payment methods tell. Pure Python."""

from __future__ import annotations

import re

#: codes and names of payment on delivery, in the languages of the marketplaces that have it
_ON_DELIVERY = re.compile(
    r"\bcod\b|(cash|pay(ment)?|collect) on delivery|nachnahme|contre[- ]?remboursement|contra[- ]?r?reembolso|contrassegno"
    r"|(onder )?rembours\b|za pobraniem|pobranie|dob[ií]rka|ut[aá]nv[eé]t|postf[oö]rskott|efterkrav",
    re.IGNORECASE,
)
#: the name that an order without any method counts under: an invoice, payment terms, a manual order
NO_METHOD = "No method named"
#: what is shown for the codes that WooCommerce has for its own methods
NAMES = {"bacs": "bank transfer", "cheque": "cheque", "cod": "cash on delivery"}


def method_name(method):
    """The name of a payment method in a channel's list.

    >>> method_name(" Net 30 "), method_name(" ")
    ('Net 30', 'No method named')
    """
    return (method or "").strip() or NO_METHOD


def pays_on_delivery(method):
    """Whether the buyer pays whoever brings the parcel: such an order is shipped unpaid.

    >>> [pays_on_delivery(name) for name in ("cod", "Cash on Delivery (COD)", "Nachnahme", "bacs", "code", "")]
    [True, True, True, False, False, False]
    """
    return bool(_ON_DELIVERY.search((method or "").replace("_", " ")))
