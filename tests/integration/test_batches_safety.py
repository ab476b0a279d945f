"""Mass changes when things go wrong or happen at once: killed between chunks, cancelled, a colleague at the same moment."""

from unittest.mock import patch

import psycopg2.errors

from odoo.exceptions import UserError

from odoo.addons.order_channel_mapping.models import order_channel_batch_work

from tests.integration.batches_common import USER, BatchCase


class TestBatchesSafety(BatchCase):
    # === IN THE BACKGROUND === #

    def test_each_chunk_is_a_transaction_of_its_own(self):
        self.small_chunks()
        batch = self.env["order.channel.batch"]._make("ignore", self.listings)
        committed = []

        def commit(record):
            record.env.flush_all()
            committed.append((record.state, record.seen_count, record.done_count))

        with patch.object(self.registry["order.channel.batch"], "_commit", commit):
            self.env["order.channel.batch"]._cron_work()
        for chunk in (("preparing", 3, 0), ("preparing", 6, 0), ("running", 7, 3), ("running", 7, 6), ("done", 7, 7)):
            self.assertIn(chunk, committed)
        self.assertEqual(batch.state, "done")

    def triggers(self):
        cron = self.env.ref("order_channel_mapping.cron_batches")
        return self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])

    def test_the_background_is_woken_until_all_is_done(self):
        self.small_chunks()
        before = self.triggers()
        batch = self.env["order.channel.batch"]._make("ignore", self.listings)
        self.assertEqual(self.triggers(), before + 1)
        with patch.object(order_channel_batch_work, "PASS_SECONDS", 0):
            self.env["order.channel.batch"]._cron_work()
        self.assertEqual((batch.state, batch.seen_count), ("preparing", 3), "the pass was over")
        self.assertEqual(self.triggers(), before + 2, "the next one does the rest")

    def test_in_the_background_it_is_done_in_the_name_of_whoever_pressed_the_button(self):
        self.small_chunks()
        colleague = self.new_user("batch_colleague", USER, name="Carl Colleague")
        batch = self.batch_of_links(self.listings[:3])
        batch.with_user(colleague).action_apply()
        self.assertEqual((batch.state, batch.user_id), ("running", colleague))
        self.env["order.channel.batch"]._cron_work()
        self.assertEqual(self.listings[:3].mapping_id.user_id, colleague)
        batch.action_undo()
        self.assertEqual((batch.state, batch.undo_user_id), ("undoing", self.clerk))
        self.env["order.channel.batch"]._cron_work()
        self.assertEqual(self.listings[:3].mapping_ids.end_user_id, self.clerk)

    # === TWO PEOPLE AT ONCE === #

    def test_what_somebody_changes_at_the_same_moment_is_left_alone(self):
        batch = self.batch_of_links(self.listings[:2])
        with self.at_the_same_moment(lambda listings: listings[0]._link(self.tea)):
            batch.action_apply()
        self.assertEqual(self.listings[:2].mapped("product_id"), self.tea + self.mug)
        self.assertEqual((batch.done_count, batch.left_count), (1, 1))
        with self.at_the_same_moment(lambda listings: listings._link(self.tea)):
            batch.action_undo()
        self.assertEqual(self.listings[1].product_id, self.tea)
        self.assertEqual((batch.undone_count, batch.left_count), (0, 2))

    # === CANCEL, UNDO === #

    def test_cancelling_waits_for_the_step_under_way(self):
        self.small_chunks()
        batch = self.batch_of_links(self.listings)
        batch.action_apply()
        batch_class = self.registry["order.channel.batch"]
        hold = batch_class._hold

        def hold_after_a_step(record):
            record._work_chunk()
            hold(record)

        with patch.object(batch_class, "_hold", hold_after_a_step):
            batch.action_cancel()
        self.assertEqual((batch.state, batch.done_count), ("done", 3), "what that step did can be undone")

    def test_of_two_who_cancel_the_second_is_told(self):
        batch = self.batch_of_links(self.listings[:2])
        batch_class = self.registry["order.channel.batch"]
        hold = batch_class._hold

        def hold_after_a_colleague(record):
            self.assertEqual(record.state, "ready")
            self.env.cr.execute("UPDATE order_channel_batch SET state = 'cancelled' WHERE id = %s", [record.id])
            hold(record)

        with (
            patch.object(batch_class, "_hold", hold_after_a_colleague),
            self.assertRaisesRegex(UserError, "nothing to cancel"),
        ):
            batch.action_cancel()

    def test_cancelling_looks_again_where_a_step_ended_in_between(self):
        batch = self.batch_of_links(self.listings[:2])
        execute = self.env.cr.execute
        conflicts = [psycopg2.errors.SerializationFailure()]

        def one_conflict(query, *args, **options):
            if conflicts and "NO KEY UPDATE" in str(query):
                raise conflicts.pop()
            return execute(query, *args, **options)

        with patch.object(self.env.cr, "execute", one_conflict):
            batch.action_cancel()
        self.assertEqual((batch.state, conflicts), ("cancelled", []))

    def test_what_is_cancelled_before_anything_is_done_stays_undone(self):
        batch = self.batch_of_links(self.listings[:2])
        batch.action_cancel()
        self.assertEqual((batch.state, batch.pending_count), ("cancelled", 2))
        for action, words in (
            (batch.action_cancel, "nothing to cancel"),
            (batch.action_apply, "nothing to approve"),
            (batch.action_undo, "Only what is done"),
            (batch.action_prepare, "worked out already"),
        ):
            with self.assertRaisesRegex(UserError, words):
                action()
        self.assertEqual(set(self.listings.mapped("state")), {"unconfirmed"})

    def test_what_can_not_be_put_back_is_on_record(self):
        self.listings[:1]._link(self.tea)
        batch = self.batch_of_links(self.listings[:2])
        batch.action_apply()
        self.tea.company_id = self.new_company("Other")
        batch.action_undo()
        self.assertEqual((batch.state, batch.undone_count, batch.left_count), ("undone", 1, 1))
        self.assertIn("belongs to another company", batch.line_ids[0].text)
        self.assertEqual((self.listings[0].product_id, self.listings[1].state), (self.mug, "unconfirmed"))

    def test_undo_leaves_what_was_set_aside_since(self):
        self.listings[:2]._link(self.mug)
        batch = self.env["order.channel.batch"]._make("unlink", self.listings[:2])
        self.listings[0]._ignore()
        batch.action_undo()
        self.assertEqual((batch.undone_count, batch.left_count), (1, 1))
        self.assertEqual(self.listings[:2].mapped("state"), ["ignored", "linked"])

    # === HOUSEKEEPING === #

    def test_what_nobody_will_undo_is_dropped(self):
        old, running, young = (self.batch_of_links(self.listings[:1]).sudo() for __ in range(3))
        running.state = "running"
        drafts = self.env["order.channel.batch"].create([{"kind": "link"}, {"kind": "link"}])
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE order_channel_batch SET create_date = create_date - interval '181 days',"
            " write_date = write_date - interval '2 days' WHERE id = ANY(%s)",
            [[old.id, running.id, drafts[0].id]],
        )
        self.env.invalidate_all()
        self.env["order.channel.batch"]._gc_batches()
        self.assertEqual([len(batch.line_ids) for batch in (old, running, young)], [0, 1, 1])
        self.assertEqual(drafts.exists(), drafts[1], "a draft that somebody left")
        self.assertEqual((old + running).exists(), old + running)
