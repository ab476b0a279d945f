"""WooCommerce's REST API over HTTP: addresses, both ways to authenticate, and what its refusals mean.

A store is somebody's own web server: in front of WordPress stand firewalls, caches and passwords of their own, which
answer with web pages. Only what WordPress says itself, in JSON, is taken as its word on the credentials.

This module must not import Odoo.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from requests.auth import AuthBase, HTTPBasicAuth
from requests_oauthlib import OAuth1

from .base import AuthError, BadPayload, ConnectorError, Login, Ports, Rejected, Unavailable
from .lenient_json import loads
from .pacing import Pace
from .storable import is_web_address
from .transport import Response, Transport

API = "/wp-json/wc/v3"
NAME = "The store"
NO_ROUTE = "rest_no_route"
#: codes of trouble that a smaller question may not have: the server ran out of time or memory, or sent more than is read
OVERWORKED = frozenset({"http_500", "http_502", "http_504", "http_508", "too_large"})
#: seconds that a size which the store can take is remembered; it may have been a bad day
DAY = 86_400
#: where waiting for nothing costs most, sizes don't shrink below this
FEW = 10
_PATHS_OF_WORDPRESS = re.compile(r"/(wp-json|wp-admin|wp-login\.php|wc-auth|index\.php)(/.*)?$")
_HOST = re.compile(r"[^\s/?#@:\\<>\"']+")
_NO_PERMALINKS = (
    "Check the address. In WordPress, WooCommerce must be active, and Settings > Permalinks must not be set to Plain."
)


def store_address(typed: str | None, allow_insecure: bool = False) -> str:
    """The store's address as a person enters it, brought to one form: scheme, host, and the path if it has one.

    :raise AuthError: it is none, or not a secure one
    """
    typed = (typed or "").strip()
    if not typed:
        raise AuthError("Enter the store's address, such as https://shop.example.com.", "missing")
    try:
        parts = urlsplit(typed if "://" in typed else f"https://{typed}")
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        host, port = "", None
    if parts.username or parts.password or not _HOST.fullmatch(host):
        raise AuthError("Enter the store's address alone, such as https://shop.example.com.", "bad_address")
    if parts.scheme != "https" and not (allow_insecure and parts.scheme == "http"):
        raise AuthError("The store's address must begin with https://.", "not_https")
    path = _PATHS_OF_WORDPRESS.sub("", parts.path).rstrip("/")
    usual = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{host}{f':{port}' if port and port != usual else ''}{path}"


def store_ref(address: str) -> str:
    """What names a store for good: host and path, whatever the scheme."""
    return store_address(address, allow_insecure=True).partition("://")[2]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the store sent. ``total`` is how many records the whole list has, where it is one; ``asked_at`` the store's
    clock when it was asked."""

    data: Any
    total: int | None = None
    asked_at: datetime | None = None


class WooCommerceClient:
    """Asks one store. Not thread-safe. ``absent`` names routes that this store turned out not to have."""

    def __init__(self, account: Login, ports: Ports):
        key, secret = ((account.secrets.get(name) or "").strip() for name in ("consumer_key", "consumer_secret"))
        if not key or not secret:
            raise AuthError("Enter the consumer key and the consumer secret of the store's REST API.", "missing")
        if not (_looks_like(key, "ck_") and _looks_like(secret, "cs_")):
            raise AuthError("A consumer key begins with ck_, its secret with cs_. Copy both again.", "malformed")
        self.store = (
            account.base_url or store_address(account.secrets.get("store_url"), account.allow_insecure)
        ).rstrip("/")
        self._options = {
            "name": NAME,
            "explain": self._explain,
            "max_wait": ports.max_wait,
            "allow_insecure": account.allow_insecure,
        }
        self.transport = Transport(
            self.store,
            auth=_auth(self.store, key, secret),
            secrets=(key, secret, f"{key}:{secret}"),
            pace=Pace(ports.pace),
            **self._options,
        )
        self._anonymous: Transport | None = None
        self.absent: set[str] = set()

    @property
    def calls(self) -> int:
        return self.transport.calls + (self._anonymous.calls if self._anonymous else 0)

    def close(self) -> None:
        self.transport.close()
        if self._anonymous:
            self._anonymous.close()

    # -- asking -------------------------------------------------------------------------------------------------------

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Answer:
        """:raise Rejected: code ``not_found`` for a record that is not there, else WordPress's own code"""
        try:
            return self._get(path, params)
        except Rejected as error:
            raise _lasting(error) from None

    def _get(self, path: str, params: Mapping[str, Any] | None) -> Answer:
        response = self.transport.request("GET", API + path, params=params)
        total = response.headers.get("X-WP-Total", "")
        return Answer(self._read(response), int(total) if total.isdigit() else None, response.asked_at)

    def record(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One record, or another answer of named values."""
        return _record(path, self.get(path, params).data)

    def records(self, path: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """A list without pages."""
        rows = self.get(path, params).data
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BadPayload(f"The store's answer to {path} is not a list of records.")
        return rows

    def get_optional(self, route: str, params: Mapping[str, Any]) -> Answer | None:
        """As :meth:`get`; None where the store is too old to have this route."""
        if route in self.absent:
            return None
        try:
            return self._get(route, params)
        except Rejected as error:
            if error.code != NO_ROUTE:
                raise
            self.absent.add(route)
            return None

    def send(self, method: str, path: str, body: Any, *, idempotent: bool) -> Any:
        """Change something.

        :param idempotent: whether doing it twice does no more than once
        """
        try:
            response = self.transport.request(method, API + path, json=body, idempotent=idempotent)
        except Rejected as error:
            raise _lasting(error) from None
        return self._read(response)

    def change(self, method: str, path: str, body: Any, *, idempotent: bool) -> dict[str, Any]:
        """Make or change one record, which the store then shows: an answer without it is no success."""
        answer = _record(path, self.send(method, path, body, idempotent=idempotent))
        if not answer.get("id"):
            raise BadPayload(f"The store does not say what became of {path}.")
        return answer

    def site(self) -> Mapping[str, Any]:
        """What the site says of itself to everybody: ``name``, ``home``, ``timezone_string``. Empty where it doesn't.

        Asked without keys: WordPress itself would take them for a user's name and password.
        """
        if self._anonymous is None:
            self._anonymous = Transport(self.store, **self._options)
        fields = "name,home,url,timezone_string,gmt_offset"
        try:
            answer = self._anonymous.request("GET", "/wp-json/", params={"_fields": fields}).json()
        except (AuthError, Rejected, BadPayload, Unavailable):
            return {}
        return answer if isinstance(answer, dict) else {}

    # -- how much the store can take at once --------------------------------------------------------------------------

    def size(self, name: str, most: int) -> int:
        """How many records to ask for, or to send, in one call."""
        known = (self.transport.pace.state.get("sizes") or {}).get(name)
        return min(most, int(known["size"])) if known and known["until"] > time.time() else most

    def learn_size(self, name: str, size: int) -> None:
        """Remember that the store takes so many, for a day."""
        known = {"size": max(1, size), "until": time.time() + DAY}
        self.transport.pace.learn(sizes={**(self.transport.pace.state.get("sizes") or {}), name: known})

    def shrink(self, name: str, size: int, error: ConnectorError) -> int | None:
        """A smaller size to try at once; None where that would not help. Silence is too costly to be tried again in the
        same pass: the next one asks for less."""
        if error.code == "timeout" and size > FEW:
            self.learn_size(name, max(FEW, size // 4))
        return size // 4 or 1 if error.code in OVERWORKED and size > 1 else None

    # -- reading answers ----------------------------------------------------------------------------------------------

    def _read(self, response: Response) -> Any:
        try:
            return response.json()
        except BadPayload:
            start = " ".join(response.body[:2000].decode("utf-8", "replace").split())
            if _is_page(response):
                raise BadPayload(
                    "The store answered with a web page instead of data. A firewall, a cache or a coming-soon page stands"
                    " in front of its API: let /wp-json/ through.",
                    "not_json",
                ) from None
            raise BadPayload(
                f"The store's answer does not begin with data but with: {self._redacted(start)}."
                " A plugin or theme prints this; switch off the display of PHP errors in WordPress.",
                "not_json",
            ) from None

    def _explain(self, response: Response) -> ConnectorError | None:
        """What an answer that is not 2xx means; None leaves it to the transport."""
        if 300 <= response.status < 400:
            return self._moved(response.headers.get("Location") or "")
        said = _wordpress_error(response)
        if said is None:
            return self._not_wordpress(response)
        code, message = said["code"], self._redacted(said.get("message"))
        if response.status in (401, 403):
            return self._denied(response.status, code, message)
        if code == NO_ROUTE:
            return Rejected(code, f"WooCommerce does not answer at {self.store}. {_NO_PERMALINKS}")
        if response.status == 404:
            return Rejected("not_found", f"The store has no such record (any more): {message}")
        if response.status >= 500:
            return Unavailable(f"The store has a fault of its own: {message}", f"http_{response.status}", sent=True)
        return Rejected(code, f"The store refused: {message}")

    def _denied(self, status: int, code: str, message: str) -> AuthError:
        """WordPress itself refuses: 401 where it does not know the keys, 403 where their user may not do this."""
        if "write permissions" in message or "read permissions" in message:
            return AuthError(
                f"The key's permissions are too narrow: {message} In WooCommerce, under Settings > Advanced > REST API,"
                " set them to Read/Write.",
                "missing_scopes",
            )
        if status == 403:
            return AuthError(
                f"The store refuses: {message} The key must belong to an Administrator or Shop manager, and no security"
                " plugin may block the REST API.",
                "access_denied",
            )
        if code.startswith("woocommerce_rest_cannot"):
            return AuthError(
                f"The store does not recognise the keys: {message} Check them; if they are right, its web server drops"
                " the Authorization header."
            )
        return AuthError(f"The store does not accept the keys: {message}")

    def _not_wordpress(self, response: Response) -> ConnectorError | None:
        """Somebody in front of WordPress answered."""
        if response.status == 401:
            return AuthError(
                "The web server in front of the store asks for a password of its own. Let /wp-json/ through without it.",
                "access_denied",
            )
        if response.status in (403, 405, 406):
            return Unavailable(f"It seems to be a firewall: /wp-json/ answers {response.status}.", "blocked")
        if response.status == 404:
            return Unavailable(f"There is no WooCommerce at {self.store}. {_NO_PERMALINKS}", "no_shop")
        return None

    def _moved(self, location: str) -> Rejected:
        head, api, _rest = location.partition("/wp-json")
        if api and is_web_address(head) and not urlsplit(head).username:
            return Rejected("redirect", f"The store has another address. Enter {head} instead.")
        return Rejected(
            "redirect", "The store sends to another page instead of answering: a login or coming-soon page?"
        )

    def _redacted(self, said: Any) -> str:
        words = re.sub(r"<[^>]*>", "", html.unescape(str(said or "")))
        return self.transport.redact(words).strip()[:300]


def _record(path: str, data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise BadPayload(f"The store's answer to {path} is not what WooCommerce says.")
    return data


def _lasting(error: Rejected) -> ConnectorError:
    """A route that every WooCommerce has is away only while the plugin is: during its update, for one."""
    return Unavailable(error.message, "no_shop") if error.code == NO_ROUTE else error


def _looks_like(value: str, prefix: str) -> bool:
    return value.startswith(prefix) and len(value) > len(prefix) and all(33 <= ord(char) <= 126 for char in value)


def _auth(store: str, key: str, secret: str) -> AuthBase:
    """Over https the keys themselves; over plain http WooCommerce takes only a signature by them."""
    if store.startswith("https://"):
        return HTTPBasicAuth(key, secret)
    return OAuth1(key, client_secret=secret, signature_method="HMAC-SHA256")


def _is_page(response: Response) -> bool:
    start = response.body[:200].lstrip().lower()
    return start.startswith((b"<!doctype", b"<html", b"<head", b"<body"))


def _wordpress_error(response: Response) -> Mapping[str, Any] | None:
    """``{"code": …, "message": …}`` if WordPress itself answered."""
    try:
        said = loads(response.body)
    except ValueError:
        return None
    return said if isinstance(said, dict) and isinstance(said.get("code"), str) else None
