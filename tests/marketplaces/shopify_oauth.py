"""How an app signs in to the simulated shop: the seller's consent, and the three ways to get an access token.

Refresh tokens follow Shopify's rule of August 2026: each use brings a new one, and the one used can be used again until
its replacement is used for the first time, at most 30 days from its own first use, and never beyond its 90 days. Where
Shopify does not say, the stricter is done: a renewal ends the access token before it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from .base import Reply, Request
from .shopify_shop import CLIENT_SECRET, Shop, iso

AUTHORIZE = "/admin/oauth/authorize"
ACCESS_TOKEN = "/admin/oauth/access_token"
CLIENT_ID = "simulated-client-id"
CODE_LIFE = timedelta(minutes=10)
TOKEN_LIFE = timedelta(hours=1)
REFRESH_LIFE = timedelta(days=90)
RETRY_LIFE = timedelta(days=30)
OWN_TOKEN_LIFE = timedelta(hours=24)

_PAGE = """<!DOCTYPE html><title>Shopify</title><h1>Install app</h1><p>The app asks for: {scopes}</p>
<form action="{path}">{hidden}<button name="decision" value="grant">Install</button>
<button name="decision" value="refuse">Cancel</button></form>"""


class App:
    """The app as Shopify knows it, with all that it was given for this shop.

    ``consent`` is what its page does: "ask" shows two buttons, "grant" and "refuse" answer at once. ``redirect_urls`` are
    the allowed return addresses; empty allows all. ``own_organisation`` False is an app of somebody else. ``expiring``
    False ignores the wish for tokens that expire.
    """

    _PLAIN = (
        "client_id client_secret consent redirect_urls own_organisation expiring installed compliance_url routes"
        " codes tokens refresh_tokens"
    ).split()
    SETTINGS = frozenset(_PLAIN[:-3])

    def __init__(self, shop: Shop):
        self.shop = shop
        self.client_id, self.client_secret = CLIENT_ID, CLIENT_SECRET
        self.consent = "ask"
        self.redirect_urls: list[str] = []
        self.own_organisation = self.expiring = self.installed = True
        self.compliance_url = ""  # where requests about a person's data go
        self.routes: dict[str, str] = {}  # how the beginning of a notification's address is to be replaced
        self.codes: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.refresh_tokens: dict[str, dict[str, Any]] = {}

    def dump(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._PLAIN}

    def load(self, state: Mapping[str, Any]) -> None:
        for name in self._PLAIN:
            setattr(self, name, json.loads(json.dumps(state[name])))

    # -- what people do -----------------------------------------------------------------------------------------------

    def change(self, **settings: Any) -> None:
        for name, value in settings.items():
            if name not in self.SETTINGS:
                raise ValueError(f"an app has no {name}")
            setattr(self, name, value)

    def revoke(self) -> None:
        """All that the app was given ends, and there is nothing to renew it with."""
        self.codes, self.tokens, self.refresh_tokens = {}, {}, {}

    def expire_tokens(self) -> None:
        """Access tokens end before their time, as when Shopify rotates its keys."""
        self.tokens = {}

    def uninstall(self) -> None:
        self.revoke()
        self.installed = False
        self.shop.webhooks.clear()

    # -- who asks -----------------------------------------------------------------------------------------------------

    def scopes_of(self, token: str | None) -> list[str] | None:
        """What may be done with an access token; None: nothing, it is not valid."""
        if token == self.shop.token:
            return self.shop.scopes
        found = self.tokens.get(token or "")
        if not found or (found["until"] and found["until"] <= self._now()):
            return None
        return [scope for scope in found["scopes"] if scope in self.shop.scopes]

    def handle(self, request: Request) -> Reply:
        path, query = urlsplit(request.path).path, dict(parse_qsl(urlsplit(request.path).query))
        if path == AUTHORIZE and request.method == "GET":
            return self._authorize(query)
        if path == ACCESS_TOKEN and request.method == "POST":
            return self._give(request)
        return Reply(404, {"errors": "Not Found"})

    # -- the seller's consent -----------------------------------------------------------------------------------------

    def _authorize(self, query: Mapping[str, str]) -> Reply:
        if query.get("client_id") != self.client_id:
            return _page(400, "Oauth error invalid_request: Could not find Shopify API application with api_key")
        address = query.get("redirect_uri") or ""
        if not address or (self.redirect_urls and address not in self.redirect_urls):
            return _page(400, "Oauth error invalid_request: The redirect_uri is not whitelisted")
        decision = query.get("decision") or self.consent
        if decision == "ask":
            hidden = "".join(
                f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
                for name, value in query.items()
            )
            return _page(200, _PAGE.format(path=AUTHORIZE, scopes=html.escape(query.get("scope", "")), hidden=hidden))
        answer = {"shop": self.shop.info["myshopifyDomain"], "timestamp": str(int(self.shop.clock().timestamp()))}
        if query.get("state"):
            answer["state"] = query["state"]
        if decision == "grant":
            answer |= {"code": self._code(query), "host": _host(answer["shop"])}
        else:
            answer["error"] = "access_denied"
        answer["hmac"] = self.sign(answer)
        joint = "&" if urlsplit(address).query else "?"
        return Reply(302, b"", {"Location": f"{address}{joint}{urlencode(answer)}"})

    def _code(self, query: Mapping[str, str]) -> str:
        code = secrets.token_hex(16)
        asked = (query.get("scope") or "").split(",")
        scopes = [scope for scope in asked if scope in self.shop.scopes]
        self.codes[code] = {"scopes": scopes, "until": iso(self.shop.clock() + CODE_LIFE)}
        self.installed = True
        return code

    def sign(self, query: Mapping[str, str]) -> str:
        text = urlencode(sorted(query.items()))
        return hmac.new(self.client_secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    # -- tokens -------------------------------------------------------------------------------------------------------

    def _give(self, request: Request) -> Reply:
        form = {name: values[0] for name, values in parse_qs(request.raw.decode("utf-8", "replace")).items()}
        form = request.body if isinstance(request.body, dict) else form
        if form.get("client_id") != self.client_id:
            return _error(400, "application_cannot_be_found", "The application cannot be found.")
        if form.get("client_secret") != self.client_secret:
            return _error(401, "invalid_client", "The client secret is not valid.")
        if form.get("grant_type") == "client_credentials":
            return self._own()
        if form.get("grant_type") == "refresh_token":
            return self._renew(form.get("refresh_token") or "")
        return self._redeem(form)

    def _own(self) -> Reply:
        if not self.own_organisation:
            text = "Client credentials cannot be performed on this shop."
            return _error(400, "shop_not_permitted", text)
        if not self.installed:
            return _error(400, "app_not_installed", "The application is not installed on this shop.")
        scopes = list(self.shop.scopes)
        return Reply(body=self._token(scopes, OWN_TOKEN_LIFE, None))

    def _redeem(self, form: Mapping[str, str]) -> Reply:
        known = self.codes.pop(form.get("code") or "", None)
        if not known or known["until"] <= self._now():
            return _error(400, "invalid_request", "The authorization code was not found or was already used")
        if form.get("expiring") == "1" and self.expiring:
            return Reply(body=self._pair(known["scopes"], None))
        return Reply(body=self._token(known["scopes"], None, None))

    def _renew(self, token: str) -> Reply:
        used, now = self.refresh_tokens.get(token), self.shop.clock()
        if used and used["first_use"]:
            too_late = datetime.fromisoformat(used["first_use"].replace("Z", "+00:00")) + RETRY_LIFE <= now
        else:
            too_late = False
        if not used or used["until"] <= iso(now) or too_late:
            return _error(401, "invalid_request", "This request requires an active refresh_token")
        self._retire(token, used["replaces"])
        used["first_use"] = used["first_use"] or iso(now)
        return Reply(body=self._pair(used["scopes"], token))

    def _retire(self, used: str, replaced: str | None) -> None:
        """``used`` is used: what it replaced ends, with what else had replaced that, and the access tokens before now."""
        if replaced:
            rivals = [name for name, one in self.refresh_tokens.items() if one["replaces"] == replaced and name != used]
            for name in (replaced, *rivals):
                self.refresh_tokens.pop(name, None)
        self.tokens = {name: one for name, one in self.tokens.items() if not one["renewable"]}

    def _pair(self, scopes: list[str], replaces: str | None) -> dict[str, Any]:
        refresh_token = f"shprt_{secrets.token_hex(16)}"
        until = iso(self.shop.clock() + REFRESH_LIFE)
        self.refresh_tokens[refresh_token] = {
            "scopes": scopes,
            "until": until,
            "first_use": None,
            "replaces": replaces,
        }
        life = int(REFRESH_LIFE.total_seconds())
        return {**self._token(scopes, TOKEN_LIFE, refresh_token), "refresh_token_expires_in": life}

    def _token(self, scopes: list[str], life: timedelta | None, refresh_token: str | None) -> dict[str, Any]:
        token = f"shpat_{secrets.token_hex(16)}"
        until = iso(self.shop.clock() + life) if life else None
        self.tokens[token] = {"scopes": scopes, "until": until, "renewable": refresh_token is not None}
        answer: dict[str, Any] = {"access_token": token, "scope": ",".join(scopes)}
        if life:
            answer["expires_in"] = int(life.total_seconds()) - (refresh_token is None)  # 86399, as Shopify says
        if refresh_token:
            answer["refresh_token"] = refresh_token
        return answer

    def _now(self) -> str:
        return iso(self.shop.clock())


def _error(status: int, word: str, text: str) -> Reply:
    return Reply(status, {"error": word, "error_description": text})


def _page(status: int, text: str) -> Reply:
    return Reply(status, text.encode(), {"Content-Type": "text/html; charset=utf-8"})


def _host(shop: str) -> str:
    name = f"admin.shopify.com/store/{shop.partition('.')[0]}"
    return base64.b64encode(name.encode()).decode().rstrip("=")
