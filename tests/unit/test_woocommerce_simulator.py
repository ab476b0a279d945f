"""The simulated WooCommerce: who may ask, lists and their pages, time, stock, orders, and what goes wrong on command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.marketplaces import catalogue
from tests.marketplaces import woocommerce_catalogue as filler
from tests.marketplaces.shopify import ShopifySimulator
from tests.marketplaces.woocommerce import WooCommerceSimulator
from tests.unit.woocommerce_client import Client, stock

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def site(clock):
    simulator = WooCommerceSimulator(clock=clock)
    stock(simulator)
    simulator.shop.site["timezone"] = "America/New_York"
    with simulator:
        yield simulator
    assert simulator.crashes == []


@pytest.fixture
def client(site):
    return Client(site)


# -- who may ask ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
@pytest.mark.parametrize("place", ["AUTH_HEADER", "QUERY"])
def test_signatures(site, method, place):
    client = Client(site, signature_method=method, signature_type=place)
    assert client.get("/products", search="a + b & c=d/é", status="any") == []
    wrong = Client(site, secret="cs_wrong", signature_method=method, signature_type=place)
    assert wrong.refused("GET", "/products") == (401, "woocommerce_rest_authentication_error")


# -- building ---------------------------------------------------------------------------------------------------------


def test_it_shares_its_codes_with_a_shopify_shop(clock):
    known = catalogue.products(150)
    ours, theirs = WooCommerceSimulator(clock=clock), ShopifySimulator(clock=clock, validate=False)
    filler.build_shop(ours.shop, items=150, orders=40, skus=known)
    catalogue.build_shop(theirs.shop, items=150, orders=5, skus=known)
    theirs_codes = {(variant["sku"] or "").strip().upper() for variant in theirs.shop.variants.values()}
    ours_codes = {ours.shop.item(ref)["sku"].upper() for ref in ours.shop.notes["plain"]}
    assert len(ours_codes & theirs_codes) > 75
    assert all(ours.shop.notes[kind] for kind in filler.KINDS)
    assert [kind for kind in filler.ORDER_KINDS if not ours.shop.notes["orders"][kind]] == []
