"""Uninstalling with data there, and installing again, for :mod:`tests.integration.test_processes_uninstall`."""

from __future__ import annotations

import base64

from odoo import SUPERUSER_ID, api

from tests.integration import worker_copies
from tests.integration.worker import say

MODULE = "order_channel_mapping"


def work(registry, verb, shop, token):
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        if verb == "prepare":
            worker_copies._prepare(env, shop, token)
            _fill(env)
            return
        module = env["ir.module.module"].search([("name", "=", MODULE)])
        module = module.with_user(env.ref("base.user_admin"))
        if verb == "uninstall":
            wizard = module.env["base.module.uninstall"].create({"module_ids": module.ids})
            for line in (wizard.order_channel_impact or "").splitlines():
                say("impact", line)
            wizard.action_uninstall()
        elif verb == "install":
            module.button_immediate_install()


def _fill(env):
    """Orders in all states, with everything that hangs on them, and what people leave behind."""
    channel = env["order.channel"].search([("name", "=", worker_copies.NAME)])
    for kind in ("items", "sync", "outbox"):
        channel._cron_pass(kind)
    sales = env["sale.order"].search([("order_channel_id", "=", channel.id)], order="client_order_ref")
    frozen = sales.filtered("channel_frozen")
    (sales - frozen)[:1].action_channel_process()
    (sales - frozen)[:1]._create_invoices().action_post()
    frozen[:1]._action_cancel()  # cancelled with the placeholder in it
    for order in frozen:
        order.activity_schedule("order_channel_mapping.mail_activity_frozen", user_id=env.ref("base.user_admin").id)
    channel.activity_schedule(
        "order_channel_mapping.mail_activity_live_database", user_id=env.ref("base.user_admin").id
    )
    channel.message_post(body="Kept for the attic")
    channel.message_subscribe(env.ref("base.partner_admin").ids)
    batch = env["order.channel.batch"].create({"kind": "auto_link", "name": "A mass change"})
    batch.sheet = base64.b64encode(b"SKU,Product\n")
    env["ir.attachment"].create(
        {"name": "note.txt", "res_model": "order.channel", "res_id": channel.id, "raw": b"note"}
    )
    store = env["order.channel"].create({"name": "Market stall", "provider": "offline"})
    store.action_go_live()
