from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..tools.normalize import normalize_sku
from ..tools.variants import combinations, common_name, extra_prices, option_keys, read_axes

#: what each variant has of its own; the rest belongs to the product template
VARIANT_FIELDS = frozenset({"default_code", "barcode", "standard_price", "active", "image_1920"})


@dataclass(slots=True)
class Family:
    """Listings that become variants of one product template, a new one where none is given."""

    listings: Any
    axes: dict[str, Any]  # see tools.variants.read_axes
    template: Any = None
    name: str = ""


class OrderChannelListing(models.Model):
    """Variants of one parent, and the product template that they become."""

    _inherit = "order.channel.listing"

    def _families(self, template=None, name=None):
        """Which of these listings are variants of one thing: they share a parent and differ by the same attributes.

        A template that a sibling is linked to takes in the others. A variant whose parent has no other stays a plain
        product.

        :param template: product.template that all of them are to be added to
        :param name: what a new template is called; None: what the listings' names have in common
        :rtype: list[Family]
        :raise UserError: they can't be variants of the given template
        """
        if template:
            return [self._family_of(template)]
        groups = self.filtered(lambda listing: listing.parent_ref and listing.attributes).grouped(
            lambda listing: (listing.channel_id, listing.parent_ref)
        )
        if not groups:
            return []
        numbers = {
            (channel, parent): number
            for channel, parent, number in self._read_group(
                self._parents_domain(), ["channel_id", "parent_ref"], ["__count"]
            )
        }
        of_siblings = self._sibling_templates()
        families = []
        for key, listings in groups.items():
            axes = read_axes(listings.mapped("attributes"))
            if not axes or (len(listings) < 2 and numbers.get(key, 0) < 2):
                continue
            fitting = of_siblings[key].filtered(
                lambda found, axes=axes: found._channel_axis_lines().keys() == axes.keys()
            )
            family_name = name or common_name(listings.mapped("name"), listings.mapped("attributes"))
            families.append(Family(listings, axes, fitting[:1], family_name))
        return families

    def _parents_domain(self):
        """All items at the channels that have a parent of these."""
        return [
            ("channel_id", "in", self.channel_id.ids),
            ("parent_ref", "in", list(filter(None, set(self.mapped("parent_ref"))))),
            ("gone", "=", False),
        ]

    def _sibling_templates(self):
        """The templates that other variants of the same parents are linked to.

        :return: ``{(channel, parent ref): product.template records}``, empty ones by default
        """
        result = defaultdict(lambda: self.env["product.template"].sudo())
        siblings = self.search([*self._parents_domain(), ("product_id", "!=", False), ("id", "not in", self.ids)])
        for sibling in siblings:
            result[sibling.channel_id, sibling.parent_ref] |= sibling.product_id.product_tmpl_id.sudo()
        return result

    def _family_of(self, template):
        axes = read_axes(listing.attributes or {} for listing in self)
        lines = template._channel_axis_lines()
        if not axes or lines.keys() != axes.keys():
            raise UserError(
                self.env._(
                    "%(product)s has the attributes %(there)s, these items have %(here)s. Choose a product with the same "
                    "attributes, or make a new one.",
                    product=template.display_name,
                    there=", ".join(line.attribute_id.name for line in lines.values()) or self.env._("none"),
                    here=", ".join(label for label, __ in (axes or {}).values())
                    or self.env._("none that tell them apart"),
                )
            )
        return Family(self, axes, template)

    def _make_variants(self, families, values):
        """Make the templates and exactly the variants that the channel has, in a number of steps that does not grow.

        :param families: list of Family
        :param values: ``{listing: product values}``
        :return: ``{listing: product}``
        """
        return _VariantMaker(self.env, families, values).make() if families else {}


class _VariantMaker:
    """Makes the variants of many templates together. Odoo's own making of all combinations is left out: what the channel does
    not sell is no variant, and what somebody archived stays so."""

    def __init__(self, env, families, values):
        self.env = env(su=True, context={**env.context, "create_product_product": False})
        self.families, self.values = families, values
        self.attributes = {}  # key -> attributes of that name, those that make variants on demand first
        self.options = {}  # (attribute id, key) -> value
        self.axes = {}  # position of the family -> {axis key: attribute}
        self.new = set()  # positions of the families whose template is made here

    def make(self):
        self._find_attributes()
        for position, family in enumerate(self.families):
            if family.template:
                lines = family.template._channel_axis_lines()
                self.axes[position] = {key: line.attribute_id for key, line in lines.items()}
            else:
                self.axes[position] = {key: self.attributes[key][0] for key in family.axes}
                self.new.add(position)
        self._find_options()
        self._make_templates()
        return self._variants()

    def _find_attributes(self):
        """Those that Odoo has by these names; new ones make variants on demand.

        Where each value goes with each, any attribute will do. Else one has to make variants on demand, or Odoo adds all
        combinations the next time that somebody edits the product.
        """
        found = self.env["product.attribute"].search([("create_variant", "!=", "no_variant")])
        for attribute in found.sorted(lambda attribute: attribute.create_variant != "dynamic"):
            self.attributes.setdefault(normalize_sku(attribute.name), []).append(attribute)
        missing = {}
        for family in self.families:
            if family.template:
                continue
            for key, (label, __) in family.axes.items():
                if key not in self.attributes:
                    missing.setdefault(key, label)
            on_demand = any(
                key in missing or self.attributes[key][0].create_variant == "dynamic" for key in family.axes
            )
            if not on_demand and combinations(family.axes) > len(family.listings):
                key, (label, __) = next(iter(family.axes.items()))
                missing.setdefault(key, label)
        created = self.env["product.attribute"].create(
            [{"name": label, "create_variant": "dynamic"} for label in missing.values()]
        )
        for key, attribute in zip(missing, created, strict=True):
            self.attributes.setdefault(key, []).insert(0, attribute)

    def _find_options(self):
        """The attributes' values by name, made where they are missing."""
        attributes = self.env["product.attribute"].concat(
            *(used for axes in self.axes.values() for used in axes.values())
        )
        for option in self.env["product.attribute.value"].search([("attribute_id", "in", attributes.ids)]):
            self.options.setdefault((option.attribute_id.id, normalize_sku(option.name)), option)
        missing = {}
        for position, family in enumerate(self.families):
            for key, (__, labels) in family.axes.items():
                for option_key, label in labels.items():
                    place = (self.axes[position][key].id, option_key)
                    if place not in self.options:
                        missing.setdefault(place, label)
        created = self.env["product.attribute.value"].create(
            [{"attribute_id": attribute_id, "name": label} for (attribute_id, __), label in missing.items()]
        )
        self.options.update(zip(missing, created, strict=True))

    def _make_templates(self):
        """New templates with their attribute lines; values that existing ones lack."""
        new = sorted(self.new)
        templates = self.env["product.template"].create([self._template_values(position) for position in new])
        for position, template in zip(new, templates, strict=True):
            self.families[position].template = template
        for position, family in enumerate(self.families):
            for key, line in family.template._channel_axis_lines().items():
                wanted = self._family_options(position, key)
                missing = wanted - line.value_ids
                if missing:
                    line.with_context(update_product_template_attribute_values=False).write(
                        {"value_ids": [Command.link(option.id) for option in missing]}
                    )
        self._make_template_options()

    def _template_values(self, position):
        family = self.families[position]
        first = family.listings[:1]
        base, __ = self._prices(family)
        values = {name: value for name, value in self.values[first].items() if name not in VARIANT_FIELDS}
        physical = any(self.values[listing].get("is_storable") for listing in family.listings)
        if physical:
            values |= {"type": "consu", "is_storable": True}
        return {
            **values,
            "name": family.name,
            "list_price": base,
            "attribute_line_ids": [
                Command.create(
                    {
                        "attribute_id": self.axes[position][key].id,
                        "value_ids": [Command.set(self._family_options(position, key).ids)],
                    }
                )
                for key in family.axes
            ],
        }

    def _prices(self, family):
        return extra_prices(
            (option_keys(listing.attributes), self.values[listing].get("list_price") or 0.0)
            for listing in family.listings
        )

    def _family_options(self, position, key):
        attribute = self.axes[position][key]
        labels = self.families[position].axes[key][1]
        return self.env["product.attribute.value"].union(*(self.options[attribute.id, option] for option in labels))

    def _template_options(self):
        """``{(template id, attribute id, value id): template value}``, also those that Odoo set aside."""
        templates = self.env["product.template"].union(*(family.template for family in self.families))
        found = self.env["product.template.attribute.value"].search([("product_tmpl_id", "in", templates.ids)])
        return {
            (option.product_tmpl_id.id, option.attribute_id.id, option.product_attribute_value_id.id): option
            for option in found.sorted("ptav_active")
        }

    def _make_template_options(self):
        """What a template's variants are made of: a value of each attribute line, with what it adds to the price."""
        existing = self._template_options()
        to_create = []
        for position, family in enumerate(self.families):
            extras = self._prices(family)[1] if position in self.new else {}
            for key, line in family.template._channel_axis_lines().items():
                for option_key in family.axes[key][1]:
                    option = self.options[self.axes[position][key].id, option_key]
                    known = existing.get((family.template.id, line.attribute_id.id, option.id))
                    if not known:
                        extra = extras.get((key, option_key), 0.0)
                        to_create.append(
                            {
                                "attribute_line_id": line.id,
                                "product_attribute_value_id": option.id,
                                "price_extra": extra,
                            }
                        )
                    elif not known.ptav_active:
                        known.ptav_active = True
        self.env["product.template.attribute.value"].create(to_create)

    def _variants(self):
        """Each listing's variant: the one that its template has already, else a new one."""
        options = self._template_options()
        Product = self.env["product.product"]
        templates = self.env["product.template"].union(*(family.template for family in self.families))
        known = {
            (product.product_tmpl_id.id, frozenset(product.product_template_attribute_value_ids.ids)): product
            for product in Product.with_context(active_test=False).search(
                [("product_tmpl_id", "in", templates.ids)], order="active"
            )
        }
        result, to_create = {}, []
        for position, family in enumerate(self.families):
            for listing in family.listings:
                chosen = []
                for key, option_key in option_keys(listing.attributes).items():
                    attribute = self.axes[position][key]
                    option = self.options[attribute.id, option_key]
                    chosen.append(options[family.template.id, attribute.id, option.id].id)
                product = known.get((family.template.id, frozenset(chosen)))
                if product and not product.active:
                    raise UserError(
                        self.env._(
                            "%(product)s is archived. Unarchive it and link %(item)s to it.",
                            product=product.display_name,
                            item=listing.display_name,
                        )
                    )
                if product:
                    result[listing] = product
                else:
                    own = {name: value for name, value in self.values[listing].items() if name in VARIANT_FIELDS}
                    to_create.append(
                        (
                            listing,
                            {
                                **own,
                                "product_tmpl_id": family.template.id,
                                "product_template_attribute_value_ids": [Command.set(chosen)],
                            },
                        )
                    )
        created = Product.create([values for __, values in to_create])
        for (listing, __), product in zip(to_create, created, strict=True):
            result[listing] = product
        return result
