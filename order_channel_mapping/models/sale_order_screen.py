from odoo import api, fields, models


class SaleOrder(models.Model):
    """What lists and forms say about a channel order, in one word."""

    _inherit = "sale.order"

    channel_status = fields.Selection(
        [
            ("frozen", "Frozen"),
            ("to_resolve", "To resolve"),
            ("ready", "Ready"),
            ("processed", "Processed"),
            ("cancelled", "Cancelled"),
        ],
        compute="_compute_channel_status",
    )
    channel_ship_by = fields.Datetime(related="channel_order_id.ship_by", string="Ship By")
    channel_overruled_text = fields.Char(string="Overruled", compute="_compute_channel_overruled_text")
    channel_unmapped_count = fields.Integer(compute="_compute_channel_unmapped_count")

    @api.depends("order_channel_id", "channel_frozen", "channel_to_resolve", "state")
    def _compute_channel_status(self):
        for order in self:
            if not order.order_channel_id:
                order.channel_status = False
            elif order.state == "cancel":
                order.channel_status = "cancelled"
            elif order.channel_frozen:
                order.channel_status = "frozen"
            elif order.channel_to_resolve:
                order.channel_status = "to_resolve"
            else:
                order.channel_status = "processed" if order.state == "sale" else "ready"

    @api.depends("channel_blocker_ids.overruled_by_id", "channel_blocker_ids.overrule_reason")
    @api.depends_context("lang", "uid")
    def _compute_channel_overruled_text(self):
        """What was set aside and can be asked again, for forms: ``Payment at the channel: Pending. Overruled by Ann: …``"""
        for order in self:
            overruled = order.sudo().channel_blocker_ids.filtered("can_undo_overrule")
            order.channel_overruled_text = " ".join(f"{blocker.text} {blocker.remedy}" for blocker in overruled)

    def action_channel_undo_overrule(self):
        """Ask again for everything that was set aside."""
        return self.channel_blocker_ids.filtered("can_undo_overrule").action_undo_overrule()

    @api.depends("channel_frozen")
    def _compute_channel_unmapped_count(self):
        counts = dict(
            self.env["order.channel.blocker"]
            .sudo()
            ._read_group(
                [("order_id", "in", self.sudo().channel_order_id.ids), ("code", "=", "unmapped")],
                ["order_id"],
                ["listing_id:count_distinct"],
            )
        )
        for order in self:
            order.channel_unmapped_count = counts.get(order.sudo().channel_order_id, 0)


class OrderChannelOrder(models.Model):
    """From a channel order to its sales order."""

    _inherit = "order.channel.order"

    def action_view_sale_order(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.sale_order_id.id,
            "views": [(False, "form")],
        }
