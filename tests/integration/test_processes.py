"""Whole processes: killed with ``kill -9`` at several points, and two at once, on a database of their own with real commits."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2

from tests.common import ChannelCase

REPOSITORY = Path(__file__).resolve().parents[2]
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


class TestProcesses(ChannelCase):
    def setUp(self):
        super().setUp()
        self.databases = []
        self.addCleanup(self._drop_databases)

    # === DATABASES AND PROCESSES === #

    def _database(self):
        name = f"{os.environ['ORDER_CHANNEL_TEMPLATE']}_test_{os.getpid()}_{len(self.databases)}"
        self.databases.append(name)
        self._admin(f'CREATE DATABASE "{name}" TEMPLATE "{os.environ["ORDER_CHANNEL_TEMPLATE"]}"')
        self._run(name, "prepare")
        return name

    def _drop_databases(self):
        for name in self.databases:
            self._admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @staticmethod
    def _admin(statement):
        with closing(psycopg2.connect(dbname="postgres")) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)

    @staticmethod
    def _state(database):
        with closing(psycopg2.connect(dbname=database)) as connection, connection.cursor() as cursor:
            state = {}
            for name, query in STATE.items():
                cursor.execute(query)
                state[name] = cursor.fetchall()
            return state

    @staticmethod
    def _start(database, *words):
        command = [sys.executable, "-m", "tests.integration.worker", *words]
        command += [f"--database={database}", f"--config={os.environ['ORDER_CHANNEL_CONFIG']}"]
        return subprocess.Popen(
            command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
        )

    def _run(self, database, *words):
        process = self._start(database, *words)
        output, errors = process.communicate(timeout=120)
        self._check(process, errors)
        return output

    def _check(self, process, errors):
        """Ended well and logged no error; of a conflict that was repeated, Odoo itself logs the query."""
        self.assertEqual(process.returncode, 0, errors)
        lines = [line for line in errors.splitlines() if " ERROR " in line and "odoo.sql_db: bad query" not in line]
        self.assertEqual(lines, [])

    def _kill_at(self, database, kind, number):
        """Start a pass and kill it at its n-th point; say at which one."""
        process = self._start(database, kind, "--slow")
        points = []
        for line in process.stdout:
            points.append(line.strip())
            if len(points) == number:
                process.kill()
                break
        process.communicate()
        self.assertEqual(process.returncode, -9, f"ended before point {number}: {points}")
        return points[-1]

    # === TESTS === #

    def test_killed_at_any_point_and_started_again_ends_the_same(self):
        undisturbed = self._database()
        self._run(undisturbed, "items")
        self._run(undisturbed, "orders")
        expected = self._state(undisturbed)
        self.assertEqual(len(expected["orders"]), 30)
        self.assertEqual(expected["runs"], [])
        killed = self._database()
        points = {self._kill_at(killed, "items", number) for number in (3, 5, 6)}
        self._run(killed, "items")
        points |= {self._kill_at(killed, "orders", number) for number in (5, 6, 7, 8, 12)}
        self._run(killed, "orders")
        self.assertEqual(points, {"at before commit", "at after commit", "at written", "at half-way through a page"})
        self.assertEqual(self._state(killed), expected)

    def test_two_workers_on_one_channel_make_no_duplicate_and_no_error(self):
        alone, together = self._database(), self._database()
        for kind in ("items", "orders"):
            self._run(alone, kind)
            workers = [self._start(together, kind, "--slow") for __ in range(2)]
            for worker in workers:
                __, errors = worker.communicate(timeout=120)
                self._check(worker, errors)
        expected, state = self._state(alone), self._state(together)
        for name in ("listings", "orders", "buyers", "failures", "cursors"):
            self.assertEqual(state[name], expected[name], name)
