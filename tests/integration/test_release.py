"""A link that lets many orders go on is made at once; the orders follow in the background, with progress."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.order_channel_mapping.models import order_channel_batch_release

from tests.fakes import line
from tests.integration.orders_common import OrderCase

USER = "order_channel_mapping.group_channel_user"


class TestRelease(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls.new_user("release_clerk", USER)
        cls.first, cls.second = cls.env["order.channel.listing"].create(
            [
                {
                    "channel_id": cls.channel.id,
                    "company_id": cls.channel.company_id.id,
                    "external_id": sku,
                    "sku": sku,
                    "sku_key": sku.lower(),
                    "name": f"Item {sku}",
                }
                for sku in ("A", "B")
            ]
        )

    def setUp(self):
        super().setUp()
        self.in_one_transaction()
        self.startPatcher(patch.object(order_channel_batch_release, "RELEASE_AT_ONCE", 2))
        self.startPatcher(patch.object(order_channel_batch_release, "RELEASE_CHUNK", 2))
        wizard = "odoo.addons.order_channel_mapping.wizards.order_channel_link.RELEASE_AT_ONCE"
        self.startPatcher(patch(wizard, 2))
        self.take(
            *(self.order(str(number), [line("a", "A")]) for number in range(1, 5)),
            self.order("5", [line("a", "A"), line("b", "A"), line("c", "B")]),
        )

    def link(self):
        action = self.first.with_user(self.clerk).action_open_link()
        form = Form(self.env[action["res_model"]].with_user(self.clerk).with_context(**action["context"]))
        form.product_id = self.mug
        return form.save().action_link()

    def frozen(self):
        return [self.sale(str(number)).channel_frozen for number in range(1, 6)]

    def test_many_orders_go_on_in_the_background(self):
        action = self.link()
        self.assertEqual(self.first.product_id, self.mug, "the link itself is there")
        self.assertEqual(self.frozen(), [True] * 5)
        batch = self.env["order.channel.batch"].browse(action["res_id"])
        self.assertEqual(
            (batch.kind, batch.state, batch.order_count, batch.user_id), ("release", "running", 5, self.clerk)
        )
        seen = []
        work = type(batch)._work_chunk

        def watch(record):
            work(record)
            seen.append((record.released_count, round(record.progress)))

        with patch.object(self.registry["order.channel.batch"], "_work_chunk", watch):
            self.env["order.channel.batch"]._cron_work()
        self.assertEqual(seen, [(2, 40), (4, 80), (5, 100), (5, 100)])
        self.assertEqual((batch.state, batch.failed_count), ("done", 0))
        self.assertEqual(self.frozen(), [False] * 4 + [True], "the last one has another item")
        order = self.sale("5")
        self.assertEqual(order.order_line.product_id[:1], self.mug)
        self.assertAlmostEqual(order.amount_total, order.channel_order_id.amount_total, 2)

    def test_few_orders_go_on_at_once(self):
        self.second._link(self.tea)
        self.assertFalse(self.env["order.channel.batch"].search([("kind", "=", "release")]))
        self.assertFalse(
            self.channel_order("5").line_ids.filtered(lambda sold: sold.sku == "B" and not sold.mapping_id)
        )

    def test_an_order_goes_on_as_a_whole(self):
        batch = self.env["order.channel.batch"].browse(self.link()["res_id"])
        with patch.object(order_channel_batch_release, "RELEASE_CHUNK", 1):
            batch._work_now()
        mapped = self.channel_order("5").line_ids.filtered("mapping_id")
        self.assertEqual(mapped.mapped("external_id"), ["a", "b"])

    def test_each_change_lets_the_orders_of_its_own_items_go_on(self):
        first = self.env["order.channel.batch"].browse(self.link()["res_id"])
        with patch.object(order_channel_batch_release, "RELEASE_AT_ONCE", 0):
            self.second._link(self.tea)
        second = self.env["order.channel.batch"]._releasing(self.channel) - first
        self.assertEqual(second.order_count, 1)
        with patch.object(order_channel_batch_release, "RELEASE_CHUNK", 50):
            first._work_now()
        mapped = self.channel_order("5").line_ids.filtered("mapping_id")
        self.assertEqual(mapped.mapped("external_id"), ["a", "b"])
        second._work_now()
        self.assertEqual((second.state, second.released_count, self.frozen()), ("done", 1, [False] * 5))

    def test_a_link_that_is_taken_back_meanwhile_lets_nothing_go_on(self):
        batch = self.env["order.channel.batch"].browse(self.link()["res_id"])
        batch._work_chunk()
        self.assertEqual(self.frozen().count(False), 2)
        self.first._unlink_product()
        self.env["order.channel.batch"]._cron_work()
        self.assertEqual((batch.state, self.frozen()), ("done", [True] * 5))

    def test_a_sync_leaves_the_orders_to_the_batch_and_finds_them_if_it_died(self):
        batch = self.env["order.channel.batch"].browse(self.link()["res_id"])
        self.channel._map_waiting_lines()
        self.assertEqual(self.frozen(), [True] * 5)
        self.assertEqual(self.env["order.channel.batch"].search_count([("kind", "=", "release")]), 1)
        batch._end("failed", "internal", {})
        self.channel._map_waiting_lines()
        self.env["order.channel.batch"]._cron_work()
        self.assertEqual(self.frozen(), [False] * 4 + [True])

    def test_an_order_that_fails_is_on_record_and_holds_up_nothing(self):
        batch = self.env["order.channel.batch"].browse(self.link()["res_id"])
        project = type(self.env["order.channel.order"])._project
        bad = self.channel_order("2")

        def broken(orders, *args, **kwargs):
            if bad in orders:
                raise UserError("no")
            return project(orders, *args, **kwargs)

        with patch.object(self.registry["order.channel.order"], "_project", broken):
            self.env["order.channel.batch"]._cron_work()
        self.assertEqual((batch.state, batch.failed_count, batch.released_count), ("done", 1, 4))
        self.assertIn("#2: no", batch.line_ids.text)
        self.assertEqual(self.frozen(), [False, True, False, False, True])

    def test_a_sync_goes_on_past_an_order_that_fails(self):
        batch = self.env["order.channel.batch"].browse(self.link()["res_id"])
        batch._end("failed", "internal", {})
        project = type(self.env["order.channel.order"])._project
        bad = self.channel_order("2")

        def broken(orders, *args, **kwargs):
            if bad in orders:
                raise UserError("no")
            return project(orders, *args, **kwargs)

        self.patch(order_channel_batch_release, "RELEASE_AT_ONCE", 50)
        with patch.object(self.registry["order.channel.order"], "_project", broken):
            self.channel._map_waiting_lines()
        self.assertEqual(self.frozen(), [False, True, False, False, True])
        failure = self.env["order.channel.failure"].search([("channel_id", "=", self.channel.id)])
        self.assertEqual((failure.kind, failure.external_ref, failure.reason_params), ("order", "2", {"message": "no"}))
        self.channel._map_waiting_lines()
        self.assertEqual(self.frozen(), [False] * 4 + [True])

    def test_cancelling_says_what_to_do_instead(self):
        batch = self.env["order.channel.batch"].browse(self.link()["res_id"]).with_user(self.clerk)
        with self.assertRaisesRegex(UserError, "Unlink the item to stop them"):
            batch.action_cancel()
        self.assertEqual(batch.state, "running")

    def test_undo_of_a_relink_is_complete_at_once(self):
        """Drafts that show the wrong product must not be processed meanwhile."""
        self.first._link(self.tea)
        self.env["order.channel.batch"]._cron_work()
        before = self.first.mapping_id
        self.first._link_batch([(self.first, [(self.mug.id, 1.0)], "manual")], release=True)
        self.assertTrue(before.ended_at)
        self.assertEqual(self.sale("1").order_line.product_id, self.mug)
        self.assertEqual(self.frozen(), [False] * 4 + [True])
