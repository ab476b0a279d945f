from collections import Counter, defaultdict
from decimal import Decimal

from odoo import fields, models

from ..tools.amounts import decimal
from ..tools.guard import internal
from .order_channel_blocker import NOT_OVERRULED
from .order_channel_tax_map import tax_question


class OrderChannelOrder(models.Model):
    """What is in the way of an order, and what happens when nothing is any more."""

    _inherit = "order.channel.order"

    # === WORKING OUT === #

    def _status_issues(self):
        """Issues that the channel's own words make: payment, hold, address, currency, shipped already.

        :return: ``[(code, line or None, params)]``
        """
        self.ensure_one()
        issues = []
        unpaid = self._waits_for_payment()
        if unpaid:
            issues.append(("payment", None, {"status": self.payment_status, "methods": self._payment_methods()}))
        if self.gone:
            issues.append(("hold", None, {"gone": True}))
        elif self._is_held(unpaid):
            until = {"until": self.hold_until.isoformat()} if self.hold_until else {}
            issues.append(("hold", None, {"reason": self.hold, **until}))
        if self._is_shipped_in_part() or self.status == "completed":
            issues.append(("shipped", None, {"status": self.fulfillment_status}))
        if self.fulfilled_by not in (False, "seller"):
            issues.append(("elsewhere", None, {}))
        if not self.pickup and any(line.physical and line.listing_id for line in self.line_ids):
            address = (self.data or {}).get("shipping") or {}
            missing = [part for part in ("street", "city", "country") if not address.get(part)]
            if missing:
                issues.append(("address", None, {"missing": missing}))
        currency = self.sale_order_id.currency_id
        if currency and (currency.name != self.currency_code or not currency.active):
            issues.append(("currency", None, {"currency": self.currency_code}))
        return issues

    def _is_held(self, unpaid):
        """Whether the channel holds the order now: a hold may end by its own time, or be for the payment alone."""
        if not self.hold or (self.hold_for_payment and not unpaid):
            return False
        return not self.hold_until or self.hold_until > fields.Datetime.now()

    def _is_shipped_in_part(self):
        """Whether something that is ours to ship has left already."""
        others = self._lines_of_others()
        if others:
            return any((self.line_ids - others).mapped("fulfilled_quantity"))
        return self.fulfillment_status != "unfulfilled"

    def _expected_total(self, digits):
        """What the sales order should come to: the channel's total without the tax that the channel hands over.

        :rtype: Decimal
        """
        marketplace_tax = sum((line._amounts(digits).marketplace_tax for line in self.line_ids), Decimal(0))
        return decimal(self.amount_total) - marketplace_tax

    def _roundings(self):
        """How many amounts were rounded both here and at the channel, because only a part of a line is left: its price and
        each of its taxes, once for every refund of it."""
        self.ensure_one()
        refunds = (self.data or {}).get("refunds") or ()
        refunded = Counter(part.get("external_id") for refund in refunds for part in refund.get("lines") or ())
        return sum(
            (1 + len(line.taxes or ())) * max(refunded[line.external_id], line.cancelled_quantity < line.quantity)
            for line in self.line_ids
            if line.cancelled_quantity
        )

    def _total_issues(self):
        """The difference between the sales order and the channel, taken apart; nothing where they agree to the cent, or
        where the difference is the one that a person kept."""
        self.ensure_one()
        sale_order = self.sale_order_id
        if not sale_order:
            return []
        digits = sale_order.currency_id.decimal_places
        cent = Decimal(1).scaleb(-digits)
        expected = self._expected_total(digits).quantize(cent)
        booked = decimal(sale_order.amount_total).quantize(cent)
        difference = booked - expected
        if difference == decimal(self.kept_difference).quantize(cent):
            return self._too_small_issues()
        if not difference:
            self.kept_difference = 0.0
            self._log_event("total_restored")
            return self._too_small_issues()
        of_lines = {line: line._amounts(digits).seller_total for line in self.line_ids}
        roundings = (amount for line, amount in of_lines.items() if line.kind == "rounding")
        lines = sum(of_lines.values(), decimal(self.amount_rounding) - sum(roundings, Decimal(0))).quantize(cent)
        return [
            (
                "total",
                None,
                {
                    "channel": str(decimal(self.amount_total)),
                    "marketplace_tax": str(decimal(self.amount_total) - self._expected_total(digits)),
                    "expected": str(expected),
                    "odoo": str(booked),
                    "difference": str(difference),
                    "lines": str(lines),  # expected − lines: what the channel's own lines don't explain
                    "currency": self.currency_code,
                },
            )
        ]

    def _too_small_issues(self):
        """A total in a foreign currency that rounding in the company's turns into the opposite, where lines of both signs
        nearly cancel out: Odoo can make no invoice of it."""
        sale_order = self.sale_order_id
        home = sale_order.company_id.currency_id
        total = sale_order.amount_total
        if not total or sale_order.currency_id == home:
            return []
        amounts = sale_order.order_line.filtered("price_subtotal").mapped("price_subtotal")
        roundings = len(amounts) + len(sale_order.order_line.tax_ids)
        if min(amounts, default=0) >= 0 or abs(total / (sale_order.currency_rate or 1)) > roundings * home.rounding / 2:
            return []
        return [("total", None, {"odoo": str(total), "currency": self.currency_code, "home": home.name})]

    # === BLOCKERS === #

    def _recheck_totals(self):
        """Work out the *total* blockers alone, after a person's change of the lines. Where a tax is still to be chosen, its
        answer looks at the total too."""
        open_orders = self.filtered(lambda order: order.sale_order_id.state in ("draft", "sent", "sale"))
        unclear = open_orders.filtered(lambda order: "tax" in order.blocker_ids.mapped("code"))
        self._set_blockers({order: order._total_issues() for order in open_orders - unclear}, only="total")

    def _recheck_edited_totals(self):
        """Of processed orders, which the channel has changed: the totals that a person edited. Of the others the *changed*
        blocker tells."""
        self.filtered(
            lambda order: order.kept_difference or "total" in order.blocker_ids.mapped("code")
        )._recheck_totals()

    def _keep_difference(self):
        """The difference between the sales order and the channel is on purpose: put it on record and go on."""
        for order in self:
            for __, __, params in order._total_issues():
                if "difference" not in params:
                    continue
                order.kept_difference = float(params["difference"])
                order._log_event("total_kept", params)
        self._recheck_totals()

    def _set_blockers(self, issues, only=None):
        """Make the open blockers exactly these. *Changed* ones stay until a person says so.

        :param issues: ``{channel order: [(code, line or None, params)]}``
        :param only: the code that the issues are about; None: all of them
        """
        if not issues:
            return
        orders = self.browse([order.id for order in issues])
        domain = [("order_id", "in", orders.ids), *([("code", "=", only)] if only else [])]
        existing = {}
        for blocker in self.env["order.channel.blocker"].search(domain):
            existing[blocker.order_id.id, blocker.code, blocker.line_id.id, blocker.question] = blocker
        to_create = []
        for order, order_issues in issues.items():
            explained = any(code == "tax" for code, __, __ in order_issues)
            for code, line, params in order_issues:
                if code == "total" and explained:
                    continue  # the missing tax is the difference
                values = order._blocker_values(code, line, params)
                blocker = existing.pop((order.id, code, values["line_id"], values["question"]), None)
                if not blocker:
                    to_create.append(values)
                elif blocker.params != params:
                    blocker.write({"params": params, **NOT_OVERRULED})
        gone = self.env["order.channel.blocker"].union(
            *(blocker for blocker in existing.values() if blocker.code != "changed")
        )
        events = [(blocker.order_id, "resolved", {"blocker": blocker.code}, blocker.line_id) for blocker in gone]
        gone.unlink()
        for blocker in self.env["order.channel.blocker"].create(to_create):
            params = {**(blocker.params or {}), "blocker": blocker.code}
            events.append((blocker.order_id, "blocked", params, blocker.line_id))
        self.env["order.channel.event"]._log(events)
        orders._refresh_frozen()

    def _set_blocker(self, code, params):
        """Add or renew one blocker of the whole order."""
        for order in self:
            blocker = order.blocker_ids.filtered(lambda blocker: blocker.code == code and not blocker.line_id)
            if blocker:
                blocker.write({"params": params, **NOT_OVERRULED})
            else:
                order.env["order.channel.blocker"].create(order._blocker_values(code, None, params))
                order._log_event("blocked", {**params, "blocker": code})
        self._refresh_frozen()

    def _blocker_values(self, code, line, params):
        return {
            "order_id": self.id,
            "company_id": self.company_id.id,
            "line_id": line.id if line else False,
            "listing_id": line.listing_id.id if line else False,
            "code": code,
            "params": params,
            "question": tax_question(params) if code == "tax" else False,
        }

    def _refresh_frozen(self):
        """Freeze and unfreeze the sales orders: frozen is one with an open *unmapped* blocker. Few statements for many.

        A cancelled one, which has no blockers, stays as it was.
        """
        self.invalidate_recordset(["blocker_ids"])
        to_write, unfrozen, ready = defaultdict(list), self.browse(), self.browse()
        for order in self:
            sale_order = order.sudo().sale_order_ids[:1]
            if not sale_order or sale_order.state == "cancel":
                continue
            codes = set(order.blocker_ids.filtered(lambda blocker: not blocker.overruled_by_id).mapped("code"))
            flags = ("unmapped" in codes, bool(codes))
            if (sale_order.channel_frozen, sale_order.channel_to_resolve) == flags:
                continue
            to_write[flags].append(sale_order.id)
            if sale_order.channel_frozen and not flags[0]:
                unfrozen |= order
            if not codes:
                ready |= order
        unfrozen._log_event("unfrozen")
        for (frozen, to_resolve), ids in to_write.items():
            internal(self.env["sale.order"].browse(ids)).write(
                {"channel_frozen": frozen, "channel_to_resolve": to_resolve}
            )
        # ready now: processed by the next pass
        ready.channel_id.filtered("auto_process")._wake("sync")

    def _twins(self):
        """Orders that another channel of the same account and site has: a store that was archived and connected again.

        :return: ``{external id: [issue]}``
        """
        channel = self.channel_id[:1].sudo()
        if not channel.account_ref:
            return {}
        twins = (
            self.sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("external_id", "in", self.mapped("external_id")),
                    ("channel_id", "!=", channel.id),
                    ("channel_id.provider", "=", channel.provider),
                    ("channel_id.account_ref", "=", channel.account_ref),
                    ("channel_id.site", "=", channel.site),
                    ("company_id", "=", channel.company_id.id),
                    ("sale_order_ids", "!=", False),
                ]
            )
        )
        return {
            twin.external_id: [
                ("duplicate", None, {"channel": twin.channel_id.name, "order": twin.sale_order_ids[:1].name})
            ]
            for twin in twins
        }

    def _recheck(self):
        """Work out again what is in the way, for instance after a tax was mapped."""
        self._project()
