from collections import defaultdict

from odoo import models

from ..tools.guard import internal


class OrderChannelOrderLine(models.Model):
    """Delivered as one product, booked as another: the stock of both is put right, the order stays."""

    _inherit = "order.channel.order.line"

    def _correct_stock(self, parts):
        """Put back what was booked out by mistake and take out what really left, as inventory adjustments of the user.

        :param parts: list of Part, of stage *delivered*
        """
        moves = []
        for part in parts:
            pieces = defaultdict(float)
            for product_id, quantity in part.mapping._components():
                pieces[product_id] += quantity * part.units
            for product_id, quantity in part.live._components():
                pieces[product_id] -= quantity * part.units
            for product_id, quantity in pieces.items():
                product = self.env["product.product"].browse(product_id)
                if product.is_storable and not product.uom_id.is_zero(quantity):
                    moves += self._adjustments(part, product, quantity)
            replaced = part.sale_lines.filtered("channel_mapping_id")
            if replaced:
                internal(replaced).channel_mapping_id = part.live
            else:
                part.line.mapping_id = part.live
        done = self.env["stock.move"].with_context(inventory_mode=False).create(moves)
        done._action_done()
        done._trigger_assign()  # what waited for the goods that are back

    def _adjustments(self, part, product, quantity):
        """Values of the moves that change the stock of one product.

        :param float quantity: pieces to add, or below zero to take away
        """
        order = part.sale_lines.order_id
        product = product.with_company(order.company_id)
        lost = product.property_stock_inventory
        reason = self.env._(
            "%(order)s: %(new)s left, booked as %(old)s",
            order=order.client_order_ref or order.name,
            new=part.live._summary(),
            old=part.mapping._summary(),
        )
        source = self._sources(part)
        if quantity > 0:
            places = [(source, quantity)]
        else:
            places = self._places_to_take(product, source, -quantity)
        quant = self.env["stock.quant"].new({"product_id": product.id, "company_id": order.company_id.id})
        values = []
        for place, number in places:
            start, end = (lost, place) if quantity > 0 else (place, lost)
            move = quant.with_context(inventory_name=reason)._get_inventory_move_values(number, start, end)
            values.append({**move, "origin": order.name})
        return values

    def _sources(self, part):
        """The shelf from which the first step of the delivery took the goods."""
        chain = part.sale_lines._chain().filtered(
            lambda move: move.state == "done" and not move.origin_returned_move_id
        )
        first = chain.filtered(lambda move: not (move.move_orig_ids & chain))
        return first.move_line_ids[:1].location_id or first[:1].location_id

    def _places_to_take(self, product, source, quantity):
        """Where the goods that really left are booked: on the same shelf if there are enough, else where the warehouse has
        them; what is nowhere, on the same shelf.

        :return: ``[(location, pieces)]``
        """
        root = source.warehouse_id.lot_stock_id or source
        quants = self.env["stock.quant"]._gather(product, root)
        places = []
        for quant in quants.sorted(lambda quant: quant.location_id != source):
            number = min(quantity, quant.quantity)
            if number > 0 and not (quant.package_id or quant.owner_id):
                places.append((quant.location_id, number))
                quantity -= number
        if not product.uom_id.is_zero(quantity):
            places.append((source, quantity))
        return places
