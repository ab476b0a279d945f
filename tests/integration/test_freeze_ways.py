"""Whatever a client may call or write is tried on orders that must not move (rule 4).

Generated from Odoo's own public methods and fields, so that a new way in a new version is tried too, or fails the test until
it is in the table of ``freeze_ways``. After each the order is chased on: set back, confirmed, processed automatically.
"""

import inspect
from contextlib import suppress
from datetime import timedelta

from odoo import Command
from odoo.models import MAGIC_COLUMNS
from odoo.service.model import get_public_method
from odoo.tools import SQL, mute_logger

from odoo.addons.order_channel_mapping.connectors import records

from tests.fakes import START, connected, line
from tests.integration.freeze_ways import (
    CALLED,
    HARMLESS,
    LIFTS,
    NEEDS_ARGUMENTS,
    WITH_ARGUMENTS,
    field_values,
)
from tests.integration.orders_common import OrderCase

ALL_RIGHTS = (
    "base.group_system,sales_team.group_sale_manager,account.group_account_manager,stock.group_stock_manager,"
    "order_channel_mapping.group_channel_manager"
)
#: fields that would make it another record, or that only Odoo's own code writes
OWN = frozenset({*MAGIC_COLUMNS, "company_id"})
NEW_METHOD = (
    "%(model)s.%(method)s is new. See what it does to an order that is frozen: guard it where it moves one, then put it in "
    "tests/integration/freeze_ways.py, with how it is called or with why it is harmless."
)
MUTED = ("odoo.sql_db", "odoo.models", "odoo.orm.models", "odoo.addons.base.models.ir_cron", "odoo.tools.translate")


ROWS_WRITTEN = "SELECT SUM(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables"
LATER = START + timedelta(days=1)


class Undo(Exception):
    """Ends the savepoint of an attack."""


class Moved(AssertionError):
    """What must hold does not. Odoo's own assertions refuse, too: these are told apart from them."""


class Refused(Exception):
    """What was tried did not work."""


def public_methods(model):
    """``{name: (method, whether it needs an argument)}`` of what a client may call."""
    found = {}
    for name in dir(type(model)):
        if name.startswith("_"):
            continue
        with suppress(Exception):  # no method, or private
            method = get_public_method(model, name)
            parameters = list(inspect.signature(method).parameters.values())[1:]
            found[name] = (
                method,
                any(
                    parameter.default is parameter.empty
                    and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
                    for parameter in parameters
                ),
            )
    return found


class FreezeWaysCase(OrderCase):
    failureException = Moved

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel.sudo().auto_process = True
        unmapped = [line("a", "var-1", sku="UNKNOWN"), line("b", sku="MUG-1")]
        frozen, cancelled, held, recalled = cls.bring(
            cls.order("frozen", unmapped),
            cls.order("cancelled", unmapped),
            cls.order("held", unmapped[1:], hold="fraud check"),
            cls.order("recalled", unmapped, hold="fraud check"),
        )
        cls.orders = {"frozen": frozen, "frozen and cancelled": cancelled, "held": held, "recalled": recalled}
        cancelled.action_cancel()
        cls.bring(cls.order("recalled", unmapped, status=records.OrderStatus.CANCELLED, updated_at=LATER))
        cls.placeholder = cls.env.ref("order_channel_mapping.product_placeholder")
        # what arguments point to
        cls.partner = cls.env["res.partner"].create({"name": "Somebody"})
        cls.other = cls.env["sale.order"].create({"partner_id": cls.partner.id})
        cls.attachment = cls.env["ir.attachment"].create({"name": "x.txt", "raw": b"x"})
        cls.carrier = cls.env["delivery.carrier"].create({"name": "Van", "product_id": cls.tea.id})
        cls.person = cls.new_user("freeze_ways", ALL_RIGHTS)

    def attack(self, order, what, way, chase=()):
        """Try one way, then every way on; undo it all.

        :param order: the order that must not move
        :param what: text for the message of a failure
        :param way: function without arguments
        :param chase: functions without arguments: more that must not work afterwards
        """
        try:
            with self.env.cr.savepoint():
                written = self.rows_written()
                way()
                self.env.flush_all()
                if self.rows_written() == written:
                    return
                self.assertHolds(order, what)
                for attempt in (*chase, *self.ways_on(order)):
                    with suppress(Refused), self.env.cr.savepoint():
                        self.refusing(attempt)
                        self.assertHolds(order, what)
                raise Undo
        except Moved:
            raise
        except Exception:  # refused, or undone
            return

    def refusing(self, attempt):
        """:raise Refused: whatever it raised"""
        try:
            attempt()
            self.env.flush_all()
        except Moved:
            raise
        except Exception as error:
            raise Refused from error

    def rows_written(self):
        """How many rows this transaction has written so far."""
        return self.env.execute_query(SQL(ROWS_WRITTEN))

    def ways_on(self, order):
        def process():
            with connected(self.env, self.connector):
                self.channel.sudo()._process_ready()

        mine = order.with_user(self.person)
        return (mine.action_draft, mine.action_confirm, process)

    def assertHolds(self, order, what):
        """What must be true of an order that is frozen, held or recalled, in the database."""
        self.env.flush_all()
        row = self.env.execute_query(
            SQL(
                """
                SELECT state, channel_frozen, channel_to_resolve, channel_order_id = %(channel_order)s,
                       ARRAY(SELECT move.state FROM stock_move move
                               JOIN sale_order_line line ON line.id = move.sale_line_id WHERE line.order_id = sale.id),
                       ARRAY(SELECT DISTINCT move.state FROM account_move move
                               JOIN account_move_line item ON item.move_id = move.id
                               JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = item.id
                               JOIN sale_order_line line ON line.id = rel.order_line_id
                              WHERE line.order_id = sale.id),
                       EXISTS(SELECT FROM sale_order_line line
                               WHERE line.order_id = sale.id AND line.qty_delivered != 0),
                       EXISTS(SELECT FROM sale_order_line line
                               WHERE line.order_id = sale.id AND line.product_id = %(placeholder)s),
                       EXISTS(SELECT FROM sale_order_line line JOIN sale_order other ON other.id = line.order_id
                               WHERE line.product_id = %(placeholder)s AND other.channel_frozen IS NOT TRUE)
                  FROM sale_order sale WHERE id = %(order)s
                """,
                channel_order=order.channel_order_id.id,
                placeholder=self.placeholder.id,
                order=order.id,
            )
        )
        self.assertEqual(len(row), 1, f"{what}: it was deleted")
        state, frozen, to_resolve, linked, moves, invoices, delivered, has_placeholder, elsewhere = row[0]
        recalled = order == self.orders.get("recalled")
        self.assertIn(state, ("cancel",) if recalled else ("draft", "sent", "cancel"), what)
        self.assertTrue(linked, f"{what}: it left its channel's order")
        self.assertTrue(frozen or not has_placeholder, f"{what}: the placeholder is in it, and it is not frozen")
        self.assertTrue(to_resolve, f"{what}: nothing is in its way any more")
        self.assertFalse(elsewhere, f"{what}: the placeholder is in an order that is not frozen")
        self.assertNotIn("done", moves, what)
        self.assertFalse(moves and "delivery" not in self.orders, f"{what}: it is delivered")
        self.assertNotIn("posted", invoices, f"{what}: an invoice is posted")
        self.assertFalse(frozen and delivered, f"{what}: it was delivered")


class TestFreezeMethods(FreezeWaysCase):
    @mute_logger(*MUTED)
    def test_every_public_method(self):
        for name, order in self.orders.items():
            for record in (order, *(order.order_line if order.channel_frozen and name != "recalled" else ())):
                known = CALLED[record._name]
                arguments = WITH_ARGUMENTS[record._name]
                mine = record.with_user(self.person)
                for method_name in public_methods(record):
                    what = f"{record._name}.{method_name} on {name}"
                    with self.subTest(what):
                        if method_name in known:
                            method = getattr(mine, method_name)
                            self.attack(order, what, method)
                        elif method_name in arguments:
                            way = arguments[method_name]
                            self.attack(order, what, lambda way=way, mine=mine: way(self, mine))
                        elif method_name not in HARMLESS[record._name] and method_name not in LIFTS[record._name]:
                            self.fail(NEW_METHOD % {"model": record._name, "method": method_name})

    def test_the_attack_finds_a_way_that_is_open(self):
        """The test of the test: an order with nothing in its way moves."""
        self.channel.sudo().auto_process = False
        (free,) = self.bring(self.order("free", [line("a", sku="MUG-1")], updated_at=LATER))
        with self.assertRaisesRegex(Moved, "'sale' not found"):
            self.attack(free, "free", free.with_user(self.person).action_confirm)

    def test_a_new_method_fails_with_what_to_do(self):
        self.registry["sale.order"].action_teleport = lambda orders: None
        self.addCleanup(delattr, self.registry["sale.order"], "action_teleport")
        methods = public_methods(self.env["sale.order"])
        unknown = methods.keys() - CALLED["sale.order"] - WITH_ARGUMENTS["sale.order"].keys()
        unknown -= HARMLESS["sale.order"].keys() | LIFTS["sale.order"].keys()
        self.assertEqual(unknown, {"action_teleport"})

    @mute_logger(*MUTED)
    def test_every_wizard_of_an_order(self):
        wizards = [
            (model, field)
            for model in self.env.values()
            if model._transient
            for field in model._fields.values()
            if field.comodel_name == "sale.order" and not field.related
        ]
        self.assertIn("sale.advance.payment.inv", [model._name for model, __ in wizards])
        general = set(public_methods(self.env["base"]))
        for name, order in self.orders.items():
            for model, field in wizards:
                link = order.id if field.type == "many2one" else [Command.set(order.ids)]
                context = {"active_model": "sale.order", "active_id": order.id, "active_ids": order.ids}
                mine = model.with_user(self.person).with_context(**context)
                choices = [
                    (choice.name, value)
                    for choice in model._fields.values()
                    if choice.type == "selection" and choice.store and not choice.compute
                    for value in choice.get_values(self.env)
                ] or [(field.name, link)]
                for choice, value in choices:
                    values = {field.name: link, choice: value}
                    for method_name in public_methods(model).keys() - general:
                        what = f"{model._name}.{method_name} {choice} {value} on {name}"

                        def way(mine=mine, values=values, method_name=method_name):
                            amounts = {
                                amount: 10.0
                                for amount in ("amount", "fixed_amount", "discount_amount")
                                if amount in mine._fields
                            }
                            getattr(mine.create({**amounts, **values}), method_name)()

                        with self.subTest(what):
                            self.attack(order, what, way)


class TestFreezeFields(FreezeWaysCase):
    def existing(self, field, order):
        """A record that a relational field could point to: none of the order's own."""
        if not field.relational:
            return self.env["res.partner"]
        if field.comodel_name == "sale.order":
            return self.other
        return self.env[field.comodel_name].sudo().search([], limit=1)

    def write_all(self, name, record, order):
        mine = record.with_user(self.person)
        for field in record._fields.values():
            if not (field.store or field.inverse) or field.name in OWN:
                continue
            for value in field_values(field, self.existing(field, order)):
                values = {field.name: value}
                what = f"{record._name}.write({values}) on {name}"
                with self.subTest(what):
                    self.attack(order, what, lambda values=values: mine.write(values))
                if record == order and field.name != "state":
                    what = f"{what}, as a sales order"
                    with self.subTest(what):
                        self.attack(order, what, lambda values=values: mine.write({"state": "sale", **values}))

    @mute_logger(*MUTED)
    def test_every_field_of_an_order(self):
        for name in ("frozen", "frozen and cancelled"):
            self.write_all(name, self.orders[name], self.orders[name])

    @mute_logger(*MUTED)
    def test_every_field_of_a_line(self):
        frozen, cancelled = self.orders["frozen"], self.orders["frozen and cancelled"]
        for record in frozen.order_line + cancelled.order_line[0]:
            self.write_all(record.order_id.client_order_ref, record, record.order_id)


class TestFreezeDocuments(FreezeWaysCase):
    """What was drafted or planned before an item was unlinked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        wrap = {"name": "Wrap", "default_code": "WRAP", "type": "service", "invoice_policy": "order"}
        cls.env["product.product"].create(wrap)
        cls.env["stock.quant"]._update_available_quantity(cls.mug, cls.channel.warehouse_id.lot_stock_id, 5)
        cls.channel.sudo().auto_process = False
        order, delivery = cls.bring(
            cls.order("invoice", [line("a", sku="MUG-1"), line("b", "var-3", sku="WRAP")], updated_at=LATER),
            cls.order("delivery", [line("a", sku="MUG-1"), line("b", "var-3", sku="WRAP")], updated_at=LATER),
        )
        cls.env["sale.advance.payment.inv"].with_context(active_ids=order.ids, active_model="sale.order").create(
            {"advance_payment_method": "percentage", "amount": 10}
        ).create_invoices()
        delivery.action_channel_process()
        delivery.write({"state": "draft"})
        cls.env["order.channel.listing"].search([("external_id", "=", "var-3")])._unlink_product()
        cls.orders |= {"invoice": order, "delivery": delivery}
        cls.invoice, cls.picking = order.invoice_ids, delivery.picking_ids

    def assertCalled(self, document, order, chase):
        """Call whatever needs no argument; what needs one has to be in the table."""
        mine = document.with_user(self.person)
        for name, (__, needs_argument) in public_methods(document).items():
            what = f"{document._name}.{name}"
            with self.subTest(what):
                if not needs_argument:
                    self.attack(order, what, getattr(mine, name), chase)
                elif name not in NEEDS_ARGUMENTS[document._name]:
                    self.fail(NEW_METHOD % {"model": document._name, "method": name})

    def assertWritten(self, document, order, types, chase):
        mine = document.with_user(self.person)
        for field in document._fields.values():
            if field.store and field.type in types and field.name not in OWN:
                for value in field_values(field, self.env["res.partner"]):
                    what = f"{document._name}.write({field.name}: {value})"
                    with self.subTest(what):
                        self.attack(order, what, lambda name=field.name, value=value: mine.write({name: value}), chase)

    @mute_logger(*MUTED)
    def test_the_invoice(self):
        chase = (self.invoice.with_user(self.person).action_post,)
        self.assertCalled(self.invoice, self.orders["invoice"], chase)
        self.assertWritten(self.invoice, self.orders["invoice"], ("selection",), chase)

    @mute_logger(*MUTED)
    def test_the_delivery(self):
        chase = (self.picking.with_user(self.person).button_validate,)
        self.assertCalled(self.picking, self.orders["delivery"], chase)
        self.assertWritten(self.picking, self.orders["delivery"], ("selection",), chase)
        self.assertWritten(self.picking.move_ids, self.orders["delivery"], ("selection", "boolean", "float"), chase)
