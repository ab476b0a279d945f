import json
from collections import defaultdict
from contextlib import suppress

from odoo import fields, models

from ..connectors.records import LineQuantity, Shipment
from ..tools.digest import to_json
from ..tools.promise import TOLERANCE
from .order_channel_shipment import to_decimal
from .product_product import USER_GROUP


class StockPicking(models.Model):
    """The way of a tracking number: a validated delivery, or a number added later, becomes a command in the outbox, in the
    same transaction. Returns become none."""

    _inherit = "stock.picking"

    channel_command_ids = fields.One2many(
        "order.channel.command", "picking_id", string="Channel Commands", readonly=True, groups=USER_GROUP
    )

    def _action_done(self):
        result = super()._action_done()
        self._report_to_channels()
        return result

    def write(self, vals):
        result = super().write(vals)
        if vals.get("carrier_tracking_ref"):
            self._report_to_channels()
        return result

    def _add_delivery_cost_to_so(self):
        """Override of `stock_delivery`: what the carrier takes is the seller's to pay; the buyer paid the channel (rule 5)."""
        self.ensure_one()
        order = self.sudo().sale_id
        if not order._from_marketplaces():
            return super()._add_delivery_cost_to_so()
        if self.carrier_id.invoice_policy == "real" and self.carrier_price:
            order.message_post(
                body=self.env._(
                    "The %(price)s that %(carrier)s takes for %(delivery)s were not added: the buyer paid for shipping at "
                    "%(channel)s.",
                    price=order.currency_id.format(self.carrier_price),
                    carrier=self.carrier_id.name,
                    delivery=self.name,
                    channel=order.order_channel_id.name,
                )
            )
        return None

    def _report_to_channels(self):
        """Write a command for each channel order of each of these deliveries. A delivery that has one and got another
        number becomes an update."""
        delivered = self.sudo().filtered(
            lambda picking: picking.state == "done" and picking.picking_type_code == "outgoing"
        )
        parcels = {}  # in the order of the moves
        for move in delivered.move_ids:
            line = move.sale_line_id.channel_order_line_id
            if move.state == "done" and line:
                parcels[move.picking_id, line.order_id] = True
        if not parcels:
            return
        Command = self.env["order.channel.command"].sudo()
        orders = self.env["order.channel.order"].sudo().union(*(order for __, order in parcels))
        known = Command.search(
            [("order_id", "in", orders.ids), ("kind", "in", ("ship", "update_tracking"))], order="id"
        )
        for picking, order in parcels:
            of_order = known.filtered(lambda command, order=order: command.order_id == order)
            of_parcel = of_order.filtered(lambda command, picking=picking: command.picking_id == picking)
            if of_parcel:
                of_parcel._update_number(picking._channel_tracking())
            else:
                known |= picking._ship_for_channel(order, of_order)

    def _ship_for_channel(self, order, commands):
        """Write the command that tells of this parcel.

        :param order: order.channel.order
        :param commands: those of the same order, this parcel's left out
        :return: the new command; none where a number is awaited or no unit is complete, which the audit trail says
        """
        self.ensure_one()
        if not self.carrier_tracking_ref and not order.channel_id.ship_without_number:
            order._log_event("tracking_awaited", {"delivery": self.name})
            return commands.browse()
        lines = [
            LineQuantity(line.external_id, to_decimal(quantity))
            for line, quantity in self._channel_quantities(order, commands).items()
        ]
        if not lines:
            order._log_event("parcel_incomplete", {"delivery": self.name})
            return commands.browse()
        key = f"ship-{self.id}-{order.id}"
        shipment = Shipment(order.external_id, tuple(lines), idempotency_key=key, **self._channel_tracking())
        return commands._enqueue("ship", order, key, to_json(shipment), picking_id=self.id)

    def _channel_tracking(self):
        """Number, carrier and address of a parcel, as ``Shipment`` names them."""
        self.ensure_one()
        url = self.carrier_tracking_url or None
        with suppress(TypeError, ValueError, IndexError, KeyError):  # one address as it is, or several parcels:
            url = json.loads(url)[0][1]  # [[number, address], …]
        return {
            "tracking_number": self.carrier_tracking_ref or None,
            "carrier": self.carrier_id.name or None,
            "tracking_url": url,
        }

    # === WHAT IS IN THE PARCEL === #

    def _channel_quantities(self, order, commands):
        """Units of each channel order line that are complete with this parcel and that no earlier command told of.

        A pack counts when all its pieces have left, a bundle when its least complete component has.

        :return: ``{order.channel.order.line: quantity above zero}``
        """
        told = defaultdict(float)
        for entry in commands.filtered(lambda command: command.kind == "ship").mapped("payload"):
            for line in entry["lines"]:
                told[line["external_id"]] += float(line["quantity"])
        shipped = self._shipped_units(order, commands)
        quantities = {line: units - told[line.external_id] for line, units in shipped.items()}
        return {line: quantity for line, quantity in quantities.items() if quantity > TOLERANCE}

    def _shipped_units(self, order, commands):
        """``{channel order line: units that have left so far}``. Deliveries that still wait for their number don't count."""
        counted = commands.picking_id | self
        sales_lines = order.line_ids.sale_line_ids.filtered(
            lambda line: line.product_id.type == "consu" and line.product_uom_qty > 0
        )
        pieces, ordered = defaultdict(float), defaultdict(float)
        for sale_line in sales_lines:
            part = (sale_line._channel_part(), sale_line.channel_mapping_id and sale_line.channel_units)
            key = (sale_line.channel_order_line_id, part, sale_line.product_id)
            ordered[key] += sale_line.product_uom_id._compute_quantity(
                sale_line.product_uom_qty, sale_line.product_id.uom_id, round=False
            )
            pieces[key] += self._delivered_pieces(sale_line, counted)
        ratios = defaultdict(lambda: defaultdict(list))
        for (line, (part, units), product), quantity in ordered.items():
            per_unit = quantity / units if units else line._pieces_per_unit(product, quantity)
            ratios[line][part].append(pieces[line, (part, units), product] / per_unit)
        return {
            line: line._whole_units(sum(min(of_part) for of_part in of_line.values()))
            for line, of_line in ratios.items()
        }

    def _delivered_pieces(self, sale_line, counted):
        """Pieces of a sales order line that left with deliveries that are told of, or would have been had they made a unit
        complete."""
        moves = sale_line.move_ids.filtered(
            lambda move: (
                move.state == "done"
                and move.picking_type_id.code == "outgoing"
                and (
                    move.picking_id in counted
                    or move.picking_id.carrier_tracking_ref
                    or sale_line.order_id.order_channel_id.ship_without_number
                )
            )
        )
        if any(move.product_id != sale_line.product_id for move in moves):  # a kit: Odoo knows how many are complete
            return sale_line.product_uom_id._compute_quantity(
                sale_line.qty_delivered, sale_line.product_id.uom_id, round=False
            )
        return sum(
            move.product_uom._compute_quantity(move.quantity, move.product_id.uom_id, round=False) for move in moves
        )
