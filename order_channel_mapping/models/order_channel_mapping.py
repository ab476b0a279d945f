from odoo import api, fields, models

#: the products that an item of ``company_id`` may stand for, as a form offers them; a combo on its own brings no goods
OWN_PRODUCTS = "[('type', '!=', 'combo'), '|', ('company_id', '=', False), ('company_id', 'parent_of', company_id)]"


class OrderChannelMapping(models.Model):
    """A dated version of what a listing stands for. A change ends it and starts a new one."""

    _name = "order.channel.mapping"
    _description = "Channel Mapping"
    _order = "started_at desc, id desc"

    listing_id = fields.Many2one("order.channel.listing", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    started_at = fields.Datetime(string="From", required=True, readonly=True, default=fields.Datetime.now)
    ended_at = fields.Datetime(string="Until", readonly=True)
    method = fields.Selection(
        [
            ("sku", "By SKU"),
            ("barcode", "By barcode"),
            ("name", "By name"),
            ("suggestion", "Suggestion accepted"),
            ("copy", "Copied from another channel"),
            ("file", "From a spreadsheet"),
            ("manual", "By hand"),
            ("confirm", "Confirmed as new"),
            ("service", "As a service"),
        ],
        required=True,
        readonly=True,
    )
    refused = fields.Boolean(readonly=True, help="Ended by a person: automatic linking does not propose it again.")
    batch_id = fields.Many2one("order.channel.batch", string="Mass Change", index="btree_not_null", readonly=True)
    note = fields.Char(string="Why", readonly=True)
    line_ids = fields.One2many("order.channel.mapping.line", "mapping_id", string="Stands For", readonly=True)
    user_id = fields.Many2one("res.users", string="By", readonly=True, default=lambda self: self.env.uid)
    end_user_id = fields.Many2one("res.users", string="Ended By", readonly=True)
    end_note = fields.Char(string="Why It Ended", readonly=True)

    _live_uniq = models.UniqueIndex("(listing_id) WHERE ended_at IS NULL", "A listing has one mapping at a time.")

    def _summary(self):
        """What it stands for, in one line: ``6 x Tea, 1 x Mug``."""
        self.ensure_one()
        return ", ".join(self.line_ids.mapped("display_name"))

    def _components(self):
        """``[(product id, quantity)]``, as ``listing._link_batch`` takes it."""
        self.ensure_one()
        return [(line.product_id.id, line.quantity) for line in self.line_ids]

    @api.depends("line_ids")
    def _compute_display_name(self):
        for mapping in self:
            mapping.display_name = mapping._summary()


class OrderChannelMappingLine(models.Model):
    """So many of one product in a mapping: one line of one piece, a pack (6 x one product) or a bundle."""

    _name = "order.channel.mapping.line"
    _description = "Channel Mapping Line"
    _order = "mapping_id, sequence, id"

    mapping_id = fields.Many2one("order.channel.mapping", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one("product.product", required=True, index=True, ondelete="restrict")
    quantity = fields.Float(required=True, default=1.0, digits="Product Unit")

    _quantity_positive = models.Constraint("CHECK (quantity > 0)", "A mapping needs a quantity above zero.")

    @api.depends("product_id", "quantity")
    def _compute_display_name(self):
        for line in self:
            line.display_name = f"{line.quantity:g} x {line.product_id.display_name}"
