"""What the benchmarks share: channels, products and a marketplace in memory whose passes commit for real."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import islice
from unittest.mock import patch


def make_channel(env, name, **values):
    """A live channel that no cron serves."""
    channel = env["order.channel"].create({"name": name, "provider": "shopify"})
    channel.write(
        {
            "state": "live",
            "account_ref": f"bench-{channel.id}",
            "site": "",
            "currency_id": env.company.currency_id.id,
            "order_start": "2026-01-01 00:00:00",
            **values,
        }
    )
    return channel


def products(env, skus, **values):
    """Storable products with these internal references, in batches."""
    created = env["product.product"]
    for batch in batches(skus, 1000):
        created += env["product.product"].create(
            [
                {"name": f"Product {sku}", "default_code": sku, "is_storable": True, "taxes_id": False, **values}
                for sku in batch
            ]
        )
    return created


def batches(values, size):
    """Lists of ``size`` values each."""
    values = iter(values)
    while batch := list(islice(values, size)):
        yield batch


@contextmanager
def marketplace(bench, connector):
    """Let every channel talk to this connector in memory."""
    channel_class = bench.registry["order.channel"]
    with (
        patch.object(channel_class, "_get_connector", lambda self: connector),
        patch.object(channel_class, "_is_foreign_database", lambda self: False),
    ):
        yield connector
