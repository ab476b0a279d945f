from collections import Counter, defaultdict

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.match import describe, name_similarity, score
from .order_channel_projection import PLACEHOLDER, SERVICE_PRODUCTS

#: suggestions kept for one listing, and what they need to be worth a look
MOST = 5
LEAST_SCORE = 35.0
#: products that are compared with one listing; templates that its name brings in; products per SKU or barcode
COMPARED = 40
NAMED_ALIKE = 12
PER_KEY = 20


class OrderChannelListing(models.Model):
    """Finding products for unconfirmed listings, and comparing them.

    Set-based: a chunk of listings takes a fixed number of queries. Products are blocked by SKU, barcode, what other channels
    call so, and rare words of their names; only the few that come up are compared. Plain SQL where the ORM would make a record
    of each of them (10,000 listings and 100,000 products: see tests/benchmarks/results.md).
    """

    _inherit = "order.channel.listing"

    # === WHICH: a chunk of listings in a fixed number of queries === #

    def _suggest(self):
        """Work out the suggestions of these listings anew and keep them."""
        self.flush_recordset()
        self.env["product.product"].flush_model()
        self.env["product.template"].flush_model(["name", "list_price", "company_id"])
        found = self._find_candidates()
        candidates = self._describe_products(
            {product for by_product, __ in found.values() for product in by_product},
            {template for __, by_template in found.values() for template in by_template},
        )
        self._keep_suggestions(self._score_candidates(found, candidates))

    def _find_candidates(self):
        """Products that these listings have something in common with.

        :return: ``{listing: ({product id: evidence}, {template id: weight of its common words})}``; evidence are keyword
            arguments of ``tools.match.score``
        """
        result = {listing: (defaultdict(dict), Counter()) for listing in self}
        self._find_by_key(result)
        self._find_by_packaging(result)
        self._find_linked_elsewhere(result)
        self._find_by_words(result)
        return result

    def _find_by_key(self, result):
        fields_of_key = {
            "order_channel_loose_key": "loose_key",
            "order_channel_sku_key": "sku_key",
            "order_channel_barcode_key": "barcode_key",
        }
        keys = {name: [key for key in set(self.mapped(ours)) if key] for name, ours in fields_of_key.items()}
        products = (
            self.env["product.product"]
            .sudo()
            .search_fetch(
                Domain.OR(Domain(name, "in", values) for name, values in keys.items()), list(keys), order="id"
            )
        )
        by_key = defaultdict(list)
        for product in products:
            for name in keys:
                by_key[name, product[name]].append(product.id)
        for listing, (evidence, __) in result.items():
            for name, ours in fields_of_key.items():
                if listing[ours]:
                    for product_id in by_key[name, listing[ours]][:PER_KEY]:
                        evidence.setdefault(product_id, {})

    def _find_by_packaging(self, result):
        packagings = self._packagings_by_key(self.mapped("barcode_key"))
        for listing, (evidence, __) in result.items():
            for product_id, pieces in packagings.get((listing.company_id.id, listing.barcode_key), ())[:PER_KEY]:
                evidence[product_id]["packaging"] = pieces

    def _find_linked_elsewhere(self, result):
        """What the same SKU is linked to already: one product, so many of it. The newest link counts."""
        linked = self.sudo().search_fetch(
            [
                ("sku_key", "in", [key for key in set(self.mapped("sku_key")) if key]),
                ("state", "=", "linked"),
                ("product_id", "!=", False),
                ("company_id", "in", self.company_id.ids),
            ],
            ["sku_key", "company_id", "channel_id", "product_id", "product_quantity"],
            order="mapping_id.id desc",  # by its id: mappings themselves are sorted the newest first
        )
        by_sku = linked.grouped(lambda other: (other.company_id, other.sku_key))
        for listing, (evidence, __) in result.items():
            for other in by_sku.get((listing.company_id, listing.sku_key), self.browse())[:PER_KEY]:
                if "linked_on" not in evidence[other.product_id.id]:
                    evidence[other.product_id.id] |= {
                        "linked_on": other.channel_id.name,
                        "linked_quantity": other.product_quantity or 1.0,
                    }

    def _find_by_words(self, result):
        """Products that have rare words of the name, the common ones deciding between too many of them; where all its words
        are common, those that have most of them."""
        Word = self.env["order.channel.product.word"]
        words = {
            listing: [
                word
                for word in sorted(describe(listing.name, values=listing._attribute_values()).words)
                if len(word) > 1
            ]
            for listing in self
        }
        known = Word._templates_by_word({word for of_listing in words.values() for word in of_listing})
        common, crowded = [], {}
        for listing, (__, weights) in result.items():
            found = Counter()
            for word in words[listing]:
                number, template_ids = known.get(word, (0, None))
                for template_id in template_ids or ():
                    found[template_id] += 1.0 / number
            least = max(found.values(), default=0.0) / 20
            likely = {id_: weight for id_, weight in found.items() if weight > least}
            there = [word for word in words[listing] if word in known]
            if len(likely) > NAMED_ALIKE:
                crowded[listing] = likely
            elif likely:
                weights.update(likely)
            elif there:
                common.append((listing.id, min(there, key=lambda word: known[word][0]), there))
        words_of = Word._words_of({id_ for likely in crowded.values() for id_ in likely})
        for listing, likely in crowded.items():
            said = {word: 1.0 / known[word][0] for word in words[listing] if word in known and not known[word][1]}
            for id_ in likely:
                likely[id_] += sum(said[word] for word in said.keys() & words_of[id_])
            best = sorted(likely.items(), key=lambda entry: (-entry[1], entry[0]))[:NAMED_ALIKE]
            result[listing][1].update(dict(best))
        for listing_id, template_id, number in Word._templates_by_common_words(common, NAMED_ALIKE):
            result[self.browse(listing_id)][1][template_id] = float(number)

    def _attribute_values(self):
        """Values of the variant's options at the channel: ``["Blue", "L"]``."""
        self.ensure_one()
        attributes = self.attributes
        return [str(value) for value in attributes.values() if value] if isinstance(attributes, dict) else []

    @api.model
    def _describe_products(self, product_ids, template_ids):
        """Active products as they are compared, without those of channel lines.

        :return: ``({product id: (Described, company id or None)}, {template id: [product id]})``
        """
        find = self.env["ir.model.data"]._xmlid_to_res_id
        of_lines = [find(xml_id, raise_if_not_found=False) or 0 for xml_id in (PLACEHOLDER, *SERVICE_PRODUCTS.values())]
        self.env.cr.execute(
            SQL(
                """
                SELECT product.id, template.id, template.company_id, product.default_code, product.barcode,
                       template.name, template.list_price,
                       (SELECT json_agg(value.name) FROM product_variant_combination combination
                          JOIN product_template_attribute_value used
                            ON used.id = combination.product_template_attribute_value_id
                          JOIN product_attribute_value value ON value.id = used.product_attribute_value_id
                         WHERE combination.product_product_id = product.id)
                  FROM product_product product
                  JOIN product_template template ON template.id = product.product_tmpl_id
                 WHERE product.active AND product.id != ALL(%(of_lines)s) AND template.type != 'combo'
                   AND (product.id = ANY(%(products)s) OR product.product_tmpl_id = ANY(%(templates)s))
              ORDER BY product.id
                """,
                of_lines=of_lines,
                products=list(product_ids),
                templates=list(template_ids),
            )
        )
        described, variants = {}, defaultdict(list)
        for product_id, template_id, company_id, sku, barcode, names, price, values in self.env.cr.fetchall():
            spellings = [list(dict.fromkeys(value.values())) for value in values or ()]
            names = list(dict.fromkeys(filter(None, names.values())))
            described[product_id] = describe(names, sku, barcode, spellings, price), company_id
            variants[template_id].append(product_id)
        return described, variants

    # === HOW WELL === #

    def _score_candidates(self, found, candidates):
        """Compare each listing with the products that came up for it.

        :return: ``{listing: [(product id, Match)]}``, the best first
        """
        described, variants = candidates
        refused = self._refused_pairs()
        owners = self.company_id._channel_product_companies()
        rates = self._currency_rates()
        ours, pairs = {}, []
        for listing, (evidence, weights) in found.items():
            price = listing.price * rates[listing.currency_id, listing.company_id]
            ours[listing] = one = describe(
                listing.name, listing.sku, listing.barcode, listing._attribute_values(), price
            )
            allowed = [
                product_id
                for product_id in self._in_order(one, evidence, weights, described, variants)
                if (listing.id, product_id) not in refused
                and (described[product_id][1] is None or described[product_id][1] in owners[listing.company_id.id])
            ]
            pairs += [(listing, product_id) for product_id in allowed[:COMPARED]]
        alike = self._similarities(
            {
                (mine, theirs)
                for listing, id_ in pairs
                for mine in ours[listing].texts
                for theirs in described[id_][0].texts
            }
        )
        result = {listing: [] for listing in found}
        for listing, product_id in pairs:
            one, other = ours[listing], described[product_id][0]
            similarity = max((alike[mine, theirs] for mine in one.texts for theirs in other.texts), default=0.0)
            match = score(one, other, similarity, **found[listing][0].get(product_id, {}))
            if match.score >= LEAST_SCORE:
                result[listing].append((product_id, match))
        for matches in result.values():
            matches.sort(key=lambda entry: (-entry[1].score, entry[0]))
            del matches[MOST:]
        return result

    @staticmethod
    def _in_order(one, evidence, weights, described, variants):
        """The products to compare with a listing: by key first, then by how much of their names and values is common."""
        by_name = [
            (-weight, -len(one.words & described[product_id][0].words), product_id)
            for template_id, weight in weights.items()
            for product_id in variants.get(template_id, ())
        ]
        by_key = [product_id for product_id in evidence if product_id in described]
        return list(dict.fromkeys(by_key + [product_id for __, __, product_id in sorted(by_name)]))

    def _currency_rates(self):
        """``{(currency, company): what its prices are multiplied with to be the company's}``."""
        today = fields.Date.context_today(self)
        return {
            (currency, company): currency._convert(1.0, company.currency_id, company, today, round=False)
            if currency
            else 1.0
            for currency, company in {(listing.currency_id, listing.company_id) for listing in self}
        }

    @api.model
    def _similarities(self, pairs):
        """How alike names are: by PostgreSQL's trigrams where it has them, in one query.

        :param pairs: set of (name, name), as words
        :return: ``{pair: 0.0 to 1.0}``
        """
        pairs = list(pairs)
        if not pairs:
            return {}
        if not self.env.registry.has_trigram:
            return {pair: name_similarity(*pair) for pair in pairs}
        self.env.cr.execute(
            SQL(
                "SELECT similarity(one, other) FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS pair(one, other, place)"
                " ORDER BY place",
                [one for one, __ in pairs],
                [other for __, other in pairs],
            )
        )
        return {pair: value for pair, (value,) in zip(pairs, self.env.cr.fetchall(), strict=True)}
