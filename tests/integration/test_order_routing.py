"""What is ours to pick, and when: lines that other locations ship, schedules, pickup, bundles, unpaid orders."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError

from odoo.addons.order_channel_mapping.connectors import records

from tests.fakes import START, connected, line
from tests.integration.orders_common import OrderCase


class RoutingCase(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel.sudo().auto_process = True
        cls.here, cls.there = cls.env["order.channel.location"].create(
            [
                {"channel_id": cls.channel.id, "external_id": "loc-1", "name": "Main"},
                {"channel_id": cls.channel.id, "external_id": "loc-9", "name": "3PL", "ours": False},
            ]
        )

    def version(self, minutes, *lines, ref="1", **values):
        return self.order(ref, lines, updated_at=START + timedelta(minutes=minutes), **values)

    def moves(self, sale):
        moves = sale.picking_ids.move_ids.filtered(lambda move: move.state != "cancel")
        return {move.product_id: move.product_uom_qty for move in moves}

    def codes(self, sale):
        return sale.channel_blocker_ids.mapped("code")


class TestOtherLocations(RoutingCase):
    def mixed(self, minutes=1, place="loc-9", **theirs):
        return self.version(
            minutes,
            line("a", sku="MUG-1", location="loc-1"),
            line("b", sku="TEA-1", quantity=2, location=place, **theirs),
        )

    def test_only_our_lines_are_picked_and_all_are_sold(self):
        self.take(self.mixed())
        sale = self.sale("1")
        self.assertEqual((sale.state, sale.amount_total), ("sale", 30.0))
        self.assertEqual(self.moves(sale), {self.mug: 1.0})

    def test_what_the_connector_says_and_what_the_marketplace_ships(self):
        for ref, owner in (("1", "other"), ("2", "marketplace")):
            self.take(self.version(1, line("a", sku="MUG-1"), line("b", sku="TEA-1", fulfilled_by=owner), ref=ref))
            self.assertEqual(self.moves(self.sale(ref)), {self.mug: 1.0})

    def test_a_location_that_is_not_known_is_not_ours(self):
        self.take(self.mixed(place="loc-77"))
        self.assertEqual(self.moves(self.sale("1")), {self.mug: 1.0})
        added = self.channel.remote_location_ids.filtered(lambda place: place.external_id == "loc-77")
        self.assertFalse(added.ours, "in the list, for a manager to say that it is ours")

    def test_locations_say_nothing_where_none_is_known(self):
        (self.here + self.there).unlink()
        self.take(self.mixed())
        self.assertEqual(self.moves(self.sale("1")), {self.mug: 1.0, self.tea: 2.0})

    def test_they_hold_no_stock(self):
        self.channel.sudo().auto_process = False
        self.take(self.mixed())
        promises = self.channel._promises(self.mug + self.tea)
        self.assertEqual((promises[self.mug.id].held, promises[self.tea.id].held), (1.0, 0.0))

    def test_what_they_have_shipped_counts_as_delivered_and_is_no_question(self):
        self.mug.invoice_policy = self.tea.invoice_policy = "delivery"
        self.take(self.mixed())
        sale = self.sale("1")
        ours, theirs = sale.order_line
        self.assertEqual((ours.qty_delivered, theirs.qty_delivered, theirs.qty_to_invoice), (0, 0, 0))
        shipped = replace(self.mixed(5, fulfilled_quantity=1), fulfillment_status=records.FulfillmentStatus.PARTIAL)
        self.take(shipped)
        self.assertEqual((ours.qty_delivered, theirs.qty_delivered, theirs.qty_to_invoice), (0, 1, 1))
        self.assertFalse(sale.channel_to_resolve, sale.channel_blocker_ids.mapped("text"))

    def test_who_shipped_what_stays_when_an_order_is_over(self):
        """Of an order that is archived the connector does not ask for all of that any more."""
        self.take(self.mixed())
        sale = self.sale("1")
        goods = [line("a", sku="MUG-1", fulfilled_quantity=1), line("b", sku="TEA-1", quantity=2, fulfilled_quantity=2)]
        done = {"status": records.OrderStatus.COMPLETED, "fulfillment_status": records.FulfillmentStatus.FULFILLED}
        self.take(self.version(9, *goods, **done))
        self.assertEqual(self.channel_order("1").line_ids.mapped("fulfilled_by"), ["seller", "other"])
        self.assertEqual(sale.order_line.mapped("qty_delivered"), [0, 2])
        [changed] = sale.channel_blocker_ids
        self.assertEqual(changed.params["changes"], ["shipped_elsewhere"], "of our own line; who ships what stayed")

    def test_what_they_have_shipped_counts_in_pieces_until_the_new_quantity_is_accepted(self):
        self.take(self.mixed(1, fulfilled_quantity=0))
        sale = self.sale("1")
        theirs = sale.order_line[1]
        self.take(self.mixed(2, fulfilled_quantity=1, cancelled_quantity=1))
        self.assertEqual(theirs.qty_delivered, 1.0, "not all that is still on the line")
        theirs.product_uom_qty = 1.0
        self.assertEqual(theirs.qty_delivered, 1.0)

    def test_what_they_had_shipped_and_is_ours_now_has_not_left(self):
        self.take(self.mixed(1, fulfilled_quantity=2))
        theirs = self.sale("1").order_line[1]
        self.assertEqual(theirs.qty_delivered, 2.0)
        self.take(self.mixed(2, place="loc-1"))
        self.assertEqual(theirs.qty_delivered, 0.0)

    def test_what_they_have_shipped_before_holds_up_nothing(self):
        shipped = replace(self.mixed(1, fulfilled_quantity=2), fulfillment_status=records.FulfillmentStatus.PARTIAL)
        self.take(shipped)
        sale = self.sale("1")
        self.assertEqual((sale.state, sale.order_line.mapped("qty_delivered")), ("sale", [0.0, 2.0]))

    def test_what_we_have_shipped_before_is_a_question(self):
        order = self.version(
            1,
            line("a", sku="MUG-1", quantity=2, fulfilled_quantity=1),
            line("b", sku="TEA-1", location="loc-9"),
            fulfillment_status=records.FulfillmentStatus.PARTIAL,
        )
        self.take(order)
        self.assertEqual(self.codes(self.sale("1")), ["shipped"])

    def test_a_whole_order_of_theirs_is_nothing_to_process(self):
        theirs = line("b", sku="TEA-1", location="loc-9")
        self.take(self.version(1, theirs))
        order = self.channel_order("1")
        self.assertEqual((order.fulfilled_by, order.sale_order_id), ("other", self.env["sale.order"]))
        self.take(self.version(5, replace(theirs, location="loc-1")))
        self.assertEqual((order.fulfilled_by, order.sale_order_id.state), ("seller", "sale"))
        self.assertEqual(self.moves(order.sale_order_id), {self.tea: 1.0})

    def test_a_whole_order_by_its_own_location(self):
        self.take(self.version(1, line("b", sku="TEA-1"), location="loc-9"))
        self.assertFalse(self.sale("1"))

    def test_a_draft_that_is_moved_away_waits_and_comes_back(self):
        self.channel.sudo().auto_process = False
        goods = line("b", sku="TEA-1", location="loc-1")
        self.take(self.version(1, goods))
        sale = self.sale("1")
        self.assertFalse(sale.channel_to_resolve)
        self.take(self.version(2, replace(goods, location="loc-9")))
        self.assertEqual(self.codes(sale), ["elsewhere"])
        self.assertEqual(self.channel._promises(self.tea)[self.tea.id].held, 0.0)
        self.assertIn("the location that ships", " ".join(sale.channel_event_ids.mapped("text")))
        self.take(self.version(3, goods))
        self.assertFalse(sale.channel_to_resolve)
        self.assertEqual(self.channel._promises(self.tea)[self.tea.id].held, 1.0)

    def test_a_processed_line_that_moves_is_accepted_by_a_person(self):
        self.take(self.mixed())
        sale = self.sale("1")
        self.take(self.mixed(5, place="loc-1"))
        self.assertEqual(self.codes(sale), ["changed"])
        self.assertEqual(self.moves(sale), {self.mug: 1.0})
        sale.channel_blocker_ids.action_overrule("moved there")
        self.assertEqual(self.moves(sale), {self.mug: 1.0, self.tea: 2.0})
        self.take(self.mixed(9))
        sale.channel_blocker_ids.action_overrule("moved there")
        self.assertEqual(self.moves(sale), {self.mug: 1.0})

    def test_a_processed_line_that_moves_away_and_comes_back(self):
        self.take(self.mixed(place="loc-1"))
        sale = self.sale("1")
        for minutes, place in ((5, "loc-9"), (9, "loc-1")):
            self.take(self.mixed(minutes, place=place))
            sale.channel_blocker_ids.action_overrule("moved there")
        self.assertEqual(self.moves(sale), {self.mug: 1.0, self.tea: 2.0})

    def test_a_tick_decides_for_open_orders(self):
        self.channel.sudo().auto_process = False
        self.take(self.mixed())
        sale = self.sale("1")
        self.there.ours = True
        self.take(self.mixed())
        self.assertEqual(set(self.channel_order("1").line_ids.mapped("fulfilled_by")), {"seller"})
        sale.action_channel_process()
        self.assertEqual(self.moves(sale), {self.mug: 1.0, self.tea: 2.0})

    def test_what_changes_while_a_tick_is_looked_at_is_seen(self):
        self.take(self.version(1, line("a", sku="MUG-1", location="loc-1")))
        self.here.ours = False
        self.here.ours = True
        moved = replace(self.address(), street="99 New Rd")
        self.take(self.version(2, line("a", sku="MUG-1", location="loc-1"), shipping=moved))
        self.assertIn("address", self.sale("1").channel_blocker_ids.text or "")

    def test_only_the_tick_is_a_managers(self):
        manager = self.new_user("route", "order_channel_mapping.group_channel_manager")
        self.there.with_user(manager).ours = True
        with self.assertRaises(AccessError):
            self.there.with_user(manager).external_id = "loc-1"

    def test_locations_of_fulfilment_services_are_not_ours(self):
        found = [records.Location("loc-1", "Main"), records.Location("loc-2", "FulfillCo", fulfilled_by="other")]
        self.channel.sudo()._store_locations(found)
        places = self.channel._own_places()
        self.assertEqual(places, {"loc-1": True, "loc-2": False, "loc-9": False})


class TestSchedules(RoutingCase):
    def scheduled(self, **values):
        until = datetime(2027, 2, 1, tzinfo=timezone.utc)
        hold = {"hold": "Scheduled at Shopify for 2027-02-01.", "hold_until": until}
        return self.version(1, line("a", sku="MUG-1"), **{**hold, **values})

    def test_it_waits_for_its_day_and_goes_on_alone(self):
        with freeze_time("2027-01-31 12:00:00"):
            self.take(self.scheduled())
            sale = self.sale("1")
            self.assertEqual((sale.state, self.codes(sale)), ("draft", ["hold"]))
            self.assertIn("2027-02-01", sale.channel_blocker_ids.text)
            self.assertEqual(sale.channel_blocker_ids.remedy, "No action needed. It continues automatically then.")
            self.take(self.scheduled())
            self.assertEqual(sale.state, "draft")
        with freeze_time("2027-02-01 00:01:00"):
            self.take(self.scheduled())
            self.assertEqual(sale.state, "sale")
            self.assertTrue(sale.picking_ids)

    def test_one_that_is_due_already(self):
        with freeze_time("2027-02-02"):
            self.take(self.scheduled())
            self.assertEqual(self.sale("1").state, "sale")

    def test_one_that_is_due_and_was_deleted_is_not_looked_at_in_each_pass(self):
        with freeze_time("2027-02-02"):
            self.channel.sudo().auto_process = False
            self.take(self.scheduled())
            self.channel_order("1")._mark_gone()
            with patch.object(self.registry["order.channel.order"], "_recheck") as recheck:
                self.channel._release_due()
            recheck.assert_not_called()

    def test_a_hold_without_an_end_stays(self):
        with freeze_time("2027-02-02"):
            self.take(self.scheduled(hold_until=None))
            self.take(self.scheduled(hold_until=None))
            self.assertEqual(self.codes(self.sale("1")), ["hold"])


class TestPickup(RoutingCase):
    def bring_pickup(self, ref="1", **values):
        self.take(self.version(1, line(ref, sku="MUG-1"), ref=ref, **values))
        return self.sale(ref)

    def test_it_needs_no_address(self):
        for ref, shipping in (("1", None), ("2", records.Address(name="Mary Major"))):
            sale = self.bring_pickup(ref, shipping=shipping, billing=None, pickup=True)
            self.assertEqual((sale.state, sale.channel_pickup), ("sale", True))

    def test_what_is_sent_does(self):
        self.assertEqual(self.codes(self.bring_pickup(shipping=None)), ["address"])

    def test_a_method_that_says_so(self):
        sale = self.bring_pickup(shipping=None, shipping_method="Store pickup")
        self.assertEqual((sale.state, sale.channel_pickup), ("sale", True))

    def test_a_parcel_shop_is_an_address(self):
        sale = self.bring_pickup(shipping=None, shipping_method="DHL pickup point")
        self.assertEqual(self.codes(sale), ["address"])


class TestBundles(RoutingCase):
    def bring_bundle(self, set_price="50.00", mug_price="0.00", tea_price="0.00", **container):
        lines = [
            line("1", "101", sku="SET", price=set_price, **{"container": True, **container}),
            line("2", "100", sku="MUG-1", quantity=2, price=mug_price, part_of="1"),
            line("3", "102", sku="TEA-1", price=tea_price, part_of="1"),
        ]
        self.take(self.version(1, *lines))
        return self.sale("1")

    def set_listing(self):
        return self.env["order.channel.listing"].search([("sku", "=", "SET"), ("channel_id", "=", self.channel.id)])

    def test_its_parts_are_sold_once(self):
        sale = self.bring_bundle()
        self.assertEqual((sale.state, sale.amount_total), ("sale", 50.0))
        self.assertEqual(self.moves(sale), {self.mug: 2.0, self.tea: 1.0})
        bundle = self.env.ref("order_channel_mapping.product_bundle")
        self.assertEqual(sale.order_line.filtered(lambda entry: entry.product_id == bundle).price_total, 50.0)

    def test_priced_parts(self):
        sale = self.bring_bundle("0.00", "20.00", "10.00")
        self.assertEqual((sale.state, sale.amount_total), ("sale", 50.0))
        self.assertEqual(self.moves(sale), {self.mug: 2.0, self.tea: 1.0})

    def test_linked_to_its_parts_all_the_same(self):
        self.channel.sudo().auto_process = False
        sale = self.bring_bundle()
        self.set_listing()._link_bundle([(self.mug, 2.0), (self.tea, 1.0)])
        self.assertFalse(sale.channel_to_resolve)
        self.assertEqual(self.channel._promises(self.mug)[self.mug.id].held, 2.0)
        sale.action_channel_process()
        self.assertEqual(self.moves(sale), {self.mug: 2.0, self.tea: 1.0})
        self.assertEqual(sale.amount_total, 50.0)

    def test_what_products_are_chained_to_is_asked_for(self):
        """It may be a product that is delivered itself, or nothing but its parts: what it is linked to tells."""
        sale = self.bring_bundle(container=False)
        self.assertTrue(sale.channel_frozen)
        self.set_listing()._link_bundle([(self.mug, 2.0), (self.tea, 1.0)])
        sale.action_channel_process()
        self.assertEqual(self.moves(sale), {self.mug: 2.0, self.tea: 1.0})

    def test_a_chained_product_of_its_own_is_delivered(self):
        phone = self.env["product.product"].create({"name": "Phone", "is_storable": True})
        sale = self.bring_bundle(container=False)
        self.set_listing()._link(phone)
        sale.action_channel_process()
        self.assertEqual(self.moves(sale), {phone: 1.0, self.mug: 2.0, self.tea: 1.0})

    def test_parts_without_a_price_that_name_no_container(self):
        self.channel.sudo().auto_process = False
        lines = [
            line("1", "101", sku="SET", price="50.00"),
            line("2", "100", sku="MUG-1", quantity=2, price=0),
            line("3", "102", sku="TEA-1", price=0),
        ]
        self.take(self.version(1, *lines))
        sale = self.sale("1")
        self.assertTrue(sale.channel_frozen, "what the set is has to be said")
        self.set_listing()._link_bundle([(self.mug, 2.0), (self.tea, 1.0)])
        sale.action_channel_process()
        self.assertEqual((self.moves(sale), sale.amount_total), ({self.mug: 2.0, self.tea: 1.0}, 50.0))

    def test_a_gift_beside_a_bundle_is_a_gift(self):
        for ref, gifts in (("1", {"MUG-1": 1}), ("2", {"MUG-1": 2}), ("3", {"MUG-1": 2, "TEA-1": 2})):
            lines = [line(f"{ref}s", "101", sku="SET", price="50.00")]
            lines += [line(f"{ref}{sku}", sku=sku, quantity=quantity, price=0) for sku, quantity in gifts.items()]
            self.take(self.version(1, *lines, ref=ref))
        self.set_listing()._link_bundle([(self.mug, 2.0), (self.tea, 1.0)])
        for ref, pieces in (("1", (3, 1)), ("2", (4, 1)), ("3", (4, 3))):
            sale = self.sale(ref)
            sale.action_channel_process()
            moved = self.moves(sale)
            sums = [
                sum(move.product_uom_qty for move in sale.picking_ids.move_ids if move.product_id == product)
                for product in (self.mug, self.tea)
            ]
            self.assertEqual((set(moved), tuple(sums)), ({self.mug, self.tea}, pieces))

    def test_one_paid_and_one_free_are_two(self):
        self.take(self.version(1, line("1", sku="MUG-1"), line("2", sku="MUG-1", price=0)))
        self.assertEqual(sum(self.sale("1").picking_ids.move_ids.mapped("product_uom_qty")), 2.0)

    def test_an_unlinked_part_still_freezes(self):
        lines = [line("1", "101", sku="SET", container=True), line("2", "103", sku="NEW", price=0, part_of="1")]
        self.take(self.version(1, *lines))
        sale = self.sale("1")
        self.assertEqual(sale.channel_blocker_ids.listing_id.sku, "NEW")


class TestUnpaid(RoutingCase):
    def bring_unpaid(self, *methods, ref="1", status="pending", **values):
        status = records.PaymentStatus(status)
        self.take(
            self.version(1, line(ref, sku="MUG-1"), ref=ref, payment_status=status, payment_methods=methods, **values)
        )
        return self.sale(ref)

    def tick(self, name):
        return self.channel.payment_map_ids.filtered(lambda rule: rule.name == name)

    def test_cash_on_delivery_is_shipped(self):
        self.assertEqual(self.bring_unpaid("Cash on Delivery (COD)").state, "sale")
        self.assertTrue(self.tick("Cash on Delivery (COD)").ship_before_payment)

    def test_others_wait_until_somebody_says_so(self):
        sale = self.bring_unpaid("Bank transfer")
        self.assertEqual(self.codes(sale), ["payment"])
        self.assertIn("Bank transfer", sale.channel_blocker_ids.text)
        self.tick("Bank transfer").ship_before_payment = True
        self.assertFalse(sale.channel_to_resolve)

    def test_taken_back_they_wait_again(self):
        self.channel.sudo().auto_process = False
        sale = self.bring_unpaid("cod")
        self.assertFalse(sale.channel_to_resolve)
        self.tick("cod").ship_before_payment = False
        self.assertEqual(self.codes(sale), ["payment"])
        self.tick("cod").unlink()
        self.assertFalse(sale.channel_to_resolve, "as it is by default")

    def test_a_person_adds_one_before_its_first_order(self):
        self.env["order.channel.payment.map"].create(
            {"channel_id": self.channel.id, "name": " Net 30 ", "ship_before_payment": True}
        )
        self.assertEqual(self.bring_unpaid("Net 30").state, "sale")

    def test_names_with_white_space_around_them_are_one_method(self):
        sales = [
            self.bring_unpaid(*methods, ref=ref)
            for ref, methods in (("1", [" Net 30 "]), ("2", ["Net 30"]), ("3", [""]), ("4", [" ", ""]), ("5", []))
        ]
        self.assertEqual(self.channel.payment_map_ids.mapped("name"), ["Net 30", "No method named"])
        self.channel.payment_map_ids.ship_before_payment = True
        self.assertFalse(any(sale.channel_to_resolve for sale in sales))

    def test_orders_that_name_no_method(self):
        sale = self.bring_unpaid()
        self.assertIn("no method named", sale.channel_blocker_ids.text)
        self.channel.payment_map_ids.ship_before_payment = True
        self.assertFalse(sale.channel_to_resolve)

    def test_a_payment_that_is_secured_is_good_whatever_the_method(self):
        self.assertEqual(self.bring_unpaid("shopify_payments", status="authorized").state, "sale")
        self.assertFalse(self.channel.payment_map_ids)

    def test_what_the_store_has_to_be_shipped_unpaid(self):
        """WooCommerce's cash on delivery: authorised, unless such orders are to wait."""
        self.channel.sudo().auto_process = False
        sale = self.bring_unpaid("cod", status="authorized")
        self.assertFalse(sale.channel_to_resolve)
        self.tick("cod").ship_before_payment = False
        self.assertEqual(self.codes(sale), ["payment"])

    def test_a_hold_that_only_waits_for_the_payment_goes_with_it(self):
        sale = self.bring_unpaid("bacs", hold="Status 'On hold' at the store.", hold_for_payment=True)
        self.assertEqual(sorted(self.codes(sale)), ["hold", "payment"])
        self.tick("bacs").ship_before_payment = True
        self.assertFalse(sale.channel_to_resolve)

    def test_another_hold_stays(self):
        sale = self.bring_unpaid("cod", hold="Fraud review")
        self.assertEqual(self.codes(sale), ["hold"])

    def test_refunded_and_voided_never_go(self):
        self.assertEqual(self.codes(self.bring_unpaid("cod", status="voided")), ["payment"])

    def test_one_query_for_a_page(self):
        orders = [
            self.version(
                1,
                line(str(n), sku="MUG-1"),
                ref=str(n),
                payment_status=records.PaymentStatus.PENDING,
                payment_methods=("cod",),
            )
            for n in range(10)
        ]
        with connected(self.env, self.connector):
            self.channel._note_payment_methods(orders)
            with self.assertQueryCount(1):
                self.env.invalidate_all()
                self.channel._note_payment_methods(orders)
