"""One pass of one channel in a process of its own, for tests that kill it: ``python -m tests.integration.worker …``.

Prints a line at each point where a process may die, and waits a moment there so that the kill can hit it. The marketplace
is in memory and the same in every process.
"""

from __future__ import annotations

import argparse
import sys
import time

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

ITEMS, ORDERS, PAGE = 60, 30, 10


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=("prepare", "items", "orders"))
    parser.add_argument("--database", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--slow", action="store_true", help="wait at each point, to be killed there")
    options = parser.parse_args()
    odoo.tools.config.parse_config(["-c", options.config, "-d", options.database], setup_logging=True)
    registry = Registry(options.database)
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        if options.verb == "prepare":
            _prepare(env)
            return
        _talk_to_memory(registry, options.slow)
        channel = env["order.channel"].search([("name", "=", "Killed shop")])
        run = channel._sync_items() if options.verb == "items" else channel._sync_orders()
        _say("end", run.state)


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


def _talk_to_memory(registry, slow):
    from tests.fakes import FakeConnector, item, line, order

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

    def point(name):
        _say("at", name)
        if slow:
            time.sleep(0.15)

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


def _say(*words):
    """A line that the test reads as it comes."""
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
