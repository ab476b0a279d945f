"""The only door to the network.

One :class:`Transport` lives as long as a pass. It authenticates, gives each request one deadline for all of it, repeats what
is safe to repeat, honours ``Retry-After``, limits what it reads, keeps to public https addresses, counts calls, and turns
every trouble into one of the errors of :mod:`base`. No secret leaves it: not in logs, not in errors, not in reprs.

Proxies and ``.netrc`` of the environment are ignored: both could send credentials somewhere else.

This module must not import Odoo.
"""

from __future__ import annotations

import base64
import json
import logging
import math
import random
import time
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, ReadTimeoutError, SSLError

from .address_guard import ForbiddenAddress
from .base import AuthError, BadPayload, ConnectorError, RateLimited, Rejected, TokenRefused, TooLarge, Unavailable
from .connections import Deadline, DeadlineAdapter
from .lenient_json import loads
from .pacing import MAX_WAIT, Pace

_logger = logging.getLogger(__name__)

USER_AGENT = "OrderChannelMapping/19.0"
#: seconds for a request with all of its attempts, from the resolver to the last byte: a server that hangs or drips costs a
#: cron worker no more. A store that is slower than this is asked for smaller pages.
REQUEST_SECONDS = 20.0
CONNECT_SECONDS = 5.0  # for one address, and for TLS
MAX_BYTES = 32 * 1024 * 1024
#: what answers may be packed in; one packing alone, since packings within packings grow beyond any memory
ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})
ATTEMPTS = 3
BACKOFF = 0.5  # seconds before the second attempt, doubled for each further one
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
CLOCKS = range(2000, 3000)  # years; a server that answers with another one has a clock that was never set
_CHUNK = 16 * 1024  # packed: 16 MB at most when unpacked
#: loggers of libraries that write keys, signatures and whole signed requests to their debug log
_TALKATIVE = ("requests_oauthlib.oauth1_auth", "oauthlib.oauth1.rfc5849", "oauthlib.oauth1.rfc5849.signature")


def _is_above_debug(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


for _name in _TALKATIVE:
    logging.getLogger(_name).addFilter(_is_above_debug)


def utcnow() -> datetime:
    return datetime.now(timezone.utc)


def parse_http_date(text: str | None) -> datetime | None:
    """An HTTP date as aware UTC, ``None`` where there is none or it can't be one."""
    try:
        value = parsedate_to_datetime(text) if text else None
        if value is None:
            return None
        return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)
    except (TypeError, ValueError, OverflowError):
        return None


def retry_after_seconds(text: str | None, server_now: datetime | None = None) -> float | None:
    """``Retry-After`` in seconds from now, MAX_WAIT at most: a number, or a date on the server's own clock where that is
    known. None where it is neither."""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        until = parse_http_date(text)
        if until is None:
            return None
        seconds = (until - (server_now or utcnow())).total_seconds()
    return None if math.isnan(seconds) else min(max(0.0, seconds), MAX_WAIT)


class Redactor:
    """Takes known secrets out of text, in the spellings in which they travel."""

    def __init__(self, secrets: Iterable[str | None]):
        self._spellings: list[str] = []
        self.learn(*secrets)

    def learn(self, *secrets: str | None) -> None:
        """Take these out, too, from now on."""
        spellings = set(self._spellings)
        for secret in secrets:
            if secret and len(secret) >= 4:
                spellings |= {secret, quote(secret, safe=""), quote_plus(secret), quote(secret)}
                spellings |= {
                    json.dumps(secret)[1:-1],
                    json.dumps(secret, ensure_ascii=False)[1:-1],
                    repr(secret)[1:-1],
                }
                spellings.add(base64.b64encode(secret.encode()).decode())
        self._spellings = sorted(spellings, key=len, reverse=True)

    def __call__(self, text: object) -> str:
        text = str(text)
        for spelling in self._spellings:
            text = text.replace(spelling, "***")
        return text

    def __repr__(self):
        return "<Redactor>"


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, read to its end. ``elapsed`` is in seconds; ``date`` is the server's own clock when it answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    elapsed: float = 0.0

    @property
    def date(self) -> datetime | None:
        date = parse_http_date(self.headers.get("Date"))
        return date if date and date.year in CLOCKS else None

    @property
    def asked_at(self) -> datetime | None:
        """The server's clock when the question left here: nothing that happened before is missing in the answer."""
        return self.date and self.date - timedelta(seconds=self.elapsed)

    def json(self) -> Any:
        """:raise BadPayload: the body is not JSON"""
        try:
            return loads(self.body)
        except ValueError:
            raise BadPayload("The answer is not valid JSON.", "not_json") from None


class Transport:
    """HTTP to one marketplace host.

    :param base_url: scheme, host and an optional path that every request path is appended to
    :param auth: a requests auth object (``HTTPBasicAuth``, ``requests_oauthlib.OAuth1``, …) or ``None``
    :param headers: sent with every request
    :param secrets: values that must never appear in logs or errors
    :param explain: a marketplace's own reading of an answer that is not 2xx and asks for no wait; None leaves it to
        :meth:`_refusal`
    :param pace: what is known of the marketplace's limits; a request to wait is kept there for every worker
    :param max_wait: seconds that this transport may sleep in its whole life, :attr:`base.Ports.max_wait`
    :param allow_insecure: plain http and private addresses are fine (test servers only)
    :param seconds: what a request may take, all in all
    """

    def __init__(
        self,
        base_url: str,
        *,
        name: str = "The marketplace",
        auth: requests.auth.AuthBase | None = None,
        headers: Mapping[str, str] | None = None,
        secrets: Iterable[str | None] = (),
        explain: Callable[[Response], ConnectorError | None] | None = None,
        pace: Pace | None = None,
        max_wait: float = 3.0,
        allow_insecure: bool = False,
        seconds: float = REQUEST_SECONDS,
        max_bytes: int = MAX_BYTES,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self.base_url = base_url.rstrip("/")
        self.name = name
        self.calls = 0
        self.redact = Redactor(secrets)
        self.allow_insecure = allow_insecure
        self.pace = pace or Pace(None)
        self._check_url()
        self._auth = auth
        self._explain = explain
        self._seconds = seconds
        self._deadline = Deadline()
        self._max_bytes = max_bytes
        self._sleep = sleep
        self._patience = max_wait
        self._headers = {
            "User-Agent": USER_AGENT,
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            **(headers or {}),
        }
        self._session: requests.Session | None = None

    def __repr__(self):
        return f"<Transport {urlsplit(self.base_url).hostname}>"

    def _check_url(self) -> None:
        parts = urlsplit(self.base_url)
        if not parts.hostname or parts.username or parts.password:
            raise Rejected("bad_address", f"{self.name} can't be reached: the address is not a plain host name.")
        if parts.scheme != "https" and not (self.allow_insecure and parts.scheme == "http"):
            raise Rejected("not_https", f"{self.name} can't be reached: only https:// addresses are allowed.")

    def _open(self) -> requests.Session:
        if self._session is None:
            session = requests.Session()
            session.trust_env = False
            session.auth = self._auth
            session.headers.update(self._headers)
            session.adapters.clear()
            adapter = DeadlineAdapter(self._deadline, guarded=not self.allow_insecure)
            for scheme in ("https", "http") if self.allow_insecure else ("https",):
                session.mount(f"{scheme}://", adapter)
            self._session = session
        return self._session

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
        self.pace.flush()

    # -- waiting ------------------------------------------------------------------------------------------------------

    def wait(self, seconds: float, why: str = "") -> None:
        """Sleep, if what is left of the pass's patience allows it.

        :raise RateLimited: it doesn't; ``retry_at`` says when it would have woken
        """
        if seconds > self._patience:
            raise RateLimited(
                why or f"{self.name} asks to wait {seconds:.0f} seconds.", utcnow() + timedelta(seconds=seconds)
            )
        self._patience -= seconds
        if seconds > 0:
            self._sleep(seconds)

    def _sit_out(self, seconds: float, why: str) -> None:
        self.wait(seconds, why)
        self.pace.waited()

    # -- asking -------------------------------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
        seconds: float | None = None,
        expect: Container[int] = (),
    ) -> Response:
        """One request, repeated where that is safe; the answer is read whole. All of it has one deadline, so that silence
        is not asked again.

        :param idempotent: that doing it twice does no more than once; by default what the method promises
        :param seconds: what it may take, where that is not the transport's usual time
        :param expect: refusals that the caller wants to read itself, by their status
        :raise ConnectorError: anything but a 2xx answer, see :meth:`_refusal`
        """
        if idempotent is None:
            idempotent = method.upper() in SAFE_METHODS
        blocked = self.pace.blocked_seconds()
        if blocked:
            self._sit_out(blocked, f"{self.name} asks to wait before the next call.")
        self._deadline.start(seconds or self._seconds)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                response = self._send(method, path, params, json, data, headers)
                if 200 <= response.status < 300 or response.status in expect:
                    return response
                raise self._refusal(response, idempotent)
            except _Throttled as throttled:
                self.pace.block(throttled.seconds)
                if attempt == ATTEMPTS:
                    raise throttled.as_error() from None
                self._sit_out(throttled.seconds, str(throttled))
            except Unavailable as error:
                if attempt == ATTEMPTS or error.code == "timeout" or (error.sent and not idempotent):
                    raise
                pause = BACKOFF * 2 ** (attempt - 1) * random.uniform(0.8, 1.2)
                if pause > self._patience or pause >= self._deadline.remaining():
                    raise
                self.wait(pause)
        raise AssertionError("unreachable")

    def _send(self, method, path, params, json_body, data, headers) -> Response:
        url = self.base_url + path
        if self.redact(f"{path} {params or ''}") != f"{path} {params or ''}":
            raise ValueError("A secret must not travel in an address: servers and libraries log addresses.")
        self.calls += 1
        started = time.monotonic()
        try:
            answer = self._open().request(
                method,
                url,
                params=params,
                json=json_body,
                data=data,
                headers=headers,
                timeout=(CONNECT_SECONDS, self._seconds),  # the deadline ends it before
                stream=True,
                allow_redirects=False,
            )
            with answer:
                body = self._read(answer)
        except (requests.RequestException, ValueError) as error:  # ValueError: requests reads even what it won't follow
            trouble = self._trouble(error)
            _logger.info("%s %s failed: %s", method, path, trouble)
            raise trouble from None  # the original carries the request with its headers
        elapsed = time.monotonic() - started
        _logger.debug("%s %s -> %s, %d bytes in %.3f s", method, path, answer.status_code, len(body), elapsed)
        return Response(answer.status_code, CaseInsensitiveDict(answer.headers), body, elapsed)

    def _read(self, answer: requests.Response) -> bytes:
        if answer.headers.get("Content-Encoding", "").strip().lower() not in ENCODINGS:
            raise BadPayload(f"{self.name} sent an answer that is packed in a way it was not asked for.", "encoding")
        chunks, size = [], 0
        for chunk in answer.iter_content(_CHUNK):
            size += len(chunk)
            if size > self._max_bytes:
                raise TooLarge(f"{self.name} sent more than {self._max_bytes} bytes in one answer.")
            if self._deadline.remaining() <= 0:  # unpacking takes time as well
                raise Unavailable(f"{self.name} did not answer in time.", "timeout", sent=True)
            chunks.append(chunk)
        promised = answer.headers.get("Content-Length", "")
        # older urllib3 takes a connection that breaks off for the end of the body
        if promised.isdigit() and answer.request.method != "HEAD" and answer.raw.tell() < int(promised):
            raise Unavailable(f"The answer of {self.name} broke off.", "cut", sent=True)
        return b"".join(chunks)

    # -- errors -------------------------------------------------------------------------------------------------------

    def _trouble(self, error: requests.RequestException) -> ConnectorError:
        """What a network error means. ``sent`` is False only where not a byte of the request has left."""
        reason = error.args[0] if error.args else None
        if isinstance(reason, MaxRetryError):
            reason = reason.reason
        if isinstance(reason, ForbiddenAddress):
            return Rejected("private_address", f"{self.name} can't be reached: its address is not a public one.")
        if isinstance(error, ValueError):  # InvalidSchema, InvalidURL, of an address or of where it sends to
            return Rejected("bad_address", f"{self.name} can't be reached: the address is not valid.")
        if isinstance(error, requests.exceptions.SSLError) or isinstance(reason, SSLError):
            return Unavailable(f"No secure connection to {self.name}: {self.redact(reason)[:200]}", "tls")
        if isinstance(reason, NewConnectionError):  # before the next: it derives from ConnectTimeoutError
            return Unavailable(f"{self.name} can't be reached.", "unreachable")
        if isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(reason, ConnectTimeoutError):
            return Unavailable(f"{self.name} did not answer in time.", "timeout")
        if isinstance(error, requests.exceptions.Timeout) or isinstance(reason, ReadTimeoutError):
            return Unavailable(f"{self.name} did not answer in time.", "timeout", sent=True)
        if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
            return Unavailable(f"The answer of {self.name} broke off.", "cut", sent=True)
        return Unavailable(f"The connection to {self.name} broke off.", "network", sent=True)

    def _refusal(self, response: Response, idempotent: bool) -> Exception:
        """What an answer that is not 2xx means."""
        status = response.status
        wait = retry_after_seconds(response.headers.get("Retry-After"), response.date)
        if status == 429 or (status == 503 and wait is not None):
            return _Throttled(f"{self.name} asks to wait before the next call.", 2.0 if wait is None else wait)
        explained = self._explain(response) if self._explain else None
        if explained:
            return explained
        if status in (401, 403):
            kind = TokenRefused if status == 401 else AuthError
            return kind(f"{self.name} does not accept the credentials ({status}).")
        if status in (408, 425) or status >= 500:
            return Unavailable(f"{self.name} has a fault of its own ({status}).", f"http_{status}", sent=True)
        if 300 <= status < 400:
            return Rejected("redirect", f"{self.name} sends to another address ({status}), which is not followed.")
        said = self.redact(" ".join(response.body[:2000].decode("utf-8", "replace").split()))[:200]
        code = "not_found" if status == 404 else f"http_{status}"
        return Rejected(code, f"{self.name} refused the request ({status}): {said}")


class _Throttled(Exception):
    """Inside this module only: the other side did nothing yet and asks for patience."""

    def __init__(self, message: str, seconds: float):
        super().__init__(message)
        self.seconds = seconds

    def as_error(self) -> RateLimited:
        return RateLimited(str(self), utcnow() + timedelta(seconds=self.seconds))
