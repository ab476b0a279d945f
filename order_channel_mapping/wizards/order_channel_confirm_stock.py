from math import floor

from odoo import api, fields, models
from odoo.exceptions import UserError


class OrderChannelConfirm(models.TransientModel):
    """Opening stock: a new product has none, so that what the channel has of its item would be set to zero."""

    _inherit = "order.channel.confirm"

    can_count = fields.Boolean(compute="_compute_can_count")
    opening_stock = fields.Boolean(help="Count the stock in now: an inventory adjustment in your name.")
    location_id = fields.Many2one(
        "stock.location",
        string="Stock Location",
        check_company=True,
        domain="[('usage', '=', 'internal'), ('company_id', '=', company_id)]",
    )
    zero_count = fields.Integer(string="Items That Go to Zero", compute="_compute_zero_count")
    there_count = fields.Integer(compute="_compute_zero_count")  # items that the channel has stock of

    @api.depends_context("uid")
    def _compute_can_count(self):
        self.can_count = self.env.user.has_group("stock.group_stock_user")

    @api.depends("line_ids.goes_to_zero", "line_ids.there_quantity")
    def _compute_zero_count(self):
        for wizard in self:
            wizard.zero_count = len(wizard.line_ids.filtered("goes_to_zero"))
            wizard.there_count = len(wizard.line_ids.filtered("there_quantity"))

    @api.model
    def _prepare_stock(self, listings):
        """:return: values of the wizard"""
        return {"location_id": listings.channel_id[:1].warehouse_id.lot_stock_id.id}

    def _check_opening_stock(self):
        """:raise UserError: the user may not adjust stock, or said not where"""
        if not self.opening_stock:
            return
        if not self.can_count:
            raise UserError(
                self.env._(
                    "Opening stock needs the right to use Inventory. Untick it, or ask your administrator for it."
                )
            )
        if not self.location_id:
            raise UserError(self.env._("Choose the location of the opening stock."))

    def _count_in(self, made):
        """One inventory adjustment for all, with the user's own rights and name.

        :param dict made: ``{line: product}``
        """
        counted = {line: product for line, product in made.items() if line.opening_quantity > 0 and product.is_storable}
        if not self.opening_stock or not counted:
            return
        self.env["stock.quant"].with_company(self.company_id).with_context(
            inventory_mode=True, inventory_name=self.env._("Opening stock")
        ).create(
            [
                {
                    "product_id": product.id,
                    "location_id": self.location_id.id,
                    "inventory_quantity": line.opening_quantity,
                }
                for line, product in counted.items()
            ]
        ).action_apply_inventory()


class OrderChannelConfirmLine(models.TransientModel):
    """What confirming does to the quantity at the channel, said before it is done."""

    _inherit = "order.channel.confirm.line"

    opening_quantity = fields.Float(digits="Product Unit")
    there_quantity = fields.Integer(string="At the Channel", readonly=True)  # now, as far as it is known
    held_quantity = fields.Float(readonly=True)  # what its waiting orders and the channel's buffer hold back
    is_pushed = fields.Boolean(readonly=True)  # the channel takes quantities from Odoo as soon as it is linked
    goes_to_zero = fields.Boolean(compute="_compute_stock_text")
    stock_text = fields.Char(string="Stock at the Channel", compute="_compute_stock_text")
    orders_text = fields.Char(string="Orders", compute="_compute_orders_text")

    # === OF THE WHOLE FORM, where there is one line only === #
    can_count = fields.Boolean(related="wizard_id.can_count")
    opening_stock = fields.Boolean(related="wizard_id.opening_stock", readonly=False)
    location_id = fields.Many2one(related="wizard_id.location_id", readonly=False)

    @api.model
    def _prepare_there(self, listings):
        """What the channels have of these listings, with the opening stock that would leave it as it is.

        :return: ``{listing: values of its line}``
        """
        pushed = listings._pushed_once_linked()
        # as if each stood for a product of its own
        waiting = listings._waiting_demand({listing: [(listing.id, 1.0)] for listing in listings})
        result = {}
        for listing in listings:
            there = max(0, listing._quantity_there()) if listing.physical else 0
            held = waiting.get(listing.id, 0.0) + listing.channel_id.sudo().stock_buffer
            result[listing] = {
                "there_quantity": there,
                "held_quantity": held,
                "is_pushed": listing in pushed,
                "opening_quantity": there + held if there else 0.0,
            }
        return result

    @api.depends(
        "decision",
        "product_type",
        "opening_quantity",
        "wizard_id.opening_stock",
        "opening_stock",
        "product_id",
        "quantity",
    )
    @api.depends_context("lang")
    def _compute_stock_text(self):
        linked = {
            line.listing_id._origin: [(line.product_id._origin.id, line.quantity)]
            for line in self
            if line.decision == "link" and line.product_id and line.quantity > 0
        }
        offers = self.env["order.channel.listing"]._offers_as(linked) if linked else {}
        for line in self:
            then = line._quantity_then(offers.get(line.listing_id._origin))
            line.goes_to_zero = line.is_pushed and line.there_quantity > 0 and then == 0
            if then is None or then == line.there_quantity == 0:
                line.stock_text = False
            elif line.is_pushed:
                line.stock_text = self.env._("%(now)s → %(then)s", now=line.there_quantity, then=then)
            else:
                line.stock_text = self.env._(
                    "%(now)s → %(then)s once stock is pushed", now=line.there_quantity, then=then
                )

    def _quantity_then(self, offer):
        """What the channel will have, as far as it can be said; None where it stays as it is, or another line says it.

        :param offer: Offer of a line that links its item
        """
        self.ensure_one()
        if self.decision == "create" and self.product_type == "goods":
            counted = self.opening_quantity if self.can_count and self.opening_stock else 0.0
            return max(0, floor(counted - self.held_quantity))
        if self.decision == "link" and offer and not offer.hold:
            return offer.quantity
        return None

    @api.depends("listing_id")
    def _compute_orders_text(self):
        for line in self:
            line.orders_text = line.listing_id._say_freed()
