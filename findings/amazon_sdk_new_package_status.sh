#!/usr/bin/env bash
# One would guess: Amazon's own SDK, given a page of orders in which one order holds a word that is newer than the SDK, reads the other orders.
# What happens: it depends on the word. A new fulfillmentStatus passes as text; a new status of a package raises while the page is read, so that no
#   order of that page is had, good ones included, and asking again gives the same page. Fields that it does not know are dropped without a word.
# Whom it hurts: whoever fetches orders with it. Amazon may add values to its enumerations within a version; on that day orders stop, page by page.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check amzn-sp-api==1.13.0
"$folder/venv/bin/python" - <<'PY'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version

from spapi import SPAPIClient, SPAPIConfig
from spapi.api.orders_v2026_01_01.search_orders_api import SearchOrdersApi

orders = []


class Marketplace(BaseHTTPRequestHandler):
    """Gives a token to whoever asks, then the orders of the day."""

    def do_POST(self):
        self.answer({"access_token": "token", "expires_in": 3600, "token_type": "bearer"})

    def do_GET(self):
        self.answer({"orders": orders})

    def answer(self, document):
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def order(number, fulfillment="UNSHIPPED", package="DELIVERED", **more):
    return {
        "orderId": number,
        "createdTime": "2026-11-20T10:00:00Z",
        "lastUpdatedTime": "2026-11-20T10:00:00Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "ATVPDKIKX0DER"},
        "fulfillment": {"fulfillmentStatus": fulfillment},
        "orderItems": [],
        "packages": [{"packageReferenceId": "1", "packageStatus": {"status": package}}],
        **more,
    }


server = HTTPServer(("127.0.0.1", 0), Marketplace)
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{server.server_port}"
config = SPAPIConfig(client_id="id", client_secret="secret", refresh_token="refresh", region="NA")
api = SearchOrdersApi(SPAPIClient(config, oauth_endpoint=f"{here}/token", endpoint=here).api_client)


def fetch(*page):
    orders[:] = page
    return api.search_orders(last_updated_after="2026-11-01T00:00:00Z").orders


print(f"amzn-sp-api {version('amzn-sp-api')}")
good = order("111-0000000-0000001")
print(f"a page of known words: {len(fetch(good, order('111-0000000-0000002')))} orders")
passed = fetch(good, order("111-0000000-0000003", fulfillment="HELD_AT_BORDER", newField="of the next version"))[1]
print(f"a new fulfillmentStatus: read as {passed.fulfillment.fulfillment_status!r}")
dropped = "of the next version" not in str(passed.to_dict())
print(f"a new field: {'dropped' if dropped else 'kept'}")
try:
    fetch(good, order("111-0000000-0000004", package="AT_LOCKER"))
except ValueError as error:
    print(f"a new status of one package: no order at all, but {type(error).__name__}: {str(error)[:60]}…")
    sys.exit(0 if passed.fulfillment.fulfillment_status == "HELD_AT_BORDER" and dropped else 1)
print("the page was read: the behaviour has changed")
sys.exit(1)
PY
