from odoo import api, fields, models
from odoo.tools import format_amount

from ..models.order_channel_impact import FEW


class OrderChannelLink(models.TransientModel):
    """What linking would do, shown while products and quantities are being chosen."""

    _inherit = "order.channel.link"

    packaging_ids = fields.Many2many(related="product_id.uom_ids")
    packaging_id = fields.Many2one(
        "uom.uom",
        compute="_compute_packaging",
        store=True,
        readonly=False,
        domain="[('id', 'in', packaging_ids)]",
        ondelete="set null",
        help="A packaging of the product. Orders show the item as one of it.",
    )
    stock_text = fields.Char(string="Stock", compute="_compute_impact")
    price_text = fields.Char(string="Price", compute="_compute_impact")
    price_far = fields.Boolean(compute="_compute_impact")
    cost_text = fields.Char(string="Cost", compute="_compute_impact")
    orders_text = fields.Char(string="Orders", compute="_compute_impact")
    shared_text = fields.Char(string="Stock Shared With", compute="_compute_impact")

    # === PACKS === #

    @api.depends("product_id", "quantity")
    def _compute_packaging(self):
        """The packaging of the product that holds just this quantity."""
        for wizard in self:
            product = wizard.product_id
            wizard.packaging_id = product.uom_ids.filtered(
                lambda uom, product=product, quantity=wizard.quantity: (
                    uom._compute_quantity(1.0, product.uom_id) == quantity
                )
            )[:1]

    @api.onchange("packaging_id")
    def _onchange_packaging(self):
        if self.packaging_id:
            self.quantity = self.packaging_id._compute_quantity(1.0, self.product_id.uom_id)

    # === IMPACT === #

    @api.depends("listing_id", "product_id", "quantity", "bundle", "line_ids.product_id", "line_ids.quantity")
    def _compute_impact(self):
        for wizard in self:
            meant = wizard._meant()
            listings = self.env["order.channel.listing"].union(*meant)
            wizard.orders_text = listings._say_freed()
            wizard.shared_text = wizard._say_shared(listings, meant)
            wizard.update({"stock_text": False, "price_text": False, "price_far": False, "cost_text": False})
            if wizard.listing_id and meant:
                wizard.stock_text = wizard._say_stock(meant)
                prices = listings._prices_as(meant)[listings]
                wizard.price_far = prices.far
                wizard.price_text = wizard._say_price(prices)
                wizard.cost_text = wizard._say_cost(prices)

    def _meant(self):
        """What each listing would stand for, ``{listing: [(product id, quantity)]}``; those with nothing left out."""
        self.ensure_one()
        return {
            listing._origin: [(product._origin.id, quantity) for product, quantity in components if quantity > 0]
            for listing, components in self._chosen().items()
            if listing and any(quantity > 0 for __, quantity in components)
        }

    def _say_stock(self, meant):
        """What will be published, or could be, and which product it is that limits."""
        listing = self.listing_id._origin
        offer = listing._offers_as(meant)[listing]
        if not offer.components:
            return self._hold_words(listing, offer.hold)
        limiting = self.env["product.product"]
        if len(offer.components) > 1:
            least = min(offer.components, key=lambda component: component["possible"])
            limiting = limiting.browse(least["product_id"])
        hold = offer.hold or listing.channel_id.sudo()._stock_hold()
        if hold:
            text = self.env._("Enough for %(number)s", number=offer.quantity)
        else:
            text = self.env._("%(now)s at the channel → %(then)s", now=listing._quantity_there(), then=offer.quantity)
        if limiting:
            text = self.env._("%(text)s; %(product)s limits it", text=text, product=limiting.display_name)
        return self.env._("%(text)s. %(why)s.", text=text, why=self._hold_words(listing, hold)) if hold else text

    @api.model
    def _hold_words(self, listing, hold):
        return dict(listing._push_hold_selection()).get(hold, "")

    def _say_price(self, prices):
        listing = self.listing_id
        currency = listing.currency_id or listing.company_id.currency_id
        there, here = (format_amount(self.env, value, currency) for value in (prices.price, prices.product_price))
        if not prices.price:
            return self.env._("The channel says none; %(here)s here", here=here)
        if not prices.product_price:
            return self.env._("%(there)s at the channel; none here", there=there)
        percent = 100.0 * (prices.price - prices.product_price) / prices.product_price
        return self.env._(
            "%(there)s at the channel, %(here)s here (%(percent)s %%)",
            there=there,
            here=here,
            percent=f"{percent:+.0f}",
        )

    def _say_cost(self, prices):
        listing = self.listing_id
        currency = listing.currency_id or listing.company_id.currency_id
        if not prices.cost:
            return self.env._("None entered")
        cost = format_amount(self.env, prices.cost, currency)
        if not prices.price:
            return cost
        margin = prices.price - prices.cost
        return self.env._(
            "%(cost)s, leaves %(margin)s (%(percent)s %%) before taxes and fees",
            cost=cost,
            margin=format_amount(self.env, margin, currency),
            percent=f"{100.0 * margin / prices.price:.0f}",
        )

    def _say_shared(self, listings, meant):
        product_ids = {product_id for components in meant.values() for product_id, __ in components}
        sharing = listings._sharing(product_ids) if product_ids else []
        names = [f"{channel.name} ({number})" for channel, number in sharing[:FEW]]
        if len(sharing) > FEW:
            names.append(self.env._("%(number)s more channels", number=len(sharing) - FEW))
        return ", ".join(names)


class OrderChannelLinkLine(models.TransientModel):
    """What one line of the choice would do: how far the stock goes, and how the prices compare."""

    _inherit = "order.channel.link.line"

    currency_id = fields.Many2one("res.currency", compute="_compute_prices")
    listing_price = fields.Monetary(string="Price There", compute="_compute_prices")
    product_price = fields.Monetary(string="Price Here", compute="_compute_prices")
    cost = fields.Monetary(compute="_compute_prices")
    price_far = fields.Boolean(compute="_compute_prices")
    possible = fields.Integer(
        string="Enough For", compute="_compute_possible", help="How many of the item there is stock for."
    )
    tracked = fields.Boolean(related="product_id.is_storable")
    now_quantity = fields.Integer(string="Now There", compute="_compute_possible")

    def _alone(self):
        """What each listing would stand for if it were only this line: ``[(line, listing, {listing: [(id, quantity)]})]``."""
        for line in self:
            listing, product = line.listing_id._origin, line.product_id._origin
            meant = {listing: [(product.id, line.quantity)]} if product and line.quantity > 0 else {}
            yield line, listing, meant

    @api.depends("listing_id", "product_id", "quantity")
    def _compute_possible(self):
        """Few queries for many lines of one item each; a bundle's lines are looked at one by one."""
        self.possible = 0
        rounds = []  # one listing stands once in each
        for line, listing, meant in self._alone():
            line.now_quantity = listing._quantity_there() if listing else 0
            if not meant:
                continue
            place = next((turn for turn in rounds if listing not in turn), None)
            if place is None:
                rounds.append(place := {})
            place[listing] = (line, meant[listing])
        for turn in rounds:
            offers = self.env["order.channel.listing"]._offers_as(
                {listing: components for listing, (__, components) in turn.items()}
            )
            for listing, (line, __) in turn.items():
                line.possible = offers[listing].quantity

    @api.depends("listing_id", "product_id", "quantity")
    def _compute_prices(self):
        for line, listing, meant in self._alone():
            line.currency_id = listing.currency_id or listing.company_id.currency_id
            line.listing_price = listing.price
            prices = listing._prices_as(meant).get(listing)
            line.product_price = prices.product_price if prices else 0.0
            line.cost = prices.cost if prices else 0.0
            line.price_far = bool(prices) and prices.far
