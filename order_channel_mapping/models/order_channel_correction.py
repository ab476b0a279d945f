from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from odoo import api, models
from odoo.fields import Domain

from ..tools.promise import TOLERANCE, whole_units
from .sale_order_demand import OPEN_STATES

#: what can be done with a part of an order, the usual answer first
SWAP, STOCK, RETURN, LEAVE = "swap", "stock", "return", "leave"


@dataclass(slots=True)
class Part:
    """A part of a channel order line that stands for a mapping which has ended, and what can be done about it."""

    line: Any  # order.channel.order.line
    mapping: Any  # what it stands for
    sale_lines: Any
    stage: str  # draft, open, rest (of what is delivered in part), delivered, invoiced
    units: float  # of the channel's line
    left: float = 0.0  # of a rest: units that left already
    choices: tuple = (LEAVE,)
    reason: tuple = (None, None)  # code and parameters: what to know about it

    @property
    def live(self):
        """What it should stand for."""
        return self.line.listing_id.mapping_id

    @property
    def key(self):
        """Equal as long as nothing happened to it."""
        sale_lines = () if self.stage == "draft" else self.sale_lines._ids
        return self.line.id, self.mapping.id, self.stage, round(self.units, 6), tuple(sale_lines)


class OrderChannelOrderLine(models.Model):
    """A wrong link found late: which orders still have the product from before, and how far they are."""

    _inherit = "order.channel.order.line"

    @api.model
    def _outdated_domain(self, listings):
        """Lines of which a part may stand for something else than their listing does now.

        :param Domain listings: the listings that matter
        """
        return (
            Domain("listing_id", "any", listings & Domain("mapping_id", "!=", False))
            & Domain("order_id.sale_order_ids.state", "in", [*OPEN_STATES, "sale"])
            & (
                Domain("mapping_id.ended_at", "!=", False)
                | Domain(
                    "sale_line_ids", "any", [("channel_mapping_id.ended_at", "!=", False), ("product_uom_qty", ">", 0)]
                )
            )
        )

    def _outdated_parts(self):
        """:rtype: list[Part]"""
        parts = []
        self._read_ahead()
        for line in self:
            sale_order = line.order_id.sale_order_id
            if sale_order.state in OPEN_STATES:
                if line._is_outdated(line.mapping_id) and line._open_quantity() > 0:
                    units = line._open_quantity()
                    parts.append(Part(line, line.mapping_id, line.sale_line_ids, "draft", units, choices=(SWAP, LEAVE)))
            elif sale_order.state == "sale":
                sold = line.sale_line_ids.filtered(lambda sale_line: sale_line.product_uom_qty > 0)
                for sale_lines in sold.grouped(lambda sale_line: sale_line._channel_part()).values():
                    mapping = sale_lines[0].channel_mapping_id or line.mapping_id
                    if line._is_outdated(mapping):
                        parts += line._processed_parts(mapping, sale_lines)
        return parts

    def _read_ahead(self):
        """Read what deciding takes for all lines together, not line by line."""
        sold = self.sale_line_ids
        sold._picked_ahead().mapped("name")
        sold._deliveries().mapped("name")
        sold.move_ids.picking_id.mapped("printed")
        sold.invoice_lines.move_id.mapped("state")
        (self.mapping_id + self.listing_id.mapping_id + sold.channel_mapping_id).line_ids.product_id.mapped("tracking")

    def _is_outdated(self, mapping):
        """Whether the listing stands for something else than this by now."""
        live = self.listing_id.mapping_id
        return bool(mapping and live) and sorted(mapping._components()) != sorted(live._components())

    # === PROCESSED ORDERS === #

    def _processed_parts(self, mapping, sale_lines):
        """How far the lines of a processed order are. What is delivered in part makes two parts: what left, and the rest."""
        units = self._part_units(mapping, sale_lines)
        shares = sale_lines._shares_delivered()
        low, high = min(shares), max(shares)
        stage = "delivered" if low >= 1 - TOLERANCE else "rest" if high > TOLERANCE else "open"
        even = units is not None and high - low <= TOLERANCE
        units = units or self._open_quantity() or 1.0
        delivered = float(whole_units(low * units, 1.0))
        if stage == "rest" and (not even or abs(delivered - low * units) > TOLERANCE):
            even = False
        order = sale_lines.order_id
        if any(sale_lines.mapped("qty_invoiced")):
            invoices = sale_lines.invoice_lines.move_id.filtered(lambda move: move.state != "cancel")
            params = {"invoices": ", ".join(move.name or self.env._("draft") for move in invoices)}
            return [Part(self, mapping, sale_lines, "invoiced", units, reason=("correct_invoiced", params))]
        if stage == "delivered":
            return [self._delivered_part(mapping, sale_lines, units)]
        if not even:
            return [Part(self, mapping, sale_lines, stage, units, reason=("correct_uneven", {}))]
        if order.locked:
            return [Part(self, mapping, sale_lines, stage, units, reason=("correct_locked", {"order": order.name}))]
        if stage == "open":
            return [self._open_part(mapping, sale_lines, stage, units)]
        return [
            self._open_part(mapping, sale_lines, stage, units - delivered, delivered),
            self._delivered_part(mapping, sale_lines, delivered),
        ]

    def _part_units(self, mapping, sale_lines):
        """Units of the channel's line that these sales order lines stand for; None where they make no even number."""
        if sale_lines[0].channel_mapping_id:
            return sale_lines[0].channel_units
        pieces, per_unit = defaultdict(float), defaultdict(float)
        for part in mapping.line_ids:
            per_unit[part.product_id] += part.quantity
        for line in sale_lines:
            unit, own_unit = line.product_uom_id, line.product_id.uom_id
            pieces[line.product_id] += unit._compute_quantity(line.product_uom_qty, own_unit, round=False)
        if pieces.keys() != per_unit.keys():  # a person chose other products
            return None
        units = [pieces[product] / per_unit[product] for product in pieces]
        return units[0] if max(units) - min(units) <= TOLERANCE else None

    def _open_part(self, mapping, sale_lines, stage, units, left=0.0):
        """Lines of which nothing left, or what did not leave yet."""
        part = Part(self, mapping, sale_lines, stage, units, left)
        moves = sale_lines._open_moves()
        picked = sale_lines._picked_ahead()
        printed = moves.picking_id.filtered("printed")
        if any(move.location_id.usage == "supplier" for move in moves):
            part.reason = ("correct_dropship", {})
        elif picked:
            part.reason = ("correct_picked", {"deliveries": _names(picked)})
        else:
            part.choices = (SWAP, LEAVE)
            if printed:
                part.reason = ("correct_printed", {"deliveries": _names(printed)})
        return part

    def _delivered_part(self, mapping, sale_lines, units):
        part = Part(self, mapping, sale_lines, "delivered", units, choices=(STOCK, RETURN, LEAVE))
        part.reason = ("correct_delivered", {"deliveries": _names(sale_lines._deliveries())})
        by_hand = (mapping.line_ids + part.live.line_ids).product_id.filtered(_counted_by_hand)
        if by_hand:
            part.choices = (LEAVE, RETURN)
            part.reason = ("correct_by_hand", {"product": by_hand[0].display_name})
        return part


def _names(pickings):
    return ", ".join(pickings.mapped("name"))


def _counted_by_hand(product):
    """Whether only a person knows what of it to correct: which lot, which parts of a kit."""
    return product.tracking != "none" or bool(product._channel_kits())
