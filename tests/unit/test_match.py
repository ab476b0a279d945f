"""How well a product fits a listing: words, units and scores, whatever people and marketplaces type."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from order_channel_mapping.tools.match import Described, describe, fold, name_similarity, score, units_in, words_in

names = st.text(max_size=60)
skus = st.one_of(st.none(), st.text(max_size=12), st.sampled_from(["MUG-1", "mug 1", "0815", "815"]))
prices = st.floats(0, 1e6, allow_nan=False)
sides = st.builds(
    describe, names, skus, skus, st.lists(st.sampled_from(["Blue", "Red", "L", "赤"]), max_size=2), prices
)
shares = st.floats(0, 1)


def points(listing, product, **evidence):
    alike = max(
        (name_similarity(mine, theirs) for mine in listing.texts for theirs in product.texts),
        default=0.0,
    )
    return score(listing, product, alike, **evidence)


def codes(match):
    return [code for code, __ in match.reasons]


# === NAMES === #


@pytest.mark.parametrize(
    ("name", "units", "words"),
    [
        ("Green Tea, Pack of 6", 6, "green tea"),
        ("6x Green Tea", 6, "green tea"),
        ("Green Tea ｘ６", 6, "green tea"),  # full-width
        ("Green Tea × 6", 6, "green tea"),
        ("Green Tea (x6)", 6, "green tea"),
        ("12-pack Batteries AA", 12, "batteries aa"),
        ("6er-Pack Tee", 6, "tee"),
        ("Lot de 6 thés", 6, "thes"),
        ("6 x 100 g Tea", 6, "100g tea"),
        ("Photo frame 10 x 15 cm", 1, "photo frame 10 x 15cm"),
        ("Lumber 2x4", 1, "lumber 2x4"),
        ("Camera X100", 1, "camera x100"),
        ("1 pack of tea", 1, "1 pack of tea"),
        ("Pack of 0", 1, "pack of 0"),
        ("Café  Ｃrème\u00a0", 1, "cafe creme"),
        ("Stone-ware_Mug", 1, "stone ware mug"),
        ("緑茶セット", 1, "緑茶 茶セ セッ ット"),
        ("", 1, ""),
    ],
)
def test_units_and_words_of_a_name(name, units, words):
    assert units_in(name)[0] == units
    assert " ".join(words_in(name)) == words


@given(names)
def test_any_text_can_be_read(name):
    units, rest = units_in(name)
    assert 1 <= units <= 1000
    assert rest == " ".join(rest.split()) or units == 1
    assert all(word and word == fold(word) for word in words_in(name))


@given(names)
def test_case_width_and_accents_do_not_count(name):
    assert words_in(name) == words_in(fold(name))
    assert words_in("CAFÉ １００ Ｇ") == words_in("cafe 100g") == ["cafe", "100g"]


@given(names, names)
def test_similarity_is_the_same_both_ways_and_within_bounds(one, other):
    assert 0.0 <= name_similarity(one, other) <= 1.0
    assert name_similarity(one, other) == name_similarity(other, one)


@given(st.lists(st.from_regex("[a-z]{1,8}", fullmatch=True), min_size=1, max_size=6), st.randoms())
def test_order_of_words_does_not_count(words, random):
    shuffled = random.sample(words, len(words))
    assert name_similarity(" ".join(words), " ".join(shuffled)) == 1.0


# === SCORES === #


@given(sides, sides, shares)
def test_scores_stay_within_bounds_and_have_reasons(listing, product, alike):
    match = score(listing, product, alike, packaging=None)
    assert 0.0 <= match.score <= 100.0
    assert match.quantity > 0
    assert match.reasons or not match.score


@given(sides, sides, shares)
def test_a_score_is_the_same_both_ways_where_both_are_as_many_pieces(one, other, alike):
    if one.units == other.units and bool(one.values) == bool(other.values) and not one.price:
        pros = {"match_sku", "match_loose_sku", "match_barcode", "match_name"}
        assert [c for c in codes(score(one, other, alike)) if c in pros] == [
            c for c in codes(score(other, one, alike)) if c in pros
        ]
    plain = [Described(side.sku, side.loose, side.barcode, side.texts, side.words) for side in (one, other)]
    assert score(*plain, alike).score == score(*reversed(plain), alike).score


@settings(max_examples=50)
@given(sides, sides, shares, shares)
def test_a_more_similar_name_never_lowers_the_score(listing, product, alike, more):
    alike, more = sorted((alike, more))
    assert score(listing, product, alike).score <= score(listing, product, more).score


@given(sides, sides, shares)
def test_further_evidence_never_lowers_the_score(listing, product, alike):
    before = score(listing, product, alike).score
    assert score(listing, product, alike, linked_on="Shop", linked_quantity=1.0).score >= min(before, 50)


def test_what_names_one_thing_outweighs_what_looks_alike():
    product = describe("Stoneware Mug", "MUG-01", "4006381333931", price=14)
    by_sku = points(describe("Mug, stoneware", " mug-01 "), product)
    by_barcode = points(describe("Mug, stoneware", barcode="4006381333931"), product)
    loosely = points(describe("Mug, stoneware", "MUG 01"), product)
    by_name = points(describe("Mug, stoneware"), product)
    assert by_sku.score > by_barcode.score > loosely.score > by_name.score > 50
    assert codes(by_sku)[0] == "match_sku"
    assert codes(loosely)[0] == "match_loose_sku"
    assert codes(by_name) == ["match_name"]
    assert points(describe("Rubber duck"), product).score == 0


def test_leading_zeros_count():
    assert points(describe("X", "0815"), describe("Y", "815")).score == 0
    assert points(describe("X", "０８１５"), describe("Y", "0815")).score > 70


def test_an_sku_of_another_thing_says_so():
    match = points(describe("Rubber duck", "A-1", "111", price=500), describe("Stoneware mug", "a1", "222", price=5))
    assert codes(match)[0] == "match_loose_sku"
    assert set(codes(match)[1:]) == {"match_names_differ", "match_barcodes_differ", "match_price_far"}
    assert match.score < 60


def test_a_pack_of_twelve_is_twelve_of_the_single_one():
    single, dozen = describe("Battery AA", price=1.5), describe("Battery AA 12-pack", price=18)
    match = points(dozen, single)
    assert match.quantity == 12
    assert {"match_units", "match_price_same"} <= set(codes(match))
    assert points(dozen, dozen).quantity == 1
    assert points(describe("Battery AA, pack of 24"), dozen).quantity == 2
    broken = points(single, dozen)
    assert (broken.quantity, broken.score < match.score) == (1, True)
    assert "match_units_differ" in codes(broken)
    no_price = describe("Battery AA")
    assert points(no_price, describe("Battery AA 12-pack")).score < points(no_price, no_price).score


def test_the_pieces_of_a_packaging_and_of_another_channel_come_along():
    listing, product = describe("Tea", "T6", "666"), describe("Tea", barcode="111")
    packed = points(listing, product, packaging=6.0, linked_on="Web Shop", linked_quantity=4.0)
    assert (packed.quantity, codes(packed)[0]) == (6, "match_barcode")
    assert "match_barcodes_differ" not in codes(packed), "it is the packaging's"
    linked = points(listing, product, linked_on="Web Shop", linked_quantity=4.0)
    assert (linked.quantity, ("match_linked", {"channel": "Web Shop"}) in linked.reasons) == (4, True)


def test_the_variant_that_fits_comes_before_its_siblings():
    listing = describe("T-Shirt", values=["Blue", "L"])
    blue, red = (describe("T-Shirt", values=[[colour], ["L"]]) for colour in ("Blue", "Red"))
    assert points(listing, blue).score > points(listing, red).score + 30
    assert "match_values" in codes(points(listing, blue))
    assert "match_values_differ" in codes(points(listing, red))
    said_less = points(describe("T-Shirt", values=["Blue"]), blue)
    assert not {"match_values", "match_values_differ"} & set(codes(said_less)), "no size is no other size"
    in_french = describe("T-Shirt", values=[["Blue", "Bleu"], ["L"]])
    assert "match_values" in codes(points(describe("T-Shirt Bleu L"), in_french))


def test_other_numbers_are_another_thing():
    tea = describe("Green Tea 100 g")
    same, other = points(describe("Green tea, 100g"), tea), points(describe("Green tea, 250 g"), tea)
    assert same.score > other.score
    assert "match_numbers_differ" in codes(other)
    in_german = describe(["Green tea", "Grüner Tee 250 g"])
    assert "match_numbers_differ" in codes(points(describe("Grüner Tee 100 g"), in_german)), "in any language"


def test_names_in_several_languages_are_one_product():
    product = describe(["Stoneware Mug", "Steingutbecher"])
    assert points(describe("Steingutbecher"), product).score == points(describe("Stoneware mug"), product).score > 75


def test_prices_that_are_far_off_either_way_speak_against_it():
    for price, far in ((3, True), (6, False), (40, False), (50, True)):
        match = points(describe("Mug", price=price), describe("Mug", price=14))
        assert ("match_price_far" in codes(match)) == far, price


def test_a_price_that_nobody_chose_says_nothing():
    assert codes(points(describe("Mug", price=14), describe("Mug", price=1))) == ["match_name"]
    assert codes(points(describe("Mug"), describe("Mug", price=14))) == ["match_name"]
