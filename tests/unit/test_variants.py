"""What variants of one thing have in common, and by what they differ."""

from hypothesis import given
from hypothesis import strategies as st

from order_channel_mapping.tools.normalize import name_key
from order_channel_mapping.tools.variants import combinations, common_name, extra_prices, option_keys, read_axes

words = st.text("abcdefgh", min_size=1, max_size=6)


class TestAxes:
    def test_spelling_of_a_value_does_not_make_a_second_one(self):
        axes = read_axes([{"Size": "M", "Colour": "Red"}, {"size": "L", "COLOUR ": " red"}])
        assert axes == {"size": ("Size", {"m": "M", "l": "L"}), "colour": ("Colour", {"red": "Red"})}
        assert combinations(axes) == 2

    def test_what_is_no_family(self):
        assert read_axes([]) is None
        assert read_axes([{}]) is None
        assert read_axes([{"Size": "S"}, {}]) is None, "one has no attributes"
        assert read_axes([{}, {"Size": "S"}]) is None
        assert read_axes([{"Size": "S"}, {"Colour": "Red"}]) is None, "other attributes"
        assert read_axes([{"Size": "S"}, {"Size": "M", "Colour": "Red"}]) is None
        assert read_axes([{"Size": "S"}, {"Size": "s "}]) is None, "two with the same values"
        assert read_axes([{"Size": "S", "Colour": ""}]) is None, "a value is missing"
        assert read_axes([{"Size": "S", "size": "M"}]) is None, "an attribute twice"

    @given(st.dictionaries(words, st.lists(words, min_size=1, max_size=3, unique=True), min_size=1, max_size=3))
    def test_all_combinations_are_as_many_as_the_axes_say(self, wanted):
        options = [{}]
        for name, values in wanted.items():
            options = [{**option, name: value} for option in options for value in values]
        axes = read_axes(options)
        assert combinations(axes) == len(options)
        assert {frozenset(option_keys(option).items()) for option in options} <= {
            frozenset(zip(axes, values, strict=True)) for values in _product(axes)
        }


def _product(axes):
    found = [()]
    for __, values in axes.values():
        found = [(*start, value) for start in found for value in values]
    return found


class TestCommonName:
    def test_woocommerce_and_shopify_titles(self):
        options = [{"Colour": "Red", "Size": "M"}, {"Colour": "Blue", "Size": "M"}]
        assert common_name(["Hoodie - Red, M", "Hoodie - Blue, M"], options) == "Hoodie"
        assert common_name(["Tea (Red / M)", "Tea (Blue / M)"], options) == "Tea"
        assert common_name(["Tea", "Tea"], options) == "Tea"

    def test_a_value_that_is_the_end_of_a_word_stays(self):
        assert common_name(["Blanket"], [{"Size": "et"}]) == "Blanket"

    def test_a_name_that_is_nothing_but_its_value_stays(self):
        assert common_name(["Red"], [{"Colour": "Red"}]) == "Red"

    def test_without_the_values_in_the_title_the_common_beginning_counts(self):
        options = [{"W": "1"}, {"W": "2"}]
        assert common_name(["Desk lamp small", "Desk lamp smart"], options) == "Desk lamp"
        assert common_name(["Lamp", "Table"], options) == "Lamp", "nothing in common"

    @given(words, st.lists(words, min_size=1, max_size=4, unique=True))
    def test_never_empty(self, name, values):
        assert common_name([f"{name} - {value}" for value in values], [{"A": value} for value in values])


class TestPrices:
    def test_by_one_attribute(self):
        red, blue = {"c": "red", "s": "m"}, {"c": "blue", "s": "m"}
        assert extra_prices([(red, 10.0), (blue, 12.5)]) == (10.0, {("c", "blue"): 2.5})
        assert extra_prices([(blue, 12.5), (red, 10.0)]) == (10.0, {("c", "blue"): 2.5}), "the lowest, not the first"

    def test_prices_that_no_attribute_explains_are_the_lowest(self):
        prices = [
            ({"c": c, "s": s}, price)
            for c, s, price in (("a", "x", 1.0), ("a", "y", 2.0), ("b", "x", 4.0), ("b", "y", 1.0))
        ]
        assert extra_prices(prices) == (1.0, {})


def test_a_name_is_its_words_in_any_order():
    assert name_key("Tea-Pot, blue") == name_key(" BLUE pot  tea ")
    assert name_key("\u0160\u00e1lek 2") == "2 \u0161\u00e1lek"
    assert name_key("—") is None
    assert name_key("Mug") != name_key("Mugs")
