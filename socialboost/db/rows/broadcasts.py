"""The rows of sql/queries/broadcasts.sql. Written by `python -m socialboost describe`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict


class CreateBroadcast(TypedDict):
    """A row of create_broadcast."""

    broadcast_id: str


class GetBroadcast(TypedDict):
    """A row of get_broadcast."""

    broadcast_id: str
    admin_telegram_id: int
    body: str | None
    from_chat_id: int | None
    message_id: int | None
    buttons: Any
    segment: str
    status: str
    reason: str | None
    audience: int
    recipients: int
    sent: int
    blocked: int
    failed: int
    unknown: int
    skipped: int
    listed: bool
    per_minute: int
    scheduled_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class ListBroadcasts(TypedDict):
    """A row of list_broadcasts."""

    broadcast_id: str
    status: str
    segment: str
    body: str | None
    audience: int
    sent: int
    created_at: datetime


class GetPendingRecipients(TypedDict):
    """A row of get_pending_recipients."""

    user_id: str
    chat_id: int


class EndChunk(TypedDict):
    """A row of end_chunk."""

    chunk: int
    waits: int


class GetBroadcastCards(TypedDict):
    """A row of get_broadcast_cards."""

    chat_id: int
    message_id: int
    previous_id: int | None
    language: str | None
