from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from odoo.exceptions import UserError

from odoo.addons.order_channel_mapping.connectors import records

from tests.common import ChannelCase
from tests.fakes import START, FakeConnector, connected, line, money, order


class OrderCase(ChannelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel = cls.make_channel(auto_link=True, orders_phase="all")
        cls.env["account.tax"].search([("type_tax_use", "=", "sale")]).active = False
        country = cls.env.company.account_fiscal_country_id or cls.env.ref("base.us")
        cls.country_code = country.code
        cls.vat19 = cls.env["account.tax"].create(
            {"name": "19%", "amount": 19, "type_tax_use": "sale", "country_id": country.id}
        )
        cls.mug, cls.tea = cls.env["product.product"].create(
            [
                {"name": "Mug", "default_code": "MUG-1", "is_storable": True, "list_price": 99, "taxes_id": False},
                {"name": "Tea", "default_code": "TEA-1", "is_storable": True, "list_price": 50, "taxes_id": False},
            ]
        )

    def setUp(self):
        super().setUp()
        self.connector = FakeConnector()

    def address(self):
        return records.Address(
            name="Mary Major", street="1 Main St", city="Springfield", zip="12345", country=self.country_code
        )

    def take(self, *orders, failed=0):
        """Have these orders at the channel and fetch."""
        self.connector.orders = list(orders)
        with connected(self.env, self.connector):
            run = self.channel._sync_orders()
        self.assertEqual(run.failed, failed, run.failure_ids.mapped("reason_params"))
        return run

    def order(self, external_id, lines, **values):
        return order(external_id, lines, **{"shipping": self.address(), "billing": self.address(), **values})

    def channel_order(self, external_id):
        return self.env["order.channel.order"].search(
            [("channel_id", "=", self.channel.id), ("external_id", "=", external_id)]
        )

    def sale(self, external_id):
        return self.channel_order(external_id).sale_order_id

    def link(self, sku, product, quantity=1.0):
        listing = self.env["order.channel.listing"].search([("sku", "=", sku), ("channel_id", "=", self.channel.id)])
        listing._link(product, quantity)
        return listing


class TestOrders(OrderCase):
    def test_an_open_order_becomes_a_draft_with_the_channels_amounts(self):
        run = self.take(
            self.order(
                "1",
                [
                    line("a", sku="MUG-1", quantity=3, subtotal="10.00", taxes=[("0.19", "1.90", False)]),
                    line(
                        "s",
                        kind=records.LineKind.SHIPPING,
                        name="Express",
                        price="4.99",
                        taxes=[("0.19", "0.95", False)],
                    ),
                ],
            )
        )
        sale = self.sale("1")
        self.assertEqual((run.fetched, run.created, run.failed), (1, 1, 0))
        self.assertEqual((sale.state, sale.channel_frozen, sale.channel_to_resolve), ("draft", False, False))
        self.assertEqual(sale.client_order_ref, "#1")
        self.assertEqual(sale.date_order, START.replace(tzinfo=None))
        product_line, shipping_line = sale.order_line
        self.assertEqual((product_line.product_id, product_line.product_uom_qty), (self.mug, 3.0))
        self.assertEqual((product_line.price_subtotal, round(product_line.price_tax, 2)), (10.0, 1.9))
        self.assertEqual(shipping_line.product_id, self.env.ref("order_channel_mapping.product_shipping"))
        self.assertAlmostEqual(sale.amount_total, 17.84)
        self.assertEqual(sale.order_line.tax_ids, self.vat19)

    def test_the_channels_tax_cents_win_over_odoos(self):
        """0.19 of 10.01 is 1.90; the channel rounded each piece and says 1.92."""
        self.take(self.order("1", [line("a", sku="MUG-1", price="10.01", taxes=[("0.19", "1.92", False)])]))
        sale = self.sale("1")
        self.assertFalse(sale.channel_to_resolve, sale.channel_blocker_ids.mapped("params"))
        self.assertAlmostEqual(sale.amount_total, 11.93)

    def test_random_orders_match_to_the_cent_and_so_does_their_invoice(self):
        from random import Random

        random = Random(7)
        self.vat19_included = self.env["account.tax"].create(
            {
                "name": "19% incl",
                "amount": 19,
                "type_tax_use": "sale",
                "price_include_override": "tax_included",
                "country_id": self.vat19.country_id.id,
            }
        )
        self.mug.invoice_policy = self.tea.invoice_policy = "order"
        orders = []
        for number in range(40):
            included = number % 2 == 0
            lines = []
            for index in range(random.randint(1, 4)):
                quantity = random.randint(1, 7)
                subtotal = money(random.randint(100, 99999)) / 100
                discount = random.choice([money(0), money(random.randint(1, int(subtotal * 100))) / 100])
                base = subtotal - discount
                rate = money("0.19")
                tax = (base - base / (1 + rate) if included else base * rate).quantize(money("0.01"))
                tax += random.choice([money("-0.01"), money(0), money("0.01")])
                lines.append(
                    line(
                        f"{number}-{index}",
                        sku=random.choice(["MUG-1", "TEA-1"]),
                        quantity=quantity,
                        subtotal=subtotal,
                        discount=discount,
                        taxes=[("0.19", tax, included)],
                    )
                )
            orders.append(self.order(str(number), lines))
        self.take(*orders)
        for incoming in orders:
            sale = self.sale(incoming.external_id)
            self.assertEqual(sale.channel_blocker_ids.mapped("params"), [])
            self.assertAlmostEqual(sale.amount_total, float(incoming.total))
            tax = sum((tax.amount for order_line in incoming.lines for tax in order_line.taxes), Decimal(0))
            self.assertAlmostEqual(sale.amount_tax, float(tax))
            sale.action_channel_process()
            invoice = sale._create_invoices()
            self.assertAlmostEqual(invoice.amount_total, float(incoming.total), msg=incoming.external_id)
            self.assertAlmostEqual(invoice.amount_tax, float(tax), msg=incoming.external_id)

    def test_tax_collected_by_the_marketplace_is_not_the_sellers(self):
        self.take(
            self.order(
                "1",
                [line("a", sku="MUG-1", price="20.00", taxes=[("0.08", "1.60", False, "marketplace")])],
            )
        )
        sale = self.sale("1")
        self.assertFalse(sale.channel_to_resolve)
        self.assertEqual((sale.amount_total, sale.amount_tax), (20.0, 0.0))

    def test_an_unknown_or_ambiguous_tax_is_a_question_and_its_answer_is_remembered(self):
        self.take(self.order("1", [line("a", sku="MUG-1", taxes=[("0.07", "0.70", False)])]))
        sale = self.sale("1")
        self.assertEqual(sale.channel_blocker_ids.mapped("code"), ["tax"])
        self.assertEqual((sale.channel_frozen, sale.channel_to_resolve), (False, True))
        with self.assertRaises(UserError):
            sale.action_confirm()
        seven = self.env["account.tax"].create({"name": "7%", "amount": 7, "type_tax_use": "sale"})
        self.env["order.channel.tax.map"].create(
            {"channel_id": self.channel.id, "name": "VAT 0.07", "rate": 7, "included": False, "tax_id": seven.id}
        )
        self.assertFalse(sale.channel_to_resolve)
        self.assertAlmostEqual(sale.amount_total, 10.70)
        self.assertEqual(sale.order_line.tax_ids, seven)

    def test_discounts_are_lines_of_their_own_per_set_of_taxes(self):
        self.take(
            self.order(
                "1",
                [
                    line("a", sku="MUG-1", price="20.00", discount="5.00", taxes=[("0.19", "2.85", False)]),
                    line("b", sku="TEA-1", price="10.00", discount="1.00"),
                ],
            )
        )
        sale = self.sale("1")
        discounts = sale.order_line.filtered(lambda sale_line: sale_line.channel_key.startswith("discount"))
        self.assertEqual(len(sale.order_line), 4, sale.order_line.mapped("channel_key"))
        self.assertEqual(sorted(discounts.mapped("price_subtotal")), [-5.0, -1.0])
        self.assertFalse(sale.channel_to_resolve, sale.channel_blocker_ids.mapped("params"))
        self.assertAlmostEqual(sale.amount_total, 26.85)

    def test_an_unmapped_line_freezes_the_order_and_mapping_it_unfreezes(self):
        self.take(
            self.order(
                "1",
                [
                    line("a", "var-1", sku="UNKNOWN", quantity=2, price="19.99", taxes=[("0.19", "7.60", False)]),
                    line("b", name="Engraving", price="3.00"),
                ],
            )
        )
        sale = self.sale("1")
        self.assertTrue(sale.channel_frozen)
        placeholder = self.env.ref("order_channel_mapping.product_placeholder")
        self.assertEqual(sale.order_line.product_id, placeholder)
        self.assertEqual(sale.order_line[0].name, "Line a")
        custom = self.env["order.channel.listing"].search([("external_id", "=", "line:engraving")])
        self.assertEqual((custom.kind, custom.waiting_order_count), ("custom", 1))
        self.link("UNKNOWN", self.mug, 6.0)
        self.assertTrue(sale.channel_frozen, "the custom line still waits")
        custom._link(self.tea)
        self.assertFalse(sale.channel_frozen)
        pack, engraving = sale.order_line
        self.assertEqual((pack.product_id, pack.product_uom_qty, pack.price_subtotal), (self.mug, 12.0, 39.98))
        self.assertEqual(engraving.product_id, self.tea)
        self.assertAlmostEqual(sale.amount_total, 50.58)
        self.assertEqual(
            self.channel_order("1").event_ids.sorted("id").mapped("code"),
            ["imported", "blocked", "blocked", "mapped", "resolved", "mapped", "resolved", "unfrozen"],
        )

    def test_a_pack_is_sold_in_its_packaging_unit(self):
        six = self.env["uom.uom"].create(
            {"name": "Pack of 6", "relative_factor": 6, "relative_uom_id": self.mug.uom_id.id}
        )
        self.mug.uom_ids = six
        self.take(self.order("1", [line("a", "var-1", sku="SIXPACK", quantity=2, price="30.00")]))
        self.link("SIXPACK", self.mug, 6.0)
        sale_line = self.sale("1").order_line
        self.assertEqual((sale_line.product_uom_id, sale_line.product_uom_qty), (six, 2.0))
        self.assertEqual(sale_line.price_subtotal, 60.0)

    def test_a_bundle_is_one_line_per_component_split_by_list_price(self):
        self.take(self.order("1", [line("a", "var-1", sku="SET", price="10.00", taxes=[("0.19", "1.90", False)])]))
        listing = self.env["order.channel.listing"].search([("sku", "=", "SET")])
        listing._link_bundle([(self.mug, 1.0), (self.tea, 2.0)])
        sale = self.sale("1")
        self.assertEqual(sale.order_line.product_id, self.mug + self.tea)
        self.assertEqual(sale.order_line.mapped("product_uom_qty"), [1.0, 2.0])
        self.assertEqual(sale.order_line.mapped("price_subtotal"), [4.97, 5.03])  # 99 : 100
        self.assertAlmostEqual(sale.amount_total, 11.90)
        self.assertFalse(sale.channel_to_resolve)

    def test_an_unchanged_revision_writes_nothing(self):
        incoming = self.order("1", [line("a", sku="MUG-1")])
        self.take(incoming)
        for table in ("order_channel_order", "sale_order", "sale_order_line", "res_partner"):
            self.env.cr.execute(f"UPDATE {table} SET write_date = '2026-01-01'")
        self.env.invalidate_all()
        run = self.take(incoming)
        self.assertEqual((run.unchanged, run.created, run.updated), (1, 0, 0))
        for table in ("order_channel_order", "sale_order", "sale_order_line", "res_partner"):
            self.env.cr.execute(f"SELECT count(*) FROM {table} WHERE write_date != '2026-01-01'")
            self.assertEqual(self.env.cr.fetchone()[0], 0, table)

    def test_a_revision_of_a_draft_is_taken_over(self):
        self.take(self.order("1", [line("a", sku="MUG-1", quantity=1), line("b", sku="TEA-1")]))
        sale = self.sale("1")
        self.take(self.order("1", [line("a", sku="MUG-1", quantity=3), line("c", sku="TEA-1", price="7.00")]))
        self.assertEqual(self.sale("1"), sale)
        self.assertEqual(sale.amount_total, 37.0)
        self.assertEqual(sale.order_line.mapped("product_uom_qty"), [3.0, 1.0])

    def test_queries_of_revisions_do_not_grow_with_a_statement_each(self):
        counts = []
        for name, number in (("warm", 5), ("few", 5), ("many", 25)):
            refs = [f"{name}-{index}" for index in range(number)]
            self.take(*(self.order(ref, [line("a", sku="MUG-1")]) for ref in refs))
            revised = [self.order(ref, [line("a", sku="MUG-1"), line("b", sku="TEA-1")], note="x") for ref in refs]
            before = self.env.cr.sql_log_count
            with patch.object(self.env.registry["order.channel.order"], "_project", lambda *args, **kwargs: None):
                self.take(*revised)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLess(counts[2] - counts[1], 20, counts)  # less than one for each of the 20 more orders

    def test_a_revision_of_a_processed_order_changes_nothing_until_a_person_says_so(self):
        self.take(self.order("1", [line("a", sku="MUG-1", quantity=1)]))
        sale = self.sale("1")
        sale.action_channel_process()
        self.take(self.order("1", [line("a", sku="MUG-1", quantity=3)]))
        self.assertEqual((sale.amount_total, sale.order_line.product_uom_qty), (10.0, 1.0))
        blocker = sale.channel_blocker_ids
        self.assertEqual((blocker.code, blocker.params["changes"]), ("changed", ["lines_changed", "total"]))

    def test_processing_keeps_the_channels_date(self):
        self.take(self.order("1", [line("a", sku="MUG-1")]))
        sale = self.sale("1")
        sale.action_channel_process()
        self.assertEqual((sale.state, sale.date_order), ("sale", START.replace(tzinfo=None)))
        self.assertTrue(sale.picking_ids)

    def test_automatic_processing_is_a_switch_of_a_live_channel(self):
        self.channel.sudo().auto_process = True
        run = self.take(
            self.order("1", [line("a", sku="MUG-1")]),
            self.order("2", [line("a", sku="NOT-MAPPED")]),
            self.order("3", [line("a", sku="MUG-1")], payment_status=records.PaymentStatus.PENDING),
        )
        self.assertEqual([self.sale(ref).state for ref in "123"], ["sale", "draft", "draft"])
        self.assertEqual(run.processed, 1)

    def test_an_order_that_cant_be_processed_is_on_record_and_holds_up_no_other(self):
        self.channel.sudo().auto_process = True
        confirm = type(self.env["sale.order"])._action_confirm

        def refuse(orders):
            if "#1" in orders.mapped("client_order_ref"):
                raise UserError("The warehouse is closed.")
            return confirm(orders)

        first, second = self.order("1", [line("a", sku="MUG-1")]), self.order("2", [line("a", sku="MUG-1")])
        with patch.object(self.env.registry["sale.order"], "_action_confirm", refuse):
            self.take(first, second)
            failure = self.env["order.channel.failure"].search([("channel_id", "=", self.channel.id)])
            self.assertEqual((self.sale("1").state, self.sale("2").state), ("draft", "sale"))
            self.assertEqual((failure.kind, failure.external_ref, failure.attempts), ("process", "1", 1))
            self.assertEqual(failure.reason_params, {"message": "The warehouse is closed."})
            self.take(first, second)
            self.assertEqual(failure.attempts, 1, "it waits for its time")
            failure.action_retry()
            self.take(first, second)
            self.assertEqual(failure.attempts, 2)
        failure.action_retry()
        self.take(first, second)
        self.assertEqual((self.sale("1").state, failure.state), ("sale", "solved"))

    def test_cancelled_at_the_channel(self):
        self.take(self.order("1", [line("a", sku="MUG-1")]), self.order("2", [line("a", sku="MUG-1")]))
        self.sale("2").action_channel_process()
        cancelled = {"status": records.OrderStatus.CANCELLED}
        self.take(
            self.order("1", [line("a", sku="MUG-1")], **cancelled),
            self.order("2", [line("a", sku="MUG-1")], **cancelled),
        )
        self.assertEqual(self.sale("1").state, "cancel")
        self.assertEqual(self.sale("2").state, "sale")
        self.assertIn("cancelled", self.sale("2").channel_blocker_ids.params["changes"])
        self.assertTrue(self.sale("2").channel_to_resolve, "a person must see it before the parcel leaves")
        with self.assertRaisesRegex(UserError, "has cancelled"):
            self.sale("1").action_draft()

    def test_shipped_at_the_channel_meanwhile_is_not_shipped_again(self):
        self.take(self.order("1", [line("a", sku="MUG-1")]))
        self.channel.sudo().auto_process = True
        self.take(
            self.order(
                "1",
                [line("a", sku="MUG-1")],
                status=records.OrderStatus.COMPLETED,
                fulfillment_status=records.FulfillmentStatus.FULFILLED,
            )
        )
        self.assertEqual(self.sale("1").channel_blocker_ids.mapped("code"), ["shipped"])
        self.assertEqual((self.sale("1").state, self.sale("1").channel_to_resolve), ("draft", True))

    def test_a_new_address_reaches_the_draft(self):
        lines = [line("a", sku="MUG-1")]
        self.take(self.order("1", lines))
        elsewhere = replace(self.address(), street="99 New Rd")
        ship_by = START + timedelta(days=3)
        self.take(self.order("1", lines, shipping=elsewhere, ship_by=ship_by))
        self.assertEqual(self.sale("1").partner_shipping_id.street, "99 New Rd")
        self.assertEqual(self.sale("1").commitment_date, ship_by.replace(tzinfo=None))

    def test_an_edit_stays_while_the_channel_changes_something_else(self):
        self.take(self.order("1", [line("a", sku="MUG-1"), line("b", sku="TEA-1")]))
        sale = self.sale("1")
        sale.order_line[0].price_unit = 8.0
        self.take(
            self.order("1", [line("a", sku="MUG-1"), line("b", sku="TEA-1", price="7.00")], note="Ring twice, please")
        )
        self.assertEqual(sale.order_line.mapped("price_unit"), [8.0, 7.0])

    def test_linked_while_its_order_came_in_is_noticed_by_the_next_sync(self):
        self.take(self.order("1", [line("a", "var-1", sku="UNKNOWN")]))
        sale = self.sale("1")
        with patch.object(self.env.registry["order.channel.order.line"], "_apply_mapping", lambda lines: None):
            self.link("UNKNOWN", self.mug)  # as if the order's line could not be seen yet
        self.assertTrue(sale.channel_frozen)
        self.take()
        self.assertFalse(sale.channel_frozen)
        self.assertEqual(sale.order_line.product_id, self.mug)

    def test_set_back_to_quotation_looks_again(self):
        self.take(self.order("1", [line("a", "var-1", sku="UNKNOWN")]))
        sale = self.sale("1")
        sale.action_cancel()
        listing = self.env["order.channel.listing"].search([("external_id", "=", "var-1")])
        self.assertEqual((sale.channel_frozen, listing.waiting_order_count), (False, 0))
        sale.action_draft()
        listing.invalidate_recordset(["waiting_order_count"])
        self.assertEqual((sale.channel_frozen, listing.waiting_order_count), (True, 1))
        sale.action_cancel()
        listing._link(self.mug)
        sale.action_draft()
        self.assertEqual((sale.channel_frozen, sale.order_line.product_id), (False, self.mug))

    def test_a_store_that_was_archived_and_connected_again_brings_no_order_twice(self):
        incoming = self.order("1", [line("a", sku="MUG-1")])
        self.take(incoming)
        first = self.sale("1")
        first.action_channel_process()
        self.channel.active = False
        account_ref = self.channel.account_ref
        self.channel = self.make_channel(auto_link=True, orders_phase="all", account_ref=account_ref)
        self.take(incoming)
        self.assertEqual(self.sale("1").channel_blocker_ids.mapped("code"), ["duplicate"])
        self.assertEqual(self.sale("1").channel_blocker_ids.params["order"], first.name)

    def test_a_pass_whose_time_is_up_leaves_orders_to_the_next(self):
        self.channel.sudo().auto_process = True
        self.take(*(self.order(str(number), [line("a", "new", sku="LATER")]) for number in range(25)))
        self.link("LATER", self.mug)
        with connected(self.env, self.connector):
            self.assertEqual(self.channel._process_ready(deadline=-1), 10)
            self.assertEqual(self.channel._process_ready(), 15)

    def test_linking_an_item_costs_the_same_for_much_history(self):
        closed = {
            "status": records.OrderStatus.COMPLETED,
            "fulfillment_status": records.FulfillmentStatus.FULFILLED,
        }
        counts = []
        for name, number in (("few", 5), ("many", 100)):
            self.take(
                *(
                    self.order(f"{name}-{index}", [line("a", name, sku=f"SKU-{name}")], **closed)
                    for index in range(number)
                )
            )
            listing = self.env["order.channel.listing"].search([("external_id", "=", name)])
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            listing._link(self.mug)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLess(abs(counts[0] - counts[1]), 10, counts)

    def test_history_is_kept_but_makes_no_sales_order(self):
        run = self.take(
            self.order(
                "1",
                [line("a", sku="MUG-1")],
                status=records.OrderStatus.COMPLETED,
                fulfillment_status=records.FulfillmentStatus.FULFILLED,
            )
        )
        self.assertEqual(run.created, 1)
        self.assertTrue(self.channel_order("1"))
        self.assertFalse(self.sale("1"))

    def test_test_orders_and_orders_before_the_start_are_skipped_by_rule(self):
        run = self.take(
            self.order("1", [line("a")], test=True),
            self.order("2", [line("a")], placed_at=START - timedelta(days=700)),
        )
        self.assertEqual((run.fetched, run.skipped, run.created), (2, 2, 0))
        self.assertEqual(run.skips, {"test": 1, "before_start": 1})

    def test_open_orders_first_then_history_then_the_watermark(self):
        self.channel.sudo().orders_phase = "open"
        self.take(self.order("1", [line("a", sku="MUG-1")]))
        self.assertEqual([fetch[2] for fetch in self.connector.fetches], [True, False])
        self.connector.fetches.clear()
        self.take(self.order("1", [line("a", sku="MUG-1")]))
        ((__, since, only_open),) = self.connector.fetches
        self.assertFalse(only_open)
        self.assertLess(since, START + timedelta(minutes=1))
        self.assertGreater(since, START - timedelta(minutes=5), "the watermark is the channel's clock, less an overlap")

    def test_one_bad_order_is_isolated_and_a_retry_cures_it(self):
        good = [self.order(str(number), [line("a", sku="MUG-1")]) for number in range(9)]
        bad = self.order("bad", [line("a", sku="MUG-1", fulfilled_by="nobody")])
        run = self.take(*good[:4], bad, *good[4:], failed=1)
        self.assertEqual((run.created, run.failed, run.state), (9, 1, "partial"))
        failure = self.env["order.channel.failure"].search([("channel_id", "=", self.channel.id)])
        self.assertEqual((failure.external_ref, failure.kind), ("bad", "order"))
        cured = self.order("bad", [line("a", sku="MUG-1")])
        failure.action_retry()
        self.connector.errors = []
        self.connector.orders = []  # nothing newer than the watermark: only the retry asks for it
        with connected(self.env, self.connector):
            self.connector.orders = [cured]
            self.connector.iter_orders = lambda **kwargs: iter(())
            self.channel._sync_orders()
        self.assertEqual(failure.state, "solved")
        self.assertEqual(self.sale("bad").amount_total, 10.0)

    def test_amounts_survive_update_prices_and_a_fiscal_position(self):
        self.take(self.order("1", [line("a", sku="MUG-1", price="5.00", taxes=[("0.19", "0.95", False)])]))
        sale = self.sale("1")
        sale._recompute_prices()
        sale.fiscal_position_id = self.env["account.fiscal.position"].create({"name": "Abroad"})
        sale.action_update_taxes()
        sale.order_line.product_uom_qty = 1.0
        self.assertAlmostEqual(sale.amount_total, 5.95)

    def test_what_a_person_edits_is_on_record(self):
        self.take(self.order("1", [line("a", sku="MUG-1")]))
        self.sale("1").order_line.price_unit = 8.0
        event = self.channel_order("1").event_ids.sorted("id")[-1]
        self.assertEqual((event.code, event.params["changes"]), ("edited", {"price_unit": [10.0, 8.0]}))

    def test_a_total_that_does_not_add_up_is_to_resolve_and_taken_apart(self):
        self.take(self.order("1", [line("a", sku="MUG-1")], total=money("12.00")))
        blocker = self.sale("1").channel_blocker_ids
        self.assertEqual(blocker.code, "total")
        self.assertEqual((blocker.params["expected"], blocker.params["odoo"]), ("12.00", "10.00"))
        blocker.action_overrule()
        self.assertFalse(self.sale("1").channel_to_resolve)

    def test_a_foreign_currency_order_stays_in_its_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.take(self.order("1", [line("a", sku="MUG-1", taxes=[("0.19", "1.91", False)])], currency="EUR"))
        sale = self.sale("1")
        self.assertEqual((sale.currency_id, sale.amount_total), (euro, 11.91))
        self.assertFalse(sale.channel_to_resolve, sale.channel_blocker_ids.mapped("params"))
