from odoo import fields, models

from ..tools.amounts import decimal
from ..tools.promise import TOLERANCE


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _exact_amounts(self):
        """What each line counts in the order's total, to the cent.

        :return: ``{line: (untaxed amount, {tax: amount})}``, Decimal
        """
        self.ensure_one()
        digits = self.currency_id.decimal_places
        AccountTax = self.env["account.tax"]
        base_lines = [line._prepare_base_line_for_taxes_computation() for line in self._get_priced_lines()]
        AccountTax._add_tax_details_in_base_lines(base_lines, self.company_id)
        AccountTax._round_base_lines_tax_details(base_lines, self.company_id)
        result = {}
        for base_line in base_lines:
            details = base_line["tax_details"]
            net = details["total_excluded_currency"] + details["delta_total_excluded_currency"]
            taxes = {data["tax"]: decimal(round(data["tax_amount_currency"], digits)) for data in details["taxes_data"]}
            result[base_line["record"]] = (decimal(round(net, digits)), taxes)
        return result


class SaleOrderLine(models.Model):
    """What is left of a channel's line after its order was corrected: the delivered part stays as it was sold, on lines of
    its own."""

    _inherit = "sale.order.line"

    channel_mapping_id = fields.Many2one(
        "order.channel.mapping",
        copy=False,
        index="btree_not_null",
        readonly=True,
        ondelete="restrict",
        help="What this part of the channel's line stands for, where a correction replaced the rest.",
    )
    channel_units = fields.Float(copy=False, readonly=True)  # of the channel's line, in such a part

    def _channel_part(self):
        """Which part of the channel's line this belongs to: "" for what was not replaced."""
        self.ensure_one()
        return self.channel_key.rpartition(":")[0] if self.channel_mapping_id and self.channel_key else ""

    def _shares_delivered(self):
        """How much of each line that is to be delivered has left, 0.0 to 1.0 (more where too much left)."""
        goods = self.filtered(lambda line: line.product_id.type == "consu") or self
        return [line.qty_delivered / line.product_uom_qty for line in goods]

    # === WHAT THE WAREHOUSE DID === #

    def _chain(self):
        """The moves that bring these lines to the buyer, the steps inside the warehouse included; none that serve others."""
        moves = self.move_ids
        chain = moves | moves.browse(moves._rollup_move_origs())
        return moves | chain.filtered(
            lambda move: move.location_id.usage in ("internal", "transit") and move.move_dest_ids <= chain
        )

    def _open_moves(self):
        return self._chain().filtered(lambda move: move.state not in ("done", "cancel"))

    def _picked_ahead(self):
        """Transfers in which somebody took goods from the shelf that did not leave yet."""
        chain = self._chain()
        started = chain.filtered(lambda move: move.state not in ("done", "cancel") and move.picked and move.quantity)
        done = chain.filtered(lambda move: move.state == "done" and not move.origin_returned_move_id)
        shipped = {}
        for move in done.filtered(lambda move: move.location_dest_id._is_outgoing()):
            shipped[move.product_id] = shipped.get(move.product_id, 0.0) + move._pieces()
        inside = done.filtered(lambda move: move.location_dest_id.usage in ("internal", "transit"))
        for (__, product), moves in inside.grouped(lambda move: (move.picking_type_id, move.product_id)).items():
            back = moves.returned_move_ids.filtered(lambda move: move.state == "done")
            if moves._pieces() - back._pieces() > shipped.get(product, 0.0) + TOLERANCE:
                started |= moves
        return started.picking_id

    def _deliveries(self):
        """Transfers that brought goods of these lines to the buyer."""
        return self.move_ids.filtered(
            lambda move: move.state == "done" and move.location_dest_id._is_outgoing()
        ).picking_id


class StockMove(models.Model):
    _inherit = "stock.move"

    def _pieces(self):
        """What these moves moved, in the product's own unit."""
        return sum(
            move.product_uom._compute_quantity(move.quantity, move.product_id.uom_id, round=False) for move in self
        )
