"""Orders of an offline store: entered by hand in the sales order's form, priced by the store's listings, on record like any
channel's orders."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.guard import internal, is_internal
from .order_channel_account import OFFLINE
from .order_channel_states import SWITCHED_STATES

_CHANGED = "order_channel_mapping.offline_orders"
#: a change of these changes what the channel order says
ORDER_FACTS = {
    "state",
    "name",
    "partner_id",
    "date_order",
    "order_line",
    "currency_id",
    "pricelist_id",
    "order_channel_id",
}
LINE_FACTS = {"product_id", "product_uom_id", "product_uom_qty", "price_unit", "discount", "tax_ids"}


class SaleOrder(models.Model):
    _inherit = "sale.order"

    order_channel_id = fields.Many2one(
        domain="[('provider', '=', 'offline'), ('company_id', '=', company_id), ('state', 'in', ('live', 'closing'))]"
    )
    channel_unlisted_product_ids = fields.Many2many(
        "product.product",
        string="Not on Sale in the Store",
        compute="_compute_channel_unlisted_product_ids",
        compute_sudo=True,
        help="They take their normal price.",
    )

    # === COMPUTE METHODS === #

    @api.depends("order_channel_id", "order_line.product_id")
    def _compute_channel_unlisted_product_ids(self):
        offline = self._of_offline_stores()
        (self - offline).channel_unlisted_product_ids = False
        products = offline.order_line.product_id
        listings = offline.order_channel_id._on_sale(products) if products else self.env["order.channel.listing"]
        on_sale = {(listing.channel_id, listing.product_id) for listing in listings}
        for order in offline:
            order.channel_unlisted_product_ids = order.order_line.filtered(
                lambda line: (
                    line._is_offline_item()
                    and (line.order_id.order_channel_id._origin, line.product_id._origin) not in on_sale
                )
            ).product_id

    @api.depends("order_channel_id")
    def _compute_warehouse_id(self):
        """Override of `sale_stock`: an offline store's orders are held back where the store ships from."""
        result = super()._compute_warehouse_id()
        for order in self._of_offline_stores():
            if order.state in ("draft", "sent") or not order.ids:
                order.warehouse_id = order.sudo().order_channel_id.warehouse_id
        return result

    @api.depends("order_channel_id")
    def _compute_team_id(self):
        result = super()._compute_team_id()
        for order in self._of_offline_stores():
            team = order.sudo().order_channel_id.team_id
            if team:
                order.team_id = team
        return result

    def _of_offline_stores(self):
        """Those of an offline store, entered or about to be."""
        return self.filtered(lambda order: order.order_channel_id and order.channel_provider == OFFLINE)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        if not is_internal(self):
            orders._check_store_by_hand()
            orders._enter_offline()
        return orders

    def write(self, vals):
        moved = self.browse()
        if "order_channel_id" in vals and not is_internal(self):
            moved = self.filtered(lambda order: order.order_channel_id.id != (vals["order_channel_id"] or False))
            moved._check_not_processed()
        result = super().write(vals)
        if moved:
            moved._check_store_by_hand()
            moved._change_store()
        if not ORDER_FACTS.isdisjoint(vals):
            self._note_offline_change()
        return result

    def unlink(self):
        entered = self._of_offline_stores().sudo().channel_order_id
        result = super().unlink()
        entered.unlink()
        return result

    # === THE STORE OF AN ORDER === #

    def _check_store_by_hand(self):
        """:raise UserError: a person chose a marketplace, or a store that isn't open"""
        if self.env.su:
            return
        for order in self.filtered("order_channel_id"):
            channel = order.sudo().order_channel_id
            if channel.provider != OFFLINE:
                raise UserError(
                    self.env._(
                        "Orders of %(channel)s come from there by themselves. Choose an offline store, or leave the channel "
                        "empty.",
                        channel=channel.name,
                    )
                )
            if channel.state not in SWITCHED_STATES:
                raise UserError(
                    self.env._("%(channel)s is not open yet. Press Go Live on it first.", channel=channel.name)
                )

    def _check_not_processed(self):
        """:raise UserError: the store of a processed or cancelled order is about to change"""
        for order in self:
            if order.state not in ("draft", "sent"):
                raise UserError(
                    self.env._(
                        "The channel of %(order)s can't be changed any more: it is not a quotation.",
                        order=order.display_name,
                    )
                )

    def _enter_offline(self):
        """Give orders of offline stores the channel order that holds their trail."""
        entered = self._of_offline_stores().filtered(lambda order: not order.channel_order_id).sudo()
        if not entered:
            return
        ChannelOrder = self.env["order.channel.order"].sudo()
        channel_orders = ChannelOrder.create(
            [{**ChannelOrder._offline_values(order), "external_id": str(order.id)} for order in entered]
        )
        for order, channel_order in zip(internal(entered), channel_orders, strict=True):
            order.channel_order_id = channel_order
        channel_orders._log_event("entered")

    def _change_store(self):
        """A draft got, changed or lost its offline store: its trail goes with it."""
        self._enter_offline()
        for order in self.sudo().filtered("channel_order_id"):
            channel_order, store = order.channel_order_id, order.order_channel_id
            if not order._of_offline_stores():
                internal(order).channel_order_id = False
                channel_order.unlink()
            elif channel_order.channel_id != store:
                channel_order._log_event("store_changed", {"old": channel_order.channel_id.name, "new": store.name})
                channel_order.channel_id = store

    # === ON RECORD === #

    def _note_offline_change(self):
        """Have the channel orders of these orders brought in line before the transaction ends, once whatever the number of
        changes."""
        ids = {order.id for order in self if order.channel_order_id and order.channel_provider == OFFLINE}
        if not ids:
            return
        precommit = self.env.cr.precommit
        changed = precommit.data.get(_CHANGED)
        if changed is None:
            changed = precommit.data[_CHANGED] = set()
            precommit.add(self._flush_offline_changes)
        changed.update(ids)

    def _flush_offline_changes(self):
        orders = self.env["sale.order"].sudo().browse(self.env.cr.precommit.data.pop(_CHANGED, ())).exists()
        orders.channel_order_id._follow_sale_order()

    def action_channel_add_unlisted(self):
        """Put what this order sells besides the store's listings on sale there."""
        self.ensure_one()
        self.order_channel_id._add_products(self.channel_unlisted_product_ids)
        self.invalidate_recordset(["channel_unlisted_product_ids"])


class SaleOrderLine(models.Model):
    """A line of an offline order takes the price of the store's listing."""

    _inherit = "sale.order.line"

    @api.depends("order_id.order_channel_id")
    def _compute_price_unit(self):
        return super()._compute_price_unit()

    @api.depends("order_id.order_channel_id")
    def _compute_pricelist_item_id(self):
        """Override of `sale`: no pricelist rule gives a discount on a listing's price."""
        result = super()._compute_pricelist_item_id()
        for line in self:
            if line.pricelist_item_id and line._offline_listing():
                line.pricelist_item_id = False
        return result

    def _get_display_price(self):
        """Override of `sale`: the price of the store's listing, where it has one."""
        listing = self._offline_listing()
        return self._offline_price(listing) if listing else super()._get_display_price()

    def _is_offline_item(self):
        """Whether this line sells something that an offline store may have a listing of."""
        self.ensure_one()
        return bool(
            self.product_id
            and not (self.display_type or self.is_downpayment or self.is_delivery or self.combo_item_id)
            and self.order_id._of_offline_stores()
        )

    def _offline_listing(self):
        """The listing of this line's product in its order's offline store: the one sold in the line's own unit, else the
        smallest."""
        if not self._is_offline_item():
            return self.env["order.channel.listing"]
        listings = self.sudo().order_id.order_channel_id._on_sale(self.product_id)
        pieces = self._pieces_per_sold_unit()
        return listings.filtered(lambda listing: listing.product_quantity == pieces)[:1] or listings[:1]

    def _pieces_per_sold_unit(self):
        return (self.product_uom_id or self.product_id.uom_id)._compute_quantity(
            1.0, self.product_id.uom_id, round=False
        )

    def _offline_price(self, listing):
        """The listing's price for one unit of this line, with what options of the product cost on top.

        :param listing: order.channel.listing record
        """
        self.ensure_one()
        product, company = self.product_id, self.company_id or self.env.company
        currency = self.currency_id or company.currency_id
        date = self._get_order_date() or fields.Date.context_today(self)
        price = listing.price / listing.product_quantity
        if listing.currency_id and listing.currency_id != currency:
            price = listing.currency_id._convert(price, currency, company, date, round=False)
        options = sum(self.product_no_variant_attribute_value_ids.mapped("price_extra"))
        if options and product.currency_id != currency:
            options = product.currency_id._convert(options, currency, company, date, round=False)
        return (price + options) * self._pieces_per_sold_unit()

    # === ON RECORD === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.order_id._note_offline_change()
        return lines

    def write(self, vals):
        result = super().write(vals)
        if not LINE_FACTS.isdisjoint(vals):
            self.order_id._note_offline_change()
        return result

    def unlink(self):
        orders = self.order_id
        result = super().unlink()
        orders._note_offline_change()
        return result


class StockPicking(models.Model):
    """Deliveries of an offline order show on its channel order."""

    _inherit = "stock.picking"

    def _action_done(self):
        result = super()._action_done()
        self.sudo().sale_id._note_offline_change()
        return result
