"""Passes that send, against a simulated shop that outlives them: ``python -m tests.integration.worker_shop …``.

The shop runs in the test's own process, and the real connector talks to it over HTTP: what it was told before a kill stays
told. The job names it by ``shop`` (its address) and ``token``.
"""

from __future__ import annotations

import time

from odoo import SUPERUSER_ID, api

from tests.integration.worker import Points
from tests.ports import MemoryPort

NAME = "Told shop"
#: quantities per call, so that a pass takes several
BATCH = 10


def work(registry, verb, shop, token, **points):
    """One pass in this process."""
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        channel_class = registry["order.channel"]
        _talk_to_shop(channel_class, shop, token)
        if verb == "prepare":
            _prepare(env)
            return
        _mark_points(channel_class, Points(**points))
        channel = env["order.channel"].search([("name", "=", NAME)])
        {"stock": channel._push_stock, "outbox": channel._push_outbox}[verb](deadline=time.monotonic() + 60)


def _prepare(env):
    """What the shop sells is in stock, its orders are processed and partly delivered, and it was told nothing yet."""
    env["account.tax"].search([("type_tax_use", "=", "sale")]).active = False
    channel = env["order.channel"].create({"name": NAME, "provider": "shopify"})
    channel.write(
        {
            "state": "live",
            "account_ref": "told",
            "site": "",
            "auto_link": True,
            "push_tracking": True,
            "order_freshness": 3_600,
            "currency_id": env.company.currency_id.id,
            "order_start": "2026-01-01 00:00:00",
        }
    )
    connector = channel._get_connector()
    skus = [item.sku for page in connector.iter_items() for item in page.records]
    products = env["product.product"].create(
        [
            {"name": f"Product {sku}", "default_code": sku, "is_storable": True, "taxes_id": False}
            for sku in sorted(skus)
        ]
    )
    for number, product in enumerate(products):
        env["stock.quant"]._update_available_quantity(product, channel.warehouse_id.lot_stock_id, 20 + number)
    for place in connector.identify().locations:
        env["order.channel.location"].create({"channel_id": channel.id, "external_id": place.ref, "name": place.name})
    channel._sync_items()
    channel._sync_orders()
    sales = env["sale.order"].search([("order_channel_id", "=", channel.id)], order="client_order_ref")
    sales.action_channel_process()
    for number, sale in enumerate(sales):
        delivery = sale.picking_ids
        delivery.carrier_tracking_ref = f"TRACK-{number}"
        delivery.move_ids.quantity = 1.0  # of one thing a piece is left, so that a parcel told twice could find it
        delivery.with_context(skip_backorder=True).button_validate()
    channel.push_stock = True


def _talk_to_shop(channel_class, shop, token):
    # the addon can be imported only once Odoo knows where its addons are
    from odoo.addons.order_channel_mapping.connectors.base import Login, Ports
    from odoo.addons.order_channel_mapping.connectors.shopify import ShopifyConnector

    def connector_of(channel):
        secrets = {"shop_domain": "simulated.myshopify.com", "access_token": token}
        connector = ShopifyConnector(
            Login(base_url=shop, secrets=secrets, allow_insecure=True), Ports(MemoryPort(), MemoryPort())
        )
        connector.stock_batch = BATCH
        return connector

    channel_class._get_connector = connector_of
    channel_class._is_foreign_database = lambda channel: False


def _mark_points(channel_class, point):
    """A point after each transaction, called after what it did, and one after each answer that is not recorded yet."""
    repeatable, connector_of = channel_class._repeatable, channel_class._get_connector

    def repeatable_with_point(channel, work, *args):
        result = repeatable(channel, work, *args)
        point(work.__name__)
        return result

    def connector_with_points(channel):
        connector = connector_of(channel)
        connector.push_stock, connector.ship = told(connector.push_stock), told(connector.ship)
        return connector

    def told(call):
        def called(*args):
            answer = call(*args)
            point("told")
            return answer

        return called

    channel_class._repeatable = repeatable_with_point
    channel_class._get_connector = connector_with_points
