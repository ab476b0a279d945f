from collections import defaultdict
from functools import partial
from typing import NamedTuple

from odoo import models
from odoo.fields import Domain

from ..tools.normalize import barcode_key


class MatchRules(NamedTuple):
    """By what listings find products. The first rule that finds any decides; the order is that of the fields."""

    copy_channel_id: int | None = None  # take over what this channel's listings with the same SKU stand for
    sku: bool = True
    barcode: bool = True
    packaging: bool = True
    name: str | None = None  # exact, or similar
    similarity: float = 0.8  # of names, 0.0 to 1.0
    strength: str = (
        "normal"  # exact (as typed), normal (case and spaces don't count), loose (nor do dashes and the like)
    )


class Match(NamedTuple):
    """What the rules make of a listing."""

    hint: str  # as in ``link_hint``; or ``archived``: what would be copied has an archived product
    product_id: int | None = None  # of a match that is certain; None: see the components
    quantity: float = 1.0
    method: str | None = None  # as a mapping's
    components: tuple = ()  # ((product id, quantity), …)
    candidates: tuple = ()  # product ids among which a person has to choose, likely ones first


NO_PRODUCT = Match("none")
NO_SKU = Match("no_sku")

#: what the sync of items, Go live and a person's form go by
AUTOMATIC = MatchRules()


class OrderChannelListing(models.Model):
    """Finding the product that a listing stands for: by rules, for a page of listings in a fixed number of queries."""

    _inherit = "order.channel.listing"

    def _find_products(self, rules=AUTOMATIC):
        """What the rules make of these listings.

        :param MatchRules rules: by what to look
        :rtype: dict[order.channel.listing, Match]
        """
        refused = self._refused_pairs()
        copied = self._mappings_to_copy(rules)
        by_sku = self._products_by_sku(rules) if rules.sku else {}
        by_barcode = self._products_by_barcode(rules) if rules.barcode else {}
        by_packaging = self._products_by_packaging(rules) if rules.packaging else {}
        result = {}
        for listing in self:
            id_ = listing.id
            if id_ in copied:
                result[listing] = listing._match_copied(copied[id_], refused)
            elif id_ in by_sku:
                barcoded = by_barcode.get(id_, ())
                result[listing] = listing._match("sku", dict.fromkeys(by_sku[id_], 1.0), refused, barcoded)
            elif id_ in by_barcode or id_ in by_packaging:
                quantities = {**dict(by_packaging.get(id_, ())), **dict.fromkeys(by_barcode.get(id_, ()), 1.0)}
                result[listing] = listing._match("barcode", quantities, refused)
            else:
                result[listing] = NO_PRODUCT if listing.sku_key or listing.barcode_key else NO_SKU
        if rules.name:
            unknown = self.filtered(lambda listing: result[listing].hint in ("none", "no_sku"))
            for listing, products in unknown._products_by_name(rules).items():
                result[listing] = listing._match("name", products, refused)
        return result

    def _match(self, method, quantities, refused, others=()):
        """Judge what one rule found.

        :param dict quantities: product id -> pieces, of one product at least
        :param set refused: ``(listing id, product id)`` that must not be proposed
        :param others: product ids that another rule found: one of them has to be the same
        """
        self.ensure_one()
        allowed = {product: pieces for product, pieces in quantities.items() if (self.id, product) not in refused}
        if others and not set(quantities) & set(others):
            candidates = [product for product in (*quantities, *others) if (self.id, product) not in refused]
            return Match("conflict", candidates=tuple(candidates))
        if not allowed:
            return Match("refused")
        if len(quantities) > 1:
            return Match("ambiguous", candidates=tuple(allowed))
        ((product_id, pieces),) = allowed.items()
        return Match("one", product_id, pieces, method, ((product_id, pieces),))

    # === BY SKU AND BARCODE === #

    def _products_by_sku(self, rules):
        """``{listing id: [product id]}``; a tighter form that finds any decides before a looser one is tried."""
        forms = {
            "exact": [("default_code", "sku")],
            "normal": [("order_channel_sku_key", "sku_key")],
            "loose": [("order_channel_sku_key", "sku_key"), ("order_channel_loose_key", "loose_key")],
        }[rules.strength]
        return self._first_found(
            [
                (
                    partial(self._products_by_key, "product.product", field),
                    {listing.id: listing[key] for listing in self},
                )
                for field, key in forms
            ]
        )

    def _products_by_barcode(self, rules):
        """``{listing id: [product id]}``"""
        return self._first_found(
            [
                (partial(self._products_by_key, "product.product", field), keys)
                for field, keys in self._barcode_forms(rules)
            ]
        )

    def _products_by_packaging(self, rules):
        """``{listing id: [(product id, pieces per packaging)]}``"""
        return self._first_found(
            [(partial(self._packagings_by_key, field=field), keys) for field, keys in self._barcode_forms(rules)]
        )

    def _barcode_forms(self, rules):
        """``[(field of the product or packaging, {listing id: its key})]``, the tightest first."""
        if rules.strength == "exact":
            return [("barcode", {listing.id: listing.barcode for listing in self})]
        forms = [{listing.id: listing.barcode_key for listing in self}]
        if rules.strength == "loose":
            forms.append({listing.id: barcode_key(listing.barcode, loose=True) for listing in self})
        return [("order_channel_barcode_key", keys) for keys in forms]

    def _first_found(self, forms):
        """What the first of several forms of a key finds for each listing.

        :param forms: ``[(function of keys that gives {(company id, key): what is found}, {listing id: its key})]``
        :return: ``{listing id: what is found}``, without those for which nothing is
        """
        result = {}
        for search, keys in forms:
            keys = {id_: key for id_, key in keys.items() if key and id_ not in result}
            found = search(keys.values())
            if not found:
                continue
            for listing in self:
                key = keys.get(listing.id)
                if key and (products := found.get((listing.company_id.id, key))):
                    result[listing.id] = products
        return result

    def _products_by_key(self, model, field, keys):
        """``{(company id, key): [product id]}`` for each of the listings' companies; a shared product counts for every one."""
        keys = [key for key in set(keys) if key]
        if not keys:
            return {}
        sellers = self._sellers()
        rows = (
            self.env[model]
            .sudo()
            ._read_group(
                Domain(field, "in", keys)
                & Domain("company_id", "in", [False, *sellers])
                & Domain("type", "!=", "combo"),
                [field, "company_id"],
                ["id:array_agg"],
            )
        )
        result = defaultdict(list)
        company_ids = self.company_id.ids
        for key, company, ids in rows:
            for company_id in sellers[company.id] if company else company_ids:
                result[company_id, key] += ids
        return result

    def _sellers(self):
        """``{company id: [ids of these listings' companies that may sell its products]}``"""
        sellers = defaultdict(list)
        for company_id, owners in self.company_id._channel_product_companies().items():
            for owner in owners:
                sellers[owner].append(company_id)
        return sellers

    def _packagings_by_key(self, keys, field="order_channel_barcode_key"):
        """``{(company id, barcode key): [(product id, pieces per packaging)]}``."""
        keys = [key for key in set(keys) if key]
        if not keys:
            return {}
        result, sellers = defaultdict(list), self._sellers()
        for packaging in self.env["product.uom"].sudo().search([(field, "in", keys)]):
            product = packaging.product_id
            if not product.active or product.type == "combo":
                continue
            pieces = packaging.uom_id._compute_quantity(1.0, product.uom_id)
            owner = product.company_id
            for company_id in sellers.get(owner.id, ()) if owner else self.company_id.ids:
                result[company_id, packaging[field]].append((product.id, pieces))
        return result

    # === BY WHAT ANOTHER CHANNEL HAS === #

    def _mappings_to_copy(self, rules):
        """``{listing id: live mappings of the other channel's listings with the same SKU}``"""
        if not rules.copy_channel_id:
            return {}
        field = {"exact": "sku", "normal": "sku_key", "loose": "loose_key"}[rules.strength]
        keys = {listing.id: listing[field] for listing in self if listing[field]}
        source = [
            ("channel_id", "=", rules.copy_channel_id),
            ("state", "=", "linked"),
            (field, "in", list(keys.values())),
        ]
        mappings = defaultdict(self.env["order.channel.mapping"].browse)
        for listing in self.search_fetch(source, [field, "mapping_id"], order="id"):
            mappings[listing[field]] |= listing.mapping_id
        return {id_: mappings[key] for id_, key in keys.items() if key in mappings}

    def _match_copied(self, mappings, refused):
        """Judge what the listings of another channel with this SKU stand for."""
        self.ensure_one()
        choices = {tuple(sorted(mapping._components())): mapping for mapping in mappings}
        allowed = [
            components
            for components in choices
            if not all((self.id, product_id) in refused for product_id, __ in components)
        ]
        if not allowed:
            return Match("refused")
        if len(choices) > 1:
            singles = [components[0][0] for components in allowed if len(components) == 1]
            return Match("ambiguous", candidates=tuple(dict.fromkeys(singles)))
        products = mappings.line_ids.product_id.sudo()
        if not all(products.mapped("active")):
            return Match("archived")
        components = tuple(mappings[0]._components())
        product_id, quantity = components[0] if len(components) == 1 else (None, 1.0)
        return Match("one", product_id, quantity, "copy", components)

    # === WHAT PEOPLE REFUSED === #

    def _refused_pairs(self):
        """``{(listing id, product id)}`` that a person unlinked before: never linked by itself again (rule 3)."""
        lines = self.env["order.channel.mapping.line"].search(
            [("mapping_id.refused", "=", True), ("mapping_id.listing_id", "in", self.ids)]
        )
        return {(line.mapping_id.listing_id.id, line.product_id.id) for line in lines}
