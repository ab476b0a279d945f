"""The product's side: everything that it is sold as, for those who may see channels."""

from lxml import etree

from odoo import fields
from odoo.tests import Form

from tests.common import ChannelCase


class TestProductChannels(ChannelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.web, cls.market = cls.make_channel(name="Web"), cls.make_channel(name="Market")
        size = cls.env["product.attribute"].create(
            {"name": "Size", "value_ids": [fields.Command.create({"name": name}) for name in ("S", "L")]}
        )
        cls.template = cls.env["product.template"].create(
            {
                "name": "Coat",
                "is_storable": True,
                "attribute_line_ids": [
                    fields.Command.create({"attribute_id": size.id, "value_ids": size.value_ids.ids})
                ],
            }
        )
        cls.small, cls.large = cls.template.product_variant_ids
        cls.hat = cls.env["product.product"].create({"name": "Hat", "is_storable": True})
        cls.alone, cls.pack, cls.bundle, cls.other, cls.gone = cls.env["order.channel.listing"].create(
            [
                {"channel_id": channel.id, "company_id": channel.company_id.id, "external_id": name, "name": name}
                for name, channel in (
                    ("alone", cls.web),
                    ("pack", cls.market),
                    ("bundle", cls.web),
                    ("other", cls.web),
                    ("gone", cls.market),
                )
            ]
        )
        cls.alone._link(cls.small)
        cls.pack._link(cls.small, 6.0)
        cls.bundle._link_bundle([(cls.small, 2), (cls.large, 1)])
        cls.other._link(cls.large)
        cls.gone._link(cls.small)
        cls.gone.gone = True

    def test_alone_in_packs_and_in_bundles_of_every_channel(self):
        small = self.small.channel_sold_listing_ids
        self.assertEqual(small.ids, [listing.id for listing in (self.pack, self.alone, self.bundle, self.gone)])
        self.assertEqual(self.large.channel_sold_listing_ids, self.bundle + self.other)
        everything = self.template.channel_sold_listing_ids
        self.assertEqual(everything, self.alone + self.pack + self.bundle + self.other + self.gone)
        self.assertEqual(len(everything), 5)  # the bundle of two variants once
        self.assertFalse(self.hat.channel_sold_listing_ids or self.hat.product_tmpl_id.channel_sold_listing_ids)
        for product in (self.small, self.template):
            self.assertEqual(product.channel_listing_count, len(product.channel_sold_listing_ids))

    def test_what_it_no_longer_stands_for_is_not_shown(self):
        self.alone._link(self.hat)
        self.bundle.action_unlink_product()
        self.env.invalidate_all()
        self.assertEqual(self.small.channel_sold_listing_ids, self.pack + self.gone)
        self.assertEqual(self.hat.channel_sold_listing_ids, self.alone)

    def test_archived_variants_count(self):
        self.large.action_archive()
        self.env.invalidate_all()
        self.assertIn(self.other, self.template.channel_sold_listing_ids)

    def test_of_several_products_each_has_its_own(self):
        self.env.invalidate_all()
        products = self.small + self.hat + self.large
        self.assertEqual([len(product.channel_sold_listing_ids) for product in products], [4, 0, 2])
        templates = self.hat.product_tmpl_id + self.template
        self.assertEqual([len(template.channel_sold_listing_ids) for template in templates], [0, 5])

    def test_the_tab_is_for_those_who_may_see_channels(self):
        clerk = self.new_user("tab_clerk", "order_channel_mapping.group_channel_user")
        seller = self.new_user("tab_seller", "sales_team.group_sale_salesman_all_leads")
        for model, view, record in (
            ("product.product", "product.product_normal_form_view", self.small),
            ("product.template", "product.product_template_only_form_view", self.template),
        ):
            for user, shown in ((clerk, True), (seller, False)):
                with self.subTest(model, user=user.login):
                    theirs = self.env[model].with_user(user)
                    arch = etree.fromstring(theirs.get_view(self.env.ref(view).id, "form")["arch"])
                    self.assertEqual(bool(arch.xpath("//page[@name='channels']")), shown)
            form = Form(record.with_user(clerk), view=view)
            self.assertEqual(len(form.channel_sold_listing_ids), record.channel_listing_count)
        self.assertIn("channel_listing_count", arch_page_rule(self.env))

    def test_another_companys_listings_are_not_shown(self):
        company = self.new_company("Other company")
        stranger = self.new_user(
            "tab_stranger",
            "order_channel_mapping.group_channel_user",
            company_id=company.id,
            company_ids=[fields.Command.set(company.ids)],
        )
        self.env.invalidate_all()
        self.assertFalse(self.small.with_user(stranger).channel_sold_listing_ids)


def arch_page_rule(env):
    """When the tab is hidden."""
    view = env.ref("product.product_template_only_form_view")
    arch = etree.fromstring(env["product.template"].get_view(view.id, "form")["arch"])
    return arch.xpath("//page[@name='channels']")[0].get("invisible")
