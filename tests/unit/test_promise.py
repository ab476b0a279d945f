"""Arithmetic of promises."""

from __future__ import annotations

from decimal import Decimal

import pytest

from order_channel_mapping.tools.promise import MOST, least_complete, whole_quantity, whole_units


@pytest.mark.parametrize(
    ("available", "per_unit", "units"),
    [
        (10, 1, 10),
        (11, 6, 1),
        (12, 6, 2),
        (5.999, 6, 0),
        (0.3, 0.1, 3),  # 2.9999999999999996 in floats
        (4.9999999, 1, 5),  # a rounding error of a sum
        (4.999, 1, 4),
        (-3, 1, 0),
        (0, 2.5, 0),
        (1e30, 1, MOST),
    ],
)
def test_whole_units(available, per_unit, units):
    assert whole_units(available, per_unit) == units


@pytest.mark.parametrize(
    ("quantity", "kept"),
    [
        (Decimal(5), 5),
        (Decimal("5.9"), 5),
        (Decimal("-2.5"), -2),
        (Decimal("1e999999999"), MOST),
        (Decimal("-Infinity"), -MOST),
        (Decimal("NaN"), None),
        (Decimal("sNaN"), None),
        (None, None),
        ("5", None),
        (7.0, 7),
    ],
)
def test_a_marketplaces_quantity_as_it_is_kept(quantity, kept):
    assert whole_quantity(quantity) == kept


def test_the_least_component_decides():
    assert least_complete({"a": 10, "b": 5}, {"a": 1, "b": 2}) == 2


def test_a_component_that_is_missing_makes_nothing():
    assert least_complete({"a": 10}, {"a": 1, "b": 1}) == 0


def test_nothing_stands_for_nothing():
    assert least_complete({"a": 10}, {}) == 0
