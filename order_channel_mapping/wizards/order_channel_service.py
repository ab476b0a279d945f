from odoo import api, fields, models

from ..models.order_channel_listing_service import SERVICE_PRODUCT


class OrderChannelService(models.TransientModel):
    """Takes what an order sells as a service line at the channel's price: gift wrap, an engraving, a deposit."""

    _name = "order.channel.service"
    _description = "Take as a Service"
    _inherit = ["order.channel.reach"]

    listing_id = fields.Many2one("order.channel.listing", string="Item", required=True, ondelete="cascade")
    waiting_order_count = fields.Integer(related="listing_id.waiting_order_count")
    seen_mapping_id = fields.Many2one("order.channel.mapping", readonly=True, ondelete="cascade")
    scope = fields.Selection(
        [("once", "This time: the next order asks again"), ("always", "Always: remember it")],
        string="For",
        required=True,
        default="once",
    )
    booked_on = fields.Selection(
        [("shared", "The product Channel service"), ("own", "A service product of its own")],
        required=True,
        default="shared",
    )

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        listing = self.env["order.channel.listing"].browse(values.get("listing_id"))
        listing.check_access("read")
        return {
            **values,
            "scope": "once" if listing.waiting_order_count else "always",
            "seen_mapping_id": listing.mapping_id.id,
        }

    def action_take(self):
        """Let the waiting orders go on; remember it where that was chosen."""
        self.ensure_one()
        listing = self.listing_id._as_mapper()
        listing._check_unchanged({listing: self.seen_mapping_id.sudo()})
        listing._check_takable_as_service()
        own = self.booked_on == "own"
        product = listing._make_service_product() if own else self.env.ref(SERVICE_PRODUCT).sudo()
        if self.scope == "always":
            listing._take_as_service(product)
            message = self.env._("%(item)s is taken as a service from now on.", item=listing.name)
        else:
            lines = listing._take_once_as_service(product)
            message = self.env._("Order lines taken as a service: %(number)s.", number=len(lines))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": message, "next": {"type": "ir.actions.act_window_close"}},
        }
