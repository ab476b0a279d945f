import json

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.normalize import loose_sku

#: more changed products than this: all unconfirmed listings are looked at again
MANY_CHANGED = 1000


class OrderChannelListing(models.Model):
    """Suggestions on a listing: when they are worked out, where they are kept, and what ends them."""

    _inherit = "order.channel.listing"

    suggestion_ids = fields.One2many("order.channel.suggestion", "listing_id", string="Suggestions", readonly=True)
    suggestion_id = fields.Many2one(
        "order.channel.suggestion", index="btree_not_null", readonly=True, copy=False
    )  # the best one
    suggestion_score = fields.Float(string="Fits", readonly=True, copy=False, aggregator=None)
    suggestion_product_id = fields.Many2one(related="suggestion_id.product_id", string="Suggested Product")
    suggestion_quantity = fields.Float(related="suggestion_id.quantity", string="Suggested Units")
    suggestion_text = fields.Char(related="suggestion_id.text", string="Why It Fits")
    suggested_at = fields.Datetime(readonly=True, copy=False)  # empty: to be looked at
    loose_key = fields.Char(compute="_compute_loose_key", store=True, precompute=True, index="btree_not_null")

    _to_suggest_idx = models.Index("(id) WHERE state = 'unconfirmed' AND suggested_at IS NULL")

    @api.depends("sku")
    def _compute_loose_key(self):
        for listing in self:
            listing.loose_key = loose_sku(listing.sku)

    # === WHEN === #

    def write(self, vals):
        """What decides on suggestions has them worked out again. No query: the same UPDATE takes it along."""
        again = {}
        if {"state", "sku_key", "barcode_key", "name", "price", "attributes"} & vals.keys():
            again["suggested_at"] = False
        if "state" in vals:
            again |= {"suggestion_id": False, "suggestion_score": 0.0}
        if not again or self.env.su:
            return super().write(vals | again)
        result = super().write(vals)  # as who writes it: these fields are not theirs, the ones below are nobody's
        self.sudo().write(again)
        return result

    @api.model
    def _look_again(self, template_ids):
        """Have the unconfirmed listings looked at again that these products may concern.

        :param template_ids: ids of product.template whose names, SKUs, barcodes or prices may have changed
        """
        self.flush_model()
        every = SQL("TRUE") if len(template_ids) > MANY_CHANGED else self._concerned(template_ids)
        self.env.cr.execute(
            SQL(
                """
                UPDATE order_channel_listing SET suggested_at = NULL
                 WHERE state = 'unconfirmed' AND suggested_at IS NOT NULL AND (
                       %s OR suggestion_id IS NULL AND EXISTS (
                            SELECT FROM order_channel_suggestion suggestion
                             WHERE suggestion.listing_id = order_channel_listing.id AND suggestion.state = 'open'))
                """,
                every,
            )
        )
        self.invalidate_model(["suggested_at"])

    def _concerned(self, template_ids):
        """Which listings these products may concern: by key, by a rare word, or by a suggestion there is."""
        Product = self.env["product.product"].sudo().with_context(active_test=False)
        products = Product.search_fetch(
            [("product_tmpl_id", "in", template_ids)],
            ["order_channel_loose_key", "order_channel_sku_key", "order_channel_barcode_key"],
        )
        self.env.cr.execute(
            SQL("SELECT DISTINCT word FROM order_channel_product_word WHERE template_id = ANY(%s)", template_ids)
        )
        Word = self.env["order.channel.product.word"]
        known = Word._templates_by_word({word for (word,) in self.env.cr.fetchall() if len(word) > 2})
        return SQL(
            """id IN (
                SELECT listing_id FROM order_channel_suggestion WHERE state = 'open' AND product_id = ANY(%(products)s)
                UNION SELECT id FROM order_channel_listing WHERE loose_key = ANY(%(loose)s)
                UNION SELECT id FROM order_channel_listing WHERE sku_key = ANY(%(skus)s)
                UNION SELECT id FROM order_channel_listing WHERE barcode_key = ANY(%(barcodes)s)
                UNION SELECT id FROM order_channel_listing WHERE state = 'unconfirmed' AND name ILIKE ANY(%(words)s)
            )""",
            products=products.ids,
            loose=[key for key in products.mapped("order_channel_loose_key") if key],
            skus=[key for key in products.mapped("order_channel_sku_key") if key],
            barcodes=[key for key in products.mapped("order_channel_barcode_key") if key],
            words=[f"%{word}%" for word, (__, template_ids) in known.items() if template_ids],
        )

    # === KEEPING THEM === #

    def _keep_suggestions(self, matches):
        """Write what is suggested now; what is suggested no longer goes, what a person decided stays.

        :param dict matches: ``{listing: [(product id, Match)]}``
        """
        rows = [
            (listing.id, listing.company_id.id, product_id, match)
            for listing, of_listing in matches.items()
            for product_id, match in of_listing
        ]
        columns = [
            [row[0] for row in rows],
            [row[1] for row in rows],
            [row[2] for row in rows],
            [row[3].quantity for row in rows],
            [row[3].score for row in rows],
            [json.dumps(row[3].reasons) for row in rows],
        ]
        self.env.cr.execute(
            SQL(
                """
                WITH kept AS (
                    INSERT INTO order_channel_suggestion
                           (listing_id, company_id, product_id, quantity, score, reasons, state,
                            create_uid, write_uid, create_date, write_date)
                    SELECT listing, company, product, quantity, score, reasons::jsonb, 'open', %(uid)s, %(uid)s, now, now
                      FROM unnest(%(listings)s::int[], %(companies)s::int[], %(products)s::int[], %(quantities)s::numeric[],
                                  %(scores)s::float[], %(reasons)s::text[])
                           AS new(listing, company, product, quantity, score, reasons),
                           (SELECT now() AT TIME ZONE 'UTC' AS now) AS clock
                        ON CONFLICT (listing_id, product_id) DO UPDATE
                       SET quantity = EXCLUDED.quantity, score = EXCLUDED.score, reasons = EXCLUDED.reasons
                     WHERE order_channel_suggestion.state = 'open'
                 RETURNING id
                )
                DELETE FROM order_channel_suggestion
                 WHERE listing_id = ANY(%(all)s) AND state = 'open' AND id NOT IN (SELECT id FROM kept)
                """,
                uid=self.env.uid,
                listings=columns[0],
                companies=columns[1],
                products=columns[2],
                quantities=columns[3],
                scores=columns[4],
                reasons=columns[5],
                all=self.ids,
            )
        )
        self._choose_best()
        self.env.cr.execute(
            SQL("UPDATE order_channel_listing SET suggested_at = now() AT TIME ZONE 'UTC' WHERE id = ANY(%s)", self.ids)
        )
        self.invalidate_recordset(["suggested_at"])

    def _choose_best(self):
        """Put the best open suggestion on each listing, so that a list of them needs no further query a row."""
        self.env["order.channel.suggestion"].flush_model()
        self.flush_recordset(["suggestion_id", "suggestion_score", "state"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE order_channel_listing listing SET suggestion_id = best.id, suggestion_score = COALESCE(best.score, 0)
                  FROM unnest(%s::int[]) AS chosen(id)
             LEFT JOIN LATERAL (SELECT id, score FROM order_channel_suggestion
                                 WHERE listing_id = chosen.id AND state = 'open'
                              ORDER BY score DESC, product_id LIMIT 1) best ON TRUE
                 WHERE listing.id = chosen.id
                   AND (listing.suggestion_id, listing.suggestion_score)
                       IS DISTINCT FROM (best.id, COALESCE(best.score, 0))
                """,
                self.ids,
            )
        )
        self.env["order.channel.suggestion"].invalidate_model()
        self.invalidate_recordset(["suggestion_id", "suggestion_score", "suggestion_ids"])

    def _drop_suggestions(self):
        """Forget the open suggestions of listings that need none any more."""
        self.sudo().suggestion_ids.filtered(lambda suggestion: suggestion.state == "open").unlink()
        self.sudo().write({"suggestion_id": False, "suggestion_score": 0.0, "suggested_at": False})

    # === WHERE IT MEETS LINKING === #

    def _refused_pairs(self):
        """A refused suggestion counts like an unlinked product: never linked by itself, never suggested."""
        refused = self.env["order.channel.suggestion"].search(
            [("state", "=", "refused"), ("listing_id", "in", self.ids)]
        )
        return super()._refused_pairs() | {(entry.listing_id.id, entry.product_id.id) for entry in refused}

    def _link_batch(self, pairs, batch=None, note=None, refused=False, release=False, new=False):
        """Stale suggestions go with the link; the one that was accepted says by whom."""
        suggested = self.browse([listing.id for listing, __, __ in pairs if listing.suggestion_id]).sudo()
        linked = super()._link_batch(pairs, batch, note, refused, release, new)
        if suggested:
            accepted = {
                (listing.id, lines[0][0]) for listing, lines, method in pairs if method == "suggestion" and lines
            }
            suggested.suggestion_ids.filtered(
                lambda entry: entry.state == "open" and (entry.listing_id.id, entry.product_id.id) in accepted
            )._decide("accepted")
            suggested._drop_suggestions()
        return linked

    def _ignore(self, reason="other", note=None):
        suggested = self.filtered("suggestion_id")
        result = super()._ignore(reason, note)
        suggested._drop_suggestions()
        return result
