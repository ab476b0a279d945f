from decimal import Decimal

from odoo import models

from ..tools.promise import TOLERANCE, whole_units


class OrderChannelOrderLine(models.Model):
    """How pieces that leave the warehouse count as units of what the channel sold."""

    _inherit = "order.channel.order.line"

    def _pieces_per_unit(self, product, ordered):
        """Pieces of a product in one unit of this line, by the mapping that the line was given.

        :param float ordered: pieces on the sales order, for a product that the mapping does not name
        """
        self.ensure_one()
        pieces = sum(self.mapping_id.line_ids.filtered(lambda line: line.product_id == product).mapped("quantity"))
        return pieces or ordered / (self._open_quantity() - self._replaced_units() or 1.0)

    def _replaced_units(self):
        """Units of this line that left before the rest was corrected to other products."""
        parts = self.sale_line_ids.filtered(lambda line: line.channel_mapping_id and line.product_uom_qty > 0)
        return sum(lines[0].channel_units for lines in parts.grouped(lambda line: line._channel_part()).values())

    def _open_quantity(self):
        """Units that are still to be delivered, or were."""
        self.ensure_one()
        return self.quantity - self.cancelled_quantity

    def _whole_units(self, ratio):
        """Complete units, no more than are on the line; a fraction only where the line itself ends in one."""
        self.ensure_one()
        open_quantity = self._open_quantity()
        if ratio >= open_quantity - TOLERANCE:
            return open_quantity
        return float(whole_units(ratio, 1.0))


def to_decimal(quantity):
    """A quantity for the border: 2.0 is 2."""
    return Decimal(f"{quantity:.6f}").normalize() + 0
