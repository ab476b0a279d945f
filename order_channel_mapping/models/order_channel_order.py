from odoo import api, fields, models


class OrderChannelOrder(models.Model):
    """What the channel says about an order: the external truth, its lines, its raw payload and revision."""

    _name = "order.channel.order"
    _description = "Channel Order"
    _inherit = ["order.channel.adjusted"]
    _order = "placed_at desc, id desc"
    _rec_name = "number"
    _check_company_auto = True

    channel_id = fields.Many2one("order.channel", required=True, index=True, ondelete="restrict", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    external_id = fields.Char(string="ID at the Channel", required=True, readonly=True)
    number = fields.Char(required=True, readonly=True, index=True)
    revision = fields.Char(readonly=True)  # digest of what the channel says
    status = fields.Selection(
        [("open", "Open"), ("completed", "Completed"), ("cancelled", "Cancelled")],
        required=True,
        readonly=True,
        index=True,
    )
    payment_status = fields.Selection(
        [
            ("pending", "Pending"),
            ("authorized", "Authorised"),
            ("partially_paid", "Partly paid"),
            ("paid", "Paid"),
            ("partially_refunded", "Partly refunded"),
            ("refunded", "Refunded"),
            ("voided", "Voided"),
        ],
        readonly=True,
    )
    fulfillment_status = fields.Selection(
        [("unfulfilled", "Not shipped"), ("partial", "Partly shipped"), ("fulfilled", "Shipped")], readonly=True
    )
    fulfilled_by = fields.Selection(
        [("seller", "Us"), ("marketplace", "The channel"), ("other", "Another location")], readonly=True
    )
    placed_at = fields.Datetime(readonly=True)
    remote_updated_at = fields.Datetime(string="Changed at the Channel", readonly=True)
    ship_by = fields.Datetime(readonly=True)
    currency_code = fields.Char(string="Currency", readonly=True)
    amount_total = fields.Float(string="Total at the Channel", digits=(16, 4), readonly=True)
    amount_marketplace_tax = fields.Float(string="Tax Collected by the Channel", digits=(16, 4), readonly=True)
    amount_rounding = fields.Float(
        string="Rounding",
        digits=(16, 4),
        readonly=True,
        help="What rounding adds to the lines to make the channel's total.",
    )
    prices_include_tax = fields.Boolean(readonly=True)
    kept_difference = fields.Float(
        digits=(16, 4), readonly=True, help="By how much the sales order's total differs on purpose from the channel's."
    )
    removed_lines = fields.Json(readonly=True)  # of the sales order, by a person: {key: the channel's facts}
    buyer_ref = fields.Char(readonly=True)
    buyer_email = fields.Char(readonly=True)
    buyer_name = fields.Char(string="Buyer", readonly=True)
    partner_id = fields.Many2one(
        "res.partner", string="Customer", readonly=True, index="btree_not_null", check_company=True
    )
    hold = fields.Char(string="Held by the Channel", readonly=True)
    gone = fields.Boolean(string="Deleted at the Channel", readonly=True)
    # when the hold ends without a change of the order: asked for by each pass, and few orders have one
    hold_until = fields.Datetime(readonly=True, index="btree_not_null")
    hold_for_payment = fields.Boolean(readonly=True)
    pickup = fields.Boolean(
        string="Local Pickup",
        readonly=True,
        help="The buyer fetches it, or it is handed over otherwise than by a parcel.",
    )
    test = fields.Boolean(string="Test Order", readonly=True)
    data = fields.Json(readonly=True)  # the Order record without its lines, for everything that has no field of its own
    payload = fields.Json(readonly=True, groups="order_channel_mapping.group_channel_manager")
    sale_order_ids = fields.One2many("sale.order", "channel_order_id", string="Sales Orders")
    sale_order_id = fields.Many2one("sale.order", string="Sales Order", compute="_compute_sale_order_id")
    line_ids = fields.One2many("order.channel.order.line", "order_id", string="Lines", readonly=True)
    blocker_ids = fields.One2many("order.channel.blocker", "order_id", string="To Resolve", readonly=True)
    event_ids = fields.One2many("order.channel.event", "order_id", string="Audit Trail", readonly=True)

    _external_uniq = models.UniqueIndex("(channel_id, external_id)", "This order is already known on this channel.")
    _buyer_ref_idx = models.Index("(channel_id, buyer_ref) WHERE buyer_ref IS NOT NULL")
    _buyer_email_idx = models.Index("(channel_id, buyer_email) WHERE buyer_email IS NOT NULL")

    @api.depends("sale_order_ids")
    def _compute_sale_order_id(self):
        for order in self:
            order.sale_order_id = order.sale_order_ids[:1]

    # === AUDIT TRAIL === #

    def _log_event(self, code, params=None, line=None):
        """Add a line to each order's audit trail.

        :param code: what happened, rendered by ``tools.reasons``
        :param params: JSON-able dict
        :param line: order.channel.order.line that it is about, or None
        """
        return self.env["order.channel.event"]._log([(order, code, params, line) for order in self])
