"""Whole processes that send, killed with ``kill -9``: no quantity is lost, no parcel is told of twice (rule 11)."""

import json

from tests.integration.process_common import ProcessCase
from tests.marketplaces import catalogue
from tests.marketplaces.shopify import ShopifySimulator

#: one more than two batches of quantities, and more orders than are claimed at once
ITEMS, ORDERS = 25, 12
STOCK = {
    "offered": "SELECT sku, pushed_quantity, pushed_at IS NOT NULL FROM order_channel_listing ORDER BY sku",
    "last of the ledger": """
        SELECT DISTINCT ON (listing.sku) listing.sku, push.state, push.quantity
          FROM order_channel_stock_push push JOIN order_channel_listing listing ON listing.id = push.listing_id
         ORDER BY listing.sku, push.id DESC""",
    "unanswered": "SELECT id FROM order_channel_stock_push WHERE state IN ('pending', 'sent')",
    "marked": "SELECT listing_id FROM order_channel_stock_change WHERE listing_id IS NOT NULL AND due_at IS NULL",
    "runs": "SELECT kind, state FROM order_channel_run WHERE state NOT IN ('done')",
    "failures": "SELECT kind, external_ref, state FROM order_channel_failure",
}
OUTBOX = {
    "commands": """
        SELECT ordered.number, command.kind, command.state, command.payload->>'tracking_number',
               command.external_ref IS NOT NULL
          FROM order_channel_command command JOIN order_channel_order ordered ON ordered.id = command.order_id
         ORDER BY command.id""",
    "events": """
        SELECT ordered.number, event.code, count(*)
          FROM order_channel_event event JOIN order_channel_order ordered ON ordered.id = event.order_id
         GROUP BY 1, 2 ORDER BY 1, 2""",
    "runs": STOCK["runs"],
    "failures": STOCK["failures"],
}


class TestProcessesSending(ProcessCase):
    module = "worker_shop"

    @classmethod
    def setUpClass(cls):
        cls.shop = cls.make_shop()
        cls.job = {"shop": cls.shop.url, "token": cls.shop.shop.token}
        cls.addClassCleanup(cls.shop.stop)
        super().setUpClass()
        cls.untold = json.dumps(cls.shop.dump())

    @classmethod
    def make_shop(cls):
        """A shop that sells things and has orders of two each, two pieces and one."""
        simulator = ShopifySimulator(strict=False, validate=False)
        shop = simulator.shop
        shop.info["currencyCode"] = "USD"
        shop.add_location("Main")
        product = shop.add_product("Thing")
        for number in range(ITEMS):
            shop.add_variant(product, sku=f"SKU-{number:02}", options={"Size": str(number)})
        for number in range(ORDERS):
            lines = [
                {"sku": f"SKU-{number:02}", "price": "5.00", "quantity": 2},
                {"sku": f"SKU-{number + 1:02}", "price": "7.00", "quantity": 1},
            ]
            shop.add_order(
                {"lines": lines, "address": catalogue.address(2), "customer": {"ref": 1, "name": "Mary Major"}}
            )
        return simulator.start()

    def begin(self):
        """Neither the shop nor the database knows what another pass did."""
        self.fresh_database()
        self.shop.load(json.loads(self.untold))

    def state(self, queries):
        return {name: self.rows(query) for name, query in queries.items()}

    def offered(self):
        return [self.shop.shop.available(f"SKU-{number:02}") for number in range(ITEMS)]

    def parcels(self):
        """Number and pieces of every parcel that the shop knows, order by order."""
        return [
            [
                (parcel["trackingInfo"][0]["number"], [line["quantity"] for line in parcel["fulfillmentLineItems"]])
                for parcel in self.shop.parcels(order)
            ]
            for order in self.shop.shop.orders
        ]

    def test_a_stock_pass_killed_at_any_point_ends_the_same(self):
        self.begin()
        self.run_worker("stock")
        expected, offered = self.state(STOCK), self.offered()
        sold = [2 * (number < ORDERS) + (0 < number <= ORDERS) for number in range(ITEMS)]
        self.assertEqual(offered, [20 + number - sold[number] for number in range(ITEMS)])
        self.assertEqual([expected[name] for name in ("unanswered", "marked", "runs", "failures")], [[]] * 4)

        self.begin()
        # 25 quantities are pending; 10 are answered, 10 told; 10 of the 15 left are answered; the last 5 are told
        left = {("_plan_slice", 1): 25, ("told", 2): 15, ("_take_answers", 1): 5, ("told", 1): 5}
        for (name, number), unanswered in left.items():
            self.kill_worker("stock", number, name)
            self.assertEqual(len(self.state(STOCK)["unanswered"]), unanswered, name)
        self.run_worker("stock")
        self.assertEqual(self.offered(), offered)
        self.assertEqual(self.state(STOCK), expected)

    def test_an_outbox_killed_at_any_point_tells_of_each_parcel_once(self):
        self.begin()
        self.run_worker("outbox")
        expected, parcels = self.state(OUTBOX), self.parcels()
        self.assertEqual(parcels, [[(f"TRACK-{number}", [1, 1])] for number in range(ORDERS)])
        self.assertEqual({row[2] for row in expected["commands"]}, {"sent"})

        self.begin()
        for name, number in (("_claim_commands", 1), ("told", 1), ("_take_command_answer", 3), ("told", 2)):
            self.kill_worker("outbox", number, name)
            self.assertIn("sending", [row[2] for row in self.state(OUTBOX)["commands"]], name)
        self.run_worker("outbox")
        self.assertEqual(self.parcels(), parcels)
        self.assertEqual(self.state(OUTBOX), expected)
