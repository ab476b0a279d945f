"""The placeholder can be used nowhere else (rule 4), nor may the addon's service products be stocked, bought or priced."""

from odoo import Command
from odoo.exceptions import UserError

from tests.common import ChannelCase

SERVICES = ("service", "shipping", "discount", "fee", "tip", "rounding", "bundle")


class TestPlaceholder(ChannelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.placeholder = cls.env.ref("order_channel_mapping.product_placeholder")
        cls.services = [cls.env.ref(f"order_channel_mapping.product_{name}") for name in SERVICES]
        cls.mug = cls.env["product.product"].create({"name": "Mug", "is_storable": True})
        cls.partner = cls.env["res.partner"].create({"name": "Somebody"})

    # === USES: {name: function of a product, creates a record} === #

    def uses(self):
        """What refuses the placeholder and the services alike."""
        create = self.create
        stock = self.warehouse(self.env.company).lot_stock_id
        pricelist = self.env["product.pricelist"].create({"name": "Prices"})
        return {
            "move": lambda product: create(
                "stock.move",
                product_id=product.id,
                location_id=stock.id,
                location_dest_id=self.env.ref("stock.stock_location_customers").id,
            ),
            "move line": lambda product: create(
                "stock.move.line",
                company_id=self.env.company.id,
                product_id=product.id,
                location_id=stock.id,
                location_dest_id=self.env.ref("stock.stock_location_customers").id,
            ),
            "price": lambda product: create(
                "product.pricelist.item", pricelist_id=pricelist.id, product_tmpl_id=product.product_tmpl_id.id
            ),
            "price of a variant": lambda product: create(
                "product.pricelist.item",
                pricelist_id=pricelist.id,
                applied_on="0_product_variant",
                product_id=product.id,
            ),
            "vendor": lambda product: create(
                "product.supplierinfo", partner_id=self.partner.id, product_tmpl_id=product.product_tmpl_id.id
            ),
            "vendor on the product": lambda product: product.write(
                {"seller_ids": [Command.create({"partner_id": self.partner.id})]}
            ),
            "reordering rule": lambda product: create("stock.warehouse.orderpoint", product_id=product.id),
            "combo": lambda product: create(
                "product.combo", name="Menu", combo_item_ids=[Command.create({"product_id": product.id})]
            ),
            "quotation template": lambda product: create(
                "sale.order.template",
                name="Offer",
                sale_order_template_line_ids=[Command.create({"product_id": product.id})],
            ),
            "optional product": lambda product: self.mug.product_tmpl_id.write(
                {"optional_product_ids": [Command.link(product.product_tmpl_id.id)]}
            ),
        }

    def own_uses(self):
        """What refuses the placeholder alone: services are sold and invoiced."""
        create = self.create
        return {
            "order": lambda product: create(
                "sale.order", partner_id=self.partner.id, order_line=[Command.create({"product_id": product.id})]
            ),
            "invoice": lambda product: create(
                "account.move",
                move_type="out_invoice",
                partner_id=self.partner.id,
                invoice_line_ids=[Command.create({"product_id": product.id})],
            ),
            "bill": lambda product: create(
                "account.move",
                move_type="in_invoice",
                partner_id=self.partner.id,
                invoice_line_ids=[Command.create({"product_id": product.id})],
            ),
            "carrier": lambda product: create("delivery.carrier", name="Van", product_id=product.id),
            "discount of the company": lambda product: self.env.company.write({"sale_discount_product_id": product.id}),
        }

    def create(self, model, **values):
        return self.env[model].create(values)

    def assertRefused(self, use, product, message):
        with self.assertRaisesRegex(UserError, message), self.env.cr.savepoint():
            use(product)

    def test_the_placeholder_is_refused_everywhere(self):
        for name, use in {**self.uses(), **self.own_uses()}.items():
            with self.subTest(name):
                self.assertRefused(use, self.placeholder, "“Not linked yet” stands for unmapped channel items only")
                with self.env.cr.savepoint(flush=False):
                    use(self.mug)

    def test_services_are_neither_stocked_nor_bought_nor_priced(self):
        for service in self.services:
            for name, use in self.uses().items():
                with self.subTest(name, service=service.name):
                    self.assertRefused(use, service, f"“{service.name}” is for the lines of channel orders only")
        for name, use in self.own_uses().items():
            with self.subTest(name):
                use(self.services[1])

    def test_written_later_or_come_by_default(self):
        price = self.create(
            "product.pricelist.item",
            pricelist_id=self.create("product.pricelist", name="Prices").id,
            product_tmpl_id=self.mug.product_tmpl_id.id,
        )
        template = self.placeholder.product_tmpl_id
        self.assertRefused(
            lambda product: price.write({"product_tmpl_id": template.id}), self.placeholder, "stands for unmapped"
        )
        self.assertRefused(
            lambda product: (
                self.env["product.supplierinfo"]
                .with_context(default_product_tmpl_id=template.id)
                .create({"partner_id": self.partner.id})
            ),
            self.placeholder,
            "stands for unmapped",
        )
        result = self.env["product.supplierinfo"].load(
            ["partner_id/.id", "product_tmpl_id/.id"], [[str(self.partner.id), str(template.id)]]
        )
        self.assertIn("stands for unmapped", result["messages"][0]["message"])

    def test_every_model_that_points_to_products_is_covered(self):
        """Whatever apps are installed: purchases, bills of materials, tills, events …"""
        free = {"product.product", "product.template", "product.tag"}
        for name, model in self.env.items():
            if model._abstract or model._transient or not model._auto or name in free:
                continue
            pointing = {
                field.name
                for field in model._fields.values()
                if field.store
                and field.type in ("many2one", "many2many")
                and field.comodel_name in ("product.product", "product.template")
            }
            guarded = set(model._channel_guarded_fields())
            with self.subTest(name):
                self.assertEqual(guarded, pointing - set(model._inherits.values()))
                self.assertIn(guarded, [set(check._constrains) for check in model._constraint_methods])
