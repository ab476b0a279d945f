from odoo import api, fields, models


class OrderChannelOrder(models.Model):
    """What is in the way of an order in a line, and the one button that cures it: for lists."""

    _inherit = "order.channel.order"

    blocker_text = fields.Char(string="What Is in the Way", compute="_compute_cure")
    cure = fields.Selection(
        [
            ("process", "Process"),
            ("link", "Link"),
            ("tax", "Choose Tax"),
            ("resolve", "Resolve"),
        ],
        compute="_compute_cure",
    )

    @api.depends(
        "blocker_ids.code",
        "blocker_ids.text",
        "blocker_ids.overruled_by_id",
        "blocker_ids.listing_state",
        "sale_order_ids.state",
        "status",
    )
    @api.depends_context("lang")
    def _compute_cure(self):
        """One reason in full; of several, ``Unmapped item (2), Payment``."""
        labels = dict(self.env["order.channel.blocker"]._fields["code"]._description_selection(self.env))
        for order in self:
            blockers = order.blocker_ids.filtered(lambda blocker: not blocker.overruled_by_id)
            counts = {code: len(same) for code, same in blockers.grouped("code").items()}
            order.blocker_text = (
                blockers.text
                if len(blockers) == 1
                else ", ".join(
                    f"{labels[code]} ({count})" if count > 1 else labels[code] for code, count in counts.items()
                )
            )
            order.cure = order._choose_cure(blockers)

    def _choose_cure(self, blockers):
        """:param blockers: the order's open ones"""
        state = self.sale_order_id.sudo().state
        if state not in ("draft", "sent", "sale"):
            return False
        if not blockers:
            return "process" if state != "sale" and self.status != "cancelled" else False
        unmapped = blockers.filtered(lambda blocker: blocker.code == "unmapped")
        if unmapped and "ignored" not in unmapped.mapped("listing_state"):
            return "link"
        if blockers[0].code == "tax" and len(blockers) == 1:
            return "tax"
        return "resolve"

    def action_cure(self):
        """Do, or ask for, what lets the order go on."""
        self.ensure_one()
        sale_order = self.sale_order_id
        if self.cure == "process":
            return sale_order.action_channel_process()
        if self.cure == "link":
            return sale_order.action_channel_link_items()
        if self.cure == "tax":
            return self.blocker_ids.filtered(lambda blocker: blocker.code == "tax").action_choose_tax()
        return sale_order.action_channel_resolve()


class SaleOrder(models.Model):
    """The same for lists of sales orders, whose reader need not see channel orders."""

    _inherit = "sale.order"

    channel_blocker_text = fields.Char(related="channel_order_id.blocker_text", string="What Is in the Way")
    channel_cure = fields.Selection(related="channel_order_id.cure")

    def action_channel_cure(self):
        """Do, or ask for, what lets the order go on."""
        self.ensure_one()
        return self.channel_order_id.action_cure()
