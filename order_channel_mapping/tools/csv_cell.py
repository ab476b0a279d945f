"""Text in the cells of a CSV file, so that no spreadsheet takes it for a formula. Pure Python."""

import re

_FORMULA = re.compile("[\\s\"]*[=+\\-@＝＋－＠']|[\\t\\r\\n]")


def shield(text):
    """The text as it can stand in a cell: with an apostrophe in front where it would be a formula.

    >>> shield("=1+1"), shield("T-shirt")
    ("'=1+1", 'T-shirt')
    """
    return f"'{text}" if _FORMULA.match(text) else text
