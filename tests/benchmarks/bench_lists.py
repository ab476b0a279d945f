"""The list of unconfirmed items over very many rows: each query of it goes by an index."""

from __future__ import annotations

import time

from tests.benchmarks.common import copy_listings, make_channel
from tests.benchmarks.harness import Figure, benchmark
from tests.plans import plan, queries_from, unconfirmed_lists

CHANNELS = 5
TABLE = "order_channel_listing"


@benchmark(size=100_000)
def unconfirmed_list(bench):
    """As many listings again are linked, as in a shop that has been at work for a while."""
    with bench.env() as env:
        for number in range(CHANNELS):
            copy_listings(env, make_channel(env, f"list {number}"), bench.size // CHANNELS)
        channel_id = env["order.channel"].search([], limit=1).id
        env.cr.execute(f"ANALYZE {TABLE}")
    scans = 0
    with bench.env() as env:
        user = env["res.users"].create(
            {
                "name": "Clerk",
                "login": "clerk",
                "group_ids": [(4, env.ref("order_channel_mapping.group_channel_user").id)],
            }
        )
        env = env(user=user)
        for name, act in unconfirmed_lists(env, channel_id, "Item 12345").items():
            act()  # whatever is read once only
            env.invalidate_all()
            started = time.perf_counter()
            with queries_from(TABLE) as sent:
                act()
            yield Figure(f"unconfirmed list, {name}", (time.perf_counter() - started) * 1000, "ms")
            for query in sent:
                scans += f"Seq Scan on {TABLE}" in plan(env.cr, query)
    yield Figure("unconfirmed list, queries without an index", scans, "in all", bar=0)
