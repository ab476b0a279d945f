"""Plain copies of a database, made by PostgreSQL itself: they ask nothing of a shop and send nothing (rule 7)."""

from __future__ import annotations

from contextlib import closing

import psycopg2

from tests.integration.process_common import ProcessCase, _admin
from tests.marketplaces import catalogue
from tests.marketplaces.shopify import ShopifySimulator


class TestProcessesCopies(ProcessCase):
    module = "worker_copies"

    @classmethod
    def setUpClass(cls):
        simulator = ShopifySimulator(strict=False, validate=False)
        shop = simulator.shop
        shop.info["currencyCode"] = "USD"
        shop.add_location("Main")
        shop.add_variant(shop.add_product("Thing"), sku="SKU-1", options={"Size": "1"})
        lines = [{"sku": "SKU-1", "price": "5.00", "quantity": 2}]
        shop.add_order({"lines": lines, "address": catalogue.address(2), "customer": {"ref": 1, "name": "Mary Major"}})
        cls.shop = simulator.start()
        cls.addClassCleanup(cls.shop.stop)
        cls.job = {"shop": cls.shop.url, "token": shop.token}
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.fresh_database()
        self.copy = f"{self.server.database}_copy"

    def asked(self, verb="passes", **how):
        """Do this in a process: how many requests the shop got, and what the worker said."""
        before = len(self.shop.requests)
        worker = self.start_worker(verb, **how)
        code, lines = worker.end()
        wrong = [line for line in lines if " ERROR " in line]
        self.assertEqual((code, wrong), (0, []), "\n".join([*lines, self.server.log.read_text()]))
        [said] = [line for line in lines if line.startswith("foreign ")]
        return len(self.shop.requests) - before, said

    def make_copy(self):
        _admin(f'CREATE DATABASE "{self.copy}" TEMPLATE "{self.server.database}"')
        self.addCleanup(_admin, f'DROP DATABASE "{self.copy}"')

    def in_copy(self, query):
        with closing(psycopg2.connect(dbname=self.copy)) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def test_a_plain_copy_asks_and_sends_nothing_until_it_is_said_to_be_live(self):
        self.make_copy()
        for __ in range(2):
            requests, said = self.asked(database=self.copy)
            self.assertEqual(requests, 0)
            live = self.server.database
            self.assertRegex(said, f"^foreign True ok .*{live}.* called .*{self.copy}.*copy.*This Database Is Live")
        self.assertFalse(self.in_copy("SELECT 1 FROM order_channel_run WHERE state NOT IN ('queued', 'interrupted')"))
        # an administrator is asked, once
        self.assertEqual(
            self.in_copy(
                """SELECT count(*), min(login.login) FROM mail_activity activity
                     JOIN res_users login ON login.id = activity.user_id
                    WHERE activity.res_model = 'order.channel'"""
            ),
            [(1, "admin")],
        )
        requests, said = self.asked()
        self.assertTrue(said.startswith("foreign False ok"))
        self.assertTrue(requests)
        self.asked("claim", database=self.copy)
        requests, said = self.asked(database=self.copy)
        self.assertTrue(said.startswith("foreign False ok"))
        self.assertTrue(requests)
        self.assertEqual(self.in_copy("SELECT count(*) FROM mail_activity WHERE res_model = 'order.channel'"), [(0,)])
        self.assertTrue(self.in_copy("SELECT 1 FROM sale_order WHERE client_order_ref IS NOT NULL"))

    def test_a_renamed_database_asks_which_one_is_live(self):
        self.make_copy()
        left = f"{self.copy}_renamed"
        _admin(f'ALTER DATABASE "{self.copy}" RENAME TO "{left}"')
        try:
            requests, said = self.asked(database=left)
        finally:
            _admin(f'ALTER DATABASE "{left}" RENAME TO "{self.copy}"')
        self.assertEqual(requests, 0)
        self.assertTrue(said.startswith("foreign True"))

    def test_a_copy_that_takes_the_place_of_the_live_one_goes_on(self):
        """A restored backup has the same name in the same cluster: nobody else can be the live one."""
        self.make_copy()
        self.server.copy_from(self.copy)
        requests, said = self.asked()
        self.assertTrue(said.startswith("foreign False"))
        self.assertTrue(requests)
