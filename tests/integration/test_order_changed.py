"""What happens at the channel after an order was processed is seen: put up for a person, or on record."""

from dataclasses import replace
from datetime import timedelta

from odoo.addons.order_channel_mapping.connectors import records

from tests.fakes import START, line, money
from tests.integration.orders_common import OrderCase


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
        self.take_version(shipped, **done)
        self.assertFalse(sale.channel_to_resolve)
        self.assertIn("completed, shipped there", self.last_revision())
        self.take_version()
        self.assertTrue(sale.channel_to_resolve)
        self.assertIn("open again, a shipment taken back", self.changed().text)

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
        self.changed().action_overrule()
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
