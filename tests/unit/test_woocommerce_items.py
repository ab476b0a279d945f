"""Products and variations of a simulated WooCommerce site as items: what each is, and that none is missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from order_channel_mapping.connectors import woocommerce_fetch as fetch
from order_channel_mapping.connectors.base import BadPayload, Unavailable
from order_channel_mapping.connectors.woocommerce_records import item as read_item
from order_channel_mapping.connectors.woocommerce_records import variation as read_variation
from tests.marketplaces.base import Reply


def items(pages):
    return {record.external_id: record for page in pages for record in page.records}


def small(monkeypatch, size):
    for name in ("PRODUCTS", "CHANGED_PRODUCTS", "ORDERS", "TRASHED_ORDERS"):
        monkeypatch.setattr(fetch, name, replace(getattr(fetch, name), size=size))


def asked(woo):
    """The lists that were asked for, in order."""
    return [request.path.partition("?")[0].rpartition("/v3")[2] for request in woo.requests]


# -- what each is -----------------------------------------------------------------------------------------------------


def test_a_simple_product(woo, woo_connect):
    picture = [{"src": "https://shop.example.com/mug.png"}]
    more = {"regular_price": "12.50", "sale_price": "9.99", "global_unique_id": "4006381333931", "images": picture}
    ref = woo.shop.add_product("Mug &amp; lid", sku="LID", manage_stock=True, stock_quantity=7, **more)
    record = items(woo_connect().iter_items())[str(ref)]
    assert (record.parent_id, record.sku, record.name) == (None, "LID", "Mug & lid")
    assert (record.barcode, record.price, record.quantity) == ("4006381333931", Decimal("9.99"), 7)
    assert (record.stock_ref, record.image_url) == (f"product:{ref}", "https://shop.example.com/mug.png")
    assert record.url.startswith(woo.url)
    assert (record.active, record.physical, record.skip) == (True, True, False)
    assert record.updated_at == woo.clock()


def test_variations_are_items_and_their_product_is_none(woo, woo_connect):
    found = items(woo_connect().iter_items())
    (tee,) = [ref for ref, record in woo.shop.products.items() if record["type"] == "variable"]
    sizes = {str(ref) for ref in woo.shop.products[tee]["variations"]}
    assert sizes <= found.keys()
    assert str(tee) not in found
    small_tee = next(found[ref] for ref in sizes if found[ref].sku == "TEE-S")
    assert (small_tee.name, small_tee.parent_id, dict(small_tee.attributes)) == ("Tee - S", str(tee), {"Size": "S"})
    assert small_tee.stock_ref == f"variation:{tee}:{small_tee.external_id}"


def test_stock_that_the_parent_keeps(woo, woo_connect):
    parent = woo.shop.add_product("Cup", type="variable", manage_stock=True, stock_quantity=9, sku="CUP")
    own = woo.shop.add_variation(parent, {"Colour": "Red"}, sku="CUP-R", manage_stock=True, stock_quantity=2)
    shared = woo.shop.add_variation(parent, {"Colour": "Blue", "Size": "M"})
    found = items(woo_connect().iter_items())
    assert (found[str(own)].stock_ref, found[str(own)].quantity) == (f"variation:{parent}:{own}", 2)
    assert (found[str(shared)].stock_ref, found[str(shared)].quantity) == (f"product:{parent}", 9)
    assert found[str(shared)].name == "Cup - Blue, M"
    assert found[str(shared)].sku is None, "the code that it shows is its parent's"
    assert found[str(own)].sku == "CUP-R"


def test_what_the_store_keeps_no_stock_of(woo, woo_connect):
    plain = woo.shop.add_product("Postcard")
    elsewhere = woo.shop.add_product("Poster", type="external")
    found = items(woo_connect().iter_items())
    assert (found[str(plain)].stock_ref, found[str(plain)].quantity) == (None, None)
    assert (found[str(elsewhere)].stock_ref, found[str(elsewhere)].skip) == (None, False)


@pytest.mark.parametrize(
    ("status", "skip", "active", "with_drafts"),
    [
        ("publish", False, True, False),
        ("private", False, False, False),
        ("draft", True, False, False),
        ("pending", True, False, False),
        ("future", True, False, False),
    ],
)
def test_what_is_published(woo, woo_connect, status, skip, active, with_drafts):
    ref = str(woo.shop.add_product("New", status=status))
    record = items(woo_connect().iter_items())[ref]
    assert (record.skip, record.active) == (skip, active)
    assert items(woo_connect(include_drafts=True).iter_items())[ref].skip is with_drafts


def test_variations_of_a_draft(woo, woo_connect):
    parent = woo.shop.add_product("Cup", type="variable", status="draft")
    ref = str(woo.shop.add_variation(parent, {"Colour": "Red"}))
    record = items(woo_connect().iter_items())[ref]
    assert (record.skip, record.active) == (True, False)
    assert not items(woo_connect(include_drafts=True).iter_items())[ref].skip


def test_a_group_is_nothing_to_sell(woo, woo_connect):
    ref = str(woo.shop.add_product("Set", type="grouped", manage_stock=True, stock_quantity=3))
    record = items(woo_connect().iter_items())[ref]
    assert (record.skip, record.stock_ref) == (True, None)


def test_what_is_in_the_trash_is_not_met(woo, woo_connect):
    ref = woo.shop.add_product("Old")
    assert str(ref) in items(woo_connect().iter_items())
    woo.shop.edit_product(ref, status="trash")
    assert str(ref) not in items(woo_connect().iter_items())


def test_virtual_things_need_no_parcel(woo, woo_connect):
    ref = woo.shop.add_product("E-book", virtual=True)
    assert not items(woo_connect().iter_items())[str(ref)].physical


@pytest.mark.parametrize("broken", [{"price": "free"}, {"date_modified_gmt": "soon"}, {"stock_quantity": "few"}])
def test_an_item_that_can_not_be_read(broken):
    product = {"id": 1, "name": "Mug", "type": "simple", "status": "publish", "manage_stock": True, **broken}
    with pytest.raises(BadPayload):
        read_item(product)
    with pytest.raises(BadPayload):
        read_variation({**product, "attributes": []}, {"id": 2, "status": "publish", "name": "Cup"})


def test_a_bad_item_is_a_failure_of_its_own(woo, woo_connect, monkeypatch):
    from order_channel_mapping.connectors import woocommerce

    bad = woo.shop.add_product("Bad", sku="BAD")

    def reader(product, drafts):
        return read_item({**product, "price": "free"} if product["id"] == bad else product, drafts)

    monkeypatch.setattr(woocommerce, "read_item", reader)
    (page,) = woo_connect().iter_items()
    assert [(failure.ref, failure.code, failure.raw["sku"]) for failure in page.failures] == [
        (str(bad), "bad_payload", "BAD")
    ]
    assert len(page.records) == 3


# -- calls ------------------------------------------------------------------------------------------------------------


def fill(woo, products=4, variations=3):
    for number in range(products):
        parent = woo.shop.add_product(f"Shirt {number}", type="variable")
        for size in range(variations):
            woo.shop.add_variation(parent, {"Size": str(size)}, sku=f"S{number}-{size}")
        woo.clock.tick()


def test_variations_of_many_products_are_asked_for_together(woo, woo_connect):
    fill(woo, products=20, variations=6)
    assert len(items(woo_connect().iter_items())) == 3 + 120
    assert asked(woo) == ["/products", "/variations", "/variations"]


def test_a_store_without_a_list_of_all_variations(woo, woo_connect, monkeypatch):
    """As before WooCommerce 10.3: a list per product, and the missing one is not asked for again."""
    fill(woo)
    small(monkeypatch, 3)
    without(woo, monkeypatch, "/variations")
    assert len(items(woo_connect().iter_items())) == 3 + 12
    assert asked(woo).count("/variations") == 1
    assert sum(path.endswith("/variations") for path in asked(woo)) == 1 + 5


def without(woo, monkeypatch, route):
    """The site has no such route."""
    find = woo._routes.find

    def found(method, path):
        return find(method, "/wp-json/wc/v3/nothing" if path.endswith(f"/v3{route}") else path)

    monkeypatch.setattr(woo._routes, "find", found)


def test_a_list_of_variations_that_heeds_no_parent_is_not_believed(woo, woo_connect, monkeypatch):
    fill(woo)
    small(monkeypatch, 3)
    lists = woo._routes.lists
    listed = lists.variations

    def heedless(path, params, parent=None):
        return listed(path, {name: value for name, value in params.items() if name != "parent"}, parent)

    monkeypatch.setattr(lists, "variations", heedless)
    found = items(woo_connect().iter_items())
    assert len(found) == 3 + 12
    parents = {ref: record["parent_id"] for ref, record in woo.shop.variations.items()}
    assert {ref: int(record.parent_id) for ref, record in found.items() if record.parent_id} == {
        str(ref): parent for ref, parent in parents.items()
    }


def test_a_variation_that_slipped_through_is_asked_for_by_id(woo, woo_connect, monkeypatch):
    """One before it was deleted between two portions, and the list moved up."""
    fill(woo, products=1, variations=4)
    slipped = max(woo.shop.variations)
    children = woo._routes.lists._children
    monkeypatch.setattr(
        woo._routes.lists, "_children", lambda parents: [ref for ref in children(parents) if ref != slipped]
    )
    assert str(slipped) in items(woo_connect().iter_items())


def test_what_changed(woo, woo_connect):
    woo.clock.tick(minutes=10)
    since = woo.clock()
    (mug,) = [ref for ref, record in woo.shop.products.items() if record["sku"] == "MUG"]
    woo.shop.edit_product(mug, regular_price="8.00")
    woo.clock.tick(minutes=1)
    pages = list(woo_connect().iter_items(since=since))
    assert set(items(pages)) == {str(mug)}
    assert pages[-1].watermark > since
    assert list(items(woo_connect().iter_items(since=woo.clock()))) == []


def test_the_stock_of_a_variation_is_a_change_of_its_product(woo, woo_connect):
    woo.clock.tick(minutes=10)
    since = woo.clock()
    woo.shop.set_available("TEE-S", 3)
    found = items(woo_connect().iter_items(since=since))
    assert {record.sku: record.quantity for record in found.values()} == {"TEE-S": 3, "TEE-M": 5}


# -- walking ----------------------------------------------------------------------------------------------------------


def test_an_answer_without_wordpress_headers(woo, woo_connect, monkeypatch):
    """Some caches drop them: a short portion is then the last."""
    fill(woo)
    small(monkeypatch, 3)
    handle = woo.handle

    def bare(request):
        reply = handle(request)
        return Reply(reply.status, reply.body, {"Content-Type": "application/json"})

    monkeypatch.setattr(woo, "handle", bare)
    assert len(items(woo_connect().iter_items())) == 3 + 12


def sizes(woo):
    """``per_page`` of each question for products."""
    paths = [request.path for request in woo.requests if "/v3/products?" in request.path]
    return [int(path.split("per_page=")[1].split("&")[0]) for path in paths]


def test_a_slow_store_is_asked_for_less(woo, woo_connect):
    """What its server can't make in time is asked for in smaller portions, for a while."""
    for number in range(30):
        woo.shop.add_product(f"Thing {number}")
    woo.fault("http_error", times=3, match="/products?", status=504)
    with woo_connect() as connector:
        assert len(items(connector.iter_items())) == 33
    assert sizes(woo) == [100, 100, 100, 25, 25]
    woo.requests.clear()
    list(woo_connect().iter_items())
    assert sizes(woo) == [25, 25]


def test_a_store_that_is_down_is_no_slow_one(woo, woo_connect):
    woo.fault("http_error", times=99, match="/products?", status=502)
    with woo_connect() as connector, pytest.raises(Unavailable):
        list(connector.iter_items())
    woo.clear_faults()
    woo.requests.clear()
    list(woo_connect().iter_items())
    assert sizes(woo) == [100]


def test_a_store_that_says_nothing_is_asked_for_less_next_time(woo, woo_connect):
    connector = woo_connect()
    connector._client.transport._seconds = 0.05
    with connector:
        woo.fault("timeout", times=9, match="/products?")
        with pytest.raises(Unavailable):
            list(connector.iter_items())
    assert len(sizes(woo)) == 1, "silence is not asked again"
    woo.clear_faults()
    woo.requests.clear()
    list(woo_connect().iter_items())
    assert sizes(woo) == [25]


def test_a_product_that_the_store_stumbles_over(woo, woo_connect, monkeypatch):
    """PHP gives up on one record: the others are had all the same, and it becomes a failure."""
    refs = [woo.shop.add_product(f"Thing {number}") for number in range(5)]
    stumble, handle = refs[2], woo.handle

    def stumbling(request):
        reply = handle(request)
        whole = "_fields=id%2Cname" in request.path
        return woo._critical() if whole and f'"id":{stumble},'.encode() in reply.body else reply

    monkeypatch.setattr(woo, "handle", stumbling)
    with woo_connect() as connector:
        pages = list(connector.iter_items())
    assert {str(ref) for ref in refs if ref != stumble} <= items(pages).keys()
    assert str(stumble) not in items(pages)
    (failure,) = [failure for page in pages for failure in page.failures]
    assert (failure.ref, failure.code) == (str(stumble), "internal_server_error")
    monkeypatch.undo()
    woo.requests.clear()
    list(woo_connect().iter_items())
    assert sizes(woo) == [100], "one bad record does not make the others be asked for one by one"


def test_a_product_of_more_bytes_than_are_read(woo, woo_connect):
    """One enormous record costs itself, not its page."""
    refs = [woo.shop.add_product(f"Thing {number}") for number in range(5)]
    woo.shop.products[refs[2]]["name"] = "x" * 400_000
    with woo_connect() as connector:
        connector._client.transport._max_bytes = 300_000
        pages = list(connector.iter_items())
    assert {str(ref) for ref in refs if ref != refs[2]} <= items(pages).keys()
    (failure,) = [failure for page in pages for failure in page.failures]
    assert (failure.ref, failure.code) == (str(refs[2]), "record_too_large")


def test_a_list_that_got_long_is_started_anew(woo, woo_connect, monkeypatch):
    for number in range(30):
        woo.clock.tick(hours=1)
        woo.shop.add_product(f"Thing {number}")
    small(monkeypatch, 3)
    monkeypatch.setattr(fetch, "MAX_DEPTH", 12)
    since = woo.clock() - timedelta(days=3)
    assert len(items(woo_connect().iter_items(since=since))) == 33
    starts = {part for request in woo.requests for part in request.path.split("&") if part.startswith("modified_after")}
    offsets = [
        int(request.path.split("offset=")[1].split("&")[0]) for request in woo.requests if "/products?" in request.path
    ]
    assert len(starts) > 2
    assert max(offsets) <= 15


def test_an_hour_that_repeats_itself_hides_nothing(woo, woo_connect, monkeypatch):
    """Clocks go back in New York on 1 November 2026 at 06:00 GMT; the store sorts products by its wall clock."""
    from tests.marketplaces.woocommerce_rest import local

    woo.clock.now = woo.clock.now.replace(year=2026, month=11, day=1, hour=4, minute=0)
    refs = []
    for number in range(24):
        woo.clock.tick(minutes=10)
        refs.append(str(woo.shop.add_product(f"Thing {number}")))
    table = woo.shop.products
    arranged = table._arranged

    def by_wall_clock(found, args):
        rows = arranged(found, args)
        return sorted(rows, key=lambda row: (local(row["modified"], "America/New_York"), row["id"]))

    monkeypatch.setattr(table, "_arranged", by_wall_clock)
    small(monkeypatch, 3)
    monkeypatch.setattr(fetch, "MAX_DEPTH", 6)
    monkeypatch.setattr(woo, "_schemas", None)
    since = woo.clock() - timedelta(days=1)
    assert set(refs) <= items(woo_connect().iter_items(since=since)).keys()


def test_the_same_portion_for_ever_is_an_error(woo, woo_connect, monkeypatch):
    fill(woo)
    small(monkeypatch, 3)
    woo.fault("repeat_page", times=50)
    with pytest.raises(Unavailable) as caught:
        list(woo_connect().iter_items())
    assert caught.value.code == "repeated_page"
    assert len(woo.requests) < 10


@pytest.mark.parametrize("cursor", ["", "x", "{}", "[]", "7", '{"walk":"products","depth":"x"}', '{"walk":"variants"}'])
def test_a_cursor_of_another_kind_starts_anew(woo, woo_connect, cursor):
    assert len(items(woo_connect().iter_items(cursor=cursor))) == 3
