from datetime import datetime, time, timedelta

from odoo import api, fields, models


class SaleOrder(models.Model):
    """Closing the books stops no channel order.

    A channel order keeps the date on which it was placed, which may lie in a period that was locked since. Odoo plans its
    delivery by that date, and `stock_account` refuses every transfer that is planned in a locked period: to make one, to
    finish it, to split it and to cancel it. So transfers of channel orders are planned from today, or from the first day
    that is open; what was promised stays their deadline. Nothing is ever dated into the locked period itself.
    """

    _inherit = "sale.order"

    def _channel_plan_from(self):
        """The earliest moment for which a transfer of this order can be planned.

        :rtype: datetime.datetime
        """
        return self.company_id._channel_first_open(fields.Datetime.now())


class ResCompany(models.Model):
    _inherit = "res.company"

    def _channel_first_open(self, moment):
        """``moment``, or the first one after it that is in no period that was locked for transfers."""
        company = self.sudo()
        locked = max(company.user_fiscalyear_lock_date, company.user_hard_lock_date)
        return moment if moment.date() > locked else datetime.combine(locked + timedelta(days=1), time.min)


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _prepare_procurement_values(self):
        """Override of `sale_stock`, which goes by the date of the order where Odoo has made it today's."""
        values = super()._prepare_procurement_values()
        if self.order_id.order_channel_id:
            values["date_planned"] = max(values["date_planned"], self.order_id._channel_plan_from())
        return values


class StockPicking(models.Model):
    _inherit = "stock.picking"

    @api.depends("move_ids.state", "move_ids.date", "move_type")
    def _compute_scheduled_date(self):
        """Override of `stock`: what was planned before the books were closed moves on with whatever happens to it, but for what
        was done before."""
        result = super()._compute_scheduled_date()
        for picking in self:
            planned, done = picking.scheduled_date, picking.date_done
            company = picking.company_id
            if not planned or company._channel_first_open(planned) == planned:
                continue
            if picking.sale_id.order_channel_id and (not done or company._channel_first_open(done) == done):
                picking.scheduled_date = done or company._channel_first_open(fields.Datetime.now())
        return result
