"""What the tests of stock and shipping share: a live channel whose marketplace is a fake in memory."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from unittest.mock import patch

from odoo import Command, fields

from odoo.addons.order_channel_mapping.connectors.records import PushResult, PushStatus
from odoo.addons.order_channel_mapping.tools.guard import internal

from tests.common import ChannelCase

_numbers = count(1)


class FakeConnector:
    """Takes quantities and parcels. ``answers`` overrides what it says about an external id; ``before_call`` is run
    in place of the network."""

    stock_batch = 250

    def __init__(self):
        self.calls = 0
        self.batches = []  # [[StockLevel]]
        self.sent = []  # [(method, arguments)]
        self.held = {}  # {external id: quantity}, as the marketplace knows it
        self.answers = {}  # {external id or order id: PushResult or exception}
        self.before_call = lambda: None

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        pass

    def _answer(self, ref, default):
        self.calls += 1
        self.before_call()
        answer = self.answers.get(ref, default)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def push_stock(self, levels):
        levels = list(levels)
        self.calls += 1
        self.before_call()
        self.batches.append(levels)
        results = []
        for level in levels:
            result = self.answers.get(level.external_id) or PushResult(level.external_id)
            if isinstance(result, Exception):
                raise result
            if result.status in (PushStatus.OK, PushStatus.PENDING):
                self.held[level.external_id] = level.quantity
            results.append(result)
        return results

    def ship(self, shipment):
        self.sent.append(("ship", shipment))
        return self._answer(shipment.order_id, PushResult(shipment.order_id, ref=f"F-{len(self.sent)}"))

    def update_tracking(self, fulfillment_ref, shipment):
        self.sent.append(("update_tracking", fulfillment_ref, shipment))
        return self._answer(fulfillment_ref, PushResult(shipment.order_id, ref=fulfillment_ref))

    def cancel(self, order_id, reason):
        self.sent.append(("cancel", order_id, reason))
        return self._answer(order_id, PushResult(order_id))

    def poll(self, refs):
        refs = list(refs)
        self.sent.append(("poll", refs))
        return [self._answer(refs[0], PushResult(refs[0], ref=refs[0]))]


class StockCase(ChannelCase):
    """One live channel that pushes stock and tracking, one warehouse, a customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.new_company("Channel Stock Test")
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.company.ids})
        cls.warehouse = cls.env["stock.warehouse"].search([("company_id", "=", cls.company.id)], limit=1)
        cls.stock = cls.warehouse.lot_stock_id
        cls.customer = cls.env["res.partner"].create({"name": "Buyer"})
        cls.customers = cls.env.ref("stock.stock_location_customers")
        cls.account = cls.env["order.channel.account"].create(
            {"name": "Shop", "provider": "shopify", "company_id": cls.company.id}
        )
        cls.channel = cls.make_channel("Shop")
        cls.Change = cls.env["order.channel.stock.change"]
        cls.Push = cls.env["order.channel.stock.push"]

    def setUp(self):
        super().setUp()
        self.connector = FakeConnector()
        self.startPatcher(
            patch.object(type(self.env["order.channel"]), "_get_connector", lambda channel: self.connector)
        )

    # === FIXTURES === #

    @classmethod
    def make_channel(cls, name, **values):
        channel = cls.env["order.channel"].create(
            {
                "name": name,
                "account_id": cls.account.id,
                "company_id": cls.company.id,
                "warehouse_id": cls.warehouse.id,
                "state": "live",
                "push_stock": True,
                "push_tracking": True,
                **values,
            }
        )
        cls.env["order.channel.location"].create({"channel_id": channel.id, "external_id": "L1", "name": "Shop"})
        # what a first full pass would do is not what these tests are about
        channel.stock_full_at = channel.orders_checked_at = fields.Datetime.now()
        return channel

    @classmethod
    def make_product(cls, name="Thing", on_hand=0.0, location=None, **values):
        product = cls.env["product.product"].create({"name": name, "is_storable": True, **values})
        if on_hand:
            cls.put(product, on_hand, location)
        return product

    @classmethod
    def put(cls, product, quantity, location=None):
        cls.env["stock.quant"]._update_available_quantity(product, location or cls.stock, quantity)

    @classmethod
    def make_listing(cls, *components, channel=None, settled=True, **values):
        """A listing that stands for ``components``: products, or pairs of product and pieces."""
        channel = channel or cls.channel
        external_id = f"item-{next(_numbers)}"
        listing = cls.env["order.channel.listing"].create(
            {
                "channel_id": channel.id,
                "company_id": channel.company_id.id,
                "external_id": external_id,
                "name": external_id,
                "stock_ref": f"stock-{external_id}",
                "state": "linked" if components else "unconfirmed",
                **values,
            }
        )
        if components:
            pairs = [item if isinstance(item, tuple) else (item, 1.0) for item in components]
            mapping = cls.env["order.channel.mapping"].create(
                {
                    "listing_id": listing.id,
                    "company_id": channel.company_id.id,
                    "method": "manual",
                    "line_ids": [
                        Command.create({"product_id": product.id, "quantity": pieces}) for product, pieces in pairs
                    ],
                }
            )
            if settled:
                mapping.started_at = fields.Datetime.now() - timedelta(hours=1)
            single = pairs[0] if len(pairs) == 1 else (cls.env["product.product"], 0.0)
            listing.write({"mapping_id": mapping.id, "product_id": single[0].id, "product_quantity": single[1]})
        return listing

    @classmethod
    def make_sale(cls, *lines, channel=None, confirm=False, warehouse=None, **values):
        """A sales order of ``lines``: pairs of product and quantity, or dicts of line values."""
        order = cls.env["sale.order"].create(
            {
                "partner_id": cls.customer.id,
                "warehouse_id": (warehouse or cls.warehouse).id,
                "order_channel_id": channel.id if channel else False,
                "order_line": [
                    Command.create(
                        line if isinstance(line, dict) else {"product_id": line[0].id, "product_uom_qty": line[1]}
                    )
                    for line in lines
                ],
                **values,
            }
        )
        if confirm:
            order.action_confirm()
        return order

    # === ACTS === #

    def settle(self):
        """End of a user's transaction: what is collected until then is written."""
        self.env.cr.flush()

    def dispatch(self):
        self.settle()
        self.Change._cron_dispatch()

    def offers(self, *listings, channel=None):
        """The quantities that these listings may offer now."""
        channel = channel or self.channel
        offers = channel._offers(self.env["order.channel.listing"].union(*listings))
        return [offers[listing.id].quantity for listing in listings]

    @contextmanager
    def own_transactions(self):
        """The channel on a cursor that commits and rolls back for itself, as in a cron."""
        self.settle()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            yield self.channel.with_env(self.env(cr=cr))
        self.env.invalidate_all()

    def push(self):
        """One pass of stock; marks are dispatched before."""
        self.dispatch()
        with self.own_transactions() as channel:
            channel._push_stock()

    @contextmanager
    def killed(self, where, name):
        """The process dies when ``where.name`` is called: nothing after that runs, and nothing is committed.

        Not ``assertRaises``: in a TransactionCase it would roll back what was committed before, too.
        """

        class Killed(BaseException):
            pass

        def die(*args, **kwargs):
            raise Killed

        with patch.object(where, name, die):
            try:
                yield
            except Killed:
                return
        self.fail(f"{name} was not called")

    def push_outbox(self):
        with self.own_transactions() as channel:
            channel._push_outbox()

    def marks(self):
        """(marked products, marked listings), as they stand in the table."""
        self.env.cr.execute("SELECT product_id, listing_id FROM order_channel_stock_change ORDER BY id")
        rows = self.env.cr.fetchall()
        return {row[0] for row in rows if row[0]}, {row[1] for row in rows if row[1]}


class OutboxCase(StockCase):
    """Channel orders with their sales orders, made as the projection makes them."""

    def make_channel_order(self, *lines, ref="O-1"):
        """:param lines: (listing, units); the sales order gets one line for each component"""
        order = self.env["order.channel.order"].create(
            {
                "channel_id": self.channel.id,
                "company_id": self.company.id,
                "external_id": ref,
                "number": ref,
                "status": "open",
                "placed_at": fields.Datetime.now(),
            }
        )
        sale_lines = []
        for number, (listing, units) in enumerate(lines, 1):
            line = self.env["order.channel.order.line"].create(
                {
                    "order_id": order.id,
                    "channel_id": self.channel.id,
                    "company_id": self.company.id,
                    "external_id": f"{ref}-{number}",
                    "kind": "product",
                    "listing_id": listing.id,
                    "mapping_id": listing.mapping_id.id,
                    "quantity": units,
                }
            )
            sale_lines += [
                Command.create(
                    {
                        "product_id": component.product_id.id,
                        "product_uom_qty": component.quantity * units,
                        "channel_order_line_id": line.id,
                    }
                )
                for component in listing.mapping_id.line_ids
            ]
        internal(self.env["sale.order"]).create(
            {
                "partner_id": self.customer.id,
                "warehouse_id": self.warehouse.id,
                "order_channel_id": self.channel.id,
                "channel_order_id": order.id,
                "order_line": sale_lines,
            }
        )
        order.sale_order_ids.action_confirm()
        return order

    def deliver(self, order, quantities=None, number=None):
        """Validate the order's open delivery.

        :param quantities: ``{product: pieces}`` that leave now, None: all
        """
        picking = order.sale_order_ids.picking_ids.filtered(
            lambda picking: picking.picking_type_code == "outgoing" and picking.state not in ("done", "cancel")
        )
        picking.action_assign()
        for move in picking.move_ids:
            move.quantity = move.product_uom_qty if quantities is None else quantities.get(move.product_id, 0)
            move.picked = bool(move.quantity)
        if number:
            picking.carrier_tracking_ref = number
        picking.with_context(skip_backorder=True, skip_sms=True).button_validate()
        self.assertEqual(picking.state, "done")
        return picking

    def commands(self, order):
        return self.env["order.channel.command"].search([("order_id", "=", order.id)], order="id")

    def sent_lines(self, index=-1):
        """``{order line id: quantity}`` of a parcel that the marketplace was told of."""
        return {line.external_id: line.quantity for line in self.connector.sent[index][1].lines}
