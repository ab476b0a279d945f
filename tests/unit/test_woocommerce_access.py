"""Getting at a WooCommerce store: addresses, keys, consent, and what its refusals mean."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from requests_oauthlib import OAuth1

from order_channel_mapping.connectors.base import (
    AuthError,
    BadPayload,
    Consent,
    Login,
    Ports,
    RateLimited,
    Rejected,
    SignatureError,
    Unavailable,
)
from order_channel_mapping.connectors.records import StatusMeaning
from order_channel_mapping.connectors.woocommerce import WooCommerceConnector
from order_channel_mapping.connectors.woocommerce_client import _auth, store_address, store_ref
from tests.marketplaces.base import Reply
from tests.ports import MemoryPort

KEY, SECRET = "ck_0123456789", "cs_abc+/=xyz"
KEYS = {"consumer_key": KEY, "consumer_secret": SECRET}
CONSENT = Consent("https://odoo.example.com/back", "https://odoo.example.com/keys", "1-2.a_B-c")


@pytest.fixture
def store(scripted):
    """A connector to a server with the given answers."""
    made = []

    def make(*replies, options=None, path=""):
        server = scripted(*replies)
        login = Login(base_url=server.url + path, secrets=KEYS, allow_insecure=True, options=options or {})
        connector = WooCommerceConnector(login, Ports(MemoryPort(), MemoryPort()))
        connector._client.transport._sleep = lambda seconds: None
        connector.server = server
        made.append(connector)
        return connector

    yield make
    for connector in made:
        connector.close()


# -- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("shop.example.com", "https://shop.example.com"),
        (" https://Shop.Example.com/ ", "https://shop.example.com"),
        ("https://example.com/shop/", "https://example.com/shop"),
        ("https://example.com/shop/wp-admin/admin.php?page=x#y", "https://example.com/shop"),
        ("https://example.com/wp-json/wc/v3/", "https://example.com"),
        ("https://example.com:8443/wp-login.php", "https://example.com:8443"),
        ("https://example.com:443", "https://example.com"),
        ("https://bücher.example", "https://bücher.example"),
    ],
)
def test_an_address_is_brought_to_one_form(typed, address):
    assert store_address(typed) == address


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "missing"),
        (None, "missing"),
        ("http://shop.example.com", "not_https"),
        ("ftp://shop.example.com", "not_https"),
        ("https://user:secret@shop.example.com", "bad_address"),
        ("https://", "bad_address"),
        ("https://a b.example", "bad_address"),
        ("https://shop.example.com:port", "bad_address"),
    ],
)
def test_what_is_no_address_is_refused(typed, code):
    with pytest.raises(AuthError) as caught:
        store_address(typed)
    assert caught.value.code == code
    assert "secret" not in caught.value.message


def test_a_store_is_the_same_by_whatever_scheme():
    assert store_ref("http://Example.com/shop/") == store_ref("https://example.com/shop") == "example.com/shop"


# -- keys -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secrets", "code"),
    [
        ({}, "missing"),
        ({"consumer_key": KEY}, "missing"),
        ({"consumer_key": SECRET, "consumer_secret": KEY}, "malformed"),
        ({"consumer_key": "ck_é", "consumer_secret": SECRET}, "malformed"),
    ],
)
def test_keys_are_looked_at_before_they_are_sent(secrets, code):
    login = Login(secrets={"store_url": "https://shop.example.com", **secrets})
    with pytest.raises(AuthError) as caught:
        WooCommerceConnector(login, Ports(MemoryPort(), MemoryPort())).identify()
    assert caught.value.code == code


def test_plain_http_is_signed_and_the_secret_stays_here(store):
    connector = store(Reply(200, []))
    list(connector.iter_orders())
    (request,) = connector.server.requests
    header = request.headers["Authorization"]
    assert header.startswith("OAuth ")
    assert 'oauth_signature_method="HMAC-SHA256"' in header
    assert KEY not in request.path
    assert SECRET not in header + request.path


def test_https_carries_the_keys_in_a_header():
    auth = _auth("https://shop.example.com", KEY, SECRET)
    assert (auth.username, auth.password) == (KEY, SECRET)
    assert isinstance(_auth("http://127.0.0.1:1", KEY, SECRET), OAuth1)


def test_a_store_may_be_in_a_folder(store):
    connector = store(Reply(200, []), path="/shop")
    list(connector.iter_orders())
    assert connector.server.requests[0].path.startswith("/shop/wp-json/wc/v3/orders?")


# -- who --------------------------------------------------------------------------------------------------------------

STATUS = {"environment": {"home_url": "https://www.Example.com/shop"}, "settings": {"currency": "EUR"}}
TOTALS = [
    {"slug": "processing", "name": "Processing", "total": 3},
    {"slug": "checkout-draft", "name": "Draft", "total": 1},
    {"slug": "awaiting-pickup", "name": "Awaiting pickup &amp; call", "total": 1},
]
SITE = {"name": "Tea &amp; Co", "home": "https://www.example.com/shop", "timezone_string": "Europe/Berlin"}
COUNTRY = {"id": "woocommerce_default_country", "value": "DE:DE-BE"}
WHO = [Reply(200, STATUS), *[Reply(200, [])] * 3, Reply(200, SITE), Reply(200, COUNTRY), Reply(200, TOTALS)]


def test_a_store_says_who_it_is(store):
    connector = store(*WHO)
    account = connector.identify()
    assert (account.ref, account.site, account.name) == ("www.example.com/shop", "", "Tea & Co")
    assert (account.currency, account.country, account.timezone) == ("EUR", "DE", "Europe/Berlin")
    assert account.scopes == {"read_write"}
    assert [(status.code, status.name, status.meaning) for status in account.statuses] == [
        ("processing", "Processing", StatusMeaning.OPEN),
        ("checkout-draft", "Draft", StatusMeaning.SKIP),
        ("awaiting-pickup", "Awaiting pickup & call", StatusMeaning.HOLD),
        ("trash", "Trash", StatusMeaning.SKIP),
    ]
    assert connector.calls == 7


def test_connecting_only_reads(store):
    connector = store(*WHO)
    connector.identify()
    sent = [(request.path.partition("?")[0], request.body) for request in connector.server.requests]
    written = [(path.rpartition("/v3/")[2], body) for path, body in sent if path.endswith("/batch")]
    assert written == [("products/batch", {}), ("orders/batch", {}), ("webhooks/batch", {})]


def test_the_site_is_asked_without_keys(store):
    """WordPress takes them for a user's name and password, and refuses."""
    connector = store(*WHO)
    connector.identify()
    (site,) = [request for request in connector.server.requests if request.path.startswith("/wp-json/?")]
    assert "Authorization" not in site.headers


def test_a_site_that_says_nothing_to_strangers(store):
    replies = list(WHO)
    replies[4] = Reply(401, {"code": "rest_not_logged_in", "message": "No.", "data": {"status": 401}})
    account = store(*replies).identify()
    assert (account.ref, account.name, account.timezone) == ("www.example.com/shop", "www.example.com/shop", None)


def test_keys_that_may_only_read_are_refused_in_words(store):
    said = "The API key provided does not have write permissions."
    refusal = {"code": "woocommerce_rest_authentication_error", "message": said, "data": {"status": 401}}
    with pytest.raises(AuthError, match="set them to Read/Write") as caught:
        store(WHO[0], Reply(401, refusal)).identify()
    assert caught.value.code == "missing_scopes"


# -- refusals ---------------------------------------------------------------------------------------------------------


def wordpress(status, code, message):
    return Reply(status, {"code": code, "message": message, "data": {"status": status}})


def page(status, text="<html><body>Access denied</body></html>", **headers):
    return Reply(status, text.encode(), {"Content-Type": "text/html", **headers})


REFUSALS = [
    (wordpress(401, "woocommerce_rest_authentication_error", "Consumer key is invalid."), AuthError, "auth"),
    (wordpress(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources."), AuthError, "auth"),
    (wordpress(403, "woocommerce_rest_cannot_view", "Sorry, you cannot list."), AuthError, "access_denied"),
    (wordpress(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID."), Rejected, "not_found"),
    (wordpress(400, "rest_invalid_param", "Invalid parameter(s): page"), Rejected, "rest_invalid_param"),
    (wordpress(404, "rest_no_route", "No route was found."), Unavailable, "no_shop"),
    (wordpress(500, "internal_server_error", "<p>There has been a critical error.</p>"), Unavailable, "http_500"),
    (page(401, **{"WWW-Authenticate": 'Basic realm="staging"'}), AuthError, "access_denied"),
    (page(403), Unavailable, "blocked"),
    (page(404), Unavailable, "no_shop"),
    (page(503), Unavailable, "http_503"),
    (page(503, **{"Retry-After": "600"}), RateLimited, "rate_limited"),
    (page(429, **{"Retry-After": "60"}), RateLimited, "rate_limited"),
    (page(200), BadPayload, "not_json"),
]


@pytest.mark.parametrize(("reply", "kind", "code"), REFUSALS)
def test_each_refusal_is_what_it_is(store, reply, kind, code):
    with pytest.raises(kind) as caught:
        store(reply).get_order("1")
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert "<" not in caught.value.message


@pytest.mark.parametrize(("reply", "kind", "_code"), REFUSALS)
def test_no_refusal_gives_a_secret_away(store, reply, kind, _code):
    body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
    basic = base64.b64encode(f"{KEY}:{SECRET}".encode())
    body = body.replace(b"Invalid", b"%s %s %s Invalid" % (KEY.encode(), SECRET.encode(), basic))
    with pytest.raises(kind) as caught:
        store(Reply(reply.status, body, reply.headers)).get_order("1")
    for secret in (KEY, SECRET, basic.decode()):
        assert secret not in str(caught.value)


def test_what_php_prints_before_the_data_is_named(store):
    body = b"<br />\n<b>Warning</b>: Undefined variable $x in /srv/shop/plugin.php on line 3<br />\n[]"
    with pytest.raises(BadPayload, match=r"Warning: Undefined variable \$x") as caught:
        list(store(Reply(200, body)).iter_orders())
    assert caught.value.code == "not_json"


def test_a_byte_order_mark_does_no_harm(store):
    assert [page.records for page in store(Reply(200, b"\xef\xbb\xbf[]")).iter_orders()] == [()]


def test_a_redirect_says_what_to_enter(store):
    moved = {"Location": "https://www.example.com/shop/wp-json/wc/v3/orders?include=1"}
    with pytest.raises(Rejected, match=r"Enter https://www\.example\.com/shop instead") as caught:
        store(Reply(301, b"", moved)).get_order("1")
    assert caught.value.code == "redirect"
    with pytest.raises(Rejected, match="another page"):
        store(Reply(302, b"", {"Location": "https://www.example.com/wp-login.php?token=s"})).get_order("1")


# -- consent ----------------------------------------------------------------------------------------------------------


def login(**options):
    return Login(secrets={"store_url": "example.com/shop/wp-admin"}, **options)


def test_the_page_where_the_store_asks():
    url = urlsplit(WooCommerceConnector.authorize_url(login(), CONSENT))
    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://example.com/shop/wc-auth/v1/authorize"
    assert parse_qs(url.query) == {
        "app_name": ["Odoo"],
        "scope": ["read_write"],
        "user_id": [CONSENT.state],
        "return_url": [CONSENT.return_url],
        "callback_url": [CONSENT.callback_url],
    }
    assert "+" not in url.query


def test_a_store_hands_keys_only_to_a_secure_address():
    consent = Consent("http://odoo/back", "http://odoo/keys", "s")
    with pytest.raises(AuthError) as caught:
        WooCommerceConnector.authorize_url(login(), consent)
    assert caught.value.code == "callback_not_https"
    assert WooCommerceConnector.authorize_url(login(allow_insecure=True), consent)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"success": "0", "user_id": CONSENT.state}, "consent_refused"),
        ({}, "consent_refused"),
        ({"success": "1", "user_id": CONSENT.state}, "keys_not_delivered"),
    ],
)
def test_what_the_browser_brings_back(params, code):
    with pytest.raises(AuthError) as caught:
        WooCommerceConnector.exchange(login(), CONSENT, params)
    assert caught.value.code == code


def test_another_sellers_answer():
    with pytest.raises(SignatureError):
        WooCommerceConnector.exchange(login(), CONSENT, {"success": "1", "user_id": "another"})


DELIVERED = {"key_id": 1, "user_id": CONSENT.state, **KEYS, "key_permissions": "read_write"}


def test_keys_are_delivered():
    state, grant = WooCommerceConnector.delivery(json.dumps(DELIVERED).encode())
    assert state == CONSENT.state
    assert grant.credentials == KEYS
    assert SECRET not in repr(grant)


def test_keys_that_may_only_read_are_delivered():
    with pytest.raises(AuthError) as caught:
        WooCommerceConnector.delivery(json.dumps({**DELIVERED, "key_permissions": "read"}).encode())
    assert caught.value.code == "missing_scopes"


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"{}", b"\xff", json.dumps({**DELIVERED, "user_id": ""}).encode()])
def test_what_is_no_delivery(body):
    with pytest.raises(BadPayload):
        WooCommerceConnector.delivery(body)
