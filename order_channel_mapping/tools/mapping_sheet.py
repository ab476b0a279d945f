"""The spreadsheet in which people say what each listing stands for: written and read as XLSX and CSV. Pure Python.

One row for each listing; a bundle is several rows of one listing. What comes back is text that a person typed and that a
spreadsheet may have altered, so that nothing is guessed: a cell that is no text says what it is (see :func:`read_sheet`).
"""

from __future__ import annotations

import csv
import io
import itertools
import re
import zipfile
from datetime import date, time, timedelta

import openpyxl
import xlsxwriter
from openpyxl.utils.escape import unescape

from .normalize import normalize_sku
from .sheet_cells import exposed, shield
from .sheet_headings import find_columns

#: columns as they are written; each has a heading in the reader's language
COLUMNS = (
    "channel",
    "item",
    "parent",
    "item_sku",
    "name",
    "barcode",
    "price",
    "currency",
    "waiting",
    "state",
    "suggestion",
    "fits",
    "sku",
    "product",
    "quantity",
    "action",
)
#: those that are read again
READ = ("channel", "item", "sku", "product", "quantity", "action")
#: those that are read where a sheet has them: the channel's SKU, by which other systems name items, and what is left out
READ_TOO = ("item_sku", "excluded")
#: rows in front of the headings: a title, a date, an empty one
TITLE_ROWS = 10
#: those that people fill in
FILLED_IN = ("sku", "product", "quantity", "action")
NUMBERS = frozenset({"price", "waiting", "quantity"})
WIDTHS = {"name": 40, "item": 22, "channel": 18, "sku": 20, "product": 30, "item_sku": 20, "suggestion": 20, "fits": 40}

MAX_BYTES = 10 * 1024 * 1024
MAX_UNPACKED = 200 * 1024 * 1024
MAX_ROWS = 100_000
#: how files begin that are no sheet of ours whatever they are called: PDF, old Excel, pictures, archives
OTHER_FILES = (
    b"%PDF",
    b"\xd0\xcf\x11\xe0",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
)
MAX_COLUMNS = 64
#: sheets of a workbook that are looked at
MAX_SHEETS = 10
#: characters that fit in a cell of a spreadsheet
MAX_CELL = 32_000

_ACTION_ROWS = 1_048_575  # last row of a sheet, counted from 0


class SheetError(Exception):
    """The file can't be taken. ``code`` and ``params`` are those of a reason (see :mod:`.reasons`)."""

    def __init__(self, code, **params):
        super().__init__(code)
        self.code = code
        self.params = params


# === WRITING === #


def write_xlsx(file, headings, rows, actions=(), help_title="", help_lines=()):
    """Write a workbook row by row: memory does not grow with it.

    :param file: binary file, open for writing
    :param dict headings: column -> heading, in the order in which they are written
    :param rows: iterable of dicts, column -> str, number or None
    :param actions: words that can be chosen in the column *action*
    :param str help_title: name of the second sheet
    :param help_lines: lines of the second sheet
    """
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet()
    text = book.add_format({"num_format": "@"})  # what is typed there stays as it is typed
    head = book.add_format({"bold": True, "bg_color": "#E7E9ED"})
    asked = book.add_format({"bold": True, "bg_color": "#FFF2CC"})
    for index, (column, heading) in enumerate(headings.items()):
        sheet.set_column(index, index, WIDTHS.get(column, 14), None if column in NUMBERS else text)
        sheet.write_string(0, index, heading, asked if column in FILLED_IN else head)
        if column == "action" and actions:
            sheet.data_validation(
                1, index, _ACTION_ROWS, index, {"validate": "list", "source": list(actions), "error_type": "warning"}
            )
    sheet.freeze_panes(1, 0)
    for number, row in enumerate(rows, 1):
        for index, column in enumerate(headings):
            value = row.get(column)
            if value is None or value == "":
                continue
            if isinstance(value, str):
                sheet.write_string(number, index, _leading_quote(value)[:MAX_CELL], text)
            else:
                sheet.write_number(number, index, value)
    if help_lines:
        notes = book.add_worksheet(help_title[:31])
        notes.set_column(0, 0, 110)
        for number, line in enumerate(help_lines):
            notes.write_string(number, 0, line)
    book.close()


def write_csv(file, headings, rows, decimal="."):
    """Write UTF-8 with its mark, row by row, separated by ``;`` where the decimal point is a comma, as spreadsheets expect.

    :param file: binary file, open for writing
    :param dict headings: column -> heading
    :param rows: iterable of dicts, column -> str, number or None
    """
    out = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=False)
    writer = csv.writer(out, delimiter=";" if decimal == "," else ",", lineterminator="\r\n")
    writer.writerow(headings.values())
    for row in rows:
        writer.writerow([_csv_text(row.get(column), decimal) for column in headings])
    out.flush()
    out.detach()


def _leading_quote(text):
    """A leading apostrophe twice: one is taken off again, as from text that a CSV shields."""
    return f"'{text}" if text.startswith("'") else text


def _csv_text(value, decimal):
    if value is None:
        return ""
    if isinstance(value, str):
        return shield(value[:MAX_CELL])
    text = format(round(value, 6), "f").rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    if len(text.partition(".")[2]) == 3:
        text += "0"  # three decimals could be thousands
    text = text.replace(".", decimal)
    return f"'{text}" if text.startswith("-") else text


# === READING === #


def read_sheet(content, headings):
    """The rows of a file that people filled in, those that are empty left out.

    :param bytes content: XLSX or CSV
    :param dict headings: heading as :func:`heading_key` writes it -> column; several headings may mean one column. Those of
        other systems are known beside them, see :mod:`.sheet_headings`
    :return: iterator of dicts: ``row`` (number as the spreadsheet shows it), ``channel``, ``item``, ``sku``, ``product``,
        ``quantity``, ``action`` (text, empty where there is none), ``item_sku`` and ``excluded`` where the sheet has them,
        and ``odd``: column -> what a cell is that is no text (``number``, ``date``, ``boolean``, ``error``)
    :raise SheetError: while it is read, too
    """
    if not content:
        raise SheetError("sheet_empty")
    if len(content) > MAX_BYTES:
        raise SheetError("sheet_too_large", limit=MAX_BYTES // (1024 * 1024))
    packed = content.startswith(b"PK")
    lines = _xlsx_lines(content, headings) if packed else _csv_lines(content, headings)
    return _read_rows(lines, headings, exposed_inside=not packed)


def heading_key(text):
    """How a heading is compared: case, white space and what stands in brackets don't count."""
    return " ".join(re.sub(r"\([^)]*\)|（[^）]*）", " ", text or "").casefold().split())


def _read_rows(lines, headings, exposed_inside):
    columns, count, refused = None, 0, None
    for number, cells in enumerate(lines, 1):
        if columns is None:
            texts = [text for text, __ in cells]
            if any(text.strip() for text in texts):
                try:
                    columns, titles = _columns(texts, headings), texts
                except SheetError as error:
                    refused = refused if refused and error.code == "sheet_columns" else error
                    if error.code != "sheet_columns" or number >= TITLE_ROWS:
                        raise refused from None
            continue
        row = _read_row(number, cells, columns, titles, exposed_inside)
        if not any(row[column].strip() for column in columns):
            continue
        count += 1
        if count > MAX_ROWS:
            raise SheetError("sheet_too_long", limit=MAX_ROWS)
        yield {**dict.fromkeys(READ, ""), **row}
    if columns is None:
        raise refused or SheetError("sheet_empty")


def _read_row(number, cells, columns, titles, exposed_inside):
    row = {"row": number, "odd": {}}
    for column, places in columns.items():
        row[column] = ""
        for index in places:
            text, odd = cells[index] if index < len(cells) else ("", None)
            text = text if odd else exposed(text, inside=exposed_inside)
            if index != places[0] and (not text.strip() or text == row[column]):
                continue
            if row[column].strip():
                params = {"row": number, "first": titles[places[0]].strip(), "second": titles[index].strip()}
                raise SheetError("sheet_columns_differ", **params)
            row[column] = text
            if odd:
                row["odd"][column] = odd
    return row


def _columns(texts, headings):
    """``{column: positions}`` of those that are read."""
    found = {
        column: places
        for column, places in find_columns(texts, lambda text: headings.get(heading_key(text))).items()
        if column in READ or column in READ_TOO
    }
    for places in found.values():
        keys = [heading_key(texts[index]) for index in places]
        if len(keys) > 1 and (len(set(keys)) < len(keys) or keys[0] in headings):
            raise SheetError("sheet_column_twice", column=texts[places[1]].strip())
    if not {"item", "item_sku"} & found.keys() or not {"sku", "product", "action", "excluded"} & found.keys():
        raise SheetError("sheet_columns")
    return found


def _xlsx_lines(content, headings):
    """Rows of ``(text, what it is if no text)`` of the first sheet whose headings say what is what, else of the first."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            _check_package(package)
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # what the file says of its size may be wrong
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"][:MAX_SHEETS]
        sheet = next((sheet for sheet in sheets if _has_headings(sheet, headings)), next(iter(sheets), None))
        if sheet is None:
            raise SheetError("sheet_empty")
        for row in sheet.iter_rows(max_col=MAX_COLUMNS):
            yield [_cell(cell) for cell in row]
    except SheetError:
        raise
    except Exception as error:  # whatever a broken or hostile file makes of the library
        raise SheetError("sheet_unreadable") from error


def _has_headings(sheet, headings):
    """Whether one of the first rows can be a sheet's headings."""
    for row in sheet.iter_rows(max_row=TITLE_ROWS, max_col=MAX_COLUMNS):
        try:
            _columns([_cell(cell)[0] for cell in row], headings)
        except SheetError as error:
            if error.code == "sheet_columns":
                continue
        return True
    return False


def _check_package(package):
    """Refuse what is no workbook, what grows too large unpacked, and XML that defines entities."""
    parts = package.infolist()
    if "[Content_Types].xml" not in package.namelist() or not any(
        part.filename.startswith("xl/workbook") for part in parts
    ):
        raise SheetError("sheet_kind")
    if sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise SheetError("sheet_too_large", limit=MAX_UNPACKED // (1024 * 1024))
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            with package.open(part) as file:
                if b"<!DOCTYPE" in file.read(65_536):
                    raise SheetError("sheet_unreadable")


def _cell(cell):
    value = cell.value
    if value is None:
        return "", None
    if cell.data_type == "e":
        return str(value), "error"
    if isinstance(value, str):
        return _storable(unescape(value)), None
    if isinstance(value, bool):
        return str(value).upper(), "boolean"
    if isinstance(value, (date, time, timedelta)):
        return str(value), "date"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    return str(value), "number"


def _storable(text):
    """Text without what a database can't keep."""
    return re.sub("[\x00\ud800-\udfff]", "", text)


def _csv_lines(content, headings):
    text = _decoded(content)
    first, __, rest = text.partition("\n")
    if re.fullmatch(r'"?sep=[,;\t|]"?\r?', first.casefold()):
        text = rest

    def rows(delimiter):
        return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)

    def known(delimiter):
        """Headings that can be read if it is this one."""
        first = itertools.islice(rows(delimiter), TITLE_ROWS)
        return max((len(find_columns(row, lambda text: headings.get(heading_key(text)))) for row in first), default=0)

    try:
        counts = {delimiter: known(delimiter) for delimiter in ",;\t|"}
        delimiter = max(counts, key=counts.get)
        if not counts[delimiter]:
            raise SheetError("sheet_columns")
        for row in rows(delimiter):
            yield [(cell, None) for cell in row[:MAX_COLUMNS]]
    except csv.Error as error:
        raise SheetError("sheet_unreadable") from error


def _decoded(content):
    """The text of a CSV file: UTF-8, UTF-16 or, as old spreadsheets write it, Windows-1252."""
    if content.startswith(OTHER_FILES):
        raise SheetError("sheet_kind")
    encodings = ["utf-8-sig", "cp1252"]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\x00" in content[:200]:
        encodings = ["utf-16-le" if content[1:2] == b"\x00" else "utf-16-be"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text
    raise SheetError("sheet_kind")


def grouped(rows):
    """The rows of each listing together, in the order of their first ones; a row that names none stands alone.

    :param rows: what :func:`read_sheet` gives
    :rtype: list[list[dict]]
    """
    groups = {}
    for row in rows:
        groups.setdefault(_item_named(row), []).append(row)
    return list(groups.values())


def _item_named(row):
    channel, item, sku = normalize_sku(row["channel"]), row["item"].strip(), normalize_sku(row.get("item_sku"))
    if item:
        return (channel, item)
    return (channel, None, sku) if sku else row["row"]


def read_quantity(text, number=False):
    """A quantity that a person typed; 1 where there is none.

    :param str text: as in the cell
    :param bool number: the cell was a number, so that there is one way only to read it
    :return: float, or None where it is no number above zero that means one thing only (``1,000`` may be one or a thousand)
    """
    text = "".join(text.split())
    if not text:
        return 1.0
    if number:
        value = float(text)
        return value if 0 < value < 1e12 else None
    if not re.fullmatch(r"\d{1,12}([.,]\d{1,9})?", text, re.ASCII):
        return None
    whole, __, decimals = text.replace(",", ".").partition(".")
    if len(decimals) == 3 and len(whole) <= 3 and not whole.startswith("0"):
        return None
    return float(text.replace(",", ".")) or None
