from odoo import fields, models


class OrderChannelOrder(models.Model):
    """What the channel says about an order: the external truth, its lines, its raw payload and revision."""

    _name = "order.channel.order"
    _description = "Channel Order"
    _order = "placed_at desc, id desc"
    _rec_name = "number"
    _check_company_auto = True

    channel_id = fields.Many2one("order.channel", required=True, index=True, ondelete="restrict", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    external_id = fields.Char(string="ID at the Channel", required=True, readonly=True)
    number = fields.Char(required=True, readonly=True, index=True)
    revision = fields.Char(readonly=True)  # digest of what the channel says
    accepted_revision = fields.Char(readonly=True)  # the revision that the sales order shows
    status = fields.Selection(
        [("open", "Open"), ("completed", "Completed"), ("cancelled", "Cancelled")], required=True, readonly=True, index=True
    )
    payment_status = fields.Selection(
        [
            ("pending", "Pending"), ("authorized", "Authorised"), ("partially_paid", "Partly paid"), ("paid", "Paid"),
            ("partially_refunded", "Partly refunded"), ("refunded", "Refunded"), ("voided", "Voided"),
        ],
        readonly=True,
    )
    fulfillment_status = fields.Selection(
        [("unfulfilled", "Not shipped"), ("partial", "Partly shipped"), ("fulfilled", "Shipped")], readonly=True
    )
    placed_at = fields.Datetime(readonly=True)
    remote_updated_at = fields.Datetime(string="Changed at the Channel", readonly=True)
    ship_by = fields.Datetime(readonly=True)
    currency_code = fields.Char(string="Currency", readonly=True)
    amount_total = fields.Float(string="Total at the Channel", digits=(16, 4), readonly=True)
    amount_marketplace_tax = fields.Float(string="Tax Collected by the Channel", digits=(16, 4), readonly=True)
    prices_include_tax = fields.Boolean(readonly=True)
    buyer_ref = fields.Char(readonly=True)
    buyer_email = fields.Char(readonly=True)
    buyer_name = fields.Char(readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True, index="btree_not_null", check_company=True)
    hold = fields.Char(string="Held by the Channel", readonly=True)
    test = fields.Boolean(string="Test Order", readonly=True)
    data = fields.Json(readonly=True)  # the Order record, for everything that has no field of its own
    payload = fields.Json(readonly=True, groups="order_channel_mapping.group_channel_manager")
    sale_order_ids = fields.One2many("sale.order", "channel_order_id", string="Sales Orders")
    line_ids = fields.One2many("order.channel.order.line", "order_id", string="Lines", readonly=True)
    blocker_ids = fields.One2many("order.channel.blocker", "order_id", string="To Resolve", readonly=True)
    event_ids = fields.One2many("order.channel.event", "order_id", string="Audit Trail", readonly=True)

    _external_uniq = models.UniqueIndex("(channel_id, external_id)", "This order is already known on this channel.")
    _buyer_ref_idx = models.Index("(channel_id, buyer_ref) WHERE buyer_ref IS NOT NULL")
    _buyer_email_idx = models.Index("(channel_id, buyer_email) WHERE buyer_email IS NOT NULL")
