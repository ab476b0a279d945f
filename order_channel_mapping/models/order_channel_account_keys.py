import logging

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..tools.secret_box import KeyUnusable, SecretsLost

_logger = logging.getLogger(__name__)

#: every column in which something is sealed, and the one that says whose it is
SEALED = (
    ("order_channel_account", "secret_data", "id"),
    ("order_channel_account_session", "token_data", "account_id"),
    ("order_channel_authorization", "grant_data", "account_id"),
)


class OrderChannelAccount(models.Model):
    """A change of the key: everything is brought under the one that seals now, so that the old one can be taken away."""

    _inherit = "order.channel.account"

    def action_reseal(self):
        """Seal everything with the current key, of all companies, and say what became of it.

        :raise UserError: the key is not valid
        """
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(self.env._("Only an administrator can change the key of the credentials."))
        done, lost, busy = self._reseal()
        _logger.info("Credentials sealed anew for accounts %s; lost: %s; busy: %s", done, lost, busy)
        texts = []
        if lost:
            texts.append(
                self.env._(
                    "Can't be opened with any key of this server: %(accounts)s. Add the key that was used before, or "
                    "enter the credentials of these accounts again.",
                    accounts=self._names_of(lost),
                )
            )
        if busy:
            texts.append(
                self.env._("In use just now: %(accounts)s. Press again in a moment.", accounts=self._names_of(busy))
            )
        if not texts:
            texts.append(
                self.env._("All of them are under the current key. Keys that were used before can be removed.")
            )
        notification = self.env["order.channel"]._notify(
            self.env._("Accounts sealed with the current key: %(count)s", count=len(done)),
            " ".join(texts),
            "warning" if lost or busy else "success",
        )
        notification["params"] |= {"sticky": True}
        return notification

    @api.model
    def _reseal(self):
        """
        :return: ids of accounts, three sorted lists: under the current key, can't be opened, held by another worker
        :raise UserError: the key is not valid
        """
        try:
            box = self.sudo()._box(create=True)
        except KeyUnusable as error:
            raise UserError(str(error)) from None
        self.env.flush_all()
        accounts, lost, busy = set(), set(), set()
        for table, column, owner in SEALED:
            seen = set()
            for row_id, account_id, sealed in self._sealed_rows(table, column, owner):
                accounts.add(account_id)
                seen.add(row_id)
                try:
                    resealed = box.resealed(sealed)
                except SecretsLost:
                    lost.add(account_id)
                    continue
                if resealed:
                    self._keep_sealed(table, column, row_id, resealed)
            held = self._sealed_rows(table, column, owner, locked=False)
            busy |= {account_id for row_id, account_id, __ in held if row_id not in seen}
        self.invalidate_model(["secret_data"])
        return sorted(accounts - lost - busy), sorted(lost), sorted(busy)

    def _sealed_rows(self, table, column, owner, locked=True):
        """``[(id, account's id, sealed text)]``. Locked, and without those that a worker holds, who is renewing tokens."""
        # SQL: SKIP LOCKED, and tables of two models that nobody has access to
        return self.env.execute_query(
            SQL(
                "SELECT id, %s, %s FROM %s WHERE %s IS NOT NULL ORDER BY id %s",
                SQL.identifier(owner),
                SQL.identifier(column),
                SQL.identifier(table),
                SQL.identifier(column),
                SQL("FOR NO KEY UPDATE SKIP LOCKED") if locked else SQL(),
            )
        )

    def _keep_sealed(self, table, column, row_id, sealed):
        """The same secrets in another envelope: no version of anything goes up, and no channel stops."""
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET %s = %s WHERE id = %s",
                SQL.identifier(table),
                SQL.identifier(column),
                sealed,
                row_id,
            )
        )

    @api.model
    def _names_of(self, ids):
        """Names of accounts as far as this user may see them, and how many others there are."""
        names = []
        if self.has_access("read"):
            names = self.with_context(active_test=False).search([("id", "in", ids)]).mapped("display_name")
        others = len(ids) - len(names)
        if others:
            names.append(self.env._("%(count)s that you can't see", count=others))
        return ", ".join(names)
