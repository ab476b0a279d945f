"""Seals credentials for the database with a key that is not in the database.

What is sealed is sealed with the key of the first of these places that has one; the keys of the others open, too, so that a key
may be set where another place's was used before:

1. the environment, ``ORDER_CHANNEL_SECRET_KEY``;
2. the server's configuration file, ``secret_key`` in a section ``[order_channel_mapping]`` of its own (Odoo warns of names
   that it doesn't know in ``[options]``; ``odoo --save`` drops other sections, so keep a copy of the key);
3. a key file in Odoo's data directory, beside the file store and so in no dump, made at the first secret. Servers that
   share a database must share it, or be given the same key in one of the other ways.

Several keys, separated by commas, rotate: the first one seals, all of them open. A key that is not one opens nothing and lets
nothing be sealed until it is mended. Keys are Fernet keys
(``python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"``).

This module must not import Odoo.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from configparser import Error as ConfigError
from configparser import RawConfigParser
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

ENVIRONMENT = "ORDER_CHANNEL_SECRET_KEY"
SECTION, OPTION = "order_channel_mapping", "secret_key"
KEY_FILE = Path("order_channel_mapping", "secret.key")


class SecretsLost(Exception):
    """What was sealed can't be opened: the key is missing, not a key, or another one. The owner must enter it again."""


class KeyUnusable(Exception):
    """Nothing can be sealed. The message says what to do; it holds no key."""


class SecretBox:
    """Seals and opens mappings of names to secrets.

    >>> box = SecretBox([Fernet.generate_key().decode()])
    >>> box.open(box.seal({"access_token": "s3cret"}))
    {'access_token': 's3cret'}

    :param keys: the first one seals
    :param spare: gives keys, good ones, that open what those don't
    :param place: where the keys were found, for the message
    :raise KeyUnusable: a key is not a Fernet key, or there is none
    """

    def __init__(self, keys: Sequence[str], spare: Callable[[], Iterable[str]] = tuple, place: str = ""):
        if not keys:
            raise KeyUnusable(f"There is no key to keep secrets with. Set {ENVIRONMENT}.")
        for number, key in enumerate(keys, 1):
            if not _is_key(key):
                raise KeyUnusable(
                    f"Key number {number} of {len(keys)} in {place or ENVIRONMENT} is not a valid key to keep secrets with: "
                    f"it must be 32 url-safe base64-encoded bytes, as Fernet.generate_key() makes them. Correct it, then "
                    "restart Odoo."
                )
        self._first = Fernet(keys[0])
        self._all = MultiFernet([Fernet(key) for key in keys])
        self._spare = spare

    def __repr__(self):
        return "<SecretBox>"

    def seal(self, secrets: Mapping[str, str]) -> str:
        """Text to keep in the database."""
        return self._all.encrypt(json.dumps(dict(secrets)).encode()).decode()

    def open(self, sealed: str) -> dict[str, str]:
        """What :meth:`seal` was given.

        :raise SecretsLost: sealed with another key, or damaged
        """
        try:
            return json.loads(self._decrypt(sealed))
        except ValueError:
            raise SecretsLost from None

    def resealed(self, sealed: str) -> str | None:
        """The same secrets under the first key, ``None`` where they are under it already.

        :raise SecretsLost: sealed with another key, or damaged
        """
        try:
            self._first.decrypt(sealed.encode())
        except InvalidToken:
            return self._first.encrypt(self._decrypt(sealed)).decode()
        return None

    def _decrypt(self, sealed: str) -> bytes:
        with suppress(InvalidToken):
            return self._all.decrypt(sealed.encode())
        for key in self._spare():
            with suppress(InvalidToken):
                return Fernet(key).decrypt(sealed.encode())
        raise SecretsLost


def open_box(config_file: str | None, data_dir: str | None, create: bool = False) -> SecretBox:
    """The box of this server.

    :param config_file: Odoo's configuration file
    :param data_dir: Odoo's data directory
    :param create: the box is to seal: make a key file where no key is to be found, and refuse keys that are not valid
    :raise KeyUnusable: there is no key and none may or can be made, or what is there is not a key
    """
    file = data_dir and Path(data_dir, KEY_FILE)
    places = [
        (ENVIRONMENT, lambda make: os.environ.get(ENVIRONMENT, "")),
        (f"{OPTION} of {config_file}", lambda make: _configured(config_file)),
        (f"the key file {file}", lambda make: _from_file(file, make) if file else ""),
    ]
    while places:
        place, read = places.pop(0)
        if keys := _split(read(create)):
            break
    others = [read for __, read in places]
    try:
        return SecretBox(keys, lambda: _spare_keys(others), place)
    except KeyUnusable:
        good = [*filter(_is_key, keys), *_spare_keys(others)]
        if create or not good:
            raise
        return SecretBox(good)


def _split(text: str) -> list[str]:
    return [key for key in (part.strip() for part in text.split(",")) if key]


def _is_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True


def _spare_keys(readers: Iterable[Callable[[bool], str]]) -> list[str]:
    """The good keys of places that come second. What is wrong there is no matter."""
    keys = []
    for read in readers:
        with suppress(KeyUnusable):
            keys += filter(_is_key, _split(read(False)))
    return keys


def _configured(config_file: str | None) -> str:
    parser = RawConfigParser()
    try:
        if config_file:
            parser.read([config_file])
        return parser.get(SECTION, OPTION, fallback="").strip()
    except (OSError, ConfigError, UnicodeDecodeError):
        return ""


def _from_file(path: Path, create: bool) -> str:
    try:
        if create and not path.exists():
            _make_key_file(path)
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise KeyUnusable(f"The key file {path} can't be used: {reason}. Set {ENVIRONMENT} instead.") from None


def _make_key_file(path: Path) -> None:
    """Write a new key, whole or not at all. Of two workers that do so at once, one wins and both use its key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".new-")  # mode 600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # unlike a rename it never replaces
        except FileExistsError:
            return
    finally:
        os.unlink(draft)
