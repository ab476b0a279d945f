import re
from html import escape

from markupsafe import Markup

from odoo import models
from odoo.fields import Command

from ..tools.digest import to_json
from ..tools.guard import internal
from ..tools.merge import TOLERANCE, merge_line, same
from .order_channel_projection import MERGED, QUIET

DISCOUNT = "discount:"
ROUNDED = ("product_uom_qty", "discount")


class OrderChannelOrder(models.Model):
    """What a person did stays: a draft that is brought in line is changed only where the channel changed something since, or
    where what an item or a tax stands for is known now.

    What was last written is kept beside what is there (``channel_written``): what differs from it was changed by hand. Where
    the channel changes that very thing, its word counts and what it replaced goes on record.
    """

    _inherit = "order.channel.order"

    # === LINES === #

    def _rewrite(self, sale_order, plan, only_lines):
        """Write what differs, each line in one write so that Odoo does not reprice it."""
        sale_lines = {line.channel_key: line for line in internal(sale_order.order_line) if line.channel_key}
        removed = dict(self.removed_lines or {})
        touched = None if only_lines is None else set(only_lines.ids)
        if touched is None:
            _follow_discounts(plan, sale_lines, removed)
        edits = self._edits_of_single(sale_lines)
        written, new = set(sale_lines), []
        for planned in plan.lines:
            sale_line = sale_lines.pop(planned.key, None)
            if touched is not None and not (planned.line and planned.line.id in touched):
                continue
            if sale_line:
                self._rewrite_line(sale_line, planned)
            elif not _is_removed(planned, removed, written):
                values = _carried(planned, edits.get(planned.line.id)) if planned.line else planned.values
                new.append({**values, "order_id": sale_order.id})
        self._forget_removed(plan, removed, new, touched)
        if new:
            internal(self.env["sale.order.line"]).with_context(**QUIET).create(new)
        left = self.env["sale.order.line"].union(*sale_lines.values())
        if touched is not None:  # a bundle's lines, where its item stands for less now
            left = left.filtered(lambda line: line.channel_order_line_id.id in touched)
        # what left the warehouse before a correction stays on record; the total says so where that is too much now
        self._take_off(left.filtered(lambda line: not line.qty_delivered))

    def _rewrite_line(self, sale_line, planned):
        """The channel's exact amounts are written in any case: Odoo heeds them where quantity, price and taxes are those that
        they are for, and works them out by rate where a person has changed one of these."""
        theirs, base = planned.values["channel_written"], sale_line.channel_written
        if base == theirs:
            return
        if not base:  # nobody knows what a person changed
            sale_line.write(planned.values)
            return
        facts = base.get("facts") or {}
        changed = {name for name, fact in planned.facts.items() if facts.get(name) != fact}
        ours = sale_line._channel_values()
        merged, replaced = merge_line(
            {name: base[name] for name in MERGED},
            ours,
            {name: theirs[name] for name in MERGED},
            changed,
            sale_line._channel_tolerances(),
        )
        priced = merged["price_unit"] == theirs["price_unit"]
        sale_line.write(
            {
                **planned.values,
                **merged,
                "tax_ids": [Command.set(merged["tax_ids"])],
                "technical_price_unit": theirs["price_unit"] if priced else sale_line.technical_price_unit,
            }
        )
        if replaced:
            self._log_replaced(sale_line, replaced)

    def _log_replaced(self, sale_line, replaced):
        if "tax_ids" in replaced:
            Tax = self.env["account.tax"].sudo()
            replaced["tax_ids"] = [Tax.browse(ids).mapped("display_name") for ids in replaced["tax_ids"]]
        params = {"changes": replaced}
        if not sale_line.channel_order_line_id:
            params["line"] = sale_line._record_label()
        self._log_event("replaced", params, sale_line.channel_order_line_id)

    def _edits_of_single(self, sale_lines):
        """What a person changed on lines whose item stood for one thing, or nothing yet: where it becomes several products,
        it is meant for all of them.

        :return: ``{channel order line id: {field: value; quantity and price as a factor}}``
        """
        edits, lines = {}, self.env["sale.order.line"].union(*sale_lines.values())
        for channel_line, of_line in lines.grouped("channel_order_line_id").items():
            base = len(of_line) == 1 and channel_line.listing_id and of_line.channel_written
            if not base:
                continue
            ours = of_line._channel_values()
            if any(ours[name] != base[name] for name in ("product_id", "product_uom_id")):
                continue  # counted in what a person chose to sell
            edits[channel_line.id] = {
                "product_uom_qty": ours["product_uom_qty"] / base["product_uom_qty"] if base["product_uom_qty"] else 1,
                "price_unit": ours["price_unit"] / base["price_unit"] if base["price_unit"] else 1,
                **({"discount": ours["discount"]} if ours["discount"] else {}),
                **({"tax_ids": ours["tax_ids"]} if ours["tax_ids"] != base["tax_ids"] else {}),
            }
        return edits

    def _forget_removed(self, plan, removed, new, touched):
        """A removed line that the channel changed or took off is not on record any more as removed."""
        back = {values["channel_key"] for values in new}
        keys = {planned.key for planned in plan.lines} if touched is None else removed.keys()
        kept = {key: facts for key, facts in removed.items() if key in keys and key not in back}
        if kept != (self.removed_lines or {}):
            self.removed_lines = kept

    def _take_off(self, sale_lines):
        """Remove lines that stand for nothing any more; one that a person had changed goes on record."""
        for line in sale_lines:
            base = line.channel_written
            if base and line._is_edited():
                params = {
                    "line": line._record_label(),
                    "amount": line.price_total,
                    "currency": line.order_id.currency_id.name,
                }
                self._log_event("edited_gone", params, line.channel_order_line_id)
        internal(sale_lines).unlink()

    # === ADDRESSES, DATE AND NOTE === #

    def _rewrite_header(self, sale_order, values):
        """:param values: as :meth:`_Projector.header_values` gives them"""
        theirs, base = values["channel_written"], sale_order.channel_written or {}
        facts = base.get("facts") or {}
        changed = [name for name, fact in theirs["facts"].items() if name not in facts or facts[name] != fact]
        if not changed:
            return
        sale_order = internal(sale_order)
        to_write, replaced = {}, {}
        for name in changed:
            to_write[name] = values[name]
            ours = sale_order[name]
            if name == "note":
                to_write[name] = _merged_note(base.get(name), ours, values[name])
                continue
            is_record = isinstance(ours, models.BaseModel)
            now = ours.id if is_record else to_json(ours)
            if base and (now or False) not in (base.get(name) or False, theirs[name] or False):
                new = ours.browse(values[name]).display_name if is_record else theirs[name]
                replaced[name] = [ours.display_name if is_record else now or "", new or ""]
        kept = {name: theirs[name] for name in changed}
        to_write["channel_written"] = {**base, **kept, "facts": {**facts, **theirs["facts"]}}
        sale_order.write(to_write)
        if replaced:
            self._log_event("replaced", {"changes": replaced})


def _merged_note(base, ours, theirs):
    """The buyer's new note in the place of the old one, with what people wrote around it.

    :param str base: the old one, as text
    :param Markup ours: the sales order's note
    :param Markup theirs: the new one
    """
    lines = (base or "").splitlines()
    old = r"\s*<br\s*/?>\s*".join(re.escape(escape(line, quote=False)) for line in lines)
    ours = ours or Markup("")
    if lines and len(re.findall(old, ours)) == 1:
        return Markup(re.sub(old, lambda __: str(theirs), str(ours)))
    if not ours.striptags():
        return theirs
    return Markup("<p>{}</p>{}").format(theirs, ours) if theirs else ours


def _follow_discounts(plan, sale_lines, removed):
    """Discounts are told apart by their taxes: where a tax is known now, the line of the same discount takes the new key."""
    keys = {planned.key for planned in plan.lines}
    for planned in plan.lines:
        if not planned.key.startswith(DISCOUNT) or planned.key in sale_lines or planned.key in removed:
            continue
        of = set(planned.facts["of"])
        for kept, facts_of in ((sale_lines, lambda line: line._channel_facts() or {}), (removed, dict)):
            old = next(
                (
                    key
                    for key, value in kept.items()
                    if key.startswith(DISCOUNT) and key not in keys and of & set(facts_of(value).get("of") or ())
                ),
                None,
            )
            if old:
                kept[planned.key] = kept.pop(old)
                break


def _is_removed(planned, removed, written):
    """Whether a person took this line off, and the channel says the same of it since. That holds for all that its item is
    made of, where none of it is left.

    :param written: keys of the sales order's lines
    """
    if planned.key in removed:
        return removed[planned.key] == planned.facts
    if not planned.line:
        return False
    start = f"{planned.line.id}:"
    return not any(key.startswith(start) for key in written) and any(
        key.startswith(start) and facts == planned.facts for key, facts in removed.items()
    )


def _carried(planned, edits):
    """The values of a new line, with what a person changed on the line that it replaces in part."""
    values = planned.values
    if not edits:
        return values
    tax_ids = edits.get("tax_ids", values["channel_written"]["tax_ids"])
    return {
        **values,
        **{name: values[name] * edits[name] for name in ("product_uom_qty", "price_unit")},
        "discount": edits.get("discount", values["discount"]),
        "tax_ids": [Command.set(tax_ids)],
    }


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _channel_values(self):
        """What is there of the fields that the projection writes, as it keeps them."""
        self.ensure_one()
        return {
            name: (self[name].ids if name == "tax_ids" else self[name].id)
            if isinstance(self[name], models.BaseModel)
            else self[name]
            for name in MERGED
        }

    def _channel_tolerances(self):
        """How far a kept number may be from the one that was written."""
        return {
            name: max(TOLERANCE, 0.51 * 10 ** -(self._fields[name].get_digits(self.env) or (0, 6))[1])
            for name in ROUNDED
        }

    def _is_edited(self):
        """Whether a person changed what the projection wrote; where a line stands does not count."""
        base, tolerances = self.channel_written or {}, self._channel_tolerances()
        return any(
            not same(base[name], value, tolerances.get(name, TOLERANCE))
            for name, value in self._channel_values().items()
            if name in base and name != "sequence"
        )
