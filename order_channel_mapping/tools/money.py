"""Splitting amounts so that the parts add up to the cent. Pure Python, Decimal only."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def quantize(amount, digits=2):
    """``amount`` rounded half up to so many digits.

    >>> quantize(Decimal("2.345"))
    Decimal('2.35')
    """
    return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def split(amount, weights, digits=2):
    """Split ``amount`` in proportion to ``weights``; the last part takes the cents that rounding leaves.

    All weights zero: equal parts. Negative amounts split like positive ones.

    :param Decimal amount: what the parts add up to
    :param weights: sequence of Decimal, none negative
    :rtype: list[Decimal]

    >>> split(Decimal("10.00"), [Decimal(1)] * 3)
    [Decimal('3.33'), Decimal('3.33'), Decimal('3.34')]
    """
    if not weights:
        return []
    total = sum(weights)
    if not total:
        weights = [Decimal(1)] * len(weights)
        total = Decimal(len(weights))
    parts = [quantize(amount * weight / total, digits) for weight in weights[:-1]]
    return [*parts, amount - sum(parts, Decimal(0))]


def prorate(amount, part, whole, digits=2):
    """``amount`` for ``part`` of ``whole`` units, rounded; the whole amount where nothing was taken away.

    >>> prorate(Decimal("10.00"), Decimal(2), Decimal(3))
    Decimal('6.67')
    """
    if part == whole or not whole:
        return amount
    return quantize(amount * part / whole, digits)
