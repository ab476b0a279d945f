"""What the benchmarks share: channels, products and a marketplace in memory whose passes commit for real."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import islice
from unittest.mock import patch

from odoo.tools import SQL, sql

from odoo.addons.order_channel_mapping.tools.normalize import loose_sku, normalize_sku


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


def copy_products(env, skus):
    """As many storable products with these internal references, copied from one row by row in the database: the ORM makes
    600 a second, and how they came to be is not what is measured.

    :return: their ids in the order of ``skus``
    """
    skus = list(skus)
    model = products(env, ["COPY-ME"])
    env.flush_all()
    template_ids = copy_rows(env, "product_template", model.product_tmpl_id.id, len(skus), {})
    return copy_rows(
        env,
        "product_product",
        model.id,
        len(skus),
        {
            "product_tmpl_id": ("int", template_ids),
            "default_code": ("text", skus),
            "order_channel_sku_key": ("text", [normalize_sku(sku) for sku in skus]),
            "order_channel_loose_key": ("text", [loose_sku(sku) for sku in skus]),
        },
    )


def copy_listings(env, channel, number):
    """As many linked listings of a channel as unconfirmed ones; ten variants to a parent; orders wait for one in a hundred.

    Copied in the database like :func:`copy_products`.
    """
    model = env["order.channel.listing"].create(
        {
            "channel_id": channel.id,
            "company_id": channel.company_id.id,
            "external_id": "model",
            "name": "Item",
            "currency_id": env.ref("base.USD").id,
        }
    )
    env.flush_all()
    names = [f"{channel.id}-{count}" for count in range(2 * number)]
    copy_rows(
        env,
        "order_channel_listing",
        model.id,
        2 * number,
        {
            "external_id": ("text", names),
            "name": ("text", [f"Item {count} of {channel.id}" for count in range(2 * number)]),
            "sku": ("text", [f"SKU-{name}" for name in names]),
            "sku_key": ("text", [f"sku-{name}" for name in names]),
            "parent_ref": ("text", [f"P{channel.id}-{count // 10}" for count in range(2 * number)]),
            "state": ("text", ["linked", "unconfirmed"] * number),
            "waiting_order_count": ("int", [count % 99 // 98 for count in range(2 * number)]),
        },
    )
    model.unlink()


def copy_rows(env, table, record_id, number, values):
    """Copy a row ``number`` times, some of its columns with values of their own.

    :param values: ``{column: (SQL type, [value])}``
    :return: ids of the copies
    """
    columns = [name for name in sql.table_columns(env.cr, table) if name not in values and name != "id"]
    rows = env.execute_query(
        SQL(
            "INSERT INTO %(table)s (%(columns)s) SELECT %(selected)s FROM %(table)s source"
            " CROSS JOIN unnest(%(arrays)s) WITH ORDINALITY AS copy(%(names)s)"
            " WHERE source.id = %(id)s ORDER BY copy.place RETURNING id",
            table=SQL.identifier(table),
            columns=SQL(", ").join(SQL.identifier(name) for name in [*columns, *values]),
            selected=SQL(", ").join(
                [
                    *(SQL.identifier("source", name) for name in columns),
                    *(SQL.identifier("copy", name) for name in values),
                ]
            ),
            arrays=SQL(", ").join(
                SQL("%s::%s[]", array, SQL(kind)) for kind, array in [("int", list(range(number))), *values.values()]
            ),
            names=SQL(", ").join(SQL.identifier(name) for name in ["place_before", *values, "place"]),
            id=record_id,
        )
    )
    env.invalidate_all()
    return [row[0] for row in rows]


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
