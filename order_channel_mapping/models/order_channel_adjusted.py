from odoo import api, fields, models

from ..tools.record_reasons import adjustments_text


class OrderChannelAdjusted(models.AbstractModel):
    """What could not be stored as the channel sent it, in words."""

    _name = "order.channel.adjusted"
    _description = "Adjusted When Imported"

    adjusted = fields.Json(readonly=True, copy=False)  # {how: names of fields}, see connectors.storable
    adjusted_text = fields.Char(string="Adjusted When Imported", compute="_compute_adjusted_text")

    @api.depends("adjusted")
    @api.depends_context("lang")
    def _compute_adjusted_text(self):
        for record in self:
            record.adjusted_text = adjustments_text(self.env, record.adjusted)
