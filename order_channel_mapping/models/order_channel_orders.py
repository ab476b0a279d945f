import time
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from odoo import fields, models
from odoo.tools import SQL

from ..connectors.attributes import shown
from ..connectors.base import ConnectorError
from ..connectors.records import FulfillmentStatus, LineKind, Order, OrderStatus
from ..connectors.storable import storable
from ..tools.addresses import names_pickup, normalize_email
from ..tools.clock import exact_now
from ..tools.digest import ORDER_IGNORED, is_same_form, order_digest, to_json
from ..tools.general_title import general_title
from ..tools.normalize import custom_listing_key, normalize_sku, title_key
from .order_channel_fetch import UTC, Overtaken
from .order_channel_items import OVERLAP

#: kinds of lines that sell a listing; the others are booked on the addon's own service products
LISTING_KINDS = (LineKind.PRODUCT, LineKind.GIFT_CARD)
STORED_FIELDS = frozenset({"lines", *ORDER_IGNORED})


def naive_utc(moment):
    """A moment as Odoo stores it."""
    return moment and moment.astimezone(UTC).replace(tzinfo=None)


class OrderChannel(models.Model):
    """The way of an order: from the channel's pages to channel orders and draft sales orders."""

    _inherit = "order.channel"

    orders_phase = fields.Selection(
        [("open", "Open orders first"), ("all", "All orders")], readonly=True, copy=False, default="open"
    )

    def _sync_orders(self, deadline=None):
        """Fetch orders page by page; at the first connect the open ones come first and history fills in behind them.

        :param deadline: ``time.monotonic()`` value at which to leave the rest to the next pass; None: all now
        """
        self.ensure_one()
        started_at = exact_now()
        self._repeatable(self._map_waiting_lines)
        self._repeatable(self._release_due)
        since, cursor, phase, fetch, run = self._repeatable(self._begin_orders_fetch)
        try:
            with self._get_connector() as connector:
                pages = connector.iter_orders(since=since, cursor=cursor, only_open=phase == "open")
                complete = self._fetch_pages(
                    "orders", fetch, pages, connector, run, self._take_orders, deadline, watermark=phase != "open"
                )
                if complete and phase != "open":
                    self._retry_failures(connector, run, deadline)
                    self._recheck_known(connector, run, deadline)
            if not complete:
                self._wake("sync")
                self._commit()
                self._process_ready(run, deadline)
                return run
            self._repeatable(self._finish_orders_fetch, fetch, started_at)
        except ConnectorError as error:
            self._rollback()
            self._repeatable(self._handle_connector_error, error, run)
            return run
        except Overtaken:
            self._rollback()
            return run
        if phase != "open":
            self._process_ready(run, deadline)
        self._repeatable(run._close)
        if phase != "open":
            return run
        if deadline and time.monotonic() > deadline:  # history is the next pass's
            self._repeatable(self._request_run, ["orders"])
            return run
        return self._sync_orders(deadline)

    def _map_waiting_lines(self):
        """Let orders go on whose items were linked by a transaction that did not see them; one that fails holds up nothing."""
        if self.env["order.channel.batch"]._releasing(self):
            return
        failed = self.env["order.channel.order.line"]._find_waiting([("channel_id", "=", self.id)])._go_on_isolated()
        entries = [(lines.order_id.external_id, *self._blame(error), None) for lines, error in failed]
        self._record_failures("order", None, entries)

    def _begin_orders_fetch(self):
        """Go on where a fetch was left, or start at the watermark less an overlap, at first at the channel's start date.

        :return: (since, cursor or None, phase, number of the fetch, run)
        """
        self._begin_clock("orders")
        if not self.orders_cursor:
            self.orders_fetch += 1
            start = self.orders_watermark and self.orders_watermark - OVERLAP
            start = start or self.order_start or fields.Datetime.now() - timedelta(days=90)
            if self.orders_since != start:
                self.orders_since = start
        phase = self.orders_phase
        run = self._open_run("orders", full=phase == "open")
        return self.orders_since.replace(tzinfo=UTC), self.orders_cursor or None, phase, self.orders_fetch, run

    def _finish_orders_fetch(self, fetch, started_at):
        """A fetch is complete: what the channel had when it began is in, so stock may be pushed on it (rule 6)."""
        self._own_fetch("orders", fetch, SQL("orders_fetch = orders_fetch + 1"))
        self.write({"orders_cursor": False, "orders_checked_at": started_at, "orders_phase": "all"})
        self._set_health("ok")

    def _ingest_orders(self, orders, run):
        """Take in orders and count them on the run. Writes nothing for unchanged revisions.

        :param orders: iterable of :class:`connectors.records.Order`
        """
        self.ensure_one()
        self._ingest("orders", list(orders), run, self._take_orders)

    def _take_orders(self, orders, unread=()):
        """Tell new, changed and unchanged orders apart with one query and write the first two in batches.

        :return: (Counter, ``[(order, exception)]``)
        """
        counts = Counter()
        latest = {order.external_id: order for order in orders}
        counts["skip:repeated"] = len(orders) - len(latest)
        known = {
            order.external_id: order
            for order in self.env["order.channel.order"].search_fetch(
                [("channel_id", "=", self.id), ("external_id", "in", list(latest))],
                ["external_id", "revision", "gone"],
                order="id",
            )
        }
        places = cache(self._own_places)
        seen, odd = self._each(
            latest.values(), lambda order: self._look_at_order(order, known.get(order.external_id), places)
        )
        counts.update(rule for rule in seen if isinstance(rule, str))
        changed = {found.order.external_id: found for found in seen if not isinstance(found, str)}
        written, failed = self._isolated(
            [found.order for found in changed.values()], lambda batch: self._write_orders(batch, known, changed)
        )
        return counts + written, odd + failed

    def _look_at_order(self, order, known, places):
        """What is to be done with an order.

        :param known: the channel order that it is known by, or None
        :param places: function that gives the channel's locations, see :meth:`_own_places`
        :return: the counter of what is not taken in, or the _ChangedOrder to write
        """
        revision = order_digest(order)
        if known and known.revision == revision and not known.gone:
            return "unchanged"
        rule = None if known else self._skip_rule(order)
        if rule:
            return f"skip:{rule}"
        order, notes = storable(order)
        return _ChangedOrder(self._routed(order, places()), notes, revision)

    def _skip_rule(self, order):
        """The rule by which a new order is left out, or None."""
        if order.skip:
            return "status"
        if order.test and not self.import_test_orders:
            return "test"
        placed_at = naive_utc(order.placed_at)
        if self.order_start and placed_at and placed_at < self.order_start:
            return "before_start"
        return None

    # === WRITE === #

    def _write_orders(self, batch, known, changed):
        """Upsert channel orders and their lines in batches, then bring their sales orders in line.

        :param changed: ``{external id: _ChangedOrder}``, of these and others
        """
        self._note_payment_methods(batch)
        self._note_locations(batch)
        listings = self._listings_of_lines(batch)
        projected = [order for order in batch if self._is_projected(order)]
        partners = self._buyers_to_partners(projected) if projected else {}
        to_create, updated = [], []
        for order in batch:
            values = self._order_values(changed[order.external_id])
            if order.external_id in partners:
                values["partner_id"] = partners[order.external_id][0].id
            if order.external_id in known:
                updated.append((known[order.external_id], order, values))
            else:
                lines = self._lines_values(order, listings)
                to_create.append({**values, "line_ids": [fields.Command.create(line) for line in lines]})
        created = self.env["order.channel.order"].create(to_create)
        events = [(order, "imported", None, None) for order in created]
        events += [(order, "adjusted", {"adjusted": order.adjusted}, None) for order in created if order.adjusted]
        events += [(order, "vat_kept", {"vat": order.buyer_vat}, None) for order in created if order._has_other_vat()]
        revised = self.env["order.channel.order"].union(*(known_order for known_order, __, __ in updated))
        new_lines = []
        for known_order, order, values in updated:
            adjusted = values["adjusted"] if values["adjusted"] != known_order.adjusted else False
            is_read_again = not is_same_form(known_order.revision, values["revision"])  # since an upgrade
            changed, lines = known_order._update_from_channel(values, self._lines_values(order, listings))
            if changed["changes"] or not is_read_again:
                events.append((known_order, "revised", changed, None))
            if adjusted:
                events.append((known_order, "adjusted", {"adjusted": adjusted}, None))
            new_lines += lines
        self.env["order.channel.order.line"].create(new_lines)
        self.env["order.channel.event"]._log(events)
        (created + revised)._project(partners)
        self.env.flush_all()  # a bad value shows here, inside the batch's savepoint
        return Counter(created=len(created), updated=len(revised))

    @staticmethod
    def _is_projected(order):
        """Whether an order needs a sales order: open, and not wholly shipped before Odoo knew of it."""
        return (
            order.status == OrderStatus.OPEN
            and order.fulfillment_status != FulfillmentStatus.FULFILLED
            and order.fulfilled_by == "seller"
        )

    def _order_values(self, changed):
        order = changed.order
        data = {name: value for name, value in to_json(order).items() if name not in STORED_FIELDS}
        buyer = order.buyer
        marketplace_tax = sum(
            (tax.amount for line in order.lines for tax in line.taxes if tax.collected_by.value == "marketplace"),
            Decimal(0),
        )
        return {
            "channel_id": self.id,
            "company_id": self.company_id.id,
            "external_id": order.external_id,
            "number": order.number or order.external_id,
            "revision": changed.revision,
            "status": order.status.value,
            "payment_status": order.payment_status.value,
            "fulfillment_status": order.fulfillment_status.value,
            "fulfilled_by": order.fulfilled_by,
            "placed_at": naive_utc(order.placed_at),
            "remote_updated_at": naive_utc(order.updated_at),
            "ship_by": naive_utc(order.ship_by),
            "currency_code": order.currency,
            "amount_total": float(order.total),
            "amount_marketplace_tax": float(marketplace_tax),
            "prices_include_tax": order.prices_include_tax,
            "buyer_ref": buyer and buyer.ref,
            "buyer_email": normalize_email(buyer.email) if buyer else False,
            "buyer_name": buyer and buyer.name,
            "buyer_company": self._buyer_company(order),
            **self.env["order.channel.order"]._fact_values(order),
            "hold": order.hold,
            "hold_until": naive_utc(order.hold_until),
            "hold_for_payment": order.hold_for_payment,
            "pickup": order.pickup or names_pickup(order.shipping_method),
            "gone": False,
            "test": order.test,
            "data": data,
            "payload": order.raw or False,
            "adjusted": changed.notes or False,
        }

    def _lines_values(self, order, listings):
        """Values of ``order.channel.order.line``; a line of a linked listing is given its mapping here and keeps it."""
        result = []
        for sequence, line in enumerate(order.lines):
            listing = listings.get((order.external_id, line.external_id))
            result.append(
                {
                    "channel_id": self.id,
                    "company_id": self.company_id.id,
                    "sequence": sequence,
                    "external_id": line.external_id,
                    "kind": line.kind.value,
                    "listing_id": listing.id if listing else False,
                    "mapping_id": listing.mapping_id.id if listing else False,
                    "sku": line.sku,
                    "name": line.name,
                    "quantity": float(line.quantity),
                    "fulfilled_quantity": float(line.fulfilled_quantity),
                    "cancelled_quantity": float(line.cancelled_quantity),
                    "subtotal": float(line.subtotal),
                    "discount": float(line.discount),
                    "total": float(line.total),
                    "taxes": to_json(line.taxes) or False,
                    "attributes": to_json(shown(line.attributes)) or False,
                    "physical": line.physical,
                    "fulfilled_by": line.fulfilled_by,
                    "location": line.location,
                    "part_of": line.part_of,
                    "container": line.container,
                }
            )
        return result

    # === LISTINGS OF LINES === #

    @staticmethod
    def _line_listing_keys(line, order):
        """The keys that the listing of a sold line may have: the one that it gets, and the one that a custom item may have
        from before the numbers of orders were left out of titles."""
        if line.item_id:
            return (line.item_id,)
        key = custom_listing_key(line.sku, line.name, order.number)
        return (key,) if key.startswith("sku:") else (key, title_key(line.name))

    def _listings_of_lines(self, batch):
        """The listing of each sold line. What is not known yet is made: a custom item, or an item met in an order
        before it was met in the catalogue (the next fetch of items fills it in).

        :return: ``{(order external id, line external id): listing}``
        """
        lines = [
            (self._line_listing_keys(line, order), line, order)
            for order in batch
            for line in order.lines
            if line.kind in LISTING_KINDS
        ]
        if not lines:
            return {}
        Listing = self.env["order.channel.listing"]
        found = Listing.search_fetch(
            [("channel_id", "=", self.id), ("external_id", "in", list({key for keys, *__ in lines for key in keys}))],
            ["external_id", "mapping_id"],
            order="id",
        )
        listings = {listing.external_id: listing for listing in found}
        missing = {keys[0]: (line, order) for keys, line, order in lines if listings.keys().isdisjoint(keys)}
        if missing:
            currencies = self._currency_ids({order.currency for __, order in missing.values() if order.currency})
            created = Listing.create(
                [self._listing_values_from_line(key, line, order, currencies) for key, (line, order) in missing.items()]
            )
            if self.auto_link:
                created._auto_link()
            else:
                created._hint_links()
            listings.update({listing.external_id: listing for listing in created})
        return {
            (order.external_id, line.external_id): listings.get(keys[-1]) or listings[keys[0]]
            for keys, line, order in lines
        }

    def _listing_values_from_line(self, key, line, order, currencies):
        return {
            "channel_id": self.id,
            "company_id": self.company_id.id,
            "external_id": key,
            "kind": "item" if line.item_id else "custom",
            "sku": line.sku,
            "sku_key": normalize_sku(line.sku),
            "name": (general_title(line.name, order.number) if key.startswith("line:") else line.name)
            or line.sku
            or key,
            "price": float(line.subtotal / line.quantity) if line.quantity else 0.0,
            "currency_id": currencies.get(order.currency) or self.currency_id.id,
            "physical": line.physical,
            # another location ships this order, not the item whenever it is sold
            "fulfilled_by": "marketplace" if line.fulfilled_by == "marketplace" else "seller",
        }


class _ChangedOrder(NamedTuple):
    """An order as it can be stored, what was done to it for that, and its revision."""

    order: Order
    notes: dict
    revision: str
