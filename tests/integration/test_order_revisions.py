"""What a channel changes on an order that Odoo knows already."""

from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import UserError

from odoo.addons.order_channel_mapping.connectors import records

from tests.fakes import START, line
from tests.integration.orders_common import OrderCase


class TestOrderRevisions(OrderCase):
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
