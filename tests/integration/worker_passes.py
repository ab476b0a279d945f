"""Passes of one channel, for :mod:`tests.integration.test_processes`.

The marketplace is in memory and the same in every worker; :mod:`tests.integration.worker_shop` has one that remembers.
"""

from __future__ import annotations

from odoo import SUPERUSER_ID, api

from tests.fakes import FakeConnector, item, line, order
from tests.integration.worker import Points, say

ITEMS, ORDERS, PAGE = 60, 30, 10


def work(registry, verb, **points):
    """One pass in this process."""
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        if verb == "prepare":
            _prepare(env)
            return
        _talk_to_memory(registry, Points(**points))
        channel = env["order.channel"].search([("name", "=", "Killed shop")])
        run = {"items": channel._sync_items, "orders": channel._sync_orders}[verb]()
        say("end", run.state)


def _prepare(env):
    goods = [
        {"name": f"Product {number}", "default_code": f"SKU-{number}", "is_storable": True}
        for number in range(0, ITEMS, 2)
    ]
    env["product.product"].create(goods)
    env["account.tax"].search([("type_tax_use", "=", "sale")]).active = False
    channel = env["order.channel"].create({"name": "Killed shop", "provider": "shopify"})
    channel.write(
        {
            "state": "live",
            "account_ref": "killed",
            "site": "",
            "auto_link": True,
            "currency_id": env.company.currency_id.id,
            "order_start": "2026-01-01 00:00:00",
        }
    )


def _talk_to_memory(registry, point):
    connector = FakeConnector()
    connector.page_size = PAGE
    connector.items = [item(str(number), f"SKU-{number}") for number in range(ITEMS)]
    connector.orders = [
        order(
            str(number),
            [
                line(f"{number}-a", str(number), sku=f"SKU-{number}", price="10.00"),
                line(f"{number}-b", name=f"Engraving {number % 3}", price="1.00"),
            ],
        )
        for number in range(ORDERS)
    ]
    channel_class = registry["order.channel"]
    channel_class._get_connector = lambda self: connector
    channel_class._is_foreign_database = lambda self: False
    commit, isolated, project = channel_class._commit, channel_class._isolated, registry["order.channel.order"]._project

    def slow_commit(self):
        point("before commit")
        commit(self)
        point("after commit")

    def slow_isolated(self, records, work):
        result = isolated(self, records, work)
        if records:
            point("written")
        return result

    def slow_project(self, *args, **kwargs):
        point("half-way through a page")
        return project(self, *args, **kwargs)

    channel_class._commit = slow_commit
    channel_class._isolated = slow_isolated
    registry["order.channel.order"]._project = slow_project
