"""The rows of sql/queries/parked_jobs.sql. Written by `python -m socialboost describe`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict


class GetParkedJobs(TypedDict):
    """A row of get_parked_jobs."""

    ref: str
    key: str
    actor: str
    queue: str
    attempts: int
    error: str | None
    updated_at: datetime


class GetParkedJob(TypedDict):
    """A row of get_parked_job."""

    ref: str
    key: str
    actor: str
    queue: str
    args: Any
    attempts: int
    max_attempts: int
    error: str | None
    created_at: datetime
    updated_at: datetime
    seen: str


class GetDeadLetters(TypedDict):
    """A row of get_dead_letters."""

    letter_id: str
    queue: str
    message_id: str
    actor: str | None
    body: bytes
    created_at: datetime


class GetDeadLetter(TypedDict):
    """A row of get_dead_letter."""

    letter_id: str
    queue: str
    message_id: str
    actor: str | None
    body: bytes
    created_at: datetime


class GetWithheld(TypedDict):
    """A row of get_withheld."""

    ref: str
    actor: str
    created_at: datetime
    telegram_id: int | None
    package_name: str | None


class GetWithheldMessage(TypedDict):
    """A row of get_withheld_message."""

    ref: str
    key: str
    actor: str
    created_at: datetime
    kind: str
    telegram_id: int | None
    username: str | None
    order_id: str | None
    package_name: str | None
    order_amount: Decimal | None
    order_status: str | None
    paid_at: datetime | None
    url: str | None
    seen: str


class CountWithheld(TypedDict):
    """A row of count_withheld."""

    count: int
    seen: str
