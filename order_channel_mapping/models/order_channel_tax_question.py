from odoo import api, fields, models
from odoo.exceptions import AccessError

#: whoever has one of these decides which tax is booked
MAY_ANSWER = ("order_channel_mapping.group_channel_manager", "account.group_account_invoice")


class OrderChannelTaxMap(models.Model):
    """The open questions for a tax: what they hold up, who may answer them, and what an answer releases."""

    _inherit = "order.channel.tax.map"

    can_answer = fields.Boolean(compute="_compute_can_answer")
    release_text = fields.Char(string="What This Does", compute="_compute_release_text")

    # === WHO MAY === #

    @api.depends_context("uid")
    def _compute_can_answer(self):
        self.can_answer = self._may_answer()

    @api.model
    def _may_answer(self):
        return self.env.su or any(self.env.user.has_group(group) for group in MAY_ANSWER)

    def _check_may_answer(self):
        """:raise odoo.exceptions.AccessError: taxes are not the user's to decide"""
        if not self._may_answer():
            raise AccessError(
                self.env._(
                    "Which tax is booked is decided by people with the right to invoices, or by managers of channels. Ask one "
                    "of them to choose it."
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        self._check_may_answer()
        return super().create(vals_list)

    def write(self, vals):
        self._check_may_answer()
        return super().write(vals)

    # === WHAT IS OPEN === #

    @api.model
    def get_open_questions(self):
        """What stands above the answers.

        :return: ``[{"blocker_id", "text", "channel", "orders": number of them, "money": formatted}]``, those that hold up most
            orders first
        """
        rows = self.env["order.channel.blocker"]._read_group(
            [("code", "=", "tax"), ("overruled_by_id", "=", False)],
            ["question"],
            ["id:recordset"],
        )
        questions = []
        for __, blockers in rows:
            for channel, of_channel in blockers.grouped(lambda blocker: blocker.order_id.channel_id).items():
                questions.append(
                    {
                        "blocker_id": of_channel[0].id,
                        "text": of_channel[0].text,
                        "channel": channel.name,
                        "orders": len(of_channel.order_id),
                        "money": of_channel.order_id._money_text(),
                    }
                )
        return sorted(questions, key=lambda question: -question["orders"])

    @api.depends("channel_id", "name", "country_code", "rate", "rate_unknown", "included")
    def _compute_release_text(self):
        Blocker = self.env["order.channel.blocker"]
        for rule in self:
            answered = rule._questions_answered()
            orders = answered.order_id
            others = Blocker.search_fetch(
                [("order_id", "in", orders.ids), ("overruled_by_id", "=", False), ("id", "not in", answered.ids)],
                ["order_id"],
            ).order_id
            rule.release_text = "; ".join((orders - others)._say_released(orders & others))

    def _questions_answered(self):
        """The blockers of open orders that ask what this answers."""
        self.ensure_one()
        blockers = self.env["order.channel.blocker"].search(
            [("code", "=", "tax"), ("order_id.channel_id", "=", self.channel_id.id), ("overruled_by_id", "=", False)]
        )
        return blockers.filtered(lambda blocker: self._answers(blocker.params or {}))

    def _answers(self, params):
        """:param dict params: of a blocker that asks for a tax"""
        rate, known = params.get("rate"), not self.rate_unknown
        return (
            self.name == (params.get("name") or params.get("code"))
            and self.country_code in (False, params.get("country"))
            and known == (rate is not None)
            and not (known and round(self.rate, 4) != round(float(rate) * 100, 4))
            and self.included == bool(params.get("included"))
        )
