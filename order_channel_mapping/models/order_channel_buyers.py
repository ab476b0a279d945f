from collections import defaultdict
from typing import NamedTuple

from odoo import models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..tools.addresses import company_key, company_name, is_relay_email, normalize_email, vat_forms
from .order_channel_addresses import QUIET, WantedAddress


class BuyerKey(NamedTuple):
    """What a buyer is known by, and the company that they bought for: one person may buy for several, and for themselves."""

    kind: str  # "ref", "email", or "order": nothing but this order
    value: str
    company: str | None  # as a key, see tools.addresses


class OrderChannel(models.Model):
    """Buyers as contacts, for a whole page of orders at once.

    A buyer is known by the channel's own buyer id, else by an e-mail address that is really theirs. Names alone never match.
    Where a company buys, it is the customer, and who ordered a contact below it. Existing contacts are never written to: an
    address that differs becomes a child contact.
    """

    _inherit = "order.channel"

    def _buyers_to_partners(self, orders):
        """Find or create the contacts of these orders.

        :param orders: list of :class:`connectors.records.Order`
        :return: ``{order external id: (customer, invoice address, delivery address)}``, res.partner records in sudo
        """
        keys = {order.external_id: self._buyer_key(order) for order in orders}
        known = self._known_buyers(orders, keys)
        states = self._states(orders)
        missing = {}
        for order in orders:
            if keys[order.external_id] not in known:
                missing.setdefault(keys[order.external_id], order)
        if missing:
            created = (
                self.env["res.partner"]
                .sudo()
                .with_context(**QUIET)
                .create([self._partner_values(order, states) for order in missing.values()])
            )
            known.update(zip(missing, created, strict=True))
        customers = {ref: known[key] for ref, key in keys.items()}
        people = self._people(orders, customers)
        wanted = [
            WantedAddress(
                order.external_id,
                customers[order.external_id],
                people[order.external_id],
                kind,
                address,
                self._person_name(order),
                self._buyer_company(order),
            )
            for order in orders
            for kind, address in (("invoice", order.billing), ("delivery", order.shipping))
        ]
        addresses = self._addresses(wanted, states)
        return {
            ref: (customer, addresses[ref, "invoice"], addresses[ref, "delivery"])
            for ref, customer in customers.items()
        }

    # === WHO IS WHO === #

    @staticmethod
    def _buyer_company(order):
        """The company that an order is for, or None."""
        buyer, billing = order.buyer, order.billing
        person = (buyer and buyer.name) or (billing and billing.name)
        return company_name((buyer and buyer.company) or (billing and billing.company), person)

    @staticmethod
    def _person_name(order):
        """The name of who ordered, or None."""
        names = (order.buyer and order.buyer.name, order.billing and order.billing.name)
        return next((name.strip() for name in names if name and name.strip()), None)

    def _buyer_key(self, order):
        """What identifies a buyer: the channel's id of them, else their own e-mail address, else nothing but this order."""
        buyer, company = order.buyer, company_key(self._buyer_company(order))
        if buyer and buyer.ref:
            return BuyerKey("ref", buyer.ref, company)
        email = normalize_email(buyer.email) if buyer else None
        if email and not is_relay_email(email):
            return BuyerKey("email", email, company)
        return BuyerKey("order", order.external_id, company)

    def _known_buyers(self, orders, keys):
        """Contacts of earlier orders of this channel, then companies with exactly this VAT number, then contacts with exactly
        this e-mail address.

        :return: ``{BuyerKey: res.partner record}`` of those that are known
        """
        known = self._earlier_buyers(keys.values())
        vats, emails = {}, {}
        for order in orders:
            key, buyer = keys[order.external_id], order.buyer
            if key in known or not buyer:
                continue
            if key.company and buyer.vat:
                vats[key] = vat_forms(buyer.vat)
            if buyer.email and not is_relay_email(buyer.email):
                emails[key] = normalize_email(buyer.email)
        return {**self._buyers_by_email(emails), **self._companies_by_vat(vats), **known}

    def _earlier_buyers(self, keys):
        refs = [key.value for key in keys if key.kind == "ref"]
        emails = [key.value for key in keys if key.kind == "email"]
        if not refs and not emails:
            return {}
        domain = Domain("buyer_ref", "in", refs) | Domain("buyer_email", "in", emails)
        earlier = self.env["order.channel.order"].search_fetch(
            Domain("channel_id", "=", self.id) & Domain("partner_id", "!=", False) & domain,
            ["buyer_ref", "buyer_email", "buyer_company", "partner_id"],
            order="id",
        )
        known = {}
        for order in earlier:
            company = company_key(order.buyer_company)
            if order.buyer_ref:
                known[BuyerKey("ref", order.buyer_ref, company)] = order.partner_id.sudo()
            elif order.buyer_email:
                known[BuyerKey("email", order.buyer_email, company)] = order.partner_id.sudo()
        return known

    def _companies_by_vat(self, vats):
        """:param vats: ``{BuyerKey: the forms that its VAT number may be kept in}``"""
        if not vats:
            return {}
        found = defaultdict(list)
        wanted = set().union(*vats.values())
        for partner in self._search_partners([("vat", "in", list(wanted)), ("parent_id", "=", False)], ["vat"]):
            found[partner.vat].append(partner)
        matches = {key: [partner for form in forms for partner in found[form]] for key, forms in vats.items()}
        return {key: partners[0] for key, partners in matches.items() if len(partners) == 1}

    def _buyers_by_email(self, emails):
        """:param emails: ``{BuyerKey: e-mail address}``"""
        wanted = {email for email in emails.values() if email}
        if not wanted:
            return {}
        people, companies = defaultdict(list), defaultdict(set)
        for partner in self._search_partners(
            [("email_normalized", "in", list(wanted))], ["email_normalized", "parent_id"]
        ):
            if not partner.parent_id:
                people[partner.email_normalized].append(partner)
            company = partner.commercial_partner_id
            companies[partner.email_normalized, company_key(company.name)].add(company)
        found = {
            key: list(companies[email, key.company]) if key.company else people[email] for key, email in emails.items()
        }
        return {key: partners[0] for key, partners in found.items() if len(partners) == 1}

    def _search_partners(self, domain, names):
        return (
            self.env["res.partner"]
            .sudo()
            .search_fetch([*domain, ("company_id", "in", (False, self.company_id.id))], names, order="id")
        )

    # === NEW CONTACTS === #

    def _partner_values(self, order, states):
        """The customer of an order: the company, else who ordered."""
        buyer, company = order.buyer, self._buyer_company(order)
        address = order.billing or order.shipping
        values = self._address_values(address, states, company) if address else {}
        values.update(
            name=company
            or self._buyer_name(order, address),  # may be another than the address has, and is never missing
            is_company=bool(company),
            customer_rank=1,
            company_id=self._company_for_new_records(),
        )
        if not company or not self._person_name(order):
            values.update(email=buyer and buyer.email, phone=(buyer and buyer.phone) or (address and address.phone))
        if buyer and buyer.vat:
            values["vat"] = self._accepted_vat(buyer.vat, values.get("country_id"))
            if "vies_valid" in self.env["res.partner"]._fields:  # worked out, it asks a server in this transaction
                values["vies_valid"] = False
        return values

    def _accepted_vat(self, vat, country_id):
        """A VAT number as Odoo writes it, or False where it takes it for a wrong one."""
        country = self.env["res.country"].sudo().browse(country_id or ())
        try:
            return (
                self.env["res.partner"].sudo()._run_vat_checks(country, vat.strip(), validation="setnull")[0] or False
            )
        except ValidationError:
            return False

    def _buyer_name(self, order, address):
        """What to call the contact of a buyer: marketplaces leave out the name of some."""
        buyer = order.buyer
        known = (buyer and buyer.name, address and address.name, address and address.company, buyer and buyer.email)
        names = [name.strip() for name in known if name and name.strip()]
        return names[0] if names else self.env._("Buyer of %(number)s", number=order.number or order.external_id)

    def _people(self, orders, customers):
        """Who ordered: a contact below the company that buys, known by their name; the customer where no company buys.

        :param customers: ``{order external id: res.partner record}``
        :return: the same for people
        """
        people, new = dict(customers), {}
        buying = [(order, customers[order.external_id]) for order in orders if self._buyer_company(order)]
        companies = self.env["res.partner"].union(*(company for __, company in buying))
        known = {}
        if companies:
            for child in self._search_partners(
                [("parent_id", "in", companies.ids), ("type", "=", "contact")], ["name", "parent_id"]
            ):
                known.setdefault((child.parent_id.id, company_key(child.name)), child)
        for order, company in buying:
            name = self._person_name(order)
            if not name or company_key(name) == company_key(company.name):
                continue
            key = (company.id, company_key(name))
            if key in known:
                people[order.external_id] = known[key]
            else:
                new.setdefault(key, (company, order, []))[2].append(order.external_id)
        created = (
            self.env["res.partner"]
            .sudo()
            .with_context(**QUIET)
            .create([self._person_values(company, order) for company, order, __ in new.values()])
        )
        for (__, __, refs), person in zip(new.values(), created, strict=True):
            people.update(dict.fromkeys(refs, person))
        return people

    def _person_values(self, company, order):
        buyer = order.buyer
        return {
            "name": self._person_name(order),
            "parent_id": company.id,
            "type": "contact",
            "email": buyer and buyer.email,
            "phone": (buyer and buyer.phone) or (order.billing and order.billing.phone),
            "company_id": company.company_id.id or self._company_for_new_records(),
        }
