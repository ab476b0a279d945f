"""Rules 13 and 14: who may see and do what, on every model of the addon, whatever is added to it later."""

from __future__ import annotations

import inspect

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import SQL

from odoo.addons.order_channel_mapping.tools.guard import internal

from tests.common import ChannelCase

from .connect_common import GROUPS, ConnectMixin

#: what a channel user may change by hand; everything else goes through methods that check for themselves
USERS_WRITE = {
    "order.channel.batch",
    "order.channel.batch.line",
    "order.channel.listing",
    "order.channel.tax.map",
}
USERS_CREATE = {"order.channel.batch", "order.channel.tax.map"}
#: technical rows: nobody reads them through the ORM
NOBODY = {
    "order.channel.account.session",
    "order.channel.authorization",
    "order.channel.product.word",
    "order.channel.seen",
    "order.channel.turn",
    "order.channel.stock.change",
}


class TestSecurity(ConnectMixin, ChannelCase):
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
        cls.records = cls.make_records()

    @classmethod
    def make_records(cls):
        """One record of each model, of the first company."""
        env = cls.env
        channel = cls.new_channel(user=cls.env.ref("base.user_admin"), company_id=cls.company.id).sudo()
        own = {"company_id": cls.company.id}
        on_channel = {**own, "channel_id": channel.id}
        product = env["product.product"].create({"name": "Hat"})

        def make(model, **values):
            return env[model].create(values)

        listing = make(
            "order.channel.listing", **on_channel, external_id="1", name="Hat", payload={"secret": "payload"}
        )
        mapping = make(
            "order.channel.mapping",
            **own,
            listing_id=listing.id,
            method="manual",
            line_ids=[Command.create({"product_id": product.id})],
        )
        order = make("order.channel.order", **on_channel, external_id="1", number="#1", status="open")
        line = make("order.channel.order.line", **on_channel, order_id=order.id, external_id="1", kind="product")
        run = make("order.channel.run", **on_channel, kind="items")
        batch = make("order.channel.batch", **own, kind="link")
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
            make("order.channel.location", channel_id=channel.id, external_id="1", name="Berlin"),
            make("order.channel.failure", **on_channel, kind="item", external_ref="1", reason_code="internal"),
            make("order.channel.blocker", **own, order_id=order.id, code="total"),
            make("order.channel.event", **own, order_id=order.id, code="imported"),
            make("order.channel.command", **on_channel, order_id=order.id, kind="ship", idempotency_key="1"),
            make("order.channel.stock.push", **on_channel, listing_id=listing.id),
            make("order.channel.suggestion", **own, listing_id=listing.id, product_id=product.id),
            make("order.channel.webhook", **on_channel, topic="orders/create", kind="orders", digest="1"),
            make("order.channel.status.map", channel_id=channel.id, code="processing"),
            cls.make_tax_map(channel),
            cls.make_frozen(channel),
        ]
        return {record._name: record for record in records}

    @classmethod
    def make_frozen(cls, channel):
        """A row of the freeze board: an item that is linked to nothing, and the order that waits for it."""
        own = {"company_id": cls.company.id}
        listing = cls.env["order.channel.listing"].create(
            {**own, "channel_id": channel.id, "external_id": "2", "name": "Scarf"}
        )
        order = cls.env["order.channel.order"].create(
            {**own, "channel_id": channel.id, "external_id": "2", "number": "#2", "status": "open"}
        )
        cls.env["order.channel.blocker"].create(
            {**own, "order_id": order.id, "code": "unmapped", "listing_id": listing.id}
        )
        buyer = cls.env["res.partner"].create({"name": "Buyer", "company_id": cls.company.id})
        sale = {**own, "partner_id": buyer.id, "order_channel_id": channel.id, "channel_order_id": order.id}
        internal(cls.env["sale.order"]).create({**sale, "channel_frozen": True, "channel_to_resolve": True})
        return cls.env["order.channel.freeze"].search([("listing_id", "=", listing.id)])

    @classmethod
    def make_tax_map(cls, channel):
        model = cls.env["order.channel.tax.map"]
        required = {
            name: channel.id if name == "channel_id" else cls.company.id if name == "company_id" else cls.example(field)
            for name, field in model._fields.items()
            if field.required and field.store and not field.compute and not field.related
        }
        return model.create(required)

    @classmethod
    def example(cls, field):
        if field.type == "selection":
            return field.get_values(cls.env)[0]
        if field.type == "many2one":
            return cls.env[field.comodel_name].search([], limit=1).id
        return {"char": "x", "float": 0.1, "integer": 1, "boolean": True}[field.type]

    def test_every_model_is_covered(self):
        self.assertEqual({model._name for model in self.models} - NOBODY, set(self.records))

    # === RULES AND RIGHTS, as they are declared === #

    def test_every_model_has_rights_and_none_is_for_everybody(self):
        ours = self.env.ref(f"{GROUPS}user") | self.env.ref(f"{GROUPS}manager")
        for model in self.models + self.wizards:
            access = self.env["ir.model.access"].search([("model_id.model", "=", model._name)])
            with self.subTest(model._name):
                self.assertTrue(access)
                self.assertTrue(all(access.mapped("group_id")))
                for entry in access - access.filtered(lambda entry: entry.group_id in ours):
                    self.assertFalse(entry.perm_read or entry.perm_write or entry.perm_create or entry.perm_unlink)

    def test_every_model_is_kept_to_its_companies(self):
        for model in self.models:
            rules = self.env["ir.rule"].search([("model_id.model", "=", model._name), ("groups", "=", False)])
            with self.subTest(model._name):
                if model._name in NOBODY:
                    self.assertFalse(
                        any(model.with_user(self.manager).has_access(right) for right in ("read", "write"))
                    )
                else:
                    self.assertIn("company_id", "".join(rules.mapped("domain_force")))

    def test_every_wizard_is_its_users_own(self):
        for model in self.wizards:
            rules = self.env["ir.rule"].search([("model_id.model", "=", model._name), ("groups", "=", False)])
            with self.subTest(model._name):
                self.assertIn("('create_uid', '=', user.id)", "".join(rules.mapped("domain_force")))

    # === WHAT PEOPLE REACH === #

    def test_another_company_sees_and_changes_nothing(self):
        for name, record in self.records.items():
            theirs = record.with_user(self.other_manager)
            fields = [field for field in record._fields if theirs._has_field_access(record._fields[field], "read")]
            writable = next((name for name in ("active", "name", "push_enabled") if name in fields), "display_name")
            with self.subTest(name):
                self.assertFalse(theirs.search([]) & theirs)
                self.assertFalse(theirs.search([("id", "=", record.id)]))
                for act in (
                    lambda theirs=theirs: theirs.read(["display_name"]),
                    lambda theirs=theirs: theirs.web_read({"display_name": {}}),
                    lambda theirs=theirs, writable=writable: theirs.write({writable: False}),
                    theirs.unlink,
                ):
                    with self.assertRaises(AccessError):
                        act()

    def test_another_company_creates_nothing_here(self):
        channel = self.records["order.channel"]
        for model, values in (
            ("order.channel.account", {"name": "x", "provider": "shopify", "company_id": self.company.id}),
            ("order.channel", {"name": "x", "provider": "shopify", "company_id": self.company.id}),
            ("order.channel", {"name": "x", "account_id": channel.account_id.id, "company_id": self.company.id}),
            ("order.channel.go.live", {"channel_id": channel.id}),
        ):
            with self.subTest(model), self.assertRaises(UserError):
                self.env[model].with_user(self.other_manager).create(values)
                self.env.flush_all()

    def test_a_company_that_is_not_chosen_is_out_of_sight(self):
        """Who works for both companies sees those that are ticked at the top of the screen."""
        both = self.new_user(
            "channel_both",
            f"{GROUPS}manager",
            company_id=self.company.id,
            company_ids=[(6, 0, (self.company | self.other_company).ids)],
        )
        channels = self.env["order.channel"].with_user(both)
        mine = self.records["order.channel"]
        self.assertIn(mine.id, channels.with_context(allowed_company_ids=self.company.ids).search([]).ids)
        self.assertNotIn(mine.id, channels.with_context(allowed_company_ids=self.other_company.ids).search([]).ids)

    def test_outsiders_reach_nothing(self):
        for model in self.models + self.wizards:
            for right in ("read", "write", "create", "unlink"):
                with self.subTest(model._name, right=right):
                    self.assertFalse(model.with_user(self.salesperson).has_access(right))

    def test_users_read_everything_and_write_little(self):
        for model in self.models:
            theirs = model.with_user(self.user)
            with self.subTest(model._name):
                self.assertEqual(theirs.has_access("read"), model._name not in NOBODY)
                self.assertEqual(theirs.has_access("write"), model._name in USERS_WRITE)
                self.assertEqual(theirs.has_access("create"), model._name in USERS_CREATE)
                self.assertFalse(theirs.has_access("unlink"))

    def test_what_a_marketplace_said_is_for_reading(self):
        """Not even managers write listings, orders, runs or ledgers by hand."""
        managers_write = USERS_WRITE | {"order.channel", "order.channel.account", "order.channel.status.map"}
        for model in self.models:
            with self.subTest(model._name):
                self.assertEqual(model.with_user(self.manager).has_access("write"), model._name in managers_write)

    def test_on_a_listing_people_only_switch_its_push(self):
        listing = self.records["order.channel.listing"].with_user(self.manager)
        listing.push_enabled = False
        product = self.env["product.product"].create({"name": "Other"})
        for values in (
            {"state": "linked"},
            {"product_id": product.id},
            {"sku": "x"},
            {"company_id": self.other_company.id},
        ):
            with self.subTest(values), self.assertRaises(AccessError):
                listing.write(values)

    def test_no_default_gets_past_what_a_form_shows_as_read_only(self):
        """Neither the context's defaults nor the user's own."""
        channels = self.env["order.channel"].with_user(self.manager)
        switches = ("auto_link", "auto_process", "push_stock", "push_tracking")
        context = {f"default_{name}": True for name in switches}
        by_context = channels.with_context(default_state="live", default_account_ref="x", **context).create(
            {"name": "Context", "provider": "shopify"}
        )
        for name in switches:
            self.env["ir.default"].with_user(self.manager).set("order.channel", name, True, user_id=True)
        self.env["ir.default"].with_user(self.manager).set("order.channel", "state", "live", user_id=True)
        by_own_default = channels.create({"name": "Own default", "provider": "shopify"})
        for channel in (by_context, by_own_default):
            with self.subTest(channel.name):
                self.assertEqual((channel.state, channel.health), ("draft", "ok"))
                self.assertFalse(channel.sudo().account_ref)
                self.assertFalse(any(channel[name] for name in switches))

    def test_raw_payloads_are_for_managers(self):
        listing = self.records["order.channel.listing"]
        self.assertEqual(listing.with_user(self.manager).payload, {"secret": "payload"})
        with self.assertRaises(AccessError):
            listing.with_user(self.user).read(["payload"])

    def test_no_wizard_reaches_into_another_company(self):
        channel, listing = self.records["order.channel"], self.records["order.channel.listing"]
        offline = self.env["order.channel"].create({"name": "Shop floor", "provider": "offline", "state": "live"})
        product = self.env["product.product"].create({"name": "Theirs"})
        before = self.contents()
        for name, values, action in (
            ("order.channel.go.live", {"channel_id": channel.id}, "action_confirm"),
            (
                "order.channel.link",
                {"line_ids": [Command.create({"listing_id": listing.id, "product_id": product.id, "quantity": 2})]},
                "action_link",
            ),
            ("order.channel.add.products", {"channel_id": offline.id, "product_ids": product.ids}, "action_add"),
        ):
            with self.subTest(name), self.env.cr.savepoint(), self.assertRaises(AccessError):
                getattr(self.env[name].with_user(self.other_manager).create(values), action)()
            self.assertEqual(self.contents(), before)

    # === METHODS: whatever can be called over RPC === #

    def test_no_action_works_on_another_companys_records(self):
        self.check_actions(self.other_manager)

    def test_no_action_works_for_outsiders(self):
        self.check_actions(self.salesperson)

    def check_actions(self, user):
        """Each public action without arguments must leave every table that matters as it was."""
        checked = 0
        for name, record in self.records.items():
            for action in self.actions_of(record):
                with self.subTest(f"{name}.{action}"), self.env.cr.savepoint():
                    before = self.contents()
                    try:
                        getattr(record.with_user(user), action)()
                    except UserError:
                        self.env.invalidate_all(flush=False)
                    self.assertEqual(self.contents(), before)
                    checked += 1
        self.assertGreater(checked, 10)

    def contents(self):
        """A digest of each table that an action could change."""
        self.env.flush_all()
        others = ("ir.cron", "ir.cron.trigger", "mail.activity", "product.product", "sale.order", "sale.order.line")
        result = {}
        for model in (*(model for model in self.models if model._auto), *(self.env[name] for name in others)):
            table = SQL.identifier(model._table)
            result[model._name] = self.env.execute_query(
                SQL("SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM %s t", table)
            )
        return result

    @staticmethod
    def actions_of(record):
        for name in dir(type(record)):
            method = getattr(type(record), name)
            if not name.startswith("action_") or not callable(method):
                continue
            if "order_channel_mapping" not in method.__module__:
                continue
            parameters = list(inspect.signature(method).parameters.values())[1:]
            if all(parameter.default is not parameter.empty for parameter in parameters):
                yield name

    # === OTHER PEOPLE'S WORK GOES ON === #

    def test_people_without_the_channel_group_work_as_before(self):
        """Fields that are added to Odoo's own models must not get in the way of who has no access to channels."""
        product = self.env["product.product"].create({"name": "Hat", "is_storable": True})
        order = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Buyer"}).id,
                "order_channel_id": self.records["order.channel"].id,
                "order_line": [Command.create({"product_id": product.id})],
            }
        )
        order.action_confirm()
        self.assertTrue(order.picking_ids)
        people = [
            self.salesperson,
            self.new_user("channel_accountant", "account.group_account_manager"),
            self.new_user("channel_storekeeper", "stock.group_stock_manager"),
        ]
        extended = 0
        for model in self.env.values():
            added = [name for name, field in model._fields.items() if field._modules == ("order_channel_mapping",)]
            if model._name.startswith("order.channel") or model._abstract or not added:
                continue
            extended += 1
            record = model.search([], limit=1)
            for user in people:
                theirs = record.with_user(user)
                if not theirs.has_access("read"):
                    continue
                names = [name for name in added if theirs._has_field_access(model._fields[name], "read")]
                if not names:
                    continue
                with self.subTest(user.login, model=model._name, fields=names):
                    self.env.invalidate_all()
                    theirs.read(names)
                    theirs.web_read({name: {"fields": {}} if model._fields[name].relational else {} for name in names})
                    self.assertTrue(set(names) <= theirs.fields_get().keys())
        self.assertGreaterEqual(extended, 4)
