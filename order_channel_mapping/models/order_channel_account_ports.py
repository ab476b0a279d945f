import json
import logging
import time
from contextlib import contextmanager
from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from ..connectors.base import AuthError, Login, Ports, Rejected, Unavailable
from ..connectors.pacing import BLOCKED_UNTIL, blocked_seconds
from ..tools.secret_box import KeyUnusable, SecretsLost
from .order_channel_transactional import CONFLICTS, LOCKED

_logger = logging.getLogger(__name__)

#: Connect itself may use credentials that are not checked yet; nobody else
CONNECTING = "order_channel_connecting"
#: two workers that write the same session at once: one waits, then repeats on the other's outcome
ATTEMPTS = 3
LOCK_SECONDS = 10.0
#: a marketplace that wants no call for so short a time (seconds) is waited for by the pass itself, see Ports.max_wait
SAT_OUT = 3.0


class OrderChannelAccountSession(models.Model):
    """What a connector keeps between its calls: rotated tokens and pacing.

    Rows of its own beside the account, written by the ports only: a refresh in the middle of a pass never conflicts with
    a transaction that reads or writes the account. Tokens and pacing have one each, so that who holds the tokens to renew
    them may still say what it learnt of the marketplace's limits. Nobody has access to them.
    """

    _name = "order.channel.account.session"
    _description = "Channel Account Session"
    _log_access = False

    account_id = fields.Many2one("order.channel.account", required=True, ondelete="cascade")
    kind = fields.Selection([("tokens", "Tokens"), ("pace", "Pace")], required=True, default="tokens")
    token_data = fields.Text(groups=fields.NO_ACCESS, copy=False, exportable=False)  # sealed
    token_version = fields.Integer(groups=fields.NO_ACCESS)  # the account's credentials_version that they belong to
    pace = fields.Json(groups=fields.NO_ACCESS)

    _account_uniq = models.UniqueIndex("(account_id, kind)", "An account has one session.")


class OrderChannelAccount(models.Model):
    """What a connector is given to work with."""

    _inherit = "order.channel.account"

    def _login(self, channel):
        """Where and as whom to ask, with the secrets in clear. Never log or store it.

        :rtype: connectors.base.Login
        :raise Rejected: this database is a copy (code ``foreign_database``)
        :raise AuthError: the secrets can't be read (``secrets_lost``) or nobody checked them (``credentials_changed``)
        """
        self.ensure_one()
        account = self.sudo()
        account._check_live_database()
        secrets = account._secrets()
        if secrets is None:
            raise AuthError(account._key_problem(), "secrets_lost")
        if not account.credentials_checked and not channel.env.context.get(CONNECTING):
            raise AuthError(code="credentials_changed")
        plain = {
            field.name: account[field.name]
            for field in account._credential_fields()
            if not field.secret and account[field.name]
        }
        return Login(
            base_url=account.api_base_url or None,
            site=channel.site or "",
            secrets=plain | secrets,
            options=channel._connector_options(),
            allow_insecure=account._allow_insecure(),
            location=channel.sudo()._stock_location().external_id or None,
            auth_method=account.auth_method or "",
        )

    def _ports(self):
        """Where a connector keeps rotated tokens and pacing: committed when ``put`` returns.

        :rtype: connectors.base.Ports
        """
        self.ensure_one()
        account = self.sudo()
        account._check_live_database()
        return Ports(tokens=_Tokens(account), pace=_Pace(account))

    def _blocked_until(self):
        """Until when the marketplace wants no call of this login, as naive UTC; None: it takes calls, or so soon that a pass
        waits for it."""
        self.ensure_one()
        kept, __ = _Pace(self)._read(self.env.cr, "pace")
        seconds = blocked_seconds(kept) if isinstance(kept, dict) else 0.0
        return fields.Datetime.now() + timedelta(seconds=seconds) if seconds > SAT_OUT else None

    def _lift_wait(self):
        """Ask these marketplaces again, though they want to be left alone: a person says so."""
        # SQL: a pass may be writing the same row, and only this key is ours to change
        self.env.cr.execute(
            SQL(
                """UPDATE order_channel_account_session SET pace = pace - %s
                    WHERE account_id = ANY(%s) AND kind = 'pace' AND pace -> %s IS NOT NULL""",
                BLOCKED_UNTIL,
                self.ids,
                BLOCKED_UNTIL,
            )
        )
        self.env["order.channel.account.session"].invalidate_model(["pace"])

    def _set_tokens(self, tokens):
        """Keep the tokens that came with the credentials as they are now, in this very transaction."""
        self.ensure_one()
        if tokens:
            account = self.sudo()
            _Tokens(account)._merge(account.env.cr, dict(tokens))

    def _check_live_database(self):
        if self.env["order.channel"]._is_foreign_database():
            raise Rejected("foreign_database")


def _lock_timeout(seconds):
    return SQL("SET LOCAL lock_timeout = %s", f"{max(1, round(seconds * 1000))}ms")


class _Session:
    """The session of one account, read and written in short transactions of their own."""

    kind: str

    def __init__(self, account):
        self._env = account.env
        self._account_id = account.id
        self._box = account._box
        self._version = account.credentials_version

    def _apart(self, work):
        """Return ``work(cr)``, committed. An account that this very transaction makes is known to no other cursor yet,
        and nobody else can hold it: then its own cursor is used.

        :raise Unavailable: somebody holds the row for too long
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._env.registry.cursor() as cr:
                    cr.execute(_lock_timeout(LOCK_SECONDS))
                    cr.execute(SQL("SELECT 1 FROM order_channel_account WHERE id = %s", self._account_id))
                    if cr.rowcount:
                        return work(cr)
                break
            except LOCKED:
                raise Unavailable("Another transaction holds this account's session.", "busy") from None
            except CONFLICTS:
                if attempt == ATTEMPTS:
                    raise Unavailable("Another worker keeps changing this account's session.", "busy") from None
        return work(self._env.cr)

    def _read(self, cr, column, lock=False):
        cr.execute(
            SQL(
                "SELECT %s, token_version FROM order_channel_account_session WHERE account_id = %s AND kind = %s %s",
                SQL.identifier(column),
                self._account_id,
                self.kind,
                SQL("FOR NO KEY UPDATE") if lock else SQL(),
            )
        )
        return cr.fetchone() or (None, 0)

    def _write(self, cr, column, value, version):
        cr.execute(
            SQL(
                """INSERT INTO order_channel_account_session (account_id, kind, token_version, %(column)s)
                        VALUES (%(account)s, %(kind)s, %(version)s, %(value)s)
                   ON CONFLICT (account_id, kind)
                     DO UPDATE SET %(column)s = EXCLUDED.%(column)s, token_version = EXCLUDED.token_version""",
                column=SQL.identifier(column),
                account=self._account_id,
                kind=self.kind,
                version=version,
                value=value,
            )
        )


class _Tokens(_Session):
    """``connectors.base.TokenPort``: tokens that the marketplace gave for the credentials of this login."""

    kind = "tokens"

    def get(self, name):
        return self._apart(self._tokens).get(name)

    def put(self, **tokens):
        self._apart(lambda cr: self._merge(cr, tokens))

    def _tokens(self, cr, lock=False):
        sealed, version = self._read(cr, "token_data", lock)
        if not sealed or version != self._version:
            return {}
        try:
            return self._box().open(sealed)
        except (SecretsLost, KeyUnusable):
            return {}

    def _merge(self, cr, tokens):
        known = self._tokens(cr, lock=True)
        self._check_version(self._read(cr, "token_data")[1])
        try:
            sealed = self._box(create=True).seal(known | tokens)
        except KeyUnusable as error:
            raise AuthError(str(error), "secrets_lost") from None
        self._write(cr, "token_data", sealed, self._version)

    def _check_version(self, version):
        """Newer credentials have tokens of their own already: whoever still works with older ones starts over."""
        if version > self._version:
            raise Unavailable("The account's credentials were changed meanwhile.", "credentials_renewed")

    @contextmanager
    def lock(self):
        """See ``connectors.base.TokenPort``.

        An account that this very transaction makes is known to nobody else: there is nothing to lock.

        :raise Unavailable: somebody holds the tokens for too long, or newer credentials have others
        """
        with self._env.registry.cursor() as cr:
            if not self._lock_row(cr):
                yield self
                return
            self._check_version(self._read(cr, "token_data")[1])
            yield _LockedTokens(self, cr)

    def _lock_row(self, cr):
        """Lock the session's row, made if missing; False where the account is not there yet.

        Whoever waited for a row that was then changed has a snapshot from before (Odoo's transactions are repeatable
        reads) and gets a serialization failure: a new transaction sees the change and waits for its turn again.
        """
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                cr.execute(_lock_timeout(deadline - time.monotonic()))
                cr.execute(SQL("SELECT 1 FROM order_channel_account WHERE id = %s", self._account_id))
                if not cr.rowcount:
                    return False
                cr.execute(
                    SQL(
                        """INSERT INTO order_channel_account_session (account_id, kind, token_version)
                                VALUES (%s, %s, 0) ON CONFLICT (account_id, kind) DO NOTHING""",
                        self._account_id,
                        self.kind,
                    )
                )
                self._read(cr, "token_data", lock=True)
                return True
            except LOCKED:
                raise Unavailable("Another worker is renewing this account's access.", "busy") from None
            except CONFLICTS:
                cr.rollback()
                if time.monotonic() >= deadline:
                    raise Unavailable("Another worker keeps changing this account's session.", "busy") from None


class _LockedTokens:
    """The token port within a lock: reads under it, and the first ``put`` commits and so ends it."""

    def __init__(self, tokens, cr):
        self._port = tokens
        self._cr = cr

    def get(self, name):
        return self._port._tokens(self._cr).get(name) if self._cr else self._port.get(name)

    def put(self, **tokens):
        if not self._cr:
            self._port.put(**tokens)
            return
        self._port._merge(self._cr, tokens)
        self._cr.commit()  # pylint: disable=invalid-commit
        self._cr = None

    @contextmanager
    def lock(self):
        yield self


class _Pace(_Session):
    """``connectors.base.PacePort``: what the marketplace said about its limits, for the next pass and other workers."""

    kind = "pace"

    def get(self):
        return self._apart(lambda cr: self._read(cr, "pace"))[0] or {}

    def put(self, state):
        self._apart(lambda cr: self._write(cr, "pace", json.dumps(dict(state)), 0))
