"""Mass changes of a whole selection in the background: how many listings a second, and how many queries each."""

from __future__ import annotations

from tests.benchmarks.common import copy_listings, make_channel
from tests.benchmarks.harness import Figure, benchmark


@benchmark(size=10_000)
def mass_changes(bench):
    """Ignore, put back, confirm and unlink all unconfirmed listings of a channel."""
    with bench.env() as env:
        channel = make_channel(env, "changes")
        copy_listings(env, channel, bench.size)
        env.cr.execute("UPDATE order_channel_listing SET waiting_order_count = 0")
        domain = [("channel_id", "=", channel.id), ("state", "=", "unconfirmed")]
        ids = env["order.channel.listing"].search(domain).ids
    for kind in ("ignore", "undo", "confirm", "unlink"):
        with bench.env() as env:
            if kind == "undo":
                batch.with_env(env).action_undo()  # noqa: F821  # of the change before
            else:
                batch = env["order.channel.batch"]._make(kind, env["order.channel.listing"].browse(ids))
        with bench.measure() as work, bench.env() as env:
            batch = batch.with_env(env)
            while batch.working:
                batch._work_in_background()
        with bench.env() as env:
            batch = batch.with_env(env)
            done = batch.undone_count if kind == "undo" else batch.done_count
            assert done == bench.size, (batch.state, done, batch.failed_count, batch.left_count)
        yield Figure(f"mass change, {kind}: speed", bench.size / work.seconds, "listings/s")
        yield Figure(f"mass change, {kind}: queries", work.queries / bench.size, "per listing")
