import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import config

from ..connectors import connector_classes
from ..tools.call_log import leave_out_arguments
from ..tools.secret_box import KeyUnusable, SecretsLost, open_box

_logger = logging.getLogger(__name__)

MANAGER = "order_channel_mapping.group_channel_manager"
#: longest credential that is taken; marketplaces' own are far below
MAX_SECRET = 8192
#: reasons for which credentials wait for Connect, which proves whose they are
UNCHECKED = ("credentials_changed", "address_changed")
# whoever writes a credential by a model call instead of the route made for it
leave_out_arguments("order.channel.account")


def secret_field(label):
    """A write-only credential: reading gives nothing, writing seals it into ``secret_data`` and forgets it."""
    return fields.Char(
        string=label,
        compute="_compute_secrets",
        inverse="_inverse_secrets",
        store=False,
        copy=False,
        exportable=False,
        groups=MANAGER,
    )


class OrderChannelAccount(models.Model):
    """Credentials: sealed at rest, never read back (rule 13)."""

    _inherit = "order.channel.account"

    # === CREDENTIALS, by the names of the connectors' credential_fields === #
    shop_domain = fields.Char(copy=False, groups=MANAGER, help="For example my-shop.myshopify.com")
    client_id = fields.Char(string="Client ID", copy=False, groups=MANAGER)
    access_token = secret_field("Access Token")
    client_secret = secret_field("Client Secret")
    store_url = fields.Char(copy=False, groups=MANAGER, help="For example https://shop.example.com")
    consumer_key = secret_field("Consumer Key")
    consumer_secret = secret_field("Consumer Secret")

    secret_data = fields.Text(readonly=True, groups=fields.NO_ACCESS, copy=False, exportable=False)
    #: goes up with each change, so that what was kept for other credentials (tokens) no longer counts
    credentials_version = fields.Integer(readonly=True, copy=False, groups=fields.NO_ACCESS)
    #: the marketplace said whose these credentials are; until then only Connect uses them
    credentials_checked = fields.Boolean(readonly=True, copy=False)

    def _compute_secrets(self):
        for name in self._secret_names():
            self[name] = False

    def _inverse_secrets(self):
        names = self._secret_names()
        for account in self:
            values = {name: account[name] for name in names if account[name]}
            account.invalidate_recordset(names, flush=False)
            if values:
                account._set_credentials(values)

    @api.model
    def _secret_names(self):
        """Names of all write-only fields."""
        return [name for name, field in self._fields.items() if field.inverse == "_inverse_secrets"]

    def _credential_fields(self):
        """What this account's marketplace asks for: tuple of ``connectors.base.CredentialField``."""
        connector_class = connector_classes().get(self.provider)
        return connector_class.credential_fields if connector_class else ()

    # === SEALING === #

    @api.model
    def _box(self, create=False):
        return open_box(config.get("config"), config["data_dir"], create=create)

    def _secrets(self):
        """The secrets that were entered, ``None`` where they are there but can't be read.

        :rtype: dict[str, str] | None
        """
        self.ensure_one()
        sealed = self.sudo().secret_data
        if not sealed:
            return {}
        try:
            return self._box().open(sealed)
        except (SecretsLost, KeyUnusable) as error:
            _logger.warning("Account %s: its credentials can't be read (%s)", self.id, type(error).__name__)
            return None

    @api.model
    def _key_problem(self):
        """What is wrong with the key itself, empty where it is a good one, if perhaps not the right one."""
        try:
            self._box()
            self._box(create=True)  # there is one, so that none is made
        except KeyUnusable as error:
            return str(error)
        return ""

    def _set_credentials(self, values, auth_method=None):
        """Take in credentials, secret and plain ones; the channels wait until Connect has proved whose they are.

        :param dict values: name -> text; an empty one takes the credential away
        :param str auth_method: the way to sign in that they are for; not given: the chosen one if it asks for them, or
            else one that does
        :raise UserError: no such credential, not text, or nothing can be sealed here
        """
        self.ensure_one()
        values = self._clean_credentials(values)
        secret_names = set(self._secret_names())
        secrets = {name: value for name, value in values.items() if name in secret_names}
        vals = {name: value for name, value in values.items() if name not in secret_names}
        moved = self._moves(vals)
        if moved:
            vals |= self._without_secrets()
        if secrets:
            kept = {**({} if moved else self._secrets() or {}), **secrets}
            try:
                sealed = self._box(create=True).seal({name: value for name, value in kept.items() if value})
            except KeyUnusable as error:
                raise UserError(str(error)) from None
            vals |= {"secret_data": sealed}
        entered = {name for name, value in values.items() if value}
        vals["auth_method"] = auth_method or self._auth_method_for(entered)
        self.sudo().write({**vals, **self._unchecked()})
        self._hold_channels("address_changed" if moved and not secrets else "credentials_changed")

    def _clean_credentials(self, values):
        known = {field.name for field in self._credential_fields()}
        clean = {}
        for name, value in values.items():
            if name not in known:
                raise UserError(self.env._("This kind of channel has no credential of that name."))
            if value and not isinstance(value, str):
                raise UserError(self.env._("A credential is a piece of text."))
            if value and len(value) > MAX_SECRET:
                raise UserError(self.env._("This is too long for a credential. Copy it again."))
            clean[name] = value.strip() if value else False
        return clean

    def _moves(self, vals):
        """Whether these values send the credentials to another address than the one that they were entered for.

        :param dict vals: values of this account's plain fields
        """
        self.ensure_one()
        names = self._address_names() & vals.keys()
        return any(_address(self.sudo()[name]) != _address(vals[name]) for name in names)

    @api.model
    def _address_names(self):
        """Names of the fields that say where credentials are sent, those of other marketplaces included: on an account that
        is not connected yet the marketplace can be changed as well."""
        fields = (field for connector in connector_classes().values() for field in connector.credential_fields)
        return {field.name for field in fields if field.address} | {"provider", "api_base_url"}

    @api.model
    def _without_secrets(self):
        """What takes all secrets away: nobody but who knows them may have them sent to another address (rule 13)."""
        return {"secret_data": False}

    def _unchecked(self):
        return {"credentials_checked": False, "credentials_version": self.sudo().credentials_version + 1}

    def _hold_channels(self, code="credentials_changed"):
        """Nothing is fetched or sent with credentials of which nobody knows yet whose they are.

        No activity is scheduled, as ``_set_health`` would: whoever entered them is looking at the channel.

        :param str code: reason
        """
        self._all_channels().filtered(lambda channel: channel.state != "draft").write(
            {"health": "needs_reauth", "health_code": code, "health_params": False}
        )

    def write(self, vals):
        """Plain credentials, the way to sign in and the address decide whom we talk to just as secrets do."""
        plain = {field.name for account in self for field in account._credential_fields() if not field.secret}
        moving = (plain | self._address_names() | {"auth_method"}) & vals.keys()
        if not moving or "credentials_checked" in vals:
            return super().write(vals)
        changed = self.filtered(
            lambda account: any((account.sudo()[name] or "") != (vals[name] or "") for name in moving)
        )
        moved = changed.filtered(lambda account: account._moves(vals))
        # before new ones come with this very write
        super(OrderChannelAccount, moved.sudo()).write(self._without_secrets())
        result = super().write(vals)
        for account in changed:
            super(OrderChannelAccount, account.sudo()).write(account._unchecked())
            account._hold_channels(
                "address_changed" if account in moved and not account.sudo().secret_data else "credentials_changed"
            )
        return result


def _address(value):
    """An address as it is compared: how it is written makes no difference, where it leads does."""
    return (value or "").strip().rstrip("/").lower()
