"""How the addon's own code tells itself from everybody else where a guard stands in a core model's write.

The mark is an object in the context, compared by identity, so that no RPC client can send it.
"""

from odoo.exceptions import UserError

_KEY = "order_channel_internal"
_MARK = object()


def internal(records):
    """``records`` in sudo, marked as written by the addon itself."""
    return records.sudo().with_context(**{_KEY: _MARK})


def is_internal(records):
    """Whether these records are being written by the addon itself."""
    return records.env.context.get(_KEY) is _MARK


def is_changed(records, name, value):
    """Whether writing ``value`` to a field would change any of these records.

    :param value: as in the values of ``write``: an id for a many2one
    """
    field = records._fields[name]
    return any((field.convert_to_write(record[name], record) or False) != (value or False) for record in records)


def permitted(records):
    """``records`` in sudo, once it is sure that the user may map and process, and may see these.

    :raise UserError: the user has no such right
    :raise odoo.exceptions.AccessError: these are another company's
    """
    env = records.env
    if not env.su and not env.user.has_group("order_channel_mapping.group_channel_user"):
        raise UserError(env._("You need the right to map items and process orders: ask your administrator for it."))
    records.check_access("read")
    return records.sudo()
