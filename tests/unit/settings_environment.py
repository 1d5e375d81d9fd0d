"""A complete, valid environment, in which tests break one value at a time."""

from __future__ import annotations

import base64

SEALING_KEY = base64.urlsafe_b64encode(b"0123456789abcdef0123456789abcdef").decode()

VALID = {
    "SECRET_KEY": "k" * 40,
    "TELEGRAM_BOT_TOKEN": "1234567890:AAHtestTelegramTokenOfNobody000000000",
    "DATABASE_URL": "postgresql://worker:database-password@127.0.0.1:5432/socialboost",
    "REDIS_URL": "redis://:queue-password@127.0.0.1:6379/0",
    "CRYPTOBOT_TOKEN": "731946:AAhTestOnlyCryptoPayTokenDoNotUse00001",
    "MAIN_BOT_API_URL": "https://main-bot.example.com",
    "MAIN_BOT_API_KEY": "main-bot-key-0000001,main-bot-key-0000002",
    "ADMIN_API_KEY": "admin-key-00000000001",
    "PAYMENT_DATA_KEY": SEALING_KEY,
}
