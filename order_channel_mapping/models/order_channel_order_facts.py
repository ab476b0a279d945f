from odoo import api, fields, models

from ..tools.addresses import vat_forms


class OrderChannelOrder(models.Model):
    """What the channel says about an order that the person who ships and books it wants to know."""

    _inherit = "order.channel.order"

    # also one that is not active
    currency_id = fields.Many2one("res.currency", string="Currency in Odoo", compute="_compute_currency_id")
    payment_methods = fields.Char(string="Paid With", readonly=True)
    shipping_method = fields.Char(readonly=True)
    purchase_order = fields.Char(readonly=True, index="btree_not_null", help="The buyer's own number of this order.")
    buyer_company = fields.Char(readonly=True)
    buyer_vat = fields.Char(string="VAT Number", readonly=True, help="As the buyer gave it.")
    delivery_address = fields.Text(compute="_compute_delivery_address", help="As the channel gives it.")
    buyer_note = fields.Text(string="Buyer's Note", compute="_compute_delivery_address")

    @api.depends("currency_code")
    def _compute_currency_id(self):
        codes = list(set(self.mapped("currency_code")) - {False})
        currencies = self.env["res.currency"].with_context(active_test=False).search([("name", "in", codes)])
        by_code = {currency.name: currency.id for currency in currencies}
        for order in self:
            order.currency_id = by_code.get(order.currency_code)

    @api.depends("data")
    @api.depends_context("lang")
    def _compute_delivery_address(self):
        addresses = [(order.data or {}).get("shipping") or {} for order in self]
        codes = {address.get("country") for address in addresses} - {None}
        countries = {
            country.code: country.name for country in self.env["res.country"].search([("code", "in", list(codes))])
        }
        for order, address in zip(self, addresses, strict=True):
            country = address.get("country")
            order.delivery_address = address_text({**address, "country": countries.get(country, country)})
            order.buyer_note = (order.data or {}).get("note")

    def _has_other_vat(self):
        """Whether the buyer gave a VAT number that their contact does not have, or that Odoo refused."""
        self.ensure_one()
        if not self.buyer_vat or not self.partner_id:
            return False
        known = self.partner_id.sudo().commercial_partner_id.vat
        return vat_forms(self.buyer_vat).isdisjoint(vat_forms(known or ""))

    @staticmethod
    def _fact_values(order):
        """The values of these fields.

        :param order: :class:`connectors.records.Order`
        :rtype: dict
        """
        return {
            "payment_methods": ", ".join(dict.fromkeys(order.payment_names or order.payment_methods)),
            "shipping_method": order.shipping_method,
            "purchase_order": order.purchase_order,
            "buyer_vat": order.buyer and order.buyer.vat,
        }


class SaleOrder(models.Model):
    """The same on the sales order, whose reader need not see channel orders."""

    _inherit = "sale.order"

    channel_placed_at = fields.Datetime(related="channel_order_id.placed_at", string="Ordered at the Channel")
    channel_payment_status = fields.Selection(
        related="channel_order_id.payment_status", string="Payment at the Channel"
    )
    channel_payment_methods = fields.Char(related="channel_order_id.payment_methods")
    channel_shipping_method = fields.Char(related="channel_order_id.shipping_method", string="Shipping Method")
    channel_purchase_order = fields.Char(related="channel_order_id.purchase_order")
    channel_buyer_vat = fields.Char(related="channel_order_id.buyer_vat", string="VAT Number at the Channel")
    channel_delivery_address = fields.Text(string="Deliver To", compute="_compute_channel_delivery_address")
    channel_buyer_note = fields.Text(related="channel_order_id.buyer_note", string="Buyer's Note")
    channel_currency_id = fields.Many2one(related="channel_order_id.currency_id", string="Currency at the Channel")
    channel_total = fields.Monetary(
        string="Total at the Channel", currency_field="channel_currency_id", compute="_compute_channel_total"
    )

    @api.depends("channel_order_id", "partner_id", "partner_shipping_id")
    def _compute_channel_delivery_address(self):
        """Where it goes, which a person may have changed, unless that is the customer's own address, which is shown anyway."""
        for order in self:
            there = _label(order.partner_shipping_id) if order.channel_order_id else False
            order.channel_delivery_address = there if there != _label(order.partner_id) else False

    @api.depends("channel_order_id.amount_total")
    def _compute_channel_total(self):
        for order in self:
            order.channel_total = order.sudo().channel_order_id.amount_total


def _label(partner):
    """A contact's name and address, as on a label."""
    address = partner.sudo()._display_address(without_company=True)
    return "\n".join(filter(None, [partner.sudo().name, *map(str.strip, address.split("\n"))]))


def address_text(address):
    """An address as people write it on a label, one part a line.

    :param address: :class:`connectors.records.Address` as JSON, or None
    :return: str, or False where there is none
    """
    address = address or {}
    place = " ".join(filter(None, (address.get(part) for part in ("zip", "city", "state"))))
    lines = [address.get("name"), address.get("company"), address.get("street"), address.get("street2"), place]
    lines += [address.get("country"), address.get("phone")]
    return "\n".join(filter(None, lines)) or False
