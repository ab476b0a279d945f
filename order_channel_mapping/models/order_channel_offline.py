from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools.guard import permitted
from ..tools.normalize import barcode_key, normalize_sku
from .order_channel_account import OFFLINE

#: what of an offline store's listing is edited by hand; at a marketplace it is the marketplace's
OFFLINE_FIELDS = {"sku", "price"}


class OrderChannel(models.Model):
    """Offline store: a channel without a marketplace. Its listings are made from products, its orders entered by hand."""

    _inherit = "order.channel"

    notify_buyer = fields.Boolean(compute="_compute_notify_buyer", store=True, readonly=False)

    @api.depends("provider")
    def _compute_notify_buyer(self):
        """Nobody but Odoo can write to the buyers of an offline store."""
        for channel in self:
            channel.notify_buyer = channel.provider == OFFLINE

    def action_go_live(self):
        """Override: an offline store fetches, links and sends nothing, so there is nothing to preview. It opens at once."""
        self.ensure_one()
        if self.provider != OFFLINE or self.state not in ("draft", "connected"):
            return super().action_go_live()
        self.check_access("write")
        self._connect_offline()
        self._go_live({})
        return self._notify(
            self.env._("%(channel)s is open", channel=self.name),
            self.env._("Add its products, then enter its orders as sales orders with this channel."),
        )

    def action_add_products(self):
        """Ask which products this offline store sells."""
        self.ensure_one()
        self._check_takes_products()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Add Products: %(channel)s", channel=self.name),
            "res_model": "order.channel.add.products",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_channel_id": self.id},
        }

    def action_new_order(self):
        """Open an empty sales order of this offline store."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Order: %(channel)s", channel=self.name),
            "res_model": "sale.order",
            "views": [(False, "form")],
            "context": {"default_order_channel_id": self.id, "default_company_id": self.company_id.id},
        }

    # === LISTINGS === #

    def _check_takes_products(self):
        """:raise UserError: not an offline store, one that closes, or the user may not map"""
        self.ensure_one()
        permitted(self)
        if self.provider != OFFLINE:
            raise UserError(
                self.env._(
                    "The items of %(channel)s come from there. Add them at the channel itself.", channel=self.name
                )
            )
        if self.state == "closing":
            raise UserError(self.env._("%(channel)s is closing. Reopen it first.", channel=self.name))

    def _add_products(self, products, pricelist=None):
        """Put products on sale in this offline store: one linked listing each. What is on sale already stays as it is; what
        was taken off or unlinked comes back with its old price and SKU. A fixed number of queries, but for the rows.

        :param products: product.product records
        :param pricelist: product.pricelist record; None: sales prices
        :return: the listings that were made or came back
        """
        self._check_takes_products()
        channel = self.sudo()
        products = products.sudo() - channel._on_sale(products).product_id
        keys = {channel._product_key(product): product for product in products}
        Listing = channel.env["order.channel.listing"]
        known = Listing.search([("channel_id", "=", self.id), ("external_id", "in", list(keys))])
        known.filtered("gone").write({"gone": False})
        known_keys = set(known.mapped("external_id"))
        new = products.filtered(lambda product: channel._product_key(product) not in known_keys)
        listings = known + Listing.create(channel._offline_listing_values(new, pricelist))
        listings._link_batch(
            [
                (listing, [(keys[listing.external_id].id, 1.0)], "manual")
                for listing in listings
                if listing.product_id != keys[listing.external_id]
            ]
        )
        return listings.sudo(False)

    @api.model
    def _product_key(self, product):
        """The external id of a product's listing in an offline store."""
        return f"product:{product.id}"

    def _offline_listing_values(self, products, pricelist):
        currency = self.currency_id or self.company_id.currency_id
        prices = (
            (pricelist or self.env["product.pricelist"])
            .with_company(self.company_id)
            ._get_products_price(products.with_company(self.company_id), 1.0, currency=currency)
        )
        return [
            {
                "channel_id": self.id,
                "company_id": self.company_id.id,
                "external_id": self._product_key(product),
                "sku": product.default_code,
                "sku_key": normalize_sku(product.default_code),
                "name": product.with_context(display_default_code=False).display_name,
                "barcode": product.barcode,
                "barcode_key": barcode_key(product.barcode),
                "price": prices[product.id],
                "currency_id": currency.id,
                "physical": product.type == "consu",
                "image_url": f"/web/image/product.product/{product.id}/image_256",
            }
            for product in products
        ]

    def _on_sale(self, products):
        """The listings of these offline stores that stand for one of these products alone."""
        return (
            self.env["order.channel.listing"]
            .sudo()
            .search(
                [
                    ("channel_id", "in", self.filtered(lambda channel: channel.provider == OFFLINE).ids),
                    ("product_id", "in", products.ids),
                    ("state", "=", "linked"),
                    ("gone", "=", False),
                ],
                order="product_quantity, id",
            )
        )


class OrderChannelListing(models.Model):
    """An offline store's listing: price and SKU are edited by hand."""

    _inherit = "order.channel.listing"

    sku = fields.Char(readonly=False)
    price = fields.Monetary(readonly=False)

    def write(self, vals):
        """Override: what comes from a marketplace is not edited here."""
        edited = OFFLINE_FIELDS & vals.keys()
        if edited and not self.env.su and any(listing.provider != OFFLINE for listing in self):
            raise AccessError(
                self.env._(
                    "Prices and SKUs of a marketplace's items come from there. Change them at the channel itself."
                )
            )
        result = super().write(vals)
        if "sku" in vals and "sku_key" not in vals:
            self.sudo().write({"sku_key": normalize_sku(vals["sku"])})
        return result

    def action_take_off(self):
        """Stop selling these items in their offline stores. Orders that have them keep them; adding the product again
        brings the listing back."""
        listings = self._as_mapper()
        if any(listing.provider != OFFLINE for listing in listings):
            raise UserError(
                self.env._("The items of a marketplace come from there. Take them off at the channel itself.")
            )
        listings.write({"gone": True})


class OrderChannelOrder(models.Model):
    """An offline store's order: entered in Odoo, so that the sales order is the truth and this one its trail."""

    _inherit = "order.channel.order"

    def _project(self, partners=None, only_lines=None):
        """Override: the sales order of an offline order is a person's work, there is nothing to bring it in line with."""
        marketplaces = self.filtered(lambda order: order.channel_id.provider != OFFLINE)
        return super(OrderChannelOrder, marketplaces)._project(partners, only_lines) if marketplaces else None

    @api.model
    def _offline_values(self, sale_order):
        """What an offline order is, by its sales order.

        :param sale_order: sale.order record
        """
        delivered = sale_order.delivery_status
        if sale_order.state == "cancel":
            status = "cancelled"
        elif sale_order.state == "sale" and delivered in ("full", False):
            status = "completed"
        else:
            status = "open"
        return {
            "channel_id": sale_order.order_channel_id.id,
            "company_id": sale_order.company_id.id,
            "number": sale_order.name,
            "status": status,
            "fulfillment_status": {"full": "fulfilled", "partial": "partial", "started": "partial"}.get(
                delivered, "unfulfilled"
            ),
            "fulfilled_by": "seller",
            "placed_at": sale_order.date_order,
            "currency_code": sale_order.currency_id.name,
            "amount_total": sale_order.amount_total,
            "buyer_name": sale_order.partner_id.name,
            "partner_id": sale_order.partner_id.commercial_partner_id.id,
        }

    def _follow_sale_order(self):
        """Bring offline orders in line with their sales orders, and put on record what happened to them."""
        for order in self:
            values = self._offline_values(order.sale_order_id)
            changed = {
                name: value
                for name, value in values.items()
                if order._fields[name].convert_to_write(order[name], order) != value
            }
            if "status" in changed:
                order._log_event(
                    {"cancelled": "cancelled", "completed": "completed", "open": "reopened"}[changed["status"]]
                )
            if changed:
                order.write(changed)
