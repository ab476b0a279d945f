from odoo import models


class OrderChannel(models.Model):
    """The pre-flight of one or several channels."""

    _inherit = "order.channel"

    def action_preflight(self):
        """Look for what is wrong with the catalogue; nothing is changed."""
        return self.env["order.channel.preflight"]._open_for(self)


class OrderChannelGoLive(models.TransientModel):
    """A look at the catalogue before it goes live."""

    _inherit = "order.channel.go.live"

    def action_preflight(self):
        return self.channel_id.action_preflight()
