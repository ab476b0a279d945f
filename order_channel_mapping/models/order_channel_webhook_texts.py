from odoo import api, fields, models

from ..tools.reasons import reason_text
from .order_channel_account_secrets import MANAGER


class OrderChannel(models.Model):
    """What the form says of notifications."""

    _inherit = "order.channel"

    sends_webhooks = fields.Boolean(compute="_compute_sends_webhooks")
    webhook_address = fields.Char(
        string="Address for Notifications",
        compute="_compute_webhook_address",
        compute_sudo=True,
        groups=MANAGER,
        exportable=False,
        help="The channel is told this address by itself. Shopify's privacy requests need it in the settings of the app.",
    )
    last_webhook = fields.Char(string="Last Notification", compute="_compute_last_webhook")
    webhook_message = fields.Char(compute="_compute_webhook_message")

    @api.depends("provider")
    def _compute_sends_webhooks(self):
        for channel in self:
            channel.sends_webhooks = channel._sends_webhooks()

    @api.depends("webhook_token", "provider")
    def _compute_webhook_address(self):
        for channel in self:
            channel.webhook_address = channel.webhook_token and channel._webhook_address()

    @api.depends_context("lang")
    def _compute_last_webhook(self):
        last = dict(
            self.env["order.channel.webhook"]._read_group(
                [("channel_id", "in", self.ids)], ["channel_id"], ["received_at:max"]
            )
        )
        for channel in self:
            channel.last_webhook = channel._ago(last.get(channel))

    @api.depends("webhook_state", "webhook_code", "webhook_params")
    @api.depends_context("lang")
    def _compute_webhook_message(self):
        for channel in self:
            reason = " ".join(filter(None, reason_text(self.env, channel.webhook_code, channel.webhook_params)))
            if channel.webhook_state == "active":
                channel.webhook_message = self.env._("The channel says at once that something changed there.")
            elif channel.webhook_state == "polling":
                channel.webhook_message = self.env._(
                    "Changes come with the next fetch, so nothing is lost. %(reason)s", reason=reason
                )
            elif channel.webhook_state == "failing":
                channel.webhook_message = self.env._(
                    "They could not be set up; it is tried again by itself. %(reason)s", reason=reason
                )
            else:
                channel.webhook_message = self.env._("They are set up after Connect.")


class OrderChannelWebhook(models.Model):
    """A notification in words."""

    _inherit = "order.channel.webhook"

    text = fields.Char(string="What Came of It", compute="_compute_text")

    @api.depends("kind", "brings", "run_id", "done_at")
    @api.depends_context("lang")
    def _compute_text(self):
        for webhook in self:
            if webhook.kind == "privacy":
                webhook.text = self.env._("Answered") if webhook.done_at else self.env._("A person must answer it")
            elif webhook.run_id:
                webhook.text = self.env._("Fetched")
            elif webhook.brings:
                webhook.text = self.env._("Waits for the next fetch")
            else:
                webhook.text = self.env._("Nothing to do")
