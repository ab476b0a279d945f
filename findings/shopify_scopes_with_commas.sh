#!/usr/bin/env bash
# One would guess: a token that Shopify grants with exactly the scopes that were asked for is fetched by requests-oauthlib like any other.
# What happens: Shopify writes the scopes with commas, RFC 6749 with spaces. The library takes "read_products,write_inventory" for one other
#   scope and raises a Warning as an exception; the token is not returned, it hangs on the exception as an attribute.
# Whom it hurts: whoever signs in to Shopify with requests-oauthlib: the seller agreed, and the app sees an error. Switching the check off
#   (OAUTHLIB_RELAX_TOKEN_SCOPE) hides scopes that are really missing as well.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check requests==2.32.5 oauthlib==3.3.1 requests-oauthlib==2.0.0
"$folder/venv/bin/python" - <<'PY'
import io
import json
import sys
from importlib.metadata import version

import requests
from requests.adapters import BaseAdapter
from requests_oauthlib import OAuth2Session

ASKED = ["read_products", "write_inventory"]
TOKEN = {"access_token": "shpua_example", "scope": ",".join(ASKED), "expires_in": 3600}


class Marketplace(BaseAdapter):
    """Answers in place of a server."""

    def send(self, request, **options):
        response = requests.Response()
        response.status_code, response.request, response.url = 200, request, request.url
        response.raw = io.BytesIO(json.dumps(TOKEN).encode())
        return response

    def close(self):
        pass


session = OAuth2Session("app-id", scope=ASKED)
session.mount("https://", Marketplace())
print(f"requests-oauthlib {version('requests-oauthlib')}, oauthlib {version('oauthlib')}")
try:
    session.fetch_token("https://shop.example.com/admin/oauth/access_token", code="code", client_secret="secret")
except Warning as warning:
    print(f"raised {type(warning).__name__}: {warning}")
    print(f"the token hangs on it: {sorted(warning.token)}")
    sys.exit(0 if warning.token["access_token"] == TOKEN["access_token"] else 1)
print("the token was returned: the behaviour has changed")
sys.exit(1)
PY
