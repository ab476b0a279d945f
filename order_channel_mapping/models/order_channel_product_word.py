from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.match import words_in

#: products whose words are read in one transaction
WORDS_CHUNK = 10_000
#: how far behind the newest product seen one may still come up: its transaction began that much earlier
LATE = "1 hour"
#: a word of more products than this says little about any of them
RARE = 100


class OrderChannelProductWord(models.Model):
    """The words of product names, so that a listing's name finds few products without a look at all of them.

    Kept up by itself: ``seen_at`` is the product's last change when its words were read. Plain SQL, because half a million
    rows are written for 100,000 products (6 s; the ORM takes minutes).
    """

    _name = "order.channel.product.word"
    _description = "Word of a Product Name"
    _log_access = False

    template_id = fields.Many2one("product.template", required=True, index=True, ondelete="cascade")
    word = fields.Char(required=True)  # folded; empty for a name without words
    seen_at = fields.Datetime(required=True, index=True)

    _word_idx = models.Index("(word, template_id)")

    @api.model
    def _refresh(self):
        """Read the words of a chunk of products that are new or changed.

        :return: ids of their templates; empty when all is up to date
        """
        self.env["product.product"].flush_model(["write_date", "product_tmpl_id"])
        self.env["product.template"].flush_model(["write_date", "name"])
        rows = self._stale()
        ids, words, stamps = [], [], []
        for template_id, names, stamp in rows:
            found = {word for name in names.values() if name for word in words_in(name) if len(word) > 1}
            for word in sorted(found) or [""]:
                ids.append(template_id)
                words.append(word)
                stamps.append(stamp)
        if rows:
            self._replace([row[0] for row in rows], ids, words, stamps)
        return [row[0] for row in rows]

    def _stale(self):
        """``[(template id, {language: name}, last change of it or of a variant)]``, oldest first."""
        self.env.cr.execute(
            SQL(
                """
                WITH newest AS (SELECT max(seen_at) - %(late)s::interval AS since FROM order_channel_product_word),
                stamps AS (
                    SELECT template.id, template.name,
                           GREATEST(template.write_date, max(product.write_date)) AS stamp
                      FROM product_template template
                      JOIN product_product product ON product.product_tmpl_id = template.id
                  GROUP BY template.id
                )
                SELECT id, name, stamp FROM stamps, newest
                 WHERE (since IS NULL OR stamp > since)
                   AND NOT EXISTS (SELECT FROM order_channel_product_word word
                                    WHERE word.template_id = stamps.id AND word.seen_at = stamp)
              ORDER BY stamp, id LIMIT %(limit)s
                """,
                late=LATE,
                limit=WORDS_CHUNK,
            )
        )
        return self.env.cr.fetchall()

    def _replace(self, template_ids, ids, words, stamps):
        """Write rows ``(ids, words, stamps)`` instead of what there is for these templates."""
        self.env.cr.execute(SQL("DELETE FROM order_channel_product_word WHERE template_id = ANY(%s)", template_ids))
        self.env.cr.execute(
            SQL(
                "INSERT INTO order_channel_product_word (template_id, word, seen_at)"
                " SELECT * FROM unnest(%s::int[], %s::text[], %s::timestamp[])",
                ids,
                words,
                stamps,
            )
        )

    @api.model
    def _templates_by_word(self, words):
        """Templates of the rare ones among these words.

        :return: ``{word: [template id]}``; a word of more than ``RARE`` products is not in it
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT asked.word, array_agg(found.template_id)
                  FROM unnest(%s::text[]) AS asked(word)
            CROSS JOIN LATERAL (SELECT template_id FROM order_channel_product_word indexed
                                 WHERE indexed.word = asked.word LIMIT %s) found
              GROUP BY asked.word HAVING count(*) <= %s
                """,
                list(words),
                RARE + 1,
                RARE,
            )
        )
        return dict(self.env.cr.fetchall())
