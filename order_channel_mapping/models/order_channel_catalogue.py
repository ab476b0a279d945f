from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools.guard import permitted

#: items that could become products
CATALOGUE = [("state", "=", "unconfirmed"), ("kind", "=", "item"), ("gone", "=", False)]


class OrderChannel(models.Model):
    """A catalogue from a channel: a business that starts from its store has no products in Odoo yet.

    Off unless a person switches it on (rule 3). What it makes is a mass change like any other: listed, and undone in one go.
    """

    _inherit = "order.channel"

    create_products = fields.Selection(
        [("never", "Never"), ("first", "Once, after a full fetch"), ("always", "For all new items")],
        string="Create Missing Products",
        required=True,
        default="never",
        copy=False,
        tracking=True,
        help="Items for which no product is found become products, variants of one item one product. "
        "What may be a product already waits for a person. They have no stock yet: where stock is pushed, the channel gets 0.",
    )
    create_products_user_id = fields.Many2one(
        "res.users", readonly=True, copy=False, default=lambda self: self.env.uid
    )  # who switched it on
    create_products_after = fields.Integer(readonly=True, copy=False)  # id of the last item that had its turn

    def write(self, vals):
        result = super().write(vals)
        if "create_products" in vals and "create_products_user_id" not in vals:
            self.sudo().write({"create_products_user_id": self.env.uid, "create_products_after": 0})
        return result

    def _catalogue_domain(self):
        """Items of the channel that could become products."""
        return Domain("channel_id", "=", self.id) & Domain(CATALOGUE)

    def _catalogue_after_fetch(self):
        """Have products made from what a complete fetch brought, where the channel's policy says so.

        :return: the order.channel.batch record, empty where there is nothing to do
        """
        self.ensure_one()
        Batch = self.env["order.channel.batch"].sudo()
        policy, after = self.create_products, self.create_products_after
        full = self.items_full_at and not self.items_since
        if policy == "never" or not (full or (policy == "always" and after)):
            return Batch
        selection = [("channel_id", "=", self.id), ("id", ">", after)]
        domain = self._catalogue_domain() & Domain(selection)
        found = self.env["order.channel.listing"].search(domain, order="id desc", limit=1)
        values = {"create_products_after": found.id}
        if policy == "first":
            values |= {"create_products": "never", "create_products_user_id": self.create_products_user_id.id}
        batch = Batch
        if found:
            user = self.create_products_user_id or self.env.user
            batch = Batch._new("catalogue", self.company_id, self, user_id=user.id, selection=selection, at_once=True)
            batch._begin("preparing")
        if found or policy == "first":
            self.write(values)
        return batch

    def action_create_products(self):
        """Work out which products the channel's items would become; nothing is created before it is approved."""
        self.ensure_one()
        channel = permitted(self)
        if not self.env["order.channel.listing"].sudo().search_count(channel._catalogue_domain(), limit=1):
            raise UserError(self.env._("Every item of this channel is linked or ignored: there is nothing to create."))
        batch = self.env["order.channel.batch"]._new("catalogue", self.company_id, self).sudo(False)
        batch.action_prepare()
        return batch.action_open()
