"""The text that is in HTML which marketplaces and their plugins write where text belongs. Pure functions.

Only what is HTML for sure counts as such: tags by their names, entities. Everything else is a person's own text, ``<`` and
``&`` included.

This module must not import Odoo.
"""

from __future__ import annotations

import html
import re

#: of a text of which more can only be a mistake
_MOST = 50_000
_VALUE = r"""(?:"[^"<]{0,2000}"|'[^'<]{0,2000}'|[^\s"'<>]{1,2000})"""
_TAG = re.compile(
    rf"<(/?)([a-zA-Z][a-zA-Z0-9]{{0,9}})((?:\s{{1,20}}[\w:-]{{1,40}}\s?=\s?{_VALUE}){{0,30}})\s{{0,20}}/?>"
)
_UNSEEN = re.compile(r"<!--.{0,500}?-->|<(script|style)\b[^<>]{0,200}>.{0,2000}?</\1\s*>", re.DOTALL | re.IGNORECASE)
_LINK = re.compile(r"""\b(?:href|src)\s*=\s*["']?([^"'\s<>]+)""", re.IGNORECASE)
#: tags that begin and end a line
_BLOCKS = frozenset(
    "address article blockquote br dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li ol p pre section "
    "table tbody td tfoot th thead tr ul".split()
)
_INLINE = frozenset(
    "a abbr b bdi big button cite code del em figcaption font i img ins kbd label mark q s samp small span strike strong "
    "sub sup tt u var wbr".split()
)


def html_to_text(value: str) -> str:
    """Text without tags, each entity decoded once; what stood on lines of its own still does, links keep their address.

    >>> html_to_text('Rex<br/><b>Species: </b>Dog &amp; <a href="https://x.example/1">photo</a>')
    'Rex\\nSpecies: Dog & photo (https://x.example/1)'
    >>> html_to_text("I <3 you, 5 < 6 <M> &amp;lt;")
    'I <3 you, 5 < 6 <M> &lt;'
    """
    value = value[:_MOST]
    if "\r" in value:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    if "<" in value:
        value = _without_tags(_UNSEEN.sub("", value))
    return (html.unescape(value) if "&" in value else value).strip()


def _without_tags(value: str) -> str:
    parts: list[str] = []
    lower, link, begin, at, lines = value.lower(), None, 0, 0, False
    for tag in _TAG.finditer(value):
        closing, name, rest = tag[1], tag[2].lower(), tag[3] or ""
        if name not in _BLOCKS and name not in _INLINE:
            continue
        if len(name) == 1 and not rest and (f"<{name}" if closing else f"</{name}") not in lower:
            continue  # "size <S>"
        parts.append(value[at : tag.start()])
        at = tag.end()
        if name in _BLOCKS:
            lines = True
            parts.append("\n")
        elif name == "a" and not closing:
            link, begin = _LINK.search(rest), len(parts)
        elif name == "a" and link:
            parts[begin:] = [_named_link("".join(parts[begin:]), link[1])]
            link = None
        elif name == "img" and not link and (picture := _LINK.search(rest)):
            parts.append(picture[1])
    found = "".join([*parts, value[at:]])
    if lines:  # the line breaks of the source and those of its tags are the same ones
        found = "\n".join(filter(None, (" ".join(line.split()) for line in found.split("\n"))))
    return found


def _named_link(words: str, address: str) -> str:
    """A link as one can read and follow it."""
    words = words.strip()
    if not re.match(r"https?:", address, re.IGNORECASE):
        return words
    return address if not words or words in address else f"{words} ({address})"
