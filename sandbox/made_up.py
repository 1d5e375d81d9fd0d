"""Generates the secrets of a local world when it starts."""

from __future__ import annotations

import base64
import secrets


def new_secrets() -> dict[str, str]:
    """New secrets of this world, which are stored nowhere else."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "TELEGRAM_BOT_TOKEN": f"{secrets.randbelow(10**9) + 10**9}:{secrets.token_hex(20)}",
        "TELEGRAM_WEBHOOK_SECRET": secrets.token_hex(24),
        "CRYPTOBOT_TOKEN": f"{secrets.randbelow(10**5) + 10**5}:{secrets.token_hex(18)}",
        "MAIN_BOT_API_KEY": secrets.token_hex(24),
        "ADMIN_API_KEY": secrets.token_hex(24),
        "PAYMENT_DATA_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }
