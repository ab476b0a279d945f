"""Headings of mapping sheets that other systems and people write, as columns of ours. Pure Python.

Our own headings come first, in whatever language. What is not known is left out; where several columns may be meant, the one
that says it best is taken, and where none does, a person is asked (see :func:`find_columns`).
"""

from __future__ import annotations

import re
import unicodedata

#: what marketplaces call themselves in headings like *eBay SKU*
_MARKETPLACES = (
    "amazon|ebay|etsy|shopify|woocommerce|woo commerce|woo|magento|adobe commerce|medusa|walmart|bigcommerce|prestashop|ekm|"
    "wix|squarespace|opencart|onbuy|kaufland|otto|zalando|allegro|cdiscount|fruugo|wish|bol|tiktok|tiktok shop"
)
#: systems whose own SKU a sheet may give beside the channel's
_SYSTEMS = (
    "linnworks|tradebox|accounts?|accounting|sage|smarthub|channelgrabber|brightpearl|veeqo|unleashed|cin7|dear|skuvault|"
    "sellbrite|zoho|netsuite|exact|system|company|linked product|item master"
)
#: column -> headings that mean it as :func:`plain_heading` writes them, the best first
_PATTERNS = {
    "channel": (
        ["channel( name)?", "sales channel( name)?", "sub ?source"],
        ["store( name)?", "(web)?shop( name)?", "site( name)?", "account name", "channel account", "marketplace name"],
        ["marketplace"],
    ),
    "item": (
        ["channel (item|listing|variant|variation) id", "external (item |listing |variant )?id", "id at channel"],
        ["(variant|variation|listing|item) id"],
    ),
    "item_sku": (
        [
            "sku at( the)? channel",
            "(channel|marketplace|listing|external|online|store|shop|seller|merchant|selling) (product )?sku",
        ],
        ["linked sku( custom label)?", "custom label( sku)?", "original sku", "channel item sku", "channel reference"],
        [rf"({_MARKETPLACES}) (seller |product |variant |item )?sku", "msku", "(variant|web|website|source|item) sku"],
    ),
    "sku": (
        ["(odoo )?product sku", "odoo sku", "(odoo )?internal reference", "odoo reference", "default code"],
        [
            "(internal|our|erp|inventory|stock|warehouse|master|main|parent system|local) (item )?sku",
            "(stock|product) code",
        ],
        [rf"({_SYSTEMS}) (item )?(sku|code)"],
    ),
    "product": (["odoo product( name)?"],),
    "quantity": (
        [
            "(sku )?multiplier",
            "units? (per|in)( one| each)? (listing|item|pack|sku)",
            "(pack|bundle) (size|quantity|qty)",
            "(quantity|qty|pieces) per (item|listing|pack)",
        ],
        ["quantity|qty|units|pieces"],
    ),
    "excluded": (["excluded?", "exclude from sync", "ignored?", "do not map", "skip(ped)?"],),
    "action": (["action"],),
}
_COMPILED = {column: [re.compile("|".join(rank)) for rank in ranks] for column, ranks in _PATTERNS.items()}
_SKU = "sku"

YES = frozenset("true yes y 1 x ja j oui o si s wahr vrai excluded ignore ignored skip sim sì sí".split())
NO = frozenset("false no n 0 nein non falsch faux não included".split())


def plain_heading(text):
    """A heading in words: case, brackets and what stands between words don't count.

    >>> plain_heading("Sub-Source"), plain_heading("channel_SKU (text)")
    ('sub source', 'channel sku')
    """
    text = unicodedata.normalize("NFKC", re.sub(r"\([^)]*\)|（[^）]*）|\[[^\]]*\]", " ", text or ""))
    return " ".join(re.findall(r"\w+", text.replace("_", " ").casefold()))


def _rank(text):
    """What a foreign heading may mean.

    :return: (column, how well it says it: 1 is best), or None
    """
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", text)  # channelSku
    for form in (plain_heading(text), plain_heading(apart)):
        for column, ranks in _COMPILED.items():
            for number, pattern in enumerate(ranks, 1):
                if pattern.fullmatch(form):
                    return column, number
    return None


def find_columns(texts, own):
    """Which column of a sheet is what.

    :param texts: the headings as they stand in the file
    :param own: function of a heading that gives our own column, or None
    :return: ``{column: [positions]}``: of several positions it is open which is meant
    """
    ranked = {}  # column -> {rank: [positions]}
    plain_skus = []
    for position, text in enumerate(texts):
        if not (text or "").strip():
            continue
        column = own(text)
        if column:
            # a plain "Quantity" beside a multiplier is what there is in stock
            ranked.setdefault(column, {}).setdefault(2 if column == "quantity" else 0, []).append(position)
        elif plain_heading(text) == _SKU:
            plain_skus.append(position)
        elif found := _rank(text):
            ranked.setdefault(found[0], {}).setdefault(found[1], []).append(position)
    found = {column: ranks[min(ranks)] for column, ranks in ranked.items()}
    if plain_skus:
        # plainly "SKU" is the one of the two that no other column is
        open_ = "sku" if "sku" not in found else "item_sku" if not {"item_sku", "item"} & found.keys() else None
        if open_:
            found[open_] = plain_skus
    return found


def is_excluded(text):
    """Whether a cell says yes; None where it says neither yes nor no."""
    word = (text or "").strip().casefold()
    if not word or word in NO:
        return False
    return True if word in YES else None
