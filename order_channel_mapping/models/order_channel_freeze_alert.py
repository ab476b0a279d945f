from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, formatLang

ALERT = "order_channel_mapping.mail_activity_frozen"


class OrderChannel(models.Model):
    """What unmapped items hold up of a channel, and the warning before a frozen order is late."""

    _inherit = "order.channel"

    freeze_count = fields.Integer(string="Items That Hold Up Orders", compute="_compute_freeze")
    freeze_amount = fields.Char(string="Money Frozen", compute="_compute_freeze")
    freeze_alert_hours = fields.Integer(
        string="Warn Before Ship-By (h)",
        help="The salesperson gets an activity when a frozen order has to be shipped within so many hours. 0: never.",
    )

    _freeze_alert_hours_positive = models.Constraint(
        "CHECK (freeze_alert_hours >= 0)", "Hours before ship-by can't be negative: 0 switches the warning off."
    )

    def _compute_freeze(self):
        totals = self.env["order.channel.freeze"]._totals(SQL("channel_id = ANY(%s)", self.ids))
        found = {channel_id: (items, amount) for channel_id, __, items, __, amount, __ in totals}
        for channel in self:
            count, amount = found.get(channel.id, (0, 0.0))
            channel.freeze_count = count
            channel.freeze_amount = formatLang(self.env, amount, currency_obj=channel.company_id.currency_id)

    # === WARNING === #

    @api.model
    def _cron_warn_of_frozen(self):
        """Give people an activity for each frozen order whose ship-by date is near, once; take it away when it went on."""
        self._end_warnings()
        for channel in self.search([("freeze_alert_hours", ">", 0)]):
            channel._warn_of_frozen()

    def _warn_of_frozen(self):
        self.ensure_one()
        soon = fields.Datetime.now() + timedelta(hours=self.freeze_alert_hours)
        orders = self.env["order.channel.order"].search(
            [
                ("channel_id", "=", self.id),
                ("ship_by", "<=", soon),
                ("freeze_warned", "=", False),
                ("sale_order_ids", "any", [("channel_frozen", "=", True), ("state", "in", ("draft", "sent"))]),
            ]
        )
        if not orders:
            return
        person = self.user_id or self.create_uid
        summary = self.with_context(lang=person.lang).env._("Frozen, and to be shipped soon: link its items")
        for day, of_day in orders.grouped(lambda order: order.ship_by.date()).items():
            of_day.sale_order_ids.activity_schedule(ALERT, date_deadline=day, user_id=person.id, summary=summary)
        orders.freeze_warned = True

    @api.model
    def _end_warnings(self):
        """Of orders that are no longer frozen."""
        activities = self.env["mail.activity"].search(
            [("activity_type_id", "=", self.env.ref(ALERT).id), ("res_model", "=", "sale.order")]
        )
        frozen = self.env["sale.order"].search(
            [("id", "in", activities.mapped("res_id")), ("channel_frozen", "=", True), ("state", "!=", "cancel")]
        )
        activities.filtered(lambda activity: activity.res_id not in frozen._ids).unlink()


class SaleOrder(models.Model):
    """The few frozen ones are found without a look at the others."""

    _inherit = "sale.order"

    _channel_frozen_idx = models.Index("(channel_order_id) WHERE channel_frozen")


class OrderChannelOrder(models.Model):
    """Whether people were warned of this order."""

    _inherit = "order.channel.order"

    freeze_warned = fields.Boolean(readonly=True)  # while frozen: once per order
