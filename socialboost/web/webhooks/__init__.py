"""Webhooks of Crypto Pay and Telegram."""
