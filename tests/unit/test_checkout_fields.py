"""What checkout fields beside the marketplace's own say about an order."""

from __future__ import annotations

from datetime import date

import pytest

from order_channel_mapping.connectors.checkout_fields import (
    delivery_date,
    parse_day,
    purchase_order,
    remarks,
    vat_number,
)


@pytest.mark.parametrize(
    "name",
    [
        "billing_purchase_order_number",
        "_po_number",
        "PO Number",
        "PO #",
        "Purchase Order",
        "poNumber",
        "customer-po",
        "_billing_po",
        "Purchase order no.",
        "Kundenbestellnummer",
        "N° de bon de commande",
    ],
)
def test_the_buyers_number_of_the_order(name):
    assert purchase_order([("other", "x"), (name, " PO-4711 ")]) == "PO-4711"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("purchase_order_file", "PO-4711"),
        ("Purchase order", "https://shop.example/po.pdf"),
        ("_po_date", "2026-11-12"),
        ("PO box", "4711"),
        ("purchase_order_number", ""),
        ("purchase_order_number", "x" * 100),
        ("Repo number", "4711"),
        ("order_number", "4711"),
    ],
)
def test_what_is_no_number_of_the_buyers(name, value):
    assert purchase_order([(name, value)]) is None


@pytest.mark.parametrize(
    "name",
    [
        "_billing_vat_id",
        "billing_eu_vat_number",
        "_billing_eu_vat_number",
        "_vat_number",
        "vatNumber",
        "VAT Number",
        "USt-IdNr.",
        "_billing_nif",
        "billing_cnpj",
        "Partita IVA",
        "_billing_tax_id",
        "Tax registration number",
        "my-plugin/vat-number",
    ],
)
def test_numbers_that_tax_authorities_know(name):
    assert vat_number([("_vat_number_validated", "valid1"), ("_vat_country", "DE12"), (name, " DE 123.456.789 ")]) == (
        "DE 123.456.789"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("is_vat_exempt", "yes1"),
        ("_vat_amount", "19.0000"),
        ("_billing_vat_number", "none"),
        ("_billing_vat_number", "DE"),
        ("_billing_vat_number", "a:1:{i:0;i:1;}"),
        ("private_number", "DE123456789"),
        ("elevation", "1234567"),
    ],
)
def test_what_is_no_vat_number(name, value):
    assert vat_number([(name, value)]) is None


def test_a_businesss_number_comes_before_a_persons():
    assert vat_number([("billing_cpf", "11144477735"), ("billing_cnpj", "11222333000181")]) == "11222333000181"


@pytest.mark.parametrize(
    "value",
    [
        "12 December, 2026",
        "December 12, 2026",
        "Saturday, 12 December 2026",
        "Sat, Dec 12th, 2026",
        "12. Dezember 2026",
        "12 décembre 2026",
        "12 de diciembre de 2026",
        "2026-12-12",
        "2026/12/12",
        "12.12.2026",
        "12/12/2026",
        "20261212",
        "1797033600",
        "2026-12-12T00:00:00",
        "2026-12-12 10:00 - 12:00",
    ],
)
def test_days_as_checkouts_write_them(value):
    assert parse_day(value) == date(2026, 12, 12)


def test_days_that_can_be_read_one_way_only():
    assert parse_day("25/12/2026") == parse_day("12/25/2026") == parse_day("25.12.2026") == date(2026, 12, 25)
    assert parse_day("5.6.2026") == date(2026, 6, 5)


@pytest.mark.parametrize(
    "value",
    ["5/6/2026", "soon", "", "31/31/2026", "2026-02-30", "12:00 - 14:00", "1234", "99999999", "12 Brumaire 2026"],
)
def test_what_is_no_certain_day(value):
    assert parse_day(value) is None


@pytest.mark.parametrize(
    "name",
    ["Delivery Date", "_delivery_date", "Delivery-Date", "deliveryDate", "Pickup date", "Lieferdatum", "jckwds_date"],
)
def test_the_day_of_delivery(name):
    found = delivery_date([("Order date", "2026-11-01"), ("Delivery date type", "fixed"), (name, "2026-12-12")])
    assert (found.isoformat(), delivery_date([("Date of birth", "2001-12-12")])) == ("2026-12-12T12:00:00+00:00", None)


def test_what_people_who_ship_want_to_read():
    fields = [
        ("billing_purchase_order_number", "PO-4711"),
        ("_delivery_date", "2026-12-12"),
        ("Delivery Date", "2026-12-12"),
        ("Delivery Time", "10:00 - 12:00"),
        ("_orddd_timestamp", "1797033600"),
        ("gift-message", "Dear Kim,\nwell done"),
        ("delivery_slot_id", "17"),
        ("_delivery_notes_sent", "1"),
        ("private_note", "bad payer"),
        ("Stripe Fee", "1.20"),
        ("delivery_status", "queued"),
        ("Delivery data", 'a:1:{i:0;s:1:"x";}'),
        ("is_vat_exempt", "no"),
    ]
    assert remarks(fields) == [
        "Purchase order number: PO-4711",
        "Delivery date: 2026-12-12",
        "Delivery Time: 10:00 - 12:00",
        "Gift message: Dear Kim,\nwell done",
    ]
