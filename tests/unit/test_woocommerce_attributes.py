"""What buyers chose and wrote on the lines of a WooCommerce order."""

from __future__ import annotations

import pytest

from order_channel_mapping.connectors.woocommerce_attributes import line_attributes
from order_channel_mapping.tools.digest import order_digest
from tests.unit.test_woocommerce_orders import line, payload, read_order


def meta(key, value, label=None, shown=None):
    return {
        "key": key,
        "value": value,
        "display_key": key if label is None else label,
        "display_value": value if shown is None else shown,
    }


def read(*metas, **values):
    return line_attributes(line(meta_data=list(metas), **values))


def test_a_value_that_the_name_holds_by_chance_is_kept():
    assert read(meta("Initial", "E"), meta("Chain", "45 cm"), name="Silver necklace with initial") == {
        "Initial": "E",
        "Chain": "45 cm",
    }
    assert read(meta("name", "Ann"), name="Name mug Anna") == {"name": "Ann"}


def test_what_the_variations_title_says_is_left_out():
    color, size = meta("pa_color", "dark-red", "Color", "Dark red"), meta("size", "M", "Size")
    tee = {"name": "Tee - Dark red, M", "parent_name": "Tee", "variation_id": 12}
    assert read(color, size, **tee) == {}
    assert read(color, size, meta("Initial", "E"), **tee) == {"Initial": "E"}
    assert read(color, size, **{**tee, "parent_name": None}) == {}
    assert read(color, size, **{**tee, "name": "Tee"}) == {"Color": "Dark red", "Size": "M"}, "three would be too many"


@pytest.mark.parametrize(
    ("metas", "left"),
    [
        ([meta("pa_size", "m", "Size", "M"), meta("Name to print", "M")], {"Name to print": "M"}),
        ([meta("Name to print", "M"), meta("size", "M", "Size")], {"Name to print": "M"}),
        ([meta("pa_size", "m", "Size", "M"), meta("monogram", "M")], {"monogram": "M"}),
        ([meta("size", "M", "Size"), meta("monogram", "M")], {"Size": "M", "monogram": "M"}),  # one of the two: which?
        ([meta("size", "M", "Size"), meta("letter", "Te")], {"letter": "Te"}),
    ],
)
def test_a_buyers_word_is_no_attribute_of_the_variation(metas, left):
    assert read(*metas, name="Tee - M", parent_name="Tee", variation_id=12) == left


def test_a_simple_products_title_says_no_attribute():
    assert read(meta("size", "M", "Size"), name="Tee - M") == {"Size": "M"}


def test_ticked_boxes_of_one_key():
    boxes = [meta("Topping (+1.00)", name) for name in ("Cheese", "Olives", "Ham")]
    assert read(*boxes, name="Pizza") == {"Topping (+1.00)": "Cheese, Olives, Ham"}


def test_the_text_that_is_kept_says_more_than_the_one_that_is_shown():
    note = meta("Message", "Dear <Kim>,\n100%25 yours & <3", shown="Dear , 100 yours &amp; &lt;3")
    assert read(note) == {"Message": "Dear <Kim>,\n100%25 yours & <3"}
    linked = meta("Upload", "https://shop.example/up/a%20b.png", shown="a.png")
    assert read(linked) == {"Upload": "https://shop.example/up/a%20b.png"}
    named = meta("Upload", "https://shop.example/1f8.png", shown="Your design")
    assert read(named) == {"Upload": "Your design https://shop.example/1f8.png"}
    html = meta("Upload", '<a href="https://shop.example/1.png">1.png</a>', shown="1.png")
    assert read(html) == {"Upload": "https://shop.example/1.png"}


def test_the_text_that_is_shown_has_the_names_that_people_gave():
    assert read(meta("pa_color", "dark-red", "Color", "Dark red")) == {"Color": "Dark red"}
    assert read(meta("Gift", "1", "Gift wrap", "Yes (+$2.00)")) == {"Gift wrap": "Yes (+$2.00)"}


def test_names_of_attributes_are_text_on_one_line():
    assert read(meta("k", "x", "<b>Species:</b>")) == {"Species": "x"}
    assert read(meta("k", "x", "Tom &amp; Jerry<br/>say")) == {"Tom & Jerry say": "x"}


def test_values_with_parts_are_a_plugins_business():
    assert read(meta("data", {"a": 1}), meta("list", [{"a": 1}]), meta("extras", ["ribbon", "card"])) == {
        "extras": "ribbon, card"
    }


def test_a_plugin_that_moves_its_state_makes_no_revision():
    def revision(state, engraving="Kim"):
        metas = [meta("Engraving", engraving), meta("item_status_internal", state), meta("_uid", state)]
        metas.append(meta("cs_logs", f'a:1:{{i:0;s:5:"{state}";}}'))
        return order_digest(read_order(payload(line(meta_data=metas), total="10.00")))

    assert revision("saved") == revision("moved")
    assert revision("saved") != revision("saved", engraving="Jo"), "what the buyer wrote counts"


def test_a_lost_variations_title_keeps_to_one_line():
    goods = line(name="Plush", meta_data=[meta("Pet", "Rex<br/>Dog"), meta("item_status_internal", "New")])
    assert read_order(payload(goods, total="10.00"), lost={1}).lines[0].name == "Plush, Rex Dog"


def test_the_buyers_note_is_text():
    note = "I <3 tea & biscuits &amp; so on\n<b>Ring</b> twice"
    assert read_order(payload(line(), total="10.00", customer_note=f" {note}\n")).note == note


def test_checkout_fields_of_plugins():
    metas = [
        {"id": 1, "key": "billing_purchase_order_number", "value": "PO-4711"},
        {"id": 2, "key": "Delivery Date", "value": "12 December, 2026"},
        {"id": 3, "key": "_billing_vat_id", "value": "DE123456789"},
        {"id": 4, "key": "_wc_other/my-plugin/gift-message", "value": "Well done &amp; <3"},
        {"id": 5, "key": "_stripe_intent", "value": {"id": "pi_1"}},
        {"id": 6, "key": "Delivery notes", "value": None},
    ]
    order = read_order(
        payload(
            line(), total="10.00", meta_data=metas, customer_note="Ring twice", payment_method_title="Card &amp; more"
        )
    )
    assert (order.purchase_order, order.buyer.vat, order.payment_names) == ("PO-4711", "DE123456789", ("Card & more",))
    assert order.ship_by.isoformat() == "2026-12-12T12:00:00+00:00"
    assert order.note.split("\n") == [
        "Ring twice",
        "Purchase order number: PO-4711",
        "Delivery Date: 12 December, 2026",
        "Gift message: Well done & <3",
    ]
