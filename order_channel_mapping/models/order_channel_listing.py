from odoo import api, fields, models

from ..tools.normalize import normalize_sku


class OrderChannelListing(models.Model):
    """One sellable item of a channel, at variant level, or (kind *custom*) what an order line without an item sells."""

    _name = "order.channel.listing"
    _description = "Channel Listing"
    _inherit = ["order.channel.guarded", "order.channel.adjusted"]
    _order = "id desc"
    _check_company_auto = True

    channel_id = fields.Many2one("order.channel", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    provider = fields.Selection(related="channel_id.provider")
    external_id = fields.Char(string="ID at the Channel", required=True, readonly=True)
    kind = fields.Selection([("item", "Item"), ("custom", "Custom item")], default="item", required=True, readonly=True)
    parent_ref = fields.Char(string="Parent ID at the Channel", readonly=True)
    sku = fields.Char(string="SKU", readonly=True, index="trigram")
    sku_key = fields.Char(readonly=True, index="btree_not_null")  # normalised, what auto-link compares
    name = fields.Char(required=True, readonly=True, index="trigram")
    barcode = fields.Char(readonly=True)
    barcode_key = fields.Char(readonly=True, index="btree_not_null")
    price = fields.Monetary(readonly=True, aggregator=None)
    currency_id = fields.Many2one("res.currency", readonly=True)
    attributes = fields.Json(readonly=True)
    url = fields.Char(string="Page at the Channel", readonly=True)
    image_url = fields.Char(readonly=True)
    physical = fields.Boolean(default=True, readonly=True)
    fulfilled_by = fields.Selection(
        [("seller", "Us"), ("marketplace", "The channel")], default="seller", required=True, readonly=True
    )
    on_sale = fields.Boolean(default=True, readonly=True)
    stock_ref = fields.Char(readonly=True)
    remote_updated_at = fields.Datetime(string="Changed at the Channel", readonly=True)
    digest = fields.Char(readonly=True)
    payload = fields.Json(readonly=True, groups="order_channel_mapping.group_channel_manager")

    state = fields.Selection(
        [("unconfirmed", "Unconfirmed"), ("linked", "Linked"), ("ignored", "Ignored")],
        default="unconfirmed",
        required=True,
        readonly=True,
    )
    gone = fields.Boolean(readonly=True, help="No longer at the channel.")
    to_review = fields.Boolean(readonly=True)
    linked_sku = fields.Char(string="SKU When Linked", readonly=True)
    sku_changed = fields.Boolean(compute="_compute_sku_changed")
    link_hint = fields.Selection(
        [
            ("none", "No product has this SKU or barcode"),
            ("no_sku", "This item has no SKU: link it once, and it is remembered"),
            ("one", "One product has this SKU or barcode"),
            ("ambiguous", "Several products have this SKU or barcode"),
            ("conflict", "SKU and barcode belong to different products"),
            ("refused", "Somebody unlinked this product before"),
        ],
        default="none",
        readonly=True,
    )
    mapping_ids = fields.One2many("order.channel.mapping", "listing_id", string="Mapping History")
    mapping_id = fields.Many2one("order.channel.mapping", readonly=True, index="btree_not_null", copy=False)
    product_id = fields.Many2one(
        "product.product", readonly=True, index="btree_not_null", check_company=True, ondelete="restrict"
    )
    product_quantity = fields.Float(string="Units per Listing", digits="Product Unit", readonly=True)

    push_enabled = fields.Boolean(string="Push Stock", default=True)
    pushed_quantity = fields.Integer(string="Last Pushed", readonly=True)
    pushed_at = fields.Datetime(string="Last Pushed On", readonly=True)

    _external_uniq = models.UniqueIndex("(channel_id, external_id)", "This listing is already known on this channel.")

    @api.depends("name", "sku")
    def _compute_display_name(self):
        for listing in self:
            listing.display_name = f"[{listing.sku}] {listing.name}" if listing.sku else listing.name

    @api.depends("to_review", "sku", "linked_sku", "state")
    def _compute_sku_changed(self):
        """Whether the channel calls it by another SKU than when it was linked, and nobody has looked at that yet."""
        for listing in self:
            changed = normalize_sku(listing.sku) != normalize_sku(listing.linked_sku)
            listing.sku_changed = listing.state == "linked" and listing.to_review and changed
