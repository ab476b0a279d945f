from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.guard import is_changed, is_internal
from .order_channel_projection import PLACEHOLDER
from .sale_order_edits import PRICED

#: the link to the channel, which only the addon's own methods set
CHANNEL_LINK = ("channel_key", "channel_order_line_id", "channel_mapping_id", "channel_units", "channel_written")


class SaleOrderLine(models.Model):
    """A channel order's line keeps the channel's amounts; one with the placeholder product keeps its order frozen."""

    _inherit = "sale.order.line"

    channel_order_line_id = fields.Many2one(
        "order.channel.order.line", copy=False, index="btree_not_null", readonly=True, ondelete="set null"
    )
    channel_written = fields.Json(copy=False, readonly=True)  # what the projection last wrote, and on what facts
    channel_key = fields.Char(copy=False, readonly=True)  # set on every line that the projection wrote

    # === PRICES STAY === #

    def _without_channel_lines(self):
        return self.filtered(lambda line: not line.channel_key)

    def _compute_price_unit(self):
        return super(SaleOrderLine, self._without_channel_lines())._compute_price_unit()

    def _compute_discount(self):
        return super(SaleOrderLine, self._without_channel_lines())._compute_discount()

    def _compute_tax_ids(self):
        return super(SaleOrderLine, self._without_channel_lines())._compute_tax_ids()

    # === GUARDS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `sale`: a line added by hand is no channel's line, and goes on record in a channel's order."""
        if is_internal(self):
            return super().create(vals_list)
        # said outright, so that no default of the context or of the user can say otherwise
        lines = super().create([{**vals, **dict.fromkeys(CHANNEL_LINK, False)} for vals in vals_list])
        for line in lines:
            if line.order_id.channel_frozen and (line.qty_delivered or line.sudo().invoice_lines):
                line.order_id._check_not_frozen()
        lines._record_lines("line_added")
        lines._of_marketplaces().order_id._recheck_channel_totals()
        return lines

    def write(self, vals):
        """Override of `sale`: unmapped lines are mapped, not edited; edits of a channel's amounts go on record."""
        if is_internal(self):
            return super().write(vals)
        for name in CHANNEL_LINK:
            if name in vals and is_changed(self, name, vals[name]):
                raise UserError(self.env._("The link between a sales order line and its channel can't be changed."))
        moved = self.browse()
        if "order_id" in vals:
            moved = self.filtered(lambda line: line.order_id.id != vals["order_id"])
            if moved - moved._without_channel_lines():
                raise UserError(self.env._("A channel's line stays in its order: it can't be moved to another one."))
        frozen = self.filtered("order_id.channel_frozen")
        if "product_id" in vals:
            unmapped = self._unmapped_channel_lines()
            if unmapped:
                raise UserError(unmapped[0].order_id.sudo()._channel_frozen_message())
        if frozen and any(vals.get(name) for name in ("qty_delivered", "invoice_lines")):
            frozen.order_id._check_not_frozen()
        moved._record_lines("line_removed")
        before = self._recorded_values(vals)
        orders = self._of_marketplaces().order_id if not PRICED.isdisjoint(vals) else self.order_id.browse()
        result = super().write(vals)
        self._record_edits(before)
        moved._record_lines("line_added")
        (orders | moved._of_marketplaces().order_id)._recheck_channel_totals()
        return result

    def _unmapped_channel_lines(self):
        channel_lines = self - self._without_channel_lines()
        placeholder = channel_lines and self.env.ref(PLACEHOLDER, raise_if_not_found=False)
        return channel_lines.filtered(lambda line: line.product_id == placeholder) if placeholder else self.browse()

    def unlink(self):
        if is_internal(self):
            return super().unlink()
        orders = self._of_marketplaces().order_id
        self._record_lines("line_removed")
        self._remember_removed()
        result = super().unlink()
        orders._recheck_channel_totals()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_unmapped(self):
        if not is_internal(self) and self._unmapped_channel_lines():
            raise UserError(
                self.env._("An unmapped item can't be removed from a channel's order. Map it to a product instead.")
            )
