"""What linking listings to products would do, worked out for many listings in a fixed number of queries."""

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from odoo import fields, models
from odoo.tools import format_amount

from .order_channel_batch_release import RELEASE_AT_ONCE
from .order_channel_promise import Offer

#: a price this many times another one looks like a wrong link, or a pack that is not said to be one
FAR = 2.0
#: names of products, items or channels that a sentence lists
FEW = 5


@dataclass(slots=True)
class Component:
    """One product of what a listing would stand for, as ``order.channel._fill_offer`` reads it."""

    product_id: models.BaseModel
    quantity: float


@dataclass(slots=True)
class Prices:
    """Money of one listing, in its own currency; of one whole item as it is sold there."""

    price: float  # at the channel; 0.0 where it says none
    product_price: float  # list prices of what it would stand for
    cost: float

    @property
    def far(self):
        """Whether the channel's price and the products' are so far apart that somebody should look."""
        low, high = sorted((self.price, self.product_price))
        return low > 0 and high >= FAR * low


class Freed(NamedTuple):
    """The orders that wait for some listings, as order.channel.order records."""

    released: models.BaseModel  # nothing else is in the way
    held: models.BaseModel  # no longer frozen, but to resolve for another reason
    frozen: models.BaseModel  # other items keep them frozen


class OrderChannel(models.Model):
    _inherit = "order.channel"

    def _offers_as(self, meant):
        """What listings of this channel may offer once they stand for these products. What the orders that wait for them
        will then hold is left out already.

        :param dict meant: ``{listing: [(product id, quantity)]}``
        :return: ``{listing: Offer}``
        """
        self.ensure_one()
        Product = self.env["product.product"].sudo()
        needs_ref = self._connector_attribute("needs_stock_ref", False)
        products = Product.browse({product_id for lines in meant.values() for product_id, __ in lines})
        tracked, untold = products.filtered("is_storable"), self._untold_stock(products)
        promises, tracked_ids = self._promises(tracked), set(tracked.ids)
        for product_id, quantity in self.env["order.channel.listing"]._waiting_demand(meant).items():
            if product_id in promises:
                promises[product_id].held += quantity
        offers = {}
        for listing, components in meant.items():
            lines = [Component(Product.browse(product_id), quantity) for product_id, quantity in components]
            limits = [line for line in lines if line.product_id.id in tracked_ids]
            reasons = [untold[product_id] for product_id, __ in components if product_id in untold]
            hold = self._listing_hold(listing, bool(lines), bool(limits), reasons, needs_ref, state="linked")
            offers[listing] = Offer(listing, hold)
            if limits and not reasons:
                self._fill_offer(offers[listing], limits, promises)
        return offers


class OrderChannelListing(models.Model):
    _inherit = "order.channel.listing"

    # === STOCK === #

    def _waiting_demand(self, meant):
        """What the open orders that wait for these listings will hold of each product.

        :param dict meant: ``{listing: [(product id, quantity)]}``
        :return: ``{product id: quantity}``
        """
        components = {listing.id: lines for listing, lines in meant.items()}
        rows = (
            self.env["order.channel.order.line"]
            .sudo()
            ._read_group(
                [
                    ("listing_id", "in", list(components)),
                    ("mapping_id", "=", False),
                    ("fulfilled_by", "not in", ("marketplace", "other")),
                    ("order_id.sale_order_ids.state", "in", ("draft", "sent")),
                ],
                ["listing_id"],
                ["quantity:sum", "cancelled_quantity:sum"],
            )
        )
        demand = defaultdict(float)
        for listing, ordered, cancelled in rows:
            for product_id, quantity in components[listing.id]:
                demand[product_id] += quantity * max(0.0, ordered - cancelled)
        return demand

    def _offers_as(self, meant):
        """:meth:`order.channel._offers_as` for listings of several channels."""
        offers = {}
        for channel, listings in self.union(*meant).sudo().grouped("channel_id").items():
            offers |= channel._offers_as({listing: meant[listing] for listing in listings})
        return offers

    def _pushed_once_linked(self):
        """Those of these listings whose quantity Odoo sets as soon as they stand for a stock-tracked product."""
        pushed = self.browse()
        for channel, listings in self.sudo().grouped("channel_id").items():
            if channel._stock_hold():
                continue
            needs_ref = channel._connector_attribute("needs_stock_ref", False)
            pushed |= listings.filtered(
                lambda listing, channel=channel, needs_ref=needs_ref: (
                    listing.physical and not channel._listing_hold(listing, True, True, [], needs_ref, state="linked")
                )
            )
        return pushed.sudo(self.env.su)

    def _emptied_by_confirming(self):
        """Those of these listings that the channel has stock of, which a new product, that has none yet, sets to zero."""
        return self._pushed_once_linked().filtered(lambda listing: listing._quantity_there() > 0)

    def _sharing(self, product_ids):
        """Other listings that are sold from the same stock.

        :return: ``[(channel, number of listings)]``
        """
        return self._read_group(
            [("mapping_id.line_ids.product_id", "in", list(product_ids)), ("id", "not in", self.ids)],
            ["channel_id"],
            ["__count"],
        )

    # === ORDERS === #

    def _freed_orders(self):
        """What becomes of the frozen orders that wait for these listings once all of them are linked.

        :rtype: Freed
        """
        Blocker = self.env["order.channel.blocker"]
        unmapped = [("code", "=", "unmapped")]
        orders = Blocker.search_fetch([*unmapped, ("listing_id", "in", self.ids)], ["order_id"]).order_id
        of_orders = [("order_id", "in", orders.ids)]
        frozen = Blocker.search_fetch(
            [*unmapped, *of_orders, ("listing_id", "not in", self.ids)], ["order_id"]
        ).order_id
        other = [("code", "!=", "unmapped"), ("overruled_by_id", "=", False)]
        held = Blocker.search_fetch([*other, *of_orders], ["order_id"]).order_id - frozen
        return Freed(orders - frozen - held, held, frozen)

    def _say_freed(self):
        """In a sentence how many orders linking these releases, their money, and what else holds up the others."""
        freed, held, frozen = self._freed_orders()
        parts = freed._say_released(held)
        if len(freed) + len(held) + len(frozen) > RELEASE_AT_ONCE:
            parts.append(self.env._("this runs in the background"))
        if len(frozen) == 1:
            parts.append(self.env._("1 order stays frozen because of other items"))
        elif frozen:
            parts.append(self.env._("%(number)s orders stay frozen because of other items", number=len(frozen)))
        return "; ".join(parts)

    # === MONEY === #

    def _prices_as(self, meant):
        """What these listings and the products they would stand for cost, in the listings' currencies.

        :param dict meant: ``{listing: [(product id, quantity)]}``
        :return: ``{listing: Prices}``
        """
        today = fields.Date.context_today(self)
        prices = {}
        for listing, components in meant.items():
            company = listing.company_id
            currency = listing.currency_id or company.currency_id
            price = cost = 0.0
            for product_id, quantity in components:
                product = self.env["product.product"].browse(product_id).with_company(company)
                price += quantity * product.currency_id._convert(
                    product.lst_price, currency, company, today, round=False
                )
                cost += quantity * product.cost_currency_id._convert(
                    product.standard_price, currency, company, today, round=False
                )
            prices[listing] = Prices(listing.price, currency.round(price), currency.round(cost))
        return prices


class OrderChannelOrder(models.Model):
    _inherit = "order.channel.order"

    def _say_released(self, held):
        """These orders are released, those are not.

        :param held: order.channel.order records that stay to resolve for a reason of their own
        :return: parts of a sentence; empty where there are none of either
        """
        parts = []
        if len(self) == 1:
            parts.append(self.env._("1 order is released (%(money)s)", money=self._money_text()))
        elif self:
            parts.append(
                self.env._("%(number)s orders are released (%(money)s)", number=len(self), money=self._money_text())
            )
        if len(held) == 1:
            more = self.env._("1 more stays to resolve for another reason")
            parts.append(more if self else self.env._("1 order stays to resolve for another reason"))
        elif held:
            more = self.env._("%(number)s more stay to resolve for another reason", number=len(held))
            alone = self.env._("%(number)s orders stay to resolve for another reason", number=len(held))
            parts.append(more if self else alone)
        return parts

    def _money_text(self):
        """What these orders come to, by currency: ``1,820.00 $ + 90.00 €``; empty for none."""
        rows = self._read_group(
            [("id", "in", self.ids)], ["currency_code"], ["amount_total:sum"], order="currency_code"
        )
        currencies = {
            currency.name: currency
            for currency in self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "in", [code for code, __ in rows])])
        }
        return " + ".join(
            format_amount(self.env, total, currencies[code]) if code in currencies else f"{total:.2f} {code}"
            for code, total in rows
        )
