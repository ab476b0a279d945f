"""What buyers chose and wrote, apart from what plugins keep beside it; HTML as the text that is in it."""

from __future__ import annotations

import time

import pytest

from order_channel_mapping.connectors.attributes import is_hidden, merge, shown
from order_channel_mapping.connectors.markup import html_to_text


@pytest.mark.parametrize(
    ("name", "value", "label"),
    [
        ("_bundle_uid", "8f2c", None),
        (" _padded", "x", None),
        ("__twice", "x", "For people"),
        ("", "x", None),
        ("item_status_internal", "New Item", None),
        ("item_status_internal", "New Item", "item_status_internal"),
        ("print_job_status", "queued", None),
        ("cs_logs", "saved", None),
        ("cart-item-hash", "8f2c", None),
        ("Logs", 'a:1:{i:0;a:1:{s:7:"message";s:5:"saved";}}', None),
        ("State", 'O:8:"stdClass":1:{s:1:"a";i:1;}', "State"),
        ("Done", "b:1;", None),
        ("designer_data", '{"layers": [{"id": 1}]}', None),
    ],
)
def test_what_plugins_keep_for_themselves_is_hidden(name, value, label):
    assert is_hidden(name, value, label)


@pytest.mark.parametrize(
    ("name", "value", "label"),
    [
        ("Initial", "E", None),
        ("engraving", "For M", None),
        ("Status", "Single", None),
        ("Order status", "gift", None),
        ("marital_status", "single", "Marital status"),
        ("catalogue_name", "Mary", None),  # "log" is in it, and no part of it
        ("pa_log-size", "30 cm", "Log size"),
        ("design_id", "4711", None),
        ("Design", '{"text": "Anna"}', None),
        ("gift_note", "{E}", None),
        ("Note", "a: 1 piece; b: 2", None),
        ("Time", "a:1:b;", None),
    ],
)
def test_what_buyers_chose_is_shown(name, value, label):
    assert not is_hidden(name, value, label)


def test_several_values_of_a_name_stand_together():
    assert merge([("Extra", "Card"), ("Size", "M"), ("Extra", "Ribbon"), ("Extra", "Card")]) == {
        "Extra": "Card, Ribbon, Card",
        "Size": "M",
    }
    assert merge([("Pet", "Rex\nDog"), ("Pet", "Tom\nCat")]) == {"Pet": "Rex\nDog\nTom\nCat"}
    assert merge([("Extra", ""), ("Extra", "Card"), ("Extra", "")]) == {"Extra": "Card"}


def test_attributes_without_the_hidden_ones():
    assert shown({"Pet": "Rex", "item_status_internal": "New", "_id": "1"}) == {"Pet": "Rex"}


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Rex<br/><b>Species: </b>Dog (Akita)<br/><b>Left Ear:</b> Up<br/>", "Rex\nSpecies: Dog (Akita)\nLeft Ear: Up"),
        ("<p>One</p>\n<p>Two<br />\nThree</p>\n", "One\nTwo\nThree"),
        ("<ul><li>Red</li><li>Blue</li></ul>", "Red\nBlue"),
        ("One\r\n\r\nTwo", "One\n\nTwo"),
        (
            '<a href="https://shop.example/a.png?x=1&amp;y=2" rel="nofollow">a.png</a>',
            "https://shop.example/a.png?x=1&y=2",
        ),
        ("<a href='https://shop.example/1'>Your design</a>, big", "Your design (https://shop.example/1), big"),
        ('<a href="https://shop.example/1">https://shop.example/1</a>', "https://shop.example/1"),
        ('<a href="https://shop.example/1"><img src="https://shop.example/t.png"/></a>', "https://shop.example/1"),
        ('<img alt="a > b" src="https://shop.example/t.png">', "https://shop.example/t.png"),
        ('<a href="#top">Up</a> <a>no link</a>', "Up no link"),
        ("<a href='https://shop.example/1'>never closed", "never closed"),
        ("I <3 you", "I <3 you"),
        ("5 < 6 > 4 & <M>", "5 < 6 > 4 & <M>"),
        ("<name> & Co <b>Ltd</b>", "<name> & Co Ltd"),
        ("a<b and c>d", "a<b and c>d"),
        ("a <b and c> d, size <S> or <b>M</b>", "a <b and c> d, size <S> or M"),
        ('<b class="x" data-y=1>M</b >', "M"),
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("&amp;lt;3 &lt;b&gt;", "&lt;3 <b>"),
        ("x<!-- state: 1 --><script>let a = '<b>';</script><style>p {}</style>y", "xy"),
        ("", ""),
    ],
)
def test_the_text_that_is_in_html(markup, text):
    assert html_to_text(markup) == text


@pytest.mark.parametrize("piece", ["<a ", '<a "', "<!--", "<script>", "<a href='x'", "<br>", '"x'])
def test_no_text_takes_long(piece):
    started = time.monotonic()
    html_to_text("<p " + piece * 20_000)
    assert time.monotonic() - started < 2.0
