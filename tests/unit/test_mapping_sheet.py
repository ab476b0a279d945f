"""The spreadsheet of mappings: any text comes back as it was, nothing is a formula, and what is no such sheet is refused."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date

import openpyxl
import pytest
import xlsxwriter
from hypothesis import example, given, settings
from hypothesis import strategies as st

from order_channel_mapping.tools import mapping_sheet
from order_channel_mapping.tools.mapping_sheet import (
    COLUMNS,
    READ,
    SheetError,
    grouped,
    heading_key,
    read_quantity,
    read_sheet,
    write_csv,
    write_xlsx,
)
from order_channel_mapping.tools.sheet_cells import exposed, shield
from order_channel_mapping.tools.sheet_headings import is_excluded

SHEET_PART = "xl/worksheets/sheet1.xml"
HEADINGS = {column: column.replace("_", " ").capitalize() for column in COLUMNS}
HEADINGS["item"] = "ID at the channel (do not change)"
KEYS = {heading_key(heading): column for column, heading in HEADINGS.items()}
FORMULA_SIGNS = tuple("=+-@＝＋－＠")

#: any text that a database keeps, with more of what is dangerous than chance would bring
texts = st.lists(
    st.one_of(
        st.sampled_from("=+-@'\"\t\r\n,;|_x0 7eE＝＋－＠"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00"),
    ),
    max_size=12,
).map("".join)  # of a text's alphabet, all characters would be as likely
awkward = [
    "=1+1",
    "'007",
    "''",
    "_x000D_",
    "a\r\nb",
    "a;=cmd|' /C calc'!A0",
    'x,"=1',
    "\t=1",
    " -1",
    "007",
    "1-2",
    "MAR-1",
    "1E5",
    "TRUE",
    "４４",
    "＝1+1",
    "x;＋1",
    "－1",
    '"＠A1',
    "\ufeffx",
]


def written(rows, kind, **options):
    out = io.BytesIO()
    {"xlsx": write_xlsx, "csv": write_csv}[kind](out, HEADINGS, rows, **options)
    return out.getvalue()


def read(content):
    return list(read_sheet(content, KEYS))


def refusal(content):
    with pytest.raises(SheetError) as caught:
        read(content)
    return caught.value.code


def csv_of(*lines, encoding="utf-8", separator=","):
    return "\r\n".join([separator.join(["Channel", "ID at the Channel", "Product SKU", "Quantity"]), *lines]).encode(
        encoding
    )


KEYS_OF_HAND_MADE = {"channel": "channel", "id at the channel": "item", "product sku": "sku", "quantity": "quantity"}


def read_hand_made(content):
    return list(read_sheet(content, KEYS_OF_HAND_MADE))


# === ROUND TRIP === #


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=5))
@example([(text, text, text) for text in awkward])
def test_any_text_comes_back_as_it_was(kind, cells):
    rows = [{"channel": "Shop", "item": item, "sku": sku, "name": name} for item, sku, name in cells]
    back = {row["row"]: row for row in read(written(rows, kind))}
    assert [(back[n]["item"], back[n]["sku"], back[n]["odd"]) for n in range(2, len(rows) + 2)] == [
        (item, sku, {}) for item, sku, __ in cells
    ]


@settings(max_examples=300, deadline=None)
@given(texts)
def test_what_is_shielded_is_exposed_exactly(text):
    assert exposed(shield(text)) == text


@settings(max_examples=100, deadline=None)
@given(st.lists(texts, min_size=1, max_size=4), st.sampled_from([".", ","]))
@example(awkward, ".")
@example(awkward, ",")
def test_no_cell_of_a_csv_is_a_formula_however_it_is_split(names, decimal):
    content = written([{"name": name, "item": name, "price": -1.5} for name in names], "csv", decimal=decimal)
    for separator in ",;\t|":
        for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator):
            for cell in row:
                assert not cell.lstrip(' "\t\r\n').startswith(FORMULA_SIGNS), (separator, cell)
    for row in csv.reader(
        io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";" if decimal == "," else ","
    ):
        assert not any(cell.startswith(("\t", "\r", "\n")) for cell in row)


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, min_size=1, max_size=5))
@example(awkward)
def test_no_cell_of_a_workbook_is_a_formula_or_a_link(names):
    content = written([{"name": name, "sku": name} for name in [*names, "http://example.com", "=1+1"]], "xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(cell.hyperlink for cell in cells)
    assert {cell.number_format for row in sheet.iter_rows(min_row=2) for cell in row if cell.value is not None} == {"@"}


@pytest.mark.parametrize(
    "text", ["007", "1-2", "3/4", "12:30", "MAR-1", "SEPT2", "1E5", "123456789012", "TRUE", "1,000", "1.5.2026"]
)
def test_what_a_spreadsheet_would_alter_is_shielded_in_a_csv(text):
    assert shield(text) == f"'{text}"


@pytest.mark.parametrize("text", ["MUG-1", "12345", "T-shirt, blue", "3 cups", "A=B", "Mars bar", "Décor", "0", ""])
def test_other_text_stays_plain(text):
    assert shield(text) == text


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@given(st.decimals(min_value="0.001", max_value="99999", places=3))
@settings(max_examples=60, deadline=None)
def test_quantities_come_back(kind, quantity):
    rows = [{"item": "1", "quantity": float(quantity)}]
    for options in ({}, {"decimal": ","}) if kind == "csv" else ({},):
        (row,) = read(written(rows, kind, **options))
        assert read_quantity(row["quantity"], "quantity" in row["odd"]) == float(quantity)


def test_a_workbook_says_how_it_is_filled_in():
    content = written(
        [{"item": "1"}], "xlsx", actions=("link", "ignore"), help_title="Help", help_lines=["One", "=Two"]
    )
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert [cell.value for cell in book["Help"]["A"]] == ["One", "=Two"]
    (choice,) = book.worksheets[0].data_validations.dataValidation
    assert choice.formula1 == '"link,ignore"'
    assert book.worksheets[0].freeze_panes == "A2"


# === WHAT PEOPLE AND SPREADSHEETS MAKE OF IT === #


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_and_separators(encoding, separator):
    content = csv_of(separator.join(["Café", "1", "MÜ-1", "2"]), encoding=encoding, separator=separator)
    (row,) = read_hand_made(content)
    assert row == {
        "row": 2,
        "channel": "Café",
        "item": "1",
        "sku": "MÜ-1",
        "product": "",
        "quantity": "2",
        "action": "",
        "odd": {},
    }


def test_a_line_that_names_the_separator_is_none_of_the_rows():
    (row,) = read_hand_made(b"sep=;\r\n" + csv_of("Shop;1;A;2", separator=";"))
    assert (row["item"], row["sku"]) == ("1", "A")


def test_empty_rows_are_left_out_and_counted():
    rows = read_hand_made(csv_of("Shop,1,A,", "", ",,,", "Shop,2,B,"))
    assert [(row["row"], row["item"]) for row in rows] == [(2, "1"), (5, "2")]


def test_cells_that_are_no_text_say_what_they_are():
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Channel", "ID at the Channel", "Product SKU", "Quantity"])
    day = book.add_format({"num_format": "d-mmm"})
    sheet.write_row(1, 0, ["Shop", 44012345678901, 7, 2.5])
    sheet.write(2, 1, "2")
    sheet.write_datetime(2, 2, date(2026, 2, 1), day)
    sheet.write(3, 1, "3")
    sheet.write_boolean(3, 2, True)
    sheet.write(4, 1, "4")
    sheet.write_formula(4, 2, "=1/0", None, "#DIV/0!")
    sheet.write(5, 1, "5")
    sheet.write_formula(5, 2, '="A"&"B"', None, "AB")
    book.close()
    rows = read_hand_made(out.getvalue())
    assert [row["odd"] for row in rows] == [
        {"item": "number", "sku": "number", "quantity": "number"},
        {"sku": "date"},
        {"sku": "boolean"},
        {"sku": "error"},
        {},
    ]
    assert (rows[0]["item"], rows[0]["sku"], rows[0]["quantity"]) == ("44012345678901", "7", "2.5")
    assert rows[4]["sku"] == "AB", "what a formula comes to is taken, as people look SKUs up"


@pytest.mark.parametrize(
    ("typed", "quantity"),
    [
        ("", 1.0),
        ("2", 2.0),
        (" 12 ", 12.0),
        ("2,5", 2.5),
        ("2.5", 2.5),
        ("0,125", 0.125),
        ("1,000", None),
        ("1.000", None),
        ("0", None),
        ("-2", None),
        ("two", None),
        ("1e3", None),
        ("nan", None),
        ("inf", None),
        ("٣", None),
    ],
)
def test_quantities_mean_one_thing(typed, quantity):
    assert read_quantity(typed) == quantity


@pytest.mark.parametrize(("cell", "quantity"), [("1.125", 1.125), ("-1", None), ("0", None), ("1e+300", None)])
def test_a_number_in_a_cell_can_be_read_one_way_only(cell, quantity):
    assert read_quantity(cell, number=True) == quantity


def test_rows_of_one_item_stand_together():
    rows = read_hand_made(csv_of("Shop,1,A,2", "Shop,2,B,", "shop,1 ,C,1", "Shop (EU),1,D,", "Shop,,E,", "Shop,,F,"))
    assert [[row["sku"] for row in group] for group in grouped(rows)] == [["A", "C"], ["B"], ["D"], ["E"], ["F"]]


# === WHAT IS NO SUCH SHEET === #


def zipped(**parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return out.getvalue()


def workbook_with(name, content):
    """A sound workbook in which one part is another: ``content``, or what ``content`` makes of the sound one."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(written([{"item": "1"}], "xlsx"))) as source,
        zipfile.ZipFile(out, "w", 8) as package,
    ):
        for part in source.namelist():
            sound = source.read(part).decode()
            if part == name:
                sound = content(sound) if callable(content) else content
            package.writestr(part, sound)
    return out.getvalue()


def test_what_a_database_cannot_keep_is_left_out():
    (row,) = read(workbook_with(SHEET_PART, lambda xml: xml.replace("<t>1<", "<t>a_x0000_b_xD800_c<")))
    assert row["item"] == "abc"


def test_what_a_workbook_says_of_its_size_is_not_believed():
    def smaller(xml):
        assert '<dimension ref="A1:' in xml
        return re.sub('<dimension ref="[^"]*"', '<dimension ref="A1:A1"', xml)

    (row,) = read(workbook_with(SHEET_PART, smaller))
    assert row["item"] == "1"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "sheet_empty"),
        (b"\r\n\r\n", "sheet_columns"),
        (b"%PDF-1.7\n%\xe2\xe3", "sheet_kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "sheet_kind"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "sheet_kind"),
        (zipped(mimetype="application/vnd.oasis.opendocument.spreadsheet"), "sheet_kind"),
        (b"PK\x03\x04 broken", "sheet_unreadable"),
        (b"Name,Price\r\nA,1\r\n", "sheet_columns"),
        (b"channel,ID at the channel,sku,SKU\r\n1,2,3,4\r\n", "sheet_column_twice"),
        (b"channel,ID at the channel\r\n1,2\r\n", "sheet_columns"),
        (workbook_with(SHEET_PART, "<broken"), "sheet_unreadable"),
        (workbook_with("xl/workbook.xml", '<!DOCTYPE x [<!ENTITY a "a">]><workbook/>'), "sheet_unreadable"),
    ],
)
def test_what_is_no_such_sheet_is_refused_by_name(content, code):
    assert refusal(content) == code


def test_a_workbook_that_unpacks_to_too_much_is_not_unpacked(monkeypatch):
    bomb = workbook_with(SHEET_PART, b" " * (mapping_sheet.MAX_UNPACKED + 1))
    assert len(bomb) < 1024 * 1024
    monkeypatch.setattr(openpyxl, "load_workbook", lambda *args, **kwargs: pytest.fail("it was opened"))
    assert refusal(bomb) == "sheet_too_large"


def test_a_file_that_is_too_large_or_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(mapping_sheet, "MAX_ROWS", 2)
    rows = [{"item": str(number)} for number in range(3)]
    assert len(read(written(rows[:2], "csv"))) == 2
    for kind in ("csv", "xlsx"):
        assert refusal(written(rows, kind)) == "sheet_too_long"
    monkeypatch.setattr(mapping_sheet, "MAX_BYTES", 10)
    assert refusal(b"x" * 11) == "sheet_too_large"


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=200), st.sampled_from([b"", b"PK\x03\x04", b"\xff\xfe", b"channel,ID at the channel,sku\r\n"])
)
def test_whatever_is_uploaded_is_read_or_refused(content, start):
    try:
        rows = read(start + content)
    except SheetError as error:
        assert error.code.startswith("sheet_")
    else:
        assert all(set(READ) <= row.keys() for row in rows)
        assert not any("\x00" in row[column] for row in rows for column in READ)


# === SHEETS OF OTHER SYSTEMS === #

OTHERS = {
    "Linnworks": ("Source,SubSource,SKU,Linked SKU Custom Label", "SHOPIFY,Shop,MUG-1,SHOP-7", {"channel": "Shop"}),
    "Linnworks EKM": ("Source;SubSource;Linnworks SKU;Channel SKU", "EKM;Shop;MUG-1;SHOP-7", {"channel": "Shop"}),
    "Tradebox": (
        "Marketplace SKU,Tradebox SKU,Description,Accounts SKU,Multiplier,Excluded,Max Upload Qty.,Fixed Upload Qty.",
        "SHOP-7,MUG-1,Mug,MUG-1,2,False,9,8",
        {"quantity": "2", "excluded": "False"},
    ),
    "SmartHub": ("SmartHub SKU,Channel SKU,Channel Name", "MUG-1,SHOP-7,Shop", {"channel": "Shop"}),
    "ChannelGrabber": ("Original SKU,Master SKU", "SHOP-7,MUG-1", {}),
    "own words": (
        "Store\tsku_at_the_channel\tInternal Reference\tQty",
        "Shop\tSHOP-7\tMUG-1\t3",
        {"channel": "Shop", "quantity": "3"},
    ),
    "the channel's SKU alone": ("SKU|Odoo SKU", "SHOP-7|MUG-1", {}),
    "camel case": ("channelSku,productSku,packSize", "SHOP-7,MUG-1,6", {"quantity": "6"}),
    "stock beside it": (
        "seller-sku,price,quantity,Units per Listing,Product SKU",
        "SHOP-7,9.90,250,6,MUG-1",
        {"quantity": "6"},
    ),
    "two that agree": ("eBay SKU,Custom Label (SKU),Stock Code", "SHOP-7,SHOP-7,MUG-1", {}),
    "with a title": ("Export of 1 December\r\n\r\nChannel SKU,Product SKU", "SHOP-7,MUG-1", {}),
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_headings_of_other_systems(name, encoding):
    headings, line, more = OTHERS[name]
    (row,) = read_hand_made(f"{headings}\r\n{line}\r\n".encode(encoding))
    assert (row["item_sku"], row["sku"], row["item"]) == ("SHOP-7", "MUG-1", "")
    assert {column: row[column] for column in more} == more


def test_our_own_sheet_says_the_channels_sku_too():
    (row,) = read(written([{"channel": "Shop", "item": "1", "item_sku": "SHOP-7", "sku": "MUG-1"}], "xlsx"))
    assert (row["item"], row["item_sku"], row["sku"]) == ("1", "SHOP-7", "MUG-1")


@pytest.mark.parametrize(
    ("headings", "line", "params"),
    [
        ("Channel SKU,Accounts SKU,Tradebox SKU", "A,B,C", {"first": "Accounts SKU", "second": "Tradebox SKU"}),
        ("Product SKU,Seller SKU,Listing SKU", "A,B,C", {"first": "Seller SKU", "second": "Listing SKU"}),
    ],
)
def test_two_columns_that_could_be_the_one_are_named(headings, line, params):
    with pytest.raises(SheetError) as caught:
        read_hand_made(f"{headings}\r\nX,X,X\r\n{line}\r\n".encode())
    assert (caught.value.code, caught.value.params) == ("sheet_columns_differ", {"row": 3, **params})


@pytest.mark.parametrize(
    "headings",
    ["SKU,Name,Price", "SKU", "Channel SKU,Price", "Product SKU,Quantity", "Max SKU,Min SKU", "Name,Quantity"],
)
def test_headings_that_do_not_say_what_is_what(headings):
    with pytest.raises(SheetError, match=r"^sheet_columns$"):
        read_hand_made(f"{headings}\r\n1,2,3\r\n".encode())


def test_only_headings():
    assert read(b"Channel SKU,Product SKU\r\n") == []


def test_rows_of_one_item_stand_together_by_the_channels_sku():
    rows = read(b"Channel SKU,Product SKU\r\nA,1\r\nB,2\r\na ,3\r\n")
    assert [[row["sku"] for row in group] for group in grouped(rows)] == [["1", "3"], ["2"]]


def test_numbers_of_a_workbook_are_the_digits_that_were_typed():
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Channel SKU", "Product SKU", "Multiplier", "Excluded"])
    sheet.write_row(1, 0, [417.0, 4006381333931, 2.0, False])
    sheet.write_row(2, 0, [4.00639e12, "00417", "", True])
    sheet.merge_range(4, 0, 4, 1, "Merged")
    book.close()
    rows = read(out.getvalue())
    assert [(row["item_sku"], row["sku"], row["quantity"], row["excluded"]) for row in rows] == [
        ("417", "4006381333931", "2", "FALSE"),
        ("4006390000000", "00417", "", "TRUE"),
        ("Merged", "", "", ""),
    ]
    assert rows[0]["odd"] == {"item_sku": "number", "sku": "number", "quantity": "number", "excluded": "boolean"}


def test_sheets_that_nobody_sees_are_not_read():
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    for title, sku in (("Last year", "OLD"), ("Now", "NEW")):
        sheet = book.add_worksheet(title)
        sheet.write_row(0, 0, ["Channel SKU", "Product SKU"])
        sheet.write_row(1, 0, ["SHOP-7", sku])
        if sku == "OLD":
            sheet.hide()
    sheet.activate()
    book.close()
    assert [row["sku"] for row in read(out.getvalue())] == ["NEW"]


def test_words_for_yes_and_no():
    assert [is_excluded(word) for word in ("True", "x", "JA", "1", "", "False", "nein", "0", "maybe")] == [
        *[True] * 4,
        *[False] * 4,
        None,
    ]


@pytest.mark.parametrize("titles", [0, 2])
def test_a_workbook_whose_first_sheet_is_something_else(titles):
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    book.add_worksheet("Read me").write(0, 0, "How to use this export")
    book.add_worksheet("Empty")
    sheet = book.add_worksheet("Data")
    for number in range(titles):
        sheet.write(number, 0, f"Line {number}")
    sheet.write_row(titles, 0, ["Channel SKU", "Product SKU"])
    sheet.write_row(titles + 1, 0, ["SHOP-7", "MUG-1"])
    book.close()
    (row,) = read(out.getvalue())
    assert (row["item_sku"], row["sku"], row["row"]) == ("SHOP-7", "MUG-1", titles + 2)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "sheet_kind"),  # pictures that were renamed
        (b"GIF89a\x01\x00", "sheet_kind"),
        (b"<html><table><tr><td>Channel SKU</td></tr></table></html>", "sheet_columns"),  # what some call .xls
        (b"Channel SKU", "sheet_columns"),
        ("Channel SKU,Product SKU\r\n".encode("utf-32"), "sheet_kind"),
    ],
)
def test_other_files_are_refused_by_name(content, code):
    assert refusal(content) == code


def test_a_row_that_ends_early_or_goes_on():
    rows = read(b"Channel SKU,Product SKU,Multiplier\r\nA\r\nB,X,2,more,and more\r\n")
    assert [(row["item_sku"], row["sku"], row["quantity"]) for row in rows] == [("A", "", ""), ("B", "X", "2")]
