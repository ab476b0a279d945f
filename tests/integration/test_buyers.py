from odoo.addons.order_channel_mapping.connectors import records

from tests.fakes import line
from tests.integration.orders_common import OrderCase


class TestBuyers(OrderCase):
    def buyer(self, external_id, ref=None, email=None, name="Mary Major", **values):
        buyer = records.Buyer(ref=ref, name=name, email=email)
        return self.order(external_id, [line("a", sku="MUG-1")], buyer=buyer, **values)

    def test_the_channels_buyer_id_finds_the_customer_again(self):
        self.take(self.buyer("1", "b1", "a@example.com"), self.buyer("2", "b1", "other@example.com"))
        self.take(self.buyer("3", "b1"))
        self.assertEqual(len(self.sale("1").partner_id | self.sale("2").partner_id | self.sale("3").partner_id), 1)

    def test_an_own_email_address_finds_a_contact_a_name_does_not(self):
        known = self.env["res.partner"].create({"name": "Somebody", "email": "Known@Example.com"})
        self.env["res.partner"].create({"name": "Mary Major"})
        self.take(self.buyer("1", email="known@example.com"), self.buyer("2"))
        self.assertEqual(self.sale("1").partner_id, known)
        self.assertFalse(known.street, "an existing contact is not written to")
        self.assertEqual(self.sale("1").partner_shipping_id.street, "1 Main St")
        self.assertEqual(self.sale("2").partner_id.sale_order_count, 1)

    def test_a_relay_address_identifies_nobody(self):
        self.take(
            self.buyer("1", email="x1@marketplace.amazon.de", name="Ann"),
            self.buyer("2", email="x1@marketplace.amazon.de"),
        )
        self.assertNotEqual(self.sale("1").partner_id, self.sale("2").partner_id)

    def test_an_address_is_made_once(self):
        elsewhere = records.Address(name="Bob", street="2 Side St", city="Ogdenville", country=self.country_code)
        self.take(self.buyer("1", "b1", shipping=elsewhere), self.buyer("2", "b1", shipping=elsewhere))
        self.take(self.buyer("3", "b1", shipping=elsewhere))
        partner = self.sale("1").partner_id
        self.assertEqual(partner.child_ids.mapped("type"), ["delivery"])
        self.assertEqual(self.sale("3").partner_shipping_id, partner.child_ids)
        self.assertEqual(self.sale("3").partner_invoice_id, partner)
