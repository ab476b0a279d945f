from odoo import models

from ..tools.digest import is_same_form
from ..tools.facts import address_facts, attribute_facts
from ..tools.promise import TOLERANCE

#: what of a line is money or goods
LINE_FACTS = ("quantity", "cancelled_quantity", "subtotal", "discount", "total", "listing_id")
#: changes that ask nothing of a person who has processed the order
HARMLESS = frozenset({"completed", "ship_by", "released", "paid", "shipped", "restored"})
#: changes that ask nothing any more once all goods have left
WORDS = frozenset({"lines_words", "note"})
#: changes that end what another one began
ENDS = {"unshipped": "shipped_elsewhere", "released": "held", "paid": "payment", "restored": "deleted"}
#: changes of texts and addresses, which an upgrade may read in another way
READ = frozenset({"lines_words", "address", "note", "ship_by"})
#: payments after which nobody needs to look
SETTLED = frozenset({"authorized", "paid"})


class OrderChannelOrder(models.Model):
    """A revision: what the channel changed on an order, in words, and who has to know."""

    _inherit = "order.channel.order"

    def _update_from_channel(self, values, lines_values):
        """Take over what the channel says now. The sales order is not touched here (see ``_project``).

        :param dict values: of this model
        :param lines_values: list of values of ``order.channel.order.line``
        :return: (what changed, see ``_facts_changed``; values of the lines that are new)
        """
        self.ensure_one()
        if values["status"] != "open":
            values, lines_values = self._keep_routes(values, lines_values)
        changed = self._facts_changed(values, lines_values)
        theirs = self._lines_of_others()
        self.write(values)
        known, new_lines = {line.external_id: line for line in self.line_ids}, []
        for line_values in lines_values:
            line = known.pop(line_values["external_id"], None)
            if not line:
                new_lines.append({**line_values, "order_id": self.id})
                continue
            if line.mapping_id:
                line_values = {**line_values, "mapping_id": line.mapping_id.id}  # a line keeps the mapping it was given
            line.write(line_values)
        (theirs | self._lines_of_others()).sale_line_ids._delivered_elsewhere_again()
        for line in known.values():  # no longer on the order: nothing of it is to be delivered
            line.cancelled_quantity = line.quantity
        if changed["changes"]:
            self._note_change_of_processed(changed)
        return changed, new_lines

    # === WHAT CHANGED === #

    def _facts_changed(self, values, lines_values):
        """What changed that matters to people.

        :return: ``{"changes": [codes for the audit trail and the *changed* blocker], …}``, with what their words need:
            ``lines`` ``{line: [name, open before, open now]}``, ``hold``, ``payment``
        """
        changes, details = [], {}
        if self.status != values["status"]:
            changes.append(values["status"])
        if self.gone:
            changes.append("restored")
        changes += self._lines_changed(lines_values, details)
        if abs((self.amount_total or 0) - values["amount_total"]) > 0.00001:
            changes.append("total")
        before, now = self.data or {}, values["data"]
        if any(address_facts(before.get(part)) != address_facts(now.get(part)) for part in ("shipping", "billing")):
            changes.append("address")
        changes += [part for part in ("note", "ship_by") if before.get(part) != now.get(part)]
        if not is_same_form(self.revision, values["revision"]):
            # read in another way since an upgrade: that is no change at the channel
            changes = [change for change in changes if change not in READ]
        if (self.hold or "") != (values["hold"] or ""):
            changes.append("held" if values["hold"] else "released")
            details["hold"] = values["hold"] or ""
        return {"changes": changes + self._money_changed(values, details), **details}

    def _lines_changed(self, lines_values, details):
        known = {line.external_id: line for line in self.line_ids}
        new = {line["external_id"]: line for line in lines_values}
        changes, lines = set(), {}
        if known.keys() - new.keys():
            changes.add("lines_removed")
        if new.keys() - known.keys():
            changes.add("lines_added")
        for external_id, line in known.items():
            now = new.get(external_id)
            if now is None:
                lines[external_id] = [line.name or line.sku or "", line._open_quantity(), 0.0]
                continue
            if any(line._differs(name, now[name]) for name in LINE_FACTS):
                changes.add("lines_changed")
            if _words(line) != _words(now):
                changes.add("lines_words")
            if line._differs("fulfilled_quantity", now["fulfilled_quantity"]):
                changes.add("shipped" if now["fulfilled_quantity"] > line.fulfilled_quantity else "unshipped")
            if (line.fulfilled_by or "seller") != now["fulfilled_by"]:
                changes.add("routing")
            left = now["quantity"] - now["cancelled_quantity"]
            if abs(left - line._open_quantity()) > 0.00005:
                lines[external_id] = [line.name or line.sku or "", line._open_quantity(), left]
        if lines:
            details["lines"] = lines
        order = ("lines_removed", "lines_added", "lines_changed", "lines_words", "routing", "shipped", "unshipped")
        return [change for change in order if change in changes]

    def _money_changed(self, values, details):
        """Money that was given back, and whether the order is paid for."""
        before = {refund["external_id"] for refund in (self.data or {}).get("refunds") or () if _has_amount(refund)}
        now = {refund["external_id"] for refund in values["data"].get("refunds") or () if _has_amount(refund)}
        changes = ["refunded"] if now - before else []
        changes += ["refund_deleted"] if before - now else []
        status = values["payment_status"]
        if status != self.payment_status:
            details["payment"] = status
            if status in SETTLED:
                changes.append("paid")
            elif not changes:
                changes.append("payment")
        elif changes:
            details["payment"] = status
        return changes

    # === WHO HAS TO KNOW === #

    def _note_change_of_processed(self, changed):
        """An order that was processed already changes only when a person accepts it (rule 4): put it up for them, with what
        they did not look at before."""
        processed = self.sale_order_ids.filtered(lambda sale_order: sale_order.state == "sale")
        if not processed:
            return
        if "shipped" in changed["changes"] and self._is_shipped_elsewhere():
            changed = {**changed, "changes": ["shipped_elsewhere", *changed["changes"]]}
        blocker = self.blocker_ids.filtered(lambda blocker: blocker.code == "changed")
        open_params = (not blocker.overruled_by_id and blocker.params) or {}
        harmless = HARMLESS | WORDS if self._is_all_delivered() else HARMLESS
        new = [change for change in changed["changes"] if change not in harmless]
        ended = {ENDS[change] for change in changed["changes"] if change in ENDS}
        before = [change for change in open_params.get("changes", []) if change not in ended]
        changes = [*before, *(change for change in new if change not in before)]
        if changes == open_params.get("changes", []) and not new:
            return
        if not changes:
            self._log_event("resolved", {"blocker": "changed"})
            blocker.unlink()
            self._refresh_frozen()
            return
        lines = {**open_params.get("lines", {})}
        for ref, (name, was, now) in changed.get("lines", {}).items():
            lines[ref] = [name, lines.get(ref, [name, was])[1], now]
        details = {**open_params, **changed, "changes": changes, **({"lines": lines} if lines else {})}
        self._set_blocker("changed", details)

    def _is_shipped_elsewhere(self):
        """Whether the channel says that more left than left here: somebody ships it past Odoo, which would ship it again."""
        return any(
            line.fulfilled_quantity > share * line._open_quantity() + TOLERANCE
            for line, share in self._shares_delivered().items()
        )

    def _is_all_delivered(self):
        """Whether the goods of an order have left, so that other words about them change nothing any more."""
        shares = self._shares_delivered().values()
        return bool(shares) and min(shares) >= 1 - TOLERANCE

    def _shares_delivered(self):
        """``{channel order line: how much of it left here, 0.0 to 1.0}`` of those that sell goods"""
        goods = self.line_ids.sale_line_ids.filtered(
            lambda sale_line: sale_line.product_id.type == "consu" and sale_line.product_uom_qty > 0
        )
        return {
            line: min(sale_lines._shares_delivered())
            for line, sale_lines in goods.grouped("channel_order_line_id").items()
        }

    def _mark_gone(self):
        """The channel has these orders no more: drafts wait for a person, and so do processed ones."""
        self.gone = True
        self._log_event("revised", {"changes": ["deleted"]})
        for order in self:
            order._note_change_of_processed({"changes": ["deleted"]})
        self._project()


def _words(line):
    return line["name"] or "", attribute_facts(line["attributes"])


def _has_amount(refund):
    return float(refund.get("amount") or 0) > 0
