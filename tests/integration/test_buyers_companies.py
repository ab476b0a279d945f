"""Companies that buy, the people who order for them, their VAT numbers; and addresses to the last word."""

from datetime import timedelta
from unittest.mock import patch

from odoo.addons.order_channel_mapping.connectors import records
from odoo.addons.order_channel_mapping.tools.silence import Silence

from tests.fakes import START, line
from tests.integration.orders_common import OrderCase


class CompaniesCase(OrderCase):
    def sold(self, external_id, buyer=(), address=(), shipping=None, **values):
        """A sale to Mary Major of ACME Corp, but for what is said otherwise."""
        buyer = {"name": "Mary Major", "email": "mary@acme.example", "company": "ACME Corp", **dict(buyer)}
        place = {"street": "1 Main St", "city": "Springfield", "zip": "12345", "country": self.country_code}
        billing = records.Address(**{"name": buyer["name"], "company": buyer["company"], **place, **dict(address)})
        shipping = billing if shipping is None else shipping
        values = {
            "buyer": records.Buyer(**buyer),
            "billing": billing,
            "shipping": shipping,
            "updated_at": START + timedelta(days=1),
            **values,
        }
        self.take(self.order(external_id, [line("a", sku="MUG-1")], **values))
        return self.sale(external_id)


class TestCompanies(CompaniesCase):
    def test_a_company_buys_and_who_ordered_is_a_contact_below_it(self):
        sale = self.sold("1", {"ref": "cust-1", "vat": "DE 123456788"})
        company, person = sale.partner_id, sale.partner_invoice_id
        self.assertEqual((company.name, company.is_company, company.street), ("ACME Corp", True, "1 Main St"))
        self.assertTrue(company.vat.startswith("DE"))
        self.assertEqual((person.name, person.parent_id, person.type), ("Mary Major", company, "contact"))
        self.assertEqual((person.email, person.street, person.is_company), ("mary@acme.example", "1 Main St", False))
        self.assertEqual(sale.partner_shipping_id, person)
        self.assertEqual(person.display_name, "ACME Corp, Mary Major")
        self.assertEqual(self.channel_order("1").partner_id, company)

    def test_one_person_orders_for_two_companies_and_for_herself(self):
        first = self.sold("1", {"ref": "cust-1"})
        second = self.sold("2", {"ref": "cust-1", "company": "Beta Ltd"})
        private = self.sold("3", {"ref": "cust-1", "company": None})
        again = [self.sold("4", {"ref": "cust-1"}), self.sold("5", {"ref": "cust-1", "company": "BETA  Ltd."})]
        again.append(self.sold("6", {"ref": "cust-1", "company": None}))
        self.assertEqual((first + second).partner_id.mapped("name"), ["ACME Corp", "Beta Ltd"])
        self.assertEqual((first + second).partner_invoice_id.mapped("name"), ["Mary Major", "Mary Major"])
        self.assertEqual((private.partner_id.name, private.partner_id.is_company), ("Mary Major", False))
        self.assertEqual([sale.partner_id for sale in again], [first.partner_id, second.partner_id, private.partner_id])
        self.assertEqual(again[0].partner_invoice_id, first.partner_invoice_id)
        self.assertEqual(again[1].partner_invoice_id, second.partner_invoice_id)

    def test_two_people_order_for_one_company(self):
        first = self.sold("1")
        second = self.sold("2", {"name": "Bob Minor", "vat": "DE123456788"})
        self.assertEqual(second.partner_id, first.partner_id)
        self.assertEqual((first + second).partner_invoice_id.mapped("name"), ["Mary Major", "Bob Minor"])

    def test_orders_of_one_page_share_their_company(self):
        buyer = records.Buyer(ref="cust-1", name="Mary Major", company="ACME Corp")
        orders = [self.order(ref, [line("a", sku="MUG-1")], buyer=buyer, billing=None, shipping=None) for ref in "12"]
        self.take(*orders)
        self.assertEqual(self.sale("1").partner_id, self.sale("2").partner_id)
        self.assertEqual(self.sale("1").partner_invoice_id, self.sale("2").partner_invoice_id)

    def test_what_people_write_who_have_no_company(self):
        for number, company in enumerate(("-", "n/a", " ", "mary  major", "Private")):
            sale = self.sold(f"o{number}", {"ref": f"b{number}", "email": None, "company": company})
            self.assertEqual((sale.partner_id.name, sale.partner_id.is_company), ("Mary Major", False))
            self.assertEqual(sale.partner_shipping_id.street, "1 Main St")

    def test_a_company_without_a_person(self):
        sale = self.sold("1", {"name": None}, {"name": None})
        self.assertEqual(sale.partner_id + sale.partner_invoice_id + sale.partner_shipping_id, sale.partner_id)
        self.assertEqual((sale.partner_id.name, sale.partner_id.email), ("ACME Corp", "mary@acme.example"))

    def test_a_company_that_odoo_knows_by_its_vat_number(self):
        known = self.env["res.partner"].create(
            {"name": "Acme Corporation Inc.", "is_company": True, "vat": "DE123456788"}
        )
        sale = self.sold("1", {"vat": "de 123.456.788"})
        self.assertEqual(sale.partner_id, known)
        self.assertFalse(known.street, "an existing contact is not written to")
        self.assertEqual((sale.partner_invoice_id.parent_id, sale.partner_invoice_id.street), (known, "1 Main St"))
        self.assertEqual(sale.partner_invoice_id.name, "Mary Major")

    def test_a_company_that_odoo_knows_by_the_e_mail_of_its_person(self):
        known = self.env["res.partner"].create({"name": "Acme Corp", "is_company": True})
        mary = self.env["res.partner"].create(
            {"name": "Mary Major", "parent_id": known.id, "email": "Mary@acme.example"}
        )
        other = self.env["res.partner"].create({"name": "Mary Major", "email": "mary@acme.example"})
        self.assertEqual(self.sold("1").partner_id, known)
        self.assertEqual(self.sold("2", {"company": None}).partner_id, other)
        self.assertEqual(known.child_ids.filtered(lambda child: child.type == "contact"), mary)

    def test_a_delivery_to_another_company_says_so(self):
        place = {"street": "2 Side St", "city": "Ogden", "country": self.country_code}
        elsewhere = records.Address(name="Bob Minor", company="Beta Ltd", **place)
        sale = self.sold("1", shipping=elsewhere)
        self.assertEqual(sale.partner_shipping_id.parent_id.name, "ACME Corp")
        self.assertEqual(
            (sale.partner_shipping_id.name, sale.partner_shipping_id.street), ("Bob Minor", "Beta Ltd, 2 Side St")
        )

    def test_odoo_is_silent_to_who_ordered_for_a_company(self):
        sale = self.sold("1", {"name": "Mary Major"}, {"name": "Bob Minor"})
        self.assertFalse(
            (sale.partner_id | sale.partner_invoice_id | sale.partner_shipping_id).mapped("email_normalized")[0]
        )
        self.assertIn("mary@acme.example", Silence(sale).emails)

    def test_two_people_of_one_e_mail_address_stay_two_names_on_the_document(self):
        self.take(
            self.order("0", [line("a", sku="MUG-1")], buyer=records.Buyer(name="Mary Major", email="a@b.example"))
        )
        for address in ({"name": "Bob Minor"}, {"name": None}):
            sale = self.sold(
                "1" + str(address["name"]), {"name": "Bob Minor", "email": "a@b.example", "company": None}, address
            )
            self.assertEqual(sale.partner_invoice_id.name, "Bob Minor")
            self.assertEqual(sale.partner_shipping_id.name, "Bob Minor")


class TestVatNumbers(CompaniesCase):
    def refuse(self, *refused):
        """Let Odoo refuse these numbers, as the app *base_vat* does."""

        def check(partners, country, vat, partner_name="", validation="error"):
            return ("" if vat in refused else vat), country.code

        return patch.object(self.env.registry["res.partner"], "_run_vat_checks", check)

    def events(self, external_id):
        return self.channel_order(external_id).event_ids.filtered(lambda event: event.code == "vat_kept").mapped("text")

    def test_a_number_that_odoo_takes(self):
        sale = self.sold("1", {"vat": "DE123456788"})
        self.assertEqual((sale.partner_id.vat, sale.channel_buyer_vat), ("DE123456788", "DE123456788"))
        self.assertFalse(self.events("1"))

    def test_a_number_that_odoo_refuses_is_kept_and_said(self):
        with self.refuse("WRONG-1"):
            sale = self.sold("1", {"vat": "WRONG-1"})
        self.assertFalse(sale.partner_id.vat)
        self.assertEqual(sale.channel_buyer_vat, "WRONG-1")
        self.assertEqual(len(self.events("1")), 1)
        self.assertIn("WRONG-1", self.events("1")[0])

    def test_a_number_that_a_known_customer_does_not_have_is_said(self):
        self.sold("1")
        sale = self.sold("2", {"vat": "DE123456788"})
        self.assertFalse(sale.partner_id.vat, "an existing contact is not written to")
        self.assertIn("DE123456788", self.events("2")[0])

    def test_a_number_of_one_sign_does_not_fail_the_order(self):
        self.assertEqual(self.sold("1", {"vat": "1"}).channel_buyer_vat, "1")


class TestStates(CompaniesCase):
    def placed(self, country, state, **values):
        place = records.Address(
            name="Mary Major", street="1 Main St", city="Town", country=country, state=state, **values
        )
        ref = f"{country}-{state}"
        buyer = records.Buyer(ref=ref, name="Mary Major")
        values = {"buyer": buyer, "billing": place, "shipping": place, "updated_at": START + timedelta(days=1)}
        self.take(self.order(ref, [line("a", sku="MUG-1")], **values))
        return self.sale(ref).partner_id

    def test_states_by_codes_of_stores_and_by_name(self):
        for country, state, code in (
            ("US", "CA", "CA"),
            ("US", "california", "CA"),
            ("DE", "BY", "DE-BY"),
            ("JP", "JP13", "JP-13"),
            ("MX", "CO", "COA"),
            ("IE", "CO", "C"),
            ("CN", "CN2", "京"),
            ("ES", "Alava", "VI"),
            ("TR", "TR34", "34"),
            ("CO", "COR", "COR"),
        ):
            partner = self.placed(country, state)
            self.assertEqual((partner.state_id.code, partner.city), (code, "Town"), (country, state))

    def test_a_state_that_is_not_known_stays_readable(self):
        self.assertEqual(self.placed("US", "Ruritania").city, "Town, Ruritania")
        self.assertEqual(self.placed("HU", "BU").city, "Town, BU")
        self.assertEqual(self.placed("GB", "ENG").city, "Town")

    def test_every_code_of_a_store_stands_for_a_state(self):
        """:data:`tools.states.STORE_CODES` against Odoo's own list."""
        from odoo.addons.order_channel_mapping.tools.states import STORE_CODES

        for country, codes in STORE_CODES.items():
            ours = set(self.env["res.country.state"].search([("country_id.code", "=", country)]).mapped("code"))
            self.assertLessEqual(set(codes.values()), ours, country)
