"""What buyers wrote is read better now: known orders are read again from what was kept of them, so that the next fetch finds
nothing changed that the channel did not change."""

import json

from odoo.addons.order_channel_mapping.connectors import checkout_fields, woocommerce_attributes
from odoo.addons.order_channel_mapping.connectors.shopify_records import attributes
from odoo.addons.order_channel_mapping.connectors.storable import plain_text

BATCH = 500
#: how long ago an order that is not open may have changed, to be worth it
DAYS = 120


def migrate(cr, version):
    last = 0
    while True:
        cr.execute(
            """
            SELECT ordered.id, account.provider, ordered.payload, ordered.data
              FROM order_channel_order ordered
              JOIN order_channel channel ON channel.id = ordered.channel_id
              JOIN order_channel_account account ON account.id = channel.account_id
             WHERE ordered.id > %s AND ordered.payload IS NOT NULL AND ordered.data IS NOT NULL
               AND account.provider IN ('shopify', 'woocommerce')
               AND (ordered.status = 'open' OR ordered.remote_updated_at > now() AT TIME ZONE 'UTC' - make_interval(days => %s))
             ORDER BY ordered.id LIMIT %s
            """,
            [last, DAYS, BATCH],
        )
        rows = cr.fetchall()
        if not rows:
            return
        last = rows[-1][0]
        orders, lines = [], []
        for order_id, provider, payload, data in rows:
            try:
                facts, words = READERS[provider](payload)
            except (LookupError, TypeError, AttributeError, ValueError):
                continue  # no order that could be read
            orders.append((order_id, json.dumps({**data, "note": facts.pop("note")}), *facts.values()))
            lines += [(order_id, ref, json.dumps(chosen) if chosen else None) for ref, chosen in words.items()]
        _write(cr, orders, lines)


def _write(cr, orders, lines):
    if orders:
        cr.execute(
            """
            UPDATE order_channel_order ordered
               SET data = new.data, purchase_order = COALESCE(ordered.purchase_order, new.purchase_order),
                   buyer_vat = COALESCE(ordered.buyer_vat, new.buyer_vat)
              FROM UNNEST(%s::int[], %s::jsonb[], %s::text[], %s::text[]) AS new (id, data, purchase_order, buyer_vat)
             WHERE ordered.id = new.id
            """,
            [list(column) for column in zip(*orders, strict=True)],
        )
    if lines:
        cr.execute(
            """
            UPDATE order_channel_order_line line SET attributes = new.attributes
              FROM UNNEST(%s::int[], %s::text[], %s::jsonb[]) AS new (order_id, ref, attributes)
             WHERE line.order_id = new.order_id AND line.external_id = new.ref
            """,
            [list(column) for column in zip(*lines, strict=True)],
        )


def _facts(fields, notes):
    return {
        "note": "\n".join(filter(None, notes)) or None,
        "purchase_order": _plain(checkout_fields.purchase_order(fields)),
        "buyer_vat": _plain(checkout_fields.vat_number(fields)),
    }


def _plain(text):
    return text and plain_text(text)


def _woocommerce(payload):
    fields = woocommerce_attributes.order_fields(payload)
    notes = [(payload.get("customer_note") or "").strip(), *checkout_fields.remarks(fields)]
    words = {str(line["id"]): woocommerce_attributes.line_attributes(line) for line in payload["line_items"]}
    return _facts(fields, notes), words


def _shopify(payload):
    fields = list(attributes(payload.get("customAttributes")).items())
    notes = [(payload.get("note") or "").strip(), *(f"{name}: {value}" for name, value in fields if value)]
    words = {line["id"]: attributes(line.get("customAttributes")) for line in payload["lineItems"]["nodes"]}
    return _facts(fields, notes), words


READERS = {"shopify": _shopify, "woocommerce": _woocommerce}
