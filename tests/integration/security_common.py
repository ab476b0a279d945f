"""One record of each model of the addon, of the first company, for the tests of what others see and change of it."""

from __future__ import annotations

from odoo.fields import Command

from odoo.addons.order_channel_mapping.tools.guard import internal

from .connect_common import ConnectMixin

#: in each text of the records: whoever may not see them must not find it anywhere
MARK = "Zanzibar"
#: technical rows: nobody reads them through the ORM
NOBODY = {
    "order.channel.account.session",
    "order.channel.authorization",
    "order.channel.product.word",
    "order.channel.seen",
    "order.channel.turn",
    "order.channel.stock.change",
}


class RecordsMixin(ConnectMixin):
    """``records``: one of each model of the addon, by its name, all of the first company."""

    outsiders = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        ours = [
            model
            for name, model in sorted(cls.env.items())
            if name.startswith("order.channel") and not model._abstract and model._module == "order_channel_mapping"
        ]
        cls.models = [model for model in ours if not model._transient]
        cls.wizards = [model for model in ours if model._transient]
        cls.records = cls.make_records(cls.company, MARK)

    @classmethod
    def make_records(cls, company, mark):
        """``{model: record}``, one of each that is kept.

        :param str mark: stands in their texts
        """
        env = cls.env
        env.ref("base.user_admin").company_ids += company
        channel = cls.new_channel(mark, user=env.ref("base.user_admin"), company_id=company.id).sudo()
        own = {"company_id": company.id}
        on_channel = {**own, "channel_id": channel.id}
        product = env["product.product"].create({**own, "name": f"{mark} hat", "default_code": mark})

        def make(model, **values):
            return env[model].create(values)

        listing = make(
            "order.channel.listing",
            **on_channel,
            external_id="1",
            name=f"{mark} hat",
            sku=mark,
            image_url=f"https://example.com/{mark}.png",
            payload={"secret": mark},
        )
        mapping = make(
            "order.channel.mapping",
            **own,
            listing_id=listing.id,
            method="manual",
            line_ids=[Command.create({"product_id": product.id})],
        )
        order = make("order.channel.order", **on_channel, external_id="1", number=mark, status="open")
        line = make("order.channel.order.line", **on_channel, order_id=order.id, external_id="1", kind="product")
        run = make("order.channel.run", **on_channel, kind="items")
        batch = make("order.channel.batch", **own, kind="link", name=mark)
        records = [
            channel,
            channel.account_id,
            listing,
            mapping,
            mapping.line_ids,
            order,
            line,
            run,
            batch,
            make("order.channel.batch.line", **own, batch_id=batch.id, listing_id=listing.id, outcome="change"),
            make("order.channel.location", channel_id=channel.id, external_id="1", name=mark),
            make("order.channel.failure", **on_channel, kind="item", external_ref="1", reason_code="internal"),
            make("order.channel.blocker", **own, order_id=order.id, code="total"),
            make("order.channel.event", **own, order_id=order.id, code="imported"),
            make("order.channel.command", **on_channel, order_id=order.id, kind="ship", idempotency_key="1"),
            make("order.channel.stock.push", **on_channel, listing_id=listing.id),
            make("order.channel.suggestion", **own, listing_id=listing.id, product_id=product.id),
            make("order.channel.webhook", **on_channel, topic="orders/create", kind="orders", digest="1"),
            make("order.channel.status.map", channel_id=channel.id, code=mark),
            make("order.channel.payment.map", channel_id=channel.id, name=mark),
            cls.make_tax_map(channel, mark),
            cls.make_frozen(channel, mark),
        ]
        return {record._name: record for record in records}

    @classmethod
    def make_frozen(cls, channel, mark):
        """A row of the freeze board: an item that is linked to nothing, and the order that waits for it."""
        own = {"company_id": channel.company_id.id}
        listing = cls.env["order.channel.listing"].create(
            {**own, "channel_id": channel.id, "external_id": "2", "name": f"{mark} scarf"}
        )
        order = cls.env["order.channel.order"].create(
            {**own, "channel_id": channel.id, "external_id": "2", "number": f"{mark} 2", "status": "open"}
        )
        cls.env["order.channel.blocker"].create(
            {**own, "order_id": order.id, "code": "unmapped", "listing_id": listing.id}
        )
        buyer = cls.env["res.partner"].create({"name": f"{mark} buyer", "company_id": channel.company_id.id})
        sale = {**own, "partner_id": buyer.id, "order_channel_id": channel.id, "channel_order_id": order.id}
        internal(cls.env["sale.order"]).create({**sale, "channel_frozen": True, "channel_to_resolve": True})
        return cls.env["order.channel.freeze"].search([("listing_id", "=", listing.id)])

    @classmethod
    def make_tax_map(cls, channel, mark):
        company = channel.company_id
        tax = cls.env["account.tax"].create(
            {
                "name": "19%",
                "amount": 19,
                "type_tax_use": "sale",
                "company_id": company.id,
                "country_id": cls.env.ref("base.us").id,
                "tax_group_id": cls.env["account.tax.group"].create({"name": "Tax", "company_id": company.id}).id,
            }
        )
        return cls.env["order.channel.tax.map"].create(
            {"channel_id": channel.id, "company_id": company.id, "name": mark, "rate": 19, "tax_id": tax.id}
        )

    @classmethod
    def make_wizards(cls, records):
        """``{model: record}``, one of each wizard, about these records."""
        channel, listing = records["order.channel"], records["order.channel.listing"]
        on_channel, on_listing = {"channel_id": channel.id}, {"listing_id": listing.id}
        many = {"listing_ids": [Command.set(listing.ids)]}
        channels = {"channel_ids": [Command.set(channel.ids)]}
        own = {"company_id": channel.company_id.id}
        made = {}

        def make(model, parent="wizard_id", of=None, **values):
            if of:
                values[parent] = made[of].id
            made[model] = cls.env[model].with_company(channel.company_id).create(values)

        make("order.channel.add.products", **on_channel)
        make("order.channel.go.live", **on_channel)
        make("order.channel.go.live.line", of="order.channel.go.live", **on_listing)
        make("order.channel.link", **on_listing)
        make("order.channel.link.line", of="order.channel.link", **on_listing)
        make("order.channel.confirm", **own)
        make("order.channel.confirm.line", of="order.channel.confirm", **on_listing, name="x", product_type="goods")
        make("order.channel.unlink", **many)
        make("order.channel.unlink.line", of="order.channel.unlink", **on_channel)
        make("order.channel.ignore", **many, reason="not_ours")
        make("order.channel.preflight", **channels)
        finding = {"code": "no_sku", "severity": "warning"}
        make("order.channel.preflight.finding", parent="preflight_id", of="order.channel.preflight", **finding)
        of = "order.channel.preflight.finding"
        make("order.channel.preflight.row", parent="finding_id", of=of, **on_channel, **on_listing)
        make("order.channel.service", **on_listing)
        make("order.channel.overrule", blocker_id=records["order.channel.blocker"].id)
        make("order.channel.sheet", **own, **channels)
        make("order.channel.sync.now", **channels)
        return made
