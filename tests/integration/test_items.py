from odoo.addons.order_channel_mapping.connectors.base import RateLimited, Unavailable
from odoo.addons.order_channel_mapping.connectors.records import RecordFailure

from tests.common import ChannelCase
from tests.fakes import FakeConnector, connected, item


class TestItems(ChannelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel = cls.make_channel(auto_link=True)
        cls.mug = cls.env["product.product"].create({"name": "Mug", "default_code": "MUG-1", "is_storable": True})

    def setUp(self):
        super().setUp()
        self.connector = FakeConnector()

    def fetch(self):
        with connected(self.env, self.connector):
            return self.channel._sync_items()

    def listing(self, external_id):
        return self.env["order.channel.listing"].search(
            [("channel_id", "=", self.channel.id), ("external_id", "=", external_id)]
        )

    def test_new_items_are_linked_by_normalised_sku_or_wait(self):
        self.connector.items = [item("1", " mug-1 "), item("2", "NOPE"), item("3")]
        run = self.fetch()
        self.assertEqual(self.listing("1").product_id, self.mug)
        self.assertEqual(self.listing("1").state, "linked")
        self.assertEqual(self.listing("1").mapping_id.method, "sku")
        self.assertEqual((self.listing("2").state, self.listing("2").link_hint), ("unconfirmed", "none"))
        self.assertEqual((run.fetched, run.created, run.linked, run.state), (3, 3, 1, "done"))

    def test_two_products_with_the_sku_are_a_question(self):
        self.env["product.product"].create({"name": "Other mug", "default_code": "mug-1"})
        self.connector.items = [item("1", "MUG-1")]
        self.fetch()
        self.assertEqual((self.listing("1").state, self.listing("1").link_hint), ("unconfirmed", "ambiguous"))

    def test_sku_and_barcode_of_different_products_are_a_question(self):
        self.env["product.product"].create({"name": "Tea", "barcode": "4006381333931"})
        self.connector.items = [item("1", "MUG-1", barcode="4006381333931")]
        self.fetch()
        self.assertEqual(self.listing("1").link_hint, "conflict")

    def test_a_packagings_barcode_gives_its_quantity(self):
        six = self.env["uom.uom"].create(
            {"name": "Pack of 6", "relative_factor": 6, "relative_uom_id": self.mug.uom_id.id}
        )
        self.env["product.uom"].create({"product_id": self.mug.id, "uom_id": six.id, "barcode": "6006006006006"})
        self.connector.items = [item("1", barcode="6006006006006")]
        self.fetch()
        self.assertEqual((self.listing("1").product_id, self.listing("1").product_quantity), (self.mug, 6.0))

    def test_a_product_of_another_company_never_links(self):
        other = self.new_company("Other company")
        self.mug.company_id = other
        self.connector.items = [item("1", "MUG-1")]
        self.fetch()
        self.assertEqual(self.listing("1").link_hint, "none")

    def test_unchanged_items_write_nothing_and_changed_ones_are_updated(self):
        self.connector.items = [item("1", "MUG-1"), item("2", "X")]
        self.fetch()
        self.env["order.channel.listing"].flush_model()
        self.env.cr.execute("UPDATE order_channel_listing SET write_date = '2026-01-01'")
        self.env.invalidate_all()
        self.connector.items = [item("1", "MUG-1", quantity=5), item("2", "X", price=item("2").price + 1)]
        self.channel._fetch_all_items()
        run = self.fetch()
        self.assertEqual((run.unchanged, run.updated), (1, 1))
        self.assertEqual(str(self.listing("1").write_date), "2026-01-01 00:00:00")
        self.assertEqual(self.listing("2").price, 11.0)

    def test_a_product_made_later_is_found_by_the_next_fetch(self):
        self.connector.items = [item("1", "LATER-1")]
        self.fetch()
        self.assertEqual(self.listing("1").link_hint, "none")
        self.channel.sudo().items_linked_at = "2026-01-01 00:00:00"
        product = self.env["product.product"].create({"name": "Later", "default_code": "later-1"})
        self.fetch()
        self.assertEqual(self.listing("1").product_id, product)

    def test_a_full_pass_marks_what_it_did_not_meet_as_gone_and_back(self):
        self.connector.items = [item("1"), item("2")]
        self.fetch()
        self.connector.items = [item("1")]
        self.channel._fetch_all_items()
        self.fetch()
        self.assertEqual((self.listing("1").gone, self.listing("2").gone), (False, True))
        self.connector.items = [item("1"), item("2")]
        self.channel._fetch_all_items()
        self.fetch()
        self.assertFalse(self.listing("2").gone)

    def test_an_item_that_cant_be_read_is_not_gone(self):
        self.connector.items = [item("1"), item("2")]
        self.fetch()
        self.connector.items = [item("1")]
        self.connector.unread = [RecordFailure("2", "bad_payload", "cut off")]
        self.channel._fetch_all_items()
        run = self.fetch()
        self.assertEqual((run.failed, self.listing("2").gone), (1, False))

    def test_a_fetch_goes_on_at_its_cursor(self):
        self.connector.items = [item(str(number)) for number in range(120)]
        with connected(self.env, self.connector):
            run = self.channel._sync_items(deadline=-1)  # time is up after the first page
            self.assertEqual((run.state, run.fetched), ("running", 50))
            self.channel._sync_items(deadline=-1)
            self.assertEqual(self.channel.items_cursor, "100")
            self.channel._sync_items()
        self.assertEqual((run.state, run.fetched, run.created), ("done", 120, 120))
        self.assertEqual(len(self.connector.fetches), 3, self.connector.fetches)

    def meanwhile(self, change):
        """Have another process do this while the next fetch reads its second page."""
        call = self.connector._call

        def call_and_change(what):
            call(what)
            if len(self.connector.fetches) == 2:
                change()

        self.connector.fetches.clear()
        self.connector._call = call_and_change

    def test_of_two_processes_at_one_fetch_only_one_finishes(self):
        self.connector.items = [item(str(number)) for number in range(120)]
        self.meanwhile(self.channel._sync_items)
        run = self.fetch()
        self.assertEqual((run.state, run.created), ("done", 120))
        self.assertEqual(len(self.connector.fetches), 5, "one met pages that the other had finished with")
        self.assertFalse(any(self.channel.listing_ids.mapped("gone")))

    def test_a_fetch_that_began_anew_elsewhere_leaves_off(self):
        self.connector.items = [item(str(number)) for number in range(120)]
        self.fetch()
        self.channel._fetch_all_items()
        checked_at = self.channel.items_checked_at

        def begin_elsewhere():
            self.channel.items_cursor = False
            self.channel._begin_items_fetch()

        self.meanwhile(begin_elsewhere)
        run = self.fetch()
        self.assertEqual((run.state, self.channel.items_checked_at), ("running", checked_at))
        self.assertFalse(self.channel.items_cursor, "where the other one is")
        self.assertFalse(any(self.channel.listing_ids.mapped("gone")))
        self.fetch()
        self.assertEqual(run.state, "done")

    def test_a_pair_that_a_person_unlinked_is_never_linked_by_itself_again(self):
        self.connector.items = [item("1", "MUG-1")]
        self.fetch()
        self.listing("1").action_unlink_product()
        self.connector.items = [item("1", "MUG-1", name="New name")]
        self.channel._fetch_all_items()
        self.fetch()
        self.assertEqual((self.listing("1").state, self.listing("1").link_hint), ("unconfirmed", "refused"))
        self.assertTrue(self.listing("1").mapping_ids.refused)

    def test_a_linked_items_new_sku_is_to_review(self):
        self.connector.items = [item("1", "MUG-1")]
        self.fetch()
        self.connector.items = [item("1", "OTHER")]
        self.channel._fetch_all_items()
        self.fetch()
        self.assertEqual((self.listing("1").to_review, self.listing("1").product_id), (True, self.mug))

    def test_one_bad_item_is_isolated_and_heals(self):
        self.connector.items = [item(str(number)) for number in range(20)]
        self.connector.items[7] = item("7", currency="USD", fulfilled_by="nobody")  # not a value of the selection
        run = self.fetch()
        self.assertEqual((run.created, run.failed, run.state), (19, 1, "partial"))
        failure = run.failure_ids
        self.assertEqual((failure.external_ref, failure.state), ("7", "open"))
        self.connector.items[7] = item("7")
        failure.action_retry()
        run = self.fetch()
        self.assertEqual((run.created, run.unchanged, failure.state), (1, 19, "solved"))

    def test_throttling_and_outage_wait_and_then_go_on(self):
        self.connector.items = [item("1")]
        self.connector.errors = [Unavailable("no route")]
        run = self.fetch()
        self.assertEqual((run.state, self.channel.health), ("failed", "waiting"))
        self.assertFalse(self.channel._may_run())
        self.channel.sudo().next_try_at = False
        self.connector.errors = [RateLimited("slow down")]
        self.fetch()
        self.assertEqual(self.channel.health_code, "rate_limited")
        self.fetch()
        self.assertEqual((self.channel.health, self.channel.error_count), ("ok", 0))

    def test_confirm_makes_a_storable_product_without_cost(self):
        self.connector.items = [item("1", "NEW-1", barcode="123456"), item("2", "DIGITAL", physical=False)]
        self.fetch()
        product = self.listing("1")._confirm()
        self.assertEqual(product.default_code, "NEW-1")
        self.assertEqual((product.is_storable, product.standard_price, product.list_price), (True, 0.0, 10.0))
        self.assertEqual(self.listing("1").mapping_id.method, "confirm")
        self.assertEqual(self.listing("2")._confirm().type, "service")

    def test_confirm_refuses_to_make_a_twin(self):
        self.channel.sudo().auto_link = False
        self.connector.items = [item("1", "MUG-1")]
        self.fetch()
        self.assertEqual(self.listing("1").link_hint, "one")
        with self.assertRaisesRegex(Exception, "already"):
            self.listing("1")._confirm()

    def test_what_is_nothing_to_sell_by_itself_becomes_no_listing(self):
        self.connector.items = [item("1", "MUG-1"), item("2", "DRAFT", skip=True)]
        run = self.fetch()
        self.assertFalse(self.listing("2"))
        self.assertEqual((run.fetched, run.created, run.skips), (2, 1, {"not_sold": 1}))
        self.connector.items = [item("1", "MUG-1", skip=True, active=False)]
        self.channel._fetch_all_items()
        self.fetch()
        self.assertEqual((self.listing("1").on_sale, self.listing("1").gone), (False, False), "a known one is kept")

    def test_a_closing_channel_takes_no_new_items(self):
        self.channel.sudo().state = "closing"
        self.connector.items = [item("1")]
        run = self.fetch()
        self.assertEqual((run.skipped, run.skips, run.created), (1, {"closing": 1}, 0))
