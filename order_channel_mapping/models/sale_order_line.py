from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.guard import is_changed, is_internal
from .order_channel_projection import PLACEHOLDER

#: what a person may change on a channel's line, on record
RECORDED = ("product_uom_qty", "price_unit", "discount", "tax_ids", "product_uom_id")


class SaleOrderLine(models.Model):
    """A channel order's line keeps the channel's amounts; one with the placeholder product keeps its order frozen."""

    _inherit = "sale.order.line"

    channel_order_line_id = fields.Many2one(
        "order.channel.order.line", copy=False, index="btree_not_null", readonly=True, ondelete="set null"
    )
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
        if not is_internal(self):
            for vals in vals_list:
                vals.pop("channel_key", None)
                vals.pop("channel_order_line_id", None)
            self._check_no_placeholder(vals_list)
        return super().create(vals_list)

    @api.model
    def _check_no_placeholder(self, vals_list):
        """:raise UserError: the placeholder is used by anything but a channel's unmapped line"""
        placeholder = self.env.ref(PLACEHOLDER, raise_if_not_found=False)
        if placeholder and any(vals.get("product_id") == placeholder.id for vals in vals_list):
            raise UserError(
                self.env._("%(product)s stands for unmapped channel items only.", product=placeholder.sudo().name)
            )

    def write(self, vals):
        """Override of `sale`: unmapped lines are mapped, not edited; edits of a channel's amounts go on record."""
        if is_internal(self):
            return super().write(vals)
        self._check_no_placeholder([vals])
        for name in ("channel_key", "channel_order_line_id"):
            if name in vals and is_changed(self, name, vals[name]):
                raise UserError(self.env._("The link between a sales order line and its channel can't be changed."))
        frozen = self.filtered("order_id.channel_frozen")
        if "product_id" in vals:
            unmapped = self._unmapped_channel_lines()
            if unmapped:
                raise UserError(unmapped[0].order_id.sudo()._channel_frozen_message())
        if frozen and any(vals.get(name) for name in ("qty_delivered", "invoice_lines")):
            frozen.order_id._check_not_frozen()
        before = self._recorded_values(vals)
        result = super().write(vals)
        self._record_edits(before)
        return result

    def _unmapped_channel_lines(self):
        placeholder = self.env.ref(PLACEHOLDER)
        return self.filtered(lambda line: line.channel_key and line.product_id == placeholder)

    def _recorded_values(self, vals):
        names = [name for name in RECORDED if name in vals]
        lines = self.filtered("channel_order_line_id") if names else self.browse()
        return {line: {name: line._recorded_value(name) for name in names} for line in lines}

    def _recorded_value(self, name):
        value = self[name]
        return value.mapped("display_name") if isinstance(value, models.BaseModel) else value

    def _record_edits(self, before):
        for line, values in before.items():
            changes = {
                name: [old, line._recorded_value(name)]
                for name, old in values.items()
                if line._recorded_value(name) != old
            }
            if changes:
                channel_line = line.sudo().channel_order_line_id
                channel_line.order_id._log_event("edited", {"changes": changes}, channel_line)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_unmapped(self):
        if not is_internal(self) and self._unmapped_channel_lines():
            raise UserError(
                self.env._("An unmapped item can't be removed from a channel's order. Map it to a product instead.")
            )
