"""Rule 14 as a walk: every model of the addon, every method that RPC reaches, every kind of user; none of them gets at anything
of another company. What is new fails here until it is entered in ``rpc_methods.py``."""

from __future__ import annotations

import inspect
from contextlib import suppress

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.service.model import get_public_method

from .rpc_methods import ARGUMENTS, METHODS
from .security_common import MARK, NOBODY
from .walk_common import ODOOS_FORMS, WITHOUT_CHANNELS, Walk

ORM = {"create", "write", "unlink", "default_get", "onchange", "copy_data"}


class TestMethods(Walk):
    def test_who_is_left_out_has_no_rights(self):
        for kind in WITHOUT_CHANNELS:
            for model in self.models + self.wizards:
                for right in ("read", "write", "create", "unlink"):
                    self.assertFalse(model.with_user(self.people[kind]).has_access(right), (kind, model._name))

    def methods(self):
        """``(model, method)`` of everything of ours that RPC reaches."""
        for name, model in self.env.items():
            model_class = type(model)
            for method in dir(model_class):
                if method.startswith("_") or method in ORM or model._abstract:
                    continue
                ours = any(
                    method in vars(cls) and "order_channel_mapping" in cls.__module__ for cls in model_class.mro()
                )
                if not ours or not callable(getattr(model_class, method)):
                    continue
                with suppress(AccessError):  # @api.private
                    get_public_method(model, method)
                    yield name, method

    def test_every_model_and_method_is_in_the_table(self):
        table = {(model, method) for model, methods in METHODS.items() for method in methods.split()}
        found = set(self.methods())
        self.assertFalse(
            found - table,
            "New methods that RPC reaches: enter them in METHODS of rpc_methods.py, once you know that they are safe for "
            "ids of another company's records; or let their names begin with an underscore.",
        )
        self.assertFalse(table - found, "These are gone, or out of RPC's reach: take them out of METHODS.")
        ours = {model._name for model in self.models + self.wizards} - NOBODY
        self.assertFalse(
            ours - self.theirs.keys(),
            "New models: make one record of each in make_records or make_wizards of security_common.py, so that the walk "
            "goes past it.",
        )
        for model, method in table:
            parameters = list(inspect.signature(getattr(type(self.env[model]), method)).parameters.values())[1:]
            required = [parameter.name for parameter in parameters if parameter.default is parameter.empty]
            given = ARGUMENTS.get((model, method), ())
            self.assertEqual(len(required), len(given), f"ARGUMENTS must say what {model}.{method} is called with")

    def test_no_method_does_anything_with_another_companys_records(self):
        methods = list(self.methods())
        for kind, person in self.people.items():
            for model, method in methods:
                if kind in WITHOUT_CHANNELS and model.startswith("order.channel"):
                    continue  # on these they are like every internal user
                with self.subTest(kind, model=model, method=method):
                    ids, arguments = self.theirs[model].ids, ARGUMENTS.get((model, method), ())
                    self.attempt(
                        person,
                        lambda env, model=model, method=method, ids=ids, arguments=arguments: getattr(
                            env[model].browse(ids), method
                        )(*arguments),
                    )

    def test_no_context_leads_there(self):
        """Own records, and none at all, with another company's in each key of the context that a method reads."""
        listing = self.theirs["order.channel.listing"]
        context = {
            "active_model": "order.channel.listing",
            "active_id": listing.id,
            "active_ids": listing.ids,
            "active_domain": [("id", "in", listing.ids)],
            "batch_id": self.theirs["order.channel.batch"].id,
            "default_listing_ids": listing.ids,
            "default_listing_id": listing.id,
            "default_channel_id": self.theirs["order.channel"].id,
            "seen_suggestion_id": self.theirs["order.channel.suggestion"].id,
            "sheet_listing_ids": listing.ids,
        }
        self.env["ir.config_parameter"].set_param("web.active_ids_limit", "1")
        self.work(self.people["manager"], context)
        self.work(self.people["manager"], context, on_nothing=True)

    def work(self, person, context=None, on_nothing=False):
        """Call every method on the own records, or on none, one after the other and each from where things stand now."""
        for model, method in list(self.methods()):
            ids = [] if on_nothing else self.mine(person, model).ids
            arguments = ARGUMENTS.get((model, method), ())
            with (
                self.subTest(model=model, method=method, ids=ids),
                self.marketplace(),
                self.env.cr.savepoint() as savepoint,
            ):
                self.attempt(
                    person,
                    lambda env, model=model, method=method, ids=ids, arguments=arguments: getattr(
                        env[model].with_context(**context or {}).browse(ids), method
                    )(*arguments),
                )
                savepoint.rollback()
                self.env.invalidate_all(flush=False)

    def test_ones_own_work_shows_nothing_of_theirs(self):
        """Both companies sell one product that they share, under one SKU."""
        shared = self.env["product.product"].create(
            {"name": "Shared", "default_code": "SHARED", "barcode": "4006381333931"}
        )
        for side in (self.theirs, self.own):
            listing = side["order.channel.listing"]
            side["order.channel.mapping"].ended_at = "2026-01-01 00:00:00"
            listing.write({"sku": "SHARED", "barcode": shared.barcode, "price": 5.0})
        self.env.flush_all()
        self.theirs["order.channel.listing"]._link(shared, 3.0)
        self.kept = {}
        self.before = self.contents()
        person = self.people["manager"]
        self.work(person)
        values = {"listing_id": self.own["order.channel.listing"].id, "product_id": shared.id, "quantity": 3.0}
        for model in ("order.channel.link", "order.channel.confirm.line"):
            with self.subTest(form=model):
                answer = self.attempt(
                    person,
                    lambda env, model=model: env[model].onchange(values, ["product_id"], self.everything(env[model])),
                )
                self.assertTrue(answer)


class TestReading(Walk):
    def test_nothing_is_found(self):
        for kind, person in self.people.items():
            for name in sorted(self.theirs.keys() - set(ODOOS_FORMS)):
                with self.subTest(kind, model=name):
                    if self.env[name].with_user(person).has_access("read"):
                        self.look_for(person, name)

    def look_for(self, person, name):
        ids = self.theirs[name].ids
        groups = [field.name for field in self.env[name]._fields.values() if field.store and field.type == "many2one"]
        ways = {
            "search": lambda model: model.search([("id", "in", ids)]).ids,
            "count": lambda model: model.search_count([("id", "in", ids)]),
            "search_read": lambda model: model.search_read([("id", "in", ids)]),
            "web_search_read": lambda model: model.web_search_read([("id", "in", ids)], {"display_name": {}})[
                "records"
            ],
            "name_search": lambda model: [found for found in model.name_search(MARK) if found[0] in ids],
            "export": lambda model: model.search([("id", "in", ids)]).export_data(["display_name"])["datas"],
            "group": lambda model: model.formatted_read_group([("id", "in", ids)], groups, ["__count"]),
        }
        for way, look in ways.items():
            self.assertFalse(
                self.attempt(person, lambda env, look=look: look(env[name].with_context(active_test=False))), way
            )

    def test_nothing_is_read(self):
        for kind, person in self.people.items():
            for name, record in self.theirs.items():
                if name in ODOOS_FORMS:
                    continue
                if not record.with_user(person).browse().has_access("read"):
                    self.assertFalse(record.with_user(person).has_access("read"))
                    continue
                with self.subTest(kind, model=name):
                    for read in (
                        lambda theirs: theirs.read(),
                        lambda theirs: theirs.web_read(self.everything(theirs)),
                        lambda theirs: theirs.export_data(["id", "display_name"]),
                        lambda theirs: theirs.copy(),
                        lambda theirs: theirs.onchange({}, [], self.everything(theirs)),
                    ):
                        self.assertFalse(
                            self.attempt(
                                person,
                                lambda env, read=read, name=name, record=record: read(env[name].browse(record.id)),
                            )
                        )

    def test_a_wizard_that_one_opened_in_a_company_one_has_left(self):
        for kind in ("user", "manager", "administrator"):
            person = self.people[kind]
            for wizard in self.wizards:
                theirs = self.theirs[wizard._name]
                self.give(theirs, person)
                with self.subTest(kind, model=wizard._name):
                    self.look_for(person, wizard._name)
                    for act in (
                        lambda theirs: theirs.read(["display_name"]),
                        lambda theirs: theirs.web_read(self.everything(theirs)),
                        lambda theirs: theirs.write({"display_name": "x"}),
                        lambda theirs: theirs.onchange({}, [], self.everything(theirs)),
                    ):
                        with self.assertRaises(AccessError):
                            act(theirs.with_env(self.env(user=person, context=self.allowed)))

    def test_what_both_companies_share_shows_ones_own_side(self):
        """A product without a company, linked by the first company only."""
        shared = self.env["product.product"].create({"name": "Shared"})
        listing = self.theirs["order.channel.listing"].create(
            {
                "channel_id": self.theirs["order.channel"].id,
                "company_id": self.company.id,
                "external_id": "3",
                "name": MARK,
            }
        )
        listing._link(shared)
        added = {
            model: [
                name for name, field in self.env[model]._fields.items() if field._modules == ("order_channel_mapping",)
            ]
            for model in ("product.product", "product.template")
        }
        self.kept = {}
        self.before = self.contents()
        for kind, person in self.people.items():
            for record in (shared, shared.product_tmpl_id):
                names = [
                    name
                    for name in added[record._name]
                    if not name.endswith("_key")  # of its own name and SKU
                    and record.with_user(person)._has_field_access(record._fields[name], "read")
                ]
                if not names:
                    continue
                with self.subTest(kind, model=record._name):
                    answer = self.attempt(
                        person, lambda env, record=record, names=names: record.with_env(env).read(names)
                    )
                    for values in answer or []:
                        self.assertFalse(any(value for name, value in values.items() if name != "id"), values)


class TestPointing(Walk):
    """Own records that point at another company's: what is related or worked out from there would be read."""

    def relations(self, name):
        """Fields of a model by which a record could point at one of ours, a product or a company of the other side."""
        for field in self.env[name]._fields.values():
            ours = name.startswith("order.channel") or field._modules == ("order_channel_mapping",)
            if ours and field.relational and field.comodel_name in self.theirs:
                yield field

    def value(self, field):
        target = self.theirs[field.comodel_name].id
        return target if field.type == "many2one" else [Command.link(target)]

    def required(self, name):
        """What a new record of a model needs, as the own one has it."""
        record = self.own[name]
        return {
            field.name: field.convert_to_write(record[field.name], record)
            for field in record._fields.values()
            if field.store and field.required and not field.related and not field.readonly and field.name != "id"
        }

    def all_relations(self):
        for kind, person in self.people.items():
            if kind == "administrator":
                continue  # makes and changes what a manager does
            for name in self.own:
                model = self.env[name].with_user(person)
                if not (model.has_access("create") or model.has_access("write")):
                    continue  # refused by the first line of each of Odoo's methods
                for field in self.relations(name):
                    yield kind, person, name, field

    def test_no_form_points_there(self):
        for kind, person, name, field in self.all_relations():
            value, mine = self.value(field), self.mine(person, name).ids
            context = {f"default_{field.name}": value}
            values = {**self.required(name), field.name: value}
            with self.subTest(kind, model=name, field=field.name):
                for fill_in in (
                    lambda model, context=context: model.with_context(**context).onchange(
                        {}, [], self.everything(model)
                    ),
                    lambda model, values=values, field=field: model.onchange(
                        values, [field.name], self.everything(model)
                    ),
                    lambda model, mine=mine, field=field, value=value: model.browse(mine).onchange(
                        {field.name: value}, [field.name], self.everything(model)
                    ),
                ):
                    self.attempt(person, lambda env, fill_in=fill_in, name=name: fill_in(env[name]))

    def test_no_line_of_a_form_points_there(self):
        for kind, person, name, field in self.all_relations():
            if field.type != "one2many" or field.comodel_name not in self.own:
                continue
            for inner in self.relations(field.comodel_name):
                line = {**self.required(field.comodel_name), inner.name: self.value(inner)}
                values = {**self.required(name), field.name: [Command.create(line)]}
                with self.subTest(kind, model=name, field=field.name, inner=inner.name):
                    for fill_in in (
                        lambda model, values=values, field=field: model.onchange(
                            values, [field.name], self.everything(model)
                        ),
                        lambda model, values=values: model.create(values).read(),
                    ):
                        self.attempt(person, lambda env, fill_in=fill_in, name=name: fill_in(env[name]))

    def test_no_message_points_there(self):
        """A message names its documents by text."""
        values = {"model": "sale.order", "res_ids": str(self.theirs["sale.order"].ids), "composition_mode": "mass_mail"}
        for kind, person in self.people.items():
            with self.subTest(kind):
                self.attempt(
                    person,
                    lambda env: env["mail.compose.message"].onchange(
                        values, list(values), {"channel_silence_text": {}}
                    ),
                )
                self.attempt(person, lambda env: env["mail.compose.message"].create(values).action_send_mail())

    def test_nothing_new_points_there(self):
        for kind, person, name, field in self.all_relations():
            values = {**self.required(name), field.name: self.value(field)}
            with self.subTest(kind, model=name, field=field.name):
                made = self.attempt(person, lambda env, name=name, values=values: env[name].create(values).read())
                for record in made or []:
                    self.assertFalse(self.theirs[field.comodel_name] & self.env[name].browse(record["id"])[field.name])

    def test_nothing_old_is_pointed_there(self):
        for kind, person, name, field in self.all_relations():
            record = self.mine(person, name)
            with self.subTest(kind, model=name, field=field.name):
                self.attempt(
                    person,
                    lambda env, record=record, field=field: record.with_env(env).web_save(
                        {field.name: self.value(field)}, self.everything(record.with_env(env))
                    ),
                )
                self.env.invalidate_all()
                self.assertFalse(self.theirs[field.comodel_name] & record[field.name])
