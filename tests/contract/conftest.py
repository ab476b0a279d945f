"""The official specifications, where they are at hand, and the worlds that the conformance suite runs in.

A test that takes ``world`` runs once for every marketplace; one marked ``@needs("stock")`` only where the marketplace can
do that (what it lacks is declared, with the reason, in its world); one that takes ``feed`` once for each kind of fetch as
well. When it ends, all that was asked and answered is checked against the official specification, nothing has called
any other address, and the simulator has not stumbled.
"""

from __future__ import annotations

import gzip
import json
import socket

import pytest

from tests.marketplaces.base import specs_folder
from tests.marketplaces.shopify_graphql import official_schema
from tests.ports import Clock

ABSENT = "official specs not present"
#: where nobody listens; tests of that may call it
NOWHERE = "http://127.0.0.1:1"


def pytest_configure(config):
    config.addinivalue_line("markers", "needs(capability): runs for the marketplaces that can do that")


def pytest_generate_tests(metafunc):
    if "world" not in metafunc.fixturenames:
        return
    # a conftest is loaded before the addon can be imported without Odoo, see tests/conftest.py
    from tests.contract.worlds import world_classes

    feeds = ("all items", "changed items", "orders") if "feed" in metafunc.fixturenames else (None,)
    needed = {name for mark in metafunc.definition.iter_markers("needs") for name in mark.args}
    cases = [
        pytest.param((cls, kind), id="-".join(filter(None, (provider, kind and kind.replace(" ", "_")))))
        for provider, cls in world_classes().items()
        for kind in feeds
        if not needed & cls.lacks.keys()
    ]
    metafunc.parametrize("_case", cases, indirect=True)


@pytest.fixture
def _case(request):
    return request.param


@pytest.fixture
def clock():
    """The marketplace's clock: a year away from this machine's."""
    return Clock()


@pytest.fixture
def slept(monkeypatch):
    """What connectors would have slept, in seconds."""
    from order_channel_mapping.connectors.transport import Transport

    seconds = []
    made = Transport.__init__
    monkeypatch.setattr(
        Transport, "__init__", lambda self, *args, **options: made(self, *args, **{"sleep": seconds.append, **options})
    )
    return seconds


@pytest.fixture
def addresses(monkeypatch):
    """Every address that this process connects to."""
    called = []
    connect = socket.socket.connect

    def watched(self, address):
        called.append(address)
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", watched)
    return called


@pytest.fixture
def world(_case, clock, slept, addresses):
    """A marketplace with nothing on sale."""
    with _case[0](clock) as made:
        yield made
        home = made.simulator.url
    assert made.simulator.crashes == []
    called = {"http://{}:{}".format(*address[:2]) for address in addresses}
    assert called <= {home, NOWHERE, *made.hosts}, "nothing is asked of any other host"
    if specs_folder().is_dir():
        # what was said twice need not be looked at twice
        said = {one.key: one for one in made.wire.exchanges}
        found = [complaint for exchange in said.values() for complaint in made.contradictions(exchange)]
        assert found == [], "the official specification says otherwise"


@pytest.fixture
def feed(_case, world):
    """One kind of fetch of the world."""
    from tests.contract.feeds import Feed

    return Feed(world, _case[1])


@pytest.fixture(scope="session")
def specs():
    folder = specs_folder()
    if not folder.is_dir():
        pytest.skip(ABSENT)
    return folder


@pytest.fixture(scope="session")
def introspection(specs):
    """Shopify's own introspection result of the version that the connector asks for, with the scopes it needs."""
    from order_channel_mapping.connectors.shopify_documents import API_VERSION

    with gzip.open(specs / "shopify" / f"admin_{API_VERSION}.json.gz") as file:
        return json.load(file)["data"]


@pytest.fixture(scope="session")
def schema(specs):
    from order_channel_mapping.connectors.shopify_documents import API_VERSION

    return official_schema(API_VERSION)
