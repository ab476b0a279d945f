import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, ormcache

from ..tools.database_identity import DatabaseIdentity
from ..tools.reasons import reason_text
from .order_channel_account import OFFLINE
from .order_channel_pass import CRONS, RUNNING_STATES

_logger = logging.getLogger(__name__)

#: the identity of the database that fetches and sends
LIVE = "order_channel_mapping.live_database"
#: the identity of the copy in which an administrator was asked already
ASKED = "order_channel_mapping.asked_database"
ACTIVITY = "order_channel_mapping.mail_activity_live_database"
ADMINISTRATORS = "base.group_system"


class OrderChannel(models.Model):
    """The live database (rule 7): a copy fetches, refreshes and sends nothing until an administrator says which one is live."""

    _inherit = "order.channel"

    is_foreign_database = fields.Boolean(compute="_compute_is_foreign_database")
    foreign_message = fields.Char(compute="_compute_is_foreign_database")

    @api.depends("state", "provider")
    @api.depends_context("lang")
    def _compute_is_foreign_database(self):
        text = self._foreign_text() if self._is_foreign_database() else ""
        for channel in self:
            talks = channel.state != "draft" and channel.provider != OFFLINE
            channel.is_foreign_database = bool(text) and talks
            channel.foreign_message = text if channel.is_foreign_database else ""

    # === WHICH ONE THIS IS === #

    @api.model
    def _database_identity(self):
        """Name, number and cluster are looked up once a cursor, which is once a pass: one query.

        :rtype: tools.database_identity.DatabaseIdentity
        """
        place = self.env.cr.cache.get(LIVE)
        if not place:
            # SQL: the catalogue of PostgreSQL itself
            [(name, oid, server)] = self.env.execute_query(
                SQL(
                    "SELECT datname, oid::bigint, pg_postmaster_start_time()::text"
                    " FROM pg_database WHERE datname = current_database()"
                )
            )
            place = self.env.cr.cache[LIVE] = name, self._cluster_identifier(server), oid
        return DatabaseIdentity(self.env["ir.config_parameter"].sudo().get_param("database.uuid") or "", *place)

    @api.model
    @ormcache("server")
    def _cluster_identifier(self, server):
        """What initdb made up for the cluster; empty where this role may not read it.

        :param str server: what changes with the server that we are connected to, and so asks anew
        """
        [(allowed,)] = self.env.execute_query(SQL("SELECT has_function_privilege('pg_control_system()', 'execute')"))
        if not allowed:
            return ""
        [(identifier,)] = self.env.execute_query(SQL("SELECT system_identifier::text FROM pg_control_system()"))
        return identifier

    @api.model
    def _foreign_reason(self):
        """The reason code for which this database is not the live one; None where it is, or none was connected yet."""
        live = self.env["ir.config_parameter"].sudo().get_param(LIVE)
        return self._database_identity().difference(DatabaseIdentity.from_text(live)) if live else None

    @api.model
    def _is_foreign_database(self):
        """Whether this database is not the one whose channels were connected: a copy, or renamed or moved since."""
        return bool(self._foreign_reason())

    @api.model
    def _foreign_text(self):
        live = DatabaseIdentity.from_text(self.env["ir.config_parameter"].sudo().get_param(LIVE) or "")
        params = {"name": self._database_identity().name, "live": live.name if live else ""}
        return " ".join(reason_text(self.env, self._foreign_reason() or "foreign_database", params))

    def _check_live_database(self):
        if self._is_foreign_database():
            raise UserError(self._foreign_text())

    # === SAYING WHICH ONE IS LIVE === #

    @api.model
    def _claim_database(self, unless_claimed=False):
        parameters = self.env["ir.config_parameter"].sudo()
        if not (unless_claimed and parameters.get_param(LIVE)):
            parameters.set_param(LIVE, self._database_identity().to_text())

    def action_claim_live_database(self):
        """*This Database Is Live*: fetch and send from here. The other one can't know of it, and must be stopped first."""
        if not self.env.user.has_group(ADMINISTRATORS):
            raise AccessError(self.env._("Only an administrator can say which database is live."))
        before = self.env["ir.config_parameter"].sudo().get_param(LIVE)
        self._claim_database()
        identity = self._database_identity()
        _logger.warning("User %s says that this database is live: %s; before: %s", self.env.uid, identity, before)
        channels = self.sudo().search([("state", "!=", "draft")])
        channels.activity_unlink([ACTIVITY])
        text = self.env._("This database (%(name)s) is the live one from now on.", name=identity.name)
        for channel in channels:
            channel.message_post(body=text)
        awake = channels.filtered(lambda channel: not channel.paused)
        for channel in awake:
            channel._switch_on_crons()
            for kind in CRONS:
                channel._wake(kind)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _cron_pass(self, kind):
        if kind == "sync" and self._is_foreign_database():
            self._ask_which_database_is_live()
            return
        super()._cron_pass(kind)

    def _ask_which_database_is_live(self):
        """Ask an administrator, once: whoever looks at nothing but sales orders would not notice that none comes in."""
        parameters = self.env["ir.config_parameter"].sudo()
        identity = self._database_identity().to_text()
        channel = self.exists()
        if (
            not channel
            or channel.paused
            or channel.state not in RUNNING_STATES
            or parameters.get_param(ASKED) == identity
        ):
            return
        try:
            parameters.set_param(ASKED, identity)
            channel.activity_schedule(
                ACTIVITY,
                user_id=channel._administrator().id,
                summary=self.env._("Which database is live?"),
                note=self._foreign_text(),
            )
            self._commit()
        except Exception:
            self._rollback()  # most likely another channel's pass asked at the same moment
            _logger.info("Channel %s: could not ask which database is live", self.id, exc_info=True)

    def _administrator(self):
        """Who may answer that, the channel's own people first."""
        people = self.user_id | self.create_uid | self.env.ref(ADMINISTRATORS).all_user_ids.sorted("id")
        root = self.env.ref("base.user_root")
        return people.filtered(lambda user: user.active and user != root and user.has_group(ADMINISTRATORS))[:1]
