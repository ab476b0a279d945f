"""Entering credentials in a real browser: they reach the server by their own route, and nothing else carries them."""

from __future__ import annotations

from odoo.tests import patch

from tests.common import ChannelBrowserCase
from tests.integration.connect_common import TOKEN, ConnectMixin

FORM = """
<form>
    <header><button name="action_connect" type="object" string="Connect" invisible="not id" /></header>
    <sheet>
        <field name="name" />
        <field name="provider" />
        <field name="warehouse_id" />
        <field name="state" readonly="1" />
        <field name="account_id" invisible="1" required="0" />
        <field name="credentials" widget="channel_credentials" nolabel="1" />
    </sheet>
</form>
"""

#: small steps in the page: wait for something, type as a person does
STEPS = """
const until = async (find, what) => {
    for (let turn = 0; turn < 200; turn++) {
        const found = find();
        if (found) { return found; }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("never came: " + what);
};
const one = (selector) => until(() => document.querySelector(selector), selector);
const type = async (selector, text) => {
    const input = await one(selector);
    input.focus();
    input.value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
    input.blur();
};
const badge = (name, text) => until(
    () => [...document.querySelectorAll(`[data-credential=${name}]`)].find((node) => node.textContent.trim() === text),
    `${name} ${text}`
);
const shown = (name, text) => until(
    () => document.querySelector(`.o_field_widget[name=${name}]`).textContent.includes(text), `${name} ${text}`
);
const click = async (selector) => (await one(selector)).click();
const run = async (steps) => {
    try { await steps(); console.log("test successful"); } catch (error) { console.error(error.message); }
};
"""


class TestCredentials(ConnectMixin, ChannelBrowserCase):
    def setUp(self):
        super().setUp()
        view = self.env["ir.ui.view"].create(
            {"name": "one form", "model": "order.channel", "arch": FORM, "type": "form", "priority": 1}
        )
        self.action = self.env["ir.actions.act_window"].create(
            {"name": "Channels", "res_model": "order.channel", "view_mode": "form", "view_id": view.id}
        )
        self.bodies = []

    def play(self, steps, path=""):
        """Run steps in the page and keep the arguments of every model call that they lead to."""

        bodies = self.bodies
        base = type(self.env["base"])

        def web_save(records, vals, *args, **kwargs):
            bodies.append(repr((vals, args, kwargs)))
            return original(records, vals, *args, **kwargs)

        original = base.web_save
        with patch.object(base, "web_save", web_save):
            self.browser_js(
                f"/odoo/action-{self.action.id}/{path}",
                f"{STEPS} run(async () => {{ {steps} }});",
                "document.querySelector('.o_form_view') !== null",
                login="channel_manager",
            )
        self.env.invalidate_all()

    def test_a_new_channel_takes_its_credentials_in_one_form(self):
        """Leaving the credential saves the channel, posts what was typed, and Connect finds it."""
        with self.marketplace():
            self.play(
                f"""
                await type(".o_field_widget[name=name] input", "Hats");
                await click(".o_field_widget[name=provider] input, .o_field_widget[name=provider] select");
                const select = document.querySelector(".o_field_widget[name=provider] select");
                if (select) {{
                    select.value = [...select.options].find((option) => option.text === "Shopify").value;
                    select.dispatchEvent(new Event("change", {{ bubbles: true }}));
                }} else {{
                    (await until(
                        () => [...document.querySelectorAll(".o_select_menu_item, .dropdown-item")]
                            .find((item) => item.textContent.trim() === "Shopify"),
                        "Shopify"
                    )).click();
                }}
                await click("#auth_method_token");
                await badge("access_token", "Not set");
                await type("#credential_shop_domain", "hats.myshopify.com");
                await type("#credential_access_token", "{TOKEN}");
                await badge("access_token", "Set");
                await until(() => document.querySelector("#credential_access_token").value === "", "an emptied input");
                await click("button[name=action_connect]");
                await shown("state", "Connected");
                """,
                "new",
            )
        channel = self.env["order.channel"].search([("name", "=", "Hats")])
        self.assertEqual(channel.state, "connected")
        self.assertEqual(channel.account_id._secrets(), {"access_token": TOKEN})
        self.assertEqual(channel.account_id.shop_domain, "hats.myshopify.com")
        self.assertTrue(self.bodies)
        self.assertNotIn(TOKEN, "".join(self.bodies))

    def test_connect_waits_for_what_was_just_typed(self):
        """Pasting a credential and clicking Connect at once must not connect with the old one, however slow the line is."""
        channel = self.new_channel()
        with self.marketplace():
            self.play(
                """
                const { open, send } = XMLHttpRequest.prototype;
                XMLHttpRequest.prototype.open = function (method, url, ...others) {
                    this.isSecret = url.includes("/secret");
                    return open.call(this, method, url, ...others);
                };
                XMLHttpRequest.prototype.send = function (...body) {
                    setTimeout(() => send.apply(this, body), this.isSecret ? 1500 : 0);
                };
                await badge("access_token", "Set");
                await type("#credential_access_token", "shpat_pasted");
                document.querySelector("button[name=action_connect]").click();
                await shown("state", "Connected");
                """,
                str(channel.id),
            )
        self.assertEqual(channel.account_id._secrets(), {"access_token": "shpat_pasted"})
        self.assertEqual(channel.health, "ok", "Connect came after the credential, not before")
        self.assertTrue(channel.account_id.credentials_checked)
