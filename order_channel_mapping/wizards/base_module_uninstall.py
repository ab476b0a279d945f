from odoo import api, fields, models

from ..models.order_channel_webhooks import REGISTERED


class BaseModuleUninstall(models.TransientModel):
    """Says beforehand, in plain words, what goes with the addon."""

    _inherit = "base.module.uninstall"

    order_channel_impact = fields.Text(compute="_compute_order_channel_impact")

    @api.depends("module_ids")
    def _compute_order_channel_impact(self):
        for wizard in self:
            names = wizard._get_modules().mapped("name") if wizard.module_ids else []
            wizard.order_channel_impact = self._order_channel_impact() if "order_channel_mapping" in names else False

    @api.model
    def _order_channel_impact(self):
        """One line for each thing that there is."""
        channels = self.env["order.channel"].sudo().with_context(active_test=False)
        accounts = self.env["order.channel.account"].sudo().with_context(active_test=False)
        listings = self.env["order.channel.listing"].sudo().with_context(active_test=False)
        frozen = len(channels._open_frozen_orders())
        orders = (
            self.env["sale.order"].sudo().search_count([("channel_order_id", "!=", False), ("state", "!=", "cancel")])
        )
        lines = (
            (
                channels.search_count([]),
                self.env._("Channels that are deleted, with their accounts, history and settings: %(count)s"),
            ),
            (
                listings.search_count([]),
                self.env._("Listings that are deleted, with what they are linked to: %(count)s"),
            ),
            (frozen, self.env._("Frozen orders that are cancelled; their unlinked items become notes: %(count)s")),
            (orders - frozen, self.env._("Other orders, which stay as plain sales orders: %(count)s")),
            (
                channels.search_count([("webhook_state", "in", REGISTERED)]),
                self.env._(
                    "Channels whose notifications are ended at the marketplace: %(count)s. What can't be reached within half a "
                    "minute is named in the server's log; remove it there by hand."
                ),
            ),
            (
                accounts.search_count([("secret_data", "!=", False)]),
                self.env._(
                    "Accounts whose credentials are deleted here: %(count)s. Revoke them at the marketplace, too, if nothing "
                    "else uses them."
                ),
            ),
        )
        return "\n".join(text % {"count": count} for count, text in lines if count)
