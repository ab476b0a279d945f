"""What upgrades of a database in use bring in line."""

from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from odoo import fields

from odoo.addons.order_channel_mapping.connectors import records

from tests.fakes import line
from tests.integration.orders_common import OrderCase

ADDON = Path(import_module("odoo.addons.order_channel_mapping").__file__).parent


def migrate(cr, name):
    """Run a script of ``migrations/``, named by its version and file."""
    spec = spec_from_file_location("migration", ADDON / "migrations" / f"{name}.py")
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    script.migrate(cr, "19.0.1.0.0")


class TestMigrations(OrderCase):
    def test_orders_that_were_cancelled_while_frozen_are_frozen_again(self):
        frozen, free = self.bring(
            self.order("frozen", [line("a", "var-1", sku="UNKNOWN")]), self.order("free", [line("a", sku="MUG-1")])
        )
        (frozen + free)._action_cancel()
        self.env.flush_all()
        self.env.cr.execute("UPDATE sale_order SET channel_frozen = FALSE WHERE id = %s", [frozen.id])
        migrate(self.env.cr, "19.0.1.1.0/post-frozen_cancelled")
        self.env.invalidate_all()
        self.assertEqual((frozen.channel_frozen, free.channel_frozen), (True, False))

    def test_barcodes_of_one_article_are_compared_in_one_length(self):
        self.mug.barcode, self.tea.barcode = "012345678905", "ABC-1"
        self.bring(self.order("1", [line("a", "var-1", sku="MUG-1")]))
        listing = self.channel_order("1").line_ids.listing_id
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE product_product SET order_channel_barcode_key = barcode WHERE id = %s", [self.mug.id]
        )
        self.env.cr.execute(
            "UPDATE order_channel_listing SET barcode_key = '04006381333931' WHERE id = %s", [listing.id]
        )
        for _again in range(2):
            migrate(self.env.cr, "19.0.1.2.0/post-barcode_forms")
            self.env.invalidate_all()
            self.assertEqual(self.mug.order_channel_barcode_key, "0012345678905")
            self.assertEqual(self.tea.order_channel_barcode_key, "abc-1")
            self.assertEqual(listing.barcode_key, "4006381333931")

    def test_answers_for_taxes_without_a_rate_stay_answers(self):
        values = {"channel_id": self.channel.id, "tax_id": self.vat19.id, "included": False}
        answers = self.env["order.channel.tax.map"].create(
            [{**values, "name": "AvaTax", "rate": 0}, {**values, "name": "VAT", "rate": 19}]
        )
        self.env.flush_all()
        migrate(self.env.cr, "19.0.1.2.0/post-tax_rates")
        self.env.invalidate_all()
        self.assertEqual(answers.mapped("rate_unknown"), [True, False])

    def test_what_was_overruled_before_the_methods_were_named_stays_so(self):
        values = {"payment_status": records.PaymentStatus.PENDING}
        lines = [line("a", sku="MUG-1")]
        sales = self.bring(
            self.order("1", lines, payment_methods=("bacs", "card"), **values), self.order("2", lines, **values)
        )
        blockers = sales[0].channel_blocker_ids + sales[1].channel_blocker_ids
        blockers.action_overrule("A friend")
        known = blockers.mapped("params")
        for blocker in blockers:
            blocker.params = {"status": "pending"}
        self.env.flush_all()
        migrate(self.env.cr, "19.0.1.2.0/post-payment_methods")
        self.env.invalidate_all()
        self.assertEqual(blockers.mapped("params"), known)
        blockers.order_id._recheck()
        self.assertTrue(all(blockers.mapped("overruled_by_id")))

    def test_what_people_changed_before_the_upgrade_stays(self):
        lines = [line("a", sku="MUG-1", discount="1.00"), line("b", sku="TEA-1")]
        (sale,) = self.bring(self.order("1", lines, note="Ring"))
        mug = sale.order_line.filtered(lambda sale_line: sale_line.product_id == self.mug)
        mug.product_uom_qty = 4.0
        sale.order_line.filtered(lambda sale_line: sale_line.product_id == self.tea).unlink()
        order = self.channel_order("1")
        order.blocker_ids.action_keep_change()
        sale.date_order = fields.Datetime.now()
        sale.action_channel_process()
        self.env.flush_all()
        self.env.cr.execute("UPDATE sale_order SET channel_written = NULL")
        self.env.cr.execute("UPDATE sale_order_line SET channel_written = NULL")
        order.removed_lines = dict.fromkeys(order.removed_lines, "digest of before")
        self.env.flush_all()
        self.env.invalidate_all()
        migrate(self.env.cr, "19.0.1.2.0/post-what_was_written")
        self.env.invalidate_all()
        sale._action_cancel()
        sale.action_draft()  # looks again
        self.assertEqual((mug.product_uom_qty, self.tea in sale.order_line.product_id), (4.0, False))
        self.take(self.order("1", [line("a", sku="MUG-1", quantity=2), lines[1]], note="Ring"))
        self.assertEqual((mug.product_uom_qty, self.tea in sale.order_line.product_id), (2.0, False))
