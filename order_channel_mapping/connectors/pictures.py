"""Pictures of items: they live wherever the marketplace keeps them, mostly on hosts of its content network.

Asked for without credentials, through the same guarded door as everything else, and believed to be a picture only by
their first bytes.

This module must not import Odoo.
"""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from .base import BadPayload, Rejected
from .storable import is_web_address
from .transport import Transport

MAX_BYTES = 10 * 1024 * 1024
REDIRECTS = 3
SECONDS = 10.0  # for one picture's server to answer: nothing waits for a picture
_MOVED = frozenset({301, 302, 303, 307, 308})


def is_picture(body: bytes) -> bool:
    """Whether this begins like a JPEG, PNG, GIF or WebP. An SVG is a document that can carry scripts: it is none here."""
    return body.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")) or (
        body[:4] == b"RIFF" and body[8:12] == b"WEBP"
    )


class PictureFetcher:
    """Fetches pictures for the length of a pass: those of one host through one connection.

    :param allow_insecure: plain http and private addresses are fine (test servers only)
    """

    def __init__(self, *, allow_insecure: bool = False, max_bytes: int = MAX_BYTES):
        self._allow_insecure = allow_insecure
        self._max_bytes = max_bytes
        self._doors: dict[str, Transport] = {}

    def __enter__(self) -> PictureFetcher:
        return self

    def __exit__(self, *exc_info) -> None:
        for door in self._doors.values():
            door.close()

    def fetch(self, url: str) -> bytes:
        """The bytes of a picture; redirects are followed, each one checked like the first address.

        :param url: absolute address
        :raise Rejected: it isn't there, or its address is none that a marketplace has
        :raise BadPayload: it is no picture, or larger than ``max_bytes`` (``too_large``)
        :raise Unavailable, RateLimited: another time, perhaps
        """
        for __ in range(REDIRECTS + 1):
            if not is_web_address(url):
                raise Rejected("bad_address", "The picture's address is none.")
            parts = urlsplit(url)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            answer = self._door(f"{parts.scheme}://{parts.netloc}").request("GET", path, expect=_MOVED)
            if answer.status not in _MOVED:
                if not is_picture(answer.body):
                    raise BadPayload("What is at the picture's address is no JPEG, PNG, GIF or WebP.")
                return answer.body
            if not answer.headers.get("Location"):
                break
            url = _joined(url, answer.headers["Location"])
        raise Rejected("redirect", "The picture's address leads to no picture, but to one address after the other.")

    def _door(self, origin: str) -> Transport:
        if origin not in self._doors:
            self._doors[origin] = Transport(
                origin,
                name="The picture's server",
                headers={"Accept": "image/webp,image/png,image/jpeg,image/gif"},
                max_wait=0.0,
                allow_insecure=self._allow_insecure,
                max_bytes=self._max_bytes,
                seconds=SECONDS,
            )
        return self._doors[origin]


def _joined(url: str, location: str) -> str:
    """Where a redirect leads; to nothing where it is no address."""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""
