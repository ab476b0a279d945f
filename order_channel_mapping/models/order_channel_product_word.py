from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.match import words_in

#: products whose words are read in one transaction
WORDS_CHUNK = 10_000
#: how far behind the newest product seen one may still come up: its transaction began that much earlier
LATE = "1 hour"
#: a word of more products than this says little about any of them
RARE = 100
#: of a word of more products than this, no more are looked at
COMMON = 2000


class OrderChannelProductWord(models.Model):
    """The words of product names, so that a listing's name finds few products without a look at all of them.

    Kept up by itself: ``seen_at`` is the product's last change when its words were read. Plain SQL, because half a million
    rows are written for 100,000 products; no foreign key, because checking it took as long again: rows of deleted products
    find nothing, and are dropped once a day.
    """

    _name = "order.channel.product.word"
    _description = "Word of a Product Name"
    _log_access = False

    template_id = fields.Integer(required=True, index=True)
    word = fields.Char(required=True)  # folded; empty for a name without words
    seen_at = fields.Datetime()  # at one word of each product

    _word_idx = models.Index("(word, template_id)")
    _seen_idx = models.Index("(seen_at) WHERE seen_at IS NOT NULL")

    @api.model
    def _refresh(self):
        """Read the words of a chunk of products that are new or changed.

        :return: ids of their templates; empty when all is up to date
        """
        self.env["product.product"].flush_model(["write_date", "product_tmpl_id"])
        self.env["product.template"].flush_model(["write_date", "name"])
        changed = self._changed_products()
        ids, words, stamps = [], [], []
        for template_id, names, stamp in changed:
            found = {word for name in names.values() if name for word in words_in(name) if len(word) > 1}
            found = sorted(found) or [""]
            ids += [template_id] * len(found)
            words += found
            stamps += [stamp] + [None] * (len(found) - 1)
        template_ids = [template_id for template_id, __, __ in changed]
        if changed:
            self._replace(template_ids, ids, words, stamps)
        return template_ids

    def _changed_products(self):
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
        if len(template_ids) == WORDS_CHUNK:  # the next statements are planned for many rows, not for what there was
            self.env.cr.execute("ANALYZE order_channel_product_word")

    @api.model
    def _templates_by_word(self, words):
        """How common words are, and which products have the rare ones.

        :return: ``{word: (number of templates, up to COMMON; their ids where it is rare, else None)}``
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT asked.word, count(*),
                       CASE WHEN count(*) <= %(rare)s THEN array_agg(found.template_id ORDER BY found.template_id) END
                  FROM unnest(%(words)s::text[]) AS asked(word)
            CROSS JOIN LATERAL (SELECT template_id FROM order_channel_product_word indexed
                                 WHERE indexed.word = asked.word LIMIT %(common)s) found
              GROUP BY asked.word
                """,
                words=sorted(words),
                rare=RARE,
                common=COMMON,
            )
        )
        return {word: (number, ids) for word, number, ids in self.env.cr.fetchall()}

    @api.model
    def _words_of(self, template_ids):
        """All words of products.

        :return: ``{template id: set of words}``
        """
        self.env.cr.execute(
            SQL(
                "SELECT template_id, array_agg(word) FROM order_channel_product_word WHERE template_id = ANY(%s)"
                " GROUP BY template_id",
                list(template_ids),
            )
        )
        return {template_id: set(words) for template_id, words in self.env.cr.fetchall()}

    @api.model
    def _templates_by_common_words(self, asked, limit):
        """For names of common words only: the products of one of them that have most of the others as well.

        :param asked: ``[(key, the rarest word, all words)]``; key is an integer
        :param int limit: products for each
        :return: ``[(key, template id, number of common words)]``
        """
        if not asked:
            return []
        self.env.cr.execute(
            SQL(
                """
                SELECT asked.key, found.template_id, found.number
                  FROM unnest(%(keys)s::int[], %(anchors)s::text[], %(words)s::text[]) AS asked(key, anchor, words)
            CROSS JOIN LATERAL (
                    SELECT other.template_id, count(*) AS number
                      FROM (SELECT template_id FROM order_channel_product_word
                             WHERE word = asked.anchor LIMIT %(common)s) anchored
                      JOIN order_channel_product_word other ON other.template_id = anchored.template_id
                     WHERE other.word = ANY(string_to_array(asked.words, ' '))
                  GROUP BY other.template_id
                  ORDER BY number DESC, other.template_id LIMIT %(limit)s) found
                """,
                keys=[key for key, __, __ in asked],
                anchors=[anchor for __, anchor, __ in asked],
                words=[" ".join(words) for __, __, words in asked],
                common=COMMON,
                limit=limit,
            )
        )
        return self.env.cr.fetchall()

    @api.autovacuum
    def _gc_deleted_products(self):
        self.env.cr.execute(
            "DELETE FROM order_channel_product_word word"
            " WHERE NOT EXISTS (SELECT FROM product_template template WHERE template.id = word.template_id)"
        )
