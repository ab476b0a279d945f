"""What the commands say."""

from __future__ import annotations

import sys


class SetupError(Exception):
    """Something that the commands need is missing or failed. The message is one line: what happened, and what to do."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
