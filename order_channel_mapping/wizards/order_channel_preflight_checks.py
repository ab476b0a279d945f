from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.rates import rates_sql

# A check is a query of (id of the listing, params) over the tables below; what params hold, the row's detail says in words.
# 100,000 listings of five channels take all checks together about 5 s.

#: products that automatic linking would find by SKU: ``matches (id of the listing, products)``
_MATCHES = SQL(
    """
    matches AS (
        SELECT looked.id, array_agg(product.id ORDER BY product.id) AS products
          FROM looked
          JOIN product_product product ON product.order_channel_sku_key = looked.sku_key AND product.active
          JOIN product_template template ON template.id = product.product_tmpl_id
         WHERE looked.state = 'unconfirmed' AND (template.company_id IS NULL OR template.company_id = looked.company_id)
         GROUP BY looked.id)
    """
)
#: what each listing stands for, or would: ``meant (id of the listing, product_id, quantity)``
_MEANT = SQL(
    """
    meant AS (
        SELECT looked.id, line.product_id, line.quantity::numeric AS quantity
          FROM looked JOIN order_channel_mapping_line line ON line.mapping_id = looked.mapping_id
        UNION ALL
        SELECT id, products[1], 1 FROM matches WHERE cardinality(products) = 1)
    """
)
#: the same as text, also of other channels of these companies:
#: ``signs (id of the listing, channel_id, company_id, sku_key, price, code of its currency, sign)``
_SIGNS = SQL(
    """
    signs AS (
        SELECT listing.id, listing.channel_id, listing.company_id, listing.sku_key, listing.price, currency.name AS code,
               string_agg(line.product_id || 'x' || line.quantity::float8, ',' ORDER BY line.product_id, line.quantity) AS sign
          FROM order_channel_listing listing
          JOIN order_channel_mapping_line line ON line.mapping_id = listing.mapping_id
          LEFT JOIN res_currency currency ON currency.id = listing.currency_id
         WHERE listing.gone IS NOT TRUE AND listing.company_id IN (SELECT company_id FROM looked)
         GROUP BY listing.id, currency.name
        UNION ALL
        SELECT looked.id, looked.channel_id, looked.company_id, looked.sku_key, looked.price, looked.code,
               matches.products[1] || 'x1'
          FROM matches JOIN looked USING (id) WHERE cardinality(matches.products) = 1)
    """
)


class OrderChannelPreflightFinding(models.TransientModel):
    """The checks of a pre-flight, each one statement."""

    _inherit = "order.channel.preflight.finding"

    def _check_sql(self, channels):
        """The query of this finding's check, or None where it does not concern these channels."""
        self.ensure_one()
        query = getattr(self, f"_{self.code}_sql")(channels)
        return query and SQL("WITH %s %s", self._looked_sql(channels), query)

    @api.model
    def _looked_sql(self, channels):
        """``looked``: the listings that are looked at, see ``order.channel.preflight._listing_domain``."""
        return SQL(
            """
            looked AS (
                SELECT listing.id, listing.channel_id, listing.company_id, listing.state, listing.sku, listing.sku_key,
                       listing.loose_key, listing.link_hint, listing.mapping_id, listing.price, listing.physical,
                       listing.stock_ref, listing.fulfilled_by, currency.name AS code
                  FROM order_channel_listing listing LEFT JOIN res_currency currency ON currency.id = listing.currency_id
                 WHERE listing.channel_id = ANY(%s) AND listing.kind = 'item' AND listing.gone IS NOT TRUE
                   AND listing.state != 'ignored')
            """,
            channels.ids,
        )

    # === SKUS === #

    def _no_sku_sql(self, channels):
        return SQL("SELECT id, '{}'::jsonb AS params FROM looked WHERE sku_key IS NULL")

    def _duplicate_sku_sql(self, channels):
        return SQL(
            """
            SELECT looked.id, jsonb_build_object('count', same.number) AS params
              FROM looked JOIN (SELECT channel_id, sku, COUNT(*) AS number FROM looked WHERE sku_key IS NOT NULL
                                 GROUP BY channel_id, sku HAVING COUNT(*) > 1) same USING (channel_id, sku)
            """
        )

    def _similar_sku_sql(self, channels):
        return SQL(
            """
            SELECT looked.id, jsonb_build_object('skus', same.skus[1:5]) AS params
              FROM looked JOIN (SELECT channel_id, loose_key, array_agg(DISTINCT sku) AS skus FROM looked
                                 WHERE loose_key IS NOT NULL
                                 GROUP BY channel_id, loose_key HAVING COUNT(DISTINCT sku) > 1) same
                            USING (channel_id, loose_key)
            """
        )

    def _sku_conflict_sql(self, channels):
        return SQL(
            """
            , %s, %s
            SELECT looked.id, jsonb_build_object('signs', conflict.signs[1:5]) AS params
              FROM looked JOIN (SELECT company_id, sku_key, array_agg(DISTINCT sign) AS signs FROM signs
                                 WHERE sku_key IS NOT NULL
                                 GROUP BY company_id, sku_key HAVING COUNT(DISTINCT sign) > 1) conflict
                            USING (company_id, sku_key)
            """,
            _MATCHES,
            _SIGNS,
        )

    # === MATCHES === #

    def _ambiguous_sql(self, channels):
        return SQL(
            """
            , %s
            SELECT looked.id, jsonb_build_object('products', matches.products[1:5]) AS params
              FROM looked LEFT JOIN matches USING (id)
             WHERE looked.state = 'unconfirmed'
               AND (cardinality(matches.products) > 1 OR looked.link_hint = 'conflict'
                    OR (matches.id IS NULL AND looked.link_hint = 'ambiguous'))
            """,
            _MATCHES,
        )

    def _inactive_sql(self, channels):
        return SQL(
            """
            SELECT looked.id, jsonb_build_object('products', array_agg(product.id)) AS params
              FROM looked
              JOIN order_channel_mapping_line line ON line.mapping_id = looked.mapping_id
              JOIN product_product product ON product.id = line.product_id AND product.active IS NOT TRUE
             GROUP BY looked.id
            UNION ALL
            SELECT looked.id, jsonb_build_object('products', (array_agg(product.id))[1:5])
              FROM looked
              JOIN product_product product ON product.order_channel_sku_key = looked.sku_key
              JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE looked.state = 'unconfirmed' AND (template.company_id IS NULL OR template.company_id = looked.company_id)
             GROUP BY looked.id HAVING bool_and(product.active IS NOT TRUE)
            """
        )

    def _other_company_sql(self, channels):
        return SQL(
            """
            SELECT DISTINCT looked.id, '{}'::jsonb AS params
              FROM looked
              JOIN res_company company ON company.id = looked.company_id
              JOIN order_channel_mapping_line line ON line.mapping_id = looked.mapping_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE template.company_id::text != ALL(string_to_array(company.parent_path, '/'))
            """
        )

    # === STOCK === #

    def _not_storable_sql(self, channels):
        return SQL(
            """
            SELECT looked.id, jsonb_build_object('products', array_agg(product.id)) AS params
              FROM looked
              JOIN order_channel_mapping_line line ON line.mapping_id = looked.mapping_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE template.is_storable IS NOT TRUE AND looked.physical IS NOT FALSE
             GROUP BY looked.id
            """
        )

    def _no_stock_ref_sql(self, channels):
        needing = channels.filtered(
            lambda channel: (
                channel._connector_attribute("needs_stock_ref", False)
                and "stock" in channel._connector_attribute("capabilities", ())
            )
        )
        if not needing:
            return None
        return SQL(
            """
            SELECT id, '{}'::jsonb AS params FROM looked
             WHERE channel_id = ANY(%s) AND COALESCE(stock_ref, '') = '' AND physical IS NOT FALSE
               AND fulfilled_by = 'seller'
            """,
            needing.ids,
        )

    # === PRICES, in the company's currency; what has no rate is not compared === #

    def _price_far_sql(self, channels):
        main = self.env["res.company"].sudo()._get_main_company()
        return SQL(
            """
            , %(matches)s, %(meant)s, extra AS (
                SELECT combination.product_product_id AS id, SUM(value.price_extra) AS amount
                  FROM product_variant_combination combination
                  JOIN product_template_attribute_value value
                    ON value.id = combination.product_template_attribute_value_id
                 WHERE value.price_extra != 0 GROUP BY combination.product_product_id
            ), priced AS (
                SELECT meant.id, currency.name AS code,
                       SUM(meant.quantity * (template.list_price + COALESCE(extra.amount, 0))) AS price
                  FROM meant
                  JOIN product_product product ON product.id = meant.product_id
                  JOIN product_template template ON template.id = product.product_tmpl_id
                  LEFT JOIN extra ON extra.id = product.id
                  JOIN res_company company ON company.id = COALESCE(template.company_id, %(main)s)
                  JOIN res_currency currency ON currency.id = company.currency_id
                 GROUP BY meant.id, currency.name
            ), pairs AS (
                SELECT company_id, code FROM looked
                UNION SELECT looked.company_id, priced.code FROM looked JOIN priced USING (id)
            ), %(rates)s, compared AS (
                SELECT looked.id, looked.price * theirs.factor AS price, SUM(priced.price * ours.factor) AS other
                  FROM looked
                  JOIN priced USING (id)
                  JOIN rates theirs ON theirs.company_id = looked.company_id AND theirs.code = looked.code
                  JOIN rates ours ON ours.company_id = looked.company_id AND ours.code = priced.code
                 GROUP BY looked.id, looked.price, theirs.factor
            )
            SELECT id, jsonb_build_object('price', price, 'low', other, 'high', other) AS params FROM compared
             WHERE LEAST(price, other) > 0 AND GREATEST(price, other) > LEAST(price, other) * %(times)s
            """,
            matches=_MATCHES,
            meant=_MEANT,
            main=main.id,
            rates=rates_sql(SQL("pairs"), fields.Date.context_today(self)),
            times=self._times(),
        )

    def _price_differs_sql(self, channels):
        return SQL(
            """
            , %(matches)s, %(signs)s, %(rates)s, sold AS (
                SELECT signs.id, signs.company_id, signs.channel_id, signs.sign, signs.price * rates.factor AS price
                  FROM signs JOIN rates USING (company_id, code) WHERE signs.price > 0
            ), spans AS (
                SELECT company_id, channel_id, sign, MIN(price) AS low, MAX(price) AS high FROM sold
                 GROUP BY company_id, channel_id, sign
            ), compared AS (
                SELECT sold.id, sold.price, MIN(spans.low) AS low, MAX(spans.high) AS high
                  FROM sold
                  JOIN looked USING (id)
                  JOIN spans ON spans.company_id = sold.company_id AND spans.sign = sold.sign
                            AND spans.channel_id != sold.channel_id
                 GROUP BY sold.id, sold.price
            )
            SELECT id, jsonb_build_object('price', price, 'low', low, 'high', high) AS params FROM compared
             WHERE price > low * %(times)s OR high > price * %(times)s
            """,
            matches=_MATCHES,
            signs=_SIGNS,
            rates=rates_sql(SQL("signs"), fields.Date.context_today(self)),
            times=self._times(),
        )

    def _times(self):
        return 1 + self.preflight_id.price_percent / 100
