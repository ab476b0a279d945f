"""``python -m tests.faults prepare|watch …``: the channels of one run, and how long each of them waited."""

from __future__ import annotations

import argparse
import json
import time
from contextlib import closing, contextmanager

CHANNELS = 40
BAD = "Bad shop"
#: seconds: all are due at once, then again each minute
WATCH_SECONDS = 150
START_SECONDS = 120
LOOK_EVERY = 0.25


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("verb", choices=("prepare", "watch"))
    parser.add_argument("--database", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--shop", help="the good marketplace's address")
    parser.add_argument("--bad", help="the address of the marketplace that behaves badly")
    options = parser.parse_args()
    if options.verb == "prepare":
        _prepare(options)
    else:
        print(json.dumps(_watch(options.database)), flush=True)


def _prepare(options) -> None:
    """Live channels that have never fetched anything, each of an account of its own."""
    import odoo
    from odoo import api
    from odoo.modules.registry import Registry

    from tests.marketplaces.shopify_shop import TOKEN

    odoo.tools.config.parse_config(["-c", options.config, "-d", options.database], setup_logging=True)
    with Registry(options.database).cursor() as cr:
        env = api.Environment(cr, odoo.SUPERUSER_ID, {})
        env["ir.config_parameter"].set_param("order_channel_mapping.allow_insecure_urls", "True")
        for number in range(CHANNELS):
            bad = number == CHANNELS // 2
            channel = env["order.channel"].create(
                {
                    "name": BAD if bad else f"Shop {number}",
                    "provider": "shopify",
                    "sync_interval": 1,
                    "items_interval": 1,
                }
            )
            channel.account_id.write(
                {
                    "api_base_url": options.bad if bad else options.shop,
                    "shop_domain": "simulated.myshopify.com",
                    "access_token": TOKEN,
                }
            )
            channel.account_id.credentials_checked = True
            channel.write(
                {
                    "state": "live",
                    "account_ref": f"shop-{number}",
                    "site": "",
                    "currency_id": env.company.currency_id.id,
                    "webhook_next_at": "2100-01-01 00:00:00",
                }
            )
            channel._ensure_crons()


def _watch(database: str) -> dict:
    """:return: ``{name of a channel: [seconds between two completed fetches of orders]}`` and the bad one's states"""
    fetched: dict[str, list[float]] = {}
    seen: dict[str, object] = {}
    states: list[list] = []
    with _connected(database) as cursor:
        _wait_for_first_run(database, cursor)
        started = time.monotonic()
        while time.monotonic() - started < WATCH_SECONDS:
            cursor.execute("SELECT name, orders_checked_at, health, health_code FROM order_channel")
            now = time.monotonic() - started
            for name, checked_at, health, code in cursor.fetchall():
                times = fetched.setdefault(name, [0.0])
                if checked_at and checked_at != seen.get(name):
                    seen[name] = checked_at
                    times.append(now)
                if name == BAD and (not states or states[-1][1:] != [health, code]):
                    states.append([round(now, 1), health, code])
            time.sleep(LOOK_EVERY)
    waits = {
        name: [round(later - earlier, 2) for earlier, later in zip(times, [*times[1:], WATCH_SECONDS], strict=True)]
        for name, times in fetched.items()
        if name != BAD
    }
    return {"waits": waits, "bad": states}


@contextmanager
def _connected(database: str):
    import psycopg2

    with closing(psycopg2.connect(dbname=database)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        yield cursor


def _wait_for_first_run(database: str, cursor) -> None:
    """Odoo's workers look for the first time after a minute, unless they are told to."""
    deadline = time.monotonic() + START_SECONDS
    with _connected("postgres") as bell:
        while time.monotonic() < deadline:
            bell.execute("SELECT pg_notify('cron_trigger', %s)", (database,))
            cursor.execute("SELECT 1 FROM order_channel_run LIMIT 1")
            if cursor.fetchone():
                return
            time.sleep(LOOK_EVERY)
    raise SystemExit("Odoo's cron workers did not begin")


main()
