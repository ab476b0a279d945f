from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from odoo import models
from odoo.fields import Command

from ..tools.amounts import Coins, decimal, is_sellers, known_rate, rounding_left
from ..tools.digest import text_digest, to_json
from ..tools.facts import address_facts
from ..tools.guard import internal
from ..tools.money import split
from .order_channel_tax_map import TaxMatcher, tax_question

#: kind of line -> XML id of the service product it is booked on
SERVICE_PRODUCTS = {
    "shipping": "order_channel_mapping.product_shipping",
    "fee": "order_channel_mapping.product_fee",
    "tip": "order_channel_mapping.product_tip",
    "discount": "order_channel_mapping.product_discount",
    "rounding": "order_channel_mapping.product_rounding",
    "bundle": "order_channel_mapping.product_bundle",  # no kind of line: a container whose parts are lines of their own
    "service": "order_channel_mapping.product_service",  # no kind of line: what a person takes as a service
}
PLACEHOLDER = "order_channel_mapping.product_placeholder"
#: fields of a sales order line that the projection writes and a person may change
MERGED = (
    "product_id",
    "product_uom_id",
    "product_uom_qty",
    "price_unit",
    "discount",
    "tax_ids",
    "name",
    "sequence",
)
ZERO, ONE = Decimal(0), Decimal(1)
QUIET = {
    "tracking_disable": True,
    "mail_create_nosubscribe": True,
    "mail_create_nolog": True,
    "mail_notrack": True,
    "sale_no_log_for_new_lines": True,
}


@dataclass(slots=True)
class PlannedLine:
    """One sales order line to be. ``key`` finds it again when the plan is made anew."""

    key: str
    values: dict[str, Any]
    line: Any = None  # order.channel.order.line
    facts: dict[str, Any] = field(default_factory=dict)  # what the channel says of it


@dataclass(slots=True)
class Plan:
    """What a channel order looks like as a sales order, and what is in the way: ``[(code, line, params)]``."""

    lines: list[PlannedLine] = field(default_factory=list)
    issues: list[tuple] = field(default_factory=list)
    questions: set[str] = field(default_factory=set)  # for taxes, that are among the issues
    rounding: Decimal = ZERO  # of the total, by the channel and where our shares are rounded otherwise


def note_html(text):
    """The buyer's note, which is text, as HTML."""
    return Markup("<br>").join((text or "").splitlines())  # escaped


def as_written(planned):
    """What is kept of a planned line, so that a later projection tells what the channel changed from what a person did."""
    values = planned.values
    kept = {name: values[name] for name in MERGED if name != "tax_ids"}
    extra = values["extra_tax_data"] and text_digest(values["extra_tax_data"])
    return {**kept, "tax_ids": values["tax_ids"][0][2], "extra": extra, "facts": planned.facts}


class OrderChannelOrder(models.Model):
    """The projection: a channel order as a draft sales order with exactly the channel's amounts (rule 5)."""

    _inherit = "order.channel.order"

    def _project(self, partners=None, only_lines=None):
        """Bring the draft sales orders of these channel orders in line with them, and work out what blocks them.

        Open orders without one get one; a cancelled order's draft is cancelled; processed ones are left alone.

        What a person changed on them stays until the channel changes that very thing (see ``_rewrite``).

        :param partners: ``{external id: (customer, invoice address, delivery address)}`` of orders that came in
        :param only_lines: channel order lines whose mapping changed; None: all lines (a new revision)
        """
        projector = _Projector(self)
        to_create, plans, processed = [], {}, self.browse()
        for order in self:
            sale_order = order.sale_order_ids[:1]
            if order.status == "cancelled":
                order._cancel_projection(sale_order)
            elif sale_order and sale_order.state in ("draft", "sent"):
                plans[order] = projector.plan(order)
                order._rewrite(sale_order, plans[order], only_lines)
                if order.external_id in (partners or {}):
                    order._rewrite_header(sale_order, projector.header_values(order, partners[order.external_id]))
            elif sale_order.state == "sale":
                processed |= order
            elif sale_order.state == "cancel" and order.external_id in (partners or {}):
                # its lines are brought in line when it is set back; where it goes is told now only
                order._rewrite_header(sale_order, projector.header_values(order, partners[order.external_id]))
            elif not sale_order and (partners or {}).get(order.external_id):
                plans[order] = projector.plan(order)
                to_create.append((order, projector.sale_order_values(order, plans[order], partners[order.external_id])))
        if to_create:
            internal(self.env["sale.order"]).with_context(**QUIET).create([values for __, values in to_create])
            self.invalidate_recordset(["sale_order_ids"])
        twins = self._twins()
        for order, plan in plans.items():
            order._note_rounding(plan.rounding)
            plan.issues += order._status_issues() + order._total_issues() + twins.get(order.external_id, [])
        self._set_blockers({order: plan.issues for order, plan in plans.items()})
        processed._recheck_edited_totals()
        self._mark_stock_change(plans)

    def _note_rounding(self, amount):
        """Put on record by how much the total is rounded."""
        self.ensure_one()
        if decimal(self.amount_rounding) != amount:
            self.amount_rounding = float(amount)
            self._log_event("rounded", {"amount": str(amount), "currency": self.currency_code})

    def _mark_stock_change(self, orders):
        """Draft channel orders hold stock (rule 6): what they sell has to be worked out again."""
        products = (
            self.env["product.product"].union(*(order.line_ids.mapping_id.line_ids.product_id for order in orders))
            if orders
            else self.env["product.product"]
        )
        if products:
            self.env["order.channel.stock.change"]._mark(products.ids)

    def _cancel_projection(self, sale_order):
        """The channel cancelled: a draft goes with it, a processed order asks a person."""
        self.blocker_ids.filtered(lambda blocker: blocker.code != "changed").unlink()
        if sale_order.state in ("draft", "sent"):
            internal(sale_order)._action_cancel()
            self._log_event("cancelled_by_channel")
            self._mark_stock_change(self)
        self._refresh_frozen()


class _Projector:
    """What planning needs, read once for a batch of orders of one channel."""

    def __init__(self, orders):
        self.env = orders.env
        self.channel = orders.channel_id[:1]
        self.taxes = TaxMatcher(self.channel)
        self.placeholder = self.env.ref(PLACEHOLDER).sudo()
        self.services = {kind: self.env.ref(xml_id).sudo() for kind, xml_id in SERVICE_PRODUCTS.items()}
        codes = set(orders.mapped("currency_code"))
        Currency = self.env["res.currency"].with_context(active_test=False)
        self.currencies = {currency.name: currency for currency in Currency.search([("name", "in", list(codes))])}
        self.unrated = (
            Currency.union(*self.currencies.values()).filtered("active")._channel_unrated(self.channel.company_id)
        )

    def currency(self, order):
        return self.currencies.get(order.currency_code) or self.channel.company_id.currency_id

    # === THE ORDER === #

    def sale_order_values(self, order, plan, addresses):
        """Values of the draft sales order. Whatever Odoo would else take from the contact is said here."""
        channel = self.channel
        return {
            "order_channel_id": channel.id,
            "channel_order_id": order.id,
            "client_order_ref": order.number,
            "origin": channel.name,
            "company_id": channel.company_id.id,
            "partner_id": addresses[0].id,
            **self.header_values(order, addresses),
            "date_order": order.placed_at or order.create_date,
            "warehouse_id": channel.warehouse_id.id,
            "pricelist_id": False,
            "payment_term_id": False,
            "require_signature": False,
            "require_payment": False,
            "team_id": channel.team_id.id,
            "user_id": channel.user_id.id,
            "order_line": [Command.create(planned.values) for planned in plan.lines],
        }

    @staticmethod
    def header_values(order, addresses):
        """Where an order goes and by when: what the channel may change before it is processed.

        :param addresses: (customer, invoice address, delivery address)
        """
        data = order.data or {}
        values = {
            "partner_invoice_id": addresses[1].id,
            "partner_shipping_id": addresses[2].id,
            "commitment_date": order.ship_by,
            "note": note_html(data.get("note")),
        }
        facts = {
            "partner_invoice_id": text_digest(address_facts(data.get("billing"))),
            "partner_shipping_id": text_digest(address_facts(data.get("shipping"))),
            "commitment_date": to_json(order.ship_by),
            "note": data.get("note"),
        }
        kept = {**values, "commitment_date": facts["commitment_date"], "note": data.get("note")}
        return {**values, "channel_written": {**kept, "facts": facts}}

    # === THE LINES === #

    def plan(self, order):
        """Every sales order line of an order.

        :rtype: Plan
        """
        plan = Plan()
        digits = self.currency(order).decimal_places
        destination = ((order.data or {}).get("shipping") or {}).get("country")
        discounts, coins, booked = {}, Coins(digits), ZERO
        bundles = order._bundle_lines()
        if self.currency(order) in self.unrated:
            plan.issues.append(("currency", None, {"currency": order.currency_code, "rate": "none"}))
        for line in order.line_ids:
            amounts = coins.round(line._amounts(digits))
            if not amounts.net and (not amounts.quantity or line.kind == "rounding"):
                continue
            booked += amounts.seller_total
            if line.kind == "rounding":
                plan.rounding += amounts.seller_total
            taxes, places = self._match_taxes(line, destination, plan)
            tax_amounts = [sum((amounts.taxes[place] for place in of_tax), ZERO) for of_tax in places]
            if line.listing_id and line not in bundles:
                if line._is_unmapped():
                    plan.issues.append(("unmapped", line, {"item": line.listing_id.display_name}))
                combo = line.mapping_id.line_ids.product_id.sudo().filtered(lambda product: product.type == "combo")[:1]
                if combo:
                    plan.issues.append(("product", line, {"product": combo.display_name}))
                plan.lines += self._item_lines(order, line, amounts, tax_amounts, taxes, digits)
            else:
                product = self.services.get("bundle" if line in bundles else line.kind, self.services["fee"])
                values = self._values(order, product, product.uom_id, ONE, amounts.net, tax_amounts, taxes)
                name = line._sale_description()
                if line.kind == "rounding" and product.description_sale:
                    name = f"{name}\n{product.description_sale}"  # why there is such a line
                plan.lines.append(self._planned(f"{line.id}:0", line, {**values, "name": name}))
            if amounts.discount_net or any(amounts.discount_taxes):
                key = tuple(tax.id for tax in taxes)
                net, parts, of, worth = discounts.get(key, (ZERO, [ZERO] * len(taxes), [], ZERO))
                worth += amounts.discount_net + sum(amounts.discount_taxes, ZERO)
                tax_parts = [
                    sum((amounts.discount_taxes[place] for place in of_tax), old)
                    for old, of_tax in zip(parts, places, strict=True)
                ]
                discounts[key] = (net + amounts.discount_net, tax_parts, [*of, line.id], worth)
        for tax_ids, (net, parts, of, worth) in discounts.items():
            product = self.services["discount"]
            taxes = self.env["account.tax"].browse(tax_ids).sudo()
            values = self._values(order, product, product.uom_id, ONE, net, parts, taxes)
            key = "discount:" + ",".join(map(str, tax_ids))
            values |= {"channel_key": key, "sequence": 1000, "name": product.name}
            facts = {"price": float(worth), "of": of}
            plan.lines.append(PlannedLine(key, values, facts=facts))
        self._add_rounding(order, plan, booked, digits, bool(coins.left))
        for planned in plan.lines:
            planned.values["channel_written"] = as_written(planned)
        return plan

    def _add_rounding(self, order, plan, booked, digits, fractions):
        """The last resort: a line for what the channel rounded otherwise than the shares worked out here. Anything more than
        rounding stays a difference for a person.

        :param Decimal booked: what the lines come to
        :param fractions: whether the channel's amounts have fractions of a coin
        """
        rounding = rounding_left(order._expected_total(digits), booked, digits, order._roundings() + bool(fractions))
        if not rounding:
            return
        plan.rounding += rounding
        product = self.services["rounding"]
        values = self._values(order, product, product.uom_id, ONE, rounding, [], [])
        values |= {
            "channel_key": "rounding",
            "sequence": 1001,
            "name": product.get_product_multiline_description_sale(),
        }
        plan.lines.append(PlannedLine("rounding", values, facts={"price": float(rounding)}))

    def _match_taxes(self, line, destination, plan):
        """The seller's taxes of a line in Odoo; a question where one has no certain match.

        Several taxes of the channel may be one in Odoo (the districts of a US address): their amounts are added up.

        :return: (account.tax records, for each the list of its places among the line's seller taxes)
        """
        places = {}
        for place, tax in enumerate(filter(is_sellers, line.taxes or [])):
            found, number = self.taxes.match(tax, destination)
            if found:
                places.setdefault(found.id, []).append(place)
                continue
            params = {name: tax.get(name) for name in ("name", "code", "included")}
            rate = known_rate(tax)
            params.update(rate=None if rate is None else str(rate))
            params.update(country=tax.get("country") or destination, found=number)
            question = tax_question(params)
            if question not in plan.questions:  # asked once, however many lines have the tax
                plan.questions.add(question)
                plan.issues.append(("tax", line, params))
        return self.env["account.tax"].sudo().browse(places), list(places.values())

    def _item_lines(self, order, line, amounts, tax_amounts, taxes, digits):
        """A line that sells a listing: one line for a product or a pack, one per component for a bundle."""
        components = line.mapping_id.line_ids.sudo() if line.mapping_id else ()
        if not components:
            values = self._values(
                order, self.placeholder, self.placeholder.uom_id, amounts.quantity, amounts.net, tax_amounts, taxes
            )
            # the product column says "Not linked yet": which item it is, the description has to say
            name = line._sale_description(with_sku=True)
            return [self._planned(f"{line.id}:0", line, {**values, "name": name})]
        weights = [Decimal(str(part.quantity * part.product_id.lst_price)) for part in components]
        nets = split(amounts.net, weights, digits)
        tax_parts = [split(amount, weights, digits) for amount in tax_amounts]
        planned = []
        for index, part in enumerate(components):
            uom, per_listing = self._unit(part)
            quantity = amounts.quantity * Decimal(str(per_listing))
            values = self._values(
                order, part.product_id, uom, quantity, nets[index], [parts[index] for parts in tax_parts], taxes
            )
            planned.append(self._planned(f"{line.id}:{index}", line, {**values, "name": line._sale_description()}))
        return planned

    @staticmethod
    def _unit(part):
        """A pack is sold in its packaging unit where the product has one: (unit, units per listing)."""
        product = part.product_id
        for uom in product.uom_ids:
            if uom._compute_quantity(1.0, product.uom_id) == part.quantity:
                return uom, 1.0
        return product.uom_id, part.quantity

    def _planned(self, key, line, values):
        return PlannedLine(
            key,
            {**values, "channel_key": key, "channel_order_line_id": line.id, "sequence": 10 + line.sequence},
            line,
            line._channel_facts(),
        )

    def _values(self, order, product, uom, quantity, net, tax_amounts, taxes):
        """Product, unit, price, taxes and their exact amounts, all for one write.

        :param Decimal quantity: in ``uom``
        :param Decimal net: untaxed amount of the line
        :param tax_amounts: list of Decimal, aligned with ``taxes``
        """
        currency, parts = self.currency(order), {}
        for tax, amount in zip(taxes, tax_amounts, strict=True):
            for part, part_amount in self.taxes.booked(tax, amount, net, currency):
                parts[part] = parts.get(part, ZERO) + part_amount
        included = sum((amount for tax, amount in parts.items() if tax.price_include), ZERO)
        price = float((net + included) / quantity) if quantity else 0.0
        extra = False
        if parts:
            extra = {
                "currency_id": currency.id,
                "price_unit": price,
                "discount": 0.0,
                "quantity": float(quantity),
                "manual_total_excluded_currency": float(net),
                "manual_tax_amounts": {
                    str(tax.id): {"tax_amount_currency": float(amount), "base_amount_currency": float(net)}
                    for tax, amount in parts.items()
                },
            }
        return {
            "product_id": product.id,
            "product_uom_id": uom.id,
            "product_uom_qty": float(quantity),
            "price_unit": price,
            "technical_price_unit": price,
            "discount": 0.0,
            "tax_ids": [Command.set([tax.id for tax in taxes])],
            "extra_tax_data": extra,
        }
