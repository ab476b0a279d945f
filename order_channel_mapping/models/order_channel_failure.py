from datetime import timedelta

from odoo import api, fields, models

from ..tools.guard import permitted


class OrderChannelFailure(models.Model):
    """One record that a run could not take, with reason, remedy and a retry; closes by itself when it comes in good."""

    _name = "order.channel.failure"
    _description = "Channel Failure"
    _order = "id desc"
    _rec_name = "external_ref"

    channel_id = fields.Many2one("order.channel", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    run_id = fields.Many2one("order.channel.run", index="btree_not_null", ondelete="set null", readonly=True)
    kind = fields.Selection(
        [
            ("item", "Item"),
            ("picture", "Picture"),
            ("order", "Order"),
            ("process", "Processing"),
            ("stock", "Stock"),
            ("command", "Command"),
        ],
        required=True,
        readonly=True,
    )
    external_ref = fields.Char(string="ID at the Channel", required=True, readonly=True)
    listing_id = fields.Many2one("order.channel.listing", index="btree_not_null", ondelete="cascade", readonly=True)
    reason_code = fields.Char(required=True, readonly=True)
    reason_params = fields.Json(readonly=True)
    payload = fields.Json(readonly=True, groups="order_channel_mapping.group_channel_manager")
    attempts = fields.Integer(default=1, readonly=True)
    last_try_at = fields.Datetime(default=fields.Datetime.now, readonly=True)
    next_try_at = fields.Datetime(readonly=True, index="btree_not_null")
    state = fields.Selection(
        [("open", "Unsolved"), ("solved", "Solved"), ("dismissed", "Dismissed")],
        default="open",
        required=True,
        readonly=True,
        index=True,
    )

    _open_uniq = models.UniqueIndex(
        "(channel_id, kind, external_ref) WHERE state = 'open'", "This failure is already on record."
    )

    @api.model
    def _next_try(self, attempts):
        """When to try a record again by itself: after 5, 10, 20 … minutes, a day at most."""
        return fields.Datetime.now() + timedelta(minutes=min(5 * 2 ** (attempts - 1), 1440))

    def _fail_again(self, run, code, params, payload):
        self.ensure_one()
        self.write(
            {
                "run_id": run.id if run else self.run_id.id,
                "reason_code": code,
                "reason_params": params,
                "payload": payload or self.payload,
                "attempts": self.attempts + 1,
                "last_try_at": fields.Datetime.now(),
                "next_try_at": self._next_try(self.attempts + 1),
            }
        )

    def action_retry(self):
        """Try again now: an order is asked for by its id, an item comes with a full fetch, stock is worked out afresh."""
        failures = permitted(self).filtered(lambda failure: failure.state == "open")
        failures.write({"next_try_at": fields.Datetime.now()})
        failures.filtered(lambda failure: failure.kind == "item").channel_id._fetch_all_items()
        failures.filtered(lambda failure: failure.kind == "picture")._retry_pictures()
        kinds = {"order": "orders", "process": "orders", "item": "items", "stock": "stock", "command": "outbox"}
        for kind, group in failures.filtered(lambda failure: failure.kind in kinds).grouped("kind").items():
            group.channel_id._request_run([kinds[kind]])
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "info", "message": self.env._("Trying again. The result shows here in a moment.")},
        }

    def _retry_pictures(self):
        """Ask for the pictures again, those of the listings that are still there."""
        for channel, failures in self.grouped("channel_id").items():
            self.env["order.channel.listing"].sudo().search(
                [("channel_id", "=", channel.id), ("external_id", "in", failures.mapped("external_ref"))]
            )._want_pictures()

    def action_dismiss(self):
        """Put the failures aside; they come back if the record fails again."""
        permitted(self).filtered(lambda failure: failure.state == "open").write(
            {"state": "dismissed", "next_try_at": False}
        )
