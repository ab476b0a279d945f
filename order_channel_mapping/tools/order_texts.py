"""What is in the way of an order and what happened to it, in the reader's language.

Blockers and events keep a code and parameters (see :mod:`.reasons`); here they become one plain line each, and for a
blocker what to do about it.
"""

from odoo.tools import LazyTranslate, format_amount

from .payments import NAMES, NO_METHOD
from .reasons import reason_text
from .record_reasons import adjustments_text

_lt = LazyTranslate(__name__)

#: code of a blocker -> (what is in the way, what to do)
BLOCKERS = {
    "unmapped": (_lt("%(item)s is not linked."), _lt("Link it, or confirm it as a new product.")),
    "ignored": (
        _lt("%(item)s is ignored (%(reason)s)."),
        _lt("Decide for this order: link it to a product, take it as a service line, or take it up again."),
    ),
    "product": (
        _lt("%(product)s is a combo: on its own it brings no goods and no price."),
        _lt("Link the item to the products that it consists of."),
    ),
    "tax_none": (_lt("No tax in Odoo fits %(tax)s."), _lt("Choose the tax once: it is remembered.")),
    "tax_unknown": (
        _lt("The channel does not say the rate of %(tax)s."),
        _lt("Choose the tax once: it is remembered. The amounts stay the channel's."),
    ),
    "tax_many": (_lt("Several taxes in Odoo fit %(tax)s."), _lt("Choose the tax once: it is remembered.")),
    "total_more": (
        _lt("The total here is %(odoo)s: %(difference)s more than the channel's %(expected)s."),
        _lt("Correct the lines, or overrule this if the difference is right."),
    ),
    "total_less": (
        _lt("The total here is %(odoo)s: %(difference)s less than the channel's %(expected)s."),
        _lt("Correct the lines, or overrule this if the difference is right."),
    ),
    "total_small": (
        _lt("The total of %(odoo)s is too small to be booked in %(home)s: Odoo can make no invoice of it."),
        _lt("Correct the lines so that they come to nothing, or cancel the order."),
    ),
    "payment": (
        _lt("Payment at the channel: %(status)s (%(methods)s)."),
        _lt(
            "It continues automatically once it is paid. If orders paid this way are to be shipped before, say so on the "
            "channel, under What It Does."
        ),
    ),
    "elsewhere": (
        _lt("The channel has it shipped from a location that is not ours."),
        _lt("No action needed. It continues automatically if the channel assigns it to one of our locations."),
    ),
    "address": (
        _lt("The delivery address is incomplete: %(missing)s."),
        _lt("Complete it at the channel; or complete the customer's address here and overrule this."),
    ),
    "currency": (_lt("The currency %(currency)s is not active in Odoo."), _lt("Activate it under Currencies.")),
    "currency_rate": (
        _lt("There is no exchange rate for %(currency)s: Odoo would book it one to one."),
        _lt("Add a rate under Currencies. The order continues automatically then."),
    ),
    "hold": (_lt("The channel holds it back: %(reason)s."), _lt("It goes on by itself once the channel lets it go.")),
    "hold_gone": (
        _lt("It was deleted at the channel."),
        _lt("Cancel it here, or overrule this if it is to be delivered all the same."),
    ),
    "changed": (
        _lt("Changed at the channel after it was processed: %(changes)s."),
        _lt("Compare with the channel's order, change what is needed here, then overrule this."),
    ),
    "shipped": (
        _lt("The channel says that it was shipped, in whole or in part."),
        _lt("Check what is left to deliver; cancel the order or overrule this."),
    ),
    "duplicate": (
        _lt("The same order came in by the channel %(channel)s, as %(order)s."),
        _lt("Compare the two and cancel one of them, or overrule this."),
    ),
    "shipping": (_lt("The shipping method is not known here."), _lt("Choose the delivery method.")),
    "stock": (_lt("There is not enough stock."), _lt("Wait for stock, or deliver from elsewhere.")),
}

#: where statuses of the channel have a meaning that the seller decides
HOLD_BY_STATUS = _lt(
    "It goes on by itself once its status there changes. If this status should not wait, say so on the channel, under At "
    "the Channel."
)
HOLD_UNTIL = _lt("No action needed. It continues automatically then.")
KEEP_OR_UNDO = _lt("Keep your change if it is on purpose, or take it back.")
#: the channel's total where the channel hands over tax by itself
EXPECTED = _lt("%(amount)s (%(channel)s less the %(marketplace_tax)s of tax that it collects)")

#: code of an event -> what happened
EVENTS = {
    "imported": _lt("Taken in from the channel"),
    "revised": _lt("Updated at the channel"),
    "revised_changes": _lt("Changed at the channel: %(changes)s"),
    "blocked": _lt("To resolve: %(blocker)s"),
    "resolved": _lt("Resolved: %(blocker)s"),
    "overruled": _lt("Overruled: %(blocker)s"),
    "overruled_because": _lt("Overruled: %(blocker)s. Reason: %(reason)s"),
    "overrule_undone": _lt("No longer overruled: %(blocker)s"),
    "total_kept": _lt("Change of the lines kept: the total here is %(odoo)s, the channel's %(expected)s"),
    "total_restored": _lt("The total is the channel's again"),
    "rounded": _lt("Rounding of %(amount)s makes it the channel's total"),
    "unfrozen": _lt("All items are linked: no longer frozen"),
    "mapped": _lt("Linked to %(product)s"),
    "unmapped": _lt("No longer linked to %(product)s"),
    "corrected": _lt("Product corrected: %(quantity)s items are %(new)s instead of %(old)s"),
    "corrected_stock": _lt("Stock corrected: %(quantity)s items left as %(new)s, booked as %(old)s"),
    "edited": _lt("Changed by hand: %(changes)s"),
    "edited_line": _lt("Changed by hand: %(line)s: %(changes)s"),
    "replaced": _lt("The channel changed what was changed by hand: %(changes)s"),
    "replaced_line": _lt("The channel changed what was changed by hand: %(line)s: %(changes)s"),
    "edited_gone": _lt("A line that was changed by hand is gone: %(line)s, %(amount)s"),
    "line_added": _lt("Added by hand: %(line)s, %(amount)s"),
    "line_removed": _lt("Removed by hand: %(line)s, %(amount)s"),
    "vat_kept": _lt(
        "The buyer's VAT number %(vat)s is on this order only, not on the customer: check it, and enter it there if it is right"
    ),
    "processed": _lt("Processed"),
    "entered": _lt("Entered by hand"),
    "store_changed": _lt("Moved from %(old)s to %(new)s"),
    "completed": _lt("Completed"),
    "cancelled": _lt("Cancelled"),
    "reopened": _lt("Open again"),
    "cancelled_by_channel": _lt("Cancelled at the channel, so the draft was cancelled too"),
    "tracking_awaited": _lt("%(delivery)s is done; the channel hears of it once it has a tracking number"),
    "parcel_incomplete": _lt("%(delivery)s holds no complete item of the channel, so it was not reported"),
    "shipped": _lt("The channel knows of %(delivery)s %(number)s"),
    "tracking_updated": _lt("The channel knows the new tracking number %(number)s"),
    "cancelled_here": _lt("Cancelled in Odoo; the channel was not told"),
    "cancel_asked": _lt("The channel is told to cancel it, too"),
    "cancelled_there": _lt("Cancelled at the channel on our request"),
    "command_failed": _lt("The channel did not take our message: %(reason)s"),
}

#: lines that are named in what a revision changed
MOST_LINES = 5
#: words for what a revision changed and for parts of an address
WORDS = {
    "open": _lt("open again"),
    "completed": _lt("completed"),
    "cancelled": _lt("cancelled"),
    "lines_added": _lt("lines added"),
    "lines_removed": _lt("lines removed"),
    "lines_changed": _lt("quantities or prices"),
    "total": _lt("total"),
    "address": _lt("address"),
    "note": _lt("the buyer's note"),
    "ship_by": _lt("ship-by date"),
    "routing": _lt("the location that ships"),
    "lines_words": _lt("description or personalisation"),
    "held": _lt("put on hold (%(hold)s)"),
    "released": _lt("no longer on hold"),
    "payment": _lt("payment is now: %(payment)s"),
    "paid": _lt("payment is now: %(payment)s"),
    "refunded": _lt("money given back (payment: %(payment)s)"),
    "refund_deleted": _lt("a refund taken back (payment: %(payment)s)"),
    "shipped": _lt("shipped there"),
    "shipped_elsewhere": _lt("shipped there, not from Odoo"),
    "unshipped": _lt("a shipment taken back"),
    "deleted": _lt("deleted there"),
    "restored": _lt("there again"),
    NO_METHOD: _lt("no method named"),
    "street": _lt("street"),
    "city": _lt("city"),
    "country": _lt("country"),
}


def blocker_text(env, code, params=None, label="", has_statuses=False):
    """What is in the way and what to do about it.

    :param env: environment whose language is the reader's
    :param str code: code of an ``order.channel.blocker``
    :param dict params: its parameters
    :param str label: the code's label, shown where there is no text for it
    :param bool has_statuses: whether the channel's order statuses are given a meaning here
    :return: (text, remedy)
    :rtype: tuple[str, str]
    """
    params = params or {}
    key = code
    if code == "tax":
        key = "tax_many" if params.get("found") else "tax_none" if params.get("rate") else "tax_unknown"
    elif code == "hold" and params.get("gone"):
        key = "hold_gone"
    elif code == "currency" and params.get("rate"):
        key = "currency_rate"
    elif code == "total" and params.get("home"):
        key = "total_small"
    elif code == "total":
        key = "total_less" if str(params.get("difference")).startswith("-") else "total_more"
    text, remedy = BLOCKERS.get(key, (label or code, ""))
    if code == "total" and total_is_edited(params):
        remedy = KEEP_OR_UNDO
    elif key == "hold" and params.get("until"):
        remedy = HOLD_UNTIL
    elif key == "hold" and has_statuses:
        remedy = HOLD_BY_STATUS
    return _render(env, text, _blocker_words(env, code, params)), _render(env, remedy, {})


def total_is_edited(params):
    """Whether a person's change makes the difference of a *total* blocker, or a part of it: the lines here are not the
    channel's any more."""
    params = params or {}
    return bool(params.get("lines")) and params["lines"] != params.get("odoo")


def event_text(env, code, params=None):
    """What happened.

    :rtype: str
    """
    params = dict(params or {})
    key = code
    if code in ("blocked", "resolved", "overruled", "overrule_undone"):
        key = "overruled_because" if code == "overruled" and params.get("reason") else code
        blocker = params.pop("blocker", "")
        label = dict(env["order.channel.blocker"]._fields["code"]._description_selection(env)).get(blocker, blocker)
        params["blocker"] = blocker_text(env, blocker, params, label)[0] if code == "blocked" else label
    elif code == "revised":
        key = "revised_changes" if params.get("changes") else code
        params["changes"] = _changes(env, params)
    elif code in ("edited", "replaced"):
        key = f"{code}_line" if params.get("line") else code
        params["changes"] = _edits(env, params.get("changes"))
    elif code in ("line_added", "line_removed", "edited_gone", "rounded"):
        params["amount"] = _money(env, params.get("amount"), params.get("currency"))
    elif code == "total_kept":
        params = _blocker_words(env, "total", params)
    elif code == "command_failed":
        params["reason"] = reason_text(env, params.get("code"), params)[0]
    elif code == "adjusted":
        return adjustments_text(env, params.get("adjusted"))
    text = EVENTS.get(key)
    return _render(env, text, params) if text else reason_text(env, code, params)[0]


def _blocker_words(env, code, params):
    """The parameters of a blocker's text, readable."""
    words = dict(params)
    if code == "tax":
        rate = f"{float(params['rate']) * 100:.4g} %" if params.get("rate") else None
        name = params.get("name") or params.get("code") or "?"
        details = ", ".join(filter(None, [rate, params.get("country")]))
        words["tax"] = f"{name} ({details})" if details else name
    elif code == "total":
        words["difference"] = str(params.get("difference") or "").lstrip("-")  # the text says more or less
        for name in ("expected", "odoo", "channel", "marketplace_tax", "difference"):
            if words.get(name):
                words[name] = _money(env, words[name], params.get("currency"))
        if float(params.get("marketplace_tax") or 0):
            words["expected"] = _render(env, EXPECTED, {**words, "amount": words.get("expected")})
    elif code == "hold":
        words["reason"] = str(params.get("reason") or "").rstrip(" .")
    elif code == "payment":
        words["status"] = _payment(env, params.get("status"))
        words["methods"] = [NAMES.get(name, name) for name in params.get("methods") or [NO_METHOD]]
    elif code == "changed":
        words["changes"] = _changes(env, params)
    for name in ("missing", "methods"):
        if name in words:
            words[name] = _listed(env, words[name])
    return words


def _payment(env, status):
    statuses = dict(env["order.channel.order"]._fields["payment_status"]._description_selection(env))
    return statuses.get(status, status)


def _changes(env, params):
    """What a channel changed: ``lines removed (Mug 3 → 0), address``."""
    words = {**params, "payment": _payment(env, params.get("payment")), "hold": (params.get("hold") or "").rstrip(" .")}
    lines = [f"{name} {before:g} → {now:g}" for name, before, now in (params.get("lines") or {}).values()]
    shown = ", ".join(lines[:MOST_LINES]) + (" …" if len(lines) > MOST_LINES else "")
    texts = []
    for change in params.get("changes") or []:
        texts.append(_render(env, WORDS.get(change, change), words))
        if shown and change in ("lines_removed", "lines_changed"):
            texts[-1], shown = f"{texts[-1]} ({shown})", ""
    return ", ".join(texts)


def _money(env, amount, code):
    """An amount as the reader writes it; just the number where the currency is not known."""
    currency = env["res.currency"].with_context(active_test=False).search([("name", "=", code)], limit=1)
    return format_amount(env, float(amount or 0), currency) if currency else str(amount)


def _listed(env, codes):
    return ", ".join(_render(env, WORDS.get(code, code), {}) for code in codes or [])


def _edits(env, changes):
    """``Quantity 1.0 → 2.0, Taxes …`` of ``{field: [old, new]}``, of a line or of the order itself."""
    known = {**env["sale.order"]._fields, **env["sale.order.line"]._fields}
    return ", ".join(
        f"{known[name]._description_string(env)} {_value(old)} → {_value(new)}"
        for name, (old, new) in (changes or {}).items()
        if name in known
    )


def _value(value):
    return (
        ", ".join(map(str, value)) if isinstance(value, list) else f"{value:g}" if isinstance(value, float) else value
    )


class _Known(dict):
    def __missing__(self, key):
        return "?"


def _render(env, text, params):
    translate = env._  # under its own name, linters take the marked text for an unmarked one
    text = text if isinstance(text, str) else translate(text)
    try:
        return (text % _Known({name: value for name, value in params.items() if value not in (None, "")})).strip()
    except (TypeError, ValueError):  # a translation with a slip in it
        return text
