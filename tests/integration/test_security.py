"""Rules 13 and 14: who may see and do what, on every model of the addon, whatever is added to it later.

What methods do with another company's records is in ``test_company_walk.py``.
"""

from __future__ import annotations

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from tests.common import ChannelCase

from .connect_common import GROUPS
from .security_common import MARK, NOBODY, RecordsMixin

#: what a channel user may change by hand; everything else goes through methods that check for themselves
USERS_WRITE = {
    "order.channel.batch",
    "order.channel.batch.line",
    "order.channel.listing",
    "order.channel.tax.map",
}
USERS_CREATE = {"order.channel.batch", "order.channel.tax.map"}


class TestSecurity(RecordsMixin, ChannelCase):
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
        settings = {"location", "payment.map", "status.map"}
        managers_write = USERS_WRITE | {"order.channel", "order.channel.account"}
        managers_write |= {f"order.channel.{name}" for name in settings}
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
        """What a marketplace sent, or what goes there, names buyers: on every model that keeps it, in every way of reading."""
        with_payload = [model._name for model in self.models if "payload" in model._fields]
        self.assertGreaterEqual(len(with_payload), 5)
        self.user.group_ids += self.env.ref("base.group_allow_export")
        for name in with_payload:
            record = self.records[name]
            theirs = record.with_user(self.user)
            with self.subTest(name):
                record.with_user(self.manager).read(["payload"])
                self.assertNotIn("payload", theirs.fields_get())
                self.assertNotIn("payload", theirs.read()[0])
                for read in (
                    lambda theirs=theirs: theirs.read(["payload"]),
                    lambda theirs=theirs: theirs.export_data(["payload"]),
                    lambda theirs=theirs: theirs.search([("payload", "!=", False)]),
                ):
                    with self.assertRaises(AccessError):
                        read()
                for kind in ("form", "list", "search"):
                    self.assertNotIn('name="payload"', theirs.get_view(view_type=kind)["arch"])
        self.assertEqual(self.records["order.channel.listing"].with_user(self.manager).payload, {"secret": MARK})

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
