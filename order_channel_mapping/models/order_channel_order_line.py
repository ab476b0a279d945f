from odoo import api, fields, models

from ..tools.amounts import is_sellers, line_amounts
from ..tools.digest import text_digest
from ..tools.facts import attribute_facts


class OrderChannelOrderLine(models.Model):
    """One line of a channel order. Amounts are for the whole quantity as ordered (see ``connectors.records.OrderLine``)."""

    _name = "order.channel.order.line"
    _description = "Channel Order Line"
    _order = "order_id, sequence, id"

    order_id = fields.Many2one("order.channel.order", required=True, index=True, ondelete="cascade", readonly=True)
    channel_id = fields.Many2one("order.channel", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    sequence = fields.Integer(readonly=True)
    external_id = fields.Char(required=True, readonly=True)
    kind = fields.Selection(
        [
            ("product", "Product"),
            ("shipping", "Shipping"),
            ("fee", "Fee"),
            ("discount", "Discount"),
            ("gift_card", "Gift card"),
            ("tip", "Tip"),
            ("rounding", "Rounding"),
        ],
        required=True,
        readonly=True,
    )
    listing_id = fields.Many2one("order.channel.listing", index="btree_not_null", ondelete="restrict", readonly=True)
    mapping_id = fields.Many2one("order.channel.mapping", index="btree_not_null", ondelete="restrict", readonly=True)
    sku = fields.Char(string="SKU", readonly=True)
    name = fields.Char(readonly=True)
    quantity = fields.Float(digits="Product Unit", readonly=True)
    fulfilled_quantity = fields.Float(digits="Product Unit", readonly=True)
    cancelled_quantity = fields.Float(digits="Product Unit", readonly=True)
    subtotal = fields.Float(digits=(16, 4), readonly=True)
    discount = fields.Float(digits=(16, 4), readonly=True)
    total = fields.Float(digits=(16, 4), readonly=True)
    taxes = fields.Json(readonly=True)
    attributes = fields.Json(readonly=True)
    physical = fields.Boolean(default=True, readonly=True)
    fulfilled_by = fields.Selection(
        [("seller", "Us"), ("marketplace", "The channel"), ("other", "Another location")],
        default="seller",
        readonly=True,
    )
    location = fields.Char(readonly=True)  # of the channel, that the line is assigned to
    part_of = fields.Char(readonly=True)  # external_id of the bundle's line that this one is a part of
    container = fields.Boolean(readonly=True)  # all its goods are lines of their own
    sale_line_ids = fields.One2many("sale.order.line", "channel_order_line_id", string="Sales Order Lines")

    _external_uniq = models.UniqueIndex("(order_id, external_id)", "This order line is already known.")

    def _is_unmapped(self):
        """Whether this line keeps its order frozen: it sells a listing that stands for no product yet. A container needs none:
        its parts are on the order."""
        self.ensure_one()
        needs_mapping = self.listing_id and not self.container  # which has parts beside it
        return bool(needs_mapping and not self.mapping_id and self.quantity > self.cancelled_quantity)

    def _amounts(self, digits):
        """The line taken apart, see :func:`tools.amounts.line_amounts`."""
        self.ensure_one()
        return line_amounts(
            self.quantity, self.cancelled_quantity, self.subtotal, self.discount, self.taxes or [], digits
        )

    def _channel_facts(self):
        """What the channel says of this line, by the group of fields that it is about: a person's change of these stays
        until the channel changes them."""
        self.ensure_one()
        sells = bool(self.listing_id)
        taxes = [[tax.get("code"), tax.get("rate"), tax.get("included")] for tax in self.taxes or [] if is_sellers(tax)]
        return {
            "quantity": self._open_quantity() if sells else 1.0,
            "price": round(self.subtotal / self.quantity, 6) if sells and self.quantity else self.subtotal,
            "taxes": taxes,
            "text": text_digest([self.name, self.sku, attribute_facts(self.attributes)]),
        }

    def _sale_description(self, with_sku=False):
        """The channel's title and what the buyer asked for (personalisation), as the sales order line's text.

        :param with_sku: the channel's SKU in front, as Odoo writes a product's own
        """
        self.ensure_one()
        title = self.name or self.sku or self.external_id
        lines = [f"[{self.sku}] {title}" if with_sku and self.sku and self.name else title]
        lines += [f"{name}: {value}" for name, value in (self.attributes or {}).items() if value]
        return "\n".join(lines)

    def _differs(self, name, value):
        """Whether a field has another value than this one, floats compared to four digits."""
        mine = self[name]
        if isinstance(mine, models.BaseModel):
            return mine.id != (value or False)
        return abs((mine or 0.0) - (value or 0.0)) > 0.00005

    @api.model
    def _find_waiting(self, domain, order=None, limit=None):
        """Lines of open orders that were given no mapping, though their listing has one now.

        A listing may be linked in one transaction while another takes in its order: neither sees the other, so that each
        sync looks for such lines again.
        """
        return self.search(
            [
                *domain,
                ("mapping_id", "=", False),
                ("listing_id.mapping_id", "!=", False),
                ("order_id.sale_order_ids.state", "in", ("draft", "sent")),
            ],
            order=order,
            limit=limit,
        )

    def _apply_mapping(self):
        """Give waiting lines of open orders the mapping that their listing has now, and let their sales orders show it."""
        waiting = self.filtered(
            lambda line: (
                line.listing_id.mapping_id
                and not line.mapping_id
                and line.order_id.sale_order_id.state in ("draft", "sent")
            )
        )
        for listing, lines in waiting.grouped("listing_id").items():
            lines.mapping_id = listing.mapping_id
        self.env["order.channel.event"]._log(
            [(line.order_id, "mapped", {"product": line.mapping_id._summary()}, line) for line in waiting]
        )
        waiting._project()

    @api.model
    def _release(self, mappings):
        """Take these mappings away from the lines of open orders, whose sales orders are drafts; :meth:`_project` shows it.
        What is on its way, or was before the order was set back, keeps its product.

        :return: the lines
        """
        lines = self.search(
            [("mapping_id", "in", mappings.ids), ("order_id.sale_order_ids.state", "in", ("draft", "sent"))]
        ).filtered(lambda line: all(line.sale_line_ids.mapped("product_updatable")))
        self.env["order.channel.event"]._log(
            [(line.order_id, "unmapped", {"product": line.mapping_id._summary()}, line) for line in lines]
        )
        lines.mapping_id = False
        return lines

    def _project(self):
        """Let the sales orders of these lines show what the lines stand for now."""
        for lines in self.grouped("channel_id").values():
            lines.order_id._project(only_lines=lines)
