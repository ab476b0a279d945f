"""What of an order line is the seller's to book: untaxed amounts, taxes and discount, to the cent.

Pure Python, Decimal only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from .money import prorate, quantize

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """One order line taken apart. ``net + discount_net`` and ``taxes[i] + discount_taxes[i]`` are the channel's amounts.

    ``taxes`` are in the order of the seller's own taxes (those that the marketplace hands over itself are only summed up).
    """

    quantity: Decimal  # still to be delivered or already delivered: ordered less cancelled
    net: Decimal  # without any tax, before discount
    taxes: tuple[Decimal, ...]
    discount_net: Decimal  # zero or negative (for a line that sells)
    discount_taxes: tuple[Decimal, ...]
    marketplace_tax: Decimal

    @property
    def seller_total(self):
        """What the sales order books for this line, discount and the seller's taxes included."""
        return self.net + self.discount_net + sum(self.taxes, ZERO) + sum(self.discount_taxes, ZERO)


def decimal(value):
    """A stored number as Decimal, without the digits that binary floats add."""
    return value if isinstance(value, Decimal) else Decimal(str(value or 0))


def known_rate(tax):
    """The rate of a tax as a fraction; None where the channel does not say it. An amount at 0 % is one of a tax service that
    leaves the rate out.

    :param dict tax: JSON form of :class:`connectors.records.Tax`
    :rtype: Decimal or None
    """
    rate = tax.get("rate")
    if rate in (None, ""):
        return None
    rate = decimal(rate)
    return None if not rate and decimal(tax.get("amount")) else rate


def is_sellers(tax):
    """Whether a tax is the seller's to book: 0 % is one as well, neither amount nor rate is none."""
    says_something = bool(decimal(tax.get("amount"))) or known_rate(tax) is not None
    return tax.get("collected_by", "seller") == "seller" and says_something


def rounding_left(expected, booked, digits, roundings):
    """What rounding leaves between the channel's total and its lines; nothing where it is more than rounding can make.

    :param Decimal expected: the channel's total without tax that the marketplace hands over
    :param Decimal booked: the sum of the lines, in whole coins
    :param int roundings: amounts that were rounded here and at the channel: a coin each
    """
    rest = quantize(expected, digits) - booked
    return rest if abs(rest) <= roundings * Decimal(1).scaleb(-digits) else ZERO


class Coins:
    """Rounds the amounts of an order, one after the other, to the currency's smallest coin. What rounding leaves goes into
    the next amount, so that they add up to what they did before; whole coins stay what they are.

    Some stores keep fractions of a coin in an order's lines. Odoo rounds those of an order and those of its invoice in
    different places.
    """

    def __init__(self, digits):
        self.digits = digits
        self.left = ZERO

    def __call__(self, amount):
        exact = amount + self.left
        rounded = quantize(exact, self.digits)
        self.left = exact - rounded
        return rounded

    def round(self, amounts):
        """:rtype: LineAmounts"""
        return replace(
            amounts,
            net=self(amounts.net),
            taxes=tuple(map(self, amounts.taxes)),
            discount_net=self(amounts.discount_net),
            discount_taxes=tuple(map(self, amounts.discount_taxes)),
        )


def line_amounts(quantity, cancelled, subtotal, discount, taxes, digits=2):
    """Take a channel order line apart.

    :param quantity: as ordered; ``subtotal``, ``discount`` and the taxes' amounts are for all of it
    :param cancelled: of it, not to be delivered any more
    :param taxes: list of JSON forms of :class:`connectors.records.Tax`
    :param int digits: of the currency
    :rtype: LineAmounts
    """
    quantity, cancelled = decimal(quantity), decimal(cancelled)
    remaining = max(quantity - cancelled, ZERO)

    def part(amount):
        return prorate(decimal(amount), remaining, quantity, digits) if quantity else decimal(amount)

    def tax_part(tax):
        """What the channel gave back leaves, where that is the share but for rounding."""
        share, given_back = part(tax.get("amount")), tax.get("cancelled")
        if given_back is None or not remaining or not cancelled:
            return share
        left = decimal(tax.get("amount")) - decimal(given_back)
        return left if abs(left - share) <= max(cancelled, 1) * Decimal(1).scaleb(-digits) else share

    subtotal, discount = part(subtotal), part(discount)
    amounts = [tax_part(tax) for tax in taxes]
    included = sum((amount for tax, amount in zip(taxes, amounts, strict=True) if tax.get("included")), ZERO)
    net_after = subtotal - discount - included
    sellers = [amount for tax, amount in zip(taxes, amounts, strict=True) if is_sellers(tax)]
    rates = [decimal(tax.get("rate")) for tax in taxes if is_sellers(tax)]
    marketplace = sum(amounts, ZERO) - sum(sellers, ZERO)

    if not discount:
        zeros = (ZERO,) * len(sellers)
        return LineAmounts(remaining, net_after, tuple(sellers), ZERO, zeros, marketplace)
    if subtotal != discount:
        share = subtotal / (subtotal - discount)
        net = quantize(net_after * share, digits)
        before = [quantize(amount * share, digits) for amount in sellers]
    else:  # given away: nothing is left to take the proportion from, so the rates give it
        inside = sum((decimal(tax.get("rate")) for tax in taxes if tax.get("included")), ZERO)
        net = quantize(subtotal / (1 + inside), digits)
        before = [quantize(net * rate, digits) for rate in rates]
    after = [amount - full for amount, full in zip(sellers, before, strict=True)]
    return LineAmounts(remaining, net, tuple(before), net_after - net, tuple(after), marketplace)
