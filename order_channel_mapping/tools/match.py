"""How well a product fits a listing: words of names, units in them, and a score with its reasons. Pure Python."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from .normalize import barcode_key, loose_sku, normalize_sku

#: what counts as evidence, and how much: independent pieces add up, none of them reaches certainty
SAME_SKU = 0.95
SAME_BARCODE = 0.92
LINKED_ELSEWHERE = 0.9
LOOSE_SKU = 0.85
SAME_NAME = 0.8
VALUES_FIT = 0.2
PRICE_NEAR = 0.1
#: what speaks against it multiplies the score
VALUES_DIFFER = 0.5
UNITS_DIFFER = 0.6
NUMBERS_DIFFER = 0.7
BARCODES_DIFFER = 0.8
NAMES_DIFFER = 0.8
PRICE_FAR = 0.85
#: names below this have nothing to do with each other
UNLIKE = 0.15
SIMILAR = 0.3

_WORD = re.compile(r"[^\W_]+")
_DIGIT = re.compile(r"\d")
_MEASURE = re.compile(r"(\d)\s+(?=(?:mg|g|kg|ml|cl|l|mm|cm|m|oz|lb|in|w|v|gb|tb)\b)")
#: written without blanks between words: every two characters are taken for a word
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff]{3,}")
#: what each of the patterns below needs: a look at this first takes a tenth of their time
_PERHAPS_UNITS = re.compile(
    r"\d\s?-?\s?(?:[x\u00d7epcsu]|stk)|[x\u00d7]\s?\d|(?:packs?|pk|set|box|case|lot|carton|paquete|confezione|packung)\s+\w+\s+\d"
)
_AMOUNT = r"(?P<units>\d{1,4})"
_UNITS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:packs?|pk|set|box|case|lot|carton|paquete|confezione|packung)\s+(?:of|de|da|di|mit|von)\s+{_AMOUNT}\b",
        rf"(?<![\d.,/x-])\b{_AMOUNT}\s?-?\s?(?:er)?\s?-?\s?(?:packs?|packung|pk|pcs?|pieces?|pieza|count|ct|stk|stuck|units?)\b",
        rf"(?<![\d.,/x-])\b{_AMOUNT}\s?[x\u00d7](?=\s?\d+(?:[.,]\d+)?\s?(?:mg|g|kg|ml|cl|l|oz|lb)\b)",
        rf"(?<![\d.,/x-])\b{_AMOUNT}\s?[x\u00d7](?=\s[^\W\d])",
        r"(?<=[^\d\s])\s\(?[x\u00d7]\s?(?P<units>\d{1,2})\)?$",
    )
)


def fold(text):
    """Text as it is compared: as :func:`normalize_sku`, accents left out, a measure joined with its unit.

    >>> fold("Café  Ｃrème, 100 g")
    'cafe creme, 100g'
    """
    plain = normalize_sku(text) or ""
    if plain.isascii():
        return _MEASURE.sub(r"\1", plain) if _DIGIT.search(plain) else plain
    decomposed = unicodedata.normalize("NFKD", plain)
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _MEASURE.sub(r"\1", unicodedata.normalize("NFKC", plain))


def units_in(text):
    """How many pieces a name says that it is, and the name without these words.

    :return: (number, folded name); 1 where it says nothing

    >>> units_in("Green Tea, Pack of 6"), units_in("6 x Green Tea"), units_in("Photo frame 10x15")
    ((6, 'green tea,'), (6, 'green tea'), (1, 'photo frame 10x15'))
    """
    folded = fold(text)
    if not _DIGIT.search(folded) or not _PERHAPS_UNITS.search(folded):
        return 1, folded
    for pattern in _UNITS:
        match = pattern.search(folded)
        if match and 2 <= int(match["units"]) <= 1000:
            return int(match["units"]), " ".join((folded[: match.start()] + " " + folded[match.end() :]).split())
    return 1, folded


def words_in(text):
    """The words of a name in their order, folded; numbers of units are left out.

    >>> words_in("Pack of 6: Stone-ware Mug")
    ['stone', 'ware', 'mug']
    """
    return _split(units_in(text)[1])


@lru_cache(maxsize=10_000)
def _value_words(value):
    """The words of an attribute's value: there are few of them, and each is compared again and again."""
    return frozenset(words_in(value))


def _split(folded):
    if folded.isascii():
        return _WORD.findall(folded)
    words = []
    for word in _WORD.findall(folded):
        if _UNSPACED.fullmatch(word):
            words += [word[start : start + 2] for start in range(len(word) - 1)]
        else:
            words.append(word)
    return words


def name_similarity(one, other):
    """How alike two names are, where PostgreSQL's ``pg_trgm`` is missing: order of words does not count.

    :param str one: words of a name, separated by blanks
    :return: 0.0 to 1.0, the same both ways
    """
    one, other = sorted(" ".join(sorted(text.split())) for text in (one, other))
    if not one or not other:
        return 0.0
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    # bounds that cost little first: half of the characters in common is nothing
    if matcher.real_quick_ratio() <= 0.5 or matcher.quick_ratio() <= 0.5:
        return 0.0
    return max(0.0, 2.0 * matcher.ratio() - 1.0)


@dataclass(frozen=True, slots=True)
class Described:
    """A listing or a product as it is compared.

    ``texts`` are its names (one per language), each with its variant's values; ``values`` are the variant's values, each as
    a set of its spellings; ``units`` is how many pieces the name says; ``numbers`` are the words with a digit.
    """

    sku: str | None = None
    loose: str | None = None
    barcode: str | None = None
    texts: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    values: tuple[frozenset[str], ...] = ()
    price: float = 0.0
    units: int = 1
    numbers: frozenset[str] = frozenset()


def describe(names, sku=None, barcode=None, values=(), price=0.0):
    """Prepare one side of a comparison.

    :param names: str, or the names in several languages
    :param values: values of the variant's attributes: str, or the spellings of one in several languages
    :param float price: in the company's currency; 0.0: none
    """
    names = [names] if isinstance(names, str) else list(names)
    values = [[value] if isinstance(value, str) else list(value) for value in values]
    texts, units = [], 1
    for name in names:
        number, folded = units_in(name)
        units = max(units, number)
        words = _split(folded)
        for spellings in values:
            words += [word for word in words_in(spellings[0]) if word not in words]
        texts.append(" ".join(words))
    texts = tuple(dict.fromkeys(filter(None, texts)))
    words = frozenset(word for text in texts for word in text.split())
    return Described(
        sku=normalize_sku(sku),
        loose=loose_sku(sku),
        barcode=barcode_key(barcode),
        texts=texts,
        words=words,
        values=tuple(frozenset(map(fold, spellings)) for spellings in values),
        price=float(price or 0.0),
        units=units,
        numbers=frozenset(word for word in words if not word.isalpha() and _DIGIT.search(word)),
    )


@dataclass(frozen=True, slots=True)
class Match:
    """``score`` is 0.0 to 100.0; ``quantity`` how many of the product one listing is; ``reasons`` are
    ``(code, params)`` of ``tools/reasons.py``, what weighs most first."""

    score: float
    quantity: float = 1.0
    reasons: tuple[tuple[str, dict[str, Any]], ...] = field(default=())


def score(listing, product, similarity, linked_on=None, linked_quantity=None, packaging=None):
    """How well a product fits a listing.

    :param Described listing: and ``product``: the two sides
    :param float similarity: of their names, 0.0 to 1.0
    :param str linked_on: name of another channel, where the same SKU is linked to the product
    :param float linked_quantity: how many of it are one item there
    :param float packaging: pieces in the product's packaging that has the listing's barcode
    :rtype: Match
    """
    pros = _identity(listing, product, linked_on, packaging)
    if similarity >= SIMILAR:
        pros.append((SAME_NAME * similarity, "match_name", {"percent": round(100 * similarity)}))
    cons = []
    if pros and similarity < UNLIKE and listing.texts and product.texts:
        cons.append((NAMES_DIFFER, "match_names_differ", {}))
    if listing.barcode and product.barcode and listing.barcode != product.barcode and not packaging:
        cons.append((BARCODES_DIFFER, "match_barcodes_differ", {}))
    numbers = listing.numbers, product.numbers
    if all(numbers) and numbers[0].isdisjoint(numbers[1]):
        cons.append((NUMBERS_DIFFER, "match_numbers_differ", {}))
    _compare_values(listing, product, pros, cons)
    quantity = packaging or linked_quantity or _units_ratio(listing, product)
    if not quantity:
        cons.append((UNITS_DIFFER, "match_units_differ", {"units": product.units}))
    elif quantity != 1:
        pros.append((0.0, "match_units", {"units": f"{quantity:g}"}))
    _compare_prices(listing, product, quantity or 1.0, pros, cons)
    return _weigh(pros, cons, quantity or 1.0)


def _identity(listing, product, linked_on, packaging):
    """What names one thing: SKU, barcode, what another channel calls so."""
    pros = []
    if listing.sku and listing.sku == product.sku:
        pros.append((SAME_SKU, "match_sku", {}))
    elif listing.loose and listing.loose == product.loose:
        pros.append((LOOSE_SKU, "match_loose_sku", {}))
    if packaging or (listing.barcode and listing.barcode == product.barcode):
        pros.append((SAME_BARCODE, "match_barcode", {}))
    if linked_on:
        pros.append((LINKED_ELSEWHERE, "match_linked", {"channel": linked_on}))
    return pros


def _compare_values(listing, product, pros, cons):
    """Size, colour and the like: each value of the product's variant is among the listing's values or words, or is not."""
    said = {spelling for value in listing.values for spelling in value}
    fits, missing = [], 0
    for spellings in product.values:
        found = [text for text in sorted(spellings) if text in said or _value_words(text) <= listing.words]
        if found and found[0]:
            fits.append(found[0])
        else:
            missing += 1
    unmet = sum(1 for value in listing.values if not any(_value_words(text) <= product.words for text in value))
    if missing and unmet:
        cons.append((VALUES_DIFFER, "match_values_differ", {}))
    elif fits and not missing:
        pros.append((VALUES_FIT, "match_values", {"values": ", ".join(fits)}))


def _units_ratio(listing, product):
    """How many of the product one listing is, by the units in their names; None where that comes out broken."""
    return listing.units / product.units if listing.units % product.units == 0 else None


def _compare_prices(listing, product, quantity, pros, cons):
    """The listing's price per piece beside the product's own. Nobody chose a price of 0 or, Odoo's default, 1."""
    if listing.price < 0.01 or product.price < 0.01 or product.price == 1:
        return
    ratio = listing.price / quantity / product.price
    percent = round(100 * (ratio - 1))
    if 0.9 <= ratio <= 1 / 0.9:
        pros.append(
            (PRICE_NEAR, "match_price_same" if not percent else "match_price_near", {"percent": f"{percent:+d} %"})
        )
    elif not 1 / 3 <= ratio <= 3:
        cons.append((PRICE_FAR, "match_price_far", {"percent": f"{percent:+d} %"}))


def _weigh(pros, cons, quantity):
    """Independent evidence adds up as probabilities do; what speaks against it multiplies."""
    doubt = 1.0
    for weight, __, __ in pros:
        doubt *= 1.0 - weight
    total = 1.0 - doubt
    for factor, __, __ in cons:
        total *= factor
    reasons = sorted(pros, key=lambda entry: -entry[0]) + sorted(cons, key=lambda entry: entry[0])
    return Match(round(100.0 * total, 1), quantity, tuple((code, params) for __, code, params in reasons))
