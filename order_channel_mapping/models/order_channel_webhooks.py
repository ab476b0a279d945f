import logging
import secrets
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg2

from odoo import fields, models
from odoo.tools import SQL

from ..connectors import connector_classes
from ..connectors.base import ConnectorError, RateLimited, Unavailable
from ..connectors.records import WebhookKind
from .order_channel_pass import RUNNING_STATES
from .order_channel_webhook import PATH

_logger = logging.getLogger(__name__)

#: registrations are looked at this often: marketplaces drop or disable them by themselves
CHECK_EVERY = timedelta(days=1)
#: where the marketplace could not be asked, and where something unexpected went wrong
TRY_AGAIN = timedelta(minutes=10)
REGISTERED = ("active", "failing")


@dataclass(frozen=True, slots=True)
class Registration:
    """What the marketplace is to be told; plain data, since no transaction is open then."""

    url: str
    secret: str = field(repr=False)
    old_url: str | None = None  # to be ended first


class OrderChannel(models.Model):
    """Notifications: where they arrive, that the marketplace sends them, and which fetch they bring forward."""

    _inherit = "order.channel"

    webhook_token = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS, exportable=False)
    webhook_url = fields.Char(
        readonly=True, copy=False, groups=fields.NO_ACCESS
    )  # the address that was last considered
    webhook_next_at = fields.Datetime(readonly=True, copy=False)  # not looked at before; empty: at once
    webhook_state = fields.Selection(
        [("off", "Off"), ("polling", "Polling only"), ("active", "Active"), ("failing", "Failing")],
        string="Notifications",
        default="off",
        required=True,
        readonly=True,
        copy=False,
        help="Active: the channel says at once that something changed. Polling only: changes come with the next fetch.",
    )
    webhook_code = fields.Char(readonly=True, copy=False)  # with webhook_params: why
    webhook_params = fields.Json(readonly=True, copy=False)

    _webhook_token_uniq = models.UniqueIndex("(webhook_token) WHERE webhook_token IS NOT NULL")

    # === ADDRESS AND SECRET === #

    def _connector_class(self):
        return connector_classes().get(self.provider)

    def _sends_webhooks(self):
        """Whether this channel's marketplace has notifications at all."""
        connector_class = self._connector_class()
        return bool(connector_class and "webhooks" in connector_class.capabilities)

    def _webhook_address(self):
        """Where this channel's notifications are sent to. Who knows it can't do more than be refused."""
        self.ensure_one()
        if not self.webhook_token:
            self.webhook_token = secrets.token_urlsafe(32)
        return f"{self.get_base_url().rstrip('/')}{PATH}/{self.provider}/{self.webhook_token}"

    def _webhook_secret(self):
        """What the channel's notifications are signed with; ``None``: nothing is believed."""
        name = self._connector_class().webhook_credential or self._own_webhook_secret_name()
        return self.account_id._own_secret(name)

    def _own_webhook_secret_name(self):
        return f"webhook:{self.id}"

    def _takes_webhooks(self, kind):
        """Whether notifications of this kind are taken in now: a paused channel is deaf but to a request about a person's
        data, which the law gives a month for.

        :param kind: ``connectors.records.WebhookKind``
        """
        return (
            self.active
            and (not self.paused or kind is WebhookKind.PRIVACY)
            and self.state in RUNNING_STATES
            and self._sends_webhooks()
            and not self._is_foreign_database()
        )

    # === REGISTERING === #

    def _connected_as(self, identity):
        result = super()._connected_as(identity)
        self.sudo()._expect_webhooks()
        return result

    def _expect_webhooks(self):
        """Have the commands' cron register the notifications soon."""
        for channel in self:
            if channel._sends_webhooks():
                channel._webhook_address()
                channel.webhook_next_at = False
                channel._wake("outbox")

    def _refresh_webhooks(self):
        """Have the marketplace notify us: looked at once a day, after Connect, and when our address is another one. What
        goes wrong is put on the channel, and no pass fails of it: polling goes on as before (rule 10)."""
        self.ensure_one()
        now = fields.Datetime.now()
        if not self._sends_webhooks() or not self._may_run():
            return
        if self.webhook_next_at and self.webhook_next_at > now and self.webhook_url == self._webhook_address():
            return
        registration = self._repeatable(self._plan_webhooks)
        if registration:
            outcome = self._register_webhooks(registration)
            self._rollback()
            self._repeatable(self._note_webhooks, registration.url, *outcome)

    def _plan_webhooks(self):
        """Work out what to tell the marketplace.

        :return: Registration, or None where that is not needed: the reason is on the channel
        """
        url = self._webhook_address()
        reason = self.env["order.channel.account"]._why_unreachable(url)
        if reason:
            return self._note_webhooks(url, "polling", reason, {"url": self.get_base_url()})
        old_url = self.webhook_url if self.webhook_state in REGISTERED and self.webhook_url != url else None
        secret = self._webhook_secret()
        if not secret and self._connector_class().webhook_credential:
            return self._note_webhooks(url, "polling", "webhook_no_secret", {"credential": self._credential_label()})
        if not secret:
            secret = secrets.token_urlsafe(32)
            try:
                self.account_id._keep_own_secret(self._own_webhook_secret_name(), secret)
            except ConnectorError as error:
                return self._note_webhooks(url, "polling", error.code)
            old_url = self.webhook_url or None  # what is registered signs with a secret that is lost
        return Registration(url, secret, old_url)

    def _credential_label(self):
        name = self._connector_class().webhook_credential
        return self.env["order.channel.account"]._fields[name]._description_string(self.env)

    def _register_webhooks(self, registration):
        """Ask the marketplace, with no transaction open.

        :return: what ``_note_webhooks`` takes behind the address
        """
        try:
            with self._get_connector() as connector:
                self._commit()
                if registration.old_url:
                    self._end_webhooks(connector, registration.old_url)
                connector.ensure_webhooks(registration.url, registration.secret)
        except (Unavailable, RateLimited) as error:
            return "failing", error.code, {"message": error.message}
        except ConnectorError as error:
            return "polling", error.code, {"message": error.message}
        except psycopg2.Error:
            raise  # of the connector's ports: the database is in trouble, not the marketplace
        except Exception as error:
            _logger.exception("Channel %s: its notifications could not be registered", self.id)
            return "failing", "internal", {"error": type(error).__name__}
        return ("active",)

    def _end_webhooks(self, connector, url):
        """End the registrations of an address we no longer have; the marketplace gives up on it sooner or later anyway."""
        try:
            connector.remove_webhooks(url)
        except ConnectorError as error:
            _logger.info("Channel %s: old notifications could not be ended (%s)", self.id, error.code)

    def _note_webhooks(self, url, state, code=None, params=None):
        """Keep what became of it. A marketplace that can't be asked just now goes on sending what is registered."""
        now = fields.Datetime.now()
        values = {"webhook_next_at": now + (TRY_AGAIN if state == "failing" else CHECK_EVERY)}
        if not (state == "failing" and self.webhook_state == "active" and self.webhook_url == url):
            values |= {"webhook_url": url, "webhook_state": state, "webhook_code": code, "webhook_params": params}
        self.write(values)

    # === ENDING === #

    def _withdraw_webhooks(self):
        """Have the registrations of channels that go out of use ended, after the user's transaction."""
        for channel in self.sudo():
            if channel.webhook_url and channel.webhook_state in REGISTERED and not self._is_foreign_database():
                channel.account_id._withdraw_later(channel.webhook_url, channel.site)
                channel.write({"webhook_url": False, "webhook_state": "off", "webhook_next_at": False})

    def write(self, vals):
        result = super().write(vals)
        if "active" in vals and not vals["active"]:
            self._withdraw_webhooks()
        return result

    def unlink(self):
        self.check_access("unlink")
        self._withdraw_webhooks()
        for channel in self.sudo():
            name = channel._own_webhook_secret_name()
            if channel.account_id._own_secret(name):
                channel.account_id._keep_own_secret(name, None)
        return super().unlink()

    # === WHAT THEY BRING FORWARD === #

    def _is_due(self, kind):
        return super()._is_due(kind) or self._is_hinted(kind)

    def _is_hinted(self, kind):
        """Whether a notification arrived that no fetch of this kind has followed yet."""
        hints = [("channel_id", "=", self.id), ("brings", "=", kind), ("run_id", "=", False)]
        return bool(self.env["order.channel.webhook"].search_count(hints, limit=1))

    def _begin_items_fetch(self):
        return self._follow_hints("items", super()._begin_items_fetch())

    def _begin_orders_fetch(self):
        return self._follow_hints("orders", super()._begin_orders_fetch())

    def _follow_hints(self, kind, fetch):
        """A fetch from its start answers all notifications so far; those that arrive during it want another one.

        :param fetch: what ``_begin_…_fetch`` returns: since, cursor, …, run
        """
        __, cursor, *__, run = fetch
        if not cursor:
            # SQL: one statement whatever their number
            self.env.cr.execute(
                SQL(
                    "UPDATE order_channel_webhook SET run_id = %s WHERE channel_id = %s AND brings = %s AND run_id IS NULL",
                    run.id,
                    self.id,
                    kind,
                )
            )
            self.env["order.channel.webhook"].invalidate_model()
        return fetch


class OrderChannelRun(models.Model):
    """A fetch that did not come to its end has answered nothing."""

    _inherit = "order.channel.run"

    def _close(self, state=None, code=None, params=None):
        result = super()._close(state, code, params)
        if state in ("failed", "interrupted") and self:
            self.env.cr.execute(SQL("UPDATE order_channel_webhook SET run_id = NULL WHERE run_id = ANY(%s)", self.ids))
            self.env["order.channel.webhook"].invalidate_model()
        return result
