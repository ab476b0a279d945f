"""Cancelling an order here and at its channel: asked of a person, told through the outbox."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..connectors import connector_classes
from ..tools.guard import permitted
from .order_channel_command import SENDING_STATES

#: why an order is cancelled, as connectors know it
CANCEL_REASONS = [
    ("customer", "The customer asked for it"),
    ("inventory", "Not in stock"),
    ("declined", "Payment declined"),
    ("fraud", "Fraud"),
    ("other", "Other"),
]


class SaleOrder(models.Model):
    _inherit = "sale.order"

    channel_cancel_text = fields.Char(compute="_compute_channel_cancel")
    channel_can_tell_cancelled = fields.Boolean(compute="_compute_channel_cancel")

    @api.depends("state", "channel_order_id.status")
    @api.depends_context("lang", "uid")
    def _compute_channel_cancel(self):
        """What the channel knows of an order that is cancelled here."""
        cancelled = self.filtered(lambda order: order.state == "cancel")._open_at_channel()
        commands = cancelled._cancel_commands()
        can_tell = cancelled._channel_may_be_told()
        for order in self:
            order.channel_can_tell_cancelled = order in can_tell
            order.channel_cancel_text = order in cancelled and order._cancel_text(commands.get(order.channel_order_id))

    def _cancel_text(self, command):
        channel = self.sudo().order_channel_id.display_name
        if not command or command.state == "dropped":
            return self.env._("Cancelled in Odoo only: at %(channel)s the order is still open.", channel=channel)
        if command.state == "failed":
            return self.env._(
                "%(channel)s did not cancel the order: %(reason)s", channel=channel, reason=command.reason or ""
            )
        if command.state == "sent":
            return self.env._("%(channel)s has taken the cancellation.", channel=channel)
        return self.env._("%(channel)s is being told that the order is cancelled.", channel=channel)

    # === WHO CAN BE TOLD === #

    def _open_at_channel(self):
        """Those that came from a marketplace where they are neither over nor gone."""
        return self._from_marketplaces().filtered(
            lambda order: order.sudo().channel_order_id.status == "open" and not order.sudo().channel_order_id.gone
        )

    def _cancel_commands(self):
        """:return: ``{channel order: the last command to cancel it}``, in sudo"""
        commands = (
            self.env["order.channel.command"]
            .sudo()
            .search([("order_id", "in", self.sudo().channel_order_id.ids), ("kind", "=", "cancel")], order="id")
        )
        return {command.order_id: command for command in commands}

    def _channel_may_be_told(self):
        """Those of which the user may tell the channel that they are cancelled."""
        if not self.env.su and not self.env.user.has_group("order_channel_mapping.group_channel_user"):
            return self.browse()
        classes = connector_classes()
        orders = self._open_at_channel()
        commands = orders._cancel_commands()

        def may_be_told(order):
            channel, command = order.sudo().order_channel_id, commands.get(order.sudo().channel_order_id)
            connector = classes.get(channel.provider)
            return (
                channel.state in SENDING_STATES
                and bool(connector and "cancel" in connector.capabilities)
                and not (command and command._tells_of_cancellation())
            )

        return orders.filtered(may_be_told)

    # === TELLING === #

    def _tell_cancelled(self, reason):
        """Have the channels of these orders cancel them, too.

        :param str reason: of CANCEL_REASONS
        """
        Command = self.env["order.channel.command"].sudo()
        permitted(self)
        commands = self._cancel_commands()
        orders = self._channel_may_be_told().sudo().channel_order_id
        for channel_order in orders:
            command = commands.get(channel_order, Command)
            payload = {"order_id": channel_order.external_id, "reason": reason}
            if command.state in ("failed", "dropped"):
                command.payload = payload
                command._requeue()
            else:  # the last one, if any, was before the channel opened the order again
                Command._enqueue("cancel", channel_order, f"cancel-{channel_order.id}-{command.id or 0}", payload)
        orders._log_event("cancel_asked")

    def write(self, vals):
        """Override of `sale`: what the channel is not told of goes on record, too."""
        if vals.get("state") != "cancel":
            return super().write(vals)
        orders = self.filtered(lambda order: order.state != "cancel")._open_at_channel()
        result = super().write(vals)
        commands = orders._cancel_commands()
        orders.sudo().channel_order_id.filtered(
            lambda order: order not in commands or not commands[order]._tells_of_cancellation()
        )._log_event("cancelled_here")
        return result

    def _check_may_be_set_back(self, state):
        """Override: an order of which the channel was told that it is cancelled stays so; what was not sent yet is not sent."""
        result = super()._check_may_be_set_back(state)
        for channel_order, command in self._open_at_channel()._cancel_commands().items():
            if command.state in ("sending", "sent") and command._tells_of_cancellation():
                raise UserError(
                    self.env._(
                        "%(channel)s was told that %(order)s is cancelled: it can't be set back.",
                        channel=channel_order.channel_id.display_name,
                        order=channel_order.number,
                    )
                )
            if command.state in ("pending", "failed"):
                command.action_drop()
        return result

    # === BUTTONS === #

    def action_channel_cancel(self):
        """Cancel orders, and ask whether their channels are to be told."""
        if any(order.locked for order in self):
            raise UserError(self.env._("You cannot cancel a locked order. Please unlock it first."))
        action = self.env["ir.actions.act_window"]._for_xml_id("sale.action_mass_cancel_orders")
        return {**action, "name": self.env._("Cancel Order"), "context": {"active_ids": self.ids}}


class OrderChannelCommand(models.Model):
    _inherit = "order.channel.command"

    def _tells_of_cancellation(self):
        """Whether the channel knows by this command that its order is cancelled, or will. One that was taken counts until the
        channel changed the order, which is open there."""
        self.ensure_one()
        changed_at = self.order_id.remote_updated_at
        return self.state in ("pending", "sending") or (
            self.state == "sent" and not (changed_at and changed_at > self.sent_at)
        )

    def _mark_failed(self, result):
        """Override: a cancelled order has no blockers, so that its chatter says that the channel still has it."""
        entry = super()._mark_failed(result)
        if self.kind == "cancel":
            self.order_id.sale_order_id.message_post(
                body=self.env._(
                    "%(channel)s did not cancel this order: %(reason)s Cancel it there by hand, or try again.",
                    channel=self.channel_id.name,
                    reason=self.reason or "",
                )
            )
        return entry
