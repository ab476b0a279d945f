"""Why a quantity does not arrive at a channel, or does not stay there, and what to do about it (see :mod:`.reasons`)."""

from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

#: code -> (what happened, what to do)
STOCK_REASONS = {
    "stock_fought": (
        _lt(
            "Another app changes the stock of %(item)s: Odoo set it to %(quantity)s %(times)s times within a day, and each "
            "time it was found changed, now to %(found)s."
        ),
        _lt(
            "Find out which app or person sets it at the channel, and let only one of the two do so. Odoo tries again in a "
            "day, or when you press Retry. It goes on sending what changes in Odoo."
        ),
    ),
    "item_gone": (
        _lt("The channel has no such item any more, or it lies in the bin there."),
        _lt("No action needed if that is so. Otherwise restore it at the channel: it is met again by the next fetch."),
    ),
    "location_gone": (
        _lt(
            "Stock goes to %(location)s, which is gone or inactive at the channel. No quantities are pushed meanwhile."
        ),
        _lt(
            "Activate it there, or choose another under Push Stock To on the channel's form. All quantities follow then."
        ),
    ),
}
