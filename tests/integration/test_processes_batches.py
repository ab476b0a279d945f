"""A person stops a mass change while the background works on it, with real transactions."""

from __future__ import annotations

from itertools import islice

from tests.integration.process_common import ProcessCase
from tests.integration.worker_batches import CHUNK, LISTINGS

DONE = (
    "SELECT batch.state, count(*) FROM order_channel_batch batch JOIN order_channel_batch_line line ON"
    " line.batch_id = batch.id AND line.state = 'done' GROUP BY 1"
)
IGNORED = "SELECT count(*) FROM order_channel_listing WHERE state = 'ignored'"


class TestBatches(ProcessCase):
    module = "worker_batches"

    def test_cancel_gets_in_between_two_steps(self):
        self.fresh_database()
        background = self.start_worker("run", pause=0.25)
        reached = list(islice(background.points(), 3))
        self.assertEqual(len(reached), 3)
        self.check_worker(self.start_worker("cancel"))
        self.check_worker(background)
        [(state, done)] = self.rows(DONE)
        self.assertEqual(state, "done")
        self.assertGreaterEqual(done, 2 * CHUNK)
        self.assertLess(done, LISTINGS // 2, "it stopped soon after Cancel was pressed")
        self.assertEqual(self.rows(IGNORED), [(done,)])
