"""Passes of one channel in processes of their own, for tests that kill them: ``python -m tests.integration.worker …``.

Odoo is loaded once. For each connection to the socket that it is given, the program forks a worker that does what the
first line says, ``{"verb": "items", "pause": 0.1, "stop_at": 3}``, and answers with lines: ``pid 17``, ``at <point>`` at
each point where a process may die, what was logged, ``exit <code>``. It ends when its standard input does. The
marketplace is in memory and the same in every worker; :mod:`tests.integration.worker_shop` has one that remembers.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from itertools import count

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

ITEMS, ORDERS, PAGE = 60, 30, 10
#: a worker that stopped to be killed, and was not, ends by itself after so many seconds
KILL_SECONDS = 60


def main(work):
    """:param work: what a worker does, called with the registry and what the first line says"""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--socket", required=True, type=int, help="file descriptor of a listening socket")
    options = parser.parse_args()
    odoo.tools.config.parse_config(["-c", options.config, "-d", options.database], setup_logging=True)
    registry = Registry(options.database)
    from tests import fakes  # noqa: F401 - loaded here, once for all workers

    # no worker may share a connection, and the tests replace the database between two of them
    odoo.sql_db.close_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(fileno=options.socket) as listener:
        while sys.stdin not in (ready := select.select([sys.stdin, listener], [], [])[0]):
            if ready:
                connection = listener.accept()[0]
                if not os.fork():
                    listener.close()
                    _watch(registry, connection, work)
                connection.close()


def _watch(registry, connection, work):
    """Start a worker for this connection, wait for its end and say how it ended; does not return."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    job = json.loads(connection.makefile().readline())
    os.dup2(connection.fileno(), sys.stdout.fileno())
    os.dup2(connection.fileno(), sys.stderr.fileno())
    pid = os.fork()
    if not pid:
        code = 1
        try:
            _say("pid", os.getpid())
            work(registry, **job)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    _say("exit", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os._exit(0)


class Points:
    """Where a process may die. It waits ``pause`` seconds at each point and, to be killed there, for long at the n-th one,
    of those called ``stop_name`` if given."""

    def __init__(self, pause=0.0, stop_at=0, stop_name=None):
        self.pause, self.stop_at, self.stop_name = pause, stop_at, stop_name
        self.reached = count(1)

    def __call__(self, name):
        _say("at", name)
        stop = self.stop_name in (None, name) and next(self.reached) == self.stop_at
        time.sleep(KILL_SECONDS if stop else self.pause)


def _work(registry, verb, **points):
    """One pass in this process."""
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        if verb == "prepare":
            _prepare(env)
            return
        _talk_to_memory(registry, Points(**points))
        channel = env["order.channel"].search([("name", "=", "Killed shop")])
        run = {"items": channel._sync_items, "orders": channel._sync_orders}[verb]()
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


def _talk_to_memory(registry, point):
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
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(_work)
