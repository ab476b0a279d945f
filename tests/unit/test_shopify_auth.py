"""Tokens for Shopify: renewed in time, one way or another, and shown nowhere."""

from __future__ import annotations

import logging
import threading

import pytest

from order_channel_mapping.connectors import shopify_auth
from order_channel_mapping.connectors.base import AuthError, Login, Ports, Unavailable
from order_channel_mapping.connectors.shopify import ShopifyConnector
from tests.marketplaces.base import Reply
from tests.marketplaces.shopify_oauth import ACCESS_TOKEN
from tests.marketplaces.shopify_shop import CLIENT_SECRET
from tests.ports import MemoryPort

pytestmark = pytest.mark.usefixtures("one_clock")

# -- renewing ---------------------------------------------------------------------------------------------------------


def test_tokens_are_exchanged_every_hour(consented, sign_in, clock):
    seen = {consented.get("refresh_token")}
    for _hour in range(3):
        clock.tick(minutes=60)
        assert sign_in.connect(consented).identify()
        seen.add(consented.get("refresh_token"))
    assert len(seen) == 4
    assert len(sign_in.forms("refresh_token")) == 3


def test_a_pass_longer_than_its_token(consented, sign_in, clock):
    connector = sign_in.connect(consented)
    connector.identify()
    clock.tick(minutes=60)
    connector.identify()
    assert len(sign_in.forms("refresh_token")) == 1


def test_a_token_that_ends_early_is_renewed_once(sim, consented, sign_in):
    sim.app.expire_tokens()
    connector = sign_in.connect(consented)
    assert connector.identify()
    assert len(sign_in.forms("refresh_token")) == 1
    assert connector.calls == 4  # refused, renewed, and the two questions


def test_a_new_token_that_is_refused_too_ends_it(sim, consented, sign_in, monkeypatch):
    monkeypatch.setattr(sim.app, "scopes_of", lambda token: None)
    with pytest.raises(AuthError) as caught:
        sign_in.connect(consented).identify()
    assert (caught.value.code, "Authorise again" in caught.value.message) == ("auth", True)
    assert len(sign_in.forms("refresh_token")) == 1


def test_a_right_that_is_missing_is_no_reason_to_renew(sim, consented, sign_in):
    sim.fault("http_error", status=403, match="Granted")
    with pytest.raises(AuthError):
        sign_in.connect(consented).identify()
    assert not sign_in.forms("refresh_token")


def test_two_workers_renew_once(consented, sign_in, clock):
    clock.tick(hours=2)
    together, names = threading.Barrier(2), []

    def work():
        connector = sign_in.connect(consented)
        together.wait(5)
        names.append(connector.identify().name)

    workers = [threading.Thread(target=work) for _index in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    assert names == ["Simulated shop"] * 2
    assert len(sign_in.forms("refresh_token")) == 1


class Killed(BaseException):
    """The process ends here."""


def test_killed_before_the_new_tokens_are_kept(consented, sign_in, clock):
    clock.tick(hours=2)
    kept = dict(consented.state)

    def put(**_tokens):
        raise Killed

    consented.put, put = put, consented.put
    with pytest.raises(Killed):
        sign_in.connect(consented).identify()
    assert (consented.state, len(sign_in.forms("refresh_token"))) == (kept, 1)
    consented.put = put
    clock.tick(days=29)
    assert sign_in.connect(consented).identify()  # the old refresh token is good until the new one is used
    clock.tick(hours=2)
    assert sign_in.connect(consented).identify()


def test_killed_after_the_new_tokens_are_kept(consented, sign_in, clock):
    clock.tick(hours=2)
    put = consented.put

    def last_act(**given):
        put(**given)
        raise Killed

    consented.put = last_act
    with pytest.raises(Killed):
        sign_in.connect(consented).identify()
    consented.put = put
    assert sign_in.connect(consented).identify()
    assert len(sign_in.forms("refresh_token")) == 1


@pytest.mark.parametrize("fault", ["cut", "http_error"])
def test_an_answer_that_is_lost_on_the_way(sim, consented, sign_in, clock, fault):
    clock.tick(hours=2)
    sim.fault(fault, times=9, match=ACCESS_TOKEN, status=520)
    connector = sign_in.connect(consented)
    with pytest.raises(Unavailable):
        connector.identify()
    sim.clear_faults()
    assert sign_in.connect(consented).identify()


@pytest.mark.parametrize("method", ["oauth", "client_credentials"])
def test_one_lost_answer_is_asked_for_again(sim, consented, sign_in, clock, method):
    clock.tick(hours=2)
    sim.fault("cut", match=ACCESS_TOKEN)
    connector = sign_in.connect(consented, method)
    assert connector.identify()
    assert len(sign_in.forms("refresh_token" if method == "oauth" else method)) == 2


@pytest.mark.parametrize("end", ["revoke", "uninstall"])
def test_access_that_was_taken_away(sim, consented, sign_in, end):
    getattr(sim.app, end)()
    with pytest.raises(AuthError) as caught:
        sign_in.connect(consented).identify()
    assert caught.value.code == "revoked"
    assert len(sign_in.forms("refresh_token")) == 1


def test_access_that_was_not_renewed_for_90_days(consented, sign_in, clock):
    clock.tick(days=90)
    with pytest.raises(AuthError) as caught:
        sign_in.connect(consented).identify()
    assert caught.value.code == "revoked"


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(400, {"error": "invalid_grant", "error_description": "expired"}), "revoked"),
        (Reply(401, {"error": "invalid_request"}), "revoked"),
        (Reply(400, b"<h1>400</h1>"), "revoked"),
        (Reply(400, ["error"]), "revoked"),
        (Reply(401, {"error": "invalid_client"}), "client_refused"),
        (Reply(400, b"<b>Oauth error app_not_installed: The application ..."), "app_not_installed"),
        (Reply(404, b"no such shop"), "no_shop"),
        (Reply(200, {"scope": "read_orders"}), "no_token"),
        (Reply(200, b"<html>"), "not_json"),
        (Reply(302, b"", {"Location": "https://evil.example.com"}), "redirect"),
    ],
)
def test_what_a_refusal_of_the_token_means(scripted, consented, sign_in, clock, reply, code):
    clock.tick(hours=2)
    kept = dict(consented.state)
    server = scripted(reply)
    with pytest.raises(Exception, match=r"\w") as caught:
        sign_in.connect(consented, url=server.url).identify()
    assert caught.value.code == code
    assert (consented.state, server.count()) == (kept, 1)


# -- an app of the seller's own ---------------------------------------------------------------------------------------


def test_an_app_of_the_own_organisation(sign_in, clock):
    port = MemoryPort()
    for hours, times in ((0, 1), (23, 1), (1, 2)):
        clock.tick(hours=hours)
        assert sign_in.connect(port, "client_credentials").identify()
        assert len(sign_in.forms("client_credentials")) == times
    assert port.get("refresh_token") == ""


@pytest.mark.parametrize(
    ("setting", "code"),
    [({"own_organisation": False}, "shop_not_permitted"), ({"installed": False}, "app_not_installed")],
)
def test_an_app_that_gets_no_token_by_itself(sim, sign_in, setting, code):
    sim.do("change", **setting)
    with pytest.raises(AuthError) as caught:
        sign_in.connect(MemoryPort(), "client_credentials").identify()
    assert caught.value.code == code


@pytest.mark.parametrize("changes", [{"client_id": "wrong"}, {"client_secret": "wrong-secret"}])
def test_an_app_that_shopify_does_not_know(sign_in, changes):
    with pytest.raises(AuthError) as caught:
        sign_in.connect(MemoryPort(), "client_credentials", **changes).identify()
    assert caught.value.code == "client_refused"


def test_rights_that_were_added_since_the_token_was_given(sim, sign_in):
    port = MemoryPort()
    all_scopes, sim.shop.scopes = sim.shop.scopes, [scope for scope in sim.shop.scopes if scope != "write_inventory"]
    with pytest.raises(AuthError) as caught:
        sign_in.connect(port, "client_credentials").identify()
    assert (caught.value.code, "Dev Dashboard" in caught.value.message) == ("missing_scopes", True)
    sim.shop.scopes = all_scopes
    assert sign_in.connect(port, "client_credentials").identify()


# -- which way --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secrets", "kept", "method"),
    [
        ({"access_token": "shpat_1", "client_id": "1"}, {}, "token"),
        ({"client_secret": "x"}, {}, "token"),
        ({"client_id": "1"}, {}, "client_credentials"),
        ({"client_id": "1"}, {"refresh_token": "r"}, "oauth"),
        ({"client_id": "1"}, {"refresh_token": "", "access_token": "a"}, "client_credentials"),
    ],
)
def test_the_way_is_told_by_what_there_is(secrets, kept, method):
    ports = Ports(MemoryPort(**kept), MemoryPort())
    assert shopify_auth.method_of(Login(secrets=secrets), ports) == method
    assert shopify_auth.method_of(Login(secrets=secrets, auth_method="oauth"), ports) == "oauth"


def test_a_seller_who_has_not_agreed_yet(sim, sign_in):
    with pytest.raises(AuthError) as caught:
        sign_in.connect(MemoryPort()).identify()
    assert caught.value.code == "consent_needed"
    assert sim.count() == 0


@pytest.mark.parametrize(("method", "words"), [("token", "enter the new token"), ("oauth", "authorise again")])
def test_what_to_do_about_missing_rights(sim, consented, sign_in, method, words):
    sim.shop.scopes.remove("write_orders")
    with pytest.raises(AuthError) as caught:
        sign_in.connect(consented, method, access_token=sim.shop.token).identify()
    assert "edit orders (to cancel them)" in caught.value.message
    assert words in caught.value.message


def test_ways_and_fields_fit():
    names = {field.name for field in ShopifyConnector.credential_fields}
    for way in ShopifyConnector.auth_methods:
        assert set(way.required) <= set(way.fields) <= names
        assert way.help
        assert way.code in shopify_auth.REFUSED
        assert way.code in shopify_auth.WIDEN


# -- secrets ----------------------------------------------------------------------------------------------------------


def test_secrets_travel_in_bodies_only_and_show_nowhere(sim, consented, sign_in, clock, caplog):
    caplog.set_level(logging.DEBUG)
    connector = sign_in.connect(consented)
    connector.identify()
    secrets = {CLIENT_SECRET, consented.get("access_token"), consented.get("refresh_token")}
    clock.tick(hours=2)
    connector.identify()
    secrets |= {consented.get("access_token"), consented.get("refresh_token")}
    assert len(secrets) == 5
    said = "\n".join(
        [caplog.text, repr(connector.account), repr(connector._client.transport), *(r.path for r in sim.requests)]
    )
    redacted = connector._client.transport.redact(" ".join(secrets))
    for secret in secrets:
        assert secret not in said
        assert secret not in redacted


def test_a_refusal_that_repeats_the_secrets(scripted, consented, sign_in, clock):
    clock.tick(hours=2)
    token = consented.get("refresh_token")
    server = scripted(Reply(418, {"error": f"bad {token} {CLIENT_SECRET}"}))
    with pytest.raises(Exception, match=r"\*\*\*") as caught:
        sign_in.connect(consented, url=server.url).identify()
    assert token not in str(caught.value)
    assert CLIENT_SECRET not in str(caught.value)
