"""What the tests of corrections share: a listing that stood for the wrong product, and orders of it."""

from odoo.addons.order_channel_mapping.connectors.records import LineKind

from tests.integration.orders_common import OrderCase

CHANNEL_USER = "order_channel_mapping.group_channel_user"


class CorrectionCase(OrderCase):
    """The listing stands for tea; the right product is the mug."""

    shipping_kind = LineKind.SHIPPING

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.warehouse_id = cls.channel.warehouse_id
        cls.stock = cls.warehouse_id.lot_stock_id
        cls.coffee = cls.env["product.product"].create(
            {"name": "Coffee", "default_code": "COFFEE-1", "is_storable": True, "list_price": 7, "taxes_id": False}
        )
        cls.clerk = cls.new_user("correct_clerk", CHANNEL_USER, name="Clara Clerk")
        cls.keeper = cls.new_user("correct_keeper", f"{CHANNEL_USER},stock.group_stock_user", name="Kim Keeper")
        for product in cls.tea + cls.mug + cls.coffee:
            cls.env["stock.quant"]._update_available_quantity(product, cls.stock, 100)
        cls.vat19_included = cls.vat19.copy({"name": "19% incl.", "price_include_override": "tax_included"})
        cls.listing = cls.env["order.channel.listing"].create(
            {
                "channel_id": cls.channel.id,
                "company_id": cls.channel.company_id.id,
                "external_id": "item",
                "sku": "SOLD",
                "sku_key": "sold",
                "name": "Sold item",
            }
        )
        cls.listing._link(cls.tea)
        cls.number = 0

    def sell(self, *lines, confirm=False, **values):
        """A sales order of the channel, as it comes in."""
        type(self).number += 1
        self.take(self.order(f"O{self.number}", lines, **values))
        order = self.sale(f"O{self.number}")
        self.assertFalse(order.channel_blocker_ids)
        if confirm:
            order.action_confirm()
            order.picking_ids.action_assign()
        return order

    def relink(self, *components):
        """Change Product on the listing, and what it offers then.

        :return: the correction, to be approved
        """
        pairs = [item if isinstance(item, tuple) else (item, 1.0) for item in components]
        self.listing._link_bundle(pairs)
        return self.correct()

    def correct(self):
        action = self.listing.action_correct_orders()
        return self.env[action["res_model"]].browse(action.get("res_id"))

    def apply(self, batch):
        result = batch.action_apply()
        self.assertEqual(batch.state, "done")
        return result

    def deliver(self, order, quantities=None):
        """Validate the order's open delivery; ``{product: pieces}`` that leave now, None: all."""
        picking = order.picking_ids.filtered(
            lambda picking: picking.picking_type_code == "outgoing" and picking.state not in ("done", "cancel")
        )
        picking.action_assign()
        for move in picking.move_ids.filtered(lambda move: move.state != "cancel"):
            move.quantity = move.product_uom_qty if quantities is None else quantities.get(move.product_id, 0)
            move.picked = bool(move.quantity)
        picking.carrier_tracking_ref = f"1Z{picking.id}"
        picking.with_context(skip_backorder=True, skip_sms=True).button_validate()
        self.assertEqual(picking.state, "done")
        return picking

    def invoice(self, order, quantities):
        """Deliver and invoice all of an order."""
        self.deliver(order)
        invoice = order._create_invoices()
        sold = invoice.invoice_line_ids.filtered(lambda line: line.product_id.is_storable)
        self.assertEqual({line.product_id: line.quantity for line in sold}, quantities)
        return invoice

    def new_lines(self, order):
        """The lines that corrections added."""
        return order.order_line.filtered(
            lambda line: line.channel_order_line_id.listing_id and line.product_uom_qty and not line.channel_mapping_id
        ).sorted("id")

    def open_moves(self, order):
        return order.picking_ids.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))

    def told(self, order):
        """``[{channel line: quantity}]`` of each parcel that the channel is told of."""
        commands = self.env["order.channel.command"].search([("order_id", "=", order.channel_order_id.id)], order="id")
        return [
            {line["external_id"]: float(line["quantity"]) for line in command.payload["lines"]} for command in commands
        ]

    def available(self, *products):
        """What the channel may promise of each product."""
        self.env.flush_all()
        promises = self.channel._promises(self.env["product.product"].union(*products))
        return [promises[product.id].available for product in products]

    def reserved(self, product):
        quants = self.env["stock.quant"].search(
            [("product_id", "=", product.id), ("location_id", "child_of", self.stock.id)]
        )
        return sum(quants.mapped("reserved_quantity"))

    def on_hand(self, product):
        quants = self.env["stock.quant"].search(
            [("product_id", "=", product.id), ("location_id", "child_of", self.stock.id)]
        )
        return sum(quants.mapped("quantity"))

    def places(self, product):
        """``{location: quantity}`` of a product in the warehouse."""
        quants = self.env["stock.quant"].search(
            [("product_id", "=", product.id), ("location_id.usage", "=", "internal")]
        )
        return {quant.location_id: quant.quantity for quant in quants if quant.quantity}

    def assertTotal(self, order, total):
        self.env.flush_all()
        self.assertAlmostEqual(order.amount_total, total, 2)
        self.assertFalse(order.channel_blocker_ids)

    def assertCorrected(self, order, text):
        events = order.channel_event_ids.filtered(lambda event: event.code.startswith("corrected"))
        self.assertEqual(events.line_id, order.channel_order_id.line_ids[:1])
        self.assertIn(text, " ".join(events.mapped("text")))
