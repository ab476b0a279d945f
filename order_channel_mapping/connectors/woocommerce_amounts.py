"""Amounts of a WooCommerce order, to the cent.

WooCommerce keeps every line without tax, with its taxes beside it, often with more digits than the currency has, and
rounds sums: taxes per rate (once for goods and fees, once for shipping), then the order's total. Here the lines are
rounded so that they add up to WooCommerce's own sums; a cent goes to a line that was rounded, never to one that was exact.

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
    inexact = [place for place, value in enumerate(values) if value != rounded[place]]
    if missing and abs(missing) <= unit * (len(inexact) + 1) / 2:
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

    @classmethod
    def parse(cls, payload: Mapping[str, Any], group: str = GOODS) -> Line:
        net = number(payload["total"])
        taxes = {str(part["id"]): number(part.get("total")) for part in payload.get("taxes") or ()}
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
        self._country = country

    def round(self, value: Decimal) -> Decimal:
        return value.quantize(self.unit, ROUND_HALF_UP)

    def fill(self, lines: Sequence[Line]) -> Decimal:
        """Work out what the lines give on.

        :return: what of the order's total rounding does not explain
        """
        for group in (GOODS, SHIPPING):
            self._settle_taxes([line for line in lines if line.group == group], group)
        taxes = sum((tax for line in lines for tax in line.rounded_taxes.values()), ZERO)
        if self.included:
            wholes = [line.net + sum(line.raw_taxes.values(), ZERO) for line in lines]
            prices = settle(wholes, self.total, self.unit)
        else:
            prices = settle([line.net for line in lines], self.total - taxes, self.unit)
        for line, price in zip(lines, prices, strict=True):
            self._finish(line, price)
        return self.total - sum((line.total for line in lines), ZERO)

    def _settle_taxes(self, lines: Sequence[Line], group: str) -> None:
        for rate in dict.fromkeys(rate for line in lines for rate in line.raw_taxes):
            taxed = [line for line in lines if rate in line.raw_taxes]
            said = self._rates.get(rate, {}).get(group)
            target = self.round(number(said)) if said not in (None, "") else None
            rounded = settle([line.raw_taxes[rate] for line in taxed], target, self.unit)
            for line, tax in zip(taxed, rounded, strict=True):
                line.rounded_taxes[rate] = tax

    def _finish(self, line: Line, price: Decimal) -> None:
        """``price``: after discount, in the order's own convention."""
        before = line.net_before + (line.tax_before if self.included else ZERO)
        now = line.net + (sum(line.raw_taxes.values(), ZERO) if self.included else ZERO)
        line.subtotal = price if self.round(before) == self.round(now) else self.round(before)
        line.discount = line.subtotal - price
        line.taxes = tuple(filter(None, (self._tax(rate, tax) for rate, tax in line.rounded_taxes.items())))
        line.total = price if self.included else price + sum(line.rounded_taxes.values(), ZERO)

    def _tax(self, rate: str, tax: Decimal) -> Tax | None:
        """None for what says nothing: no amount and no rate."""
        said = self._rates.get(rate, {})
        percent = said.get("rate_percent")
        fraction = None if percent in (None, "") else amount(percent) / HUNDRED
        if not tax and not fraction:
            return None
        code = text(said.get("rate_code")) or text(said.get("label")) or "tax"
        country = code[:2] if len(code) > 2 and code[2] == "-" and code[:2].isupper() else self._country
        return Tax(code, text(said.get("label")) or code, fraction, tax, self.included, country=country)
