"""The buyer hears from the channel, not from Odoo (DESIGN rule 8): messages on a channel's documents reach colleagues only."""


def is_silent(sale_orders):
    """Whether Odoo must not write to the buyer of these orders.

    :param sale_orders: sale.order records
    """
    return any(order.channel_order_id and not order.order_channel_id.notify_buyer for order in sale_orders.sudo())


def colleagues(recipients):
    """Of the recipients that ``_notify_get_recipients`` worked out, the company's own users."""
    return [recipient for recipient in recipients if recipient.get("type") == "user"]
