"""Shopify's GraphQL over HTTP: errors that hide in a 200, and pacing by the cost that each answer reports.

Shopify fills a bucket of points per app and shop. Every answer says what it cost and what is left; a call that the
bucket can't pay is answered with ``THROTTLED`` and nothing else.

This module must not import Odoo.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from . import shopify_auth as auth
from .base import AuthError, BadPayload, Login, Ports, RateLimited, Rejected, TokenRefused, Unavailable
from .pacing import MAX_WAIT, Pace
from .shopify_documents import API_VERSION
from .transport import Transport, utcnow
from .values import real_number

PATH = f"/admin/api/{API_VERSION}/graphql.json"
#: times that a throttled call is repeated inside one pass
THROTTLE_ATTEMPTS = 5
_USED_UP = "Shopify's call limit is used up for the moment."
_SERVER_FAULTS = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT"})


class TooCostly(Rejected):
    """The document could cost more than Shopify allows for one call. ``factor`` is how far to shrink its lists."""

    def __init__(self, message: str, factor: float):
        super().__init__("max_cost", message)
        self.factor = factor


class ServerFault(Unavailable):
    """Shopify stumbled over this very question. A smaller one may work."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``data`` of an answer, the errors that concern only parts of it, and Shopify's clock when it was asked."""

    data: Mapping[str, Any]
    errors: tuple[Mapping[str, Any], ...] = ()
    asked_at: datetime | None = None


class ShopifyClient:
    """Executes documents against one shop. Not thread-safe."""

    def __init__(self, account: Login, ports: Ports):
        secrets = account.secrets
        self.domain = account.base_url or auth.shop_host(secrets.get("shop_domain"))
        self.transport = Transport(
            auth.base_url(account),
            name="Shopify",
            secrets=(secrets.get("access_token"), secrets.get("client_secret")),
            pace=Pace(ports.pace),
            max_wait=ports.max_wait,
            allow_insecure=account.allow_insecure,
        )
        self.auth_method = auth.method_of(account, ports)
        self._tokens = auth.tokens_of(account, ports, self.transport, self.auth_method)
        self._pace = self.transport.pace
        self._costs: dict[str, float] = {}

    def close(self) -> None:
        self.transport.close()

    # -- asking -------------------------------------------------------------------------------------------------------

    def execute(self, document: str, variables: Mapping[str, Any] | None = None, *, idempotent: bool = True) -> Answer:
        """Run one document.

        :param idempotent: False for a mutation that Shopify would carry out twice
        :raise TooCostly, ServerFault: see there
        :raise AuthError, RateLimited, Unavailable, Rejected, BadPayload: as everywhere
        """
        name = document.split("(", 1)[0].split("{", 1)[0].split()[-1]
        for _attempt in range(THROTTLE_ATTEMPTS):
            self._wait_for_points(self._costs.get(name, 0))
            response = self._post(document, variables, idempotent)
            payload = response.json()
            if not isinstance(payload, dict):
                raise BadPayload("Shopify's answer is not a GraphQL answer.")
            cost = _part(_part(payload, "extensions"), "cost")
            self._take_note(name, cost)
            errors = payload.get("errors") or ()
            if isinstance(errors, str):
                raise Rejected("graphql", f"Shopify refused the request: {self.transport.redact(errors)[:200]}")
            if any(_code(error) == "THROTTLED" for error in errors):
                seconds = _throttle_seconds(cost)
                self._pace.block(seconds)
                self.transport.wait(seconds, _USED_UP)
                self._pace.waited()
                self._pace.state.pop("at", None)  # waited for already
                continue
            answer = self._answer(payload, errors, response.asked_at)
            if document.lstrip().startswith("mutation") and None in answer.data.values():
                raise Unavailable("Shopify does not say what became of the request.", "no_answer", sent=True)
            return answer
        wait = timedelta(seconds=_throttle_seconds(cost))
        raise RateLimited("Shopify asks to wait before the next call.", utcnow() + wait)

    def _post(self, document, variables, idempotent):
        body = {"query": document, "variables": dict(variables or {})}
        try:
            return self._send(body, idempotent)
        except Rejected as error:
            if error.code == "not_found":
                raise AuthError(f"There is no shop at {self.domain}. Check the shop's domain.", "no_shop") from None
            if error.code in ("http_402", "http_423"):
                raise AuthError("Shopify has frozen or locked this shop. Its owner must act.", "shop_frozen") from None
            raise

    def _send(self, body, idempotent):
        """A token that is refused before its time is renewed, once."""
        token = self._tokens.access_token()
        for renewable in (self._tokens.renewable, False):
            self.transport.redact.learn(token)
            headers = {"X-Shopify-Access-Token": token}
            try:
                return self.transport.request("POST", PATH, json=body, headers=headers, idempotent=idempotent)
            except TokenRefused:
                if renewable:
                    token = self._tokens.renewed(token)
                    continue
                refused = auth.REFUSED[self.auth_method]
                raise AuthError(f"Shopify does not accept the access token. {refused}") from None
        raise AssertionError("unreachable")

    def sign_in_again(self) -> bool:
        """Get another token, which may bring rights that the app was given meanwhile.

        :return: False where only a person can do that
        """
        if self.auth_method != "client_credentials":
            return False
        self._tokens.renewed(self._tokens.access_token())
        return True

    def _answer(self, payload, errors, asked_at) -> Answer:
        data = payload.get("data")
        for error in errors:
            self._raise_for(error)
        if not isinstance(data, dict) or (errors and all(value is None for value in data.values())):
            code = _code(errors[0]) if errors else ""
            if code in _SERVER_FAULTS:
                raise ServerFault("Shopify has a fault of its own.", code.lower(), sent=True)
            raise Rejected(
                code.lower() or "graphql", f"Shopify refused: {self._said(errors[0]) if errors else 'no data'}"
            )
        return Answer(data, tuple(errors), asked_at)

    def _raise_for(self, error: Mapping[str, Any]) -> None:
        """Errors that concern the whole call, wherever they stand."""
        code = _code(error)
        if code == "ACCESS_DENIED":
            raise AuthError(f"Shopify denies access: {self._said(error)}", "access_denied")
        if code == "SHOP_INACTIVE":
            raise AuthError("This shop is not active at Shopify. Its owner must act.", "shop_frozen")
        if code == "MAX_COST_EXCEEDED":
            details = error.get("extensions") or {}
            cost, limit = float(details.get("cost") or 0), float(details.get("maxCost") or 1000)
            raise TooCostly(self._said(error), limit / cost * 0.9 if cost > limit else 0.5)

    def _said(self, error: Mapping[str, Any]) -> str:
        return self.transport.redact(error.get("message") or "")[:300]

    # -- pacing -------------------------------------------------------------------------------------------------------

    def _wait_for_points(self, cost: float) -> None:
        """Sleep until the bucket should hold ``cost`` points, by what Shopify said last. What no bucket can be is ignored."""
        names = ("available", "rate", "maximum", "at")  # the bucket, as some pass saw it last
        available, rate, maximum, at = (real_number(self._pace.state.get(name)) for name in names)
        if None in (available, maximum, at) or not rate or rate < 0:
            return
        grown = available + max(0.0, time.time() - at) * rate
        seconds = (min(cost, maximum) - min(grown, maximum)) / rate
        if 0 < seconds <= MAX_WAIT:
            self.transport.wait(seconds, _USED_UP)

    def _take_note(self, name: str, cost: Mapping[str, Any]) -> None:
        status = _part(cost, "throttleStatus")
        rate = real_number(status.get("restoreRate"))
        if not rate or rate < 0:
            return
        requested = real_number(cost.get("requestedQueryCost"))
        if requested:
            self._costs[name] = requested
        self._pace.learn(
            available=real_number(status.get("currentlyAvailable")) or 0.0,
            maximum=real_number(status.get("maximumAvailable")) or 0.0,
            rate=rate,
            at=time.time(),
        )

    # -- what was learnt about page sizes -----------------------------------------------------------------------------

    def page_size(self, name: str, wanted: int) -> int:
        return min(wanted, int((self._pace.state.get("sizes") or {}).get(name) or wanted))

    def shrink_page(self, name: str, size: int, factor: float) -> int:
        """Remember a smaller page size for this and later passes."""
        size = max(1, math.floor(size * factor))
        self._pace.learn(sizes={**(self._pace.state.get("sizes") or {}), name: size})
        return size


def _code(error: Mapping[str, Any]) -> str:
    return str((error.get("extensions") or {}).get("code") or "") if isinstance(error, Mapping) else ""


def _part(mapping: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = mapping.get(key)
    return part if isinstance(part, Mapping) else {}


def _throttle_seconds(cost: Mapping[str, Any]) -> float:
    """How long a throttled call has to wait until the bucket can pay it."""
    status = _part(cost, "throttleStatus")
    requested, available = real_number(cost.get("requestedQueryCost")), real_number(status.get("currentlyAvailable"))
    rate = real_number(status.get("restoreRate")) or 0.0
    missing = (requested or 0.0) - (available or 0.0)
    return min(max(0.5, missing / (rate if rate > 0 else 50.0)), MAX_WAIT)
