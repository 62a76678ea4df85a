"""Secrets at rest: encrypted with the first of several keys, decrypted with the one they name.

A sealed value is ``version (1) | key id (4) | nonce (12) | AES-256-GCM ciphertext``. To change
keys, put the new one first and keep the old ones until every value was sealed again.
"""

import hashlib
import hmac
import os
import re
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = b"\x01"
_ID_SIZE = 4
_NONCE_SIZE = 12
_HEADER_SIZE = len(_VERSION) + _ID_SIZE
_KEY = re.compile(r"[0-9a-fA-F]{64}")
_FINGERPRINT_SIZE = 12


class VaultError(Exception):
    """A secret cannot be sealed or opened; the text may be read by a person, and has no secret."""


def encrypt(keys: Sequence[str], text: str, *, belongs_to: str = "") -> bytes:
    """``text`` sealed with the first of the keys (each 64 hexadecimal digits).

    ``belongs_to`` names what holds the secret: sealed for one thing, it opens for no other.
    """
    key = _first(keys)
    header = _VERSION + _key_id(key)
    nonce = os.urandom(_NONCE_SIZE)
    content = text.encode("utf-8", "surrogatepass")
    return header + nonce + _cipher(key).encrypt(nonce, content, header + belongs_to.encode())


def decrypt(keys: Sequence[str], sealed: bytes, *, belongs_to: str = "") -> str:
    """The text that ``encrypt`` sealed with one of the keys for the same ``belongs_to``.

    Raises ``VaultError`` where the key is not among them, or anything was changed.
    """
    header, nonce, content = _parts(sealed)
    key = next((key for key in keys if header == _VERSION + _key_id(key)), None)
    if key is None:
        raise VaultError(
            "A secret was sealed with a key that this installation does not have. "
            "Put the former key behind the present one in RELEASECLONE_VAULT_KEYS."
        )
    try:
        opened = _cipher(key).decrypt(nonce, content, header + belongs_to.encode())
    except InvalidTag as error:
        raise VaultError("A secret was changed after it was sealed. Enter it again.") from error
    return opened.decode("utf-8", "surrogatepass")


def fingerprint(key: str, text: str) -> str:
    """Twelve hexadecimal digits that tell secrets apart, and tell nothing without the key."""
    content = text.encode("utf-8", "surrogatepass")
    return _derived(key, b"fingerprint", content).hex()[:_FINGERPRINT_SIZE]


def _first(keys: Sequence[str]) -> str:
    if not keys:
        raise VaultError("There is no vault key. Give one in RELEASECLONE_VAULT_KEYS.")
    return keys[0]


def _parts(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    if len(sealed) < _HEADER_SIZE + _NONCE_SIZE or not sealed.startswith(_VERSION):
        raise VaultError("A stored secret is not in the vault's format. Enter it again.")
    content = _HEADER_SIZE + _NONCE_SIZE
    return sealed[:_HEADER_SIZE], sealed[_HEADER_SIZE:content], sealed[content:]


def _cipher(key: str) -> AESGCM:
    return AESGCM(_derived(key, b"encryption", b""))


def _key_id(key: str) -> bytes:
    return _derived(key, b"key id", b"")[:_ID_SIZE]


def _derived(key: str, purpose: bytes, content: bytes) -> bytes:
    """32 bytes for one purpose, so that no use of the key tells anything about another."""
    if not _KEY.fullmatch(key):
        raise VaultError(
            "A vault key must be 64 hexadecimal digits. Make one with: openssl rand -hex 32."
        )
    inner = hmac.digest(bytes.fromhex(key), purpose, hashlib.sha256)
    return hmac.digest(inner, content, hashlib.sha256)
