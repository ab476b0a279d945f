"""Credentials never show, and nothing is asked of anybody but the account's own host."""

from __future__ import annotations

import base64
import json
import logging
from itertools import combinations
from urllib.parse import quote, quote_plus, unquote_plus

import pytest

from order_channel_mapping.connectors.base import ConnectorError
from order_channel_mapping.connectors.transport import Transport
from tests.contract.operations import OPERATIONS, operation
from tests.contract.worlds.base import Sale
from tests.marketplaces.base import Reply, Simulator


def secrets_of(world):
    fields = {field.name for field in world.connector_class().credential_fields if field.secret}
    secrets = [value for name, value in world.secrets.items() if name in fields]
    assert secrets
    return secrets


def spellings(world):
    """Every secret as it may stand in a log, an address, a header or JSON."""
    secrets, found = secrets_of(world), set()
    for secret in secrets:
        found |= {secret, quote(secret, safe=""), quote_plus(secret), quote(secret), json.dumps(secret)[1:-1]}
        found |= {repr(secret)[1:-1], base64.b64encode(secret.encode()).decode(), secret.encode().hex()}
    for left, right in combinations(secrets, 2):  # as in Basic authentication, either way round
        for pair in (f"{left}:{right}", f"{right}:{left}"):
            found.add(base64.b64encode(pair.encode()).decode())
    return found


def check(world, *texts):
    for text in map(str, texts):
        for secret in spellings(world):
            assert secret not in text, f"a secret shows in {text[:60]!r}…"


def everything(error):
    """All that a traceback could print of an error."""
    seen = []
    while error is not None:
        seen += [str(error), repr(error), error.args, vars(error)]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return seen


class Tattler(Simulator):
    """A server that repeats a secret to whoever asks, and all that it was sent."""

    def __init__(self, status, secret):
        super().__init__()
        self.status, self.secret = status, secret

    def handle(self, request):
        said = f"{self.secret} {quote(self.secret, safe='')} is wrong. {unquote_plus(request.path)} {request.headers}"
        return Reply(self.status, {"errors": said, "code": "not_possible", "message": said})


@pytest.fixture(params=OPERATIONS)
def act(request, world):
    return operation(world, request.param) or (lambda connector: None)


@pytest.fixture
def heard(caplog):
    """Everything that is logged, at every level."""
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "requests", "oauthlib", "requests_oauthlib", "order_channel_mapping"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


def log_of(heard):
    return [f"{record.name} {record.getMessage()} {record.args} {record.exc_text}" for record in heard.records]


def test_nothing_shows_when_all_goes_well(world, act, heard):
    connector = world.connect()
    result = act(connector)
    assert bool(log_of(heard)) is bool(connector.calls)
    check(world, *log_of(heard), repr(result), repr(connector), repr(vars(connector)))
    check(world, *(exchange.request.path for exchange in world.wire.exchanges))


@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_nothing_shows_when_a_server_says_it_aloud(world, act, heard, status):
    """Not in the error, nor in its causes, nor in the log."""
    for secret in secrets_of(world):
        with Tattler(status, secret) as server:
            world.hosts.add(server.url)
            world.pace.state = {}
            connector = world.connect(base_url=server.url)
            try:
                check(world, repr(act(connector)))
            except ConnectorError as error:
                check(world, *everything(error))
            assert len(server.requests) == connector.calls
            check(world, *(request.path for request in server.requests))
    check(world, *log_of(heard))


def test_nothing_shows_when_nobody_answers(world, act, heard):
    try:
        act(world.connect(base_url="http://127.0.0.1:1"))
    except ConnectorError as error:
        check(world, *everything(error))
    check(world, *log_of(heard))


def test_nothing_shows_in_what_is_kept(world, act):
    act(world.connect())
    check(world, json.dumps(world.pace.get()))


def test_no_secret_in_the_transport(world, monkeypatch):
    made = []
    init = Transport.__init__

    def noted(self, *args, **options):
        made.append(self)
        init(self, *args, **options)

    monkeypatch.setattr(Transport, "__init__", noted)
    world.connect().identify()
    assert made
    check(world, *map(repr, made), *(repr(transport.redact) for transport in made))


# -- only the account's own host --------------------------------------------------------------------------------------


class Decoy(Simulator):
    """Somebody else's server, which wants to be called."""

    def handle(self, request):
        return Reply(200, {"data": {}, "token": "caught"})


@pytest.fixture
def decoy():
    with Decoy() as server:
        yield server


def test_a_redirect_is_not_followed(world, act, decoy):
    for status in (301, 302, 303, 307, 308):
        world.wire.straighten()
        world.wire.instead(Reply(status, {}, {"Location": f"{decoy.url}/elsewhere"}))
        try:
            act(world.connect())
        except ConnectorError as error:
            assert error.code == "redirect"
    assert list(decoy.requests) == []


def test_addresses_in_answers_are_not_called(world, act, decoy, monkeypatch):
    """Neither in bodies nor in headers: a hacked shop must not fetch our credentials."""
    world.small_pages(monkeypatch, 2)
    for _index in range(5):
        world.add_item()
        world.add_order(Sale())
        world.clock.tick()

    def lure(reply):
        body = json.loads(reply.body)
        bait = f"{decoy.url}/next?page=2"
        headers = {
            **reply.headers,
            "Link": f'<{bait}>; rel="next", <{bait}>; rel="https://api.w.org/"',
            "Location": bait,
            "Content-Location": bait,
            "Refresh": f"0; url={bait}",
        }
        return Reply(reply.status, json.dumps(_baited(body, bait)).encode(), headers)

    world.wire.rewrite(lure)
    try:
        act(world.connect())
    except ConnectorError as error:
        assert error.message
    assert list(decoy.requests) == []


def _baited(value, bait):
    if isinstance(value, dict):
        return {key: _baited(part, bait) for key, part in value.items()}
    if isinstance(value, list):
        return [_baited(part, bait) for part in value]
    return bait if isinstance(value, str) and value.startswith(("http://", "https://")) else value


def test_an_address_without_encryption_is_refused(world):
    connector = world.connect(allow_insecure=False)
    with pytest.raises(ConnectorError):
        connector.identify()
    assert world.wire.exchanges == []


@pytest.mark.parametrize(
    "address", ["https://127.0.0.1", "https://169.254.169.254", "https://[::1]", "https://user:pw@127.0.0.1", "ftp://x"]
)
def test_an_address_that_no_marketplace_has_is_refused(world, address):
    connector = world.connect(base_url=address, allow_insecure=False)
    with pytest.raises(ConnectorError) as caught:
        connector.identify()
    assert not getattr(caught.value, "sent", False)
    check(world, *everything(caught.value))
