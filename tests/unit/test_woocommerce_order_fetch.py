"""Orders of a simulated WooCommerce site as they are fetched: in order, with refunds, past what can't be read."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from order_channel_mapping.connectors import woocommerce_fetch as fetch
from order_channel_mapping.connectors.base import BadPayload, Rejected
from order_channel_mapping.connectors.records import FulfillmentStatus, OrderStatus
from tests.marketplaces import woocommerce_catalogue as filler
from tests.marketplaces import woocommerce_refunds
from tests.unit.test_woocommerce_items import asked, small, without

HOME = {"first_name": "Kim", "last_name": "Example", "address_1": "1 Street", "city": "NY", "state": "NY"}
HOME |= {"postcode": "10001", "country": "US", "email": "kim@example.com"}


@pytest.fixture
def sell(woo):
    """Sells mugs: ``sell(2, status="on-hold")``. Gives the order's id."""

    def order(quantity=1, **spec):
        lines = [{"sku": "MUG", "quantity": quantity}]
        spec = {"status": "processing", "line_items": lines, "billing": HOME, "shipping": HOME, **spec}
        return woo.shop.add_order(spec)["id"]

    return order


def refs(pages):
    return [int(record.external_id) for page in pages for record in page.records]


def test_orders_come_by_their_last_change(woo, sell, woo_connect):
    first, second = sell(), sell()
    woo.clock.tick()
    woo.shop.touch_order(first)
    assert refs(woo_connect().iter_orders()) == [second, first]


def test_orders_since_a_moment_which_belongs_to_it(woo, sell, woo_connect):
    """``modified_after`` is exclusive and knows only seconds."""
    sell()
    woo.clock.tick(minutes=5)
    since = woo.clock() + timedelta(milliseconds=400)
    late = sell()
    assert refs(woo_connect().iter_orders(since=since)) == [late]


def test_the_watermark_is_the_stores_clock(woo, sell, woo_connect):
    sell()
    woo.clock.tick(minutes=5)
    (page,) = woo_connect().iter_orders(since=woo.clock() - timedelta(hours=1))
    assert woo.clock() - timedelta(seconds=2) < page.watermark <= woo.clock()


# -- trash ------------------------------------------------------------------------------------------------------------


def test_a_trashed_order_is_noticed(woo, sell, woo_connect):
    gone, there = sell(), sell()
    woo.clock.tick(minutes=5)
    since = woo.clock()
    woo.shop.touch_order(gone, status="trash")
    woo.shop.touch_order(there)
    pages = list(woo_connect().iter_orders(since=since))
    assert [(int(record.external_id), record.skip) for page in pages for record in page.records] == [
        (gone, True),
        (there, False),
    ]
    assert pages[0].watermark is None, "the others are not known yet"
    assert pages[0].cursor
    assert pages[-1].cursor is None


def test_a_fetch_goes_on_after_the_trash(woo, sell, woo_connect, monkeypatch):
    small(monkeypatch, 3)
    gone, there = [sell() for _index in range(4)], [sell() for _index in range(4)]
    for ref in gone:
        woo.shop.touch_order(ref, status="trash")
    since, met, cursor = woo.clock() - timedelta(hours=1), [], None
    for _pass in range(20):
        page = next(woo_connect().iter_orders(since=since, cursor=cursor))
        met += refs([page])
        cursor = page.cursor
        if not cursor:
            break
    assert met == [*gone, *there]
    assert page.watermark


def test_what_was_trashed_while_orders_were_read_is_met_next_time(woo, sell, woo_connect, monkeypatch):
    small(monkeypatch, 3)
    orders = [sell() for _index in range(8)]
    woo.clock.tick(minutes=5)
    walk = woo_connect().iter_orders(since=woo.clock() - timedelta(hours=1))
    pages = [next(walk)]
    woo.clock.tick(minutes=5)
    woo.shop.touch_order(orders[0], status="trash")
    woo.clock.tick(minutes=5)
    pages += walk
    trashed = [record for page in woo_connect().iter_orders(since=pages[-1].watermark) for record in page.records]
    assert orders[0] in [int(record.external_id) for record in trashed if record.skip]


def test_an_order_of_the_next_century_hides_none_behind_it(woo, sell, woo_connect, monkeypatch):
    """Where the store sorts by its wall clock, one odd time in GMT may stand anywhere: a list is not started anew there."""
    since, orders = woo.clock(), []
    for _index in range(30):
        woo.clock.tick(hours=1)
        orders.append(sell())
    table = woo.shop.orders
    table.touch(table[orders[8]], f"2126{table[orders[8]]['modified'][4:]}")
    monkeypatch.setattr(table, "_arranged", lambda found, args: sorted(found, key=lambda row: row["id"]))
    small(monkeypatch, 3)
    monkeypatch.setattr(fetch, "MAX_DEPTH", 6)
    pages = list(woo_connect().iter_orders(since=since))
    assert set(refs(pages)) == set(orders)
    assert max(page.watermark for page in pages if page.watermark) <= woo.clock() + timedelta(days=1)


def test_a_first_fetch_looks_for_no_trash(woo, sell, woo_connect):
    sell()
    list(woo_connect().iter_orders())
    assert all("status=trash" not in request.path for request in woo.requests)


# -- open orders ------------------------------------------------------------------------------------------------------


def test_open_orders_are_those_whose_status_says_so(woo, sell, woo_connect):
    woo.shop.statuses |= {"packing": "Packing", "archived": "Archived"}
    wanted = [sell(status=status) for status in ("processing", "on-hold", "pending", "packing")]
    for status in ("completed", "cancelled", "failed", "checkout-draft", "archived"):
        sell(status=status)
    connector = woo_connect(statuses={"archived": "completed"})
    assert refs(connector.iter_orders(only_open=True)) == wanted
    assert asked(woo) == ["/reports/orders/totals", "/orders"]


def test_a_walk_of_open_orders_goes_on_without_asking_for_statuses(woo, sell, woo_connect, monkeypatch):
    small(monkeypatch, 3)
    wanted = [sell() for _index in range(5)]
    sell(status="completed")
    page = next(woo_connect().iter_orders(only_open=True))
    woo.requests.clear()
    rest = list(woo_connect().iter_orders(only_open=True, cursor=page.cursor))
    assert [*refs([page]), *refs(rest)] == wanted
    assert set(asked(woo)) == {"/orders"}


# -- refunds ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def refunded(woo, sell):
    """Three orders of three mugs, of which one mug was given back each."""
    orders = [sell(3) for _index in range(3)]
    for ref in orders:
        order = woo.shop.order(ref)
        part = woocommerce_refunds.share(order["line_items"][0], 1)
        woocommerce_refunds.refund(woo.shop, order, {"api_refund": False, "reason": "broken", "line_items": [part]})
    return orders


def test_refunds_of_a_page_are_asked_for_together(woo, sell, refunded, woo_connect):
    sell()
    (page,) = woo_connect().iter_orders()
    found = {int(order.external_id): order for order in page.records}
    for ref in refunded:
        (refund,) = found[ref].refunds
        assert (refund.reason, refund.amount, refund.lines[0].quantity) == ("broken", refund.lines[0].amount, 1)
        assert found[ref].lines[0].cancelled_quantity == 1
        assert found[ref].total == Decimal(woo.shop.order(ref)["total"]) - refund.amount
    assert asked(woo) == ["/orders", "/refunds"]


def test_a_store_without_a_list_of_all_refunds(woo, refunded, woo_connect, monkeypatch):
    """As before WooCommerce 9.0: a list per order that has any."""
    without(woo, monkeypatch, "/refunds")
    (page,) = woo_connect().iter_orders()
    assert [len(order.refunds[0].lines) for order in page.records] == [1, 1, 1]
    assert asked(woo)[1:] == ["/refunds", *(f"/orders/{ref}/refunds" for ref in refunded)]


# -- one order --------------------------------------------------------------------------------------------------------


def test_one_order(woo, sell, woo_connect):
    ref = sell(2)
    order = woo_connect().get_order(str(ref))
    assert (order.external_id, order.lines[0].quantity) == (str(ref), 2)
    assert order == next(iter(woo_connect().iter_orders())).records[0], "the same revision as in a list"


def test_one_order_in_the_trash(woo, sell, woo_connect):
    ref = sell()
    woo.shop.touch_order(ref, status="trash")
    assert woo_connect().get_order(str(ref)).skip


@pytest.mark.parametrize("ref", ["999999", "gid://x", "1/../2", ""])
def test_no_such_order(woo_connect, ref):
    with pytest.raises(Rejected) as caught:
        woo_connect().get_order(ref)
    assert caught.value.code == "not_found"


def test_an_order_that_can_not_be_read(woo, sell, woo_connect):
    bad, good = sell(), sell()
    woo.shop.break_order(bad)
    (page,) = woo_connect().iter_orders()
    assert refs([page]) == [good]
    assert [(failure.ref, failure.code, failure.raw["id"]) for failure in page.failures] == [
        (str(bad), "bad_payload", bad)
    ]
    with pytest.raises(BadPayload):
        woo_connect().get_order(str(bad))


# -- lines of what is no more -----------------------------------------------------------------------------------------


def test_lines_of_a_deleted_variation_name_no_item(woo, sell, woo_connect):
    spec = [{"sku": "TEE-M"}, {"sku": "TEE-S"}, {"sku": "MUG", "meta_data": [{"key": "Engraving", "value": "Kim"}]}]
    sell(line_items=spec)
    mug = str(woo.shop.item("MUG")["id"])
    tee_s = str(woo.shop.item("TEE-S")["id"])
    woo.shop.delete_variation("TEE-M")
    woo.requests.clear()
    lines = next(iter(woo_connect().iter_orders())).records[0].lines
    assert [(line.item_id, line.sku, line.name) for line in lines] == [
        (None, None, "Tee - M"),
        (tee_s, "TEE-S", "Tee - S"),
        (mug, "MUG", "Mug"),
    ]
    assert asked(woo) == ["/orders", "/products"], "one question for all products that may have lost a variation"


def test_what_is_known_of_a_product_is_not_asked_again(woo, sell, woo_connect, monkeypatch):
    small(monkeypatch, 3)
    for _index in range(6):
        sell(line_items=[{"sku": "MUG", "meta_data": [{"key": "Engraving", "value": "Kim"}]}])
    assert len(refs(woo_connect().iter_orders())) == 6
    assert asked(woo).count("/products") == 1


def test_lines_of_a_deleted_product_with_variations(woo, sell, woo_connect):
    sell(line_items=[{"sku": "TEE-M"}])
    woo.shop.delete_product(woo.shop.item("TEE-M")["parent_id"])
    (line,) = next(iter(woo_connect().iter_orders())).records[0].lines
    assert (line.item_id, line.name) == (None, "Tee - M")


# -- a whole shop -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("included", [False, True])
@pytest.mark.parametrize("at_subtotal", [False, True])
def test_every_order_of_a_shop_adds_up(woo, woo_connect, included, at_subtotal):
    """Coupons, fees, several taxes, foreign currencies: what the lines give is what the store says."""
    woo.shop.site["round_at_subtotal"] = at_subtotal
    filler.build_shop(woo.shop, items=120, orders=60, prices_include_tax=included)
    orders = [record for page in woo_connect().iter_orders() for record in page.records]
    assert len(orders) > 55
    for order in orders:
        said = Decimal(woo.shop.orders[int(order.external_id)]["total"])
        assert sum(line.total for line in order.lines) == said, order.number
        if not any(line.cancelled_quantity for line in order.lines):
            assert order.total == said
        assert not any(line.external_id == "rounding" for line in order.lines), order.number
        taxes = sum(tax.amount for line in order.lines for tax in line.taxes)
        assert taxes == Decimal(order.raw["total_tax"]), order.number
    assert {order.prices_include_tax for order in orders} == {included}


def test_amounts_are_had_as_they_are_kept(woo, sell, woo_connect):
    """A shop that shows no decimals still keeps them where prices include tax."""
    woo.shop.site |= {"prices_include_tax": True, "round_at_subtotal": True, "decimals": 0}
    woo.shop.taxes.clear()
    filler.add_tax(woo.shop, "VAT", 19, country="US")
    sell(line_items=[{"sku": "MUG", "price": "10"}, {"sku": "TEE-S", "price": "21"}])
    (order,) = next(iter(woo_connect().iter_orders())).records
    assert [line.total for line in order.lines] == [Decimal(10), Decimal(21)]
    assert order.total == 31


def test_a_completed_order(woo, sell, woo_connect):
    sell(status="completed")
    (order,) = next(iter(woo_connect().iter_orders())).records
    assert (order.status, order.fulfillment_status) == (OrderStatus.COMPLETED, FulfillmentStatus.FULFILLED)
    assert order.lines[0].fulfilled_quantity == 1


# -- orders that are known --------------------------------------------------------------------------------------------


def test_a_deleted_refund_is_seen_though_no_time_of_change_moved(woo, sell, woo_connect):
    ref = sell(3)
    order = woo.shop.order(ref)
    part = woocommerce_refunds.share(order["line_items"][0], 1)
    refund = woocommerce_refunds.refund(woo.shop, order, {"api_refund": False, "line_items": [part]})
    woo.clock.tick(minutes=5)
    since = woo.clock()
    woo._routes.delete_refund("", {"force": "true"}, {}, ref, refund["id"])
    assert refs(woo_connect().iter_orders(since=since)) == []
    (record,) = woo_connect().get_orders([str(ref)]).records
    assert (record.refunds, record.lines[0].cancelled_quantity) == ((), 0)


def test_known_orders_in_the_trash_are_not_gone(woo, sell, woo_connect):
    kept, trashed, deleted = sell(), sell(), sell()
    woo.shop.touch_order(trashed, status="trash")
    woo.shop.orders.remove(deleted)
    page = woo_connect().get_orders([str(kept), str(trashed), str(deleted)])
    assert [(record.external_id, record.skip) for record in page.records] == [(str(kept), False), (str(trashed), True)]
    assert page.gone == (str(deleted),)


def test_an_order_that_a_list_leaves_out_is_not_gone(woo, sell, woo_connect, monkeypatch):
    ref = sell()
    monkeypatch.setattr("order_channel_mapping.connectors.woocommerce_details.drain", lambda *_args: ([], []))
    page = woo_connect().get_orders([str(ref)])
    assert (page.records, page.gone) == ((), ())
