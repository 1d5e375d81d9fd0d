"""The rows of sql/queries/telegram.sql. Written by `python -m socialboost describe`."""

from __future__ import annotations

from typing import TypedDict


class GetChatPauses(TypedDict):
    """A row of get_chat_pauses."""

    chat_id: int
    seconds: float
