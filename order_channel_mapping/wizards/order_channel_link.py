from odoo import api, fields, models
from odoo.exceptions import UserError


class OrderChannelLink(models.TransientModel):
    """Asks which product each listing stands for, and how many of it. Several lines of one listing make a bundle."""

    _name = "order.channel.link"
    _description = "Link to Product"

    line_ids = fields.One2many("order.channel.link.line", "wizard_id", string="Items")
    listing_id = fields.Many2one(
        "order.channel.listing", compute="_compute_listing_id", help="Set where there is only one."
    )
    image_url = fields.Char(related="listing_id.image_url")
    waiting_order_count = fields.Integer(related="listing_id.waiting_order_count")

    @api.depends("line_ids.listing_id")
    def _compute_listing_id(self):
        for wizard in self:
            listings = wizard.line_ids.listing_id
            wizard.listing_id = listings if len(listings) == 1 else False

    @api.model
    def default_get(self, fields_list):
        """One line per listing (its components where it is linked already), with the product that its SKU points at."""
        values = super().default_get(fields_list)
        listing_ids = self.env.context.get("default_listing_ids") or self.env.context.get("active_ids") or []
        listings = self.env["order.channel.listing"].browse(listing_ids).exists()
        listings.check_access("read")
        values["line_ids"] = [fields.Command.create(line) for line in self._propose_lines(listings)]
        return values

    @api.model
    def _propose_lines(self, listings):
        """:rtype: list[dict]"""
        proposed = listings.sudo()._find_products()
        lines = []
        for listing in listings:
            components = [(line.product_id.id, line.quantity) for line in listing.mapping_id.line_ids]
            if not components:
                hint, product_id, quantity, __ = proposed[listing.sudo()]
                components = [(product_id if hint == "one" else False, quantity)]
            lines += [
                {"listing_id": listing.id, "product_id": product_id, "quantity": quantity}
                for product_id, quantity in components
            ]
        return lines

    def action_link(self):
        """Link every listing that was given a product; orders that waited for it go on."""
        self.ensure_one()
        by_listing = self.line_ids.filtered("product_id").grouped("listing_id")
        if not by_listing:
            raise UserError(self.env._("Choose a product first."))
        waiting = self._frozen_orders()
        for listing, lines in by_listing.items():
            products = [(line.product_id, line.quantity) for line in lines]
            if len(products) == 1:
                listing._as_mapper()._link(*products[0])
            else:
                listing._as_mapper()._link_bundle(products)
        unfrozen = waiting - self._frozen_orders()
        message = self.env._("Linked: %(number)s.", number=len(by_listing))
        if unfrozen:
            message = self.env._(
                "Linked: %(number)s. Orders no longer frozen: %(orders)s.", number=len(by_listing), orders=len(unfrozen)
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": message, "next": {"type": "ir.actions.act_window_close"}},
        }

    def _frozen_orders(self):
        """Orders that wait for these listings."""
        return (
            self.env["order.channel.blocker"]
            .search([("listing_id", "in", self.line_ids.listing_id.ids), ("code", "=", "unmapped")])
            .order_id
        )


class OrderChannelLinkLine(models.TransientModel):
    """One product that a listing stands for."""

    _name = "order.channel.link.line"
    _description = "Link to Product Line"

    wizard_id = fields.Many2one("order.channel.link", required=True, index=True, ondelete="cascade")
    listing_id = fields.Many2one(
        "order.channel.listing",
        string="Item",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env.context.get("default_listing_id"),
    )
    company_id = fields.Many2one(related="listing_id.company_id")
    image_url = fields.Char(related="listing_id.image_url")
    sku = fields.Char(related="listing_id.sku")
    product_id = fields.Many2one("product.product", string="Product", ondelete="cascade")
    quantity = fields.Float(
        default=1.0,
        required=True,
        digits="Product Unit",
        help="How many of the product one sold item is: 6 for a pack of six.",
    )

    _quantity_positive = models.Constraint("CHECK (quantity > 0)", "A mapping needs a quantity above zero.")
