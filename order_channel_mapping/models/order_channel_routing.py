from dataclasses import replace

from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from ..connectors.records import LineKind
from ..tools.digest import unknown_revision

SELLER, OTHER = "seller", "other"


class OrderChannelLocation(models.Model):
    _inherit = "order.channel.location"

    ours = fields.Boolean(
        string="We Ship From Here",
        default=True,
        help="Off: what the channel assigns to this location is picked by somebody else. It makes no delivery here and holds "
        "no stock.",
    )
    service = fields.Boolean(string="Fulfilment Service", readonly=True)  # a 3PL's: never ours

    def write(self, vals):
        """Only whether we ship from there is a person's to say; the rest the channel told."""
        if not self.env.su and set(vals) - {"ours"}:
            raise AccessError(self.env._("Locations are read from the channel. Change them there."))
        changed = self.filtered(lambda location: location.ours != vals["ours"]) if "ours" in vals else self.browse()
        result = super().write(vals)
        if changed:
            changed._route_again()
        return result

    def _route_again(self):
        """Have the open orders that are assigned to these locations taken in once more."""
        for channel, locations in self.grouped("channel_id").items():
            refs = locations.mapped("external_id")
            orders = (
                self.env["order.channel.order"]
                .sudo()
                .search(
                    Domain("channel_id", "=", channel.id)
                    & Domain("status", "=", "open")
                    & Domain("line_ids.location", "in", refs)
                )
            )
            if orders:
                for order in orders:  # what the channel says is the same; what it means is not
                    order.revision = unknown_revision(order.revision)
                channel._fetch_all_orders()


class OrderChannel(models.Model):
    """Who ships what: lines that the channel assigned to a location that is not ours are not ours to pick."""

    _inherit = "order.channel"

    def _own_places(self):
        """:return: ``{location at the channel: whether we ship from there}``"""
        locations = self.sudo().with_context(active_test=False).remote_location_ids
        return {location.external_id: location.ours for location in locations}

    def _routed(self, order, places):
        """An order with its lines' locations looked at: who ships them, and the order where all goods are one's. A location
        that is not known is not ours, unless none is known.

        :type order: connectors.records.Order
        :param dict places: as :meth:`_own_places` gives them
        :rtype: connectors.records.Order
        """
        lines = order.lines
        if places:
            lines = tuple(self._routed_line(line, line.location or order.location, places) for line in lines)
        goods = [line for line in lines if line.kind is LineKind.PRODUCT and line.physical and not line.container]
        owners = {line.fulfilled_by for line in goods if line.quantity > line.cancelled_quantity}
        whole = order.fulfilled_by
        if whole == SELLER and owners and SELLER not in owners:
            whole = owners.pop() if len(owners) == 1 else OTHER
        return (
            order
            if lines == order.lines and whole == order.fulfilled_by
            else replace(order, lines=lines, fulfilled_by=whole)
        )

    @staticmethod
    def _routed_line(line, place, places):
        if line.fulfilled_by != SELLER or not place or not line.physical or places.get(place):
            return line
        return replace(line, fulfilled_by=OTHER)

    def _note_locations(self, orders):
        """Add locations that the channel did not have when it was connected, for a manager to say that they are ours.

        :param orders: list of :class:`connectors.records.Order`
        """
        met = {line.location or order.location for order in orders for line in order.lines} - {None}
        places = met and self._own_places()
        if places:
            self.env["order.channel.location"].sudo().create(
                [
                    {"channel_id": self.id, "external_id": place, "name": place, "ours": False}
                    for place in sorted(met - places.keys())
                ]
            )

    def _release_due(self):
        """Let orders go on whose hold ended by its own time: the channel says nothing more of them."""
        due = self.env["order.channel.order"].search(
            Domain("channel_id", "=", self.id)
            & Domain("hold_until", "<=", fields.Datetime.now())
            & Domain("gone", "=", False)
            & Domain("blocker_ids.code", "=", "hold")
            & Domain("sale_order_ids.state", "in", ("draft", "sent"))
        )
        if due:
            due._recheck()


class OrderChannelOrder(models.Model):
    _inherit = "order.channel.order"

    def _keep_routes(self, values, lines_values):
        """Values of an order that is over, with who shipped what left as it was: the channel may not say it any more."""
        self.ensure_one()
        owners = {line.external_id: line.fulfilled_by for line in self.line_ids if line.fulfilled_by}
        return {**values, "fulfilled_by": self.fulfilled_by or values["fulfilled_by"]}, [
            {**line, "fulfilled_by": owners.get(line["external_id"], line["fulfilled_by"])} for line in lines_values
        ]

    def _lines_of_others(self):
        """The lines that somebody else ships."""
        return self.line_ids.filtered(lambda line: line._is_of_others())


class OrderChannelOrderLine(models.Model):
    _inherit = "order.channel.order.line"

    def _is_of_others(self):
        """Whether the marketplace, or a location that is not ours, ships this line."""
        return self.fulfilled_by not in (False, SELLER)


class SaleOrderLine(models.Model):
    """A line that somebody else ships stays for its money: no move is made, and what the channel says was shipped counts as
    delivered."""

    _inherit = "sale.order.line"

    def _shipped_elsewhere(self):
        return self.filtered(lambda line: line.sudo().channel_order_line_id._is_of_others())

    def _action_launch_stock_rule(self, **kwargs):
        theirs = self._shipped_elsewhere()
        theirs._delivered_elsewhere_again()  # a new line is not asked what of it was delivered
        return super(SaleOrderLine, self - theirs)._action_launch_stock_rule(**kwargs)

    def _prepare_qty_delivered(self):
        quantities = super()._prepare_qty_delivered()
        for line in self._shipped_elsewhere():
            if line.qty_delivered_method == "stock_move":
                quantities[line] = max(quantities.get(line, 0.0), line._quantity_shipped_elsewhere())
        return quantities

    def _quantity_shipped_elsewhere(self):
        """What the channel says was shipped, in the line's unit. Until a person accepts it, the line may have another quantity
        than the channel has."""
        self.ensure_one()
        channel_line, written = self.sudo().channel_order_line_id, self.channel_written or {}
        of = (written.get("facts") or {}).get("quantity")
        per_item = written["product_uom_qty"] / of if of else None
        if per_item is None:
            left = channel_line._open_quantity()
            per_item = self.product_uom_qty / left if left > 0 else 0.0
        return min(self.product_uom_qty, channel_line.fulfilled_quantity * per_item)

    def _delivered_elsewhere_again(self):
        """The channel says something new of what others ship, or did until now."""
        if self:
            self.env.add_to_compute(self._fields["qty_delivered"], self)
            self.modified(["qty_delivered"])

    def _reroute(self):
        """A person accepted that the channel moved lines of a processed order: what is ours now is planned, what was ours is
        given back."""
        theirs = self._shipped_elsewhere()
        moves = theirs.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))
        if moves:
            moves._action_cancel()
        ours = (self - theirs).filtered(
            lambda line: (
                line.state == "sale" and line.channel_key and all(move.state == "cancel" for move in line.move_ids)
            )
        )
        if ours:
            ours._action_launch_stock_rule()
