from odoo import api, fields, models
from odoo.fields import Domain

from ..tools.payments import method_name, pays_on_delivery

PAID = frozenset({"paid", "partially_refunded"})
#: what can still be paid
OPEN_PAYMENT = frozenset({"pending", "partially_paid", "authorized"})


class OrderChannelPaymentMap(models.Model):
    """Whether orders paid by a payment method of the channel are shipped before they are paid.

    Filled with the methods that unpaid orders come with: cash on delivery ships, the others wait.
    """

    _name = "order.channel.payment.map"
    _description = "Channel Payment Method"
    _inherit = ["order.channel.reach"]
    _order = "channel_id, name, id"
    _check_company_auto = True

    channel_id = fields.Many2one("order.channel", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    name = fields.Char(string="Payment Method", required=True, help="As the channel names it.")
    ship_before_payment = fields.Boolean(
        help="Orders paid this way are processed before they are paid, such as those with cash on delivery or on invoice."
    )

    _name_uniq = models.UniqueIndex("(channel_id, name)", "This payment method is already in the list.")

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["name"] = (vals.get("name") or "").strip()
        maps = super().create(vals_list)
        if not self.env.context.get("order_channel_noting"):
            maps.channel_id._recheck_unpaid()
        return maps

    def write(self, vals):
        result = super().write(vals)
        self.channel_id._recheck_unpaid()
        return result

    def unlink(self):
        channels = self.channel_id
        result = super().unlink()
        channels._recheck_unpaid()
        return result


class OrderChannel(models.Model):
    _inherit = "order.channel"

    payment_map_ids = fields.One2many("order.channel.payment.map", "channel_id", string="Payment Methods")

    def _note_payment_methods(self, orders):
        """Add the methods that unpaid orders come with to the channel's list.

        :param orders: list of :class:`connectors.records.Order`
        """
        methods = {
            method_name(method)
            for order in orders
            if order.payment_status.value in OPEN_PAYMENT
            for method in order.payment_methods or (None,)
            if order.payment_status.value != "authorized" or pays_on_delivery(method)
        }
        if not methods:
            return
        PaymentMap = self.env["order.channel.payment.map"].sudo().with_context(order_channel_noting=True)
        known = PaymentMap.search_fetch([("channel_id", "=", self.id)], ["name"])
        new = methods - set(known.mapped("name"))
        PaymentMap.create(
            [
                {"channel_id": self.id, "name": name, "ship_before_payment": pays_on_delivery(name)}
                for name in sorted(new)
            ]
        )

    def _recheck_unpaid(self):
        """Work out again what is in the way of open orders that are not paid."""
        orders = self.env["order.channel.order"].search(
            Domain("channel_id", "in", self.ids)
            & Domain("payment_status", "in", list(OPEN_PAYMENT))
            & Domain("sale_order_ids.state", "in", ("draft", "sent"))
        )
        for found in orders.grouped("channel_id").values():
            found._recheck()


class OrderChannelOrder(models.Model):
    _inherit = "order.channel.order"

    def _waits_for_payment(self):
        """Whether an order may not be processed before it is paid. A payment that the channel has secured (authorised) is
        good, unless it is made on delivery and such orders are to wait."""
        self.ensure_one()
        if self.payment_status in PAID:
            return False
        if self.payment_status not in OPEN_PAYMENT:
            return True
        ships = {rule.name: rule.ship_before_payment for rule in self.channel_id.sudo().payment_map_ids}
        methods = self._payment_methods()
        if self.payment_status == "authorized":
            on_delivery = [method for method in methods if pays_on_delivery(method)]
            return bool(on_delivery) and not any(ships.get(method, True) for method in on_delivery)
        return not any(ships.get(method, pays_on_delivery(method)) for method in methods)

    def _payment_methods(self):
        """The names of its payment methods in the channel's list."""
        return [method_name(method) for method in (self.data or {}).get("payment_methods") or [None]]
