from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class OrderChannelAddProducts(models.TransientModel):
    """Asks which products an offline store sells, one by one or all that match, and at which prices."""

    _name = "order.channel.add.products"
    _description = "Add Products to an Offline Store"
    _inherit = ["order.channel.reach"]

    channel_id = fields.Many2one("order.channel", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="channel_id.company_id")
    choice = fields.Selection(
        [("products", "Choose products"), ("filter", "All that match")],
        string="Products to Add",
        default="products",
        required=True,
    )
    product_ids = fields.Many2many(
        "product.product",
        string="Products",
        domain="[('sale_ok', '=', True), '|', ('company_id', '=', False), ('company_id', 'parent_of', company_id)]",
    )
    category_ids = fields.Many2many(
        "product.category", string="In the Categories", help="Their subcategories included."
    )
    filter_domain = fields.Char(string="Matching", default="[]")
    pricelist_id = fields.Many2one(
        "product.pricelist",
        string="Prices From",
        domain="['|', ('company_id', '=', False), ('company_id', 'parent_of', company_id)]",
        help="Empty: each product's sales price. Every price can be changed afterwards.",
    )
    product_count = fields.Integer(string="Products Chosen", compute="_compute_counts")
    new_count = fields.Integer(string="Not on Sale There Yet", compute="_compute_counts")

    @api.depends("channel_id", "choice", "product_ids", "category_ids", "filter_domain")
    def _compute_counts(self):
        for wizard in self:
            products = wizard._products()
            wizard.product_count = len(products)
            wizard.new_count = len(products - wizard.channel_id._on_sale(products).product_id)

    def _products(self):
        """The chosen products that this company may sell."""
        self.ensure_one()
        owners = self.company_id._channel_product_companies()[self.company_id.id]
        sellable = Domain("sale_ok", "=", True) & Domain("company_id", "in", [False, *owners])
        if self.choice == "products":
            return self.product_ids._origin.filtered_domain(sellable)
        if self.category_ids:
            sellable &= Domain("categ_id", "child_of", self.category_ids.ids)
        return self.env["product.product"].search(sellable & self._filter())

    def _filter(self):
        try:
            domain = Domain(literal_eval(self.filter_domain or "[]"))
            domain.validate(self.env["product.product"])
        except (ValueError, SyntaxError, TypeError) as error:
            raise UserError(self.env._("The filter can't be read. Build it anew, please.")) from error
        return domain

    def action_add(self):
        """Put the products on sale and show their listings, for prices and SKUs to be changed."""
        self.ensure_one()
        products = self._products()
        if not products:
            raise UserError(self.env._("Choose a product first."))
        listings = self.channel_id._add_products(products, self.pricelist_id)
        if not listings:
            raise UserError(
                self.env._("All of these products are on sale in %(channel)s already.", channel=self.channel_id.name)
            )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Added to %(channel)s", channel=self.channel_id.name),
            "res_model": "order.channel.listing",
            "views": [
                (self.env.ref("order_channel_mapping.order_channel_listing_view_list_offline").id, "list"),
                (False, "form"),
            ],
            "domain": [("id", "in", listings.ids)],
        }
