"""Encrypts raw payment events: in Redis, whose append-only file keeps all data, and at rest in PostgreSQL.

Events at rest are encrypted under PAYMENT_DATA_KEY, which only workers have. In Redis the key is derived from
CRYPTOBOT_TOKEN: web needs the token anyway to check signatures, and workers to ask Crypto Pay
(docs/security.md).

The method is Fernet: AES-128-CBC with HMAC-SHA256 from one 32-byte key. The first key encrypts and all keys
decrypt, so a key is rotated by putting a new one in front.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from socialboost.errors import SettingsError

_WAY: Final = b"socialboost: payment events between web and workers"


class Sealer:
    """Encrypts and decrypts with the keys of PAYMENT_DATA_KEY."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        self._fernet = MultiFernet([Fernet(key.get_secret_value()) for key in keys])

    def seal(self, data: bytes) -> bytes:
        """Return `data` encrypted and authenticated under the first key."""
        return self._fernet.encrypt(data)

    def unseal(self, sealed: bytes) -> bytes:
        """Return the decrypted data. Raises SettingsError if none of the keys decrypts it."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise SettingsError(
                "PAYMENT_DATA_KEY is wrong; expected: also the key this record was sealed with"
            ) from None

    def reseal(self, sealed: bytes) -> bytes:
        """Return the same data encrypted under the first key. Raises SettingsError like `unseal`."""
        return self.seal(self.unseal(sealed))


class Courier:
    """Encrypts the events that web sends to the workers."""

    def __init__(self, cryptobot_token: SecretStr) -> None:
        key = hmac.digest(cryptobot_token.get_secret_value().encode(), _WAY, "sha256")
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, event: bytes) -> str:
        """Return the encrypted event as text for a job's field."""
        return self._fernet.encrypt(event).decode()

    def unseal(self, sealed: str) -> bytes | None:
        """Return the decrypted event, or None if another token encrypted it. An older web sent plain JSON."""
        if sealed.startswith("{"):
            return sealed.encode()
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            return None
