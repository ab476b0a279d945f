"""Text in the cells of a CSV file, so that no spreadsheet takes it for a formula, a date or a number. Pure Python.

:func:`shield` puts an apostrophe where that could happen and :func:`exposed` takes it off again, so that any text comes back
as it was.
"""

from __future__ import annotations

import re

#: what makes a cell a formula, full-width forms included, and the apostrophe itself, so that taking one off is exact
_SIGNS = "=+\\-@＝＋－＠'"
#: a cell that is a formula, or begins with what a spreadsheet takes off
_FORMULA = re.compile(rf'[\s"]*[{_SIGNS}]|[\t\r\n]')
#: within a text, what is the beginning of a cell to a spreadsheet that splits at another character
_INSIDE = re.compile(rf'([,;\t\r\n|][\s"]*)(?=[{_SIGNS}])')
_INSIDE_SHIELDED = re.compile(r'([,;\t\r\n|][\s"]*)\'')
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez|fév|avr|juin|juil|aoû|déc"
#: what a spreadsheet makes a number, date, time or truth value of, and not the same text again
_MISREAD = re.compile(
    r"0\d[\d.,]*"
    r"|\d{12,}"
    r"|\d+[\s./:,\-][\d\s./:,\-]*"
    r"|[\d.,]+e[+\-]?\d+"
    rf"|\d{{1,4}}[\s./\-]?({_MONTHS})[a-zéû]*\.?([\s./\-]?\d+)?"
    rf"|({_MONTHS})[a-zéû]*[\s./\-]?\d+"
    r"|true|false|wahr|falsch|vrai|faux",
    re.IGNORECASE,
)


def shield(text):
    """The text as it can stand in a CSV file.

    >>> shield("=1+1"), shield("007"), shield("1-2"), shield("T-shirt, blue")
    ("'=1+1", "'007", "'1-2", 'T-shirt, blue')
    """
    text = _INSIDE.sub(r"\1'", text)
    return f"'{text}" if _FORMULA.match(text) or _MISREAD.fullmatch(text) else text


def exposed(text, inside=True):
    """The text that :func:`shield` was given.

    :param inside: whether it was shielded behind separators, too
    """
    text = text.removeprefix("'")
    return _INSIDE_SHIELDED.sub(r"\1", text) if inside else text
