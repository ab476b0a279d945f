#!/usr/bin/env bash
# One would guess: where requests-oauthlib renews a token on its own, the form holds what RFC 6749 (section 6) and Etsy ask for:
#   grant_type, refresh_token and the public client's client_id.
# What happens: client_id is missing unless it is given once more in auto_refresh_kwargs, and an option of the HTTP call that was being made
#   is in the form: allow_redirects=True.
# Whom it hurts: whoever keeps an Etsy shop (public client with PKCE) connected by automatic renewal: it works for the first hour, then every
#   call fails because the renewal is refused.
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
from urllib.parse import parse_qs

import requests
from requests.adapters import BaseAdapter
from requests_oauthlib import OAuth2Session

EXPIRED = {"access_token": "12345678.old", "refresh_token": "12345678.renews", "token_type": "Bearer", "expires_in": -1}
forms = []


class Marketplace(BaseAdapter):
    """Answers in place of a server, and keeps the forms that it is sent."""

    def send(self, request, **options):
        answer = {"count": 0, "results": []}
        if request.method == "POST":
            forms.append({name: values[0] for name, values in parse_qs(request.body).items()})
            answer = {**EXPIRED, "access_token": "12345678.new", "expires_in": 3600}
        response = requests.Response()
        response.status_code, response.request, response.url = 200, request, request.url
        response.raw = io.BytesIO(json.dumps(answer).encode())
        return response

    def close(self):
        pass


session = OAuth2Session(
    "app-id",
    token=EXPIRED,
    auto_refresh_url="https://api.example.com/v3/public/oauth/token",
    token_updater=lambda token: None,
)
session.mount("https://", Marketplace())
session.get("https://api.example.com/v3/application/shops/1/receipts")
print(f"requests-oauthlib {version('requests-oauthlib')}, oauthlib {version('oauthlib')}")
print(f"the form of the renewal: {forms[0]}")
sys.exit(0 if "client_id" not in forms[0] and forms[0].get("allow_redirects") == "True" else 1)
PY
