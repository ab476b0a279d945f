from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError

from .order_channel_batch import WORKING

#: a link that lets more orders go on than this leaves them to the background
RELEASE_AT_ONCE = 50
#: orders that go on in one transaction
RELEASE_CHUNK = 50


class OrderChannelBatch(models.Model):
    """Orders that go on because their items were linked: where they are many, in the background.

    The link itself is made at once. Such a batch has no lines of its own but for the items of orders that failed; undoing
    it is undoing the link. Should it be cancelled or die, the channel's next passes find the waiting orders too.
    """

    _inherit = "order.channel.batch"

    kind = fields.Selection(selection_add=[("release", "Release orders")], ondelete={"release": "cascade"})
    order_count = fields.Integer(string="Orders", readonly=True)
    released_count = fields.Integer(string="Orders That Went On", readonly=True)

    @api.model
    def _release_later(self, lines):
        """Have the orders of these waiting lines go on in the background.

        :param lines: order.channel.order.line records of one company whose listings are linked by now
        """
        listings = lines.listing_id
        batch = self._new(
            "release",
            listings.company_id,
            listings.channel_id,
            selection=[("id", "in", listings.ids)],
            selected_count=len(listings),
            order_count=len(lines.order_id),
            started_at=fields.Datetime.now(),
        )
        batch._begin("running")
        return batch

    @api.model
    def _releasing(self, channels):
        """The latest batch in which orders of these channels go on, while it does."""
        domain = [("kind", "=", "release"), ("state", "in", WORKING), ("channel_ids", "in", channels.ids)]
        return self.sudo().search(domain, limit=1)

    def action_cancel(self):
        if any(batch.kind == "release" for batch in self):
            raise UserError(
                self.env._("These orders go on because their item is linked. Unlink the item to stop them.")
            )
        return super().action_cancel()

    def _progress(self, number):
        if self.kind == "release":
            return 100.0 * self.released_count / self.order_count if self.order_count else 0.0
        return super()._progress(number)

    @api.depends("released_count")
    def _compute_counts(self):
        return super()._compute_counts()

    def _apply_chunk(self):
        if self.kind == "release":
            return self._release_chunk()
        return super()._apply_chunk()

    def _release_chunk(self):
        """Let the next orders go on; an order that fails is put on record and holds up nothing."""
        Line = self.env["order.channel.order.line"]
        listing_ids = self.env["order.channel.listing"].search(self._listing_domain()).ids
        waiting = [("listing_id", "in", listing_ids), ("order_id.id", ">", self.cursor)]
        lines = Line._find_waiting(waiting, order="order_id.id, id", limit=RELEASE_CHUNK)
        if not lines:
            self._end("done")
            return
        last = lines[-1].order_id
        lines |= Line._find_waiting([("listing_id", "in", listing_ids), ("order_id", "=", last.id)])
        failed = lines._apply_isolated()
        self.env["order.channel.batch.line"].create(
            [self._failed_line(order_lines, error) for order_lines, error in failed]
        )
        orders = len(lines.order_id) - len(failed)
        self.write({"cursor": last.id, "released_count": self.released_count + orders})

    def _failed_line(self, order_lines, error):
        code, params = self._blame(error)
        return {
            **self._line_values({"listing_id": order_lines[0].listing_id.id, "outcome": "problem"}),
            "chosen": True,
            "state": "failed",
            "reason_code": code,
            "reason_params": {**params, "message": f"{order_lines[0].order_id.number}: {params.get('message', '')}"},
        }


class OrderChannelOrderLine(models.Model):
    _inherit = "order.channel.order.line"

    def _go_on(self, at_once=False):
        """Let the orders of these waiting lines go on: few of them now, many in the background.

        :param at_once: all of them now, because what their sales orders show is wrong until then
        """
        if at_once or len(self.order_id) <= RELEASE_AT_ONCE:
            self._apply_mapping()
            return
        for lines in self.grouped("company_id").values():
            self.env["order.channel.batch"]._release_later(lines)

    def _go_on_isolated(self):
        """As :meth:`_go_on`; an order that fails holds up nothing.

        :return: ``[(lines of an order, exception)]``
        """
        if len(self.order_id) > RELEASE_AT_ONCE:
            self._go_on()
            return []
        return self._apply_isolated()

    def _apply_isolated(self):
        """As :meth:`_apply_mapping`, order by order where some of them fail.

        :return: ``[(lines of an order, exception)]``
        """
        return self.env["order.channel.batch"]._isolated(list(self.grouped("order_id").values()), self._apply_orders)[1]

    def _apply_orders(self, groups):
        groups[0].union(*groups[1:])._apply_mapping()
        self.env.flush_all()
        return Counter()
