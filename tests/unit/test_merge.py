"""What a person edited and what the channel changed on one line, brought together."""

import pytest

from order_channel_mapping.tools.merge import merge_line, merge_text

LINE = {
    "product_id": 1,
    "product_uom_id": 1,
    "product_uom_qty": 3.0,
    "price_unit": 10.0,
    "discount": 0.0,
    "tax_ids": [],
    "name": "Mug",
    "sequence": 10,
}


def merged(ours=None, theirs=None, changed=(), base=None):
    base = {**LINE, **(base or {})}
    values, replaced = merge_line(base, {**base, **(ours or {})}, {**base, **(theirs or {})}, set(changed))
    return {name: value for name, value in values.items() if value != base[name]}, replaced


@pytest.mark.parametrize(
    ("ours", "theirs", "changed", "right"),
    [
        ({"product_uom_qty": 5.0}, {"tax_ids": [7]}, (), {"product_uom_qty": 5.0, "tax_ids": [7]}),
        ({"price_unit": 8.0}, {"product_uom_qty": 4.0}, ("quantity",), {"price_unit": 8.0, "product_uom_qty": 4.0}),
        ({"price_unit": 8.0}, {"price_unit": 10.0003}, ("quantity",), {"price_unit": 8.0}),
        ({"discount": 5.0}, {"product_uom_qty": 4.0}, ("quantity",), {"discount": 5.0, "product_uom_qty": 4.0}),
        ({"tax_ids": [9]}, {"tax_ids": [7]}, (), {"tax_ids": [9]}),
        ({"sequence": 3}, {"sequence": 11}, (), {"sequence": 3}),
        ({}, {"sequence": 11}, (), {"sequence": 11}),
        # another product by the mapping, another unit with it
        ({}, {"product_id": 2, "product_uom_qty": 18.0}, (), {"product_id": 2, "product_uom_qty": 18.0}),
        (
            {"product_uom_qty": 2.0},
            {"product_id": 2, "product_uom_qty": 18.0},
            (),
            {"product_id": 2, "product_uom_qty": 12.0},
        ),
        ({"product_id": 5}, {"product_id": 2, "product_uom_qty": 18.0}, (), {"product_id": 5}),
        ({"product_id": 5}, {"product_uom_qty": 4.0}, ("quantity",), {"product_id": 5, "product_uom_qty": 4.0}),
        # a person's dozen is twelve of the channel's
        (
            {"product_uom_id": 2, "product_uom_qty": 1.0},
            {"product_uom_qty": 6.0},
            ("quantity",),
            {"product_uom_id": 2, "product_uom_qty": 2.0},
        ),
        # prices with tax from now on
        ({"price_unit": 8.0}, {"price_unit": 11.9, "tax_ids": [7]}, (), {"price_unit": 9.52, "tax_ids": [7]}),
    ],
)
def test_what_the_channel_did_not_change_stays(ours, theirs, changed, right):
    assert merged(ours, theirs, changed) == (right, {})


@pytest.mark.parametrize(
    ("ours", "theirs", "changed", "replaced"),
    [
        ({"product_uom_qty": 5.0}, {"product_uom_qty": 4.0}, ("quantity",), {"product_uom_qty": [5.0, 4.0]}),
        ({"price_unit": 8.0}, {"price_unit": 9.0}, ("price",), {"price_unit": [8.0, 9.0]}),
        ({"discount": 5.0}, {"price_unit": 9.0}, ("price",), {"discount": [5.0, 0.0]}),
        ({"tax_ids": [9]}, {"tax_ids": [7]}, ("taxes",), {"tax_ids": [[9], [7]]}),
    ],
)
def test_on_the_same_field_the_channel_counts_and_what_it_replaced_is_told(ours, theirs, changed, replaced):
    values, told = merged(ours, theirs, changed)
    assert told == replaced
    assert values == {name: value for name, value in theirs.items() if value != LINE[name]}


def test_agreeing_with_the_channel_replaces_nothing():
    assert merged({"product_uom_qty": 4.0}, {"product_uom_qty": 4.0}, {"quantity"})[1] == {}


def test_what_is_kept_rounded_was_not_edited():
    base = {**LINE, "product_uom_qty": 0.333}
    ours, theirs = {**base, "product_uom_qty": 0.33}, {**base, "product_uom_qty": 0.5}
    values, replaced = merge_line(base, ours, theirs, {"quantity"}, {"product_uom_qty": 0.005})
    assert (values["product_uom_qty"], replaced) == (0.5, {})


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "right"),
    [
        ("Mug", "Mug\nnote", "Mug\nPet: Rex", "Mug\nPet: Rex\nnote"),
        ("Mug\nState: New", "Mug\nState: New\nnote", "Mug\nState: Done", "Mug\nState: Done\nnote"),
        ("Mug\nState: New", "note\nMug\nState: New", "Cup\nState: New", "note\nCup\nState: New"),
        ("Mug\nA: 1\nB: 2", "Mug\nA: 1\nnote\nB: 2", "Mug\nA: 3\nB: 4", "Mug\nA: 3\nB: 4\nnote"),
        ("Mug\nA: 1\nB: 2", "Big mug\nA: 1\nB: 2", "Mug\nA: 1\nB: 4", "Big mug\nA: 1\nB: 4"),
        ("Mug\nA: 1\nB: 2", "Mug\nB: 2", "Mug\nA: 1\nB: 4", "Mug\nB: 4"),
        ("[M-1] Mug", "[M-1] Mug\nnote", "Mug", "Mug\nnote"),
        ("Mug", "Mug\r\nnote", "Cup", "Cup\nnote"),
        ("Mug", "Mug", "Cup", "Cup"),
        ("", "note", "Mug", "Mug\nnote"),
    ],
)
def test_notes_survive_a_new_text(base, ours, theirs, right):
    assert merge_text(base, ours, theirs) == (right, "")


def test_a_line_that_both_rewrote_is_the_channels_and_the_note_stays():
    assert merge_text("Mug\nState: New", "Mug\nState: new!\nnote", "Mug\nState: Done") == (
        "Mug\nState: Done\nnote",
        "State: new!",
    )


def test_a_text_that_the_channel_did_not_change_stays_a_persons():
    assert merge_text("[M-1] Mug", "Our big mug", "Mug", changed=False) == ("Our big mug", "")
    assert merge_text("[M-1] Mug", "[M-1] Mug\nnote", "Mug", changed=False) == ("Mug\nnote", "")
