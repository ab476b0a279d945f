"""Whole processes: killed with ``kill -9`` at several points, and two at once, on a database of their own with real commits."""

from __future__ import annotations

from tests.integration.process_common import ProcessCase

#: what is left in the database, without ids and times
STATE = {
    "listings": """
        SELECT l.external_id, l.sku, l.state, l.gone, p.default_code, count(m.id)
          FROM order_channel_listing l LEFT JOIN product_product p ON p.id = l.product_id
          LEFT JOIN order_channel_mapping m ON m.listing_id = l.id
         GROUP BY 1, 2, 3, 4, 5 ORDER BY 1""",
    "orders": """
        SELECT o.external_id, s.state, s.amount_total, s.channel_frozen, partner.name, count(DISTINCT line.id),
               count(DISTINCT sol.id), count(DISTINCT blocker.id), count(DISTINCT event.id)
          FROM order_channel_order o
          LEFT JOIN sale_order s ON s.channel_order_id = o.id
          LEFT JOIN res_partner partner ON partner.id = s.partner_id
          LEFT JOIN order_channel_order_line line ON line.order_id = o.id
          LEFT JOIN sale_order_line sol ON sol.order_id = s.id
          LEFT JOIN order_channel_blocker blocker ON blocker.order_id = o.id
          LEFT JOIN order_channel_event event ON event.order_id = o.id
         GROUP BY 1, 2, 3, 4, 5 ORDER BY 1""",
    "buyers": "SELECT email, count(*) FROM res_partner WHERE email LIKE '%@example.com' GROUP BY 1 ORDER BY 1",
    "failures": "SELECT kind, external_ref, state FROM order_channel_failure ORDER BY 1, 2",
    "runs": "SELECT kind, state FROM order_channel_run WHERE state != 'done'",
    "cursors": "SELECT items_cursor, orders_cursor, orders_phase FROM order_channel",
}


class TestProcesses(ProcessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fresh_database()
        cls.run_worker("items")
        cls.run_worker("orders")
        cls.undisturbed = cls.state()

    @classmethod
    def state(cls):
        return {name: cls.rows(query) for name, query in STATE.items()}

    def setUp(self):
        super().setUp()
        self.fresh_database()

    def test_killed_at_any_point_and_started_again_ends_the_same(self):
        self.assertEqual(len(self.undisturbed["orders"]), 30)
        self.assertEqual(self.undisturbed["runs"], [])
        points = {self.kill_worker("items", number) for number in (3, 5, 6)}
        self.run_worker("items")
        points |= {self.kill_worker("orders", number) for number in (5, 7, 8, 9, 10, 14)}
        self.run_worker("orders")
        self.assertEqual(points, {"before commit", "after commit", "written", "half-way through a page"})
        self.assertEqual(self.state(), self.undisturbed)

    def test_two_workers_on_one_channel_make_no_duplicate_and_no_error(self):
        for kind in ("items", "orders"):
            for worker in [self.start_worker(kind, pause=0.05) for __ in range(2)]:
                self.check_worker(worker)
        state = self.state()
        for name in ("listings", "orders", "buyers", "failures", "cursors"):
            self.assertEqual(state[name], self.undisturbed[name], name)
