"""Uninstalling in a real process: nothing is left, nothing is logged as an error, and it can be installed again."""

from __future__ import annotations

from tests.integration.process_common import ProcessCase
from tests.marketplaces import catalogue
from tests.marketplaces.shopify import ShopifySimulator

LEFT = {
    "tables": r"SELECT tablename FROM pg_tables WHERE tablename LIKE 'order\_channel%'",
    "columns": r"""
        SELECT table_name, column_name FROM information_schema.columns
         WHERE column_name LIKE '%order\_channel%' OR column_name = 'channel_frozen'""",
    "constraints": r"SELECT conname FROM pg_constraint WHERE conname LIKE '%channel\_frozen%'",
    "crons": "SELECT cron_name FROM ir_cron WHERE cron_name LIKE 'Channel%'",
    "server actions": "SELECT name FROM ir_act_server WHERE name::text LIKE '%Channel%shop%' OR code LIKE '%_cron_pass%'",
    "parameters": r"SELECT key FROM ir_config_parameter WHERE key LIKE 'order\_channel%'",
    "attachments": "SELECT name, res_model FROM ir_attachment WHERE res_model LIKE 'order.channel%'",
    "activities": "SELECT res_model FROM mail_activity WHERE res_model LIKE 'order.channel%'",
    "activity types": "SELECT name FROM mail_activity_type WHERE res_model LIKE 'order.channel%'",
    "followers": "SELECT res_model FROM mail_followers WHERE res_model LIKE 'order.channel%'",
    "messages": "SELECT model FROM mail_message WHERE model LIKE 'order.channel%'",
    "models": "SELECT model FROM ir_model WHERE model LIKE 'order.channel%'",
    "ids": "SELECT model, name FROM ir_model_data WHERE module = 'order_channel_mapping'",
    "placeholder": "SELECT id FROM product_template WHERE name->>'en_US' = 'Not linked yet'",
}


class TestProcessesUninstall(ProcessCase):
    module = "worker_uninstall"

    @classmethod
    def setUpClass(cls):
        simulator = ShopifySimulator(strict=False, validate=False)
        shop = simulator.shop
        shop.info["currencyCode"] = "USD"
        shop.add_location("Main")
        shop.add_variant(shop.add_product("Thing"), sku="SKU-1", options={"Size": "1"})
        shop.add_variant(shop.add_product("Unknown"), sku="SKU-2", options={"Size": "1"})
        for sku in ("SKU-1", "SKU-1", "SKU-2", "SKU-2"):
            lines = [{"sku": sku, "price": "5.00", "quantity": 2}]
            buyer = {"address": catalogue.address(2), "customer": {"ref": 1, "name": "Mary Major"}}
            shop.add_order({"lines": lines, **buyer})
        cls.shop = simulator.start()
        cls.addClassCleanup(cls.shop.stop)
        cls.job = {"shop": cls.shop.url, "token": shop.token}
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.fresh_database()

    def do(self, verb):
        """Do this in a process: what it said, once it is sure that nothing was logged that looks wrong."""
        code, lines = self.start_worker(verb).end()
        levels = (" WARNING ", " ERROR ", " CRITICAL ")
        wrong = [line for line in lines if any(level in line for level in levels)]
        self.assertEqual((code, wrong), (0, []), "\n".join([*lines, self.server.log.read_text()]))
        return lines

    def test_it_leaves_nothing_and_comes_back(self):
        states = "SELECT state, count(*) FROM sale_order GROUP BY 1 ORDER BY 1"
        self.assertEqual(self.rows(states), [("cancel", 1), ("draft", 2), ("sale", 1)])
        self.assertTrue(self.shop.shop.webhooks)
        said = [line.partition(" ")[2] for line in self.do("uninstall") if line.startswith("impact ")]
        self.assertEqual(
            said[:4],
            [
                "Channels that are deleted, with their accounts, history and settings: 2",
                "Listings that are deleted, with what they are linked to: 2",
                "Frozen orders that are cancelled; their unlinked items become notes: 1",
                "Other orders, which stay as plain sales orders: 2",
            ],
        )
        self.assertFalse(self.shop.shop.webhooks)
        self.assertEqual({name: self.rows(query) for name, query in LEFT.items()}, {name: [] for name in LEFT})
        self.assertEqual(self.rows(states), [("cancel", 2), ("draft", 1), ("sale", 1)])
        notes = self.rows(
            """SELECT orders.state, line.name, line.product_id, orders.amount_total
                 FROM sale_order_line line JOIN sale_order orders ON orders.id = line.order_id
                WHERE line.display_type = 'line_note'"""
        )
        self.assertEqual([(state, product, total) for state, __, product, total in notes], [("cancel", None, 0)] * 2)
        self.assertIn("2 × ", notes[0][1])
        self.do("install")
        self.assertTrue(self.rows("SELECT 1 FROM ir_model_data WHERE module = 'order_channel_mapping' LIMIT 1"))
