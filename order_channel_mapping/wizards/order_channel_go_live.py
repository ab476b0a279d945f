from odoo import api, fields, models
from odoo.fields import Domain

from ..connectors import connector_classes
from ..models.order_channel_states import SWITCHES

#: switch -> what a marketplace must be able to do for it
NEEDS = {"auto_link": "items", "auto_process": None, "push_stock": "stock", "push_tracking": "ship"}
NO_PRODUCT = ("none", "no_sku", False)  # hints of items for which no product is found
MAX_LINES = 1000  # quantities to look at; the counts are of all


class OrderChannelGoLive(models.TransientModel):
    """Shows what going live would do, then switches it on: each of the four switches on its own (rule 7)."""

    _name = "order.channel.go.live"
    _description = "Go Live"
    _inherit = ["order.channel.reach"]

    channel_id = fields.Many2one("order.channel", required=True, readonly=True, ondelete="cascade")
    first_fetch = fields.Boolean(related="channel_id.first_fetch")
    is_foreign_database = fields.Boolean(related="channel_id.is_foreign_database")
    foreign_message = fields.Char(related="channel_id.foreign_message")

    # === WHAT IT WOULD DO === #
    link_count = fields.Integer(string="Items to Link", compute="_compute_links")
    unsure_count = fields.Integer(string="Items to Decide", compute="_compute_links")
    unknown_count = fields.Integer(string="Items Without a Product", compute="_compute_links")
    order_count = fields.Integer(string="Orders to Process", compute="_compute_orders")
    release_count = fields.Integer(string="Orders That Linking Releases", readonly=True)
    line_ids = fields.One2many("order.channel.go.live.line", "wizard_id", string="Quantities", readonly=True)
    counts = fields.Json(readonly=True)  # {"links" or "": [quantities, of these to zero]}: with and without linking
    quantity_count = fields.Integer(string="Quantities to Change", compute="_compute_quantities")
    zero_count = fields.Integer(string="Items That Go to Zero", compute="_compute_quantities")

    # === THE SWITCHES === #
    auto_link = fields.Boolean(string="Link by SKU")
    auto_process = fields.Boolean(string="Process Orders Automatically")
    push_stock = fields.Boolean()
    push_tracking = fields.Boolean(string="Report Tracking")
    can_auto_link = fields.Boolean(compute="_compute_can")
    can_push_stock = fields.Boolean(compute="_compute_can")
    can_push_tracking = fields.Boolean(compute="_compute_can")

    # === COMPUTE METHODS === #

    @api.depends("channel_id")
    def _compute_can(self):
        for wizard in self:
            for switch in ("auto_link", "push_stock", "push_tracking"):
                wizard[f"can_{switch}"] = self._can(wizard.channel_id, switch)

    @api.depends("channel_id")
    def _compute_links(self):
        for wizard in self:
            counts = dict(
                self.env["order.channel.listing"]._read_group(
                    self._unconfirmed_domain(wizard.channel_id), ["link_hint"], ["__count"]
                )
            )
            wizard.link_count = counts.pop("one", 0)
            wizard.unknown_count = sum(counts.pop(hint, 0) for hint in NO_PRODUCT)
            wizard.unsure_count = sum(counts.values())

    @api.depends("channel_id")
    def _compute_orders(self):
        for wizard in self:
            wizard.order_count = self.env["sale.order"].search_count(wizard.channel_id._ready_domain())

    @api.depends("counts", "auto_link", "can_auto_link")
    def _compute_quantities(self):
        """Of what is linked already, and of what gets linked now where that is switched on."""
        for wizard in self:
            counts = (wizard.counts or {}).get("links" if wizard._links() else "")
            wizard.quantity_count, wizard.zero_count = counts or (0, 0)

    def _links(self):
        return self.auto_link and self.can_auto_link

    @api.model
    def _can(self, channel, switch):
        capability = NEEDS[switch]
        connector_class = connector_classes().get(channel.provider)
        return not capability or bool(connector_class and capability in connector_class.capabilities)

    @api.model
    def _unconfirmed_domain(self, channel):
        return [
            ("channel_id", "=", channel.id),
            ("state", "=", "unconfirmed"),
            ("kind", "=", "item"),
            ("gone", "=", False),
        ]

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        """On the first time every switch that the marketplace allows is proposed; later, they are as they stand."""
        values = super().default_get(fields)
        channel = self.env["order.channel"].browse(values.get("channel_id"))
        channel.check_access("write")
        if channel:
            first = channel.state == "connected"
            values |= {switch: self._can(channel, switch) if first else channel[switch] for switch in SWITCHES}
        return values

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        for wizard in wizards:
            wizard.channel_id.check_access("write")
            wizard._preview()
        return wizards

    def _preview(self):
        """Work out what would happen; nothing but hints on unconfirmed listings is written."""
        channel = self.channel_id.sudo()
        unconfirmed = self.env["order.channel.listing"].sudo().search(self._unconfirmed_domain(channel))
        found = unconfirmed._find_products()
        unconfirmed._take_hints(found)
        links = {listing: match.components for listing, match in found.items() if match.hint == "one"}
        self.release_count = len(unconfirmed.browse().union(*links)._freed_orders().released)
        if not self._can(channel, "push_stock"):
            return
        without = channel._stock_preview()
        self._keep_preview("", without)
        self._keep_preview("links", channel._stock_preview(links) if links else without)

    def _keep_preview(self, key, preview):
        """:param preview: as ``channel._stock_preview`` gives it"""
        changes = [change for change in preview if change[1] != change[2]]
        to_zero = [change for change in changes if not change[2]]
        others = [change for change in changes if change[2]]
        self.counts = {**(self.counts or {}), key: [len(changes), len(to_zero)]}
        self.env["order.channel.go.live.line"].create(
            [
                {
                    "wizard_id": self.id,
                    "with_links": key == "links",
                    "listing_id": listing.id,
                    "current_quantity": current,
                    "new_quantity": new,
                }
                for listing, current, new in (to_zero + others)[:MAX_LINES]
            ]
        )

    # === ACTIONS === #

    def action_confirm(self):
        """Set the channel live with the chosen switches. Its crons do the work; nobody waits here."""
        self.ensure_one()
        channel = self.channel_id
        channel.check_access("write")
        channel._check_live_database()
        channel._go_live({switch: self[switch] and self._can(channel, switch) for switch in SWITCHES})
        return channel._notify(
            self.env._("%(channel)s is live", channel=channel.name), self.env._("Sync history shows what is done.")
        )

    def action_view_links(self):
        return self._open_listings(self.env._("Items to Link"), [("link_hint", "=", "one")])

    def action_view_unsure(self):
        hints = [("link_hint", "not in", ("one", *NO_PRODUCT))]
        return self._open_listings(self.env._("Items to Decide"), hints)

    def action_view_orders(self):
        return self._open(self.env._("Orders to Process"), "sale.order", self.channel_id._ready_domain())

    def action_view_quantities(self):
        return self._open(
            self.env._("Quantities to Change"),
            "order.channel.go.live.line",
            [("wizard_id", "=", self.id), ("with_links", "=", self._links())],
        )

    def _open_listings(self, name, domain):
        return self._open(name, "order.channel.listing", self._unconfirmed_domain(self.channel_id) + domain)

    def _open(self, name, model, domain):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "views": [(False, "list"), (False, "form")] if model != "order.channel.go.live.line" else [(False, "list")],
            "domain": list(Domain(domain)),
            "context": {"create": False},
        }


class OrderChannelGoLiveLine(models.TransientModel):
    """One quantity that stock push would change."""

    _name = "order.channel.go.live.line"
    _description = "Go Live Quantity"
    _inherit = ["order.channel.reach"]
    _order = "new_quantity, id"

    wizard_id = fields.Many2one("order.channel.go.live", required=True, index=True, ondelete="cascade")
    listing_id = fields.Many2one("order.channel.listing", required=True, readonly=True, ondelete="cascade")
    with_links = fields.Boolean(readonly=True)  # of the preview in which items get linked, too
    product_id = fields.Many2one(related="listing_id.product_id")
    is_linked = fields.Boolean(string="Linked Already", compute="_compute_is_linked")
    current_quantity = fields.Integer(string="At the Channel Now", readonly=True)
    new_quantity = fields.Integer(string="Would Be Pushed", readonly=True)

    @api.depends("listing_id.mapping_id")
    def _compute_is_linked(self):
        for line in self:
            line.is_linked = bool(line.listing_id.mapping_id)
