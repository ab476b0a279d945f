from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain

from ..tools.guard import permitted
from .order_channel_batch import AT_ONCE
from .order_channel_batch_work import PREPARE_CHUNK
from .order_channel_correction import LEAVE, RETURN, STOCK, SWAP

#: parts of orders that are corrected while the user waits
CORRECTED_AT_ONCE = 20
STOCK_GROUP = "stock.group_stock_user"


class OrderChannelBatch(models.Model):
    """*Correct Orders*: a mass change whose lines are parts of orders that have a product from before their item was relinked.

    People decide line by line; nothing happens before they approve. Not undone as a whole: linking the item again and
    correcting the orders again does that, with the orders as they are by then.
    """

    _inherit = "order.channel.batch"

    kind = fields.Selection(selection_add=[("correct", "Correct orders")], ondelete={"correct": "cascade"})
    correction_ids = fields.One2many("order.channel.batch.line", "batch_id", string="Orders to Correct")
    delivered_count = fields.Integer(compute="_compute_counts")  # of which nothing is said yet

    # === MAKING ONE === #

    @api.model
    def _make_correction(self, listings):
        """Work out which orders still have another product than these listings stand for now. Earlier corrections of the same
        listings that nobody approved end: they show what was.

        :param listings: order.channel.listing records of one company, which the user may map
        :return: the batch, to be approved
        """
        selection = [["id", "in", listings.ids]]
        for batch in self.sudo().search(
            [("kind", "=", "correct"), ("state", "=", "ready"), ("company_id", "in", listings.company_id.ids)]
        ):
            if batch.selection == selection:
                batch._end("cancelled")
        name = self.env._("Correct orders: %(item)s", item=listings[0].display_name) if len(listings) == 1 else None
        return self._make("correct", listings, name=name, at_once=False, selection=selection)

    def _order_line_domain(self):
        return self.env["order.channel.order.line"]._outdated_domain(self._listing_domain()) & Domain(
            "company_id", "=", self.company_id.id
        )

    def _begin(self, state):
        result = super()._begin(state)
        if self.kind == "correct" and state == "preparing":  # it is order lines that are looked at
            self.selected_count = self.env["order.channel.order.line"].search_count(self._order_line_domain())
        return result

    def _work_now(self):
        """Override: few items may have many orders, and swapping takes as long as confirming them."""
        few = self.filtered(
            lambda batch: (
                batch.kind != "correct"
                or (batch.state == "preparing" and batch.selected_count <= AT_ONCE)
                or (batch.state == "running" and batch.pending_count <= CORRECTED_AT_ONCE)
            )
        )
        return super(OrderChannelBatch, few)._work_now()

    # === WORKING OUT === #

    def _prepare_chunk(self):
        if self.kind != "correct":
            super()._prepare_chunk()
            return
        lines = self.env["order.channel.order.line"].search(
            self._order_line_domain() & Domain("id", ">", self.cursor), order="id", limit=PREPARE_CHUNK
        )
        if not lines:
            self._end_preparing()
            return
        self.env["order.channel.batch.line"].create(
            [self._line_values(self._correction_values(part)) for part in lines._outdated_parts()]
        )
        self.write({"cursor": lines[-1].id, "seen_count": self.seen_count + len(lines)})

    def _correction_values(self, part):
        """A line that says what can be done with a part of an order.

        What left is left as it is until a person says otherwise: only people know which goods were in the parcel, and where
        a product has a successor, the ones from before were right.

        :param order_channel_correction.Part part:
        """
        choice = SWAP if SWAP in part.choices else LEAVE
        code, params = part.reason
        return {
            "listing_id": part.line.listing_id.id,
            "order_line_id": part.line.id,
            "sale_order_id": part.line.order_id.sale_order_id.id,
            "old_mapping_id": part.mapping.id,
            "order_stage": part.stage,
            "quantity": part.units,
            "outcome": "change" if len(part.choices) > 1 else "problem",
            "action": choice if choice != LEAVE else False,
            "choice": choice,
            "chosen": choice != LEAVE,
            "unit_key": str(part.line.order_id.id),  # an order is corrected as a whole or not at all
            "values": {"choices": part.choices, "key": part.key},
            "reason_code": code,
            "reason_params": params,
        }

    # === PEOPLE === #

    def _compute_counts(self):
        result = super()._compute_counts()
        for batch in self:
            batch.delivered_count = len(
                batch.correction_ids.filtered(lambda line: STOCK in (line.choices or "") and line.choice == LEAVE)
            )
        return result

    def action_choose_stock(self):
        """The right goods left with all orders that are delivered: correct the stock."""
        permitted(self)
        self.correction_ids.filtered(lambda line: STOCK in line.choices.split(",")).write({"choice": STOCK})

    def write(self, vals):
        """People decide line by line while a correction waits for approval."""
        if "correction_ids" in vals and not self.env.su:
            vals = dict(vals)
            for command, line_id, values in vals.pop("correction_ids"):
                if command == Command.UPDATE:
                    self.correction_ids.filtered(lambda line, line_id=line_id: line.id == line_id).write(values)
                elif command != Command.LINK:
                    raise AccessError(self.env._("Which orders are to be corrected is worked out, not entered."))
        return super().write(vals) if vals else True

    def action_apply(self):
        """Override: stock needs its own right; a single return is opened for the user at once."""
        corrections = permitted(self).filtered(lambda batch: batch.kind == "correct")
        chosen = corrections.correction_ids.filtered("chosen")
        chosen._check_may_stock(chosen.mapped("choice"))
        super().action_apply()
        returns = chosen.filtered(lambda line: line.choice == RETURN)
        if len(self) == 1 and len(returns) == 1 and self.env.user.has_group(STOCK_GROUP):
            return returns.with_env(self.env).action_return()
        return None

    def action_undo(self):
        if any(batch.kind == "correct" for batch in self):
            raise UserError(
                self.env._(
                    "Corrected orders aren't put back. Link the item to the right product, then press Correct Orders there."
                )
            )
        return super().action_undo()

    # === APPLYING === #

    def _apply_units(self, units):
        """Override: correct the orders of some units, as far as they are as they were when this was worked out."""
        if self.kind != "correct":
            return super()._apply_units(units)
        lines = units[0].union(*units[1:])
        lines.listing_id._lock()
        known = {part.key: part for part in lines.order_line_id._outdated_parts()}
        parts = {line: known.get(line._part_key()) for line in lines}
        stale = lines.filtered(lambda line: not parts[line] or line.listing_id.mapping_id != line.before_mapping_id)
        stale.write({"state": "left", "reason_code": "correct_changed", "reason_params": False})
        by_choice = (lines - stale).grouped("choice")
        none = lines.browse()
        by_choice.get(LEAVE, none).write({"state": "left"})
        by_choice.get(RETURN, none).write({"state": "left", "reason_code": "correct_return"})
        self._correct(by_choice.get(SWAP, none), by_choice.get(STOCK, none), parts)
        self.env.flush_all()
        return Counter()

    def _correct(self, to_swap, to_stock, parts):
        """:param parts: ``{line: Part}``"""
        lines = to_swap + to_stock
        OrderLine = self.env["order.channel.order.line"]
        summaries = {line: (line.old_mapping_id._summary(), line.before_mapping_id._summary()) for line in lines}
        OrderLine._swap_drafts([parts[line] for line in to_swap if line.order_stage == "draft"])
        OrderLine._swap_processed([parts[line] for line in to_swap if line.order_stage != "draft"])
        OrderLine._correct_stock([parts[line] for line in to_stock])
        self.env["order.channel.event"]._log(
            [
                (
                    line.order_line_id.order_id,
                    "corrected_stock" if line in to_stock else "corrected",
                    {"old": summaries[line][0], "new": summaries[line][1], "quantity": f"{line.quantity:g}"},
                    line.order_line_id,
                )
                for line in lines
            ]
        )
        mappings = (lines.old_mapping_id + lines.before_mapping_id).line_ids
        self.env["order.channel.stock.change"]._mark(mappings.product_id.ids)
        for mapping, group in lines.grouped("before_mapping_id").items():
            group.write({"state": "done", "mapping_id": mapping.id, "reason_code": False, "reason_params": False})


class OrderChannelBatchLine(models.Model):
    """What to do with a part of an order that has a product from before."""

    _inherit = "order.channel.batch.line"

    action = fields.Selection(
        selection_add=[("swap", "Swap"), ("stock", "Correct stock"), ("return", "Return")],
        ondelete={"swap": "cascade", "stock": "cascade", "return": "cascade"},
    )
    order_line_id = fields.Many2one(
        "order.channel.order.line", index="btree_not_null", ondelete="cascade", readonly=True
    )
    sale_order_id = fields.Many2one(
        "sale.order", string="Order", index="btree_not_null", ondelete="cascade", readonly=True
    )
    order_number = fields.Char(related="order_line_id.order_id.number", string="Number")
    old_mapping_id = fields.Many2one(
        "order.channel.mapping", string="Has", index="btree_not_null", ondelete="set null", readonly=True
    )
    order_stage = fields.Selection(
        [
            ("draft", "Draft"),
            ("open", "Confirmed"),
            ("rest", "Partly out"),
            ("delivered", "Delivered"),
            ("invoiced", "Invoiced"),
        ],
        string="Order Is",
        readonly=True,
    )
    choice = fields.Selection(
        [
            (SWAP, "Swap product"),
            (STOCK, "Correct stock"),
            (RETURN, "Return goods"),
            (LEAVE, "Leave as it is"),
        ],
        string="What to Do",
    )
    choices = fields.Char(compute="_compute_choices")

    @api.depends("values")
    def _compute_choices(self):
        for line in self:
            line.choices = ",".join((line.values or {}).get("choices", ()))

    def _part_key(self):
        """As :attr:`Part.key` was when this was worked out."""
        key = (self.values or {}).get("key")
        return key and (*key[:-1], tuple(key[-1]))

    def write(self, vals):
        """A person chooses what to do; all else is as it was worked out."""
        corrections = self.filtered("order_line_id")
        if not corrections:
            return super().write(vals)
        if not self.env.su:
            corrections._check_choice(vals)
        if "choice" in vals:
            result = super().write({**vals, "chosen": vals["choice"] != LEAVE})
            self.sudo().action = vals["choice"] if vals["choice"] != LEAVE else False
            return result
        if vals.get("chosen"):  # what is left as it is has nothing to be done
            self = self.filtered(lambda line: line.choice != LEAVE)
        return super().write(vals)

    def _check_choice(self, vals):
        """:raise UserError: this can't be chosen for one of these lines, or not by this user"""
        if vals.keys() - {"choice", "chosen"}:
            raise UserError(self.env._("Of an order, choose only what to do with it."))
        if "choice" not in vals:
            return
        for line in self.sudo():
            if vals["choice"] not in line.choices.split(","):
                raise UserError(self.env._("%(order)s can't be corrected like this.", order=line.sale_order_id.name))
        self._check_may_stock([vals["choice"]])

    def _check_may_stock(self, choices):
        """:raise UserError: these choices need a right that the user has not"""
        if {STOCK, RETURN}.intersection(choices) and not self.env.user.has_group(STOCK_GROUP):
            raise UserError(
                self.env._(
                    "You need the right to change stock (Inventory: User) to correct it or to return goods. Ask your "
                    "administrator, or leave these orders as they are."
                )
            )

    def action_return(self):
        """Open Odoo's own return of the delivery, with what left of this line."""
        self.ensure_one()
        permitted(self.listing_id)
        self._check_may_stock([RETURN])
        line = self.sudo()
        part = {part.key: part for part in line.order_line_id._outdated_parts()}.get(line._part_key())
        deliveries = part and part.sale_lines._deliveries()
        if not deliveries:
            raise UserError(
                self.env._("The order changed since. Press Correct Orders on the item to look at it again.")
            )
        return_form = (
            self.env["stock.return.picking"]
            .with_context(active_id=deliveries[-1].id, active_ids=deliveries[-1].ids, active_model="stock.picking")
            .create({"picking_id": deliveries[-1].id})
        )
        for move in return_form.product_return_moves:
            if move.move_id.sale_line_id in part.sale_lines:
                move.quantity = move.move_id.quantity
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Return of %(delivery)s", delivery=deliveries[-1].name),
            "res_model": "stock.return.picking",
            "res_id": return_form.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"active_id": deliveries[-1].id, "active_model": "stock.picking"},
        }
