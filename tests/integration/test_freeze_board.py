"""The freeze board: which item to map first, what it releases, and the warning before a frozen order is late."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.order_channel_mapping.connectors.records import PaymentStatus
from odoo.addons.order_channel_mapping.models import order_channel_batch_release
from odoo.addons.order_channel_mapping.models.order_channel_freeze_alert import ALERT

from tests.fakes import START, line
from tests.integration.orders_common import OrderCase


class FreezeBoardCase(OrderCase):
    def freeze(self):
        """Hat alone twice (10 and 20), hat with a scarf (30), scarf with gloves and a mug (40)."""
        self.take(
            self.order("1", [line("a", sku="HAT")], placed_at=START, ship_by=START + timedelta(days=9)),
            self.order("2", [line("a", sku="HAT"), line("b", sku="HAT")], placed_at=START - timedelta(days=3)),
            self.order(
                "3", [line("a", sku="HAT", price="20"), line("b", sku="SCARF")], ship_by=START + timedelta(days=4)
            ),
            self.order("4", [line("a", sku="SCARF"), line("b", sku="GLOVES"), line("c", sku="MUG-1", price="20")]),
        )

    def board(self):
        rows = self.env["order.channel.freeze"].search([("channel_id", "=", self.channel.id)])
        return {row.sku: row for row in rows}


class TestFreezeBoard(FreezeBoardCase):
    def test_items_stand_by_the_money_that_they_hold_up(self):
        self.freeze()
        board = self.board()
        self.assertEqual(list(board), ["SCARF", "HAT", "GLOVES"])
        self.assertEqual(
            {sku: (row.order_count, row.release_count, row.amount, row.release_amount) for sku, row in board.items()},
            {"HAT": (3, 2, 60, 30), "SCARF": (2, 0, 70, 0), "GLOVES": (1, 0, 40, 0)},
        )
        hat = board["HAT"]
        self.assertEqual(hat.oldest_at, (START - timedelta(days=3)).replace(tzinfo=None))
        self.assertEqual(hat.waiting_days, (fields.Datetime.now() - hat.oldest_at).days)
        self.assertEqual(hat.ship_by, (START + timedelta(days=4)).replace(tzinfo=None))
        self.assertFalse(board["GLOVES"].ship_by)
        self.assertFalse(hat.foreign_amounts)

    def test_an_order_that_something_else_holds_up_is_not_released(self):
        hat = line("a", sku="HAT")
        self.take(self.order("1", [hat]), self.order("2", [hat], payment_status=PaymentStatus.PENDING))
        row = self.board()["HAT"]
        self.assertEqual((row.order_count, row.release_count, row.release_amount), (2, 1, 10))
        payment = self.channel_order("2").blocker_ids.filtered(lambda blocker: blocker.code == "payment")
        payment.action_overrule("Pays on delivery")
        row.invalidate_recordset()
        self.assertEqual((row.release_count, row.release_amount), (2, 20))

    def test_what_linking_does_is_what_was_said(self):
        self.freeze()
        hat = self.board()["HAT"]
        self.assertRegex(hat.text, r"^Map this one: releases 2 orders, .*30\.00")
        self.assertRegex(self.board()["SCARF"].text, r"^2 orders, .*70\.00.*, wait for this and something else")
        self.assertRegex(self.board()["GLOVES"].text, r"^1 order, .*40\.00.*, waits for this and something else")
        action = hat.action_open_link()
        form = Form(self.env[action["res_model"]].with_context(**action["context"]))
        form.product_id = self.mug
        message = form.save().action_link()["params"]["message"]
        self.assertIn("2 orders are released", message)
        self.assertEqual([self.sale(ref).channel_frozen for ref in "1234"], [False, False, True, True])
        board = self.board()
        self.assertEqual(list(board), ["SCARF", "GLOVES"])
        self.assertEqual((board["SCARF"].release_count, board["SCARF"].release_amount), (1, 30))
        with self.assertRaisesRegex(UserError, "Nothing waits for this item any more"):
            hat.action_open_link()

    def test_confirm_makes_the_product(self):
        self.freeze()
        rows = self.env["order.channel.freeze"].union(*self.board().values())
        rows.action_confirm()
        self.assertFalse(self.board())
        self.assertEqual({self.sale(ref).channel_frozen for ref in "1234"}, {False})
        self.assertEqual(self.sale("3").order_line.product_id.mapped("default_code"), ["HAT", "SCARF"])

    def test_only_what_is_frozen_counts(self):
        self.freeze()
        self.sale("2").action_cancel()
        hat = self.board()["HAT"]
        self.assertEqual((hat.order_count, hat.amount), (2, 40))
        # linked, though its orders are still to be told
        hat.listing_id.mapping_id = self.link("SCARF", self.tea).mapping_id
        board = self.board()
        self.assertNotIn("HAT", board)
        board["GLOVES"].listing_id.mapping_id = hat.listing_id.mapping_id
        self.assertEqual(self.channel.freeze_count, 0, "as of now, also what is not written yet")

    def test_its_orders_and_its_form_are_one_click_away(self):
        self.freeze()
        hat = self.board()["HAT"]
        orders = self.env["sale.order"].search(hat.action_view_orders()["domain"])
        self.assertEqual(sorted(orders.channel_order_id.mapped("external_id")), ["1", "2", "3"])
        action = hat.action_open_listing()
        self.assertEqual(self.env[action["res_model"]].browse(action["res_id"]), hat.listing_id)

    def test_other_currencies_are_converted_at_todays_rate_and_named(self):
        company, today = self.env.company, fields.Date.context_today(self.channel)
        own = company.currency_id
        euro, yen, pound = (self.env.ref(f"base.{code}") for code in ("EUR", "JPY", "GBP"))
        (euro + yen + pound).active = True
        self.env["res.currency.rate"].search([]).unlink()
        self.env["res.currency.rate"].create(
            [
                {"currency_id": euro.id, "name": today - timedelta(days=30), "rate": 4.0},
                {"currency_id": euro.id, "name": today - timedelta(days=1), "rate": 0.5, "company_id": company.id},
                {"currency_id": euro.id, "name": today, "rate": 8.0, "company_id": False},
                {"currency_id": euro.id, "name": today + timedelta(days=1), "rate": 16.0, "company_id": company.id},
                {"currency_id": pound.id, "name": today + timedelta(days=5), "rate": 0.25, "company_id": company.id},
            ]
        )
        self.take(
            self.order("1", [line("a", sku="HAT")], currency=own.name),
            self.order("2", [line("a", sku="HAT")], currency="EUR"),
            self.order("3", [line("a", sku="HAT")], currency="GBP"),
            self.order("4", [line("a", sku="HAT")], currency="JPY"),  # no rate
            self.order("5", [line("a", sku="HAT"), line("b", sku="SCARF")], currency="EUR"),
        )
        hat = self.board()["HAT"]
        by_odoo = sum(currency._convert(amount, own, company, today) for currency, amount in ((euro, 30), (pound, 10)))
        self.assertAlmostEqual(hat.amount, 10 + by_odoo)
        self.assertAlmostEqual(hat.amount, 10 + 60 + 40)
        self.assertAlmostEqual(hat.release_amount, 10 + 20 + 40)
        self.assertEqual(hat.foreign_amounts, {"EUR": 30, "GBP": 10, "JPY": 10})
        self.assertEqual(hat.foreign_text, "of which 30.00 EUR, 10.00 GBP, 10.00 JPY")
        summary = self.env["order.channel.freeze"].get_summary([("sku", "=", "HAT")])
        self.assertRegex(summary["amounts"][0], r"110\.00")
        self.assertEqual(summary["foreign"], hat.foreign_text)
        self.assertIn("110.00", self.channel.freeze_amount)

    def test_totals_count_an_order_once(self):
        self.freeze()
        board = self.env["order.channel.freeze"]
        domain = [("channel_id", "=", self.channel.id)]
        summary = board.get_summary(domain)
        self.assertEqual((summary["items"], summary["orders"], len(summary["amounts"])), (3, 4, 1))
        self.assertRegex(summary["amounts"][0], r"100\.00")
        self.assertEqual(self.channel.freeze_count, 3)
        self.assertRegex(self.channel.freeze_amount, r"100\.00")
        of_scarf = board.get_summary([*domain, ("sku", "=", "SCARF")])
        self.assertEqual((of_scarf["items"], of_scarf["orders"]), (1, 2))
        self.assertRegex(of_scarf["amounts"][0], r"70\.00")
        nothing = board.get_summary([("sku", "=", "NONE")])
        self.assertEqual((nothing["items"], nothing["orders"], nothing["amounts"]), (0, 0, []))

    def test_another_channel_has_its_own(self):
        self.freeze()
        other = self.make_channel(name="Other")
        self.assertEqual((other.freeze_count, self.channel.freeze_count), (0, 3))
        board = self.env["order.channel.freeze"]
        self.assertEqual(board.get_summary([("channel_id", "=", other.id)])["items"], 0)
        both, self.channel = self.channel + other, other
        self.take(self.order("9", [line("a", sku="HAT")]))
        summary = board.get_summary([("channel_id", "in", both.ids)])
        self.assertEqual((summary["items"], summary["orders"], len(summary["amounts"])), (4, 5, 1))
        self.assertRegex(summary["amounts"][0], r"110\.00")

    def test_who_may_not_map_maps_nothing_here(self):
        self.freeze()
        hat = self.board()["HAT"]
        seller = self.new_user("board_seller", "sales_team.group_sale_salesman_all_leads")
        for action in ("action_confirm", "action_open_link"):
            with self.subTest(action), self.assertRaises(UserError):
                answer = getattr(hat.with_user(seller), action)()
                self.env[answer["res_model"]].with_user(seller).with_context(**answer["context"]).create({})
        clerk = self.new_user("board_clerk", "order_channel_mapping.group_channel_user")
        listing = hat.listing_id
        hat.with_user(clerk).action_confirm()
        self.assertEqual(listing.state, "linked")

    def test_as_many_queries_for_many_items_as_for_few(self):
        counts = []
        for number in (2, 1, 30):
            self.take(*(self.order(f"n{number}-{i}", [line("a", sku=f"SKU-{number}-{i}")]) for i in range(number)))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows = self.env["order.channel.freeze"].search([])
            rows.web_read({"text": {}, "foreign_text": {}, "listing_id": {"fields": {"display_name": {}}}, "state": {}})
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])


class TestFreezeAlert(FreezeBoardCase):
    def setUp(self):
        super().setUp()
        self.person = self.new_user("alert_clerk", "order_channel_mapping.group_channel_user")
        self.channel.user_id = self.person
        soon = START.now(START.tzinfo)
        self.take(
            self.order("late", [line("a", sku="HAT")], ship_by=soon - timedelta(hours=1)),
            self.order("soon", [line("a", sku="HAT")], ship_by=soon + timedelta(hours=23)),
            self.order("far", [line("a", sku="HAT")], ship_by=soon + timedelta(hours=25)),
            self.order("none", [line("a", sku="HAT")]),
            self.order("free", [line("a", sku="MUG-1")], ship_by=soon + timedelta(hours=1)),
        )

    def warned(self):
        """References of the orders that an activity warns of."""
        activities = self.env["mail.activity"].search([("activity_type_id", "=", self.env.ref(ALERT).id)])
        self.assertLessEqual(activities.user_id, self.person)
        orders = self.env["sale.order"].browse(activities.mapped("res_id"))
        return sorted(orders.channel_order_id.mapped("external_id"))

    def warn(self):
        self.env["order.channel"]._cron_warn_of_frozen()
        return self.warned()

    def test_off_until_somebody_switches_it_on(self):
        self.make_channel(name="Other").freeze_alert_hours = 24
        self.assertEqual(self.channel.freeze_alert_hours, 0)
        self.assertEqual(self.warn(), [])

    def test_once_for_each_order_whose_ship_by_is_near(self):
        self.channel.freeze_alert_hours = 24
        self.assertEqual(self.warn(), ["late", "soon"])
        self.assertEqual(self.warn(), ["late", "soon"])
        self.sale("late").activity_ids.unlink()  # a person has seen it
        self.assertEqual(self.warn(), ["soon"])
        self.channel.freeze_alert_hours = 26
        self.assertEqual(self.warn(), ["far", "soon"])

    def test_it_goes_when_the_order_goes_on_or_is_cancelled(self):
        self.channel.freeze_alert_hours = 24
        self.warn()
        own = self.sale("free").activity_schedule("mail.mail_activity_data_todo", user_id=self.person.id)
        self.sale("soon").action_cancel()
        self.assertEqual(self.warn(), ["late"])
        self.link("HAT", self.tea)
        self.assertEqual(self.warn(), [])
        self.assertTrue(own.exists(), "what people noted themselves stays")


class TestItemsOfOneOrder(OrderCase):
    """From a frozen order all its items are confirmed at once, or linked one after the other."""

    def setUp(self):
        super().setUp()
        lines = [line(sku, sku=sku) for sku in ("HAT", "SCARF", "GLOVES")]
        self.take(self.order("three", [*lines, line("again", sku="HAT")]), self.order("one", [line("a", sku="BELT")]))

    def open(self, action):
        return Form(self.env[action["res_model"]].with_context(**action["context"]))

    def test_after_one_the_next_is_offered_and_what_is_left_is_said(self):
        blocker = self.sale("three").channel_blocker_ids[0]
        action, skus, messages = blocker.action_link_item(), [], []
        for left in (2, 1, 0):
            form = self.open(action)
            self.assertEqual(form.rest_count, left)
            skus.append(form.listing_id.sku)
            form.product_id = self.mug
            answer = form.save().action_link_next()
            messages.append(answer["params"]["message"])
            action = answer["params"]["next"]
        self.assertEqual(sorted(skus), ["GLOVES", "HAT", "SCARF"])
        self.assertIn("that are left: 2.", messages[0])
        self.assertIn("that are left: 1.", messages[1])
        self.assertIn("1 order is released", messages[2])
        self.assertEqual(action["type"], "ir.actions.act_window_close")
        self.assertFalse(self.sale("three").channel_frozen)

    def test_with_one_item_nothing_more_is_offered(self):
        form = self.open(self.sale("one").channel_blocker_ids.action_link_item())
        self.assertEqual(form.rest_count, 0)
        self.assertEqual(self.open(self.sale("one").action_channel_link_items()).rest_count, 0)

    def test_what_is_linked_is_not_offered_again_while_its_orders_go_on_in_the_background(self):
        blocker = self.sale("three").channel_blocker_ids[0]
        with patch.object(order_channel_batch_release, "RELEASE_AT_ONCE", 0):
            self.link("GLOVES", self.tea)
        self.assertEqual(len(self.sale("three").channel_blocker_ids.listing_id), 3)
        self.assertEqual(self.open(blocker.action_link_item()).rest_count, 1)

    def test_all_at_once(self):
        self.sale("three").action_channel_confirm_items()
        self.assertFalse(self.sale("three").channel_frozen)
        self.assertTrue(self.sale("one").channel_frozen)
        self.assertEqual(self.sale("three").order_line.product_id.mapped("default_code"), ["HAT", "SCARF", "GLOVES"])

    def test_some_now_some_later(self):
        form = self.open(self.sale("three").action_channel_link_items())
        with form.line_ids.edit(1) as chosen:
            chosen.product_id = self.tea
        message = form.save().action_link()["params"]["message"]
        self.assertEqual(message, "Items linked: 1.")
        self.assertEqual((self.sale("three").channel_unmapped_count, self.sale("three").channel_frozen), (2, True))
