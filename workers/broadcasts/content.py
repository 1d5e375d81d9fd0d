"""Builds the content of a broadcast from its row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from socialboost.clients.telegram import Content

FREE_RATE: Final = 30
"""Messages a second that Telegram delivers free of charge. A higher send rate needs paid broadcasts."""


def made(row: Mapping[str, Any], *, rate: int) -> Content:
    """Return the content of a broadcast. With a send rate above FREE_RATE, its messages are paid."""
    from socialboost.clients import telegram  # noqa: PLC0415 (the scheduler needs no HTTP library)

    rows = [[dict(button)] for button in row["buttons"]]
    keyboard = {"inline_keyboard": rows} if rows else None
    paid = rate > FREE_RATE
    if row["message_id"] is not None:
        return telegram.copy_content(row["from_chat_id"], row["message_id"], keyboard, paid=paid)
    return telegram.text_content(row["body"], keyboard, paid=paid)
