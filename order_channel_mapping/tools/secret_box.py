"""Seals credentials for the database with a key that is not in the database.

The key comes from the first of these places that has one:

1. the environment, ``ORDER_CHANNEL_SECRET_KEY``;
2. the server's configuration file, ``secret_key`` in a section ``[order_channel_mapping]`` of its own (Odoo warns of names
   that it doesn't know in ``[options]``; ``odoo --save`` drops other sections, so keep a copy of the key);
3. a key file in Odoo's data directory, beside the file store and so in no dump, made at the first secret. Servers that
   share a database must share it, or be given the same key in one of the other ways.

Several keys, separated by commas, rotate: the first one seals, all of them open. Keys are Fernet keys
(``python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"``).

This module must not import Odoo.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from configparser import Error as ConfigError
from configparser import RawConfigParser
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

    :raise KeyUnusable: a key is not a Fernet key, or there is none
    """

    def __init__(self, keys: Sequence[str]):
        if not keys:
            raise KeyUnusable(f"There is no key to keep secrets with. Set {ENVIRONMENT}.")
        try:
            self._fernets = [Fernet(key) for key in keys]
        except ValueError:
            raise KeyUnusable(
                f"The key to keep secrets with is not valid: {ENVIRONMENT} or {OPTION} must hold 32 url-safe "
                "base64-encoded bytes, as Fernet.generate_key() makes them."
            ) from None
        self._all = MultiFernet(self._fernets)

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
            return json.loads(self._all.decrypt(sealed.encode()))
        except (InvalidToken, ValueError):
            raise SecretsLost from None

    def resealed(self, sealed: str) -> str | None:
        """The same secrets under the first key, ``None`` where they are under it already or can't be opened."""
        try:
            self._fernets[0].decrypt(sealed.encode())
        except InvalidToken:
            try:
                return self._all.rotate(sealed.encode()).decode()
            except InvalidToken:
                return None
        return None


def open_box(config_file: str | None, data_dir: str | None, create: bool = False) -> SecretBox:
    """The box of this server.

    :param config_file: Odoo's configuration file
    :param data_dir: Odoo's data directory
    :param create: make a key file where no key is to be found
    :raise KeyUnusable: there is no key and none may or can be made, or what is there is not a key
    """
    text = os.environ.get(ENVIRONMENT, "").strip() or _configured(config_file)
    if not text and data_dir:
        text = _from_file(Path(data_dir, KEY_FILE), create)
    return SecretBox([key for key in (part.strip() for part in text.split(",")) if key])


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
