import logging

from odoo import SUPERUSER_ID, api

from odoo.addons.order_channel_mapping.models.order_channel_projection import _Projector
from odoo.addons.order_channel_mapping.tools.guard import internal

_logger = logging.getLogger(__name__)
BATCH = 200


def migrate(cr, version):
    """What of an open order differs from what would be written now is what people changed: from now on it stays until the
    channel changes that very thing."""
    env = api.Environment(cr, SUPERUSER_ID, {"active_test": False})
    domain = [
        ("channel_order_id", "!=", False),
        ("channel_written", "=", False),
        ("state", "in", ("draft", "sent", "cancel")),
        ("order_channel_id.provider", "!=", "offline"),
    ]
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
