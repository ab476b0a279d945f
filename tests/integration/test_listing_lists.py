"""What the lists of listings say by themselves: groups that people can read, and a Link form that offers what the list does."""

from __future__ import annotations

from tests.common import ChannelCase


class TestListingLists(ChannelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel = cls.make_channel()
        cls.listings = cls.env["order.channel.listing"].create(
            [
                {
                    "channel_id": cls.channel.id,
                    "company_id": cls.channel.company_id.id,
                    "external_id": str(number),
                    "name": name,
                    "parent_ref": parent,
                    "price": 12.0,
                }
                for number, (name, parent) in enumerate(
                    [
                        ("Linen Apron, Red, S", "991"),
                        ("Linen Apron, Rose, M", "991"),
                        ("Oak Tray", "992"),
                        ("Walnut Tray", "992"),
                        ("Kettle", False),
                    ]
                )
            ]
        )
        cls.kettle = cls.listings[4]
        cls.product = cls.env["product.product"].create({"name": "Kettle, blue", "is_storable": True})

    def test_a_parent_is_called_by_what_its_items_have_in_common(self):
        domain = [("id", "in", self.listings.ids)]
        groups = self.env["order.channel.listing"].web_read_group(domain, ["parent_ref"], ["price:sum"])["groups"]
        self.assertEqual([group["parent_ref"] for group in groups], ["Linen Apron (991)", "Oak Tray (992)", False])
        found = [self.env["order.channel.listing"].search(domain + group["__extra_domain"]) for group in groups]
        self.assertEqual([len(listings) for listings in found], [2, 2, 1])
        self.assertFalse(self.env["order.channel.listing"].fields_get(["price"])["price"].get("aggregator"))

    def test_the_link_form_offers_what_the_list_suggests(self):
        suggestion = self.env["order.channel.suggestion"].create(
            {
                "listing_id": self.kettle.id,
                "company_id": self.channel.company_id.id,
                "product_id": self.product.id,
                "quantity": 2.0,
                "score": 70.0,
            }
        )
        self.kettle.sudo().suggestion_id = suggestion
        form = self.env["order.channel.link"].with_context(default_listing_ids=self.kettle.ids)
        wizard = form.create(form.default_get(list(form._fields)))
        self.assertEqual((wizard.product_id, wizard.quantity), (self.product, 2.0))
        self.assertEqual(wizard.suggestion_product_id, self.product)
        several = form.with_context(default_listing_ids=self.listings.ids)
        wizard = several.create(several.default_get(list(form._fields)))
        self.assertFalse(wizard.line_ids.product_id, "of several, each is for a person to say")
