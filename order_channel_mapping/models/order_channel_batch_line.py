from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.reasons import reason_text
from .order_channel_mapping import OWN_PRODUCTS


class OrderChannelBatchLine(models.Model):
    """What a mass change does with one listing: first proposed, then done, left alone or failed, perhaps put back."""

    _name = "order.channel.batch.line"
    _description = "Channel Mass Change Line"
    _inherit = ["order.channel.guarded"]
    _order = "id"
    _rec_name = "listing_id"

    batch_id = fields.Many2one("order.channel.batch", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    listing_id = fields.Many2one("order.channel.listing", string="Item", index=True, ondelete="cascade", readonly=True)
    channel_id = fields.Many2one(related="listing_id.channel_id")
    sku = fields.Char(related="listing_id.sku", string="SKU")
    image_url = fields.Char(related="listing_id.image_url")
    outcome = fields.Selection(
        [
            ("change", "To change"),
            ("ambiguous", "Ambiguous"),
            ("conflict", "Linked to another product"),
            ("nothing", "Nothing found"),
            ("problem", "Problem"),
            ("same", "No change"),
        ],
        required=True,
        readonly=True,
    )
    chosen = fields.Boolean(string="Do It")
    action = fields.Selection(
        [("link", "Link"), ("confirm", "Confirm"), ("ignore", "Ignore"), ("unlink", "Unlink")], readonly=True
    )
    method = fields.Selection(
        selection=lambda self: self.env["order.channel.mapping"]._fields["method"].selection, readonly=True
    )
    product_id = fields.Many2one(
        "product.product",
        index="btree_not_null",
        domain=OWN_PRODUCTS,
        ondelete="set null",
    )
    quantity = fields.Float(string="Units", digits="Product Unit", default=1.0)
    components = fields.Json(readonly=True)  # [[product id, quantity]] of a bundle
    values = fields.Json(readonly=True)  # what else its action needs
    unit_key = fields.Char(readonly=True)  # lines that only make sense together: variants of one product
    score = fields.Float(readonly=True)  # 0 to 100
    state = fields.Selection(
        [
            ("pending", "To do"),
            ("done", "Done"),
            ("left", "Skipped"),
            ("failed", "Failed"),
            ("undone", "Undone"),
        ],
        default="pending",
        required=True,
        readonly=True,
    )
    before_state = fields.Char(readonly=True)
    before_mapping_id = fields.Many2one(
        "order.channel.mapping", string="Before", index="btree_not_null", ondelete="set null", readonly=True
    )
    mapping_id = fields.Many2one(
        "order.channel.mapping", string="After", index="btree_not_null", ondelete="set null", readonly=True
    )
    reason_code = fields.Char(readonly=True)
    reason_params = fields.Json(readonly=True)
    text = fields.Char(string="Why", compute="_compute_text")

    _batch_state_idx = models.Index("(batch_id, state, unit_key, id)")
    _quantity_positive = models.Constraint("CHECK (quantity > 0)", "A mapping needs a quantity above zero.")

    @api.model
    def _states(self):
        return [state for state, __ in self._fields["state"].selection]

    @api.model
    def _outcomes(self):
        return [outcome for outcome, __ in self._fields["outcome"].selection]

    @api.depends("reason_code", "reason_params", "components")
    @api.depends_context("lang")
    def _compute_text(self):
        for line in self:
            parts = [line._components_text(), " ".join(filter(None, reason_text(self.env, *line._reason())))]
            line.text = " · ".join(filter(None, parts)) or False

    def _reason(self):
        return self.reason_code, self.reason_params

    def _components(self):
        """What the listing is to stand for: ``[(product id, quantity)]``."""
        self.ensure_one()
        if self.components:
            return [(product_id, quantity) for product_id, quantity in self.components]
        return [(self.product_id.id, self.quantity)] if self.product_id else []

    def _components_text(self):
        if not self.components:
            return ""
        names = self.env["product.product"].browse([product_id for product_id, __ in self.components])
        return ", ".join(
            f"{quantity:g} x {product.display_name}"
            for product, (__, quantity) in zip(names, self.components, strict=True)
        )

    def write(self, vals):
        """A person may choose product, quantity and whether to do it, until it is approved."""
        if self.env.su:
            return super().write(vals)
        if any(batch.state != "ready" for batch in self.batch_id):
            raise UserError(self.env._("What is approved already can't be changed."))
        result = super().write(vals)
        lines = self.sudo()
        if {"product_id", "quantity"} & vals.keys():
            by_hand = {"components": False, "action": "link", "method": "manual"}
            if vals.get("product_id") and "chosen" not in vals:
                by_hand["chosen"] = True  # who chooses a product wants it
            lines.filtered("product_id").write(by_hand)
        elif vals.get("chosen"):
            # a product that is there already is linked, not made once more
            lines.filtered(lambda line: line.product_id and line.action == "confirm").write(
                {"action": "link", "method": "manual"}
            )
        return result

    def action_choose(self):
        """Tick these lines."""
        self.write({"chosen": True})

    def action_unchoose(self):
        """Leave these lines out."""
        self.write({"chosen": False})

    def action_apply_batch(self):
        """Do what is ticked, from the list in which it was looked at.

        The list's own button calls it without records: then it is the batch in the context.
        """
        batch = self.batch_id or self.env["order.channel.batch"].browse(self.env.context.get("batch_id"))
        batch.action_apply()
        return batch.action_open()
