"""Variants of a simulated shop as items: what they say, and how lists are walked."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from order_channel_mapping.connectors import shopify_fetch
from order_channel_mapping.connectors.base import AuthError, RateLimited, Rejected, Unavailable
from order_channel_mapping.connectors.shopify_auth import SCOPES, shop_host

PICTURE = {"__typename": "MediaImage", "preview": {"image": {"url": "https://cdn.example.com/lamp.png"}}}


def fill(sim, count, **values):
    """``count`` plain products, SKU-1 to SKU-<count>."""
    return [
        sim.shop.add_variant(sim.shop.add_product(f"Thing {index}"), sku=f"SKU-{index}", **values)
        for index in range(1, count + 1)
    ]


def smaller(monkeypatch, **sizes):
    """Let walks take smaller pages, so that tests need few records."""
    for name, size in sizes.items():
        monkeypatch.setattr(shopify_fetch, name, shopify_fetch.replace(getattr(shopify_fetch, name), size=size))


def skus(pages):
    return [item.sku for page in pages for item in page.records]


def about(moment):
    """A watermark is Shopify's clock when the question left, in whole seconds: a little before, never after."""
    return [moment - timedelta(seconds=1), moment]


# -- one item ---------------------------------------------------------------------------------------------------------


def test_a_plain_product(sim, connector):
    product = sim.shop.add_product("Oak Lamp", featuredMedia=PICTURE)
    ref = sim.shop.add_variant(
        product, sku="LAMP-1 ", barcode="2000000000008", price="19.90", stock={sim.shop.locations[0]["id"]: 7}
    )
    (page,) = connector.iter_items()
    (item,) = page.records
    assert (item.external_id, item.parent_id) == (ref, product)
    assert (item.name, item.sku, item.barcode) == ("Oak Lamp", "LAMP-1", "2000000000008")
    assert (item.price, item.currency, item.quantity) == (Decimal("19.90"), "EUR", Decimal(7))
    assert item.stock_ref == sim.shop.variants[ref]["itemId"]
    assert item.image_url == "https://cdn.example.com/lamp.png"
    assert item.url == "https://simulated.myshopify.com/products/oak-lamp"
    assert (item.physical, item.active, dict(item.attributes)) == (True, True, {})
    assert item.updated_at == sim.clock()
    assert json.loads(json.dumps(dict(item.raw)))["product"]["title"] == "Oak Lamp"
    assert "variants" not in item.raw["product"]


def test_variants_have_options_and_a_picture_of_their_own(sim, connector):
    product = sim.shop.add_product("Shirt", featuredMedia=PICTURE)
    sim.shop.add_variant(product, options={"Size": "M", "Colour": "Red"}, image="https://cdn.example.com/red.png")
    sim.shop.add_variant(product, options={"Size": "L", "Colour": "Red"})
    (page,) = connector.iter_items()
    medium, large = page.records
    assert medium.name == "Shirt - M / Red"
    assert dict(medium.attributes) == {"Size": "M", "Colour": "Red"}
    assert (medium.image_url, large.image_url) == (
        "https://cdn.example.com/red.png",
        "https://cdn.example.com/lamp.png",
    )


def test_what_is_not_tracked_has_no_stock(sim, connector):
    fill(sim, 1, tracked=False, physical=False)
    (page,) = connector.iter_items()
    assert (page.records[0].stock_ref, page.records[0].quantity) == (None, None)
    assert not page.records[0].physical


def test_a_gift_card_is_not_physical(sim, connector):
    sim.shop.add_variant(sim.shop.add_product("Gift card", isGiftCard=True), physical=True)
    (page,) = connector.iter_items()
    assert not page.records[0].physical


@pytest.mark.parametrize(
    ("status", "active"), [("ACTIVE", True), ("UNLISTED", True), ("DRAFT", False), ("ARCHIVED", False)]
)
def test_what_is_on_sale(sim, connector, status, active):
    sim.shop.add_variant(sim.shop.add_product("Thing", status=status))
    (page,) = connector.iter_items()
    assert page.records[0].active is active


def test_an_item_that_can_not_be_read_is_one_failure(sim, connector):
    refs = fill(sim, 3)
    sim.shop.variants[refs[1]]["price"] = "a lot"
    (page,) = connector.iter_items()
    assert skus([page]) == ["SKU-1", "SKU-3"]
    (failure,) = page.failures
    assert (failure.ref, failure.code) == (refs[1], "bad_payload")
    assert "a lot" in failure.message
    assert failure.raw["sku"] == "SKU-2"


def test_the_quantity_is_that_of_the_place_that_is_pushed_to(sim, connect):
    """Not the sum: that is never what was pushed, where there is a second place."""
    main, shelf = sim.shop.locations[0]["id"], sim.shop.add_location("Shelf")
    for index, stock in enumerate(({main: 7, shelf: 2}, {main: 0}, {shelf: 4})):
        sim.shop.add_variant(sim.shop.add_product(f"Thing {index}"), sku=str(index), stock=stock)
    many = sim.shop.add_product("Shirt")
    for number in range(25):
        sim.shop.add_variant(many, sku=f"S-{number}", stock={main: number, shelf: 100}, options={"Size": str(number)})
    sim.shop.add_variant(sim.shop.add_product("Card"), sku="U", stock={main: 5}, tracked=False)
    for since in (None, sim.clock() - timedelta(days=1)):
        items = {item.sku: item for page in connect(location=main).iter_items(since) for item in page.records}
        assert [items[sku].quantity for sku in "012U"] == [7, 0, None, None], since
        assert [items[f"S-{number}"].quantity for number in range(25)] == list(range(25))
        items = {item.sku: item for page in connect().iter_items(since) for item in page.records}
        assert [items[sku].quantity for sku in "012U"] == [9, 0, 4, None], "no place is chosen"


def test_a_place_that_is_none_of_shopifys_is_not_asked_for(sim, connect):
    fill(sim, 1, stock={sim.shop.locations[0]["id"]: 3})
    for place in ("L1", 'gid://shopify/Location/1") { id } #', "gid://shopify/Location/1\n"):
        (page,) = connect(location=place).iter_items()
        assert page.records[0].quantity == 3


# -- a full pass ------------------------------------------------------------------------------------------------------


def test_a_full_pass_takes_pages_of_250(sim, connector):
    fill(sim, 251)
    pages = list(connector.iter_items())
    assert [len(page.records) for page in pages] == [250, 1]
    assert connector.calls == 2


def test_a_full_pass_is_complete_at_its_end_only(sim, connector, monkeypatch):
    smaller(monkeypatch, VARIANTS=2)
    fill(sim, 5)
    asked = sim.clock()
    pages = []
    for page in connector.iter_items():
        pages.append(page)
        sim.clock.tick(minutes=1)
    assert [page.watermark is None for page in pages] == [True, True, False]
    assert pages[-1].watermark in about(asked), "what changed during the pass must be met by the next one"
    assert [page.cursor is None for page in pages] == [False, False, True]


def test_a_pass_goes_on_in_another_process(sim, connect, monkeypatch):
    smaller(monkeypatch, VARIANTS=2)
    fill(sim, 5)
    asked = sim.clock()
    first = next(connect().iter_items())
    sim.clock.tick(hours=1)
    rest = list(connect().iter_items(cursor=first.cursor))
    assert skus([first, *rest]) == [f"SKU-{index}" for index in range(1, 6)]
    assert rest[-1].watermark in about(asked)


def test_a_cursor_of_another_kind_starts_anew(sim, connect, monkeypatch):
    smaller(monkeypatch, VARIANTS=2)
    fill(sim, 3)
    for cursor in ("nonsense", '{"walk":"orders"}', '{"unknown":1}', "[]"):
        assert len(skus(connect().iter_items(cursor=cursor))) == 3


def test_an_empty_shop(sim, connector):
    (page,) = connector.iter_items()
    assert (page.records, page.cursor) == ((), None)
    assert page.watermark in about(sim.clock())


def test_a_large_catalogue_is_walked_past_the_depth_limit(sim, connector, monkeypatch):
    smaller(monkeypatch, VARIANTS=10)
    monkeypatch.setattr(shopify_fetch, "MAX_DEPTH", 30)
    sim.depth_limit = 30
    fill(sim, 95)
    assert skus(connector.iter_items()) == [f"SKU-{index}" for index in range(1, 96)]


# -- changes ----------------------------------------------------------------------------------------------------------


def test_changes_are_of_products(sim, connect):
    """A product's title is no change of its variants, and yet all their names change."""
    fill(sim, 3)
    since = sim.clock.tick(minutes=5)
    sim.shop.edit_product(sim.shop.variant_by_sku("SKU-2")["productId"], title="Renamed")
    (page,) = connect().iter_items(since=since)
    assert [(item.sku, item.name) for item in page.records] == [("SKU-2", "Renamed")]
    assert page.records[0].updated_at == since


def test_nothing_changed_and_yet_the_watermark_advances(sim, connect):
    fill(sim, 3)
    sim.clock.tick(hours=2)
    (page,) = connect().iter_items(since=sim.clock() - timedelta(hours=1))
    assert page.records == ()
    assert abs(page.watermark - sim.clock()) < timedelta(seconds=1)


def test_changes_come_oldest_first_with_a_watermark_on_each_page(sim, connect, monkeypatch):
    smaller(monkeypatch, PRODUCTS=1)
    since = sim.clock()
    fill(sim, 3)
    times = []
    for name in ("SKU-3", "SKU-1", "SKU-2"):
        times.append(sim.clock.tick(minutes=1))
        sim.shop.edit_variant(name, price="1.00")
    pages = list(connect().iter_items(since=since))
    assert skus(pages) == ["SKU-3", "SKU-1", "SKU-2"]
    assert [page.watermark for page in pages[:2]] == times[:2]


def test_drafts_are_among_the_changes(sim, connect):
    sim.shop.add_variant(sim.shop.add_product("Draft", status="DRAFT"), sku="D")
    assert skus(connect().iter_items(since=sim.clock())) == ["D"]


def test_a_product_with_many_variants(sim, connect):
    product = sim.shop.add_product("Shirt")
    for index in range(45):
        sim.shop.add_variant(product, sku=f"S-{index}", options={"Number": str(index)})
    assert skus(connect().iter_items(since=sim.clock())) == [f"S-{index}" for index in range(45)]


# -- trouble ----------------------------------------------------------------------------------------------------------


def test_a_page_that_comes_again_is_asked_for_again(sim, connector, monkeypatch):
    smaller(monkeypatch, VARIANTS=2)
    fill(sim, 5)
    sim.fault("repeat_page")
    assert skus(connector.iter_items()) == [f"SKU-{index}" for index in range(1, 6)]


def test_a_page_that_always_comes_again_ends_the_pass(sim, connector, monkeypatch):
    smaller(monkeypatch, VARIANTS=2)
    fill(sim, 5)
    sim.fault("repeat_page", times=10)
    with pytest.raises(Unavailable) as caught:
        list(connector.iter_items())
    assert caught.value.code == "repeated_page"


@pytest.mark.parametrize("fault", ["cut", "http_error"])
def test_a_fetch_survives_a_hiccup(sim, connector, fault):
    fill(sim, 2)
    sim.fault(fault, match="Variants")
    assert skus(connector.iter_items()) == ["SKU-1", "SKU-2"]
    assert sim.count("Variants") == 2


def test_pages_shrink_until_shopify_can_pay_for_them(sim, connect, pace):
    fill(sim, 60)
    sim.max_cost = 60
    with connect() as connector:
        pages = list(connector.iter_items())
    assert len(skus(pages)) == 60
    assert len(pages) > 1
    refused = sim.count("Variants") - len(pages)
    with connect() as connector:
        list(connector.iter_items())
    assert sim.count("Variants") == 2 * len(pages) + refused, "the size that worked is remembered"
    assert pace.state["sizes"]["variants"] < 250


def test_what_is_too_costly_at_any_size_is_refused(sim, connector):
    fill(sim, 1)
    sim.max_cost = 1
    with pytest.raises(Rejected) as caught:
        list(connector.iter_items())
    assert caught.value.code == "max_cost"


# -- who --------------------------------------------------------------------------------------------------------------


def test_identify(sim, connector):
    closed = sim.shop.add_location("Closed", country="FR", active=False)
    account = connector.identify()
    assert (account.ref, account.site, account.name) == ("gid://shopify/Shop/1", "", "Simulated shop")
    assert (account.currency, account.country, account.timezone) == ("EUR", "DE", "Europe/Berlin")
    assert [place.name for place in account.locations] == ["Main", "Closed"]
    assert (account.locations[1].ref, account.locations[1].active, account.locations[1].country) == (
        closed,
        False,
        "FR",
    )
    assert account.scopes >= set(SCOPES)


def test_missing_scopes_are_named(sim, connector):
    sim.shop.scopes = ["read_products", "write_orders", "read_customers", "write_inventory"]
    with pytest.raises(AuthError) as caught:
        connector.identify()
    assert "read locations" in caught.value.message
    assert "edit merchant-managed fulfilment orders" in caught.value.message
    assert "read orders" not in caught.value.message, "the right to write holds the right to read"
    assert "read inventory" not in caught.value.message


def test_a_wrong_token(sim, connect):
    connector = connect(access_token="shpat_wrong")
    with pytest.raises(AuthError) as caught:
        connector.identify()
    assert "access token" in caught.value.message
    assert "shpat_wrong" not in caught.value.message
    assert connector.calls == 1


@pytest.mark.parametrize("secrets", [{"access_token": ""}, {"access_token": "shpat_ä"}, {"access_token": "a\nb"}])
def test_a_token_that_can_not_be_one(connect, secrets):
    with pytest.raises(AuthError):
        connect(**secrets)


@pytest.mark.parametrize("text", ["my-shop.myshopify.com", " https://My-Shop.myshopify.com/ ", "my-shop"])
def test_where_a_shop_is(text):
    assert shop_host(text) == "my-shop.myshopify.com"


@pytest.mark.parametrize(
    "text",
    [
        *("a b", "shop.example.com", "myshopify.com", "127.0.0.1", "a@b.myshopify.com"),
        *("my-shop.myshopify.com.example.com", "my-shop.myshopify.com/x", "my-shop.myshopify.com:99"),
        "http://my-shop.myshopify.com",
    ],
)
def test_a_token_goes_to_shopify_only(text):
    with pytest.raises(AuthError) as caught:
        shop_host(text)
    assert caught.value.code == "shop_domain"


@pytest.mark.parametrize("text", [None, "", "  ", "https://"])
def test_without_a_shop_nobody_is_asked(text):
    with pytest.raises(AuthError) as caught:
        shop_host(text)
    assert caught.value.code == "missing"


def test_access_that_is_denied_later(sim, connector):
    sim.shop.scopes.remove("read_products")
    with pytest.raises(AuthError) as caught:
        list(connector.iter_items())
    assert (caught.value.code, "read_products" in caught.value.message) == ("access_denied", True)


@pytest.mark.parametrize(("status", "code"), [(404, "no_shop"), (402, "shop_frozen"), (423, "shop_frozen")])
def test_a_shop_that_is_not_there_or_locked(sim, connector, status, code):
    sim.fault("http_error", times=5, status=status)
    with pytest.raises(AuthError) as caught:
        connector.identify()
    assert caught.value.code == code


# -- pacing -----------------------------------------------------------------------------------------------------------


def test_a_throttled_call_waits_and_goes_on(sim, connector):
    fill(sim, 1)
    sim.fault("throttle", match="Variants", seconds=2)
    assert skus(connector.iter_items()) == ["SKU-1"]
    assert connector.slept[0] == pytest.approx(2.0)


def test_a_long_throttle_is_left_to_the_next_pass(sim, connector):
    sim.fault("throttle", seconds=60)
    with pytest.raises(RateLimited) as caught:
        connector.identify()
    assert caught.value.retry_at is not None
    assert connector.slept == []


def test_a_429_waits_too(sim, connector):
    fill(sim, 1)
    sim.fault("throttle", match="Variants", http=True, seconds=1)
    assert skus(connector.iter_items()) == ["SKU-1"]
    assert connector.slept == [1.0]


def test_an_empty_bucket_is_known_to_the_next_pass(sim, connect, pace):
    fill(sim, 1)
    with connect() as connector:
        list(connector.iter_items())
    assert pace.state["rate"] == sim.restore_rate
    assert pace.writes == 1, "the bucket is written once a pass"
    pace.state |= {"available": -50.0, "rate": 20.0, "maximum": 2000.0}
    with connect() as connector:
        list(connector.iter_items())
    assert connector.slept[0] == pytest.approx(2.5, abs=0.3)


def test_a_bucket_that_fills_too_slowly_ends_the_pass(connect, pace):
    from time import time

    pace.state = {"available": -5000.0, "rate": 50.0, "maximum": 2000.0, "at": time()}
    connector = connect()
    with pytest.raises(RateLimited):
        connector.identify()
    assert connector.calls == 0
