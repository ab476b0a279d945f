"""What a person changes on the lines of a marketplace's order (rule 5): on record, its effect on the total shown at once."""

from odoo import models

from ..tools.guard import is_internal

#: what a person may change on a channel's line, on record
RECORDED = ("product_uom_qty", "price_unit", "discount", "tax_ids", "product_uom_id")
#: what may change the total of an order
PRICED = frozenset({*RECORDED, "product_id", "order_id"})
_SAVE = "order_channel_save"


class _Save:
    """A save of an order that is going on: its lines change one by one, its total is looked at when all of them have."""

    __slots__ = ("order_ids",)

    def __init__(self):
        self.order_ids = set()


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def write(self, vals):
        """Override of `sale`: totals are looked at once, at the end of a save."""
        if "order_line" not in vals or is_internal(self) or isinstance(self.env.context.get(_SAVE), _Save):
            return super().write(vals)
        save = _Save()
        result = super(SaleOrder, self.with_context(**{_SAVE: save})).write(vals)
        self.browse(save.order_ids)._recheck_channel_totals()
        return result

    def _recheck_channel_totals(self):
        """Work out whether the totals of these marketplaces' orders are the channel's still, now or when the save ends."""
        save = self.env.context.get(_SAVE)
        if isinstance(save, _Save):
            save.order_ids.update(self.ids)
        elif self:
            self.sudo().channel_order_id._recheck_totals()


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _of_marketplaces(self):
        """The lines with an amount in orders that came from a channel."""
        orders = self.sudo().order_id._from_marketplaces()
        return self.filtered(lambda line: not line.display_type and line.order_id.id in orders._ids)

    def _record_lines(self, code):
        """:param code: "line_added" or "line_removed" """
        for line in self._of_marketplaces().sudo():
            params = {
                "line": line._record_label(),
                "amount": line.price_total,
                "currency": line.order_id.currency_id.name,
            }
            line.order_id.channel_order_id._log_event(code, params, line.channel_order_line_id)

    def _record_label(self):
        return (self.name or self.product_id.display_name or "").split("\n")[0]

    def _recorded_values(self, vals):
        names = [name for name in RECORDED if name in vals]
        lines = self._of_marketplaces() if names else self.browse()
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
                line = line.sudo()
                channel_line = line.channel_order_line_id
                params = {"changes": changes} if channel_line else {"changes": changes, "line": line._record_label()}
                line.order_id.channel_order_id._log_event("edited", params, channel_line)

    def _remember_removed(self):
        """A channel's line that a person removes comes back only when the channel changes it."""
        for line in self._of_marketplaces().filtered("channel_key").sudo():
            order = line.order_id.channel_order_id
            order.removed_lines = {**(order.removed_lines or {}), line.channel_key: line._channel_facts()}

    def _channel_facts(self):
        """What the channel said of this line when it was last written."""
        written = self.channel_written or {}
        return written.get("facts") or (self.channel_order_line_id and self.channel_order_line_id._channel_facts())
