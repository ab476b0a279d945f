"""The buyer hears from the channel, not from Odoo (DESIGN rule 8): messages on a channel's documents reach colleagues only.

A person who sends an invoice by hand may name the buyer all the same; nothing that goes out by itself does.
"""

from odoo.tools.mail import email_normalize, email_split_and_format_normalize

#: model of a document -> the field path to the sales orders that it is about
SALE_ORDERS = {
    "sale.order": "",
    "stock.picking": "sale_id",
    "account.move": "line_ids.sale_line_ids.order_id",
    "account.payment": "reconciled_invoice_ids.line_ids.sale_line_ids.order_id",
    "payment.transaction": "sale_order_ids",
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


def sale_orders_of(documents):
    """The sales orders that documents are about, in sudo. One of another app (a task, a ticket, a coupon) that points to a
    sales order or a line of one is about that order.

    :param documents: records of one model, whichever
    """
    documents = documents.sudo()
    orders = documents.env["sale.order"]
    path = SALE_ORDERS.get(documents._name)
    if path is not None:
        return documents.mapped(path) if path else documents
    if documents._name == "loyalty.card":
        return _orders_of_cards(documents)
    for name, field in documents._fields.items():
        if field.type == "many2one" and field.store and field.comodel_name in ("sale.order", "sale.order.line"):
            found = documents.mapped(name)
            orders |= found.order_id if found._name == "sale.order.line" else found
    return orders


def _orders_of_cards(cards):
    """Of a loyalty card, which a buyer keeps, the order that changed its points last; of a coupon the one that it came from."""
    orders = cards.env["sale.order"]
    for card in cards:
        history = card.history_ids.filtered(lambda line: line.order_model == "sale.order" and line.order_id)
        last = history.sorted("id")[-1:]
        orders |= orders.browse(last.order_id) if last else card.order_id if "order_id" in card._fields else orders
    return orders.exists()


def silent_orders(documents):
    """The sales orders behind documents whose buyers Odoo must not write to."""
    return sale_orders_of(documents).filtered(
        lambda order: order.channel_order_id and not order.order_channel_id.notify_buyer
    )


def is_silent(documents):
    """Whether Odoo must not write to the buyer of one of these documents."""
    return bool(silent_orders(documents))


class Silence:
    """Whom a message about one document must not reach: everybody outside where the document is the order's own, the buyer's
    people where it is another app's, which may be about others as well."""

    def __init__(self, document):
        orders = silent_orders(document)
        buyers = orders.partner_id | orders.partner_invoice_id | orders.partner_shipping_id
        self.own = document._name in SALE_ORDERS
        self.families = buyers.commercial_partner_id
        self.emails = {
            email for email in (buyers | self.families | self.families.child_ids).mapped("email_normalized") if email
        }
        self.chosen = chosen_by_hand(document.env)

    def keeps_away(self, partner):
        """:param partner: res.partner record, in sudo"""
        if partner.id in self.chosen or colleagues(partner):
            return False
        return self.own or partner.commercial_partner_id in self.families

    def addresses(self, text):
        """Those of the e-mail addresses that a message may go to, as text; None where they are none."""
        if self.own or not text:
            return None
        kept = [
            address for address in email_split_and_format_normalize(text) if email_normalize(address) not in self.emails
        ]
        return ", ".join(kept) or None


def reached(document, recipients):
    """Of the recipients that ``_notify_get_recipients`` worked out, those who may hear of a document.

    :param recipients: list of dicts with ``id`` (of the partner) and ``type``
    """
    if not is_silent(document):
        return recipients
    silence, partners = Silence(document), document.env["res.partner"].sudo()
    return [
        recipient
        for recipient in recipients
        if recipient.get("type") == "user"
        or (recipient.get("id") and not silence.keeps_away(partners.browse(recipient["id"])))
    ]


def without_numbers(document, options):
    """Options of ``_notify_thread`` without telephone numbers that a text message would go to (the app *sms*)."""
    if not options.get("sms_numbers") or not is_silent(document):
        return options
    return {name: value for name, value in options.items() if name != "sms_numbers"}


def colleagues(partners):
    """Of these contacts, the company's own users."""
    return partners.filtered(lambda partner: any(not user.share for user in partner.sudo().user_ids))
