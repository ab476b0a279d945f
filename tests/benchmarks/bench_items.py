"""Items: a first import, a second one of unchanged data, and automatic linking.

The marketplace is in memory, so that the figures are of what the addon does between a page of records and the commit.
"""

from __future__ import annotations

from tests.benchmarks.common import batches, make_channel, marketplace, products
from tests.benchmarks.harness import Figure, benchmark
from tests.fakes import FakeConnector, item

PAGE = 250


@benchmark(size=10_000)
def first_and_second_import(bench):
    connector = FakeConnector()
    connector.page_size = PAGE
    connector.items = [
        item(str(number), f"SKU-{number}", image_url="https://example.com/p.jpg") for number in range(bench.size)
    ]
    with bench.env() as env:
        bare_channel, channel = make_channel(env, "bare"), make_channel(env, "ours")
        bare_id, channel_id = bare_channel.id, channel.id
        rows = [
            {
                **bare_channel._listing_values(record, "0" * 32, {"USD": env.ref("base.USD").id}),
                "channel_id": bare_id,
                "company_id": bare_channel.company_id.id,
            }
            for record in connector.items
        ]
    with bench.measure() as bare, bench.env() as env:
        for batch in batches(rows, PAGE):
            env["order.channel.listing"].create(batch)
            env.cr.commit()
    with marketplace(bench, connector), bench.measure() as first, bench.env() as env:
        run = env["order.channel"].browse(channel_id)._sync_items()
        assert run.created == bench.size, run.read()
    yield Figure("items, first import: time", first.seconds / bare.seconds, "x bare creation", bar=4.0)
    yield Figure("items, first import: speed", bench.size / first.seconds, "items/s")
    yield Figure("items, first import: queries", first.queries / bench.size, "per item")
    yield Figure("items, first import: memory", first.memory_mb, "MB")
    with bench.env() as env:
        env["order.channel"].browse(channel_id)._fetch_all_items()
    with marketplace(bench, connector), bench.measure() as second, bench.env() as env:
        run = env["order.channel"].browse(channel_id)._sync_items()
        assert run.unchanged == bench.size, run.read()
    yield Figure("items, second import: queries", second.queries / bench.size, "per item", bar=0.08)
    yield Figure("items, second import: speed", bench.size / second.seconds, "items/s")


@benchmark(size=10_000)
def automatic_linking(bench):
    """Every second item finds its product; the rest has none."""
    connector = FakeConnector()
    connector.page_size = PAGE
    connector.items = [item(str(number), f"LINK-{number}") for number in range(bench.size)]
    with bench.env() as env:
        channel_id = make_channel(env, "link").id
        products(env, [f"link-{number} " for number in range(0, bench.size, 2)])
    with marketplace(bench, connector), bench.env() as env:
        env["order.channel"].browse(channel_id)._sync_items()
    with bench.measure() as linking, bench.env() as env:
        channel = env["order.channel"].browse(channel_id)
        channel.auto_link = True
        linked = channel._link_unconfirmed(certain_only=True)
        assert linked == bench.size // 2, linked
    yield Figure("linking: time for all", linking.seconds, "s", bar=30.0 * bench.size / 10_000)
    yield Figure("linking: queries", linking.queries / bench.size, "per item")
