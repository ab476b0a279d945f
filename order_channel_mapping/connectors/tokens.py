"""Access tokens that expire: kept in :class:`~.base.TokenPort`, renewed in time, by one worker at a time.

A marketplace may exchange the refresh token with every renewal. So a renewal happens under the port's lock, and what
it brought is committed before anybody uses it: whatever dies in between, what is stored still leads on.

This module must not import Odoo.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .base import AuthError, BadPayload, RateLimited, TokenPort, Unavailable
from .transport import utcnow
from .values import real_number

AHEAD = 60.0  # seconds before its end that a token is renewed


@dataclass(frozen=True, slots=True)
class TokenSet:
    """What a marketplace's token endpoint gave. ``expires_at`` None: until somebody revokes it."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None

    @classmethod
    def from_answer(cls, answer: Any, asked_at: datetime) -> TokenSet:
        """Read a token endpoint's answer (RFC 6749, 5.1).

        :param asked_at: when it was asked: the lifetimes are counted from there, so that they end early rather than late
        :raise BadPayload: there is no usable token in it
        """
        if not isinstance(answer, Mapping) or not is_token(answer.get("access_token")):
            raise BadPayload("The answer holds no access token.", "no_token")
        refresh = answer.get("refresh_token") or None
        if refresh is not None and not is_token(refresh):
            raise BadPayload("The answer holds a refresh token that can't be one.", "no_token")
        return cls(
            answer["access_token"],
            refresh,
            _after(asked_at, answer.get("expires_in")),
            _after(asked_at, answer.get("refresh_token_expires_in")) if refresh else None,
        )

    @classmethod
    def load(cls, port: TokenPort) -> TokenSet | None:
        """What is kept. The expiry is read first: if another worker renews between two reads, a token looks older than
        it is, which costs a look under the lock and nothing else."""
        expires_at, refresh_expires_at = _moment(port.get("expires_at")), _moment(port.get("refresh_expires_at"))
        refresh, access = port.get("refresh_token"), port.get("access_token")
        return cls(access, refresh or None, expires_at, refresh_expires_at) if access else None

    def stored(self) -> dict[str, str]:
        """For :meth:`TokenPort.put`. All names, so that nothing of an older set stays behind."""
        return {
            "access_token": self.access_token,
            "refresh_token": self.refresh_token or "",
            "expires_at": self.expires_at.isoformat() if self.expires_at else "",
            "refresh_expires_at": self.refresh_expires_at.isoformat() if self.refresh_expires_at else "",
        }

    def lives(self, now: datetime, seconds: float = 0.0) -> bool:
        """Whether the access token is good for so many seconds more."""
        return self.expires_at is None or self.expires_at - now > timedelta(seconds=seconds)


class FixedToken:
    """A token that a person entered: nothing renews it."""

    renewable = False

    def __init__(self, token: str):
        self._token = token

    def access_token(self) -> str:
        return self._token

    def renewed(self, refused: str) -> str:
        """:raise AuthError: always"""
        raise AuthError("The access token is not accepted.")


class TokenKeeper:
    """Always has a valid access token. Lives as long as a pass; not thread-safe, but many may share one port.

    :param port: where tokens are kept for all workers
    :param renew: asks the marketplace for new tokens with a refresh token (None: there is none). It raises ``AuthError``
        with the code ``revoked`` where only the seller can help, ``Unavailable`` where nothing is lost yet
    """

    renewable = True

    def __init__(self, port: TokenPort, renew: Callable[[str | None], TokenSet], ahead: float = AHEAD):
        self._port = port
        self._renew = renew
        self._ahead = ahead
        self._known: TokenSet | None = None

    def access_token(self) -> str:
        """:raise AuthError: the marketplace renews no longer
        :raise Unavailable, RateLimited: it can't be asked now, and the token at hand has expired
        """
        known = self._known or TokenSet.load(self._port)
        if known and known.lives(utcnow(), self._ahead):
            self._known = known
            return known.access_token
        try:
            return self._renewed()
        except (Unavailable, RateLimited):
            if known and known.lives(utcnow()):
                return known.access_token  # its last minute; the next call tries again
            raise

    def renewed(self, refused: str) -> str:
        """Another token than the one which the marketplace just refused, though it should still be good."""
        return self._renewed(refused)

    def _renewed(self, refused: str | None = None) -> str:
        with self._port.lock() as port:
            tokens = TokenSet.load(port)  # another worker may have renewed while this one waited
            if tokens is None or tokens.access_token == refused or not tokens.lives(utcnow(), self._ahead):
                tokens = self._ask(tokens)
                port.put(**tokens.stored())  # committed: from here on the new ones may be used
        self._known = tokens
        return tokens.access_token

    def _ask(self, old: TokenSet | None) -> TokenSet:
        new = self._renew(old.refresh_token if old else None)
        if old and old.refresh_token and not new.refresh_token:  # a marketplace that does not rotate
            return TokenSet(new.access_token, old.refresh_token, new.expires_at, old.refresh_expires_at)
        return new


def is_token(value: Any) -> bool:
    """Whether a value can travel in a header."""
    return isinstance(value, str) and bool(value) and all(32 < ord(char) < 127 for char in value)


def _after(start: datetime, seconds: Any) -> datetime | None:
    if seconds in (None, ""):
        return None
    try:
        return start + timedelta(seconds=real_number(seconds))
    except (TypeError, OverflowError):
        raise BadPayload("The answer's lifetime is not a number of seconds.", "no_token") from None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
