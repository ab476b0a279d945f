import hashlib
import json
import logging
import secrets
import traceback
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.misc import hash_sign, verify_hash_signed

from ..connectors import connector_classes
from ..connectors.base import AuthError, ConnectorError, Grant, Ports
from ..connectors.storable import plain_json
from ..tools.secret_box import KeyUnusable, SecretsLost
from .order_channel_account_ports import ATTEMPTS, CONNECTING
from .order_channel_transactional import CONFLICTS

_logger = logging.getLogger(__name__)

LIFETIME = timedelta(minutes=15)
#: how long a row is kept after that, so that a late return is told what happened
KEPT = timedelta(days=1)
SCOPE = "order_channel_mapping.authorization"
MAX_STATE = 512


class OrderChannelAuthorization(models.Model):
    """A seller set out to agree on a marketplace's page: for which channel, and what came back. Nobody has access.

    What leads back to the row is the *state*: signed, known to the browser and the marketplace only (here its hash is
    kept), bound to the user, good for 15 minutes and once.
    """

    _name = "order.channel.authorization"
    _description = "Channel Authorisation"
    _log_access = False
    _order = "id desc"

    nonce_hash = fields.Char(required=True, groups=fields.NO_ACCESS)
    channel_id = fields.Many2one("order.channel", required=True, ondelete="cascade", index=True)
    account_id = fields.Many2one("order.channel.account", required=True, ondelete="cascade", index=True)
    provider = fields.Char(required=True)
    user_id = fields.Many2one("res.users", required=True, ondelete="cascade", index=True)
    #: the account's, at the start and again at the end: what was agreed to is for these credentials only
    credentials_version = fields.Integer(required=True)
    expires_at = fields.Datetime(required=True)
    used_at = fields.Datetime()
    grant_data = fields.Text(groups=fields.NO_ACCESS, exportable=False)  # sealed: delivered before the browser is back
    failure_code = fields.Char()
    failure_params = fields.Json()

    _nonce_uniq = models.UniqueIndex("(nonce_hash)", "An authorisation is for one use.")

    # === SETTING OUT === #

    @api.model
    def _start(self, channel):
        """Remember who sets out for which channel.

        :return: the state, of letters, digits, ``-`` and ``_`` only
        :rtype: str
        """
        nonce = secrets.token_urlsafe(24)
        account = channel.account_id.sudo()
        self.sudo().create(
            {
                "nonce_hash": self._hash(nonce),
                "channel_id": channel.id,
                "account_id": account.id,
                "provider": account.provider,
                "user_id": self.env.uid,
                "credentials_version": account.credentials_version,
                "expires_at": fields.Datetime.now() + LIFETIME,
            }
        )
        return hash_sign(self.sudo().env, SCOPE, [nonce], expiration=LIFETIME + KEPT)

    @api.model
    def _hash(self, nonce):
        return hashlib.sha256(nonce.encode()).hexdigest()

    @api.model
    def _read_state(self, state):
        """The hash under which a state's row is found; None for what was not signed here or is long over."""
        if not isinstance(state, str) or not 0 < len(state) <= MAX_STATE:
            return None
        try:
            values = verify_hash_signed(self.sudo().env, SCOPE, state)
        except ValueError:  # not base64, not ours
            return None
        return self._hash(values[0]) if values else None

    @api.model
    def _last_of(self, channel):
        return self.search([("channel_id", "=", channel.id)], limit=1) if channel.id else self

    # === KEYS THAT THE MARKETPLACE'S SERVER DELIVERS === #

    @api.model
    def _deliver(self, provider, body):
        """Keep delivered keys for the return of whoever set out, once.

        :param bytes body: what the marketplace's server posted
        :return: whether they were expected
        """
        connector_class = connector_classes().get(provider)
        if not connector_class or self.env["order.channel"]._is_foreign_database():
            return False
        try:
            state, grant = connector_class.delivery(body)
        except ConnectorError:
            return False
        nonce_hash = self._read_state(state)
        if not nonce_hash:
            return False
        try:
            sealed = self._box().seal({"grant": json.dumps([dict(grant.credentials), dict(grant.tokens)])})
        except KeyUnusable as error:
            _logger.warning("Keys that %s delivered can't be sealed: %s", provider, error)
            return False
        self.env.cr.execute(
            SQL(
                """UPDATE order_channel_authorization SET grant_data = %(sealed)s
                    WHERE nonce_hash = %(nonce)s AND provider = %(provider)s
                      AND grant_data IS NULL AND used_at IS NULL AND expires_at > %(now)s""",
                sealed=sealed,
                nonce=nonce_hash,
                provider=provider,
                now=fields.Datetime.now(),
            )
        )
        return bool(self.env.cr.rowcount)

    @api.model
    def _box(self):
        return self.env["order.channel.account"]._box(create=True)

    # === COMING BACK === #

    @api.model
    def _come_back(self, provider, params):
        """The seller's browser is back: make the connection, once. Each step commits by itself, so that nothing is asked of
        the marketplace twice and no transaction that changes something is open meanwhile.

        :param dict params: the query of the return address
        :return: the id of the channel to show, which says what went wrong if something did; None where this user did not
            set out with this state
        """
        connector_class = connector_classes().get(provider)
        nonce_hash = connector_class and self._read_state(params.get(connector_class.state_param))
        claim = nonce_hash and self._committed(lambda here: here._claim(nonce_hash, provider))
        if not claim:
            _logger.info("User %s came back from %s with a state that is not theirs", self.env.uid, provider)
            return None
        authorization_id, channel_id, fresh = claim
        if fresh:
            failure = self.browse(authorization_id)._try(connector_class, params)
            if failure:
                _logger.info("Channel %s: the authorisation failed (%s)", channel_id, failure[0])
                self._committed(lambda here: here.browse(authorization_id)._record_failure(*failure))
        return channel_id

    def _committed(self, work):
        """Return ``work(these records)``, done in a transaction of its own and committed; repeated if another one gets in
        the way. It returns plain values: records don't outlive their transaction."""
        attempt = 1
        while True:
            try:
                with self.env.registry.cursor() as cr:
                    return work(self.with_env(self.env(cr=cr)))
            except CONFLICTS:
                if attempt == ATTEMPTS:
                    raise
                attempt += 1

    @api.model
    def _claim(self, nonce_hash, provider):
        """Spend a state, in one statement: of two returns at once one gets it.

        :return: (id, id of its channel, whether it was still good), None if it is not this user's
        """
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                """UPDATE order_channel_authorization SET used_at = %(now)s
                    WHERE nonce_hash = %(nonce)s AND provider = %(provider)s AND user_id = %(user)s
                      AND used_at IS NULL AND expires_at > %(now)s""",
                now=now,
                nonce=nonce_hash,
                provider=provider,
                user=self.env.uid,
            )
        )
        fresh = bool(self.env.cr.rowcount)
        row = self.sudo().search(
            [("nonce_hash", "=", nonce_hash), ("provider", "=", provider), ("user_id", "=", self.env.uid)]
        )
        if row and not row.used_at:
            row._record_failure("consent_expired")
        return (row.id, row.channel_id.id, fresh) if row else None

    def _record_failure(self, code, params=None):
        """Keep for the channel's form why it is not connected; what was delivered is no longer needed."""
        row = self.sudo()
        params = plain_json(params) if params else params
        row.write(
            {
                "used_at": row.used_at or fields.Datetime.now(),
                "grant_data": False,
                "failure_code": code,
                "failure_params": params,
                "credentials_version": row.account_id.credentials_version,
            }
        )

    def _try(self, connector_class, params):
        """Make the connection.

        :return: (code, params) of what went wrong, None if all went well
        """
        try:
            login, consent, grant, pace = self._committed(lambda here: here._what_was_agreed(params))
            grant = grant or connector_class.exchange(login, consent, params)
            tokens = _HeldTokens(grant.tokens)
            login = replace(login, secrets={**login.secrets, **grant.credentials})
            with connector_class(login, Ports(tokens=tokens, pace=pace)) as connector:
                identity = connector.identify()
            grant = Grant(credentials=grant.credentials, tokens=tokens.values)
            self._committed(lambda here: here._connect(grant, identity))
        except ConnectorError as error:
            code = "keys_not_delivered" if error.code == "not_supported" else error.code
            return code, {"message": error.message}
        except UserError as error:
            return "not_connected", {"message": str(error)}
        except CONFLICTS:
            return "busy", None
        except Exception as error:
            # where it happened, but not its message, which may hold what the marketplace sent
            where = "".join(traceback.format_tb(error.__traceback__))
            _logger.warning("Authorisation failed with %s:\n%s", type(error).__name__, where)
            return "internal", {"error": type(error).__name__}
        return None

    def _what_was_agreed(self, params):
        """What is needed to turn the consent into a connection, all of it good after this transaction.

        :return: (Login, Consent, Grant that was delivered or None, PacePort)
        """
        channel, account = self._checked()
        login = account._login(channel.with_context(**{CONNECTING: True}))
        consent = channel._consent(params[connector_classes()[account.provider].state_param])
        return login, consent, self._delivered(), account._ports().pace

    def _checked(self):
        """The channel and its account, for a user who may connect them, with the credentials that were agreed to.

        :raise AccessError: not this user's to connect (any more)
        :raise AuthError: there are others now (``consent_stale``)
        """
        row = self.sudo()
        channel = self.env["order.channel"].browse(row.channel_id.id)
        channel.check_access("write")
        account = channel.account_id
        if account != row.account_id or account.sudo().credentials_version != row.credentials_version:
            raise AuthError(code="consent_stale")
        return channel, account

    def _delivered(self):
        sealed = self.sudo().grant_data
        if not sealed:
            return None
        try:
            credentials, tokens = json.loads(self._box().open(sealed)["grant"])
        except (SecretsLost, KeyUnusable):
            raise AuthError(code="secrets_lost") from None
        return Grant(credentials=credentials, tokens=tokens)

    def _connect(self, grant, identity):
        """Take in what the marketplace gave and who it says we are: all of it or nothing."""
        channel, account = self._checked()
        account._set_credentials(dict(grant.credentials), account.auth_method)
        account._set_tokens(grant.tokens)
        channel._connected_as(identity)
        self.sudo().write({"grant_data": False})

    @api.autovacuum
    def _forget(self):
        self.sudo().search([("expires_at", "<", fields.Datetime.now() - KEPT)]).unlink()


class _HeldTokens:
    """``connectors.base.TokenPort`` of a connection that is being made: nobody else knows these tokens yet."""

    def __init__(self, tokens):
        self.values = dict(tokens)

    def get(self, name):
        return self.values.get(name)

    def put(self, **tokens):
        self.values |= tokens

    @contextmanager
    def lock(self):
        yield self
