"""Bundles of WooCommerce's extensions, and what is fetched at the store."""

from __future__ import annotations

import pytest

from order_channel_mapping.connectors.records import FulfillmentStatus
from order_channel_mapping.connectors.woocommerce_bundles import Bundles
from order_channel_mapping.connectors.woocommerce_parcels import PARCELS
from tests.unit.test_woocommerce_orders import assert_adds_up, line, payload, read_order


def metas(**values):
    return [{"id": number, "key": f"_{key}", "value": value} for number, (key, value) in enumerate(values.items())]


def goods(ref, net="0.00", product=None, meta=None, **values):
    return line(ref, net=net, product_id=product or 100 + ref, meta_data=metas(**(meta or {})), **values)


CONTAINERS = {
    "Product Bundles": [
        goods(1, "50.00", bundled_by="", bundled_items=[2, 3]),
        goods(2, bundled_by=1, bundled_items=[]),
        goods(3, bundled_by=1, bundled_items=[]),
    ],
    "Product Bundles, parts priced": [
        goods(1, bundled_items=[2, 3]),
        goods(2, "30.00", bundled_by=1),
        goods(3, "20.00", bundled_by="1"),
    ],
    "Product Bundles, only what the container says": [goods(1, "50.00", bundled_items=[2, 3]), goods(2), goods(3)],
    "Product Bundles, by keys of the cart": [
        goods(1, "50.00", meta={"bundle_cart_key": "aa", "bundled_items": ["bb", "cc"]}),
        goods(2, meta={"bundle_cart_key": "bb", "bundled_by": "aa"}),
        goods(3, meta={"bundle_cart_key": "cc", "bundled_by": "aa"}),
    ],
    "YITH, without the container's key": [
        goods(1, "50.00", meta={"bundled_items": {"1": {"product_id": 102}}}),
        goods(2, meta={"bundled_by": "aa"}),
        goods(3, meta={"bundled_by": "aa"}),
    ],
    "Composite Products": [
        goods(1, "50.00", composite_children=[2, 3]),
        goods(2, composite_parent=1),
        goods(3, composite_parent=1),
    ],
    "Composite Products, by keys of the cart": [
        goods(1, "50.00", meta={"composite_cart_key": "aa", "composite_children": ["bb", "cc"]}),
        goods(2, meta={"composite_cart_key": "bb", "composite_parent": "aa"}),
        goods(3, meta={"composite_cart_key": "cc", "composite_parent": "aa"}),
    ],
    "Mix and Match": [
        goods(1, "50.00", meta={"mnm_cart_key": "aa", "mnm_config": {"102": {"quantity": 3}}}),
        goods(2, meta={"mnm_container": "aa"}),
        goods(3, meta={"mnm_container": "aa"}),
    ],
    "WPC Product Bundles": [
        goods(1, "50.00", product=900, meta={"woosb_ids": "102/2,103/1"}),
        goods(2, meta={"woosb_parent_id": "900"}),
        goods(3, meta={"woosb_parent_id": 900}),
    ],
    "WPC Composite, a variation": [
        goods(1, "50.00", product=900, variation_id=901, meta={"wooco_ids": "102,103"}),
        goods(2, meta={"wooco_parent_id": "901"}),
        goods(3, meta={"wooco_parent_id": "900"}),
    ],
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_and_its_parts(name):
    order = read_order(payload(*CONTAINERS[name], goods(4, "10.00"), total="60.00"))
    assert [entry.part_of for entry in order.lines] == [None, "1", "1", None]
    assert [entry.container for entry in order.lines] == [True, False, False, False]
    assert_adds_up(order)


def test_two_of_the_same_bundle():
    one, other = [goods(ref, "50.00", product=900, meta={"woosb_ids": "102/1"}) for ref in (1, 3)]
    parts = [goods(ref, product=102, meta={"woosb_parent_id": "900"}) for ref in (2, 4)]
    assert Bundles([one, parts[0], other, parts[1]]).part_of == {"2": "1", "4": "3"}


def test_a_bundle_in_a_composite():
    lines = [
        goods(1, "50.00", composite_children=[2]),
        goods(2, composite_parent=1, bundled_items=[3]),
        goods(3, bundled_by=2),
    ]
    bundles = Bundles(lines)
    assert (bundles.part_of, bundles.containers) == ({"2": "1", "3": "2"}, {"1", "2"})


def test_what_products_are_chained_to_may_be_a_product():
    lines = [goods(1, "50.00", product=900), goods(2, meta={"chained_product_of": "900"})]
    bundles = Bundles(lines)
    assert (bundles.part_of, bundles.containers) == ({"2": "1"}, set())


@pytest.mark.parametrize(
    "lines",
    [
        [goods(1), goods(2)],
        [goods(1, bundled_by="", bundled_items=[]), goods(2)],
        [goods(1, bundled_items=[7, 8]), goods(2)],  # no part of it is on the order
        [goods(1, meta={"mnm_config": {"2": {"quantity": 1}}}), goods(2)],  # a product's id, not a line's
        [goods(1), goods(2, meta={"woosb_parent_id": "999"})],
        [goods(1, bundled_by=1)],
    ],
)
def test_no_bundle(lines):
    bundles = Bundles(lines)
    assert (bundles.part_of, bundles.containers) == ({}, set())


def test_shipped_when_its_parts_are():
    lines = CONTAINERS["Product Bundles"]
    parcel = {"key": "a", "lines": [{"id": "2", "quantity": "1"}, {"id": "3", "quantity": "1"}]}
    order = read_order(payload(*lines, total="50.00", meta_data=[{"id": 1, "key": PARCELS, "value": [parcel]}]))
    assert order.fulfillment_status == FulfillmentStatus.FULFILLED


# -- pickup ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("methods", "pickup"),
    [
        (["local_pickup"], True),
        (["pickup_location"], True),
        (["legacy_local_pickup"], True),
        (["local_pickup_plus"], True),
        (["local_pickup", "local_pickup"], True),
        (["local_pickup", "flat_rate"], False),
        (["flat_rate"], False),
        (["inpost_pickup_point"], False),
        ([""], False),
        ([], False),
    ],
)
def test_what_the_buyer_fetches(methods, pickup):
    parcels = [
        {"id": 90 + number, "method_id": method, "method_title": "Shop", "total": "0", "taxes": []}
        for number, method in enumerate(methods)
    ]
    assert read_order(payload(line(), total="10.00", shipping={}, shipping_lines=parcels)).pickup is pickup


# -- payment -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "paid", "waits"),
    [
        ("on-hold", None, True),
        ("on-hold", "2026-11-02T09:30:00", False),
        ("pending", None, False),
        ("processing", None, False),
    ],
)
def test_what_only_waits_for_the_payment(status, paid, waits):
    order = payload(line(), total="10.00", status=status, date_paid_gmt=paid, payment_method="bacs")
    assert read_order(order).hold_for_payment is waits
