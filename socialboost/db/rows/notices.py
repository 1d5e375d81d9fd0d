"""The rows of sql/queries/notices.sql. Written by `python -m socialboost describe`."""

from __future__ import annotations

from typing import TypedDict


class GetUntoldForChat(TypedDict):
    """A row of get_untold_for_chat."""

    key: str
    kind: str
    data: str


class PickUntoldNotice(TypedDict):
    """A row of pick_untold_notice."""

    key: str
    kind: str
    data: str


class GetUntoldNotices(TypedDict):
    """A row of get_untold_notices."""

    key: str
    kind: str
    data: str


class ClaimAdminNotice(TypedDict):
    """A row of claim_admin_notice."""

    outcome: str
    attempts: int
    max_attempts: int
    args: str
    is_repeated: bool
    language: str | None
    moved_to: int | None
    has_untold: bool
    waiting: list[str]


class OweAdminNotices(TypedDict):
    """A row of owe_admin_notices."""

    chat_id: int
    due_now: bool
