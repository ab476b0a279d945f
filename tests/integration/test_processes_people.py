"""Two people on one listing at the same moment, with real transactions: one product, and one of them is told."""

from __future__ import annotations

from tests.integration.process_common import ProcessCase

PRODUCTS = "SELECT count(*) FROM product_product WHERE lower(trim(default_code)) = 'lamp'"
LINKED = """
    SELECT listing.state, template.name->>'en_US', count(mapping.id)
      FROM order_channel_listing listing
      JOIN product_product product ON product.id = listing.product_id
      JOIN product_template template ON template.id = product.product_tmpl_id
      JOIN order_channel_mapping mapping ON mapping.listing_id = listing.id
     GROUP BY 1, 2"""


class TestPeople(ProcessCase):
    module = "worker_people"

    def setUp(self):
        super().setUp()
        self.fresh_database()

    def at_once(self, *verbs):
        """Have Ada and Bob act in the same second; gives back what each was told."""
        workers = [
            self.start_worker(verb, login=login, pause=1.0) for verb, login in zip(verbs, ("ada", "bob"), strict=True)
        ]
        told = []
        for worker in workers:
            code, lines = worker.end()
            self.assertEqual(code, 0, "\n".join(lines))
            told.append([line for line in lines if line.startswith("told ")])
        return told

    def test_confirm_never_makes_two_products(self):
        told = self.at_once("confirm", "confirm")
        self.assertEqual(self.rows(PRODUCTS), [(1,)])
        self.assertEqual(self.rows(LINKED), [("linked", "Lamp", 1)])
        slower = [lines for lines in told if lines]
        self.assertEqual([len(lines) for lines in slower], [1], told)
        faster = "Bob" if told[0] else "Ada"
        self.assertRegex(slower[0][0], rf"{faster} linked \[LAMP\] Lamp to 1 x \[LAMP\] Lamp on ")

    def test_two_listings_of_one_sku_never_make_two_products(self):
        told = self.at_once("confirm", "confirm_other")
        self.assertEqual(self.rows(PRODUCTS), [(1,)])
        self.assertEqual(self.rows(LINKED), [("linked", "Lamp", 1)])
        slower = [line for lines in told for line in lines]
        self.assertEqual(len(slower), 1, told)
        self.assertRegex(slower[0], r"\[ ?(LAMP|lamp)\] Lamp has the same SKU")

    def test_confirm_and_link_end_with_the_faster_one(self):
        told = self.at_once("confirm", "link")
        self.assertEqual([bool(lines) for lines in told].count(True), 1, told)
        by_ada = not told[0]
        self.assertEqual(self.rows(PRODUCTS), [(int(by_ada),)])
        self.assertEqual(self.rows(LINKED), [("linked", "Lamp" if by_ada else "Torch", 1)])
        self.assertIn("Ada linked" if by_ada else "Bob linked", (told[0] or told[1])[0])
