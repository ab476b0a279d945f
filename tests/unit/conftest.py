"""Simulated shops and connectors for the pure tests. Nothing here sleeps: what would be slept is noted."""

from __future__ import annotations

import sys

import pytest

from tests.marketplaces import catalogue
from tests.marketplaces.base import Reply, Simulator
from tests.marketplaces.shopify import ShopifySimulator
from tests.marketplaces.woocommerce import WooCommerceSimulator
from tests.marketplaces.woocommerce_shop import CONSUMER_KEY, CONSUMER_SECRET
from tests.ports import Clock, MemoryPort
from tests.unit.woocommerce_client import WooClient, stock_site


class Scripted(Simulator):
    """Answers one reply after the other, the last one for good."""

    def __init__(self, *replies: Reply):
        super().__init__()
        self.replies = list(replies) or [Reply(body={})]

    def handle(self, request):
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def scripted():
    """Starts a server with the given replies."""
    servers = []

    def start(*replies):
        servers.append(Scripted(*replies).start())
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def sim(clock):
    """A shop with a location, checked against Shopify's own schema where that is at hand."""
    simulator = ShopifySimulator(clock=clock)
    simulator.shop.add_location("Main")
    with simulator:
        yield simulator
    assert simulator.crashes == []


@pytest.fixture
def pace():
    return MemoryPort()


@pytest.fixture
def connect(sim, pace):
    """Makes a connector to the simulated shop; ``slept`` lists the seconds that it would have slept."""
    # a conftest is loaded before the addon can be imported without Odoo, see tests/conftest.py
    from order_channel_mapping.connectors.base import Login, Ports
    from order_channel_mapping.connectors.shopify import ShopifyConnector

    made = []

    def make(max_wait=3.0, location=None, **secrets):
        login = Login(
            base_url=sim.url,
            secrets={"shop_domain": "simulated.myshopify.com", "access_token": sim.shop.token, **secrets},
            allow_insecure=True,
            location=location,
        )
        connector = ShopifyConnector(login, Ports(MemoryPort(), pace, max_wait))
        connector.slept = []
        connector._client.transport._sleep = connector.slept.append
        made.append(connector)
        return connector

    yield make
    for connector in made:
        connector.close()


@pytest.fixture
def one_clock(monkeypatch, clock):
    """Tokens age here as they do at the marketplace."""
    from order_channel_mapping.connectors import shopify_auth, tokens

    for module in (tokens, shopify_auth):
        monkeypatch.setattr(module, "utcnow", clock)


@pytest.fixture
def sign_in(sim):
    """Signs an app in to the simulated shop."""
    from tests.unit.shopify_signin import SignIn

    signing = SignIn(sim)
    yield signing
    signing.close()


@pytest.fixture
def consented(one_clock, sign_in):
    """The tokens of a seller who agreed."""
    return MemoryPort(**sign_in.exchange(sign_in.agree()))


@pytest.fixture
def connector(connect):
    return connect()


@pytest.fixture
def read(connector):
    """The record of an order of the shop."""
    return lambda order: connector.get_order(order["id"])


@pytest.fixture
def sell(sim):
    """Sells plain things: ``sell(("10.00", 2), …)`` with what holds for the order."""

    vat, home = {"title": "VAT", "rate": 0.19}, catalogue.address(2)

    def order(*lines, **spec):
        described = []
        for line in lines:
            if isinstance(line, tuple):
                price, quantity = line
                number = len(sim.shop.variants) + 1
                ref = sim.shop.add_variant(sim.shop.add_product(f"Thing {number}"), sku=f"SKU-{number}", price=price)
                line = {"variant": ref, "quantity": quantity}
            described.append(line)
        return sim.shop.add_order({"included": True, "taxes": [vat], "address": home, **spec, "lines": described})

    return order


@pytest.fixture
def woo(clock):
    """A small WooCommerce site in New York, checked against the schemas of a live one where those are at hand."""
    simulator = WooCommerceSimulator(clock=clock)
    stock_site(simulator)
    with simulator:
        yield simulator
    assert simulator.crashes == []


@pytest.fixture
def woo_client(woo):
    return WooClient(woo)


@pytest.fixture
def woo_connect(woo):
    """Makes a connector to the small WooCommerce site; ``pace`` is kept from one to the next."""
    from order_channel_mapping.connectors.base import Login, Ports
    from order_channel_mapping.connectors.woocommerce import WooCommerceConnector

    made, pace = [], MemoryPort()

    def make(**options):
        keys = {"consumer_key": CONSUMER_KEY, "consumer_secret": CONSUMER_SECRET}
        login = Login(base_url=woo.url, secrets=keys, allow_insecure=True, options=options)
        connector = WooCommerceConnector(login, Ports(MemoryPort(), pace))
        connector._client.transport._sleep = lambda seconds: None
        made.append(connector)
        return connector

    yield make
    for connector in made:
        connector.close()


def python_steps(work):
    """How many lines of Python ``work()`` runs: a measure of its cost that no busy machine changes."""
    steps = 0

    def count(frame, event, arg):
        nonlocal steps
        steps += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        work()
    finally:
        sys.settrace(before)
    return steps
