"""Sealing: encrypts the secrets of apps in the ledger, with a key of secrets.toml.

A backup of the ledger does not have the key. Without one in the settings they are stored as they
are.
"""

import hashlib

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

_OPEN = "plain:"
_HEADER = {"alg": "dir", "enc": "A256GCM"}


class Sealing:
    """Encrypts with AES-256-GCM, as JWE."""

    def __init__(self, key: str) -> None:
        """`key` is any long text; empty: nothing is encrypted."""
        derived = hashlib.sha256(f"publisher totp {key}".encode()).digest()
        self._key = OctKey.import_key(derived) if key else None

    def closed(self, secret: str) -> str:
        """A secret as it is stored."""
        if self._key is None:
            return f"{_OPEN}{secret}"
        return jwe.encrypt_compact(_HEADER, secret, self._key)

    def opened(self, stored: str) -> str | None:
        """The secret; None if the key in the settings is not that with which it was closed."""
        if stored.startswith(_OPEN):
            return stored.removeprefix(_OPEN)
        try:
            plain = jwe.decrypt_compact(stored, self._key).plaintext if self._key else None
        except (JoseError, ValueError):
            return None
        return plain.decode() if plain else None
