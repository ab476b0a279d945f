from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, formatLang

from ..tools.rates import rates_sql


class OrderChannelFreeze(models.Model):
    """The freeze board: one row for each item that orders wait for, with what it holds up and what linking it releases.

    Money is that of the frozen sales orders, in the company's currency: other currencies are converted at today's rate
    and named in ``foreign_amounts``. What has no rate is named there alone. One statement works all rows out (5,000
    frozen orders of 100,000 listings: 60 ms); it begins with the blockers, so that it grows with what is frozen only.
    """

    _name = "order.channel.freeze"
    _description = "Freeze Board"
    _auto = False
    _order = "amount desc, ship_by, id desc"
    _depends = {
        "order.channel.blocker": ["code", "listing_id", "order_id", "overruled_by_id"],
        "order.channel.listing": ["channel_id", "company_id", "mapping_id", "name", "sku"],
        "order.channel.order": ["currency_code", "placed_at", "ship_by"],
        "sale.order": ["amount_total", "channel_frozen", "channel_order_id", "state"],
        "res.company": ["currency_id", "parent_id"],
        "res.currency": ["name"],
        "res.currency.rate": ["company_id", "currency_id", "name", "rate"],
    }

    listing_id = fields.Many2one("order.channel.listing", string="Item", readonly=True)
    channel_id = fields.Many2one("order.channel", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)  # the company's
    name = fields.Char(string="Title", readonly=True)
    sku = fields.Char(string="SKU", readonly=True)
    state = fields.Selection(related="listing_id.state")
    link_hint = fields.Selection(related="listing_id.link_hint")
    image_url = fields.Char(related="listing_id.image_url")
    order_count = fields.Integer(string="Holds Up", readonly=True, help="Frozen orders that this item is in.")
    release_count = fields.Integer(
        string="Releases", readonly=True, help="Of these, the orders that nothing else holds up."
    )
    amount = fields.Monetary(
        string="Money Frozen",
        readonly=True,
        aggregator=None,  # an order that waits for two items would count twice: the sum stands above the rows
        help="Of all orders that this item holds up, in the company's currency.",
    )
    release_amount = fields.Monetary(
        string="Money Released", readonly=True, help="Of the orders that are released by linking this item."
    )
    foreign_amounts = fields.Json(readonly=True)  # {currency code: amount} of what is in another currency
    foreign_text = fields.Char(string="In Other Currencies", compute="_compute_texts")
    text = fields.Char(string="What It Does", compute="_compute_texts")
    oldest_at = fields.Datetime(string="Oldest Order", readonly=True)
    waiting_days = fields.Integer(
        string="Waiting (Days)", readonly=True, aggregator="max", help="Age of the oldest order that waits."
    )
    ship_by = fields.Datetime(readonly=True, aggregator="min", help="The nearest ship-by date of the orders that wait.")

    @property
    def _table_query(self):
        return SQL(
            """
            WITH %(orders)s, money AS (
                SELECT listing_id, company_id, code,
                       COUNT(*) AS orders, SUM(amount) AS amount,
                       COUNT(*) FILTER (WHERE items = 1 AND NOT held) AS releases,
                       SUM(amount) FILTER (WHERE items = 1 AND NOT held) AS released,
                       MIN(placed_at) AS placed_at, MIN(ship_by) AS ship_by
                  FROM frozen GROUP BY listing_id, company_id, code
            ), %(rates)s
            SELECT listing.id, listing.id AS listing_id, listing.channel_id, listing.company_id, listing.name, listing.sku,
                   company.currency_id,
                   SUM(money.orders)::int AS order_count, SUM(money.releases)::int AS release_count,
                   COALESCE(SUM(money.amount * rates.factor), 0.0) AS amount,
                   COALESCE(SUM(money.released * rates.factor), 0.0) AS release_amount,
                   jsonb_object_agg(money.code, money.amount) FILTER (WHERE rates.foreign_code) AS foreign_amounts,
                   MIN(money.placed_at) AS oldest_at, MIN(money.ship_by) AS ship_by,
                   EXTRACT(DAY FROM now() AT TIME ZONE 'UTC' - MIN(money.placed_at))::int AS waiting_days
              FROM money
              JOIN rates USING (company_id, code)
              JOIN order_channel_listing listing ON listing.id = money.listing_id
              JOIN res_company company ON company.id = listing.company_id
             GROUP BY listing.id, company.currency_id
            """,
            orders=self._frozen_sql(),
            rates=rates_sql(SQL("money"), fields.Date.context_today(self)),
        )

    @api.model
    def _frozen_sql(self):
        """``frozen``: a row for each frozen order and item that it waits for; ``items`` is how many that order waits for,
        ``held`` whether something else is in its way, too."""
        return SQL(
            """
            frozen AS (
                SELECT waiting.listing_id, waiting.order_id, channel_order.channel_id, sale.company_id,
                       sale.amount_total AS amount,
                       COALESCE(channel_order.currency_code, currency.name) AS code,
                       channel_order.placed_at, channel_order.ship_by,
                       COUNT(*) OVER (PARTITION BY waiting.order_id) AS items,
                       EXISTS (SELECT FROM order_channel_blocker other
                                WHERE other.order_id = waiting.order_id AND other.code != 'unmapped'
                                  AND other.overruled_by_id IS NULL) AS held
                  FROM (SELECT DISTINCT blocker.listing_id, blocker.order_id
                          FROM order_channel_blocker blocker
                          JOIN order_channel_listing listing ON listing.id = blocker.listing_id
                         WHERE blocker.code = 'unmapped' AND listing.mapping_id IS NULL) waiting
                  JOIN order_channel_order channel_order ON channel_order.id = waiting.order_id
                  JOIN sale_order sale ON sale.channel_order_id = waiting.order_id
                  LEFT JOIN res_currency currency ON currency.id = sale.currency_id
                 WHERE sale.channel_frozen AND sale.state IN ('draft', 'sent')
            )
            """
        )

    # === COMPUTE METHODS === #

    @api.depends("name", "sku")
    def _compute_display_name(self):
        for row in self:
            row.display_name = row.listing_id.display_name

    @api.depends("release_count", "release_amount", "order_count", "amount", "foreign_amounts")
    @api.depends_context("lang")
    def _compute_texts(self):
        for row in self:
            values = {
                "orders": row.release_count or row.order_count,
                "amount": formatLang(
                    self.env, row.release_amount if row.release_count else row.amount, currency_obj=row.currency_id
                ),
            }
            if row.release_count == 1:
                row.text = self.env._("Map this one: releases 1 order, %(amount)s", **values)
            elif row.release_count:
                row.text = self.env._("Map this one: releases %(orders)s orders, %(amount)s", **values)
            elif row.order_count == 1:
                row.text = self.env._("1 order, %(amount)s, waits for this and something else", **values)
            else:
                row.text = self.env._("%(orders)s orders, %(amount)s, wait for this and something else", **values)
            row.foreign_text = self._foreign_text(row.foreign_amounts)

    @api.model
    def _foreign_text(self, amounts):
        """``of which 120.00 EUR, 40.00 GBP``; empty where there are none.

        :param amounts: ``{currency code: amount}`` or None
        """
        parts = [f"{formatLang(self.env, amount)} {code}" for code, amount in sorted((amounts or {}).items())]
        return self.env._("of which %(amounts)s", amounts=", ".join(parts)) if parts else ""

    # === TOTALS === #

    @api.model
    def _totals(self, condition):
        """What waiting items hold up together, each order counted once.

        :param SQL condition: on the columns of ``frozen``
        :return: ``[(channel id, company id, items, orders, amount in the company's currency, foreign amounts)]``
        """
        query = SQL(
            """
            WITH %(orders)s, chosen AS (
                SELECT * FROM frozen WHERE %(condition)s
            ), items AS (
                SELECT channel_id, COUNT(DISTINCT listing_id) AS items FROM chosen GROUP BY channel_id
            ), money AS (
                SELECT channel_id, company_id, code, COUNT(*) AS orders, SUM(amount) AS amount
                  FROM (SELECT DISTINCT order_id, channel_id, company_id, code, amount FROM chosen) once
                 GROUP BY channel_id, company_id, code
            ), %(rates)s
            SELECT money.channel_id, money.company_id, items.items, SUM(money.orders)::int,
                   COALESCE(SUM(money.amount * rates.factor), 0.0),
                   jsonb_object_agg(money.code, money.amount) FILTER (WHERE rates.foreign_code)
              FROM money JOIN rates USING (company_id, code) JOIN items USING (channel_id)
             GROUP BY money.channel_id, money.company_id, items.items
            """,
            orders=self._frozen_sql(),
            condition=condition,
            rates=rates_sql(SQL("money"), fields.Date.context_today(self)),
        )
        for model, names in self._depends.items():
            self.env[model].flush_model(names)
        return self.env.execute_query(query)

    @api.model
    @api.readonly
    def get_summary(self, domain):
        """What stands above the rows.

        :param list domain: of what is on screen
        :return: ``{"items": int, "orders": int, "amounts": [formatted, one for each currency of a company], "foreign": str}``
        """
        chosen = SQL("listing_id IN %s", self._search(Domain(domain)).subselect())
        items = orders = 0
        amounts, foreign = {}, {}
        for __, company_id, some_items, some_orders, amount, others in self._totals(chosen):
            items, orders = items + some_items, orders + some_orders
            currency = self.env["res.company"].browse(company_id).currency_id
            amounts[currency] = amounts.get(currency, 0.0) + amount
            for code, other in (others or {}).items():
                foreign[code] = foreign.get(code, 0.0) + other
        return {
            "items": items,
            "orders": orders,
            "amounts": [formatLang(self.env, amount, currency_obj=currency) for currency, amount in amounts.items()],
            "foreign": self._foreign_text(foreign),
        }

    # === ACTIONS: those of the items === #

    def action_open_link(self):
        """Ask which product each of these items is."""
        self._check_chosen()
        return self.listing_id.action_open_link()

    def action_confirm(self):
        """Create a product from each of these items."""
        self._check_chosen()
        return self.listing_id.with_context(stay=True).action_confirm()

    def _check_chosen(self):
        """:raise UserError: somebody was faster, nothing is left of these rows"""
        if not self.exists():
            raise UserError(self.env._("Nothing waits for this item any more. Reload the page to see what is left."))

    def action_open_listing(self):
        """The item's own form."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "order.channel.listing",
            "res_id": self.id,
            "views": [(False, "form")],
        }

    def action_view_orders(self):
        """The orders that wait for this item."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "order_channel_mapping.order_channel_sale_order_action_waiting"
        )
        return {**action, "domain": [("channel_order_id.blocker_ids.listing_id", "=", self.id)]}
