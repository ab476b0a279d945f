"""What each reason code means and what to do about it, in the reader's language.

Records keep a code and parameters; :func:`reason_text` turns them into words when somebody reads them. Words that the
marketplace said itself travel in the parameter ``message`` and stay as they are.
"""

from odoo.tools import LazyTranslate

from .record_reasons import RECORD_REASONS, field_words
from .served_reasons import SERVED_REASONS
from .sheet_reasons import SHEET_REASONS
from .stock_reasons import STOCK_REASONS

_lt = LazyTranslate(__name__)

#: code -> (what happened, what to do). ``%(name)s`` takes the parameter of that name.
REASONS = {
    # === Talking to the marketplace: health of a channel, end of a run === #
    "auth": (_lt("The channel does not accept the credentials."), _lt("Enter valid credentials, then connect.")),
    "missing": (_lt("Credentials are missing."), _lt("Enter them, then connect.")),
    "malformed": (_lt("The credentials are not well formed."), _lt("Copy them again without spaces or quotes.")),
    "revoked": (
        _lt("The channel renews the access no longer."),
        _lt("Press Authorise: the seller agrees once more on the channel's page."),
    ),
    "consent_needed": (_lt("The seller has not agreed yet."), _lt("Press Authorise and agree on the channel's page.")),
    "consent_refused": (
        _lt("The seller did not agree on the channel's page."),
        _lt("Press Authorise and agree there."),
    ),
    "consent_lost": (
        _lt("The channel did not accept the authorisation that came back."),
        _lt("Press Authorise again: one is good for a few minutes and only once."),
    ),
    "keys_not_delivered": (
        _lt("The channel brought you back, but its server did not deliver the keys to this Odoo."),
        _lt("Odoo must be reachable for it over https. Otherwise make keys there and enter them here."),
    ),
    "consent_expired": (
        _lt("The authorisation took longer than 15 minutes."),
        _lt("Press Authorise again: one is good for a few minutes and only once."),
    ),
    "consent_stale": (
        _lt("The credentials here were changed while you were at the channel."),
        _lt("Press Authorise again."),
    ),
    "not_connected": (_lt("You agreed, but the channel could not be connected."), ""),
    "client_refused": (
        _lt("The channel does not accept the app's client ID and secret."),
        _lt("Copy both again from the app's settings, then connect."),
    ),
    "app_not_installed": (_lt("The app is not installed on this shop."), _lt("Install it, then connect.")),
    "shop_not_permitted": (
        _lt("The app and the shop do not belong to the same organisation."),
        _lt("Choose to authorise on the channel's page instead."),
    ),
    "no_token": (_lt("The channel's answer holds no access token."), _lt("Report this as a bug.")),
    "access_denied": (
        _lt("The channel denies a right that is needed."),
        _lt("Grant the app the rights named there, then connect."),
    ),
    "no_shop": (_lt("There is no shop at this address."), _lt("Check the shop's domain, then connect.")),
    "shop_domain": (
        _lt("The shop's domain is not one of Shopify's."),
        _lt("Enter the name that ends in .myshopify.com, not the address that buyers see."),
    ),
    "shop_frozen": (_lt("The shop is frozen or closed at the channel."), _lt("The owner of the shop must act there.")),
    "credentials_changed": (
        _lt("The credentials were changed and have not been checked yet."),
        _lt("Connect again, so that the channel confirms whose they are."),
    ),
    "address_changed": (
        _lt("The address has changed. The keys were removed, so that they are not sent to another address."),
        _lt("Enter the keys again, or authorise again, and Connect."),
    ),
    "credentials_renewed": (
        _lt("The credentials were changed while this was running."),
        _lt("No action needed. It continues automatically with the new ones."),
    ),
    "secrets_lost": (
        _lt("The stored credentials can't be read: the server's key for secrets is missing or another one."),
        _lt("Restore the key, or enter the credentials again and connect."),
    ),
    "foreign_database": (
        _lt("This database is a copy of the one that was connected. Nothing is fetched or sent."),
        _lt('If this is the live one, an administrator presses "This Database Is Live" on a channel.'),
    ),
    "foreign_name": (
        _lt(
            'The channels were connected in the database "%(live)s", and this one is called "%(name)s": it is a copy, or '
            "was renamed. Nothing is fetched or sent."
        ),
        _lt('If this is the live one, an administrator presses "This Database Is Live" on a channel.'),
    ),
    "foreign_cluster": (
        _lt(
            'The database "%(name)s" in which the channels were connected is on another PostgreSQL cluster: this one is a '
            "copy, or was moved, restored or upgraded. Nothing is fetched or sent."
        ),
        _lt('If this is the live one, an administrator presses "This Database Is Live" on a channel.'),
    ),
    "rate_limited": (_lt("The channel asks to wait."), _lt("No action needed. It continues automatically.")),
    "unavailable": (_lt("The channel can't be reached."), _lt("No action needed. It is tried again automatically.")),
    "timeout": (_lt("The channel did not answer in time."), _lt("No action needed. It is tried again automatically.")),
    "slow": (
        _lt(
            "Syncing takes long: the last pass took %(seconds)s seconds, most likely because the channel answers slowly."
        ),
        _lt("No action needed; syncing continues automatically, with pauses for the other channels."),
    ),
    "unreachable": (
        _lt("The channel can't be reached."),
        _lt(
            "Nothing if it is down: it is tried again by itself. Otherwise check the address and this server's network."
        ),
    ),
    "network": (
        _lt("The connection to the channel broke off."),
        _lt("No action needed. It is tried again automatically."),
    ),
    "cut": (_lt("The channel's answer broke off."), _lt("No action needed. It is tried again automatically.")),
    "tls": (
        _lt("No secure connection to the channel is possible."),
        _lt("Check the address, and the certificate of the shop if it is your own server."),
    ),
    "http": (
        _lt("The channel has a fault of its own (HTTP %(status)s)."),
        _lt("No action needed. It is tried again automatically. If it lasts, look at the channel's status page."),
    ),
    "rejected": (_lt("The channel refused."), _lt("Correct what it names, then retry.")),
    "redirect": (
        _lt("The address sends to another one, which is not followed."),
        _lt("Enter the shop's final address."),
    ),
    "bad_address": (_lt("The address is not valid."), _lt("Correct the address, then connect.")),
    "private_address": (
        _lt("The address is not one of the public internet."),
        _lt("Correct the address. Test servers need the system parameter order_channel_mapping.allow_insecure_urls."),
    ),
    "not_https": (
        _lt("The address is not secure: only https:// is allowed."),
        _lt("Correct the address. Test servers need the system parameter order_channel_mapping.allow_insecure_urls."),
    ),
    "not_supported": (_lt("This kind of channel can't do that."), _lt("Do it at the channel itself.")),
    "not_found": (_lt("The channel has no such record (any more)."), _lt("Dismiss this if it was deleted there.")),
    "bad_payload": (
        _lt("What the channel sent can't be read."),
        _lt("Look at the payload. Correct the record at the channel, or report this as a bug, then retry."),
    ),
    "not_json": (_lt("What the channel sent can't be read."), _lt("Check that the address is the shop's own.")),
    "encoding": (
        _lt("The channel's answer is compressed in a way that Odoo did not ask for."),
        _lt("Look for a proxy or cache in front of the shop that compresses answers on its own."),
    ),
    "too_large": (_lt("The channel sent more than can be taken at once."), _lt("Report this as a bug.")),
    "record_too_large": (
        _lt("The channel sends too much for this one record to be read."),
        _lt("Look at the channel for what is so large in it (a picture pasted into a description, a plugin's data)."),
    ),
    "missing_scopes": (
        _lt("The app lacks rights at the channel."),
        _lt("Grant the app the rights named there, then connect."),
    ),
    "internal_server_error": (
        _lt("The channel has a fault of its own."),
        _lt("No action needed. It is tried again automatically."),
    ),
    "graphql": (_lt("The channel did not understand the request."), _lt("Report this as a bug.")),
    "partial_answer": (_lt("The channel sent only a part."), _lt("No action needed. It is tried again automatically.")),
    "repeated_page": (
        _lt("The channel sends the same page again and again."),
        _lt("No action needed. It is tried again automatically."),
    ),
    "callback_not_https": (
        _lt("This Odoo's own address is not secure, so that no keys can be handed over."),
        _lt("Enter keys by hand, or give this Odoo an https:// address."),
    ),
    "blocked": (
        _lt("Something in front of the channel turns us away."),
        _lt("Ask whoever runs the shop's server to let this one reach it; it is tried again by itself."),
    ),
    "busy": (
        _lt("Another worker is busy with this account."),
        _lt("No action needed. It is tried again automatically."),
    ),
    "webhook": (
        _lt("The channel refused to send notifications."),
        _lt("Nothing is lost: changes are fetched as well."),
    ),
    "webhook_not_https": (
        _lt("This server's address %(url)s is not secure, and marketplaces notify by HTTPS only."),
        _lt("Give the server a certificate and have an administrator set the system parameter web.base.url."),
    ),
    "webhook_not_public": (
        _lt("This server's address %(url)s can't be reached from outside."),
        _lt("If it should be, have an administrator set the system parameter web.base.url."),
    ),
    "webhook_several_databases": (
        _lt(
            "Several databases, or another one, are at this server's address %(url)s, and a notification does not say for "
            "which one it is."
        ),
        _lt(
            "If the channel is to notify, have an administrator set dbfilter so that the address shows this database only."
        ),
    ),
    "webhook_no_secret": (
        _lt("The channel signs its notifications with a credential that is missing: %(credential)s."),
        _lt("Enter it under Credentials, then connect."),
    ),
    "signature": (
        _lt("A notification was not signed by the channel."),
        _lt("Enter the channel's signing secret again."),
    ),
    # === A record that could not be taken === #
    "picture": (
        _lt("The item's picture could not be copied to its product."),
        _lt("Retry, or add a picture to the product by hand and dismiss this."),
    ),
    "refused": (_lt("Odoo refused this record."), _lt("Correct what it names, then retry.")),
    "internal": (
        _lt("An unexpected error occurred (%(error)s)."),
        _lt("Retry. If it comes back, the server's log has the details."),
    ),
    # === Why a mass change left something alone === #
    "linked_since": (
        _lt("%(user)s linked %(item)s to %(product)s on %(when)s."),
        _lt("Look at it again: what is there now stays."),
    ),
    "unlinked_since": (
        _lt("%(user)s unlinked %(item)s on %(when)s."),
        _lt("Look at it again: what is there now stays."),
    ),
    "ignored_since": (_lt("%(user)s set %(item)s aside."), _lt("Take it up again first.")),
    # === Why a product is suggested for a listing, and what speaks against it === #
    "match_sku": (_lt("same SKU"), ""),
    "match_loose_sku": (_lt("same SKU apart from case, dashes and spaces"), ""),
    "match_barcode": (_lt("same barcode"), ""),
    "match_linked": (_lt("this SKU is linked to it on %(channel)s"), ""),
    "match_name": (_lt("similar name"), ""),
    "match_values": (_lt("%(values)s fit"), ""),
    "match_units": (_lt("one item is %(units)s pieces"), ""),
    "match_price_same": (_lt("same price"), ""),
    "match_price_near": (_lt("price differs by %(percent)s only"), ""),
    "match_price_far": (_lt("but the price differs by %(percent)s"), ""),
    "match_names_differ": (_lt("but the names differ"), ""),
    "match_barcodes_differ": (_lt("but the barcodes differ"), ""),
    "match_numbers_differ": (_lt("but numbers in the names differ"), ""),
    "match_values_differ": (_lt("but size, colour or the like differ"), ""),
    "match_units_differ": (_lt("but it is a pack of %(units)s"), ""),
    "match_ties": (_lt("Another product fits as well: choose"), ""),
    "match_below": (_lt("No product fits that well"), ""),
    # === Why no product is made from an item by itself === #
    "twin_sku": (_lt("%(product)s has the same SKU."), _lt("Link it, so that one thing is not in stock twice.")),
    "twin_sku_archived": (
        _lt("%(product)s has the same SKU. It is archived."),
        _lt("Link it if it is the same, and unarchive it if it is sold again."),
    ),
    "twin_barcode": (
        _lt("%(product)s has the same barcode."),
        _lt("Link it, so that one thing is not in stock twice."),
    ),
    "twin_barcode_archived": (
        _lt("%(product)s has the same barcode. It is archived."),
        _lt("Link it if it is the same, and unarchive it if it is sold again."),
    ),
    "twin_packaging": (_lt("A packaging of %(product)s has the same barcode."), _lt("Link it: it is a pack.")),
    "twin_name": (_lt("%(product)s has the same name."), _lt("Link it if it is the same.")),
    "twin_name_archived": (
        _lt("%(product)s has the same name. It is archived."),
        _lt("Link it if it is the same, and unarchive it if it is sold again."),
    ),
    "twin_similar": (_lt("%(product)s looks much like it."), _lt("Link it if it is the same.")),
    "twin_item": (
        _lt("%(item)s has the same SKU."),
        _lt("Confirm one, and link the other to its product."),
    ),
    "twin_sibling": (
        _lt("Another variant of it, %(item)s, may be a product already."),
        _lt("Decide on that one first. The others are added to its product then."),
    ),
    "confirm_empties": (
        _lt("%(there)s → 0 at the channel: a new product has no stock yet."),
        _lt("Count its stock in, or leave it out and confirm it with opening stock."),
    ),
    # === What to know about an order that has a product from before === #
    "correct_invoiced": (
        _lt("Invoiced: %(invoices)s. Nothing is changed here."),
        _lt("If its product matters, your accountant credits it from the order; then correct it again."),
    ),
    "correct_locked": (_lt("%(order)s is locked."), _lt("Unlock it, then press Correct Orders on the item again.")),
    "correct_picked": (
        _lt("Goods are picked already: %(deliveries)s."),
        _lt("Put them back there, then press Correct Orders on the item again."),
    ),
    "correct_printed": (_lt("%(deliveries)s is printed already."), _lt("The warehouse prints it again.")),
    "correct_uneven": (
        _lt("Its lines make no whole number of items: changed by hand, or delivered in parts."),
        _lt("Change its lines by hand, or deliver the rest of the item first."),
    ),
    "correct_dropship": (
        _lt("A supplier delivers it to the buyer."),
        _lt("Change the purchase order and this order by hand."),
    ),
    "correct_delivered": (
        _lt("%(deliveries)s is done."),
        _lt("The right goods left: correct stock. The wrong ones: return them."),
    ),
    "correct_by_hand": (
        _lt("%(product)s has lots, serial numbers or parts."),
        _lt("Adjust its stock by hand under Inventory, or return the goods."),
    ),
    "correct_return": (
        _lt("The goods are not back yet."),
        _lt("Press Return; once they are back, press Correct Orders on the item again."),
    ),
    "correct_changed": (
        _lt("The order changed since."),
        _lt("Press Correct Orders on the item to look at it again."),
    ),
    # === What automatic linking found === #
    "found_several": (_lt("Several products fit."), _lt("Choose one.")),
    "found_different": (_lt("SKU and barcode belong to different products."), _lt("Choose one.")),
    "found_refused": (_lt("The product that fits was unlinked before, so it is not proposed again."), ""),
    "found_archived": (
        _lt("What the other channel links it to has an archived product."),
        _lt("Choose another product, or unarchive that one."),
    ),
    "found_none": (_lt("No product fits."), ""),
    "found_no_sku": (_lt("The item has no SKU."), _lt("Choose a product, or leave it.")),
    "found_other": (_lt("Another product fits than the linked one."), _lt("Tick it to link it to that one.")),
    # === Why a link is to be reviewed === #
    "linked_sku": (_lt("Linked by itself: the SKU is the same."), _lt("Press Looks Right, or change the product.")),
    "linked_barcode": (
        _lt("Linked by itself: the barcode is the same."),
        _lt("Press Looks Right, or change the product."),
    ),
    "linked_name": (_lt("Linked by itself: the name is the same."), _lt("Press Looks Right, or change the product.")),
    "linked_copy": (
        _lt("Linked by itself, as another channel has it."),
        _lt("Press Looks Right, or change the product."),
    ),
    "sku_changed": (
        _lt("Its SKU at the channel was %(before)s and is %(after)s now, so it may be another item."),
        _lt("Press Looks Right, or change the product."),
    ),
    # === What the channel answered to a quantity === #
    "stale": (
        _lt("The quantity at the channel had changed meanwhile."),
        _lt("No action needed. It is worked out afresh and pushed again."),
    ),
    "duplicate": (
        _lt("Two listings share the same stock at the channel."),
        _lt("Nothing if they stand for the same product. Otherwise link both to the same one."),
    ),
    "not_pushable": (
        _lt("The channel gives no place or stock record for this item."),
        _lt("Let the channel track its stock, and choose a location on the channel's form."),
    ),
    "stock_not_managed": (
        _lt("The shop does not keep count of this item."),
        _lt("Switch stock management on at the shop, for the shop as a whole and for the item, then fetch items."),
    ),
    "other_quantity": (
        _lt("The channel answered with another quantity than was sent."),
        _lt(
            "No action needed. It is sent again automatically. If it lasts, something at the channel changes quantities."
        ),
    ),
    "too_many_refused": (
        _lt("The channel refused too many of one batch."),
        _lt("No action needed. It is tried again automatically."),
    ),
    "not_stocked": (
        _lt("The channel does not keep this item at the location."),
        _lt("Stock the item there at the channel, or choose another location on the channel's form."),
    ),
    # === What the channel answered to a command === #
    "order_cancelled": (_lt("The order is cancelled at the channel."), _lt("Stop the parcel if it has not left yet.")),
    "on_hold": (_lt("The channel holds the order."), _lt("Release it there: it is tried again by itself.")),
    "nothing_open": (
        _lt("The channel has nothing left to ship on this order."),
        _lt("Dismiss this if it was shipped there."),
    ),
    "not_cancelled": (_lt("The channel did not cancel the order."), _lt("Cancel it there.")),
    # === Why something was left out of a run === #
    "skip_status": (
        _lt("Its status at the channel is one that you leave out."),
        _lt("What each status means is set on the channel, under At the Channel."),
    ),
    "skip_test": (_lt("Test order."), _lt("Switch on Take In Test Orders at the channel to have them.")),
    "skip_before_start": (_lt("Placed before the date from which orders are taken in."), ""),
    "skip_repeated": (_lt("Sent more than once in one page; the latest counted."), ""),
    "skip_closing": (
        _lt("New listings are not taken in while the channel is closing."),
        _lt("Reopen the channel to take them."),
    ),
    "skip_not_sold": (
        _lt("Not on sale by itself: a draft, or a page that groups other items."),
        _lt("Publish it at the channel if it should become a listing."),
    ),
    # === Stock and deliveries === #
    "no_answer": (
        _lt("The channel said nothing of this quantity."),
        _lt("No action needed. It is sent again automatically."),
    ),
    "tracking_off": (
        _lt("Report Tracking is switched off at the channel."),
        _lt("If the channel should know of it, switch that on and send the command again."),
    ),
    "dropped_by_user": (
        _lt("%(user)s gave it up: the channel is not told."),
        _lt("Send it again if it is needed after all."),
    ),
    "no_fulfillment": (
        _lt("The channel named no parcel of its own for this delivery, so its number can't be changed."),
        _lt("Enter the new number at the channel."),
    ),
    "tracking_awaited": (
        _lt("Delivery %(delivery)s waits for its tracking number."),
        _lt("Enter the number on the delivery; the channel is told then."),
    ),
    "parcel_incomplete": (
        _lt("Delivery %(delivery)s completes no item as the channel sells it, so the channel is not told yet."),
        _lt("Deliver the missing parts."),
    ),
    "shipped": (_lt("The channel knows of delivery %(delivery)s, tracking number %(number)s."), ""),
    "tracking_updated": (_lt("The channel knows the new tracking number %(number)s of delivery %(delivery)s."), ""),
    "cancelled_there": (_lt("Cancelled at the channel."), ""),
    "command_failed": (
        _lt("The channel refused a command."),
        _lt("Correct what it names, then send the command again."),
    ),
    # === Why a listing's stock was not pushed in a run === #
    "skip_custom": (_lt("Custom items have no stock at the channel."), ""),
    "skip_gone": (_lt("The listing is no longer at the channel."), ""),
    "skip_unconfirmed": (_lt("The listing is not linked to a product yet."), _lt("Link or confirm it.")),
    "skip_ignored": (_lt("The listing is ignored."), ""),
    "skip_marketplace_fulfilled": (_lt("The channel ships it from its own stock."), ""),
    "skip_push_disabled": (_lt("Stock push is switched off for the listing."), _lt("Switch it on at the listing.")),
    "skip_no_stock_ref": (
        _lt("The channel does not track the item's stock."),
        _lt("Have the channel track its quantity, then fetch items."),
    ),
    "skip_other_company": (
        _lt("The product belongs to another company."),
        _lt("Link a product of the channel's company."),
    ),
    "skip_kit": (
        _lt("One of its products is a kit: the stock of its parts is not worked out."),
        _lt("Link the kit's parts as a bundle, each with its quantity."),
    ),
    "skip_untracked": (
        _lt("None of its products is stock-tracked."),
        _lt("Switch on Track Inventory at the product if its stock counts."),
    ),
    "skip_stale": (
        _lt("The quantity at the channel had changed meanwhile."),
        _lt("No action needed. It is worked out again automatically."),
    ),
    "skip_tried_again_later": (
        _lt("The channel could not take it now."),
        _lt("No action needed. It is tried again automatically."),
    ),
    **RECORD_REASONS,
    **SERVED_REASONS,
    **SHEET_REASONS,
    **STOCK_REASONS,
}


class _Params(dict):
    """Parameters for ``%``: what is not given shows as a question mark instead of failing."""

    def __missing__(self, key):
        return "?"


def reason_text(env, code, params=None):
    """What happened and what to do about it.

    :param env: environment whose language is the reader's
    :param str code: key of :data:`REASONS`; an unknown one is a refusal in the words of ``message``, or shown as it is
    :param dict params: values for the texts; ``message`` is added behind the first one
    :return: (title, remedy), both plain text; the remedy may be empty
    :rtype: tuple[str, str]
    """
    if not code:
        return "", ""
    params = dict(params) if isinstance(params, dict) else {}
    if code in RECORD_REASONS:
        params["field"] = field_words(env, params.get("field"))
    if code.startswith("http_") and code not in REASONS:
        params.setdefault("status", code[5:])
        code = "http"
    message = str(params.get("message") or "").strip()
    if code not in REASONS and message:  # a code of the marketplace's own, with its words
        code = "rejected"
    title, remedy = REASONS.get(code) or (code.replace("_", " ").capitalize() + ".", "")
    title, remedy = (_render(env, text, params) for text in (title, remedy))
    if message and message not in title:
        title = f"{title} {message}".strip()
    return title, remedy


def _render(env, text, params):
    """A text in the reader's language with its parameters filled in."""
    if not text or isinstance(text, str):
        return text
    translate = env._  # under its own name, linters take the marked text for an unmarked one
    translated = translate(text)
    try:
        return translated % _Params(params)
    except (TypeError, ValueError):  # a translation with a slip in it
        return translated
