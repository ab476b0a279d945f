"""What a WooCommerce order status means. Stores and their plugins add statuses of their own, so the seller decides.

This module must not import Odoo.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .records import Status, StatusMeaning

#: slug -> (name, meaning unless the seller says otherwise). What is not listed here is held until the seller decides.
KNOWN = {
    "pending": ("Pending payment", StatusMeaning.HOLD),
    "on-hold": ("On hold", StatusMeaning.HOLD),
    "processing": ("Processing", StatusMeaning.OPEN),
    "completed": ("Completed", StatusMeaning.COMPLETED),
    "refunded": ("Refunded", StatusMeaning.COMPLETED),
    "cancelled": ("Cancelled", StatusMeaning.CANCELLED),
    "failed": ("Failed", StatusMeaning.CANCELLED),
    "checkout-draft": ("Draft", StatusMeaning.SKIP),
    "auto-draft": ("Draft", StatusMeaning.SKIP),
    "trash": ("Trash", StatusMeaning.SKIP),
}
TRASH = "trash"
LIVE_MEANINGS = frozenset({StatusMeaning.OPEN, StatusMeaning.HOLD})


class Statuses:
    """The meanings that hold for one channel.

    :param chosen: ``Login.options["statuses"]``: slug -> value of :class:`~.records.StatusMeaning`
    """

    def __init__(self, chosen: Mapping[str, Any] | None = None):
        self._meanings = {slug: meaning for slug, (_name, meaning) in KNOWN.items()}
        self._meanings |= {slug: StatusMeaning(meaning) for slug, meaning in (chosen or {}).items() if meaning}

    def meaning(self, slug: str) -> StatusMeaning:
        return self._meanings.get(slug, StatusMeaning.HOLD)

    def live(self, slugs: Iterable[str]) -> list[str]:
        """Those whose orders are still to be dealt with."""
        return [slug for slug in slugs if self.meaning(slug) in LIVE_MEANINGS]


def status_name(slug: str) -> str:
    """A name for people; a payload has only the slug."""
    return KNOWN[slug][0] if slug in KNOWN else slug.replace("-", " ").replace("_", " ").capitalize()


def described(found: Iterable[tuple[str, str | None]]) -> tuple[Status, ...]:
    """The statuses of a store with their default meanings; the trash, which stores don't list, comes last."""
    names = {**dict(found), TRASH: None}
    default = Statuses()
    return tuple(Status(slug, name or status_name(slug), default.meaning(slug)) for slug, name in names.items())
