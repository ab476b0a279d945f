import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..connectors import connector_classes
from ..connectors.base import ConnectorError, Consent, Rejected
from ..tools.reasons import reason_text
from .order_channel_account_auth import AUTH_METHODS, MANAGER
from .order_channel_account_ports import CONNECTING
from .order_channel_account_secrets import UNCHECKED

_logger = logging.getLogger(__name__)


class OrderChannel(models.Model):
    """Signing in: which way, and setting out for the marketplace's page where a seller's consent is wanted.

    Coming back from there is in ``order_channel_authorization``.
    """

    _inherit = "order.channel"

    auth_method = fields.Selection(
        AUTH_METHODS,
        string="Sign In By",
        compute="_compute_auth_method",
        inverse="_inverse_auth_method",
        readonly=False,
    )
    credentials = fields.Json(compute="_compute_credentials", compute_sudo=True, groups=MANAGER)
    has_credentials = fields.Boolean(compute="_compute_credentials", compute_sudo=True)
    marketplace = fields.Char(compute="_compute_marketplace")
    by_consent = fields.Boolean(compute="_compute_consent", help="Sellers agree on a page of the marketplace.")
    needs_consent = fields.Boolean(compute="_compute_consent", help="Connecting begins on that page.")
    authorization_message = fields.Char(
        compute="_compute_authorization_message", help="Why the last authorisation did not lead to a connection."
    )

    # === COMPUTE METHODS === #

    def _account_or_new(self):
        return self.account_id or self.account_id.new({"provider": self.provider})

    @api.depends("account_id.auth_method", "provider")
    def _compute_auth_method(self):
        for channel in self:
            channel.auth_method = channel._account_or_new().auth_method

    def _inverse_auth_method(self):
        for channel in self:
            if channel.auth_method and channel.account_id.auth_method != channel.auth_method:
                channel.account_id.auth_method = channel.auth_method

    @api.depends("account_id.credentials", "provider", "auth_method")
    @api.depends_context("lang")
    def _compute_credentials(self):
        for channel in self:
            channel.credentials = channel._account_or_new().credentials
            ways = (channel.credentials or {}).get("methods", [])
            channel.has_credentials = any(way["complete"] for way in ways if way["code"] == channel.auth_method)

    @api.depends("provider")
    def _compute_marketplace(self):
        for channel in self:
            channel.marketplace = channel._connector_attribute("label")

    @api.depends("auth_method", "account_id.credentials_checked", "state", "health_code")
    def _compute_consent(self):
        for channel in self:
            account = channel._account_or_new()
            channel.by_consent = any(
                method.consent for method in account._auth_methods() if method.code == channel.auth_method
            )
            # another channel of the account has been agreed to, and that counts for this one too
            granted = account.credentials_checked and account.auth_method == channel.auth_method
            may_connect = channel.state == "draft" or channel.health_code in UNCHECKED
            channel.needs_consent = channel.by_consent and not (granted and may_connect)

    @api.depends("state", "health", "account_id.credentials_checked")
    @api.depends_context("lang")
    def _compute_authorization_message(self):
        for channel in self:
            last = self.env["order.channel.authorization"].sudo()._last_of(channel)
            version = channel.account_id.sudo().credentials_version
            text = ""
            if last.failure_code and last.credentials_version == version and channel._waits_for_connection():
                text = " ".join(filter(None, reason_text(self.env, last.failure_code, last.failure_params)))
            channel.authorization_message = text

    def _waits_for_connection(self):
        return self.state == "draft" or self.health == "needs_reauth"

    # === ACTIONS === #

    def action_authorize(self):
        """Send the seller's browser to the marketplace's page; it comes back to ``controllers/oauth.py``.

        :raise UserError: what the marketplace needs beforehand is missing, or this database is a copy
        """
        self.ensure_one()
        self.check_access("write")
        method = self.account_id._auth_method()
        if not method or not method.consent:
            raise UserError(self.env._("This way to sign in needs no consent at the marketplace. Press Connect."))
        try:
            url = self._authorize_url()
        except ConnectorError as error:
            raise UserError("\n".join(reason_text(self.env, error.code, {"message": error.message}))) from None
        _logger.info("Channel %s: user %s sets out to authorise it", self.id, self.env.uid)
        return {"type": "ir.actions.act_url", "url": url, "target": "self"}

    def _authorize_url(self):
        login = self.account_id._login(self.with_context(**{CONNECTING: True}))
        state = self.env["order.channel.authorization"]._start(self)
        url = connector_classes()[self.provider].authorize_url(login, self._consent(state))
        if not url.startswith("https://") and not (login.allow_insecure and url.startswith("http://")):
            raise Rejected("not_https")
        return url

    def _consent(self, state):
        """:rtype: connectors.base.Consent"""
        account = self.account_id
        return Consent(return_url=account._return_url(), callback_url=account._callback_url(), state=state)
