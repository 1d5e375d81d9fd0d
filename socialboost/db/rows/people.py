"""The rows of sql/queries/people.sql. Written by `python -m socialboost describe`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict


class ClaimAndRegisterUser(TypedDict):
    """A row of claim_and_register_user."""

    outcome: str
    attempts: int
    max_attempts: int
    args: str
    is_repeated: bool
    registered: Any


class GetUser(TypedDict):
    """A row of get_user."""

    user_id: str
    telegram_id: int
    username: str | None
    first_name: str | None
    language: str
    language_chosen: bool
    referral_code: str
    reachable: bool


class GetHistory(TypedDict):
    """A row of get_history."""

    kind: str
    id: str
    created_at: datetime
    status: str
    package_name: str | None
    amount: Decimal | None
    currency: str | None
    expires_at: datetime | None
    is_live: bool | None
    waits: bool | None
    url: str | None
    platform: str | None
    fail_reason: str | None


class ListAdmins(TypedDict):
    """A row of list_admins."""

    telegram_id: int
    role: str
    added_by: int
    added_at: datetime
