from odoo import models

from ..tools.normalize import normalize_sku


class ProductTemplate(models.Model):
    """A template as the variants of a channel see it."""

    _inherit = "product.template"

    def _channel_axis_lines(self):
        """``{normalised attribute name: attribute line}`` of what tells its variants apart."""
        lines = self.attribute_line_ids.filtered(lambda line: line.attribute_id.create_variant != "no_variant")
        return {normalize_sku(line.attribute_id.name): line for line in lines}
