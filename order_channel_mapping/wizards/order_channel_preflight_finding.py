from odoo import api, fields, models
from odoo.tools import SQL, formatLang


class OrderChannelPreflightFinding(models.TransientModel):
    """What one check of a pre-flight found: how many items, how bad it is and what to do about it."""

    _name = "order.channel.preflight.finding"
    _description = "Pre-Flight Finding"
    _inherit = ["order.channel.reach"]
    _order = "sequence, id"

    preflight_id = fields.Many2one("order.channel.preflight", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(readonly=True)
    code = fields.Char(required=True, readonly=True)
    severity = fields.Selection(
        [("error", "Error"), ("warning", "Warning"), ("notice", "Notice")], required=True, readonly=True
    )
    count = fields.Integer(string="Items", readonly=True)
    name = fields.Char(string="Finding", compute="_compute_words")
    remedy = fields.Char(string="What to Do", compute="_compute_words")
    row_ids = fields.One2many("order.channel.preflight.row", "finding_id", string="Rows", readonly=True)

    @api.depends("code")
    @api.depends_context("lang")
    def _compute_words(self):
        words = self._words()
        for finding in self:
            finding.name, finding.remedy = words[finding.code]

    @api.model
    def _words(self):
        """``{code: (what it is, what to do)}``, in the reader's language."""
        return {
            "sku_conflict": (
                self.env._("One SKU stands for different products"),
                self.env._("Change the product of the wrong one, or give one of the items another SKU at its channel."),
            ),
            "inactive": (
                self.env._("The product is archived"),
                self.env._("Unarchive the product, or link the item to another one."),
            ),
            "other_company": (
                self.env._("The product belongs to another company"),
                self.env._("Link the item to a product of the channel's company."),
            ),
            "ambiguous": (
                self.env._("Several products fit"),
                self.env._("Link each of these items by hand. It is remembered."),
            ),
            "duplicate_sku": (
                self.env._("Several items of one channel have the same SKU"),
                self.env._("Fine where they are the same thing. Otherwise give each a SKU of its own at the channel."),
            ),
            "similar_sku": (
                self.env._("SKUs that differ only by case, spaces or dashes"),
                self.env._(
                    "Look whether they mean the same. Upper and lower case and spaces are not told apart when linking."
                ),
            ),
            "price_far": (
                self.env._("The price is far from the product's"),
                self.env._("Often a pack that is linked as one piece, or the wrong product."),
            ),
            "not_storable": (
                self.env._("The product's stock is not tracked"),
                self.env._("Switch on Track Inventory on the product; until then no quantity is pushed."),
            ),
            "no_stock_ref": (
                self.env._("The channel does not track the item's stock"),
                self.env._("Switch on stock tracking at the channel; until then no quantity is pushed."),
            ),
            "no_sku": (
                self.env._("No SKU"),
                self.env._("These can't be linked by SKU: link them by hand, or give them a SKU at the channel."),
            ),
            "price_differs": (
                self.env._("Another price at another channel"),
                self.env._("Nothing to do where it is on purpose."),
            ),
        }

    def _find(self, channels):
        """Write down the items that this check finds: one statement.

        :param channels: order.channel records to look at
        """
        self.ensure_one()
        found = self._check_sql(channels)
        if found:
            self.env.cr.execute(
                SQL(
                    """
                    INSERT INTO order_channel_preflight_row
                           (finding_id, listing_id, channel_id, params, create_uid, create_date, write_uid, write_date)
                    SELECT %(finding)s, found.id, listing.channel_id, found.params, %(user)s, now() AT TIME ZONE 'UTC',
                           %(user)s, now() AT TIME ZONE 'UTC'
                      FROM (%(found)s) found JOIN order_channel_listing listing ON listing.id = found.id
                     ORDER BY listing.channel_id, listing.sku_key, listing.id
                    """,
                    finding=self.id,
                    user=self.env.uid,
                    found=found,
                )
            )
            self.count = self.env.cr.rowcount

    def action_view_rows(self):
        """The items that this check found."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "order.channel.preflight.row",
            "views": [(False, "list")],
            "domain": [("finding_id", "=", self.id)],
        }


class OrderChannelPreflightRow(models.TransientModel):
    """One item that a check found."""

    _name = "order.channel.preflight.row"
    _description = "Pre-Flight Row"
    _inherit = ["order.channel.reach"]
    _order = "id"
    _rec_name = "listing_id"

    finding_id = fields.Many2one("order.channel.preflight.finding", required=True, index=True, ondelete="cascade")
    listing_id = fields.Many2one("order.channel.listing", string="Item", required=True, index=True, ondelete="cascade")
    channel_id = fields.Many2one("order.channel", required=True, ondelete="cascade")
    params = fields.Json(readonly=True)
    image_url = fields.Char(related="listing_id.image_url")
    sku = fields.Char(related="listing_id.sku")
    state = fields.Selection(related="listing_id.state")
    detail = fields.Char(compute="_compute_detail")

    @api.depends("params")
    @api.depends_context("lang")
    def _compute_detail(self):
        """What makes this item stand out, in words."""
        names = self._product_names()
        for row in self:
            params, code = row.params or {}, row.finding_id.code
            row.detail = ""
            if code == "sku_conflict":
                meanings = [
                    " + ".join(f"{quantity} x {names.get(int(product), product)}" for product, quantity in parts)
                    for parts in self._meanings(params)
                ]
                row.detail = " / ".join(meanings)
            elif params.get("products"):
                row.detail = ", ".join(names.get(product_id, "") for product_id in params["products"])
            elif code in ("duplicate_sku", "similar_sku"):
                row.detail = ", ".join(params.get("skus") or []) or self.env._(
                    "%(count)s items have it", count=params["count"]
                )
            elif code in ("price_far", "price_differs"):
                row.detail = row._compare_prices(params, code)

    @api.model
    def _meanings(self, params):
        """``[[(product id, quantity)]]`` of ``12x1,13x6``, each as text."""
        return [[part.split("x") for part in sign.split(",")] for sign in params.get("signs") or []]

    def _product_names(self):
        """``{product id: name}`` of the products that the rows speak of."""
        ids = {product_id for row in self for product_id in (row.params or {}).get("products") or []}
        for row in self:
            ids.update(int(product) for parts in self._meanings(row.params or {}) for product, __ in parts)
        products = self.env["product.product"].sudo().browse(sorted(ids)).exists()
        return {product.id: product.display_name for product in products}

    def _compare_prices(self, params, code):
        currency = self.listing_id.company_id.currency_id
        price, low, high = (
            formatLang(self.env, params[name], currency_obj=currency) for name in ("price", "low", "high")
        )
        if code == "price_far":
            return self.env._("%(price)s at the channel, %(other)s here", price=price, other=low)
        if low == high:
            return self.env._("%(price)s here, %(other)s elsewhere", price=price, other=low)
        return self.env._("%(price)s here, %(low)s to %(high)s elsewhere", price=price, low=low, high=high)

    def action_open_link(self):
        """Ask which product each of these items is."""
        return self.listing_id.action_open_link()

    def action_open_listing(self):
        """The item's own form."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "order.channel.listing",
            "res_id": self.listing_id.id,
            "views": [(False, "form")],
        }
