from collections import defaultdict
from typing import NamedTuple

from odoo import models

from ..connectors.records import Address
from ..tools.addresses import ADDRESS_PARTS, address_key, company_key, company_name
from ..tools.states import code_keys, is_no_state, name_keys, wanted_keys

#: contacts are made in bulk by a machine: no followers, no log note each
QUIET = {
    "tracking_disable": True,
    "mail_create_nosubscribe": True,
    "mail_create_nolog": True,
    "no_vat_validation": True,
}


class WantedAddress(NamedTuple):
    """Where an invoice or a delivery of an order goes to."""

    order_ref: str
    customer: models.BaseModel  # res.partner: the company where one buys
    person: models.BaseModel  # who ordered; the customer where no company buys
    kind: str  # "invoice", "delivery"
    address: Address | None
    name: str | None  # of the buyer, for an address that names nobody
    company: str | None  # that the order is for, by the name that it has there


class OrderChannel(models.Model):
    """Addresses of orders as contacts, for a whole page of orders at once."""

    _inherit = "order.channel"

    def _company_for_new_records(self):
        """A contact or product made here is the company's own where there are several, shared where there is one."""
        return self.company_id.id if self.env["res.company"].sudo().search_count([], limit=2) > 1 else False

    def _address_values(self, address, states, company=None):
        """What an address is as values of a contact. What has no field of its own stays readable in the others.

        :param dict states: of :meth:`_states`
        :param company: the company that the contact belongs to, which need not stand in the street
        """
        country = self._country_ids().get(address.country)
        keys = wanted_keys(address.country, address.state)
        state = next((states[country, key] for key in keys if (country, key) in states), False)
        city = address.city
        if address.state and not state and not is_no_state(address.country, address.state):
            city = ", ".join(filter(None, (city, address.state.strip())))
        street, firm = address.street, company_name(address.company, address.name)
        if firm and company_key(firm) != company_key(company):
            street = f"{firm}, {street}" if street else firm
        return {
            "name": address.name,
            "street": street,
            "street2": address.street2,
            "zip": address.zip,
            "city": city,
            "country_id": country,
            "state_id": state,
        }

    def _country_ids(self):
        cache = self.env.cr.cache
        if "order_channel_countries" not in cache:
            countries = self.env["res.country"].sudo().search_fetch([], ["code"])
            cache["order_channel_countries"] = {country.code: country.id for country in countries}
        return cache["order_channel_countries"]

    def _states(self, orders):
        """The states of the countries that these orders go to.

        :return: ``{(country id, key by code or name, see tools.states): state id}``; a code comes before a name
        """
        codes = {address.country for order in orders for address in (order.billing, order.shipping) if address}
        ids = {self._country_ids()[code]: code for code in codes if code in self._country_ids()}
        if not ids:
            return {}
        State = self.env["res.country.state"].sudo().with_context(lang=None)
        rows = State.search_fetch([("country_id", "in", list(ids))], ["code", "name", "country_id"])
        states = {}
        for state in rows:
            for key in name_keys(state.name or ""):
                states.setdefault((state.country_id.id, key), state.id)
        for state in rows:
            for key in code_keys(ids[state.country_id.id], state.code or ""):
                states[state.country_id.id, key] = state.id
        return states

    def _addresses(self, wanted, states):
        """The contact for each address: who ordered where it is theirs, an equal child of the customer, else a new child.

        :param wanted: list of :class:`WantedAddress`
        :return: ``{(order external id, kind): res.partner record}``
        """
        Partner = self.env["res.partner"].sudo()
        known = self._known_addresses(Partner.union(*(one.customer for one in wanted)))
        result, new = {}, {}
        for one in wanted:
            if not one.address:
                result[one.order_ref, one.kind] = one.person
                continue
            values = self._address_values(one.address, states, one.company)
            values["name"] = values["name"] or one.name or one.person.name
            key = self._values_address_key(values)
            same = known[one.customer.id, one.kind].get(key)
            if not same and self._partner_address_key(one.person) == key:
                same = one.person
            if same:
                result[one.order_ref, one.kind] = same
            else:
                new.setdefault((one.customer, one.kind, key), (values, []))[1].append(one)
        company_id = self._company_for_new_records()
        created = Partner.with_context(**QUIET).create(
            [
                {
                    **values,
                    "parent_id": customer.id,
                    "type": kind,
                    "phone": ones[0].address.phone,
                    "company_id": customer.company_id.id or company_id,
                }
                for (customer, kind, __), (values, ones) in new.items()
            ]
        )
        for ((__, kind, __), (__, ones)), child in zip(new.items(), created, strict=True):
            result.update({(one.order_ref, kind): child for one in ones})
        return result

    def _known_addresses(self, customers):
        """The invoice and delivery addresses that these customers have: ``{(customer id, kind): {key: contact}}``."""
        known = defaultdict(dict)
        children = customers.search(
            [
                ("parent_id", "in", customers.ids),
                ("type", "in", ("invoice", "delivery")),
                ("company_id", "in", (False, self.company_id.id)),
            ],
            order="id desc",
        )
        for child in children:
            known[child.parent_id.id, child.type][self._partner_address_key(child)] = child
        return known

    @staticmethod
    def _partner_address_key(partner):
        values = {part: partner[part] for part in ADDRESS_PARTS if part in ("name", "street", "street2", "zip", "city")}
        values["name"] = partner.name or partner.parent_id.name
        return address_key({**values, "state": partner.state_id.id or "", "country": partner.country_id.id or ""})

    @staticmethod
    def _values_address_key(values):
        return address_key({**values, "state": values["state_id"] or "", "country": values["country_id"] or ""})
