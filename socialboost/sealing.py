"""Encryption at rest for raw payment events (PAYMENT_DATA_KEY). Only workers use it.

Fernet: AES-128-CBC with HMAC-SHA256 from one 32-byte key. The first key encrypts, all decrypt, so a key is
rotated by putting a new one in front.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from socialboost.errors import SettingsError


class Sealer:
    """Encrypts and decrypts with the keys of PAYMENT_DATA_KEY."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        self._fernet = MultiFernet([Fernet(key.get_secret_value()) for key in keys])

    def seal(self, data: bytes) -> bytes:
        """Return `data` encrypted and authenticated under the first key."""
        return self._fernet.encrypt(data)

    def unseal(self, sealed: bytes) -> bytes:
        """Return what was sealed under any of the keys; SettingsError when none of them opens it."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise SettingsError(
                "PAYMENT_DATA_KEY is wrong; expected: also the key this record was sealed with"
            ) from None

    def reseal(self, sealed: bytes) -> bytes:
        """Return the same data under the first key; SettingsError as unseal."""
        return self.seal(self.unseal(sealed))
