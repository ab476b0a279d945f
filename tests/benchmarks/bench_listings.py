"""Listings: the first import with automatic linking, a second one of unchanged items, and the lists over all of them.

The marketplace is in memory, so that the figures are of what the addon does between a page of records and the commit.
"""

from __future__ import annotations

from tests.benchmarks.common import copy_products, make_channel, marketplace
from tests.benchmarks.harness import Figure, benchmark
from tests.fakes import FakeConnector, item

PAGE = 250


@benchmark(size=100_000)
def first_and_second_import(bench):
    """Each listing finds its product among as many products as there are listings."""
    with bench.env() as env:
        product_ids = copy_products(env, (f"SKU-{number}" for number in range(bench.size)))
        bare_channel, tenth, channel = (make_channel(env, name, auto_link=True) for name in ("bare", "tenth", "ours"))
        currencies = {"USD": env.ref("base.USD").id}
    connector = FakeConnector()
    connector.page_size = PAGE
    items = [item(str(number), f"sku-{number} ", image_url="https://example.com/p.jpg") for number in range(bench.size)]
    with bench.measure() as bare, bench.env() as env:
        bare_channel = bare_channel.with_env(env)
        for start in range(0, bench.size, PAGE):
            page = slice(start, start + PAGE)
            _create_bare(bare_channel, items[page], product_ids[page], currencies)
            env.cr.commit()
    connector.items = items[: bench.size // 10]
    with marketplace(bench, connector), bench.measure() as small, bench.env() as env:
        tenth.with_env(env)._sync_items()
    connector.items = items
    with marketplace(bench, connector), bench.measure() as first, bench.env() as env:
        run = channel.with_env(env)._sync_items()
        assert (run.created, run.linked) == (bench.size, bench.size), run.read()
    yield Figure("listings, first import: time", first.seconds / bare.seconds, "x bare creation", bar=3.0)
    yield Figure("listings, first import: queries", first.queries / bench.size, "per listing", bar=0.1)
    yield Figure("listings, first import: speed", bench.size / first.seconds, "listings/s")
    yield Figure("listings, bare creation: speed", bench.size / bare.seconds, "listings/s")
    yield Figure("listings, first import: memory", first.peak_mb - small.peak_mb, "MB more than a tenth", bar=150.0)
    for name, linked in (("linked", True), ("unconfirmed", False)):
        with bench.env() as env:
            if not linked:
                _take_products_away(env)
            channel.with_env(env).items_full_at = "2026-01-01 00:00:00"  # the daily pass is due
        with marketplace(bench, connector), bench.measure() as second, bench.env() as env:
            run = channel.with_env(env)._sync_items()
            assert (run.unchanged, run.linked) == (bench.size, 0), run.read()
        yield Figure(f"listings, second import, {name}: time", second.seconds / first.seconds, "x first", bar=0.1)
        yield Figure(f"listings, second import, {name}: queries", second.queries / bench.size, "per listing", bar=0.03)
        yield Figure(f"listings, second import, {name}: speed", bench.size / second.seconds, "listings/s")


def _create_bare(channel, items, product_ids, currencies):
    """What has to be in the database at the end, created in batches with nothing worked out."""
    env = channel.env
    company_id = channel.company_id.id
    listings = env["order.channel.listing"].create(
        [
            {
                **channel._listing_values(record, "0" * 32, currencies),
                "channel_id": channel.id,
                "company_id": company_id,
                "state": "linked",
                "product_id": product_id,
                "product_quantity": 1.0,
            }
            for record, product_id in zip(items, product_ids, strict=True)
        ]
    )
    mappings = env["order.channel.mapping"].create(
        [{"listing_id": listing.id, "company_id": company_id, "method": "sku"} for listing in listings]
    )
    env["order.channel.mapping.line"].create(
        [
            {"mapping_id": mapping.id, "product_id": product_id, "quantity": 1.0}
            for mapping, product_id in zip(mappings, product_ids, strict=True)
        ]
    )


def _take_products_away(env):
    """Have all listings be unconfirmed, with no product that fits."""
    env.cr.execute("UPDATE product_product SET order_channel_sku_key = 'no longer ' || order_channel_sku_key")
    env.cr.execute(
        "UPDATE order_channel_listing SET state = 'unconfirmed', mapping_id = NULL, product_id = NULL, link_hint = 'none'"
    )
    env.invalidate_all()
