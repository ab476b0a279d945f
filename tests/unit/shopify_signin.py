"""A seller and an app that signs in to the simulated Shopify."""

from __future__ import annotations

from urllib.parse import parse_qs, parse_qsl, urlsplit

import requests

from order_channel_mapping.connectors.base import Consent, Login, Ports
from order_channel_mapping.connectors.shopify import ShopifyConnector
from tests.marketplaces.shopify_oauth import ACCESS_TOKEN, CLIENT_ID
from tests.marketplaces.shopify_shop import CLIENT_SECRET
from tests.ports import MemoryPort

CONSENT = Consent("https://odoo.example.com/back?db=shop", "https://odoo.example.com/keys", "st.a-t_e=")
APP = {"shop_domain": "simulated.myshopify.com", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


class SignIn:
    """What the pure tests do with one simulated shop. ``close`` gives back the connectors that were made."""

    def __init__(self, sim):
        self.sim = sim
        self._made: list[ShopifyConnector] = []

    def login(self, method="oauth", url=None, **changes) -> Login:
        return Login(base_url=url or self.sim.url, secrets=APP | changes, allow_insecure=True, auth_method=method)

    def agree(self, decision="grant") -> dict[str, str]:
        """Go to Shopify's page as the seller's browser would; what comes back with it."""
        url = ShopifyConnector.authorize_url(self.login(), CONSENT)
        answer = requests.get(url, params={"decision": decision}, allow_redirects=False, timeout=10)
        assert answer.status_code == 302
        back = urlsplit(answer.headers["Location"])
        query = dict(parse_qsl(back.query))
        assert (back.hostname, query.pop("db")) == ("odoo.example.com", "shop")
        return query

    def exchange(self, params) -> dict[str, str]:
        return dict(ShopifyConnector.exchange(self.login(), CONSENT, params).tokens)

    def connect(self, port, method="oauth", **changes) -> ShopifyConnector:
        """A connector whose waits take no time."""
        connector = ShopifyConnector(self.login(method, **changes), Ports(port, MemoryPort()))
        connector._client.transport._sleep = lambda seconds: None
        self._made.append(connector)
        return connector

    def forms(self, grant=None) -> list[dict[str, list[str]]]:
        """What the token endpoint was sent, for one kind of grant or all."""
        forms = [parse_qs(item.raw.decode()) for item in self.sim.requests if item.path == ACCESS_TOKEN]
        return [form for form in forms if grant is None or form.get("grant_type") == [grant]]

    def close(self) -> None:
        for connector in self._made:
            connector.close()
