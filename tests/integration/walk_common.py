"""What the parts of the walk past every model and method share, see ``test_company_walk.py``."""

from __future__ import annotations

import json
from unittest.mock import patch

from psycopg2 import Error as DatabaseError

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import SQL, mute_logger

from tests.common import ChannelCase

from .connect_common import GROUPS
from .security_common import MARK, RecordsMixin

PEOPLE = {
    "portal": "base.group_portal",
    "internal": "base.group_user",
    "salesperson": "sales_team.group_sale_manager",
    "accountant": "account.group_account_manager",
    "storekeeper": "stock.group_stock_manager",
    "user": f"{GROUPS}user",
    "manager": f"{GROUPS}manager",
    "administrator": f"base.group_system,{GROUPS}manager",
}

#: Odoo's own forms, which Odoo's own rules look after
ODOOS_FORMS = ("mail.compose.message", "portal.share")
#: they have no more rights on the addon's own models than any internal user
WITHOUT_CHANNELS = ("salesperson", "accountant", "storekeeper")


class Walk(RecordsMixin, ChannelCase):
    """What both halves of the walk share: people of the second company, and whether they got at anything of the first."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = cls.make_records(cls.other_company, "Own")
        records, own = dict(cls.records), dict(cls.own)
        records |= cls.make_wizards(records)
        own |= cls.make_wizards(own)
        for one in (records, own):
            one["sale.order"] = (
                one["order.channel.freeze"]
                .env["sale.order"]
                .search([("order_channel_id", "=", one["order.channel"].id)])
            )
            one["product.product"] = one["order.channel.suggestion"].product_id
            one["product.template"] = one["product.product"].product_tmpl_id
            cls.make_messages(one)
        cls.theirs, cls.own = records, own
        cls.specs = {}
        cls.allowed = {"allowed_company_ids": cls.other_company.ids}
        cls.people = {
            kind: cls.new_user(f"walk_{kind}", groups, company=cls.other_company) for kind, groups in PEOPLE.items()
        }

    @classmethod
    def make_messages(cls, records):
        """Odoo's own wizards that the addon extends, about these records."""
        order = records["sale.order"]
        message = {"model": order._name, "res_ids": str(order.ids), "subject": "x", "composition_mode": "mass_mail"}
        records["mail.compose.message"] = cls.env["mail.compose.message"].create(message)
        partners = [Command.set(order.partner_id.ids)]
        share = {"res_model": order._name, "res_id": order.id, "partner_ids": partners}
        records["portal.share"] = cls.env["portal.share"].create(share)
        cancelled = {"sale_order_ids": [Command.set(order.ids)], "channel_tell": "there"}
        records["sale.mass.cancel.orders"] = cls.env["sale.mass.cancel.orders"].create(cancelled)

    def attempt(self, person, act):
        """Have a person do something.

        :param act: function of an environment of theirs
        :return: what it answered, None where it was refused
        """
        env = self.env(user=person, context=self.allowed)
        answer = None
        try:
            with mute_logger("odoo.sql_db", "odoo.addons.base.models.ir_rule"), self.env.cr.savepoint():
                answer = act(env)
                env.flush_all()
        except (UserError, ValueError, DatabaseError):
            self.env.invalidate_all(flush=False)
        self.assertNotIn(MARK, json.dumps(answer, default=repr))
        if isinstance(answer, dict) and answer.get("res_model"):
            self.attempt(person, lambda env: self.open(env, answer))
        return answer

    def open(self, env, action):
        """What the web client would read next."""
        context = action.get("context")
        model = env[action["res_model"]].with_context(**(context if isinstance(context, dict) else {}))
        if action.get("res_id"):
            return model.browse(action["res_id"]).web_read(self.everything(model))
        return model.onchange({}, [], self.everything(model)), model.search_read(action.get("domain") or [])

    def everything(self, model, deep=True):
        """A specification as ``web_read`` and ``onchange`` take it: all fields that the user may read; of Odoo's models those
        that the addon added."""
        key = (model._name, model.env.uid, deep)
        if key not in self.specs:
            self.specs[key] = self.make_specification(model, deep)
        return self.specs[key]

    def make_specification(self, model, deep):
        spec = {}
        for name, field in model._fields.items():
            ours = model._name.startswith("order.channel") or "order_channel_mapping" in field._modules
            if not ours or not model._has_field_access(field, "read"):
                continue
            spec[name] = {}
            if field.type == "many2one":
                spec[name] = {"fields": {"display_name": {}}}
            elif field.relational and deep and field.comodel_name.startswith("order.channel"):
                lines = model.env[field.comodel_name]
                if lines.has_access("read"):
                    spec[name] = {"fields": self.everything(lines, deep=False)}
        return spec

    def contents(self):
        """A digest of each table that anything of the first company is in, of what is there when it is first taken."""
        self.env.flush_all()
        names = [name for name in self.theirs if self.env[name]._auto and not self.env[name]._transient]
        names += ["sale.order.line", "res.partner", "stock.move", "stock.picking", "account.move", "ir.cron"]
        digests = {}
        for name in names:
            model = self.env[name].with_user(SUPERUSER_ID).with_context(active_test=False)
            domain = [("company_id", "=", self.company.id)] if "company_id" in model._fields else []
            ids = self.kept.setdefault(name, model.search(domain).ids)
            query = "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY id)) FROM %s t WHERE id = ANY(%s)"
            digests[name] = self.env.execute_query(SQL(query, SQL.identifier(model._table), ids))
        return digests

    def setUp(self):
        super().setUp()
        # Odoo looks for the rule that fails and for words; that took more than half of the walk's time
        refuse = patch.object(self.registry["ir.rule"], "_make_access_error", lambda *args: AccessError("Refused"))
        self.during_test(refuse)
        self.kept = {}
        self.before = self.contents()

    def tearDown(self):
        self.env.invalidate_all()
        changed = [name for name, digest in self.contents().items() if digest != self.before[name]]
        self.assertFalse(changed, "records of the first company were changed, or are gone")
        super().tearDown()

    def mine(self, person, name):
        """The own record of a model, which this person made where it is a wizard."""
        record = self.own[name]
        if record._transient:
            self.give(record, person)
        return record

    def give(self, wizard, person):
        """Have a wizard be one that this person opened."""
        table = SQL.identifier(wizard._table)
        self.env.cr.execute(SQL("UPDATE %s SET create_uid = %s WHERE id = %s", table, person.id, wizard.id))
        self.env.invalidate_all()
