"""How the simulated Shopify treats apps: its consent page, its rule for refresh tokens, and its notifications."""

from __future__ import annotations

import json

import pytest
import requests

from order_channel_mapping.connectors.base import SignatureError
from order_channel_mapping.connectors.records import WebhookKind
from order_channel_mapping.connectors.shopify import ShopifyConnector
from tests.marketplaces.base import Reply
from tests.marketplaces.shopify import ShopifySimulator
from tests.marketplaces.shopify_oauth import ACCESS_TOKEN, AUTHORIZE, CLIENT_ID
from tests.marketplaces.shopify_shop import CLIENT_SECRET

BACK = "https://odoo.example.com/back"
HOOK = "https://odoo.example.com/hook"


def page(sim, **query):
    query = {"client_id": CLIENT_ID, "scope": "read_orders", "redirect_uri": BACK, "state": '"><x', **query}
    return requests.get(sim.url + AUTHORIZE, params=query, allow_redirects=False, timeout=10)


def token(sim, **form):
    form = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **form}
    answer = requests.post(sim.url + ACCESS_TOKEN, data=form, timeout=10)
    return answer.status_code, answer.json()


def renew(sim, refresh_token):
    return token(sim, grant_type="refresh_token", refresh_token=refresh_token)


@pytest.fixture
def pair(sim):
    """The first tokens of a seller's consent."""
    location = page(sim, decision="grant").headers["Location"]
    code = dict(part.split("=") for part in location.partition("?")[2].split("&"))["code"]
    status, answer = token(sim, code=code, expiring="1")
    assert (status, answer["scope"], answer["expires_in"]) == (200, "read_orders", 3600)
    return answer


# -- consent ----------------------------------------------------------------------------------------------------------


def test_the_page_asks_the_seller(sim):
    answer = page(sim)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert 'value="grant"' in answer.text
    assert "<x" not in answer.text
    sim.do("change", consent="refuse")
    assert "error=access_denied" in page(sim).headers["Location"]


def test_the_page_sends_nobody_to_a_stranger(sim):
    sim.do("change", redirect_urls=[BACK])
    assert page(sim, decision="grant").status_code == 302
    assert page(sim, decision="grant", redirect_uri="https://evil.example.com").status_code == 400
    assert page(sim, decision="grant", client_id="other").status_code == 400


def test_an_app_can_do_what_was_granted_and_no_more(sim, pair, connect, sell):
    sell(("10.00", 1))
    connector = connect(access_token=pair["access_token"])
    assert [len(page.records) for page in connector.iter_orders()] == [1]
    with pytest.raises(Exception, match="read_products"):
        list(connector.iter_items())


# -- refresh tokens ---------------------------------------------------------------------------------------------------


def test_a_used_refresh_token_is_good_until_its_replacement_is_used(sim, pair, clock):
    first = pair["refresh_token"]
    lost, kept = renew(sim, first)[1], renew(sim, first)[1]
    assert len({first, lost["refresh_token"], kept["refresh_token"]}) == 3
    clock.tick(days=29)
    assert renew(sim, first)[0] == 200
    newest = renew(sim, kept["refresh_token"])
    assert newest[0] == 200
    assert [renew(sim, gone["refresh_token"])[0] for gone in (pair, lost)] == [401, 401]
    assert renew(sim, newest[1]["refresh_token"])[0] == 200


def test_a_used_refresh_token_is_good_for_30_days_at_most(sim, pair, clock):
    assert renew(sim, pair["refresh_token"])[0] == 200
    clock.tick(days=30)
    assert renew(sim, pair["refresh_token"])[0] == 401


def test_a_refresh_token_ends_after_90_days(sim, pair, clock):
    clock.tick(days=89)
    assert renew(sim, pair["refresh_token"])[0] == 200
    clock.tick(days=1)
    status, answer = renew(sim, pair["refresh_token"])
    assert (status, answer["error"]) == (401, "invalid_request")


def test_an_access_token_ends_with_its_hour_or_its_renewal(sim, pair, clock):
    assert sim.app.scopes_of(pair["access_token"]) == ["read_orders"]
    new = renew(sim, pair["refresh_token"])[1]
    assert sim.app.scopes_of(pair["access_token"]) is None
    clock.tick(seconds=3600)
    assert sim.app.scopes_of(new["access_token"]) is None


def test_an_app_of_the_own_organisation_needs_no_seller(sim, clock):
    status, answer = token(sim, grant_type="client_credentials")
    assert (status, answer["expires_in"], "refresh_token" in answer) == (200, 86399, False)
    assert sim.app.scopes_of(answer["access_token"]) == sim.shop.scopes
    clock.tick(hours=24)
    assert sim.app.scopes_of(answer["access_token"]) is None


def test_the_custom_apps_token_lasts(sim, clock):
    clock.tick(days=4000)
    assert sim.app.scopes_of(sim.shop.token) == sim.shop.scopes


def test_what_the_app_was_given_survives_a_restart(sim, pair):
    again = ShopifySimulator(clock=sim.clock)
    again.load(json.loads(json.dumps(sim.dump())))
    assert again.dump() == sim.dump()
    assert again.app.scopes_of(pair["access_token"]) == ["read_orders"]


# -- notifications ----------------------------------------------------------------------------------------------------


@pytest.fixture
def listener(sim, scripted, connector):
    """A server that the shop notifies, as if it were Odoo's."""

    def start(*replies):
        server = scripted(*replies)
        sim.app.routes = {"https://odoo.example.com": server.url}
        connector.ensure_webhooks(HOOK, "")
        return server

    return start


def test_a_notification_is_signed(sim, listener, sell):
    server = listener(Reply(200))
    order = sell(("10.00", 1))["id"]
    assert sim.deliver_webhooks("ORDERS_UPDATED", order) == [{"uri": HOOK, "answers": [200]}]
    (request,) = server.requests
    assert request.path == "/hook"
    event = ShopifyConnector.verify_webhook(request.headers, request.raw, CLIENT_SECRET)
    assert (event.topic, event.kind, event.record_ref) == ("orders/updated", WebhookKind.ORDERS, order)
    assert event.triggered_at == sim.clock()
    with pytest.raises(SignatureError):
        ShopifyConnector.verify_webhook(request.headers, request.raw, "another")


def test_a_notification_that_fails_is_repeated(sim, listener):
    server = listener(Reply(500), Reply(302), Reply(200))
    assert sim.deliver_webhooks("products/update", "gid://shopify/Product/7")[0]["answers"] == [500, 302, 200]
    ids = {request.headers["X-Shopify-Webhook-Id"] for request in server.requests}
    assert len(ids) == 1
    sim.deliver_webhooks("products/update", "gid://shopify/Product/7")
    assert server.requests[-1].headers["X-Shopify-Webhook-Id"] not in ids


def test_a_subscription_ends_after_eight_retries(sim, listener, connector):
    server = listener(Reply(500))
    topics = len(sim.shop.webhooks)
    assert sim.deliver_webhooks("ORDERS_CREATE", retries=2)[0]["answers"] == [500] * 3
    assert len(sim.shop.webhooks) == topics
    assert sim.deliver_webhooks("ORDERS_CREATE")[0]["answers"] == [500] * 9
    assert [hook["topic"] for hook in sim.shop.webhooks].count("ORDERS_CREATE") == 0
    assert sim.deliver_webhooks("ORDERS_CREATE") == []
    connector.ensure_webhooks(HOOK, "")
    server.replies = [Reply(200)]
    assert sim.deliver_webhooks("ORDERS_CREATE")[0]["answers"] == [200]


def test_nobody_listens(sim, listener):
    listener(Reply(200)).stop()
    assert sim.deliver_webhooks("ORDERS_CREATE", retries=1)[0]["answers"] == [None, None]


@pytest.mark.parametrize("topic", ["customers/data_request", "customers/redact", "shop/redact"])
def test_requests_about_a_person_go_to_the_apps_own_address(sim, listener, topic):
    server = listener(Reply(500))
    assert sim.deliver_webhooks(topic) == []
    sim.do("change", compliance_url=HOOK)
    subscriptions = list(sim.shop.webhooks)
    (told,) = sim.do("deliver_webhooks", topic=topic, ref="gid://shopify/Order/5")
    assert (told["uri"], len(told["answers"])) == (HOOK, 9)
    assert sim.shop.webhooks == subscriptions
    event = ShopifyConnector.verify_webhook(server.requests[-1].headers, server.requests[-1].raw, CLIENT_SECRET)
    assert event.kind is WebhookKind.PRIVACY


def test_an_uninstalled_app(sim, listener, pair):
    server = listener(Reply(200))
    sim.deliver_webhooks("APP_UNINSTALLED")
    sim.do("uninstall")
    event = ShopifyConnector.verify_webhook(server.requests[-1].headers, server.requests[-1].raw, CLIENT_SECRET)
    assert event.kind is WebhookKind.UNINSTALLED
    assert sim.shop.webhooks == []
    assert token(sim, grant_type="client_credentials")[1]["error"] == "app_not_installed"
    assert renew(sim, pair["refresh_token"])[0] == 401


def test_settings_that_an_app_does_not_have(sim):
    with pytest.raises(ValueError, match="colour"):
        sim.do("change", colour="red")
