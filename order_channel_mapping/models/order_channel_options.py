from odoo import api, fields, models

STATUSES = "statuses"
#: options that decide which items are listings: a change of them is a reason to look at all items again
ITEM_OPTIONS = {"include_drafts"}


class OrderChannel(models.Model):
    """Settings that a connector reads. Each connector names those it knows in ``option_names``; the form shows no others."""

    _inherit = "order.channel"

    # what the form shows of a marketplace, as words separated by blanks
    option_names = fields.Char(compute="_compute_option_names")
    capability_names = fields.Char(compute="_compute_option_names")
    status_map_ids = fields.One2many("order.channel.status.map", "channel_id", string="Order Statuses")
    include_drafts = fields.Boolean(
        string="Drafts Too", help="Items that are not published at the channel become listings as well."
    )
    ship_complete = fields.Boolean(
        string="Complete Shipped Orders",
        default=True,
        help="An order of which everything is shipped becomes completed at the channel.",
    )
    ship_note = fields.Boolean(
        string="Tell the Buyer by a Note",
        default=True,
        help="Carrier and tracking number are added to the order as a note; the channel e-mails it to the buyer.",
    )
    ship_tracking_meta = fields.Boolean(
        string="Fill the Tracking Extension",
        default=True,
        help="Carrier and tracking number are also written to where the usual shipment tracking extensions keep them.",
    )

    @api.depends("provider")
    def _compute_option_names(self):
        for channel in self:
            channel.option_names = " ".join(sorted(channel._connector_attribute("option_names", ())))
            channel.capability_names = " ".join(sorted(channel._connector_attribute("capabilities", ())))

    def _connector_options(self):
        """The settings that this channel's connector reads, for ``connectors.base.Login.options``.

        :rtype: dict
        """
        self.ensure_one()
        names = self._connector_attribute("option_names", frozenset())
        options = {name: self[name] for name in names if name != STATUSES}
        if STATUSES in names:
            options[STATUSES] = {status.code: status.meaning for status in self.sudo().status_map_ids}
        return options

    def _store_statuses(self, statuses):
        """Keep the marketplace's order statuses; what a person decided about one stays."""
        Status = self.env["order.channel.status.map"].with_context(order_channel_connecting=True)
        known = {status.code: status for status in self.status_map_ids}
        new = []
        for sequence, status in enumerate(statuses):
            record = known.get(status.code)
            if record is None:
                new.append(
                    {
                        "channel_id": self.id,
                        "code": status.code,
                        "name": status.name,
                        "meaning": status.meaning.value,
                        "sequence": sequence,
                    }
                )
            elif record.name != status.name:
                record.name = status.name
        Status.create(new)

    def write(self, vals):
        changed = self.filtered(
            lambda channel: any(channel[name] != vals[name] for name in ITEM_OPTIONS.intersection(vals))
        )
        result = super().write(vals)
        for channel in changed.sudo().filtered(lambda channel: channel.state != "draft"):
            channel.items_fetch += 1  # a full fetch under way goes by the old rule
            channel._fetch_all_items()
            channel._request_run(["items"])
        return result

    def _fetch_all_orders(self):
        """Have the next fetch of orders go back to the channel's start date: what orders mean has changed."""
        for channel in self.sudo().filtered(lambda channel: channel.state != "draft"):
            channel.write(
                {
                    "orders_fetch": channel.orders_fetch + 1,  # a fetch that is under way must not save its watermark
                    "orders_watermark": False,
                    "orders_cursor": False,
                    "orders_phase": "all",
                }
            )
            channel._request_run(["orders"])
