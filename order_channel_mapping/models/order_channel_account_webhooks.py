import logging
import time
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.http import db_filter, db_list

from ..connectors.base import AuthError, ConnectorError
from ..tools.reachable import why_unreachable
from ..tools.secret_box import KeyUnusable

_logger = logging.getLogger(__name__)

#: registrations are ended about this long at a stretch, so that the worker serves others meanwhile
WORK_SECONDS = 5.0


class OrderChannelAccount(models.Model):
    """Notifications, as far as they are an account's: whether they can arrive, secrets of our own, and registrations that are
    to be ended."""

    _inherit = "order.channel.account"

    #: ``[[address, site]]`` of channels that were archived or deleted
    webhook_withdrawals = fields.Json(readonly=True, copy=False, groups=fields.NO_ACCESS, exportable=False)

    # === WHERE WE CAN BE REACHED === #

    @api.model
    def _why_unreachable(self, url):
        """The code of the reason why a marketplace's server can't deliver to this database at an address, None where it can.

        What a marketplace sends names no database: Odoo takes it in only where its server shows one there, and this one.
        """
        reason = why_unreachable(url, self._allow_insecure())
        if reason:
            return reason
        host = urlsplit(url).netloc
        alone = db_filter([self.env.cr.dbname], host=host) and len(db_list(force=True, host=host)) <= 1
        return None if alone else "webhook_several_databases"

    # === OUR OWN SECRETS === #

    def _own_secret(self, name):
        """A secret that we made up, sealed beside the credentials; ``None`` where there is none or it can't be read."""
        return (self._secrets() or {}).get(name)

    def _keep_own_secret(self, name, value):
        """Seal a secret that we made up; an empty one is forgotten. The credentials stay as they are, checked or not.

        :raise AuthError: nothing can be sealed, or what is sealed can't be read and would be lost
        """
        self.ensure_one()
        account = self.sudo()
        secrets = account._secrets()
        if secrets is None:
            raise AuthError(code="secrets_lost")
        secrets = {key: secret for key, secret in {**secrets, name: value}.items() if secret}
        try:
            account.secret_data = account._box(create=True).seal(secrets) if secrets else False
        except KeyUnusable as error:
            raise AuthError(str(error), "secrets_lost") from None

    # === REGISTRATIONS THAT ARE TO BE ENDED === #

    def _withdraw_later(self, url, site):
        """Have the marketplace told, soon and outside of the user's transaction, that an address is no longer used."""
        account = self.sudo()
        account.webhook_withdrawals = [*(account.webhook_withdrawals or []), [url, site or ""]]
        cron = self.env.ref("order_channel_mapping.cron_withdraw_webhooks", raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger()

    @api.model
    def _cron_withdraw_webhooks(self):
        """End registrations of channels that were archived or deleted; an account that only waited for this goes too.

        Tried once: a marketplace gives up by itself on an address that answers no more.
        """
        if self.env["order.channel"]._is_foreign_database():
            return
        accounts = self.sudo().with_context(active_test=False).search([("webhook_withdrawals", "!=", False)])
        deadline = time.monotonic() + WORK_SECONDS
        for account in accounts:
            if time.monotonic() > deadline:
                self.env.ref("order_channel_mapping.cron_withdraw_webhooks")._trigger()
                break
            account._withdraw()
            account.webhook_withdrawals = False
            if not account.active and not account._all_channels():
                account.unlink()
            self.env["order.channel"]._commit()

    def _withdraw(self):
        for url, site in self.webhook_withdrawals:
            if self._all_channels().filtered(lambda channel, url=url: channel.webhook_url == url):
                continue  # back in use meanwhile
            channel = self.env["order.channel"].new({"account_id": self.id, "site": site})
            try:
                with channel._get_connector() as connector:
                    channel._commit()  # no transaction is open while the marketplace is asked
                    connector.remove_webhooks(url)
            except ConnectorError as error:
                _logger.info("Account %s: its notifications could not be ended (%s)", self.id, error.code)

    def unlink(self):
        """The credentials are needed once more where registrations are to be ended."""
        waiting = self.browse()
        if not self.env["order.channel"]._is_foreign_database():
            waiting = self.filtered(lambda account: account.sudo().webhook_withdrawals)
        self.check_access("unlink")
        waiting.sudo().active = False
        return super(OrderChannelAccount, self - waiting).unlink()
