from odoo import fields, models
from odoo.exceptions import UserError

from ..tools.amounts import ZERO, LineAmounts, decimal
from ..tools.guard import internal
from ..tools.merge import merge_text
from ..tools.money import prorate
from .order_channel_projection import _Projector, as_written


class OrderChannelOrderLine(models.Model):
    """Swapping products in orders: the amounts stay, to the cent (rule 5)."""

    _inherit = "order.channel.order.line"

    def _swap_drafts(self, parts):
        """Have draft sales orders show what the listings stand for now.

        :param parts: list of Part
        """
        lines = self.browse([part.line.id for part in parts])
        for listing, group in lines.grouped("listing_id").items():
            group.mapping_id = listing.mapping_id
        lines._project()

    def _swap_processed(self, parts):
        """Replace what did not leave yet by new lines with new moves, at the same price.

        :param parts: list of Part, of stage *open* or *rest*
        :raise UserError: an order's amounts would not stay the same
        """
        orders = self.browse([part.line.id for part in parts]).order_id
        for channel_orders in orders.grouped("channel_id").values():
            projector = _Projector(channel_orders)
            for part in parts:
                if part.line.order_id in channel_orders:
                    self._swap_part(part, projector)
        orders._recheck_totals()

    def _swap_part(self, part, projector):
        sale_lines, order = internal(part.sale_lines), part.sale_lines.order_id
        before = _totals(order)
        kept, net, tax_amounts = self._split_off(sale_lines, order._exact_amounts())
        open_moves = sale_lines._open_moves()
        printed = open_moves.picking_id.filtered("printed")
        open_moves._do_unreserve()
        # new lines first, so that their moves join the open transfer before it would be left empty
        self._add_lines(part, projector, net, tax_amounts)
        self._reduce(part, projector, kept)
        open_moves._action_cancel()
        self._tell_warehouse(printed, part)
        after = _totals(order)
        if after != before:
            raise UserError(
                self.env._(
                    "The total of %(order)s would change from %(before)s to %(after)s. Nothing was changed: change its lines "
                    "by hand.",
                    order=order.name,
                    before=order.currency_id.format(before[-1]),
                    after=order.currency_id.format(after[-1]),
                )
            )

    def _split_off(self, sale_lines, amounts):
        """Take the amounts of what left, which stays, and of the rest apart.

        :param amounts: as :meth:`sale.order._exact_amounts` gives them
        :return: (``{line: (untaxed amount, [amount of each tax])}`` of what stays, untaxed amount of the rest, ``[amount of
            each tax]`` of the rest)
        """
        taxes = sale_lines[0].tax_ids
        digits = sale_lines.currency_id.decimal_places
        kept, rest, rest_taxes = {}, ZERO, [ZERO] * len(taxes)
        for line in sale_lines:
            net, of_taxes = amounts[line]
            if line.tax_ids != taxes or of_taxes.keys() - set(taxes.flatten_taxes_hierarchy()):
                raise UserError(
                    self.env._(
                        "The lines of %(item)s have different taxes. Change its lines by hand.", item=line.name or ""
                    )
                )
            left, ordered = decimal(line.qty_delivered), decimal(line.product_uom_qty)
            of_taxes = dict(of_taxes)
            full = [sum((of_taxes.pop(part, ZERO) for part in tax.flatten_taxes_hierarchy()), ZERO) for tax in taxes]
            stays = (prorate(net, left, ordered, digits), [prorate(tax, left, ordered, digits) for tax in full])
            kept[line] = stays
            rest += net - stays[0]
            rest_taxes = [total + tax - stay for total, tax, stay in zip(rest_taxes, full, stays[1], strict=True)]
        return kept, rest, rest_taxes

    def _add_lines(self, part, projector, net, tax_amounts):
        """The new products, for the units that did not leave, at the amounts of what they replace."""
        line, old = part.line, part.sale_lines[0]
        line.mapping_id = part.live
        amounts = LineAmounts(decimal(part.units), net, tuple(tax_amounts), ZERO, (ZERO,) * len(tax_amounts), ZERO)
        digits = old.currency_id.decimal_places
        values_list = []
        for planned in projector._item_lines(line.order_id, line, amounts, tax_amounts, old.tax_ids, digits):
            values = planned.values
            if old.channel_mapping_id:  # the rest was replaced before: its lines have the usual keys
                values["channel_key"] = f"{planned.key}:{old.id}"
            values["channel_written"] = as_written(planned)
            if old.channel_written:  # a person's note in the description goes along, and so does the line's place
                values["name"], __ = merge_text(old.channel_written["name"], old.name, values["name"], changed=False)
                values["sequence"] = old.sequence
            routes = {"route_ids": [fields.Command.set(old.route_ids.ids)]} if old.route_ids else {}
            values_list.append({**values, **routes, "order_id": old.order_id.id})
        internal(self.env["sale.order.line"]).with_context(sale_no_log_for_new_lines=True).create(values_list)

    def _reduce(self, part, projector, kept):
        """The old lines keep what left."""
        prefix = f"{part.line.id}:was:{part.sale_lines[0].id}"
        for index, (sale_line, (net, tax_amounts)) in enumerate(kept.items()):
            values = {
                "product_uom_qty": sale_line.qty_delivered,
                "channel_key": f"{prefix}:{index}",
                "channel_mapping_id": part.mapping.id,
                "channel_units": part.left,
                "extra_tax_data": False,
            }
            if sale_line.qty_delivered:
                unit, left = sale_line.product_uom_id, decimal(sale_line.qty_delivered)
                priced = projector._values(
                    part.line.order_id, sale_line.product_id, unit, left, net, tax_amounts, sale_line.tax_ids
                )
                values |= {
                    name: priced[name] for name in ("price_unit", "technical_price_unit", "discount", "extra_tax_data")
                }
            # its moves are cancelled, not turned back by negative ones that chase goods through the warehouse
            sale_line.with_context(skip_procurement=True).write(values)

    def _tell_warehouse(self, printed, part):
        for picking in printed:
            picking.message_post(
                body=self.env._(
                    "Changed after it was printed: %(new)s instead of %(old)s. Print it again.",
                    new=part.live._summary(),
                    old=part.mapping._summary(),
                )
            )


def _totals(order):
    return [order.currency_id.round(amount) for amount in (order.amount_untaxed, order.amount_tax, order.amount_total)]
