"""Amounts of a WooCommerce order, to the cent.

WooCommerce keeps every line without tax, with its taxes beside it, often with more digits than the currency has, and
rounds sums: taxes per rate (once for goods and fees, once for shipping), then the order's total. Here the lines are
rounded so that they add up to WooCommerce's own sums; a cent goes to a line that was rounded, never to one that was exact.

A store may show fewer decimals than its currency has (crowns, forints). It then rounds its sums to those, while its lines
keep fractions: the difference is the store's rounding, see :meth:`Amounts.rounding`. An order does not say how many
decimals its store shows (the number that we ask for pads it): its sums tell.

Where the shop's prices include tax (``prices_include_tax``), each line is given back its tax and its taxes are marked as
included, so that they find Odoo's taxes of that kind and the price that the buyer saw. Otherwise taxes come on top.

This module must not import Odoo.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from .records import ZERO, Tax
from .values import amount, text

HUNDRED = Decimal(100)
#: what else the store rounds as it rounds the order's total
_SUMS = ("total_tax", "cart_tax", "shipping_tax", "shipping_total", "discount_total", "discount_tax")
GOODS, SHIPPING = "tax_total", "shipping_tax_total"  # where the order sums up the taxes of a line
_NO_DECIMALS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split())
_THREE_DECIMALS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())


def decimals(currency: str | None) -> int:
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def number(value: Any) -> Decimal:
    """An amount; nothing is zero."""
    return amount(value) if value not in (None, "") else ZERO


def settle(values: Sequence[Decimal], target: Decimal | None, unit: Decimal) -> list[Decimal]:
    """Round values so that they add up to ``target``, if rounding alone explains the difference.

    :param target: None: what their sum rounds to
    :param unit: what is rounded to, such as 0.01
    """
    rounded = [value.quantize(unit, ROUND_HALF_UP) for value in values]
    if target is None:
        target = sum(values, ZERO).quantize(unit, ROUND_HALF_UP)
    missing = target - sum(rounded, ZERO)
    if not missing:
        return rounded
    inexact = [place for place, value in enumerate(values) if value != rounded[place]]
    if abs(missing) <= unit * (len(inexact) + 1) / 2:
        step = unit.copy_sign(missing)
        inexact.sort(key=lambda place: (values[place] - rounded[place]) / step, reverse=True)
        for place in inexact[: int(missing / step)]:
            rounded[place] += step
    return rounded


@dataclass(slots=True)
class Line:
    """A line's amounts as the store keeps them, then as they are given on: ``subtotal``, ``discount`` and ``total`` in
    the meaning of :class:`~.records.OrderLine`."""

    payload: Mapping[str, Any]
    group: str = GOODS
    net: Decimal = ZERO
    net_before: Decimal = ZERO  # discount
    tax_before: Decimal = ZERO
    raw_taxes: dict[str, Decimal] = field(default_factory=dict)
    rounded_taxes: dict[str, Decimal] = field(default_factory=dict)
    subtotal: Decimal = ZERO
    discount: Decimal = ZERO
    total: Decimal = ZERO
    taxes: tuple[Tax, ...] = ()
    tax_rates: tuple[str, ...] = ()  # ids of the rates of ``taxes``

    @classmethod
    def parse(cls, payload: Mapping[str, Any], group: str = GOODS) -> Line:
        net = number(payload["total"])
        taxes = {  # a rate of the order that the line has no tax of is named with an empty text
            str(part["id"]): number(part["total"])
            for part in payload.get("taxes") or ()
            if part.get("total") not in (None, "")
        }
        if not taxes and number(payload.get("total_tax")):
            taxes = {"": number(payload["total_tax"])}  # of a rate that is not named
        tax_before = sum(taxes.values(), ZERO)
        net_before = net
        if "subtotal" in payload:  # only goods have one
            net_before = number(payload["subtotal"])
            parts = [number(part.get("subtotal")) for part in payload.get("taxes") or ()]
            tax_before = sum(parts, ZERO) if parts else number(payload.get("subtotal_tax"))
        return cls(payload, group, net, net_before, tax_before, taxes)


class Amounts:
    """What holds for every line of one order: whether prices include tax, its rates, its smallest unit."""

    def __init__(self, order: Mapping[str, Any], country: str | None):
        self.included = bool(order["prices_include_tax"])
        self.unit = Decimal(1).scaleb(-decimals(order["currency"]))
        self.total = self.round(amount(order["total"]))
        self._rates = {str(part["rate_id"]): part for part in order.get("tax_lines") or ()}
        self._order = order
        self._with_amounts: set[str] = set()
        self._country = country
        self._names: dict[str, tuple[str, str, Decimal | None, str | None]] = {}

    def round(self, value: Decimal) -> Decimal:
        return value.quantize(self.unit, ROUND_HALF_UP)

    def fill(self, lines: Sequence[Line]) -> Decimal:
        """Work out what the lines give on.

        :return: what of the order's total rounding does not explain
        """
        self._with_amounts = {rate for line in lines for rate, tax in line.raw_taxes.items() if tax}
        self._settle_taxes(lines)
        taxes = sum((tax for line in lines for tax in line.rounded_taxes.values()), ZERO)
        if self.included:
            wholes = [line.net + sum(line.raw_taxes.values(), ZERO) for line in lines]
            prices = settle(wholes, self.total, self.unit)
        else:
            prices = settle([line.net for line in lines], self.total - taxes, self.unit)
        for line, price in zip(lines, prices, strict=True):
            self._finish(line, price)
        return self.total - sum((line.total for line in lines), ZERO)

    def _settle_taxes(self, lines: Sequence[Line]) -> None:
        """First the sums of each rate, so that they add up to the order's tax, then within each the lines."""
        groups = self._tax_groups(lines)
        sums = [self._tax_sum(taxed, rate, group) for (rate, group), taxed in groups.items()]
        targets = [value.quantize(self.unit, ROUND_HALF_UP) for value in sums]
        total_tax = self._order.get("total_tax")
        if total_tax not in (None, ""):
            targets = settle(sums, self.round(amount(total_tax)), self.unit)
        for ((rate, _group), taxed), target in zip(groups.items(), targets, strict=True):
            rounded = settle([line.raw_taxes[rate] for line in taxed], target, self.unit)
            for line, tax in zip(taxed, rounded, strict=True):
                line.rounded_taxes[rate] = tax

    @staticmethod
    def _tax_groups(lines: Sequence[Line]) -> dict[tuple[str, str], list[Line]]:
        """What the store sums up the taxes of: the lines of each rate, goods and fees apart from shipping."""
        groups: dict[tuple[str, str], list[Line]] = {}
        for group in (GOODS, SHIPPING):
            for line in lines:
                for rate in line.raw_taxes if line.group == group else ():
                    groups.setdefault((rate, group), []).append(line)
        return groups

    def _tax_sum(self, taxed: Sequence[Line], rate: str, group: str) -> Decimal:
        said = self._rates.get(rate, {}).get(group)
        return number(said) if said not in (None, "") else sum((line.raw_taxes[rate] for line in taxed), ZERO)

    def rounding(self, lines: Sequence[Line], rest: Decimal) -> Decimal:
        """How much of what the lines leave of the total is the store's own rounding: all of it or nothing.

        A coin a line is; so is half a unit of the decimals that the store shows for each of its sums that has fractions
        of it, and half a coin a line beside that. More is a difference that somebody has to look at.

        :param rest: what :meth:`fill` gave
        """
        if abs(rest) <= self.unit * len(lines):
            return rest
        unit = self._shown_unit()
        exact = [sum((line.net for line in lines if line.group == group), ZERO) for group in (GOODS, SHIPPING)]
        exact += [self._tax_sum(taxed, rate, group) for (rate, group), taxed in self._tax_groups(lines).items()]
        explained = unit / 2 * sum(bool(value % unit) for value in exact) + self.unit / 2 * len(lines)
        return rest if abs(rest) <= explained else ZERO

    def _shown_unit(self) -> Decimal:
        """The smallest amount that the store shows, as far as its sums tell: all of them are multiples of it."""
        sums = [amount(self._order[name]) for name in _SUMS if self._order.get(name) not in (None, "")]
        unit = Decimal(1)
        while self.total and unit > self.unit and any(value % unit for value in (self.total, *sums)):
            unit /= 10
        return unit if self.total else self.unit

    def _finish(self, line: Line, price: Decimal) -> None:
        """``price``: after discount, in the order's own convention."""
        before = line.net_before + (line.tax_before if self.included else ZERO)
        now = line.net + (sum(line.raw_taxes.values(), ZERO) if self.included else ZERO)
        line.subtotal = price if before == now or self.round(before) == self.round(now) else self.round(before)
        line.discount = line.subtotal - price
        taxes = {rate: self._tax(rate, tax) for rate, tax in line.rounded_taxes.items()}
        line.taxes = tuple(filter(None, taxes.values()))
        line.tax_rates = tuple(rate for rate, tax in taxes.items() if tax)
        line.total = price if self.included else price + sum(line.rounded_taxes.values(), ZERO)

    def _tax(self, rate: str, tax: Decimal) -> Tax | None:
        """None for what says nothing: no amount and no rate. 0 % with an amount, on this line or another, is a rate that a
        tax service leaves out."""
        if rate not in self._names:
            self._names[rate] = self._name(rate)
        code, name, fraction, country = self._names[rate]
        if not fraction and rate in self._with_amounts:
            fraction = None
        if not tax and fraction is None:
            return None
        return Tax(code, name, fraction, tax, self.included, country=country)

    def _name(self, rate: str) -> tuple[str, str, Decimal | None, str | None]:
        """(code, name, rate as a fraction, country) of one of the order's rates"""
        said = self._rates.get(rate, {})
        percent = said.get("rate_percent")
        fraction = None if percent in (None, "") else amount(percent) / HUNDRED
        code = text(said.get("rate_code")) or text(said.get("label")) or "tax"
        country = code[:2] if len(code) > 2 and code[2] == "-" and code[:2].isupper() else self._country
        return code, text(said.get("label")) or code, fraction, country
