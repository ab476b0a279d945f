from collections import Counter, defaultdict

from odoo import models
from odoo.tools import SQL

from ..tools.match import describe
from ..tools.normalize import loose_sku, normalize_title


class OrderChannelListing(models.Model):
    """Finding products by name: the weakest rule, for listings for which no other one finds any."""

    _inherit = "order.channel.listing"

    def _products_by_name(self, rules):
        """``{listing: {product id: 1.0}}``, the most similar ones first.

        :param MatchRules rules: ``name`` says how alike names have to be
        """
        if not self:
            return {}
        return self._same_names(rules) if rules.name == "exact" else self._similar_names(rules.similarity)

    def _same_names(self, rules):
        """Products with the same name in any language; with or without dashes and the like, as the rules say.

        All names are read for a page of listings: there is no index that knows them in this form, and none is worth it for
        a rule that people run now and then.
        """
        key_of = loose_sku if rules.strength == "loose" else normalize_title
        wanted = self.grouped(lambda listing: key_of(listing.name))
        wanted.pop(None, None)  # nothing but dashes
        result, owners = defaultdict(dict), self.company_id._channel_product_companies()
        for product_id, company_id, name in self._product_names():
            for listing in wanted.get(key_of(name), ()):
                if company_id is None or company_id in owners[listing.company_id.id]:
                    result[listing][product_id] = 1.0
        return result

    def _product_names(self):
        """``[(product id, company id or None, name)]`` of what is active, one row for each language."""
        self.env["product.product"].flush_model(["active", "product_tmpl_id"])
        self.env["product.template"].flush_model(["company_id", "name", "type"])
        return self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT product.id, template.company_id, title.value
                  FROM product_product product
                  JOIN product_template template ON template.id = product.product_tmpl_id
                 CROSS JOIN LATERAL jsonb_each_text(template.name) title
                 WHERE product.active AND template.type != 'combo'
                   AND (template.company_id IS NULL OR template.company_id = ANY(%s))
                 ORDER BY product.id
                """,
                list(self._sellers()),
            )
        )

    def _similar_names(self, threshold):
        """Products that share a rare word with a listing's name and whose name, with the variant's values, is similar.

        :param float threshold: similarity from which on it counts, 0.0 to 1.0
        """
        while self.env["order.channel.suggestion"]._read_product_chunk():
            pass  # until the words of all names are known
        found = {listing: (defaultdict(dict), Counter()) for listing in self}
        self._find_by_words(found)
        described, variants = self._describe_products(
            (), {template for __, weights in found.values() for template in weights}
        )
        owners = self.company_id._channel_product_companies()
        texts = {listing: describe(listing.name, values=listing._attribute_values()).texts for listing in self}
        pairs = [
            (listing, product_id)
            for listing, (__, weights) in found.items()
            for template in weights
            for product_id in variants.get(template, ())
            if described[product_id][1] is None or described[product_id][1] in owners[listing.company_id.id]
        ]
        alike = self._similarities(
            {(mine, theirs) for listing, id_ in pairs for mine in texts[listing] for theirs in described[id_][0].texts}
        )
        result = defaultdict(dict)
        for listing, product_id in pairs:
            names = described[product_id][0].texts
            likeness = max((alike[mine, theirs] for mine in texts[listing] for theirs in names), default=0.0)
            if likeness >= threshold:
                result[listing][product_id] = likeness
        return {
            listing: dict.fromkeys(sorted(products, key=lambda product: -products[product]), 1.0)
            for listing, products in result.items()
        }
