"""Titles of custom lines without what only one order has in them. Pure Python.

Shops sell the rest of a deposit, an extra charge, a repair as lines that name the order they belong to: ``Balance for order
1234``. They are one item, however many orders. Numbers that tell items apart (``Size 42``, ``iPhone 14``, ``Custom order 500
flyers``) stay: what goes is only what the words around it say to be the number of an order, an invoice or the like.
"""

from __future__ import annotations

import re

#: stands for what was taken out
GAP = "…"
#: digits that a number has, where the words around it leave a doubt
SURE_DIGITS = 3
#: of the order's own number, to be known wherever it stands
OWN_DIGITS = 4

# whole words with their endings, as shops write them in the languages of Europe; no compounds but those of a number:
# a Bestellblock, a fakturablock and a Comandante are goods
_ORDER = (
    r"(?:(?:orders?|order[- ]?(?:no|nr|num|number|id)|invoices?|bookings?|reservations?|receipts?"
    r"|bestell(?:ung(?:en)?)?|auftrag(?:e?s)?|aufträge?n?|rechnung(?:en)?|buchung(?:en)?|reservierung(?:en)?"
    r"|commandes?|factures?|réservations?|pedidos?|facturas?|reservas?|ordin[ei]|fattur[ae]|prenotazion[ei]"
    r"|encomendas?|faturas?|bestelling(?:en)?|factuur|facturen|boeking(?:en)?|ordr(?:e[rn]?|erne)|faktur\w{0,3}"
    r"|beställning\w{0,4}|bestilling\w{0,4}|zamówieni\w{0,3}|objednáv\w{0,4}|sipariş\w{0,3}|comand(?:[aăe]|ei)"
    r"|rendelés\w{0,3}|számla\w{0,2}|tilau(?:s|kse\w{0,3})|lasku\w{0,3}|заказ\w{0,3}|сч[её]т(?:а|у|ом|е|ов)?"
    r"|замовлен\w{0,3}|παραγγελί\w{0,3})(?:s?[- ]?(?:nr|nummer|numer|number))?)"
)
#: items may be called so as well: only with a word for a payment
_WEAK_ORDER = (
    r"(?:quotes?|quotations?|offer|angebot\w*|devis|presupuestos?|preventiv[oi]|orçamentos?|offertes?|offert\w*)"
)
_PAYMENT = re.compile(
    r"(?<!\w)(?<!new )(?:balance|deposits?|(?:pre|down|re|part|final)?[- ]?payments?|prepaid|instal?lments?|remainder|remaining"
    r"|outstanding|surcharge|refund\w*|adjustment|top[- ]?up|difference"
    r"|\w*zahlung\w*|\w*anzahl\w*|restbetrag|abschlag\w*|differenz\w*|aufpreis|zuschlag"
    r"|soldes?|acomptes?|paiements?|versements?|complément|saldo|anticipo|pagos?|señal|depósito|acconto|pagamento|caparra"
    r"|sinal|\w*betaling\w*|toeslag|dopłat\w*|zaliczk\w*|płatnoś\w*|\w*betalning\w*|handpenning|doplat\w*|záloh\w*|platb\w*)(?!\w)",
    re.IGNORECASE,
)
_MARK = r"(?:no|nr|num|number|nummer|numer|n[°ºo]|№|n[uú]m(?:ero)?|id)(?!\w)[.:]?"
#: 1041, WC-1041, INV/2026/0012, S00042, 1041-A
_REF = r"(?:[A-Za-z]{1,6}[-_/]?)?\d{1,20}[A-Za-z]?(?:[-_/.](?:\d{1,12}|[A-Za-z](?!\w)))*(?!\w)"
_NAMED = re.compile(
    rf"(?<![\w-])(?P<word>(?P<weak>{_WEAK_ORDER})|{_ORDER})(?!\w)(?P<gap>[\s:.(\-–]{{0,4}}(?P<mark>{_MARK})?\s?(?P<hash>#?)\s?)(?P<ref>{_REF})",
    re.IGNORECASE,
)
#: "Balance for #1041", "Deposit (#1041)"
_HASHED = re.compile(
    rf"(?P<before>\(|(?<!\w)(?:for|of|on|to|re|für|zu|zur|von|pour|de|du|para|del|per|voor|van|till|til|do|за)\s{{1,3}}|\s)#\s?(?P<ref>{_REF})",
    re.IGNORECASE,
)
_MORE = re.compile(rf"(?<={GAP})\s?(?:,|&|\+|/|and|und|et|y|e|en|og|och|i)\s?#?\s?(?P<ref>{_REF})", re.IGNORECASE)
#: behind a number of an order; behind a quantity there is a word
_ENDS = re.compile(
    r"\s*(?:$|[)\],;:.!?–]|-(?!\w)|(?:for|from|of|by|on|dated|and|vom|von|für|und|du|de|pour|et|del|para|y|di|per|e|van|voor)(?!\w))",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_DATE = re.compile(
    r"(?<![\w./-])(?:\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2\d{2,4}"
    r"|\d{1,2}(?:st|nd|rd|th|\.)?(?: de)? [^\W\d_]{3,12},?(?: de)? \d{4}"
    r"|[^\W\d_]{3,12} \d{1,2}(?:st|nd|rd|th)?,? \d{4})(?![\w/-])"
)
_CURRENCY = r"(?:[$€£¥₹]|(?:EUR|USD|GBP|CHF|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RON|JPY|INR|kr|zł|Kč)(?!\w))"
_AMOUNT = re.compile(
    rf"{_CURRENCY}\s?\d[\d.,' ]*\d|{_CURRENCY}\s?\d|(?<!\w)\d[\d.,']*\s?{_CURRENCY}"
    r"|(?<![\w.,])\d+[.,]\d\d(?![\w.,%])"
)


def general_title(title, number=None):
    """A title that is the same for all orders.

    :param title: str or None
    :param number: the order's own number, str or None
    :return: str or None

    >>> general_title("Payment #2 for Sofa (order #1041)"), general_title("Custom order 500 flyers")
    ('Payment #2 for Sofa (order #…)', 'Custom order 500 flyers')
    """
    if not title or not any(map(str.isdigit, title)):
        return title
    is_payment = bool(_PAYMENT.search(title))
    general = _NAMED.sub(lambda found: _without_named(found, is_payment), title)
    if is_payment:
        general = _HASHED.sub(lambda found: _without_hashed(found), general)
    general = _MORE.sub(lambda found: "" if _is_sure(found) else found[0], general)
    general = _without_own(general, number)
    if general != title:
        general = _AMOUNT.sub(GAP, _DATE.sub(GAP, general))
    elif is_payment:
        general = _DATE.sub(GAP, general)
    return general


def _without_named(found, is_payment):
    marked = found["mark"] or found["hash"] or re.search(r"(?:nummer|number|nr|no|id)$", found["word"], re.IGNORECASE)
    sure = is_payment or (not found["weak"] and (marked or (_is_sure(found) and not _YEAR.fullmatch(found["ref"]))))
    return found["word"] + found["gap"] + GAP if sure else found[0]


def _without_hashed(found):
    if _digits(found["ref"]) < SURE_DIGITS or (found["before"].isspace() and not _follows_payment(found)):
        return found[0]
    return f"{found['before']}#{GAP}"


def _follows_payment(found):
    words = found.string[: found.start()].split()
    return bool(words and _PAYMENT.fullmatch(words[-1].strip(":-–")))


def _is_sure(found):
    """Whether it is the number of an order by its length and by what follows."""
    return _digits(found["ref"]) >= SURE_DIGITS and bool(_ENDS.match(found.string, found.end()))


def _without_own(title, number):
    own = (number or "").strip().lstrip("#")
    if _digits(own) < OWN_DIGITS or _YEAR.fullmatch(own):
        return title
    return re.sub(rf"(?<![\w-]){re.escape(own)}(?![\w-])", GAP, title, flags=re.IGNORECASE)


def _digits(text):
    return sum(map(str.isdigit, text))
