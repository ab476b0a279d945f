import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..connectors.lenient_json import loads
from ..connectors.storable import plain_json
from .order_channel_account_secrets import MANAGER

#: the law (GDPR, CCPA) and the marketplaces give this long
ANSWER_WITHIN = timedelta(days=30)
ACTIVITY = "order_channel_mapping.mail_activity_privacy"


class OrderChannelWebhook(models.Model):
    """Requests about a person's data: the marketplace passes them on, a person answers them."""

    _inherit = "order.channel.webhook"

    payload = fields.Json(string="What Was Sent", readonly=True, groups=MANAGER)
    answer_by = fields.Date(compute="_compute_answer_by")
    done_at = fields.Datetime(string="Answered", readonly=True)
    done_user_id = fields.Many2one("res.users", string="Answered By", readonly=True)

    @api.depends("kind", "received_at")
    def _compute_answer_by(self):
        for webhook in self:
            webhook.answer_by = webhook.kind == "privacy" and (webhook.received_at + ANSWER_WITHIN).date()

    @api.model
    def _payload(self, body):
        """What a privacy request says, as JSON text for the database."""
        try:
            said = loads(body)
        except ValueError:
            said = {"text": body.decode("utf-8", "replace")}
        return json.dumps(plain_json(said))

    def action_done(self):
        """Keep who answered a request and when, and forget what was sent."""
        if not self.env.user.has_group(MANAGER):
            raise AccessError(self.env._("Only managers of channels answer privacy requests."))
        self.check_access("read")
        requests = self.sudo().filtered(lambda webhook: webhook.kind == "privacy" and not webhook.done_at)
        requests.write({"done_at": fields.Datetime.now(), "done_user_id": self.env.uid, "payload": False})
        for channel, answered in requests.grouped("channel_id").items():
            channel._privacy_answered(answered.mapped("topic"))


class OrderChannel(models.Model):
    """Who is told of privacy requests, and what stays on record."""

    _inherit = "order.channel"

    privacy_count = fields.Integer(string="Privacy Requests", compute="_compute_privacy_count")

    def _compute_privacy_count(self):
        counts = dict(
            self.env["order.channel.webhook"]._read_group(
                [("channel_id", "in", self.ids), ("kind", "=", "privacy"), ("done_at", "=", False)],
                ["channel_id"],
                ["__count"],
            )
        )
        for channel in self:
            channel.privacy_count = counts.get(channel, 0)

    def _ask_for_privacy_answer(self):
        """Tell a manager; one activity, however many requests are open. Its e-mail leaves with the queue, not from here."""
        self.ensure_one()
        if self.activity_search([ACTIVITY]):
            return
        manager = self._manager_to_ask()
        channel = self.with_context(lang=manager.lang, mail_notify_force_send=False)
        channel.activity_schedule(
            ACTIVITY,
            date_deadline=fields.Date.context_today(channel) + ANSWER_WITHIN,
            user_id=manager.id,
            summary=channel.env._("Answer a privacy request"),
            note=channel.env._(
                "The channel passed on that a person asks for their data, or to have it erased. What was asked is under "
                "Privacy Requests. Answer within 30 days, then press Done there."
            ),
        )

    def _manager_to_ask(self):
        """The manager of channels who made this one, else another one of its company."""
        self.ensure_one()
        managers = self.env.ref(MANAGER).all_user_ids.filtered(
            lambda user: user.active and self.company_id in user.company_ids
        )
        return (
            (self.create_uid & managers) or (self.user_id & managers) or managers[:1] or self.env.ref("base.user_root")
        )

    def _privacy_answered(self, topics):
        """Keep on record that requests were answered; the activity is done with the last one."""
        self.ensure_one()
        self.message_post(
            body=self.env._("Answered privacy requests: %(topics)s", topics=", ".join(topics)),
            author_id=self.env.user.partner_id.id,
        )
        open_requests = [("channel_id", "=", self.id), ("kind", "=", "privacy"), ("done_at", "=", False)]
        if not self.env["order.channel.webhook"].search_count(open_requests, limit=1):
            self.activity_feedback([ACTIVITY])
