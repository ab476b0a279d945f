import logging
import time

from odoo import api, models
from odoo.tools.misc import format_amount

from ..connectors.base import ConnectorError
from ..tools.guard import internal
from .order_channel_projection import PLACEHOLDER, SERVICE_PRODUCTS
from .order_channel_webhooks import REGISTERED

_logger = logging.getLogger(__name__)

#: marketplaces are asked no longer than this in all; a server that is gone must not keep anybody from uninstalling
SECONDS = 30.0


class OrderChannel(models.Model):
    """Uninstalling: what Odoo would leave behind, or take away with an error in its log, is put in order before."""

    _inherit = "order.channel"

    @api.model
    def _uninstall(self):
        """All of it, in the transaction of the uninstallation."""
        channels = self.sudo().with_context(active_test=False).search([("state", "!=", "draft")])
        channels._end_all_webhooks()
        channels._drop_crons()
        self._release_placeholder()
        self._keep_products_in_use()
        self._forget_activities()
        self.env["ir.attachment"].sudo().search(
            [("res_model", "=like", "order.channel%"), ("res_field", "!=", False)]
        ).unlink()
        self.env["ir.config_parameter"].sudo().search([("key", "=like", "order\\_channel\\_mapping.%")]).unlink()

    # === NOTIFICATIONS === #

    def _end_all_webhooks(self):
        """End what is registered. What can't be reached is said: the marketplace gives up on it sooner or later anyway."""
        if self._is_foreign_database():
            return
        deadline = time.monotonic() + SECONDS
        left = []
        for channel in self.filtered(lambda channel: channel.webhook_url and channel.webhook_state in REGISTERED):
            if time.monotonic() > deadline or not channel._end_own_webhooks():
                left.append(f"{channel.name} ({channel.webhook_url})")
        accounts = self.env["order.channel.account"].sudo().with_context(active_test=False)
        for account in accounts.search([("webhook_withdrawals", "!=", False)]):
            left += [url for url, __ in account.webhook_withdrawals]
        if left:
            _logger.warning(
                "Notifications that could not be ended; remove them at the marketplace: %s", ", ".join(left)
            )

    def _end_own_webhooks(self):
        try:
            with self._get_connector() as connector:
                connector.remove_webhooks(self.webhook_url)
        except ConnectorError as error:
            _logger.info("Channel %s: its notifications could not be ended (%s)", self.id, error.code)
            return False
        except Exception:
            _logger.info("Channel %s: its notifications could not be ended", self.id, exc_info=True)
            return False
        return True

    # === ORDERS === #

    @api.model
    def _open_frozen_orders(self):
        """Orders that will be cancelled, of all companies."""
        return self.env["sale.order"].sudo().search([("channel_frozen", "=", True), ("state", "in", ("draft", "sent"))])

    @api.model
    def _release_placeholder(self):
        """No placeholder is ever invoiced: frozen orders are cancelled, and what is unmapped in any order becomes a note."""
        placeholder = self.env.ref(PLACEHOLDER, raise_if_not_found=False)
        frozen = self._open_frozen_orders()
        if frozen:
            internal(frozen)._action_cancel()
            for order in frozen:
                order.message_post(
                    body=self.env._(
                        "Cancelled: Order Channel Mapping was uninstalled while items of this order were not linked to "
                        "products. At the channel the order %(number)s is still there.",
                        number=order.client_order_ref or "",
                    )
                )
        if not placeholder:
            return
        lines = internal(self.env["sale.order.line"]).search([("product_id", "=", placeholder.id)])
        notes = [
            {
                "order_id": line.order_id.id,
                "sequence": line.sequence,
                "display_type": "line_note",
                "name": self.env._(
                    "Not linked to a product: %(quantity)g × %(item)s, %(amount)s",
                    quantity=line.product_uom_qty,
                    item=line.name,
                    amount=format_amount(self.env, line.price_total, line.currency_id),
                ),
            }
            for line in lines
        ]
        lines.unlink()
        lines.create(notes)

    # === WHAT BELONGS TO THE ADDON === #

    @api.model
    def _keep_products_in_use(self):
        """Products of lines (shipping, discounts, …) that sales orders or invoices name are archived and stay."""
        for xml_id in SERVICE_PRODUCTS.values():
            product = self.env.ref(xml_id, raise_if_not_found=False)
            if not product:
                continue
            used = any(
                self.env[model].sudo().search_count([("product_id", "=", product.id)], limit=1)
                for model in ("sale.order.line", "account.move.line", "stock.move")
            )
            if used:
                self.env["ir.model.data"].sudo().search(
                    [("module", "=", "order_channel_mapping"), ("name", "=", xml_id.partition(".")[2])]
                ).unlink()
                product.active = False  # possible from here on, when it is no longer the addon's

    @api.model
    def _forget_activities(self):
        """Odoo deletes no type of activity that is in use."""
        types = (
            self.env["ir.model.data"]
            .sudo()
            .search([("module", "=", "order_channel_mapping"), ("model", "=", "mail.activity.type")])
        )
        activities = self.env["mail.activity"].sudo().with_context(active_test=False)
        activities.search([("activity_type_id", "in", types.mapped("res_id"))]).unlink()
        activities.search([("res_model", "=like", "order.channel%")]).unlink()
