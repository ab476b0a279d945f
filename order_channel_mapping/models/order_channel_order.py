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


class OrderChannelOrderLine(models.Model):
    """One line of a channel order. Amounts are for the whole quantity as ordered (see ``connectors.records.OrderLine``)."""

    _name = "order.channel.order.line"
    _description = "Channel Order Line"
    _order = "order_id, sequence, id"

    order_id = fields.Many2one("order.channel.order", required=True, index=True, ondelete="cascade", readonly=True)
    channel_id = fields.Many2one("order.channel", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    sequence = fields.Integer(readonly=True)
    external_id = fields.Char(required=True, readonly=True)
    kind = fields.Selection(
        [
            ("product", "Product"), ("shipping", "Shipping"), ("fee", "Fee"), ("discount", "Discount"),
            ("gift_card", "Gift card"), ("tip", "Tip"),
        ],
        required=True, readonly=True,
    )
    listing_id = fields.Many2one("order.channel.listing", index="btree_not_null", ondelete="restrict", readonly=True)
    mapping_id = fields.Many2one("order.channel.mapping", index="btree_not_null", ondelete="restrict", readonly=True)
    sku = fields.Char(string="SKU", readonly=True)
    name = fields.Char(readonly=True)
    quantity = fields.Float(digits="Product Unit", readonly=True)
    fulfilled_quantity = fields.Float(digits="Product Unit", readonly=True)
    cancelled_quantity = fields.Float(digits="Product Unit", readonly=True)
    subtotal = fields.Float(digits=(16, 4), readonly=True)
    discount = fields.Float(digits=(16, 4), readonly=True)
    total = fields.Float(digits=(16, 4), readonly=True)
    taxes = fields.Json(readonly=True)
    attributes = fields.Json(readonly=True)
    physical = fields.Boolean(default=True, readonly=True)
    fulfilled_by = fields.Selection([("seller", "Us"), ("marketplace", "The channel")], default="seller", readonly=True)
    sale_line_ids = fields.One2many("sale.order.line", "channel_order_line_id", string="Sales Order Lines")

    _external_uniq = models.UniqueIndex("(order_id, external_id)", "This order line is already known.")


class OrderChannelBlocker(models.Model):
    """One reason why an order can't be processed yet. It goes when the reason goes; the audit trail keeps both."""

    _name = "order.channel.blocker"
    _description = "Channel Order Blocker"
    _order = "order_id, id"
    _rec_name = "code"

    order_id = fields.Many2one("order.channel.order", required=True, index=True, ondelete="cascade", readonly=True)
    line_id = fields.Many2one("order.channel.order.line", index="btree_not_null", ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    code = fields.Selection(
        [
            ("unmapped", "Unmapped item"), ("tax", "Tax"), ("total", "Total"), ("payment", "Payment"),
            ("address", "Address"), ("currency", "Currency"), ("hold", "Held by the channel"), ("changed", "Changed at the channel"),
            ("duplicate", "Possible duplicate"), ("shipping", "Shipping method"), ("stock", "Stock"),
        ],
        required=True, readonly=True, index=True,
    )
    params = fields.Json(readonly=True)

    _line_code_uniq = models.UniqueIndex("(order_id, code, COALESCE(line_id, 0))", "This blocker is already on the order.")


class OrderChannelEvent(models.Model):
    """One line of an order's audit trail."""

    _name = "order.channel.event"
    _description = "Channel Order Event"
    _order = "id desc"
    _rec_name = "code"

    order_id = fields.Many2one("order.channel.order", required=True, index=True, ondelete="cascade", readonly=True)
    line_id = fields.Many2one("order.channel.order.line", index="btree_not_null", ondelete="set null", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    code = fields.Char(required=True, readonly=True)
    params = fields.Json(readonly=True)
    user_id = fields.Many2one("res.users", string="By", readonly=True, default=lambda self: self.env.uid)
