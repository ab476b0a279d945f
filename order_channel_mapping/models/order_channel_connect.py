import logging
from datetime import timedelta

import psycopg2.errors

from odoo import fields, models
from odoo.exceptions import UserError

from ..connectors.base import ConnectorError
from ..connectors.storable import Unstorable, storable
from ..tools.reasons import reason_text
from .order_channel_account import OFFLINE
from .order_channel_account_ports import CONNECTING
from .order_channel_pass import CRONS

_logger = logging.getLogger(__name__)

HISTORY = timedelta(days=90)  # orders placed this long before connecting are taken in by default


class OrderChannel(models.Model):
    """Connect: who the marketplace says we are, and the first fetch. The one place where a user waits for a marketplace."""

    _inherit = "order.channel"

    # === ACTIONS === #

    def action_connect(self):
        """Ask the marketplace whose the credentials are, keep that, and start fetching. It only reads (rule 7).

        Pressed again after a change of credentials it demands the same account and site.

        :raise UserError: the marketplace refuses, or account and site are connected already, in whatever company
        """
        self.ensure_one()
        self.check_access("write")
        if self.provider == OFFLINE:
            return self._connect_offline()
        self._check_live_database()
        identity = self._identify()
        self._connected_as(identity)
        return self._notify(
            self.env._("Connected to %(name)s", name=identity.name or identity.ref),
            self.env._("Items and orders are being fetched. Nothing is sent before you go live."),
        )

    def _connected_as(self, identity):
        """The marketplace said who we are: keep that, and fetch, or go on from where it stopped.

        :param connectors.records.Account identity: its answer
        :raise UserError: it is another store than before, or one that another channel has
        """
        self.ensure_one()
        try:
            identity, __ = storable(identity)
        except Unstorable:
            identity = None
        if not identity or not identity.ref:  # two stores without an identity would be taken for one
            raise UserError(self.env._("What the marketplace says of the account can't be used."))
        first = self.state == "draft"
        self._check_same_identity(identity)
        self._check_not_connected_elsewhere(identity)
        self._store_identity(identity)
        channel = self.sudo()
        channel._store_locations(identity.locations)
        channel._store_statuses(identity.statuses)
        channel._claim_database(unless_claimed=True)
        channel.activity_unlink(["mail.mail_activity_data_todo"])
        channel._switch_on_crons()
        if first:
            channel._request_run(["items", "orders"])
        else:
            for kind in CRONS:
                channel._wake(kind)
        channel._release_siblings(identity)

    def _release_siblings(self, identity):
        """Other channels of the account waited for the same credentials; whose they are is known now."""
        siblings = self.account_id._all_channels() - self
        for channel in siblings.filtered(
            lambda channel: channel.health == "needs_reauth" and channel.account_ref == identity.ref
        ):
            channel._set_health("ok")
            channel.activity_unlink(["mail.mail_activity_data_todo"])
            for kind in CRONS:
                channel._wake(kind)

    # === IDENTITY === #

    def _connect_offline(self):
        if self.state == "draft":
            self.sudo().write({"state": "connected", "currency_id": self.company_id.currency_id.id, "site": ""})
        return self._notify(
            self.env._("%(channel)s is ready", channel=self.name),
            self.env._("Add its listings, then go live."),
        )

    def _identify(self):
        """:rtype: connectors.records.Account"""
        try:
            with self.with_context(**{CONNECTING: True})._get_connector() as connector:
                return connector.identify()
        except ConnectorError as error:
            _logger.info("Channel %s: Connect failed (%s)", self.id, error.code)
            raise UserError("\n".join(reason_text(self.env, error.code, {"message": error.message}))) from None

    def _check_same_identity(self, identity):
        """What was fetched belongs to one account and site; other credentials must lead to the same one."""
        account = self.account_id.sudo()
        others = account._all_channels().filtered(lambda channel: channel.state != "draft") - self
        if self.account_ref and (self.account_ref, self.site or "") != (identity.ref, identity.site or ""):
            known = self.external_name or self.account_ref
        elif others and account.external_ref and account.external_ref != identity.ref:
            known = account.external_name or account.external_ref
        else:
            return
        raise UserError(
            self.env._(
                "These credentials belong to %(new)s, but this channel is connected to %(known)s. "
                "Enter the credentials of %(known)s, or add a new channel for %(new)s.",
                new=identity.name or identity.ref,
                known=known,
            )
        )

    def _check_not_connected_elsewhere(self, identity):
        """Before the unique index would say it: whoever has this account and site, in any company."""
        other = self.sudo().search(
            [
                ("id", "!=", self.id),
                ("provider", "=", self.provider),
                ("account_ref", "=", identity.ref),
                ("site", "in", [identity.site, False] if not identity.site else [identity.site]),
                ("state", "!=", "draft"),
            ],
            limit=1,
        )
        if other:
            raise UserError(self._connected_elsewhere_text(identity, other))

    def _connected_elsewhere_text(self, identity, other):
        store = identity.name or identity.ref
        if other and other.sudo(False).with_user(self.env.user).has_access("read"):
            return self.env._(
                "%(store)s is already connected by the channel %(channel)s. Use that one, or archive it first.",
                store=store,
                channel=other.display_name,
            )
        return self.env._(
            "%(store)s is already connected by a channel that you can't see, perhaps in another company. "
            "Ask an administrator.",
            store=store,
        )

    def _store_identity(self, identity):
        """Keep who we are. Of two that connect the same store at once the unique index lets one in."""
        channel = self.sudo()
        currency = self.env["res.currency"].sudo().with_context(active_test=False)
        values = {
            "account_ref": identity.ref,
            "site": identity.site or "",
            "external_name": identity.name,
            "timezone": identity.timezone,
            "currency_id": identity.currency and currency.search([("name", "=", identity.currency)], limit=1).id,
        }
        if self.state == "draft":
            values["state"] = "connected"
        if not self.order_start:
            values["order_start"] = fields.Datetime.now() - HISTORY
        try:
            with self.env.cr.savepoint():
                channel.write(values)
        except psycopg2.errors.UniqueViolation as error:
            if error.diag.constraint_name != "order_channel_identity_uniq":
                raise
            raise UserError(self._lost_race_text(identity)) from None
        channel._set_health("ok")
        channel.account_id.write(
            {
                "external_ref": identity.ref,
                "external_name": identity.name,
                "scopes": " ".join(sorted(identity.scopes)),
                "credentials_checked": True,
            }
        )

    def _lost_race_text(self, identity):
        """This transaction can't see who was faster; a new one can."""
        with self.env.registry.cursor() as cr:
            channel = self.with_env(self.env(cr=cr))
            try:
                channel._check_not_connected_elsewhere(identity)
            except UserError as error:
                return str(error)
        return self._connected_elsewhere_text(identity, None)

    def _store_locations(self, locations):
        """Keep the places where the marketplace holds stock; what it no longer has is archived."""
        Location = self.env["order.channel.location"].with_context(active_test=False)
        known = {location.external_id: location for location in Location.search([("channel_id", "=", self.id)])}
        used = self._stock_location()
        new = []
        for location in locations:
            service = location.fulfilled_by != "seller"
            values = {"name": location.name or location.ref, "active": location.active, "service": service}
            if service:
                values["ours"] = False
            record = known.pop(location.ref, None)
            if record is None:
                ours = location.fulfilled_by == "seller"
                new.append({**values, "ours": ours, "channel_id": self.id, "external_id": location.ref})
            elif any(record[name] != value for name, value in values.items()):
                record.write(values)
        Location.create(new)
        for record in known.values():
            record.active = False
        active = Location.search([("channel_id", "=", self.id), ("active", "=", True)])
        if used and used not in active and self.push_stock and self.state == "live":
            self.push_location_id = used  # where stock goes instead is for a person to say
            self._say_location_gone()
        elif self.push_location_id not in active:
            self.push_location_id = active if len(active) == 1 else False
        self._settle_location()

    # === CRONS === #

    def _crons(self):
        """All crons of these channels."""
        channels = self.sudo()
        return self.env["ir.cron"].sudo().union(*(channels[f"{kind}_cron_id"] for kind in CRONS))

    def _notify(self, title, message, kind="success", sticky=False):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "title": title,
                "message": message,
                "sticky": sticky,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
