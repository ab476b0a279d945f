from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..models.order_channel_batch_release import RELEASE_AT_ONCE
from ..models.order_channel_mapping import OWN_PRODUCTS


class OrderChannelLink(models.TransientModel):
    """Asks which product each listing stands for, and how many of it. A single listing may be a bundle of several."""

    _name = "order.channel.link"
    _description = "Link to Product"
    _inherit = ["order.channel.reach"]

    listing_id = fields.Many2one("order.channel.listing", readonly=True, ondelete="cascade")  # where there is only one
    company_id = fields.Many2one(related="listing_id.company_id")
    image_url = fields.Char(related="listing_id.image_url")
    waiting_order_count = fields.Integer(related="listing_id.waiting_order_count")
    suggestion_product_id = fields.Many2one(related="listing_id.suggestion_product_id")
    suggestion_text = fields.Char(related="listing_id.suggestion_text")
    candidate_ids = fields.Many2many("product.product", string="Fit Equally Well", readonly=True)  # one is to be chosen
    candidate_count = fields.Integer(compute="_compute_candidate_count")
    product_id = fields.Many2one("product.product", domain=OWN_PRODUCTS, ondelete="cascade")
    quantity = fields.Float(
        default=1.0, digits="Product Unit", help="How many of the product one sold item is: 6 for a pack of six."
    )
    bundle = fields.Boolean(string="It Is a Bundle", help="One sold item is several different products.")
    note = fields.Char(string="Why", help="Kept in the item's mapping history.")
    changing = fields.Boolean(compute="_compute_changing")
    line_ids = fields.One2many("order.channel.link.line", "wizard_id", string="Products")
    seen = fields.Json(readonly=True)  # {listing id: mapping id} as the user saw it

    _quantity_positive = models.Constraint("CHECK (quantity > 0)", "A mapping needs a quantity above zero.")

    @api.model
    def default_get(self, fields):
        """What the listings stand for already, else the product that their SKU or barcode points at. For a single one that
        has neither, the best suggestion, as the list shows it; none where several products fit, which are shown instead.

        The listings are the ids in ``default_listing_ids`` of the context.
        """
        values = super().default_get(fields)
        listings = self.env["order.channel.listing"].browse(self.env.context.get("default_listing_ids") or []).exists()
        listings.check_access("read")
        candidate_ids = self._propose_candidates(listings) if len(listings) == 1 else []
        lines = self._propose_lines(listings, suggest=not candidate_ids)
        values["candidate_ids"] = [Command.set(candidate_ids)]
        values["seen"] = {listing.id: listing.mapping_id.id for listing in listings}
        if len(listings) == 1:
            values |= {"listing_id": listings.id, "bundle": len(lines) > 1}
            if len(lines) == 1:
                values |= {"product_id": lines[0]["product_id"], "quantity": lines[0]["quantity"]}
                lines = []
        values["line_ids"] = [Command.create(line) for line in lines]
        return values

    @api.model
    def _propose_candidates(self, listing):
        """Products of which none fits an unlinked listing better than the others: ids, likely ones first."""
        if listing.mapping_id:
            return []
        match = listing.sudo()._find_products()[listing.sudo()]
        if match.hint in ("none", "no_sku"):
            return [suggestion.product_id.id for suggestion in listing._tied_suggestions().get(listing, ())]
        return list(match.candidates)

    @api.model
    def _propose_lines(self, listings, suggest=True):
        """:param suggest: a single listing gets the best suggestion where nothing else is known of it
        :rtype: list[dict]
        """
        found = {listing.id: match for listing, match in listings.sudo()._find_products().items()}
        lines = []
        for listing in listings:
            components = [(line.product_id.id, line.quantity) for line in listing.mapping_id.line_ids]
            if not components:
                components = found[listing.id].components
            if suggest and not components and len(listings) == 1 and listing.suggestion_id:
                components = [(listing.suggestion_product_id.id, listing.suggestion_quantity)]
            components = components or [(False, 1.0)]
            lines += [
                {"listing_id": listing.id, "product_id": product_id, "quantity": quantity}
                for product_id, quantity in components
            ]
        return lines

    @api.depends("listing_id", "line_ids.listing_id")
    def _compute_changing(self):
        """Whether any of the items stands for something already."""
        for wizard in self:
            wizard.changing = bool((wizard.listing_id | wizard.line_ids.listing_id).mapping_id)

    @api.depends("candidate_ids")
    def _compute_candidate_count(self):
        for wizard in self:
            wizard.candidate_count = len(wizard.candidate_ids)

    @api.onchange("product_id")
    def _onchange_product_id(self):
        """A candidate that was suggested as so many pieces is taken as that."""
        product = self.product_id._origin
        if product in self.candidate_ids._origin:
            suggestions = self.listing_id._origin.suggestion_ids
            self.quantity = suggestions.filtered(lambda other: other.product_id == product).quantity or 1.0

    @api.onchange("bundle")
    def _onchange_bundle(self):
        """The product that was chosen is the bundle's first one."""
        if self.bundle and self.product_id and not self.line_ids:
            line = {"listing_id": self.listing_id.id, "product_id": self.product_id.id, "quantity": self.quantity}
            self.line_ids = [Command.create(line)]

    # === ACTIONS === #

    def action_link(self):
        """Link every listing that was given a product; orders that waited for it go on."""
        self.ensure_one()
        chosen = self._chosen()
        if not chosen:
            raise UserError(self.env._("Choose a product first."))
        listings = self.env["order.channel.listing"].union(*chosen)._as_mapper()
        listings._check_unchanged(self._seen_mappings(listings))
        waiting = self._frozen_orders(listings)
        listings._link_batch(
            [
                (listing, [(product.id, quantity) for product, quantity in chosen[listing.sudo(False)]], "manual")
                for listing in listings
            ],
            note=self.note,
        )
        releasing = len(waiting) > RELEASE_AT_ONCE and self.env["order.channel.batch"]._releasing(listings.channel_id)
        if releasing:
            return releasing.sudo(False).action_open()
        return listings._offer_correction() or self._say_linked(len(listings), waiting)

    def _seen_mappings(self, listings):
        """``{listing: mapping}`` as the user saw it when the form was opened."""
        seen = self.seen or {}
        return {
            listing: listing.mapping_id.browse(seen[str(listing.id)] or ())
            if str(listing.id) in seen
            else listing.mapping_id
            for listing in listings
        }

    def _chosen(self):
        """``{listing: [(product, quantity)]}`` of those that were given a product."""
        if self.listing_id and not self.bundle:
            return {self.listing_id: [(self.product_id, self.quantity)]} if self.product_id else {}
        lines = self.line_ids.filtered("product_id")
        return {
            listing: [(line.product_id, line.quantity) for line in group]
            for listing, group in lines.grouped("listing_id").items()
        }

    @api.model
    def _frozen_orders(self, listings):
        """Channel orders that wait for these listings."""
        return (
            self.env["order.channel.blocker"]
            .search([("listing_id", "in", listings.ids), ("code", "=", "unmapped")])
            .order_id
        )

    def _say_linked(self, number, waiting):
        """:param waiting: the orders that waited for these items"""
        unfrozen = waiting.filtered(lambda order: not order.sale_order_id.channel_frozen)  # no other item holds it up
        held = unfrozen.filtered("sale_order_id.channel_to_resolve")
        linked = self.env._("Items linked: %(number)s.", number=number)
        released = "; ".join((unfrozen - held)._say_released(held))
        message = f"{linked} {released}." if released else linked
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": message, "next": {"type": "ir.actions.act_window_close"}},
        }


class OrderChannelLinkLine(models.TransientModel):
    """One product that a listing stands for."""

    _name = "order.channel.link.line"
    _description = "Link to Product Line"
    _inherit = ["order.channel.reach"]

    wizard_id = fields.Many2one("order.channel.link", required=True, index=True, ondelete="cascade")
    listing_id = fields.Many2one("order.channel.listing", string="Item", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="listing_id.company_id")
    image_url = fields.Char(related="listing_id.image_url")
    product_id = fields.Many2one("product.product", domain=OWN_PRODUCTS, ondelete="cascade")
    quantity = fields.Float(default=1.0, required=True, digits="Product Unit")

    _quantity_positive = models.Constraint("CHECK (quantity > 0)", "A mapping needs a quantity above zero.")
