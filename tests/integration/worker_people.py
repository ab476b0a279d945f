"""People who act on the same listing at the same moment, each in a process and transaction of their own, for
:mod:`tests.integration.test_processes_people`. What a person is told comes back as a line ``told <message>``."""

from __future__ import annotations

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.service.model import retrying

from tests.integration.worker import Points, say


def work(registry, verb, login=None, **points):
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        if verb == "prepare":
            _prepare(env)
            return
        person = env["res.users"].search([("login", "=", login)])
        press = _PRESS[verb](env(user=person))
        cr.commit()
        _pause_before_lock(registry, Points(**points))
        try:
            retrying(press, env)
        except UserError as error:
            say("told", error)


def _prepare(env):
    channel = env["order.channel"].create({"name": "Shared shop", "provider": "shopify"})
    channel.write({"state": "live", "account_ref": "shared", "site": ""})
    env["order.channel.listing"].create(
        [
            {
                "channel_id": channel.id,
                "company_id": channel.company_id.id,
                "external_id": ref,
                "sku": sku,
                "sku_key": "lamp",
                "name": "Lamp",
            }
            for ref, sku in (("1", "LAMP"), ("2", " lamp"))
        ]
    )
    env["product.product"].create({"name": "Torch"})
    group = env.ref("order_channel_mapping.group_channel_user")
    for name in ("Ada", "Bob"):
        env["res.users"].create({"name": name, "login": name.lower(), "group_ids": [Command.set(group.ids)]})


def _pause_before_lock(registry, point):
    """Both have looked at the listing before either of them holds it."""
    listing_class = registry["order.channel.listing"]
    lock = listing_class._lock

    def slow_lock(self):
        self.mapped("state")
        point("before lock")
        lock(self)

    listing_class._lock = slow_lock


def _listing(env, ref="1"):
    return env["order.channel.listing"].search([("external_id", "=", ref)])


def _confirm(env, ref="1"):
    """Where there is a product like it by now, the button asks instead of making one.

    :return: the button's request, as a function
    """

    def press():
        action = _listing(env, ref).with_context(stay=True).action_confirm()
        if action.get("res_model"):
            say("told", env[action["res_model"]].browse(action["res_id"]).twin_text)

    return press


def _link(env):
    """Open the form; pressing its button is another request.

    :return: that request, as a function
    """
    action = _listing(env).action_open_link()
    wizard = env["order.channel.link"].with_context(**action["context"]).create({})
    wizard.product_id = env["product.product"].search([("name", "=", "Torch")])
    return lambda: wizard.action_link()


_PRESS = {"confirm": _confirm, "confirm_other": lambda env: _confirm(env, "2"), "link": _link}
