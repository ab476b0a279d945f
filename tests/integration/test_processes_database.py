"""The database goes away under a pass, or somebody else holds what it needs: nobody's fault, and the next pass goes on."""

from __future__ import annotations

import threading
from contextlib import closing

import psycopg2

from tests.integration.process_common import ProcessCase
from tests.integration.test_processes import STATE
from tests.integration.worker_passes import ORDERS
from tests.integration.worker_trouble import SEQUENCE

HEALTH = "SELECT health, health_code, next_try_at FROM order_channel"


class TestProcessesDatabase(ProcessCase):
    module = "worker_trouble"

    def setUp(self):
        super().setUp()
        self.fresh_database()

    def state(self):
        return {name: self.rows(query) for name, query in STATE.items()}

    def test_a_database_that_goes_away_is_one_line_and_the_next_pass_goes_on(self):
        self.run_worker("items", until_done=True)
        self.run_worker("sync", until_done=True)
        undisturbed = self.state()
        self.assertEqual(len(undisturbed["orders"]), ORDERS)
        self.fresh_database()
        for kind, name, number in (
            ("items", "before commit", 2),
            ("items", "written", 2),
            ("sync", "half-way through a page", 2),
            ("sync", "before commit", 4),
            ("sync", "after commit", 6),
        ):
            with self.subTest(kind=kind, name=name):
                worker = self.start_worker(kind, lost_at=number, lost_name=name)
                self.assertEqual(next(worker.points(), None), name)
                code, lines = worker.end()
                self.assertEqual(code, 0, "\n".join(lines))
                self.assertIn("ended closed", lines, "the pass ends without raising")
                ours = [line for line in lines if ".order_channel_mapping." in line]
                self.assertEqual(len(ours), 1, "\n".join(ours))
                self.assertIn("database", ours[0])
                # what Odoo itself says of each statement: the one that failed, and that which should have ended its savepoint
                self.assertLessEqual(len([line for line in lines if " ERROR " in line]), 3, "\n".join(lines))
                self.assertEqual(self.rows(HEALTH), [("ok", None, None)])
                self.assertEqual(self.state()["failures"], [])
        self.run_worker("items", until_done=True)
        self.run_worker("sync", until_done=True)
        self.assertEqual(self.state(), undisturbed)

    def hold_the_sequence(self, seconds):
        """Hold the row that numbers orders, from now on for so long, as a colleague's transaction would."""
        connection = psycopg2.connect(dbname=self.server.database)
        cursor = connection.cursor()
        cursor.execute("SELECT id FROM ir_sequence WHERE name = %s FOR UPDATE", [SEQUENCE])
        self.assertEqual(cursor.rowcount, 1)
        timer = threading.Timer(seconds, connection.close)
        timer.start()
        self.addCleanup(timer.join)

    def test_a_number_that_somebody_else_is_taking_is_waited_for(self):
        self.run_worker("numbers")
        self.hold_the_sequence(1.5)
        self.run_worker("sync")
        self.assertEqual(self.rows(HEALTH), [("ok", None, None)])
        self.assertEqual(self.state()["failures"], [])
        with closing(psycopg2.connect(dbname=self.server.database)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT name FROM sale_order WHERE order_channel_id IS NOT NULL ORDER BY name")
            self.assertEqual(
                [row[0] for row in cursor], [f"G{number}" for number in sorted(range(1, ORDERS + 1), key=str)]
            )

    def test_a_number_that_stays_taken_is_left_to_the_next_pass(self):
        self.run_worker("numbers")
        self.hold_the_sequence(30)
        self.run_worker("sync")
        self.assertEqual(self.rows(HEALTH), [("ok", None, None)])
        self.assertEqual((self.state()["failures"], self.rows("SELECT id FROM sale_order")), ([], []))
