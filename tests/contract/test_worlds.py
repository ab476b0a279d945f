"""That every connector is in the suite, and that what it declares about itself holds together."""

from __future__ import annotations

import pytest

from order_channel_mapping.connectors import connector_classes
from order_channel_mapping.connectors.base import AuthError, Connector
from order_channel_mapping.connectors.records import Account
from tests.contract.worlds import world_classes
from tests.marketplaces.base import Reply

CAPABILITIES = frozenset(
    {"items", "orders", "recheck", "stock", "compare", "ship", "cancel", "webhooks", "locations", "oauth", "poll"}
)
#: the values of the account's field that says how its credentials are proved
AUTH_METHODS = frozenset({"token", "keys", "oauth", "client_credentials"})
CLASSES = connector_classes()


def test_every_connector_has_a_world():
    assert world_classes().keys() == CLASSES.keys()


@pytest.mark.parametrize("provider", CLASSES)
def test_what_a_marketplace_lacks_is_said_with_the_reason(provider):
    lacks = world_classes()[provider].lacks
    assert lacks.keys() == CAPABILITIES - CLASSES[provider].capabilities
    assert all(len(reason) > 10 for reason in lacks.values())


@pytest.mark.parametrize("provider", CLASSES)
def test_credentials_and_ways_to_sign_in_fit_together(provider):
    cls = CLASSES[provider]
    names = [field.name for field in cls.credential_fields]
    assert len(names) == len(set(names)) > 0
    for field in cls.credential_fields:
        assert field.label
        assert field.help, f"{field.name}: say where it is found"
    codes = [method.code for method in cls.auth_methods]
    assert len(codes) == len(set(codes))
    assert set(codes) <= AUTH_METHODS
    for method in cls.auth_methods:
        assert method.label
        assert set(method.required) <= set(method.fields) <= set(names), method.code
        assert method.required or method.consent, f"{method.code}: connecting with nothing at all"
        if method.consent:
            assert cls.authorize_url.__func__ is not Connector.authorize_url.__func__
    if cls.webhook_credential:
        assert cls.webhook_credential in names
    if cls.auth_methods:
        assert set().union(*(method.fields for method in cls.auth_methods)) == set(names), "a field nobody asks for"


@pytest.mark.parametrize("provider", CLASSES)
def test_what_looks_like_a_secret_is_kept_as_one(provider):
    for field in CLASSES[provider].credential_fields:
        if any(word in field.name for word in ("secret", "token", "password", "consumer_key", "api_key")):
            assert field.secret, field.name


def test_a_login_shows_no_secret(world):
    shown = repr(world.login())
    for field in world.connector_class().credential_fields:
        if field.secret:
            assert world.secrets[field.name] not in shown


def test_the_marketplace_says_who_it_is(world):
    account = world.connect().identify()
    assert isinstance(account, Account)
    assert account.ref
    assert len(account.currency) == 3
    assert account.timezone is None or "/" in account.timezone or account.timezone == "UTC"
    assert [place.ref for place in account.locations] == ([world.location] if world.location else [])
    assert bool(account.locations) is ("locations" in world.connector_class().capabilities)
    codes = [status.code for status in account.statuses]
    assert len(codes) == len(set(codes))


def test_the_same_account_has_the_same_name_whoever_asks(world):
    first, second = world.connect().identify(), world.connect().identify()
    assert (first.ref, first.site) == (second.ref, second.site)


def test_every_call_is_counted(world):
    connector = world.connect()
    assert connector.calls == 0
    world.add_item()
    connector.identify()
    list(connector.iter_items())
    list(connector.iter_orders())
    assert connector.calls == len(world.wire.exchanges) > 2


def test_repeated_calls_are_counted(world):
    connector = world.connect()
    world.wire.instead(Reply(502), times=2)
    connector.identify()
    assert connector.calls == len(world.wire.exchanges) >= 3


def test_nothing_is_asked_before_it_is_needed(world):
    connector = world.connect()
    connector.close()
    assert world.wire.exchanges == []


def test_a_connector_without_credentials_asks_for_them(world):
    connector = world.connect(secrets={})
    with pytest.raises(AuthError):
        connector.identify()
    assert world.wire.exchanges == []
