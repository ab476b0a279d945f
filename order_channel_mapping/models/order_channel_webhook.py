import hashlib
import logging
import re
import secrets
from dataclasses import replace
from datetime import timedelta, timezone

from odoo import api, fields, models
from odoo.tools import SQL

from ..connectors import connector_classes
from ..connectors.base import BadPayload, SignatureError
from ..connectors.records import WebhookKind
from ..connectors.storable import plain_text

_logger = logging.getLogger(__name__)

#: where notifications arrive; provider and token follow
PATH = "/order_channel_mapping/webhook"
#: longest notification that is read (bytes); a whole order of a hundred lines has a tenth of it
MAX_LENGTH = 1024 * 1024
#: what a notification brings forward: kind of run, and the cron that does it
EFFECTS = {
    WebhookKind.ORDERS: "orders",
    WebhookKind.UNINSTALLED: "orders",  # the fetch then hears that our rights are gone
    WebhookKind.ITEMS: "items",
}
CRON_OF = {"orders": "sync", "items": "items"}
#: a burst wakes the cron once, and once more when this is over (seconds)
COALESCE = timedelta(seconds=5)
#: marketplaces repeat a notification for hours; what says it is older is a replay
MAX_AGE = timedelta(days=2)
KEEP = timedelta(days=7)
#: what is read of a channel when a notification arrives
NEEDED = ("active", "paused", "state", "provider", "account_id", "company_id", "health", "next_try_at")
#: of so many deletions a pass of the daily clean-up is made
VACUUM = 10_000
#: what notifications to unknown addresses are checked with, so that they take as long as others
NOBODYS_SECRET = secrets.token_hex(32)
TOKEN = re.compile(r"[\w-]{43}", re.ASCII)


class OrderChannelWebhook(models.Model):
    """A notification that a marketplace signed. It only brings the next fetch forward; what changed is fetched.

    Append-only on the way in: no lock on the channel's row, so that a pass that is running never conflicts with it.
    """

    _name = "order.channel.webhook"
    _description = "Channel Notification"
    _inherit = ["order.channel.guarded"]
    _order = "received_at desc, id desc"
    _rec_name = "topic"
    _log_access = False

    channel_id = fields.Many2one("order.channel", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    topic = fields.Char(readonly=True)
    kind = fields.Selection(
        [
            ("orders", "Orders"),
            ("items", "Items"),
            ("uninstalled", "App removed"),
            ("privacy", "Privacy request"),
            ("other", "Other"),
        ],
        required=True,
        readonly=True,
    )
    record_ref = fields.Char(string="About", readonly=True)
    delivery_id = fields.Char(string="Delivery ID", readonly=True)
    received_at = fields.Datetime(string="Received", required=True, readonly=True, default=fields.Datetime.now)
    triggered_at = fields.Datetime(string="Sent", readonly=True)
    digest = fields.Char(required=True, readonly=True)  # of topic and body: delivery ids are not signed everywhere
    brings = fields.Selection([("orders", "Orders"), ("items", "Items")], string="Brings Forward", readonly=True)
    wake_at = fields.Datetime(readonly=True)  # of the one of a burst that wakes the cron
    run_id = fields.Many2one(
        "order.channel.run", string="Fetch", readonly=True, index="btree_not_null", ondelete="cascade"
    )

    _replay_uniq = models.UniqueIndex("(channel_id, digest)", "This notification was received before.")
    _hint_idx = models.Index("(channel_id, brings) WHERE run_id IS NULL AND brings IS NOT NULL")
    _wake_idx = models.Index("(channel_id, brings, wake_at) WHERE wake_at IS NOT NULL")

    # === RECEIVING === #

    @api.model
    def _receive(self, provider, token, headers, body):
        """Take in a notification: verify, store, wake.

        :param provider, token: from the address that it was sent to
        :param bytes body: as it was signed
        :return: whether it is to be answered as taken. Of what is not, nobody is told why
        """
        connector_class = connector_classes().get(provider)
        if connector_class and connector_class.is_webhook_ping(headers, body):
            return True
        channel = self._channel_of(provider, token)
        secret = channel._webhook_secret() if channel else None
        try:
            event = (connector_class or next(iter(connector_classes().values()))).verify_webhook(
                headers, body, secret or NOBODYS_SECRET
            )
        except SignatureError:
            _logger.info("A notification of %s was refused: not signed with the secret of a channel", provider)
            return False
        except BadPayload:
            _logger.warning("Channel %s: a notification can't be read", channel.id)
            return False
        if not secret or not channel._takes_webhooks(event.kind):
            return False
        if event.triggered_at and event.triggered_at < fields.Datetime.now().replace(tzinfo=timezone.utc) - MAX_AGE:
            _logger.info("Channel %s: a notification of %s is too old", channel.id, event.triggered_at)
            return False
        self._take(channel, self._storable(event), body)
        return True

    @staticmethod
    def _storable(event):
        words = {name: plain_text(getattr(event, name), 500) for name in ("topic", "record_ref", "delivery_id")}
        return replace(event, **words)

    @api.model
    def _channel_of(self, provider, token):
        channels = self.env["order.channel"]
        if not TOKEN.fullmatch(token):
            return channels
        channel = channels.search_fetch([("webhook_token", "=", token)], NEEDED, limit=1)
        return channel.filtered(lambda channel: channel.provider == provider)

    @api.model
    def _take(self, channel, event, body):
        """Store a verified notification and wake the cron that it concerns; one that was stored before does nothing."""
        digest = hashlib.sha256(event.topic.encode() + b"\0" + body).hexdigest()
        brings = EFFECTS.get(event.kind)
        privacy = event.kind is WebhookKind.PRIVACY
        triggered_at = event.triggered_at and event.triggered_at.astimezone(timezone.utc).replace(tzinfo=None)
        now = fields.Datetime.now()
        waits = not brings or channel.health == "needs_reauth" or bool(channel._waits_until())
        # SQL: one statement decides on replay and wake, however many arrive at once
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO order_channel_webhook
                       (channel_id, company_id, topic, kind, record_ref, delivery_id, received_at, triggered_at, digest,
                        brings, payload, wake_at)
                SELECT %(channel)s, %(company)s, %(topic)s, %(kind)s, %(ref)s, %(delivery)s, %(now)s,
                       %(triggered)s::timestamp, %(digest)s, %(brings)s, %(payload)s::jsonb,
                       CASE WHEN %(waits)s OR woken.last_at > %(now)s THEN NULL
                            ELSE GREATEST(%(now)s, woken.last_at + %(coalesce)s) END
                  FROM (SELECT max(wake_at) AS last_at FROM order_channel_webhook
                         WHERE channel_id = %(channel)s AND brings = %(brings)s AND wake_at IS NOT NULL) woken
                ON CONFLICT (channel_id, digest) DO NOTHING
                RETURNING wake_at
                """,
                channel=channel.id,
                company=channel.company_id.id,
                topic=event.topic,
                kind=event.kind.value,
                ref=event.record_ref or None,
                delivery=event.delivery_id or None,
                now=now,
                triggered=triggered_at or None,
                digest=digest,
                brings=brings or None,
                payload=self._payload(body) if privacy else None,
                waits=waits,
                coalesce=COALESCE,
            )
        )
        if not rows:
            return
        [(wake_at,)] = rows
        if wake_at:
            channel._wake(CRON_OF[brings], at=wake_at if wake_at > now else None)
        if privacy:
            channel._ask_for_privacy_answer()

    # === CLEAN-UP === #

    @api.autovacuum
    def _gc_webhooks(self):
        """Notifications are kept for a week, privacy requests until they are answered."""
        old = self.search(
            [
                ("received_at", "<", fields.Datetime.now() - KEEP),
                "|",
                ("kind", "!=", "privacy"),
                ("done_at", "<", fields.Datetime.now() - KEEP),
            ],
            limit=VACUUM,
        )
        old.unlink()
        return len(old), len(old) == VACUUM
