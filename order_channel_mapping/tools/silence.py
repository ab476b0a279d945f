"""The buyer hears from the channel, not from Odoo (DESIGN rule 8): messages on a channel's documents reach colleagues only.

A person who sends an invoice by hand may name the buyer all the same; nothing that goes out by itself does.
"""

#: model of a document -> the field path to the sales orders that it is about (some apps add the field, or the model)
SALE_ORDERS = {
    "sale.order": "",
    "stock.picking": "sale_id",
    "account.move": "line_ids.sale_line_ids.order_id",
    "payment.transaction": "sale_order_ids",
    "loyalty.card": "order_id",
}
_KEY = "order_channel_by_hand"


class _ByHand:
    """Partners whom a person chose as recipients. In the context, where no RPC client can put one."""

    __slots__ = ("partner_ids",)

    def __init__(self, partner_ids):
        self.partner_ids = frozenset(partner_ids)


def by_hand(records, partner_ids):
    """``records``, whose messages may reach these partners because a person chose them."""
    return records.with_context(**{_KEY: _ByHand(partner_ids)})


def chosen_by_hand(env):
    """Ids of the partners who may be reached, silence or not."""
    mark = env.context.get(_KEY)
    return mark.partner_ids if isinstance(mark, _ByHand) else frozenset()


def is_silent(documents):
    """Whether Odoo must not write to the buyer of these documents.

    :param documents: records of a model of :data:`SALE_ORDERS`; those of another model are never silent
    """
    path = SALE_ORDERS.get(documents._name)
    if path is None or (path and path.split(".")[0] not in documents._fields):
        return False
    orders = documents.sudo().mapped(path) if path else documents.sudo()
    return any(order.channel_order_id and not order.order_channel_id.notify_buyer for order in orders)


def reached(document, recipients):
    """Of the recipients that ``_notify_get_recipients`` worked out, those who may hear of a document.

    :param recipients: list of dicts with ``id`` (of the partner) and ``type``
    """
    if not is_silent(document):
        return recipients
    chosen = chosen_by_hand(document.env)
    return [recipient for recipient in recipients if recipient.get("type") == "user" or recipient.get("id") in chosen]


def without_numbers(document, options):
    """Options of ``_notify_thread`` without telephone numbers that a text message would go to (the app *sms*)."""
    if not is_silent(document):
        return options
    return {name: value for name, value in options.items() if name != "sms_numbers"}


def colleagues(partners):
    """Of these contacts, the company's own users."""
    return partners.filtered(lambda partner: any(not user.share for user in partner.sudo().user_ids))
