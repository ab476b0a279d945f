"""The seller's consent on Shopify's page: where it is asked for, and what of the answer is believed."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from order_channel_mapping.connectors import shopify_auth
from order_channel_mapping.connectors.base import AuthError, Login, SignatureError, Unavailable
from order_channel_mapping.connectors.shopify import ShopifyConnector
from tests.marketplaces.shopify_oauth import ACCESS_TOKEN, CLIENT_ID
from tests.marketplaces.shopify_shop import CLIENT_SECRET
from tests.ports import MemoryPort
from tests.unit.shopify_signin import APP, CONSENT

pytestmark = pytest.mark.usefixtures("one_clock")


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


def test_a_seller_who_agrees(consented, sign_in, clock):
    assert set(consented.state) == {"access_token", "refresh_token", "expires_at", "refresh_expires_at"}
    assert consented.get("expires_at") == (clock() + timedelta(hours=1)).isoformat()
    assert consented.get("refresh_expires_at") == (clock() + timedelta(days=90)).isoformat()
    assert [form["expiring"] for form in sign_in.forms()] == [["1"]]
    assert sign_in.connect(consented).identify().name == "Simulated shop"


def test_an_app_whose_tokens_last(sim, sign_in, clock):
    sim.app.expiring = False
    port = MemoryPort(**sign_in.exchange(sign_in.agree()))
    assert (port.get("refresh_token"), port.get("expires_at")) == ("", "")
    clock.tick(days=400)
    assert sign_in.connect(port).identify()
    sim.app.revoke()
    with pytest.raises(AuthError) as caught:
        sign_in.connect(port).identify()
    assert caught.value.code == "consent_needed"


def test_a_seller_who_does_not_agree(sign_in):
    with pytest.raises(AuthError) as caught:
        sign_in.exchange(sign_in.agree("refuse"))
    assert caught.value.code == "consent_refused"
    assert not sign_in.forms()


@pytest.mark.parametrize("name", ["code", "shop", "state", "timestamp", "host", "hmac", "extra"])
def test_an_answer_that_was_tampered_with(sign_in, name):
    params = sign_in.agree()
    params[name] = {"shop": "other.myshopify.com"}.get(name, params.get(name, "") + "0")
    with pytest.raises(SignatureError):
        sign_in.exchange(params)
    assert not sign_in.forms()


@pytest.mark.parametrize("given", ["", "ümlaut", None])
def test_an_answer_that_is_not_signed(sign_in, given):
    params = {name: value for name, value in sign_in.agree().items() if name != "hmac"}
    if given is not None:
        params["hmac"] = given
    with pytest.raises(SignatureError):
        sign_in.exchange(params)
    assert not sign_in.forms()


@pytest.mark.parametrize("rest", ["code=a&shop=s&state=x%3A%2Fy", "code=a&shop=s&state=x:/y"])
def test_both_spellings_of_what_is_signed(rest):
    digest = hmac.new(b"secret", rest.encode(), hashlib.sha256).hexdigest()
    params = {"state": "x:/y", "shop": "s", "code": "a", "hmac": digest}
    assert shopify_auth.signed_by("secret", params)
    assert not shopify_auth.signed_by("other", params)
    # one value must not pass for two parameters
    assert not shopify_auth.signed_by("secret", {"code": "a&shop=s", "state": "x:/y", "hmac": digest})


@pytest.mark.parametrize("shop", ["other.myshopify.com", "evil.example.com", ""])
def test_another_shop_that_shopify_signed(sim, sign_in, shop):
    params = sign_in.agree() | {"shop": shop}
    params.pop("hmac")
    params["hmac"] = sim.app.sign(params)
    with pytest.raises(AuthError) as caught:
        sign_in.exchange(params)
    assert caught.value.code == "shop_domain"
    assert "evil" not in caught.value.message
    assert not sign_in.forms()


def test_a_code_is_good_once(sign_in):
    params = sign_in.agree()
    sign_in.exchange(params)
    with pytest.raises(AuthError) as caught:
        sign_in.exchange(params)
    assert caught.value.code == "consent_lost"


def test_a_code_is_not_sent_twice_when_the_answer_is_lost(sim, sign_in):
    params = sign_in.agree()
    sim.fault("cut", match=ACCESS_TOKEN)
    with pytest.raises(Unavailable):
        sign_in.exchange(params)
    assert len(sign_in.forms()) == 1


def test_a_seller_who_grants_less(sim, sign_in):
    sim.shop.scopes.remove("write_inventory")
    with pytest.raises(AuthError) as caught:
        sign_in.exchange(sign_in.agree())
    assert caught.value.code == "missing_scopes"
    assert "edit inventory" in caught.value.message
    assert "read inventory" not in caught.value.message


def test_the_right_to_write_is_the_right_to_read(sim, sign_in):
    sim.shop.scopes = [scope for scope in sim.shop.scopes if scope.replace("read_", "write_", 1) not in sim.shop.scopes]
    assert "read_inventory" not in sim.shop.scopes
    sim.shop.scopes += [scope for scope in shopify_auth.SCOPES if scope.startswith("write_")]
    assert sign_in.exchange(sign_in.agree())["access_token"]
