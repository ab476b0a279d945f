from odoo import fields, models


class OrderChannel(models.Model):
    """One store or site of an account, or an offline store: what is fetched, where from it sells, its policies.

    The four ways through a channel are in files of their own: ``order_channel_connect``, ``order_channel_pass`` (crons and
    passes), ``order_channel_items``, ``order_channel_orders``, ``order_channel_stock`` and ``order_channel_outbox``.
    """

    _name = "order.channel"
    _description = "Channel"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "sequence, name, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    color = fields.Integer()
    account_id = fields.Many2one(
        "order.channel.account", required=True, index=True, ondelete="restrict", check_company=True
    )
    provider = fields.Selection(related="account_id.provider", store=True, index=True, readonly=False)
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    state = fields.Selection(
        [("draft", "Not connected"), ("connected", "Connected"), ("live", "Live"), ("closing", "Closing")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        help="Connected: reads only. Live: links, processes, pushes stock and tracking as switched on. "
        "Closing: no stock push and no new listings; orders, refunds and tracking go on.",
    )
    paused = fields.Boolean(readonly=True, copy=False, tracking=True)
    health = fields.Selection(
        [("ok", "OK"), ("waiting", "Waiting"), ("needs_reauth", "Needs re-authorisation"), ("failing", "Failing")],
        default="ok",
        required=True,
        readonly=True,
        copy=False,
    )
    health_code = fields.Char(readonly=True, copy=False)  # with health_params: why, rendered by health_message
    health_params = fields.Json(readonly=True, copy=False)
    next_try_at = fields.Datetime(readonly=True, copy=False, help="Nothing is asked of the channel before this time.")

    # === IDENTITY === #
    account_ref = fields.Char(readonly=True, copy=False)
    site = fields.Char(readonly=True, copy=False)
    external_name = fields.Char(string="Store Name", readonly=True, copy=False)
    currency_id = fields.Many2one("res.currency", readonly=True, copy=False)
    timezone = fields.Char(readonly=True, copy=False)
    remote_location_ids = fields.One2many("order.channel.location", "channel_id", string="Locations at the Channel")
    push_location_id = fields.Many2one(
        "order.channel.location", string="Push Stock To", domain="[('channel_id', '=', id)]", copy=False
    )

    # === POLICIES: off until Go live (rule 7) === #
    auto_link = fields.Boolean(string="Link by SKU", copy=False, tracking=True)
    auto_process = fields.Boolean(string="Process Orders Automatically", copy=False, tracking=True)
    push_stock = fields.Boolean(copy=False, tracking=True)
    push_tracking = fields.Boolean(string="Report Tracking", copy=False, tracking=True)
    notify_buyer = fields.Boolean(
        string="Odoo May Write to Buyers",
        help="Off: buyers hear from the channel only; Odoo sends them no e-mail, text message, signature or payment request.",
    )
    import_test_orders = fields.Boolean(string="Take In Test Orders")
    warehouse_id = fields.Many2one(
        "stock.warehouse",
        string="Ship From",
        required=True,
        check_company=True,
        default=lambda self: self._warehouse_of(self.env.company),
    )
    warehouse_ids = fields.Many2many(
        "stock.warehouse",
        string="Sells From",
        check_company=True,
        help="What these warehouses can promise is offered. Empty: the warehouse it ships from.",
    )
    location_ids = fields.Many2many(
        "stock.location",
        string="Only These Locations",
        check_company=True,
        domain="[('usage', '=', 'internal')]",
        help="Empty: the whole of the warehouses.",
    )
    stock_buffer = fields.Float(
        string="Buffer", digits="Product Unit", help="Kept back from what is promised, per listing."
    )
    team_id = fields.Many2one("crm.team", string="Sales Team", check_company=True)
    user_id = fields.Many2one("res.users", string="Salesperson", check_company=True)

    # === FETCHING === #
    order_start = fields.Datetime(
        string="Orders Since",
        copy=False,
        help="Orders placed before are not taken in. Default: 90 days before connecting.",
    )
    order_freshness = fields.Integer(
        string="Order Freshness (s)",
        default=60,
        required=True,
        help="Stock is pushed only if orders were fetched within this many seconds.",
    )
    sync_interval = fields.Integer(string="Orders and Stock Every (min)", default=5, required=True)
    items_interval = fields.Integer(string="Items Every (min)", default=60, required=True)
    outbox_interval = fields.Integer(string="Commands Every (min)", default=5, required=True)
    items_cursor = fields.Char(readonly=True, copy=False)
    items_fetch = fields.Integer(readonly=True, copy=False)  # number of the fetch under way
    items_linked_at = fields.Datetime(readonly=True, copy=False)  # products changed since are looked at for links
    items_since = fields.Datetime(readonly=True, copy=False)  # start of the fetch under way, None: full
    items_watermark = fields.Datetime(readonly=True, copy=False)
    items_checked_at = fields.Datetime(string="Items Last Fetched", readonly=True, copy=False)
    items_full_at = fields.Datetime(string="Last Full Fetch of Items", readonly=True, copy=False)
    orders_cursor = fields.Char(readonly=True, copy=False)
    orders_fetch = fields.Integer(readonly=True, copy=False)
    orders_since = fields.Datetime(string="Orders Fetched Since", readonly=True, copy=False)
    orders_watermark = fields.Datetime(readonly=True, copy=False)
    orders_checked_at = fields.Datetime(string="Orders Last Fetched", readonly=True, copy=False)
    sync_cron_id = fields.Many2one("ir.cron", readonly=True, copy=False, ondelete="set null")
    items_cron_id = fields.Many2one("ir.cron", readonly=True, copy=False, ondelete="set null")
    outbox_cron_id = fields.Many2one("ir.cron", readonly=True, copy=False, ondelete="set null")

    # === RECORDS === #
    listing_ids = fields.One2many("order.channel.listing", "channel_id", string="Listings")
    run_ids = fields.One2many("order.channel.run", "channel_id", string="Sync History")

    _identity_uniq = models.UniqueIndex(
        "(provider, account_ref, COALESCE(site, '')) WHERE account_ref IS NOT NULL AND state != 'draft' AND active",
        "This account and site is already connected by another channel.",
    )
    _intervals_positive = models.Constraint(
        "CHECK (sync_interval > 0 AND items_interval > 0 AND outbox_interval > 0 AND order_freshness > 0)",
        "Intervals must be at least one minute.",
    )
