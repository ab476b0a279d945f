"""Shopify's three ways to sign in, against the simulated shop."""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests

from order_channel_mapping.connectors import shopify_auth, tokens
from order_channel_mapping.connectors.base import AuthError, Consent, Login, Ports, SignatureError, Unavailable
from order_channel_mapping.connectors.shopify import ShopifyConnector
from tests.marketplaces.base import Reply
from tests.marketplaces.shopify_oauth import ACCESS_TOKEN, CLIENT_ID
from tests.marketplaces.shopify_shop import CLIENT_SECRET
from tests.ports import MemoryPort

CONSENT = Consent("https://odoo.example.com/back?db=shop", "https://odoo.example.com/keys", "st.a-t_e=")
APP = {"shop_domain": "simulated.myshopify.com", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@pytest.fixture(autouse=True)
def now(monkeypatch, clock):
    for module in (tokens, shopify_auth):
        monkeypatch.setattr(module, "utcnow", clock)
    return clock


@pytest.fixture
def login(sim):
    def make(method="oauth", url=sim.url, **changes):
        return Login(base_url=url, secrets=APP | changes, allow_insecure=True, auth_method=method)

    return make


@pytest.fixture
def agree(login):
    """Goes to Shopify's page as the seller's browser would; returns what comes back with it."""

    def go(decision="grant", account=None):
        url = ShopifyConnector.authorize_url(account or login(), CONSENT)
        answer = requests.get(url, params={"decision": decision}, allow_redirects=False, timeout=10)
        assert answer.status_code == 302
        back = urlsplit(answer.headers["Location"])
        query = dict(parse_qsl(back.query))
        assert (back.hostname, query.pop("db")) == ("odoo.example.com", "shop")
        return query

    return go


@pytest.fixture
def consented(login, agree):
    """The tokens of a seller who agreed."""
    return MemoryPort(**ShopifyConnector.exchange(login(), CONSENT, agree()).tokens)


@pytest.fixture
def open_shop(login):
    made = []

    def make(port, method="oauth", **changes):
        connector = ShopifyConnector(login(method, **changes), Ports(port, MemoryPort()))
        made.append(connector)
        return connector

    yield make
    for connector in made:
        connector.close()


def asked(sim, grant=None):
    """The forms that the token endpoint was sent."""
    forms = [parse_qs(item.raw.decode()) for item in sim.requests if item.path == ACCESS_TOKEN]
    return [form for form in forms if grant is None or form.get("grant_type") == [grant]]


# -- the seller's consent ---------------------------------------------------------------------------------------------


def test_where_the_seller_agrees():
    url = ShopifyConnector.authorize_url(Login(secrets=APP | {"shop_domain": "My-Shop"}), CONSENT)
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "my-shop.myshopify.com", "/admin/oauth/authorize")
    assert dict(parse_qsl(parts.query)) == {
        "client_id": CLIENT_ID,
        "scope": ",".join(shopify_auth.SCOPES),
        "redirect_uri": CONSENT.return_url,
        "state": CONSENT.state,
    }
    assert CLIENT_SECRET not in url


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": ""}, "missing"),
        ({"client_secret": ""}, "missing"),
        ({"client_id": "a b"}, "malformed"),
        ({"shop_domain": ""}, "missing"),
        ({"shop_domain": "shop.example.com"}, "shop_domain"),
    ],
)
def test_what_is_needed_before_the_seller_is_sent_away(changes, code):
    with pytest.raises(AuthError) as caught:
        ShopifyConnector.authorize_url(Login(secrets=APP | changes), CONSENT)
    assert caught.value.code == code


def test_a_seller_who_agrees(sim, consented, open_shop, clock):
    assert set(consented.state) == {"access_token", "refresh_token", "expires_at", "refresh_expires_at"}
    assert consented.get("expires_at") == (clock() + timedelta(hours=1)).isoformat()
    assert consented.get("refresh_expires_at") == (clock() + timedelta(days=90)).isoformat()
    assert [form["expiring"] for form in asked(sim)] == [["1"]]
    assert open_shop(consented).identify().name == "Simulated shop"


def test_an_app_whose_tokens_last(sim, login, agree, open_shop, clock):
    sim.app.expiring = False
    port = MemoryPort(**ShopifyConnector.exchange(login(), CONSENT, agree()).tokens)
    assert (port.get("refresh_token"), port.get("expires_at")) == ("", "")
    clock.tick(days=400)
    assert open_shop(port).identify()
    sim.app.revoke()
    with pytest.raises(AuthError) as caught:
        open_shop(port).identify()
    assert caught.value.code == "consent_needed"


def test_a_seller_who_does_not_agree(sim, login, agree):
    with pytest.raises(AuthError) as caught:
        ShopifyConnector.exchange(login(), CONSENT, agree("refuse"))
    assert caught.value.code == "consent_refused"
    assert not asked(sim)


@pytest.mark.parametrize("name", ["code", "shop", "state", "timestamp", "host", "hmac", "extra"])
def test_an_answer_that_was_tampered_with(sim, login, agree, name):
    params = agree()
    params[name] = {"shop": "other.myshopify.com"}.get(name, params.get(name, "") + "0")
    with pytest.raises(SignatureError):
        ShopifyConnector.exchange(login(), CONSENT, params)
    assert not asked(sim)


@pytest.mark.parametrize("given", ["", "ümlaut", None])
def test_an_answer_that_is_not_signed(sim, login, agree, given):
    params = {name: value for name, value in agree().items() if name != "hmac"}
    if given is not None:
        params["hmac"] = given
    with pytest.raises(SignatureError):
        ShopifyConnector.exchange(login(), CONSENT, params)
    assert not asked(sim)


@pytest.mark.parametrize("rest", ["code=a&shop=s&state=x%3A%2Fy", "code=a&shop=s&state=x:/y"])
def test_both_spellings_of_what_is_signed(rest):
    digest = hmac.new(b"secret", rest.encode(), hashlib.sha256).hexdigest()
    params = {"state": "x:/y", "shop": "s", "code": "a", "hmac": digest}
    assert shopify_auth.signed_by("secret", params)
    assert not shopify_auth.signed_by("other", params)
    # one value must not pass for two parameters
    assert not shopify_auth.signed_by("secret", {"code": "a&shop=s", "state": "x:/y", "hmac": digest})


@pytest.mark.parametrize("shop", ["other.myshopify.com", "evil.example.com", ""])
def test_another_shop_that_shopify_signed(sim, login, agree, shop):
    params = agree() | {"shop": shop}
    params.pop("hmac")
    params["hmac"] = sim.app.sign(params)
    with pytest.raises(AuthError) as caught:
        ShopifyConnector.exchange(login(), CONSENT, params)
    assert caught.value.code == "shop_domain"
    assert "evil" not in caught.value.message
    assert not asked(sim)


def test_a_code_is_good_once(sim, login, agree):
    params = agree()
    ShopifyConnector.exchange(login(), CONSENT, params)
    with pytest.raises(AuthError) as caught:
        ShopifyConnector.exchange(login(), CONSENT, params)
    assert caught.value.code == "consent_lost"


def test_a_code_is_not_sent_twice_when_the_answer_is_lost(sim, login, agree):
    params = agree()
    sim.fault("cut", match=ACCESS_TOKEN)
    with pytest.raises(Unavailable):
        ShopifyConnector.exchange(login(), CONSENT, params)
    assert len(asked(sim)) == 1


def test_a_seller_who_grants_less(sim, login, agree):
    sim.shop.scopes.remove("write_inventory")
    with pytest.raises(AuthError) as caught:
        ShopifyConnector.exchange(login(), CONSENT, agree())
    assert caught.value.code == "missing_scopes"
    assert "edit inventory" in caught.value.message
    assert "read inventory" not in caught.value.message


def test_the_right_to_write_is_the_right_to_read(sim, login, agree):
    sim.shop.scopes = [scope for scope in sim.shop.scopes if scope.replace("read_", "write_", 1) not in sim.shop.scopes]
    assert "read_inventory" not in sim.shop.scopes
    sim.shop.scopes += [scope for scope in shopify_auth.SCOPES if scope.startswith("write_")]
    assert ShopifyConnector.exchange(login(), CONSENT, agree()).tokens["access_token"]


# -- renewing ---------------------------------------------------------------------------------------------------------


def test_tokens_are_exchanged_every_hour(sim, consented, open_shop, clock):
    seen = {consented.get("refresh_token")}
    for _hour in range(3):
        clock.tick(minutes=60)
        assert open_shop(consented).identify()
        seen.add(consented.get("refresh_token"))
    assert len(seen) == 4
    assert len(asked(sim, "refresh_token")) == 3


def test_a_pass_longer_than_its_token(sim, consented, open_shop, clock):
    connector = open_shop(consented)
    connector.identify()
    clock.tick(minutes=60)
    connector.identify()
    assert len(asked(sim, "refresh_token")) == 1


def test_a_token_that_ends_early_is_renewed_once(sim, consented, open_shop):
    sim.app.expire_tokens()
    connector = open_shop(consented)
    assert connector.identify()
    assert len(asked(sim, "refresh_token")) == 1
    assert connector.calls == 4  # refused, renewed, and the two questions


def test_a_new_token_that_is_refused_too_ends_it(sim, consented, open_shop, monkeypatch):
    monkeypatch.setattr(sim.app, "scopes_of", lambda token: None)
    with pytest.raises(AuthError) as caught:
        open_shop(consented).identify()
    assert (caught.value.code, "Authorise again" in caught.value.message) == ("auth", True)
    assert len(asked(sim, "refresh_token")) == 1


def test_a_right_that_is_missing_is_no_reason_to_renew(sim, consented, open_shop):
    sim.fault("http_error", status=403, match="Granted")
    with pytest.raises(AuthError):
        open_shop(consented).identify()
    assert not asked(sim, "refresh_token")


def test_two_workers_renew_once(sim, consented, open_shop, clock):
    clock.tick(hours=2)
    together, names = threading.Barrier(2), []

    def work():
        connector = open_shop(consented)
        together.wait(5)
        names.append(connector.identify().name)

    workers = [threading.Thread(target=work) for _index in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    assert names == ["Simulated shop"] * 2
    assert len(asked(sim, "refresh_token")) == 1


class Killed(BaseException):
    """The process ends here."""


def test_killed_before_the_new_tokens_are_kept(sim, consented, open_shop, clock):
    clock.tick(hours=2)
    kept = dict(consented.state)

    def put(**_tokens):
        raise Killed

    consented.put, put = put, consented.put
    with pytest.raises(Killed):
        open_shop(consented).identify()
    assert (consented.state, len(asked(sim, "refresh_token"))) == (kept, 1)
    consented.put = put
    clock.tick(days=29)
    assert open_shop(consented).identify()  # the old refresh token is good until the new one is used
    clock.tick(hours=2)
    assert open_shop(consented).identify()


def test_killed_after_the_new_tokens_are_kept(sim, consented, open_shop, clock):
    clock.tick(hours=2)
    put = consented.put

    def last_act(**given):
        put(**given)
        raise Killed

    consented.put = last_act
    with pytest.raises(Killed):
        open_shop(consented).identify()
    consented.put = put
    assert open_shop(consented).identify()
    assert len(asked(sim, "refresh_token")) == 1


@pytest.mark.parametrize("fault", ["cut", "http_error"])
def test_an_answer_that_is_lost_on_the_way(sim, consented, open_shop, clock, fault):
    clock.tick(hours=2)
    sim.fault(fault, times=9, match=ACCESS_TOKEN, status=520)
    connector = open_shop(consented)
    connector._client.transport._sleep = lambda seconds: None
    with pytest.raises(Unavailable):
        connector.identify()
    sim.clear_faults()
    assert open_shop(consented).identify()


@pytest.mark.parametrize("method", ["oauth", "client_credentials"])
def test_one_lost_answer_is_asked_for_again(sim, consented, open_shop, clock, method):
    clock.tick(hours=2)
    sim.fault("cut", match=ACCESS_TOKEN)
    connector = open_shop(consented, method)
    connector._client.transport._sleep = lambda seconds: None
    assert connector.identify()
    assert len(asked(sim, "refresh_token" if method == "oauth" else method)) == 2


@pytest.mark.parametrize("end", ["revoke", "uninstall"])
def test_access_that_was_taken_away(sim, consented, open_shop, end):
    getattr(sim.app, end)()
    with pytest.raises(AuthError) as caught:
        open_shop(consented).identify()
    assert caught.value.code == "revoked"
    assert len(asked(sim, "refresh_token")) == 1


def test_access_that_was_not_renewed_for_90_days(consented, open_shop, clock):
    clock.tick(days=90)
    with pytest.raises(AuthError) as caught:
        open_shop(consented).identify()
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
def test_what_a_refusal_of_the_token_means(scripted, consented, open_shop, clock, reply, code):
    clock.tick(hours=2)
    kept = dict(consented.state)
    server = scripted(reply)
    with pytest.raises(Exception, match=r"\w") as caught:
        open_shop(consented, url=server.url).identify()
    assert caught.value.code == code
    assert (consented.state, server.count()) == (kept, 1)


# -- an app of the seller's own ---------------------------------------------------------------------------------------


def test_an_app_of_the_own_organisation(sim, open_shop, clock):
    port = MemoryPort()
    for hours, times in ((0, 1), (23, 1), (1, 2)):
        clock.tick(hours=hours)
        assert open_shop(port, "client_credentials").identify()
        assert len(asked(sim, "client_credentials")) == times
    assert port.get("refresh_token") == ""


@pytest.mark.parametrize(
    ("setting", "code"),
    [({"own_organisation": False}, "shop_not_permitted"), ({"installed": False}, "app_not_installed")],
)
def test_an_app_that_gets_no_token_by_itself(sim, open_shop, setting, code):
    sim.do("change", **setting)
    with pytest.raises(AuthError) as caught:
        open_shop(MemoryPort(), "client_credentials").identify()
    assert caught.value.code == code


@pytest.mark.parametrize("changes", [{"client_id": "wrong"}, {"client_secret": "wrong-secret"}])
def test_an_app_that_shopify_does_not_know(open_shop, changes):
    with pytest.raises(AuthError) as caught:
        open_shop(MemoryPort(), "client_credentials", **changes).identify()
    assert caught.value.code == "client_refused"


def test_rights_that_were_added_since_the_token_was_given(sim, open_shop):
    port = MemoryPort()
    all_scopes, sim.shop.scopes = sim.shop.scopes, [scope for scope in sim.shop.scopes if scope != "write_inventory"]
    with pytest.raises(AuthError) as caught:
        open_shop(port, "client_credentials").identify()
    assert (caught.value.code, "Dev Dashboard" in caught.value.message) == ("missing_scopes", True)
    sim.shop.scopes = all_scopes
    assert open_shop(port, "client_credentials").identify()


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


def test_a_seller_who_has_not_agreed_yet(sim, open_shop):
    with pytest.raises(AuthError) as caught:
        open_shop(MemoryPort()).identify()
    assert caught.value.code == "consent_needed"
    assert sim.count() == 0


@pytest.mark.parametrize(("method", "words"), [("token", "enter the new token"), ("oauth", "authorise again")])
def test_what_to_do_about_missing_rights(sim, consented, open_shop, method, words):
    sim.shop.scopes.remove("write_orders")
    with pytest.raises(AuthError) as caught:
        open_shop(consented, method, access_token=sim.shop.token).identify()
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


def test_secrets_travel_in_bodies_only_and_show_nowhere(sim, consented, open_shop, clock, caplog):
    caplog.set_level(logging.DEBUG)
    connector = open_shop(consented)
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


def test_a_refusal_that_repeats_the_secrets(scripted, consented, open_shop, clock):
    clock.tick(hours=2)
    token = consented.get("refresh_token")
    server = scripted(Reply(418, {"error": f"bad {token} {CLIENT_SECRET}"}))
    with pytest.raises(Exception, match=r"\*\*\*") as caught:
        open_shop(consented, url=server.url).identify()
    assert token not in str(caught.value)
    assert CLIENT_SECRET not in str(caught.value)
