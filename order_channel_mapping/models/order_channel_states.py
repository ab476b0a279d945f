from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.reasons import reason_text
from .order_channel_account import OFFLINE
from .order_channel_pass import CRONS

#: the switches of Go live; none is on outside of these states (rule 7)
SWITCHES = ("auto_link", "auto_process", "push_stock", "push_tracking")
SWITCHED_STATES = ("live", "closing")


class OrderChannel(models.Model):
    """States of a channel: live, paused, closing; what its card says; and what may change in each."""

    _name = "order.channel"
    _inherit = ["order.channel", "order.channel.guarded"]

    health_message = fields.Char(compute="_compute_health_message")
    fetched_items = fields.Integer(
        string="Items Fetched So Far", compute="_compute_first_fetch", help="By the fetch that runs now."
    )
    first_fetch = fields.Boolean(compute="_compute_first_fetch", help="Its items have not been fetched to the end yet.")
    empty_store = fields.Boolean(compute="_compute_first_fetch", help="All was fetched, and the store has no items.")

    # === COMPUTE METHODS === #

    @api.depends("health", "health_code", "health_params", "next_try_at", "paused", "state")
    @api.depends_context("lang")
    def _compute_health_message(self):
        for channel in self:
            if channel.is_foreign_database:
                parts = (channel.foreign_message,)
            elif channel.paused:
                parts = (self.env._("Paused: nothing is fetched or sent."),)
            elif channel.health != "ok":
                parts = reason_text(self.env, channel.health_code, channel.health_params)
            else:
                parts = ()
            channel.health_message = " ".join(filter(None, parts))

    @api.depends("state", "items_full_at")
    def _compute_first_fetch(self):
        running = dict(
            self.env["order.channel.run"]
            .sudo()
            ._read_group(
                [("channel_id", "in", self.ids), ("kind", "=", "items"), ("state", "=", "running")],
                ["channel_id"],
                ["fetched:max"],
            )
        )
        stocked = {
            channel
            for (channel,) in self.env["order.channel.listing"]
            .sudo()
            ._read_group([("channel_id", "in", self.ids)], ["channel_id"])
        }
        for channel in self:
            fetching = channel.state != "draft" and channel.provider != OFFLINE
            channel.fetched_items = running.get(channel, 0)
            channel.first_fetch = fetching and not channel.items_full_at
            channel.empty_store = fetching and bool(channel.items_full_at) and channel not in stocked

    # === ACTIONS === #

    def action_go_live(self):
        """Open the preview of what going live would do."""
        self.ensure_one()
        self.check_access("write")
        if self.state not in ("connected", "live"):
            raise UserError(self.env._("Connect %(channel)s first.", channel=self.name))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Go Live: %(channel)s", channel=self.name),
            "res_model": "order.channel.go.live",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_channel_id": self.id},
        }

    def _go_live(self, switches):
        """Set the channel live with these switches. What follows from it is done by its crons, not here.

        :param dict switches: name of a switch -> bool
        """
        self.ensure_one()
        if not self.sudo().warehouse_id.active:
            raise UserError(
                self.env._(
                    "%(warehouse)s, from which %(channel)s ships, is archived. Choose another warehouse on the channel first.",
                    warehouse=self.sudo().warehouse_id.display_name,
                    channel=self.name,
                )
            )
        self.sudo().write({"state": "live", **{name: bool(switches.get(name)) for name in SWITCHES}})
        self._wake_all()

    def action_pause(self):
        """Fetch and send nothing until resumed. No cron is written, for it may be running: passes read ``paused`` first."""
        self.check_access("write")
        self.sudo().write({"paused": True})

    def action_resume(self):
        """Go on at once."""
        self.check_access("write")
        self.sudo().write({"paused": False, "next_try_at": False})
        self.filtered(lambda channel: channel.state != "draft")._switch_on_crons()
        self._wake_all()

    def action_close(self):
        """Wind down: no stock push and no new listings; orders, refunds and tracking go on."""
        self.check_access("write")
        for channel in self:
            if channel.state != "live":
                raise UserError(self.env._("%(channel)s is not live.", channel=channel.name))
        self.sudo().write({"state": "closing"})

    def action_reopen(self):
        """Live again, with the switches as they were."""
        self.check_access("write")
        for channel in self:
            if channel.state != "closing":
                raise UserError(self.env._("%(channel)s is not closing.", channel=channel.name))
        self.sudo().write({"state": "live"})
        self._wake_all()

    def action_sync_now(self):
        """Have everything fetched and sent as soon as a worker is free, and return at once. A channel whose marketplace wants
        to be left alone asks first whether that is to be overruled."""
        self.check_access("read")
        for channel in self:
            channel._check_can_sync()
        if any(channel._asked_to_wait() for channel in self):
            return self.env["order.channel.sync.now"]._open(self)
        return self._sync_now()

    def _asked_to_wait(self):
        """Until when the marketplace wants to be left alone, and why.

        :return: (naive UTC, code, params), None where it need not be
        """
        self.ensure_one()
        until = self._waits_until() if self.health == "waiting" else None
        blocked_until = self.account_id.sudo()._blocked_until()
        if not (until or blocked_until):
            return None
        why = (self.health_code, self.health_params) if until else ("rate_limited", None)
        return max(filter(None, (until, blocked_until))), *why

    def _sync_now(self):
        """What Sync Now does once nobody has to be asked: waits are over, crons that no longer run are switched on."""
        channels = self.sudo()
        idle = next(filter(None, (channel._idle_since() for channel in self)), None)
        channels.filtered("next_try_at").write({"next_try_at": False})
        channels.account_id._lift_wait()
        channels._switch_on_crons()
        channels._request_run(["items", "orders"])
        channels._wake("outbox")
        if idle:
            return self._notify(self.env._("Waiting for Odoo"), self._idle_words(idle), "warning", sticky=True)
        return self._notify(
            self.env._("Synchronising"), self.env._("Sync history shows how far it is. You can go on working."), "info"
        )

    def _check_can_sync(self):
        self.ensure_one()
        if self.provider == OFFLINE:
            raise UserError(self.env._("%(channel)s has no marketplace to ask.", channel=self.name))
        if self.state == "draft":
            raise UserError(self.env._("Connect %(channel)s first.", channel=self.name))
        if self.paused:
            raise UserError(self.env._("%(channel)s is paused. Resume it first.", channel=self.name))
        self._check_live_database()
        if self.health == "needs_reauth":
            raise UserError(" ".join(reason_text(self.env, self.health_code, self.health_params)))

    def _wake_all(self):
        """Have all three crons work now; ``nextcall`` too, where that can be written, so that none catches up on the past."""
        now = fields.Datetime.now()
        self._crons().try_lock_for_update(allow_referencing=True).filtered(lambda cron: cron.nextcall < now).write(
            {"nextcall": now}
        )
        for kind in CRONS:
            self._wake(kind)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """A channel that names a provider and no account gets an account of its own, so that one form is enough."""
        vals_list = [dict(vals) for vals in vals_list]
        for vals in vals_list:
            self._check_switches(vals, vals.get("state", "draft"))
            if not self.env.su:  # said outright, so that no default can switch anything on
                vals |= dict.fromkeys(SWITCHES, False)
            provider = vals.pop("provider", None)
            if not vals.get("account_id") and provider:
                vals["account_id"] = self._make_account(vals, provider).id
            if not vals.get("warehouse_id"):
                company_id = vals.get("company_id") or self.default_get(["company_id"]).get("company_id")
                vals["warehouse_id"] = self._needed_warehouse(self.env["res.company"].browse(company_id)).id
        return super().create(vals_list)

    @api.onchange("company_id")
    def _onchange_company_id(self):
        if self.warehouse_id.company_id != self.company_id:
            self.warehouse_id = self._warehouse_of(self.company_id)

    @api.model
    def _warehouse_of(self, company):
        """The company's own: Odoo lets no branch ship from the warehouse of the company above it."""
        return self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)

    @api.model
    def _needed_warehouse(self, company):
        """:raise UserError: there is none to ship from"""
        warehouse = self._warehouse_of(company)
        if not warehouse:
            raise UserError(
                self.env._(
                    "%(company)s has no warehouse to ship from. Create one in Inventory, under Configuration, Warehouses, and "
                    "then add the channel.",
                    company=company.display_name,
                )
            )
        return warehouse

    @api.model
    def _make_account(self, vals, provider):
        company_id = vals.get("company_id") or self.env.company.id
        return self.env["order.channel.account"].create(
            {"name": vals.get("name"), "provider": provider, "company_id": company_id}
        )

    def write(self, vals):
        self._check_settled(vals)
        if not self.env.su:
            for channel in self:
                channel._check_switches(vals, channel.state)
        return super().write(vals)

    def _check_settled(self, vals):
        """Once connected, a channel keeps its marketplace, account and company: all that was fetched hangs on them."""
        for name in {"provider", "account_id", "company_id"} & vals.keys():
            for channel in self:
                value = channel[name] if name == "provider" else channel[name].id
                if channel.state != "draft" and value != vals[name]:
                    raise UserError(
                        self.env._(
                            "%(channel)s is connected: its marketplace, account and company can't be changed. "
                            "Add a new channel instead.",
                            channel=channel.name,
                        )
                    )

    def _check_switches(self, vals, state):
        if state not in SWITCHED_STATES and not self.env.su and any(vals.get(name) for name in SWITCHES):
            raise UserError(self.env._("This is switched on with Go live, which first shows what it would do."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_orders(self):
        channels = self.sudo()
        for channel in channels:
            if self.env["sale.order"].sudo().search_count([("order_channel_id", "=", channel.id)], limit=1):
                raise UserError(
                    self.env._(
                        "%(channel)s has sales orders and can't be deleted. Close it, so that it winds down, then archive it.",
                        channel=channel.name,
                    )
                )

    def unlink(self):
        """With the channel go what it said about orders that never became sales orders, and an account nobody else uses."""
        accounts = self.account_id.sudo()
        self.check_access("unlink")
        self._unlink_except_with_orders()
        self.env["order.channel.order"].sudo().search([("channel_id", "in", self.ids)]).unlink()
        result = super().unlink()
        accounts.filtered(lambda account: not account._all_channels()).unlink()
        return result
