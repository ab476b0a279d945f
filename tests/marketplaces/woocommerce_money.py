"""Sums of a simulated WooCommerce order: taxes, coupons, totals. All amounts are Decimal, lines exclude tax."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

ZERO = Decimal(0)
#: code -> (name, symbol, the symbol as WordPress writes it into HTML)
CURRENCIES = {
    "USD": ("United States (US) dollar", "$", "&#36;"),
    "EUR": ("Euro", "€", "&euro;"),
    "GBP": ("Pound sterling", "£", "&pound;"),
    "JPY": ("Japanese yen", "¥", "&yen;"),
    "CHF": ("Swiss franc", "CHF", "&#67;&#72;&#70;"),
}


def rounded(value: Any, decimals: int = 2, mode: str = ROUND_HALF_UP) -> Decimal:
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), mode)


def text(value: Any, decimals: int = 2) -> str:
    """An amount as wc/v3 shows it."""
    return str(rounded(value, decimals))


def bare(value: Decimal) -> str:
    """An amount as PHP prints a number: ``6``, ``0.4``."""
    plain = value.normalize()
    return f"{plain:f}" if plain else "0"


def matching(taxes: Sequence[Mapping[str, Any]], address: Mapping[str, Any], tax_class: str) -> list[Mapping[str, Any]]:
    """The rates for an address, one of each priority, the most exact one first."""
    found: dict[int, Mapping[str, Any]] = {}
    for tax in sorted(taxes, key=lambda tax: (not tax["state"], not tax["country"], tax["order"], tax["id"])):
        fits = all(tax[name] in ("", address.get(name)) for name in ("country", "state"))
        if fits and tax["class"] == (tax_class or "standard"):
            found.setdefault(tax["priority"], tax)
    return [found[priority] for priority in sorted(found)]


def taxes_on(amount: Decimal, rates: Iterable[Mapping[str, Any]], included: bool, places: int) -> dict[int, Decimal]:
    """Tax of each rate (by id) on an amount, or within it. Compound ones come on top of the others. Within an amount
    WooCommerce rounds halves down, on top of it up."""
    plain = [(rate["id"], Decimal(rate["rate"]) / 100) for rate in rates if not rate["compound"]]
    compound = [(rate["id"], Decimal(rate["rate"]) / 100) for rate in rates if rate["compound"]]
    found: dict[int, Decimal] = {}
    if included:
        for ref, rate in reversed(compound):
            found[ref] = amount - amount / (1 + rate)
            amount -= found[ref]
        net = amount / (1 + sum((rate for _ref, rate in plain), ZERO))
        found |= {ref: net * rate for ref, rate in plain}
    else:
        found |= {ref: amount * rate for ref, rate in plain}
        base = amount + sum(found.values(), ZERO)
        for ref, rate in compound:
            found[ref] = base * rate
            base += found[ref]
    mode = ROUND_HALF_DOWN if included else ROUND_HALF_UP
    return {rate["id"]: rounded(found[rate["id"]], places, mode) for rate in rates}


def coupon_shares(coupon: Mapping[str, Any], prices: Sequence[Decimal], quantities: Sequence[int]) -> list[Decimal]:
    """What a coupon takes off each line. A percentage is cut to whole cents line by line and then rounded on the sum:
    the missing cents come off the lines one by one, the dearest first, so that no line shows the percentage."""
    cents = [price * 100 for price in prices]
    amount = Decimal(coupon["amount"])
    if coupon["discount_type"] == "percent":
        exact = [value * amount / 100 for value in cents]
        shares = [value.quantize(Decimal(1), ROUND_FLOOR) for value in exact]
        wanted = rounded(sum(exact, ZERO), 0)
    elif coupon["discount_type"] == "fixed_product":
        shares = [min(value, amount * 100 * quantity) for value, quantity in zip(cents, quantities, strict=True)]
        wanted = sum(shares, ZERO)
    else:
        each = (amount * 100 / max(1, sum(quantities))).quantize(Decimal(1), ROUND_FLOOR)
        shares = [min(value, each * quantity) for value, quantity in zip(cents, quantities, strict=True)]
        wanted = min(amount * 100, sum(cents, ZERO))
    return [share / 100 for share in _with_rest(shares, wanted, cents)]


def _with_rest(shares: list[Decimal], wanted: Decimal, cents: Sequence[Decimal]) -> list[Decimal]:
    rest = wanted - sum(shares, ZERO)
    order = sorted(range(len(shares)), key=lambda place: -cents[place])
    while rest >= 1 and any(shares[place] + 1 <= cents[place] for place in order):
        for place in order:
            if rest >= 1 and shares[place] + 1 <= cents[place]:
                shares[place] += 1
                rest -= 1
    return shares
