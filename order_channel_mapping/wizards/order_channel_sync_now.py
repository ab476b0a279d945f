from odoo import api, fields, models
from odoo.tools.misc import format_datetime

from ..tools.reasons import reason_text
from .order_channel_unlink import close_dialog


class OrderChannelSyncNow(models.TransientModel):
    """Asks whether a marketplace that wants to be left alone is to be asked all the same."""

    _name = "order.channel.sync.now"
    _description = "Sync Now"
    _inherit = ["order.channel.reach"]

    channel_ids = fields.Many2many("order.channel", string="Channels", readonly=True)
    waits = fields.Text(compute="_compute_waits")

    @api.depends("channel_ids")
    @api.depends_context("lang", "tz")
    def _compute_waits(self):
        for wizard in self:
            channels = wizard.channel_ids
            channels.check_access("read")
            wizard.waits = "\n".join(filter(None, map(self._wait_words, channels)))

    @api.model
    def _wait_words(self, channel):
        """Until when a channel waits, and why; nothing for one that does not."""
        wait = channel._asked_to_wait()
        if not wait:
            return ""
        until, code, params = wait
        return self.env._(
            "%(channel)s waits until %(until)s. %(reason)s",
            channel=channel.name,
            until=format_datetime(self.env, until, dt_format="short"),
            reason=reason_text(self.env, code, params)[0],
        )

    @api.model
    def _open(self, channels):
        """The dialog for these channels, of which one at least waits."""
        wizard = self.create({"channel_ids": [fields.Command.set(channels.ids)]})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Sync Now?"),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_overrule(self):
        """Have the channels synchronise at once."""
        self.ensure_one()
        channels = self.channel_ids
        channels.check_access("read")
        for channel in channels:
            channel._check_can_sync()
        return close_dialog(channels._sync_now())
