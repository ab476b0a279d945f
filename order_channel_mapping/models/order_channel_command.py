from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.guard import permitted
from ..tools.reasons import reason_text

#: what the switch *Report Tracking* is about
TRACKING_KINDS = ("ship", "update_tracking")
SENDING_STATES = ("live", "closing")
#: failures that may pass are tried again this often: for about 4 hours
MAX_ATTEMPTS = 9


class OrderChannelCommand(models.Model):
    """The outbox: a command to the channel, written with the change, sent after commit, retried, never lost.

    A user's transaction only adds commands; the outbox pass alone changes them while they are on their way, so that the
    two never conflict. What a person may change are commands at rest: failed and dropped ones.
    """

    _name = "order.channel.command"
    _description = "Channel Command"
    _order = "id desc"
    _rec_name = "kind"

    channel_id = fields.Many2one("order.channel", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    order_id = fields.Many2one("order.channel.order", index="btree_not_null", ondelete="cascade", readonly=True)
    picking_id = fields.Many2one(
        "stock.picking", string="Delivery", index="btree_not_null", ondelete="set null", readonly=True
    )
    ship_command_id = fields.Many2one(  # of an update: the parcel that it is about, which must be sent first
        "order.channel.command", string="Parcel", index="btree_not_null", ondelete="cascade", readonly=True
    )
    kind = fields.Selection(
        [("ship", "Ship"), ("update_tracking", "Update tracking"), ("cancel", "Cancel")], required=True, readonly=True
    )
    # a Shipment as JSON; of a cancellation {order_id, reason}
    payload = fields.Json(readonly=True, groups="order_channel_mapping.group_channel_manager")
    idempotency_key = fields.Char(required=True, readonly=True)
    state = fields.Selection(
        [
            ("pending", "Waiting"),
            ("sending", "Sending"),
            ("sent", "Accepted"),
            ("failed", "Failed"),
            ("dropped", "Given up"),
        ],
        default="pending",
        required=True,
        readonly=True,
        index=True,
    )
    attempts = fields.Integer(readonly=True)
    next_try_at = fields.Datetime(readonly=True)
    sent_at = fields.Datetime(readonly=True)
    reason_code = fields.Char(readonly=True)
    reason_params = fields.Json(readonly=True)
    reason = fields.Char(compute="_compute_reason")
    external_ref = fields.Char(string="ID at the Channel", readonly=True)

    _key_uniq = models.UniqueIndex("(channel_id, idempotency_key)", "This command is already in the outbox.")
    _todo_idx = models.Index("(channel_id) WHERE state IN ('pending', 'sending')")

    @api.depends("reason_code", "reason_params")
    @api.depends_context("lang")
    def _compute_reason(self):
        for command in self:
            command.reason = " ".join(filter(None, reason_text(self.env, command.reason_code, command.reason_params)))

    # === WRITING === #

    @api.model
    def _enqueue(self, kind, order, key, payload, **values):
        """Add a command for a channel order. It is sent after commit; *dropped* at once where the channel's switch is off.

        :param key: idempotency key, unique on the channel
        :param payload: JSON-able dict
        :return: the command
        """
        channel = order.channel_id
        dropped = kind in TRACKING_KINDS and not channel._reports_tracking()
        command = self.sudo().create(
            {
                "channel_id": channel.id,
                "company_id": order.company_id.id,
                "order_id": order.id,
                "kind": kind,
                "idempotency_key": key,
                "payload": payload,
                "state": "dropped" if dropped else "pending",
                "reason_code": "tracking_off" if dropped else False,
                **values,
            }
        )
        if not dropped:
            channel._wake("outbox")
        return command

    def _update_number(self, tracking):
        """A parcel that was told of, or is about to be, has another tracking number.

        :param self: the parcel's commands, oldest first
        :param dict tracking: ``tracking_number``, ``carrier`` and ``tracking_url``
        """
        ship = self.filtered(lambda command: command.kind == "ship")
        last = self[-1:]
        if not ship or last.payload["tracking_number"] == tracking["tracking_number"]:
            return
        if ship.state in ("failed", "dropped"):  # at rest: it takes the number along
            ship.payload = {**ship.payload, **tracking}
            if ship.state == "failed":
                ship._requeue()
            return
        key = f"tracking-{ship.id}-{len(self)}"
        payload = {**ship.payload, **tracking, "idempotency_key": key}
        self._enqueue(
            "update_tracking", ship.order_id, key, payload, picking_id=ship.picking_id.id, ship_command_id=ship.id
        )

    def _requeue(self):
        """Put commands at rest back in line."""
        self.write(
            {"state": "pending", "attempts": 0, "next_try_at": False, "reason_code": False, "reason_params": False}
        )
        self.channel_id._wake("outbox")

    # === BUTTONS === #

    def action_retry(self):
        """Send failed and dropped commands (again), with the delivery's tracking number of now."""
        commands = self._at_rest()
        for command in commands:
            if command.kind in TRACKING_KINDS and command.picking_id:
                command.payload = {**command.payload, **command.picking_id._channel_tracking()}
        off = commands.filtered(lambda command: command.kind in TRACKING_KINDS).channel_id.filtered(
            lambda channel: not channel._reports_tracking()
        )
        if off:
            raise UserError(
                self.env._(
                    "%(channel)s is told nothing of deliveries. Switch on Report Tracking there first.",
                    channel=off[:1].name,
                )
            )
        commands._requeue()

    def action_drop(self):
        """Give up commands that wait or failed: the channel is not told."""
        commands = permitted(self).filtered(lambda command: command.state in ("pending", "failed"))
        commands.write(
            {
                "state": "dropped",
                "next_try_at": False,
                "reason_code": "dropped_by_user",
                "reason_params": {"user": self.env.user.name},
            }
        )
        for channel, group in commands.grouped("channel_id").items():
            channel._solve_failures("command", group.mapped("idempotency_key"))

    def _at_rest(self):
        commands = permitted(self).filtered(lambda command: command.state in ("failed", "dropped"))
        if not commands:
            raise UserError(self.env._("Only failed and dropped commands can be sent again."))
        return commands

    # === ANSWERS === #

    def _backoff(self):
        """When to try again: after 1, 2, 4 … 60 minutes."""
        return fields.Datetime.now() + timedelta(minutes=min(2 ** max(self.attempts - 1, 0), 60))

    def _mark_sent(self, ref):
        """The channel acknowledged: say so on the order and on the delivery."""
        self.ensure_one()
        self.write(
            {
                "state": "sent",
                "sent_at": fields.Datetime.now(),
                "external_ref": ref or self.external_ref or self.ship_command_id.external_ref,
                "next_try_at": False,
                "reason_code": False,
                "reason_params": False,
            }
        )
        number = self.payload.get("tracking_number") or ""
        self.order_id._log_event(
            {"ship": "shipped", "update_tracking": "tracking_updated", "cancel": "cancelled_there"}[self.kind],
            {"delivery": self.picking_id.name or "", "number": number},
        )
        if self.picking_id:
            self.picking_id.message_post(
                body=self.env._(
                    "%(channel)s knows of this delivery: %(number)s", channel=self.channel_id.name, number=number
                )
                if number
                else self.env._("%(channel)s knows of this delivery.", channel=self.channel_id.name)
            )

    def _mark_failed(self, result):
        """The channel refused for good, or for the last time.

        :return: entry for ``_record_failures``
        """
        self.ensure_one()
        message = result.message or ""
        code, params = result.code or "rejected", {"message": message, "error": message}
        self.write({"state": "failed", "next_try_at": False, "reason_code": code, "reason_params": params})
        self.order_id._log_event("command_failed", {"kind": self.kind, "code": code, **params})
        return (self.idempotency_key, code, params, self.payload)

    def _mark_waiting(self, result):
        """The channel could not take it now."""
        self.ensure_one()
        self.write(
            {
                "state": "pending",
                "next_try_at": self._backoff(),
                "reason_code": result.code or "unavailable",
                "reason_params": {"message": result.message or ""},
            }
        )
