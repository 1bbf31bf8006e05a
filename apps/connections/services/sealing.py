"""Secrets at rest: AES-256-GCM under a keyring, bound to the row and column they lie in.

A blob is `v1.<key id>.<base64 of nonce and ciphertext>`. Its place (table, column, the row's uid) is authenticated
with it, so that a blob copied into another row or column opens nowhere.
"""

import base64
import binascii
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.connections.models import Connection
from engine.errors import CredentialsError
from engine.toolkit.masking import Secret

log = logging.getLogger(__name__)

VERSION = "v1"
NONCE_BYTES = 12
KEY_BYTES = 32
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a blob lies. The names are part of every blob, so renaming a table does not change them."""

    table: str
    column: str
    uid: str

    def __str__(self) -> str:
        return f"{self.table}|{self.column}|{self.uid}"


def place_of_connection(uid: str) -> Place:
    return Place("connections_connection", "sealed", uid)


def place_of_job(uid: str) -> Place:
    return Place("jobs_job", "sealed_params", uid)


def seal(document: Mapping[str, Any], place: Place) -> str:
    """The document as a blob under the first key."""
    nonce = os.urandom(NONCE_BYTES)
    ciphertext = keyring()[sealing_key_id()].encrypt(nonce, orjson.dumps(document), str(place).encode())
    return f"{prefix(sealing_key_id())}{base64.urlsafe_b64encode(nonce + ciphertext).decode()}"


def unseal(blob: str, place: Place) -> dict[str, Any]:
    """What was sealed. Raises CredentialsError `credentials_unreadable`, and tells the operator's log why."""
    version, key_id, text = [*blob.split(".", 2), "", ""][:3]
    key = keyring().get(key_id)
    if version != VERSION or key is None:
        raise _unreadable(place, f"sealed as {version!r} with key {key_id!r}, which SEALING_KEYS does not hold")
    try:
        octets = base64.b64decode(text, altchars=b"-_", validate=True)
        plain = key.decrypt(octets[:NONCE_BYTES], octets[NONCE_BYTES:], str(place).encode())
    except (InvalidTag, ValueError) as error:
        raise _unreadable(place, "damaged, or moved here from another row") from error
    return cast("dict[str, Any]", orjson.loads(plain))


def reseal(blob: str, place: Place) -> str:
    """The same under the first key. Raises as `unseal` does."""
    return seal(unseal(blob, place), place)


def seal_secrets(connection: Connection, secrets: Mapping[str, Secret]) -> str:
    if not secrets:
        return ""
    revealed = {name: secret.reveal() for name, secret in secrets.items()}
    return seal(revealed, place_of_connection(connection.uid))


def unseal_secrets(connection: Connection) -> dict[str, Secret]:
    if not connection.sealed:
        return {}
    document = unseal(connection.sealed, place_of_connection(connection.uid))
    return {name: Secret(value) for name, value in document.items()}


def sealing_key_id() -> str:
    return next(iter(keyring()))


def prefix(key_id: str) -> str:
    """What every blob under this key begins with."""
    return f"{VERSION}.{key_id}."


def keyring() -> dict[str, AESGCM]:
    """The keys of SEALING_KEYS by id: the first seals, all open. Raises ImproperlyConfigured, never showing a key."""
    return _keyring(tuple(settings.SEALING_KEYS))


@lru_cache(maxsize=4)
def _keyring(entries: tuple[str, ...]) -> dict[str, AESGCM]:
    keys: dict[str, AESGCM] = {}
    for number, entry in enumerate(entries, start=1):
        key_id, _, text = entry.partition(":")
        if not KEY_ID.fullmatch(key_id) or key_id in keys:
            raise ImproperlyConfigured(f"Entry {number} of SEALING_KEYS needs an id of its own, as in k1:…")
        keys[key_id] = AESGCM(_key(number, text))
    if not keys:
        raise ImproperlyConfigured("SEALING_KEYS holds no key")
    return keys


def _key(number: int, text: str) -> bytes:
    try:
        octets = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error:
        octets = b""
    if len(octets) != KEY_BYTES:
        raise ImproperlyConfigured(f"Entry {number} of SEALING_KEYS must be `id:` and base64 of {KEY_BYTES} bytes")
    return octets


def _unreadable(place: Place, reason: str) -> CredentialsError:
    log.error("The secrets at %s cannot be opened: %s", place, reason)
    return CredentialsError(
        "The stored secrets of this connection cannot be read. Enter them again.", code="credentials_unreadable"
    )
