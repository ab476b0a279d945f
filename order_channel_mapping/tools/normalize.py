"""Normal forms of what people and marketplaces type, so that equal things compare equal. Pure Python."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from .general_title import general_title

#: bytes of a key in UTF-8: what the entry of an index has room for, with a channel's id beside it
MAX_KEY = 2_000

#: digits of EAN-8, UPC-A, EAN-13 and GTIN-14
_GTIN_LENGTHS = frozenset({8, 12, 13, 14})

#: punctuation and separators of ASCII, for ``str.translate``
_ASCII_MARKS = {code: None for code in range(128) if unicodedata.category(chr(code))[0] in "PZ"}


def normalize_sku(text):
    """The form in which SKUs and barcodes are compared: Unicode NFKC, case folded, inner white space single, trimmed.

    :param text: str or None
    :return: str, or None where nothing is left

    >>> normalize_sku("  Ｔee-01\\u00a0 XL ")
    'tee-01 xl'
    """
    if not text:
        return None
    if text.isascii():  # most are, and this is six times as fast
        return _bounded(" ".join(text.lower().split())) or None
    folded = unicodedata.normalize("NFKC", text).casefold()
    # format characters (zero-width space, BOM, soft hyphen) are invisible to whoever typed the SKU
    visible = "".join(char for char in folded if unicodedata.category(char) != "Cf")
    return _bounded(" ".join(visible.split())) or None


def _bounded(key):
    """The key as an index takes it; of one that is too long the beginning and a sign that tells it from others."""
    if 4 * len(key) <= MAX_KEY or len(key.encode("utf-8", "replace")) <= MAX_KEY:
        return key
    sign = hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=12).hexdigest()
    return f"{key[: MAX_KEY // 8]}…{sign}"


def loose_sku(text):
    """A looser form, in which dashes, punctuation and white space don't count either. Leading zeros always do.

    :param text: str or None
    :return: str, or None where nothing is left

    >>> loose_sku("TEE-01 / xl"), loose_sku("007"), loose_sku("--")
    ('tee01xl', '007', None)
    """
    key = normalize_sku(text)
    if not key:
        return None
    if key.isascii():
        return key.translate(_ASCII_MARKS) or None
    kept = "".join(char for char in key if unicodedata.category(char)[0] not in "PZ")
    # what stood apart may be one character now: a letter and its accent
    return _bounded(unicodedata.normalize("NFKC", kept)) or None


def barcode_key(text, loose=False):
    """The form in which barcodes are compared: one article has one number, in whatever length it is written.

    UPC-A (12 digits), EAN-8, EAN-13 and GTIN-14 without a packaging indicator are the same number with more or fewer zeros in
    front; with an indicator (1 to 9) it is a case of the article. Only digits whose check digit is right are such a number;
    anything else is compared as SKUs are.

    :param text: str or None
    :param bool loose: whether dashes, punctuation and white space count, see :func:`loose_sku`
    :return: str, or None where nothing is left

    >>> barcode_key("012345678905"), barcode_key("10012345678902"), barcode_key("012345678900")
    ('0012345678905', '10012345678902', '012345678900')
    """
    key = loose_sku(text) if loose else normalize_sku(text)
    if not key or len(key) not in _GTIN_LENGTHS or not (key.isascii() and key.isdecimal()):
        return key
    digits = [int(digit) for digit in reversed(key)]
    if (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 or not any(digits):
        return key
    return key.zfill(14).removeprefix("0")


def normalize_title(text):
    """The form in which a custom line's title is a key; white space and case don't count.

    :return: str, or None
    """
    return normalize_sku(text)


def name_key(text):
    """The form in which names are looked up: the same words in any order, whatever stands between them.

    :return: str, or None where there is no word

    >>> name_key("Mug, blue (0.3 l)") == name_key("BLUE mug 0-3 L")
    True
    """
    words = re.findall(r"[^\W_]+", normalize_sku(text) or "")
    return _bounded(" ".join(sorted(words))) or None


def custom_listing_key(sku, title, number=None):
    """The external id of the *custom* listing that an order line without an item belongs to (DESIGN section 1).

    :param number: the number of its order, which is no part of the title
    :return: ``sku:<normalised SKU>``, else ``line:<normalised title>``, see :mod:`.general_title`
    """
    key = normalize_sku(sku)
    return f"sku:{key}" if key else title_key(general_title(title, number))


def title_key(title):
    """The key of a title as it stands; until 19.0.1.2 the numbers of orders were part of it."""
    return f"line:{normalize_title(title) or ''}"
