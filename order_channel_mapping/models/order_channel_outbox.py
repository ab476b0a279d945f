import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import psycopg2

from odoo import fields, models
from odoo.fields import Domain

from ..connectors.base import AuthError, ConnectorError, RateLimited, Rejected, Unavailable
from ..connectors.records import LineQuantity, OrderStatus, PushResult, PushStatus, Shipment
from ..connectors.storable import storable_answer
from .order_channel_command import MAX_ATTEMPTS, SENDING_STATES, TRACKING_KINDS
from .order_channel_pass import PASS_SECONDS

_logger = logging.getLogger(__name__)

#: commands that are claimed at once: what a killed pass leaves in *sending* is asked for again, one by one
CLAIM = 10
#: an answer that the channel promised for later is asked for after this time
POLL_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed command as plain data: nothing is read from the database between claim and answer."""

    id: int
    kind: str
    payload: dict
    fulfillment_ref: str | None = None  # of an update: the parcel at the channel
    poll_ref: str | None = None  # of a command whose answer is out
    repeated: bool = False  # found in *sending*: it may have arrived


class OrderChannel(models.Model):
    """The outbox pass: claim commands, send them with no transaction open, write the answers."""

    _inherit = "order.channel"

    ship_without_number = fields.Boolean(
        string="Report Deliveries Without Number",
        help="Off: a delivery without a tracking number is reported when it gets one.",
    )

    def _reports_tracking(self):
        self.ensure_one()
        return self.push_tracking and self.state in SENDING_STATES

    def _push_outbox(self, deadline=None):
        """Send the commands that are due. Rule 7: parcels only where *Report Tracking* is on.

        :param deadline: ``time.monotonic()`` value at which to leave the rest to the next pass
        """
        self.ensure_one()
        if self.state not in SENDING_STATES or self.paused:
            self._repeatable(self._close_runs, "outbox")
            return
        deadline = deadline or time.monotonic() + PASS_SECONDS
        self._repeatable(self._prepare_outbox)
        if self._due_commands(limit=1):
            run = self._repeatable(self._open_run, "outbox")
            try:
                with self._get_connector() as connector:
                    reached = self._send_due(connector, run, deadline)
            except ConnectorError as error:  # nothing can be asked with what there is of credentials
                self._rollback()
                self._repeatable(self._handle_connector_error, error, run)
                return
            if not reached:
                return
        self._repeatable(self._finish_outbox)

    def _finish_outbox(self):
        self._close_runs("outbox")
        if self._due_commands(limit=1):
            self._wake("outbox")

    def _close_runs(self, kind):
        """Close the run of this kind, also one that was asked for and found nothing to do."""
        self.env["order.channel.run"].search(
            [("channel_id", "=", self.id), ("kind", "=", kind), ("state", "in", ("queued", "running"))]
        )._close()

    def _prepare_outbox(self):
        """Drop what the switch forbids; put failed commands whose retry is due back in line."""
        Command = self.env["order.channel.command"]
        of_channel = Domain("channel_id", "=", self.id)
        if not self._reports_tracking():
            Command.search(
                of_channel & Domain("kind", "in", TRACKING_KINDS) & Domain("state", "in", ("pending", "sending"))
            ).write({"state": "dropped", "reason_code": "tracking_off", "next_try_at": False})
        failures = self.env["order.channel.failure"].search(
            of_channel
            & Domain("kind", "=", "command")
            & Domain("state", "=", "open")
            & Domain("next_try_at", "<=", fields.Datetime.now())
        )
        if failures:
            Command.search(
                of_channel
                & Domain("idempotency_key", "in", failures.mapped("external_ref"))
                & Domain("state", "=", "failed")
            )._requeue()
            failures.write({"next_try_at": False})

    # === CLAIMING === #

    def _due_commands(self, limit=None):
        """Commands to send now, oldest first. An update waits until its parcel is known."""
        return self.env["order.channel.command"].search(
            Domain("channel_id", "=", self.id)
            & Domain("state", "in", ("pending", "sending"))
            & (Domain("next_try_at", "=", False) | Domain("next_try_at", "<=", fields.Datetime.now()))
            & (Domain("kind", "!=", "update_tracking") | Domain("ship_command_id.state", "=", "sent")),
            order="id",
            limit=limit,
        )

    def _claim_commands(self):
        """Take up to CLAIM due commands: they are *sending* when the transaction commits.

        :return: list of Claim
        """
        commands = self._due_commands(CLAIM).try_lock_for_update()
        claims = [
            Claim(
                command.id,
                command.kind,
                command.payload,
                command.ship_command_id.external_ref or None,
                (command.external_ref or None) if command.state == "sending" else None,
                command.state == "sending",
            )
            for command in commands
        ]
        for attempts, group in commands.grouped("attempts").items():
            group.write({"state": "sending", "attempts": attempts + 1, "next_try_at": False})
        return claims

    def _release(self, claims):
        """Give back commands that were not sent: another try of theirs is not used up. One that was found in *sending* may
        have arrived then, so it stays there: the channel is asked first."""
        for claim in claims:
            command = self.env["order.channel.command"].browse(claim.id)
            state = "sending" if claim.repeated else "pending"
            command.write({"state": state, "attempts": max(command.attempts - 1, 0)})

    # === SENDING === #

    def _send_due(self, connector, run, deadline):
        """Send batch after batch.

        :return: False if the channel could not be reached and the run is closed
        """
        calls = 0
        while time.monotonic() < deadline:
            claims = self._repeatable(self._claim_commands)
            if not claims:
                break
            for number, claim in enumerate(claims):
                if number and time.monotonic() > deadline:
                    self._repeatable(self._release, claims[number:])
                    break
                try:
                    result = self._send(connector, claim)  # HTTP, with no transaction open
                except (AuthError, RateLimited, Unavailable) as error:
                    # one that may have arrived stays in sending, so that the channel is asked before it is sent again
                    unsent = claims[number + 1 :] if getattr(error, "sent", False) else claims[number:]
                    self._rollback()
                    self._repeatable(self._release, unsent)
                    self._repeatable(self._handle_connector_error, error, run)
                    return False
                self._repeatable(self._take_command_answer, run, claim.id, result, connector.calls - calls)
                calls = connector.calls
        return True

    def _send(self, connector, claim):
        """Send one command, or ask for its answer. Refusals come back as a result.

        :raise AuthError, RateLimited, Unavailable: the channel as a whole can't be asked now
        """
        order_id = claim.payload["order_id"]
        try:
            if claim.poll_ref:
                return next(iter(connector.poll([claim.poll_ref])))
            if claim.kind == "ship":  # asks what is unshipped first, so that repeating is safe
                return connector.ship(self._shipment(claim.payload))
            if claim.kind == "update_tracking":
                if not claim.fulfillment_ref:
                    return PushResult(order_id, PushStatus.FAILED, code="no_fulfillment")
                return connector.update_tracking(claim.fulfillment_ref, self._shipment(claim.payload))
            if claim.repeated and connector.get_order(order_id).status == OrderStatus.CANCELLED:
                return PushResult(order_id)
            return connector.cancel(order_id, claim.payload["reason"])
        except (AuthError, RateLimited, Unavailable):
            raise
        except psycopg2.Error:
            raise  # of the connector's ports: the database is in trouble, not the command
        except ConnectorError as error:
            retryable = not isinstance(error, Rejected)
            return PushResult(order_id, PushStatus.FAILED, code=error.code, message=error.message, retryable=retryable)
        except Exception as error:
            _logger.exception("Channel %s: command %s failed", self._ids, claim.id)
            return PushResult(order_id, PushStatus.FAILED, code="internal", message=type(error).__name__)

    def _shipment(self, payload):
        lines = tuple(LineQuantity(line["external_id"], Decimal(line["quantity"])) for line in payload["lines"])
        return Shipment(**{**payload, "lines": lines})

    def _take_command_answer(self, run, command_id, result, calls):
        """Write what the channel said of one command."""
        command = self.env["order.channel.command"].browse(command_id).exists()
        if not command:
            return
        result = storable_answer(result)
        counts = {"fetched": 1, "calls": calls}
        if result.status == PushStatus.OK:
            command._mark_sent(result.ref)
            self._solve_failures("command", [command.idempotency_key])
            counts["updated"] = 1
        elif result.status == PushStatus.PENDING:
            command.write({"external_ref": result.ref, "next_try_at": fields.Datetime.now() + POLL_AFTER})
            counts["updated"] = 1
        elif result.retryable and command.attempts < MAX_ATTEMPTS:
            command._mark_waiting(result)
            counts["skipped"] = {"tried_again_later": 1}
        else:
            # the attempts of its own are used up, or would not help: from here on a person decides
            self._record_failures("command", run, [command._mark_failed(result)]).next_try_at = False
            counts["failed"] = 1
        run._count(**counts)
