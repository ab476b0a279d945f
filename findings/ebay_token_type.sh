#!/usr/bin/env bash
# One would guess: requests-oauthlib, the usual OAuth 2 client of Python, signs in to eBay, whose token endpoint follows RFC 6749.
# What happens: eBay's documented answer names the token_type "User Access Token" instead of "Bearer". The token is fetched without a word;
#   the first call with it raises "Unsupported token type".
# Whom it hurts: whoever connects eBay with requests-oauthlib (or Authlib): signing in seems to work, and nothing after it does.
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

TOKEN = {
    "access_token": "v^1.1#i^1#example",
    "expires_in": 7200,
    "refresh_token": "v^1.1#i^1#renews",
    "refresh_token_expires_in": 47304000,
    "token_type": "User Access Token",
}


class Marketplace(BaseAdapter):
    """Answers in place of a server: the token first, then a list of orders."""

    def __init__(self):
        super().__init__()
        self.answers = [TOKEN, {"orders": []}]

    def send(self, request, **options):
        response = requests.Response()
        response.status_code, response.request, response.url = 200, request, request.url
        response.raw = io.BytesIO(json.dumps(self.answers.pop(0)).encode())
        return response

    def close(self):
        pass


session = OAuth2Session("app-id", redirect_uri="https://erp.example.com/return")
session.mount("https://", Marketplace())
token = session.fetch_token("https://api.example.com/identity/v1/oauth2/token", code="code", client_secret="secret")
print(f"requests-oauthlib {version('requests-oauthlib')}, oauthlib {version('oauthlib')}")
print(f"fetched a token of the type {token['token_type']!r}")
try:
    session.get("https://api.example.com/sell/fulfillment/v1/order")
except ValueError as error:
    print(f"the first call raised {type(error).__name__}: {error}")
    sys.exit(0 if "Unsupported token type" in str(error) else 1)
print("the first call went through: the behaviour has changed")
sys.exit(1)
PY
