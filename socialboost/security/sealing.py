"""Encryption of raw payment events: at rest under PAYMENT_DATA_KEY, which only workers have, and before that
on their way through Redis, whose append-only file keeps whatever passes.

Fernet: AES-128-CBC with HMAC-SHA256 from one 32-byte key. The first key encrypts, all decrypt, so a key is
rotated by putting a new one in front. The key of the way is made of CRYPTOBOT_TOKEN, which web has anyway to
check signatures, and workers to ask Crypto Pay (docs/security.md).
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


class Courier:
    """Seals what web hands to the workers."""

    def __init__(self, cryptobot_token: SecretStr) -> None:
        key = hmac.digest(cryptobot_token.get_secret_value().encode(), _WAY, "sha256")
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, event: bytes) -> str:
        """Return the event as text that can travel in a job."""
        return self._fernet.encrypt(event).decode()

    def unseal(self, sealed: str) -> bytes | None:
        """Return the event; None for one sealed under another token. An older web sent it open, as JSON."""
        if sealed.startswith("{"):
            return sealed.encode()
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            return None
