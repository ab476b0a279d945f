"""What checkout fields beside the marketplace's own say about an order: the buyer's order number, VAT number, delivery date.

Plugins and apps add them under names of their own choice, as name and value pairs: told here by the words in the name and by
the form of the value, in the languages that shops are usually kept in. Pure functions.

This module must not import Odoo.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, timezone
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from .attributes import is_hidden, merge
from .values import epoch, moment

Pairs = Iterable[tuple[str, str]]

_PURCHASE_ORDER = (
    frozenset({"purchase", "order"}),
    *(frozenset({"po", word}) for word in ("number", "no", "num", "nr", "ref", "reference")),
    frozenset({"customer", "po"}),
    frozenset({"client", "po"}),
    *map(frozenset, ({"ponumber"}, {"purchaseordernumber"}, {"kundenbestellnummer"}, {"bestellreferenz"})),
    frozenset({"bon", "commande"}),
    frozenset({"orden", "compra"}),
    frozenset({"ordine", "acquisto"}),
)
#: what stands beside a bare "po": nothing else may
_AROUND = frozenset("billing shipping order wc additional other customer company".split())
_VAT = (
    *(frozenset({word}) for word in "vat vatid vatnumber vatnr ustid ustidnr ustidnummer piva tva btw".split()),
    frozenset({"partita", "iva"}),
    frozenset({"ust", "id"}),
    frozenset({"uid", "nummer"}),
    *(frozenset({word}) for word in "nif cif cnpj gstin abn cuit rfc rut dic cpf taxid".split()),
    frozenset({"tax", "id"}),
    frozenset({"tax", "number"}),
    frozenset({"tax", "registration"}),
)
#: what is said about a VAT number
_ABOUT_VAT = frozenset(
    "valid validated validation exempt exemption rate amount country date response name address ip status type check checked "
    "request consultation prefix total evidence self required result is location reverse charge class".split()
)
_DELIVERY_DATE = (
    *(frozenset({word, "date"}) for word in ("delivery", "pickup", "shipping", "ship", "jckwds")),
    frozenset({"pick", "up", "date"}),
    *(
        frozenset({word})
        for word in "deliverydate lieferdatum liefertermin wunschtermin leverdatum bezorgdatum".split()
    ),
    frozenset({"orddd", "timestamp"}),
    frozenset({"date", "livraison"}),
    frozenset({"fecha", "entrega"}),
    frozenset({"data", "consegna"}),
)
#: what is said about such a number, or is another thing
_NO_NUMBER = frozenset("file url attachment upload date id status required".split())
#: what people want to read about how an order is to be delivered
_REMARK = frozenset(
    "delivery pickup gift message instruction instructions greeting timeslot slot note notes comment comments wish lieferdatum "
    "liefertermin wunschtermin lieferhinweis livraison entrega consegna bezorgdatum leverdatum".split()
)
_NO_REMARK = frozenset(
    "fee charge cost price id timestamp format status type method enabled location locations code hash total tax price rate "
    "card certificate registry receipt sent email private internal staff admin".split()
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        "jan januar january janvier enero gennaio januari|feb februar february fevrier febrero febbraio februari"
        "|mar marz march mars marzo maart|apr april avril abril aprile|may mai mayo maggio mei"
        "|jun juni june juin junio giugno|jul juli july juillet julio luglio|aug august aout agosto augustus"
        "|sep sept september septembre septiembre settembre|oct okt october oktober octobre octubre ottobre"
        "|nov november novembre noviembre|dec dez december dezember decembre diciembre dicembre".split("|"),
        1,
    )
    for name in names.split()
}
#: parts of a name that say whose field it is
_PREFIXES = frozenset({"wc", "billing", "additional", "other", "jckwds", "orddd"})
_MOST_NUMBER = 64
_VAT_NUMBER = re.compile(r"(?=[A-Z0-9]*\d)[A-Z0-9]{4,20}")
_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)|(\d{1,2})([-/.])(\d{1,2})\5(\d{4})(?!\d)")
_NAMED_DAY = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th|\.)?(?: de)? ([^\W\d_]+)|([^\W\d_]+)\.? (\d{1,2})(?:st|nd|rd|th)?),?(?: de)? (\d{4})"
)
_YEARS = range(2000, 2100)


@lru_cache(maxsize=4096)
def words(name: str) -> frozenset[str]:
    """The words of a name, however it is written.

    >>> sorted(words("_billing_vatNumber")), sorted(words("Date de livraison"))
    (['billing', 'number', 'vat'], ['date', 'de', 'livraison'])
    """
    plain = unicodedata.normalize("NFKD", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name[:200]))
    return frozenset(
        re.findall(r"[a-z0-9]+", "".join(char for char in plain if not unicodedata.combining(char)).lower())
    )


class _Sort(NamedTuple):
    """What a name promises. Shops have few names, in thousands of orders."""

    purchase_order: bool
    delivery_date: bool
    remark: bool
    vat: int | None  # the place of what it is in _VAT


@lru_cache(maxsize=4096)
def _sort(name: str) -> _Sort:
    found = words(name)
    is_number = _says(found, _PURCHASE_ORDER) or ("po" in found and found - {"po"} <= _AROUND)
    vat = next((place for place, pattern in enumerate(_VAT) if pattern <= found), None)
    return _Sort(
        is_number and found.isdisjoint(_NO_NUMBER),
        _says(found, _DELIVERY_DATE),
        not found.isdisjoint(_REMARK) and found.isdisjoint(_NO_REMARK),
        vat if found.isdisjoint(_ABOUT_VAT) else None,
    )


def is_telling(name: str) -> bool:
    """Whether a field of this name may say something that is asked for here. Most fields are plugins' own affairs."""
    sort = _sort(name)
    return sort.purchase_order or sort.delivery_date or sort.remark or sort.vat is not None


def _says(found: frozenset[str], patterns: Iterable[frozenset[str]]) -> bool:
    return any(pattern <= found for pattern in patterns)


def purchase_order(pairs: Pairs) -> str | None:
    """The buyer's own number of the order.

    >>> purchase_order([("billing_purchase_order_number", "PO-4711")])
    'PO-4711'
    """
    for name, value in pairs:
        if _sort(name).purchase_order and (number := _number(value)):
            return number
    return None


def _number(value: str) -> str | None:
    number = " ".join(value.split())
    return number if 0 < len(number) <= _MOST_NUMBER and "://" not in number else None


def vat_number(pairs: Pairs) -> str | None:
    """A VAT number, or another number that a tax authority knows the buyer by; as it was entered.

    >>> vat_number([("_vat_number_validated", "valid"), ("_billing_vat_id", "DE 123456789")])
    'DE 123456789'
    """
    said = [(place, value.strip()) for name, value in pairs if (place := _sort(name).vat) is not None]
    said.sort(key=itemgetter(0))  # one of a business before one of a person, VAT before other taxes
    return next((value for __, value in said if _VAT_NUMBER.fullmatch(re.sub(r"[\s./-]", "", value).upper())), None)


def delivery_date(pairs: Pairs) -> datetime | None:
    """The day for which the buyer wants the order, at noon, so that it is the same day nearly everywhere.

    >>> delivery_date([("Delivery Date", "12 December, 2026")])
    datetime.datetime(2026, 12, 12, 12, 0, tzinfo=datetime.timezone.utc)
    """
    for name, value in pairs:
        if _sort(name).delivery_date and (day := parse_day(value)):
            return datetime(day.year, day.month, day.day, 12, tzinfo=timezone.utc)
    return None


def parse_day(value: str) -> date | None:
    """A day as checkout fields write it; None where it could be two: 5/6/2026."""
    value = value.strip()
    if re.fullmatch(r"\d{8}", value):
        return _day(value[:4], value[4:6], value[6:])
    if re.fullmatch(r"\d{10}(?:\d{3})?", value):
        found = epoch(value[:10])
        return found.date() if found and found.year in _YEARS else None
    if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?", value):
        found = moment(value[:10])
        return found.date() if found else None
    if found := _DAY.search(value):
        year, month, day, first, mark, second, late_year = found.groups()
        if year:
            return _day(year, month, day)
        if mark == "." or int(first) > 12 or first == second:
            return _day(late_year, second, first)
        return _day(late_year, first, second) if int(second) > 12 else None
    plain = "".join(char for char in unicodedata.normalize("NFKD", value.lower()) if not unicodedata.combining(char))
    for found in _NAMED_DAY.finditer(plain):
        day, month, other_month, other_day, year = found.groups()
        number = _MONTHS.get(month or other_month)
        if number:
            return _day(year, number, day or other_day)
    return None


def _day(year: str, month: str | int, day: str) -> date | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if found.year in _YEARS else None


def remarks(pairs: Pairs) -> list[str]:
    """What of the fields people want to read who pick, pack and ship: ``name: value`` each."""
    chosen: list[tuple[str, str]] = []
    for name, value in pairs:
        sort = _sort(name)
        if not (sort.remark or sort.delivery_date or sort.purchase_order) or not value.strip():
            continue
        dated = sort.delivery_date and parse_day(value) and not re.fullmatch(r"[\d\s]{8,}", value)
        is_number = sort.purchase_order and _number(value)
        hidden = is_hidden(name.strip().lstrip("_") if dated or is_number else name, value)
        if not hidden and (dated or is_number or sort.remark):
            chosen.append((_label(name), value.strip()))
    told: dict[str, str] = {}  # plugins write the same for people and for themselves
    once = [(label, value) for label, value in chosen if told.setdefault(value.casefold(), label) == label]
    return [f"{label}: {value}" for label, value in merge(once).items()]


def _label(name: str) -> str:
    """A name as people write it; one that people wrote, as it is."""
    name = name.strip()
    if not re.fullmatch(r"[_a-z0-9/-]+", name):
        return name.rstrip(" :") or name
    parts = [part for part in re.split(r"[_/-]+", name) if part and part not in _PREFIXES]
    parts = [part.upper() if part in ("po", "id", "vat") else part for part in parts]
    label = " ".join(parts)
    return label[:1].upper() + label[1:] or name
