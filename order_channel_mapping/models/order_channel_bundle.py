from collections import defaultdict

from odoo import models


class OrderChannelOrder(models.Model):
    """Bundles whose parts are on the order as lines of their own: their goods are sold once."""

    _inherit = "order.channel.order"

    def _bundle_lines(self):
        """The lines that stand for nothing but a price, since their goods are other lines of the order: containers, as the
        channel names them; what is linked to the very products of its parts; and a bundle of which every part is there once
        more for nothing, as extensions that name no container put them.

        :rtype: order.channel.order.line
        """
        self.ensure_one()
        parts = defaultdict(self.line_ids.browse)
        for line in self.line_ids:
            if line.part_of:
                parts[line.part_of] += line
        return self.line_ids.filtered(
            lambda line: (
                line.container
                or (line.external_id in parts and line._products() & parts[line.external_id]._products())
                or (len(line.mapping_id.line_ids) > 1 and line._is_there_for_nothing())
            )
        )


class OrderChannelOrderLine(models.Model):
    _inherit = "order.channel.order.line"

    def _products(self):
        return self.mapping_id.line_ids.product_id

    def _pieces(self):
        """What these lines sell: ``{product: pieces}``"""
        pieces = defaultdict(float)
        for line in self:
            for part in line.mapping_id.line_ids:
                pieces[part.product_id] += part.quantity * line.quantity
        return pieces

    def _is_there_for_nothing(self):
        """Whether all that a line with a price stands for is on the order once more, piece by piece, without a price."""
        self.ensure_one()
        if not self.subtotal or len(self._products()) < 2:
            return False
        mine = self._pieces()
        free = (self.order_id.line_ids - self).filtered(
            lambda line: not line.subtotal and line._products() and line._products() <= self._products()
        )
        return mine == free._pieces()
