"""Titles of custom lines: what names one order is left out, what tells items apart stays."""

from __future__ import annotations

import time

import pytest

from order_channel_mapping.tools.general_title import general_title
from order_channel_mapping.tools.normalize import custom_listing_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Payment #2 for Sofa (order #1041)", "Payment #2 for Sofa (order #1042)"),
        ("Balance for order 1234", "Balance for order 987"),
        ("Balance for order 7", "balance for  Order 12"),
        ("Order #1041 - balance", "Order #1042 - balance"),
        ("Order 1041 Sofa balance", "Order 1042 Sofa balance"),
        ("Deposit, order no. 1041", "Deposit, order no. 1042"),
        ("Order 1041", "Order 1042"),
        ("Extra charge for order 1041.", "Extra charge for order 1042."),
        ("Repair (Order: WC-1041)", "Repair (Order: WC-1042)"),
        ("Order number 1041: repair", "Order number 1042: repair"),
        ("Invoice INV/2026/0012", "Invoice INV/2026/0013"),
        ("Payment for quote Q-117", "Payment for quote Q-118"),
        ("Balance for #1041", "Balance for #1042"),
        ("Remaining payment (#1041)", "Remaining payment (#1042)"),
        ("Deposit #1041", "Deposit #1042"),
        ("Payment for orders #1041 and #1042", "Payment for orders #1051 and #1052"),
        ("Payment for orders 1041, 1042", "Payment for orders 1051, 1052"),
        ("Balance of €300.00 for order 1041", "Balance of €250.50 for order 1042"),
        ("Balance for order 1041 of 2026-11-12", "Balance for order 1042 of 2026-11-19"),
        ("Balance for order 1041 (12 November 2026)", "Balance for order 1042 (3 December 2026)"),
        ("Restzahlung zur Bestellung 1041", "Restzahlung zur Bestellung 1042"),
        ("Rechnung Nr. 4711", "Rechnung Nr. 4712"),
        ("Bestellnummer 41", "Bestellnummer 42"),
        ("Solde de la commande n° 1041", "Solde de la commande n° 1042"),
        ("Resto del pedido nº 1041", "Resto del pedido nº 1042"),
        ("Saldo ordine 1041", "Saldo ordine 1042"),
        ("Restbetaling bestelling 1041", "Restbetaling bestelling 1042"),
        ("Dopłata do zamówienia 1041", "Dopłata do zamówienia 1042"),
        ("Bestell-Nr. 1041", "Bestell-Nr. 1042"),
        ("Auftragsnummer 1041", "Auftragsnummer 1042"),
        ("Rest faktura 1041", "Rest faktura 1042"),
        ("Fakturanummer 41", "Fakturanummer 42"),
        ("Доплата к заказу 1041", "Доплата к заказу 1042"),
    ],
)
def test_titles_of_several_orders_are_one_item(one, other):
    assert custom_listing_key(None, one) == custom_listing_key(None, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Size 42", "Size 43"),
        ("iPhone 14", "iPhone 15"),
        ("Mug #1", "Mug #2"),
        ("Figure #1041", "Figure #1042"),
        ("Payment #1 for Sofa (order #1041)", "Payment #2 for Sofa (order #1041)"),
        ("Balance for order 1041: Sofa", "Balance for order 1041: Chair"),
        ("Balance for order 1041-Sofa", "Balance for order 1041-Chair"),
        ("Payment for order 1041 and 2 chairs", "Payment for order 1041 and 3 chairs"),
        ("Custom order 500 flyers", "Custom order 1000 flyers"),
        ("Special order 100ml", "Special order 200ml"),
        ("Made to order 20", "Made to order 24"),
        ("Calendar to order 2026", "Calendar to order 2027"),
        ("Pre-order 117", "Pre-order 118"),
        ("New Balance 990", "New Balance 991"),
        ("New Balance #990", "New Balance #991"),
        ("Payment for Figure #1041", "Payment for Figure #1042"),
        ("Quote 117 poster", "Quote 118 poster"),
        ("Receipt rolls 80 mm", "Receipt rolls 57 mm"),
        ("Border 1041", "Border 1042"),
        ("Workshop 2026-11-12", "Workshop 2026-11-19"),
        ("Deposit 30%", "Deposit 50%"),
        ("Gift card $50", "Gift card $100"),
        ("Deposit", "Balance"),
        ("Lamp ref. 4711", "Lamp ref. 4712"),
        ("Order 1041", "Invoice 1041"),
        ("Bestellblock 100", "Bestellblock 200"),
        ("Rechnungsbuch 100", "Rechnungsbuch 200"),
        ("Auftragsbuch 100", "Auftragsbuch 200"),
        ("Fakturablock 100", "Fakturablock 200"),
        ("Beställningsblock 100", "Beställningsblock 200"),
        ("Számlatömb 100", "Számlatömb 200"),
        ("Laskukirja 100", "Laskukirja 200"),
        ("Comandante 100", "Comandante 200"),
        ("Счётчик 100", "Счётчик 200"),
    ],
)
def test_different_items_stay_apart(one, other):
    assert custom_listing_key(None, one) != custom_listing_key(None, other)


def test_the_orders_own_number_is_known_wherever_it_stands():
    assert general_title("Shipping supplement 1041", "#1041") == general_title("Shipping supplement 1042", "1042")
    assert general_title("Extra WC-1041", "WC-1041") == "Extra …"
    assert general_title("iPhone 14", "#14") == "iPhone 14"
    assert general_title("Model 10412", "1041") == "Model 10412"
    assert general_title("Calendar 2027", "#2027") == "Calendar 2027"


def test_an_sku_is_a_key_whatever_the_title_says():
    assert custom_listing_key("BAL", "Balance for order 1041", "1041") == "sku:bal"


def test_what_a_person_reads_says_that_a_number_was_there():
    assert general_title("Balance for Order #1041 (Sofa)") == "Balance for Order #… (Sofa)"
    assert general_title("Gift wrap") == "Gift wrap"
    assert general_title(None) is None


@pytest.mark.parametrize("piece", ["order ", "order 1", "1/", "#1", "a1-", "12.", "payment ", "order #1 and "])
def test_no_title_takes_long(piece):
    started = time.monotonic()
    general_title("Order 1 " + piece * (1000 // len(piece)), "1041")
    assert time.monotonic() - started < 0.5
