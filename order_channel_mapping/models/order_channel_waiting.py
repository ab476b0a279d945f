from odoo import api, fields, models
from odoo.tools import SQL


class OrderChannelListing(models.Model):
    """How many orders wait for an item: counted when blockers come and go, so that lists can be sorted by it."""

    _inherit = "order.channel.listing"

    waiting_order_count = fields.Integer(
        string="Waiting Orders",
        readonly=True,
        default=0,
        copy=False,
        help="Orders that are frozen because of this item.",
    )

    # what holds up the most comes first, of all channels or of one
    _waiting_idx = models.Index("(waiting_order_count DESC, id DESC) WHERE state = 'unconfirmed'")
    _channel_waiting_idx = models.Index("(channel_id, waiting_order_count DESC, id DESC) WHERE state = 'unconfirmed'")
    _parent_idx = models.Index("(parent_ref) WHERE state = 'unconfirmed'")
    _ignored_idx = models.Index("(id) WHERE state = 'ignored'")
    _to_review_idx = models.Index("(id) WHERE to_review IS TRUE")

    def _count_waiting_orders(self):
        """Count again. Two transactions that count the same listing meet on its row: the later one is repeated.

        SQL: one statement for all of them, and nothing is written where the number is the same.
        """
        if not self:
            return
        self.env["order.channel.blocker"].flush_model(["listing_id", "order_id", "code"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE order_channel_listing listing SET waiting_order_count = counted.number
                  FROM (SELECT item.id, count(DISTINCT blocker.order_id) AS number
                          FROM order_channel_listing item
                          LEFT JOIN order_channel_blocker blocker
                                 ON blocker.listing_id = item.id AND blocker.code = 'unmapped'
                         WHERE item.id = ANY(%s)
                         GROUP BY item.id) counted
                 WHERE listing.id = counted.id AND listing.waiting_order_count IS DISTINCT FROM counted.number
                """,
                self.ids,
            )
        )
        self.invalidate_recordset(["waiting_order_count"], flush=False)


class OrderChannelBlocker(models.Model):
    """Unmapped lines count as orders that wait for their item."""

    _inherit = "order.channel.blocker"

    @api.model_create_multi
    def create(self, vals_list):
        """Override: one more order may wait for these items."""
        blockers = super().create(vals_list)
        blockers._waited_for()._count_waiting_orders()
        return blockers

    def unlink(self):
        """Override: one order less may wait for these items."""
        listings = self._waited_for()
        result = super().unlink()
        listings._count_waiting_orders()
        return result

    def _waited_for(self):
        return self.filtered(lambda blocker: blocker.code == "unmapped").listing_id.sudo()
