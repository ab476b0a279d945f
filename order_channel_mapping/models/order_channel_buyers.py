from collections import defaultdict

from odoo import models
from odoo.fields import Domain

from ..tools.addresses import ADDRESS_PARTS, address_key, is_relay_email, normalize_email

#: contacts are made in bulk by a machine: no followers, no log note each
QUIET = {
    "tracking_disable": True,
    "mail_create_nosubscribe": True,
    "mail_create_nolog": True,
    "no_vat_validation": True,
}


class OrderChannel(models.Model):
    """Buyers and their addresses as contacts, for a whole page of orders at once.

    A buyer is known by the channel's own buyer id, else by an e-mail address that is really theirs. Names alone never match.
    Existing contacts are never written to: an address that differs becomes a child contact.
    """

    _inherit = "order.channel"

    def _buyers_to_partners(self, orders):
        """Find or create the contacts of these orders.

        :param orders: list of :class:`connectors.records.Order`
        :return: ``{order external id: (customer, invoice address, delivery address)}``, res.partner records in sudo
        """
        keys = {order.external_id: self._buyer_key(order) for order in orders}
        partners = self._known_buyers(orders, keys)
        missing = {}
        for order in orders:
            key = keys[order.external_id]
            if key not in partners and key not in missing:
                missing[key] = order
        states = self._state_ids(orders)
        if missing:
            created = (
                self.env["res.partner"]
                .sudo()
                .with_context(**QUIET)
                .create([self._partner_values(order, states) for order in missing.values()])
            )
            partners.update(zip(missing, created, strict=True))
        wanted = []
        for order in orders:
            partner = partners[keys[order.external_id]]
            wanted += [(partner, "invoice", order.billing), (partner, "delivery", order.shipping)]
        addresses = self._addresses(wanted, states)
        return {
            order.external_id: (
                partners[keys[order.external_id]],
                addresses[partners[keys[order.external_id]].id, "invoice", order.billing],
                addresses[partners[keys[order.external_id]].id, "delivery", order.shipping],
            )
            for order in orders
        }

    @staticmethod
    def _buyer_key(order):
        """What identifies a buyer: the channel's id of them, else their own e-mail address, else nothing but this order."""
        buyer = order.buyer
        if buyer and buyer.ref:
            return ("ref", buyer.ref)
        email = normalize_email(buyer.email) if buyer else None
        if email and not is_relay_email(email):
            return ("email", email)
        return ("order", order.external_id)

    def _known_buyers(self, orders, keys):
        """Contacts of earlier orders of this channel, then contacts with exactly this e-mail address."""
        refs = [key[1] for key in keys.values() if key[0] == "ref"]
        emails = {key[1] for key in keys.values() if key[0] == "email"}
        own_email = {
            keys[order.external_id]: normalize_email(order.buyer.email)
            for order in orders
            if order.buyer and order.buyer.email and not is_relay_email(order.buyer.email)
        }
        known = {}
        domain = Domain("buyer_ref", "in", refs) | Domain("buyer_email", "in", list(emails))
        earlier = (
            self.env["order.channel.order"].search_fetch(
                Domain("channel_id", "=", self.id) & Domain("partner_id", "!=", False) & domain,
                ["buyer_ref", "buyer_email", "partner_id"],
                order="id",
            )
            if refs or emails
            else ()
        )
        for order in earlier:
            partner = order.partner_id.sudo()
            if order.buyer_ref:
                known["ref", order.buyer_ref] = partner
            elif order.buyer_email:
                known["email", order.buyer_email] = partner
        unknown = {key: email for key, email in own_email.items() if key not in known and email}
        if unknown:
            found = defaultdict(list)
            for partner in (
                self.env["res.partner"]
                .sudo()
                .search_fetch(
                    [
                        ("email_normalized", "in", list(set(unknown.values()))),
                        ("parent_id", "=", False),
                        ("company_id", "in", (False, self.company_id.id)),
                    ],
                    ["email_normalized"],
                )
            ):
                found[partner.email_normalized].append(partner)
            for key, email in unknown.items():
                if len(found[email]) == 1:
                    known[key] = found[email][0]
        return known

    def _partner_values(self, order, states):
        buyer = order.buyer
        address = order.billing or order.shipping
        return {
            **(self._address_values(address, states) if address else {}),
            "name": self._buyer_name(order, address),  # may be another than the address has, and is never missing
            "email": buyer and buyer.email,
            "phone": (buyer and buyer.phone) or (address and address.phone),
            "vat": buyer and buyer.vat,
            "customer_rank": 1,
            "company_id": self._company_for_new_records(),
        }

    def _buyer_name(self, order, address):
        """What to call the contact of a buyer: marketplaces leave out the name of some."""
        buyer = order.buyer
        known = (buyer and buyer.name, address and address.name, address and address.company, buyer and buyer.email)
        names = [name.strip() for name in known if name and name.strip()]
        return names[0] if names else self.env._("Buyer of %(number)s", number=order.number or order.external_id)

    def _company_for_new_records(self):
        """A contact or product made here is the company's own where there are several, shared where there is one."""
        return self.company_id.id if self.env["res.company"].sudo().search_count([], limit=2) > 1 else False

    def _address_values(self, address, states):
        country = self._country_ids().get(address.country)
        street = address.street
        if address.company:
            street = f"{address.company}, {street}" if street else address.company
        return {
            "name": address.name,
            "street": street,
            "street2": address.street2,
            "zip": address.zip,
            "city": address.city,
            "country_id": country,
            "state_id": states.get((country, (address.state or "").casefold())),
        }

    def _country_ids(self):
        cache = self.env.cr.cache
        if "order_channel_countries" not in cache:
            countries = self.env["res.country"].sudo().search_fetch([], ["code"])
            cache["order_channel_countries"] = {country.code: country.id for country in countries}
        return cache["order_channel_countries"]

    def _state_ids(self, orders):
        """``{(country id, code or name in lower case): state id}`` of the countries that these orders go to."""
        codes = {address.country for order in orders for address in (order.billing, order.shipping) if address}
        countries = [self._country_ids()[code] for code in codes if code in self._country_ids()]
        states = {}
        if countries:
            rows = (
                self.env["res.country.state"]
                .sudo()
                .search_fetch([("country_id", "in", countries)], ["code", "name", "country_id"])
            )
            for state in rows:
                states[state.country_id.id, state.name.casefold()] = state.id
                states[state.country_id.id, state.code.casefold()] = state.id
        return states

    def _addresses(self, wanted, states):
        """The contact for each address: the customer where it is the same, an equal child, else a new child.

        :param wanted: ``[(customer, "invoice" or "delivery", connectors.records.Address or None)]``
        :return: ``{(customer id, type, address): contact}``
        """
        Partner = self.env["res.partner"].sudo()
        result, open_pairs = {}, {}
        customers = Partner.union(*(partner for partner, __, __ in wanted))
        known = defaultdict(dict)
        children = Partner.search(
            [
                ("parent_id", "in", customers.ids),
                ("type", "in", ("invoice", "delivery")),
                ("company_id", "in", (False, self.company_id.id)),
            ],
            order="id desc",
        )
        company_id = self._company_for_new_records()
        for child in children:
            known[child.parent_id.id, child.type][self._partner_address_key(child)] = child
        for partner, kind, address in wanted:
            if not address:
                result[partner.id, kind, address] = partner
                continue
            values = self._address_values(address, states)
            key = self._values_address_key(values, partner.name)
            same = known[partner.id, kind].get(key) or (partner if self._partner_address_key(partner) == key else None)
            if same:
                result[partner.id, kind, address] = same
            else:
                open_pairs.setdefault((partner.id, kind, key), ([], values))[0].append(address)
        created = Partner.with_context(**QUIET).create(
            [
                {
                    **values,
                    "parent_id": partner_id,
                    "type": kind,
                    "phone": addresses[0].phone,
                    "company_id": Partner.browse(partner_id).company_id.id or company_id,
                }
                for (partner_id, kind, __), (addresses, values) in open_pairs.items()
            ]
        )
        for ((partner_id, kind, __), (addresses, __)), child in zip(open_pairs.items(), created, strict=True):
            for address in addresses:
                result[partner_id, kind, address] = child
        return result

    @staticmethod
    def _partner_address_key(partner):
        values = {part: partner[part] for part in ADDRESS_PARTS if part in ("name", "street", "street2", "zip", "city")}
        values["name"] = partner.name or partner.parent_id.name
        return address_key({**values, "state": partner.state_id.id or "", "country": partner.country_id.id or ""})

    @staticmethod
    def _values_address_key(values, customer_name):
        parts = {**values, "name": values["name"] or customer_name}
        return address_key({**parts, "state": values["state_id"] or "", "country": values["country_id"] or ""})
