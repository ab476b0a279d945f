"""The pure functions that models share: normal forms, digests, money."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from order_channel_mapping.connectors.records import Item, Order, OrderLine, Tax
from order_channel_mapping.tools.addresses import address_key, is_relay_email, normalize_email
from order_channel_mapping.tools.amounts import line_amounts
from order_channel_mapping.tools.digest import item_digest, order_digest, to_json
from order_channel_mapping.tools.facts import address_facts, attribute_facts
from order_channel_mapping.tools.money import prorate, split
from order_channel_mapping.tools.normalize import barcode_key, custom_listing_key, loose_sku, normalize_sku


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        (" mug-01 ", "mug-01"),
        ("MUG-01", "mug-01"),
        ("ＭＵＧ－０１", "mug-01"),  # full-width, as typed on a Japanese keyboard
        ("mug\u200b-01\ufeff", "mug-01"),  # invisible characters from a spreadsheet
        ("straße", "strasse"),
        ("a \u00a0 b", "a b"),
        ("   ", None),
        ("", None),
        (None, None),
    ],
)
def test_skus_that_look_the_same_are_the_same(typed, key):
    assert normalize_sku(typed) == key


@pytest.mark.parametrize(
    ("barcode", "key"),
    [
        ("012345678905", "0012345678905"),  # UPC-A
        ("0012345678905", "0012345678905"),  # the same as EAN-13
        ("00012345678905", "0012345678905"),  # and as GTIN-14
        (" ０12345678905 ", "0012345678905"),
        ("4006381333931", "4006381333931"),
        ("04006381333931", "4006381333931"),
        ("14006381333938", "14006381333938"),  # a case of it
        ("96385074", "0000096385074"),  # EAN-8
        ("012345678900", "012345678900"),  # the check digit is wrong
        ("12345678905", "12345678905"),  # of no length that there is
        ("00000000", "00000000"),
        ("0-12345-67890-5", "0-12345-67890-5"),
        ("٠١٢٣٤٥٦٧٨٩٠٥", "٠١٢٣٤٥٦٧٨٩٠٥"),
        ("B-1234567890", "b-1234567890"),
        ("", None),
        (None, None),
    ],
)
def test_a_barcode_in_another_length_is_the_same(barcode, key):
    assert barcode_key(barcode) == key
    assert barcode_key(key) == key


def test_a_barcode_apart_from_dashes():
    assert barcode_key("0-12345-67890-5", loose=True) == "0012345678905"
    assert barcode_key("B-12", loose=True) == "b12"


def test_different_skus_stay_different():
    skus = ["MUG-01", "MUG01", "MUG 01", "MUG-1", "MUG_01"]
    assert len({normalize_sku(sku) for sku in skus}) == len(skus)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        (" Tee-01 / XL ", "tee01xl"),
        ("ＴＥＥ＿０１", "tee01"),
        ("tee\u2013\u00ad01", "tee01"),  # an en dash and a soft hyphen
        ("007", "007"),
        ("0-07", "007"),
        ("A+B", "a+b"),  # a sign is not punctuation
        ("- . -", None),
        (None, None),
    ],
)
def test_the_loose_form_of_a_sku(typed, key):
    assert loose_sku(typed) == key


@settings(max_examples=500)
@given(st.text())
def test_loose_forms_are_looser_and_stay_as_they_are(text):
    assert loose_sku(normalize_sku(text)) == loose_sku(text)
    assert loose_sku(loose_sku(text)) == loose_sku(text)


def test_leading_zeros_count():
    assert len({loose_sku(sku) for sku in ("7", "07", "007", "0070")}) == 4


def test_a_custom_line_is_known_by_its_sku_or_else_its_title():
    assert custom_listing_key(" ENG-1", "Engraving") == "sku:eng-1"
    assert custom_listing_key("", " Gift  wrap ") == custom_listing_key(None, "gift wrap") == "line:gift wrap"


def test_an_items_digest_ignores_quantity_and_time_and_nothing_else():
    moment = datetime(2026, 11, 1, tzinfo=timezone.utc)
    item = Item("1", sku="A", price=Decimal("1.00"))
    assert item_digest(item) == item_digest(
        Item("1", sku="A", price=Decimal("1.00"), quantity=Decimal(5), updated_at=moment, raw={"x": 1})
    )
    for change in ({"sku": "B"}, {"price": Decimal("1.01")}, {"name": "x"}, {"active": False}, {"stock_ref": "s"}):
        assert item_digest(item) != item_digest(Item("1", **{"sku": "A", "price": Decimal("1.00"), **change})), change


def test_an_orders_revision_changes_with_its_lines():
    order = Order("1", lines=(OrderLine("a", quantity=Decimal(1)),))
    assert order_digest(order) != order_digest(Order("1", lines=(OrderLine("a", quantity=Decimal(2)),)))
    assert order_digest(order) == order_digest(Order("1", lines=(OrderLine("a", quantity=Decimal(1)),), raw={"x": 1}))


def test_records_become_json():
    tax = Tax("vat", rate=Decimal("0.19"), amount=Decimal("1.90"))
    data = to_json(
        Order("1", placed_at=datetime(2026, 1, 2, tzinfo=timezone.utc), lines=(OrderLine("a", taxes=(tax,)),))
    )
    assert data["placed_at"] == "2026-01-02T00:00:00+00:00"
    assert data["lines"][0]["taxes"][0] | {"name": None} == {
        "code": "vat",
        "name": None,
        "rate": "0.19",
        "amount": "1.90",
        "included": False,
        "collected_by": "seller",
        "country": None,
        "cancelled": None,
    }


def test_parts_always_add_up():
    random = Random(3)
    for __ in range(500):
        amount = Decimal(random.randint(-100_000, 100_000)) / 100
        weights = [Decimal(random.randint(0, 50)) for __ in range(random.randint(1, 6))]
        parts = split(amount, weights)
        assert sum(parts) == amount
        assert len(parts) == len(weights)


def test_prorating():
    assert prorate(Decimal("10.00"), Decimal(3), Decimal(3)) == Decimal("10.00")
    assert prorate(Decimal("10.00"), Decimal(1), Decimal(3)) == Decimal("3.33")


def tax(rate, amount, included=False, collected_by="seller"):
    return {"rate": str(rate), "amount": str(amount), "included": included, "collected_by": collected_by}


def test_a_line_taken_apart_adds_up_to_the_channels_total():
    """Whatever the discount, the inclusion and the collector: nothing is lost and nothing is made up."""
    random = Random(5)
    for __ in range(1000):
        included = random.random() < 0.5
        subtotal = Decimal(random.randint(1, 100_000)) / 100
        discount = random.choice([Decimal(0), subtotal, Decimal(random.randint(0, int(subtotal * 100))) / 100])
        rates = random.sample([Decimal("0.19"), Decimal("0.07"), Decimal("0.0825")], random.randint(0, 2))
        paid = subtotal - discount
        base = paid / (1 + sum(rates)) if included else paid
        taxes = [
            tax(rate, (base * rate).quantize(Decimal("0.01")), included, random.choice(["seller", "marketplace"]))
            for rate in rates
        ]
        amounts = line_amounts(random.randint(1, 9), 0, subtotal, discount, taxes)
        total = paid + (0 if included else sum(Decimal(entry["amount"]) for entry in taxes))
        assert amounts.seller_total + amounts.marketplace_tax == total
        own = [Decimal(entry["amount"]) for entry in taxes if entry["collected_by"] == "seller"]
        assert [a + b for a, b in zip(amounts.taxes, amounts.discount_taxes, strict=True)] == own
        assert amounts.discount_net <= 0


def test_cancelled_quantities_are_left_out():
    amounts = line_amounts(4, 1, "10.00", "2.00", [tax("0.19", "1.52")])
    assert (amounts.quantity, amounts.net + amounts.discount_net) == (3, Decimal("6.00"))
    assert amounts.seller_total == Decimal("7.14")
    assert line_amounts(4, 4, "10.00", 0, []).net == 0


def test_relay_addresses_identify_nobody():
    assert is_relay_email("x1@marketplace.amazon.de")
    assert not is_relay_email("marketplace.amazon.de@example.com")
    assert normalize_email(" Mary@Example.COM ") == "mary@example.com"
    assert normalize_email("not an address") is None


def test_addresses_are_compared_without_case_and_white_space():
    home = {"name": "Mary", "street": "1 Main  St", "zip": "12345", "city": "Springfield", "country": "US"}
    assert address_key(home) == address_key({**home, "street": "1 MAIN ST ", "street2": ""})
    assert address_key(home) != address_key({**home, "zip": "12346"})


def test_facts_are_the_same_in_an_older_form():
    address = {"name": "Kim", "city": "NY", "zip": None}
    assert address_facts(address) == address_facts({**address, "state_name": "New York", "company": None})
    assert address_facts(address) != address_facts({**address, "street": "1 Street"})
    assert address_facts(None) == []
    assert attribute_facts({"Pet": "Rex"}) == attribute_facts([["Pet", "Rex"]]) != attribute_facts([["Pet", "Max"]])
    assert attribute_facts(None) == attribute_facts(False) == []
