"""Orders of a simulated shop as they are fetched: whole, in order, resumable, and past what can't be read."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from order_channel_mapping.connectors import shopify_fetch
from order_channel_mapping.connectors.base import BadPayload, Rejected, Unavailable
from order_channel_mapping.connectors.shopify_orders import order as read_order

# -- whole orders -----------------------------------------------------------------------------------------------------


def test_an_order_of_more_than_250_lines_is_whole(sell, connector):
    lines = [{"title": f"Item {index}", "price": "1.00"} for index in range(300)]
    payload = sell(*lines, shipping=[{"price": "1.00"}] * 3)
    (page,) = connector.iter_orders()
    (order,) = page.records
    assert [line.name for line in order.lines[:300]] == [f"Item {index}" for index in range(300)]
    assert len({line.external_id for line in order.lines}) == 303
    assert order.total == sum(line.total for line in order.lines) == Decimal("303.00")
    assert connector.calls == 6, "two more for what its fulfilment order holds"
    assert payload["id"] == order.external_id


def test_many_parcels_and_refunds_are_whole(sell, sim, connector):
    payload = sell(*[{"title": f"Item {index}", "price": "1.00", "quantity": 9} for index in range(30)])
    entries = [line["id"] for line in payload["fulfillmentOrders"][0]["lineItems"]]
    for number in range(4):
        sim.shop.fulfill(payload["id"], dict.fromkeys(entries, 1), {"number": f"T-{number}"})
    for _number in range(6):
        sim.shop.refund(payload["id"], {line["id"]: 1 for line in payload["lineItems"][:12]}, restock="RETURN")
    order = connector.get_order(payload["id"])
    assert [parcel.tracking_numbers[0] for parcel in order.fulfillments] == ["T-0", "T-1", "T-2", "T-3"]
    assert {len(parcel.lines) for parcel in order.fulfillments} == {30}
    assert [len(refund.lines) for refund in order.refunds] == [12] * 6
    assert {line.fulfilled_quantity for line in order.lines} == {4}


def test_refunds_of_a_page_are_asked_for_together(sell, sim, connector):
    orders = [sell(("10.00", 2)) for _index in range(7)]
    for payload in orders[:6]:
        sim.shop.refund(payload["id"], {payload["lineItems"][0]["id"]: 1})
    (page,) = connector.iter_orders()
    assert sum(len(order.refunds) for order in page.records) == 6
    assert connector.calls == 3, "one for the page, two for the refunds of six orders"


# -- walking ----------------------------------------------------------------------------------------------------------


def smaller(monkeypatch, size):
    monkeypatch.setattr(shopify_fetch, "ORDERS", shopify_fetch.replace(shopify_fetch.ORDERS, size=size))


def numbers(pages):
    return [order.number for page in pages for order in page.records]


@pytest.fixture
def seven(sell, sim):
    """Seven orders, a minute apart."""
    orders = []
    for _index in range(7):
        orders.append(sell(("10.00", 1)))
        sim.clock.tick(minutes=1)
    return orders


def test_orders_come_by_their_last_change(seven, sim, connector):
    sim.shop.touch_order("#1002")
    assert numbers(connector.iter_orders())[-1] == "#1002"


def test_orders_since(seven, sim, connect):
    since = sim.clock() - timedelta(minutes=2)
    assert numbers(connect().iter_orders(since=since)) == ["#1006", "#1007"], "the moment itself belongs to it"


def test_watermarks_of_orders(seven, sim, connect, monkeypatch):
    smaller(monkeypatch, 3)
    pages = list(connect().iter_orders())
    assert [len(page.records) for page in pages] == [3, 3, 1]
    assert [page.watermark for page in pages[:2]] == [pages[0].records[-1].updated_at, pages[1].records[-1].updated_at]
    assert sim.clock() - timedelta(seconds=1) <= pages[2].watermark <= sim.clock()


def test_open_orders_only(seven, sim, connect):
    sim.shop.cancel("#1001")
    sim.shop.fulfill("#1002")
    assert numbers(connect().iter_orders(only_open=True)) == [f"#100{index}" for index in range(3, 8)]


def test_a_fetch_of_open_orders_goes_on_as_such(seven, sim, connect, monkeypatch):
    smaller(monkeypatch, 2)
    first = next(connect().iter_orders(since=sim.clock() - timedelta(minutes=5), only_open=True))
    sim.shop.cancel("#1006")
    rest = connect().iter_orders(cursor=first.cursor)
    assert numbers([first, *rest]) == ["#1003", "#1004", "#1005", "#1007"]


def test_an_order_that_changes_between_pages_is_met_again(seven, sim, connect, monkeypatch):
    smaller(monkeypatch, 3)
    sim.fault("change_order", order=seven[0]["id"])
    met = numbers(connect().iter_orders())
    assert set(met) == {f"#100{index}" for index in range(1, 8)}
    assert met[-1] == "#1001"


def test_history_is_walked_past_the_depth_limit(sell, sim, connect, monkeypatch):
    smaller(monkeypatch, 2)
    monkeypatch.setattr(shopify_fetch, "MAX_DEPTH", 6)
    sim.depth_limit = 6
    for _index in range(20):
        sell({"title": "Thing", "price": "1.00"})
        sim.clock.tick(seconds=30)
    assert len(set(numbers(connect().iter_orders()))) == 20


def test_many_changes_in_one_second_do_not_go_round_in_circles(sell, sim, connect, monkeypatch):
    smaller(monkeypatch, 2)
    monkeypatch.setattr(shopify_fetch, "MAX_DEPTH", 4)
    for _index in range(9):
        sell({"title": "Thing", "price": "1.00"})
    pages = list(connect().iter_orders())
    assert set(numbers(pages)) == {f"#100{index}" for index in range(1, 10)}


# -- what can't be read -----------------------------------------------------------------------------------------------


def test_an_order_that_can_not_be_read_is_one_failure_until_it_is_repaired(seven, sim, connect):
    sim.shop.break_order("#1003")
    (page,) = connect().iter_orders()
    assert len(page.records) == 6
    (failure,) = page.failures
    assert (failure.ref, failure.code) == (seven[2]["id"], "bad_payload")
    assert failure.raw["name"] == "#1003"
    with pytest.raises(BadPayload):
        connect().get_order(failure.ref)
    sim.do("repair_order", ref="#1003")
    assert connect().get_order(failure.ref).number == "#1003"


@pytest.mark.parametrize("broken", [{"updatedAt": "yesterday"}, {"lineItems": None}, {"fulfillments": 7}])
def test_a_page_whose_last_order_is_broken_does_not_stop_the_walk(seven, connector, monkeypatch, broken):
    smaller(monkeypatch, 4)
    execute = connector._client.execute

    def broken_answer(document, variables=None, **options):
        answer = execute(document, variables, **options)
        for node in answer.data["orders"]["nodes"]:
            if node["name"] == "#1004":
                node.update(broken)
        return answer

    monkeypatch.setattr(connector._client, "execute", broken_answer)
    pages = list(connector.iter_orders())
    assert numbers(pages) == ["#1001", "#1002", "#1003", "#1005", "#1006", "#1007"]
    assert [failure.ref for page in pages for failure in page.failures] == [seven[3]["id"]]


def test_an_order_that_shopify_itself_stumbles_over(seven, sim, connect, monkeypatch):
    smaller(monkeypatch, 4)
    sim.shop.orders[seven[4]["id"]]["poison"] = True
    pages = list(connect().iter_orders())
    assert numbers(pages) == ["#1001", "#1002", "#1003", "#1004", "#1006", "#1007"]
    (failure,) = [failure for page in pages for failure in page.failures]
    assert (failure.ref, failure.raw["name"]) == (seven[4]["id"], "#1005")


def test_an_order_of_more_bytes_than_are_read(seven, sim, connect, monkeypatch):
    smaller(monkeypatch, 4)
    sim.shop.orders[seven[4]["id"]]["note"] = "x" * 400_000
    connector = connect()
    connector._client.transport._max_bytes = 300_000
    pages = list(connector.iter_orders())
    assert numbers(pages) == ["#1001", "#1002", "#1003", "#1004", "#1006", "#1007"]
    (failure,) = [failure for page in pages for failure in page.failures]
    assert (failure.ref, failure.code) == (seven[4]["id"], "record_too_large")


def test_a_shopify_that_is_down_ends_the_pass(seven, sim, connect):
    sim.fault("server_fault", times=50)
    with pytest.raises(Unavailable):
        list(connect().iter_orders())


def test_a_part_that_could_not_be_delivered_is_a_failure(seven, connector, monkeypatch):
    execute = connector._client.execute

    def partial(document, variables=None, **options):
        answer = execute(document, variables, **options)
        error = {"message": "Timed out", "path": ["orders", "nodes", 1, "customer"]}
        return shopify_fetch.Answer(answer.data, (error,), answer.asked_at)

    monkeypatch.setattr(connector._client, "execute", partial)
    (page,) = connector.iter_orders()
    assert len(page.records) == 6
    assert [(failure.ref, failure.code) for failure in page.failures] == [(seven[1]["id"], "partial_answer")]


def test_an_order_that_is_not_there(connector):
    with pytest.raises(Rejected) as caught:
        connector.get_order("gid://shopify/Order/404")
    assert caught.value.code == "not_found"


@pytest.mark.parametrize("key", ["lineItems", "taxesIncluded", "updatedAt", "fulfillmentOrders", "name"])
def test_an_order_that_lacks_something_is_a_bad_payload(seven, connector, key):
    payload = dict(connector.get_order(seven[0]["id"]).raw)
    assert read_order(payload).number == "#1001"
    del payload[key]
    with pytest.raises(BadPayload, match=key):
        read_order(payload)


@pytest.mark.parametrize("amount", ["1O.00", "", "NaN", "Infinity"])
def test_what_is_no_amount(seven, connector, amount):
    seven[0]["totalPriceSet"]["presentmentMoney"]["amount"] = amount
    with pytest.raises(BadPayload, match="not an amount"):
        connector.get_order(seven[0]["id"])
