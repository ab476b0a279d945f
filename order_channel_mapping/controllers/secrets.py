import logging

from odoo.exceptions import AccessError, UserError
from odoo.http import Controller, request, route

from ..connectors.storable import MAX_INT, MOST_LONG, plain_text

_logger = logging.getLogger(__name__)


class AccountSecrets(Controller):
    """The way in for credentials. Odoo logs the arguments of model calls at debug level, but not those of a route."""

    @route("/order_channel_mapping/account/<int:account_id>/secret", type="jsonrpc", auth="user", methods=["POST"])
    def set_credentials(self, account_id, values=None, **_others):
        """Take in credentials. A JSON body needs no CSRF token: no other site can post one with the user's session.

        :param dict values: name of a credential -> text; an empty one takes it away
        :return: the ways to sign in and what of them is set now, never a secret (field ``credentials`` of the account)
        :raise AccessError: no such account, or not for this user; which of both is not said
        """
        account = request.env["order.channel.account"].browse(account_id)
        if account_id > MAX_INT or not account.exists() or not account.has_access("write"):
            raise AccessError(request.env._("You can't enter credentials for this account."))
        if not isinstance(values, dict) or any(
            plain_text(value, MOST_LONG) != value for value in values.values() if value
        ):
            raise UserError(request.env._("A credential is a piece of text."))
        account._set_credentials(values)
        _logger.info("Account %s: user %s entered %s", account_id, request.env.uid, ", ".join(sorted(values)))
        return account.credentials
