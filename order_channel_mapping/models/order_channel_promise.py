"""What can be promised of a product, and what a listing may offer (rule 6)."""

from collections import defaultdict
from dataclasses import dataclass, field

from odoo import models
from odoo.fields import Domain

from ..connectors import connector_classes
from ..tools.promise import least_complete, whole_units

LISTING_FACTS = [
    "external_id",
    "stock_ref",
    "kind",
    "state",
    "gone",
    "fulfilled_by",
    "push_enabled",
    "mapping_id",
    "pushed_quantity",
    "pushed_at",
    "remote_quantity",
    "remote_seen_at",
]
OPEN_MOVES = ("waiting", "confirmed", "assigned", "partially_available")


@dataclass(slots=True)
class Promise:
    """The figures of one product on one channel, in the product's own unit."""

    on_hand: float = 0.0
    outgoing: float = 0.0
    held: float = 0.0
    buffer: float = 0.0

    @property
    def available(self):
        return self.on_hand - self.outgoing - self.held - self.buffer


@dataclass(slots=True, eq=False)
class Offer:
    """What one listing may offer: a whole number of units, or the reason why nothing is pushed for it (``hold``)."""

    listing: models.BaseModel
    hold: str | None = None
    quantity: int = 0
    limiting: Promise = field(default_factory=Promise)  # of the component that limits
    components: list = field(default_factory=list)
    drift: bool = False  # pushed because the channel was seen to hold something else than it was told

    @property
    def found(self):
        """What the channel was seen to hold. Less than nothing (oversold) is nothing to sell, as with what we push."""
        return max(0, self.listing.remote_quantity)


class OrderChannel(models.Model):
    _inherit = "order.channel"

    # === PRODUCTS === #

    def _promises(self, products):
        """What this channel can promise of each product, in a fixed number of queries.

        On hand in its locations - open outgoing demand - demand of channel orders that are not confirmed yet - buffer.
        On hand and outgoing demand are Odoo's own figures for these locations. What one channel's draft order holds back
        is held back on every channel that sells from the same warehouse, offline stores included.

        :param products: product.product records
        :return: ``{product id: Promise}``
        """
        self.ensure_one()
        promises = {product_id: Promise(buffer=self.stock_buffer) for product_id in products.ids}
        if not promises:
            return promises
        Product = self.env["product.product"].sudo()
        roots, warehouses = self._stock_scope()
        of_products = Domain("product_id", "in", products.ids)
        in_scope, __, leaving = Product._get_domain_locations_new(roots.ids)
        open_moves = of_products & Domain("state", "in", OPEN_MOVES)
        for product, quantity in (
            self.env["stock.quant"].sudo()._read_group(of_products & in_scope, ["product_id"], ["quantity:sum"])
        ):
            promises[product.id].on_hand = quantity
        for product, quantity in (
            self.env["stock.move"].sudo()._read_group(open_moves & leaving, ["product_id"], ["product_qty:sum"])
        ):
            promises[product.id].outgoing = quantity
        if self.location_ids:
            for product_id, quantity in self._outgoing_from_above(roots, open_moves).items():
                promises[product_id].outgoing += quantity
        for product_id, quantity in self._held_quantities(of_products, warehouses).items():
            promises[product_id].held = quantity
        return promises

    def _stock_scope(self):
        """:return: (locations, their children included; warehouses) that this channel sells from"""
        channel = self.sudo()
        if channel.location_ids:
            own = channel.location_ids.filtered(
                lambda location: location.company_id in (channel.company_id, location.browse())
            )
            return own, own.warehouse_id
        warehouses = channel.warehouse_ids or channel.warehouse_id
        return warehouses.view_location_id, warehouses

    def _outgoing_from_above(self, roots, open_moves):
        """Demand that leaves from a parent of the channel's locations, such as a delivery from the whole stock where the
        channel sells from one shelf: it may take from the shelf. What is reserved elsewhere doesn't.

        :return: ``{product id: quantity}``
        """
        Location = self.env["stock.location"].sudo()
        ids = Location.search([("id", "child_of", roots.ids)]).ids
        above = {int(part) for root in roots for part in root.parent_path.split("/")[:-1]} - set(ids)
        leaving = (
            open_moves
            & Domain("location_id", "in", sorted(above))
            & (
                (Domain("location_final_id", "!=", False) & Domain("location_final_id", "not in", ids))
                | (Domain("location_final_id", "=", False) & Domain("location_dest_id", "not in", ids))
            )
        )
        demand = self.env["stock.move"].sudo()._read_group(leaving, ["product_id"], ["product_qty:sum"])
        elsewhere = (
            self.env["stock.move.line"]
            .sudo()
            ._read_group(
                Domain("move_id", "any", leaving) & Domain("location_id", "not in", ids),
                ["product_id"],
                ["quantity_product_uom:sum"],
            )
        )
        reserved = {product.id: quantity for product, quantity in elsewhere}
        return {product.id: max(0.0, quantity - reserved.get(product.id, 0.0)) for product, quantity in demand}

    def _held_quantities(self, of_products, warehouses):
        """Demand of channel orders whose sales order is still draft or sent. Lines that the marketplace or another
        location ships don't count.

        :return: ``{product id: quantity in the product's unit}``
        """
        domain = (
            of_products
            & Domain("state", "in", ("draft", "sent"))
            & Domain("order_id.order_channel_id", "!=", False)
            & (
                Domain("warehouse_id", "in", warehouses.ids)
                | (Domain("warehouse_id", "=", False) & Domain("company_id", "=", self.company_id.id))
            )
            & (
                Domain("channel_order_line_id", "=", False)
                | Domain("channel_order_line_id.fulfilled_by", "not in", ("marketplace", "other"))
            )
        )
        held = defaultdict(float)
        for product, unit, quantity in (
            self.env["sale.order.line"]
            .sudo()
            ._read_group(domain, ["product_id", "product_uom_id"], ["product_uom_qty:sum"])
        ):
            held[product.id] += unit._compute_quantity(quantity, product.uom_id, round=False)
        return held

    # === LISTINGS === #

    def _offers(self, listings, siblings=False):
        """What each of these listings may offer, in a fixed number of queries whatever their number.

        :param listings: order.channel.listing records of this channel
        :param siblings: add the listings that share a stock reference with these, for which the channel has one quantity
        :return: ``{listing id: Offer}``
        """
        self.ensure_one()
        offers, limits = self._empty_offers(listings, siblings)
        pushable = {line.product_id.id for key, lines in limits.items() if not offers[key].hold for line in lines}
        promises = self._promises(self.env["product.product"].browse(pushable))
        for listing_id, offer in offers.items():
            if not offer.hold:
                self._fill_offer(offer, limits[listing_id], promises)
        return offers

    def _stock_preview(self, links=None):
        """What switching stock push on would do, without doing it.

        :param dict links: what unconfirmed listings get linked to at the same time, ``{listing: [(product id, quantity)]}``
        :return: ``[(listing, quantity at the channel as far as known, quantity that would be pushed)]`` of the listings
            that would be pushed
        """
        self.ensure_one()
        listings = self.env["order.channel.listing"].search(
            [("channel_id", "=", self.id), ("kind", "=", "item"), ("state", "=", "linked"), ("gone", "=", False)]
        )
        if links:
            # their orders hold stock from then on, of what is linked already, too
            meant = {listing: listing.mapping_id._components() for listing in listings} | links
            offers = {listing.id: offer for listing, offer in self._offers_as(meant).items()}
            listings = listings.union(*links)
        else:
            offers = self._offers(listings)
        listings.fetch(["remote_quantity", "remote_seen_at", "pushed_quantity", "pushed_at"])
        return [
            (listing, listing._quantity_there(), offers[listing.id].quantity)
            for listing in listings
            if not offers[listing.id].hold
        ]

    def _listing_holds(self, listings):
        """``{listing id: why nothing is pushed for it, or None}``, reasons of the channel as a whole left aside."""
        offers, __ = self._empty_offers(listings)
        return {listing_id: offer.hold for listing_id, offer in offers.items()}

    def _empty_offers(self, listings, siblings=False):
        """:return: (``{listing id: Offer without figures}``, ``{listing id: mapping lines of stock-tracked products}``)"""
        listings, components = self._stock_facts(listings, siblings)
        product_ids = {line.product_id.id for lines in components.values() for line in lines}
        untold = self._untold_stock(self.env["product.product"].sudo().browse(product_ids))
        needs_ref = self._connector_attribute("needs_stock_ref", False)
        offers, limits = {}, {}
        for listing in listings:
            lines = components[listing.mapping_id.id]
            limits[listing.id] = tracked = [line for line in lines if line.product_id.product_tmpl_id.is_storable]
            reasons = [untold[line.product_id.id] for line in lines if line.product_id.id in untold]
            hold = self._listing_hold(listing, bool(lines), bool(tracked), reasons, needs_ref)
            offers[listing.id] = Offer(listing, hold)
        return offers, limits

    def _stock_facts(self, listings, siblings):
        """Read all that offers are made of: one query each for listings, components, products and templates.

        :return: (listings, ``{mapping id: mapping lines}``)
        """
        Listing = self.env["order.channel.listing"].sudo()
        of_channel = Domain("channel_id", "=", self.id)
        listings = Listing.search_fetch(of_channel & Domain("id", "in", listings.ids), LISTING_FACTS, order="id")
        refs = {ref for ref in listings.mapped("stock_ref") if ref} if siblings else ()
        if refs:
            others = of_channel & Domain("stock_ref", "in", list(refs)) & Domain("id", "not in", listings.ids)
            listings |= Listing.search_fetch(others, LISTING_FACTS, order="id")
        lines = (
            self.env["order.channel.mapping.line"]
            .sudo()
            .search_fetch(
                [("mapping_id", "in", listings.mapping_id.ids)], ["mapping_id", "product_id", "quantity"], order="id"
            )
        )
        products = (
            self.env["product.product"]
            .sudo()
            .with_context(active_test=False)
            .search_fetch([("id", "in", lines.product_id.ids)], ["product_tmpl_id"], order="id")
        )
        self.env["product.template"].sudo().with_context(active_test=False, prefetch_fields=False).search_fetch(
            [("id", "in", products.product_tmpl_id.ids)], ["is_storable", "company_id", "uom_id"], order="id"
        )
        components = defaultdict(list)
        for line in lines:
            components[line.mapping_id.id].append(line)
        return listings, components

    def _untold_stock(self, products):
        """Products of which this channel can promise nothing, whatever their own stock says: another company's, and kits,
        whose parts' stock is not looked at here.

        :return: ``{product id: other_company or kit}``
        """
        companies = [False, *self.company_id.sudo().parent_ids.ids]
        foreign = products.filtered(lambda product: product.product_tmpl_id.company_id.id not in companies)
        kits = products.with_company(self.company_id)._channel_kits()
        return dict.fromkeys(kits.ids, "kit") | dict.fromkeys(foreign.ids, "other_company")

    def _listing_hold(self, listing, mapped, tracked, untold, needs_ref, state=None):
        """Why nothing is pushed for a listing, as a code of ``order.channel.listing.push_hold_code``; None: it is pushed.

        :param mapped: it stands for products
        :param tracked: at least one of them is stock-tracked
        :param list untold: why nothing can be promised of one of them, see :meth:`_untold_stock`
        :param needs_ref: the marketplace keeps stock under a reference of its own
        :param state: taken for the listing's own, to see what would be
        """
        state = state or listing.state
        if listing.kind == "custom":
            return "custom"
        if listing.gone:
            return "gone"
        if state != "linked" or not mapped:
            return "ignored" if state == "ignored" else "unconfirmed"
        if listing.fulfilled_by == "marketplace":
            return "marketplace_fulfilled"
        if not listing.push_enabled:
            return "push_disabled"
        if needs_ref and not listing.stock_ref:
            return "no_stock_ref"
        if untold:
            return untold[0]
        return None if tracked else "untracked"

    def _fill_offer(self, offer, lines, promises):
        """Least of what each component allows. Components that aren't stock-tracked don't limit."""
        per_unit = defaultdict(float)
        for line in lines:
            per_unit[line.product_id.id] += line.quantity
        available = {product_id: promises[product_id].available for product_id in per_unit}
        offer.quantity = least_complete(available, per_unit)
        possible = {product_id: whole_units(available[product_id], pieces) for product_id, pieces in per_unit.items()}
        offer.limiting = promises[min(possible, key=lambda product_id: (possible[product_id], available[product_id]))]
        offer.components = [
            {
                "product_id": product_id,
                "per_listing": pieces,
                "on_hand": promises[product_id].on_hand,
                "outgoing": promises[product_id].outgoing,
                "held": promises[product_id].held,
                "possible": possible[product_id],
            }
            for product_id, pieces in per_unit.items()
        ]

    def _connector_attribute(self, name, default=None):
        """A fact about the channel's marketplace, without opening a connection."""
        return getattr(connector_classes().get(self.provider), name, default)
