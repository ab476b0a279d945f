import json
from datetime import timedelta

import psycopg2

from odoo import Command
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from tests.common import ChannelHttpCase
from tests.fakes import START, line
from tests.integration.orders_common import OrderCase


class TestFreeze(OrderCase):
    """A frozen order can't move, whichever way it is tried (rule 4)."""

    chatter = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.frozen, cls.free = cls.bring(
            cls.order("frozen", [line("a", "var-1", sku="UNKNOWN"), line("b", sku="MUG-1")]),
            cls.order("free", [line("a", sku="MUG-1")]),
        )

    def assertStays(self, attempt, error=UserError):
        state = self.frozen.state
        with self.assertRaises(error), self.env.cr.savepoint():
            attempt()
            self.env.flush_all()
        self.frozen.invalidate_recordset()
        self.assertEqual(self.frozen.state, state)
        self.assertTrue(self.frozen.channel_frozen)
        self.assertFalse(self.frozen.picking_ids)
        self.assertFalse(self.frozen.invoice_ids)

    def test_button_and_message(self):
        with self.assertRaisesRegex(UserError, "UNKNOWN.*must be mapped"):
            self.frozen.action_confirm()
        self.assertStays(self.frozen.action_confirm)
        self.assertStays(self.frozen.action_channel_process)
        self.assertStays((self.frozen + self.free).action_confirm)
        self.assertEqual(self.free.state, "draft")

    def test_write_and_import(self):
        self.assertStays(lambda: self.frozen.write({"state": "sale"}))
        self.assertStays(lambda: self.frozen.write({"state": "done"}))

        def load():
            result = self.env["sale.order"].load([".id", "state"], [[str(self.frozen.id), "Sales Order"]])
            raise UserError(result["messages"][0]["message"])

        self.assertStays(load)

    @mute_logger("odoo.sql_db")
    def test_sql(self):
        def update():
            self.env.cr.execute("UPDATE sale_order SET state = 'sale' WHERE id = %s", [self.frozen.id])

        self.assertStays(update, psycopg2.errors.CheckViolation)

    def test_the_freeze_itself_cant_be_lifted_by_hand(self):
        self.assertStays(lambda: self.frozen.write({"channel_frozen": False}))
        self.assertStays(lambda: self.frozen.with_context(order_channel_internal=True).write({"channel_frozen": False}))
        self.assertStays(lambda: self.frozen.write({"channel_order_id": False}))
        self.assertStays(lambda: self.frozen.write({"order_channel_id": False}))
        self.assertStays(self.frozen.unlink)
        # what a form or an import sends back unchanged is no attempt
        self.frozen.write({"channel_order_id": self.frozen.channel_order_id.id, "channel_frozen": True})
        self.frozen.order_line[0].write({"channel_order_line_id": self.frozen.order_line[0].channel_order_line_id.id})

    def test_lock_copy_and_send(self):
        self.assertStays(self.frozen.action_lock)
        self.assertStays(self.frozen.copy)
        self.assertStays(self.frozen.action_quotation_send)

    def test_lines(self):
        unmapped = self.frozen.order_line[0]
        self.assertStays(lambda: unmapped.write({"product_id": self.mug.id}))
        self.assertStays(unmapped.unlink)
        self.assertStays(lambda: self.frozen.write({"order_line": [Command.delete(unmapped.id)]}))
        self.assertStays(lambda: unmapped.write({"qty_delivered": 1.0}))
        self.assertStays(lambda: self.frozen.order_line.write({"qty_delivered": 1.0}))
        self.assertStays(lambda: unmapped.write({"channel_order_line_id": False}))

    def test_invoices_and_down_payments(self):
        with self.assertRaisesRegex(UserError, "frozen"):
            self.frozen._create_invoices()
        for method, values in (("delivered", {}), ("percentage", {"amount": 10}), ("fixed", {"fixed_amount": 1})):
            wizard = (
                self.env["sale.advance.payment.inv"]
                .with_context(active_ids=self.frozen.ids, active_model="sale.order")
                .create({"advance_payment_method": method, **values})
            )
            self.assertStays(wizard.create_invoices)

        def by_hand():
            self.env["account.move"].create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.frozen.partner_id.id,
                    "invoice_line_ids": [
                        Command.create({"name": "x", "sale_line_ids": [Command.link(self.frozen.order_line[1].id)]})
                    ],
                }
            )

        self.assertStays(by_hand)

    def test_deliveries(self):
        def move():
            warehouse = self.channel.warehouse_id
            self.env["stock.move"].create(
                {
                    "product_id": self.mug.id,
                    "product_uom_qty": 1,
                    "location_id": warehouse.lot_stock_id.id,
                    "location_dest_id": self.env.ref("stock.stock_location_customers").id,
                    "sale_line_id": self.frozen.order_line[1].id,
                }
            )

        self.assertStays(move)
        self.frozen.order_line._action_launch_stock_rule()
        self.assertFalse(self.frozen.picking_ids)

    def test_online_payment(self):
        provider = self.env["payment.provider"].create({"name": "Test", "code": "none", "state": "test"})
        method = self.env["payment.method"].search([], limit=1)

        def pay(order):
            return self.env["payment.transaction"].create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": method.id,
                    "amount": order.amount_total,
                    "currency_id": order.currency_id.id,
                    "partner_id": order.partner_id.id,
                    "reference": f"ref-{order.id}",
                    "sale_order_ids": [Command.set(order.ids)],
                }
            )

        self.assertStays(lambda: pay(self.frozen))
        transaction = pay(self.free)
        transaction.sale_order_ids = self.frozen
        transaction._set_done()
        transaction._check_amount_and_confirm_order()
        self.assertEqual(self.frozen.state, "draft")

    def test_the_placeholder_can_be_used_nowhere_else(self):
        placeholder = self.env.ref("order_channel_mapping.product_placeholder")
        partner = self.env["res.partner"].create({"name": "Somebody"})

        def order():
            self.env["sale.order"].create(
                {"partner_id": partner.id, "order_line": [Command.create({"product_id": placeholder.id})]}
            )

        def invoice():
            self.env["account.move"].create(
                {
                    "move_type": "out_invoice",
                    "partner_id": partner.id,
                    "invoice_line_ids": [Command.create({"product_id": placeholder.id})],
                }
            )

        listing = self.env["order.channel.listing"].search([("external_id", "=", "var-1")])
        self.assertStays(order)
        self.assertStays(invoice)
        self.assertStays(lambda: listing._link(placeholder))
        self.assertStays(lambda: self.free.order_line.write({"product_id": placeholder.id}))

    def test_no_default_brings_the_placeholder_in(self):
        placeholder = self.env.ref("order_channel_mapping.product_placeholder")
        seller = self.new_user("freeze_defaults", "sales_team.group_sale_salesman_all_leads")
        values = {"partner_id": self.free.partner_id.id, "order_line": [Command.create({"name": "x"})]}

        def create(**defaults):
            order = self.env["sale.order"].with_user(seller).with_context(**defaults).create(values)
            order.action_confirm()

        self.assertStays(lambda: create(default_product_id=placeholder.id, default_channel_key="zz"))
        self.env["ir.default"].with_user(seller).set("sale.order.line", "product_id", placeholder.id, user_id=True)
        self.env["ir.default"].with_user(seller).set("sale.order.line", "channel_key", "zz", user_id=True)
        self.assertStays(create)

    def test_no_default_makes_an_order_a_channels(self):
        seller = self.new_user("freeze_claims", "sales_team.group_sale_salesman_all_leads")
        spare = self.channel_order("frozen").copy({"external_id": "spare"})
        defaults = {
            "default_channel_order_id": spare.id,
            "default_channel_to_resolve": True,
            "default_channel_key": "zz",
            "default_channel_order_line_id": self.channel_order("free").line_ids.id,
        }
        order = (
            self.env["sale.order"]
            .with_user(seller)
            .with_context(**defaults)
            .create(
                {"partner_id": self.free.partner_id.id, "order_line": [Command.create({"product_id": self.mug.id})]}
            )
            .sudo()
        )
        self.assertFalse(order.channel_order_id)
        self.assertFalse(order.channel_to_resolve)
        self.assertEqual(
            (order.order_line.channel_key, order.order_line.channel_order_line_id.id, order.order_line.product_id),
            (False, False, self.mug),
        )

    def test_a_channels_line_stays_in_its_order(self):
        other = self.env["sale.order"].create({"partner_id": self.free.partner_id.id})
        unmapped, mapped = self.frozen.order_line
        self.assertStays(lambda: unmapped.write({"order_id": other.id}))
        self.assertStays(lambda: other.write({"order_line": [Command.link(unmapped.id)]}))
        self.assertStays(lambda: mapped.write({"order_id": other.id}))
        self.assertEqual((unmapped + mapped).order_id, self.frozen)
        unmapped.write({"order_id": self.frozen.id})

    def test_a_new_line_is_neither_delivered_nor_invoiced(self):
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.frozen.partner_id.id,
                "invoice_line_ids": [Command.create({"product_id": self.tea.id, "price_unit": 1})],
            }
        )

        def add(**values):
            self.env["sale.order.line"].create({"order_id": self.frozen.id, "product_id": self.tea.id, **values})

        self.assertStays(lambda: add(qty_delivered=1.0))
        self.assertStays(lambda: add(invoice_lines=[Command.set(invoice.invoice_line_ids.ids)]))
        add()

    def test_lines_that_people_add_edit_and_remove_are_on_record(self):
        self.take(
            self.order(
                "by-hand",
                [line("a", sku="MUG-1"), line("b", sku="TEA-1", price="20.00")],
            )
        )
        sale, channel_order = self.sale("by-hand"), self.channel_order("by-hand")
        seller = self.new_user("freeze_seller", "sales_team.group_sale_salesman_all_leads")
        taken = channel_order.event_ids
        tea = sale.order_line[1]
        sale.with_user(seller).write(
            {
                "order_line": [
                    Command.delete(tea.id),
                    Command.create({"product_id": self.mug.id, "name": "Gift", "price_unit": 1.0}),
                ]
            }
        )
        added = sale.order_line[-1]
        added.with_user(seller).price_unit = 2.0
        added.with_user(seller).order_id = self.free
        events = (channel_order.event_ids - taken).sorted("id")
        self.assertEqual(events.user_id, seller)
        events = events.filtered(lambda event: event.code != "blocked")  # the total is another one now
        self.assertEqual(events.mapped("code"), ["line_removed", "line_added", "edited", "line_removed"])
        texts = events.mapped("text")
        self.assertRegex(texts[0], r"Removed by hand: Line b, .*20\.00")
        self.assertRegex(texts[1], r"Added by hand: Gift, .*1\.00")
        self.assertRegex(texts[2], r"Changed by hand: Gift: Unit Price 1 → 2")
        self.assertRegex(texts[3], r"Removed by hand: Gift, .*2\.00")
        self.assertIn("Added by hand: Gift", "".join(self.channel_order("free").event_ids.mapped("text")))

    def test_the_channels_own_changes_are_not_on_record_as_a_persons(self):
        lines = [line("a", sku="MUG-1"), line("b", sku="TEA-1")]
        self.take(self.order("by-hand", lines))
        later = START + timedelta(days=1)
        self.take(self.order("by-hand", [lines[0], line("c", sku="TEA-1", price="7.00")], updated_at=later))
        self.assertIn(7.0, self.sale("by-hand").order_line.mapped("price_unit"))
        self.assertFalse(
            {"line_added", "line_removed", "edited"} & set(self.channel_order("by-hand").event_ids.mapped("code"))
        )

    def test_edits_of_a_discount_are_on_record(self):
        self.take(self.order("by-hand", [line("a", sku="MUG-1", discount="2.00")]))
        sale = self.sale("by-hand")
        by_itself = sale.order_line.filtered(lambda line: line.channel_key and line.product_id != self.mug)
        by_itself.price_unit = -9.0
        edited = self.channel_order("by-hand").event_ids.filtered(lambda event: event.code == "edited")
        self.assertEqual(edited.params["changes"], {"price_unit": [-2.0, -9.0]})

    def test_the_products_of_channel_lines_stay(self):
        for kind in ("placeholder", "shipping", "discount", "fee", "tip", "rounding", "bundle"):
            product = self.env.ref(f"order_channel_mapping.product_{kind}")
            template = product.product_tmpl_id
            attempts = {
                "delete": product.unlink,
                "delete all": template.unlink,
                "archive": product.action_archive,
                "archive all": template.action_archive,
                "company": lambda product=product: product.write({"company_id": self.env.company.id}),
                "type": lambda template=template: template.write({"type": "consu"}),
            }
            for name, attempt in attempts.items():
                with (
                    self.subTest(kind, attempt=name),
                    self.assertRaisesRegex(UserError, "Orders of all channels need"),
                    self.env.cr.savepoint(),
                ):
                    attempt()
            product.write({"name": "Renamed", "active": True, "company_id": False})
        self.tea.action_archive()
        self.assertFalse(self.tea.active)

    def test_without_the_placeholder_other_lines_are_edited_as_before(self):
        self.env["ir.model.data"].search([("name", "=", "product_placeholder")]).unlink()
        self.free.order_line.product_id = self.tea
        order = self.env["sale.order"].create({"partner_id": self.free.partner_id.id})
        ordered = self.env["sale.order.line"].create({"order_id": order.id, "product_id": self.mug.id})
        ordered.product_id = self.tea
        ordered.unlink()
        self.assertEqual(self.free.order_line.product_id, self.tea)

    def test_who_may_not_map_is_told_so(self):
        seller = self.new_user("freeze_mapper", "sales_team.group_sale_salesman_all_leads")
        for action in ("action_channel_confirm_items", "action_channel_link_items"):
            with self.subTest(action), self.assertRaisesRegex(UserError, "You need the right to map items"):
                getattr(self.frozen.with_user(seller), action)()

    def test_cancelling_is_the_one_move_allowed(self):
        self.frozen.action_cancel()
        self.assertEqual(self.frozen.state, "cancel")

    def test_mapping_unfreezes_and_then_it_moves(self):
        self.link("UNKNOWN", self.tea)
        self.frozen.action_channel_process()
        self.assertEqual(self.frozen.state, "sale")
        self.assertTrue(self.frozen.picking_ids)

    def test_unlinking_freezes_a_draft_again(self):
        listing = self.link("UNKNOWN", self.tea)
        listing.action_unlink_product()
        self.assertTrue(self.frozen.channel_frozen)
        self.assertEqual(
            self.frozen.order_line[0].product_id, self.env.ref("order_channel_mapping.product_placeholder")
        )
        self.assertIn("unmapped", self.frozen.channel_order_id.event_ids.mapped("code"))
        self.link("UNKNOWN", self.mug)
        self.assertEqual((self.frozen.order_line[0].product_id, self.frozen.channel_frozen), (self.mug, False))

    def test_unlinking_a_bundle_leaves_one_frozen_line(self):
        listing = self.env["order.channel.listing"].search(
            [("sku", "=", "UNKNOWN"), ("channel_id", "=", self.channel.id)]
        )
        total, number = self.frozen.amount_total, len(self.frozen.order_line)
        listing._link_bundle([(self.tea, 1), (self.mug, 2)])
        self.assertEqual(len(self.frozen.order_line), number + 1)
        listing.action_unlink_product()
        self.assertEqual((len(self.frozen.order_line), self.frozen.channel_frozen), (number, True))
        self.assertAlmostEqual(self.frozen.amount_total, total, 2)

    def test_unlinking_leaves_a_processed_order_alone(self):
        listing = self.link("UNKNOWN", self.tea)
        self.frozen.action_channel_process()
        listing.action_unlink_product()
        self.assertEqual((self.frozen.state, self.frozen.order_line[0].product_id), ("sale", self.tea))


class TestFreezePortal(OrderCase, ChannelHttpCase):
    def test_portal_signature_and_payment(self):
        self.take(self.order("frozen", [line("a", "var-1", sku="UNKNOWN")]))
        frozen = self.sale("frozen")
        frozen.write({"require_signature": True, "require_payment": True})
        token = frozen._portal_ensure_token()
        pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        answer = self.url_open(
            f"/my/orders/{frozen.id}/accept",
            data=json.dumps({"params": {"access_token": token, "name": "Mary", "signature": pixel}}),
            headers={"Content-Type": "application/json"},
        ).json()
        self.assertIn("error", answer["result"])
        frozen.invalidate_recordset()
        self.assertEqual((frozen.state, bool(frozen.signature)), ("draft", False))
        page = self.url_open(f"/my/orders/{frozen.id}?access_token={token}")
        self.assertNotIn("o_sale_portal_paynow", page.text)
