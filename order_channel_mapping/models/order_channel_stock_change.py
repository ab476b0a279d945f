from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

#: marks that one dispatch takes on; the rest is left to the next one, which it triggers itself
DISPATCH_BATCH = 10_000
_PRODUCTS = "order_channel_mapping.stock_changes"
_LISTINGS = "order_channel_mapping.stock_listings"


class OrderChannelStockChange(models.Model):
    """What may have to be pushed: products marked by stock and sales transactions, listings marked for their channel.

    Append-only, without unique index, foreign key or update, so that it never makes a stock transaction wait or fail.
    A mark is deleted in the transaction that acts on it: a process may be killed at any instruction and nothing is lost.
    """

    _name = "order.channel.stock.change"
    _description = "Channel Stock Change"
    _log_access = False
    _order = "id"

    product_id = fields.Integer(readonly=True)  # of a mark that the dispatcher has yet to map to listings
    channel_id = fields.Integer(readonly=True)
    listing_id = fields.Integer(readonly=True)
    force = fields.Boolean(readonly=True)  # push even what equals the last push: the channel's number is not known
    due_at = fields.Datetime(readonly=True)  # not before; empty: now

    _channel_idx = models.Index("(channel_id, id) WHERE channel_id IS NOT NULL")

    # === MARKING === #

    @api.model
    def _mark(self, product_ids):
        """Have the quantities of these products worked out again on every channel: the one way in.

        Costs nothing now. One INSERT before the transaction (or savepoint) ends keeps those that have a live mapping, so
        that a rolled-back savepoint neither leaves nor loses a mark.

        :param product_ids: iterable of product.product ids
        """
        precommit = self.env.cr.precommit
        products = precommit.data.get(_PRODUCTS)
        if products is None:
            products = precommit.data[_PRODUCTS] = set()
            precommit.add(self._flush_marks)
        products.update(product_id for product_id in product_ids if product_id)

    def _flush_marks(self):
        products = self.env.cr.precommit.data.pop(_PRODUCTS, None)
        if not products:
            return
        # SQL: one statement of 0.3 ms in every stock transaction; the ORM would take a search and an INSERT
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO order_channel_stock_change (product_id)
                SELECT DISTINCT line.product_id
                  FROM order_channel_mapping_line line
                  JOIN order_channel_mapping mapping ON mapping.id = line.mapping_id AND mapping.ended_at IS NULL
                 WHERE line.product_id = ANY(%s)
                """,
                sorted(products),
            )
        )
        if self.env.cr.rowcount:
            self._wake_dispatcher()

    @api.model
    def _mark_listings(self, listings, force=False, due_at=None):
        """Have the quantities of these listings worked out at their channels' next pass.

        :param force: push them even if they equal what was last pushed
        :param datetime due_at: not before this time
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO order_channel_stock_change (channel_id, listing_id, force, due_at)
                SELECT channel_id, id, %s, %s FROM order_channel_listing WHERE id = ANY(%s)
                """,
                force,
                due_at or None,
                listings.ids,
            )
        )

    @api.model
    def _mark_listings_later(self, listings):
        """Like :meth:`_mark_listings` by force, for writes that may come one by one: one INSERT before the transaction (or
        savepoint) ends, which also wakes the channels."""
        if not listings:
            return
        precommit = self.env.cr.precommit
        marked = precommit.data.get(_LISTINGS)
        if marked is None:
            marked = precommit.data[_LISTINGS] = set()
            precommit.add(self._flush_listing_marks)
        marked.update(listings.ids)

    def _flush_listing_marks(self):
        listings = (
            self.env["order.channel.listing"].sudo().browse(self.env.cr.precommit.data.pop(_LISTINGS, ())).exists()
        )
        if listings:
            # by force: what the channel was told before nothing was pushed may be long ago
            self._mark_listings(listings, force=True)
            listings.channel_id._wake("sync")

    @api.model
    def _mark_channel(self, channel, force=False):
        """Have every linked listing of the channel worked out, and by ``force`` pushed."""
        self.env["order.channel.listing"].flush_model(["channel_id", "kind", "state", "gone"])
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO order_channel_stock_change (channel_id, listing_id, force)
                SELECT channel_id, id, %s FROM order_channel_listing
                 WHERE channel_id = %s AND kind = 'item' AND state = 'linked' AND gone IS NOT TRUE
                """,
                force,
                channel.id,
            )
        )

    # === DISPATCHING === #

    @api.model
    def _wake_dispatcher(self):
        cron_id = self.env["ir.model.data"]._xmlid_to_res_id("order_channel_mapping.cron_stock_dispatch")
        if cron_id:  # somebody may have deleted it; marks then wait for the daily pass
            self.env["ir.cron"].sudo().browse(cron_id)._trigger()

    @api.model
    def _cron_dispatch(self):
        """Turn marked products into marked listings of the channels that push, and wake these channels.

        One transaction: a dispatcher that is killed leaves the marks as they were. What a channel that doesn't push now
        misses is made up for when it starts to: going live, resuming and switching on mark all its listings.
        """
        # SQL: delete, map and insert in one statement whatever the number of marks; 10,000 marks take 0.2 s
        rows = self.env.execute_query(
            SQL(
                """
                WITH eaten AS (
                    DELETE FROM order_channel_stock_change WHERE id IN (
                        SELECT id FROM order_channel_stock_change WHERE channel_id IS NULL
                         ORDER BY id LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
                    RETURNING product_id
                ), marked AS (
                    INSERT INTO order_channel_stock_change (channel_id, listing_id)
                    SELECT DISTINCT listing.channel_id, listing.id
                      FROM eaten
                      JOIN order_channel_mapping_line line ON line.product_id = eaten.product_id
                      JOIN order_channel_mapping mapping ON mapping.id = line.mapping_id AND mapping.ended_at IS NULL
                      JOIN order_channel_listing listing ON listing.id = mapping.listing_id
                      JOIN order_channel channel ON channel.id = listing.channel_id
                     WHERE channel.state = 'live' AND channel.push_stock AND channel.paused IS NOT TRUE AND channel.active
                    RETURNING channel_id
                )
                SELECT (SELECT count(*) FROM eaten), ARRAY(SELECT DISTINCT channel_id FROM marked)
                """,
                batch=DISPATCH_BATCH,
            )
        )
        [(eaten, channel_ids)] = rows
        self.env["order.channel"].browse(channel_ids)._wake("sync")
        if eaten == DISPATCH_BATCH:
            self._wake_dispatcher()

    # === EATING === #

    @api.model
    def _eat(self, channel, limit):
        """Take up to ``limit`` due marks of a channel; they are gone when the caller's transaction commits.

        :return: (``{listing id: force}``, whether more may wait)
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH eaten AS (
                    DELETE FROM order_channel_stock_change WHERE id IN (
                        SELECT id FROM order_channel_stock_change
                         WHERE channel_id = %s AND (due_at IS NULL OR due_at <= %s)
                         ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
                    RETURNING listing_id, force
                )
                SELECT listing_id, bool_or(COALESCE(force, FALSE)), count(*) FROM eaten GROUP BY listing_id
                """,
                channel.id,
                fields.Datetime.now(),
                limit,
            )
        )
        return {listing_id: force for listing_id, force, __ in rows}, sum(row[2] for row in rows) == limit

    @api.model
    def _is_waiting(self, channel):
        """Whether a due mark of this channel waits."""
        [(waiting,)] = self.env.execute_query(
            SQL(
                """
                SELECT EXISTS (SELECT 1 FROM order_channel_stock_change
                                WHERE channel_id = %s AND (due_at IS NULL OR due_at <= %s))
                """,
                channel.id,
                fields.Datetime.now(),
            )
        )
        return waiting

    @api.autovacuum
    def _gc_marks(self):
        """Delete marks of channels that push no more: they would wait forever."""
        old = fields.Datetime.now() - timedelta(days=1)
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM order_channel_stock_change change
                 WHERE change.channel_id IS NOT NULL AND (change.due_at IS NULL OR change.due_at < %s)
                   AND NOT EXISTS (SELECT 1 FROM order_channel channel WHERE channel.id = change.channel_id
                                    AND channel.state = 'live' AND channel.push_stock AND channel.active)
                """,
                old,
            )
        )
