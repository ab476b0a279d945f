"""What screens say and find, where no browser is needed for it."""

import re
from ast import literal_eval
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from lxml import etree

from odoo.fields import Command
from odoo.modules import get_module_path
from odoo.tests import Form
from odoo.tools.safe_eval import safe_eval

from odoo.addons.order_channel_mapping.connectors.base import Unavailable
from odoo.addons.order_channel_mapping.connectors.records import PaymentStatus
from odoo.addons.order_channel_mapping.tools.order_texts import EVENTS, blocker_text, event_text

from tests.fakes import connected, line
from tests.integration.orders_common import OrderCase


class TestScreens(OrderCase):
    def take_some(self):
        """A ready order, a frozen one, and one that is not paid."""
        self.take(
            self.order("1", [line("a", sku="MUG-1")]),
            self.order("2", [line("b", sku="NEW-1"), line("c", sku="NEW-2")]),
            self.order("3", [line("d", sku="MUG-1")], payment_status=PaymentStatus.PENDING),
        )

    # === SALES === #

    def groups_of_filters(self, view):
        """Names of the filters that add up (are joined by OR): those that follow each other directly."""
        arch = etree.fromstring(self.env["sale.order"].get_view(self.env.ref(view).id, "search")["arch"])
        groups = [[]]
        for node in arch:
            if node.tag == "filter" and not node.get("date"):
                groups[-1].append(node.get("name"))
            else:
                groups.append([])
        return groups

    def test_our_filters_add_up_with_odoos_default_ones(self):
        """Next to *My Quotations* or *Sales Orders* a filter of its own group would find nothing."""
        for view, default in (
            ("sale.sale_order_view_search_inherit_quotation", "my_quotation"),
            ("sale.sale_order_view_search_inherit_sale", "sales"),
        ):
            (group,) = (names for names in self.groups_of_filters(view) if default in names)
            self.assertLessEqual({"marketplace", "channel_frozen", "channel_to_resolve"}, set(group), view)

    def test_a_salesperson_without_the_channels_rights_can_read_its_orders(self):
        self.take_some()
        seller = self.new_user("seller", "sales_team.group_sale_salesman_all_leads")
        for number in ("1", "2"):
            order = self.sale(number).with_user(seller)
            with Form(order) as form:
                form.note = "Seen"
            self.assertFalse(order.with_user(seller).has_access("unlink"))

    def test_status_in_one_word_and_what_is_in_the_way(self):
        self.take_some()
        self.assertEqual([self.sale(number).channel_status for number in "123"], ["ready", "frozen", "to_resolve"])
        self.assertEqual(self.sale("2").channel_unmapped_count, 2)
        self.assertEqual(
            [self.sale(number).channel_blocker_text for number in "123"],
            ["", "Unmapped item (2)", "Payment at the channel: Pending (no method named)."],
        )
        self.sale("1").action_channel_process()
        self.sale("3")._action_cancel()
        self.assertEqual([self.sale(number).channel_status for number in "13"], ["processed", "cancelled"])

    def test_each_row_has_the_button_that_cures_it(self):
        self.take_some()
        seventh = [("0.07", "0.70", False)]
        self.take(
            self.order("4", [line("e", sku="MUG-1", taxes=seventh)]),
            self.order("5", [line("f", sku="MUG-1", taxes=seventh), line("g", sku="NEW-3")]),
            self.order("6", [line("h", sku="NEW-4")]),
        )
        self.env["order.channel.listing"].search([("sku", "=", "NEW-4")])._ignore()
        orders = self.env["sale.order"].union(*(self.sale(number) for number in "123456"))
        self.assertEqual(orders.mapped("channel_cure"), ["process", "link", "resolve", "tax", "link", "resolve"])
        self.assertEqual(orders.channel_order_id.mapped("cure"), orders.mapped("channel_cure"))
        opened = [order.action_channel_cure()["res_model"] for order in orders if order.channel_cure != "process"]
        self.assertEqual(
            opened,
            [
                "order.channel.link",
                "order.channel.order",
                "order.channel.tax.map",
                "order.channel.link",
                "order.channel.order",
            ],
        )
        orders[0].action_channel_cure()
        self.assertEqual((orders[0].state, orders[0].channel_cure), ("sale", False))
        orders[2]._action_cancel()
        self.assertFalse(orders[2].channel_cure)

    def test_the_reasons_of_a_page_of_orders_take_few_queries(self):
        def take(count, first):
            unpaid = {"payment_status": PaymentStatus.PENDING}
            numbers = [str(number) for number in range(first, first + count)]
            self.take(*(self.order(number, [line("a", sku="MUG-1")], **unpaid) for number in numbers))
            return self.env["sale.order"].union(*(self.sale(number) for number in numbers))

        def queries(orders):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            orders.web_read({"channel_blocker_text": {}, "channel_cure": {}, "channel_status": {}})
            return self.cr.sql_log_count - before

        few, many = take(2, 100), take(20, 200)
        queries(few)
        self.assertLessEqual(queries(many), queries(few) + 1)

    # === THE ORDER'S FACTS === #

    def shown(self, order):
        """Names of the fields of the form's first page that it shows."""
        form = Form(order)
        values = form._get_eval_context()
        return {
            field.get("name")
            for field in form._view["tree"].xpath("//group[@name='sale_header']//field")
            if not any(safe_eval(node.get("invisible") or "0", values) for node in (field, *field.iterancestors()))
        }

    def test_facts_are_on_the_first_page_where_there_are_any(self):
        elsewhere = {"shipping": replace(self.address(), street="Parcel locker 7"), "note": "Ring twice"}
        self.take(
            self.order("1", [line("a", sku="MUG-1")], shipping_method="Express", purchase_order="PO-1", **elsewhere),
            self.order("2", [line("b", sku="MUG-1")]),
        )
        always = {"channel_placed_at", "channel_total", "channel_payment_status"}
        sometimes = {
            "channel_shipping_method",
            "channel_purchase_order",
            "channel_delivery_address",
            "channel_buyer_note",
        }
        self.assertLessEqual(always | sometimes, self.shown(self.sale("1")))
        plain = self.shown(self.sale("2"))
        self.assertLessEqual(always, plain)
        self.assertFalse(sometimes & plain)
        self.assertIn("Parcel locker 7", self.sale("1").channel_delivery_address)
        own = self.env["sale.order"].create({"partner_id": self.env["res.partner"].create({"name": "Walk-in"}).id})
        self.assertFalse((always | sometimes) & self.shown(own))

    # === NOTHING REPRICES A MARKETPLACE'S ORDER === #

    #: what adds shipping, discounts or rewards to an order, or prices it anew
    REPRICING = {
        "action_open_delivery_wizard",
        "action_open_discount_wizard",
        "action_update_prices",
        "action_update_taxes",
    }

    def buttons_shown(self, order):
        """Names of the form's own buttons that it shows: neither they nor what they stand in is invisible."""
        form = Form(order)
        values = {**form._get_eval_context(), "show_update_pricelist": True, "show_update_fpos": True}
        buttons = form._view["tree"].xpath("//button[not(ancestor::field)]")
        return {
            button.get("name")
            for button in buttons
            if not any(safe_eval(node.get("invisible") or "0", values) for node in (button, *button.iterancestors()))
        }

    def test_buttons_that_reprice_are_hidden_on_a_marketplaces_order(self):
        """A coupon app's button is hidden as well: it stands among them."""
        coupons = self.env.ref("sale.action_orders")
        button = f'<button name="{coupons.id}" type="action"/>'
        arch = f'<button name="action_open_discount_wizard" position="before">{button}</button>'
        form_view = self.env.ref("sale.view_order_form")
        self.env["ir.ui.view"].create(
            {"name": "coupons", "model": "sale.order", "inherit_id": form_view.id, "arch": arch}
        )
        repricing = self.REPRICING | {str(coupons.id)}
        self.env.user.group_ids += self.env.ref("sale.group_discount_per_so_line") + self.env.ref(
            "product.group_product_pricelist"
        )
        self.env["product.pricelist"].create({"name": "Summer"})
        self.take(self.order("1", [line("a", sku="MUG-1")]))
        mine = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Walk-in"}).id,
                "order_line": [Command.create({"product_id": self.mug.id})],
            }
        )
        offline = self.make_channel("offline", name="Counter")
        entered = mine.copy({"order_channel_id": offline.id})
        self.assertEqual(self.buttons_shown(self.sale("1")) & repricing, set())
        self.assertEqual(self.buttons_shown(mine) & repricing, repricing)
        self.assertEqual(self.buttons_shown(entered) & repricing, repricing)

    # === DASHBOARD === #

    def test_counts_of_the_card_are_what_its_links_find(self):
        self.take_some()
        channel = self.channel
        self.assertEqual(
            (channel.unconfirmed_count, channel.order_count, channel.to_resolve_count, channel.ready_count),
            (2, 3, 2, 1),
        )
        filters = etree.fromstring(
            self.env["sale.order"].get_view(
                self.env.ref("order_channel_mapping.sale_order_view_search_channel").id, "search"
            )["arch"]
        )
        for name, count in (("channel_to_resolve", 2), ("channel_ready", 1)):
            (node,) = filters.xpath(f"//filter[@name='{name}']")
            domain = [("order_channel_id", "=", channel.id), *literal_eval(node.get("domain"))]
            self.assertEqual(self.env["sale.order"].search_count(domain), count, name)
        self.assertFalse(channel.working)
        channel._request_run(["items"])
        channel.invalidate_recordset()
        self.assertTrue(channel.working)
        self.assertEqual(channel.last_sync, "just now")
        channel.orders_checked_at -= timedelta(minutes=5)
        self.assertEqual(channel.last_sync, "5 minutes ago")

    # === TEXTS === #

    def test_every_event_that_is_logged_has_words(self):
        models = Path(get_module_path("order_channel_mapping")) / "models"
        source = "".join(path.read_text() for path in models.glob("*.py"))
        logged = set(re.findall(r"_log_event\(\s*\"(\w+)\"", source))
        self.assertGreater(len(logged), 8)
        self.assertEqual(logged - EVENTS.keys(), set())

    def test_every_blocker_has_words_and_what_to_do(self):
        for code, label in self.env["order.channel.blocker"]._fields["code"].selection:
            text, remedy = blocker_text(self.env, code, {"found": 0}, label)
            self.assertTrue(remedy, code)
            self.assertNotEqual(text, label)

    def test_words_carry_the_parameters(self):
        tax = {"name": "VAT", "rate": "0.07", "country": "DE", "found": 0}
        self.assertEqual(blocker_text(self.env, "tax", tax)[0], "No tax in Odoo fits VAT (7 %, DE).")
        self.assertIn("Several", blocker_text(self.env, "tax", {**tax, "found": 2})[0])
        total = {"expected": "10.00", "odoo": "9.99", "currency": "USD"}
        self.assertIn("10.00", blocker_text(self.env, "total", total)[0])
        self.assertIn("9.99", blocker_text(self.env, "total", total)[0])
        edited = event_text(self.env, "edited", {"changes": {"product_uom_qty": [1.0, 2.5]}})
        self.assertTrue(edited.endswith("1 → 2.5"), edited)
        self.assertEqual(event_text(self.env, "revised", {"changes": ["total"]}), "Changed at the channel: total")
        self.assertEqual(event_text(self.env, "revised", {"changes": []}), "Updated at the channel")
        self.assertEqual(event_text(self.env, "overruled", {"blocker": "payment"}), "Overruled: Payment")

    def test_the_unmapped_line_says_why_it_was_not_linked(self):
        self.take_some()
        blocker = self.sale("2").channel_blocker_ids[0]
        self.assertIn("NEW-", blocker.text)
        self.assertEqual(blocker.remedy, "No product has this SKU or barcode.")

    def test_the_hint_does_not_speak_of_a_sku_that_an_item_does_not_have(self):
        self.take(self.order("1", [line("a", "var-1", name="Engraving")]))
        blocker = self.sale("1").channel_blocker_ids
        self.assertEqual(blocker.remedy, "This item has no SKU: link it once, and it is remembered.")
        wizard = self.env["order.channel.go.live"].create({"channel_id": self.channel.id})
        self.assertEqual((wizard.unknown_count, wizard.unsure_count), (1, 0))

    def test_what_a_run_left_out_is_said_by_rule(self):
        with connected(self.env, self.connector):
            run = self.channel._open_run("orders")
            run._count(fetched=3, skipped={"test": 1, "before_start": 2})
        self.assertEqual(
            run.skips_text.splitlines(),
            ["2 × Placed before the date from which orders are taken in.", "1 × Test order."],
        )

    def test_a_fetch_that_failed_says_when_it_is_tried_again(self):
        first, second = (self.channel._open_run("orders") for __ in range(2))
        self.assertEqual(first, second)
        self.channel._handle_connector_error(Unavailable("HTTP 503"), first)
        self.assertEqual(first.next_try_at, self.channel.next_try_at)
        self.assertTrue(first.next_try_at)
        later = self.channel._open_run("orders")
        first.invalidate_recordset()
        self.assertFalse(first.next_try_at, "another one was begun since")
        later._close()
        self.channel._set_health("ok")
        self.assertFalse(later.next_try_at)

    def test_choosing_a_tax_is_filled_in(self):
        self.take(self.order("9", [line("t", sku="MUG-1", taxes=[("0.07", "0.70", False)])]))
        blocker = self.sale("9").channel_blocker_ids.filtered(lambda blocker: blocker.code == "tax")
        action = blocker.action_choose_tax()
        form = Form(self.env[action["res_model"]].with_context(**action["context"]))
        form.tax_id = self.vat19
        form.save()
        self.assertFalse(self.sale("9").channel_to_resolve)
        self.assertEqual(self.sale("9").order_line.tax_ids, self.vat19)

    # === RIGHTS === #

    def test_what_the_menus_open_can_be_read_by_those_who_see_them(self):
        """Every field of every view, by a clerk and by a manager: no view leans on a right that its reader lacks."""
        self.take_some()
        self.channel._record_failures("order", None, [("77", "bad_payload", {}, {"id": "77"})])
        prefix = "order_channel_mapping.group_channel_"
        for group in ("user", "manager"):
            person = self.new_user(f"reader_{group}", prefix + group)
            actions = self.actions_of_menus(person)
            self.assertGreaterEqual(len(actions), 20 if group == "manager" else 17)
            for action in actions:
                self.read_views(action, person)

    def actions_of_menus(self, person):
        """What this person can open from the app's menus."""
        visible = set(self.env["ir.ui.menu"].with_user(person)._visible_menu_ids())
        root = self.env.ref("order_channel_mapping.menu_root")
        menus = self.env["ir.ui.menu"].search([("id", "child_of", root.id), ("child_id", "=", False)])
        return [menu.action for menu in menus if visible.issuperset(map(int, menu.parent_path.strip("/").split("/")))]

    def read_views(self, action, person):
        model = self.env[action.res_model].with_user(person)
        views = [(view_id, kind) for view_id, kind in action.views if kind not in ("pivot", "graph")]
        answer = model.get_views(views)["views"]
        for __, kind in views:
            arch = etree.fromstring(answer[kind]["arch"])
            names = {node.get("name") for node in arch.iter("field") if not list(node.iterancestors("field"))}
            records = model.search([], limit=5)
            records.web_read({name: {} for name in names})
