import logging
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields
from odoo.fields import Domain

from odoo.addons.order_channel_mapping.models.order_channel_projection import _Projector
from odoo.addons.order_channel_mapping.tools.guard import internal

_logger = logging.getLogger(__name__)
BATCH = 200
#: processed orders that may still be set back to a quotation
DAYS = 90


def migrate(cr, version):
    """What of an order differs from what would be written now is what people changed: from now on it stays until the
    channel changes that very thing. Not so where a change of the channel's still waits for a person."""
    env = api.Environment(cr, SUPERUSER_ID, {"active_test": False})
    recent = fields.Datetime.now() - timedelta(days=DAYS)
    changed = env["order.channel.blocker"].search([("code", "=", "changed")]).order_id
    domain = (
        Domain("channel_order_id", "!=", False)
        & Domain("channel_order_id", "not in", changed.ids)
        & Domain("channel_written", "=", False)
        & Domain("order_channel_id.provider", "!=", "offline")
        & (Domain("state", "in", ("draft", "sent", "cancel")) | Domain("date_order", ">=", recent))
    )
    ids = env["sale.order"].search(domain).ids
    for start in range(0, len(ids), BATCH):
        sale_orders = env["sale.order"].browse(ids[start : start + BATCH])
        for orders in sale_orders.channel_order_id.grouped("channel_id").values():
            projector = _Projector(orders)
            for order in orders:
                try:
                    with cr.savepoint():
                        _remember(projector, order)
                except Exception:
                    _logger.exception("%s: what was written on it is not known", order)
        env.invalidate_all()


def _remember(projector, order):
    sale_order = order.sale_order_id
    addresses = (sale_order.partner_id, sale_order.partner_invoice_id, sale_order.partner_shipping_id)
    internal(sale_order).channel_written = projector.header_values(order, addresses)["channel_written"]
    planned = {line.key: line for line in projector.plan(order).lines}
    for line in internal(sale_order.order_line):
        if line.channel_key in planned:
            line.channel_written = planned[line.channel_key].values["channel_written"]
    if order.removed_lines:
        order.removed_lines = {key: planned[key].facts for key in order.removed_lines if key in planned}
