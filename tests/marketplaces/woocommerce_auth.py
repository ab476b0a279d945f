"""Who asks: consumer keys by HTTP Basic over TLS, by one-legged OAuth 1.0a without, and the page that hands them out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from .base import Reply, Request
from .woocommerce_rest import RestError, php_query

if TYPE_CHECKING:
    from .woocommerce_shop import Shop

METHODS = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
WINDOW = 15 * 60  # seconds that a timestamp may be off, and for which a nonce is remembered
_NEEDED = ("consumer_key", "timestamp", "nonce", "signature", "signature_method")
_WORDS = {"list": "list resources", "view": "view this resource"}
_SCOPES = {"read": "view", "write": "create", "read_write": "view and manage"}


def _refused(message: str) -> RestError:
    return RestError("woocommerce_rest_authentication_error", message, 401)


def not_allowed(what: str, known: bool) -> RestError:
    """What nobody, and somebody without the right, is told. ``what``: list, view, create, edit, delete or batch."""
    status = 403 if known else 401
    if what in _WORDS:
        return RestError("woocommerce_rest_cannot_view", f"Sorry, you cannot {_WORDS[what]}.", status)
    doing = {"create": "create resources", "batch": "batch manipulate this resource"}.get(what, f"{what} this resource")
    return RestError(f"woocommerce_rest_cannot_{what}", f"Sorry, you are not allowed to {doing}.", status)


class Doorkeeper:
    """Finds the key of a request and checks what it may do."""

    def __init__(self, shop: Shop, secure: bool):
        self.shop, self.secure = shop, secure
        self._nonces: set[tuple[str, int, str]] = set()

    def key_of(self, request: Request) -> dict[str, Any] | None:
        """The key, or None where there is none that counts. Raises RestError."""
        key = self._by_secret(request) if self.secure else None
        key = key or self._by_signature(request)
        if not key:
            return None
        reading = request.method in ("GET", "HEAD")
        if reading and key["permissions"] not in ("read", "read_write"):
            raise _refused("The API key provided does not have read permissions.")
        if not reading and key["permissions"] not in ("write", "read_write"):
            raise _refused("The API key provided does not have write permissions.")
        return key

    def _known(self, consumer_key: str) -> dict[str, Any] | None:
        return next((key for key in self.shop.keys if key["consumer_key"] == consumer_key), None)

    def _by_secret(self, request: Request) -> dict[str, Any] | None:
        params = php_query(urlsplit(request.path).query)
        name, secret = params.get("consumer_key"), params.get("consumer_secret")
        scheme, _space, value = header(request, "Authorization").partition(" ")
        if not (name and secret) and scheme.lower() == "basic":
            try:
                name, _colon, secret = base64.b64decode(value).decode().partition(":")
            except ValueError:
                return None
        key = self._known(name) if name and secret else None
        if key and not hmac.compare_digest(key["consumer_secret"].encode(), secret.encode()):
            raise _refused("Consumer secret is invalid.")
        return key

    def _by_signature(self, request: Request) -> dict[str, Any] | None:
        url = urlsplit(request.path)
        params = {**php_query(url.query), **self._header_params(request)}
        given = {name: params.get(f"oauth_{name}") for name in _NEEDED}
        if not any(given.values()):
            return None
        missing = [f"oauth_{name}" for name, value in given.items() if not value]
        if missing:
            raise _refused(f"Missing OAuth parameter{'s' if len(missing) > 1 else ''} {', '.join(missing)}")
        key = self._known(given["consumer_key"])
        if not key:
            raise _refused("Consumer key is invalid.")
        if given["signature_method"] not in METHODS:
            raise _refused("Invalid signature - signature method is invalid.")
        signature = params.pop("oauth_signature")
        base = base_string(request.method, self.shop.home + url.path, params)
        computed = sign(base, key["consumer_secret"], given["signature_method"])
        if not hmac.compare_digest(computed.encode(), signature.encode()):
            raise _refused("Invalid signature - provided signature does not match.")
        self._check_nonce(key, given["timestamp"], given["nonce"])
        return key

    @staticmethod
    def _header_params(request: Request) -> dict[str, str]:
        scheme, _space, value = header(request, "Authorization").partition(" ")
        if scheme.lower() != "oauth":
            return {}
        pairs = (part.strip().partition("=") for part in value.split(","))
        return {name: unquote(quoted.strip('"')) for name, _equals, quoted in pairs if name.startswith("oauth_")}

    def _check_nonce(self, key: Mapping[str, Any], timestamp: str, nonce: str) -> None:
        now = int(time.time())  # clients sign by the true time, whatever the clock of the site is set to
        if not timestamp.isdigit() or abs(now - int(timestamp)) > WINDOW:
            raise _refused("Invalid timestamp.")
        self._nonces = {entry for entry in self._nonces if now - entry[1] <= WINDOW}
        used = (key["consumer_key"], int(timestamp), nonce)
        if used in self._nonces:
            raise _refused("Invalid nonce - nonce has already been used.")
        self._nonces.add(used)


def header(request: Request, name: str) -> str:
    return next((value for key, value in request.headers.items() if key.lower() == name.lower()), "")


def base_string(method: str, url: str, params: Mapping[str, str]) -> str:
    """What is signed. Parameters carry the names that PHP gives them: ``a[]=1`` counts as ``a[0]=1``."""
    pairs = sorted((_escaped(name), _escaped(value)) for name, value in params.items())
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join((method.upper(), _escaped(url), _escaped(joined)))


def sign(base: str, consumer_secret: str, method: str) -> str:
    mac = hmac.new(f"{_escaped(consumer_secret)}&".encode(), base.encode(), METHODS[method])
    return base64.b64encode(mac.digest()).decode()


def _escaped(text: str) -> str:
    return quote(text, safe="~")


# -- the authorisation page -------------------------------------------------------------------------------------------


class ConsentPage:
    """``/wc-auth/v1/authorize``: a shop's manager lets an app in, or not. Approving posts new keys to the app."""

    def __init__(self, shop: Shop, insecure_callbacks: bool):
        self.shop, self.insecure_callbacks = shop, insecure_callbacks
        self._nonces: set[str] = set()

    def handle(self, request: Request) -> Reply:
        url = urlsplit(request.path)
        params = dict(parse_qsl(url.query))
        problem = self._problem(params)
        if problem:
            return _page("Error", f"Error: {html.escape(problem)}", 401)
        if url.path.rstrip("/") == "/wc-auth/v1/authorize":
            return self._ask(params)
        if params.pop("wc_auth_nonce", None) not in self._nonces:
            return _page("Error", "Error: Invalid nonce verification", 403)
        self._nonces.clear()
        return self._grant(params)

    def _problem(self, params: Mapping[str, str]) -> str | None:
        for name in ("app_name", "user_id", "return_url", "callback_url", "scope"):
            if not params.get(name):
                return f"Missing parameter {name}"
        if params["scope"] not in _SCOPES:
            return f"Invalid scope {params['scope']}"
        for name in ("return_url", "callback_url"):
            if urlsplit(params[name]).scheme not in ("http", "https") or not urlsplit(params[name]).hostname:
                return f"The {name} is not a valid URL"
        if not self.insecure_callbacks and not params["callback_url"].lower().startswith("https://"):
            return "The callback_url needs to be over SSL"
        return None

    def _ask(self, params: Mapping[str, str]) -> Reply:
        nonce = secrets.token_hex(5)
        self._nonces.add(nonce)
        approve = f"/wc-auth/v1/access_granted/?{urlencode({**params, 'wc_auth_nonce': nonce})}"
        app = html.escape(params["app_name"])
        body = (
            f"<h1>{app} would like to connect to your store</h1>"
            f"<p>This will give {app} {params['scope']} access: it will be able to {_SCOPES[params['scope']]} "
            "orders, products, customers and webhooks.</p>"
            f'<a class="wc-auth-approve" href="{html.escape(approve)}">Approve</a> '
            f'<a class="wc-auth-deny" href="{html.escape(_returning(params, 0))}">Deny</a>'
        )
        return _page(f"{app} would like to connect to your store", body)

    def _grant(self, params: Mapping[str, str]) -> Reply:
        key = self.shop.add_key(
            params["scope"],
            consumer_key=f"ck_{secrets.token_hex(20)}",
            consumer_secret=f"cs_{secrets.token_hex(20)}",
            description=f"{params['app_name']} - API",
        )
        keys = {name: key[name] for name in ("key_id", "user_id", "consumer_key", "consumer_secret")}
        # the app is told the user by the id that it gave, and this is the only time that the secret is said
        body = json.dumps({**keys, "user_id": params["user_id"], "key_permissions": key["permissions"]}).encode()

        def tell() -> Reply:
            if post(params["callback_url"], body, {"Content-Type": "application/json;charset=utf-8"}) == 200:
                return Reply(302, b"", {"Location": _returning(params, 1)})
            self.shop.revoke_key(key["consumer_key"])
            text = "Error: An error occurred in the request and at the time were unable to send the consumer data"
            return _page("Error", text, 500)

        return Reply(then=tell)


def _returning(params: Mapping[str, str], success: int) -> str:
    separator = "&" if urlsplit(params["return_url"]).query else "?"
    return f"{params['return_url']}{separator}{urlencode({'success': success, 'user_id': params['user_id']})}"


def _page(title: str, body: str, status: int = 200) -> Reply:
    text = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>"
    return Reply(status, text.encode(), {"Content-Type": "text/html; charset=UTF-8"})


def post(url: str, body: bytes, headers: Mapping[str, str], timeout: float = 10) -> int:
    """Send something, give the status; 0 where nobody answers. Redirects are not followed."""
    request = urllib.request.Request(url, body, dict(headers), method="POST")
    try:
        with _OPENER.open(request, timeout=timeout) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
