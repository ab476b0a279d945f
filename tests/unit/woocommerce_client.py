"""What tests of the WooCommerce simulator share: a client that signs, and a small site like the one of the captures."""

from __future__ import annotations

import json
from typing import Any

import requests
from requests_oauthlib import OAuth1

from tests.marketplaces.base import specs_folder
from tests.marketplaces.woocommerce import WooCommerceSimulator
from tests.marketplaces.woocommerce_catalogue import add_tax
from tests.marketplaces.woocommerce_rest import ROOT
from tests.marketplaces.woocommerce_shop import CONSUMER_KEY, CONSUMER_SECRET

CAPTURES = specs_folder() / "woocommerce" / "captured"
HOME = {"first_name": "B", "last_name": "C", "address_1": "1 st", "city": "NY", "state": "NY", "postcode": "10001"}
HOME |= {"country": "US", "email": "b@example.test", "phone": "1"}


def captured(name: str) -> Any:
    return json.loads((CAPTURES / f"{name}.json").read_text(encoding="utf-8"))


class WooClient:
    """Calls wc/v3 of a simulated site as an app does, signed by OAuth 1.0a."""

    def __init__(
        self, simulator: WooCommerceSimulator, key: str = CONSUMER_KEY, secret: str = CONSUMER_SECRET, **oauth
    ):
        self.url = simulator.url
        self.auth = OAuth1(key, client_secret=secret, **oauth)

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> requests.Response:
        url = f"{self.url}{ROOT}{path}"
        return requests.request(method, url, json=body, params=params or None, auth=self.auth, timeout=10)

    def get(self, path: str, **params: Any) -> Any:
        return self._good("GET", path, None, params)

    def post(self, path: str, body: Any) -> Any:
        return self._good("POST", path, body, {})

    def put(self, path: str, body: Any) -> Any:
        return self._good("PUT", path, body, {})

    def delete(self, path: str, **params: Any) -> Any:
        return self._good("DELETE", path, None, params)

    def _good(self, method: str, path: str, body: Any, params: dict[str, Any]) -> Any:
        answer = self.call(method, path, body, **params)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def refused(self, method: str, path: str, body: Any = None, **params: Any) -> tuple[int, str]:
        """Status and code of an error."""
        answer = self.call(method, path, body, **params)
        assert answer.status_code == answer.json()["data"]["status"]
        return answer.status_code, answer.json()["code"]


def stock_site(simulator: WooCommerceSimulator) -> None:
    """What the site of the captures sold: a tee in two sizes and a mug; its tax and its coupon."""
    shop = simulator.shop
    add_tax(shop, "NY tax", 8, country="US", state="NY")
    shop.coupons["ten"] = {"id": 14, "code": "ten", "discount_type": "percent", "amount": "10"}
    tee = shop.add_product("Tee", type="variable")
    for size, quantity in (("S", 15), ("M", 5)):
        more = {"regular_price": "20", "manage_stock": True, "stock_quantity": quantity}
        shop.add_variation(tee, {"Size": size}, sku=f"TEE-{size}", **more)
    shop.add_product("Mug", sku="MUG", regular_price="9.99", manage_stock=True, stock_quantity=9)
