"""Rules that all screens keep: one colour for one meaning, three buttons above a selection, Odoo's own buttons in sight, and
an empty list that does not say "all is done" where a filter leaves nothing."""

from collections import defaultdict

from lxml import etree

from odoo.tests import Form
from odoo.tools.safe_eval import safe_eval

from tests.common import ChannelCase

PREFIX = "order_channel_mapping."
COLOURS = ("success", "info", "warning", "danger", "muted")


class TestScreenRules(ChannelCase):
    def our_views(self, *kinds):
        """``[(record, model, tree)]`` of the views that the addon defines, as they are shown."""
        data = self.env["ir.model.data"].search(
            [("module", "=", "order_channel_mapping"), ("model", "=", "ir.ui.view")]
        )
        for view in self.env["ir.ui.view"].browse(data.mapped("res_id")):
            if view.type in kinds and view.model and (view.mode == "primary" or not view.inherit_id):
                arch = self.env[view.model].get_view(view.id, view.type)["arch"]
                yield view, self.env[view.model], etree.fromstring(arch)

    # === COLOURS === #

    def colours(self):
        """``{(model, field, value): {colour: names of views}}`` of everything that is shown as a badge."""
        found = defaultdict(lambda: defaultdict(list))
        for view, model, tree in self.our_views("list", "kanban", "form"):
            for node in tree.iter("field"):
                name = node.get("name")
                target = self.model_of(model, node)
                if node.get("widget") != "badge" or target is None or name not in target._fields:
                    continue
                field = target._fields[name]
                for value, __ in field._description_selection(self.env) if field.type == "selection" else ():
                    found[target._name, name, value][self.colour(node, name, value)].append(view.name)
        return found

    def model_of(self, model, node):
        """The model whose field a node is: that of the view, or of the list that it stands in."""
        parents = [parent.get("name") for parent in node.iterancestors("field")]
        for name in reversed(parents):
            if name not in model._fields:
                return None
            model = self.env[model._fields[name].comodel_name]
        return model

    def colour(self, node, name, value):
        for colour in COLOURS:
            condition = node.get(f"decoration-{colour}")
            if condition and safe_eval(
                condition, {**defaultdict(bool), name: value, "done_at": False, "brings": False}
            ):
                return colour
        return None

    def test_a_status_has_one_colour_wherever_it_is_shown(self):
        found = self.colours()
        self.assertGreater(len(found), 40)
        several = {key: dict(views) for key, views in found.items() if len(views) > 1}
        self.assertFalse(several)

    def test_a_word_has_one_colour_whatever_it_is_said_of(self):
        words = defaultdict(lambda: defaultdict(list))
        for (model, name, value), views in self.colours().items():
            label = dict(self.env[model]._fields[name]._description_selection(self.env))[value]
            for colour in views:
                words[label.lower()][colour].append(f"{model}.{name}")
        several = {word: dict(colours) for word, colours in words.items() if len(colours) > 1}
        self.assertFalse(several)
        for word, colour in (
            ("failed", "danger"),
            ("done", "success"),
            ("accepted", "success"),
            ("skipped", "muted"),
            ("running", "info"),
            ("unconfirmed", "warning"),
            ("frozen", "warning"),
            ("to resolve", "warning"),
            ("cancelled", "muted"),
        ):
            self.assertEqual(list(words[word]), [colour], word)

    # === SELECTION BARS === #

    def test_at_most_three_buttons_stand_above_a_selection(self):
        for view, __, tree in self.our_views("list"):
            buttons = tree.xpath("/list/header/button[not(@display='always')]")
            self.assertLessEqual(len(buttons), 3, view.name)

    def test_the_rest_is_among_the_actions(self):
        listing_actions = self.env["ir.actions.server"].search(
            [("binding_model_id.model", "=", "order.channel.listing")]
        )
        self.assertLessEqual(
            {"Auto-Link", "Edit and Confirm", "Find Products", "Looks Right", "Unlink", "Push Stock"},
            set(listing_actions.mapped("name")),
        )
        self.assertTrue(all(action.group_ids for action in listing_actions))
        self.assertEqual(listing_actions.group_ids, self.env.ref(f"{PREFIX}group_channel_user"))

    def test_an_action_does_to_a_selection_what_its_button_did(self):
        channel = self.make_channel()
        product = self.env["product.product"].create({"name": "Mug"})
        listings = self.env["order.channel.listing"].create(
            [
                {"channel_id": channel.id, "company_id": channel.company_id.id, "external_id": number, "name": number}
                for number in "12"
            ]
        )
        listings._link(product)
        clerk = self.new_user("clerk", f"{PREFIX}group_channel_user")
        context = {"active_model": listings._name, "active_ids": listings.ids, "active_id": listings[0].id}
        action = self.env.ref(f"{PREFIX}order_channel_listing_server_unlink").with_user(clerk).with_context(**context)
        self.assertEqual(action.run()["res_model"], "order.channel.unlink")

    # === PRODUCTS === #

    def test_a_product_has_one_smart_button_of_ours_behind_all_others(self):
        form = self.env.ref("product.product_template_form_view")
        arch = etree.fromstring(self.env["product.template"].get_view(form.id, "form")["arch"])
        buttons = arch.xpath("//div[@name='button_box']/button")
        ours = [button.get("name") for button in buttons if "channel" in (button.get("name") or "")]
        self.assertEqual(ours, ["action_view_channel_listings"])
        self.assertEqual(buttons[-1].get("name"), "action_view_channel_listings")

    # === EMPTY LISTS === #

    def test_every_help_of_ours_knows_when_a_filter_leaves_nothing(self):
        data = self.env["ir.model.data"].search(
            [("module", "=", "order_channel_mapping"), ("model", "=", "ir.actions.act_window")]
        )
        actions = self.env["ir.actions.act_window"].browse(data.mapped("res_id")).filtered("help")
        self.assertGreater(len(actions), 15)
        for action in actions:
            self.assertIn("o_channel_help", action.help, action.name)
            for name in set(safe_eval(action.context or "{}")):
                if name.startswith("search_default_"):
                    self.assertIn(f"o_channel_for_{name.removeprefix('search_default_')}", action.help, action.name)

    # === AUTO-LINK === #

    def new_batch(self, action, user):
        context = safe_eval(action["context"]) if isinstance(action["context"], str) else action["context"]
        return Form(self.env[action["res_model"]].with_user(user).with_context(**context))

    def test_auto_link_has_the_only_channel_chosen(self):
        self.env["order.channel"].search([]).active = False
        clerk = self.new_user("clerk", f"{PREFIX}group_channel_user")
        action = self.env["ir.actions.act_window"]._for_xml_id(f"{PREFIX}order_channel_batch_action_auto_link")
        self.assertFalse(self.new_batch(action, clerk).channel_ids[:])
        shop = self.make_channel(name="Web Shop")
        self.make_channel("offline", name="Stall", site=False, account_ref=False)
        form = self.new_batch(action, clerk)
        self.assertEqual(form.channel_ids[:], shop)
        self.assertIn("Web Shop", form.name)
        self.make_channel(name="Second Shop")
        self.assertFalse(self.new_batch(action, clerk).channel_ids[:], "of two, a person chooses")

    def test_auto_link_and_suggestions_are_about_what_the_list_shows(self):
        shop, other = self.make_channel(name="Web Shop"), self.make_channel(name="Second Shop")
        Listing = self.env["order.channel.listing"]
        for channel in shop + other:
            Listing.create(
                {"channel_id": channel.id, "company_id": channel.company_id.id, "external_id": "1", "name": "Mug"}
            )
        clerk = self.new_user("clerk", f"{PREFIX}group_channel_user")
        shown = {"active_model": Listing._name, "active_domain": [["channel_id", "=", shop.id]]}
        list_ = Listing.with_user(clerk).with_context(**shown)
        Batch = self.env["order.channel.batch"]
        self.assertEqual(Batch.browse(list_.action_auto_link()["res_id"]).channel_ids, shop)
        batch = Batch.browse(list_.action_accept_suggestions()["res_id"])
        self.assertEqual(batch.channel_ids, shop)
        self.assertEqual(Listing.search(batch.selection).channel_id, shop)
