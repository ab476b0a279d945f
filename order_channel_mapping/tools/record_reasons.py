"""What of a record could not be stored as the channel sent it, in the reader's language (see ``connectors.storable``)."""

from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

#: code -> (what happened, what to do): part of ``reasons.REASONS``
RECORD_REASONS = {
    "bad_id": (
        _lt('The channel sent an ID that can\'t be used (%(field)s): "%(value)s".'),
        _lt("Correct the record at the channel, or dismiss this."),
    ),
    "repeated_id": (
        _lt('The channel sent the same ID "%(value)s" twice in one record (%(field)s).'),
        _lt(
            "Correct the record at the channel. If it can't be corrected there, enter the order by hand and dismiss this."
        ),
    ),
    "bad_number": (
        _lt("The channel sent a number that can't be used (%(field)s): %(value)s."),
        _lt("Correct the record at the channel, then retry."),
    ),
    "bad_time": (
        _lt("The channel sent a time that can't be used (%(field)s): %(value)s."),
        _lt("Correct the record at the channel, then retry."),
    ),
}

#: what was done to a record -> in words
ADJUSTMENTS = {
    "removed": _lt("Characters that can't be stored were removed from: %(fields)s."),
    "shortened": _lt("Shortened because it was too long: %(fields)s."),
    "left_out": _lt("Left out because it was not valid: %(fields)s."),
    "lowered": _lt("Lowered to the largest number that can be stored: %(fields)s."),
}

#: fields of records, by their names in ``connectors.records``; one without words is shown by its name
FIELDS = {
    "external_id": _lt("ID"),
    "parent_id": _lt("ID of the parent"),
    "item_id": _lt("ID of the item"),
    "stock_ref": _lt("ID of the stock"),
    "ref": _lt("ID"),
    "sku": _lt("SKU"),
    "name": _lt("name"),
    "barcode": _lt("barcode"),
    "price": _lt("price"),
    "currency": _lt("currency"),
    "quantity": _lt("quantity"),
    "fulfilled_quantity": _lt("shipped quantity"),
    "cancelled_quantity": _lt("cancelled quantity"),
    "url": _lt("page"),
    "image_url": _lt("picture"),
    "attributes": _lt("attributes"),
    "raw": _lt("payload"),
    "number": _lt("number"),
    "note": _lt("note"),
    "placed_at": _lt("time of the order"),
    "updated_at": _lt("time of the last change"),
    "created_at": _lt("time"),
    "ship_by": _lt("ship-by date"),
    "total": _lt("total"),
    "subtotal": _lt("subtotal"),
    "discount": _lt("discount"),
    "amount": _lt("amount"),
    "rate": _lt("rate"),
    "email": _lt("e-mail"),
    "phone": _lt("phone"),
    "company": _lt("company"),
    "street": _lt("street"),
    "street2": _lt("street"),
    "city": _lt("city"),
    "zip": _lt("ZIP code"),
    "state": _lt("state"),
    "country": _lt("country"),
    "hold": _lt("hold"),
    "shipping_method": _lt("shipping method"),
    "lines": _lt("lines"),
    "taxes": _lt("taxes"),
    "buyer": _lt("buyer"),
    "billing": _lt("billing address"),
    "shipping": _lt("delivery address"),
    "fulfillments": _lt("parcels"),
    "refunds": _lt("refunds"),
}


def field_words(env, path):
    """A field of a record in words.

    :param str path: such as ``lines.name``
    :return: such as ``lines: name``
    """
    translate = env._  # under its own name, linters take the marked text for an unmarked one
    return ": ".join(
        translate(FIELDS[name]) if name in FIELDS else name for name in str(path or "external_id").split(".")
    )


def adjustments_text(env, adjusted):
    """What was done to a record when it was imported.

    :param adjusted: ``{how: [fields]}``, as ``connectors.storable.storable`` tells it; or nothing
    :rtype: str
    """
    translate = env._
    return " ".join(
        translate(ADJUSTMENTS[how]) % {"fields": ", ".join(field_words(env, path) for path in paths)}
        for how, paths in (adjusted or {}).items()
        if how in ADJUSTMENTS
    )
