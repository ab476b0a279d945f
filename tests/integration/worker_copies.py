"""Real passes of one channel in whichever database is named, for :mod:`tests.integration.test_processes_copies`.

Nothing is replaced: the channel is connected to the simulated shop at ``shop``, and the passes are those of its crons.
"""

from __future__ import annotations

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

from tests.integration.worker import say

NAME = "Copied shop"


def work(registry, verb, shop, token, database=None):
    """
    :param database: another one than that of the tests, a copy
    """
    if database:
        registry = Registry(database)
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        if verb == "prepare":
            _prepare(env, shop, token)
            return
        channel = env["order.channel"].search([("name", "=", NAME)])
        if verb == "claim":
            channel.with_user(env.ref("base.user_admin")).action_claim_live_database()
        elif verb == "passes":
            for kind in ("sync", "items", "outbox"):
                channel._cron_pass(kind)
            env["order.channel.account"]._cron_withdraw_webhooks()
        say("foreign", channel.is_foreign_database, channel.health, channel.foreign_message)


def _prepare(env, shop, token):
    env["ir.config_parameter"].set_param("order_channel_mapping.allow_insecure_urls", "True")
    env["account.tax"].search([("type_tax_use", "=", "sale")]).active = False
    channel = env["order.channel"].create({"name": NAME, "provider": "shopify"})
    channel.account_id.api_base_url = shop
    secrets = {"access_token": token, "client_secret": "signs notifications"}
    channel.account_id.write({"shop_domain": "simulated.myshopify.com", **secrets})
    channel.action_connect()
    channel._go_live({"auto_link": True, "push_stock": True, "push_tracking": True})
    channel.write({"order_freshness": 3_600})
    product = env["product.product"].create({"name": "Thing", "default_code": "SKU-1", "is_storable": True})
    env["stock.quant"]._update_available_quantity(product, channel.warehouse_id.lot_stock_id, 7)
