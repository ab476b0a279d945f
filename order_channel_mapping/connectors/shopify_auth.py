"""Shopify's three ways to sign in, and the tokens that come of them.

* an app of the seller's own organisation, made in the Dev Dashboard: its id and secret are exchanged for a token that
  lasts a day (client credentials). The usual way since apps can no longer be made in a shop's admin (January 2026)
* the seller's consent on a page of Shopify (authorisation code): tokens of an hour, with a refresh token that is
  exchanged at each use and lives 90 days
* the lasting token of a custom app that was made in a shop's admin before

This module must not import Odoo.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote_plus, urlencode

from .base import (
    AuthError,
    AuthMethod,
    Consent,
    CredentialField,
    Grant,
    Login,
    Ports,
    SignatureError,
)
from .lenient_json import loads
from .tokens import FixedToken, TokenKeeper, TokenSet, is_token
from .transport import Response, Transport, utcnow

AUTHORIZE_PATH = "/admin/oauth/authorize"
TOKEN_PATH = "/admin/oauth/access_token"
#: a worker that renews keeps others waiting, so it waits for Shopify less long than usual
RENEW_SECONDS = 10.0

#: what each scope is for, in the words of the message that asks for it
SCOPES = {
    "read_products": "read products",
    "read_inventory": "read inventory",
    "write_inventory": "edit inventory",
    "read_locations": "read locations",
    "read_orders": "read orders",
    "write_orders": "edit orders (to cancel them)",
    "read_customers": "read customers",
    "read_merchant_managed_fulfillment_orders": "read merchant-managed fulfilment orders",
    "write_merchant_managed_fulfillment_orders": "edit merchant-managed fulfilment orders",
}

CREDENTIAL_FIELDS = (
    CredentialField(
        "shop_domain",
        "Shop domain",
        secret=False,
        address=True,
        help="The shop's own Shopify address, such as my-shop.myshopify.com."
        " In Shopify: Settings, Domains, the one that ends in .myshopify.com.",
    ),
    CredentialField(
        "client_id",
        "Client ID",
        secret=False,
        help="In the Dev Dashboard (dev.shopify.com): Apps, your app, Settings, Credentials.",
    ),
    CredentialField(
        "client_secret",
        "Client secret",
        help="In the Dev Dashboard: Apps, your app, Settings, Credentials. For a custom app made in the shop's admin it is"
        " the API secret key, under API credentials. Shopify signs its notifications with it; without it they are refused.",
    ),
    CredentialField(
        "access_token",
        "Admin API access token",
        help="In Shopify: Settings, Apps, Develop apps, your app, API credentials. It starts with shpat_ and is shown once.",
    ),
)

AUTH_METHODS = (
    AuthMethod(
        "client_credentials",
        "App of my own (Dev Dashboard)",
        fields=("shop_domain", "client_id", "client_secret"),
        required=("shop_domain", "client_id", "client_secret"),
        scopes=tuple(SCOPES),
        help="In Shopify: Settings, Apps, Develop apps, Build apps in Dev Dashboard. Create an app, choose the scopes in"
        " its version, release it and install it on the shop. App and shop must belong to the same organisation.",
    ),
    AuthMethod(
        "oauth",
        "Authorise on Shopify's page",
        fields=("shop_domain", "client_id", "client_secret"),
        required=("shop_domain", "client_id", "client_secret"),
        scopes=tuple(SCOPES),
        help="For an app of another organisation, such as an agency's: in the Dev Dashboard its version needs the scopes"
        " and the return address shown here under Redirect URLs. The shop's owner then agrees on a page of Shopify.",
        consent=True,
        registered=True,
    ),
    AuthMethod(
        "token",
        "Access token of an older custom app",
        fields=("shop_domain", "access_token", "client_secret"),
        required=("shop_domain", "access_token"),
        scopes=tuple(SCOPES),
        help="For an app that was made in the shop's admin before 2026. New ones can't be made there any more.",
    ),
)

#: what to do when Shopify does not accept the token, and when it lacks rights, by the way to sign in
REFUSED = {
    "token": "Check it in the shop's settings under Apps, Develop apps, or install the app again.",
    "oauth": "Authorise again.",
    "client_credentials": "Check in the shop's settings under Apps that the app is installed, then connect again.",
}
WIDEN = {
    "token": "Add them to the app's Admin API scopes in Shopify, install the app again and enter the new token.",
    "oauth": "Add them to a version of the app in the Dev Dashboard, release it and authorise again.",
    "client_credentials": "Add them to a version of the app in the Dev Dashboard, release it, approve the update in the"
    " shop under Settings, Apps, then connect again.",
}

_HOST = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
#: Shopify's words for refusing -> the code of our error and what it means
_REFUSALS = {
    "invalid_client": ("client_refused", "Shopify does not accept the client ID and secret. Copy both again."),
    "application_cannot_be_found": ("client_refused", "Shopify knows no app with this client ID. Copy it again."),
    "app_not_installed": (
        "app_not_installed",
        "The app is not installed on this shop. Install it, then connect again.",
    ),
    "shop_not_permitted": (
        "shop_not_permitted",
        (
            "Shopify gives an app a token without consent only for shops of its own organisation."
            " Choose to authorise on Shopify's page instead."
        ),
    ),
}


def shop_host(text: str | None) -> str:
    """The host that a shop's API is at. A token must go nowhere else, least of all to a shop's public domain.

    :raise AuthError: it is not one of Shopify's own, or empty
    """
    host = (text or "").strip().lower().removeprefix("https://").rstrip("/")
    if not host:
        raise AuthError("Enter the shop's domain.", "missing")
    host = host if "." in host else f"{host}.myshopify.com"
    if not _HOST.fullmatch(host):
        raise AuthError("Enter the shop's own Shopify address, such as my-shop.myshopify.com.", "shop_domain")
    return host


def base_url(account: Login) -> str:
    return (account.base_url or f"https://{shop_host(account.secrets.get('shop_domain'))}").rstrip("/")


def missing_rights(granted: Iterable[str]) -> list[str]:
    """The scopes that are needed and not among ``granted``, in words. The right to write brings the right to read."""
    granted = set(granted)
    granted |= {scope.replace("write_", "read_", 1) for scope in granted if scope.startswith("write_")}
    return [words for scope, words in SCOPES.items() if scope not in granted]


# -- which token to use ---------------------------------------------------------------------------------------------------


def method_of(account: Login, ports: Ports) -> str:
    """The way to sign in that was chosen, or else the one that what is there suggests."""
    if account.auth_method in REFUSED:
        return account.auth_method
    if account.secrets.get("access_token") or not account.secrets.get("client_id"):
        return "token"
    return "oauth" if ports.tokens.get("refresh_token") else "client_credentials"


def tokens_of(account: Login, ports: Ports, transport: Transport, method: str) -> FixedToken | TokenKeeper:
    """What gives the access token for each call.

    :raise AuthError: something that this way needs was not entered, or can't be right
    """
    if method == "token":
        token = (account.secrets.get("access_token") or "").strip()
        if not token:
            raise AuthError("Enter the access token of the shop's custom app.", "missing")
        if not is_token(token):
            raise AuthError("The access token has characters that a token can't have. Copy it again.", "malformed")
        return FixedToken(token)
    app = _App(account)
    renew = app.refresh if method == "oauth" else app.sign_in
    return TokenKeeper(ports.tokens, lambda refresh_token: renew(transport, refresh_token))


class _App:
    """The app's id and secret, and what they are exchanged for."""

    def __init__(self, account: Login):
        self.client_id = self._entered(account, "client_id", "client ID")
        self.client_secret = self._entered(account, "client_secret", "client secret")

    @staticmethod
    def _entered(account: Login, name: str, label: str) -> str:
        value = (account.secrets.get(name) or "").strip()
        if not value:
            raise AuthError(f"Enter the {label} of the app.", "missing")
        if not is_token(value):
            raise AuthError(f"The {label} has characters that it can't have. Copy it again.", "malformed")
        return value

    def sign_in(self, transport: Transport, _refresh_token: str | None) -> TokenSet:
        """A token of a day, for an app of the shop's own organisation."""
        return self._ask(transport, {"grant_type": "client_credentials"}, idempotent=True)[0]

    def refresh(self, transport: Transport, refresh_token: str | None) -> TokenSet:
        """A token of an hour, for the seller's consent. Safe to repeat: Shopify honours the old refresh token until the
        new one is first used."""
        if not refresh_token:
            raise AuthError("The shop's owner has to authorise the app on Shopify's page.", "consent_needed")
        transport.redact.learn(refresh_token)
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self._ask(transport, form, idempotent=True)[0]

    def exchange(self, transport: Transport, code: str) -> tuple[TokenSet, frozenset[str]]:
        """Tokens and scopes for a code, which works once: if the answer is lost, the seller has to agree again."""
        return self._ask(transport, {"code": code, "expiring": "1"}, idempotent=False)

    def _ask(
        self, transport: Transport, form: Mapping[str, str], *, idempotent: bool
    ) -> tuple[TokenSet, frozenset[str]]:
        asked_at = utcnow()
        response = transport.request(
            "POST",
            TOKEN_PATH,
            data={"client_id": self.client_id, "client_secret": self.client_secret, **form},
            idempotent=idempotent,
            seconds=RENEW_SECONDS,
            expect=(400, 401, 403, 404),
        )
        if response.status != 200:
            raise _refusal(response, form.get("grant_type"))
        answer = response.json()
        tokens = TokenSet.from_answer(answer, asked_at)
        transport.redact.learn(tokens.access_token, tokens.refresh_token)
        return tokens, frozenset(filter(None, re.split(r"[,\s]+", str(answer.get("scope") or ""))))


def _refusal(response: Response, grant: str | None) -> AuthError:
    """What Shopify's token endpoint means by saying no."""
    word = _word(response)
    if word in _REFUSALS:
        code, message = _REFUSALS[word]
        return AuthError(message, code)
    if response.status == 404:
        return AuthError("There is no shop at this address. Check the shop's domain.", "no_shop")
    if grant == "refresh_token":
        return AuthError("Shopify renews the access no longer. The shop's owner has to authorise again.", "revoked")
    if grant is None:
        return AuthError(
            "Shopify did not accept the authorisation: it may be too old. Authorise again.", "consent_lost"
        )
    return AuthError(
        f"Shopify gives no access token ({word or response.status}). Check client ID and secret.", "client_refused"
    )


def _word(response: Response) -> str:
    """The error's name: in JSON, or on the page that Shopify shows to browsers."""
    try:
        answer = loads(response.body)
        word = answer.get("error") if isinstance(answer, dict) else None
    except ValueError:
        found = re.search(r"Oauth error (\w+)", response.body[:4000].decode("utf-8", "replace"))
        word = found and found.group(1)
    return word if isinstance(word, str) and re.fullmatch(r"\w{1,60}", word) else ""


# -- the seller's consent -------------------------------------------------------------------------------------------------


def authorize_url(account: Login, consent: Consent) -> str:
    """Shopify's page on which the seller agrees."""
    app = _App(account)
    query = {
        "client_id": app.client_id,
        "scope": ",".join(SCOPES),
        "redirect_uri": consent.return_url,
        "state": consent.state,
    }
    return f"{base_url(account)}{AUTHORIZE_PATH}?{urlencode(query)}"


def exchange(account: Login, params: Mapping[str, str]) -> Grant:
    """Turn what the seller's browser brought back into tokens. The caller has checked ``state``."""
    if params.get("error"):
        raise AuthError("The shop's owner did not agree on Shopify's page.", "consent_refused")
    app = _App(account)
    if not signed_by(app.client_secret, params):
        raise SignatureError("Shopify did not sign this answer with the app's client secret. Check the client secret.")
    asked, answered = shop_host(account.secrets.get("shop_domain")), str(params.get("shop") or "").lower()
    if answered != asked:
        named = answered if _HOST.fullmatch(answered) else "another shop"
        raise AuthError(
            f"The app was authorised on {named}, not on {asked}. Enter that address or authorise again.", "shop_domain"
        )
    code = params.get("code") or ""
    if not is_token(code):
        raise AuthError("Shopify sent no authorisation code. Authorise again.", "consent_lost")
    transport = Transport(
        base_url(account), name="Shopify", secrets=(app.client_secret, code), allow_insecure=account.allow_insecure
    )
    try:
        tokens, scopes = app.exchange(transport, code)
    finally:
        transport.close()
    missing = missing_rights(scopes)
    if missing:
        raise AuthError(f"The app was not given these rights: {', '.join(missing)}. {WIDEN['oauth']}", "missing_scopes")
    return Grant(tokens=tokens.stored())


def signed_by(secret: str, params: Mapping[str, str]) -> bool:
    """Whether the query of a return address is signed: ``hmac`` is the hex HMAC-SHA256 over the sorted rest of it.

    Shopify's own libraries write the rest in two ways, percent-encoded or not, which differ only for rare characters.
    """
    rest = sorted((str(key), str(value)) for key, value in params.items() if key != "hmac")
    plain = "&".join(f"{_escaped(key).replace('=', '%3D')}={_escaped(value)}" for key, value in rest)
    encoded = "&".join(f"{quote_plus(key)}={quote_plus(value)}" for key, value in rest)
    given = str(params.get("hmac") or "").encode()
    digests = [hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest() for text in (plain, encoded)]
    return any(hmac.compare_digest(digest.encode(), given) for digest in digests)


def _escaped(text: str) -> str:
    """So that no value can pass for two parameters."""
    return text.replace("%", "%25").replace("&", "%26")
