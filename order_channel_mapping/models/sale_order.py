from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools.guard import is_changed, is_internal
from ..tools.order_texts import blocker_text
from ..tools.silence import is_silent
from .order_channel_account import OFFLINE

#: what only the addon's own methods set
CHANNEL_FACTS = ("channel_order_id", "channel_frozen", "channel_to_resolve", "channel_written")
MOVED_STATES = ("sale", "done")
OPEN_STATES = ("draft", "sent", "cancel")  # whatever other state an app adds may be one in which an order moves


class SaleOrder(models.Model):
    """A channel order's projection: what Odoo processes. Frozen while an item of it is unmapped."""

    _inherit = "sale.order"

    order_channel_id = fields.Many2one(
        "order.channel", string="Channel", copy=False, index="btree_not_null", check_company=True, ondelete="restrict"
    )
    channel_order_id = fields.Many2one(
        "order.channel.order", copy=False, index="btree_not_null", readonly=True, ondelete="restrict"
    )
    channel_provider = fields.Selection(related="order_channel_id.provider", string="Marketplace")
    channel_frozen = fields.Boolean(string="Frozen", copy=False, readonly=True)
    channel_to_resolve = fields.Boolean(
        string="To Resolve", copy=False, readonly=True
    )  # frozen, or another open blocker
    # addresses, date and note as the projection last wrote them, and on what facts
    channel_written = fields.Json(copy=False, readonly=True)
    channel_blocker_ids = fields.One2many(related="channel_order_id.blocker_ids", string="In the Way")
    channel_pickup = fields.Boolean(related="channel_order_id.pickup", string="Local Pickup")
    channel_event_ids = fields.One2many(related="channel_order_id.event_ids", string="Audit Trail")

    _channel_frozen_stays = models.Constraint(
        "CHECK (channel_frozen IS NOT TRUE OR COALESCE(state, '') IN ('draft', 'sent', 'cancel'))",
        "This order is frozen: map its items to products first.",
    )
    _channel_order_uniq = models.UniqueIndex(
        "(channel_order_id) WHERE channel_order_id IS NOT NULL", "This channel order already has a sales order."
    )
    _channel_to_resolve_idx = models.Index("(order_channel_id) WHERE channel_to_resolve")

    def _from_marketplaces(self):
        """Those that came from a channel. The orders of an offline store are entered and changed here."""
        return self.filtered(lambda order: order.channel_order_id and order.channel_provider != OFFLINE)

    # === AMOUNTS ARE THE CHANNEL'S (rule 5) === #

    @api.depends("channel_order_id")
    def _compute_currency_id(self):
        """Override of `sale`: a channel order stays in the currency that its buyer paid in."""
        channel_orders = self._from_marketplaces()
        result = super(SaleOrder, self - channel_orders)._compute_currency_id()
        currencies = self.env["res.currency"].with_context(active_test=False)
        by_code = {
            code: currencies.search([("name", "=", code)], limit=1)
            for code in set(channel_orders.sudo().channel_order_id.mapped("currency_code"))
        }
        for order in channel_orders:
            code = order.sudo().channel_order_id.currency_code
            order.currency_id = by_code.get(code) or order.company_id.currency_id
        return result

    # === FREEZE: a frozen order can't move, whichever way it is tried (rule 4) === #

    def _channel_frozen_message(self):
        """What to tell whoever tries to move a frozen order."""
        self.ensure_one()
        items = self.channel_blocker_ids.filtered(lambda blocker: blocker.code == "unmapped").listing_id
        return self.env._(
            "%(order)s is frozen: %(items)s must be mapped to products first. Open the order and use Confirm or Link to "
            "existing item.",
            order=self.display_name,
            items=", ".join(items[:5].mapped("display_name")) or self.env._("its items"),
        )

    def _check_not_frozen(self):
        """:raise UserError: one of the orders is frozen"""
        for order in self:
            if order.channel_frozen:
                raise UserError(order.sudo()._channel_frozen_message())

    def _check_not_blocked(self):
        """:raise UserError: one of the orders is frozen, has another open blocker or was cancelled by its channel"""
        for order in self:
            message = order._channel_blocked_message()
            if message:
                raise UserError(message)

    def _channel_blocked_message(self):
        """Why this order can't be processed; "" where it can."""
        self.ensure_one()
        if self.channel_frozen:
            return self.sudo()._channel_frozen_message()
        if self.channel_to_resolve:
            return self.env._(
                "%(order)s can't be processed yet. Open it and use Resolve to see what is in the way.",
                order=self.display_name,
            )
        return self._recalled_message() if self.state in ("draft", "sent") else ""

    def _confirmation_error_message(self):
        """Override of `sale` to hold orders that have something to resolve."""
        return self._channel_blocked_message() or self._combo_message() or super()._confirmation_error_message()

    def _combo_message(self):
        """Why this order would be processed without goods: a product that its item was linked to has become a combo."""
        combos = (
            self._from_marketplaces()
            .order_line.filtered("channel_key")
            .product_id.filtered(lambda product: product.type == "combo")
        )
        return combos and blocker_text(self.env, "product", {"product": combos[0].display_name})[0]

    @api.model_create_multi
    def create(self, vals_list):
        if not is_internal(self):  # said outright, so that no default of the context or of the user can say otherwise
            vals_list = [{**vals, **dict.fromkeys(CHANNEL_FACTS, False)} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        """Override of `sale`: the freeze is the addon's own to set, and a frozen order stays where it is."""
        if not is_internal(self):
            for name in CHANNEL_FACTS:
                if name in vals and is_changed(self, name, vals[name]):
                    raise UserError(
                        self.env._("Whether an order is frozen is worked out from its items; it can't be set.")
                    )
            if "order_channel_id" in vals and is_changed(
                self._from_marketplaces(), "order_channel_id", vals["order_channel_id"]
            ):
                raise UserError(self.env._("An order that came from a channel stays with that channel."))
        if "state" in vals and vals["state"] not in OPEN_STATES:
            self._check_not_blocked()
        if vals.get("locked"):
            self._check_not_frozen()
        moved = vals.get("state") in MOVED_STATES and self.filtered(lambda order: order.state not in MOVED_STATES)
        result = super().write(vals)
        if moved:
            moved.sudo().channel_order_id._log_event("processed")
        return result

    def copy_data(self, default=None):
        """Override of `sale`: the placeholder of a frozen order must not get into an order of its own."""
        self._check_not_frozen()
        return super().copy_data(default)

    def _create_invoices(self, grouped=False, final=False, date=None):
        self._check_not_frozen()
        return super()._create_invoices(grouped=grouped, final=final, date=date)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_channel_order(self):
        if self._from_marketplaces():
            raise UserError(self.env._("An order that came from a channel can't be deleted. Cancel it instead."))

    # === THE BUYER HEARS FROM THE CHANNEL, NOT FROM ODOO (rule 8) === #

    def _is_channel_silent(self):
        return is_silent(self)

    def _is_closed_to_buyer(self):
        """Whether the portal asks neither signature nor payment: a marketplace's orders never, an offline store's as its
        buyers may hear from Odoo."""
        self.ensure_one()
        return bool(self.order_channel_id) and (self.channel_provider != OFFLINE or self._is_channel_silent())

    def _has_to_be_signed(self):
        return not self._is_closed_to_buyer() and super()._has_to_be_signed()

    def _has_to_be_paid(self):
        return not self._is_closed_to_buyer() and super()._has_to_be_paid()

    def _send_order_notification_mail(self, mail_template, allow_deferred_sending=True):
        if self._is_channel_silent():
            return
        super()._send_order_notification_mail(mail_template, allow_deferred_sending=allow_deferred_sending)

    def action_quotation_send(self):
        """Override of `sale`: of several orders the form says which ones are left out."""
        self._check_not_frozen()
        silent = self.filtered(lambda order: order._is_channel_silent())
        if self and silent == self:
            raise UserError(
                self.env._(
                    "The buyer of %(order)s hears from %(channel)s, not from Odoo. To write to its buyers from Odoo, allow it "
                    "on the channel.",
                    order=silent[0].display_name,
                    channel=silent[0].order_channel_id.display_name,
                )
            )
        return super().action_quotation_send()

    # === PROCESSING === #

    def _prepare_confirmation_values(self):
        """Override of `sale` to keep the channel's order date."""
        values = super()._prepare_confirmation_values()
        if self and all(order.channel_order_id for order in self):
            values.pop("date_order", None)
        return values

    def action_channel_process(self):
        """Confirm ready channel orders, each with its own date."""
        self._check_not_blocked()
        channel_orders = self.filtered("channel_order_id")
        for orders in (channel_orders, self - channel_orders):
            if orders:
                orders.action_confirm()
        return True

    def action_channel_resolve(self):
        """Show what is in the way of this order."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("To Resolve"),
            "res_model": "order.channel.order",
            "res_id": self.channel_order_id.id,
            "views": [(self.env.ref("order_channel_mapping.order_channel_order_view_form_resolve").id, "form")],
            "target": "new",
        }

    def _unmapped_listings(self):
        """The items that keep the order frozen.

        :raise UserError: the user has no right to map items
        """
        self.env["order.channel.listing"]._as_mapper()
        return self.channel_blocker_ids.filtered(lambda blocker: blocker.code == "unmapped").listing_id

    def action_channel_confirm_items(self):
        """Create a product from each unmapped item of the order. What somebody ignored is no product."""
        self.ensure_one()
        unmapped = self._unmapped_listings()
        listings = unmapped.filtered(lambda listing: listing.state != "ignored")
        if not listings:
            raise UserError(
                self.env._("%(item)s is ignored: take it up again or link it.", item=unmapped[:1].display_name)
            )
        return listings._confirm_in_place()

    def action_channel_link_items(self):
        """Ask which product each unmapped item of the order is."""
        self.ensure_one()
        return self._unmapped_listings().action_open_link()

    def action_view_channel_order(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "order.channel.order",
            "res_id": self.channel_order_id.id,
            "views": [(False, "form")],
        }

    # === NOTHING REPRICES A CHANNEL ORDER (rule 5) === #

    def _get_update_prices_lines(self):
        return super()._get_update_prices_lines().filtered(lambda line: not line.channel_key)

    @api.model
    def _channel_domain(self):
        """Orders of any channel, all states."""
        return Domain("order_channel_id", "!=", False)
