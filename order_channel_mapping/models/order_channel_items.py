import json
from collections import Counter
from datetime import timedelta
from typing import NamedTuple

from odoo import fields, models
from odoo.tools import SQL

from ..connectors.base import ConnectorError
from ..connectors.records import Item
from ..connectors.storable import storable
from ..tools.clock import exact_now, is_over
from ..tools.digest import item_digest
from ..tools.normalize import barcode_key, normalize_sku
from .order_channel_fetch import UTC, Overtaken
from .order_channel_stock_seen import ASKED_AT, SEEN_FIELDS

#: the next fetch starts this much before the watermark, because marketplaces' clocks and indexes lag
OVERLAP = timedelta(minutes=2)
#: an incremental fetch never learns of removed items: a full one does, this often
FULL_EVERY = timedelta(days=1)


class OrderChannel(models.Model):
    """The way of an item: from the channel's pages to listings."""

    _inherit = "order.channel"

    def _sync_items(self, deadline=None):
        """Fetch items page by page, each in a transaction of its own with the cursor saved in it.

        :param deadline: ``time.monotonic()`` value at which to leave the rest to the next pass; None: all now
        """
        self.ensure_one()
        since, cursor, fetch, run = self._repeatable(self._begin_items_fetch)
        try:
            with self._get_connector() as connector:
                pages = connector.iter_items(since=since.replace(tzinfo=UTC) if since else None, cursor=cursor or None)
                pages = _TimedPages(pages)

                def take(items, unread):
                    return self.with_context(**{ASKED_AT: pages.asked_at})._take_items(items, unread)

                complete = self._fetch_pages("items", fetch, pages, connector, run, take, deadline)
            if complete:
                self._link_after_fetch(deadline)
                self._repeatable(self._finish_items_fetch, fetch, run)
                self._repeatable(self._catalogue_after_fetch)
            else:
                self._wake("items")
                self._commit()
        except ConnectorError as error:
            self._rollback()
            self._repeatable(self._handle_connector_error, error, run)
        except Overtaken:
            self._rollback()
        return run

    def _begin_items_fetch(self):
        """Go on where a fetch was left, or decide what to fetch: everything at first and once a day, else what changed.

        :return: (since or None, cursor or None, number of the fetch, run)
        """
        if not self.items_linked_at:
            self.items_linked_at = fields.Datetime.now()
        self._begin_clock("items")
        if not self.items_cursor:
            self.items_fetch += 1
            full_due = is_over(self.items_full_at, FULL_EVERY, fields.Datetime.now())
            since = False if full_due or not self.items_watermark else self.items_watermark - OVERLAP
            if self.items_since != since:
                self.items_since = since
            self.env.cr.execute(SQL("DELETE FROM order_channel_seen WHERE channel_id = %s", self.id))
        since = self.items_since and self.items_since.replace(tzinfo=UTC)
        return since or None, self.items_cursor or None, self.items_fetch, self._open_run("items", full=not since)

    def _fetch_all_items(self):
        """Have the next fetch of items be a full one."""
        self.write({"items_full_at": False, "items_cursor": False})

    def _finish_items_fetch(self, fetch, run):
        """Close a complete fetch; a full one marks as gone what it did not meet."""
        self._own_fetch("items", fetch, SQL("items_fetch = items_fetch + 1"))
        now = fields.Datetime.now()
        values = {"items_cursor": False, "items_checked_at": now}
        if not self.items_since:
            values["items_full_at"] = now
            self._mark_gone()
        self.write(values)
        self._set_health("ok")
        run._close()

    def _mark_gone(self):
        """Mark as gone the items that a complete full pass did not meet. They keep their mapping: late orders need it.

        SQL, and EXCEPT in it: the planner knows nothing yet of rows that this pass wrote, and takes a join of them for a
        loop in a loop.
        """
        self.env["order.channel.listing"].flush_model(["channel_id", "kind", "gone"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE order_channel_listing SET gone = TRUE
                 WHERE id IN (SELECT id FROM order_channel_listing
                               WHERE channel_id = %(channel)s AND kind = 'item' AND gone IS NOT TRUE
                              EXCEPT
                              SELECT jsonb_array_elements_text(listing_ids)::int
                                FROM order_channel_seen WHERE channel_id = %(channel)s)
                """,
                channel=self.id,
            )
        )
        self.env.cr.execute(SQL("DELETE FROM order_channel_seen WHERE channel_id = %s", self.id))
        self.env["order.channel.listing"].invalidate_model(["gone"])

    # === INGEST === #

    def _ingest_items(self, items, run):
        """Take in items and count them on the run. Writes nothing for what is unchanged.

        :param items: iterable of :class:`connectors.records.Item`
        """
        self.ensure_one()
        self._ingest("items", list(items), run, self._take_items)

    def _take_items(self, items, unread=()):
        """Tell new, changed and unchanged items apart with one query, write the first two in batches, link the new ones.

        :return: (Counter, ``[(item, exception)]``)
        """
        # what is read below, and no more: each page begins with an empty cache
        self.fetch(["state", "company_id", "currency_id", "auto_link", "items_since", "push_stock"])
        counts = Counter()
        latest = {item.external_id: item for item in items}
        counts["skip:repeated"] = len(items) - len(latest)
        Listing = self.env["order.channel.listing"]
        known = {
            listing.external_id: listing
            for listing in Listing.search_fetch(
                [("channel_id", "=", self.id), ("external_id", "in", list(latest))],
                ["external_id", "digest", "gone", *SEEN_FIELDS],
                order="id",
            )
        }
        seen, odd = self._each(latest.values(), lambda item: self._look_at_item(item, known.get(item.external_id)))
        counts.update(rule for rule in seen if isinstance(rule, str))
        changed = [item for item in seen if not isinstance(item, str)]
        written, failed = self._isolated(changed, lambda batch: self._write_listings(batch, known))
        self._note_quantities(latest.values(), known)
        if not self.items_since:
            ids = [listing.id for listing in known.values()]
            self._note_seen(ids, {*latest, *unread} - known.keys())  # what could not be read is there all the same
        return counts + written, odd + [(changed.item, error) for changed, error in failed]

    def _look_at_item(self, item, listing):
        """What is to be done with an item.

        :param listing: the one that it is known by, or None
        :return: the counter of what is not taken in, or the _ChangedItem to write
        """
        digest = item_digest(item)
        if listing and listing.digest == digest and not listing.gone:
            return "unchanged"
        if not listing and self.state == "closing":
            return "skip:closing"
        if not listing and item.skip:
            return "skip:not_sold"
        return _ChangedItem(*storable(item), digest)

    def _note_seen(self, listing_ids, external_ids):
        """One INSERT a page; only a full pass needs it.

        :param listing_ids: of what was known before
        :param external_ids: what else the page names
        """
        self.env["order.channel.listing"].flush_model(["channel_id", "external_id"])
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO order_channel_seen (channel_id, listing_ids)
                SELECT %(channel)s, %(known)s::jsonb || COALESCE(jsonb_agg(id), '[]')
                  FROM order_channel_listing WHERE channel_id = %(channel)s AND external_id = ANY(%(others)s)
                """,
                channel=self.id,
                known=json.dumps(listing_ids),
                others=list(external_ids),
            )
        )

    def _write_listings(self, batch, known):
        """Create and update listings in batches, then link the new ones where the channel says so."""
        Listing = self.env["order.channel.listing"]
        currencies = self._currency_ids({record.item.currency for record in batch if record.item.currency})
        own = {"channel_id": self.id, "company_id": self.company_id.id}
        to_create = []
        counts = Counter()
        for record in batch:
            values = self._listing_values(record.item, record.digest, currencies)
            values["adjusted"] = record.notes or False
            listing = known.get(record.item.external_id)
            if not listing:
                to_create.append({**values, **self._seen_values(record.item), **own})
                continue
            if listing.state == "linked" and listing.sku_key != values["sku_key"]:
                values["to_review"] = True  # the channel now calls by this SKU what may be another thing
            listing.write(values)
            counts["updated"] += 1
        created = Listing.create(to_create)
        counts["created"] += len(created)
        updated = Listing.union(
            *(known[record.item.external_id] for record in batch if record.item.external_id in known)
        ).filtered(lambda listing: listing.state == "unconfirmed")
        if self.auto_link:
            counts["linked"] += len(created._auto_link(new=True)) + len(updated._auto_link())
        else:
            (created + updated)._hint_links()
        self.env.flush_all()  # a bad value shows here, inside the batch's savepoint
        return counts

    def _listing_values(self, item, digest, currencies):
        return {
            "external_id": item.external_id,
            "kind": "item",
            "parent_ref": item.parent_id,
            "sku": item.sku,
            "sku_key": normalize_sku(item.sku),
            "name": item.name or item.sku or item.external_id,
            "barcode": item.barcode,
            "barcode_key": barcode_key(item.barcode),
            "price": float(item.price or 0),
            "currency_id": currencies.get(item.currency) or self.currency_id.id,
            "attributes": dict(item.attributes) or False,
            "url": item.url,
            "image_url": item.image_url,
            "physical": item.physical,
            "fulfilled_by": item.fulfilled_by,
            "on_sale": item.active,
            "stock_ref": item.stock_ref,
            "remote_updated_at": item.updated_at and item.updated_at.astimezone(UTC).replace(tzinfo=None),
            "digest": digest,
            "payload": item.raw or False,
            "gone": False,
        }

    def _currency_ids(self, codes):
        """``{ISO code: currency id}``, inactive currencies included."""
        if not codes:
            return {}
        currencies = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search_fetch(
                [("name", "in", list(codes))], ["name", "rounding", "decimal_places"]
            )  # prices need all three
        )
        return {currency.name: currency.id for currency in currencies}


class _TimedPages:
    """Pages, and when the last one was asked for: what it says of quantities may be older than it came."""

    def __init__(self, pages):
        self._pages = iter(pages)
        self.asked_at = None

    def __iter__(self):
        return self

    def __next__(self):
        self.asked_at = exact_now()
        return next(self._pages)


class _ChangedItem(NamedTuple):
    """An item as it can be stored, what was done to it for that, and its digest: so that halving a batch works none out
    again."""

    item: Item
    notes: dict
    digest: str
