"""How PostgreSQL answers the queries of a list: which were sent, and which way each is gone."""

from __future__ import annotations

from contextlib import contextmanager
from unittest.mock import patch

from odoo.sql_db import Cursor

LISTING = "order.channel.listing"
COLUMNS = ["name", "sku", "channel_id", "price", "waiting_order_count", "link_hint"]


@contextmanager
def queries_from(table):
    """The SELECTs from a table that are sent inside the block, as they went to the database."""
    sent = []
    execute = Cursor.execute

    def keep(cursor, *args, **kwargs):
        result = execute(cursor, *args, **kwargs)
        query = cursor._obj.query.decode()
        if query.lstrip().startswith("SELECT") and f'FROM "{table}"' in query:
            sent.append(query)
        return result

    with patch.object(Cursor, "execute", keep):
        yield sent


def plan(cr, query):
    """PostgreSQL's plan of a query, as text."""
    cr.execute("EXPLAIN " + query.replace("%", "%%"), ())
    return "\n".join(row[0] for row in cr.fetchall())


def unconfirmed_lists(env, channel_id, text):
    """What a person does with the list of unconfirmed items, as ``{name: function}``; each sends the list's queries.

    The domains, orders and groups are those of the search view and the list.
    """
    Listing = env[LISTING]
    view_id = env["ir.model.data"]._xmlid_to_res_id(
        "order_channel_mapping.order_channel_listing_view_list_unconfirmed", raise_if_not_found=True
    )
    architecture = Listing.get_views([(view_id, "list")])["views"]["list"]["arch"]
    order = architecture.split('default_order="')[1].split('"')[0]
    shown = [("state", "=", "unconfirmed"), ("gone", "=", False)]
    specification = {name: {} for name in COLUMNS}

    def opened(domain=()):
        return lambda: Listing.web_search_read(
            [*shown, *domain], specification, limit=80, order=order, count_limit=10_001
        )

    def grouped(name):
        return lambda: Listing.formatted_read_group(shown, [name], ["__count"], limit=80)

    return {
        "opened": opened(),
        "of a channel": opened([("channel_id", "=", channel_id)]),
        "orders waiting": opened([("waiting_order_count", ">", 0)]),
        "to review": lambda: Listing.web_search_read(
            [("to_review", "=", True)], specification, limit=80, count_limit=10_001
        ),
        "by SKU": opened([("sku", "ilike", text)]),
        "by name": opened([("name", "ilike", text)]),
        "of a parent": opened([("parent_ref", "=", text)]),
        "grouped by channel": grouped("channel_id"),
        "grouped by parent": grouped("parent_ref"),
    }
