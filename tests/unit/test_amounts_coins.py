"""Rounding the amounts of an order so that they add up."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from order_channel_mapping.tools.amounts import Coins
from order_channel_mapping.tools.money import quantize

amounts = st.lists(st.decimals(-1000, 1000, places=5), max_size=20)


@given(amounts, st.sampled_from([0, 2, 3]))
def test_they_add_up_to_what_they_did(exact, digits):
    coins = Coins(digits)
    rounded = [coins(amount) for amount in exact]
    coin = Decimal(1).scaleb(-digits)
    assert all(amount % coin == 0 for amount in rounded)
    assert abs(sum(rounded) - sum(exact)) <= coin / 2
    assert all(abs(left - right) <= coin for left, right in zip(rounded, exact, strict=True))


@given(st.lists(st.decimals(-1000, 1000, places=2), max_size=20))
def test_whole_coins_stay_what_they_are(exact):
    coins = Coins(2)
    assert [coins(amount) for amount in exact] == [quantize(amount, 2) for amount in exact] == exact
