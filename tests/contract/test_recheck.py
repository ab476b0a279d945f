"""What became of orders that are known: deleted ones are told from those that are there."""

import pytest

from tests.contract.worlds.base import Sale

pytestmark = pytest.mark.needs("recheck")


def sell(world, number):
    return [world.add_order(Sale()) for _index in range(number)]


def test_orders_that_are_there_are_not_gone(world):
    refs = sell(world, 3)
    page = world.connect().get_orders(refs)
    assert page.gone == ()
    assert {order.external_id for order in page.records} <= set(refs)


def test_deleted_orders_are_gone(world):
    first, second, third = sell(world, 3)
    world.remove_order(second)
    page = world.connect().get_orders([first, second, third])
    assert page.gone == (second,)
    assert second not in {order.external_id for order in page.records}


def test_the_only_one_that_is_asked_for(world):
    (ref,) = sell(world, 1)
    world.remove_order(ref)
    assert world.connect().get_orders([ref]).gone == (ref,)


def test_what_is_no_order_of_this_marketplace_is_not_asked_for(world):
    assert world.connect().get_orders(["not an order"]).gone == ()
    assert world.connect().get_orders([]).gone == ()


def test_a_hundred_orders_cost_a_handful_of_calls(world):
    refs = sell(world, 100)
    connector = world.connect()
    assert connector.get_orders(refs).gone == ()
    assert connector.calls <= 3
