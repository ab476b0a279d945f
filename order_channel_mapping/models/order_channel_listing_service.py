from odoo import fields, models
from odoo.exceptions import UserError

SERVICE_PRODUCT = "order_channel_mapping.product_service"


class OrderChannelListing(models.Model):
    """Taking what is no product as a service line, at the channel's price: once, or from now on."""

    _inherit = "order.channel.listing"

    def _check_takable_as_service(self):
        """:raise UserError: an item of a catalogue is a product, unless somebody set it aside"""
        for listing in self:
            if listing.state == "linked":
                raise UserError(listing._say_who_changed())
            if listing.kind != "custom" and listing.state != "ignored":
                raise UserError(
                    self.env._(
                        "%(item)s is an item of the channel's catalogue: link or confirm it, or ignore it first.",
                        item=listing.display_name,
                    )
                )

    def _take_as_service(self, product):
        """From now on: the listings stand for a service product. Orders that wait for them go on."""
        self._check_takable_as_service()
        return self._link_batch([(listing, [(product.id, 1.0)], "service") for listing in self])

    def _take_once_as_service(self, product):
        """Only the orders that wait now: their lines get a mapping that has ended already. The next order asks again.

        :return: the order lines
        """
        self._check_takable_as_service()
        self._check_products(product.ids)
        lines = self.env["order.channel.order.line"].search(
            [
                ("listing_id", "in", self.ids),
                ("mapping_id", "=", False),
                ("order_id.sale_order_ids.state", "in", ("draft", "sent")),
            ]
        )
        if not lines:
            raise UserError(
                self.env._("No order waits for it any more. To take it as a service from now on, choose Always.")
            )
        now = fields.Datetime.now()
        mappings = self.env["order.channel.mapping"].create(
            [
                {
                    "listing_id": listing.id,
                    "company_id": listing.company_id.id,
                    "method": "service",
                    "started_at": now,
                    "ended_at": now,
                    "end_user_id": self.env.uid,
                    "line_ids": [fields.Command.create({"product_id": product.id, "quantity": 1.0})],
                }
                for listing in lines.listing_id
            ]
        )
        for mapping in mappings:
            lines.filtered(lambda line, mapping=mapping: line.listing_id == mapping.listing_id).mapping_id = mapping
        self.env["order.channel.event"]._log(
            [(line.order_id, "mapped", {"product": line.mapping_id._summary()}, line) for line in lines]
        )
        lines._project()
        return lines

    def _make_service_product(self):
        """A service product of the listing's own, with its name and price."""
        self.ensure_one()
        own = self.with_context(allowed_company_ids=self.company_id.ids)
        values = own._prepare_product_values(own._taken_barcodes())
        values |= {"type": "service", "is_storable": False, "purchase_ok": False}
        return own.env["product.product"].sudo().create(values)

    def action_open_service(self):
        """Ask whether to take it as a service this time or always."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Take as a Service"),
            "res_model": "order.channel.service",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_listing_id": self.id},
        }


class OrderChannelBlocker(models.Model):
    """What keeps an order frozen may be no product at all."""

    _inherit = "order.channel.blocker"

    can_be_service = fields.Boolean(compute="_compute_can_be_service")

    def _compute_can_be_service(self):
        for blocker in self:
            listing = blocker.listing_id
            blocker.can_be_service = blocker.code == "unmapped" and (
                listing.kind == "custom" or listing.state == "ignored"
            )

    def action_take_as_service(self):
        """Ask whether to take the item as a service this time or always."""
        return self.listing_id.action_open_service()
