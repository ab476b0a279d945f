from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from ..tools.clock import exact_now
from ..tools.promise import whole_quantity

#: what is compared with an item's quantity
SEEN_FIELDS = ("remote_quantity", "remote_seen_at", "pushed_at")
#: key of the context: when the channel was asked for the items at hand, by our clock and exact; None: now
ASKED_AT = "channel_items_asked_at"
#: that a quantity is still the same is noted this often
SEEN_EVERY = timedelta(days=1)
#: so often a quantity that was changed back is set again; after that somebody else means it
MOST_HEALS = 3
#: within this time; and so long nothing is set against somebody else
HEALS_WITHIN = timedelta(days=1)
#: why a listing's quantity is not set again
FOUGHT = "stock_fought"


class OrderChannel(models.Model):
    """What fetches of items show of quantities. What the channel was seen to hold is compared with what it should: a person
    at the channel, or its own handling of an order, may have changed it since it was pushed.
    """

    _inherit = "order.channel"

    # === SEEN === #

    def _asked_at(self):
        return self.env.context.get(ASKED_AT) or exact_now()

    def _seen_values(self, item):
        """What a new listing notes of an item's quantity."""
        quantity = whole_quantity(item.quantity)
        return {} if quantity is None else {"remote_quantity": quantity, "remote_seen_at": self._asked_at()}

    def _note_quantities(self, items, known):
        """Note what the channel holds of these items, and have those worked out of which it holds something else than it
        was told.

        One UPDATE a page, and none where each is what was noted less than a day ago and nothing was pushed since. What
        the channel was asked for before a push was answered may be older than the push: only what was asked for later shows
        what became of it.

        :param known: ``{external id: listing}``, with SEEN_FIELDS read
        """
        ids, quantities, asked_at = [], [], self._asked_at()
        old = asked_at - SEEN_EVERY
        for item in items:
            listing = known.get(item.external_id)
            if listing is None:
                continue
            quantity, seen_at = whole_quantity(item.quantity), listing.remote_seen_at
            if quantity is None:
                news = seen_at
            elif quantity != listing.remote_quantity or not seen_at or seen_at < old:
                news = True
            else:
                news = listing.pushed_at and seen_at <= listing.pushed_at < asked_at
            if news:
                ids.append(listing.id)
                quantities.append(quantity)
        if ids:
            self._write_seen(ids, quantities, asked_at)

    def _write_seen(self, ids, quantities, asked_at):
        Listing = self.env["order.channel.listing"]
        Listing.flush_model([*SEEN_FIELDS, "kind", "state", "gone", "push_enabled", "pushed_quantity"])
        # SQL: one statement for a page of other quantities each; by the ORM it is one UPDATE for each distinct quantity
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE order_channel_listing listing
                   SET remote_quantity = COALESCE(seen.quantity, 0),
                       remote_seen_at = CASE WHEN seen.quantity IS NULL THEN NULL ELSE %(asked_at)s::timestamp END
                  FROM unnest(%(ids)s::int[], %(quantities)s::int[]) AS seen(id, quantity)
                 WHERE listing.id = seen.id
                RETURNING listing.id,
                          kind = 'item' AND state = 'linked' AND gone IS NOT TRUE AND push_enabled
                          AND pushed_at < %(asked_at)s AND seen.quantity IS NOT NULL
                          AND pushed_quantity <> GREATEST(0, seen.quantity)
                """,
                ids=ids,
                quantities=quantities,
                asked_at=asked_at,
            )
        )
        Listing.browse(ids).invalidate_recordset(["remote_quantity", "remote_seen_at"])
        other = [listing_id for listing_id, is_other in rows if is_other]
        if other and not self._stock_hold():
            self.env["order.channel.stock.change"]._mark_listings(Listing.browse(other))
            self._wake("sync")

    # === SET AGAIN === #

    def _drifted_offers(self, offers, run):
        """The offers that nothing of ours changed since they were pushed, but of which the channel was seen to hold something
        else: to be pushed again. What somebody changes back time and again is left as it is, and said.

        :param offers: list of Offer that equal their last push
        :return: (those to push, run)
        """
        drifted = [offer for offer in offers if offer.listing._seen_since_push() and offer.found != offer.quantity]
        if drifted:
            drifted = self._without_unknown_sales(self._without_early(drifted))
        if not drifted:
            return [], run
        fought = self._fought_offers(drifted)
        if fought:
            run = run or self._open_run("stock")
            self._say_fought(run, fought)
        for offer in drifted:
            offer.drift = True
        return [offer for offer in drifted if offer not in fought], run

    def _without_early(self, offers):
        """Sales lower what the channel holds before we know of them: orders must have been fetched since it was seen. The rest
        waits for that.

        :return: list of Offer
        """
        checked_at = self.orders_checked_at
        early = [offer for offer in offers if not checked_at or checked_at <= offer.listing.remote_seen_at]
        if not early:
            return offers
        due_at = fields.Datetime.now() + timedelta(seconds=self.order_freshness)
        listings = self.env["order.channel.listing"].union(*(offer.listing for offer in early))
        self.env["order.channel.stock.change"]._mark_listings(listings, due_at=due_at)
        self._wake("sync", at=due_at)
        early = set(early)
        return [offer for offer in offers if offer not in early]

    def _without_unknown_sales(self, offers):
        """What the channel sold and no sales order counts explains that it holds less: adding it again would sell it twice.

        :return: list of Offer
        """
        less = [offer for offer in offers if offer.found < offer.quantity]
        if not less:
            return offers
        if self.env["order.channel.failure"].search_count(
            [("channel_id", "=", self.id), ("kind", "=", "order"), ("state", "=", "open")], limit=1
        ):
            explained = set(less)  # by orders that nobody could read, perhaps
        else:
            sold = self._sold_uncounted([offer.listing.id for offer in less])
            explained = {offer for offer in less if offer.found + sold.get(offer.listing.id, 0) == offer.quantity}
        return [offer for offer in offers if offer not in explained]

    def _sold_uncounted(self, listing_ids):
        """``{listing id: units}`` of orders since the last push that became no sales order: the channel had shipped them
        already."""
        Line = self.env["order.channel.order.line"]
        Line.flush_model(["listing_id", "quantity", "cancelled_quantity", "fulfilled_by", "order_id"])
        self.env["order.channel.order"].flush_model(["placed_at", "status"])
        self.env["sale.order"].flush_model(["channel_order_id"])
        # SQL: each listing has a time of its own to count from
        rows = self.env.execute_query(
            SQL(
                """
                SELECT listing.id, LEAST(SUM(line.quantity - COALESCE(line.cancelled_quantity, 0)), 2147483647)::int
                  FROM order_channel_listing listing
                  JOIN order_channel_order_line line ON line.listing_id = listing.id
                  JOIN order_channel_order ordered ON ordered.id = line.order_id
                 WHERE listing.id = ANY(%s) AND ordered.placed_at >= date_trunc('second', listing.pushed_at)
                   AND ordered.status <> 'cancelled' AND line.fulfilled_by IS DISTINCT FROM 'marketplace'
                   AND NOT EXISTS (SELECT 1 FROM sale_order sale WHERE sale.channel_order_id = ordered.id)
                 GROUP BY listing.id
                """,
                listing_ids,
            )
        )
        return dict(rows)

    def _fought_offers(self, offers):
        """Those that were set several times already, each time to the same as now or from the same as now."""
        self.env["order.channel.stock.push"].flush_model()
        # SQL: the latest few of each listing
        rows = self.env.execute_query(
            SQL(
                """
                SELECT latest.listing_id
                  FROM (SELECT listing_id, quantity, found_quantity,
                               row_number() OVER (PARTITION BY listing_id ORDER BY id DESC) AS place
                          FROM order_channel_stock_push
                         WHERE listing_id = ANY(%(ids)s) AND drift AND create_date > %(since)s) latest
                  JOIN unnest(%(ids)s::int[], %(found)s::int[], %(quantities)s::int[]) AS offer(id, found, quantity)
                    ON offer.id = latest.listing_id
                 WHERE latest.place <= %(most)s
                 GROUP BY latest.listing_id
                HAVING count(*) = %(most)s
                   AND bool_and(latest.found_quantity = offer.found OR latest.quantity = offer.quantity)
                """,
                ids=[offer.listing.id for offer in offers],
                found=[offer.found for offer in offers],
                quantities=[offer.quantity for offer in offers],
                since=fields.Datetime.now() - HEALS_WITHIN,
                most=MOST_HEALS,
            )
        )
        ids = {listing_id for (listing_id,) in rows}
        return {offer for offer in offers if offer.listing.id in ids}

    def _say_fought(self, run, offers):
        """Put on record that somebody else changes these quantities: once, until they are set again."""
        said = self.env["order.channel.failure"].search(
            [
                ("channel_id", "=", self.id),
                ("kind", "=", "stock"),
                ("state", "=", "open"),
                ("reason_code", "=", FOUGHT),
                ("external_ref", "in", [offer.listing.external_id for offer in offers]),
            ]
        )
        refs = set(said.mapped("external_ref"))
        entries = {
            offer.listing.external_id: (
                offer.listing,
                {"found": offer.found, "quantity": offer.quantity, "times": MOST_HEALS},
            )
            for offer in offers
            if offer.listing.external_id not in refs
        }
        failures = self._record_failures(
            "stock",
            run,
            [
                (ref, FOUGHT, {**params, "item": listing.display_name}, None)
                for ref, (listing, params) in entries.items()
            ],
        )
        failures.next_try_at = fields.Datetime.now() + HEALS_WITHIN
        for failure in failures:
            failure.listing_id = entries[failure.external_ref][0]
