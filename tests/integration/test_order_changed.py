"""What happens at the channel after an order was processed is seen: put up for a person, or on record."""

from dataclasses import replace
from datetime import timedelta, timezone
from unittest.mock import patch

from odoo import fields

from odoo.addons.order_channel_mapping.connectors import records
from odoo.addons.order_channel_mapping.connectors.base import AuthError, Rejected

from tests.fakes import START, connected, line, money
from tests.integration.orders_common import OrderCase

UTC = timezone.utc


class ChangedCase(OrderCase):
    def setUp(self):
        super().setUp()
        self.lines = [line("a", sku="MUG-1", quantity=3, name="Mug"), line("b", sku="TEA-1", name="Tea")]

    def take_version(self, lines=None, **values):
        self.take(self.order("1", lines or self.lines, **values))
        return self.sale("1")

    def processed(self, lines=None, **values):
        sale = self.take_version(lines, **values)
        sale.action_channel_process()
        return sale

    def deliver(self, sale):
        for move in sale.picking_ids.move_ids:
            move.write({"quantity": move.product_uom_qty, "picked": True})
        sale.picking_ids._action_done()

    def changed(self):
        return self.sale("1").channel_blocker_ids.filtered(lambda blocker: blocker.code == "changed")

    def last_revision(self):
        return self.channel_order("1").event_ids.filtered(lambda event: event.code == "revised").sorted("id")[-1].text


class TestChangedAfterProcessing(ChangedCase):
    def assertAsks(self, *words, lines=None, **values):
        sale = self.processed()
        self.take_version(lines, **values)
        self.assertTrue(sale.channel_to_resolve)
        for word in words:
            self.assertIn(word, self.changed().text)

    def assertTells(self, word, before=None, **values):
        sale = self.processed(**(before or {}))
        self.take_version(**values)
        self.assertFalse(sale.channel_to_resolve)
        self.assertIn(word, self.last_revision())

    def test_put_on_hold(self):
        self.assertAsks("put on hold (Status 'On hold' at the store)", hold="Status 'On hold' at the store.")

    def test_another_personalisation(self):
        lines = [replace(self.lines[0], attributes={"Engraving": "Rex"}), self.lines[1]]
        self.assertAsks("description or personalisation", lines=lines)

    def test_another_note(self):
        self.assertAsks("the buyer's note", note="Leave it with the neighbour")

    def test_another_address(self):
        self.assertAsks("address", shipping=replace(self.address(), street="99 New Rd"))

    def test_payments_that_are_gone(self):
        self.assertAsks("payment is now: Voided", payment_status=records.PaymentStatus.VOIDED)

    def test_money_given_back(self):
        refund = records.Refund("r1", amount=money("5.00"))
        self.assertAsks(
            "money given back (payment: Partly refunded)",
            refunds=(refund,),
            payment_status=records.PaymentStatus.PARTIALLY_REFUNDED,
        )

    def test_cancelled_in_part_says_what_is_left(self):
        lines = [replace(self.lines[0], cancelled_quantity=money(2)), self.lines[1]]
        self.assertAsks("quantities or prices (Mug 3 → 1)", lines=lines)

    def test_open_again(self):
        sale = self.processed()
        done = {"status": records.OrderStatus.COMPLETED, "fulfillment_status": records.FulfillmentStatus.FULFILLED}
        shipped = [replace(entry, fulfilled_quantity=entry.quantity) for entry in self.lines]
        self.deliver(sale)
        self.take_version(shipped, **done)
        self.assertFalse(sale.channel_to_resolve)
        self.assertIn("completed, shipped there", self.last_revision())
        self.take_version()
        self.assertTrue(sale.channel_to_resolve)
        self.assertIn("open again, a shipment taken back", self.changed().text)

    def test_shipped_there_and_not_from_here_is_not_shipped_twice(self):
        sale = self.processed()
        shipped = [replace(self.lines[0], fulfilled_quantity=money(2)), self.lines[1]]
        self.take_version(shipped, fulfillment_status=records.FulfillmentStatus.PARTIAL)
        self.assertTrue(sale.channel_to_resolve)
        self.assertIn("shipped there, not from Odoo", self.changed().text)
        self.take_version()
        self.assertEqual(self.changed().params["changes"], ["unshipped"])

    def test_what_left_from_here_is_no_surprise(self):
        sale = self.processed()
        self.deliver(sale)
        shipped = [replace(entry, fulfilled_quantity=entry.quantity) for entry in self.lines]
        self.take_version(shipped, fulfillment_status=records.FulfillmentStatus.FULFILLED)
        self.assertFalse(sale.channel_to_resolve)

    def test_texts_that_an_upgrade_reads_in_another_way_are_no_change(self):
        attributes = {"Engraving": "Rex", "hidden_state": "new"}
        sale = self.processed([replace(self.lines[0], attributes=attributes), self.lines[1]])
        self.channel_order("1").revision = self.channel_order("1").revision.partition(":")[2]
        self.take_version([replace(self.lines[0], attributes={"Engraving": "Rex"}), self.lines[1]], note="Order 7")
        self.assertFalse(sale.channel_to_resolve)
        self.assertNotIn("revised", self.channel_order("1").event_ids.mapped("code"))
        self.take_version([replace(self.lines[0], quantity=money(2)), self.lines[1]], note="Order 7")
        self.assertIn("Mug 3 → 2", self.changed().text)

    def test_other_words_about_what_has_left_are_on_record(self):
        sale = self.processed()
        self.deliver(sale)
        self.take_version([replace(self.lines[0], attributes={"state": "Done"}), self.lines[1]], note="Thank you")
        self.assertFalse(sale.channel_to_resolve)
        self.assertIn("description or personalisation, the buyer's note", self.last_revision())

    def test_paid_and_another_date_are_on_record(self):
        pending = {"payment_status": records.PaymentStatus.AUTHORIZED}
        self.assertTells("payment is now: Paid", before=pending)
        self.take_version(ship_by=START + timedelta(days=3))
        self.assertIn("ship-by date", self.last_revision())
        self.assertFalse(self.sale("1").channel_to_resolve)

    def test_a_refund_that_was_taken_back(self):
        refund = records.Refund("r1", amount=money("5.00"))
        partly = {"refunds": (refund,), "payment_status": records.PaymentStatus.PARTIALLY_REFUNDED}
        self.processed(**partly)
        self.take_version()
        self.assertIn("a refund taken back (payment: Paid)", self.changed().text)

    def test_changes_add_up_until_a_person_has_looked(self):
        self.processed()
        self.take_version([replace(self.lines[0], cancelled_quantity=money(1)), self.lines[1]])
        self.take_version([replace(self.lines[0], cancelled_quantity=money(2)), self.lines[1]], note="Ring")
        self.assertRegex(self.changed().text, r"\(Mug 3 → 1\), the buyer's note")
        self.changed().action_overrule("seen")
        self.take_version([replace(self.lines[0], cancelled_quantity=money(2)), self.lines[1]], note="Knock")
        self.assertEqual(self.changed().params["changes"], ["note"])
        self.assertTrue(self.sale("1").channel_to_resolve)

    def test_a_hold_that_is_over_asks_no_more(self):
        sale = self.processed()
        self.take_version(hold="Fraud check")
        self.assertTrue(sale.channel_to_resolve)
        self.take_version()
        self.assertFalse(sale.channel_to_resolve)
        self.assertFalse(self.changed())
        self.take_version(hold="Fraud check", note="Ring")
        self.take_version(note="Ring")
        self.assertEqual(self.changed().params["changes"], ["note"])


class TestLookingAgain(ChangedCase):
    """What no list of changes tells: deleted orders, and refunds that were deleted."""

    def an_hour_later(self, *orders):
        self.channel.orders_looked_at = fields.Datetime.now() - timedelta(hours=1)
        return self.fetch(*orders)

    def fetch(self, *orders):
        """The list of changes brings nothing; these are the orders that there are."""
        self.connector.orders = [replace(order, updated_at=START - timedelta(days=90)) for order in orders]
        with connected(self.env, self.connector):
            return self.channel._sync_orders()

    def asked(self):
        return [entry[1] for entry in self.connector.fetches if entry[0] == "known orders"]

    def setUp(self):
        super().setUp()
        recently = fields.Datetime.now().replace(tzinfo=UTC) - timedelta(days=2)
        self.versions = {
            ref: self.order(ref, [line(ref, sku="MUG-1")], placed_at=recently) for ref in ("draft", "sold", "kept")
        }
        self.take(*self.versions.values())
        self.sale("sold").action_channel_process()

    def test_deleted_orders_wait_for_a_person(self):
        run = self.an_hour_later(self.versions["kept"])
        draft, sold, kept = (self.sale(ref) for ref in ("draft", "sold", "kept"))
        self.assertEqual(
            (draft.channel_to_resolve, sold.channel_to_resolve, kept.channel_to_resolve), (True, True, False)
        )
        self.assertEqual(draft.channel_blocker_ids.text, "It was deleted at the channel.")
        self.assertIn("deleted there", sold.channel_blocker_ids.text)
        self.assertEqual((run.fetched, run.updated, run.unchanged), (3, 2, 1))
        self.assertEqual(len(self.asked()), 1)

    def test_a_deleted_refund_is_seen(self):
        refund = records.Refund("r1", amount=money("5.00"))
        refunded = replace(
            self.versions["sold"], refunds=(refund,), payment_status=records.PaymentStatus.PARTIALLY_REFUNDED
        )
        self.take(refunded)
        self.sale("sold").channel_blocker_ids.action_overrule("seen")
        self.an_hour_later(*self.versions.values())
        self.assertIn("a refund taken back", self.sale("sold").channel_blocker_ids.text)
        self.assertFalse(self.sale("kept").channel_to_resolve)

    def test_an_order_that_is_there_again_goes_on(self):
        self.an_hour_later(self.versions["kept"], self.versions["sold"])
        self.assertTrue(self.sale("draft").channel_to_resolve)
        self.take(replace(self.versions["draft"], note="back"))
        self.assertFalse(self.sale("draft").channel_to_resolve)
        self.assertFalse(self.channel_order("draft").gone)

    def test_one_that_is_there_again_as_it_was_goes_on(self):
        self.an_hour_later(self.versions["kept"])
        self.take(*self.versions.values())
        self.assertFalse(self.sale("draft").channel_to_resolve)
        self.assertFalse(self.sale("sold").channel_to_resolve)
        self.assertFalse(self.channel_order("draft").gone)

    def test_only_once_an_hour_and_not_for_ever(self):
        self.fetch()
        self.assertEqual(self.asked(), [])
        self.an_hour_later(*self.versions.values())
        self.fetch(*self.versions.values())
        self.assertEqual(len(self.asked()), 1)
        self.channel_order("draft").placed_at = fields.Datetime.now() - timedelta(days=56)
        self.channel_order("kept").write(
            {"status": "completed", "placed_at": fields.Datetime.now() - timedelta(days=31)}
        )
        self.an_hour_later(*self.versions.values())
        self.assertEqual(self.asked()[1:], [("sold",)])

    def test_many_are_looked_at_pass_by_pass(self):
        with patch("odoo.addons.order_channel_mapping.models.order_channel_recheck.LOOK_BATCH", 2):
            self.an_hour_later(*self.versions.values())
            self.fetch(*self.versions.values())
            self.fetch(*self.versions.values())
        self.assertEqual([len(refs) for refs in self.asked()], [2, 1])

    def test_a_notification_of_a_deleted_order_is_followed_at_once(self):
        self.env["order.channel.webhook"].create(
            {
                "channel_id": self.channel.id,
                "company_id": self.channel.company_id.id,
                "topic": "order.deleted",
                "kind": "orders",
                "brings": "orders",
                "record_ref": "sold",
                "digest": "x",
            }
        )
        self.fetch()
        self.assertEqual(self.asked(), [("sold",)])
        self.assertTrue(self.sale("sold").channel_to_resolve)
        self.fetch()
        self.assertEqual(len(self.asked()), 1)

    def test_a_marketplace_that_refuses_holds_up_nothing(self):
        self.connector.get_orders = lambda refs: self._refuse(Rejected("invalid", "no such list"))
        run = self.an_hour_later(*self.versions.values())
        self.assertEqual((run.state, self.channel.health), ("done", "ok"))
        self.assertFalse(self.sale("sold").channel_to_resolve)

    def test_access_that_was_taken_away_is_said(self):
        self.connector.get_orders = lambda refs: self._refuse(AuthError("no"))
        self.an_hour_later(*self.versions.values())
        self.assertEqual(self.channel.health, "needs_reauth")

    @staticmethod
    def _refuse(error):
        raise error
